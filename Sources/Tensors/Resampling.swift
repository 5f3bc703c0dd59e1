import CKernels

extension Tensor {
    /// Images x [n, c, h, w] at places `at` [n, rows, columns, 2], or [rows, columns, 2] for all alike: pairs (row, column) in
    /// pixels. Bilinear, or the nearest pixel (halves go to the next); 0 outside.
    public static func resample(_ x: Tensor, _ at: Tensor, nearest: Bool = false) throws -> Tensor {
        var g = try resampling(x.shape, at, nearest)
        let size = at.rank - 3, y = try make([g.n, g.c, at.dims[size], at.dims[size + 1]], x.dtype)
        guard x.dtype == at.dtype, x.dtype == .f32 || x.dtype == .f64 else { throw TensorError(.type, "resample needs images and places of one float type") }
        guard x.count > 0 else { return try fill(y.shape, 0, y.dtype) }
        withUnsafePointer(to: &g) { g in
            Threads.run(count: g.pointee.n, grain: grain(g.pointee)) { first, last in
                if x.dtype == .f32 { nns_resample_f32(y.f32, x.f32, at.f32, g, first, last) }
                else { nns_resample_f64(y.f64, x.f64, at.f64, g, first, last) }
            }
        }
        return y
    }

    /// The gradient of `resample` for its images of shape `inputShape`, given that of its output.
    public static func resampleGradient(_ gradient: Tensor, _ at: Tensor, inputShape: [Int], nearest: Bool = false) throws -> Tensor {
        var g = try resampling(inputShape, at, nearest)
        guard gradient.shape == [g.n, g.c] + at.shape[(at.rank - 3)..<(at.rank - 1)], gradient.dtype == at.dtype, gradient.dtype == .f32 || gradient.dtype == .f64 else {
            throw TensorError(.shape, "the gradient \(TensorError.text(gradient.shape)) does not fit the places \(TensorError.text(at.shape))")
        }
        let dx = try make(inputShape, gradient.dtype)
        guard dx.count > 0 else { return dx }
        withUnsafePointer(to: &g) { g in
            Threads.run(count: g.pointee.n, grain: grain(g.pointee)) { first, last in
                if dx.dtype == .f32 { nns_resample_gradient_f32(dx.f32, gradient.f32, at.f32, g, first, last) }
                else { nns_resample_gradient_f64(dx.f64, gradient.f64, at.f64, g, first, last) }
            }
        }
        return dx
    }

    private static func grain(_ g: nns_resampling) -> Int { Swift.max(1, (1 << 13) / Swift.max(1, g.places * g.c)) }

    private static func resampling(_ x: [Int], _ at: Tensor, _ nearest: Bool) throws -> nns_resampling {
        guard x.count == 4, at.rank == 3 || at.rank == 4, at.dims[at.rank - 1] == 2, at.rank == 3 || at.dims[0] == x[0] else {
            throw TensorError(.shape, "resample takes images [n, channels, rows, columns] and places [n, rows', columns', 2], not \(TensorError.text(x)) and \(TensorError.text(at.shape))")
        }
        let (pixels, tooMany) = x[2].multipliedReportingOverflow(by: x[3])
        guard !tooMany, pixels < 1 << 31 else { throw TensorError(.limit, "images of \(x[2])×\(x[3]) are too large here: below 2147483648 pixels") }
        // Without images the places may be any number.
        let places = at.count == 0 ? 0 : at.dims[at.rank - 3] * at.dims[at.rank - 2]
        return nns_resampling(n: x[0], c: x[1], h: x[2], w: x[3], places: places, nearest: nearest, shared: at.rank == 3)
    }
}
