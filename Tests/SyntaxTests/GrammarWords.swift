/// What the lexer's tokens are to the rules of grammar.txt: which line ends end a statement, which braces open a
/// block. The prose below the rules, written out.
@testable import Syntax

struct GrammarWords {
    /// For each word the terminals that it can stand for.
    private(set) var words: [Set<String>] = []
    /// The expressions inside of interpolations, as words.
    private(set) var interpolations: [[Set<String>]] = []

    private enum Opened { case block, record, bracket }

    /// nil where the lexer finds a mistake.
    init?(_ text: String) {
        let source = Source(name: "words", text: text)
        var lexed: (tokens: [Token], errors: Int) = ([], 0)
        source.bytes.withUnsafeBufferPointer { bytes in
            var lexer = Lexer(source: source, bytes: bytes)
            lexer.run()
            lexed = (lexer.tokens, lexer.errors.count)
        }
        guard lexed.errors == 0 else { return nil }
        var tokens = lexed.tokens[...]
        while tokens.last?.kind == .end { tokens.removeLast() }
        words = read(&tokens, source, isInterpolation: false)
    }

    /// Words up to the end, or to the `}` or `:` that ends an interpolation.
    private mutating func read(_ tokens: inout ArraySlice<Token>, _ source: Source, isInterpolation: Bool) -> [Set<String>] {
        var words: [Set<String>] = []
        var opened: [Opened] = isInterpolation ? [.bracket] : []
        /// Blocks that must follow, by the depth of brackets; true behind the head of `if`, `for` or `while`.
        var awaited: [(depth: Int, isHead: Bool)] = []
        var previous: Token?
        func text(_ token: Token) -> String { source.text(of: token.span) }
        while let token = tokens.popFirst() {
            if token.kind == .interpolationClose { break }
            let isInBlock = opened.isEmpty || opened.last == .block
            let awaitsBlock = awaited.last?.depth == opened.count
            if isInBlock, token.newlineBefore, let last = previous, Self.canEnd(last),
               !continues(token, next: tokens.first, awaitsBlock: awaitsBlock, awaitsFunction: awaitsBlock && !awaited.last!.isHead) { words.append(["NEWLINE"]) }
            let isAtStart = isInBlock && (previous == nil || words.last == ["NEWLINE"] || words.last == ["BRACE"] || words.last == [";"])
            var word: Set<String> = [text(token)]
            switch token.kind {
            case .name: word = [text(token), "NAME", "WORD"]
            case .number: word = ["NUMBER"]
            case .string: word = ["STRING", "TEXT"]
            case .stringStart:
                word = ["TEXT"]
                while let piece = tokens.popFirst(), piece.kind != .stringEnd {
                    if piece.kind == .interpolationOpen {
                        let inner = read(&tokens, source, isInterpolation: true)
                        interpolations.append(inner)
                    }
                }
            case .openParen, .openBracket: opened.append(.bracket)
            case .closeParen, .closeBracket, .closeBrace: if !opened.isEmpty { opened.removeLast() }
            case .openBrace:
                let isBlock: Bool
                if awaitsBlock, awaited.last!.isHead {
                    isBlock = previous?.kind == .arrow ? !isRecord(tokens) : !(previous?.kind == .for || previous?.kind == .comma)
                } else if awaitsBlock { isBlock = true }
                else if previous?.kind == .arrow { isBlock = !isRecord(tokens) }
                else if isAtStart { isBlock = !isRecord(tokens) && !isPattern(tokens) }
                else { isBlock = false }
                if isBlock {
                    word = ["BRACE"]
                    if awaitsBlock, previous?.kind != .arrow { awaited.removeLast() }
                }
                opened.append(isBlock ? .block : .record)
            case .fn: awaited.append((opened.count, false))
            case .assign: if awaitsBlock, !awaited.last!.isHead { awaited.removeLast() }
            case .try, .catch, .else: awaited.append((opened.count, false))
            case .while: awaited.append((opened.count, true))
            case .for where isInBlock: awaited.append((opened.count, true))
            case .if:
                // Behind a value in brackets it is a clause of a comprehension.
                let isClause = opened.last == .bracket && previous.map(Self.canEnd) == true && previous?.kind != .else
                if previous?.kind == .else { awaited.removeLast() }
                if !isClause { awaited.append((opened.count, true)) }
            default: break
            }
            if token.kind == .name, isAtStart, let next = tokens.first, !next.newlineBefore {
                switch (text(token), next.kind) {
                case ("test", .string), ("main", .openBrace), ("object", .name), ("layer", .name): awaited.append((opened.count, false))
                default: break
                }
            }
            if token.kind.isReserved { word.insert("WORD") }
            words.append(word)
            previous = token
        }
        return words
    }

    /// A statement may end behind this token.
    private static func canEnd(_ token: Token) -> Bool {
        switch token.kind {
        case .name, .number, .string, .stringEnd, .stringStart, .closeParen, .closeBracket, .closeBrace, .transpose, .true, .false, .none,
             .break, .continue, .return, .ellipsis, .semicolon, .openBrace, .fn, .import: true
        default: false
        }
    }

    private func continues(_ token: Token, next: Token?, awaitsBlock: Bool, awaitsFunction: Bool) -> Bool {
        switch token.kind {
        case .else, .catch, .pipe, .compose, .thinArrow: true
        case .openBrace: awaitsBlock
        case .assign: awaitsFunction
        case .dot: next.map { ($0.kind == .name || $0.kind.isReserved) && !$0.spaceBefore } ?? false
        default: false
        }
    }

    private func isRecord(_ rest: ArraySlice<Token>) -> Bool {
        guard let key = rest.first, key.kind == .name || key.kind == .string || key.kind.isReserved else { return false }
        return rest.dropFirst().first?.kind == .colon
    }

    /// Its `}` is followed by `=`.
    private func isPattern(_ rest: ArraySlice<Token>) -> Bool {
        var depth = 1
        for (place, token) in zip(rest.indices, rest) {
            switch token.kind {
            case .openBrace, .openParen, .openBracket, .interpolationOpen: depth += 1
            case .closeBrace, .closeParen, .closeBracket, .interpolationClose: depth -= 1
            default: break
            }
            if depth == 0 {
                guard place + 1 < rest.endIndex else { return false }
                return rest[place + 1].kind == .assign && !rest[place + 1].newlineBefore
            }
        }
        return false
    }
}
