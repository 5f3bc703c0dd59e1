/// The parser's messages: what was expected, what stands there, and the mend for slips from other languages.

extension Parsing {
    /// The failure at the present token. `what` completes "expected …".
    @inline(never)
    func expected(_ what: String, help: [String] = [], notes: [String] = [], marks: [Span] = [],
                           opened: Int? = nil) -> ParseFailure {
        let token = self.token
        if token.kind == .error {
            failure = lexicalErrors[Int(token.payload)]
            return ParseFailure()
        }
        var span = token.span
        var found = describe(token)
        if token.kind == .end {
            span = Span(lastEnd, lastEnd)
        } else if isAtLineEnd, index > 0, what != "a value", what != "a statement" {
            span = Span(lastEnd, lastEnd)
            found = "the end of the line"
        }
        var diagnostic = Diagnostic(.syntax, "expected \(what), found \(found)", source: source, span: span,
                                    marks: marks, notes: notes, help: help.isEmpty ? slips() : help)
        if let opened {
            let bracket = tokens[opened]
            diagnostic.marks.append(bracket.span)
            let place = source.location(of: bracket.start)
            if place.line != source.location(of: span.start).line {
                diagnostic.notes.append("`\(source.text(of: bracket.span))` was opened at \(place.line):\(place.column)")
            }
        }
        diagnostic.isIncomplete = token.kind == .end && !(index > 0 && endsShort.contains(tokens[index - 1].kind))
        failure = diagnostic
        return ParseFailure()
    }

    /// What nobody means to go on with on the next line.
    private var endsShort: [TokenKind] { [.dot, .import, .fn] }

    @inline(never)
    func fail(_ message: String, _ span: Span, help: [String] = [], notes: [String] = [],
                       marks: [Span] = []) -> ParseFailure {
        failure = Diagnostic(.syntax, message, source: source, span: span, marks: marks, notes: notes, help: help)
        return ParseFailure()
    }

    func expect(_ wanted: TokenKind, _ what: String, help: [String] = [], opened: Int? = nil) throws(ParseFailure) {
        guard kind == wanted else { throw expected(what, help: help, opened: opened) }
        advance()
    }

    func describe(_ token: Token) -> String {
        switch token.kind {
        case .end: return "the end of the text"
        case .string, .stringStart: return "a string"
        case .stringPart, .stringEnd: return "the end of the interpolation"
        case .interpolationClose: return token.payload >= 0 ? "`:`" : "`}`"
        default:
            let text = source.text(of: token.span)
            return token.kind.isReserved ? "the reserved word `\(text)`" : "`\(text)`"
        }
    }

    func text(_ index: Int) -> String {
        index >= 0 && index < tokens.count ? source.text(of: tokens[index].span) : ""
    }

    /// The mend for the present token in the place it stands, for those who come from another language.
    func slips() -> [String] {
        for candidate in [index, index - 1, statementStart] where candidate >= 0 && tokens[candidate].kind == .name {
            if let mend = mend(forWord: text(candidate), at: candidate) { return [mend] }
        }
        let line = source.line(at: token.start)
        func isOnLine(_ other: Int) -> Bool { source.line(at: tokens[other].start) == line }
        switch kind {
        case .assign:
            let previous = index > 0 ? tokens[index - 1].kind : .end
            switch previous {
            case .power, .modulo, .matmul, .floorDivide:
                return ["write `x = x \(text(index - 1)) …`; `+= -= *= /=` exist"]
            case .colon: return ["a name is set with `=`"]
            default: break
            }
            if tokens[statementStart].kind == .name, next.kind != .end, statementStart + 1 < index,
               tokens[(statementStart + 1)..<index].contains(where: { $0.kind == .assign }), depth == 0 {
                return ["set one name in each statement; equality is written `==`"]
            }
            return ["did you mean `==`?"]
        case .colon:
            switch tokens[statementStart].kind {
            case .if, .for, .while, .else, .try, .catch, .fn: return ["a block stands in braces: `{ … }`"]
            default: break
            }
            if next.kind == .assign { return ["a name is set with `=`"] }
        case .equal: return ["a name is set with `=`; `==` compares"]
        case .else: return ["`else` stands behind the `}` of its `if`"]
        case .catch: return ["`catch` stands behind the `}` of its `try`"]
        case .if where index > statementStart: return ["a choice is written `if c { a } else { b }`"]
        case .for where index > statementStart: return ["a comprehension stands in brackets: `[x^2 for x in xs]`"]
        case .arrow: return ["a function is written `x => …` or `(x, y) => …`"]
        case .thinArrow: return ["a function is written `x => …`; `->` stands before the shape of a result"]
        case .fn: return ["a function within an expression is written `x => …`"]
        case .ellipsis: return ["a range is written `a..b` or `a..<b`"]
        case .matmul where index == statementStart: return ["there are no decorators"]
        case .modulo where index == statementStart: return ["a comment begins with `#`"]
        case .floorDivide where index == statementStart: return ["a comment begins with `#`"]
        case .comma where statementStart > 0 && tokens[statementStart - 1].kind == .openBrace:
            return ["after `=>` and at the start of a statement `{` opens a block: a record is `({a, b})`"]
        case .comma where !tokens[statementStart..<index].contains { $0.kind == .openParen && $0.payload < 0 }:
            return ["several names are set by `(a, b) = pair`; a list is written `(a, b)`"]
        case .plus, .times, .divide, .power, .elementOr, .elementAnd, .range, .and, .or:
            if index == statementStart, index > 0 { return ["end the line above with the operator, or put all in `( )`"] }
        default: break
        }
        if index > statementStart, token.kind != .end,
           let slashes = (statementStart..<index).last(where: { tokens[$0].kind == .floorDivide }), isOnLine(slashes) {
            return ["`//` divides and rounds down; a comment begins with `#`"]
        }
        return []
    }

    /// The mend for a keyword of another language, used as such.
    private func mend(forWord word: String, at place: Int) -> String? {
        let follows = place < index ? tokens[place + 1].kind : next.kind
        let isUsedAsName = follows == .assign || follows == .dot || follows == .openParen
        switch word {
        case "def", "func", "function", "fun", "proc": return "a function is written `fn f(x) { … }` or `fn f(x) = …`"
        case "lambda": return "a function within an expression is written `x => …`"
        case "elif", "elseif", "elsif": return "write `else if`"
        case "let", "var", "const", "local", "global", "auto", "val":
            return isUsedAsName ? nil : "a name is set with `x = …`, without `\(word)`"
        case "class", "struct", "type": return isUsedAsName ? nil : "an object is written `object name(…) { … }`, a layer `layer name(…) { … }`"
        case "from", "using", "include", "require", "use": return isUsedAsName ? nil : "a file is imported by `import \"file.nns\"`"
        case "raise", "throw": return isUsedAsName ? nil : "an error is raised by `error(\"message\")`"
        case "except", "rescue", "finally": return "an error is caught by `try { … } catch e { … }`"
        case "switch", "match", "case": return isUsedAsName ? nil : "a choice is written `if … { } else if … { } else { }`"
        case "foreach", "loop", "until", "repeat", "do": return isUsedAsName ? nil : "a loop is written `for x in xs { … }` or `while c { … }`"
        case "then", "begin", "end": return "a block stands in braces: `{ … }`"
        case "is", "isnt": return "equality is written `==`, inequality `!=`"
        case "xor": return "write `a != b`"
        case "mod": return isUsedAsName ? nil : "a remainder is written `a % b`"
        case "div": return isUsedAsName ? nil : "a quotient rounded down is written `a // b`"
        case "print", "echo": return isUsedAsName ? nil : "write `print(…)`"
        case "with", "async", "await", "yield", "del", "pass", "static", "public", "private", "new":
            return isUsedAsName ? nil : "there is no `\(word)`"
        case "param", "state": return isUsedAsName ? nil : "`\(word)` stands only in an `object` or a `layer`"
        default: return nil
        }
    }
}
