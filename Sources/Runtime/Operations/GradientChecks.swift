import Autodiff
import Syntax
import Tensors

// `gradcheck`, which compares gradients with differences, and `backprop`, the lecture's view of them.

extension Interpreter {
    /// The same value with every float tensor and number in f64.
    func doubled(_ value: Value) throws -> Value {
        switch value {
        case .tensor(let t, let serial):
            guard t.dtype == .f32 else { return value }
            return serial == 0 ? Value(try Tensor.convert(t, to: .f64)) : try Op.cast(value, Value(DType.f64.name))
        case .scalar(let x, let type): return type == .bool ? value : .scalar(x, .f64)
        case .list(let l):
            try walk()
            return Value(list: try l.items.map { try doubled($0) })
        case .record(let r):
            try walk()
            return .record(Record(r.keys, try r.values.map { try doubled($0) }))
        default: return value
        }
    }

    /// The numbers and tensors in a value with their paths.
    private func flattened(_ value: Value, _ path: String, _ parts: inout [(path: String, value: Value)]) throws {
        switch value {
        case .tensor(let t, _) where t.dtype == .bool: break
        case .number, .scalar, .tensor: parts.append((path, value))
        case .list(let l):
            try goOn()
            for (i, item) in l.items.enumerated() { try flattened(item, path.isEmpty ? "\(i)" : "\(path).\(i)", &parts) }
        case .record(let r):
            try goOn()
            for (key, item) in zip(r.keys, r.values) { try flattened(item, path.isEmpty ? key : "\(path).\(key)", &parts) }
        default: break
        }
    }

    /// The value with its numbers and tensors replaced, in the order of `flattened`.
    private func rebuilt(_ value: Value, _ parts: inout ArraySlice<Value>) -> Value {
        switch value {
        case .tensor(let t, _) where t.dtype == .bool: return value
        case .number, .scalar, .tensor: return parts.removeFirst()
        case .list(let l): return Value(list: l.items.map { rebuilt($0, &parts) })
        case .record(let r): return .record(Record(r.keys, r.values.map { rebuilt($0, &parts) }))
        default: return value
        }
    }

    private func isRange(_ value: Value) -> Bool { if case .range = value { true } else { false } }

    fileprivate func gradientCheck(_ f: Value, _ x: Value) throws -> Value {
        try refuseDeepNesting(x, "gradcheck")
        var isModel = false
        if case .object = x { isModel = true }
        if case .function = x { isModel = true }
        let saved = (defaultType, isTraining, isCheckingGradients)
        if isModel {
            // What is made at the first call is made now, as the network makes it.
            var isUnmade = false
            _ = try parameters(of: x) { _ in isUnmade = true }
            if isUnmade { _ = try inMode(training: false, isForced: onlyEvaluates) { try tape.pausing { try apply(f, [x]) } } }
        }
        (defaultType, isTraining, isCheckingGradients) = (.f64, !onlyEvaluates, true)
        defer { (defaultType, isTraining, isCheckingGradients) = saved }

        let before = try Surroundings(self, of: [f, x])
        defer { before.restore(self) }
        try before.double(self)
        let surroundings = try Surroundings(self, of: [f, x])
        let places = isModel ? try parameters(of: x) : []
        var parts: [(path: String, value: Value)] = []
        let argument = isModel ? x : try doubled(isRange(x) ? stacked(x, what: "the argument") : x)
        if isModel { parts = places.map { ($0.path, $0.value) } } else { try flattened(argument, "", &parts) }
        let (_, gradients) = try gradientPair(f, [argument], what: "gradcheck")
        var analytic: [(path: String, value: Value)] = []
        try flattened(gradients, "", &analytic)
        // Copies: they are changed element by element, and the caller may hold the originals.
        let tensors = try parts.map { try Tensor.copy(Tensor.convert($0.value.tensor(), to: .f64)) }

        func evaluate() throws -> Double {
            surroundings.restore(self)
            let result: Value
            if isModel {
                // What `f` changed is as it was too.
                for (place, t) in zip(places, tensors) { place.set(Value(t)) }
                result = try apply(f, [x])
            } else {
                var values = try zip(parts, tensors).map { part, t -> Value in
                    if case .number = part.value { return .number(t.f64[0]) }
                    return Value(try Tensor.copy(t))
                }[...]
                result = try apply(f, [rebuilt(argument, &values)])
            }
            guard let y = result.asDouble else { throw Diagnostic(.shape, "gradcheck needs a function that gives one number, got \(result.described)") }
            return y
        }

        var rows: [(path: String, shape: String, difference: Double, size: Double, absolute: Double)] = []
        for (k, t) in tensors.enumerated() {
            let g = try analytic[k].value.tensor()
            var difference = 0.0, size = 0.0, absolute = 0.0
            for i in 0..<t.count {
                let center = t.f64[i]
                // The cube root of the machine precision balances truncation against rounding.
                let h = 6e-6 * Swift.max(1, Swift.abs(center))
                func at(_ v: Double) throws -> Double {
                    t.f64[i] = v
                    defer { t.f64[i] = center }
                    return try evaluate()
                }
                let above = center + h, below = center - h
                let numeric = (try at(above) - at(below)) / (above - below)
                let exact = g.element(i)
                difference += (numeric - exact) * (numeric - exact)
                size += numeric * numeric + exact * exact
                let distance = Swift.abs(numeric - exact)
                if distance > absolute || distance.isNaN { absolute = distance }
            }
            rows.append((parts[k].path.isEmpty ? "x" : parts[k].path, Value(t).described, difference.squareRoot(), size.squareRoot(), absolute))
        }
        // Where a part's gradient is next to nothing beside the whole (a bias before batch normalization), the rounding of the
        // differences is not counted against that part alone.
        let whole = rows.reduce(0) { $0 + $1.size * $1.size }.squareRoot()
        func relative(_ difference: Double, _ size: Double) -> Double { whole == 0 ? 0 : difference / Swift.max(size, whole / 1000) }
        var worstRelative = 0.0, worstAbsolute = 0.0
        let width = Swift.max(9, rows.map { $0.path.count }.max() ?? 0)
        func padded(_ s: String, _ n: Int) -> String { s + String(repeating: " ", count: Swift.max(0, n - s.count)) }
        func short(_ x: Double) -> String { (try? Tensors.formatted(x, spec: ".1e")) ?? numberText(x) }
        host.write("\(padded("parameter", width))  \(padded("shape", 16))  relative  absolute\n")
        for (path, shape, difference, size, absolute) in rows {
            let relative = relative(difference, size)
            if relative > worstRelative || relative.isNaN { worstRelative = relative }
            if absolute > worstAbsolute || absolute.isNaN { worstAbsolute = absolute }
            let text = shape.hasPrefix("tensor ") ? String(shape.dropFirst(7)) : shape
            host.write("\(padded(path, width))  \(padded(text, 16))  \(padded(short(relative), 8))  \(short(absolute))\n")
        }
        return .record(Record(["relative", "absolute"], [.number(worstRelative), .number(worstAbsolute)]))
    }

    /// True for the same elements in another form, as `flatten` gives them.
    private static func isReshaped(_ x: Value, _ y: Value) -> Bool {
        guard let a = try? x.tensor(), let b = try? y.tensor(), a.count == b.count, a.dtype == b.dtype else { return false }
        return (0..<a.count).allSatisfy { a.element($0).bitPattern == b.element($0).bitPattern }
    }

    fileprivate func backpropagate(_ net: Value, _ x: Value, _ y: Value, _ loss: Value, _ penalty: Value) throws -> Value {
        let wasTraining = isTraining
        isTraining = !onlyEvaluates
        tape.begin()
        var network = WatchedNetworks([net])
        defer {
            network.settle()
            tape.end()
            isTraining = wasTraining
        }
        // Layers that are made at the first call are made now, so that every parameter can be watched.
        var isUnmade = false
        _ = try parameters(of: net) { _ in isUnmade = true }
        if isUnmade { _ = try inMode(training: false, isForced: onlyEvaluates) { try tape.pausing { try apply(net, [x]) } } }
        try network.begin(self)
        let places = network.places
        let input = try watched(isSequence(x) ? stacked(x, what: "`x` of backprop") : x)
        let stages: [Value]
        if case .object(let o) = net, let list = o.stages { stages = list } else { stages = [net] }

        // A lecture layer is a stage with parameters and the stages without any behind it.
        var current = input
        var z: [Value] = [.none], a: [Value] = [input]
        var owners: [[ParameterPlace]] = [[]]
        for stage in stages {
            let own = try parameters(of: stage)
            let output = try apply(stage, [current])
            if !own.isEmpty {
                if z.count > 1 { a.append(current) } else if Self.isReshaped(input, current) { a[0] = current }
                z.append(output)
                owners.append(own)
            }
            current = output
        }
        if z.count > 1 { a.append(current) }

        var objective = try apply(loss, [current, y])
        let lossValue = objective
        if !penalty.isNone { objective = try binary(.add, objective, apply(penalty, [net])) }
        let output = try objective.variable()
        guard output.tensor.count == 1 else { throw Diagnostic(.shape, "backprop needs a loss that gives one number, got \(objective.described)") }
        let seed = Variable(try Tensor.fill(output.tensor.shape, 1, output.tensor.dtype))
        let leaves = [input.serial] + z.dropFirst().map(\.serial) + network.leaves
        let cotangents = try tape.gradients(of: output, seed: seed, leaves: leaves)

        func gradient(_ i: Int, _ of: Value) throws -> Value {
            if let g = cotangents[i] { return Value(g).detached.unboxed }
            let t = try of.tensor()
            return Value(try Tensor.fill(t.shape, 0, t.dtype)).unboxed
        }
        let k = z.count - 1
        let delta = try (0...k).map { try gradient($0, $0 == 0 ? input : z[$0]) }
        var grads: [String: Value] = [:]
        for (i, place) in places.enumerated() { grads[place.path] = try gradient(1 + k + i, network.originals[i]) }
        func part(_ j: Int, _ name: String) throws -> Value {
            guard j > 0 else { return .none }
            let own = owners[j].filter { $0.path == name || $0.path.hasSuffix("." + name) }
            guard own.count == 1, let place = places.first(where: { $0.isSame(as: own[0]) }), let g = grads[place.path] else { return .none }
            return g
        }
        return .record(Record(["loss", "objective", "grads", "a", "z", "delta", "grad_W", "grad_b"], [
            lossValue.detached.unboxed,
            objective.detached.unboxed,
            .record(Record(places.map(\.path), places.map { grads[$0.path]! })),
            Value(list: a.map(\.detached)),
            Value(list: z.map(\.detached)),
            Value(list: delta),
            Value(list: try (0...k).map { try part($0, "W") }),
            Value(list: try (0...k).map { try part($0, "b") }),
        ]))
    }
}

extension Op {
    public static let gradcheck = Operation("gradcheck(f, x)", .gradients,
        "Compares the gradient of `f` at `x` (a number, tensor, record, list or network) with central differences in f64, prints a table and gives `{relative, absolute}`: the largest ‖a − n‖/√(‖a‖² + ‖n‖²) of a part (of a part with next to no gradient: against a thousandth of the whole) and the largest |a − n|. A network that is not made yet is made first. Random numbers and states are the same at each evaluation.",
        examples: [("r = gradcheck(x => sum(x^2), [1, 2])", "parameter  shape             relative  absolute\nx          [2]               0.0e+00   0.0e+00")],
        seeAlso: ["grad"], lecture: 2,
        result: Results.called,
        forward: { c in try c.interpreter.gradientCheck(try c.function(0), c[1]) })

    public static let backprop = Operation("backprop(net, x, y, loss=cross_entropy, penalty=none)", .gradients,
        "The backward pass as on the slide: a record with `loss`, `objective` (loss and penalty, of which all gradients are), `grads` (by parameter path) and lists by layer j: `a` (a⁰ = x), `z`, `delta` (δ^j = ∂L/∂z^j; `delta[0]` = ∇ₓL), `grad_W` ([units, inputs]) and `grad_b`. Layer j is a layer with parameters and the activation behind it. For a batch in rows `grad_W[j] == delta[j]' @ a[j-1]`, and the gradient of the penalty where there is one is added. Functions in front of the first layer belong to none: where they do more than reshape x (`a[0]` is then x as the layer sees it, in rows), the equation begins with j = 2.",
        examples: [("b = backprop(dense(1) >> relu, [[1, 2]], [[0.5]], loss=mse)\n(len(b.a), shape(b.delta[1]), shape(b.grad_W[1]))", "(2, (1, 1), (1, 2))")],
        seeAlso: ["grad", "gradcheck"], lecture: 2,
        result: Results.backprop,
        forward: { c in
            let loss = c[3].isNone ? Value(c.interpreter.prelude["cross_entropy"]!) : try c.function(3)
            c.interpreter.warnOfScores(c[0], loss)
            return try c.interpreter.backpropagate(try c.function(0), c[1], c[2], loss, c[4])
        })

    static let gradientChecks = [gradcheck, backprop]
}
