import Autodiff
import Syntax
import Tensors

// `grad` and its kin. Each runs the function once on fresh leaves and walks the tape back.

/// A list or record taken apart into the leaves of a recording and put together again from their gradients.
private struct Leaves {
    var serials: [UInt64] = []
    var originals: [Value] = []

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
    /// The value of `call` at leaves made of `argument`, in training mode, and the gradient in the argument's own form.
    func gradientPair(_ argument: Value, what: String, training: Bool = true, _ call: (Value) throws -> Value) throws -> (value: Value, gradient: Value) {
        let original: Value
        switch argument {
        case .bool, .string, .none: throw Diagnostic(.type, "\(what) differentiates by the first argument: \(argument.described) has no gradient")
        case .tensor(let t, _) where t.dtype == .bool: throw Diagnostic(.type, "\(what) differentiates by the first argument: a tensor of bools has no gradient")
        case .range: original = try stacked(argument, what: "the argument")
        case .list, .record:
            try refuseDeepNesting(argument, what)
            original = argument
        default: original = argument
        }
        return try recording(training: training) {
            switch original {
            case .object, .function: return try networkGradient(original, what, call)
            case .list, .record:
                var leaves = Leaves()
                let watched = try watched(original)
                leaves.collect(watched, original)
                let output = try scalar(call(watched), what)
                let cotangents = try tape.gradients(of: output, seed: one(output, what: what), leaves: leaves.serials)
                var parts = try zip(cotangents, leaves.originals).map { try gradientValue($0, of: $1) }[...]
                return (depthSafe(Value(output)), leaves.mirror(original, &parts))
            default:
                let leaf = try watched(original)
                let output = try scalar(call(leaf), what)
                let cotangent = try tape.gradient(of: output, seed: one(output, what: what), leaf: leaf.serial)
                return (depthSafe(Value(output)), try gradientValue(cotangent, of: original))
            }
        }
    }

    /// The same by a function of the language, called with further arguments.
    func gradientPair(_ f: Value, _ arguments: [Value], _ keywords: [(name: String, value: Value)] = [], what: String, training: Bool = true) throws -> (value: Value, gradient: Value) {
        guard let first = arguments.first else { throw Diagnostic(.type, "\(what) of a function needs at least one argument to differentiate by") }
        return try gradientPair(first, what: what, training: training) { try apply(f, [$0] + arguments.dropFirst(), keywords) }
    }

    /// What a call of `grad(f)` or `value_and_grad(f)` gives.
    func result(of function: GradientFunction, _ pair: (value: Value, gradient: Value)) -> Value {
        function.givesValue ? .record(Record(Self.valueAndGrads, [pair.value, pair.gradient])) : pair.gradient
    }
    private static let valueAndGrads = ["value", "grads"]

    /// Runs `body` in a recording, in training mode or in the mode that is.
    private func recording<T>(training: Bool, _ body: () throws -> T) rethrows -> T {
        tape.begin()
        let wasTraining = isTraining
        if training { isTraining = true }
        defer {
            isTraining = wasTraining
            tape.end()
            if tape.depth == 0, !recordedPlaces.isEmpty { recordedPlaces = [] }
        }
        return try body()
    }

    /// By the parameters of a network, which are leaves while `call` runs.
    private func networkGradient(_ model: Value, _ what: String, _ call: (Value) throws -> Value) throws -> (value: Value, gradient: Value) {
        var places = try parameters(of: model)
        var originals = places.map(\.value)
        defer {
            for (place, value) in zip(places, originals) where place.value.serial != 0 {
                place.set(Self.sameTensor(place.value, value) ? value : place.value.detached)
            }
        }
        for (place, value) in zip(places, originals) { place.set(try watched(value)) }
        let structure = Object.structure
        let output = try scalar(call(model), what)
        if structure != Object.structure {
            // Parameters made by this very call are leaves too; those that the function replaced are not.
            let before = places, values = originals
            places = try parameters(of: model)
            originals = places.map { place in
                before.firstIndex { $0.path == place.path }.map { values[$0] } ?? place.value.detached
            }
            for (place, value) in zip(before, values) where !places.contains(where: { $0.path == place.path }) {
                if place.value.serial != 0 { place.set(value) }
            }
        }
        let cotangents = try tape.gradients(of: output, seed: one(output, what: what), leaves: places.map(\.value.serial))
        var parts: [Value] = []
        parts.reserveCapacity(places.count)
        for i in places.indices { parts.append(try gradientValue(cotangents[i], of: places[i].value)) }
        return (depthSafe(Value(output)), .record(Record(parameterKeys(model, places), parts)))
    }

    /// A function's result as the variable to differentiate.
    private func scalar(_ result: Value, _ what: String) throws -> Variable {
        switch result {
        case .number, .scalar, .tensor: return try result.variable()
        case .list: throw Diagnostic(.type, "\(what) needs a function that gives a number, got a list")
        default: throw Diagnostic(.type, "\(what) needs a function that gives a number, got \(result.described)")
        }
    }

    /// The cotangent of a scalar result: one.
    private func one(_ output: Variable, what: String) throws -> Variable {
        guard output.tensor.count == 1 else {
            throw Diagnostic(.shape, "\(what) needs a function that gives one number, got a tensor \(Value(output.tensor).described.dropFirst(7))",
                             help: ["take its `sum` or `mean`, or use `jacobian`"])
        }
        let seed = try Tensor.make(like: output.tensor)
        seed.setElement(0, 1)
        return Variable(seed)
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

    /// A gradient in the type of what it belongs to; zeros where the result does not depend on it.
    private func gradientValue(_ cotangent: Variable?, of source: Value) throws -> Value {
        guard let cotangent else { return try zeros(like: source) }
        let type: DType
        switch source {
        case .tensor(let t, _): type = t.dtype
        case .scalar(_, let scalarType): type = scalarType
        default: type = .number
        }
        let value = cotangent.tensor.dtype == type ? Value(cotangent) : try Op.cast(Value(cotangent), Value(type.name))
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

    /// The Jacobian: rows are the elements of the result, columns those of the argument.
    fileprivate func jacobian(_ f: Value, _ arguments: [Value], what: String) throws -> Value {
        guard let first = arguments.first else { throw Diagnostic(.type, "\(what) needs an argument") }
        switch first {
        case .number, .scalar, .tensor, .list, .range: break
        default: throw Diagnostic(.type, "\(what) differentiates by a number or a tensor, got \(first.described)")
        }
        let argument = try isSequence(first) ? stacked(first, what: "the argument") : first
        var outputShape: [Int] = []
        let rows = try recording(training: false) {
            let leaf = try watched(argument)
            let output = try scalar(apply(f, [leaf] + arguments.dropFirst()), what)
            outputShape = output.tensor.shape
            return try (0..<output.tensor.count).map { i in
                let seed = try Tensor.fill(outputShape, 0, output.tensor.dtype)
                seed.setElement(i, 1)
                return try gradientValue(try tape.gradient(of: output, seed: Variable(seed), leaf: leaf.serial), of: argument)
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
        result: Results.gradient,
        forward: { c in
            let f = try c.function(0)
            return .function(GradientFunction(of: f, givesValue: false))
        })

    public static let valueAndGrad = Operation("value_and_grad(f)", .gradients,
        "The function that gives a record `{value, grads}`: the value of `f` and its gradient with respect to the first argument. `f` runs once, in training mode.",
        examples: [("value_and_grad(x => x^2)(3)", "{value: 9, grads: 6}")], seeAlso: ["grad", "fit"], lecture: 2,
        result: Results.valueAndGradient,
        forward: { c in
            let f = try c.function(0)
            return .function(GradientFunction(of: f, givesValue: true))
        })

    public static let jacobian = Operation("jacobian(f)", .gradients,
        "The function that gives all first derivatives of `f`: shape of the result, then shape of the argument.",
        examples: [("jacobian(x => x * x)([1, 2])", "[[2, 0],\n [0, 4]]")], seeAlso: ["grad", "hessian"], lecture: 2,
        result: Results.derivative,
        forward: { c in
            let f = try c.function(0)
            return .function(NativeFunction("jacobian", captured: [f]) { interpreter, arguments, _ in
                try interpreter.jacobian(f, arguments, what: "jacobian")
            })
        })

    public static let hessian = Operation("hessian(f)", .gradients,
        "The function that gives all second derivatives of `f` with respect to its first argument: [n, n] for a vector of n.",
        examples: [("hessian(x => sum(x^3))([1, 2])", "[[6,  0],\n [0, 12]]")], seeAlso: ["grad", "hvp"], lecture: 6,
        result: Results.derivative,
        forward: { c in
            let f = try c.function(0)
            return .function(NativeFunction("hessian", captured: [f]) { interpreter, arguments, _ in
                let inner = Value.function(NativeFunction("grad", captured: [f]) { interpreter, arguments, keywords in
                    try interpreter.gradientPair(f, arguments, keywords, what: "hessian", training: false).gradient
                })
                return try interpreter.jacobian(inner, arguments, what: "hessian")
            })
        })

    public static let hvp = Operation("hvp(f, x, v)", .gradients,
        "The product of the Hessian of `f` at `x` with `v`, without the Hessian itself.",
        examples: [("hvp(x => sum(x^3), [1, 2], [1, 1])", "[6, 12]")], seeAlso: ["hessian"],
        result: Results.unknown,
        forward: { c in
            let f = try c.function(0), x = try c.value(1), v = try c.value(2)
            let inner = Value.function(NativeFunction("hvp", captured: [f]) { interpreter, arguments, _ in
                let g = try interpreter.gradientPair(f, arguments, what: "hvp", training: false).gradient
                return try Op.sum(g * v, .none, .bool(false))
            })
            return try c.interpreter.gradientPair(inner, [x], what: "hvp", training: false).gradient
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
