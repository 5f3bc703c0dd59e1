/// Values: literals, names, brackets, records, strings, and the expressions made of blocks.

extension Parsing {
    @inline(never)
    func primary() throws(ParseFailure) -> Int32 {
        let token = self.token
        switch token.kind {
        case .number: return number()
        case .string:
            var node = Node(.string, span: token.span)
            node.a = token.payload
            advance()
            return add(node)
        case .stringStart: return try interpolated()
        case .name:
            if let mend = foreignConstant(token) {
                throw expected("a value", help: [mend])
            }
            advance()
            return nameNode(token)
        case .true, .false:
            var node = Node(.bool, span: token.span)
            node.flag = token.kind == .true
            advance()
            return add(node)
        case .none:
            advance()
            return add(Node(.none, span: token.span))
        case .openParen: return try parenthesized()
        case .openBracket: return try bracket()
        case .openBrace:
            if context.isHead {
                let isMissing = index > 0 && [.if, .while].contains(tokens[index - 1].kind) && !isRecordStart
                let isElse = isMissing && index > 1 && tokens[index - 2].kind == .else
                throw expected("a value", help: [isElse ? "the condition is missing: write `else if c { … }`, or `else { … }`"
                    : isMissing ? "the condition is missing: write `\(text(index - 1)) c { … }`"
                    : "here `{` opens the block: put a record in parentheses"])
            }
            return try record()
        default: throw expected("a value")
        }
    }

    func number() -> Int32 {
        var node = Node(.number, span: token.span)
        node.number = numbers[Int(token.payload)]
        advance()
        return add(node)
    }

    private func foreignConstant(_ token: Token) -> String? {
        guard token.end - token.start <= 5 else { return nil }
        switch source.bytes[Int(token.start)] {
        case UInt8(ascii: "T"), UInt8(ascii: "F"), UInt8(ascii: "N"), UInt8(ascii: "n"): break
        default: return nil
        }
        switch source.text(of: token.span) {
        case "True": return "write `true`"
        case "False": return "write `false`"
        case "None": return "write `none`"
        default: return nil
        }
    }

    // MARK: Strings

    @inline(never)
    private func interpolated() throws(ParseFailure) -> Int32 {
        try enter()
        let start = token.start
        let outer = context
        context = Context(newlines: false)
        advance()
        let base = scratch.count
        while kind != .stringEnd {
            if kind == .stringPart {
                var node = Node(.string, span: token.span)
                node.a = token.payload
                scratch.append(add(node))
                advance()
                continue
            }
            guard kind == .interpolationOpen else { throw expected("the end of the string") }
            let opener = index
            var node = Node(.interpolation, span: token.span)
            advance()
            if kind == .interpolationClose {
                throw expected("a value", help: ["braces in a string are doubled: `{{}}`"])
            }
            node.a = try expression()
            guard kind == .interpolationClose else {
                let help = kind == .assign ? ["write `x={x}`"] : []
                throw expected("`}`", help: help, opened: opener)
            }
            node.b = token.payload
            node.span.end = token.end
            advance()
            scratch.append(add(node))
        }
        advance()
        context = outer
        depth -= 1
        return list(.interpolated, Span(start, lastEnd), from: base)
    }

    // MARK: Brackets

    @inline(never)
    private func parenthesized() throws(ParseFailure) -> Int32 {
        try enter()
        let opener = index, outer = context
        let start = token.start
        context = Context(newlines: false)
        advance()
        let base = scratch.count
        var isList = true
        while kind != .closeParen {
            scratch.append(try expression())
            if !take(.comma) {
                isList = scratch.count - base > 1
                break
            }
        }
        if kind != .closeParen { throw expected("`,` or `)`", help: lineAboveHelp(")"), opened: opener) }
        advance()
        context = outer
        depth -= 1
        let whole = Span(start, lastEnd)
        if isList { return list(.list, whole, from: base) }
        var node = Node(.parenthesized, span: whole)
        node.a = scratch.removeLast()
        return add(node)
    }

    @inline(never)
    private func bracket() throws(ParseFailure) -> Int32 {
        try enter()
        let opener = index, outer = context
        let start = token.start
        context = Context(newlines: false, isBracket: true)
        advance()
        let base = scratch.count
        while kind != .closeBracket {
            scratch.append(try expression())
            if kind == .for, scratch.count == base + 1 { break }
            if !take(.comma) { break }
        }
        var node = Node(.bracket, span: .none)
        if kind == .for, scratch.count == base + 1 {
            node.kind = .comprehension
            node.a = scratch.removeLast()
            try comprehensionClauses()
        }
        if kind != .closeBracket {
            throw expected("`,` or `]`", help: node.kind == .comprehension && kind == .comma ? [furtherLoop] : bracketHelp(), opened: opener)
        }
        advance()
        context = outer
        depth -= 1
        node.span = Span(start, lastEnd)
        setList(&node, from: base)
        return add(node)
    }

    /// `[… for i in a, j in b]`, at its comma: the clauses of a comprehension follow one another without one.
    private var furtherLoop: String {
        var at = index + 1
        if next.kind == .openParen, next.payload > 0 { at = Int(next.payload) }
        guard at + 1 < tokens.count, tokens[at + 1].kind == .in else { return "a comprehension stands alone in its brackets" }
        return "a further loop has a `for` of its own: `for … in … for \(source.text(of: Span(next.start, tokens[at].end))) in …`"
    }

    private func bracketHelp() -> [String] {
        switch kind {
        case .semicolon: return ["rows are written `[[1, 2], [3, 4]]`"]
        case .number, .name, .string, .openBracket, .openBrace, .stringStart:
            if token.newlineBefore { return lineAboveHelp("]") }
            // `[1 2; 3 4]`: the rows of another language's matrix.
            let closing = tokens[index...].first { $0.kind == .closeBracket || $0.kind == .semicolon || $0.kind == .end }
            return closing?.kind == .semicolon ? ["elements are separated by commas, rows are written `[[1, 2], [3, 4]]`"] : ["elements are separated by commas"]
        case .colon: return ["a range is written `a..b`, or `linspace(a, b, n)`"]
        default: return []
        }
    }

    private func comprehensionClauses() throws(ParseFailure) {
        while true {
            if kind == .for {
                scratch.append(try forClause())
            } else if kind == .if {
                var node = Node(.ifClause, span: token.span)
                advance()
                node.a = try expression()
                node.span.end = lastEnd
                scratch.append(add(node))
            } else {
                return
            }
        }
    }

    /// `for p in xs`, at the `for`, or at the pattern of a further clause.
    func forClause() throws(ParseFailure) -> Int32 {
        var node = Node(.forClause, span: token.span)
        _ = take(.for)
        node.a = try pattern()
        if kind == .comma {
            throw expected("`in`", help: ["several names stand in parentheses: `for (a, b) in …`"])
        }
        if isAtLineEnd { throw expected("`in`") }
        try expect(.in, "`in`")
        node.b = try expression()
        node.span.end = lastEnd
        return add(node)
    }

    /// A name, `(a, b)` or `{a, b}`.
    func pattern() throws(ParseFailure) -> Int32 {
        let start = token.start
        switch kind {
        case .name:
            let name = token
            advance()
            return nameNode(name)
        case .openParen:
            try enter()
            let opener = index
            advance()
            let base = scratch.count
            while kind != .closeParen {
                scratch.append(try pattern())
                if !take(.comma) { break }
            }
            if kind != .closeParen { throw expected("`,` or `)`", opened: opener) }
            advance()
            depth -= 1
            return list(.listPattern, Span(start, lastEnd), from: base)
        case .openBrace: return try recordPattern()
        default:
            let help = kind.isReserved ? ["`\(text(index))` is a reserved word"] : []
            throw expected("a name", help: help)
        }
    }

    func recordPattern() throws(ParseFailure) -> Int32 {
        let opener = index
        let start = token.start
        advance()
        let base = scratch.count
        while kind != .closeBrace {
            guard kind == .name else { throw expected("a name", opened: opener) }
            scratch.append(nameNode(token))
            advance()
            if !take(.comma) { break }
        }
        if kind != .closeBrace {
            let help = kind == .colon ? ["a field keeps its name: `{train, test} = r`, or `a = r.name`"] : []
            throw expected("`,` or `}`", help: help, opened: opener)
        }
        advance()
        return list(.recordPattern, Span(start, lastEnd), from: base)
    }

    // MARK: Records

    /// At `{` where a block could stand: a `name:` or `"text":` makes it a record.
    var isRecordStart: Bool {
        let key = next.kind
        guard key == .name || key == .string || key.isReserved, index + 2 < tokens.count else { return false }
        return tokens[index + 2].kind == .colon
    }

    @inline(never)
    private func record() throws(ParseFailure) -> Int32 {
        try enter()
        let opener = index, outer = context
        let start = token.start
        context = Context(newlines: false)
        advance()
        let base = scratch.count
        while kind != .closeBrace {
            guard kind == .name || kind == .string || kind.isReserved else {
                let help = kind == .number ? ["a key is a name or a string"] : []
                throw expected("a key such as `name:`", help: bodyHelp(opener) ?? help, opened: opener)
            }
            var node = Node(.entry, span: token.span)
            let key = token
            node.a = key.payload
            advance()
            if take(.colon) {
                node.b = try expression()
                node.span.end = lastEnd
            } else if key.kind == .name, kind == .comma || kind == .closeBrace {
                node.flag = true
                node.b = nameNode(key)
            } else {
                let help = kind == .assign ? ["a field is written `\(clipped(source.text(of: key.span))): value`"] : []
                throw expected(key.kind == .name ? "`:`, `,` or `}`" : "`:`", help: bodyHelp(opener) ?? help, opened: opener)
            }
            scratch.append(add(node))
            if !take(.comma) { break }
        }
        if kind != .closeBrace { throw expected("`,` or `}`", help: lineAboveHelp("}"), opened: opener) }
        advance()
        context = outer
        depth -= 1
        return list(.record, Span(start, lastEnd), from: base)
    }

    /// `fn f(x) = {` of statements: what stands in the braces was to be the body.
    private func bodyHelp(_ opener: Int) -> [String]? {
        guard tokens[statementStart].kind == .fn, opener > 1, tokens[opener - 1].kind == .assign,
              [.closeParen, .closeBracket].contains(tokens[opener - 2].kind) else { return nil }
        return ["a body in braces has no `=` before it: write `fn \(text(statementStart + 1))(…) { … }`"]
    }

    /// What is missing where the next line began within a bracket.
    func lineAboveHelp(_ closing: String) -> [String] {
        switch kind {
        case .end: return []
        default: return token.newlineBefore ? ["a `,` or the closing `\(closing)` is missing at the end of the line above"] : []
        }
    }

    // MARK: Blocks

    /// `{ … }` of statements.
    func block() throws(ParseFailure) -> Int32 { try braces(.block) }

    /// `{ … }`: a `.block` of statements or the `.members` of an object.
    @inline(never)
    func braces(_ kind: Kind) throws(ParseFailure) -> Int32 {
        let opener = index
        guard self.kind == .openBrace else { throw expected("`{`") }
        try enter()
        let outer = context, outerStart = statementStart
        context = Context()
        advance()
        let base = scratch.count
        statements(until: .closeBrace, areMembers: kind == .members)
        // The error is told already: unwind.
        if errors.count >= errorLimit { throw ParseFailure() }
        statementStart = outerStart
        guard self.kind == .closeBrace else { throw expected("`}`", opened: opener) }
        advance()
        context = outer
        depth -= 1
        return list(kind, Span(tokens[opener].start, lastEnd), from: base)
    }

    /// The head of `if` or `while`: up to the block's `{`.
    func condition() throws(ParseFailure) -> Int32 {
        let outer = context
        context.isHead = true
        context.isBracket = false
        let condition = try expression()
        context = outer
        return condition
    }

    /// `if a { } else if b { } else { }`, the ladder read in a loop and built from its end.
    @inline(never)
    func ifExpression() throws(ParseFailure) -> Int32 {
        var starts: [Int32] = []
        var last: Int32 = -1
        while true {
            starts.append(token.start)
            advance()
            scratch.append(try condition())
            if kind == .assign, !isAtLineEnd { throw expected("`{`", help: ["did you mean `==`?"]) }
            scratch.append(try block())
            guard kind == .else else { break }
            advance()
            if kind == .if { continue }
            last = try block()
            break
        }
        for start in starts.reversed() {
            var node = Node(.if, span: Span(start, lastEnd))
            node.b = scratch.removeLast()
            node.a = scratch.removeLast()
            node.c = last
            last = add(node)
        }
        return last
    }

    @inline(never)
    func tryExpression() throws(ParseFailure) -> Int32 {
        var node = Node(.try, span: token.span)
        advance()
        node.a = try block()
        guard kind == .catch else { throw expected("`catch`", help: ["write `try { … } catch e { … }`"]) }
        advance()
        if kind == .name {
            node.b = token.payload
            advance()
        }
        if kind == .openParen, next.kind == .name { throw expected("`{`", help: ["write `catch \(text(index + 1)) { … }`"]) }
        node.c = try block()
        node.span.end = lastEnd
        return add(node)
    }
}
