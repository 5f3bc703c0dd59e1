import Autodiff
import Syntax
import Tensors

// What the declarations of built-ins share: shape rules, and the undoing of reductions in gradient rules.

/// Shape rules by family. A rule throws an error of kind `shape` where shapes do not fit, and one of kind `type`
/// where an argument's shape is not known.
enum Rules {
    /// The shape of argument `i`.
    static func known(_ shapes: [[Int]?], _ i: Int) throws -> [Int] {
        guard i < shapes.count, let shape = shapes[i] else { throw TensorError(.type, "the shape is not known") }
        return shape
    }

    /// Whole numbers of a plain argument.
    static func ints(_ value: Value, _ what: String) throws -> [Int] { try Interpreter.current.ints(value, what: what) }

    /// One whole number.
    static func int(_ value: Value, _ what: String) throws -> Int {
        guard let x = value.asDouble else { throw TensorError(.type, "\(what) must be a number, got \(value.described)") }
        return try ints(.number(x), what)[0]
    }

    /// The result has the shape of the first argument.
    static let same: ShapeRule = { shapes, _ in try known(shapes, 0) }

    /// The result of broadcasting the first `count` arguments; numbers count as 0-d.
    static func broadcast(_ count: Int) -> ShapeRule {
        { shapes, arguments in
            var result: [Int] = []
            for i in 0..<count where !(i < arguments.count && (arguments[i].isPlain || arguments[i].isNone)) {
                result = try Tensor.broadcastShape(result, known(shapes, i))
            }
            return result
        }
    }

    /// A reduction of the first argument over the axes of argument `axis`, whose axes stay as 1 if argument `keep` says so.
    static func reduced(axis: Int = 1, keep: Int = 2) -> ShapeRule {
        { shapes, arguments in
            let shape = try known(shapes, 0)
            return try reduce(shape, arguments[axis], keep: arguments[keep].asBool ?? false)
        }
    }

    /// The axes of a reduction, ascending and counted from 0; all where `axis` is none.
    static func axes(_ axis: Value, rank: Int) throws -> [Int] {
        if axis.isNone { return Array(0..<rank) }
        let axes = try ints(axis, "`axis`").map { try Call.axis($0, rank: rank, label: "`axis`") }.sorted()
        for (a, b) in zip(axes, axes.dropFirst()) where a == b { throw TensorError(.shape, "`axis` names axis \(a) twice") }
        return axes
    }

    /// The shape that is left of a reduction.
    static func reduce(_ shape: [Int], _ axis: Value, keep: Bool) throws -> [Int] {
        let axes = try axes(axis, rank: shape.count)
        return keep ? shape.indices.map { axes.contains($0) ? 1 : shape[$0] } : shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
    }

    /// A shape given as sizes in argument `i`.
    static func sizes(_ i: Int) -> ShapeRule { { _, arguments in try sizes(arguments[i]) } }

    /// Sizes as a rest parameter holds them: numbers, or one list or tensor of them.
    static func sizes(_ value: Value) throws -> [Int] {
        var value = value
        if case .list(let l) = value, l.items.count == 1, !l.items[0].isPlain { value = l.items[0] }
        return try ints(value, "a shape")
    }
}

extension Value {
    /// A plain number, bool or 0-d tensor.
    var isPlain: Bool {
        switch self {
        case .number, .scalar, .bool: true
        case .tensor(let t, _): t.rank == 0
        default: false
        }
    }

    /// A tensor without its place on the tape: only its shape or type is asked for.
    var constant: Value {
        if case .tensor(let t, _) = self { Value(t) } else { self }
    }

    /// A shape as a list of the language.
    init(shape: [Int]) { self.init(list: shape.map { Value($0) }) }
}

extension Call {
    /// Sizes as `shape(_:)` gives them, but each checked against `least` instead of 0.
    func sizes(_ i: Int, least: Int = 0) throws -> [Int] {
        let sizes = try Rules.sizes(arguments[i])
        for d in sizes where d < least { throw Diagnostic(.value, "a size in \(label(i)) must not be negative, got \(d)") }
        return sizes
    }

    /// Axes of a reduction from argument `i` (nil: all); an axis of a number is refused with what was probably meant.
    func reductionAxes(_ i: Int, of x: Tensor) throws -> [Int]? {
        if x.rank == 0, !isNone(i) {
            let mend: [String] = switch operation.name {
            case "max": ["for the larger of two, write `maximum(‹x›, ‹axis›)`"]
            case "min": ["for the smaller of two, write `minimum(‹x›, ‹axis›)`"]
            case "sum", "mean": ["for several numbers, write `\(operation.name)([‹x›, ‹axis›])`"]
            default: []
            }
            throw Diagnostic(.shape, "\(operation.name) of a single number takes no axis, got \(arguments[i].described)", help: mend, of: self)
        }
        return try axes(i, rank: x.rank)
    }

    /// One axis along which an operation works; a number has none.
    func lineAxis(_ i: Int, of x: Tensor) throws -> Int {
        guard x.rank > 0 else { throw Diagnostic(.shape, "\(operation.name) needs a tensor with at least one axis, got a single number") }
        return try axis(i, rank: x.rank)
    }
}

extension Backward {
    /// Reshapes the result of a reduction (or its cotangent) to the input's rank, with 1 for what was reduced.
    func kept(_ v: Value, axis: Int = 1) throws -> Value { try Op.reinsert(v, x(0).constant, argument(axis)) }

    /// The same, repeated to the input's shape.
    func spread(_ v: Value, axis: Int = 1) throws -> Value { try Op.stretch(v, x(0).constant, argument(axis)) }

    /// The number of elements behind one result of a reduction.
    func reducedCount(axis: Int = 1) throws -> Int {
        let shape = shape(0)
        return try Rules.axes(argument(axis), rank: shape.count).reduce(1) { $0 &* shape[$1] }
    }
}

/// `g` in the type of `x`, for cotangents of operations that promote.
func typed(_ g: Value, like x: Value) throws -> Value {
    let type = try x.tensor().dtype
    return try g.tensor().dtype == type ? g : Op.cast(g, Value(type.name))
}

/// The last two axes swapped.
func transposed(_ x: Value) throws -> Value { try Op.transpose(x) }

// What gradient rules need to change shapes, where the shape is that of a tensor at hand: no list of sizes is made.
extension Op {
    /// The same elements under the shape of another tensor.
    static let reshapeLike: Operation = Operation("reshape_like(x, like)", .operators, "The elements under another tensor's shape.",
        shape: { shapes, _ in try Rules.known(shapes, 1) },
        forward: { c in
            let x = try c.tensor(0), like = try c.tensor(1)
            return x.hasShape(of: like) ? c[0].constant : Value(try Tensor.view(of: x, like.shape))
        },
        backward: { b in try b.give(0, reshapeLike(b.g, b.x(0).constant)) })

    /// Sums a tensor down to the shape of another, which broadcasts to its own.
    static let sumLike: Operation = Operation("sum_like(x, like)", .operators, "Undoes broadcasting by summing.",
        shape: { shapes, _ in try Rules.known(shapes, 1) },
        forward: { c in Value(try Tensor.sum(try c.tensor(0), to: try c.tensor(1).shape)) },
        backward: { b in try b.give(0, broadcastLike(b.g, b.x(0).constant)) })

    /// Repeats a tensor by broadcasting to the shape of another.
    static let broadcastLike: Operation = Operation("broadcast_like(x, like)", .operators, "Repeats by broadcasting.",
        shape: { shapes, _ in try Rules.known(shapes, 1) },
        forward: { c in Value(try Tensor.broadcast(try c.tensor(0), to: try c.tensor(1).shape)) },
        backward: { b in try b.give(0, sumLike(b.g, b.x(0).constant)) })

    /// The result of a reduction of `like` over `axis` with the reduced axes back as 1.
    static let reinsert: Operation = Operation("reinsert(x, like, axis=none)", .operators, "Reduced axes as 1.",
        forward: { c in
            let x = try c.tensor(0), like = try c.tensor(1)
            if x.rank == like.rank { return c[0].constant }
            return Value(try Tensor.view(of: x, Rules.reduce(like.shape, c[2], keep: true)))
        },
        backward: { b in try b.give(0, reshapeLike(b.g, b.x(0).constant)) })

    /// The same, repeated to the shape of `like`: what the sum over `axis` gives back.
    static let stretch: Operation = Operation("stretch(x, like, axis=none)", .operators, "Repeats over reduced axes.",
        shape: { shapes, _ in try Rules.known(shapes, 1) },
        forward: { c in
            let x = try c.tensor(0), like = try c.tensor(1)
            if x.count == 1 { return Value(try Tensor.fill(UnsafeBufferPointer(start: like.dims, count: like.rank), x.element(0), x.dtype)) }
            let shape = like.shape
            let whole = x.rank == like.rank ? x : try Tensor.view(of: x, Rules.reduce(shape, c[2], keep: true))
            return Value(try Tensor.broadcast(whole, to: shape))
        },
        backward: { b in
            guard b.needs(0) else { return }
            try b.give(0, reshapeLike(sum(b.g, b.argument(2)), b.x(0).constant))
        })
}
