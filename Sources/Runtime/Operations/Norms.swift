import Autodiff
import Syntax
import Tensors

// Norms, log-sum-exp and softmax, the places of extremes, running sums.

extension Op {
    public static let norm: Operation = Operation("norm(x, axis=none, p=2, keep=false)", .reduce,
        "The p-norm (Σ|x|^p)^(1/p) of all elements, or along the axes given (the second argument, as in every reduction; `p` goes by its name): p=2 the Euclidean length (of a matrix: Frobenius), p=1 the sum and p=inf the largest of the absolute values, p=0 the number of elements that are not zero.",
        examples: [("norm([3, 4])", "5"), ("norm([3, -4], p=1)", "7"), ("norm([[3, 4], [6, 8]], axis=1)", "[5, 10]")], seeAlso: ["abs", "dot", "svd"],
        shape: Rules.reduced(axis: 1, keep: 3),
        forward: { c in
            let x = try c.value(0), p = try c.double(2)
            _ = try c.reductionAxes(1, of: x.tensor())
            let axis = c[1], keep = Value.bool(try c.bool(3))
            guard p >= 0 else { throw c.fault(.value, 2, "\(c.label(2)) must not be negative, got \(numberText(p))") }
            switch p {
            case 0: return try sum(cast(notEqual(x, .number(0)), Value(floatType(x).name)), axis, keep)
            case 1: return try sum(abs(x), axis, keep)
            case 2: return try euclid(x, axis, keep)
            case .infinity: return try max(abs(x), axis, keep)
            default:
                // Elements that are 0 take no part in the gradient, whose root is infinite there.
                let total = try sum(power(abs(x), .number(p)), axis, keep)
                let isZero = try equal(total, .number(0))
                return try `where`(isZero, .number(0), power(`where`(isZero, .number(1), total), .number(1 / p)))
            }
        })

    /// The type in which bools are computed.
    private static func floatType(_ x: Value) throws -> DType {
        let type = try x.tensor().dtype
        return type == .bool ? .ofBools : type
    }

    /// The Euclidean norm; its gradient at 0 is 0.
    private static let euclid: Operation = Operation("euclid(x, axis=none, keep=false)", .operators, "The root of the sum of squares.",
        shape: Rules.reduced(),
        forward: { c in
            let x = try c.tensor(0), axes = try c.axes(1, rank: x.rank), keep = try c.bool(2)
            return Value(try Tensor.unary(.sqrt, try Tensor.reduce(.sumOfSquares, x, axes: axes, keep: keep)))
        },
        backward: { b in
            guard b.needs(0) else { return }
            let flat = try equal(b.y, .number(0))
            let scale = try `where`(flat, .number(0), b.g / `where`(flat, .number(1), b.y))
            try b.give(0, b.x(0) * b.kept(scale))
        })

    public static let logsumexp: Operation = Operation("logsumexp(x, axis=none, keep=false)", .reduce,
        "log Σ exp(x) of all elements, or along the axes given, without overflow.",
        examples: [("logsumexp([1000, -inf])", "1000"), ("logsumexp([[0, -inf], [2, -inf]], axis=1)", "[0, 2]")], seeAlso: ["softmax", "log_softmax", "exp"],
        shape: Rules.reduced(),
        forward: { c in
            let x = try c.tensor(0)
            return Value(try Tensor.logSumExp(x, axes: try c.reductionAxes(1, of: x), keep: try c.bool(2)))
        },
        backward: { b in
            guard b.needs(0) else { return }
            // Of nothing but -inf every share is 0.
            let y = try b.kept(b.y)
            let shift = try `where`(equal(y, .number(-.infinity)), .number(0), y)
            try b.give(0, b.kept(b.g) * exp(b.x(0) - shift))
        })

    public static let softmax: Operation = Operation("softmax(x, axis=-1)", .reduce,
        "exp(x) / Σ exp(x) along an axis (the last): positive, summing to 1, without overflow.",
        examples: [("softmax([0, 0])", "[0.5, 0.5]"), ("softmax([[1000, 0], [3, 3]])", "[[1,   0],\n [0.5, 0.5]]")], seeAlso: ["log_softmax", "logsumexp", "cross_entropy"],
        shape: Rules.same,
        forward: { c in
            let x = try c.tensor(0)
            return Value(try Tensor.softmax(x, axis: try c.lineAxis(1, of: x)))
        },
        backward: { b in
            guard b.needs(0) else { return }
            let weighted = try b.g * b.y
            try b.give(0, weighted - b.y * sum(weighted, b.argument(1), .bool(true)))
        })

    public static let logSoftmax: Operation = Operation("log_softmax(x, axis=-1)", .reduce,
        "log(softmax(x)) along an axis (the last), exact where softmax would round to 0.",
        examples: [("log_softmax([1000, 0])", "[0, -1000]")], seeAlso: ["softmax", "logsumexp", "nll"],
        shape: Rules.same,
        forward: { c in
            let x = try c.tensor(0)
            return Value(try Tensor.logSoftmax(x, axis: try c.lineAxis(1, of: x)))
        },
        backward: { b in
            guard b.needs(0) else { return }
            try b.give(0, b.g - exp(b.y) * sum(b.g, b.argument(1), .bool(true)))
        })

    /// Index of an extreme: of all elements a number (flat, row-major), along axes a tensor.
    private static func argExtremum(_ name: String, _ largest: Bool, _ examples: [Operation.Example], _ seeAlso: [String]) -> Operation {
        Operation("\(name)(x, axis=none, keep=false)", .reduce,
            "The index of the \(largest ? "largest" : "smallest") element, the first of equal ones: a number counted through the whole tensor in row order, or along an axis a tensor of indices. Several axes are counted through together, in row order.",
            examples: examples, seeAlso: seeAlso, shape: Rules.reduced(),
            forward: { c in
                let x = try c.tensor(0), keep = try c.bool(2)
                if c.isNone(1) {
                    guard x.count > 0 else { throw Diagnostic(.value, "an empty tensor has no \(largest ? "largest" : "smallest") element: the shape is [\(x.shape.map(String.init).joined(separator: ", "))]") }
                    let index = try Tensor.argExtremum(x, axis: nil, largest: largest)
                    if !keep { return .number(index.element(0)) }
                    return Value(try Tensor.reshape(Tensor.convert(index, to: x.dtype.isDouble ? .f64 : .f32), Array(repeating: 1, count: x.rank)))
                }
                if c[1].isPlain { _ = try c.lineAxis(1, of: x) }
                let axes = try c.axes(1, rank: x.rank) ?? []
                let index: Tensor
                if axes.count == 1 { index = try Tensor.argExtremum(x, axis: axes[0], largest: largest) } else {
                    // The axes as one, the last.
                    let others = x.shape.indices.filter { !axes.contains($0) }, length = axes.reduce(1) { $0 &* x.dims[$1] }
                    let lines = try Tensor.reshape(Tensor.permute(x, others + axes), others.map { x.dims[$0] } + [length])
                    index = try Tensor.argExtremum(lines, axis: others.count, largest: largest)
                }
                return keep ? Value(try Tensor.reshape(index, Rules.reduce(x.shape, c[1], keep: true))) : Value(index)
            })
    }

    public static let argmax: Operation = argExtremum("argmax", true, [("argmax([3, 9, 4])", "1"), ("argmax([[1, 5], [3, 2]], axis=1)", "[1, 0]")], ["max", "argsort", "topk"])
    public static let argmin: Operation = argExtremum("argmin", false, [("argmin([3, 9, 1])", "2"), ("argmin([[1, 5], [3, 2]], axis=1)", "[0, 1]")], ["min", "argsort"])

    public static let cumsum: Operation = Operation("cumsum(x, axis=-1)", .reduce, "Running sums along an axis (the last).",
        examples: [("cumsum([1, 2, 3])", "[1, 3, 6]"), ("cumsum([[1, 2], [3, 4]], axis=0)", "[[1, 2],\n [4, 6]]")], seeAlso: ["sum"],
        shape: Rules.same,
        forward: { c in
            let x = try c.tensor(0)
            return Value(try Tensor.cumulativeSum(x, axis: try c.lineAxis(1, of: x)))
        },
        backward: { b in
            // Each element is in every sum from its place on: running sums from the end.
            try b.give(0, typed(flip(cumsum(flip(b.g, b.argument(1)), b.argument(1)), b.argument(1)), like: b.x(0)))
        })

    static let norms: [Operation] = [norm, logsumexp, softmax, logSoftmax, argmax, argmin, cumsum]
}
