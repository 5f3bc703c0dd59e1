import Syntax

// Statements.
extension Resolver {
    func block(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        let result = node(.block, n.span)
        setList(result, try tree.children(n).map { try statement($0) })
        return result
    }

    func statement(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        switch n.kind {
        case .expression:
            let result = node(.expression, n.span)
            result.pointee.flag = n.flag
            let inner = tree[n.a]
            // `if` and `try` as statements run their blocks as statements.
            result.pointee.a = inner.kind == .if || inner.kind == .try ? try statement(n.a) : try expression(n.a)
            return result
        case .if:
            let result = node(.conditional, n.span)
            result.pointee.a = try expression(n.a)
            result.pointee.b = try block(n.b)
            if n.c >= 0 { result.pointee.c = tree[n.c].kind == .block ? try block(n.c) : try statement(n.c) }
            return result
        case .try:
            let result = node(.attempt, n.span)
            result.pointee.a = try block(n.a)
            if n.b >= 0 { result.pointee.b = try target(n.b, n.span) }
            result.pointee.c = try block(n.c)
            return result
        case .block: return try block(index)
        case .assign:
            let result = node(.assign, n.span)
            result.pointee.flag = n.flag
            result.pointee.b = try expression(n.b)
            result.pointee.a = try pattern(n.a)
            markMove(result)
            markAppend(result)
            noteTarget(result)
            return result
        case .update:
            let result = node(.update, n.span)
            result.pointee.flag = n.flag
            let target = try pattern(n.a), isPart = target.pointee.op == .index || target.pointee.op == .member
            result.pointee.a = target
            // The same place read, as the left operand.
            let binary = node(opcode(n.op), n.span)
            binary.pointee.a = isPart ? target : try expression(n.a)
            binary.pointee.b = try expression(n.b)
            binary.pointee.place = tree[n.a].span.end
            if binary.pointee.a.pointee.op == .local { noteHiding(binary.pointee.a, isUpdate: true) }
            result.pointee.b = binary
            if isPart { holdParts(of: result, target) }
            noteForm(binary)
            markAppend(result)
            noteTarget(result)
            return result
        case .function: return try functionStatement(n, index)
        case .object: return try objectStatement(n, index)
        case .for: return try forStatement(n)
        case .while:
            let result = node(.whileLoop, n.span)
            result.pointee.a = try expression(n.a)
            loopDepth += 1
            defer { loopDepth -= 1 }
            let saved = expressionDepth
            expressionDepth = 0
            defer { expressionDepth = saved }
            result.pointee.b = try block(n.b)
            return result
        case .break, .continue:
            guard loopDepth > 0 else { throw error(.syntax, "`\(n.kind == .break ? "break" : "continue")` outside a loop", n.span) }
            if expressionDepth > 0 { scope.code.throwsSignals = true }
            return node(n.kind == .break ? .breakLoop : .continueLoop, n.span)
        case .return:
            guard !scope.isTopLevel else { throw error(.syntax, "`return` outside a function", n.span) }
            let result = node(.returnValue, n.span)
            if n.a >= 0 { result.pointee.a = try expression(n.a) }
            scope.code.throwsSignals = scope.code.throwsSignals || insideExpressionBlock
            return result
        case .import:
            let result = node(.importModule, n.span)
            holdString(result, n.a)
            let name = n.b >= 0 ? tree.string(n.b) : Self.moduleName(tree.string(n.a))
            guard n.b >= 0 || isName(name) else {
                throw error(.syntax, "`\(name)` cannot be the name of what is imported", n.span, help: ["give it one: `import \"\(tree.string(n.a))\" as m`"])
            }
            result.pointee.a = try targetName(name, n.span)
            return result
        case .main:
            let result = node(.main, n.span)
            result.pointee.a = try block(n.a)
            return result
        case .test:
            let result = node(.test, n.span)
            holdString(result, n.a)
            let code = try function(tree.string(n.a), parameters: [], body: n.b, span: n.span, fields: nil)
            let holder = node(.lambda, n.span)
            hold(holder, code)
            result.pointee.a = holder
            return result
        case .assert:
            let result = node(.assert, n.span)
            result.pointee.a = try expression(n.a)
            if n.b >= 0 { result.pointee.b = try expression(n.b) }
            return result
        default: throw error(.syntax, "expected a statement", n.span)
        }
    }

    /// True where the block being resolved is part of an expression.
    var insideExpressionBlock: Bool { blockInExpression > 0 }

    func functionStatement(_ n: Node, _ index: Int32) throws -> NodePointer {
        let result = node(.function, n.span)
        let name = tree.string(n.a)
        let code = try function(name, parameters: tree.children(n), body: n.b, span: n.span, fields: nil, isLocal: !scope.isTopLevel)
        if n.c >= 0 { code.returnShape = shape(n.c) }
        code.documentation = tree.documentation(of: index) ?? ""
        result.pointee.a = try targetName(name, n.span)
        hold(result, code)
        return result
    }

    func forStatement(_ n: Node) throws -> NodePointer {
        let result = node(.forLoop, n.span)
        var clauses: [NodePointer] = []
        for index in tree.children(n) {
            let clause = tree[index]
            let part = node(.clause, clause.span)
            part.pointee.b = try expression(clause.b)
            part.pointee.a = try pattern(clause.a)
            clauses.append(part)
        }
        setList(result, clauses)
        loopDepth += 1
        defer { loopDepth -= 1 }
        let saved = expressionDepth
        expressionDepth = 0
        defer { expressionDepth = saved }
        result.pointee.a = try block(n.a)
        return result
    }

    func objectStatement(_ n: Node, _ index: Int32) throws -> NodePointer {
        let declaration = DeclarationCode()
        declaration.name = tree.string(n.a)
        declaration.isLayer = n.flag
        declaration.documentation = tree.documentation(of: index) ?? ""
        let fieldScope = FieldScope()
        let members = tree.children(tree[n.b])
        var forwardParameters: ArraySlice<Int32> = []
        func addField(_ name: String, _ span: Span) throws {
            guard fieldScope.names[name] == nil else { throw error(.syntax, "field `\(name)` stands twice", span) }
            fieldScope.names[name] = Int32(fieldScope.names.count)
        }
        for p in tree.children(n) {
            try addField(tree.string(tree[p].a), tree[p].span)
            declaration.fields.append((tree.string(tree[p].a), .argument, nil, false))
        }
        for m in members {
            let member = tree[m]
            switch member.kind {
            case .param, .state: try addField(tree.string(member.a), member.span)
            case .function:
                let name = tree.string(member.a)
                guard fieldScope.methods.insert(name).inserted else { throw error(.syntax, "method `\(name)` stands twice", member.span) }
                if name == "forward" { forwardParameters = tree.children(member) }
            default: break
            }
        }
        let forwardNames = forwardParameters.map { tree.string(tree[$0].a) }.filter { fieldScope.names[$0] == nil }
        // The constructor binds the header arguments; their defaults may use one another.
        declaration.constructor = try function(declaration.name, parameters: tree.children(n), body: -1, span: n.span, fields: nil)
        var lazyFields: Set<String> = []
        for m in members {
            let member = tree[m]
            switch member.kind {
            case .param, .state:
                let name = tree.string(member.a)
                fieldScope.read = []
                let code = try function("\(declaration.name).\(name)", parameters: [], body: member.b, span: member.span, fields: fieldScope,
                                        extra: forwardNames, selfName: true)
                code.forwardNames = forwardNames
                let mentioned = mentions(member.b)
                let isLazy = forwardNames.contains { mentioned.contains($0) } || !fieldScope.read.isDisjoint(with: lazyFields)
                if isLazy { lazyFields.insert(name) }
                declaration.fields.append((name, member.kind == .param ? .param : .state, code, isLazy))
            case .function:
                let code = try function(tree.string(member.a), parameters: tree.children(member), body: member.b, span: member.span,
                                        fields: fieldScope, selfName: true)
                if member.c >= 0 { code.returnShape = shape(member.c) }
                code.documentation = tree.documentation(of: m) ?? ""
                declaration.methods.append(code)
            default:
                declaration.asserts.append(try assertion(m, fieldScope))
            }
        }
        let result = node(.object, n.span)
        result.pointee.a = try targetName(declaration.name, n.span)
        hold(result, declaration)
        return result
    }

    /// An `assert` in an object's body as a function of `self`.
    func assertion(_ index: Int32, _ fields: FieldScope) throws -> FunctionCode {
        let code = FunctionCode(name: "assert", source: tree.source, span: tree[index].span)
        let inner = FunctionScope(outer: scope, code: code, isTopLevel: false)
        inner.fields = fields
        let saved = scope
        scope = inner
        defer { scope = saved }
        code.selfSlot = Int(inner.newSlot("self"))
        inner.locals["self"] = Int32(code.selfSlot)
        let body = node(.block, tree[index].span)
        setList(body, [try statement(index)])
        code.body = body
        finish(code)
        return code
    }

    /// Every name that an expression mentions.
    func mentions(_ index: Int32) -> Set<String> {
        guard index >= 0 else { return [] }
        let span = tree[index].span
        var names: Set<String> = []
        for n in tree.nodes where n.span.start >= span.start && n.span.end <= span.end {
            if n.kind == .name { names.insert(tree.string(n.a)) }
            if n.kind == .entry, n.flag { names.insert(tree.string(n.a)) }
        }
        return names
    }
}
