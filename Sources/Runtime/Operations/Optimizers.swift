import Syntax
import Tensors

// One optimizer step over all parameters at once: a tensor, a network, which is changed in place, or a record or list of
// them.
//
// Each is bit-equal to its formula in elementwise operations, and while a gradient with respect to one of its operands is
// recorded it is that formula, so that a step can be differentiated. State (`none` before the first step) goes in and
// comes out; what nobody else holds is changed in place. A parameter without a gradient (its key is missing, or its
// gradient is none) stays as it is.

/// One kind of step, and the walk over parameters, gradients and up to two states of one shape.
private struct Update {
    /// One parameter's new value and states, from (parameter, gradient, states) in differentiable operations.
    typealias Formula = (Value, Value, Value, Value, _ missed: Int) throws -> (Value, Value, Value)

    let name: String
    /// Which states are kept.
    let uses: (Bool, Bool)
    /// One parameter: (parameter, gradient, states), the states made as zeros before the first step. `missed` is how many
    /// of the steps so far had no gradient for it.
    let step: (inout Tensor, Tensor, inout Tensor?, inout Tensor?, _ missed: Int) throws -> Void
    /// The same where an operand is recorded; nil where none is.
    let formula: Formula?
    /// Where the steps without a gradient are counted for each parameter: by path, what it stands in among them.
    var missed: MissedSteps?

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
        if formula == nil { p = p.detached }
        var (keys, values) = (["params"] + names, names.count > 1 ? [p, first, second] : [p, first])
        if let missed, missed.count > 0 {
            keys.append("missed")
            values.append(missed.record)
        }
        return .record(Record(keys, values))
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
            if g.isNone {
                missed?.add(place.path)
                continue
            }
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
            let inside = path.isEmpty ? key : "\(path).\(key)"
            guard let gradient = i < gradients.count && gradients.keys[i] == key ? gradients.values[i] : gradients[key], !gradient.isNone else {
                missed?.add(inside)
                continue
            }
            var value = target.take(at: i), s = a?.take(at: i) ?? .none, t = b?.take(at: i) ?? .none
            defer {
                target.set(at: i, value)
                a?.set(at: i, s)
                b?.set(at: i, t)
            }
            try run(&value, gradient, &s, &t, inside)
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
        if let formula {
            let type = Value(try p.tensor())
            var a = try recorded(first, uses.0, type), b = try recorded(second, uses.1, type)
            (p, a, b) = try formula(p, typed(g, like: type), a, b, missed?.steps(path) ?? 0)
            (first, second) = (uses.0 ? a : .none, uses.1 ? b : .none)
            return
        }
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
        try step(&parameter, gradient, &a, &b, missed?.steps(path) ?? 0)
    }

    /// A state for the formula, zeros before the first step.
    private func recorded(_ given: Value, _ isUsed: Bool, _ parameter: Value) throws -> Value {
        guard isUsed else { return .none }
        return given.isNone ? Value(try Tensor.fill(parameter.tensor().shape, 0, parameter.tensor().dtype)) : try typed(given, like: parameter)
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

/// How many of an optimizer's steps had no gradient for a parameter, or for the record that it stands in.
private final class MissedSteps {
    private var paths: [String] = [], counts: [Int] = []
    /// Where the next is looked for first: a walk meets them in one order.
    private var next = 0

    init(_ given: Value) throws {
        guard case .record(let r) = given else { return }
        paths = r.keys
        counts = try r.values.map { value in
            guard let n = value.asDouble.flatMap(Int.init(exactly:)), n >= 0 else { throw Diagnostic(.value, "missed steps are counted, got \(value.described)") }
            return n
        }
    }

    var count: Int { paths.count }
    var record: Value { .record(Record(paths, counts.map { Value($0) })) }

    func add(_ path: String) {
        if next < paths.count, paths[next].isSame(as: path) {
            counts[next] += 1
            next += 1
        } else if let i = paths.place(of: path) {
            counts[i] += 1
            next = i + 1
        } else {
            paths.append(path)
            counts.append(1)
        }
    }

    func steps(_ path: String) -> Int {
        if paths.isEmpty { return 0 }
        var sum = 0
        for (i, missed) in paths.enumerated() where path.utf8.starts(with: missed.utf8) {
            let rest = path.utf8.dropFirst(missed.utf8.count)
            if rest.isEmpty || rest.first == UInt8(ascii: ".") { sum += counts[i] }
        }
        return sum
    }
}

/// The root of second moments for a formula, whose slope at 0 is taken as 0: no gradient means no change there.
private func root(_ v: Value) throws -> Value {
    let isZero = Value(try Tensor.binary(.equal, v.tensor(), 0, .number, reversed: false))
    return try Op.where(isZero, .number(0), Op.sqrt(Op.where(isZero, .number(1), v)))
}

extension Call {
    /// True where the step must be recorded: a gradient with respect to one of its operands is wanted.
    fileprivate func isRecorded() throws -> Bool {
        let tape = interpreter.tape
        guard tape.isRecording else { return false }
        func isLive(_ value: Value) throws -> Bool {
            switch value {
            case .tensor(_, let serial): return tape.isLive(serial)
            case .list(let l):
                try interpreter.walk()
                return try l.items.contains(where: isLive)
            case .record(let r):
                try interpreter.walk()
                return try r.values.contains(where: isLive)
            case .object, .function: return try interpreter.parameters(of: value).contains { tape.isLive($0.value.serial) }
            default: return false
            }
        }
        return try operation.parameters.indices.contains { try isLive(arguments[$0]) }
    }

    /// A number of the formula, with its gradient.
    fileprivate func amount(_ i: Int) throws -> Value {
        if case .tensor = arguments[i] { return try typed(arguments[i], like: .number(0)) }
        return .number(try double(i))
    }

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
            var formula: Update.Formula?
            var hasVelocity = momentum != 0
            if try c.isRecorded() {
                let rate = try c.amount(3), momentum = try c.amount(4), l2 = try c.amount(6)
                hasVelocity = hasVelocity || !isZero(momentum)
                formula = { [hasVelocity] p, g, velocity, _, _ in
                    let d = isZero(l2) ? g : try g + l2 * p
                    guard hasVelocity else { return (try p - rate * d, .none, .none) }
                    let v = try momentum * velocity + d
                    return (try p - rate * (nesterov ? d + momentum * v : v), v, .none)
                }
            }
            return try Update(name: "sgd", uses: (hasVelocity, false), step: { p, g, velocity, _, _ in
                try Optimizers.sgd(&p, g, velocity: &velocity, rate: rate, momentum: momentum, nesterov: nesterov, l2: l2)
            }, formula: formula).run(c, ["velocity"])
        })

    static let adamUpdate: Operation = Operation("adam_update(params, grads, m, v, t, rate, b1=0.9, b2=0.999, eps=1e-8, l2=0, decay=0, missed=none)", .training, """
        Step t (from 1) of Adam: {params, m, v}. With d = g + l2·p: m ← b1·m + (1 − b1)·d, v ← b2·v + (1 − b2)·d², \
        p − rate / (1 − b1^t) · m / (√v / √(1 − b2^t) + eps). `decay` first multiplies p by 1 − rate·decay (AdamW). \
        `missed` counts the steps that had no gradient for a parameter, {path: steps}: for it t is less by so many. Where there \
        are any, they are in the result too.
        """,
        examples: [("adam_update([1], [1], none, none, 1, 0.5, b1=0.5, b2=0.75, eps=0).params", "[0.5]")], seeAlso: ["adam", "adamw"],
        result: Results.stepped,
        forward: { c in
            let t = try c.int(4)
            guard t >= 1 else { throw Diagnostic(.value, "steps of Adam count from 1, got \(t)") }
            let rate = try c.double(5), b1 = try c.factor(6), b2 = try c.factor(7), eps = try c.nonNegative(8), l2 = try c.nonNegative(9), decay = try c.nonNegative(10)
            // The language's own power, so that the formula written out has the same bits.
            func power(_ b: Double, _ t: Int) -> Double { Tensor.scalar(.power, b, .number, Double(t), .number).0 }
            let power1 = power(b1, t), power2 = power(b2, t), missed = try MissedSteps(c[11])
            func count(_ missed: Int) throws -> Int {
                guard missed < t else { throw Diagnostic(.value, "adam: \(counted(missed, "step")) of \(t - 1) had no gradient") }
                return t - missed
            }
            var formula: Update.Formula?
            if try c.isRecorded() {
                let rate = try c.amount(5), b1 = try c.amount(6), b2 = try c.amount(7), eps = try c.amount(8), l2 = try c.amount(9), decay = try c.amount(10)
                let one = Value.number(1)
                formula = { p, g, mean, square, missed in
                    let t = Value(try count(missed)), w = isZero(decay) ? p : try p * (one - rate * decay), d = isZero(l2) ? g : try g + l2 * w
                    let m = try b1 * mean + (one - b1) * d, v = try b2 * square + (one - b2) * (d * d)
                    return (try w - rate / (one - Op.power(b1, t)) * (m / (root(v) / Op.sqrt(one - Op.power(b2, t)) + eps)), m, v)
                }
            }
            return try Update(name: "adam", uses: (true, true), step: { p, g, mean, square, missed in
                guard var m = mean, var v = square else { return }
                // Moved out, so that they may be changed in place.
                mean = nil
                square = nil
                defer { mean = m; square = v }
                let own = missed == 0 ? (power1, power2) : (power(b1, try count(missed)), power(b2, try count(missed)))
                try Optimizers.adam(&p, g, mean: &m, square: &v, rate: rate, beta1: b1, beta2: b2, power1: own.0, power2: own.1, eps: eps, l2: l2, decay: decay)
            }, formula: formula, missed: missed).run(c, ["m", "v"])
        })

    static let rmspropUpdate: Operation = Operation("rmsprop_update(params, grads, v, velocity, rate, alpha=0.99, eps=1e-8, momentum=0, l2=0)", .training, """
        One step of RMSprop: {params, v, velocity}. With d = g + l2·p: v ← alpha·v + (1 − alpha)·d², u = d / (√v + eps); \
        p − rate·u, or with momentum b ← momentum·b + u and p − rate·b.
        """,
        examples: [("rmsprop_update([1], [1], none, none, 0.5, alpha=0).params", "[0.5]")], seeAlso: ["rmsprop"],
        result: Results.stepped,
        forward: { c in
            let rate = try c.double(4), alpha = try c.factor(5), eps = try c.nonNegative(6), momentum = try c.nonNegative(7), l2 = try c.nonNegative(8)
            var formula: Update.Formula?
            var hasVelocity = momentum != 0
            if try c.isRecorded() {
                let rate = try c.amount(4), alpha = try c.amount(5), eps = try c.amount(6), momentum = try c.amount(7), l2 = try c.amount(8)
                hasVelocity = hasVelocity || !isZero(momentum)
                formula = { [hasVelocity] p, g, square, velocity, _ in
                    let d = isZero(l2) ? g : try g + l2 * p, v = try alpha * square + (.number(1) - alpha) * (d * d), u = try d / (root(v) + eps)
                    guard hasVelocity else { return (try p - rate * u, v, .none) }
                    let b = try momentum * velocity + u
                    return (try p - rate * b, v, b)
                }
            }
            return try Update(name: "rmsprop", uses: (true, hasVelocity), step: { p, g, square, velocity, _ in
                guard var v = square else { return }
                square = nil
                defer { square = v }
                try Optimizers.rmsprop(&p, g, square: &v, buffer: &velocity, rate: rate, alpha: alpha, eps: eps, momentum: momentum, l2: l2)
            }, formula: formula).run(c, ["v", "velocity"])
        })

    static let adagradUpdate: Operation = Operation("adagrad_update(params, grads, total, rate, eps=1e-10, l2=0)", .training, """
        One step of Adagrad: {params, total}. With d = g + l2·p: s ← s + d², p − rate·d / (√s + eps).
        """,
        examples: [("adagrad_update([1], [1], none, 0.5).params", "[0.5]")], seeAlso: ["adagrad"],
        result: Results.stepped,
        forward: { c in
            let rate = try c.double(3), eps = try c.nonNegative(4), l2 = try c.nonNegative(5)
            var formula: Update.Formula?
            if try c.isRecorded() {
                let rate = try c.amount(3), eps = try c.amount(4), l2 = try c.amount(5)
                formula = { p, g, total, _, _ in
                    let d = isZero(l2) ? g : try g + l2 * p, v = try total + d * d
                    return (try p - rate * (d / (root(v) + eps)), v, .none)
                }
            }
            return try Update(name: "adagrad", uses: (true, false), step: { p, g, total, _, _ in
                guard var sum = total else { return }
                total = nil
                defer { total = sum }
                try Optimizers.adagrad(&p, g, sum: &sum, rate: rate, eps: eps, l2: l2)
            }, formula: formula).run(c, ["total"])
        })

    /// True for a plain 0, which nothing is differentiated by.
    private static func isZero(_ x: Value) -> Bool { x.serial == 0 && x.asDouble == 0 }

    static let optimizerUpdates = [sgdUpdate, adamUpdate, rmspropUpdate, adagradUpdate]
}
