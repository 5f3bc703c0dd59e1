import Glibc

// Functions that move elements without changing them, and makers of simple tensors.
// Shapes are row-major; axes count from 0, negative ones from the end.

extension Tensor {
    /// The same elements, row-major, under another shape; one size may be −1 and is inferred. Shares memory.
    public static func reshape(_ x: Tensor, _ shape: [Int]) throws -> Tensor {
        var sizes = shape
        let unknown = shape.indices.filter { shape[$0] == -1 }
        guard unknown.count <= 1 else { throw TensorError(.value, "only one size can be -1, not \(unknown.count) in \(TensorError.text(shape))") }
        guard shape.count <= maxRank else { throw TensorError(.limit, "a tensor has at most \(maxRank) axes, not \(shape.count)") }
        if let at = unknown.first {
            sizes[at] = 1
            let known = try checkedCount(sizes)
            guard known > 0, x.count % known == 0 else {
                throw TensorError(.shape, "cannot reshape \(TensorError.text(x.shape)) (\(x.count) elements) to \(TensorError.text(shape)): "
                    + (known == 0 ? "-1 is undetermined beside a size of 0" : "\(x.count) is not a multiple of \(known)"))
            }
            sizes[at] = x.count / known
        }
        let count = try checkedCount(sizes)
        guard count == x.count else {
            throw TensorError(.shape, "cannot reshape \(TensorError.text(x.shape)) (\(x.count) elements) to \(TensorError.text(shape)) (\(count) elements)")
        }
        if sizes.count == x.rank, x.shape == sizes { return x }
        // A plain number becomes a tensor of the language's default type as soon as it has an axis.
        return try view(of: x.dtype == .number && !sizes.isEmpty ? convert(x, to: .f32) : x, sizes)
    }

    /// Axis k of the result is axis `axes[k]` of `x`: [d0, …] to [d_axes[0], …].
    public static func permute(_ x: Tensor, _ axes: [Int]) throws -> Tensor {
        guard axes.count == x.rank else {
            throw TensorError(.shape, "permute needs \(axesText(x.rank)) for \(TensorError.text(x.shape)), not \(axes.count)")
        }
        var seen = [Bool](repeating: false, count: x.rank)
        var order: [Int] = []
        for a in axes {
            let axis = try arrayAxis(a, x.rank)
            guard !seen[axis] else { throw TensorError(.value, "axis \(a) appears twice in \(TensorError.text(axes))") }
            seen[axis] = true
            order.append(axis)
        }
        if order == Array(0..<x.rank) { return x }
        let shape = x.shape, strides = Striding.rowMajor(x.shape)
        let result = try make(order.map { shape[$0] }, x.dtype)
        stridedCopy(x.dtype, result.data, x.data, start: 0, Striding(sizes: order.map { shape[$0] }, strides: order.map { strides[$0] }))
        return result
    }

    /// Swaps the last two axes: [..., n, m] to [..., m, n].
    public static func transpose(_ x: Tensor) throws -> Tensor {
        guard x.rank >= 2 else {
            throw TensorError(.shape, "transpose needs a matrix, not \(x.rank == 0 ? "a single number" : "a vector of shape \(TensorError.text(x.shape))")",
                              help: x.rank == 1 ? ["`dot(x, y)` is the inner product, `outer(x, y)` the outer product"] : [])
        }
        let n = x.dims[x.rank - 2], m = x.dims[x.rank - 1]
        if n == 1 || m == 1 {  // the order of the elements stays
            var shape = x.shape
            shape.swapAt(x.rank - 2, x.rank - 1)
            return try view(of: x, shape)
        }
        return try permute(x, Array(0..<(x.rank - 2)) + [x.rank - 1, x.rank - 2])
    }

    /// The common type of tensors that are put together: types promote, plain numbers alone give float32.
    static func commonType(_ xs: [Tensor]) -> DType {
        var dtype = xs[0].dtype
        for x in xs.dropFirst() { dtype = promoted(dtype, x.dtype) }
        return dtype == .number ? .f32 : dtype
    }

    /// Joins tensors along an axis; the other sizes must agree. Types promote.
    public static func concat(_ xs: [Tensor], axis: Int) throws -> Tensor {
        guard let first = xs.first else { throw TensorError(.value, "concat needs at least one tensor") }
        guard first.rank > 0 else { throw TensorError(.shape, "concat needs tensors with an axis, not single numbers", help: ["`stack` makes a vector of them"]) }
        let axis = try arrayAxis(axis, first.rank)
        var total = 0
        for (i, x) in xs.enumerated() {
            var fits = x.rank == first.rank
            if fits { for a in 0..<x.rank where a != axis && x.dims[a] != first.dims[a] { fits = false } }
            guard fits else {
                throw TensorError(.shape, "concat along axis \(axis): element 0 is \(TensorError.text(first.shape)), element \(i) is \(TensorError.text(x.shape)): the other sizes must agree")
            }
            total += x.dims[axis]
        }
        if xs.count == 1 { return first }
        let dtype = commonType(xs)
        var shape = first.shape
        shape[axis] = total
        let result = try make(shape, dtype)
        try join(xs, into: result, outer: shape[..<axis].reduce(1, &*), dtype)
        return result
    }

    /// Joins tensors of one shape along a new axis, which counts among the result's axes. Types promote.
    public static func stack(_ xs: [Tensor], axis: Int) throws -> Tensor {
        guard let first = xs.first else { throw TensorError(.value, "stack needs at least one tensor") }
        let axis = try arrayAxis(axis, first.rank + 1)
        for (i, x) in xs.enumerated() where !x.hasShape(of: first) {
            throw TensorError(.shape, "stack: element 0 is \(TensorError.text(first.shape)), element \(i) is \(TensorError.text(x.shape)): all must have one shape")
        }
        let dtype = commonType(xs)
        var shape = first.shape
        shape.insert(xs.count, at: axis)
        let result = try make(shape, dtype)
        try join(xs, into: result, outer: shape[..<axis].reduce(1, &*), dtype)
        return result
    }

    /// Copies the tensors side by side: `outer` times a block of each.
    private static func join(_ xs: [Tensor], into result: Tensor, outer: Int, _ dtype: DType) throws {
        guard result.count > 0 else { return }
        let row = result.byteCount / outer
        var offset = 0
        for x in xs where x.count > 0 {
            let source = try convert(x, to: dtype)
            let block = source.byteCount / outer
            for i in 0..<outer { memcpy(result.data + (i &* row &+ offset), source.data + i &* block, block) }
            offset += block
        }
    }

    /// Sets every element of an unshared tensor to `value`, rounded to its type.
    static func fill(_ x: Tensor, _ value: Double) {
        switch x.dtype {
        case .bool: x.u8.update(repeating: value != 0 ? 1 : 0, count: x.count)
        case .f32: x.f32.update(repeating: Float(value), count: x.count)
        case .f64, .number: x.f64.update(repeating: value, count: x.count)
        }
    }

    /// Surrounds `x` by `value`: `amounts[k]` elements before and after along axis k.
    public static func pad(_ x: Tensor, _ amounts: [(Int, Int)], value: Double) throws -> Tensor {
        guard amounts.count == x.rank else {
            throw TensorError(.shape, "pad needs a pair [before, after] for each of the \(axesText(x.rank)) of \(TensorError.text(x.shape)), not \(amounts.count)")
        }
        var shape = x.shape
        for (axis, (before, after)) in amounts.enumerated() {
            guard before >= 0, after >= 0 else {
                throw TensorError(.value, "pad cannot take away: [\(before), \(after)] for axis \(axis)", help: ["slices cut: `‹x›[1:-1]`"])
            }
            let (sum, over) = before.addingReportingOverflow(after)
            let (size, over2) = shape[axis].addingReportingOverflow(sum)
            guard !over, !over2 else { throw TensorError(.limit, "not enough memory to pad axis \(axis) by [\(before), \(after)]") }
            shape[axis] = size
        }
        _ = try checkedCount(shape)
        let result = try make(shape, x.dtype)
        fill(result, value)
        guard x.count > 0 else { return result }
        guard x.rank > 0 else { result.setElement(0, x.element(0)); return result }
        let strides = Striding.rowMajor(shape)
        var start = 0
        var rows = Striding()
        for axis in 0..<x.rank {
            start += amounts[axis].0 * strides[axis]
            if axis < x.rank - 1 { rows.append(x.dims[axis], strides[axis]) }
        }
        let width = x.dtype.size, bytes = x.dims[x.rank - 1] * width
        var source = x.data
        rows.forEach(from: start) { offset in
            memcpy(result.data + offset &* width, source, bytes)
            source += bytes
        }
        return result
    }

    /// Reverses the order along the given axes.
    public static func flip(_ x: Tensor, axes: [Int]) throws -> Tensor {
        var strides = Striding.rowMajor(x.shape)
        var start = 0
        var seen = [Bool](repeating: false, count: x.rank)
        for a in axes {
            let axis = try arrayAxis(a, x.rank)
            guard !seen[axis] else { throw TensorError(.value, "axis \(a) appears twice in \(TensorError.text(axes))") }
            seen[axis] = true
            start += (x.dims[axis] - 1) * strides[axis]
            strides[axis] = -strides[axis]
        }
        let result = try make(like: x)
        if x.count > 0 { stridedCopy(x.dtype, result.data, x.data, start: start, Striding(sizes: x.shape, strides: strides)) }
        return result
    }

    /// Moves every element `shift` places on along an axis; what leaves at the end comes back at the start.
    public static func roll(_ x: Tensor, shift: Int, axis: Int) throws -> Tensor {
        let axis = try arrayAxis(axis, x.rank)
        let size = x.dims[axis]
        guard x.count > 0 else { return x }
        let by = ((shift % size) + size) % size
        if by == 0 { return x }
        let result = try make(like: x)
        let inner = x.shape[(axis + 1)...].reduce(1, &*) * x.dtype.size
        let block = inner * size, head = by * inner
        for i in 0..<(x.byteCount / block) {
            memcpy(result.data + (i * block + head), x.data + i * block, block - head)
            memcpy(result.data + i * block, x.data + (i * block + block - head), head)
        }
        return result
    }

    /// Repeats the whole tensor `repeats[k]` times along axis k; missing axes on either side count as 1 (as NumPy's tile).
    public static func tile(_ x: Tensor, _ repeats: [Int]) throws -> Tensor {
        if let bad = repeats.first(where: { $0 < 0 }) { throw TensorError(.value, "tile cannot repeat \(bad) times") }
        let rank = max(x.rank, repeats.count)
        guard rank <= maxRank else { throw TensorError(.limit, "a tensor has at most \(maxRank) axes, not \(rank)") }
        let sizes = [Int](repeating: 1, count: rank - x.rank) + x.shape
        let times = [Int](repeating: 1, count: rank - repeats.count) + repeats
        var shape: [Int] = []
        for i in 0..<rank {
            let (size, over) = sizes[i].multipliedReportingOverflow(by: times[i])
            guard !over else { throw TensorError(.limit, "not enough memory for [\(sizes[i]) · \(times[i])]") }
            shape.append(size)
        }
        _ = try checkedCount(shape)
        let source = x.dtype == .number && rank > 0 ? try convert(x, to: .f32) : x
        let result = try make(shape, source.dtype)
        guard result.count > 0 else { return result }
        let strides = Striding.rowMajor(sizes)
        var walk = Striding()
        for i in 0..<rank {
            walk.append(times[i], 0)
            walk.append(sizes[i], strides[i])
        }
        stridedCopy(source.dtype, result.data, source.data, start: 0, walk)
        return result
    }

    /// Rows of zeros with a one at the label: labels of any shape [...], integral in 0..<classes, to [..., classes].
    public static func oneHot(_ labels: Tensor, classes: Int, _ dtype: DType) throws -> Tensor {
        guard classes >= 0 else { throw TensorError(.value, "one_hot needs a number of classes, not \(classes)") }
        let shape = labels.shape + [classes]
        _ = try checkedCount(shape)
        let result = try make(shape, dtype == .number ? .f32 : dtype)
        let row = classes * result.dtype.size
        try Threads.untilInterrupted(count: labels.count) { block in
            memset(result.data + block.lowerBound * row, 0, block.count * row)
            for i in block {
                let label = labels.element(i)
                guard label >= 0, label < Double(classes), label == label.rounded(.down) else {
                    throw TensorError(.value, "label \(numberText(label)) at position \(i) is not one of the \(classes == 0 ? "0 classes" : "\(classes) classes 0 … \(classes - 1)")")
                }
                result.setElement(i * classes + Int(label), 1)
            }
        }
        return result
    }

    /// A vector [n] to the matrix [n, n] with that diagonal; a matrix [n, m] to its diagonal [min(n, m)].
    public static func diagonal(_ x: Tensor) throws -> Tensor {
        switch x.rank {
        case 1:
            let n = x.dims[0]
            _ = try checkedCount([n, n])
            let result = try make([n, n], x.dtype)
            fill(result, 0)
            for i in 0..<n { result.setElement(i * (n + 1), x.element(i)) }
            return result
        case 2:
            let n = min(x.dims[0], x.dims[1])
            let result = try make([n], x.dtype)
            for i in 0..<n { result.setElement(i, x.element(i * (x.dims[1] + 1))) }
            return result
        default:
            throw TensorError(.shape, "diag needs a vector or a matrix, not \(TensorError.text(x.shape))")
        }
    }

    /// A copy of [..., n, m] with zeros above (`lower`) or below diagonal `offset` (0 is the main one, 1 above it).
    public static func triangle(_ x: Tensor, lower: Bool, offset: Int = 0) throws -> Tensor {
        guard x.rank >= 2 else { throw TensorError(.shape, "a triangle needs a matrix, not \(TensorError.text(x.shape))") }
        let n = x.dims[x.rank - 2], m = x.dims[x.rank - 1]
        let result = try make(like: x)
        memcpy(result.data, x.data, x.byteCount)
        guard x.count > 0 else { return result }
        let shift = max(-n, min(m, offset))
        let width = x.dtype.size
        for row in 0..<(x.count / m) {
            let i = row % n
            let (from, to) = lower ? (min(m, max(0, i + shift + 1)), m) : (0, max(0, min(m, i + shift)))
            memset(result.data + (row * m + from) * width, 0, (to - from) * width)
        }
        return result
    }

    /// start, start + step, … before `stop`; each element is rounded once. A quotient that is an integer but for
    /// rounding counts as one, so that arange(1, 1.3, 0.1) has three elements.
    public static func arange(_ start: Double, _ stop: Double, _ step: Double, _ dtype: DType) throws -> Tensor {
        guard start.isFinite, stop.isFinite, step.isFinite else {
            throw TensorError(.value, "arange needs finite numbers, not \(numberText(start)), \(numberText(stop)), \(numberText(step))")
        }
        guard step != 0 else { throw TensorError(.value, "arange needs a step other than 0") }
        let quotient = (stop - start) / step
        let slack = 4 * Double.ulpOfOne * ((start.magnitude + stop.magnitude) / step.magnitude)
        let nearest = quotient.rounded()
        let n = (quotient - nearest).magnitude <= slack && slack < 0.25 ? nearest : quotient.rounded(.up)
        guard n < 0x1p60 else { throw TensorError(.limit, "not enough memory for [\(numberText(n))]") }
        let result = try make([n > 0 ? Int(n) : 0], dtype == .number ? .f32 : dtype)
        if result.dtype == .f32, n > 0, start == start.rounded(), step == step.rounded() {
            let largest = max(start.magnitude, (start + (n - 1) * step).magnitude)
            guard largest <= 0x1p24 else {
                throw TensorError(.value, "f32 holds whole numbers up to 2^24 exactly, and the numbers of arange go to \(numberText(largest))", help: ["choose `precision(f64)` first"])
            }
        }
        for i in 0..<result.count { result.setElement(i, start.addingProduct(Double(i), step)) }
        return result
    }

    /// `n` numbers evenly spaced from `a` to `b`, both included.
    public static func linspace(_ a: Double, _ b: Double, _ n: Int, _ dtype: DType) throws -> Tensor {
        guard n >= 0 else { throw TensorError(.value, "linspace needs a number of points, not \(n)") }
        let result = try make([n], dtype == .number ? .f32 : dtype)
        let span = b - a, last = Double(n - 1)
        for i in 0..<n {
            let share = Double(i) * span / last
            result.setElement(i, i == 0 ? a : i == n - 1 ? b : share.isFinite ? a + share : a + Double(i) / last * b - Double(i) / last * a)
        }
        return result
    }

    /// The identity matrix [n, m] (m is n unless given).
    public static func eye(_ n: Int, _ m: Int? = nil, _ dtype: DType) throws -> Tensor {
        let m = m ?? n
        _ = try checkedCount([n, m])
        let result = try make([n, m], dtype == .number ? .f32 : dtype)
        fill(result, 0)
        for i in 0..<min(n, m) { result.setElement(i * (m + 1), 1) }
        return result
    }
}
