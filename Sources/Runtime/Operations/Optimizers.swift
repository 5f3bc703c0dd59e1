import Syntax
import Tensors

// One optimizer step over all parameters at once: a tensor, a network, which is changed in place, or a record or list of
// them.
//
// Each is bit-equal to its formula in elementwise operations. State (`none` before the first step) goes in and
// comes out; what nobody else holds is changed in place. A parameter without a gradient (its key is missing, or its
// gradient is none) stays as it is.

/// One kind of step, and the walk over parameters, gradients and up to two states of one shape.
private struct Update {
    let name: String
    /// Which states are kept.
    let uses: (Bool, Bool)
    /// One parameter: (parameter, gradient, states), the states made as zeros before the first step.
    let step: (inout Tensor, Tensor, inout Tensor?, inout Tensor?) throws -> Void

    /// Steps on the arguments `params` (0), `grads` (1) and the states, as many as `names`, from 2 on. The result is a
    /// record of the new ones; a network is changed where it stands, and its `params` are none.
    func run(_ c: Call, _ names: [String]) throws -> Value {
        var first = c.take(2), second = names.count > 1 ? c.take(3) : .none
        var p = c.take(0)
        switch p {
        case .object, .function:
            try network(c.interpreter, p, c[1], &first, &second)
            p = .none
        default: try run(&p, c[1], &first, &second, "")
        }
        return .record(Record(["params"] + names, names.count > 1 ? [p.detached, first, second] : [p.detached, first]))
    }

    /// All parameters of a network, in place.
    private func network(_ interpreter: Interpreter, _ model: Value, _ g: Value, _ first: inout Value, _ second: inout Value) throws {
        let places = try interpreter.madeParameters(model, name)
        guard case .record(let gradients) = g else {
            throw Diagnostic(.type, "\(name): the gradients of a network are a record, as `grad` gives them, not \(g.described)")
        }
        var keys = gradients.keys
        let ordered = keys.count == places.count && places.indices.allSatisfy { keys[$0] == places[$0].path }
        if !ordered {
            keys = places.map(\.path)
            try checkKeys(gradients, keys)
        }
        // Nothing changes where something does not fit.
        func gradient(_ i: Int) -> Value { (ordered ? gradients.values[i] : gradients[keys[i]]) ?? .none }
        for (i, place) in places.enumerated() where !gradient(i).isNone { try checkShape(place.value, gradient(i), place.path) }
        let a = try state(&first, uses.0, keys), b = try state(&second, uses.1, keys)
        for (i, place) in places.enumerated() {
            let g = gradient(i)
            if g.isNone { continue }
            var value = place.value, s = a?.take(at: i) ?? .none, t = b?.take(at: i) ?? .none
            // The network lets go of the parameter, so that it may be changed in place; it comes back on an error too.
            place.set(.none)
            defer {
                place.set(value)
                a?.set(at: i, s)
                b?.set(at: i, t)
            }
            try leaf(&value, g, &s, &t, place.path)
        }
        first = a.map { .record($0) } ?? .none
        second = b.map { .record($0) } ?? .none
    }

    /// A parameter, or a record of them: taken, changed in place where unshared, and put back.
    private func run(_ p: inout Value, _ g: Value, _ first: inout Value, _ second: inout Value, _ path: String) throws {
        switch p {
        case .object, .function: return try network(Interpreter.current, p, g, &first, &second)
        case .list(let l):
            // As a record by place.
            func keyed(_ v: Value) -> Value { if case .list(let l) = v { .record(Record(l.items.indices.map { "\($0)" }, l.items)) } else { v } }
            p = .none
            var record = keyed(.list(l))
            defer { if case .record(let r) = record { p = Value(list: r.values) } }
            guard case .list(let gradients) = g, gradients.items.count == l.items.count else {
                throw Diagnostic(.type, "\(name): \(path.isEmpty ? "the parameters are" : "\(path) is") a list of \(l.items.count), the gradients \(g.described)")
            }
            return try run(&record, keyed(g), &first, &second, path)
        default: break
        }
        guard case .record(var r) = p else { return try leaf(&p, g, &first, &second, path) }
        p = .none
        guard case .record(let gradients) = g else {
            throw Diagnostic(.type, "\(name): \(path.isEmpty ? "the parameters are" : "\(path) is") a record, the gradients \(g.described)")
        }
        try checkKeys(gradients, r.keys)
        let target = isKnownUniquelyReferenced(&r) ? r : Record(r.keys, r.values)
        let a = try state(&first, uses.0, target.keys), b = try state(&second, uses.1, target.keys)
        for i in 0..<target.count {
            let key = target.keys[i]
            guard let gradient = i < gradients.count && gradients.keys[i] == key ? gradients.values[i] : gradients[key], !gradient.isNone else { continue }
            var value = target.take(at: i), s = a?.take(at: i) ?? .none, t = b?.take(at: i) ?? .none
            defer {
                target.set(at: i, value)
                a?.set(at: i, s)
                b?.set(at: i, t)
            }
            try run(&value, gradient, &s, &t, path.isEmpty ? key : "\(path).\(key)")
        }
        p = .record(target)
        first = a.map { .record($0) } ?? .none
        second = b.map { .record($0) } ?? .none
    }

    /// The record of a state, to be changed: the given one where unshared, a copy otherwise, nones before the first step.
    private func state(_ given: inout Value, _ isUsed: Bool, _ keys: [String]) throws -> Record? {
        guard isUsed else {
            given = .none
            return nil
        }
        switch given {
        case .none: return Record(keys, Array(repeating: .none, count: keys.count))
        case .record(var s):
            given = .none
            guard s.keys == keys else {
                throw Diagnostic(.value, "\(name): the optimizer's state belongs to other parameters", help: ["one optimizer serves one network: make a new one"])
            }
            return isKnownUniquelyReferenced(&s) ? s : Record(s.keys, s.values)
        default: throw Diagnostic(.type, "\(name): the state is \(given.described), not a record")
        }
    }

    private func checkKeys(_ gradients: Record, _ keys: [String]) throws {
        for key in gradients.keys where !keys.contains(key) {
            throw Diagnostic(.value, "\(name): there is a gradient `\(key)`, but no such parameter", help: keys.isEmpty ? [] : ["the parameters are \(keys.joined(separator: ", "))"])
        }
    }

    private func checkShape(_ p: Value, _ g: Value, _ path: String) throws {
        let parameter = try p.tensor(), gradient = try g.tensor()
        guard gradient.hasShape(of: parameter) else {
            throw Diagnostic(.shape, "\(name): \(path.isEmpty ? "the parameter" : path) is \(shapeText(parameter.shape)), its gradient \(shapeText(gradient.shape))")
        }
    }

    private func leaf(_ p: inout Value, _ g: Value, _ first: inout Value, _ second: inout Value, _ path: String) throws {
        switch p {
        case .tensor, .scalar, .number: break
        default: throw Diagnostic(.type, "\(name): a parameter is a tensor or a number, but \(path.isEmpty ? "this" : path) is \(p.described)")
        }
        try checkShape(p, g, path)
        let isNumber = p.kind == "number"
        var parameter = try p.tensor()
        if isNumber { parameter = try Tensor.convert(parameter, to: .f64) }
        var gradient = try g.tensor()
        if gradient.dtype != parameter.dtype { gradient = try Tensor.convert(gradient, to: parameter.dtype) }
        var a = try own(&first, uses.0, parameter, path), b = try own(&second, uses.1, parameter, path)
        p = .none
        func value(_ t: Tensor) -> Value { isNumber && t.rank == 0 ? .number(t.element(0)) : Value(t).unboxed }
        defer {
            p = value(parameter)
            first = a.map(value) ?? .none
            second = b.map(value) ?? .none
        }
        try step(&parameter, gradient, &a, &b)
    }

    /// A state of one parameter, zeros before the first step.
    private func own(_ given: inout Value, _ isUsed: Bool, _ parameter: Tensor, _ path: String) throws -> Tensor? {
        guard isUsed else { return nil }
        if given.isNone { return try Tensor.fill(UnsafeBufferPointer(start: parameter.dims, count: parameter.rank), 0, parameter.dtype) }
        let state = try given.tensor()
        guard state.hasShape(of: parameter) else {
            throw Diagnostic(.shape, "\(name): \(path.isEmpty ? "the parameter" : path) is \(shapeText(parameter.shape)), the optimizer's state \(shapeText(state.shape))",
                             help: ["one optimizer serves one network: make a new one"])
        }
        given = .none
        return state.dtype == parameter.dtype ? state : try Tensor.convert(state, to: parameter.dtype)
    }
}

extension Call {
    /// A number at least 0 that is not NaN.
    fileprivate func nonNegative(_ i: Int) throws -> Double {
        let x = try double(i)
        guard x >= 0 else { throw fault(.value, i, "\(label(i)) must not be negative, got \(numberText(x))") }
        return x
    }

    /// A decay factor: at least 0, below 1.
    fileprivate func factor(_ i: Int) throws -> Double {
        let x = try double(i)
        guard x >= 0, x < 1 else { throw fault(.value, i, "\(label(i)) must be at least 0 and below 1, got \(numberText(x))") }
        return x
    }
}

extension Op {
    static let sgdUpdate: Operation = Operation("sgd_update(params, grads, velocity, rate, momentum=0, nesterov=false, l2=0)", .training, """
        One step of gradient descent: {params, velocity}. With d = g + l2·p: p − rate·d; with momentum μ, v ← μ·v + d and \
        p − rate·v, or p − rate·(d + μ·v) for Nesterov's.
        """,
        examples: [("sgd_update([1, 2], [1, 1], none, 0.5).params", "[0.5, 1.5]")], seeAlso: ["sgd"],
        result: Results.stepped,
        forward: { c in
            let rate = try c.double(3), momentum = try c.nonNegative(4), nesterov = try c.bool(5), l2 = try c.nonNegative(6)
            return try Update(name: "sgd", uses: (momentum != 0, false), step: { p, g, velocity, _ in
                try Optimizers.sgd(&p, g, velocity: &velocity, rate: rate, momentum: momentum, nesterov: nesterov, l2: l2)
            }).run(c, ["velocity"])
        })

    static let adamUpdate: Operation = Operation("adam_update(params, grads, m, v, t, rate, b1=0.9, b2=0.999, eps=1e-8, l2=0, decay=0)", .training, """
        Step t (from 1) of Adam: {params, m, v}. With d = g + l2·p: m ← b1·m + (1 − b1)·d, v ← b2·v + (1 − b2)·d², \
        p − rate / (1 − b1^t) · m / (√v / √(1 − b2^t) + eps). `decay` first multiplies p by 1 − rate·decay (AdamW).
        """,
        examples: [("adam_update([1], [1], none, none, 1, 0.5, b1=0.5, b2=0.75, eps=0).params", "[0.5]")], seeAlso: ["adam", "adamw"],
        result: Results.stepped,
        forward: { c in
            let t = try c.int(4)
            guard t >= 1 else { throw Diagnostic(.value, "steps of Adam count from 1, got \(t)") }
            let rate = try c.double(5), b1 = try c.factor(6), b2 = try c.factor(7), eps = try c.nonNegative(8), l2 = try c.nonNegative(9), decay = try c.nonNegative(10)
            // The language's own power, so that the formula written out has the same bits.
            let power1 = Tensor.scalar(.power, b1, .number, Double(t), .number).0, power2 = Tensor.scalar(.power, b2, .number, Double(t), .number).0
            return try Update(name: "adam", uses: (true, true), step: { p, g, mean, square in
                guard var m = mean, var v = square else { return }
                // Moved out, so that they may be changed in place.
                mean = nil
                square = nil
                defer { mean = m; square = v }
                try Optimizers.adam(&p, g, mean: &m, square: &v, rate: rate, beta1: b1, beta2: b2, power1: power1, power2: power2, eps: eps, l2: l2, decay: decay)
            }).run(c, ["m", "v"])
        })

    static let rmspropUpdate: Operation = Operation("rmsprop_update(params, grads, v, velocity, rate, alpha=0.99, eps=1e-8, momentum=0, l2=0)", .training, """
        One step of RMSprop: {params, v, velocity}. With d = g + l2·p: v ← alpha·v + (1 − alpha)·d², u = d / (√v + eps); \
        p − rate·u, or with momentum b ← momentum·b + u and p − rate·b.
        """,
        examples: [("rmsprop_update([1], [1], none, none, 0.5, alpha=0).params", "[0.5]")], seeAlso: ["rmsprop"],
        result: Results.stepped,
        forward: { c in
            let rate = try c.double(4), alpha = try c.factor(5), eps = try c.nonNegative(6), momentum = try c.nonNegative(7), l2 = try c.nonNegative(8)
            return try Update(name: "rmsprop", uses: (true, momentum != 0), step: { p, g, square, velocity in
                guard var v = square else { return }
                square = nil
                defer { square = v }
                try Optimizers.rmsprop(&p, g, square: &v, buffer: &velocity, rate: rate, alpha: alpha, eps: eps, momentum: momentum, l2: l2)
            }).run(c, ["v", "velocity"])
        })

    static let adagradUpdate: Operation = Operation("adagrad_update(params, grads, total, rate, eps=1e-10, l2=0)", .training, """
        One step of Adagrad: {params, total}. With d = g + l2·p: s ← s + d², p − rate·d / (√s + eps).
        """,
        examples: [("adagrad_update([1], [1], none, 0.5).params", "[0.5]")], seeAlso: ["adagrad"],
        result: Results.stepped,
        forward: { c in
            let rate = try c.double(3), eps = try c.nonNegative(4), l2 = try c.nonNegative(5)
            return try Update(name: "adagrad", uses: (true, false), step: { p, g, total, _ in
                guard var sum = total else { return }
                total = nil
                defer { total = sum }
                try Optimizers.adagrad(&p, g, sum: &sum, rate: rate, eps: eps, l2: l2)
            }).run(c, ["total"])
        })

    static let optimizerUpdates = [sgdUpdate, adamUpdate, rmspropUpdate, adagradUpdate]
}
