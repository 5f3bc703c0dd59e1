import CKernels
import Glibc

/// Reductions along axes.
public enum ReduceOperation: UInt8 {
    case sum, mean, max, min, product, all, any
    /// The sum of x * x, the product rounded, and of |x|.
    case sumOfSquares, sumOfAbs
    /// The number of elements that are not zero.
    case count

    var name: String { ["sum", "mean", "max", "min", "prod", "all", "any", "sum of squares", "sum of abs", "count"][Int(rawValue)] }
}

extension Tensor {
    /// Reduces over `axes` (all of them where nil), which are distinct and 0..<rank; `keep` leaves them with size 1.
    ///
    /// The order of the terms, which fixes the bits:
    /// - The trailing run. Where the last axes, one or more, are all reduced, their elements are contiguous and are
    ///   reduced by 16 lanes in chunks of 1,024: `CKernels/reduction.h` spells it.
    /// - Any axis before a kept one: each output has one accumulator, which starts at the identity (0, 1, -inf, inf) and
    ///   takes its terms in ascending order of their indices, the first axis slowest.
    /// - Both: the trailing run first, the other axes over its results.
    /// - The mean is the sum divided by the count, one more rounding.
    ///
    /// Everything is computed in the tensor's own type; bools are counted, giving `ofBools` (a number where the result is 0-d
    /// and a count). A NaN makes max and min NaN. The sum of nothing is 0, the mean NaN, max and min an error.
    public static func reduce(_ op: ReduceOperation, _ x: Tensor, axes: [Int]?, keep: Bool) throws -> Tensor {
        if axes == nil, !keep, op.rawValue <= ReduceOperation.product.rawValue || op.rawValue == ReduceOperation.sumOfSquares.rawValue,
           x.dtype == .f32 || x.dtype == .f64, x.count > 0, x.count < reduceGrain {
            // The whole tensor: the commonest case without arrays.
            let result = try make(EmptyCollection<Int>(), x.dtype)
            if x.dtype == .f32 {
                nns_reduce_rows_f32(op.kernelCode, result.f32, x.f32, 1, x.count)
                if op == .mean { result.f32[0] /= Float(x.count) }
            } else {
                nns_reduce_rows_f64(op.kernelCode, result.f64, x.f64, 1, x.count)
                if op == .mean { result.f64[0] /= Double(x.count) }
            }
            return result
        }
        if let axes, axes.count == 1, axes[0] == 0, !keep, op == .sum, x.rank > 1, x.dtype != .bool { return try leadingSum(x, 1) }
        var reduced: UInt64 = axes == nil ? (1 << UInt64(x.rank)) &- 1 : 0
        if let axes { for axis in axes { reduced |= 1 << UInt64(axis) } }
        let dims = x.dims, rank = x.rank
        let shape: [Int] = axes == nil && !keep ? [] : (0..<rank).compactMap { i in
            reduced & (1 << UInt64(i)) == 0 ? dims[i] : keep ? 1 : nil
        }
        var terms = 1
        for i in 0..<rank where reduced & (1 << UInt64(i)) != 0 { terms = terms &* dims[i] }

        switch op {
        case .all, .any, .count: return try countTrue(op, x, reduced, shape, terms)
        case .max, .min:
            guard terms > 0 else {
                throw TensorError(.value, "\(op.name) of no elements", help: ["the tensor has shape \(TensorError.text(x.shape))"])
            }
            if x.dtype == .bool {
                return try countTrue(op == .max ? .any : .all, x, reduced, shape, terms)
            }
        default: break
        }
        let values = x.dtype == .bool ? try convert(x, to: .ofBools) : x
        let base: ReduceOperation = op == .mean ? .sum : op
        let result = try run(base, values, reduced, shape)
        if op == .mean {
            if result.dtype == .f32 {
                var n = Float(terms)
                nns_binary_f32(Int32(NNS_DIVIDE), result.f32, result.f32, &n, 1, result.count, 0, 1, 0, 0)
            } else {
                var n = Double(terms)
                nns_binary_f64(Int32(NNS_DIVIDE), result.f64, result.f64, &n, 1, result.count, 0, 1, 0, 0)
            }
        }
        return result
    }

    /// Elements of a reduction that are worth a thread (see `Threads.run`).
    private static let reduceGrain = 1 << 18

    /// Sum, product, max, min, sum of squares, sum of absolute values of floats or doubles.
    private static func run(_ op: ReduceOperation, _ x: Tensor, _ reduced: UInt64, _ shape: [Int]) throws -> Tensor {
        let single = x.dtype == .f32
        let result = try make(shape, x.dtype)
        var split = x.rank
        while split > 0 && reduced & (1 << UInt64(split - 1)) != 0 { split -= 1 }
        // Is anything before the trailing run reduced?
        let before = reduced & ((1 << UInt64(split)) &- 1)
        if split < x.rank {
            var cols = 1
            for i in split..<x.rank { cols &*= x.dims[i] }
            var rows = 1
            for i in 0..<split { rows &*= x.dims[i] }
            let partial = before == 0 ? result : try make(UnsafeBufferPointer(start: x.dims, count: split), x.dtype)
            let code = op.kernelCode
            Threads.run(count: rows, grain: Swift.max(1, reduceGrain / Swift.max(1, cols))) { first, last in
                if single { nns_reduce_rows_f32(code, partial.f32 + first, x.f32 + first &* cols, last - first, cols) }
                else { nns_reduce_rows_f64(code, partial.f64 + first, x.f64 + first &* cols, last - first, cols) }
            }
            if before == 0 { return result }
            // The terms are squared (or made positive) once.
            let next: ReduceOperation = op == .sumOfSquares || op == .sumOfAbs ? .sum : op
            try columns(next, partial, before, into: result)
        } else {
            try columns(op, x, reduced, into: result)
        }
        return result
    }

    /// The sum over the first `axes` axes, some being kept behind them.
    static func leadingSum(_ x: Tensor, _ axes: Int) throws -> Tensor {
        let result = try make(UnsafeBufferPointer(start: x.dims + axes, count: x.rank - axes), x.dtype), cols = result.count
        var rows = 1
        for i in 0..<axes { rows &*= x.dims[i] }
        sumColumns(result, x, rows, cols)
        return result
    }

    /// result[j] = the sum of x[i, j] over i ascending, from +0.
    private static func sumColumns(_ result: Tensor, _ x: Tensor, _ rows: Int, _ cols: Int) {
        memset(result.data, 0, result.byteCount)
        let single = x.dtype == .f32
        Threads.run(count: cols, grain: Swift.max(64, reduceGrain / Swift.max(1, rows))) { first, last in
            if single { nns_reduce_columns_f32(Int32(NNS_SUM), result.f32 + first, x.f32 + first, rows, last - first, cols) }
            else { nns_reduce_columns_f64(Int32(NNS_SUM), result.f64 + first, x.f64 + first, rows, last - first, cols) }
        }
    }

    /// One accumulator for each output over the reduced axes of x, the last of which is kept.
    private static func columns(_ op: ReduceOperation, _ x: Tensor, _ reduced: UInt64, into result: Tensor) throws {
        let single = x.dtype == .f32, code = op.kernelCode
        let identity: Double = switch op { case .product: 1; case .max: -.infinity; case .min: .infinity; default: 0 }
        if single { var v = Float(identity); nns_fill(4, result.data, &v, result.count) }
        else { var v = identity; nns_fill(8, result.data, &v, result.count) }
        guard x.count > 0 else { return }
        // Neighbouring axes that are alike become one: kept and reduced alternate.
        var sizes: [Int] = [], kinds: [Bool] = []
        for i in 0..<x.rank {
            let isReduced = reduced & (1 << UInt64(i)) != 0
            if let last = kinds.last, last == isReduced { sizes[sizes.count - 1] *= x.dims[i] }
            else { sizes.append(x.dims[i]); kinds.append(isReduced) }
        }
        if sizes.isEmpty || kinds[kinds.count - 1] { sizes.append(1); kinds.append(false) }
        let cols = sizes[sizes.count - 1]
        if sizes.count == 1 {
            if single { nns_reduce_columns_f32(code, result.f32, x.f32, 1, cols, cols) }
            else { nns_reduce_columns_f64(code, result.f64, x.f64, 1, cols, cols) }
            return
        }
        let rows = sizes[sizes.count - 2]
        if sizes.count <= 3 {
            let blocks = sizes.count == 3 ? sizes[0] : 1
            if blocks == 1 {
                Threads.run(count: cols, grain: Swift.max(64, reduceGrain / Swift.max(1, rows))) { first, last in
                    if single { nns_reduce_columns_f32(code, result.f32 + first, x.f32 + first, rows, last - first, cols) }
                    else { nns_reduce_columns_f64(code, result.f64 + first, x.f64 + first, rows, last - first, cols) }
                }
            } else {
                Threads.run(count: blocks, grain: Swift.max(1, reduceGrain / Swift.max(1, rows &* cols))) { first, last in
                    for i in first..<last {
                        if single { nns_reduce_columns_f32(code, result.f32 + i &* cols, x.f32 + i &* rows &* cols, rows, cols, cols) }
                        else { nns_reduce_columns_f64(code, result.f64 + i &* cols, x.f64 + i &* rows &* cols, rows, cols, cols) }
                    }
                }
            }
            return
        }
        // Several groups: the input is walked in its own order, so each output meets its terms in ascending order.
        let outer = sizes.count - 2
        var strides = [Int](repeating: 0, count: outer), step = cols
        for i in stride(from: outer - 1, through: 0, by: -1) where !kinds[i] { strides[i] = step; step *= sizes[i] }
        var index = [Int](repeating: 0, count: outer), from = 0, to = 0
        while true {
            if single { nns_reduce_columns_f32(code, result.f32 + to, x.f32 + from, rows, cols, cols) }
            else { nns_reduce_columns_f64(code, result.f64 + to, x.f64 + from, rows, cols, cols) }
            from += rows * cols
            var axis = outer - 1
            while axis >= 0 {
                index[axis] += 1; to += strides[axis]
                if index[axis] < sizes[axis] { break }
                to -= strides[axis] * sizes[axis]; index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }

    /// all, any and count: exact, so the order does not matter.
    private static func countTrue(_ op: ReduceOperation, _ x: Tensor, _ reduced: UInt64, _ shape: [Int], _ terms: Int) throws -> Tensor {
        let resultType: DType = op == .count ? (shape.isEmpty ? .number : .f32) : .bool
        let result = try make(shape, resultType)
        let counts = try fill([result.count], 0, .f64)
        if result.count == 1 {
            counts.f64[0] = Double(nns_count(x.dtype.size, x.data, x.count))
        } else if x.count > 0 {
            let flags = try convert(convert(x, to: .bool), to: .f64)
            let sums = try run(.sum, flags, reduced, shape)
            counts.data.copyMemory(from: sums.data, byteCount: sums.byteCount)
        }
        for i in 0..<result.count {
            let n = counts.f64[i]
            switch op {
            case .all: result.u8[i] = n == Double(terms) ? 1 : 0
            case .any: result.u8[i] = n > 0 ? 1 : 0
            default: result.setElement(i, n)
            }
        }
        return result
    }

    // MARK: Variance

    /// The mean of the squared deviations from the mean over `axes`, divided by the count less `correction`.
    ///
    /// Two passes: the mean as by `reduce`; then d = x - mean, rounded, d * d, rounded, summed in `reduce`'s order, and
    /// one division. NaN where the count does not exceed the correction and the sum is 0.
    public static func variance(_ x: Tensor, axes: [Int]?, keep: Bool, correction: Double = 0) throws -> Tensor {
        let values = x.dtype == .bool ? try convert(x, to: .ofBools) : x
        let mean = try reduce(.mean, values, axes: axes, keep: true)
        return try variance(values, mean: mean, axes: axes, keep: keep, correction: correction)
    }

    /// The same with the mean known: it has x's rank, size 1 along the reduced axes.
    static func variance(_ x: Tensor, mean: Tensor, axes: [Int]?, keep: Bool, correction: Double) throws -> Tensor {
        let axes = axes ?? Array(0..<x.rank)
        var terms = 1
        for axis in axes { terms *= x.dims[axis] }
        let single = x.dtype == .f32
        // Deviations of each trailing run from its own mean, where the mean is one number for a run: all axes before the
        // run are kept, or one of them is (the channel) and the others are reduced.
        var split = x.rank, cols = 1
        while split > 0 && axes.contains(split - 1) { split -= 1; cols *= x.dims[split] }
        let channels = mean.count, rows = x.count / Swift.max(1, cols)
        let byRow = axes.count == x.rank - split, byChannel = split == 2 && axes.contains(0)
        let sum: Tensor
        if split < x.rank && cols > 0 && (byRow || byChannel) {
            let partial = byRow ? try make(like: mean) : try make([rows / Swift.max(1, channels), channels], x.dtype)
            let group = byRow ? 1 : channels
            Threads.run(count: rows / Swift.max(1, group), grain: Swift.max(1, reduceGrain / Swift.max(1, cols * group))) { first, last in
                let at = first &* group, n = (last - first) &* group, m = byRow ? at : 0, period = byRow ? Swift.max(1, n) : channels
                if single { nns_deviation_rows_f32(partial.f32 + at, x.f32 + at &* cols, mean.f32 + m, period, n, cols) }
                else { nns_deviation_rows_f64(partial.f64 + at, x.f64 + at &* cols, mean.f64 + m, period, n, cols) }
            }
            sum = byRow ? partial : try view(of: reduce(.sum, partial, axes: [0], keep: false), mean.shape)
        } else {
            sum = try reduce(.sumOfSquares, binary(.subtract, x, mean), axes: axes, keep: true)
        }
        let result = try binary(.divide, sum, Double(terms) - correction, .number, reversed: false)
        if keep { return result }
        return try view(of: result, (0..<x.rank).filter { !axes.contains($0) }.map { x.dims[$0] })
    }

    // MARK: Positions

    /// The index of the first largest (or smallest) element along an axis, or in the flattened tensor where the axis is
    /// nil (then a number). The first NaN wins. f32 (f64 for an f64 tensor); an index that f32 cannot hold is an error.
    public static func argExtremum(_ x: Tensor, axis: Int?, largest: Bool) throws -> Tensor {
        let values = x.dtype == .bool ? try convert(x, to: .ofBools) : x
        guard let axis else {
            guard x.count > 0 else { throw TensorError(.value, "\(largest ? "argmax" : "argmin") of no elements") }
            return try scalar(Double(arg(values, 0, x.count, 1, largest)), .number)
        }
        let n = x.dims[axis]
        var shape = x.shape
        shape.remove(at: axis)
        let type: DType = x.dtype.isDouble ? .f64 : .f32
        let result = try make(shape, type)
        guard result.count > 0 else { return result }
        guard n > 0 else { throw TensorError(.value, "\(largest ? "argmax" : "argmin") of no elements: axis \(axis) of \(TensorError.text(x.shape))") }
        var inner = 1
        for i in (axis + 1)..<Swift.max(axis + 1, x.rank) { inner *= x.dims[i] }
        guard type == .f64 || n <= 1 << 24 else {
            throw TensorError(.value, "axis \(axis) has \(n) elements: float32 holds indices up to 16777216", help: ["convert first: `argmax(f64(x), \(axis))`"])
        }
        Threads.run(count: result.count, grain: Swift.max(1, reduceGrain / 2 / n)) { first, last in
            for i in first..<last {
                let at = arg(values, i / inner &* inner &* n &+ i % inner, n, inner, largest)
                if type == .f32 { result.f32[i] = Float(at) } else { result.f64[i] = Double(at) }
            }
        }
        return result
    }

    @inline(__always)
    private static func arg(_ x: Tensor, _ at: Int, _ n: Int, _ stride: Int, _ largest: Bool) -> Int {
        x.dtype == .f32 ? nns_arg_extremum_f32(x.f32 + at, n, stride, largest ? 1 : 0)
            : nns_arg_extremum_f64(x.f64 + at, n, stride, largest ? 1 : 0)
    }

    // MARK: Running sums

    /// y[i] = y[i - 1] + x[i] along an axis, from y[0] = x[0]: a chain of rounded sums.
    public static func cumulativeSum(_ x: Tensor, axis: Int) throws -> Tensor {
        let values = x.dtype == .bool ? try convert(x, to: .ofBools) : x
        let result = try make(like: values)
        guard x.count > 0 else { return result }
        let n = x.dims[axis]
        var inner = 1
        for i in (axis + 1)..<Swift.max(axis + 1, x.rank) { inner *= x.dims[i] }
        let outer = x.count / (n * inner), size = values.dtype.size
        for o in 0..<outer {
            let base = o * n * inner
            (result.data + base * size).copyMemory(from: values.data + base * size, byteCount: inner * size)
            if inner == 1 {
                if values.dtype == .f32 {
                    var total = values.f32[base]
                    for i in 1..<Swift.max(1, n) { total += values.f32[base + i]; result.f32[base + i] = total }
                } else {
                    var total = values.f64[base]
                    for i in 1..<Swift.max(1, n) { total += values.f64[base + i]; result.f64[base + i] = total }
                }
            } else {
                for i in 1..<Swift.max(1, n) {
                    let at = base + i * inner
                    if values.dtype == .f32 {
                        nns_binary_f32(Int32(NNS_ADD), result.f32 + at, result.f32 + (at - inner), values.f32 + at, 1, inner, 0, 1, 0, 1)
                    } else {
                        nns_binary_f64(Int32(NNS_ADD), result.f64 + at, result.f64 + (at - inner), values.f64 + at, 1, inner, 0, 1, 0, 1)
                    }
                }
            }
        }
        return result
    }
}

extension ReduceOperation {
    var kernelCode: Int32 {
        switch self {
        case .product: Int32(NNS_PRODUCT)
        case .max: Int32(NNS_MAX)
        case .min: Int32(NNS_MIN)
        case .sumOfSquares: Int32(NNS_SUM_SQUARES)
        case .sumOfAbs: Int32(NNS_SUM_ABS)
        default: Int32(NNS_SUM)
        }
    }
}
