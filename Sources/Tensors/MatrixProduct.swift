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
        if type == .bool { type = .ofBools }
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
            product(type, result.data, x.data, y.data, m, n, k, ars, acs, brs, bcs)
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
            product(type, result.data, x.data, y.data, result.count / n, n, k, ars, acs, brs, bcs)
            return result
        }
        let sa = leadStrides(leadA, m * k, lead), sb = leadStrides(leadB, k * n, lead)
        let work = Swift.max(1, m &* n &* k)
        Threads.run(count: result.count / (m * n), grain: Swift.max(1, productGrain / work)) { first, last in
            for item in first..<last {
                var rest = item, oa = 0, ob = 0
                for axis in stride(from: lead.count - 1, through: 0, by: -1) {
                    let i = rest % lead[axis]
                    rest /= lead[axis]
                    oa += i * sa[axis]; ob += i * sb[axis]
                }
                product(type, result.data + item * m * n * size, x.data + oa * size, y.data + ob * size, m, n, k, ars, acs, brs, bcs)
            }
        }
        return result
    }

    private static func leadStrides(_ lead: [Int], _ matrix: Int, _ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 0, count: shape.count), step = matrix
        for i in stride(from: lead.count - 1, through: 0, by: -1) {
            strides[shape.count - lead.count + i] = lead[i] == 1 ? 0 : step
            step *= lead[i]
        }
        return strides
    }

    /// C = A B by strides, on several threads where it is large: they take columns or rows, whichever there are more of.
    static func product(_ type: DType, _ c: UnsafeMutableRawPointer, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ m: Int, _ n: Int,
                        _ k: Int, _ ars: Int, _ acs: Int, _ brs: Int, _ bcs: Int) {
        let work = m &* n &* k
        guard Threads.isWorthwhile(work, productGrain), Threads.count > 1 else { return part(type, c, a, b, n, m, n, k, ars, acs, brs, bcs) }
        // Units of 48 keep the tiles of every instruction set whole; few pieces, since each packs anew.
        let size = type.size, byColumn = n >= m, units = ((byColumn ? n : m) + 47) / 48
        let grain = Swift.max(units / (Threads.count * 2), (productGrain >> Threads.shrink) / (work / units + 1), 1)
        Threads.runPieces(count: units, grain: grain) { first, last in
            let from = first &* 48, to = Swift.min(last &* 48, byColumn ? n : m)
            if byColumn { part(type, c + from &* size, a, b + from &* bcs &* size, n, m, to - from, k, ars, acs, brs, bcs) }
            else { part(type, c + from &* n &* size, a + from &* ars &* size, b, n, to - from, n, k, ars, acs, brs, bcs) }
        }
    }

    @inline(__always)
    private static func part(_ type: DType, _ c: UnsafeMutableRawPointer, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ ldc: Int, _ m: Int, _ n: Int,
                             _ k: Int, _ ars: Int, _ acs: Int, _ brs: Int, _ bcs: Int) {
        if type == .f32 {
            nns_matmul_f32(c.assumingMemoryBound(to: Float.self), ldc, a.assumingMemoryBound(to: Float.self), ars, acs,
                           b.assumingMemoryBound(to: Float.self), brs, bcs, m, n, k)
        } else {
            nns_matmul_f64(c.assumingMemoryBound(to: Double.self), ldc, a.assumingMemoryBound(to: Double.self), ars, acs,
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
