/// `nns fmt`: one layout for every script.
///
/// Goals: only white space changes, so the tree stays what it was (checked before the text is given out); no
/// comment is lost; formatting twice is formatting once. Line ends stay where they were written, except that a
/// block over several lines has its braces at line ends, and `else`, `catch` and a block's `{` follow on their
/// line. Four spaces a level; a statement's further lines stand one level in; at most one blank line.
public enum Formatter {
    /// The script in the one layout; throws its first syntax error.
    public static func format(_ source: Source) throws(Diagnostic) -> String {
        let tree = try Parser.parse(source)
        var layout = Layout(tree)
        let text = layout.text()
        let result = Source(name: source.name, bytes: Array(text.utf8), isFile: source.isFile)
        guard tree.isSameProgram(as: try Parser.parse(result)) else {
            throw Diagnostic(.syntax, "the formatted text would mean something else; nothing is changed", source: source)
        }
        return text
    }
}

extension Tree {
    /// Equal but for the places in the text.
    func isSameProgram(as other: Tree) -> Bool {
        guard nodes.count == other.nodes.count, lists == other.lists, strings == other.strings,
              comments.count == other.comments.count else { return false }
        for (mine, its) in zip(nodes, other.nodes) {
            let hasOffset = mine.kind == .binary || mine.kind == .field
            guard mine.kind == its.kind, mine.op == its.op, mine.flag == its.flag, mine.a == its.a, mine.b == its.b,
                  hasOffset || mine.c == its.c, mine.first == its.first, mine.count == its.count,
                  mine.number == its.number else { return false }
        }
        return true
    }
}

/// The pieces of a script in order, and how they are laid out.
private struct Layout {
    /// A token, a whole string, or a comment.
    struct Piece {
        var kind: TokenKind
        var isComment = false
        var start: Int32
        var end: Int32
        /// Line ends in the source between the piece before and this one.
        var lineEnds = 0
        /// Index of the piece with the other bracket, or -1.
        var match = -1
        /// For `{` and `}`: of a block, not a record. For signs: unary. For `=`: with spaces around.
        var flag = false
        var span: Span { Span(start, end) }
    }

    struct Line {
        var level = 0
        var code: [UInt8] = []
        /// A comment behind code.
        var comment: [UInt8] = []
        var isBlank: Bool { code.isEmpty }
        /// Columns of the code's last line.
        var width: Int {
            let last = code.lastIndex(of: 10).map { $0 + 1 }
            let text = String(decoding: code[(last ?? 0)...], as: UTF8.self)
            return displayWidth(text) + (last == nil ? 4 * level : 0)
        }
    }

    struct Bracket {
        var kind: TokenKind
        var isBlock: Bool
        /// The level of the line that holds the bracket.
        var line: Int
        /// In the head of a function, an `if` or a loop: its further lines stand two levels in, apart from the block.
        var isInHead = false
    }

    let source: Source
    var pieces: [Piece] = []
    var statementStarts: Set<Int32> = []
    /// The lines so far, without indentation and line end; `nil` code is a blank line.
    var lines: [Line] = []
    var brackets: [Bracket] = []
    /// The level of the present line.
    var level = 0
    /// What the present line begins with.
    var lineHead = TokenKind.end
    /// The first piece of code behind the comments last looked at.
    var nextCode = -1

    init(_ tree: Tree) {
        source = tree.source
        var blocks: Set<Int32> = [], binaries: Set<Int32> = [], annotated: Set<Int32> = []
        for (index, node) in tree.nodes.enumerated() {
            switch node.kind {
            case .block, .members:
                for child in tree.children(node) { statementStarts.insert(tree[child].span.start) }
                if index != Int(tree.root) {
                    blocks.insert(node.span.start)
                    blocks.insert(node.span.end - 1)
                }
            case .binary: binaries.insert(node.c)
            case .parameter where node.c >= 0: annotated.insert(tree[node.c].span.end)
            default: break
            }
        }
        collect(tree.comments, blocks, binaries, annotated)
    }

    // MARK: Pieces

    private mutating func collect(_ comments: [Span], _ blocks: Set<Int32>, _ binaries: Set<Int32>, _ annotated: Set<Int32>) {
        let tokens = source.bytes.withUnsafeBufferPointer { bytes in
            var lexer = Lexer(source: source, bytes: bytes)
            lexer.run()
            return lexer.tokens
        }
        var comment = 0
        var open: [Int] = []
        var lastLine = 1
        func lineEnds(_ start: Int32, _ end: Int32) -> Int {
            let line = source.line(at: start)
            defer { lastLine = source.line(at: max(start, end - 1)) }
            return line - lastLine
        }
        func addComments(before offset: Int32) {
            while comment < comments.count, comments[comment].start < offset {
                let span = comments[comment]
                comment += 1
                pieces.append(Piece(kind: .end, isComment: true, start: span.start, end: span.end,
                                    lineEnds: lineEnds(span.start, span.end)))
            }
        }
        var index = 0
        while tokens[index].kind != .end {
            let token = tokens[index]
            addComments(before: token.start)
            var piece = Piece(kind: token.kind, start: token.start, end: token.end)
            if token.kind == .stringStart {
                var depth = 1
                while depth > 0 {
                    index += 1
                    if tokens[index].kind == .stringStart { depth += 1 }
                    if tokens[index].kind == .stringEnd { depth -= 1 }
                }
                piece.kind = .string
                piece.end = tokens[index].end
                while comment < comments.count, comments[comment].start < piece.end { comment += 1 }
            }
            piece.lineEnds = lineEnds(piece.start, piece.end)
            switch token.kind {
            case .openBrace, .closeBrace: piece.flag = blocks.contains(token.start)
            case .plus, .minus: piece.flag = !binaries.contains(token.start)
            case .assign:
                let isInCall = open.last.map { pieces[$0].kind == .openParen } ?? false
                piece.flag = !isInCall || (pieces.last.map { annotated.contains($0.end) } ?? false)
            case .colon: piece.flag = open.last.map { pieces[$0].kind != .openBracket } ?? true
            default: break
            }
            switch token.kind {
            case .openParen, .openBracket, .openBrace: open.append(pieces.count)
            case .closeParen, .closeBracket, .closeBrace:
                if let opener = open.popLast() {
                    piece.match = opener
                    pieces[opener].match = pieces.count
                }
            default: break
            }
            index += 1
            if piece.kind == .semicolon, tokens[index].kind != .plus, isIdle(piece) {
                // An empty statement: what follows stands where it stood.
                lastLine -= piece.lineEnds
                continue
            }
            pieces.append(piece)
        }
        addComments(before: .max)
    }

    /// A `;` that ends no statement. (Before a `+`, which would seem to go on with the line above, it stays.)
    private func isIdle(_ semicolon: Piece) -> Bool {
        guard let last = pieces.last, semicolon.lineEnds == 0, !last.isComment else { return true }
        return last.kind == .semicolon || (last.kind == .openBrace && last.flag)
    }

    // MARK: Lines

    mutating func text() -> String {
        for index in pieces.indices {
            let piece = pieces[index]
            if index == 0 {
                lines.append(Line())
                lineHead = piece.kind
            } else if breaksLine(index) {
                if piece.lineEnds > 1, !isBracket(pieces[index - 1], opening: true), !isBracket(piece, opening: false) {
                    lines.append(Line())
                }
                level = self.level(ofLineAt: index)
                lines.append(Line(level: level))
                lineHead = piece.kind
            } else if !piece.isComment, hasSpace(index) {
                lines[lines.count - 1].code.append(32)
            }
            write(piece)
            track(piece)
        }
        return assembled()
    }

    private mutating func write(_ piece: Piece) {
        var end = Int(piece.end)
        let start = Int(piece.start)
        if piece.isComment {
            while end > start, [9, 12, 13, 32].contains(source.bytes[end - 1]) { end -= 1 }
            let text = source.bytes[start..<end]
            if lines[lines.count - 1].code.isEmpty {
                lines[lines.count - 1].code += text
            } else {
                lines[lines.count - 1].comment += text
            }
            return
        }
        // Line ends inside a long string are `\n` to the lexer on every system.
        for at in start..<end where !(source.bytes[at] == 13 && at + 1 < end && source.bytes[at + 1] == 10) {
            lines[lines.count - 1].code.append(source.bytes[at])
        }
    }

    /// The text of the lines; comments behind the code of successive lines stand below one another.
    private func assembled() -> String {
        var out: [UInt8] = []
        out.reserveCapacity(source.bytes.count + source.bytes.count / 8)
        var index = 0
        while index < lines.count {
            var end = index
            var column = 0
            while end < lines.count, !lines[end].comment.isEmpty {
                column = max(column, lines[end].width + 2)
                end += 1
            }
            for line in lines[index..<max(end, index + 1)] {
                if !line.isBlank { out.append(contentsOf: repeatElement(32, count: 4 * line.level)) }
                out += line.code
                if !line.comment.isEmpty {
                    out.append(contentsOf: repeatElement(32, count: column - line.width))
                    out += line.comment
                }
                out.append(10)
            }
            index = max(end, index + 1)
        }
        return String(decoding: out, as: UTF8.self)
    }

    private mutating func track(_ piece: Piece) {
        guard !piece.isComment else { return }
        switch piece.kind {
        case .openParen, .openBracket, .openBrace:
            brackets.append(Bracket(kind: piece.kind, isBlock: piece.kind == .openBrace && piece.flag, line: level,
                                    isInHead: piece.kind == .openParen && [.fn, .if, .for, .while].contains(lineHead)))
        // Behind the end of brackets over several lines, the line counts as the one that opened them.
        case .closeParen, .closeBracket, .closeBrace: level = min(level, brackets.popLast()?.line ?? 0)
        default: break
        }
    }

    private func isBracket(_ piece: Piece, opening: Bool) -> Bool {
        !piece.isComment && (opening ? isOpener(piece.kind) : isCloser(piece.kind))
    }

    private func isOpener(_ kind: TokenKind) -> Bool { kind == .openParen || kind == .openBracket || kind == .openBrace }
    private func isCloser(_ kind: TokenKind) -> Bool { kind == .closeParen || kind == .closeBracket || kind == .closeBrace }

    /// A block whose braces stand on different lines.
    private func isTall(_ brace: Int) -> Bool {
        let match = pieces[brace].match
        guard match >= 0 else { return false }
        let (first, last) = (min(brace, match), max(brace, match))
        return source.line(at: pieces[first].start) != source.line(at: pieces[last].start)
    }

    private func breaksLine(_ index: Int) -> Bool {
        let piece = pieces[index], previous = pieces[index - 1]
        if previous.isComment { return true }
        if piece.isComment { return piece.lineEnds > 0 }
        // The braces of a tall block; a comment may stand behind the opening one.
        if previous.kind == .openBrace, previous.flag, isTall(index - 1) { return true }
        if piece.kind == .closeBrace, piece.flag, isTall(index) { return true }
        guard piece.lineEnds > 0 else { return false }
        let joins = piece.kind == .else || piece.kind == .catch || (piece.kind == .openBrace && piece.flag)
        return !(joins && !statementStarts.contains(piece.start))
    }

    private mutating func level(ofLineAt index: Int) -> Int {
        let piece = pieces[index]
        if piece.isComment {
            // Like the line below it, unless that closes a bracket.
            if nextCode < index {
                nextCode = index + 1
                while nextCode < pieces.count, pieces[nextCode].isComment { nextCode += 1 }
            }
            if nextCode < pieces.count, !isCloser(pieces[nextCode].kind) { return level(ofTokenAt: nextCode) }
            return brackets.last.map { $0.line + 1 } ?? 0
        }
        return level(ofTokenAt: index)
    }

    private func level(ofTokenAt index: Int) -> Int {
        let piece = pieces[index]
        if isCloser(piece.kind) { return brackets.last?.line ?? 0 }
        let isContinued = !statementStarts.contains(piece.start) && piece.kind != .else && piece.kind != .catch
        guard let bracket = brackets.last else { return isContinued ? 1 : 0 }
        return bracket.line + 1 + (bracket.isBlock && isContinued || bracket.isInHead ? 1 : 0)
    }

    // MARK: Spaces

    /// A piece that a call, an index or a transpose may follow without a space.
    private func endsValue(_ index: Int) -> Bool {
        switch pieces[index].kind {
        case .name, .number, .string, .closeParen, .closeBracket, .closeBrace, .transpose, .true, .false, .none: return true
        default: return index > 0 && pieces[index].kind.isReserved && pieces[index - 1].kind == .dot
        }
    }

    /// One space stands between this piece and the one before it on the same line.
    private func hasSpace(_ index: Int) -> Bool {
        let piece = pieces[index], previous = pieces[index - 1]
        switch previous.kind {
        case .openParen, .openBracket, .dot, .power, .range, .halfOpenRange: return false
        case .openBrace where !previous.flag: return false
        case .plus where previous.flag, .minus where previous.flag: return piece.kind == previous.kind  // `--` is no operator
        case .colon where !previous.flag, .assign where !previous.flag: return false
        default: break
        }
        switch piece.kind {
        case .comma, .semicolon, .closeParen, .closeBracket, .transpose, .power, .range, .halfOpenRange: return false
        case .colon: return previous.kind == .comma
        case .closeBrace where !piece.flag: return false
        case .dot: return previous.kind == .number
        case .assign: return piece.flag
        case .openParen, .openBracket: return !endsValue(index - 1)
        case .ellipsis: return previous.kind != .name
        default: return true
        }
    }
}
