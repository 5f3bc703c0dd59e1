import CKernels

/// Flat positions in a tensor of `sourceCount` elements, one for each element of a result: what `gather` reads and
/// `scatterAdd` writes.
public final class FlatIndices {
    public let count: Int
    public let sourceCount: Int
    let data: UnsafeMutablePointer<Int32>

    /// Positions not yet set. Throws `limit` without memory, and where the source has 2^31 elements or more.
    init(count: Int, sourceCount: Int) throws {
        guard sourceCount < 1 << 31 else { throw TensorError(.limit, "a tensor of \(sourceCount) elements is too large here: below 2147483648") }
        let bytes = count * 4
        guard Memory.reserve(bytes), let block = nns_alloc(bytes) else { throw TensorError(.limit, "not enough memory for \(count) indices") }
        self.count = count; self.sourceCount = sourceCount
        data = block.assumingMemoryBound(to: Int32.self)
    }

    /// From positions 0..<sourceCount; throws `value` outside.
    public convenience init(_ positions: [Int], sourceCount: Int) throws {
        try self.init(count: positions.count, sourceCount: sourceCount)
        for (i, p) in positions.enumerated() {
            guard p >= 0, p < sourceCount else { throw TensorError(.value, "index \(p) is out of range: there are \(sourceCount) elements") }
            data[i] = Int32(p)
        }
    }

    deinit {
        Memory.release(count * 4)
        nns_free(data, count * 4)
    }

    public subscript(_ i: Int) -> Int { Int(data[i]) }
}

extension Tensor {
    private static func windows(_ name: String, _ x: [Int], _ size: (Int, Int), _ stride: (Int, Int), _ pad: (Int, Int)) throws -> nns_convolution {
        guard x.count == 4 else {
            throw TensorError(.shape, "\(name) takes images [n, channels, height, width], not \(TensorError.text(x))",
                              help: x.count == 3 ? ["add the batch axis: `x[none]`"] : [])
        }
        guard size.0 > 0, size.1 > 0 else { throw TensorError(.value, "\(name): size must be at least 1, not \(Swift.min(size.0, size.1))") }
        try ConvolutionGeometry(stride: stride, pad: pad).check()
        guard pad.0 <= size.0 / 2, pad.1 <= size.1 / 2 else {
            throw TensorError(.value, "\(name): pad \(Swift.max(pad.0, pad.1)) is more than half the window's size")
        }
        guard let oh = ConvolutionGeometry.places(x[2], size.0, stride.0, pad.0, 1),
              let ow = ConvolutionGeometry.places(x[3], size.1, stride.1, pad.1, 1) else {
            throw TensorError(.shape, "\(name): a window of \(size.0)×\(size.1) does not fit into images of \(x[2])×\(x[3])")
        }
        return nns_convolution(n: x[0], c: x[1], h: x[2], w: x[3], k: x[1], r: size.0, s: size.1, oh: oh, ow: ow,
                               stride_h: stride.0, stride_w: stride.1, pad_h: pad.0, pad_w: pad.1, dilation_h: 1, dilation_w: 1, groups: 1)
    }

    private static func floats(_ x: Tensor) throws -> Tensor { x.dtype == .bool ? try convert(x, to: .ofBools) : x }

    /// The largest element of each window of images x [n, c, h, w], and where it is (the first of equals by rows; a NaN wins),
    /// unless `indices` is false. Windows reach into the padding, which never wins; pad is at most half the size.
    public static func maxPool2d(_ x: Tensor, size: (Int, Int), stride: (Int, Int), pad: (Int, Int) = (0, 0), indices: Bool = true) throws -> (values: Tensor, indices: FlatIndices?) {
        var g = try windows("max_pool2d", x.shape, size, stride, pad)
        let x = try floats(x)
        let y = try make([g.n, g.c, g.oh, g.ow], x.dtype)
        let positions = indices ? try FlatIndices(count: y.count, sourceCount: x.count) : nil
        guard y.count > 0 else { return (y, positions) }
        withUnsafePointer(to: &g) { g in
            Threads.run(count: g.pointee.n * g.pointee.c, grain: Swift.max(1, (1 << 17) / Swift.max(1, g.pointee.h * g.pointee.w))) { first, last in
                if x.dtype == .f32 { nns_max_pool_f32(y.f32, positions?.data, x.f32, g, first, last) }
                else { nns_max_pool_f64(y.f64, positions?.data, x.f64, g, first, last) }
            }
        }
        return (y, positions)
    }

    /// The gradient of max_pool2d for its images, given that of its output: windows that overlap add in ascending order.
    public static func maxPoolGradient(_ gradient: Tensor, _ indices: FlatIndices, inputShape: [Int]) throws -> Tensor {
        try scatterAdd(gradient, indices, shape: inputShape)
    }

    /// The mean of each window of images x [n, c, h, w]; padding counts as zeros (PyTorch's count_include_pad).
    /// Sums run over (row, column) from +0, then one division.
    public static func avgPool2d(_ x: Tensor, size: (Int, Int), stride: (Int, Int), pad: (Int, Int) = (0, 0)) throws -> Tensor {
        var g = try windows("avg_pool2d", x.shape, size, stride, pad)
        let x = try floats(x)
        let y = try make([g.n, g.c, g.oh, g.ow], x.dtype)
        withUnsafePointer(to: &g) { g in
            Threads.run(count: g.pointee.n * g.pointee.c, grain: Swift.max(1, (1 << 17) / Swift.max(1, g.pointee.h * g.pointee.w))) { first, last in
                if x.dtype == .f32 { nns_avg_pool_f32(y.f32, x.f32, g, first, last) }
                else { nns_avg_pool_f64(y.f64, x.f64, g, first, last) }
            }
        }
        return y
    }

    /// The gradient of avg_pool2d for its images of shape `inputShape`, given that of its output.
    public static func avgPoolGradient(_ gradient: Tensor, inputShape: [Int], size: (Int, Int), stride: (Int, Int), pad: (Int, Int) = (0, 0)) throws -> Tensor {
        var g = try windows("avg_pool2d", inputShape, size, stride, pad)
        guard gradient.shape == [g.n, g.c, g.oh, g.ow] else {
            throw TensorError(.shape, "the gradient is \(TensorError.text(gradient.shape)), the output [\(g.n), \(g.c), \(g.oh), \(g.ow)]")
        }
        let d = try floats(gradient)
        let dx = try make(inputShape, d.dtype)
        withUnsafePointer(to: &g) { g in
            Threads.run(count: g.pointee.n * g.pointee.c, grain: Swift.max(1, (1 << 17) / Swift.max(1, g.pointee.h * g.pointee.w))) { first, last in
                if d.dtype == .f32 { nns_avg_pool_gradient_f32(dx.f32, d.f32, g, first, last) }
                else { nns_avg_pool_gradient_f64(dx.f64, d.f64, g, first, last) }
            }
        }
        return dx
    }

    // MARK: Gather and scatter

    /// The elements of x at flat positions, in a given shape.
    public static func gather(_ x: Tensor, _ indices: FlatIndices, shape: [Int]) throws -> Tensor {
        let y = try make(shape, x.dtype)
        guard y.count == indices.count, x.count == indices.sourceCount else {
            throw TensorError(.shape, "\(indices.count) indices into \(indices.sourceCount) elements do not fit \(TensorError.text(x.shape)) and \(TensorError.text(shape))")
        }
        let index = indices.data
        switch x.dtype.size {
        case 1: for i in 0..<y.count { y.u8[i] = x.u8[Int(index[i])] }
        case 4: for i in 0..<y.count { y.f32[i] = x.f32[Int(index[i])] }
        default: for i in 0..<y.count { y.f64[i] = x.f64[Int(index[i])] }
        }
        return y
    }

    /// Zeros of a given shape, to which the elements of x are added at flat positions, in ascending order of x.
    public static func scatterAdd(_ x: Tensor, _ indices: FlatIndices, shape: [Int]) throws -> Tensor {
        let x = try floats(x)
        let y = try fill(shape, 0, x.dtype)
        guard x.count == indices.count, y.count == indices.sourceCount else {
            throw TensorError(.shape, "\(indices.count) indices into \(indices.sourceCount) elements do not fit \(TensorError.text(x.shape)) and \(TensorError.text(shape))")
        }
        let index = indices.data
        if x.dtype == .f32 { for i in 0..<x.count { y.f32[Int(index[i])] += x.f32[i] } }
        else { for i in 0..<x.count { y.f64[Int(index[i])] += x.f64[i] } }
        return y
    }
}
