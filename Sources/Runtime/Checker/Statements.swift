import Syntax
import Tensors

// Statements: the evaluator's, on what is known; an `if` whose condition is not known takes both ways.
extension Checker {
    /// Runs the statements of a block. With `tail`, `tailValue` gets the value of the last.
    func block(_ n: NodePointer, tail: Bool) throws -> Ending {
        for i in 0..<Int(n.pointee.count) {
            let ending = try statement(n.pointee.list[i], tail: tail && i == Int(n.pointee.count) - 1)
            if ending != .normal { return ending }
        }
        return .normal
    }

    /// Runs a statement. In the user's own code an error is reported here and what the statement sets is forgotten, so that
    /// the statements after it are checked too; in the library it ends the call.
    func statement(_ n: NodePointer, tail: Bool) throws -> Ending {
        try step()
        do { return try run(n, tail: tail) } catch is Leaving { return .left } catch let error as Diagnostic where !activation.isLibrary {
            try report(error)
            forget(n)
            // Whatever it had changed, or would have.
            if calls(in: n) { disturb(keepingUnmade: true) }
            if tail { tailValue = .unknown }
            return .normal
        } catch is Stopped where !activation.isLibrary { return .failed } catch is NotKnown where !activation.isLibrary {
            forget(n)
            if calls(in: n) { disturb(keepingUnmade: true) }
            if tail { tailValue = .unknown }
            return .normal
        }
    }

    /// What a statement that failed would have set is not known.
    private func forget(_ n: NodePointer) {
        func forgetList() { for i in 0..<Int(n.pointee.count) { forget(n.pointee.list[i]) } }
        switch n.pointee.op {
        case .local: state.slots[Int(n.pointee.slot)] = .unknown
        case .global: state.globals[n.pointee.cell] = .unknown
        case .listPattern, .recordPattern, .block: forgetList()
        case .assign, .update, .function, .object, .importModule, .clause, .main: forget(n.pointee.a)
        case .expression where [.conditional, .attempt, .block].contains(n.pointee.a.pointee.op): forget(n.pointee.a)
        case .forLoop:
            forgetList()
            forget(n.pointee.a)
        case .whileLoop: forget(n.pointee.b)
        case .conditional:
            forget(n.pointee.b)
            if let other = n.pointee.c { forget(other) }
        case .attempt:
            forget(n.pointee.a)
            forget(n.pointee.c)
        default: break
        }
    }

    private func run(_ n: NodePointer, tail: Bool) throws -> Ending {
        switch n.pointee.op {
        case .block: return try block(n, tail: tail)
        case .expression:
            let inner = n.pointee.a!
            switch inner.pointee.op {
            case .conditional, .attempt, .block: return try run(inner, tail: tail)
            default:
                let value = try evaluate(inner)
                if tail { tailValue = value }
                return .normal
            }
        case .assign:
            try assign(n.pointee.a, try evaluate(n.pointee.b))
            return .normal
        case .update:
            for i in 0..<Int(n.pointee.count) {
                let part = n.pointee.list[i]
                state.slots[Int(part.pointee.slot)] = try evaluate(part.pointee.a)
            }
            try assign(n.pointee.a, try evaluate(n.pointee.b))
            return .normal
        case .conditional:
            switch try truth(n.pointee.a, "`if`") {
            case true?:
                let ending = try run(n.pointee.b, tail: tail)
                // A way that only refuses what was found: the statements behind it are meant for what it was taken to be.
                guard ending == .failed, n.pointee.c == nil, goesOn else { return ending }
                doubt(n.pointee.a)
                return .normal
            case false?:
                guard let other = n.pointee.c else {
                    if tail { tailValue = .none }
                    return .normal
                }
                return try run(other, tail: tail)
            case nil: return try both({ try self.run(n.pointee.b, tail: tail) }, {
                guard let other = n.pointee.c else { return .normal }
                return try self.run(other, tail: tail)
            }, tail: tail)
            }
        case .forLoop: return try forLoop(n, 0)
        case .whileLoop: return try whileLoop(n)
        case .breakLoop:
            activation.loops.last?.breaks.append(state)
            return .left
        case .continueLoop:
            activation.loops.last?.continues.append(state)
            return .left
        case .returnValue:
            let value = n.pointee.a == nil ? Abstract.none : try evaluate(n.pointee.a)
            activation.results.append((value, state))
            return .left
        case .function:
            let code = n.pointee.held(FunctionCode.self)
            try assign(n.pointee.a, .function(closure(code)))
            return .normal
        case .object:
            try assign(n.pointee.a, .function(declare(n.pointee.held(DeclarationCode.self))))
            return .normal
        case .attempt: return try attempt(n, tail: tail)
        case .importModule:
            try assign(n.pointee.a, try importModule(n))
            return .normal
        case .main: return interpreter.currentModule?.isMain ?? true ? try run(n.pointee.a, tail: false) : .normal
        case .test:
            _ = closure(n.pointee.a.pointee.held(FunctionCode.self))
            return .normal
        case .assert:
            try assertion(n)
            return .normal
        default:
            _ = try evaluate(n)
            return .normal
        }
    }

    /// Whether statements are checked behind one that no run gets past: by `nns check`, in the user's own code.
    private var goesOn: Bool { !onlyCertain && !activation.isLibrary }

    // MARK: Conditions

    /// The truth of a condition where it is known; throws where it can be none.
    func truth(_ n: NodePointer, _ what: String) throws -> Bool? {
        let value = try evaluate(n)
        if let known = value.truth { return known }
        try refuseCondition(value, n, what)
        return nil
    }

    func refuseCondition(_ value: Abstract, _ n: NodePointer, _ what: String) throws {
        switch value {
        case .unknown, .kind(.bool), .kind(.number), .kind(.object), .tensor(nil, _): return
        // One truth value is what a 0-d bool tensor holds.
        case .tensor(let shape?, let type) where shape.isEmpty && type != .f32 && type != .f64: return
        case .exact(let v) where v.asBool != nil: return
        default:
            guard let made = try madeUp(value, isWhole: false, .first) else { return }
            throw interpreter.wantsBool(n, made, what)
        }
    }

    /// Two ways, of which a run takes one. An error on one way of the library's own code means that it is not taken.
    func both(_ first: @escaping () throws -> Ending, _ second: @escaping () throws -> Ending, tail: Bool) throws -> Ending {
        let before = state, wasCertain = isCertain
        isCertain = false
        doubts += 1
        var ends: [(ending: Ending, state: State, value: Abstract)] = []
        var failure: Error?
        defer {
            // Behind a way that leaves nothing is sure to be reached, until what it leaves has ended.
            if !ends.contains(where: { $0.ending == .left }) { doubts -= 1 }
        }
        for way in [first, second] {
            state = before
            tailValue = .none
            do { ends.append((try way(), state, tailValue)) } catch let error as Diagnostic where activation.isLibrary {
                failure = failure ?? error
                ends.append((.failed, before, .none))
            } catch let error as Stopped {
                failure = failure ?? error
                ends.append((.failed, before, .none))
            }
        }
        isCertain = wasCertain && !ends.contains { $0.ending == .left }
        let open = ends.filter { $0.ending == .normal }
        guard let meeting = merged(open.map(\.state)) else {
            if let failure, !ends.contains(where: { $0.ending == .left }) { throw failure }
            return ends.contains { $0.ending == .left } ? .left : .failed
        }
        state = meeting
        if tail { tailValue = open.dropFirst().reduce(open[0].value) { join($0, $1.value) } }
        return .normal
    }

    /// `try { } catch e { }`: errors are expected, so nothing is reported of the block, and both may give the value.
    private func attempt(_ n: NodePointer, tail: Bool) throws -> Ending {
        let wasCertain = isCertain
        isCertain = false
        tailValue = .none
        var ends: [(ending: Ending, state: State, value: Abstract)] = []
        if let (end, state) = try attempted({ (ending: try run(n.pointee.a, tail: tail), value: tailValue) }) {
            // What a known network has at a known place it has.
            if activation.isLibrary, case .object = end.value, n.pointee.a.pointee.count == 1, let only = n.pointee.a.pointee.list?[0], only.pointee.op == .expression,
               only.pointee.a.pointee.op == .index {
                self.state = state
                isCertain = wasCertain
                tailValue = end.value
                return end.ending
            }
            ends.append((end.ending, state, end.value))
        }
        if let name = n.pointee.b { try assign(name, .record(["kind", "message", "line"], [.kind(.string), .kind(.string), .unknown])) }
        tailValue = .none
        do { ends.append((try run(n.pointee.c, tail: tail), state, tailValue)) } catch is Stopped {} catch let error as Diagnostic where activation.isLibrary {
            if ends.isEmpty { throw error }
        }
        let left = ends.contains { $0.ending == .left }
        isCertain = wasCertain && !left
        let open = ends.filter { $0.ending == .normal }
        guard let meeting = merged(open.map(\.state)) else { return left ? .left : .failed }
        state = meeting
        if tail { tailValue = open.dropFirst().reduce(open[0].value) { join($0, $1.value) } }
        return .normal
    }

    /// A block, `if` or `try` as an expression.
    func blockValue(_ n: NodePointer) throws -> Abstract {
        let saved = tailValue
        tailValue = .none
        defer { tailValue = saved }
        switch try run(n, tail: true) {
        case .normal: return tailValue
        case .left: throw Leaving()
        case .failed: throw Stopped()
        }
    }

    // MARK: Loops

    private func forLoop(_ n: NodePointer, _ level: Int) throws -> Ending {
        if level == Int(n.pointee.count) { return try run(n.pointee.a, tail: false) }
        let clause = n.pointee.list[level]
        return try loop(over: try items(clause)) { item in
            try self.assign(clause.pointee.a, item)
            return try self.forLoop(n, level + 1)
        }
    }

    /// What a loop goes through.
    struct Items {
        /// All of them, where they are known.
        var all: [Abstract]?
        /// What is known of each.
        var each: Abstract
        var isSurelyNotEmpty: Bool
        /// Their number, where it is known otherwise.
        var count: Size?
        /// The last one, where they are known but many.
        var last: Abstract?
    }

    /// The items of an iterable.
    func items(_ clause: NodePointer) throws -> Items {
        let iterable = try evaluate(clause.pointee.b)
        switch iterable {
        case .list(let items): return Items(all: items, each: items.dropFirst().reduce(items.first ?? .unknown) { join($0, $1) }, isSurelyNotEmpty: !items.isEmpty)
        case .many(let each): return Items(all: nil, each: each, isSurelyNotEmpty: false)
        case .record(let keys, let values):
            let pairs = zip(keys, values).map { Abstract.list([.text($0), $1]) }
            return Items(all: pairs, each: .list([.kind(.string), values.dropFirst().reduce(values.first ?? .unknown) { join($0, $1) }]), isSurelyNotEmpty: !pairs.isEmpty)
        case .exact(.range(let r)):
            if r.count <= 64 { return Items(all: (0..<r.count).map { .number(r[$0]) }, each: .kind(.number), isSurelyNotEmpty: r.count > 0) }
            return Items(all: nil, each: .kind(.number), isSurelyNotEmpty: true, count: Size(r.count), last: .number(r[r.count - 1]))
        case .exact(.tensor(let t, _)) where t.rank > 0:
            let rows = try (0..<t.dims[0]).map { lift(try interpreter.row(.tensor(t, 0), $0)) }
            return Items(all: rows, each: .tensor(t.shape.dropFirst().map { Size($0) }, t.dtype), isSurelyNotEmpty: !rows.isEmpty)
        case .tensor(let shape?, let type) where !shape.isEmpty:
            return Items(all: nil, each: .tensor(Array(shape.dropFirst()), type), isSurelyNotEmpty: (shape[0].constant ?? 0) > 0, count: shape[0])
        case .object(let id):
            if let stages = state.heap[id]?.stages { return Items(all: stages, each: .unknown, isSurelyNotEmpty: !stages.isEmpty) }
        case .exact(let value):
            // A string, or nothing to go through.
            do {
                let parts = try interpreter.items(of: value, what: "what `for` goes through")
                return Items(all: parts.map { lift($0) }, each: .kind(.string), isSurelyNotEmpty: !parts.isEmpty)
            } catch { throw interpreter.notGoneThrough(error, clause.pointee.b, value) }
        default: break
        }
        return Items(all: nil, each: .unknown, isSurelyNotEmpty: false)
    }

    /// Whether a loop over these is followed item by item.
    private func isShort(_ items: [Abstract]) -> Bool {
        if items.count <= (activation.isLibrary ? 12 : 4) { return true }
        return items.count <= 64 && items.contains {
            switch $0 {
            case .function, .object, .exact(.function): true
            case .list(let parts): parts.contains { if case .tensor = $0 { true } else { false } } && items.count <= 16
            default: false
            }
        }
    }

    /// The rounds of a loop.
    func loop(over items: Items, _ body: (Abstract) throws -> Ending) throws -> Ending {
        if let all = items.all, all.isEmpty { return .normal }
        return try watched({ try rounds(over: items, body) }, confirm: { watch in
            let loop = Loop(results: activation.results.count, isCertain: false)
            activation.loops.append(loop)
            defer { activation.loops.removeLast() }
            try widen { try round(loop, { try body(items.each) }) }
            watch.isConfirming = true
            // Functions and layers are told apart, numbers are not.
            let isOfFunctions = items.all.map { $0.count <= 64 && $0.contains { switch $0 { case .function, .object, .exact(.function): true; default: false } } } ?? false
            for item in isOfFunctions ? items.all! : [items.each] { _ = try round(loop, { try body(item) }) }
        })
    }

    /// The first rounds as they are; then, without further reports, with what is known of any.
    private func rounds(over items: Items, _ body: (Abstract) throws -> Ending) throws -> Ending {
        let loop = Loop(results: activation.results.count, isCertain: isCertain)
        activation.loops.append(loop)
        defer { activation.loops.removeLast() }
        if let all = items.all, isShort(all) {
            for (i, item) in all.enumerated() {
                activation.chain?.position = i
                guard try round(loop, { try body(item) }) else { return end(loop, nil) }
                if isLeft(loop) { isCertain = false }
            }
            return end(loop, state)
        }
        let before = state, wasCertain = isCertain
        if !items.isSurelyNotEmpty { isCertain = false }
        var open = true
        if items.isSurelyNotEmpty || !activation.isLibrary {
            let first = items.all?.first ?? items.each
            open = try round(loop, { try body(first) })
            if open, let second = items.all?[safe: 1] ?? (items.isSurelyNotEmpty ? items.each : nil) {
                isCertain = false
                let after = state
                open = try round(loop, { try body(second) })
                if !open { state = after; open = true }
            }
        }
        if !items.isSurelyNotEmpty { state = open ? merged(before, state) : before } else if !open { return end(loop, nil) }
        try widen { try round(loop, { try body(items.each) }) }
        // The last round may be one too many.
        if !activation.isLibrary, !isLeft(loop), let last = items.last ?? items.all?.last {
            let before = state
            isCertain = wasCertain
            if try !round(loop, { try body(last) }) { state = before }
        }
        return end(loop, state)
    }

    /// Some way has left the loop already.
    private func isLeft(_ loop: Loop) -> Bool { !loop.breaks.isEmpty || activation.results.count > loop.results }

    /// The end of a loop, from the state behind its last round (nil where no way leads there) and those at its `break`s.
    private func end(_ loop: Loop, _ last: State?) -> Ending {
        let hasReturned = activation.results.count > loop.results
        isCertain = loop.isCertain && !hasReturned
        guard let meeting = merged((last.map { [$0] } ?? []) + loop.breaks) else { return hasReturned ? .left : .failed }
        state = meeting
        return .normal
    }

    /// One round; false where no way leads to the next.
    private func round(_ loop: Loop, _ body: () throws -> Ending) throws -> Bool {
        loop.continues = []
        let ending = try body()
        let ends = (ending == .normal ? [state] : []) + loop.continues
        guard let next = merged(ends) else { return false }
        state = next
        return true
    }

    /// Learns what further rounds change.
    private func widen(_ round: () throws -> Bool) throws {
        muted += 1
        let wasCertain = isCertain
        isCertain = false
        defer { muted -= 1; isCertain = wasCertain }
        // What one round learns of one name the next may learn of another.
        for count in 1...6 {
            let before = state
            do {
                state = try round() ? merged(before, state) : before
            } catch is Diagnostic { state = before } catch is Stopped { state = before }
            if !forgetChanges(since: before, onlyLooking: count < 6) { break }
        }
    }

    private func whileLoop(_ n: NodePointer) throws -> Ending {
        try watched({ try whileRounds(n) }, confirm: { watch in
            let loop = Loop(results: activation.results.count, isCertain: false)
            activation.loops.append(loop)
            defer { activation.loops.removeLast() }
            func another() throws -> Bool {
                _ = try truth(n.pointee.a, "`while`")
                return try round(loop, { try self.run(n.pointee.b, tail: false) })
            }
            try widen(another)
            watch.isConfirming = true
            _ = try another()
        })
    }

    private func whileRounds(_ n: NodePointer) throws -> Ending {
        let loop = Loop(results: activation.results.count, isCertain: isCertain)
        activation.loops.append(loop)
        defer { activation.loops.removeLast() }
        // Rounds that are taken for certain, as they are.
        var rounds = 0
        while rounds < 2 {
            guard let holds = try truth(n.pointee.a, "`while`") else { break }
            if !holds { return end(loop, state) }
            guard try round(loop, { try self.run(n.pointee.b, tail: false) }) else { return end(loop, nil) }
            if isLeft(loop) { isCertain = false }
            rounds += 1
        }
        let before = state
        if rounds == 0 {
            isCertain = false
            if !activation.isLibrary {
                if try round(loop, { try self.run(n.pointee.b, tail: false) }) { state = merged(before, state) } else { state = before }
            }
        }
        var isEndless = false
        try widen {
            let holds = try truth(n.pointee.a, "`while`")
            isEndless = holds == true
            return try round(loop, { try self.run(n.pointee.b, tail: false) })
        }
        if isEndless, goesOn, loop.breaks.isEmpty, activation.results.count == loop.results {
            doubt(n.pointee.a)
            isEndless = false
        }
        return end(loop, isEndless ? nil : state)
    }

    // MARK: Assertions

    private func assertion(_ n: NodePointer) throws {
        let condition = n.pointee.a!
        var value: Abstract
        switch condition.pointee.op {
        case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual:
            let a = try evaluate(condition.pointee.a), b = try evaluate(condition.pointee.b)
            if condition.pointee.op == .equal, case .some(let x) = a.shape, case .some(let y) = b.shape, !x.isEmpty, !y.isEmpty, a.isTensorLike, b.isTensorLike {
                _ = try inWorlds(x + y) { world in
                    guard let s = try self.madeUp(a, isWhole: false, world), let t = try self.madeUp(b, isWhole: false, world) else { return }
                    try self.interpreter.equalShapes(condition, s, t)
                }
            }
            value = try binary(condition, a, b)
        default: value = try evaluate(condition)
        }
        if case .exact(.tensor(let t, _)) = value, t.dtype == .bool { value = .exact(.bool((0..<t.count).allSatisfy { t.u8[$0] != 0 })) }
        guard let holds = value.truth else {
            if case .tensor(_, let type) = value, type == nil || type == .bool { return }
            try refuseCondition(value, condition, "`assert`")
            return
        }
        if holds { return }
        // What the user asserts is for the run to say; what the library asserts of its arguments is an error of the call.
        guard activation.isLibrary else {
            guard goesOn else { throw Stopped() }
            return doubt(condition)
        }
        var message = "assertion failed"
        if n.pointee.b != nil, let text = try evaluate(n.pointee.b).worded?.exact { message += ": \(interpreter.display(text))" }
        throw Diagnostic(.value, message, source: n.pointee.source.takeUnretainedValue(), span: condition.pointee.span)
    }
}
