import Autodiff
import Syntax
import Tensors

// Shapes: asking for them, and the same elements under another shape or order of axes.

extension Op {
    public static let shape: Operation = Operation("shape(x)", .shape, "The sizes of a tensor's axes, a list of numbers; empty for a single number.",
        examples: [("shape([[1, 2, 3], [4, 5, 6]])", "(2, 3)"), ("shape(5)", "()")], seeAlso: ["size", "rank", "len"],
        result: Results.shape,
        forward: { c in Value(shape: try c.tensor(0).shape) })

    public static let rank: Operation = Operation("rank(x)", .shape, "The number of a tensor's axes: 0 for a single number, 1 for a vector, 2 for a matrix.",
        examples: [("rank([[1, 2], [3, 4]])", "2"), ("rank(5)", "0")], seeAlso: ["shape"],
        result: Results.rank,
        forward: { c in Value(try c.tensor(0).rank) })

    public static let size: Operation = Operation("size(x, axis=none)", .shape, "The number of elements of a tensor, or its size along one axis (negative from the end).",
        examples: [("size([[1, 2, 3], [4, 5, 6]])", "6"), ("size([[1, 2, 3], [4, 5, 6]], -1)", "3")], seeAlso: ["shape", "len"],
        result: Results.size,
        forward: { c in
            let x = try c.tensor(0)
            if c.isNone(1) { return Value(x.count) }
            guard x.rank > 0 else { throw Diagnostic(.shape, "a single number has no axes, so it has no size along axis \(try c.int(1))") }
            return Value(x.dims[try c.axis(1, rank: x.rank)])
        })

    public static let len: Operation = Operation("len(x)", .shape,
        "The length: of a tensor its first size, of a list, range or record the number of items, of a string the number of characters, of a data set (a record with a tensor `x`, or a list `x` and a `y`) the number of examples, of a chain of layers their number.",
        examples: [("len([4, 5, 6])", "3"), ("len(\"λ-calculus\")", "10"), ("len({x: zeros(8, 2), y: zeros(8)})", "8")], seeAlso: ["size", "shape"],
        result: Results.length,
        forward: { c in
            switch c[0] {
            case .list(let l): return Value(l.items.count)
            case .range(let r): return Value(r.count)
            case .string(let s): return Value(s.scalars.count)
            case .record(let r):
                if case .tensor(let t, _)? = r["x"], t.rank > 0 { return Value(t.dims[0]) }
                if case .list(let l)? = r["x"], r.position("y") != nil { return Value(l.items.count) }
                return Value(r.count)
            case .tensor(let t, _) where t.rank > 0: return Value(t.dims[0])
            case .number, .scalar, .bool, .tensor:
                throw Diagnostic(.type, "len of a single number is not defined", help: ["`size` counts the elements of any tensor"])
            case .object(let o):
                if let stages = o.stages { return Value(stages.count) }
                throw c.wrong(0, "a tensor, a list, a record or a string")
            default: throw c.wrong(0, "a tensor, a list, a record or a string")
            }
        })

    public static let reshape: Operation = Operation("reshape(x, shape...)", .shape,
        "The same elements in row order under another shape, given as sizes or one list. One size may be -1 and is worked out.",
        examples: [("reshape([1, 2, 3, 4, 5, 6], 2, 3)", "[[1, 2, 3],\n [4, 5, 6]]"), ("shape(reshape(zeros(4, 6), [-1, 3]))", "(8, 3)")], seeAlso: ["flatten", "squeeze", "permute"],
        shape: { shapes, arguments in
            let x = try Rules.known(shapes, 0)
            return try resolved(Rules.sizes(arguments[1]), x)
        },
        forward: { c in
            let sizes = try c.sizes(1, least: -1)
            let x = sizes.isEmpty ? try c.tensor(0) : try c.typedTensor(0)
            if let first = sizes.firstIndex(of: -1), let second = sizes.lastIndex(of: -1), first != second {
                throw c.fault(.value, 1, item: second, "only one size can be -1, not \(sizes.count { $0 == -1 }) in \(shapeText(sizes))")
            }
            do { return Value(try Tensor.reshape(x, sizes)) } catch let error as TensorError where error.kind != .limit {
                let rows = sizes.first ?? 0, isMatrix = sizes.count == 2 && rows > 0
                throw Diagnostic(error.kind.errorKind, error.message, help: isMatrix && x.count % rows == 0 ? ["with \(rows) rows, write `reshape(‹x›, \(rows), -1)`"]
                    : isMatrix && sizes[1] > 0 && x.count % sizes[1] == 0 ? ["with \(sizes[1]) columns, write `reshape(‹x›, -1, \(sizes[1]))`"] : error.help, of: c)
            }
        },
        backward: { b in try b.give(0, typed(reshapeLike(b.g, b.x(0).constant), like: b.x(0))) })

    /// Sizes with -1 worked out, checked against a shape.
    private static func resolved(_ sizes: [Int], _ shape: [Int]) throws -> [Int] {
        let text = { (s: [Int]) in "[\(s.map(String.init).joined(separator: ", "))]" }
        let count = shape.reduce(1, &*), known = sizes.filter { $0 != -1 }.reduce(1, &*)
        let fits = sizes.contains(-1) ? known > 0 && count % known == 0 : known == count
        guard fits, sizes.filter({ $0 == -1 }).count <= 1 else {
            throw TensorError(.shape, "cannot reshape \(text(shape)) (\(count) elements) to \(text(sizes))")
        }
        return sizes.map { $0 == -1 ? count / known : $0 }
    }

    public static let flatten: Operation = Operation("flatten(x=none, from=1)", .shape,
        "The axes from `from` on merged into one: flatten(x) turns images [n, c, h, w] into rows [n, c·h·w], flatten(x, 0) gives a vector. Without x it is a function, so that it serves in a chain: `conv(8, 3) >> flatten >> dense(10)`.",
        examples: [("shape(flatten(zeros(2, 3, 4)))", "(2, 12)"), ("flatten([[1, 2], [3, 4]], from=0)", "[1, 2, 3, 4]")], seeAlso: ["reshape"],
        shape: { shapes, arguments in
            let x = try Rules.known(shapes, 0)
            return try flattened(x, Rules.ints(arguments[1], "`from`").first ?? 1)
        },
        result: Results.flatten,
        forward: { c in
            if c.isNone(0) {
                let from = c[1]
                if case .number(1) = from { return c.interpreter.builtin(c.operation) }
                return .function(NativeFunction("flatten") { _, arguments, named in
                    guard arguments.count == 1, named.isEmpty else { throw Diagnostic(.type, "flatten(from=…) takes one tensor, got \(arguments.count + named.count) arguments") }
                    return try Op.flatten(arguments[0], from)
                })
            }
            let x = try c.tensor(0), shape = try flattened(x.shape, c.int(1))
            return x.rank == shape.count ? try c.value(0) : try Op.reshape(c.value(0), Value(shape: shape))
        })

    private static func flattened(_ shape: [Int], _ from: Int) throws -> [Int] {
        let rank = shape.count, first = from < 0 ? from + rank : from
        guard first >= 0, first <= Swift.max(1, rank) else {
            throw TensorError(.shape, "flatten from axis \(from) needs a tensor with more axes than [\(shape.map(String.init).joined(separator: ", "))]")
        }
        return first >= rank ? (rank == 0 && first == 0 ? [1] : shape) : Array(shape[..<first]) + [shape[first...].reduce(1, &*)]
    }

    public static let transpose: Operation = Operation("transpose(x, first=-2, second=-1)", .shape,
        "Two axes swapped, the last two unless others are named: what `x'` means.",
        examples: [("transpose([[1, 2], [3, 4]])", "[[1, 3],\n [2, 4]]"), ("shape(transpose(zeros(2, 3, 4), 0, 2))", "(4, 3, 2)")], seeAlso: ["permute"],
        shape: { shapes, arguments in
            var shape = try Rules.known(shapes, 0)
            guard shape.count >= 2 else { throw TensorError(.shape, "transpose needs a matrix, not [\(shape.map(String.init).joined(separator: ", "))]") }
            let axes = try [(1, "`first` of transpose"), (2, "`second` of transpose")].map { i, label in
                try Call.axis(Rules.int(arguments[i], label), rank: shape.count, label: label)
            }
            shape.swapAt(axes[0], axes[1])
            return shape
        },
        forward: { c in
            let x = try c.tensor(0)
            if case .number(-2) = c[1], case .number(-1) = c[2] { return Value(try Tensor.transpose(x)) }
            let first = try c.lineAxis(1, of: x), second = try c.lineAxis(2, of: x)
            var order = Array(0..<x.rank)
            order.swapAt(first, second)
            return Value(try Tensor.permute(x, order))
        },
        backward: { b in try b.give(0, transpose(b.g, b.argument(1), b.argument(2))) })

    public static let permute: Operation = Operation("permute(x, axes...)", .shape,
        "The axes in another order: axis k of the result is axis axes[k] of x.",
        examples: [("shape(permute(zeros(2, 3, 4), 2, 0, 1))", "(4, 2, 3)")], seeAlso: ["transpose", "reshape"],
        shape: { shapes, arguments in
            let x = try Rules.known(shapes, 0), axes = try Rules.sizes(arguments[1])
            guard axes.count == x.count else { throw TensorError(.shape, "permute of a tensor of rank \(x.count) needs \(x.count) axes, not \(axes.count)") }
            return try axes.map { x[try Call.axis($0, rank: x.count, label: "an axis of permute")] }
        },
        forward: { c in try c.blaming(1) { Value(try Tensor.permute(try c.tensor(0), try c.sizes(1, least: .min))) } },
        backward: { b in
            let rank = b.shape(0).count
            let axes = try Rules.sizes(b.argument(1)).map { $0 < 0 ? $0 + rank : $0 }
            try b.give(0, permute(b.g, Value(shape: axes.indices.map { k in axes.firstIndex(of: k)! })))
        })

    public static let squeeze: Operation = Operation("squeeze(x, axis=none)", .shape, "Axes of size 1 taken away: all of them, or those given.",
        examples: [("shape(squeeze(zeros(1, 3, 1)))", "(3,)"), ("shape(squeeze(zeros(1, 3, 1), 0))", "(3, 1)")], seeAlso: ["expand", "reshape"],
        shape: { shapes, arguments in try squeezed(Rules.known(shapes, 0), arguments[1]) },
        forward: { c in
            let shape = try c.blaming(1) { try squeezed(c.tensor(0).shape, c[1]) }
            return try Op.reshape(c.value(0), Value(shape: shape))
        })

    private static func squeezed(_ shape: [Int], _ axis: Value) throws -> [Int] {
        if axis.isNone { return shape.filter { $0 != 1 } }
        let axes = try Rules.axes(axis, rank: shape.count)
        for a in axes where shape[a] != 1 {
            throw TensorError(.shape, "squeeze takes away axes of size 1, but axis \(a) of [\(shape.map(String.init).joined(separator: ", "))] has size \(shape[a])")
        }
        return shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
    }

    public static let expand: Operation = Operation("expand(x, to...)", .shape,
        "With one axis number, a new axis of size 1 there: expand(v, 0) of a vector [n] is [1, n], expand(v, -1) is [n, 1]. With sizes or a list of them, x repeated by broadcasting to that shape.",
        examples: [("shape(expand([1, 2, 3], -1))", "(3, 1)"), ("expand([1, 2], [2, 2])", "[[1, 2],\n [1, 2]]")], seeAlso: ["squeeze", "tile", "reshape"],
        shape: { shapes, arguments in
            let x = try Rules.known(shapes, 0), (shape, isAxis) = try expanded(x, arguments[1])
            if !isAxis { guard try Tensor.broadcastShape(x, shape) == shape else { throw TensorError(.shape, "\(x) does not expand to \(shape)") } }
            return shape
        },
        forward: { c in
            let x = try c.typedTensor(0), (shape, isAxis) = try expanded(x.shape, c[1])
            for d in shape where d < 0 { throw Diagnostic(.value, "a size in \(c.label(1)) must not be negative, got \(d)") }
            if isAxis { return try Op.reshape(c.value(0), Value(shape: shape)) }
            let typedX = try c.value(0).tensor().dtype == .number ? try cast(c.value(0), Value(x.dtype.name)) : try c.value(0)
            return try broadcastTo(typedX, Value(shape: shape))
        })

    /// The shape that `expand` makes, and whether it was given as a place for a new axis.
    private static func expanded(_ shape: [Int], _ to: Value) throws -> ([Int], isAxis: Bool) {
        let rank = shape.count
        if case .list(let l) = to, l.items.count == 1, l.items[0].isPlain, let axis = try Rules.ints(to, "`to` of expand").first, axis >= -rank - 1, axis <= rank {
            var shape = shape
            shape.insert(1, at: axis < 0 ? axis + rank + 1 : axis)
            return (shape, true)
        }
        return (try Rules.sizes(to), false)
    }

    static let shapes: [Operation] = [shape, rank, size, len, reshape, flatten, transpose, permute, squeeze, expand]
}

extension Interpreter {
    /// A built-in as the value that its name stands for.
    func builtin(_ operation: Operation) -> Value {
        if let word = prelude[operation.name] { return Value(word) }
        return .function(BuiltinFunction(operation))
    }
}
