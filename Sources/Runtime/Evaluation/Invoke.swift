import Autodiff
import CKernels
import Syntax
import Tensors

extension Operation {
    /// Runs the operation on arguments in parameter order and records it where its inputs are being differentiated.
    @inline(__always) func invoke(_ interpreter: Interpreter, _ arguments: UnsafeMutablePointer<Value>) throws -> Value {
        var call = Call(interpreter: interpreter, operation: self, arguments: arguments)
        guard derivative != nil, interpreter.tape.isRecording else { return try compute(&call) }
        return try record(&call)
    }

    /// The forward pass. After an interrupt, which lets kernels leave early, neither its result nor its error counts, but
    /// what was moved into the call must come back (and no such operation leaves early).
    @inline(__always) private func compute(_ call: inout Call) throws -> Value {
        do {
            let result = if let profile = call.interpreter.profile { try profile.measure(self) { try forward(&call) } } else { try forward(&call) }
            if movesFirst || !nns_interrupted() { return result }
        } catch {
            if !nns_interrupted() { throw error }
        }
        throw call.interpreter.ended()
    }

    private func record(_ call: inout Call) throws -> Value {
        let tape = call.interpreter.tape
        let result = try compute(&call)
        var live = false, lists = false
        // Arguments that are neither inputs nor `none` are kept for the gradient.
        var keeps = call.kept != nil
        for i in 0..<parameters.count {
            switch call.arguments[i] {
            case .tensor(_, let serial): if tape.isLive(serial) { live = true }
            case .number, .scalar, .bool, .none: break
            case .list(let l):
                keeps = true
                lists = true
                for item in l.items { if tape.isLive(item.serial) { live = true } }
            default: keeps = true
            }
        }
        guard live else { return result }
        let saved = keeps ? Saved((0..<parameters.count).map { call.arguments[$0].detached }, call.kept) : nil
        let output = try result.tensor(), serial = try tape.record(self, output, saved: saved)
        for i in 0..<parameters.count {
            switch call.arguments[i] {
            case .tensor(let t, let serial): tape.addInput(Input(t, serial))
            case .number(let x): tape.addInput(Input(number: x, .number))
            case .scalar(let x, let type): tape.addInput(Input(number: x, type))
            case .bool(let b): tape.addInput(Input(number: b ? 1 : 0, .bool))
            default: tape.addInput(.nothing)
            }
        }
        if lists {
            for i in 0..<parameters.count {
                guard case .list(let l) = call.arguments[i] else { continue }
                for item in l.items {
                    if case .tensor(let t, let serial) = item { tape.addInput(Input(t, serial)) } else { tape.addInput(.nothing) }
                }
            }
        }
        return .tensor(output, serial)
    }

    /// Calls the operation from a gradient rule or another operation, defaults filled in. A rest parameter takes
    /// what is left as a list.
    @discardableResult
    public func callAsFunction(_ given: Value...) throws -> Value {
        try apply(given)
    }

    public func apply(_ given: [Value]) throws -> Value {
        let interpreter = Interpreter.current!
        let base = try interpreter.reserveArguments(parameters.count)
        defer { interpreter.releaseArguments(base, parameters.count) }
        var next = 0
        for i in 0..<parameters.count {
            if parameters[i].isRest {
                base[i] = Value(list: Array(given[min(next, given.count)...]))
                next = given.count
            } else if next < given.count {
                base[i] = given[next]
                next += 1
            } else {
                base[i] = parameters[i].defaultValue ?? .none
            }
        }
        return try invoke(interpreter, base)
    }
}

extension Interpreter {
    /// Room for `count` arguments, set to `none`.
    @inline(__always) func reserveArguments(_ count: Int) throws -> UnsafeMutablePointer<Value> {
        let base = argumentTop
        guard base + count < argumentEnd else { throw Diagnostic(.limit, "calls nested too deep") }
        base.initialize(repeating: .none, count: count)
        argumentTop = base + count
        return base
    }

    @inline(__always) func releaseArguments(_ base: UnsafeMutablePointer<Value>, _ count: Int) {
        // One by one: the runtime's loop over many asks each value's type how it ends.
        for i in 0..<count { (base + i).deinitialize(count: 1) }
        argumentTop = base
    }
}
