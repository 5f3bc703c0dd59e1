import Syntax

// What may stand left of `=`, and what the walker may do in place there.
extension Resolver {
    func targetName(_ name: String, _ span: Span) throws -> NodePointer {
        if scope.isTopLevel, ownSlot(name, scope) == nil {
            let n = node(.global, span)
            n.pointee.cell = module.cell(name, prelude: prelude)
            module.noteAssigned(name)
            hold(n, Text(name))
            return n
        }
        if ownSlot(name, scope) == nil, let fields = scope.fields, let field = fields.names[name] {
            let n = node(.field, span)
            n.pointee.slot = field
            n.pointee.count = selfSlot(scope)
            hold(n, Text(name))
            return n
        }
        let slot: Int32
        if let own = ownSlot(name, scope) { slot = own } else {
            slot = scope.newSlot(name)
            scope.locals[name] = slot
        }
        let n = node(.local, span)
        n.pointee.slot = slot
        hold(n, Text(name))
        return n
    }

    func target(_ string: Int32, _ span: Span) throws -> NodePointer { try targetName(tree.string(string), span) }

    /// What may stand left of `=` or after `for`.
    func pattern(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        switch n.kind {
        case .name: return try target(n.a, n.span)
        case .parenthesized: return try pattern(n.a)
        case .listPattern, .recordPattern:
            let result = node(n.kind == .listPattern ? .listPattern : .recordPattern, n.span)
            setList(result, try tree.children(n).map { try pattern($0) })
            return result
        case .index, .field: return try path(index)
        default: throw error(.syntax, "cannot assign to this", n.span)
        }
    }

    /// `x[i].f[j]` to the left of `=`: the root is a name that may be rebound.
    func path(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        switch n.kind {
        case .index:
            let result = node(.index, n.span)
            result.pointee.a = try path(n.a)
            setList(result, try tree.children(n).map { try subscriptNode($0) })
            return result
        case .field:
            let result = node(.member, n.span)
            result.pointee.a = try path(n.a)
            holdString(result, n.b)
            return result
        case .name:
            // Reading the root decides where it lives; in a function an outer name cannot be changed, but an
            // object it refers to can.
            let root = name(tree.string(n.a), n.span)
            switch root.pointee.op {
            case .global: root.pointee.flag = !scope.isTopLevel
            case .local: root.pointee.flag = captureSlots[ObjectIdentifier(scope.code)]?.contains(root.pointee.slot) ?? false
            default: break
            }
            return root
        case .parenthesized: return try path(n.a)
        default: return try expression(index)
        }
    }

    /// The parts of `x[f()].y += e` whose values the walker must keep, as the place is read and then set: what may have an
    /// effect or take time, and what may be another value behind the other parts. They become slots in the target; the
    /// statement lists what to put into them first, from left to right.
    func holdParts(of update: NodePointer, _ target: NodePointer) {
        let assigns = disturbs(target) || disturbs(update.pointee.b.pointee.b)
        var held: [NodePointer] = []
        func isPlain(_ n: NodePointer) -> Bool {
            switch n.pointee.op {
            case .number, .constant, .ellipsis: true
            case .local, .global: !assigns
            case .add, .subtract, .multiply: isPlain(n.pointee.a) && isPlain(n.pointee.b)
            default: false
            }
        }
        func hold(_ n: NodePointer, as op: OpCode) -> NodePointer {
            let place = node(op, n.pointee.span)
            place.pointee.slot = scope.unnamedSlot()
            self.hold(place, Text(n.pointee.text))
            let part = node(.holding, n.pointee.span)
            part.pointee.slot = place.pointee.slot
            part.pointee.a = n
            held.append(part)
            return place
        }
        func kept(_ n: NodePointer) -> NodePointer { isPlain(n) ? n : hold(n, as: .local) }
        func visit(_ n: NodePointer) {
            let base = n.pointee.a!
            switch base.pointee.op {
            case .index, .member: visit(base)
            case .local, .global, .field: break
            default: n.pointee.a = hold(base, as: .held)
            }
            guard n.pointee.op == .index else { return }
            for i in 0..<Int(n.pointee.count) {
                let part = n.pointee.list[i]
                guard part.pointee.op == .slice else {
                    n.pointee.list[i] = kept(part)
                    continue
                }
                part.pointee.a = part.pointee.a.map(kept)
                part.pointee.b = part.pointee.b.map(kept)
                part.pointee.c = part.pointee.c.map(kept)
            }
        }
        visit(target)
        setList(update, held)
    }

    /// True where evaluating may set a variable: in a block that is part of the expression.
    private func disturbs(_ n: NodePointer) -> Bool { !isWithoutBlocks(n) }

    /// Notes where an assignment to a name puts its value.
    func noteTarget(_ assign: NodePointer) {
        let target = assign.pointee.a!, value = assign.pointee.b!
        if value.pointee.op == .call, value.pointee.flag { return }
        switch target.pointee.op {
        case .local:
            assign.pointee.form = .localTarget
            assign.pointee.slot = target.pointee.slot
        case .global:
            assign.pointee.form = .globalTarget
            assign.pointee.cell = target.pointee.cell
        default: break
        }
    }

    /// `x = append(x, …)` and the like may change x in place, as may `r.f = append(r.f, …)`: its value moves into the call,
    /// behind the other arguments, in which nothing may change what x is.
    func markMove(_ assign: NodePointer) {
        let target = assign.pointee.a!, value = assign.pointee.b!
        guard value.pointee.op == .call, value.pointee.a.pointee.op == .global, value.pointee.count >= 1,
              isSamePlace(value.pointee.list[0], target) else { return }
        value.pointee.flag = (1..<max(1, Int(value.pointee.count))).allSatisfy { isWithoutBlocks(value.pointee.list[$0]) }
    }

    /// True for the same variable, or the same part of it.
    private func isSamePlace(_ a: NodePointer, _ b: NodePointer) -> Bool {
        guard a.pointee.op == b.pointee.op else { return false }
        switch a.pointee.op {
        case .local: return a.pointee.slot == b.pointee.slot
        case .global: return a.pointee.cell == b.pointee.cell
        case .field: return a.pointee.slot == b.pointee.slot && a.pointee.count == b.pointee.count
        case .member: return a.pointee.name == b.pointee.name && isSamePlace(a.pointee.a, b.pointee.a)
        case .index:
            return a.pointee.count == 1 && b.pointee.count == 1 && isSamePlace(a.pointee.a, b.pointee.a)
                && isSameSubscript(a.pointee.list[0], b.pointee.list[0])
        default: return false
        }
    }

    private func isSameSubscript(_ a: NodePointer, _ b: NodePointer) -> Bool {
        switch (a.pointee.op, b.pointee.op) {
        case (.number, .number): a.pointee.number == b.pointee.number
        case (.constant, .constant): a.pointee.text == b.pointee.text
        default: isSamePlace(a, b)
        }
    }

    /// `s = s + e + …` and `s += e` may add to s in place where nothing else in the sum can change s.
    func markAppend(_ assign: NodePointer) {
        let target = assign.pointee.a!, value = assign.pointee.b!
        guard value.pointee.op == .add, target.pointee.op == .local || target.pointee.op == .global else { return }
        var left = value.pointee.a!, isPlain = isWithoutBlocks(value.pointee.b)
        while left.pointee.op == .add {
            isPlain = isPlain && isWithoutBlocks(left.pointee.b)
            left = left.pointee.a
        }
        guard left.pointee.op == target.pointee.op, left.pointee.slot == target.pointee.slot, left.pointee.cell == target.pointee.cell else { return }
        value.pointee.flag = isPlain
    }

    /// True for an expression without blocks: it assigns nothing (a comprehension's names are its own).
    private func isWithoutBlocks(_ n: NodePointer) -> Bool {
        switch n.pointee.op {
        case .conditional, .attempt, .block: return false
        default:
            return [n.pointee.a, n.pointee.b, n.pointee.c].allSatisfy { $0.map(isWithoutBlocks) ?? true }
                && (0..<Int(n.pointee.count)).allSatisfy { n.pointee.list == nil || isWithoutBlocks(n.pointee.list[$0]) }
        }
    }
}
