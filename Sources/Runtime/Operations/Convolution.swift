import Syntax
import Tensors

// Convolution over images and sequences, its transpose, and pooling.
//
// Goals: gradients of every order. A convolution is bilinear, and so are its two gradients; each of the three is a
// recorded operation whose own gradients are the other two. Pooling is linear once its windows are chosen.

extension ConvolutionGeometry {
    /// `stride`, `pad`, `dilation` and `groups`, the arguments from `first` on.
    init(_ c: Call, from first: Int) throws {
        self.init(stride: try c.pairOfSizes(first, atLeast: 1), pad: try c.pairOfSizes(first + 1, atLeast: 0),
                  dilation: try c.pairOfSizes(first + 2, atLeast: 1), groups: try c.size(first + 3))
        guard groups >= 1 else { throw Diagnostic(.value, "`groups` of \(c.operation.name) must be at least 1, got \(groups)") }
    }

    /// The same from plain arguments, for a shape rule.
    init(_ arguments: [Value], from first: Int) throws {
        self.init(stride: try Rules.pair(arguments[first], least: 1), pad: try Rules.pair(arguments[first + 1]),
                  dilation: try Rules.pair(arguments[first + 2], least: 1), groups: try Rules.pair(arguments[first + 3], least: 1).0)
    }

    /// Positions of a window of `size` on `n` elements; nil where none fits.
    static func positions(_ n: Int, _ size: Int, stride: Int, pad: Int, dilation: Int) -> Int? {
        guard size >= 1, n >= 0 else { return nil }
        let (reach, over) = dilation.multipliedReportingOverflow(by: size - 1)
        let room = n + 2 * pad - 1
        guard !over, room >= reach else { return nil }
        return (room - reach) / stride + 1
    }
}

extension Rules {
    /// A plain argument that is a number for both axes, or a pair.
    static func pair(_ value: Value, least: Int = 0) throws -> (Int, Int) {
        let given = try ints(value, "a size")
        guard given.count == 1 || given.count == 2, given.allSatisfy({ $0 >= least && $0 < 1 << 31 }) else { throw TensorError(.value, "a size must be at least \(least)") }
        return (given[0], given[given.count - 1])
    }
}

extension Call {
    /// A number for both axes, or a pair for rows and columns.
    func pairOfSizes(_ i: Int, atLeast least: Int) throws -> (Int, Int) {
        let given = try ints(i)
        guard given.count == 1 || given.count == 2 else {
            throw fault(.value, i, "\(label(i)) is one number, or a pair for rows and columns, not \(given.count) numbers")
        }
        for n in given where n < least { throw fault(.value, i, "\(label(i)) must be at least \(least), got \(n)") }
        for n in given where n >= 1 << 31 { throw fault(.value, i, "\(label(i)) is too large: \(n)") }
        return (given[0], given[given.count - 1])
    }

    /// A tensor of floats of the given rank.
    func floats(_ i: Int, rank: Int, _ layout: String, help: [String] = []) throws -> Tensor {
        let t = try tensor(i)
        guard t.rank == rank else {
            throw fault(.shape, i, "\(label(i)) must be \(layout), got \(shapeText(t.shape))", help: help)
        }
        return t
    }

    /// Help for an image of the wrong rank.
    func imageHelp(_ i: Int) throws -> [String] {
        let t = try tensor(i)
        let name = operation.parameters[i].name
        // The filters' channels tell one image [channels, rows, columns] from grey images [n, rows, columns].
        let channels = operation.parameters.count > 1 && operation.parameters[1].name == "w" ? self[1].tensorShape.flatMap { $0.count == 4 ? $0[1] : nil } : nil
        switch t.rank {
        case 2: return ["for one grey image, write `‹\(name)›[none, none]`"]
        case 3 where channels == 1 && t.dims[0] != 1: return ["for grey images [n, rows, columns], write `‹\(name)›[:, none]`"]
        case 3 where channels != nil: return ["for one image [channels, rows, columns], write `‹\(name)›[none]`"]
        case 3: return ["for one image [channels, rows, columns], write `‹\(name)›[none]`; for grey images [n, rows, columns], `‹\(name)›[:, none]`"]
        default: return []
        }
    }
}

/// Floats of one type: a bool or a plain number takes the type of what it stands beside.
func sameType(_ tensors: Tensor?...) throws -> [Tensor?] {
    var type = DType.bool
    for t in tensors { if let t { type = Tensor.promoted(type, t.dtype) } }
    if type == .bool || type == .number { type = Interpreter.current.defaultType }
    return try tensors.map { t in try t.map { $0.dtype == type ? $0 : try Tensor.convert($0, to: type) } }
}

extension Op {
    public static let conv2d: Operation = Operation("conv2d(x, w, b=none, stride=1, pad=0, dilation=1, groups=1)", .neural, """
        Slides the filters w [filters, channels / groups, rows, columns] over images x [n, channels, rows, columns] and \
        gives [n, filters, rows', columns'] with rows' = ⌊(rows + 2·pad − dilation·(k − 1) − 1) / stride⌋ + 1. It does not \
        flip the kernel (a cross-correlation, as in every library; `convolve` flips). `stride`, `pad` and `dilation` are \
        a number or a pair.
        """,
        examples: [("shape(conv2d(zeros(1, 3, 8, 8), zeros(4, 3, 3, 3), pad=1))", "(1, 4, 8, 8)")],
        seeAlso: ["conv", "conv_transpose2d", "convolve", "max_pool2d"], lecture: 30,
        shape: { shapes, arguments in
            let x = try Rules.known(shapes, 0), w = try Rules.known(shapes, 1)
            guard x.count == 4, w.count == 4 else { throw TensorError(.shape, "conv2d needs images [n, channels, rows, columns] and filters [filters, channels, rows, columns]") }
            if let b = shapes[2], b != [w[0]] { throw TensorError(.shape, "conv2d needs one bias for each filter") }
            return try convolutionShape(x, w, arguments)
        },
        forward: { c in
            let x = try c.floats(0, rank: 4, "[n, channels, rows, columns]", help: try c.imageHelp(0))
            let w = try c.floats(1, rank: 4, "[filters, channels, rows, columns]", help: try c.tensor(1).rank == 2 ? ["for one kernel [rows, columns], write `‹w›[none, none]`"] : [])
            let geometry = try ConvolutionGeometry(c, from: 3)
            let isChannelsLast = x.dims[3] == w.dims[1] && x.dims[1] != w.dims[1]
            _ = try c.pointing(isChannelsLast ? 0 : 1) { try checked(c.operation.name, x.shape, w.shape, geometry) }
            var bias: Tensor?
            if !c.isNone(2) {
                bias = try c.floats(2, rank: 1, "[filters]")
                guard bias!.count == w.dims[0] else {
                    throw c.fault(.shape, 2, "`b` of \(c.operation.name) must be [\(w.dims[0])], one for each filter, got \(shapeText(bias!.shape))")
                }
            }
            let same = try sameType(x, w, bias)
            return Value(try Tensor.conv2d(same[0]!, same[1]!, same[2], geometry))
        },
        backward: { b in
            let rest = (3..<7).map { b.argument($0) }
            try b.give(0, typed(try conv2dInputGradient.apply([b.g, b.x(1), Value(shape: b.shape(0))] + rest), like: b.x(0)))
            try b.give(1, typed(try conv2dWeightGradient.apply([b.g, b.x(0), Value(shape: b.shape(1))] + rest), like: b.x(1)))
            try b.give(2, typed(try sum(b.g, Value(shape: [0, 2, 3])), like: b.x(2)))
        })

    /// The gradient of conv2d for its images; `shape` is theirs. Also the transposed convolution.
    static let conv2dInputGradient: Operation = Operation("conv2d_input_gradient(g, w, shape, stride, pad, dilation, groups)", .neural,
        "The gradient of conv2d with respect to its images.",
        forward: { c in
            let same = try sameType(try c.tensor(0), try c.tensor(1))
            let geometry = try ConvolutionGeometry(c, from: 3)
            return Value(try Tensor.conv2dInputGradient(same[0]!, same[1]!, inputShape: try c.ints(2), geometry))
        },
        backward: { b in
            let rest = (3..<7).map { b.argument($0) }
            try b.give(0, typed(try conv2d.apply([b.g, b.x(1), .none] + rest), like: b.x(0)))
            try b.give(1, typed(try conv2dWeightGradient.apply([b.x(0), b.g, Value(shape: b.shape(1))] + rest), like: b.x(1)))
        })

    /// The gradient of conv2d for its filters; `shape` is theirs.
    static let conv2dWeightGradient: Operation = Operation("conv2d_weight_gradient(g, x, shape, stride, pad, dilation, groups)", .neural,
        "The gradient of conv2d with respect to its filters.",
        forward: { c in
            let same = try sameType(try c.tensor(0), try c.tensor(1))
            let geometry = try ConvolutionGeometry(c, from: 3)
            return Value(try Tensor.conv2dWeightGradient(same[0]!, same[1]!, weightShape: try c.ints(2), geometry))
        },
        backward: { b in
            let rest = (3..<7).map { b.argument($0) }
            try b.give(0, typed(try conv2d.apply([b.x(1), b.g, .none] + rest), like: b.x(0)))
            try b.give(1, typed(try conv2dInputGradient.apply([b.x(0), b.g, Value(shape: b.shape(1))] + rest), like: b.x(1)))
        })

    public static let conv1d: Operation = Operation("conv1d(x, w, b=none, stride=1, pad=0, dilation=1, groups=1)", .neural, """
        Slides the filters w [filters, channels / groups, size] over sequences x [n, channels, length] and gives \
        [n, filters, length'], as `conv2d` does for images.
        """,
        examples: [("shape(conv1d(zeros(1, 3, 8), zeros(4, 3, 3), pad=1))", "(1, 4, 8)"), ("conv1d([[[1, 2, 3]]], [[[1, 1]]])", "[[[3, 5]]]")],
        seeAlso: ["conv2d", "convolve"],
        shape: { shapes, arguments in
            let x = try Rules.known(shapes, 0), w = try Rules.known(shapes, 1)
            guard x.count == 3, w.count == 3 else { throw TensorError(.shape, "conv1d needs sequences [n, channels, length] and filters [filters, channels, size]") }
            let y = try convolutionShape([x[0], x[1], 1, x[2]], [w[0], w[1], 1, w[2]],
                                         arguments.prefix(3) + arguments[3..<6].enumerated().map { Value(list: [.number($0 == 1 ? 0 : 1), $1]) } + arguments[6...])
            return [y[0], y[1], y[3]]
        },
        forward: { c in
            let x = try c.floats(0, rank: 3, "[n, channels, length]", help: try c.tensor(0).rank == 2 ? ["for one sequence [channels, length], write `‹x›[none]`"] : [])
            let w = try c.floats(1, rank: 3, "[filters, channels, size]")
            let groups = try c.size(6)
            guard groups < 1 || x.dims[1] % groups != 0 || x.dims[1] / groups == w.dims[1] else {
                throw c.fault(.shape, x.dims[2] == w.dims[1] ? 0 : 1, "channels do not fit: the sequences have \(x.dims[1])\(groups > 1 ? " in \(groups) groups" : ""), the filters \(shapeText(w.shape)) are for \(w.dims[1])",
                                 help: x.dims[2] == w.dims[1] ? ["sequences are [n, channels, length]: write `permute(‹x›, [0, 2, 1])`"] : [])
            }
            func one(_ i: Int, _ least: Int) throws -> Int {
                let n = try c.int(i)
                guard n >= least else { throw c.fault(.value, i, "\(c.label(i)) must be at least \(least), got \(n)") }
                return n
            }
            let stride = try one(3, 1), pad = try one(4, 0), dilation = try one(5, 1)
            let images = try reshape(try c.value(0), Value(shape: [x.dims[0], x.dims[1], 1, x.dims[2]]))
            let filters = try reshape(try c.value(1), Value(shape: [w.dims[0], w.dims[1], 1, w.dims[2]]))
            let y = try conv2d(images, filters, c.isNone(2) ? .none : try c.value(2), Value(shape: [1, stride]), Value(shape: [0, pad]), Value(shape: [1, dilation]), c[6])
            let shape = try y.tensor().shape
            return try reshape(y, Value(shape: [shape[0], shape[1], shape[3]]))
        })

    public static let convTranspose2d: Operation = Operation("conv_transpose2d(x, w, b=none, stride=1, pad=0, dilation=1, groups=1, output_pad=0)", .neural, """
        The transpose of `conv2d`: x [n, in, rows, columns] and w [in, out / groups, r, s] give [n, out, rows', columns'] with \
        rows' = (rows − 1)·stride − 2·pad + dilation·(r − 1) + 1 + output_pad.
        """,
        examples: [("shape(conv_transpose2d(zeros(1, 3, 4, 4), zeros(3, 2, 3, 3), stride=2, pad=1))", "(1, 2, 7, 7)")],
        seeAlso: ["conv2d", "conv_transpose"],
        shape: { shapes, arguments in
            let x = try Rules.known(shapes, 0), w = try Rules.known(shapes, 1)
            guard x.count == 4, w.count == 4, x[1] == w[0] else { throw TensorError(.shape, "conv_transpose2d needs images [n, in, rows, columns] and filters [in, out, rows, columns], got \(shapeText(x)) and \(shapeText(w))") }
            return try transposedShape(x, w, ConvolutionGeometry(arguments, from: 3), Rules.pair(arguments[7]))
        },
        forward: { c in
            let x = try c.floats(0, rank: 4, "[n, channels, rows, columns]", help: try c.imageHelp(0))
            let w = try c.floats(1, rank: 4, "[in, out / groups, rows, columns]")
            let geometry = try ConvolutionGeometry(c, from: 3)
            let extra = try c.pairOfSizes(7, atLeast: 0)
            guard x.dims[1] == w.dims[0] else {
                throw c.fault(.shape, 1, "channels do not fit: the images have \(x.dims[1]), the filters [in, out, rows, columns] are \(shapeText(w.shape)) for \(w.dims[0])",
                                 help: x.dims[1] == w.dims[1] ? ["swap the first two axes: write `permute(‹w›, [1, 0, 2, 3])`"] : [])
            }
            guard x.dims[1] % geometry.groups == 0 else {
                throw Diagnostic(.shape, "\(geometry.groups) groups do not divide \(x.dims[1]) channels")
            }
            guard extra.0 < Swift.max(geometry.stride.0, geometry.dilation.0), extra.1 < Swift.max(geometry.stride.1, geometry.dilation.1) else {
                throw Diagnostic(.value, "`output_pad` of conv_transpose2d must be below stride or dilation")
            }
            let shape = try transposedShape(x.shape, w.shape, geometry, extra)
            // Extra pixels beyond a stride are those of further rows and columns of zeros.
            let rows = extra.0 / geometry.stride.0, columns = extra.1 / geometry.stride.1
            let images = rows + columns == 0 ? try c.value(0) : try pad(try c.value(0), Value(list: [(0, 0), (0, 0), (0, rows), (0, columns)].map { Value(shape: [$0.0, $0.1]) }))
            let y = try conv2dInputGradient(images, try c.value(1), Value(shape: shape), c[3], c[4], c[5], c[6])
            if c.isNone(2) { return y }
            let bias = try c.floats(2, rank: 1, "[out]"), out = shape[1]
            guard bias.count == out else {
                throw c.fault(.shape, 2, "`b` of conv_transpose2d must be [\(out)], one for each channel that comes out, got \(shapeText(bias.shape))")
            }
            return try y + (try reshape(try c.value(2), Value(shape: [out, 1, 1])))
        })

    /// The shape of conv2d's result from shapes and arguments.
    private static func convolutionShape(_ x: [Int], _ w: [Int], _ arguments: [Value]) throws -> [Int] {
        try checked("conv2d", x, w, ConvolutionGeometry(arguments, from: 3))
    }

    /// The shape of conv_transpose2d's result.
    private static func transposedShape(_ x: [Int], _ w: [Int], _ geometry: ConvolutionGeometry, _ extra: (Int, Int)) throws -> [Int] {
        func size(_ n: Int, _ k: Int, _ stride: Int, _ pad: Int, _ dilation: Int, _ extra: Int) throws -> Int {
            let (a, o1) = (n - 1).multipliedReportingOverflow(by: stride), (b, o2) = (k - 1).multipliedReportingOverflow(by: dilation)
            let (sum, o3) = a.addingReportingOverflow(b)
            guard n > 0, k > 0, !o1, !o2, !o3, sum < 1 << 60, sum + 1 + extra - 2 * pad > 0 else {
                throw Diagnostic(.shape, "conv_transpose2d leaves nothing: x is \(shapeText(x)), w is \(shapeText(w)), pad is \(pad)")
            }
            return sum + 1 + extra - 2 * pad
        }
        return [x[0], w[1] * geometry.groups, try size(x[2], w[2], geometry.stride.0, geometry.pad.0, geometry.dilation.0, extra.0),
                try size(x[3], w[3], geometry.stride.1, geometry.pad.1, geometry.dilation.1, extra.1)]
    }

    /// Checks that images and filters fit, and gives the shape of the result.
    private static func checked(_ name: String, _ x: [Int], _ w: [Int], _ geometry: ConvolutionGeometry) throws -> [Int] {
        let groups = geometry.groups
        guard x[1] % groups == 0, w[0] % groups == 0 else {
            throw Diagnostic(.shape, "\(groups) groups must divide the \(x[1]) channels and the \(w[0]) filters")
        }
        guard x[1] / groups == w[1] else {
            throw Diagnostic(.shape, "channels do not fit: the images have \(x[1])\(groups > 1 ? " in \(groups) groups" : ""), the filters \(shapeText(w)) are for \(w[1])",
                             help: x[3] == w[1] && x[1] != w[1] ? ["images are [n, channels, rows, columns]: write `permute(‹x›, [0, 3, 1, 2])`"] : ["the filters must be [\(w[0]), \(x[1] / groups), \(w[2]), \(w[3])]"])
        }
        guard let rows = ConvolutionGeometry.positions(x[2], w[2], stride: geometry.stride.0, pad: geometry.pad.0, dilation: geometry.dilation.0),
              let columns = ConvolutionGeometry.positions(x[3], w[3], stride: geometry.stride.1, pad: geometry.pad.1, dilation: geometry.dilation.1) else {
            func text(_ pair: (Int, Int)) -> String { pair.0 == pair.1 ? "\(pair.0)" : "\(pair)" }
            func reach(_ size: Int, _ dilation: Int) -> Int { size == 0 ? 0 : (size &- 1) &* dilation &+ 1 }
            let isSpread = geometry.dilation != (1, 1) && w[2] > 0 && w[3] > 0
            let spread = isSpread ? ", spread over \(reach(w[2], geometry.dilation.0)) by \(reach(w[3], geometry.dilation.1)) by dilation \(text(geometry.dilation))" : ""
            throw Diagnostic(.shape, "the kernel does not fit on the image: \(x[2]) by \(x[3]) with pad \(text(geometry.pad)), the kernel \(w[2]) by \(w[3])\(spread)",
                             help: w[2] == 0 || w[3] == 0 ? [] : ["give a larger `pad`\(isSpread ? ", a smaller `dilation`" : "") or a smaller kernel"])
        }
        return [x[0], w[0], rows, columns]
    }

    static let convolutions = [conv2d, conv1d, convTranspose2d]
}
