import Autodiff
import Syntax
import Tensors

// `grad` and its kin. Each runs the function once on fresh leaves and walks the tape back.

/// A value taken apart into the leaves of a recording and put together again from their gradients.
private struct Leaves {
    /// The argument as the function sees it.
    var argument: Value
    var serials: [UInt64] = []
    var originals: [Value] = []
    /// Non-nil where the argument is a network.
    var places: [ParameterPlace]?

    mutating func collect(_ value: Value, _ original: Value) {
        switch (value, original) {
        case (.tensor(_, let serial), _) where serial != 0:
            serials.append(serial)
            originals.append(original)
        case (.list(let l), .list(let o)):
            for (item, source) in zip(l.items, o.items) { collect(item, source) }
        case (.record(let r), .record(let o)):
            for (item, source) in zip(r.values, o.values) { collect(item, source) }
        default: break
        }
    }

    /// The gradients in the argument's own form.
    func mirror(_ original: Value, _ gradients: inout ArraySlice<Value>) -> Value {
        switch original {
        case .list(let l): return Value(list: l.items.map { mirror($0, &gradients) })
        case .record(let r): return .record(Record(r.keys, r.values.map { mirror($0, &gradients) }))
        case .number, .scalar: return gradients.popFirst() ?? .none
        case .tensor(let t, _): return t.dtype == .bool ? .none : gradients.popFirst() ?? .none
        default: return .none
        }
    }
}

extension Interpreter {
    /// Runs `f` on leaves made of the first argument, in training mode, and gives its result and the gradients.
    /// `seeds` turns the result into the cotangents to walk back with (one for `grad`, one an element for `jacobian`).
    fileprivate func differentiate(_ f: Value, _ arguments: [Value], _ keywords: [(name: String, value: Value)], training: Bool, what: String,
                                   seeds: (Variable) throws -> [Variable]) throws -> (result: Value, gradients: [Value]) {
        guard let first = arguments.first else { throw Diagnostic(.type, "\(what) of a function needs at least one argument to differentiate by") }
        let original: Value
        if case .range = first { original = try stacked(first, what: "the argument") } else { original = first }
        try refuseDeepNesting(original, what)
        var isModel = false
        switch original {
        case .object, .function: isModel = true
        case .bool, .string, .none: throw Diagnostic(.type, "\(what) differentiates by the first argument: \(original.described) has no gradient")
        default: break
        }
        tape.begin()
        let wasTraining = isTraining
        if training { isTraining = true }
        var restore: [(ParameterPlace, Value)] = []
        defer {
            for (place, value) in restore where place.value.serial != 0 { place.set(Self.sameTensor(place.value, value) ? value : place.value.detached) }
            isTraining = wasTraining
            tape.end()
        }
        var leaves = Leaves(argument: original)
        if isModel {
            for place in try parameters(of: original) {
                let value = place.value
                restore.append((place, value))
                place.set(try watched(value))
            }
        } else {
            leaves.argument = try watched(original)
            leaves.collect(leaves.argument, original)
        }
        let result = try apply(f, [leaves.argument] + arguments.dropFirst(), keywords)
        if isModel {
            // Parameters made by this very call are leaves too; those that the function replaced are not.
            let places = try parameters(of: original)
            for place in places where !restore.contains(where: { $0.0.path == place.path }) { restore.append((place, place.value.detached)) }
            leaves.places = places
            for place in places {
                leaves.serials.append(place.value.serial)
                leaves.originals.append(place.value.detached)
            }
        }
        if case .list = result { throw Diagnostic(.type, "\(what) needs a function that gives a number, got a list") }
        let output: Variable
        switch result {
        case .number, .scalar, .tensor: output = try result.variable()
        default: throw Diagnostic(.type, "\(what) needs a function that gives a number, got \(result.described)")
        }
        var gradients: [Value] = []
        for seed in try seeds(output) {
            let cotangents = try tape.gradients(of: output, seed: seed, leaves: leaves.serials)
            var parts: [Value] = []
            for (cotangent, source) in zip(cotangents, leaves.originals) {
                let part = try cotangent.map { try gradientValue(Value($0), of: source) } ?? zeros(like: source)
                parts.append(part)
            }
            if let places = leaves.places {
                gradients.append(.record(Record(places.map(\.path), parts)))
            } else {
                var slice = parts[...]
                gradients.append(leaves.mirror(original, &slice))
            }
        }
        return (depthSafe(result), gradients)
    }

    private static func sameTensor(_ a: Value, _ b: Value) -> Bool {
        switch (a, b) {
        case (.tensor(let x, _), .tensor(let y, _)): x === y
        case (.tensor(let x, _), _): b.asDouble.map { x.rank == 0 && $0 == x.element(0) } ?? false
        default: false
        }
    }

    /// The result of an outermost recording is a constant, so it is unboxed.
    private func depthSafe(_ value: Value) -> Value { tape.depth == 1 ? value.detached : value }

    /// A gradient in the type of what it belongs to.
    private func gradientValue(_ g: Value, of source: Value) throws -> Value {
        let type = try source.variable().tensor.dtype
        let value = try g.tensor().dtype == type ? g : Op.cast(g, Value(type.name))
        return tape.depth == 1 ? value.detached.unboxed : value
    }

    private func zeros(like source: Value) throws -> Value {
        switch source {
        case .number: return .number(0)
        case .scalar(_, let type): return .scalar(0, type)
        default:
            let t = try source.tensor()
            return Value(try Tensor.fill(t.shape, 0, t.dtype)).unboxed
        }
    }

    /// The cotangent of a scalar result: one.
    fileprivate func one(_ what: String) -> (Variable) throws -> [Variable] {
        { output in
            guard output.tensor.count == 1 else {
                throw Diagnostic(.shape, "\(what) needs a function that gives one number, got a tensor \(Value(output.tensor).described.dropFirst(7))",
                                 help: ["take its `sum` or `mean`, or use `jacobian`"])
            }
            return [Variable(try Tensor.fill(output.tensor.shape, 1, output.tensor.dtype))]
        }
    }

    func gradientPair(_ f: Value, _ arguments: [Value], _ keywords: [(name: String, value: Value)] = [], what: String, training: Bool = true) throws -> (Value, Value) {
        let (result, gradients) = try differentiate(f, arguments, keywords, training: training, what: what, seeds: one(what))
        return (result, gradients[0])
    }

    /// The Jacobian: rows are the elements of the result, columns those of the argument.
    fileprivate func jacobian(_ f: Value, _ arguments: [Value], what: String) throws -> Value {
        guard let first = arguments.first else { throw Diagnostic(.type, "\(what) needs an argument") }
        switch first {
        case .number, .scalar, .tensor, .list, .range: break
        default: throw Diagnostic(.type, "\(what) differentiates by a number or a tensor, got \(first.described)")
        }
        let argument = try isSequence(first) ? stacked(first, what: "the argument") : first
        var outputShape: [Int] = []
        let (_, rows) = try differentiate(f, [argument] + arguments.dropFirst(), [], training: false, what: what) { output in
            outputShape = output.tensor.shape
            return try (0..<output.tensor.count).map { i in
                let seed = try Tensor.fill(outputShape, 0, output.tensor.dtype)
                seed.setElement(i, 1)
                return Variable(seed)
            }
        }
        let inputShape = try argument.tensor().shape
        if outputShape.isEmpty { return rows[0] }
        guard !rows.isEmpty else { return Value(try Tensor.fill(outputShape + inputShape, 0, defaultType)) }
        let stackedRows = try stack(rows, what: what)
        return try Op.reshape(stackedRows, Value(list: (outputShape + inputShape).map { Value($0) }))
    }

    func isSequence(_ v: Value) -> Bool {
        switch v {
        case .list, .range: true
        default: false
        }
    }
}

extension Op {
    /// Passes a value on as a fresh variable of the tape.
    static let identity = Operation("identity(x)", .operators, "The same value.", forward: { c in c[0] }, backward: { b in try b.give(0, b.g) })

    public static let grad = Operation("grad(f)", .gradients,
        "The function that gives the gradient of `f` with respect to its first argument, in that argument's own form: a number, a tensor, a record or list, or a record by parameter path for a network. `f` gives one number; it runs once, in training mode. Nested use gives higher derivatives.",
        examples: [("grad(x => x^3)(2)", "12"), ("grad(grad(x => x^3))(2)", "12"), ("grad(x => sum(x * x))([1, 2])", "[2, 4]")],
        seeAlso: ["value_and_grad", "jacobian", "hessian", "gradcheck"], lecture: 2,
        forward: { c in
            let f = try c.function(0)
            return .function(NativeFunction("grad", captured: [f]) { interpreter, arguments, keywords in
                try interpreter.gradientPair(f, arguments, keywords, what: "grad").1
            })
        })

    public static let valueAndGrad = Operation("value_and_grad(f)", .gradients,
        "The function that gives a record `{value, grads}`: the value of `f` and its gradient with respect to the first argument. `f` runs once, in training mode.",
        examples: [("value_and_grad(x => x^2)(3)", "{value: 9, grads: 6}")], seeAlso: ["grad", "fit"], lecture: 2,
        forward: { c in
            let f = try c.function(0)
            return .function(NativeFunction("value_and_grad", captured: [f]) { interpreter, arguments, keywords in
                let (value, grads) = try interpreter.gradientPair(f, arguments, keywords, what: "value_and_grad")
                return .record(Record(["value", "grads"], [value, grads]))
            })
        })

    public static let jacobian = Operation("jacobian(f)", .gradients,
        "The function that gives all first derivatives of `f`: shape of the result, then shape of the argument.",
        examples: [("jacobian(x => x * x)([1, 2])", "[[2, 0],\n [0, 4]]")], seeAlso: ["grad", "hessian"], lecture: 2,
        forward: { c in
            let f = try c.function(0)
            return .function(NativeFunction("jacobian", captured: [f]) { interpreter, arguments, _ in
                try interpreter.jacobian(f, arguments, what: "jacobian")
            })
        })

    public static let hessian = Operation("hessian(f)", .gradients,
        "The function that gives all second derivatives of `f` with respect to its first argument: [n, n] for a vector of n.",
        examples: [("hessian(x => sum(x^3))([1, 2])", "[[6,  0],\n [0, 12]]")], seeAlso: ["grad", "hvp"], lecture: 6,
        forward: { c in
            let f = try c.function(0)
            return .function(NativeFunction("hessian", captured: [f]) { interpreter, arguments, _ in
                let inner = Value.function(NativeFunction("grad", captured: [f]) { interpreter, arguments, keywords in
                    try interpreter.gradientPair(f, arguments, keywords, what: "hessian", training: false).1
                })
                return try interpreter.jacobian(inner, arguments, what: "hessian")
            })
        })

    public static let hvp = Operation("hvp(f, x, v)", .gradients,
        "The product of the Hessian of `f` at `x` with `v`, without the Hessian itself.",
        examples: [("hvp(x => sum(x^3), [1, 2], [1, 1])", "[6, 12]")], seeAlso: ["hessian"],
        forward: { c in
            let f = try c.function(0), x = try c.value(1), v = try c.value(2)
            let inner = Value.function(NativeFunction("hvp", captured: [f]) { interpreter, arguments, _ in
                let g = try interpreter.gradientPair(f, arguments, what: "hvp", training: false).1
                return try Op.sum(g * v, .none, .bool(false))
            })
            return try c.interpreter.gradientPair(inner, [x], what: "hvp", training: false).1
        })

    public static let stopGradient = Operation("stop_gradient(x)", .gradients, "The same value as a constant: no gradient flows through it.",
        examples: [("grad(x => x * stop_gradient(x))(3)", "3")],
        shape: { shapes, _ in shapes[0] ?? [] },
        forward: { c in try c.interpreter.deepDetached(c[0]) })

    static let gradients = [grad, valueAndGrad, jacobian, hessian, hvp, stopGradient]
}

extension Interpreter {
    /// Constants all the way down lists and records.
    func deepDetached(_ value: Value) throws -> Value {
        try refuseDeepNesting(value, "stop_gradient")
        return constant(value)
    }

    /// Lists and records nested very deep are taken apart by recursion, so they are refused first.
    func refuseDeepNesting(_ value: Value, _ what: String) throws {
        if value.isNestedDeeper(than: 1_000) { throw Diagnostic(.limit, "\(what): values nested too deep") }
    }

    private func constant(_ value: Value) -> Value {
        switch value {
        case .tensor: return value.detached
        case .list(let l): return Value(list: l.items.map { constant($0) })
        case .record(let r): return .record(Record(r.keys, r.values.map { constant($0) }))
        default: return value
        }
    }
}
