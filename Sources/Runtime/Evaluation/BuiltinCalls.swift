import Syntax

// Calls of built-ins: which argument binds to which parameter is worked out once for a call as it is written.
extension Interpreter {
    func callBuiltin(_ n: NodePointer, _ operation: Operation) throws -> Word {
        let (plan, base) = try begin(n, operation)
        defer { releaseArguments(base, operation.parameters.count) }
        var rest: [Value] = []
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            let target = Int(plan[i])
            let x = try value(part.pointee.op == .keyword ? part.pointee.a : part)
            if target < 0 { rest.append(x) } else { base[target] = x }
        }
        if operation.restIndex >= 0 { base[operation.restIndex] = Value(list: rest) }
        // After the arguments, the plan lists the parameters that take their defaults.
        var i = Int(n.pointee.count) + 1
        for _ in 0..<Int(plan[Int(n.pointee.count)]) {
            let p = Int(plan[i])
            base[p] = operation.parameters[p].defaultValue.unsafelyUnwrapped
            i += 1
        }
        do { return try Word(invoke(operation, base, n)) } catch { throw argumentError(error, n, operation, base) }
    }

    /// The plan of a call, kept by who makes it: while the arguments are evaluated, this very call may be made with another
    /// built-in; and room for the arguments, to be given back by `releaseArguments`.
    @inline(__always) private func begin(_ n: NodePointer, _ operation: Operation) throws -> (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Value>) {
        do { return (try plan(n, operation), try reserveArguments(operation.parameters.count)) } catch { throw located(error, n) }
    }

    @inline(__always) private func invoke(_ operation: Operation, _ base: UnsafeMutablePointer<Value>, _ n: NodePointer) throws -> Value {
        let result = try operation.invoke(self, base)
        if checksNaN { try checkNaN(result, (0..<operation.parameters.count).map { base[$0] }, operation.name, n) }
        return result
    }

    /// Which parameter each written argument binds to; behind those, how many parameters take their defaults, and which.
    @inline(__always) func plan(_ n: NodePointer, _ operation: Operation) throws -> UnsafeMutablePointer<Int32> {
        let key = UInt(bitPattern: Unmanaged.passUnretained(operation).toOpaque())
        if n.pointee.cacheKey != key {
            n.pointee.plan = try makePlan(n, operation)
            n.pointee.cacheKey = key
        }
        return n.pointee.plan
    }

    @inline(never) private func makePlan(_ n: NodePointer, _ operation: Operation) throws -> UnsafeMutablePointer<Int32> {
        let count = Int(n.pointee.count)
        let parameters = operation.parameters
        var targets: [Int32] = []
        var taken = Set<Int>()
        var next = 0
        for i in 0..<count {
            let part = n.pointee.list[i]
            if part.pointee.op == .keyword {
                let name = part.pointee.name
                guard let p = parameters.firstIndex(where: { $0.name == name }) else {
                    throw located(unknownKeyword(name, of: operation.name, accepted: parameters.map(\.name), value: part.pointee.a.pointee.text), part)
                }
                guard taken.insert(p).inserted else { throw located(Diagnostic(.type, "\(operation.name) got `\(name)` twice"), part) }
                // What is collected may be given by name as one list: `reshape(x, shape=[2, 3])`.
                targets.append(parameters[p].isRest ? -1 : Int32(p))
            } else {
                if next == operation.restIndex { targets.append(-1); continue }
                guard next < parameters.count else {
                    throw Diagnostic(.type, "\(operation.name) takes \(parameters.contains { $0.defaultValue != nil } ? "at most " : "")\(counted(parameters.count, "argument")), got \(n.pointee.count)",
                                     notes: ["it is `\(operation.signature)`"], help: tooMany(n, operation))
                }
                guard taken.insert(next).inserted else { throw positionalAfterKeyword(part) }
                targets.append(Int32(next))
                next += 1
            }
        }
        var defaults: [Int32] = []
        for (p, parameter) in parameters.enumerated() where !parameter.isRest && !taken.contains(p) {
            guard parameter.defaultValue != nil else {
                var error = missing(parameter.name, of: operation.name, signature: operation.signature, isBare: n.pointee.count == 0)
                if let mend = stageMend(n, operation) { error.help = mend }
                throw error
            }
            defaults.append(Int32(p))
        }
        let all = targets + [Int32(defaults.count)] + defaults
        let plan = UnsafeMutablePointer<Int32>.allocate(capacity: all.count)
        plan.initialize(from: all, count: all.count)
        return plan
    }

    /// `x = f(x, …)` with a built-in: behind the other arguments x moves into the call, so that it may be changed in place,
    /// and comes back where the call fails.
    func assignMoving(_ assign: NodePointer) throws {
        let n = assign.pointee.b!, target = assign.pointee.a!
        let w = n.pointee.a.pointee.cell.pointee
        guard w.tag == Word.Tag.function, let builtin = w.function as? BuiltinFunction, builtin.operation.movesFirst else {
            return try store(try evaluate(n), in: target)
        }
        let operation = builtin.operation
        let (plan, base) = try begin(n, operation)
        defer { releaseArguments(base, operation.parameters.count) }
        // No call can change a variable, so that it is looked at only behind the others.
        let slot: UnsafeMutablePointer<Word>? = switch target.pointee.op {
        case .local: frame + Int(target.pointee.slot)
        case .global: target.pointee.cell
        default: nil
        }
        if slot == nil || !slot!.pointee.isReference { base[0] = try value(n.pointee.list[0]) }
        for i in 1..<max(1, Int(n.pointee.count)) {
            let part = n.pointee.list[i]
            base[Int(plan[i])] = try value(part.pointee.op == .keyword ? part.pointee.a : part)
        }
        if let slot, slot.pointee.isReference {
            base[0] = Value(taking: slot.pointee)
            slot.pointee = .none
            do { slot.pointee = try Word(operation.invoke(self, base)) } catch {
                slot.pointee = Word(base[0])
                throw argumentError(error, n, operation, base)
            }
            return
        }
        guard case .list = base[0] else {
            let result: Word
            do { result = try Word(operation.invoke(self, base)) } catch { throw argumentError(error, n, operation, base) }
            return try store(result, in: target)
        }
        try modify(target) { place in
            // Not where an argument's call gave the place another list.
            let moves = Self.isSameList(place, base[0])
            if moves {
                base[0] = .none
                swap(&base[0], &place)
            }
            do { place = try operation.invoke(self, base) } catch {
                if moves { place = base[0] }
                throw argumentError(error, n, operation, base)
            }
            return true
        }
    }

    @inline(never) private static func isSameList(_ a: Value, _ b: Value) -> Bool {
        if case .list(let x) = a, case .list(let y) = b { x === y } else { false }
    }

    func applyBuiltin(_ operation: Operation, _ arguments: [Value], _ keywords: [(name: String, value: Value)]) throws -> Value {
        let parameters = operation.parameters
        let base = try reserveArguments(parameters.count)
        defer { releaseArguments(base, parameters.count) }
        var given = [Bool](repeating: false, count: parameters.count)
        var next = 0
        for (i, p) in parameters.enumerated() {
            if p.isRest {
                base[i] = Value(list: Array(arguments[min(next, arguments.count)...]))
                next = arguments.count
                given[i] = true
            } else if next < arguments.count {
                base[i] = arguments[next]
                given[i] = true
                next += 1
            }
        }
        if next < arguments.count {
            throw Diagnostic(.type, "\(operation.name) takes \(counted(parameters.count, "argument")), got \(arguments.count)", notes: ["it is `\(operation.signature)`"])
        }
        for (name, value) in keywords {
            guard let i = parameters.firstIndex(where: { $0.name == name }) else {
                throw unknownKeyword(name, of: operation.name, accepted: parameters.map(\.name))
            }
            if parameters[i].isRest, case .list(let l) = base[i], l.items.isEmpty {
                base[i] = Value(list: [value])
                continue
            }
            guard !given[i] else { throw Diagnostic(.type, "\(operation.name) got `\(name)` twice") }
            base[i] = value
            given[i] = true
        }
        for (i, p) in parameters.enumerated() where !given[i] {
            guard let value = p.defaultValue else { throw missing(p.name, of: operation.name, signature: operation.signature) }
            base[i] = value
        }
        return try operation.invoke(self, base)
    }
}
