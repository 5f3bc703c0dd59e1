import Glibc

// Reading and writing selections, and the gradients of both.

extension Tensor {
    private static func check(_ s: Selection, _ x: Tensor) {
        precondition(s.source == x.shape, "the selection was resolved for another shape")
    }

    /// The selected elements, as a new tensor.
    public static func get(_ x: Tensor, _ s: Selection) throws -> Tensor {
        check(s, x)
        // A plain number becomes a tensor of the language's default type as soon as it has an axis.
        let x = x.dtype == .number && !s.shape.isEmpty ? try convert(x, to: .f32) : x
        let result = try make(s.shape, x.dtype)
        if s.count > 0 {
            if s.isContiguous {
                memcpy(result.data, x.data + s.start * x.dtype.size, result.byteCount)
            } else {
                withWidth(x.dtype, result.data, x.data, { gather($0, $1, s) }, { gather($0, $1, s) }, { gather($0, $1, s) })
            }
        }
        return result
    }

    @inline(__always)
    private static func gather<T>(_ destination: UnsafeMutablePointer<T>, _ source: UnsafeMutablePointer<T>, _ s: Selection) {
        var d = destination
        if let table = s.table, s.inner.sizes.isEmpty {
            s.outer.forEach(from: s.start) { base in
                let from = source + base
                table.withUnsafeBufferPointer { table in Threads.untilInterrupted(count: table.count) { for i in $0 { d[i] = from[table[i]] } } }
                d += table.count
            }
            return
        }
        s.forEachRun { offset, n, stride in
            let from = source + offset
            if stride == 1 {
                memcpy(d, from, n &* MemoryLayout<T>.size)
            } else {
                for i in 0..<n { d[i] = from[i &* stride] }
            }
            d += n
        }
    }

    @inline(__always)
    private static func scatter<T>(_ destination: UnsafeMutablePointer<T>, _ values: UnsafeMutablePointer<T>, _ s: Selection) {
        var v = values
        s.forEachRun { offset, n, stride in
            let to = destination + offset
            if stride == 1 {
                memcpy(to, v, n &* MemoryLayout<T>.size)
            } else {
                for i in 0..<n { to[i &* stride] = v[i] }
            }
            v += n
        }
    }

    @inline(__always)
    private static func spread<T>(_ destination: UnsafeMutablePointer<T>, _ value: T, _ s: Selection) {
        s.forEachRun { offset, n, stride in
            let to = destination + offset
            for i in 0..<n { to[i &* stride] = value }
        }
    }

    /// A copy with elements of its own.
    public static func copy(_ x: Tensor) throws -> Tensor {
        let result = try make(like: x)
        memcpy(result.data, x.data, x.byteCount)
        return result
    }

    /// Makes `x` writable in place: a copy, unless it is unshared and owns its elements.
    @inline(__always)
    public static func makeUnique(_ x: inout Tensor) throws {
        if !isKnownUniquelyReferenced(&x) || x.owner != nil { x = try copy(x) }
    }

    /// Rejects what a bool tensor cannot hold.
    private static func checkStorable(_ value: Double, _ dtype: DType) throws {
        if dtype == .bool && value != 0 && value != 1 {
            throw TensorError(.type, "a bool tensor holds true and false, not \(numberText(value))", help: ["`f32(x)` makes numbers of it"])
        }
    }

    /// Sets the selected elements to `value`, broadcast to the selection's shape and converted to x's type.
    /// In place if `x` is unshared; where an element is selected twice, the last value stays.
    public static func set(_ x: inout Tensor, _ s: Selection, _ value: Tensor) throws {
        check(s, x)
        // Leading axes of size 1 are of no account.
        var dims = value.shape
        while dims.count > s.shape.count, dims.first == 1 { dims.removeFirst() }
        var fits = dims.count <= s.shape.count
        if fits {
            for (i, d) in dims.enumerated() where d != 1 && d != s.shape[s.shape.count - dims.count + i] { fits = false }
        }
        guard fits else {
            throw TensorError(.shape, "a value of shape \(TensorError.text(value.shape)) does not fit the selection of shape \(TensorError.text(s.shape))")
        }
        guard s.count > 0 else { return }
        if x.dtype == .bool && value.dtype != .bool {
            for i in 0..<value.count { try checkStorable(value.element(i), x.dtype) }
        }
        if value.count == 1 {
            try makeUnique(&x)
            let v = value.element(0)
            switch x.dtype {
            case .bool: spread(x.u8, v != 0 ? 1 : 0, s)
            case .f32: spread(x.f32, Float(v), s)
            case .f64, .number: spread(x.f64, v, s)
            }
            return
        }
        var values = try convert(value, to: x.dtype)
        if values.count != s.count {
            var strides = Striding.rowMajor(dims)
            for i in dims.indices where dims[i] == 1 { strides[i] = 0 }
            let full = try make(s.shape, x.dtype)
            stridedCopy(x.dtype, full.data, values.data, start: 0,
                        Striding(sizes: s.shape, strides: [Int](repeating: 0, count: s.shape.count - dims.count) + strides))
            values = full
        }
        try makeUnique(&x)
        withWidth(x.dtype, x.data, values.data, { scatter($0, $1, s) }, { scatter($0, $1, s) }, { scatter($0, $1, s) })
    }

    /// Zeros of `shape` with `g` added at the selection, in ascending order (a selection that cannot repeat an element is put
    /// there, a -0 too): the gradient of `get`.
    public static func scatterAdd(shape: [Int], _ dtype: DType, _ s: Selection, _ g: Tensor) throws -> Tensor {
        precondition(s.source == shape && s.count == g.count, "the gradient does not fit the selection")
        let result = try make(shape, dtype)
        memset(result.data, 0, result.byteCount)
        guard s.count > 0 else { return result }
        let values = try convert(g, to: dtype)
        if !s.mayRepeat || dtype == .bool {
            withWidth(dtype, result.data, values.data, { scatter($0, $1, s) }, { scatter($0, $1, s) }, { scatter($0, $1, s) })
        } else if dtype == .f32 {
            add(result.f32, values.f32, s)
        } else {
            add(result.f64, values.f64, s)
        }
        return result
    }

    @inline(__always)
    private static func add<T: BinaryFloatingPoint>(_ destination: UnsafeMutablePointer<T>, _ values: UnsafeMutablePointer<T>, _ s: Selection) {
        var v = values
        s.forEachRun { offset, n, stride in
            let to = destination + offset
            if stride == 1 { for i in 0..<n { to[i] += v[i] } } else { for i in 0..<n { to[i &* stride] += v[i] } }
            v += n
        }
    }

    /// A copy of `x` with the selected elements 0: the gradient of `set` with respect to what was there.
    public static func zeroed(_ x: Tensor, _ s: Selection) throws -> Tensor {
        check(s, x)
        let result = try copy(x)
        switch x.dtype {
        case .bool: spread(result.u8, 0, s)
        case .f32: spread(result.f32, 0, s)
        case .f64, .number: spread(result.f64, 0, s)
        }
        return result
    }

    // MARK: Fast paths

    /// The flat position of one element under a full set of indices.
    @inline(__always)
    public static func offset(_ x: Tensor, _ indices: some Collection<Int>) throws -> Int {
        guard indices.count == x.rank else {
            throw TensorError(.shape, "\(indices.count) indices for \(axesText(x.rank)): the shape is \(TensorError.text(x.shape))")
        }
        var offset = 0, axis = 0
        for i in indices {
            offset = offset &* x.dims[axis] &+ (try Selection.position(i, axis, x.dims[axis]))
            axis &+= 1
        }
        return offset
    }

    /// The flat position of `x[i]` in a vector.
    @inline(__always)
    public static func offset(_ x: Tensor, _ i: Int) throws -> Int {
        guard x.rank == 1 else { throw TensorError(.shape, "1 index for \(axesText(x.rank)): the shape is \(TensorError.text(x.shape))") }
        return try Selection.position(i, 0, x.dims[0])
    }

    /// The flat position of `x[i, j]` in a matrix.
    @inline(__always)
    public static func offset(_ x: Tensor, _ i: Int, _ j: Int) throws -> Int {
        guard x.rank == 2 else { throw TensorError(.shape, "2 indices for \(axesText(x.rank)): the shape is \(TensorError.text(x.shape))") }
        return try Selection.position(i, 0, x.dims[0]) &* x.dims[1] &+ Selection.position(j, 1, x.dims[1])
    }

    /// Sets one element under a full set of indices; in place if `x` is unshared.
    @inline(__always)
    public static func setScalar(_ x: inout Tensor, _ indices: some Collection<Int>, _ value: Double) throws {
        let at = try offset(x, indices)
        try checkStorable(value, x.dtype)
        try makeUnique(&x)
        x.setElement(at, value)
    }

    /// `x[i]`: the i-th part along the first axis.
    public static func row(_ x: Tensor, _ i: Int) throws -> Tensor {
        guard x.rank > 0 else { throw TensorError(.shape, "a 0-d tensor (a single number) has no axis to index") }
        let at = try Selection.position(i, 0, x.dims[0])
        let result = try make(UnsafeBufferPointer(start: x.dims + 1, count: x.rank - 1), x.dtype)
        memcpy(result.data, x.data + at &* result.byteCount, result.byteCount)
        return result
    }

    /// `x[start:stop]` along the first axis, both ends already checked: 0 ≤ start ≤ stop ≤ size.
    public static func rows(_ x: Tensor, _ start: Int, _ stop: Int) throws -> Tensor {
        precondition(x.rank > 0 && start >= 0 && start <= stop && stop <= x.dims[0])
        var shape = x.shape
        shape[0] = stop - start
        let result = try make(shape, x.dtype)
        if result.count > 0 { memcpy(result.data, x.data + start * (x.byteCount / x.dims[0]), result.byteCount) }
        return result
    }

    /// `x[rows]`: the given parts along the first axis, in that order; negative positions count from the end.
    public static func takeRows(_ x: Tensor, _ rows: [Int]) throws -> Tensor {
        guard x.rank > 0 else { throw TensorError(.shape, "a 0-d tensor (a single number) has no axis to index") }
        let size = x.dims[0]
        var shape = x.shape
        shape[0] = rows.count
        let result = try make(shape, x.dtype)
        let bytes = size > 0 ? x.byteCount / size : 0
        var to = result.data
        for i in rows {
            memcpy(to, x.data + (try Selection.position(i, 0, size)) &* bytes, bytes)
            to += bytes
        }
        return result
    }

    /// `x[indices]` along the first axis for a tensor of integral positions (any shape): [*indices, *rest].
    public static func takeRows(_ x: Tensor, _ indices: Tensor) throws -> Tensor {
        try get(x, Selection.resolve([.indices(indices)], shape: x.shape))
    }

    /// The gradient of `takeRows`: zeros of `shape` with the rows of `g` added in ascending order.
    public static func scatterRows(shape: [Int], _ rows: [Int], _ g: Tensor) throws -> Tensor {
        try scatterAdd(shape: shape, g.dtype, Selection.resolve([.list(rows)], shape: shape), g)
    }

    // MARK: Along an axis

    /// The positions 0 ..< dims[axis] of the other axes' lines: calls `line(start, length, stride)` for each line
    /// along `axis`, in row-major order of the other axes.
    @inline(__always)
    static func forEachLine(_ x: Tensor, _ axis: Int, _ line: (_ start: Int, _ length: Int, _ stride: Int) throws -> Void) rethrows {
        let length = x.dims[axis]
        var stride = 1
        for i in (axis + 1)..<max(x.rank, axis + 1) { stride &*= x.dims[i] }
        var outer = 1
        for i in 0..<axis { outer &*= x.dims[i] }
        for o in 0..<outer {
            for i in 0..<stride { try line(o &* stride &* length &+ i, length, stride) }
        }
    }
}
