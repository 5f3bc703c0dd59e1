import Syntax
import Tensors

// Pooling over windows of images, and windows as columns (im2col).
//
// Once its windows are chosen pooling is linear: max pooling gathers at kept positions, and gathering and scattering
// are each other's gradients; average pooling and im2col have their adjoints beside them.

/// Flat positions as a value, for internal operations only.
final class Positions: Function {
    let indices: FlatIndices
    init(_ indices: FlatIndices) {
        self.indices = indices
        super.init(name: "positions")
    }
}

extension Call {
    func positions(_ i: Int) throws -> FlatIndices {
        guard case .function(let f) = self[i], let positions = f as? Positions else { throw wrong(i, "positions") }
        return positions.indices
    }

    /// Window size, stride (by default the size) and padding, the arguments from `first` on.
    func window(from first: Int) throws -> (size: (Int, Int), stride: (Int, Int), pad: (Int, Int)) {
        let size = try pairOfSizes(first, atLeast: 1)
        let stride = isNone(first + 1) ? size : try pairOfSizes(first + 1, atLeast: 1)
        return (size, stride, try pairOfSizes(first + 2, atLeast: 0))
    }

    /// Images for a window, checked.
    func pooled(_ window: (size: (Int, Int), stride: (Int, Int), pad: (Int, Int))) throws -> Tensor {
        let x = try floats(0, rank: 4, "[n, channels, rows, columns]", help: try imageHelp(0))
        _ = try Op.pooledShape(operation.name, x.shape, window.size, window.stride, window.pad)
        return x
    }
}

extension Op {
    /// The shape of a pooled batch of images.
    static func pooledShape(_ name: String, _ x: [Int], _ size: (Int, Int), _ stride: (Int, Int), _ pad: (Int, Int)) throws -> [Int] {
        guard pad.0 <= size.0 / 2, pad.1 <= size.1 / 2 else {
            throw Diagnostic(.value, "`pad` of \(name) must be at most half the window, \(Swift.min(size.0, size.1) / 2), got \(Swift.max(pad.0, pad.1))")
        }
        guard let rows = ConvolutionGeometry.positions(x[2], size.0, stride: stride.0, pad: pad.0, dilation: 1),
              let columns = ConvolutionGeometry.positions(x[3], size.1, stride: stride.1, pad: pad.1, dilation: 1) else {
            throw Diagnostic(.shape, "a window of \(size.0) by \(size.1) does not fit on images of \(x[2]) by \(x[3])", help: ["pool with a smaller window, or earlier in the network"])
        }
        return [x[0], x[1], rows, columns]
    }

    private static let poolShape: ShapeRule = { shapes, arguments in
        let x = try Rules.known(shapes, 0)
        guard x.count == 4 else { throw TensorError(.shape, "pooling needs images [n, channels, rows, columns]") }
        let size = try Rules.pair(arguments[1], least: 1)
        let stride = arguments[2].isNone ? size : try Rules.pair(arguments[2], least: 1)
        return try pooledShape("pooling", x, size, stride, try Rules.pair(arguments[3]))
    }

    public static let maxPool2d: Operation = Operation("max_pool2d(x, size, stride=size, pad=0)", .neural, """
        The largest element of each window of images [n, channels, rows, columns]; padding never wins. The gradient goes \
        to the first of equals. `size`, `stride` and `pad` are a number or a pair.
        """,
        examples: [("max_pool2d([[[[1, 2], [3, 4]]]], 2)", "[[[[4]]]]")], seeAlso: ["avg_pool2d", "maxpool", "conv2d"], lecture: 28,
        shape: poolShape,
        forward: { c in
            let window = try c.window(from: 1)
            let x = try c.pooled(window)
            let (values, indices) = try Tensor.maxPool2d(x, size: window.size, stride: window.stride, pad: window.pad, indices: c.interpreter.tape.isRecording)
            c.kept = indices
            return Value(values)
        },
        backward: { b in
            guard let indices = b.kept as? FlatIndices else { return }
            try b.give(0, scatterAt(b.g, .function(Positions(indices)), Value(shape: b.shape(0))))
        })

    /// The elements of x at flat positions, in a shape.
    static let gatherAt: Operation = Operation("gather_at(x, positions, shape)", .neural, "Elements at flat positions.",
        forward: { c in Value(try Tensor.gather(try c.tensor(0), try c.positions(1), shape: try c.ints(2))) },
        backward: { b in try b.give(0, scatterAt(b.g, b.argument(1), Value(shape: b.shape(0)))) })

    /// Zeros of a shape to which the elements of g are added at flat positions.
    static let scatterAt: Operation = Operation("scatter_at(g, positions, shape)", .neural, "Adds to zeros at flat positions.",
        forward: { c in Value(try Tensor.scatterAdd(try c.tensor(0), try c.positions(1), shape: try c.ints(2))) },
        backward: { b in try b.give(0, gatherAt(b.g, b.argument(1), Value(shape: b.shape(0)))) })

    public static let avgPool2d: Operation = Operation("avg_pool2d(x, size, stride=size, pad=0)", .neural, """
        The mean of each window of images [n, channels, rows, columns]; padding counts as zeros. `size`, `stride` and `pad` \
        are a number or a pair.
        """,
        examples: [("avg_pool2d([[[[1, 2], [3, 4]]]], 2)", "[[[[2.5]]]]")], seeAlso: ["max_pool2d", "avgpool", "globalpool"],
        shape: poolShape,
        forward: { c in
            let window = try c.window(from: 1)
            return Value(try Tensor.avgPool2d(try c.pooled(window), size: window.size, stride: window.stride, pad: window.pad))
        },
        backward: { b in
            try b.give(0, avgPoolGradient(b.g, Value(shape: b.shape(0)), b.argument(1), b.argument(2), b.argument(3)))
        })

    static let avgPoolGradient: Operation = Operation("avg_pool_gradient(g, shape, size, stride, pad)", .neural, "The gradient of avg_pool2d.",
        forward: { c in
            let window = try c.window(from: 2)
            return Value(try Tensor.avgPoolGradient(try c.tensor(0), inputShape: try c.ints(1), size: window.size, stride: window.stride, pad: window.pad))
        },
        backward: { b in try b.give(0, avgPool2d(b.g, b.argument(2), b.argument(3), b.argument(4))) })

    // MARK: Windows as columns

    public static let im2col: Operation = Operation("im2col(x, size, stride=1, pad=0, dilation=1)", .neural, """
        The windows of an image as columns: of [n, channels, rows, columns] gives [n, channels·r·s, positions], of one \
        image [rows, columns] gives [r·s, positions]. Filters as rows times it are the convolution: \
        `reshape(w, size(w, 0), -1) @ im2col(x, 3)`.
        """,
        examples: [("im2col([[1, 2, 3], [4, 5, 6]], 2)", "[[1, 2],\n [2, 3],\n [4, 5],\n [5, 6]]")], seeAlso: ["conv2d", "conv_matrix"], lecture: 29,
        shape: { shapes, arguments in
            let x = try Rules.known(shapes, 0)
            guard x.count == 4 || x.count == 2 else { throw TensorError(.shape, "im2col takes images [n, channels, rows, columns] or one image [rows, columns], got \(shapeText(x))") }
            let geometry = ConvolutionGeometry(stride: try Rules.pair(arguments[2], least: 1), pad: try Rules.pair(arguments[3]), dilation: try Rules.pair(arguments[4], least: 1))
            let (taps, rows, columns) = try windows(x.count == 4 ? x : [1, 1] + x, try Rules.pair(arguments[1], least: 1), geometry)
            return (x.count == 4 ? [x[0]] : []) + [taps, rows * columns]
        },
        forward: { c in
            let x = try c.tensor(0)
            let size = try c.pairOfSizes(1, atLeast: 1)
            let geometry = ConvolutionGeometry(stride: try c.pairOfSizes(2, atLeast: 1), pad: try c.pairOfSizes(3, atLeast: 0), dilation: try c.pairOfSizes(4, atLeast: 1))
            guard x.rank == 4 || x.rank == 2 else {
                throw Diagnostic(.shape, "im2col takes images [n, channels, rows, columns] or one image [rows, columns], got shape \(shapeText(x.shape))", help: try c.imageHelp(0))
            }
            let images = x.rank == 4 ? x.shape : [1, 1] + x.shape
            let (taps, rows, columns) = try windows(images, size, geometry)
            // A padded image, then its elements at the positions of every window.
            let (h, w) = (images[2] + 2 * geometry.pad.0, images[3] + 2 * geometry.pad.1)
            let places = rows * columns
            var positions: [Int] = []
            // Asking for the result first refuses what is too large.
            _ = try Tensor.make([images[0], taps, places], .f64)
            positions.reserveCapacity(images[0] * taps * places)
            for n in 0..<images[0] {
                for k in 0..<images[1] {
                    for r in 0..<size.0 {
                        for s in 0..<size.1 {
                            let start = ((n * images[1] + k) * h + r * geometry.dilation.0) * w + s * geometry.dilation.1
                            for i in 0..<rows { for j in 0..<columns { positions.append(start + i * geometry.stride.0 * w + j * geometry.stride.1) } }
                        }
                    }
                }
            }
            var padded = try reshape(try c.value(0), Value(shape: images))
            if geometry.pad != (0, 0) {
                let amounts = [[0, 0], [0, 0], [geometry.pad.0, geometry.pad.0], [geometry.pad.1, geometry.pad.1]]
                padded = try pad(padded, Value(list: amounts.map { Value(shape: $0) }))
            }
            let indices = try FlatIndices(positions, sourceCount: images[0] * images[1] * h * w)
            return try gatherAt(padded, .function(Positions(indices)), Value(shape: x.rank == 4 ? [images[0], taps, places] : [taps, places]))
        })

    /// Elements of a window over all channels, and its positions by rows and columns.
    private static func windows(_ images: [Int], _ size: (Int, Int), _ geometry: ConvolutionGeometry) throws -> (taps: Int, rows: Int, columns: Int) {
        guard let rows = ConvolutionGeometry.positions(images[2], size.0, stride: geometry.stride.0, pad: geometry.pad.0, dilation: geometry.dilation.0),
              let columns = ConvolutionGeometry.positions(images[3], size.1, stride: geometry.stride.1, pad: geometry.pad.1, dilation: geometry.dilation.1) else {
            throw Diagnostic(.shape, "a window of \(size.0) by \(size.1) does not fit on images of \(images[2]) by \(images[3])")
        }
        // Neither the columns nor the padded images may overflow; memory is asked for later.
        let padded = [images[2] + 2 * geometry.pad.0, images[3] + 2 * geometry.pad.1]
        for sizes in [[images[1], size.0, size.1, images[0], rows, columns], images.prefix(2) + padded] {
            var product = 1
            for n in sizes {
                let (p, over) = product.multipliedReportingOverflow(by: n)
                guard !over else { throw Diagnostic(.limit, "not enough memory for the windows of images \(shapeText(images)) with pad \(geometry.pad.0), \(geometry.pad.1)") }
                product = p
            }
        }
        return (images[1] * size.0 * size.1, rows, columns)
    }

    static let poolings = [maxPool2d, avgPool2d, im2col]
}
