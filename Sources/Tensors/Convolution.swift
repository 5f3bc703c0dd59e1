import CKernels

/// How a 2-D window moves over an image: (rows, columns) of each.
public struct ConvolutionGeometry: Equatable {
    public var stride: (Int, Int)
    public var pad: (Int, Int)
    public var dilation: (Int, Int)
    public var groups: Int

    public init(stride: (Int, Int) = (1, 1), pad: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1), groups: Int = 1) {
        self.stride = stride; self.pad = pad; self.dilation = dilation; self.groups = groups
    }

    public static func == (a: ConvolutionGeometry, b: ConvolutionGeometry) -> Bool {
        a.stride == b.stride && a.pad == b.pad && a.dilation == b.dilation && a.groups == b.groups
    }

    /// Throws where a number makes no sense: strides and dilations from 1, padding from 0, all below 2^31.
    func check() throws {
        for (name, pair, low) in [("stride", stride, 1), ("pad", pad, 0), ("dilation", dilation, 1)] {
            guard pair.0 >= low, pair.1 >= low, pair.0 < 1 << 31, pair.1 < 1 << 31 else {
                throw TensorError(.value, "\(name) must be at least \(low), not \(pair.0 == pair.1 ? "\(pair.0)" : "\(pair)")")
            }
        }
        guard groups >= 1 else { throw TensorError(.value, "groups must be at least 1, not \(groups)") }
    }

    /// The number of places of a window of `size` along an axis of `length`, or nil where it does not fit.
    static func places(_ length: Int, _ size: Int, _ stride: Int, _ pad: Int, _ dilation: Int) -> Int? {
        let (span, over) = dilation.multipliedReportingOverflow(by: size - 1)
        guard !over, span < 1 << 40 else { return nil }
        let room = length + 2 * pad - span - 1
        return room < 0 ? nil : room / stride + 1
    }
}

extension Tensor {
    /// The sizes of a convolution, checked.
    private static func sizes(_ x: [Int], _ w: [Int], _ g: ConvolutionGeometry) throws -> nns_convolution {
        try g.check()
        guard x.count == 4 else {
            throw TensorError(.shape, "conv2d takes images [n, channels, height, width], not \(TensorError.text(x))",
                              help: x.count == 3 ? ["add the batch axis: `x[none]`"] : [])
        }
        guard w.count == 4 else { throw TensorError(.shape, "conv2d takes filters [filters, channels, height, width], not \(TensorError.text(w))") }
        guard x[1] % g.groups == 0, w[0] % g.groups == 0 else {
            throw TensorError(.shape, "groups=\(g.groups) must divide the channels and the filters: x is \(TensorError.text(x)), w is \(TensorError.text(w))")
        }
        guard w[1] == x[1] / g.groups else {
            throw TensorError(.shape, "x is \(TensorError.text(x)), w is \(TensorError.text(w)): with groups=\(g.groups) the filters need \(x[1] / g.groups) channels, not \(w[1])")
        }
        guard w[2] > 0, w[3] > 0, let oh = ConvolutionGeometry.places(x[2], w[2], g.stride.0, g.pad.0, g.dilation.0),
              let ow = ConvolutionGeometry.places(x[3], w[3], g.stride.1, g.pad.1, g.dilation.1) else {
            throw TensorError(.shape, "a kernel of \(w[2])×\(w[3]) does not fit into images of \(x[2])×\(x[3]) with pad=\(g.pad.0 == g.pad.1 ? "\(g.pad.0)" : "\(g.pad)")")
        }
        // A stride along an axis with one place moves nowhere.
        let stride = (oh == 1 ? 1 : g.stride.0, ow == 1 ? 1 : g.stride.1)
        let (area, over) = (x[2] + 2 * g.pad.0 + stride.0).multipliedReportingOverflow(by: x[3] + 2 * g.pad.1 + stride.1)
        // Each thread copies an image, and the output's gradient, with its padding.
        let (bytes, over2) = area.multipliedReportingOverflow(by: 8 * (x[1] + w[0] + 16) * Swift.min(Threads.count, Swift.max(1, x[0])))
        guard !over, !over2, area < 1 << 40, bytes <= Memory.limit - Memory.used else {
            throw TensorError(.limit, "not enough memory for padded images of \(x[2] + 2 * g.pad.0)×\(x[3] + 2 * g.pad.1)")
        }
        return nns_convolution(n: x[0], c: x[1], h: x[2], w: x[3], k: w[0], r: w[2], s: w[3], oh: oh, ow: ow,
                               stride_h: stride.0, stride_w: stride.1, pad_h: g.pad.0, pad_w: g.pad.1,
                               dilation_h: g.dilation.0, dilation_w: g.dilation.1, groups: g.groups)
    }

    /// Both in one float type.
    private static func pair(_ a: Tensor, _ b: Tensor) throws -> (Tensor, Tensor, DType) {
        var type = promoted(a.dtype, b.dtype)
        if type == .bool { type = .ofBools }
        return (try convert(a, to: type), try convert(b, to: type), type)
    }

    /// Multiply-adds that are worth a thread (see `Threads.run`).
    static let productGrain = 1 << 20

    /// Runs kernels that report a want of memory, and throws it.
    private static func working(_ body: (UnsafeMutablePointer<Bool>) -> Void) throws {
        var failed = false
        withUnsafeMutablePointer(to: &failed) { body($0) }
        if failed { throw TensorError(.limit, "not enough memory for a convolution's working space") }
    }

    /// Pieces of the batch on the pool's threads.
    private static func overImages(_ g: inout nns_convolution, _ body: (UnsafePointer<nns_convolution>, Int, Int) -> Bool) throws {
        let work = g.k * g.oh * g.ow * g.c / g.groups * g.r * g.s
        try working { failed in
            withUnsafePointer(to: &g) { g in
                Threads.run(count: g.pointee.n, grain: productGrain / Swift.max(1, work) &+ 1) { first, last in
                    if !body(g, first, last) { failed.pointee = true }
                }
            }
        }
    }

    /// The cross-correlation (what networks call convolution) of images x [n, c, h, w] with filters w [k, c / groups, r, s],
    /// plus a bias [k]: [n, k, oh, ow].
    ///
    /// Each output is one chain of fused multiply-adds from +0 over (channel, kernel row, kernel column) ascending;
    /// padding is skipped, not multiplied; the bias is added after the chain.
    public static func conv2d(_ x: Tensor, _ w: Tensor, _ b: Tensor? = nil, _ geometry: ConvolutionGeometry = ConvolutionGeometry()) throws -> Tensor {
        var g = try sizes(x.shape, w.shape, geometry)
        let (x, w, type) = try pair(x, w)
        if let b, b.rank != 1 || b.dims[0] != g.k {
            throw TensorError(.shape, "the bias has shape \(TensorError.text(b.shape)): \(g.k) filters need [\(g.k)]")
        }
        let bias = try b.map { try convert($0, to: type) }
        let y = try make([g.n, g.k, g.oh, g.ow], type)
        guard y.count > 0 else { return y }
        try overImages(&g) { g, first, last in
            type == .f32 ? nns_conv_f32(y.f32, x.f32, w.f32, bias?.f32, g, first, last)
                : nns_conv_f64(y.f64, x.f64, w.f64, bias?.f64, g, first, last)
        }
        return y
    }

    /// The gradient of a convolution for its images of shape `inputShape`, given that of its output g [n, k, oh, ow].
    ///
    /// Each element is one chain of fused multiply-adds from +0 over (output channel, kernel row, kernel column) ascending.
    public static func conv2dInputGradient(_ gradient: Tensor, _ w: Tensor, inputShape: [Int], _ geometry: ConvolutionGeometry = ConvolutionGeometry()) throws -> Tensor {
        var g = try sizes(inputShape, w.shape, geometry)
        guard gradient.shape == [g.n, g.k, g.oh, g.ow] else {
            throw TensorError(.shape, "the gradient is \(TensorError.text(gradient.shape)), the output [\(g.n), \(g.k), \(g.oh), \(g.ow)]")
        }
        let (d, w, type) = try pair(gradient, w)
        let dx = try make(inputShape, type)
        guard dx.count > 0 else { return dx }
        try overImages(&g) { g, first, last in
            type == .f32 ? nns_conv_input_f32(dx.f32, d.f32, w.f32, g, first, last)
                : nns_conv_input_f64(dx.f64, d.f64, w.f64, g, first, last)
        }
        return dx
    }

    /// The gradient of a convolution for its filters of shape `weightShape`, given that of its output g [n, k, oh, ow].
    ///
    /// Each element is one chain of fused multiply-adds from +0 over (image, output row, output column) ascending, padding skipped.
    public static func conv2dWeightGradient(_ gradient: Tensor, _ x: Tensor, weightShape: [Int], _ geometry: ConvolutionGeometry = ConvolutionGeometry()) throws -> Tensor {
        var g = try sizes(x.shape, weightShape, geometry)
        guard gradient.shape == [g.n, g.k, g.oh, g.ow] else {
            throw TensorError(.shape, "the gradient is \(TensorError.text(gradient.shape)), the output [\(g.n), \(g.k), \(g.oh), \(g.ow)]")
        }
        let (d, x, type) = try pair(gradient, x)
        let dw = try make(weightShape, type)
        guard dw.count > 0 else { return dw }
        // Threads take taps, a tile's rows at least; few pieces, since each transposes the gradient anew.
        let taps = g.c * g.r * g.s, work = Swift.max(1, g.n * g.oh * g.ow * g.k / g.groups)
        let grain = Threads.isWorthwhile(taps &* work, productGrain) ? Swift.max(12, taps / (2 * Threads.count)) : taps
        try working { failed in
            withUnsafePointer(to: &g) { g in
                Threads.runPieces(count: taps, grain: grain) { first, last in
                    let done = type == .f32 ? nns_conv_weight_f32(dw.f32, d.f32, x.f32, g, first, last)
                        : nns_conv_weight_f64(dw.f64, d.f64, x.f64, g, first, last)
                    if !done { failed.pointee = true }
                }
            }
        }
        return dw
    }

    /// The windows of images x [n, c, h, w] as columns: [n, c r s, oh ow], rows over (channel, kernel row, kernel column),
    /// zeros for padding. `size` is (r, s). Filters as rows times this are the convolution.
    public static func im2col(_ x: Tensor, size: (Int, Int), _ geometry: ConvolutionGeometry = ConvolutionGeometry()) throws -> Tensor {
        guard x.rank == 4 else { throw TensorError(.shape, "im2col takes images [n, channels, height, width], not \(TensorError.text(x.shape))") }
        let g = try sizes(x.shape, [geometry.groups, x.dims[1] / Swift.max(1, geometry.groups), size.0, size.1], geometry)
        let taps = g.r * g.s
        let y = try make([g.n, g.c * taps, g.oh * g.ow], x.dtype)
        let bytes = x.dtype.size
        for image in 0..<g.n {
            for row in 0..<(g.c * taps) {
                let c = row / taps, r = row % taps / g.s, s = row % g.s
                let plane = x.data + (image * g.c + c) * g.h * g.w * bytes
                var out = y.data + (image * g.c * taps + row) * g.oh * g.ow * bytes
                for i in 0..<g.oh {
                    let h = i * g.stride_h + r * g.dilation_h - g.pad_h
                    for j in 0..<g.ow {
                        let w = j * g.stride_w + s * g.dilation_w - g.pad_w
                        if h >= 0, h < g.h, w >= 0, w < g.w { out.copyMemory(from: plane + (h * g.w + w) * bytes, byteCount: bytes) }
                        else { out.initializeMemory(as: UInt8.self, repeating: 0, count: bytes) }
                        out += bytes
                    }
                }
            }
        }
        return y
    }
}
