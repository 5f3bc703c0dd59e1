import Syntax
import Tensors

// Images between their pixels: what every warp of an image is made of.
//
// Resampling is linear in the image, and its gradient there is the scattering of the same weights; each is the other's
// gradient. Bilinear interpolation is linear along each axis between two rows (columns) of pixels, so that its slope along
// the rows is the difference of two resamplings, at the row below and at the row above: gradients of every order follow.
extension Op {
    public static let resample: Operation = Operation("resample(x, at, mode=\"bilinear\")", .neural, """
        Images x [n, channels, rows, columns] read at places `at` [n, rows', columns', 2] (or [rows', columns', 2], the same \
        for every image): gives [n, channels, rows', columns']. A place is a pair (row, column) in pixels, from 0, and may lie \
        between pixels: `mode` is "bilinear", or "nearest" (halves go to the next pixel). Outside the image there is 0; for \
        the pixels of its edge instead, `clip` the places. At whole numbers the pixels themselves come back, to the bit. The \
        gradient flows to the images and, with "bilinear", to the places. (PyTorch's grid_sample takes (x, y) in -1..1.)
        """,
        examples: [("x = [[[[1, 2], [3, 4]]]]\nresample(x, [[[0.5, 0.5], [1, 0], [0, 5]]])", "[[[[2.5, 3, 0]]]]")],
        seeAlso: ["rotate", "conv2d", "max_pool2d"], lecture: 9,
        shape: { shapes, _ in
            let x = try Rules.known(shapes, 0), at = try Rules.known(shapes, 1)
            guard x.count == 4 else { throw TensorError(.shape, "resample needs images [n, channels, rows, columns]") }
            try fits(x, at)
            return [x[0], x[1], at[at.count - 3], at[at.count - 2]]
        },
        forward: { c in
            let x = try c.floats(0, rank: 4, "[n, channels, rows, columns]", help: try c.imageHelp(0)), at = try c.tensor(1)
            try c.pointing(1) { try fits(x.shape, at.shape) }
            let same = try sameType(x, at)
            return Value(try Tensor.resample(same[0]!, same[1]!, nearest: try c.isNearest(2)))
        },
        backward: { b in
            let mode = b.argument(2)
            try b.give(0, typed(resampleGradient(b.g, b.x(1), Value(shape: b.shape(0)), mode), like: b.x(0)))
            if b.needs(1) { try b.give(1, typed(slope(b.x(0), b.x(1), b.g, mode), like: b.x(1))) }
        })

    /// The gradient of resample for its images; `shape` is theirs.
    static let resampleGradient: Operation = Operation("resample_gradient(g, at, shape, mode)", .neural, "The gradient of resample with respect to its images.",
        forward: { c in
            let same = try sameType(try c.tensor(0), try c.tensor(1))
            return Value(try Tensor.resampleGradient(same[0]!, same[1]!, inputShape: try c.ints(2), nearest: try c.isNearest(3)))
        },
        backward: { b in
            let mode = b.argument(3)
            try b.give(0, typed(resample(b.g, b.x(1), mode), like: b.x(0)))
            if b.needs(1) { try b.give(1, typed(slope(b.g, b.x(1), b.x(0), mode), like: b.x(1))) }
        })

    /// The gradient of the sum of g * resample(x, at) with respect to `at`: along each axis the difference between the pixels
    /// on either side of a place.
    private static func slope(_ x: Value, _ at: Value, _ g: Value, _ mode: Value) throws -> Value {
        if case .string(let s) = mode, s.string == "nearest" { return try at * .number(0) }
        let below = try Value(Op.floor(at).tensor()), isShared = try at.tensor().rank == 3
        let along: [Value] = try [[1.0, 0], [0, 1]].map { axis in
            let mask = try Interpreter.current.stacked(Value(list: axis.map { .number($0) }), what: "axis")
            let before = try at * (.number(1) - mask) + below * mask
            let difference = try resample(x, before + mask, mode) - resample(x, before, mode)
            return try sum(g * difference, Value(shape: isShared ? [0, 1] : [1]))
        }
        return try stackList(Value(list: along), Value(isShared ? 2 : 3))
    }

    private static func fits(_ x: [Int], _ at: [Int]) throws {
        guard at.count == 3 || at.count == 4, at[at.count - 1] == 2 else {
            throw Diagnostic(.shape, "`at` of resample must be places [n, rows, columns, 2] or [rows, columns, 2], pairs (row, column), got \(shapeText(at))")
        }
        guard at.count == 3 || at[0] == x[0] else {
            throw Diagnostic(.shape, "resample needs places for each of the \(x[0]) images, got \(shapeText(at))", help: at[0] == 1 ? ["for the same places in every image, write `‹at›[0]`"] : [])
        }
    }

    static let resamplings = [resample]
}

extension Call {
    /// The mode of an interpolation.
    fileprivate func isNearest(_ i: Int) throws -> Bool {
        let mode = try string(i)
        guard mode == "nearest" || mode == "bilinear" else { throw fault(.value, i, "\(label(i)) is \"bilinear\" or \"nearest\", got \"\(mode)\"") }
        return mode == "nearest"
    }
}
