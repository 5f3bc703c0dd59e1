import CKernels

extension Tensor {
    /// The matrix product by NumPy's rules: the last two axes are matrices, leading axes broadcast; a vector on the left is
    /// a row, on the right a column, and its axis disappears from the result. `transposeA` and `transposeB` swap the last
    /// two axes of an operand of rank 2 and more without a copy.
    ///
    /// Each element is one chain of fused multiply-adds from +0 over the ascending inner index, in the operands' type.
    public static func matmul(_ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false) throws -> Tensor {
        guard a.rank > 0, b.rank > 0 else {
            throw TensorError(.shape, "`@` needs tensors with axes, not \(TensorError.text(a.shape)) and \(TensorError.text(b.shape))", help: ["`*` multiplies by a number"])
        }
        if (transposeA && a.rank < 2) || (transposeB && b.rank < 2) {
            throw TensorError(.shape, "the transpose of \(TensorError.text(transposeA && a.rank < 2 ? a.shape : b.shape)) needs two axes")
        }
        var type = promoted(a.dtype, b.dtype)
        if type == .bool { type = .f32 }
        let x = try convert(a, to: type), y = try convert(b, to: type)
        // m by k times k by n
        let m = x.rank == 1 ? 1 : x.dims[x.rank - (transposeA ? 1 : 2)], k = x.rank == 1 ? x.dims[0] : x.dims[x.rank - (transposeA ? 2 : 1)]
        let n = y.rank == 1 ? 1 : y.dims[y.rank - (transposeB ? 2 : 1)], kb = y.rank == 1 ? y.dims[0] : y.dims[y.rank - (transposeB ? 1 : 2)]
        guard k == kb else {
            var help: [String] = []
            if x.rank <= 2, y.rank == 2, !transposeB, y.dims[1] == k { help.append("the right side transposed would fit: `@ W'`") }
            throw TensorError(.shape, "`@` needs \(k) and \(kb) to be equal: \(TensorError.text(a.shape))\(transposeA ? "'" : "") @ \(TensorError.text(b.shape))\(transposeB ? "'" : "")", help: help)
        }
        let ars = transposeA ? 1 : k, acs = transposeA ? m : 1, brs = transposeB ? 1 : n, bcs = transposeB ? k : 1
        if x.rank <= 2 && y.rank <= 2 {
            let result: Tensor
            switch (x.rank, y.rank) {
            case (1, 1): result = try make(EmptyCollection<Int>(), type)
            case (1, _): result = try make(CollectionOfOne(n), type)
            case (_, 1): result = try make(CollectionOfOne(m), type)
            default: result = try withUnsafeTemporaryAllocation(of: Int.self, capacity: 2) { s in
                s[0] = m; s[1] = n
                return try make(s, type)
            }
            }
            try product(type, result.data, x.data, y.data, m, n, k, ars, acs, brs, bcs)
            return result
        }
        let leadA = x.rank > 2 ? Array(x.dimensions.dropLast(2)) : [], leadB = y.rank > 2 ? Array(y.dimensions.dropLast(2)) : []
        let lead: [Int]
        do { lead = try broadcastShape(leadA, leadB) } catch {
            throw TensorError(.shape, "the leading axes of \(TensorError.text(a.shape)) @ \(TensorError.text(b.shape)) do not broadcast")
        }
        var shape = lead
        if x.rank > 1 { shape.append(m) }
        if y.rank > 1 { shape.append(n) }
        let result = try make(shape, type)
        guard result.count > 0 else { return result }
        let size = type.size
        // A stack of matrices times one matrix is one tall product.
        if y.rank <= 2 && !transposeA && x.rank > 2 {
            try product(type, result.data, x.data, y.data, x.count / Swift.max(1, k), n, k, ars, acs, brs, bcs, zeroK: result.count / n)
            return result
        }
        let sa = leadStrides(leadA, m * k, lead), sb = leadStrides(leadB, k * n, lead)
        var index = [Int](repeating: 0, count: lead.count), oa = 0, ob = 0, to = 0
        while true {
            try product(type, result.data + to * size, x.data + oa * size, y.data + ob * size, m, n, k, ars, acs, brs, bcs)
            to += m * n
            var axis = lead.count - 1
            while axis >= 0 {
                index[axis] += 1; oa += sa[axis]; ob += sb[axis]
                if index[axis] < lead[axis] { break }
                oa -= sa[axis] * lead[axis]; ob -= sb[axis] * lead[axis]; index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return result }
        }
    }

    private static func leadStrides(_ lead: [Int], _ matrix: Int, _ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 0, count: shape.count), step = matrix
        for i in stride(from: lead.count - 1, through: 0, by: -1) {
            strides[shape.count - lead.count + i] = lead[i] == 1 ? 0 : step
            step *= lead[i]
        }
        return strides
    }

    /// C = A B by strides, on several threads where it is large. `zeroK` is the number of rows where k is 0.
    static func product(_ type: DType, _ c: UnsafeMutableRawPointer, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ rows: Int, _ n: Int,
                        _ k: Int, _ ars: Int, _ acs: Int, _ brs: Int, _ bcs: Int, zeroK: Int? = nil) throws {
        let m = k == 0 ? zeroK ?? rows : rows
        if type == .f32 {
            nns_matmul_f32(c.assumingMemoryBound(to: Float.self), n, a.assumingMemoryBound(to: Float.self), ars, acs,
                           b.assumingMemoryBound(to: Float.self), brs, bcs, m, n, k)
        } else {
            nns_matmul_f64(c.assumingMemoryBound(to: Double.self), n, a.assumingMemoryBound(to: Double.self), ars, acs,
                           b.assumingMemoryBound(to: Double.self), brs, bcs, m, n, k)
        }
    }

    /// A fully connected layer: x @ W' + b for x [features], [n, features] or [n, steps, features], W [units, features]
    /// and b [units]; the bias is added after the chain, one rounding.
    public static func linear(_ x: Tensor, _ w: Tensor, _ b: Tensor? = nil) throws -> Tensor {
        guard w.rank == 2 else { throw TensorError(.shape, "linear needs W of shape [units, features], not \(TensorError.text(w.shape))") }
        guard x.rank >= 1, x.rank <= 3 else {
            throw TensorError(.shape, "linear takes [features], [n, features] or [n, steps, features], not \(TensorError.text(x.shape))",
                              help: x.rank > 3 ? ["`flatten` makes [n, features] of images"] : [])
        }
        guard x.dims[x.rank - 1] == w.dims[1] else {
            throw TensorError(.shape, "x is \(TensorError.text(x.shape)) and W is \(TensorError.text(w.shape)): the last axis must be \(w.dims[1]), not \(x.dims[x.rank - 1])")
        }
        let product = try matmul(x, w, transposeB: true)
        guard let b else { return product }
        guard b.rank == 1, b.dims[0] == w.dims[0] else {
            throw TensorError(.shape, "the bias has shape \(TensorError.text(b.shape)), W \(TensorError.text(w.shape)): it must be [\(w.dims[0])]")
        }
        if product.dtype == .f32, b.dtype == .f32, product.count > 0 {
            let n = w.dims[0]
            nns_binary_f32(Int32(NNS_ADD), product.f32, product.f32, b.f32, product.count / n, n, n, 1, 0, 1)
            return product
        }
        return try binary(.add, product, b)
    }

    /// The inner product of two vectors: one chain of fused multiply-adds.
    public static func dot(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        guard a.rank == 1, b.rank == 1 else {
            throw TensorError(.shape, "dot takes two vectors, not \(TensorError.text(a.shape)) and \(TensorError.text(b.shape))", help: ["`@` multiplies matrices"])
        }
        guard a.dims[0] == b.dims[0] else {
            throw TensorError(.shape, "dot needs vectors of equal length, not \(TensorError.text(a.shape)) and \(TensorError.text(b.shape))")
        }
        return try matmul(a, b)
    }

    /// [m, n] with a[i] * b[j], of two vectors.
    public static func outer(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        guard a.rank == 1, b.rank == 1 else {
            throw TensorError(.shape, "outer takes two vectors, not \(TensorError.text(a.shape)) and \(TensorError.text(b.shape))")
        }
        return try binary(.multiply, view(of: a, [a.count, 1]), view(of: b, [1, b.count]))
    }
}
