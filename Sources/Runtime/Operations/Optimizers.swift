import Syntax
import Tensors

// One optimizer step over all parameters at once: tensors, or records of them with the same keys.
//
// Each is bit-equal to its formula in elementwise operations. State (`none` before the first step) goes in and
// comes out; what nobody else holds is changed in place. A parameter without a gradient (its key is missing, or its
// gradient is none) stays as it is.

/// The walk over parameters, gradients and states of one shape.
private struct Update {
    let name: String
    /// One parameter: (parameter, gradient, states), states made as zeros before the first step.
    let step: (inout Tensor, Tensor, inout [Tensor?]) throws -> Void
    /// Which states are kept.
    let uses: [Bool]

    /// Takes parameter and states, which are changed in place where unshared, and leaves the new ones.
    func run(_ p: inout Value, _ g: Value, _ states: inout [Value], _ path: String) throws {
        switch p {
        case .record(var r):
            p = .none
            let unique = isKnownUniquelyReferenced(&r)
            guard case .record(let gradients) = g else {
                throw Diagnostic(.type, "\(name): \(path.isEmpty ? "the parameters are" : "\(path) is") a record, the gradients \(g.described)")
            }
            for key in gradients.keys where r.position(key) == nil {
                throw Diagnostic(.value, "\(name): there is a gradient `\(key)`, but no such parameter", help: ["the parameters are \(r.keys.joined(separator: ", "))"])
            }
            let target = unique ? r : Record(r.keys, r.values)
            var parts: [Record?] = try states.indices.map { i in
                guard uses[i] else { return nil }
                switch states[i] {
                case .none: return Record(target.keys, Array(repeating: .none, count: target.count))
                case .record(var s):
                    states[i] = .none
                    guard s.keys == target.keys else {
                        throw Diagnostic(.value, "\(name): the optimizer's state belongs to other parameters", help: ["one optimizer serves one network: make a new one"])
                    }
                    return isKnownUniquelyReferenced(&s) ? s : Record(s.keys, s.values)
                default: throw Diagnostic(.type, "\(name): the state is \(states[i].described), not a record")
                }
            }
            states = states.map { _ in .none }
            for i in 0..<target.count {
                let key = target.keys[i]
                var value = target.take(at: i)
                var own = parts.map { $0?.take(at: i) ?? .none }
                defer {
                    // Back in place, also on an error.
                    target.set(at: i, value)
                    for (j, part) in parts.enumerated() { part?.set(at: i, own[j]) }
                }
                // The new records hold what these do; a reference less, and the tensors may be changed in place.
                guard let gradient = i < gradients.count && gradients.keys[i] == key ? gradients.values[i] : gradients[key], !gradient.isNone else {
                    continue
                }
                try run(&value, gradient, &own, path.isEmpty ? key : "\(path).\(key)")
            }
            p = .record(target)
            states = parts.map { $0.map { .record($0) } ?? .none }
            parts = []
        case .tensor, .scalar, .number:
            let isNumber = p.kind == "number"
            var parameter = try p.tensor()
            p = .none
            if isNumber { parameter = try Tensor.convert(parameter, to: .f64) }
            var gradient = try g.tensor()
            if gradient.dtype != parameter.dtype { gradient = try Tensor.convert(gradient, to: parameter.dtype) }
            guard gradient.hasShape(of: parameter) else {
                throw Diagnostic(.shape, "\(name): \(path.isEmpty ? "the parameter" : path) is \(shapeText(parameter.shape)), its gradient \(shapeText(gradient.shape))")
            }
            var own: [Tensor?] = try states.indices.map { i in
                guard uses[i] else { return nil }
                if states[i].isNone { return try Tensor.fill(parameter.shape, 0, parameter.dtype) }
                let state = try states[i].tensor()
                states[i] = .none
                guard state.hasShape(of: parameter) else {
                    throw Diagnostic(.shape, "\(name): \(path.isEmpty ? "the parameter" : path) is \(shapeText(parameter.shape)), the optimizer's state \(shapeText(state.shape))",
                                     help: ["one optimizer serves one network: make a new one"])
                }
                return state.dtype == parameter.dtype ? state : try Tensor.convert(state, to: parameter.dtype)
            }
            try step(&parameter, gradient, &own)
            func value(_ t: Tensor) throws -> Value { isNumber && t.rank == 0 ? .number(t.element(0)) : Value(t).unboxed }
            p = try value(parameter)
            states = try own.map { try $0.map(value) ?? .none }
        default:
            throw Diagnostic(.type, "\(name): a parameter is a tensor or a number, but \(path.isEmpty ? "this" : path) is \(p.described)")
        }
    }

    /// Runs on the arguments `params` (0), `grads` (1) and the states from 2 on; the result is a record. A network in
    /// place of `params` is changed, and `params` of the result is none.
    func run(_ c: Call, _ names: [String]) throws -> Value {
        var states = names.indices.map { c.take(2 + $0) }
        var p = c.take(0)
        switch p {
        case .object, .function:
            let places = try c.interpreter.parameters(of: p) { path in
                throw Diagnostic(.value, "\(name): the parameter `\(path)` is not made yet", help: ["call the network once, or `build(net, x)`"])
            }
            p = .record(Record(places.map(\.path), places.map { $0.value.detached }))
            try run(&p, c[1], &states, "")
            if case .record(let new) = p { for (i, place) in places.enumerated() { place.set(new.values[i]) } }
            p = .none
        default: try run(&p, c[1], &states, "")
        }
        return .record(Record(["params"] + names, [p.detached] + states))
    }
}

extension Call {
    /// A number at least 0 that is not NaN.
    fileprivate func nonNegative(_ i: Int) throws -> Double {
        let x = try double(i)
        guard x >= 0 else { throw Diagnostic(.value, "\(label(i)) must not be negative, got \(numberText(x))") }
        return x
    }

    /// A decay factor: at least 0, below 1.
    fileprivate func factor(_ i: Int) throws -> Double {
        let x = try double(i)
        guard x >= 0, x < 1 else { throw Diagnostic(.value, "\(label(i)) must be at least 0 and below 1, got \(numberText(x))") }
        return x
    }
}

extension Op {
    static let sgdUpdate: Operation = Operation("sgd_update(params, grads, velocity, rate, momentum=0, nesterov=false, l2=0)", .training, """
        One step of gradient descent: {params, velocity}. With d = g + l2·p: p − rate·d; with momentum μ, v ← μ·v + d and \
        p − rate·v, or p − rate·(d + μ·v) for Nesterov's.
        """,
        examples: [("sgd_update([1, 2], [1, 1], none, 0.5).params", "[0.5, 1.5]")], seeAlso: ["sgd"],
        forward: { c in
            let rate = try c.double(3), momentum = try c.nonNegative(4), nesterov = try c.bool(5), l2 = try c.nonNegative(6)
            return try Update(name: "sgd", step: { p, g, s in
                try Optimizers.sgd(&p, g, velocity: &s[0], rate: rate, momentum: momentum, nesterov: nesterov, l2: l2)
            }, uses: [momentum != 0]).run(c, ["velocity"])
        })

    static let adamUpdate: Operation = Operation("adam_update(params, grads, m, v, t, rate, b1=0.9, b2=0.999, eps=1e-8, l2=0, decay=0)", .training, """
        Step t (from 1) of Adam: {params, m, v}. With d = g + l2·p: m ← b1·m + (1 − b1)·d, v ← b2·v + (1 − b2)·d², \
        p − rate / (1 − b1^t) · m / (√v / √(1 − b2^t) + eps). `decay` first multiplies p by 1 − rate·decay (AdamW).
        """,
        examples: [("adam_update([1], [1], none, none, 1, 0.5, b1=0.5, b2=0.75, eps=0).params", "[0.5]")], seeAlso: ["adam", "adamw"],
        forward: { c in
            let t = try c.int(4)
            guard t >= 1 else { throw Diagnostic(.value, "steps of Adam count from 1, got \(t)") }
            let rate = try c.double(5), b1 = try c.factor(6), b2 = try c.factor(7), eps = try c.nonNegative(8), l2 = try c.nonNegative(9), decay = try c.nonNegative(10)
            // The language's own power, so that the formula written out has the same bits.
            let power1 = Tensor.scalar(.power, b1, .number, Double(t), .number).0, power2 = Tensor.scalar(.power, b2, .number, Double(t), .number).0
            return try Update(name: "adam", step: { p, g, s in
                guard var m = s[0], var v = s[1] else { return }
                s = [nil, nil]
                try Optimizers.adam(&p, g, mean: &m, square: &v, rate: rate, beta1: b1, beta2: b2, power1: power1, power2: power2, eps: eps, l2: l2, decay: decay)
                s = [m, v]
            }, uses: [true, true]).run(c, ["m", "v"])
        })

    static let rmspropUpdate: Operation = Operation("rmsprop_update(params, grads, v, velocity, rate, alpha=0.99, eps=1e-8, momentum=0, l2=0)", .training, """
        One step of RMSprop: {params, v, velocity}. With d = g + l2·p: v ← alpha·v + (1 − alpha)·d², u = d / (√v + eps); \
        p − rate·u, or with momentum b ← momentum·b + u and p − rate·b.
        """,
        examples: [("rmsprop_update([1], [1], none, none, 0.5, alpha=0).params", "[0.5]")], seeAlso: ["rmsprop"],
        forward: { c in
            let rate = try c.double(4), alpha = try c.factor(5), eps = try c.nonNegative(6), momentum = try c.nonNegative(7), l2 = try c.nonNegative(8)
            return try Update(name: "rmsprop", step: { p, g, s in
                guard var v = s[0] else { return }
                var buffer = s[1]
                s = [nil, nil]
                try Optimizers.rmsprop(&p, g, square: &v, buffer: &buffer, rate: rate, alpha: alpha, eps: eps, momentum: momentum, l2: l2)
                s = [v, buffer]
            }, uses: [true, momentum != 0]).run(c, ["v", "velocity"])
        })

    static let adagradUpdate: Operation = Operation("adagrad_update(params, grads, total, rate, eps=1e-10, l2=0)", .training, """
        One step of Adagrad: {params, total}. With d = g + l2·p: s ← s + d², p − rate·d / (√s + eps).
        """,
        examples: [("adagrad_update([1], [1], none, 0.5).params", "[0.5]")], seeAlso: ["adagrad"],
        forward: { c in
            let rate = try c.double(3), eps = try c.nonNegative(4), l2 = try c.nonNegative(5)
            return try Update(name: "adagrad", step: { p, g, s in
                guard var sum = s[0] else { return }
                s = [nil]
                try Optimizers.adagrad(&p, g, sum: &sum, rate: rate, eps: eps, l2: l2)
                s = [sum]
            }, uses: [true]).run(c, ["total"])
        })

    static let optimizerUpdates = [sgdUpdate, adamUpdate, rmspropUpdate, adagradUpdate]
}
