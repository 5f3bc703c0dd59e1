import CKernels
import Syntax
import Tensors

// Convolution as on the slide: sₜ = Σₐ uₐ wₜ₋ₐ with undefined terms 0, in one or two dimensions, as a sum and as a matrix.

/// Which positions of the sliding kernel count, and how far apart they are.
private struct Placement {
    /// Padding on both sides, and the number of results.
    var pad: Int, count: Int, stride: Int

    /// For n elements and a kernel of m.
    init(_ n: Int, _ m: Int, mode: String, stride: Int, name: String) throws {
        self.stride = stride
        let all: Int
        switch mode {
        case "full": pad = m - 1; all = n + m - 1
        // The middle n of the full result, from ⌊(m − 1) / 2⌋ on.
        case "same": pad = m / 2; all = n
        case "valid":
            guard n >= m else {
                throw Diagnostic(.shape, "no position is valid: the kernel has \(m) elements, the input \(n)", help: ["use mode=\"full\" or \"same\", or swap the two"])
            }
            pad = 0; all = n - m + 1
        default: throw Diagnostic(.value, "`mode` of \(name) is \"full\", \"same\" or \"valid\", got \"\(mode)\"")
        }
        count = (all + stride - 1) / stride
    }
}

extension Op {
    public static let convolve: Operation = Operation("convolve(u, w, mode=\"full\", stride=1)", .neural, """
        The convolution of the slide, s_t = Σ u_a·w_(t−a), terms outside being 0: it flips the kernel (`correlate`, \
        `conv2d` and the layers do not). Vectors, or two images. For n and m elements "full" gives n + m − 1, "same" the \
        middle n, "valid" the n − m + 1 where the kernel lies inside; `stride` takes every s-th.
        """,
        examples: [("convolve([1, 2, 3], [1, 10])", "[1, 12, 23, 30]"), ("convolve([1, 2, 3], [1, 10], mode=\"valid\")", "[12, 23]")],
        seeAlso: ["correlate", "conv_matrix", "conv2d"], lecture: 26, shape: slidingShape,
        forward: { c in try sliding(c, flipped: true) })

    public static let correlate: Operation = Operation("correlate(u, w, mode=\"full\", stride=1)", .neural, """
        The cross-correlation: the kernel slides over u as it is, unflipped. `convolve(u, w)` is `correlate(u, flip(w))`; \
        the modes are the same.
        """,
        examples: [("correlate([1, 2, 3], [1, 10])", "[10, 21, 32, 3]"), ("correlate([1, 2, 3], [1, 10], mode=\"valid\")", "[21, 32]")],
        seeAlso: ["convolve", "conv2d"], lecture: 26, shape: slidingShape,
        forward: { c in try sliding(c, flipped: false) })

    private static let slidingShape: ShapeRule = { shapes, arguments in
        let u = try Rules.known(shapes, 0), w = try Rules.known(shapes, 1)
        guard u.count == w.count, u.count == 1 || u.count == 2 else {
            throw TensorError(.shape, "convolve takes two vectors or two images")
        }
        let stride = try Rules.pair(arguments[3], least: 1)
        return try u.indices.map { try Placement(u[$0], w[$0], mode: arguments[2].asString ?? "full", stride: $0 == 0 ? stride.0 : stride.1, name: "convolve").count }
    }

    private static func sliding(_ c: Call, flipped: Bool) throws -> Value {
        let u = try c.tensor(0), w = try c.tensor(1)
        guard let name = c[2].asString, ["full", "same", "valid"].contains(name) else {
            throw c.fault(.value, 2, "`mode` of \(c.operation.name) is \"full\", \"same\" or \"valid\", got \(c[2].asString.map { "\"\($0)\"" } ?? c[2].described)")
        }
        guard u.rank == w.rank, u.rank == 1 || u.rank == 2 else {
            throw Diagnostic(.shape, "\(c.operation.name) takes two vectors or two images: u is \(shapeText(u.shape)), w is \(shapeText(w.shape))",
                             help: u.rank > 2 ? ["batches of images go through `conv2d`"] : [])
        }
        guard u.count > 0, w.count > 0 else { throw Diagnostic(.shape, "\(c.operation.name) of nothing: u is \(shapeText(u.shape)), w is \(shapeText(w.shape))") }
        let stride = try c.pairOfSizes(3, atLeast: 1)
        let mode = try c.string(2)
        let places = try u.shape.indices.map { try Placement(u.dims[$0], w.dims[$0], mode: mode, stride: $0 == 0 ? stride.0 : stride.1, name: c.operation.name) }
        // A vector is an image of one row.
        let one = u.rank == 1
        func image(_ v: Value, _ t: Tensor) throws -> Value { try reshape(v, Value(shape: [1, 1] + (one ? [1] : []) + t.shape)) }
        let kernel = flipped ? try flip(try c.value(1), Value(shape: Array(0..<w.rank))) : try c.value(1)
        let strides = Value(shape: one ? [1, places[0].stride] : places.map(\.stride))
        let pads = Value(shape: one ? [0, places[0].pad] : places.map(\.pad))
        let y = try conv2d(try image(try c.value(0), u), try image(kernel, w), .none, strides, pads)
        // Padding is the same on both sides, so an even kernel may leave a last position too many.
        let shape = try y.tensor().shape
        let counts = places.map(\.count)
        let result = try reshape(y, Value(shape: one ? [shape[3]] : [shape[2], shape[3]]))
        if (one ? [shape[3]] : [shape[2], shape[3]]) == counts { return result }
        return try c.interpreter.getIndex(result, counts.map { .slice(start: 0, stop: $0, step: 1) })
    }

    public static let convMatrix: Operation = Operation("conv_matrix(w, n, mode=\"full\", stride=1)", .neural, """
        The matrix T of a convolution with `w`: `conv_matrix(w, n) @ u` is `convolve(u, w)` for u of n elements; its rows \
        hold the flipped kernel, each shifted by the stride. For an image kernel n is [rows, columns] and T works on \
        flattened images.
        """,
        examples: [("conv_matrix([1, 2], 3)", "[[1, 0, 0],\n [2, 1, 0],\n [0, 2, 1],\n [0, 0, 2]]")], seeAlso: ["convolve", "im2col"], lecture: 29,
        shape: { shapes, arguments in
            let w = try Rules.known(shapes, 0), sizes = try Rules.ints(arguments[1], "`n`"), stride = try Rules.pair(arguments[3], least: 1)
            guard w.count == sizes.count, w.count == 1 || w.count == 2 else { throw TensorError(.shape, "conv_matrix takes a kernel and the size of the input") }
            let counts = try sizes.indices.map { try Placement(sizes[$0], w[$0], mode: arguments[2].asString ?? "full", stride: $0 == 0 ? stride.0 : stride.1, name: "conv_matrix").count }
            return [counts.reduce(1) { $0 &* $1 }, sizes.reduce(1) { $0 &* $1 }]
        },
        forward: { c in
            let w = try c.tensor(0)
            guard w.rank == 1 || w.rank == 2, w.count > 0 else {
                throw Diagnostic(.shape, "conv_matrix takes a kernel that is a vector or an image, got shape \(shapeText(w.shape))")
            }
            let sizes = try c.ints(1)
            guard sizes.count == w.rank, sizes.allSatisfy({ $0 >= 1 }) else {
                throw Diagnostic(.shape, "`n` of conv_matrix must be \(w.rank == 1 ? "the length of the input" : "the [rows, columns] of the input"), got \(c.interpreter.display(c[1]))")
            }
            let stride = try c.pairOfSizes(3, atLeast: 1)
            let mode = try c.string(2)
            let places = try sizes.indices.map { try Placement(sizes[$0], w.dims[$0], mode: mode, stride: $0 == 0 ? stride.0 : stride.1, name: "conv_matrix") }
            func product(_ xs: [Int]) throws -> Int {
                try xs.reduce(1) { a, b in
                    let (p, over) = a.multipliedReportingOverflow(by: b)
                    guard !over, p < 1 << 40 else { throw Diagnostic(.limit, "not enough memory for the matrix of this convolution") }
                    return p
                }
            }
            let outputs = try product(places.map(\.count)), inputs = try product(sizes)
            func tap(_ axis: Int, _ t: Int, _ a: Int) -> Int? {
                let k = t * places[axis].stride - places[axis].pad + w.dims[axis] - 1 - a
                return k >= 0 && k < w.dims[axis] ? k : nil
            }
            // T[t, a] = w[t − a]; where that is outside, an added zero behind the kernel.
            func fill(_ set: (_ at: Int, _ k: Int) -> Void) {
                for t in 0..<outputs where !nns_interrupted() {
                    if w.rank == 1 {
                        for a in 0..<inputs { set(t * inputs + a, tap(0, t, a) ?? w.count) }
                        continue
                    }
                    let (tr, tc) = (t / places[1].count, t % places[1].count)
                    for a in 0..<inputs {
                        let r = tap(0, tr, a / sizes[1]), s = tap(1, tc, a % sizes[1])
                        if let r, let s { set(t * inputs + a, r * w.dims[1] + s) } else { set(t * inputs + a, w.count) }
                    }
                }
            }
            guard c.interpreter.tape.isRecording else {
                // Without a gradient no table of indices is needed, which is larger than the matrix.
                let matrix = try Tensor.make([outputs, inputs], w.dtype == .number ? c.interpreter.defaultType : w.dtype)
                fill { at, k in matrix.setElement(at, k == w.count ? 0 : w.element(k)) }
                return Value(matrix)
            }
            let indices = try Tensor.make([outputs, inputs], .f64)
            fill { at, k in indices.f64[at] = Double(k) }
            if nns_interrupted() { return .none }
            let flat = try reshape(try c.value(0), Value(shape: [w.count]))
            let extended = try concat(flat, Value(try Tensor.fill([1], 0, w.dtype)))
            return try c.interpreter.getIndex(extended, [.indices(indices)])
        })

    // MARK: Step by step

    public static let show: Operation = Operation("show(f, values..., mode=\"full\", stride=1)", .session, """
        `show(convolve, u, w)` prints each position of the sliding kernel as the slides do: u, the (flipped) kernel below it, \
        and the products that sum to the result, which it gives; the same for `correlate`. Where the lines are too narrow for \
        that, the products stand below the picture, or alone. Of anything else it prints what the prompt would show.
        """,
        examples: [("s = show(convolve, [1, 2, 3], [1, 10])", "u          1   2   3\ns[0]  10   1              1*1 = 1\ns[1]      10   1          1*10 + 2*1 = 12\ns[2]          10   1      2*10 + 3*1 = 23\ns[3]              10   1  3*10 = 30")],
        seeAlso: ["convolve", "correlate", "print"], lecture: 27,
        result: Results.unseen,
        forward: { c in
            guard case .list(let values) = c[1] else { return .none }
            if case .function(let f) = c[0], let operation = (f as? BuiltinFunction)?.operation, operation === convolve || operation === correlate {
                guard values.items.count == 2 else {
                    throw Diagnostic(.type, "show(\(operation.name), u, w) takes an input and a kernel, got \(values.items.count) values")
                }
                let result = try operation.apply(values.items + [c[2], c[3]])
                let u = try c.interpreter.stacked(values.items[0].detached, what: "u").tensor(), w = try c.interpreter.stacked(values.items[1].detached, what: "w").tensor()
                let stride = try c.pairOfSizes(3, atLeast: 1), mode = try c.string(2)
                let places = try u.shape.indices.map { try Placement(u.dims[$0], w.dims[$0], mode: mode, stride: $0 == 0 ? stride.0 : stride.1, name: operation.name) }
                c.interpreter.host.write(try positions(u, w, try result.tensor(), places, flipped: operation === convolve, c.interpreter))
                return result
            }
            if values.items.isEmpty {
                c.interpreter.host.write(c.interpreter.briefEcho(c[0]) + "\n")
                return .none
            }
            if case .function = c[0] {
                let result = try c.interpreter.apply(c[0], values.items)
                c.interpreter.host.write(c.interpreter.echo(result) + "\n")
                return result
            }
            for value in [c[0]] + values.items { c.interpreter.host.write(c.interpreter.echo(value) + "\n") }
            return .none
        })

    /// One line for each position of the kernel: of a vector with a picture of where it lies, as far as lines are wide enough.
    private static func positions(_ u: Tensor, _ w: Tensor, _ s: Tensor, _ places: [Placement], flipped: Bool, _ interpreter: Interpreter) throws -> String {
        func tap(_ k: Int) -> Int { flipped ? w.count - 1 - k : k }
        /// Bools count as 0 and 1.
        func text(_ t: Tensor, _ i: Int) -> String { t.dtype == .bool ? (t.element(i) == 0 ? "0" : "1") : Tensor.elementText(t, i) }
        func factor(_ t: Tensor, _ i: Int) -> String { t.element(i) < 0 ? "(\(text(t, i)))" : text(t, i) }
        func sum(_ terms: [String], _ i: Int) -> String { (terms.isEmpty ? "0" : terms.joined(separator: " + ")) + " = " + text(s, i) }
        func list(_ sums: [(label: String, sum: String)]) -> String { sums.map { interpreter.wrapped("\($0.label) = \($0.sum)", indent: 4) }.joined() }
        if u.rank == 2 {
            return list((0..<s.count).map { at in
                let (i, j) = (at / places[1].count, at % places[1].count)
                var terms: [String] = []
                for k in 0..<w.count {
                    let row = i * places[0].stride - places[0].pad + k / w.dims[1], column = j * places[1].stride - places[1].pad + k % w.dims[1]
                    if row >= 0, row < u.dims[0], column >= 0, column < u.dims[1] { terms.append("\(factor(u, row * u.dims[1] + column))*\(factor(w, tap(k)))") }
                }
                return ("s[\(i), \(j)]", sum(terms, at))
            })
        }
        let place = places[0], width = interpreter.host.width()
        let starts = (0..<place.count).map { $0 * place.stride - place.pad }
        let sums = starts.enumerated().map { i, start in
            ("s[\(i)]", sum((0..<w.count).compactMap { k in start + k >= 0 && start + k < u.count ? "\(factor(u, start + k))*\(factor(w, tap(k)))" : nil }, i))
        }
        let first = Swift.min(0, -place.pad), last = Swift.max(u.count - 1, (place.count - 1) * place.stride - place.pad + w.count - 1)
        let texts = (0..<u.count).map { text(u, $0) }, taps = (0..<w.count).map { text(w, tap($0)) }
        // Each column as wide as what stands in it.
        let kernelWidth = taps.map(\.count).max() ?? 1
        let widths = (first...last).map { $0 >= 0 && $0 < texts.count ? Swift.max(texts[$0].count, kernelWidth) : kernelWidth }
        let labelWidth = "s[\(place.count - 1)]".count
        let pictureWidth = widths.reduce(labelWidth) { $0 + 2 + $1 }
        if pictureWidth > width { return list(sums) }
        func line(_ label: String, _ cell: (Int) -> String?) -> String {
            var text = label + String(repeating: " ", count: labelWidth - label.count)
            for (i, column) in (first...last).enumerated() {
                let content = cell(column) ?? ""
                text += "  " + String(repeating: " ", count: widths[i] - content.count) + content
            }
            return text
        }
        func trimmed(_ text: String) -> String { String(text.reversed().drop { $0 == " " }.reversed()) + "\n" }
        let head = trimmed(line("u") { $0 >= 0 && $0 < texts.count ? texts[$0] : nil })
        let picture = zip(sums, starts).map { sum, start in line(sum.0) { $0 >= start && $0 < start + w.count ? taps[$0 - start] : nil } }
        if sums.allSatisfy({ pictureWidth + 2 + $0.1.count <= width }) {
            return head + zip(picture, sums).map { "\($0)  \($1.1)\n" }.joined()
        }
        return head + picture.map(trimmed).joined() + list(sums)
    }

    static let slides = [convolve, correlate, convMatrix, show]
}
