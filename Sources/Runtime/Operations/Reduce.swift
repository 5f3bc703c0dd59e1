import Autodiff
import Syntax
import Tensors

// Reductions over all elements or over axes: sums, means, extremes, products, truth, counts.

extension Op {
    /// `name(x, axis=none, keep=false)` with a kernel of its own.
    private static func reduction(_ name: String, _ operation: ReduceOperation, _ documentation: String, _ examples: [Operation.Example],
                                  seeAlso: [String] = [], backward: ((Backward) throws -> Void)? = nil) -> Operation {
        Operation("\(name)(x, axis=none, keep=false)", .reduce, documentation, examples: examples, seeAlso: seeAlso, shape: Rules.reduced(),
                  forward: { c in
                      let x = try c.tensor(0)
                      return Value(try Tensor.reduce(operation, x, axes: try c.reductionAxes(1, of: x), keep: try c.bool(2)))
                  }, backward: backward)
    }

    public static let sum: Operation = reduction("sum", .sum,
        "The sum of all elements, or along the axes given (a number or a list, negative from the end). `keep=true` leaves reduced axes as 1. Bools count as 0 and 1.",
        [("sum([[1, 2], [3, 4]])", "10"), ("sum([[1, 2], [3, 4]], 0)", "[4, 6]"), ("sum([[1, 2], [3, 4]], axis=1, keep=true)", "[[3],\n [7]]")],
        seeAlso: ["mean", "cumsum", "count"]) { b in
        try b.give(0, b.spread(b.g))
    }

    public static let mean: Operation = reduction("mean", .mean, "The mean of all elements, or along the axes given.",
        [("mean([1, 2, 3, 4])", "2.5"), ("mean([[1, 2], [3, 4]], 0)", "[2, 3]")], seeAlso: ["sum", "median", "std"]) { b in
        try b.give(0, b.spread(b.g / .number(Double(b.reducedCount()))))
    }

    /// Splits a cotangent evenly among the elements that equal the extreme.
    private static func giveExtreme(_ b: Backward) throws {
        guard b.needs(0) else { return }
        let x = b.x(0)
        let hit = try cast(equal(x, b.kept(b.y)), Value(try x.tensor().dtype.name))
        try b.give(0, hit * b.kept(b.g / sum(hit, b.argument(1), b.argument(2))))
    }

    public static let max: Operation = reduction("max", .max, "The largest element, or along the axes given; nan where there is one. Equal ones share the gradient.",
        [("max([3, 1, 4])", "4"), ("max([[1, 5], [3, 2]], axis=0)", "[3, 5]")], seeAlso: ["maximum", "argmax", "topk"]) { b in
        try giveExtreme(b)
    }

    public static let min: Operation = reduction("min", .min, "The smallest element, or along the axes given; nan where there is one. Equal ones share the gradient.",
        [("min([3, 1, 4])", "1"), ("min([[1, 5], [3, 2]], axis=0)", "[1, 2]")], seeAlso: ["minimum", "argmin"]) { b in
        try giveExtreme(b)
    }

    public static let prod: Operation = reduction("prod", .product, "The product of all elements, or along the axes given.",
        [("prod([2, 3, 4])", "24"), ("prod([[1, 2], [3, 4]], axis=1)", "[2, 12]")], seeAlso: ["sum"]) { b in
        guard b.needs(0) else { return }
        let shape = b.shape(0), axes = try Rules.axes(b.argument(1), rank: shape.count)
        let others = shape.indices.filter { !axes.contains($0) }
        let order = others + axes
        // Each row of `lines` is multiplied to one result.
        let rows = others.reduce(1) { $0 &* shape[$1] }, length = axes.reduce(1) { $0 &* shape[$1] }
        let lines = try reshape(permute(b.x(0), Value(shape: order)), Value(shape: [rows, length]))
        let factors = try productOfOthers(lines, rows, length)
        let back = order.indices.map { k in order.firstIndex(of: k)! }
        let arranged = try permute(reshape(factors, Value(shape: order.map { shape[$0] })), Value(shape: back))
        try b.give(0, arranged * b.kept(b.g))
    }

    /// For each element of the rows of [rows, n] the product of the row's other elements, by halving: right with
    /// zeros among them too, and differentiable again.
    private static func productOfOthers(_ x: Value, _ rows: Int, _ n: Int) throws -> Value {
        if n <= 1 { return try broadcastTo(cast(.number(1), Value(try x.tensor().dtype.name)), Value(shape: [rows, n])) }
        let even = n + n % 2, half = even / 2
        let padded = n == even ? x : try pad(x, Value(list: [Value(shape: [0, 0]), Value(shape: [0, 1])]), .number(1))
        let left = try columns(padded, 0, half), right = try columns(padded, half, even)
        let others = try productOfOthers(left * right, rows, half)
        let joined = try join(Value(list: [others * right, others * left]), .number(1))
        return n == even ? joined : try columns(joined, 0, n)
    }

    /// Columns `from` ..< `to` of a tensor's last axis.
    static func columns(_ x: Value, _ from: Int, _ to: Int) throws -> Value {
        try narrow(x, Value(x.tensor().rank - 1), Value(from), Value(to - from))
    }

    public static let every: Operation = reduction("all", .all, "True where every element is true (or not zero), over all or along the axes given.",
        [("all([1, 2] > 0)", "true"), ("all([[true, false], [true, true]], axis=1)", "[false, true]")], seeAlso: ["any", "count"])

    public static let any: Operation = reduction("any", .any, "True where some element is true (or not zero), over all or along the axes given.",
        [("any([1, -2] < 0)", "true"), ("any([[false, false], [true, true]], axis=1)", "[false, true]")], seeAlso: ["all", "count"])

    public static let count: Operation = Operation("count(x, axis=none, keep=false)", .reduce,
        "The number of elements that are true (or not zero): a number, or a tensor along the axes given.",
        examples: [("count([3, 0, 5] > 2)", "2"), ("count([[true, false], [true, true]], axis=0)", "[2, 1]")], seeAlso: ["sum", "size", "any"],
        shape: Rules.reduced(),
        forward: { c in
            let x = try c.tensor(0), axes = try c.reductionAxes(1, of: x), keep = try c.bool(2)
            let counts = try Tensor.reduce(.count, x, axes: axes, keep: keep)
            if axes == nil, !keep { return .number(counts.element(0)) }
            return Value(counts)
        })

    public static let variance: Operation = Operation("var(x, axis=none, correction=0, keep=false)", .reduce,
        "The variance: the mean squared distance from the mean, over all or along the axes given. `correction=1` divides by n - 1 instead of n.",
        examples: [("var([1, 2, 3, 4])", "1.25"), ("var([1, 2, 3, 4, 5], correction=1)", "2.5")], seeAlso: ["std", "mean"],
        shape: Rules.reduced(axis: 1, keep: 3),
        forward: { c in
            let x = try c.tensor(0)
            return Value(try Tensor.variance(x, axes: try c.reductionAxes(1, of: x), keep: try c.bool(3), correction: try c.double(2)))
        },
        backward: { b in
            guard b.needs(0) else { return }
            try b.give(0, b.kept(b.g * .number(2 / freedom(b))) * deviation(b))
        })

    public static let std: Operation = Operation("std(x, axis=none, correction=0, keep=false)", .reduce,
        "The standard deviation, the root of the variance, over all or along the axes given. `correction=1` divides by n - 1 instead of n.",
        examples: [("std([1, 3])", "1"), ("std([[1, 3], [2, 6]], axis=1)", "[1, 2]")], seeAlso: ["var", "mean", "standardize"],
        shape: Rules.reduced(axis: 1, keep: 3),
        forward: { c in
            let x = try c.tensor(0)
            let v = try Tensor.variance(x, axes: try c.reductionAxes(1, of: x), keep: try c.bool(3), correction: try c.double(2))
            return Value(try Tensor.unary(.sqrt, v))
        },
        backward: { b in
            guard b.needs(0) else { return }
            // (x - mean) / ((n - correction) std); 0 where nothing varies.
            let flat = try equal(b.y, .number(0))
            let scale = try `where`(flat, .number(0), b.g / (`where`(flat, .number(1), b.y) * .number(freedom(b))))
            try b.give(0, b.kept(scale) * deviation(b))
        })

    /// n - correction of a variance.
    private static func freedom(_ b: Backward) throws -> Double { Double(try b.reducedCount()) - (b.argument(2).asDouble ?? 0) }
    /// x less its mean along the variance's axes.
    private static func deviation(_ b: Backward) throws -> Value { try b.x(0) - mean(b.x(0), b.argument(1), .bool(true)) }

    static let reductions: [Operation] = [sum, mean, variance, std, max, min, prod, every, any, count]
}
