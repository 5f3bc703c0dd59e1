import Syntax

// Expressions.
extension Resolver {
    func opcode(_ op: Operator) -> OpCode {
        switch op {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: .divide
        case .floorDivide: .floorDivide
        case .modulo: .modulo
        case .matmul: .matmul
        case .power: .power
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessEqual: .lessEqual
        case .greater: .greater
        case .greaterEqual: .greaterEqual
        case .isIn: .isIn
        case .elementOr: .elementOr
        case .elementAnd: .elementAnd
        case .and: .and
        case .or: .or
        default: .add
        }
    }

    func expression(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        switch n.kind {
        case .number:
            let result = node(.number, n.span)
            result.pointee.number = n.number
            return result
        case .string:
            let result = node(.constant, n.span)
            holdString(result, n.a)
            result.pointee.slot = Int32(Word.Tag.string)
            return result
        case .bool:
            let result = node(.constant, n.span)
            result.pointee.slot = Int32(Word.Tag.bool)
            result.pointee.flag = n.flag
            return result
        case .none:
            let result = node(.constant, n.span)
            result.pointee.slot = Int32(Word.Tag.none)
            return result
        case .name: return name(tree.string(n.a), n.span)
        case .parenthesized: return try expression(n.a)
        case .interpolated:
            let result = node(.interpolated, n.span)
            setList(result, try tree.children(n).map { child in
                let part = tree[child]
                guard part.kind == .interpolation else { return try expression(child) }
                let piece = node(.interpolation, part.span)
                piece.pointee.a = try expression(part.a)
                if part.b >= 0 { holdString(piece, part.b) }
                return piece
            })
            return result
        case .list, .bracket:
            let result = node(n.kind == .list ? .list : .bracket, n.span)
            setList(result, try tree.children(n).map { try expression($0) })
            return result
        case .comprehension: return try comprehension(n)
        case .record:
            let result = node(.record, n.span)
            setList(result, try tree.children(n).map { child in
                let entry = tree[child]
                let part = node(.keyword, entry.span)
                holdString(part, entry.a)
                part.pointee.a = entry.b >= 0 ? try expression(entry.b) : name(tree.string(entry.a), entry.span)
                return part
            })
            let keys = tree.children(n).map { TextKey(tree.string(tree[$0].a)) }
            result.pointee.flag = Set(keys).count < keys.count
            return result
        case .unary:
            let result = node(n.op == .not ? .not : .negate, n.span)
            let operand = try expression(n.a)
            if n.op == .negate, operand.pointee.op == .number {
                operand.pointee.number = -operand.pointee.number
                operand.pointee.span = n.span
                return operand
            }
            result.pointee.a = operand
            return result
        case .binary, .logical: return try binary(index)
        case .pipe:
            // `x |> f` is `f(x)`.
            let result = node(.call, n.span)
            let argument = try expression(n.a)
            result.pointee.a = try expression(n.b)
            setList(result, [argument])
            return result
        case .compose:
            var parts: [NodePointer] = []
            var current = n
            while true {
                parts.append(try expression(current.b))
                let left = tree[current.a]
                if left.kind == .compose { current = left } else { parts.append(try expression(current.a)); break }
            }
            let result = node(.compose, n.span)
            setList(result, parts.reversed())
            return result
        case .range:
            let result = node(.range, n.span)
            result.pointee.flag = n.flag
            result.pointee.a = try expression(n.a)
            result.pointee.b = try expression(n.b)
            return result
        case .call:
            let result = node(.call, n.span)
            result.pointee.a = try expression(n.a)
            setList(result, try tree.children(n).map { child in
                let argument = tree[child]
                guard argument.kind == .keyword else { return try expression(child) }
                let part = node(.keyword, argument.span)
                holdString(part, argument.a)
                part.pointee.a = try expression(argument.b)
                result.pointee.slot = 1
                return part
            })
            return result
        case .index:
            let result = node(.index, n.span)
            result.pointee.a = try expression(n.a)
            setList(result, try tree.children(n).map { try subscriptNode($0) })
            return result
        case .field:
            let result = node(.member, n.span)
            result.pointee.a = try expression(n.a)
            if tree[n.a].kind == .name, result.pointee.a.pointee.op == .global { noteFieldRead(tree.string(n.b)) }
            holdString(result, n.b)
            return result
        case .transpose:
            let result = node(.transpose, n.span)
            result.pointee.a = try expression(n.a)
            return result
        case .lambda:
            let result = node(.lambda, n.span)
            let code = try function("function", parameters: tree.children(n), body: n.a, span: n.span, fields: nil)
            code.isLambda = true
            hold(result, code)
            return result
        case .if, .try, .block:
            blockInExpression += 1
            expressionDepth += 1
            defer { blockInExpression -= 1; expressionDepth -= 1 }
            return try statement(index)
        default: throw error(.syntax, "expected an expression", n.span)
        }
    }

    func subscriptNode(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        switch n.kind {
        case .slice:
            let result = node(.slice, n.span)
            if n.a >= 0 { result.pointee.a = try expression(n.a) }
            if n.b >= 0 { result.pointee.b = try expression(n.b) }
            if n.c >= 0 { result.pointee.c = try expression(n.c) }
            return result
        case .ellipsis: return node(.ellipsis, n.span)
        default: return try expression(index)
        }
    }

    /// Left-deep chains of operators are built without recursion.
    func binary(_ index: Int32) throws -> NodePointer {
        var chain: [Int32] = [index]
        while true {
            let left = tree[chain.last!].a
            let kind = tree[left].kind
            if kind == .binary || kind == .logical { chain.append(left) } else { break }
        }
        var left = try expression(tree[chain.last!].a)
        for index in chain.reversed() {
            let n = tree[index]
            let result = node(opcode(n.op), n.span)
            result.pointee.a = left
            result.pointee.b = try expression(n.b)
            result.pointee.place = n.c
            noteForm(result)
            left = result
        }
        return left
    }

    /// Notes which operands of a binary operation can be read without a call.
    func noteForm(_ n: NodePointer) {
        let a = n.pointee.a!, b = n.pointee.b!
        switch (a.pointee.op, b.pointee.op) {
        case (.local, .number):
            n.pointee.form = .localNumber
            n.pointee.slot = a.pointee.slot
            n.pointee.number = b.pointee.number
        case (.local, .local):
            n.pointee.form = .locals
            n.pointee.slot = a.pointee.slot
            n.pointee.count = b.pointee.slot
        case (.number, .local), (.number, .global), (.number, .number), (.local, .global), (.global, .number), (.global, .local), (.global, .global):
            n.pointee.form = .simple
        default: break
        }
    }

    func comprehension(_ n: Node) throws -> NodePointer {
        let result = node(.comprehension, n.span)
        var clauses: [NodePointer] = []
        let depth = scope.inner.count
        defer { scope.inner.removeSubrange(depth...) }
        for index in tree.children(n) {
            let clause = tree[index]
            if clause.kind == .ifClause {
                let part = node(.condition, clause.span)
                part.pointee.a = try expression(clause.a)
                clauses.append(part)
            } else {
                let part = node(.clause, clause.span)
                part.pointee.b = try expression(clause.b)
                var names: [String] = []
                patternNames(clause.a, &names)
                var slots: [String: Int32] = [:]
                for name in names { slots[name] = scope.newSlot(name) }
                scope.inner.append(slots)
                part.pointee.a = try pattern(clause.a)
                clauses.append(part)
            }
        }
        setList(result, clauses)
        result.pointee.a = try expression(n.a)
        return result
    }

    func patternNames(_ index: Int32, _ names: inout [String]) {
        let n = tree[index]
        switch n.kind {
        case .name: names.append(tree.string(n.a))
        case .listPattern, .recordPattern: for child in tree.children(n) { patternNames(child, &names) }
        case .parenthesized: patternNames(n.a, &names)
        default: break
        }
    }
}
