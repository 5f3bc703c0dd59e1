/// Expressions: operators by precedence on explicit stacks, then what may follow a value, then functions.

/// Binding strength, loosest first.
private enum Precedence {
    static let pipe: UInt8 = 1, compose: UInt8 = 2, or: UInt8 = 3, and: UInt8 = 4, not: UInt8 = 5
    static let elementOr: UInt8 = 6, elementAnd: UInt8 = 7, comparison: UInt8 = 8, range: UInt8 = 9
    static let sum: UInt8 = 10, product: UInt8 = 11, sign: UInt8 = 12, power: UInt8 = 13
}

extension Parsing {
    /// One expression, of any number of operators; nested only through brackets, blocks and `=>`.
    func expression() throws(ParseFailure) -> Int32 {
        let base = operators.count
        while true {
            try prefixOperators(base)
            let operand = try postfix()
            operands.append(operand)
            guard var pending = binaryOperator() else { break }
            if pending.kind == .unary {
                // `x not in xs`
                pending.kind = .binary
                advance()
            }
            try reduce(to: base, against: pending)
            if context.isBracket { try checkSign() }
            advance()
            operators.append(pending)
        }
        while operators.count > base { applyOperator() }
        return operands.removeLast()
    }

    @inline(never)
    private func prefixOperators(_ base: Int) throws(ParseFailure) {
        var isSigned = false
        while true {
            switch kind {
            case .minus:
                operators.append(PendingOperator(kind: .unary, op: .negate, precedence: Precedence.sign, isPrefix: true,
                                                 start: token.start))
            case .plus:
                if index == statementStart, seemsToContinue { throw expected("a statement") }
                isSigned = true
            case .not:
                if isSigned || operators.count > base && operators[operators.count - 1].precedence > Precedence.not {
                    throw expected("a value", help: ["put `not …` in parentheses: it binds more loosely"])
                }
                operators.append(PendingOperator(kind: .unary, op: .not, precedence: Precedence.not, isPrefix: true,
                                                 start: token.start))
            default: return
            }
            advance()
        }
    }

    /// A statement that begins here looks as if it went on with the line above.
    var seemsToContinue: Bool {
        guard token.newlineBefore, index > 0 else { return false }
        let previous = tokens[index - 1].kind
        return previous != .openBrace && previous != .semicolon
    }

    /// The binary operator that stands here and goes on with the expression, if any.
    @inline(never)
    private func binaryOperator() -> PendingOperator? {
        if isAtLineEnd, !(source.isFile && (kind == .pipe || kind == .compose)) { return nil }
        func pending(_ kind: Kind, _ op: Operator, _ precedence: UInt8, flag: Bool = false) -> PendingOperator {
            PendingOperator(kind: kind, op: op, precedence: precedence, flag: flag, start: token.start)
        }
        switch kind {
        case .plus: return pending(.binary, .add, Precedence.sum)
        case .minus: return pending(.binary, .subtract, Precedence.sum)
        case .times: return pending(.binary, .multiply, Precedence.product)
        case .divide: return pending(.binary, .divide, Precedence.product)
        case .floorDivide: return pending(.binary, .floorDivide, Precedence.product)
        case .modulo: return pending(.binary, .modulo, Precedence.product)
        case .matmul: return pending(.binary, .matmul, Precedence.product)
        case .power: return pending(.binary, .power, Precedence.power)
        case .equal: return pending(.binary, .equal, Precedence.comparison)
        case .notEqual: return pending(.binary, .notEqual, Precedence.comparison)
        case .less: return pending(.binary, .less, Precedence.comparison)
        case .lessEqual: return pending(.binary, .lessEqual, Precedence.comparison)
        case .greater: return pending(.binary, .greater, Precedence.comparison)
        case .greaterEqual: return pending(.binary, .greaterEqual, Precedence.comparison)
        case .in: return pending(.binary, .isIn, Precedence.comparison)
        case .not where next.kind == .in: return pending(.unary, .isIn, Precedence.comparison, flag: true)
        case .elementAnd: return pending(.binary, .elementAnd, Precedence.elementAnd)
        case .elementOr: return pending(.binary, .elementOr, Precedence.elementOr)
        case .and: return pending(.logical, .and, Precedence.and)
        case .or: return pending(.logical, .or, Precedence.or)
        case .compose: return pending(.compose, .compose, Precedence.compose)
        case .pipe: return pending(.pipe, .pipe, Precedence.pipe)
        case .range: return pending(.range, .none, Precedence.range)
        case .halfOpenRange: return pending(.range, .none, Precedence.range, flag: true)
        default: return nil
        }
    }

    /// Applies the waiting operators that bind the last operand more strongly than the one that follows.
    @inline(never)
    private func reduce(to base: Int, against new: PendingOperator) throws(ParseFailure) {
        while operators.count > base {
            let top = operators[operators.count - 1]
            guard top.precedence > new.precedence
                || (top.precedence == new.precedence && new.precedence != Precedence.power) else { return }
            if top.precedence == new.precedence {
                if new.precedence == Precedence.comparison { throw chained(top, new) }
                if new.precedence == Precedence.range {
                    throw expected("one range", help: ["steps are written `range(a, b, step)`"])
                }
            }
            applyOperator()
        }
    }

    @inline(never)
    private func chained(_ first: PendingOperator, _ second: PendingOperator) -> ParseFailure {
        let right = operands[operands.count - 1], left = operands[operands.count - 2]
        func text(_ span: Span) -> String { source.text(of: span) }
        let middle = text(span(right))
        let firstSign = text(Span(span(left).end, span(right).start)).trimmed
        var help: [String] = []
        // The operand behind the second sign: shown when it is a single token.
        let sign = source.text(of: token.span)
        if index + 2 < tokens.count, first.op != .isIn, second.op != .isIn {
            let last = tokens[index + 1]
            let after = tokens[index + 2]
            let ends: Bool
            switch after.kind {
            case .end, .openBrace, .closeParen, .closeBracket, .closeBrace, .comma, .and, .or, .semicolon: ends = true
            default: ends = after.newlineBefore
            }
            let isSimple = ends && (last.kind == .name || last.kind == .number)
            let right = isSimple ? clipped(source.text(of: last.span)) : "…"
            let start = text(span(left))
            if start.utf8.count + 2 * middle.utf8.count < 100 {
                help = ["write `\(start) \(firstSign) \(middle) and \(middle) \(sign) \(right)`"]
            }
        }
        if help.isEmpty { help = ["join two comparisons with `and`"] }
        let firstEnd = first.start + Int32(firstSign.utf8.count)
        return fail("expected one comparison, found a chain of two", token.span, help: help,
                    marks: [Span(first.start, firstEnd)])
    }

    /// In a `[ ]` literal `a -b` could mean one element or two.
    @inline(never)
    private func checkSign() throws(ParseFailure) {
        guard kind == .minus || kind == .plus, token.spaceBefore, !next.spaceBefore else { return }
        let sign = text(index)
        let left = operands.last.map { source.text(of: span($0)) } ?? "a", right = text(index + 1)
        let short = left.utf8.count > 20 || left.contains("\n") ? "a" : left
        throw fail("expected `,` before `\(sign)\(right)`", token.span,
                   help: ["write `\(short), \(sign)\(right)` for two elements, `\(short) \(sign) \(right)` for one"])
    }

    @inline(never)
    private func applyOperator() {
        let pending = operators.removeLast()
        let right = operands.removeLast()
        if pending.isPrefix {
            var node = Node(.unary, span: Span(pending.start, span(right).end))
            node.op = pending.op
            node.a = right
            operands.append(add(node))
            return
        }
        let left = operands.removeLast()
        let both = span(left).union(span(right))
        var node = Node(pending.kind, span: both)
        node.op = pending.op
        node.a = left
        node.b = right
        node.flag = pending.kind == .range && pending.flag
        node.c = pending.kind == .binary ? pending.start : -1
        var result = add(node)
        if pending.kind == .binary, pending.flag {
            var not = Node(.unary, span: both)
            not.op = .not
            not.a = result
            result = add(not)
        }
        operands.append(result)
    }

    // MARK: Calls, indices and fields

    /// A value and the calls, indices, fields and transposes that follow it.
    private func postfix() throws(ParseFailure) -> Int32 {
        switch kind {
        case .if: return try ifExpression()
        case .try: return try tryExpression()
        case .name where next.kind == .arrow: return try lambda()
        case .openParen where isLambdaHead: return try lambda()
        default: break
        }
        var value = try primary()
        while true {
            if isAtLineEnd {
                let isName = next.kind == .name || next.kind.isReserved
                guard source.isFile, kind == .dot, isName, !next.spaceBefore else { return value }
            }
            switch kind {
            case .openParen:
                if context.isBracket, token.newlineBefore { throw expected("`,` or `]`") }
                value = try call(value)
            case .openBracket:
                if context.isBracket, token.spaceBefore {
                    throw expected("`,` or `]`", help: ["elements are separated by commas; an index stands right behind its name"])
                }
                value = try subscripts(of: value)
            case .dot:
                advance()
                guard kind == .name || kind.isReserved else { 
                    let help = pointedOperator()
                    guard help.isEmpty else { throw fail("expected an operator without a point, found `.\(text(index))`", Span(tokens[index - 1].start, token.end), help: help) }
                    throw expected("a field name after `.`")
                }
                var node = Node(.field, span: Span(span(value).start, token.end))
                node.a = value
                node.b = token.payload
                node.c = token.start
                value = add(node)
                advance()
            case .transpose:
                var node = Node(.transpose, span: Span(span(value).start, token.end))
                node.a = value
                value = add(node)
                advance()
            default: return value
            }
        }
    }

    /// At `(`: its `)` is followed by `=>`.
    private var isLambdaHead: Bool {
        let close = Int(token.payload)
        return close > index && tokens[close + 1].kind == .arrow
    }

    @inline(never)
    private func call(_ callee: Int32) throws(ParseFailure) -> Int32 {
        try enter()
        let opener = index, outer = context
        context = Context(newlines: false)
        advance()
        let base = scratch.count
        var keywords: [Int32] = []
        while kind != .closeParen {
            if kind == .name || kind.isReserved, next.kind == .assign {
                var node = Node(.keyword, span: token.span)
                node.a = token.payload
                if keywords.contains(node.a) {
                    throw fail("expected each keyword once, found `\(text(index))` again", token.span)
                }
                if keywords.count < 1000 { keywords.append(node.a) }
                advance()
                advance()
                node.b = try expression()
                node.span.end = span(node.b).end
                scratch.append(add(node))
            } else {
                scratch.append(try expression())
            }
            if !take(.comma) { break }
        }
        if kind != .closeParen {
            let help = kind == .colon && next.kind != .assign && tokens[index - 1].kind == .name && functionOfColon == nil
                ? ["a keyword argument is written `name=value`"] : lineAboveHelp(")")
            throw expected("`,` or `)`", help: help, opened: opener)
        }
        var node = Node(.call, span: Span(span(callee).start, token.end))
        node.a = callee
        advance()
        setList(&node, from: base)
        context = outer
        depth -= 1
        return add(node)
    }

    @inline(never)
    private func subscripts(of value: Int32) throws(ParseFailure) -> Int32 {
        try enter()
        let opener = index, outer = context
        context = Context(newlines: false)
        advance()
        if kind == .closeBracket { throw expected("an index", help: ["all elements are `x[:]`"]) }
        let base = scratch.count
        while kind != .closeBracket {
            scratch.append(try oneSubscript())
            if !take(.comma) { break }
        }
        if kind != .closeBracket { throw expected("`,` or `]`", opened: opener) }
        var node = Node(.index, span: Span(span(value).start, token.end))
        node.a = value
        advance()
        setList(&node, from: base)
        context = outer
        depth -= 1
        return add(node)
    }

    /// An expression, `...`, or `from:to:step` with any of the three left out.
    private func oneSubscript() throws(ParseFailure) -> Int32 {
        let start = token.start
        if take(.ellipsis) { return add(Node(.ellipsis, span: Span(start, lastEnd))) }
        var parts: (Int32, Int32, Int32) = (-1, -1, -1)
        if kind != .colon {
            parts.0 = try expression()
            if kind != .colon { return parts.0 }
        }
        advance()
        if !endsSlicePart { parts.1 = try expression() }
        if take(.colon), !endsSlicePart { parts.2 = try expression() }
        var node = Node(.slice, span: Span(start, lastEnd))
        (node.a, node.b, node.c) = parts
        return add(node)
    }

    private var endsSlicePart: Bool { kind == .colon || kind == .comma || kind == .closeBracket }

    // MARK: Functions within expressions

    @inline(never)
    private func lambda() throws(ParseFailure) -> Int32 {
        let start = token.start
        let base = scratch.count
        try enter()
        if kind == .name {
            var parameter = Node(.parameter, span: token.span)
            parameter.a = token.payload
            advance()
            scratch.append(add(parameter))
        } else {
            try parameters()
        }
        if isAtLineEnd { throw expected("`=>`") }
        try expect(.arrow, "`=>`")
        var node = Node(.lambda, span: token.span)
        node.a = kind == .openBrace && !isRecordStart ? try block() : try expression()
        node.span = Span(start, span(node.a).end)
        setList(&node, from: base)
        depth -= 1
        return add(node)
    }

    /// `(x, k=2, W: [n, d], rest...)`, the parentheses included; the nodes are left in `scratch`.
    @inline(never)
    func parameters() throws(ParseFailure) {
        let opener = index, outer = context
        context = Context(newlines: false)
        try expect(.openParen, "`(`")
        var names: Set<Int32> = []
        var hasDefault = false, hasRest = false
        while kind != .closeParen {
            guard kind == .name else {
                if kind == .error, text(index) == "**" {
                    throw fail("expected a parameter name, found `**`", token.span, help: ["every keyword has a parameter of its own: `fn f(x, k=2)`"])
                }
                let isPattern = kind == .openParen || kind == .openBrace || kind == .openBracket
                let help = isPattern ? ["name the parameter, and take it apart inside"]
                    : kind == .times && next.kind == .name ? ["further arguments are collected in a list by `\(text(index + 1))...`"]
                    : kind.isReserved ? ["`\(text(index))` is a reserved word"] : []
                throw expected("a parameter name", help: help)
            }
            var node = Node(.parameter, span: token.span)
            node.a = token.payload
            guard names.insert(node.a).inserted else {
                throw fail("expected each parameter once, found `\(text(index))` again", token.span)
            }
            let name = index
            advance()
            if take(.ellipsis) {
                if hasRest { throw fail("expected one parameter that collects the rest", tokens[name].span) }
                node.flag = true
                hasRest = true
            }
            if take(.colon) { node.c = try shape() }
            if take(.assign) {
                node.b = try expression()
                hasDefault = true
            } else if hasDefault, !hasRest {
                throw fail("expected a default for `\(text(name))`, which follows a parameter that has one",
                           tokens[name].span, help: ["put the parameters without default first"])
            }
            node.span.end = lastEnd
            scratch.append(add(node))
            if !take(.comma) { break }
        }
        if kind != .closeParen { throw expected("`,` or `)`", opened: opener) }
        advance()
        context = outer
    }

    /// `[n, d]`, `[..., k]`, `[]`
    @inline(never)
    func shape() throws(ParseFailure) -> Int32 {
        let opener = index
        let arithmetic = ["a shape holds numbers and names alone: give `2 * d` a name of its own"]
        guard kind == .openBracket else {
            throw expected("a shape such as `[n, d]`", help: ["only shapes are annotated: `x: [n, d]`, `-> [n]`"])
        }
        let outer = context
        context = Context(newlines: false)
        advance()
        let base = scratch.count
        while kind != .closeBracket {
            switch kind {
            case .number: scratch.append(number())
            case .name:
                scratch.append(nameNode(token))
                advance()
            case .ellipsis:
                if scratch.count > base {
                    throw fail("expected `...` in the first place of a shape", token.span, help: ["`...` stands for any leading axes: `[..., d]`; other axes have names: `[n, a, b]`"])
                }
                scratch.append(add(Node(.ellipsis, span: token.span)))
                advance()
            case .error where index + 1 < tokens.count && !token.newlineBefore:
                throw fail("expected a size, a name or `...`, found `\(text(index))`", token.span, help: arithmetic)
            default: throw expected("a size, a name or `...`", opened: opener)
            }
            if !take(.comma) { break }
        }
        if kind != .closeBracket {
            let isOperator = [.plus, .minus, .times, .divide, .floorDivide, .power, .modulo].contains(kind)
            throw expected("`,` or `]`", help: isOperator ? arithmetic : [], opened: opener)
        }
        advance()
        context = outer
        return list(.shape, Span(tokens[opener].start, lastEnd), from: base)
    }
}

extension String {
    /// Without the white space at both ends.
    var trimmed: String {
        var view = self[...]
        while let first = view.first, first.isWhitespace { view.removeFirst() }
        while let last = view.last, last.isWhitespace { view.removeLast() }
        return String(view)
    }
}
