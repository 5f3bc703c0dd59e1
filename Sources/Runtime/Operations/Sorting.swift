import Autodiff
import Syntax
import Tensors

// Sorting along an axis, the largest few, medians and quantiles. Their gradients go back to the elements chosen.

extension Op {
    /// The elements of `x` at positions along an axis, as `argsort` gives them.
    static let takeAlong: Operation = Operation("take_along(x, indices, axis)", .operators, "Elements at positions along an axis.",
        shape: { shapes, _ in try Rules.known(shapes, 1) },
        forward: { c in Value(try Tensor.takeAlong(try c.tensor(0), try c.tensor(1), axis: try c.int(2))) },
        backward: { b in try b.give(0, scatterAlong(b.g, b.x(1), b.argument(2), Value(shape: b.shape(0)))) })

    /// Zeros of a shape with `g` added at positions along an axis.
    static let scatterAlong: Operation = Operation("scatter_along(g, indices, axis, shape)", .operators, "Adds to zeros at positions along an axis.",
        shape: { _, arguments in try Rules.sizes(arguments[3]) },
        forward: { c in Value(try Tensor.scatterAlong(shape: try c.ints(3), try c.tensor(1), try c.tensor(0), axis: try c.int(2))) },
        backward: { b in try b.give(0, takeAlong(b.g, b.x(1), b.argument(2))) })

    public static let sort: Operation = Operation("sort(x, axis=-1, descending=false)", .reduce,
        "The elements in ascending order along an axis (the last), nan last; equal ones keep their order.",
        examples: [("sort([3, 1, 2])", "[1, 2, 3]"), ("sort([3, 1, 2], descending=true)", "[3, 2, 1]")], seeAlso: ["argsort", "topk", "sorted"],
        shape: Rules.same,
        forward: { c in
            let axis: Int, order: Tensor
            if case .list(let l) = c[0], l.items.contains(where: { if case .string = $0 { true } else { false } }) {
                throw Diagnostic(.type, "sort orders numbers, got a list with strings", help: ["`sorted` orders lists"])
            }
            let x = try c.tensor(0)
            axis = try c.lineAxis(1, of: x)
            // The way round by the places is for the gradient.
            let isWatched = try c.interpreter.tape.isRecording && c.value(0).serial != 0
            guard isWatched else { return Value(try Tensor.sort(x, axis: axis, descending: try c.bool(2))) }
            order = try Tensor.argsort(x, axis: axis, descending: try c.bool(2))
            return try takeAlong(c.value(0), Value(order), Value(axis))
        })

    public static let argsort: Operation = Operation("argsort(x, axis=-1, descending=false)", .reduce,
        "The indices that sort along an axis (the last): x[argsort(x)] is sorted for a vector x.",
        examples: [("argsort([3, 1, 2])", "[1, 2, 0]")], seeAlso: ["sort", "argmax"], shape: Rules.same,
        forward: { c in
            let x = try c.tensor(0)
            return Value(try Tensor.argsort(x, axis: try c.lineAxis(1, of: x), descending: try c.bool(2)))
        })

    public static let topk: Operation = Operation("topk(x, k, axis=-1)", .reduce,
        "The k largest elements along an axis (the last), largest first, as a record of `values` and `indices`.",
        examples: [("topk([3, 9, 4], 2).values", "[9, 4]"), ("topk([3, 9, 4], 2).indices", "[1, 2]")], seeAlso: ["sort", "argmax"],
        result: Results.topk,
        forward: { c in
            let x = try c.tensor(0), axis = try c.lineAxis(2, of: x), k = try c.size(1)
            guard k <= x.dims[axis] else {
                throw Diagnostic(.value, "topk cannot take \(k) elements along axis \(axis), which has \(x.dims[axis])")
            }
            let indices = Value(try Tensor.topk(x, k, axis: axis).indices)
            return .record(Record(["values": try takeAlong(c.value(0), indices, Value(axis)), "indices": indices]))
        })

    public static let median: Operation = Operation("median(x, axis=none, keep=false)", .reduce,
        "The middle element in order, of an even number the mean of the two middle ones, over all or along the axes given; nan of no elements.",
        examples: [("median([3, 1, 10])", "3"), ("median([[1, 2], [3, 10]], axis=1)", "[1.5, 6.5]")], seeAlso: ["quantile", "mean"],
        shape: Rules.reduced(),
        forward: { c in
            let x = try c.tensor(0)
            _ = try c.reductionAxes(1, of: x)
            return try quantileAt(c.value(0), .number(0.5), c[1], .bool(try c.bool(2)))
        })

    public static let quantile: Operation = Operation("quantile(x, q, axis=none, keep=false)", .reduce,
        "The value below which the share q of the elements lies, between two elements interpolated linearly (as NumPy's), over all or along the axes given. Several q give one row each.",
        examples: [("quantile([1, 2, 3, 4], 0.5)", "2.5"), ("quantile([0, 10], [0, 0.25, 1])", "[0, 2.5, 10]")], seeAlso: ["median", "sort"],
        shape: { shapes, arguments in
            let rest = try Rules.reduce(Rules.known(shapes, 0), arguments[2], keep: arguments[3].asBool ?? false)
            return arguments[1].isPlain ? rest : try Rules.known(shapes, 1) + rest
        },
        forward: { c in
            let x = try c.value(0), keep = Value.bool(try c.bool(3))
            _ = try c.reductionAxes(2, of: c.tensor(0))
            if let q = c[1].asDouble { return try quantileAt(x, .number(q), c[2], keep) }
            let q = try c.tensor(1)
            guard q.rank == 1, q.count > 0 else { throw c.fault(.value, 1, "\(c.label(1)) must be a number between 0 and 1 or a vector of them, got \(c[1].described)") }
            return try stackList(Value(list: (0..<q.count).map { try quantileAt(x, .number(q.element($0)), c[2], keep) }), .number(0))
        })

    /// The flat positions of the two elements between which each quantile lies, and the share of the second.
    private final class Sources {
        let low: Tensor, high: Tensor, share: Double
        init(low: Tensor, high: Tensor, share: Double) { self.low = low; self.high = high; self.share = share }
    }

    /// One quantile.
    private static let quantileAt: Operation = Operation("quantile_at(x, q, axis=none, keep=false)", .operators, "One quantile.",
        shape: Rules.reduced(axis: 2, keep: 3),
        forward: { c in
            let x = try c.tensor(0), axes = try c.axes(2, rank: x.rank), keep = try c.bool(3), q = try c.double(1)
            if c.interpreter.tape.isRecording {
                let (low, high, t) = try Tensor.quantileSources(x, q, axes: axes)
                c.kept = Sources(low: try positions(low), high: try positions(high), share: t)
            }
            return Value(try Tensor.quantile(x, q, axes: axes, keep: keep))
        },
        backward: { b in
            guard b.needs(0), let sources = b.kept as? Sources else { return }
            let shape = b.shape(0), flat = Value(shape: [shape.reduce(1, &*)])
            if shape.contains(0) { return try b.give(0, b.x(0) * .number(0)) }
            let g = try reshape(b.g, Value(shape: [sources.low.count]))
            let parts = try scatterAlong(g * .number(1 - sources.share), Value(sources.low), .number(0), flat) + scatterAlong(g * .number(sources.share), Value(sources.high), .number(0), flat)
            try b.give(0, typed(reshape(parts, Value(shape: shape)), like: b.x(0)))
        })

    private static func positions(_ p: [Int]) throws -> Tensor {
        let result = try Tensor.make([p.count], .f64)
        for i in 0..<p.count { result.setElement(i, Double(p[i])) }
        return result
    }

    static let sorting: [Operation] = [sort, argsort, topk, median, quantile]
}
