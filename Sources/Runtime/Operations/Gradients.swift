import Autodiff
import Syntax
import Tensors

// `grad` and its kin. Each runs the function once on fresh leaves and walks the tape back.

/// A list or record taken apart into the leaves of a recording and put together again from their gradients.
private struct Leaves {
    var serials: [UInt64] = []
    var originals: [Value] = []

    mutating func collect(_ value: Value, _ original: Value) throws {
        switch (value, original) {
        case (.tensor(_, let serial), _) where serial != 0:
            serials.append(serial)
            originals.append(original)
        case (.list(let l), .list(let o)):
            try Interpreter.current.goOn()
            for (item, source) in zip(l.items, o.items) { try collect(item, source) }
        case (.record(let r), .record(let o)):
            try Interpreter.current.goOn()
            for (item, source) in zip(r.values, o.values) { try collect(item, source) }
        default: break
        }
    }

    /// The gradients in the argument's own form; `networks` are those of the networks inside, in order.
    func mirror(_ original: Value, _ gradients: inout ArraySlice<Value>, _ networks: inout ArraySlice<Value>) throws -> Value {
        switch original {
        case .list(let l):
            try Interpreter.current.goOn()
            return Value(list: try l.items.map { try mirror($0, &gradients, &networks) })
        case .record(let r):
            try Interpreter.current.goOn()
            return .record(Record(r.keys, try r.values.map { try mirror($0, &gradients, &networks) }))
        case .object, .function: return networks.popFirst() ?? .none
        case .number, .scalar: return gradients.popFirst() ?? .none
        case .tensor(let t, _): return t.dtype == .bool ? .none : gradients.popFirst() ?? .none
        default: return .none
        }
    }
}

/// Networks whose parameters are leaves of a recording while a function runs. What the function assigns to a parameter
/// takes its place afterwards; the gradient is with respect to what it held at the start.
struct WatchedNetworks {
    let networks: [Value]
    /// How many parameters each of several has; one that they share belongs to the first.
    private(set) var counts: [Int] = []
    private(set) var places: [ParameterPlace] = []
    /// What the parameters held before, and the leaves in its place.
    private(set) var originals: [Value] = []
    private(set) var leaves: [UInt64] = []
    private var structure = 0

    init(_ networks: [Value]) { self.networks = networks }

    /// Makes the parameters leaves. `settle` must follow, however this ends.
    mutating func begin(_ interpreter: Interpreter) throws {
        (places, counts) = try parameters(interpreter)
        originals = places.map(\.value)
        leaves = Array(repeating: 0, count: places.count)
        for (i, place) in places.enumerated() {
            place.set(try interpreter.watched(originals[i]))
            leaves[i] = place.value.serial
        }
        structure = Object.structure
    }

    /// Parameters made meanwhile are leaves too; those that the function replaced by something else are not.
    mutating func update(_ interpreter: Interpreter) throws {
        guard structure != Object.structure else { return }
        let before = self
        (places, counts) = try parameters(interpreter)
        originals = []
        leaves = []
        for place in places {
            if let k = before.places.firstIndex(where: { $0.isSame(as: place) }) {
                originals.append(before.originals[k])
                leaves.append(before.leaves[k])
            } else {
                let made = interpreter.madeWhileRecording.last { $0.object === place.object && $0.field == place.field }
                let leaf = made.map { place.part(of: $0.leaf) } ?? place.value
                originals.append(leaf.detached)
                leaves.append(leaf.serial)
            }
        }
        for (k, place) in before.places.enumerated() where place.value.serial != 0 && !places.contains(where: { $0.isSame(as: place) }) {
            place.set(before.originals[k])
        }
    }

    /// Leaves go back to what they stand for; what was assigned stays, as a constant.
    func settle() {
        for (i, place) in places.enumerated() {
            let value = place.value
            if value.serial != 0 { place.set(value.serial == leaves[i] ? originals[i] : value.detached) }
        }
    }

    private func parameters(_ interpreter: Interpreter) throws -> ([ParameterPlace], [Int]) {
        if networks.count == 1 {
            return (try interpreter.parameters(of: networks[0]), [])
        }
        var all: [ParameterPlace] = [], counts: [Int] = []
        var seen: Set<[Int]> = []
        for network in networks {
            let own = try interpreter.parameters(of: network).filter { seen.insert([Int(bitPattern: ObjectIdentifier($0.object)), $0.field] + ($0.inside ?? [])).inserted }
            all += own
            counts.append(own.count)
        }
        return (all, counts)
    }

    /// The gradients, one record by path for each network; none for a function without parameters.
    func records(_ interpreter: Interpreter, _ gradients: [Value]) -> [Value] {
        var start = 0
        return zip(networks, networks.count == 1 ? [places.count] : counts).map { network, count in
            let range = start..<start + count
            start += count
            if count == 0, case .function = network { return .none }
            return .record(Record(interpreter.parameterKeys(network, Array(places[range])), Array(gradients[range])))
        }
    }
}

extension Interpreter {
    /// The networks in a list or record, in order.
    fileprivate func networks(in value: Value, _ found: inout [Value]) throws {
        switch value {
        case .object, .function: found.append(value)
        case .list(let l):
            try goOn()
            for item in l.items { try networks(in: item, &found) }
        case .record(let r):
            try goOn()
            for item in r.values { try networks(in: item, &found) }
        default: break
        }
    }

    /// What has no gradient: a bool, a string, none, a tensor of bools.
    static func hasNoGradient(_ argument: Value, _ what: String) -> Diagnostic {
        let described = if case .tensor = argument { "a tensor of bools" } else { argument.described }
        return Diagnostic(.type, "\(what) differentiates by the first argument: \(described) has no gradient")
    }

    /// A function that gives a tensor of several numbers.
    static func notOneNumber(_ shape: [Int], _ what: String) -> Diagnostic {
        var error = Diagnostic(.shape, "\(what) needs a function that gives one number, got a tensor \(shapeText(shape))", help: ["take its `sum` or `mean`, or use `jacobian`"])
        // The shapes of the arguments explain nothing.
        error.isToCaller = true
        return error
    }

    /// The value of `call` at leaves made of `argument`, in training mode, and the gradient in the argument's own form.
    func gradientPair(_ argument: Value, what: String, training: Bool = true, _ call: (Value) throws -> Value) throws -> (value: Value, gradient: Value) {
        let original: Value
        switch argument {
        case .bool, .string, .none: throw Self.hasNoGradient(argument, what)
        case .tensor(let t, _) where t.dtype == .bool: throw Self.hasNoGradient(argument, what)
        case .range: original = try checked(stacked(argument, what: "the argument"))
        case .list, .record:
            try refuseDeepNesting(argument, what)
            original = try checked(argument)
        default: original = try checked(argument)
        }
        return try recording(training: training) {
            switch original {
            case .object, .function: return try networkGradient(original, what, call)
            case .list, .record:
                var leaves = Leaves(), found: [Value] = []
                try networks(in: original, &found)
                var inside = WatchedNetworks(found)
                defer { inside.settle() }
                try inside.begin(self)
                let watched = try watched(original)
                try leaves.collect(watched, original)
                let output = try scalar(call(watched), what)
                try inside.update(self)
                let cotangents = try tape.gradients(of: output, seed: one(output, what: what), leaves: leaves.serials + inside.leaves)
                let gradients = try zip(cotangents, leaves.originals + inside.originals).map { try gradientValue($0, of: $1) }
                var parts = gradients[..<leaves.serials.count]
                var records = inside.records(self, Array(gradients[leaves.serials.count...]))[...]
                return (depthSafe(Value(output)), try leaves.mirror(original, &parts, &records))
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

    /// Within `gradcheck` every gradient is in f64, those of functions called on the way too.
    private func checked(_ argument: Value) throws -> Value { isCheckingGradients ? try doubled(argument) : argument }

    /// Runs `body` in a recording, in training mode (unless evaluation is asked for) or in the mode that is.
    private func recording<T>(training: Bool, _ body: () throws -> T) rethrows -> T {
        tape.begin()
        let wasTraining = isTraining
        if training, !onlyEvaluates { isTraining = true }
        defer {
            isTraining = wasTraining
            tape.end()
            if tape.depth == 0 {
                if !recordedPlaces.isEmpty { recordedPlaces = [] }
                if !madeWhileRecording.isEmpty { madeWhileRecording = [] }
            }
        }
        return try body()
    }

    /// By the parameters of a network, which are leaves while `call` runs.
    private func networkGradient(_ model: Value, _ what: String, _ call: (Value) throws -> Value) throws -> (value: Value, gradient: Value) {
        var network = WatchedNetworks([model])
        defer { network.settle() }
        try network.begin(self)
        let output = try scalar(call(model), what)
        try network.update(self)
        let cotangents = try tape.gradients(of: output, seed: one(output, what: what), leaves: network.leaves)
        var parts: [Value] = []
        parts.reserveCapacity(cotangents.count)
        for (i, cotangent) in cotangents.enumerated() { parts.append(try gradientValue(cotangent, of: network.originals[i])) }
        return (depthSafe(Value(output)), .record(Record(parameterKeys(model, network.places), parts)))
    }

    /// A function's result as the variable to differentiate.
    private func scalar(_ result: Value, _ what: String, _ wanted: String = "a number") throws -> Variable {
        switch result {
        case .number, .scalar, .tensor: return try result.variable()
        case .list: throw Diagnostic(.type, "\(what) needs a function that gives \(wanted), got a list")
        default: throw Diagnostic(.type, "\(what) needs a function that gives \(wanted), got \(result.described)")
        }
    }

    /// The cotangent of a scalar result: one.
    private func one(_ output: Variable, what: String) throws -> Variable {
        guard output.tensor.count == 1 else { throw Self.notOneNumber(output.tensor.shape, what) }
        let seed = try Tensor.make(like: output.tensor)
        seed.setElement(0, 1)
        return Variable(seed)
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

    /// The gradient of what the gradient of `f` at `x` and `v` have as their product.
    fileprivate func hessianProduct(_ f: Value, _ x: Value, _ v: Value) throws -> Value {
        let inner = Value.function(NativeFunction("hvp", captured: [f]) { interpreter, arguments, _ in
            let g = try interpreter.gradientPair(f, arguments, what: "hvp", training: false).gradient
            if let gradient = try? g.tensor(), let direction = try? interpreter.isSequence(v) ? interpreter.stacked(v, what: "v").tensor() : v.tensor(), !gradient.hasShape(of: direction) {
                throw Diagnostic(.shape, "hvp needs a direction of the shape of x: x is \(shapeText(gradient.shape)), v is \(shapeText(direction.shape))")
            }
            return try Op.sum(g * v, .none, .bool(false))
        })
        return try gradientPair(inner, [x], what: "hvp", training: false).gradient
    }

    /// The Jacobian: rows are the elements of the result, columns those of the argument.
    fileprivate func jacobian(_ f: Value, _ arguments: [Value], what: String) throws -> Value {
        guard let first = arguments.first else { throw Diagnostic(.type, "\(what) needs an argument") }
        switch first {
        case .number, .scalar, .tensor, .list, .range: break
        default: throw Diagnostic(.type, "\(what) differentiates by a number or a tensor, got \(first.described)")
        }
        let argument = try checked(isSequence(first) ? stacked(first, what: "the argument") : first)
        var outputShape: [Int] = []
        let rows = try recording(training: false) {
            let leaf = try watched(argument)
            let result = try apply(f, [leaf] + arguments.dropFirst())
            let output = try scalar(isSequence(result) && stacks(result) ? stacked(result, what: "the result") : result, what, "a number or a tensor")
            outputShape = output.tensor.shape
            try refuseTooLarge(outputShape + argument.tensor().shape, output.tensor.dtype)
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

    /// Refuses at once what would not fit into memory after a long time.
    private func refuseTooLarge(_ shape: [Int], _ type: DType) throws {
        var bytes = type.size
        for size in shape {
            let (product, over) = bytes.multipliedReportingOverflow(by: size)
            bytes = over ? Int.max : product
        }
        guard bytes < Memory.limit - Memory.used else { throw Diagnostic(.limit, "not enough memory for \(shapeText(shape))") }
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
        "The function that gives the gradient of `f` with respect to its first argument, in that argument's own form: a number, a tensor, a record or list, or a record by parameter path for a network. `f` gives one number; it runs once, in training mode (within `eval_mode` in evaluation mode). Nested use gives higher derivatives.",
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

    public static let hvp = Operation("hvp(f, x=none, v=none)", .gradients,
        "The product of the Hessian of `f` at `x` with `v`, without the Hessian itself. `hvp(f)` is the function of `x` and `v`.",
        examples: [("hvp(x => sum(x^3), [1, 2], [1, 1])", "[6, 12]"), ("hvp(x => sum(x^3))([1, 2], [1, 1])", "[6, 12]")], seeAlso: ["hessian"],
        result: Results.unseen,
        forward: { c in
            let f = try c.function(0)
            guard c.isNone(1), c.isNone(2) else { return try c.interpreter.hessianProduct(f, try c.value(1), try c.value(2)) }
            return .function(NativeFunction("hvp", captured: [f]) { interpreter, arguments, keywords in
                guard arguments.count == 2, keywords.isEmpty else { throw Diagnostic(.type, "hvp(f) takes x and v, got \(counted(arguments.count + keywords.count, "argument"))") }
                return try interpreter.hessianProduct(f, arguments[0], arguments[1])
            })
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
        return try constant(value)
    }

    /// Lists and records nested very deep are taken apart by recursion, so they are refused first.
    func refuseDeepNesting(_ value: Value, _ what: String) throws {
        if value.isNestedDeeper(than: 1_000) { throw Diagnostic(.limit, "\(what): values nested too deep") }
    }

    private func constant(_ value: Value) throws -> Value {
        try walk()
        switch value {
        case .tensor: return value.detached
        case .list(let l): return Value(list: try l.items.map { try constant($0) })
        case .record(let r): return .record(Record(r.keys, try r.values.map { try constant($0) }))
        default: return value
        }
    }
}
