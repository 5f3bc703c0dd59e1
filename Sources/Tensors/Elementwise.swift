import CKernels

extension Tensor {
    /// The same elements in another type: rounded to nearest, bools as 0 and 1, true where not zero. The tensor itself
    /// where it has the type already. A number (`.number`) must be 0-d.
    public static func convert(_ x: Tensor, to type: DType) throws -> Tensor {
        if x.dtype == type { return x }
        if type == .number && x.rank > 0 { throw TensorError(.type, "a number has no axes: the tensor is \(TensorError.text(x.shape))") }
        let result = try make(like: x, type)
        let from = x.dtype.size, to = type.size, source = x.data, target = result.data
        Threads.run(count: x.count, grain: elementGrain) { first, last in
            nns_convert(to, target + first &* to, from, source + first &* from, last - first)
        }
        return result
    }

    /// A tensor with one value everywhere, rounded to the type.
    public static func fill(_ shape: some RandomAccessCollection<Int>, _ value: Double, _ type: DType) throws -> Tensor {
        let result = try make(shape, type)
        switch type {
        case .bool: var v: UInt8 = value != 0 ? 1 : 0; nns_fill(1, result.data, &v, result.count)
        case .f32: var v = Float(value); nns_fill(4, result.data, &v, result.count)
        case .f64, .number: var v = value; nns_fill(8, result.data, &v, result.count)
        }
        return result
    }

    /// The elements stretched to a shape by NumPy's rules (the tensor itself where it has that shape).
    public static func broadcast(_ x: Tensor, to shape: [Int]) throws -> Tensor {
        if x.rank == shape.count, x.dimensions.elementsEqual(shape) { return x }
        guard try x.rank <= shape.count && broadcastShape(x.shape, shape) == shape else {
            throw TensorError(.shape, "\(TensorError.text(x.shape)) does not stretch to \(TensorError.text(shape))")
        }
        let result = try make(shape, x.dtype)
        guard result.count > 0 else { return result }
        let size = x.dtype.size
        let (dims, s, _) = collapse(shape, strides(of: x, in: shape), strides(of: x, in: shape))
        guard let cols = dims.last else { result.data.copyMemory(from: x.data, byteCount: size); return result }
        let outer = dims.count - 1
        var index = [Int](repeating: 0, count: outer), at = 0, from = 0
        while true {
            if s[outer] == 0 { nns_fill(size, result.data + at * size, x.data + from * size, cols) }
            else { (result.data + at * size).copyMemory(from: x.data + from * size, byteCount: cols * size) }
            at += cols
            var axis = outer - 1
            while axis >= 0 {
                index[axis] += 1; from += s[axis]
                if index[axis] < dims[axis] { break }
                from -= s[axis] * dims[axis]; index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return result }
        }
    }

    /// The sum over the axes along which `shape` was stretched to x's shape: broadcasting undone, for gradients.
    /// The order is that of `reduce`.
    public static func sum(_ x: Tensor, to shape: [Int]) throws -> Tensor {
        if x.rank == shape.count, x.dimensions.elementsEqual(shape) { return x }
        guard shape.count <= x.rank else { throw TensorError(.shape, "\(TensorError.text(x.shape)) does not sum to \(TensorError.text(shape))") }
        let skip = x.rank - shape.count
        // The gradient of a bias: only leading axes go.
        if x.dtype != .bool, shape.count > 0, x.dimensions[skip...].elementsEqual(shape) { return try leadingSum(x, skip) }
        var axes: [Int] = []
        for i in 0..<x.rank {
            if i < skip { axes.append(i); continue }
            if shape[i - skip] != x.dims[i] {
                guard shape[i - skip] == 1 else { throw TensorError(.shape, "\(TensorError.text(x.shape)) does not sum to \(TensorError.text(shape))") }
                axes.append(i)
            }
        }
        let summed = try reduce(.sum, x, axes: axes, keep: true)
        return skip == 0 ? summed : try view(of: summed, shape)
    }

    /// `a` where the condition holds, `b` elsewhere, all three broadcast together. The condition is bool; a and b are
    /// promoted to one type.
    public static func selectWhere(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws -> Tensor {
        guard condition.dtype == .bool else {
            throw TensorError(.type, "`where` needs a bool condition", help: ["compare, as in `where(x > 0, x, 0)`"])
        }
        let shape: [Int]
        if a.hasShape(of: b) && a.hasShape(of: condition) { shape = a.shape }
        else { shape = try broadcastShape(broadcastShape(condition.shape, a.shape), b.shape) }
        let type = selectType(a, b, shape.count)
        // A single element need not be stretched.
        func choice(_ t: Tensor) throws -> (Tensor, stride: Int) {
            t.count == 1 ? (try convert(t, to: type), 0) : (try broadcast(convert(t, to: type), to: shape), 1)
        }
        let c = try broadcast(condition, to: shape), (x, xs) = try choice(a), (y, ys) = try choice(b)
        let result = try make(shape, type)
        let size = type.size, out = result.data, cp = c.u8, xp = x.data, yp = y.data
        Threads.run(count: result.count, grain: elementGrain) { first, last in
            nns_where(size, out + first &* size, cp + first, xp + first &* xs &* size, xs, yp + first &* ys &* size, ys, last - first)
        }
        return result
    }

    private static func selectType(_ a: Tensor, _ b: Tensor, _ rank: Int) -> DType {
        // A weak number takes the other's type even where the result has rank 0.
        if a.dtype == .number && b.dtype == .f32 || b.dtype == .number && a.dtype == .f32 { return .f32 }
        return computed(a.dtype, b.dtype, rank: rank)
    }
}
