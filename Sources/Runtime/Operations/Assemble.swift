import Autodiff
import Syntax
import Tensors

// Tensors put together, cut, repeated and moved about.

extension Op {
    /// The tensors that an operation over several was given in its rest parameter `i`: as arguments, as one list, or
    /// as the rows of one tensor. Numbers take the type of what they stand beside.
    private static func parts(_ c: inout Call, _ i: Int) throws -> [Value] {
        guard case .list(let given) = c[i] else { throw c.wrong(i, "tensors") }
        var items = given.items
        if items.count == 1, !items[0].isPlain { items = try c.interpreter.items(of: items[0], what: c.label(i)) }
        guard !items.isEmpty else { throw Diagnostic(.value, "\(c.operation.name) needs at least one tensor") }
        var type: DType?
        for j in items.indices {
            switch items[j] {
            case .number, .scalar, .bool, .tensor: break
            case .list, .range: items[j] = try c.interpreter.stacked(items[j], what: c.label(i))
            default: throw Diagnostic(.type, "\(c.operation.name) puts tensors together, got \(items[j].described)", help: ["`append` adds to a list"])
            }
            let dtype = try items[j].tensor().dtype
            if dtype != .number { type = type.map { Tensor.promoted($0, dtype) } ?? dtype }
        }
        let name = Value((type == nil ? c.interpreter.defaultType : type == .bool ? .ofBools : type!).name)
        return try items.map { try $0.tensor().dtype == .number ? try cast($0, name) : Value(try $0.variable()) }
    }

    /// The items of several lists, ranges and tensors one after another, where one of them is a list that does not stack; nil
    /// where `concat` joins tensors.
    private static func joinedLists(_ c: Call) throws -> Value? {
        guard case .list(var given) = c[0] else { return nil }
        if given.items.count == 1, case .list(let inner) = given.items[0] { given = inner }
        var isList = false
        for item in given.items {
            switch item {
            case .list(let l): isList = isList || !l.items.isEmpty && !c.interpreter.stacks(item)
            case .range: break
            case .tensor(let t, _) where t.rank > 0: break
            default: return nil
            }
        }
        guard isList else { return nil }
        guard try c.int(1) == 0 else { throw c.fault(.shape, 1, "lists have one axis, got \(c[1].described)") }
        let parts = try given.items.map { try Items($0, c.interpreter, what: c.label(0)) }
        try Interpreter.checkListMemory(parts.reduce(0) { $0 + $1.count })
        return Value(list: try parts.flatMap { try $0.array() })
    }

    public static let concat: Operation = Operation("concat(tensors..., axis=0)", .shape,
        "Tensors joined along an axis they have; the other sizes agree. They are given as arguments, as one list, or as the rows of one tensor. A number counts as a vector of one element. Lists that are no tensors give the list of all their items.",
        examples: [("concat([1, 2], [3])", "[1, 2, 3]"), ("concat([[1], [2]], [[3], [4]], axis=1)", "[[1, 3],\n [2, 4]]"), ("concat((1, 2), (\"a\",))", "(1, 2, \"a\")")],
        seeAlso: ["stack", "append", "pad"],
        result: Results.concat,
        forward: { c in
            if let list = try joinedLists(c) { return list }
            var items = try parts(&c, 0)
            for i in items.indices where try items[i].tensor().rank == 0 { items[i] = try reshape(items[i], .number(1)) }
            let axis = try c.axis(1, rank: items[0].tensor().rank)
            do { return try join(Value(list: items), Value(axis)) } catch let error as TensorError where error.kind == .shape {
                throw try c.meantAxis(c.unequalParts(error, items, besides: axis))
            }
        })

    public static let stack: Operation = Operation("stack(tensors..., axis=0)", .shape,
        "Tensors of one shape joined along a new axis. They are given as arguments, as one list, or as the rows of one tensor.",
        examples: [("stack([1, 2], [3, 4])", "[[1, 2],\n [3, 4]]"), ("stack([1, 2], [3, 4], axis=1)", "[[1, 3],\n [2, 4]]")], seeAlso: ["concat", "expand"],
        result: Results.stack,
        forward: { c in
            let items = try parts(&c, 0)
            let axis = try c.axis(1, rank: items[0].tensor().rank + 1)
            do { return try stackList(Value(list: items), Value(axis)) } catch let error as TensorError where error.kind == .shape {
                throw try c.meantAxis(c.unequalParts(error, items, besides: nil))
            }
        })

    /// `concat` of a list of tensors along an axis counted from 0.
    static let join: Operation = Operation("join_list(tensors, axis)", .operators, "Joins a list of tensors along an axis.",
        forward: { c in Value(try Tensor.concat(try c.items(0).map { try $0.tensor() }, axis: try c.int(1))) },
        backward: { b in
            guard case .list(let list) = b.argument(0), let axis = b.argument(1).asDouble.map({ Int($0) }) else { return }
            var start = 0
            for (j, item) in list.items.enumerated() {
                let size = try item.tensor().dims[axis], from = start
                start += size
                guard b.needs(2 + j) else { continue }
                try b.give(2 + j, typed(narrow(b.g, Value(axis), Value(from), Value(size)), like: b.x(2 + j)))
            }
        })

    /// `stack` of a list of tensors along a new axis counted from 0.
    static let stackList: Operation = Operation("stack_list(tensors, axis)", .operators, "Stacks a list of tensors along a new axis.",
        forward: { c in Value(try Tensor.stack(try c.items(0).map { try $0.tensor() }, axis: try c.int(1))) },
        backward: { b in
            guard case .list(let list) = b.argument(0), let axis = b.argument(1).asDouble.map({ Int($0) }) else { return }
            for j in list.items.indices where b.needs(2 + j) {
                let part = try reshapeLike(narrow(b.g, Value(axis), Value(j), .number(1)), b.x(2 + j).constant)
                try b.give(2 + j, typed(part, like: b.x(2 + j)))
            }
        })

    /// `count` places of an axis from `start` on.
    static let narrow: Operation = Operation("narrow(x, axis, start, count)", .operators, "A stretch of an axis.",
        forward: { c in
            let x = try c.tensor(0), axis = try c.int(1), start = try c.int(2), count = try c.int(3)
            var shape = x.shape
            let size = shape[axis]
            shape[axis] = count
            let result = try Tensor.make(shape, x.dtype)
            guard result.count > 0 else { return Value(result) }
            let inner = shape[(axis + 1)...].reduce(x.dtype.size, &*)
            for i in 0..<(result.byteCount / (count * inner)) {
                (result.data + i * count * inner).copyMemory(from: x.data + (i * size + start) * inner, byteCount: count * inner)
            }
            return Value(result)
        },
        backward: { b in try b.give(0, embed(b.g, b.argument(1), b.argument(2), b.x(0).constant)) })

    /// The tensor at `start` along an axis of zeros of the shape of another: undoes `narrow`.
    private static let embed: Operation = Operation("embed_axis(g, axis, start, like)", .operators, "A tensor among zeros.",
        forward: { c in
            let g = try c.tensor(0), axis = try c.int(1), start = try c.int(2), shape = try c.tensor(3).shape
            let result = try Tensor.fill(shape, 0, g.dtype)
            guard g.count > 0 else { return Value(result) }
            let inner = shape[(axis + 1)...].reduce(g.dtype.size, &*), count = g.dims[axis]
            for i in 0..<(g.byteCount / (count * inner)) {
                (result.data + (i * shape[axis] + start) * inner).copyMemory(from: g.data + i * count * inner, byteCount: count * inner)
            }
            return Value(result)
        },
        backward: { b in
            if b.needs(0) { try b.give(0, narrow(b.g, b.argument(1), b.argument(2), Value(b.x(0).tensor().dims[b.argument(1).asDouble.map { Int($0) } ?? 0]))) }
        })

    /// Pairs [before, after] for every axis: from a matrix of them, one pair for all, or one number for both ends of all.
    private static func amounts(_ value: Value, rank: Int, _ what: String) throws -> [(Int, Int)] {
        let interpreter = Interpreter.current!
        if value.isPlain { let n = try interpreter.ints(value, what: what)[0]; return Array(repeating: (n, n), count: rank) }
        if case .tensor(let t, _) = value, t.dims[0] != rank, t.dims[0] != 2 {
            throw TensorError(.shape, "pad needs a pair [before, after] for each of \(rank) axes, got \(t.dims[0])")
        }
        let items = try interpreter.items(of: value, what: what)
        if items.count == 2, items[0].isPlain, items[1].isPlain {
            let pair = try interpreter.ints(value, what: what)
            return Array(repeating: (pair[0], pair[1]), count: rank)
        }
        return try items.map { item in
            let pair = try interpreter.ints(item, what: what)
            guard pair.count == 2 || item.isPlain else { throw Diagnostic(.shape, "\(what) must be pairs [before, after], got \(pair.count) numbers for one axis") }
            return (pair[0], pair[pair.count - 1])
        }
    }

    private static func padded(_ shape: [Int], _ amounts: [(Int, Int)]) throws -> [Int] {
        guard amounts.count == shape.count else {
            throw TensorError(.shape, "pad needs a pair [before, after] for each of \(shape.count) axes, got \(amounts.count)")
        }
        return zip(shape, amounts).map { $0 &+ $1.0 &+ $1.1 }
    }

    public static let pad: Operation = Operation("pad(x, pad, value=0)", .shape,
        "x surrounded by a value: `pad` holds [before, after] for each axis, one such pair for all axes, or one number for every end.",
        examples: [("pad([1, 2], 1)", "[0, 1, 2, 0]"), ("pad([[1, 2]], [[0, 1], [2, 0]])", "[[0, 0, 1, 2],\n [0, 0, 0, 0]]")], seeAlso: ["concat", "tile"],
        shape: { shapes, arguments in
            let x = try Rules.known(shapes, 0)
            return try padded(x, amounts(arguments[1], rank: x.count, "`pad` of pad"))
        },
        forward: { c in
            let x = try c.tensor(0)
            let around = try amounts(c[1], rank: x.rank, c.label(1)), value = try c.double(2)
            return try c.blaming(1) { Value(try Tensor.pad(x, around, value: value)) }
        },
        backward: { b in
            try b.give(0, crop(b.g, b.argument(1)))
            if b.needs(2) {
                // The value stands wherever x does not.
                let all = try sum(b.g), inside = try sum(crop(b.g, b.argument(1)))
                try b.give(2, unbroadcast(all - inside, like: b.x(2)))
            }
        })

    /// Takes away [before, after] elements along each axis: undoes `pad`.
    static let crop: Operation = Operation("crop_ends(x, amounts)", .operators, "Takes elements away at the ends of each axis.",
        shape: { shapes, arguments in
            let x = try Rules.known(shapes, 0)
            return try padded(x, amounts(arguments[1], rank: x.count, "amounts").map { (-$0.0, -$0.1) })
        },
        forward: { c in
            let x = try c.tensor(0)
            let slices = try amounts(c[1], rank: x.rank, c.label(1)).enumerated().map { (axis, ends) in
                Subscript.slice(start: ends.0, stop: x.dims[axis] - ends.1, step: 1)
            }
            return Value(try Tensor.get(x, Selection.resolve(slices, shape: x.shape)))
        },
        backward: { b in try b.give(0, pad(b.g, b.argument(1), .number(0))) })

    public static let flip: Operation = Operation("flip(x, axis=none)", .shape, "The order reversed along the axes given, or along all.",
        examples: [("flip([1, 2, 3])", "[3, 2, 1]"), ("flip([[1, 2], [3, 4]], axis=1)", "[[2, 1],\n [4, 3]]")], seeAlso: ["roll", "transpose"],
        shape: Rules.same,
        forward: { c in
            let x = try c.tensor(0)
            return Value(try Tensor.flip(x, axes: try c.reductionAxes(1, of: x) ?? Array(0..<x.rank)))
        },
        backward: { b in try b.give(0, flip(b.g, b.argument(1))) })

    public static let roll: Operation = Operation("roll(x, shift, axis=none)", .shape,
        "Every element moved `shift` places on along an axis; what leaves at the end comes in at the start. Several shifts go with as many axes. Without an axis the elements move in row order.",
        examples: [("roll([1, 2, 3, 4], 1)", "[4, 1, 2, 3]"), ("roll([[1, 2], [3, 4]], 1, axis=0)", "[[3, 4],\n [1, 2]]")], seeAlso: ["flip", "shift"],
        shape: Rules.same,
        forward: { c in
            let x = try c.tensor(0), shifts = try c.ints(1)
            guard x.rank > 0 else { throw Diagnostic(.shape, "roll needs a tensor with at least one axis, got a single number") }
            return Value(try rolled(x, shifts, try c.isNone(2) ? nil : c.ints(2).map { try Call.axis($0, rank: x.rank, label: c.label(2)) }))
        },
        backward: { b in
            let back = try Interpreter.current.ints(b.argument(1), what: "`shift` of roll").map { Value(0 &- $0) }
            try b.give(0, roll(b.g, Value(list: back), b.argument(2)))
        })

    private static func rolled(_ x: Tensor, _ shifts: [Int], _ axes: [Int]?) throws -> Tensor {
        guard let axes else {
            guard shifts.count == 1 else { throw Diagnostic(.shape, "roll by \(shifts.count) shifts needs as many axes", help: ["roll(x, [1, 2], axis=[0, 1])"]) }
            return try Tensor.reshape(Tensor.roll(Tensor.reshape(x, [x.count]), shift: shifts[0], axis: 0), x.shape)
        }
        guard shifts.count == axes.count || shifts.count == 1 else { throw Diagnostic(.shape, "roll needs one shift for each axis: \(shifts.count) against \(axes.count)") }
        var result = x
        for (i, axis) in axes.enumerated() { result = try Tensor.roll(result, shift: shifts[shifts.count == 1 ? 0 : i], axis: axis) }
        return result
    }

    public static let tile: Operation = Operation("tile(x, repeats...)", .shape,
        "The whole tensor repeated along each axis, given as numbers or one list. Repeats are lined up with the last axes; more repeats than axes make new leading axes.",
        examples: [("tile([1, 2], 3)", "[1, 2, 1, 2, 1, 2]"), ("tile([1, 2], 2, 1)", "[[1, 2],\n [1, 2]]")], seeAlso: ["expand", "concat"],
        shape: { shapes, arguments in
            let (sizes, times) = try aligned(Rules.known(shapes, 0), Rules.sizes(arguments[1]))
            return zip(sizes, times).map { $0 &* $1 }
        },
        forward: { c in Value(try Tensor.tile(try c.typedTensor(0), try c.sizes(1))) },
        backward: { b in
            guard b.needs(0) else { return }
            let (sizes, times) = try aligned(b.shape(0), Rules.sizes(b.argument(1)))
            var split: [Int] = []
            for (size, repeats) in zip(sizes, times) { split += [repeats, size] }
            let g = try reshape(b.g, Value(shape: split))
            let repeats = Value(shape: Array(stride(from: 0, to: split.count, by: 2)))
            let total = sizes.isEmpty ? g : try sum(g, repeats)
            try b.give(0, typed(reshape(total, Value(shape: b.shape(0))), like: b.x(0)))
        })

    /// Sizes and repeats of `tile`, lined up at the end.
    private static func aligned(_ shape: [Int], _ repeats: [Int]) throws -> ([Int], [Int]) {
        let rank = Swift.max(shape.count, repeats.count)
        return (Array(repeating: 1, count: rank - shape.count) + shape, Array(repeating: 1, count: rank - repeats.count) + repeats)
    }

    public static let oneHot: Operation = Operation("one_hot(labels, classes=none)", .shape,
        "Rows of zeros with a 1 at the label: labels of any shape [...] give [..., classes]. Without `classes`, one more than the largest label.",
        examples: [("one_hot([0, 2], 3)", "[[1, 0, 0],\n [0, 0, 1]]")], seeAlso: ["argmax", "cross_entropy"],
        shape: { shapes, arguments in try Rules.known(shapes, 0) + Rules.ints(arguments[1], "`classes`") },
        forward: { c in
            let labels = try c.tensor(0)
            var classes = 0
            if c.isNone(1) {
                for i in 0..<labels.count { classes = Swift.max(classes, Int(exactly: labels.element(i)).map { $0 < Int.max ? $0 + 1 : $0 } ?? 0) }
            } else {
                classes = try c.size(1)
            }
            return Value(try c.blaming(0) { try Tensor.oneHot(labels, classes: classes, labels.dtype == .f64 ? .f64 : c.interpreter.defaultType) })
        })

    public static let outer: Operation = Operation("outer(a, b)", .shape, "The outer product a[i] · b[j] of two vectors, a matrix [len(a), len(b)].",
        examples: [("outer([1, 2], [3, 4])", "[[3, 4],\n [6, 8]]")], seeAlso: ["dot", "matmul"],
        shape: { shapes, _ in try Rules.known(shapes, 0) + Rules.known(shapes, 1) },
        forward: { c in
            let a = try c.tensor(0), b = try c.tensor(1)
            guard a.rank == 1, b.rank == 1 else {
                let wrong = a.rank == 1 ? 1 : 0
                throw c.fault(.shape, wrong, "outer needs two vectors, got \(shapeText(a.shape)) and \(shapeText(b.shape))",
                              help: (wrong == 0 ? a : b).rank > 1 ? ["for a vector of all its elements, write `flatten(‹\(c.operation.parameters[wrong].name)›, 0)`"] : [])
            }
            return try multiply(reshape(c.value(0), Value(shape: [a.count, 1])), reshape(c.value(1), Value(shape: [1, b.count])))
        })

    static let assembling: [Operation] = [concat, stack, pad, flip, roll, tile, oneHot, outer]
}

extension Call {
    /// The error for tensors that do not fit together: it points at the first that differs from the one before it. `axis`
    /// is the one along which they may differ.
    /// `stack(xs, 1)`: NumPy takes the axis there.
    fileprivate func meantAxis(_ error: Diagnostic) -> Diagnostic {
        guard case .list(let given) = self[0], given.items.count == 2, case .number(let axis) = given.items[1], axis == axis.rounded() else { return error }
        var error = error
        error.help = ["an axis is given by name: `axis=\(numberText(axis))`"]
        return error
    }

    fileprivate func unequalParts(_ error: TensorError, _ items: [Value], besides axis: Int?) throws -> Diagnostic {
        guard case .list(let given) = self[0], given.items.count == items.count else { return fault(.shape, 0, error.message, help: error.help) }
        let shapes = try items.map { try $0.tensor().shape }
        func differ(_ x: [Int], _ axis: Int?) -> Bool { x.count != shapes[0].count || x.indices.contains { $0 != axis && x[$0] != shapes[0][$0] } }
        let wrong = shapes.firstIndex { differ($0, axis) } ?? 0
        var help = error.help
        // Another axis along which they do fit.
        if axis != nil, let other = shapes[0].indices.first(where: { k in !shapes.contains { differ($0, k) } }) {
            help.append("they fit along axis \(other): `axis=\(other)`")
        } else if shapes[wrong].reversed() == shapes[0], shapes[0].count == 2 {
            help.append("the second is the transpose of the first: write `‹\(wrong) of \(operation.parameters[0].name)|x›'`")
        }
        return fault(.shape, 0, item: wrong, error.message, help: help)
    }
}
