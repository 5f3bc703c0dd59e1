/// The parser's messages: what was expected, what stands there, and the mend for slips from other languages.

extension Parsing {
    /// The failure at the present token. `what` completes "expected …".
    @inline(never)
    func expected(_ what: String, help: [String] = [], notes: [String] = [], marks: [Span] = [],
                           opened: Int? = nil) -> ParseFailure {
        let token = self.token
        if token.kind == .error {
            failure = lexicalErrors[Int(token.payload)]
            if startsBars, let bars = absoluteValue {
                failure?.message = "expected a value, found `\(source.text(of: token.span))`"
                failure?.help = [bars]
            }
            return ParseFailure()
        }
        var span = token.span
        var what = what
        var found = describe(token)
        var help = help
        if let foreign = foreignWord(what), !(foreign.place == index && isCalled(index) && what != "a value") {
            what = foreign.word
            help = [foreign.help]
            span = tokens[foreign.place].span
            found = "`\(text(foreign.place))`"
        } else if let misspelt = misspeltWord(what) {
            what = "`\(misspelt.word)`"
            help = ["did you mean `\(misspelt.word)`?"]
            span = tokens[misspelt.place].span
            found = "`\(text(misspelt.place))`"
        } else if token.kind == .end {
            span = Span(lastEnd, lastEnd)
        } else if isAtLineEnd, index > 0, !beginnings.contains(what) {
            span = Span(lastEnd, lastEnd)
            found = "the end of the line"
        }
        var diagnostic = Diagnostic(.syntax, "expected \(what), found \(found)", source: source, span: span,
                                    marks: marks, notes: notes, help: help.isEmpty ? slips(what) : help)
        if let opened, opened != index {
            let bracket = tokens[opened]
            let place = source.location(of: bracket.start)
            if place.line == source.line(at: span.start) {
                diagnostic.marks.append(bracket.span)
            } else {
                diagnostic.notes.append("`\(source.text(of: bracket.span))` was opened at \(place.line):\(place.column)")
            }
        }
        diagnostic.isIncomplete = token.kind == .end && !(index > 0 && endsShort.contains(tokens[index - 1].kind))
        failure = diagnostic
        return ParseFailure()
    }

    /// What may stand on the next line; anything else is missing at the end of this one.
    private var beginnings: [String] { ["a value", "a statement", memberExpectation] }

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
            let text = clipped(source.text(of: token.span))
            return token.kind.isReserved ? "the reserved word `\(text)`" : "`\(text)`"
        }
    }

    func text(_ index: Int) -> String {
        index >= 0 && index < tokens.count ? clipped(source.text(of: tokens[index].span)) : ""
    }

    /// The mend for the present token in the place it stands, for those who come from another language.
    func slips(_ what: String) -> [String] {
        let line = source.line(at: token.start)
        func isOnLine(_ other: Int) -> Bool { source.line(at: tokens[other].start) == line }
        func isOnLine(_ kind: TokenKind) -> Bool { tokens[index...].dropFirst().prefix { !$0.newlineBefore }.contains { $0.kind == kind } }
        switch kind {
        case .assign:
            let previous = index > 0 ? tokens[index - 1].kind : .end
            switch previous {
            case .power, .modulo, .matmul, .floorDivide:
                return ["write `x = x \(text(index - 1)) …`; `+= -= *= /=` exist"]
            case .colon: return ["a name is set with `=`"]
            default: break
            }
            if index > 1, tokens[index - 1].newlineBefore, !endsLine(tokens[index - 2].kind) {
                return ["the line above ends with `\(text(index - 2))`, so this line continues it"]
            }
            if tokens[statementStart].kind == .name, next.kind != .end, statementStart + 1 < index,
               tokens[(statementStart + 1)..<index].contains(where: { $0.kind == .assign }), depth == 0 {
                return ["set one name in each statement; equality is written `==`"]
            }
            if tokens[statementStart].kind == .for, index == statementStart + 2, previous == .name { return [loopMend] }
            if tokens[statementStart].kind == .for, depth > 0 { return ["a loop is written `for i in 0..<10 { … }`"] }
            return ["did you mean `==`?"]
        case .colon:
            if next.kind == .assign, let walrus = nameSetWithin { return [walrus] }
            switch tokens[statementStart].kind {
            case .for where !next.newlineBefore && (tokens[index - 1].kind == .number || isOnLine(.openBrace)): return ["a range is written `a..b` or `a..<b`"]
            case .if, .for, .while, .else, .try, .catch, .fn: return [blockMend]
            default: if what == "`{`" { return [blockMend] }
            }
            if next.kind == .assign { return ["a name is set with `=`"] }
            if let function = functionOfColon { return [function] }
            if index == statementStart + 1, tokens[statementStart].kind == .name, next.kind == .name {
                return ["a name is set by `\(text(statementStart)) = …`; only the shapes of parameters are annotated"]
            }
            if index > statementStart + 1, endsLine(tokens[index - 1].kind), next.kind == .number || next.kind == .name, !next.newlineBefore {
                let isPlain = [.name, .number].contains(tokens[index - 1].kind)
                let (from, to) = isPlain ? (text(index - 1), text(index + 1)) : ("a", "b")
                return ["a range is written `\(from)..\(to)`, to its end, or `\(from)..<\(to)`, short of it"]
            }
        case .equal: return ["a name is set with `=`; `==` compares"]
        case .else: return ["`else` stands behind the `}` of its `if`"]
        case .catch: return ["`catch` stands behind the `}` of its `try`"]
        case .if where index > statementStart: return ["a choice is written `if c { a } else { b }`"]
        case .for where index > statementStart: return ["a comprehension stands in brackets: `[x^2 for x in xs]`"]
        case .string, .stringStart:
            if index > 0, tokens[index - 1].kind == .name, tokens[index - 1].end == token.start, ["f", "r", "b", "u"].contains(text(index - 1)) {
                return ["strings interpolate as they are: leave out the `\(text(index - 1))`"]
            }
        case .not where next.kind == .in: return ["write `not (x in xs)`"]
        case .arrow: return ["a function is written `x => …` or `(x, y) => …`"]
        case .thinArrow: return ["a function is written `x => …`; `->` stands before the shape of a result"]
        case .fn where what == "a value": return ["a function within an expression is written `x => …`"]
        case .ellipsis where what == "`,` or `)`" && (next.kind == .closeParen || next.kind == .comma): return [argumentsMend]
        case .ellipsis: return ["a range is written `a..b` or `a..<b`"]
        case .matmul where index == statementStart: return ["there are no decorators"]
        case .modulo where index == statementStart: return ["a comment begins with `#`"]
        case .floorDivide where index == statementStart: return ["a comment begins with `#`"]
        case .comma where tokens[statementStart].kind == .return:
            return ["several values are given back as a list, `return (a, b)`, or as a record, `return {a, b}`"]
        case .comma where index > 0 && tokens[index - 1].kind == .comma: return ["leave out one of the two commas"]
        case .comma where index > 0 && [.openParen, .openBracket].contains(tokens[index - 1].kind): return ["a value is missing before the comma"]
        case .comma where thousands != nil: return ["a number is written without commas: `\(thousands ?? "")`"]
        case .comma where namesThatAreSet != nil: return ["several names are set by a pattern: write `\(namesThatAreSet ?? "")`"]
        case .comma where statementStart > 0 && tokens[statementStart - 1].kind == .openBrace:
            return ["after `=>` and at the start of a statement `{` opens a block: a record is `({a, b})`"]
        case .comma where !isInBrackets:
            return ["several names are set by `(a, b) = pair`; a list is written `(a, b)`"]
        case .plus, .times, .divide, .power, .elementOr, .elementAnd, .range, .and, .or:
            if index == statementStart, kind == .plus, next.kind == .plus, next.start == token.end, index + 2 < tokens.count, tokens[index + 2].kind == .name {
                return ["write `\(text(index + 2)) += 1`"]
            }
            if let bars = absoluteValue { return [bars] }
            if kind == .times, what == "a value", index > 0, [.openParen, .comma].contains(tokens[index - 1].kind), isInBrackets { return [argumentsMend] }
            if index == statementStart, seemsToContinue { return ["end the line above with the operator, or put all in `( )`"] }
        case .closeParen, .closeBracket, .closeBrace:
            if token.payload < 0 { return ["no `\(opening)` is open here: leave out the `\(text(index))`, or open one before it"] }
        default: break
        }
        if what == "`{`" { return [blockMend] }
        if index > statementStart, token.kind != .end,
           let slashes = (statementStart..<index).last(where: { tokens[$0].kind == .floorDivide }), isOnLine(slashes) {
            return ["`//` divides and rounds down; a comment begins with `#`"]
        }
        return []
    }

    /// The mend where the `{` of a block is missing.
    private var blockMend: String {
        let isStatement = switch tokens[statementStart].kind {
        case .if, .for, .while, .else, .try, .catch, .fn: true
        case .name: ContextualWord(rawValue: tokens[statementStart].payload) != nil && tokens[statementStart + 1].kind != .assign
        default: false
        }
        return isStatement ? "a block stands in braces: `{ … }`" : "a choice is written `if c { a } else { b }`"
    }

    /// A bracket of this statement is open here.
    private var isInBrackets: Bool {
        tokens[statementStart..<index].contains {
            ($0.kind == .openParen || $0.kind == .openBracket || $0.kind == .openBrace) && ($0.payload < 0 || $0.payload > Int32(index))
        }
    }

    /// `(n := 3)`, at its colon.
    private var nameSetWithin: String? {
        guard isInBrackets, index > 0, tokens[index - 1].kind == .name else { return nil }
        return "a name is set by a statement of its own: write `\(text(index - 1)) = …` on the line above"
    }

    /// `x: x + 1`, at its colon: parameters that the text behind it uses.
    var functionOfColon: String? {
        var names = [index - 1]
        if index > 0, tokens[index - 1].kind == .closeParen, case let opener = Int(tokens[index - 1].payload), opener >= 0 {
            names = Array((opener + 1)..<(index - 1)).filter { tokens[$0].kind != .comma }
        }
        guard !names.isEmpty, names.allSatisfy({ $0 >= 0 && tokens[$0].kind == .name }) else { return nil }
        let rest = tokens[(index + 1)...].prefix { !$0.newlineBefore && $0.kind != .end && $0.kind != .semicolon }
        guard names.allSatisfy({ name in rest.contains { $0.kind == .name && $0.payload == tokens[name].payload } }) else { return nil }
        let words = names.map { text($0) }.joined(separator: ", ")
        return "a function is written `\(names.count == 1 ? words : "(\(words))") => …`"
    }

    /// `|x|`, at its first bar, or `||x||`.
    private var absoluteValue: String? {
        guard kind == .elementOr || startsBars else { return nil }
        let rest = tokens[(index + 1)...].prefix { !$0.newlineBefore && $0.kind != .end }
        let opener = source.text(of: token.span)
        guard let close = rest.first(where: { source.text(of: $0.span) == opener }), close.start > token.end else { return nil }
        let inner = source.text(of: Span(token.end, close.start)).trimmed
        let function = opener == "||" ? "norm" : "abs"
        return "\(opener == "||" ? "a norm" : "an absolute value") is written `\(function)(\(inner.utf8.count <= 40 ? inner : "x"))`"
    }

    /// `||` where a value should begin.
    private var startsBars: Bool {
        token.kind == .error && source.text(of: token.span) == "||" && (index == statementStart || index > 0 && !endsLine(tokens[index - 1].kind))
    }

    /// `f(*xs)` and `f(xs...)`.
    private var argumentsMend: String {
        "arguments are written one by one, `f(xs[0], xs[1])`; only parameters collect: `fn f(xs...) = …`"
    }

    /// The opening bracket of the closing one that stands here.
    private var opening: String { kind == .closeParen ? "(" : kind == .closeBracket ? "[" : "{" }

    /// The mend for `for i = …`.
    private var loopMend: String {
        let name = text(index - 1)
        guard index + 3 < tokens.count, next.kind == .number, tokens[index + 2].kind == .colon, [.number, .name].contains(tokens[index + 3].kind) else {
            return "write `for \(name) in …`: `0..<n` counts from 0, `1..n` to n"
        }
        return "write `for \(name) in \(text(index + 1))..\(text(index + 3))`"
    }

    /// `1,000`, at its comma: the number that is meant.
    private var thousands: String? {
        guard index > 0, tokens[index - 1].kind == .number, tokens[index - 1].end == token.start else { return nil }
        var number = text(index - 1), at = index
        while at + 1 < tokens.count, tokens[at].kind == .comma, tokens[at + 1].kind == .number, tokens[at + 1].start == tokens[at].end,
              text(at + 1).utf8.count == 3, text(at + 1).utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
            number += "_" + text(at + 1)
            at += 2
        }
        return at > index && number.utf8.first != 48 ? number : nil
    }

    /// `n, d = shape(X)`, at its first comma: the statement with a pattern.
    private var namesThatAreSet: String? {
        var at = statementStart
        while at + 1 < tokens.count, tokens[at].kind == .name, tokens[at + 1].kind == .comma { at += 2 }
        guard at > statementStart, at + 1 < tokens.count, tokens[at].kind == .name, tokens[at + 1].kind == .assign, !tokens[at + 1].newlineBefore else { return nil }
        let names = source.text(of: Span(tokens[statementStart].start, tokens[at].end))
        let value = tokens[(at + 2)...].prefix { !$0.newlineBefore && $0.kind != .semicolon && $0.kind != .end && $0.kind != .closeBrace }
        guard let first = value.first, let last = value.last else { return nil }
        var text = source.text(of: Span(first.start, last.end)), depth = 0
        // Several values are a list too.
        let isList = value.contains {
            switch $0.kind {
            case .openParen, .openBracket, .openBrace: depth += 1
            case .closeParen, .closeBracket, .closeBrace: depth -= 1
            default: break
            }
            return depth == 0 && $0.kind == .comma
        }
        if isList { text = "(\(text))" }
        return "(\(names)) = " + (text.utf8.count <= 60 ? text : "…")
    }

    /// The mend for `.*`, `./`, `.^` and `.'`: operators are elementwise as they are.
    func pointedOperator() -> [String] {
        switch kind {
        case .times, .divide, .power, .modulo: ["operators are elementwise as they are: write `\(text(index))`"]
        case .transpose: ["the transpose: write `'`"]
        case .openParen where index > 1 && tokens[index - 2].kind == .name: ["functions are elementwise as they are: write `\(text(index - 2))(…)`"]
        default: []
        }
    }

    /// A name in front of a parenthesis: a call, whatever its name.
    private func isCalled(_ place: Int) -> Bool {
        ["print", "echo", "raise", "throw", "del", "require", "include", "repeat", "match"].contains(text(place))
            && place + 1 < tokens.count && tokens[place + 1].kind == .openParen
    }

    /// A statement may end with this token.
    private func endsLine(_ kind: TokenKind) -> Bool {
        switch kind {
        case .name, .number, .string, .stringEnd, .closeParen, .closeBracket, .closeBrace, .transpose, .true, .false, .none,
             .semicolon, .openBrace, .break, .continue, .return: return true
        default: return false
        }
    }

    /// A keyword of another language, used as such: its place, what stands for it here, and how.
    private func foreignWord(_ what: String) -> (place: Int, word: String, help: String)? {
        for place in [index, index - 1, statementStart] where place >= 0 && tokens[place].kind == .name {
            let follows = place + 1 < tokens.count ? tokens[place + 1].kind : .end
            let before = place > 0 ? tokens[place - 1].kind : .end
            switch follows {
            case .name, .number, .string, .stringStart, .openBrace, .colon, .not, .if, .for, .while, .none, .true, .false: break
            default: if place < index || follows == .assign || follows == .dot { continue }
            }
            guard before != .dot, let mend = foreignWords[text(place)] else { continue }
            if tokens[place].payload == ContextualWord.param.rawValue || tokens[place].payload == ContextualWord.state.rawValue,
               what != statementEnd || index > place + 1 { continue }
            return (place, mend.word, mend.help)
        }
        return nil
    }
}

let statementEnd = "a new line or `;`"
let memberExpectation = "`param`, `state`, `fn` or `assert`"

private let foreignWords: [String: (word: String, help: String)] = {
    var words: [String: (word: String, help: String)] = [:]
    func add(_ list: [String], _ word: String, _ help: String) {
        for name in list { words[name] = (word, help) }
    }
    add(["def", "func", "function", "fun", "proc"], "`fn`", "a function is written `fn f(x) { … }` or `fn f(x) = …`")
    add(["lambda"], "a value", "a function within an expression is written `x => …`")
    add(["elif", "elseif", "elsif"], "`else if`", "write `else if`, as in `if a { } else if b { } else { }`")
    add(["let", "var", "const", "local", "auto", "val"], "a name", "a name is set with `x = …`")
    add(["global", "nonlocal"], "a statement", "a function reads outer names and never changes them: give back the new value with `return`")
    add(["class", "struct"], "`object`", "an object is written `object name(…) { … }`, a layer `layer name(…) { … }`")
    add(["from", "using", "include", "require"], "`import`", "a file is imported by `import \"file.nns\"`")
    add(["raise", "throw"], "`error(…)`", "an error is raised by `error(\"message\")`")
    add(["except", "rescue", "finally"], "`catch`", "an error is caught by `try { … } catch e { … }`")
    add(["switch", "match", "case"], "`if`", "a choice is written `if a { } else if b { } else { }`")
    add(["foreach", "loop", "until", "repeat", "do"], "`for` or `while`",
        "a loop is written `for x in xs { … }` or `while c { … }`")
    add(["then", "begin", "end"], "`{` or `}`", "a block stands in braces: `{ … }`")
    add(["is"], "`==`", "equality is written `==`, inequality `!=`")
    add(["xor"], "`!=`", "write `a != b`")
    add(["mod"], "`%`", "a remainder is written `a % b`")
    add(["div"], "`//`", "a quotient rounded down is written `a // b`")
    add(["of"], "`in`", "a loop is written `for x in xs { … }`")
    add(["print", "echo"], "`print(…)`", "a function is called with parentheses")
    add(["with"], "a statement", "a file is read by `text = read(path)`; nothing need be closed")
    add(["del"], "a statement", "leave it out: what no name holds is freed by itself")
    add(["async", "await", "yield"], "a statement", "nns has no such keyword")
    add(["param", "state"], "a statement", "`param` and `state` stand only in an `object` or a `layer`")
    return words
}()
