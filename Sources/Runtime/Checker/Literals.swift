import Syntax
import Tensors

// Brackets, comprehensions, texts and chains, on what is known of their parts.
extension Checker {
    /// `[…]`: a tensor of what stacks, else a list.
    func bracketed(_ items: [Abstract], _ n: NodePointer) throws -> Abstract {
        if items.isEmpty { return .list([]) }
        if items.allSatisfy(\.isExact), items.count <= 64 {
            if let made = try madeUp(.list(items), isWhole: true, .first), case .list(let l) = made {
                return try located(n) { lift(try interpreter.bracketed(l.items, n)) }
            }
        }
        if items.contains(where: { if case .list = $0 { true } else { false } }), case .kind = Abstract.list(items).bounded { return .unknown }
        if items.contains(where: { ["string", "function", "record", "object", "layer", "none"].contains($0.kindName(state.heap) ?? "") }) { return .list(items) }
        guard items.allSatisfy({ $0.shape != nil }) else {
            // Something unknown may be no tensor at all.
            return items.contains { isUnknown($0) } ? .unknown : .tensor(nil, nil)
        }
        let shapes = items.map { $0.shape! }
        if shapes.allSatisfy({ $0 == shapes[0] }) {
            let types = items.map(\.dtype)
            return .tensor([Size(items.count)] + shapes[0], types.allSatisfy { $0 == .bool } ? .bool : nil)
        }
        _ = try inWorlds(shapes.flatMap { $0 }) { world in
            var made: [Value] = []
            for item in items {
                guard let v = try self.madeUp(item, isWhole: true, world) else { return }
                made.append(v)
            }
            try self.located(n) { _ = try self.interpreter.bracketed(made, n) }
        }
        return .tensor(nil, nil)
    }

    func comprehension(_ n: NodePointer) throws -> Abstract {
        var found: [Abstract] = []
        // Whether `found` holds every item, in order; else the number of items, where it is known.
        var isWhole = true
        var length: Size?
        func comprehend(_ level: Int) throws {
            try step()
            if level == Int(n.pointee.count) {
                found.append(try evaluate(n.pointee.a))
                return
            }
            let clause = n.pointee.list[level]
            if clause.pointee.op == .condition {
                switch try truth(clause.pointee.a, "`if`") {
                case true?: try comprehend(level + 1)
                case false?: return
                case nil:
                    isWhole = false
                    let wasCertain = isCertain
                    isCertain = false
                    doubts += 1
                    defer { doubts -= 1 }
                    do { try comprehend(level + 1) } catch let error as Diagnostic where !activation.isLibrary && !onlyCertain {
                        try report(error)
                        found.append(.unknown)
                    }
                    isCertain = wasCertain
                }
                return
            }
            let items = try self.items(clause)
            if let all = items.all, all.count <= 64 {
                try watched({
                    for item in all {
                        try assign(clause.pointee.a, item)
                        try comprehend(level + 1)
                    }
                }, confirm: { watch in
                    let known = (found, isWhole)
                    defer { (found, isWhole) = known }
                    watch.isConfirming = true
                    try assign(clause.pointee.a, items.each)
                    try comprehend(level + 1)
                })
                return
            }
            isWhole = false
            let wasCertain = isCertain
            if !items.isSurelyNotEmpty { isCertain = false }
            try assign(clause.pointee.a, items.each)
            try comprehend(level + 1)
            isCertain = wasCertain
            if n.pointee.count == 1 { length = items.count }
        }
        try comprehend(0)
        if isWhole { return try bracketed(found, n) }
        guard let item = found.first else { return .unknown }
        if ["string", "function", "record", "object", "layer", "none"].contains(item.kindName(state.heap) ?? "") { return .many(item) }
        if let inner = item.shape { return .tensor([length ?? sizes.fresh()] + inner, item.dtype == .bool ? .bool : nil) }
        return .unknown
    }

    func interpolated(_ n: NodePointer) throws -> Abstract {
        var text: String? = ""
        var isExact = true
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            guard part.pointee.op == .interpolation else { text? += part.pointee.name; continue }
            let x = try evaluate(part.pointee.a)
            if case .kind(.number) = x, part.pointee.object != nil { try refuseFormat(part) }
            guard let made = try (x.isExact ? x : x.worded).flatMap({ try madeUp($0, isWhole: true, .first) }) else {
                text = nil
                continue
            }
            if !x.isExact, !(x.wholeNumber?.isConstant ?? false) { isExact = false }
            try located(part) {
                let piece = part.pointee.object == nil ? interpreter.display(made) : try interpreter.formatted(made, spec: part.pointee.name)
                text? += piece
            }
        }
        return text.map { (isExact ? Abstract.text($0) : .wording($0)).bounded } ?? .kind(.string)
    }

    /// A format that no number takes, whichever it is.
    private func refuseFormat(_ part: NodePointer) throws {
        func error(_ x: Double) -> Diagnostic? {
            do { _ = try located(part) { try interpreter.formatted(.number(x), spec: part.pointee.name) } } catch { return error as? Diagnostic }
            return nil
        }
        if let first = error(0.5), let second = error(2), first.message == second.message { throw first }
    }

    func compose(_ n: NodePointer) throws -> Abstract {
        var stages: [Abstract] = []
        var isKnown = true
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            let stage = try evaluate(part)
            switch stage {
            case .function(let f):
                if case .declaration(let d) = f.body { throw interpreter.notMade(d.name, d.constructor.code, d.documentation, part) }
                stages.append(stage)
            case .exact(.function): stages.append(stage)
            case .object(let id):
                stages += state.heap[id]?.stages ?? [stage]
                // A chain of thousands of stages is no longer looked through.
                if stages.count > Self.mostStages { return .kind(.object) }
            case .unknown, .kind(.object), .kind(.function): isKnown = false
            default:
                guard let made = try madeUp(stage, isWhole: false, .first) else { isKnown = false; continue }
                throw interpreter.notAStage(made, part)
            }
        }
        guard isKnown, let word = interpreter.prelude["sequential"] else { return .unknown }
        return try apply(lift(Value(word)), stages, [], nil)
    }
}
