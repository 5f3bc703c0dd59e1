import Autodiff
import Syntax
import Tensors

// What is asked of a whole network: its parameters, an update, a copy, a summary, its mode.
extension Interpreter {
    /// The network whose parameters are wanted, or an error that says what is.
    fileprivate func network(_ value: Value, _ what: String) throws -> Value {
        switch value {
        case .object, .function, .list, .record: return value
        default: throw Diagnostic(.type, "\(what) wants a network, got \(value.described)")
        }
    }

    /// The parameters of a network, or an error where some are not made yet.
    func madeParameters(_ value: Value, _ what: String) throws -> [ParameterPlace] {
        try parameters(of: network(value, what)) { path in
            throw Diagnostic(.value, "the parameter `\(path)` is not made yet",
                             help: ["it is made at the first call, when the input's size is known: call the network once, or `build(net, x)`"])
        }
    }

    /// Makes the parameters of a network by one call in evaluation mode.
    fileprivate func make(_ net: Value, for x: Value) throws {
        try inMode(training: false) { _ = try tape.pausing { try apply(net, [x]) } }
    }

    /// Runs `body` in a mode and restores the one before. Gradients within keep to evaluation where it is that, unless
    /// `isForced` is false.
    func inMode<T>(training: Bool, isForced: Bool = true, _ body: () throws -> T) rethrows -> T {
        let before = (isTraining, onlyEvaluates)
        (isTraining, onlyEvaluates) = (training, isForced && !training)
        defer { (isTraining, onlyEvaluates) = before }
        return try body()
    }
}

extension Op {
    static let weights = Operation("_weights(net, biases=false)", .training,
        "A list of the trained tensors of rank 2 and more, or with `biases` of all: what a penalty counts.", seeAlso: ["params", "l2"],
        forward: { c in
            let biases = try c.bool(1)
            return Value(list: try c.interpreter.madeParameters(c[0], "a penalty").map(\.value).filter { try biases || $0.tensor().rank > 1 })
        })

    /// Σ sum(square(w)) over a list of tensors, with the roundings of that formula: what `l2` needs of a network, as one
    /// recorded operation.
    static let squareSum = Operation("_square_sum(tensors)", .training, "The sum of the squares of all elements of a list of tensors.",
        forward: { c in
            guard case .list(let list) = c[0] else { throw c.wrong(0, "a list of tensors") }
            var total = Value.number(0)
            for item in list.items {
                let w = try item.tensor()
                total = try c.interpreter.binary(.add, total, Value(try Tensor.reduce(.sum, try Tensor.unary(.square, w), axes: nil, keep: false)).unboxed)
            }
            return total
        },
        backward: { b in
            guard case .list(let list) = b.argument(0) else { return }
            for j in list.items.indices where b.needs(1 + j) {
                let w = b.x(1 + j)
                try b.give(1 + j, typed(b.g * (w * .number(2)), like: w))
            }
        })

    public static let params = Operation("params(net)", .training,
        "A flat record of the network's trained tensors by path, such as `\"0.W\"`. A gradient has the same keys. Layers are found in `param`s and arguments of layers, in lists and records, and where functions captured them or read them at top level.",
        examples: [("net = dense(2)\nbuild(net, zeros(1, 3))\nkeys(params(net))", "(\"W\", \"b\")")], seeAlso: ["update", "build", "summary"],
        result: Results.parameters,
        forward: { c in
            let places = try c.interpreter.madeParameters(c[0], "params")
            return .record(Record(places.map(\.path), places.map(\.value)))
        })

    public static let update = Operation("update(net, f, r...)", .training,
        "Sets each parameter p of the network to `f(p, r[key]…)`, with the values of the given records under the parameter's key. Given a tensor, a record or a list instead of a network, it gives the new one.",
        examples: [("update({w: 1, v: 2}, (p, g) => p - g, {w: 0.5, v: 1})", "{w: 0.5, v: 1}")], seeAlso: ["params", "sgd"],
        result: Results.update,
        forward: { c in
            let interpreter = c.interpreter
            if case .record = c[1] {
                throw c.fault(.type, 1, "\(c.label(1)) must be a function, got record",
                              help: ["the function of a parameter and its gradient comes first: write `update(‹net›, (w, g) => w - 0.1 * g, ‹f›)`"])
            }
            let f = try c.function(1)
            guard case .list(let rest) = c[2] else { return .none }
            func entry(_ r: Value, _ key: String) throws -> Value {
                guard case .record(let record) = r else { throw Diagnostic(.type, "update wants records by parameter path, got \(r.described)") }
                guard let v = record[key] else { throw Diagnostic(.value, "update: `\(key)` is missing from a record", help: ["a gradient has the keys of `params(net)`"]) }
                return v
            }
            func listed(_ value: Value) -> String { if case .list(let l) = value { "one of \(l.items.count)" } else { value.described } }
            func isPlain(_ value: Value) throws -> Bool {
                switch value {
                case .object, .function: return false
                case .list(let l):
                    try interpreter.walk()
                    return try l.items.allSatisfy(isPlain)
                default: return true
                }
            }
            // What has no gradient (a text, a bool) has none in its place, and stays.
            func changed(_ p: Value, _ others: [Value]) throws -> Value {
                switch p {
                case .bool, .string, .none: others.contains(where: \.isNone) ? p : try interpreter.apply(f, [p] + others)
                default: try interpreter.apply(f, [p] + others)
                }
            }
            switch c[0] {
            case .record(let r):
                return .record(Record(r.keys, try zip(r.keys, r.values).map { key, p in try changed(p, rest.items.map { try entry($0, key) }) }))
            case .list(let l) where try isPlain(c[0]):
                // By place, as a record by key.
                for (k, r) in rest.items.enumerated() {
                    guard case .list(let given) = r, given.items.count == l.items.count else {
                        throw c.fault(.type, 2, item: k, "update of a list of \(l.items.count) wants lists as long, got \(listed(r))")
                    }
                }
                return Value(list: try l.items.enumerated().map { i, p in
                    try changed(p, rest.items.map { if case .list(let given) = $0 { given.items[i] } else { .none } })
                })
            case .number, .scalar, .tensor: return try interpreter.apply(f, [c[0]] + rest.items)
            default:
                // All new values first, so that an error leaves the network as it was.
                let places = try interpreter.madeParameters(c[0], "update")
                let values = try places.map { place in
                    let value = try interpreter.apply(f, [place.value] + rest.items.map { try entry($0, place.path) })
                    if let old = try? place.value.tensor(), let new = try? value.tensor(), !old.hasShape(of: new) {
                        throw Diagnostic(.shape, "update would change the shape of `\(place.path)` from \(Value(old).described) to \(Value(new).described)")
                    }
                    return value
                }
                for (place, value) in zip(places, values) { place.set(value) }
                return .none
            }
        })

    public static let build = Operation("build(net, x)", .training,
        "Makes the parameters of a network for inputs like `x`, by one call in evaluation mode; gives the network.",
        examples: [("net = build(dense(3) >> relu >> dense(1), ones(1, 2))\nshape(net[0].W)", "(3, 2)")],
        seeAlso: ["params", "summary"],
        result: Results.build,
        forward: { c in
            try c.interpreter.make(c[0], for: c[1])
            return c[0]
        })

    public static let copyOf = Operation("copy(x)", .training,
        "A deep copy of an object: its parameters, states and layers are its own. Any other value is itself. A network that reads layers at top level cannot be copied.",
        examples: [("a = dense(1)\nb = copy(a)\na == b", "false")],
        result: Results.copy,
        forward: { c in
            var seen: [ObjectIdentifier: Object] = [:]
            let copy = try c.interpreter.copied(c[0], &seen)
            switch c[0] {
            case .object, .function:
                guard let shared = try c.interpreter.parameters(of: c[0]).first(where: { seen[ObjectIdentifier($0.object)] == nil }) else { return copy }
                throw Diagnostic(.value, "a copy would share the parameter `\(shared.path)`: its layer is read at top level",
                                 help: ["for a network that can be copied, make a chain with `>>`, or a `layer` with its layers as `param`s"])
            default: return copy
            }
        })

    public static let trainMode = Operation("train_mode(f)", .training, "Calls `f()` with networks in training mode: dropout drops, batch normalisation uses the batch.",
        examples: [("train_mode(() => training())", "true")], seeAlso: ["eval_mode", "training"],
        result: Results.trainMode,
        forward: { c in try c.interpreter.inMode(training: true) { try c.interpreter.apply(c[0], []) } })

    public static let evalMode = Operation("eval_mode(f)", .training, "Calls `f()` with networks in evaluation mode, in gradients too; a `fit` within still trains.",
        examples: [("eval_mode(() => training())", "false")], seeAlso: ["train_mode", "training"],
        result: Results.evalMode,
        forward: { c in try c.interpreter.inMode(training: false) { try c.interpreter.apply(c[0], []) } })

    public static let summary = Operation("summary(net, x=none)", .training,
        "Prints a table of the network's layers: path, layer, shapes of its parameters and their number. With `x` the parameters are made first, as by `build(net, x)`.",
        examples: [("summary(build(dense(3) >> relu >> dense(1), ones(1, 2)))", "0  dense(3)  W [3, 2], b [3]  9\n2  dense(1)  W [1, 3], b [1]  4\n13 parameters")],
        seeAlso: ["params", "build"],
        result: Results.summary,
        forward: { c in
            let interpreter = c.interpreter, net = try interpreter.network(c[0], "summary")
            if !c.isNone(1) { try interpreter.make(net, for: c[1]) }
            let places = try interpreter.parameters(of: net)
            var rows: [[String]] = []
            var total = 0, isWhole = true
            for (path, object) in try interpreter.objects(of: c[0]) where !object.isSequential {
                let own = places.filter { $0.object === object }
                let shapes = own.map { place in
                    let name = place.path.split(separator: ".").last.map(String.init) ?? place.path
                    return "\(name) \((try? place.value.tensor().shape).map { "[\($0.map(String.init).joined(separator: ", "))]" } ?? "")"
                }
                let count = own.reduce(0) { $0 + ((try? $1.value.tensor().count) ?? 0) }
                total += count
                let unmade = object.pending > 0 ? "not made yet" : ""
                if object.pending > 0 { isWhole = false }
                rows.append([path.isEmpty ? "net" : path, interpreter.display(.object(object)), (shapes + [unmade]).filter { !$0.isEmpty }.joined(separator: ", "), "\(count)"])
            }
            let widths = (0..<3).map { i in rows.map { $0[i].count }.max() ?? 0 }
            for row in rows {
                let cells = (0..<3).map { row[$0] + String(repeating: " ", count: widths[$0] - row[$0].count) }
                interpreter.host.write(cells.joined(separator: "  ") + "  " + row[3] + "\n")
            }
            interpreter.host.write("\(total) parameters" + (isWhole ? "\n" : " so far: `build(net, x)` makes the rest\n"))
            return .none
        })

    static let networks = [weights, squareSum, params, update, build, copyOf, trainMode, evalMode, summary]
}
