import Syntax
import Tensors

// Losses: the mean over the batch of how far predictions are from targets.
//
// Goals: (1) shapes must be equal, never broadcast: `(N, 1)` against `(N)` is the classic silent mistake;
// (2) labels are checked; (3) the first gradient runs in fused kernels, higher ones in differentiable operations.

extension Backward {
    /// True while this backward pass is itself being recorded: then everything must be a differentiable operation.
    var isRecorded: Bool { Interpreter.current.tape.isRecording }
}

extension Value {
    /// `.number` 0-d tensors come back as plain numbers, other 0-d constants unboxed.
    init(scalarOf tensor: Tensor) { self = Value(tensor).unboxed }
}

extension Call {
    /// The two tensors of a loss, of one floating type and, unless one is a single number, of one shape.
    func pair(_ i: Int = 0, _ j: Int = 1) throws -> (Tensor, Tensor) {
        let x = try tensor(i), y = try tensor(j)
        guard x.hasShape(of: y) || x.dtype == .number || y.dtype == .number else {
            throw unequal(x.shape, y.shape, i, j)
        }
        guard x.count > 0, y.count > 0 else {
            throw Diagnostic(.value, "\(operation.name) of an empty batch has no mean: the shape is \(shapeText(x.shape))")
        }
        return (x, y)
    }

    /// The error for shapes that differ: it points at the tensor to change and says how.
    func unequal(_ x: [Int], _ y: [Int], _ i: Int, _ j: Int) -> Diagnostic {
        let message = "\(operation.name) needs equal shapes: \(shapeText(x)) against \(shapeText(y))"
        // Of two, the one with an axis of size 1 too many, and how it goes.
        for (k, long, short) in [(i, x, y), (j, y, x)] where long.count == short.count + 1 {
            if let axis = long.indices.first(where: { long[$0] == 1 && Array(long[..<$0] + long[($0 + 1)...]) == short }) {
                return fault(.shape, k, message, help: ["\(shapeText(long)) becomes \(shapeText(short)): \(dropping(axis, of: long, k))"])
            }
        }
        let name = operation.parameters[j].name
        if x.count == 2, y.count == 2, x == [y[1], y[0]] { return fault(.shape, j, message, help: ["one is the transpose of the other: write `‹\(name)›'`"]) }
        if x.count == y.count + 1, y == Array(x.dropLast()) {
            return fault(.shape, j, message, help: ["for class labels write `one_hot(‹\(name)›, \(x[x.count - 1]))`, or take `cross_entropy`"])
        }
        if x.reduce(1, &*) == y.reduce(1, &*) {
            return fault(.shape, j, message, help: ["write `reshape(‹\(name)›, \(x.map(String.init).joined(separator: ", ")))`"])
        }
        return fault(.shape, j, message)
    }

    /// How to take an axis of size 1 away from the argument of parameter `k`.
    private func dropping(_ axis: Int, of shape: [Int], _ k: Int) -> String {
        let name = operation.parameters[k].name
        return axis == 1 && shape.count == 2 ? "write `‹\(name)›[:, 0]`" : "write `squeeze(‹\(name)›, \(axis))`"
    }

    /// The mean of all elements, a 0-d tensor of their type.
    func mean(_ x: Tensor) throws -> Value { Value(scalarOf: try Tensor.reduce(.mean, x, axes: nil, keep: false)) }

    /// Class labels as whole numbers in `type`, checked to lie in 0 ..< classes, for logits of the given shape.
    func labels(_ i: Int, logits: Tensor, classes: Int) throws -> Tensor {
        let given = try tensor(i)
        let expected = Array(logits.shape.dropLast())
        guard given.shape == expected else {
            let message = "\(operation.name) needs one label for each row of scores: \(shapeText(logits.shape)) scores, \(shapeText(given.shape)) labels"
            if given.rank == expected.count + 1, given.shape.dropLast() == expected[...], given.shape.last == 1 {
                throw fault(.shape, i, message, help: ["\(shapeText(given.shape)) becomes \(shapeText(expected)): \(dropping(expected.count, of: given.shape, i))"])
            }
            if given.rank == 2, logits.rank == 1, given.shape[0] == logits.count {
                throw Diagnostic(.shape, message, help: ["the scores come first: write `\(operation.name)(‹\(operation.parameters[i].name)›, ‹\(operation.parameters[0].name)›)`"], of: self)
            }
            if given.shape == [classes], logits.rank == 1 || classes == given.count, logits.shape.first != given.count {
                throw fault(.shape, i, message, help: ["labels are class indices \(shapeText(expected)), one for each row"])
            }
            if logits.rank == 2, given.rank == 1, given.count == classes {
                throw fault(.shape, 0, message, help: ["examples stand in rows: write `‹\(operation.parameters[0].name)›'`"])
            }
            throw fault(.shape, i, message, help: ["labels are class indices \(shapeText(expected)) or probabilities \(shapeText(logits.shape))"])
        }
        var most = 0.0, least = Double.infinity
        for j in 0..<given.count {
            let v = given.element(j)
            if v >= 0, v < Double(classes), v == v.rounded(.towardZero) { continue }
            guard v == v.rounded(.towardZero), v.isFinite else {
                throw fault(.value, i, "labels must be whole numbers from 0 to \(classes - 1), but label \(j) is \(numberText(v))",
                                 help: given.hasShape(of: logits) ? [] : ["class indices are whole; for a target that is a number use `mse`"])
            }
            for k in 0..<given.count { most = max(most, given.element(k)); least = min(least, given.element(k)) }
            throw fault(.value, i, "label \(j) is \(numberText(v)), but there \(classes == 1 ? "is 1 class, 0" : "are \(classes) classes, 0 to \(classes - 1)")",
                        help: least >= 1 && most == Double(classes) ? ["labels count from 0: write `‹\(operation.parameters[i].name)› - 1`"]
                            : classes == 1 ? ["for a single score a row use `binary_cross_entropy`"]
                            : least >= 0 && most.isFinite ? ["the last layer needs \(numberText(most + 1)) units for labels up to \(numberText(most))"] : [])
        }
        return given.dtype == logits.dtype ? given : try Tensor.convert(given, to: logits.dtype)
    }

    /// Checks that the rows of the targets of `cross_entropy` are probabilities: not negative, and 1 in sum.
    func checkProbabilities(_ y: Tensor) throws {
        let classes = y.dims[y.rank - 1]
        func refused(_ what: String) -> Diagnostic {
            let help = classes > 1 ? ["for targets that are numbers take `mse`"]
                : ["for targets that are numbers take `mse`; for one score a row with labels 0 and 1 `binary_cross_entropy`"]
            return fault(.value, 1, "targets of cross_entropy with the shape of the scores are probabilities, \(classes) to a row: \(what)", help: help)
        }
        for row in 0..<y.count / classes {
            var sum = 0.0
            for j in row * classes..<(row + 1) * classes {
                let p = y.element(j)
                if p < 0 { throw refused("row \(row) has \(Interpreter.scalarText(p, y.dtype))") }
                sum += p
            }
            if (sum - 1).magnitude > 0.01 { throw refused("row \(row) adds up to \(Interpreter.scalarText(sum, y.dtype))") }
        }
    }

    /// Logits (or log-probabilities): floating, at least one class along the last axis, not an empty batch.
    func logits(_ i: Int) throws -> Tensor {
        let x = try tensor(i)
        guard x.rank >= 1, x.dtype == .f32 || x.dtype == .f64 else {
            throw fault(.shape, i, "\(operation.name) needs a row of scores for each example, got \(self[i].described)")
        }
        guard x.count > 0 else { throw Diagnostic(.value, "\(operation.name) of an empty batch has no mean: the shape is \(shapeText(x.shape))") }
        return x
    }
}

extension Op {
    /// Equal shapes (or a single number beside a tensor) give a single number.
    private static let equalShapes: ShapeRule = { shapes, _ in
        let x = try Rules.known(shapes, 0), y = try Rules.known(shapes, 1)
        guard x == y || x.isEmpty || y.isEmpty else {
            throw TensorError(.shape, "a loss needs equal shapes: \(shapeText(x)) and \(shapeText(y))")
        }
        return []
    }

    /// Scores [n, classes] and labels [n], or in the same shape.
    private static let scoresAndLabels: ShapeRule = { shapes, _ in
        let x = try Rules.known(shapes, 0), y = try Rules.known(shapes, 1)
        guard !x.isEmpty, y == Array(x.dropLast()) || y == x else {
            throw TensorError(.shape, "each row needs one label: logits are \(shapeText(x)), labels \(shapeText(y))")
        }
        return []
    }

    // MARK: Classification

    public static let crossEntropy: Operation = Operation("cross_entropy(logits, labels, smoothing=0)", .losses, """
        The mean over the batch of −log softmax(logits)[label]. Logits are [n, classes] (the scores before the softmax), \
        labels class indices [n] or probabilities [n, classes]. `smoothing` mixes the target with the uniform distribution.
        """,
        examples: [("cross_entropy([[0, 0]], [1])", "0.6931472"), ("cross_entropy([[0, 0]], [[0.5, 0.5]])", "0.6931472")],
        seeAlso: ["nll", "softmax", "log_softmax"], lecture: 1, shape: scoresAndLabels, result: Results.labelled,
        forward: { c in
            let x = try c.logits(0)
            let smoothing = try c.double(2)
            guard smoothing >= 0, smoothing <= 1 else {
                throw c.fault(.value, 2, "`smoothing` of cross_entropy must be from 0 to 1, got \(numberText(smoothing))")
            }
            let y = try c.tensor(1)
            guard y.rank == x.rank, y.hasShape(of: x), x.rank > 1 || y.count > 1 || x.count == 1 else {
                let labels = try c.labels(1, logits: x, classes: x.dims[x.rank - 1])
                return try crossEntropyOfLabels(try c.value(0), Value(labels), .number(smoothing))
            }
            try c.checkProbabilities(y)
            var target = try c.value(1)
            if y.dtype != x.dtype { target = try cast(target, Value(x.dtype.name)) }
            if smoothing > 0 { target = try target * .number(1 - smoothing) + .number(smoothing / Double(x.dims[x.rank - 1])) }
            let rows = Double(x.count / x.dims[x.rank - 1])
            return try -(try sum(target * (try logSoftmax(try c.value(0))))) / .number(rows)
        })

    /// Cross-entropy with checked class indices, fused.
    static let crossEntropyOfLabels: Operation = Operation("cross_entropy_of_labels(logits, labels, smoothing)", .losses,
        "Cross-entropy with class indices.",
        forward: { c in
            let x = try c.tensor(0), labels = try c.tensor(1)
            let classes = x.dims[x.rank - 1]
            let rows = x.rank == 2 ? x : try Tensor.reshape(x, [labels.count, classes])
            let (loss, probabilities) = try Tensor.crossEntropy(rows, labels.rank == 1 ? labels : try Tensor.reshape(labels, [labels.count]), smoothing: try c.double(2))
            c.kept = probabilities
            return Value(scalarOf: loss)
        },
        backward: { b in
            guard b.needs(0) else { return }
            let x = try b.x(0).tensor(), labels = try b.x(1).tensor()
            let classes = x.dims[x.rank - 1]
            guard let smoothing = b.argument(2).asDouble, let probabilities = b.kept as? Tensor else { return }
            if !b.isRecorded, let scale = b.g.asDouble {
                let gradient = try Tensor.crossEntropyGradient(probabilities, labels.rank == 1 ? labels : try Tensor.reshape(labels, [labels.count]), x.dtype, smoothing: smoothing, scale: scale)
                try b.give(0, Value(x.rank == 2 ? gradient : try Tensor.reshape(gradient, x.shape)))
            } else {
                let target = try Tensor.smoothedTarget(labels, classes: classes, smoothing: smoothing, x.dtype)
                try b.give(0, (try softmax(b.x(0)) - Value(target)) * (try b.g / .number(Double(labels.count))))
            }
        })

    public static let nll: Operation = Operation("nll(log_probabilities, labels)", .losses, """
        The negative log-likelihood: the mean over the batch of −log_probabilities[label], for [n, classes] and class \
        indices [n]. `nll(log_softmax(x), y)` is `cross_entropy(x, y)`.
        """,
        examples: [("nll([[-1, -2]], [1])", "2")], seeAlso: ["cross_entropy", "log_softmax"], shape: scoresAndLabels, result: Results.labelled,
        forward: { c in
            let x = try c.logits(0)
            let classes = x.dims[x.rank - 1]
            let labels = try c.labels(1, logits: x, classes: classes)
            // −1/n at each row's label: the loss is the sum of its product with x.
            let picked = try Tensor.make([labels.count], x.dtype)
            for i in 0..<labels.count { picked.setElement(i, -x.element(i * classes + Int(labels.element(i)))) }
            c.kept = labels
            return try c.mean(picked)
        },
        backward: { b in
            guard b.needs(0), let labels = b.kept as? Tensor else { return }
            let x = try b.x(0).tensor()
            let target = try Tensor.smoothedTarget(labels, classes: x.dims[x.rank - 1], smoothing: 0, x.dtype)
            try b.give(0, Value(target) * (try -b.g / .number(Double(labels.count))))
        })

    public static let hinge: Operation = Operation("hinge(x, y)", .losses,
        "The mean of max(0, 1 − y·x) for scores x and labels y of −1 and 1 in the same shape.",
        examples: [("hinge([2, 0.5], [1, -1])", "0.75")], seeAlso: ["cross_entropy"], shape: equalShapes,
        forward: { c in
            let (_, y) = try c.pair()
            for i in 0..<y.count where y.element(i).magnitude != 1 {
                throw c.fault(.value, 1, "labels of hinge are -1 and 1, but label \(i) is \(numberText(y.element(i)))",
                              help: y.element(i) == 0 ? ["for labels 0 and 1 write `2 * ‹y› - 1`"] : [])
            }
            return try mean(try relu(.number(1) - (try c.value(0)) * (try c.value(1))))
        })

    public static let binaryCrossEntropy: Operation = Operation("binary_cross_entropy(x, y, from=\"logits\")", .losses, """
        The mean of −y·log p − (1 − y)·log(1 − p) with p = sigmoid(x), or p = x with from="probabilities" (its logarithms \
        are cut at −100); y between 0 and 1 in the same shape.
        """,
        examples: [("binary_cross_entropy([0], [1])", "0.6931472"), ("binary_cross_entropy([0.5], [1], from=\"probabilities\")", "0.6931472")],
        seeAlso: ["cross_entropy", "sigmoid"], shape: equalShapes,
        forward: { c in
            let (x, y) = try c.pair()
            for i in 0..<y.count where !(y.element(i) >= 0 && y.element(i) <= 1) {
                throw c.fault(.value, 1, "targets of binary_cross_entropy lie between 0 and 1, but number \(i) is \(numberText(y.element(i)))",
                              help: y.element(i) == -1 ? ["for labels -1 and 1 write `(‹y› + 1) / 2`"] : [])
            }
            switch try c.string(2) {
            case "logits": return try binaryCrossEntropyOfLogits(try c.value(0), try c.value(1))
            case "probabilities":
                for i in 0..<x.count where !(x.element(i) >= 0 && x.element(i) <= 1) && !x.element(i).isNaN {
                    throw c.fault(.value, 0, "probabilities lie between 0 and 1, but number \(i) is \(numberText(x.element(i)))",
                                     help: ["scores before the sigmoid are the default: from=\"logits\""])
                }
                return try binaryCrossEntropyOfProbabilities(try c.value(0), try c.value(1))
            case let other: throw c.fault(.value, 2, "`from` of binary_cross_entropy is \"logits\" or \"probabilities\", got \"\(other)\"")
            }
        })

    static let binaryCrossEntropyOfLogits: Operation = Operation("binary_cross_entropy_of_logits(x, y)", .losses, "The mean of y·softplus(−x) + (1 − y)·softplus(x).",
        forward: { c in
            // −log p = softplus(−x) and −log(1 − p) = softplus(x): no digits cancel, however sure the prediction.
            let x = Value(try c.tensor(0)), y = Value(try c.tensor(1)), one = Value.number(1)
            return try mean(try y * softplus(-x) + (one - y) * softplus(x))
        },
        backward: { b in
            let n = Double(Swift.max(try b.x(0).tensor().count, try b.x(1).tensor().count))
            let scale = try b.g / .number(n)
            try b.give(0, unbroadcast((try sigmoid(b.x(0)) - b.x(1)) * scale, like: b.x(0)))
            try b.give(1, unbroadcast(-b.x(0) * scale, like: b.x(1)))
        })

    static let binaryCrossEntropyOfProbabilities: Operation = Operation("binary_cross_entropy_of_probabilities(p, y)", .losses,
        "The mean of −y·log p − (1 − y)·log(1 − p), logarithms cut at −100.",
        forward: { c in
            let p = Value(try c.tensor(0)), y = Value(try c.tensor(1))
            let yes = try maximum(try log(p), .number(-100)), no = try maximum(try log1p(-p), .number(-100))
            return try -(try mean(y * yes + (.number(1) - y) * no))
        },
        backward: { b in
            let n = Double(Swift.max(try b.x(0).tensor().count, try b.x(1).tensor().count))
            let scale = try b.g / .number(n)
            let p = b.x(0), y = b.x(1)
            // (p − y) / (p (1 − p)), the divisor kept from 0.
            try b.give(0, unbroadcast((p - y) / (try maximum(p * (.number(1) - p), .number(1e-12))) * scale, like: p))
            if b.needs(1) {
                let difference = try maximum(try log1p(-p), .number(-100)) - (try maximum(try log(p), .number(-100)))
                try b.give(1, unbroadcast(difference * scale, like: y))
            }
        })

    public static let kl: Operation = Operation("kl(p, q)", .losses, """
        The Kullback–Leibler divergence Σ p·log(p / q), summed over the last axis, the mean over the others; p and q are \
        probabilities in the same shape, and 0·log 0 is 0.
        """,
        examples: [("kl([0.5, 0.5], [0.5, 0.5])", "0"), ("kl([1, 0], [0.5, 0.5])", "0.6931472")], seeAlso: ["cross_entropy"], shape: equalShapes,
        forward: { c in
            let (p, q) = try c.pair()
            for (i, t) in [p, q].enumerated() {
                for j in 0..<t.count where t.element(j) < 0 {
                    throw Diagnostic(.value, "kl needs probabilities, but number \(j) of \(i == 0 ? "p" : "q") is \(numberText(t.element(j)))",
                                     help: ["`softmax` turns scores into probabilities"])
                }
            }
            let a = try c.value(0), b = try c.value(1)
            let zero = try equal(a, .number(0))
            let terms = try a * ((try log(try `where`(zero, .number(1), a))) - (try log(try `where`(zero, .number(1), b))))
            let rows = p.rank == 0 ? 1 : p.count / p.dims[p.rank - 1]
            return try sum(terms) / .number(Double(Swift.max(1, rows)))
        })

    // MARK: Regression

    public static let mse: Operation = Operation("mse(x, y)", .losses, "The mean squared error: the mean of (x − y)², for equal shapes.",
        examples: [("mse([1, 2], [1, 4])", "2")], seeAlso: ["mae", "huber"], shape: equalShapes,
        forward: { c in
            let (x, y) = try c.pair()
            let d = try Tensor.binary(.subtract, x, y)
            return try c.mean(try Tensor.binary(.multiply, d, d))
        },
        backward: { b in
            let d = try b.x(0) - b.x(1)
            let slope = try d * (try .number(2) * b.g / .number(Double(try d.tensor().count)))
            try b.give(0, unbroadcast(slope, like: b.x(0)))
            try b.give(1, unbroadcast(-slope, like: b.x(1)))
        })

    public static let mae: Operation = Operation("mae(x, y)", .losses, "The mean absolute error: the mean of |x − y|, for equal shapes.",
        examples: [("mae([1, 2], [1, 4])", "1")], seeAlso: ["mse", "huber"], shape: equalShapes,
        forward: { c in
            let (x, y) = try c.pair()
            return try c.mean(try Tensor.unary(.abs, try Tensor.binary(.subtract, x, y)))
        },
        backward: { b in
            let d = try b.x(0) - b.x(1)
            let slope = try sign(d) * (try b.g / .number(Double(try d.tensor().count)))
            try b.give(0, unbroadcast(slope, like: b.x(0)))
            try b.give(1, unbroadcast(-slope, like: b.x(1)))
        })

    public static let huber: Operation = Operation("huber(x, y, delta=1)", .losses,
        "The mean of d²/2 where |d| ≤ delta, else delta·(|d| − delta/2), with d = x − y: squared near 0, absolute far away.",
        examples: [("huber([0, 0], [1, 3])", "1.5")], seeAlso: ["mse", "mae"], shape: equalShapes,
        forward: { c in
            _ = try c.pair()
            let delta = try c.double(2)
            guard delta > 0 else { throw c.fault(.value, 2, "`delta` of huber must be positive, got \(numberText(delta))") }
            let d = try abs(Value(try c.tensor(0)) - Value(try c.tensor(1)))
            let near = try d * d * .number(0.5), far = try (d - .number(delta / 2)) * .number(delta)
            return try mean(try `where`(try lessEqual(d, .number(delta)), near, far))
        },
        backward: { b in
            let d = try b.x(0) - b.x(1)
            guard let delta = b.argument(2).asDouble else { return }
            let slope = try clip(d, .number(-delta), .number(delta)) * (try b.g / .number(Double(try d.tensor().count)))
            try b.give(0, unbroadcast(slope, like: b.x(0)))
            try b.give(1, unbroadcast(-slope, like: b.x(1)))
        })

    static let losses = [crossEntropy, nll, mse, mae, huber, hinge, binaryCrossEntropy, kl]
}

extension Tensor {
    /// What a softmax should give: 1 − smoothing at the label, and smoothing / classes everywhere; [labels…, classes].
    static func smoothedTarget(_ labels: Tensor, classes: Int, smoothing: Double, _ type: DType) throws -> Tensor {
        let target = try Tensor.fill(labels.shape + [classes], smoothing / Double(classes), type)
        for i in 0..<labels.count {
            target.setElement(i * classes + Int(labels.element(i)), 1 - smoothing + smoothing / Double(classes))
        }
        return target
    }
}
