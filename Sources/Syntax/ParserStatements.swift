/// Statements and declarations.

extension Parsing {
    func statement() throws(ParseFailure) -> Int32 {
        if kind.isReserved, next.kind == .assign, !next.newlineBefore {
            throw fail("expected a name, found the reserved word `\(text(index))`", token.span, help: ["`\(text(index))` cannot be set: it is a reserved word"])
        }
        switch kind {
        case .fn: return try function()
        case .for: return try forStatement()
        case .while: return try whileStatement()
        case .break, .continue:
            let node = Node(kind == .break ? .break : .continue, span: token.span)
            advance()
            return add(node)
        case .return: return try returnStatement()
        case .import: return try importStatement()
        case .assert: return try assertStatement()
        case .openBrace: return try braceStatement()
        case .name:
            if let word = ContextualWord(rawValue: token.payload), !next.newlineBefore,
               let node = try declaration(word) { return node }
        case .else, .catch, .closeParen, .closeBracket, .closeBrace, .comma, .colon, .dot, .times, .divide, .floorDivide,
             .modulo, .power, .matmul, .and, .or, .in, .pipe, .compose, .assign, .equal:
            throw expected("a statement")
        default: break
        }
        return try simple(expression())
    }

    /// What an expression at the start of a statement turns out to be: a target, or itself.
    @inline(never)
    private func simple(_ value: Int32) throws(ParseFailure) -> Int32 {
        let op: Operator
        switch isAtLineEnd ? .end : kind {
        case .assign: op = .none
        case .plusAssign: op = .add
        case .minusAssign: op = .subtract
        case .timesAssign: op = .multiply
        case .divideAssign: op = .divide
        default:
            var node = Node(.expression, span: span(value))
            node.a = value
            return add(node)
        }
        let target = op == .none ? try self.target(value) : try updateTarget(value)
        advance()
        var node = Node(op == .none ? .assign : .update, span: .none)
        node.op = op
        node.a = target
        node.b = try expression()
        node.span = span(target).union(span(node.b))
        return add(node)
    }

    private func updateTarget(_ value: Int32) throws(ParseFailure) -> Int32 {
        let node = tree[value]
        switch node.kind {
        case .name, .index, .field: return value
        case .parenthesized: return try updateTarget(node.a)
        default: throw fail("expected a name, an index or a field before `\(text(index))`", node.span)
        }
    }

    /// An expression that stands left of `=`, as a name, place or pattern.
    private func target(_ value: Int32) throws(ParseFailure) -> Int32 {
        let node = tree[value]
        switch node.kind {
        case .name, .index, .field: return value
        case .parenthesized: return try target(node.a)
        case .list:
            for at in Int(node.first)..<Int(node.first + node.count) { tree.lists[at] = try target(tree.lists[at]) }
            tree.nodes[Int(value)].kind = .listPattern
            return value
        case .record:
            for at in Int(node.first)..<Int(node.first + node.count) {
                let entry = tree[tree.lists[at]]
                guard entry.flag else {
                    throw fail("expected a name alone in a pattern", entry.span,
                               help: ["a field keeps its name: `{train, test} = r`, or `a = r.name`"])
                }
                tree.lists[at] = entry.b
            }
            tree.nodes[Int(value)].kind = .recordPattern
            return value
        default: break
        }
        var help: [String] = []
        switch node.kind {
        case .call where tree[node.a].kind == .name:
            help = ["a function is written `fn \(source.text(of: node.span)) = …`"]
            // Indices in parentheses, as in MATLAB.
            if node.count > 0, tree.children(node).allSatisfy({ tree[$0].kind == .number }) {
                let places = tree.children(node).map { max(0, (Int(exactly: tree[$0].number) ?? 1) - 1) }
                let name = source.text(of: tree[node.a].span)
                help = ["an element is written in brackets and counted from 0: `\(name)[\(places.map { "\($0)" }.joined(separator: ", "))] = …`"]
            }
            if help[0].utf8.count > 100 || help[0].contains("\n") { help = ["a function is written `fn f(x) = …`"] }
        case .bracket: help = ["several names are set by `(\(source.text(of: node.span).dropFirst().dropLast())) = …`"]
        case .binary, .logical, .unary: help = ["equality is written `==`"]
        default: break
        }
        throw fail("expected a name, an index, a field or a pattern before `=`", node.span, help: help)
    }

    /// `{` at the start of a statement: a record, a pattern or a block.
    @inline(never)
    private func braceStatement() throws(ParseFailure) -> Int32 {
        if isRecordStart { return try simple(expression()) }
        let close = Int(token.payload)
        if close > index, tokens[close + 1].kind == .assign, !tokens[close + 1].newlineBefore {
            let pattern = try recordPattern()
            return try simple(pattern: pattern)
        }
        let block = try block()
        var node = Node(.expression, span: span(block))
        node.a = block
        return add(node)
    }

    private func simple(pattern: Int32) throws(ParseFailure) -> Int32 {
        advance()
        var node = Node(.assign, span: .none)
        node.a = pattern
        node.b = try expression()
        node.span = span(pattern).union(span(node.b))
        return add(node)
    }

    // MARK: Control

    @inline(never)
    private func forStatement() throws(ParseFailure) -> Int32 {
        var node = Node(.for, span: token.span)
        let outer = context
        context.isHead = true
        let base = scratch.count
        repeat { scratch.append(try forClause()) } while take(.comma)
        context = outer
        node.a = try block()
        node.span.end = lastEnd
        setList(&node, from: base)
        return add(node)
    }

    private func whileStatement() throws(ParseFailure) -> Int32 {
        var node = Node(.while, span: token.span)
        advance()
        node.a = try condition()
        if kind == .assign, !isAtLineEnd { throw expected("`{`", help: ["did you mean `==`?"]) }
        node.b = try block()
        node.span.end = lastEnd
        return add(node)
    }

    private func returnStatement() throws(ParseFailure) -> Int32 {
        var node = Node(.return, span: token.span)
        advance()
        if !token.newlineBefore, kind != .semicolon, kind != .closeBrace, kind != .end {
            node.a = try expression()
            node.span.end = lastEnd
        }
        return add(node)
    }

    private func assertStatement() throws(ParseFailure) -> Int32 {
        var node = Node(.assert, span: token.span)
        advance()
        node.a = try expression()
        if take(.comma) {
            node.b = try expression()
        } else if kind == .string || kind == .stringStart, !isAtLineEnd {
            throw expected("`,`", help: ["what a failure says stands behind a comma: `assert c, \"why\"`"])
        }
        node.span.end = lastEnd
        return add(node)
    }

    private func importStatement() throws(ParseFailure) -> Int32 {
        var node = Node(.import, span: token.span)
        advance()
        guard kind == .string, !isAtLineEnd else {
            throw expected("a path in quotes", help: kind == .name ? ["a file is imported by `import \"file.nns\"`; arrays, layers and pictures are built in and need no import"] : ["write `import \"file.nns\"`"])
        }
        node.a = token.payload
        advance()
        if kind == .name, token.payload == ContextualWord.as.rawValue, !isAtLineEnd {
            advance()
            guard kind == .name, !isAtLineEnd else { throw expected("a name after `as`") }
            node.b = token.payload
            advance()
        }
        node.span.end = lastEnd
        return add(node)
    }

    // MARK: Declarations

    @inline(never)
    private func function() throws(ParseFailure) -> Int32 {
        var node = Node(.function, span: token.span)
        let base = scratch.count
        advance()
        guard kind == .name, !isAtLineEnd else {
            if kind == .openParen { throw expected("a name", help: ["a function without a name is written `(x, y) => …`"]) }
            throw expected("a name", help: kind.isReserved ? ["`\(text(index))` is a reserved word"] : [])
        }
        let name = text(index)
        node.a = token.payload
        advance()
        guard kind == .openParen, !isAtLineEnd else { throw expected("`(`", help: ["write `fn \(name)(\(namesOnLine.joined(separator: ", "))) = …`"]) }
        try parameters()
        if take(.thinArrow) { node.c = try shape() }
        if take(.assign) {
            node.b = try expression()
        } else if kind == .openBrace {
            node.b = try block()
        } else {
            let help = kind == .arrow ? ["write `fn \(name)(…) = …`, or `\(name) = (…) => …`"]
                : kind == .colon ? ["a body stands in braces or after `=`; the shape of the result after `->`"] : []
            throw expected("`=` or `{`", help: help)
        }
        node.span.end = lastEnd
        setList(&node, from: base)
        return add(node)
    }

    /// The names that stand here on one line, as parameters without parentheses do.
    private var namesOnLine: [String] {
        var names: [String] = [], at = index
        while tokens[at].kind == .name || tokens[at].kind == .comma, !tokens[at].newlineBefore {
            if tokens[at].kind == .name { names.append(text(at)) }
            at += 1
        }
        return names
    }

    /// The statements whose words are reserved only here; nil when the word is a name after all.
    @inline(never)
    private func declaration(_ word: ContextualWord) throws(ParseFailure) -> Int32? {
        switch word {
        case .object where next.kind == .name, .layer where next.kind == .name: return try object(isLayer: word == .layer)
        case .test where next.kind == .string || next.kind == .stringStart:
            var node = Node(.test, span: token.span)
            advance()
            guard kind == .string else { throw expected("a plain string for the title") }
            node.a = token.payload
            advance()
            node.b = try block()
            node.span.end = lastEnd
            return add(node)
        case .main where next.kind == .openBrace:
            var node = Node(.main, span: token.span)
            advance()
            node.a = try block()
            node.span.end = lastEnd
            return add(node)
        default: return nil
        }
    }

    @inline(never)
    private func object(isLayer: Bool) throws(ParseFailure) -> Int32 {
        var node = Node(.object, span: token.span)
        node.flag = isLayer
        let base = scratch.count
        advance()
        node.a = token.payload
        advance()
        if kind == .openParen, !isAtLineEnd { try parameters() }
        node.b = try braces(.members)
        node.span.end = lastEnd
        setList(&node, from: base)
        return add(node)
    }

    func member() throws(ParseFailure) -> Int32 {
        switch kind {
        case .fn: return try function()
        case .assert: return try assertStatement()
        case .name:
            let word = ContextualWord(rawValue: token.payload)
            guard word == .param || word == .state, next.kind == .name, !next.newlineBefore else { break }
            var node = Node(word == .param ? .param : .state, span: token.span)
            advance()
            node.a = token.payload
            let name = text(index)
            advance()
            if kind == .dot, name == "self", next.kind == .name {
                throw fail("expected a name, found `self.`", Span(tokens[index - 1].start, token.end),
                           help: ["a field is declared by its bare name: write `\(text(index - 2)) \(text(index + 1)) = …`"])
            }
            guard kind == .assign, !isAtLineEnd else {
                throw expected("`=`", help: ["every field has a first value, for example `\(text(index - 2)) \(name) = none`"])
            }
            advance()
            node.b = try expression()
            node.span.end = lastEnd
            return add(node)
        default: break
        }
        var help: [String] = []
        if kind == .name, next.kind == .assign {
            help = ["a field is declared by `param \(text(index)) = …` (trained) or `state \(text(index)) = …` (kept)"]
        }
        throw expected(memberExpectation, help: help)
    }
}
