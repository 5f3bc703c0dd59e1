import CKernels
import Glibc

// Orders along an axis, and what follows from them: top k, median, quantiles, unique values.
//
// Goals: stable (equal elements keep their order, −0 equals 0), NaN always last, linear in the length:
// least-significant-digit radix sort of the elements' bits made monotone.

/// Room for sorting lines of one length, reused from line to line.
private final class Sorter<Key: FixedWidthInteger & UnsignedInteger> {
    let n: Int
    /// The keys of the line to sort.
    let keys: UnsafeMutablePointer<Key>
    private let order: UnsafeMutablePointer<UInt32>
    private let keys2: UnsafeMutablePointer<Key>
    private let order2: UnsafeMutablePointer<UInt32>
    private let counts: UnsafeMutablePointer<UInt32>
    private let digit: Int
    private let passes: Int

    init(_ n: Int) throws {
        let bytes = n.multipliedReportingOverflow(by: 2 * (MemoryLayout<Key>.size + 4))
        guard !bytes.overflow, bytes.partialValue <= Memory.limit - Memory.used, n < 1 << 32 else { throw Tensor.outOfMemory([n]) }
        self.n = n
        digit = n < 4096 ? 8 : 11
        passes = (Key.bitWidth + digit - 1) / digit
        keys = .allocate(capacity: n)
        order = .allocate(capacity: n)
        keys2 = .allocate(capacity: n)
        order2 = .allocate(capacity: n)
        counts = .allocate(capacity: passes << digit)
    }

    deinit {
        keys.deallocate(); order.deallocate(); keys2.deallocate(); order2.deallocate(); counts.deallocate()
    }

    /// Sorts the keys, stably: the sorted keys and where each came from. Both are valid until the next sort. After an
    /// interrupt they are in some order.
    func sort() -> (keys: UnsafeMutablePointer<Key>, order: UnsafeMutablePointer<UInt32>) {
        var (from, fromOrder, to, toOrder) = (keys, order, keys2, order2)
        Threads.untilInterrupted(count: n) { for i in $0 { fromOrder[i] = UInt32(truncatingIfNeeded: i) } }
        if n <= 32 {
            insertionSort()
            return (from, fromOrder)
        }
        let buckets = 1 << digit, mask = Key(truncatingIfNeeded: buckets - 1)
        counts.update(repeating: 0, count: passes << digit)
        Threads.untilInterrupted(count: n) { block in
            for i in block {
                var key = from[i]
                var table = counts
                for _ in 0..<passes {
                    table[Int(truncatingIfNeeded: key & mask)] &+= 1
                    key = key &>> Key(truncatingIfNeeded: digit)
                    table += buckets
                }
            }
        }
        for pass in 0..<passes where !nns_interrupted() {
            let table = counts + pass << digit
            let shift = Key(truncatingIfNeeded: pass * digit)
            if table[Int(truncatingIfNeeded: (from[0] &>> shift) & mask)] == UInt32(n) { continue }  // all alike
            var sum: UInt32 = 0
            for b in 0..<buckets { (table[b], sum) = (sum, sum &+ table[b]) }
            Threads.untilInterrupted(count: n) { block in
                for i in block {
                    let key = from[i]
                    let b = Int(truncatingIfNeeded: (key &>> shift) & mask)
                    let at = Int(table[b])
                    table[b] &+= 1
                    to[at] = key
                    toOrder[at] = fromOrder[i]
                }
            }
            // A pass that was not finished has filled a part only.
            if nns_interrupted() { break }
            swap(&from, &to)
            swap(&fromOrder, &toOrder)
        }
        return (from, fromOrder)
    }

    private func insertionSort() {
        let keys = keys, order = order
        var i = 1
        while i < n {
            let key = keys[i], from = order[i]
            var j = i
            while j > 0, keys[j &- 1] > key {
                keys[j] = keys[j &- 1]
                order[j] = order[j &- 1]
                j &-= 1
            }
            keys[j] = key
            order[j] = from
            i &+= 1
        }
    }
}

/// The position that place `k` of the order of `n` keys comes from, equal ones in their order: what a sort would give there,
/// found digit by digit without one.
@inline(__always)
private func selected<Key: FixedWidthInteger & UnsignedInteger>(_ k: Int, of n: Int, key: (Int) -> Key) throws -> Int {
    let digit = 11
    var (rank, prefix, shift) = (k, Key(0), Key.bitWidth)
    let counts = UnsafeMutablePointer<Int>.allocate(capacity: 1 << digit)
    defer { counts.deallocate() }
    while shift > 0 {
        let known = shift
        shift = max(0, shift - digit)
        counts.update(repeating: 0, count: 1 << digit)
        Threads.untilInterrupted(count: n) { block in
            for i in block {
                let key = key(i)
                // Smart shifts: by all bits at first.
                if key >> Key(truncatingIfNeeded: known) == prefix { counts[Int(truncatingIfNeeded: key &>> Key(truncatingIfNeeded: shift)) & (1 << (known - shift) - 1)] &+= 1 }
            }
        }
        try TensorError.throwIfInterrupted()
        var bucket = 0
        while rank >= counts[bucket] { rank -= counts[bucket]; bucket += 1 }
        prefix = (known == Key.bitWidth ? 0 : prefix << Key(truncatingIfNeeded: known - shift)) | Key(truncatingIfNeeded: bucket)
    }
    var found = 0
    Threads.untilInterrupted(count: n) { block in
        for i in block where rank >= 0 && key(i) == prefix {
            if rank == 0 { found = i }
            rank -= 1
        }
    }
    try TensorError.throwIfInterrupted()
    return found
}

/// A key that orders floats as numbers do, NaN last whatever the direction.
@inline(__always)
private func sortKey(_ x: Float, _ descending: Bool) -> UInt32 {
    if x != x { return .max }
    let bits = x == 0 ? 0 : x.bitPattern
    let key = bits >> 31 != 0 ? ~bits : bits | 0x8000_0000
    return descending ? ~key : key
}

@inline(__always)
private func sortKey(_ x: Double, _ descending: Bool) -> UInt64 {
    if x != x { return .max }
    let bits = x == 0 ? 0 : x.bitPattern
    let key = bits >> 63 != 0 ? ~bits : bits | 0x8000_0000_0000_0000
    return descending ? ~key : key
}

/// Calls `body(start, stride, order)` for every line of `x` along `axis` with the order of its elements.
@inline(__always)
private func forEachOrder(_ x: Tensor, _ axis: Int, _ descending: Bool,
                          _ body: (_ start: Int, _ stride: Int, _ order: UnsafeMutablePointer<UInt32>) -> Void) throws {
    let n = x.dims[axis]
    if x.count == 0 { return }
    switch x.dtype {
    case .f32:
        let sorter = try Sorter<UInt32>(n), keys = sorter.keys, data = x.f32
        Tensor.forEachLine(x, axis) { start, n, stride in
            Threads.untilInterrupted(count: n) { for i in $0 { keys[i] = sortKey(data[start &+ i &* stride], descending) } }
            body(start, stride, sorter.sort().order)
        }
    case .f64, .number:
        let sorter = try Sorter<UInt64>(n), keys = sorter.keys, data = x.f64
        Tensor.forEachLine(x, axis) { start, n, stride in
            Threads.untilInterrupted(count: n) { for i in $0 { keys[i] = sortKey(data[start &+ i &* stride], descending) } }
            body(start, stride, sorter.sort().order)
        }
    case .bool:
        let sorter = try Sorter<UInt8>(n), keys = sorter.keys, data = x.u8
        Tensor.forEachLine(x, axis) { start, n, stride in
            Threads.untilInterrupted(count: n) { for i in $0 { keys[i] = (data[start &+ i &* stride] != 0) != descending ? 1 : 0 } }
            body(start, stride, sorter.sort().order)
        }
    }
}

/// The float of a key, where the key tells: neither zero, whose sign it lost, nor NaN.
@inline(__always)
private func keyValue(_ key: UInt32) -> Float? {
    if key == 0x8000_0000 || key == .max { return nil }
    return Float(bitPattern: key >> 31 != 0 ? key & 0x7fff_ffff : ~key)
}

extension Tensor {
    /// The type that holds positions up to `n` exactly beside elements of `dtype`.
    private static func positionType(_ dtype: DType, _ n: Int) -> DType {
        dtype.isDouble || n > 1 << 24 ? .f64 : .f32
    }

    @inline(__always)
    private static func moveElement(_ to: Tensor, _ i: Int, _ from: Tensor, _ j: Int) {
        switch to.dtype {
        case .bool: to.u8[i] = from.u8[j]
        case .f32: to.f32[i] = from.f32[j]
        case .f64, .number: to.f64[i] = from.f64[j]
        }
    }

    /// The elements in ascending (or descending) order along an axis, NaN last; stable. A 0-d tensor is itself.
    public static func sort(_ x: Tensor, axis: Int, descending: Bool = false) throws -> Tensor {
        if x.rank == 0 { return x }
        let axis = try arrayAxis(axis, x.rank)
        let n = x.dims[axis]
        let result = try make(like: x)
        if x.dtype == .f32, !descending, x.count > 0 {
            // The keys give the values back, which spares the scattered reads.
            let sorter = try Sorter<UInt32>(n), unsorted = sorter.keys, data = x.f32, sorted = result.f32
            forEachLine(x, axis) { start, n, stride in
                Threads.untilInterrupted(count: n) { for i in $0 { unsorted[i] = sortKey(data[start &+ i &* stride], false) } }
                let (keys, order) = sorter.sort()
                Threads.untilInterrupted(count: n) { block in
                    for i in block { sorted[start &+ i &* stride] = keyValue(keys[i]) ?? data[start &+ Int(order[i]) &* stride] }
                }
            }
            return result
        }
        try forEachOrder(x, axis, descending) { start, stride, order in
            Threads.untilInterrupted(count: n) { block in
                for i in block { moveElement(result, start &+ i &* stride, x, start &+ Int(order[i]) &* stride) }
            }
        }
        return result
    }

    /// The positions that would sort `x` along an axis: x taken along it at these is sorted. Stable, NaN last.
    /// Of x's float type (f64 where positions pass 2^24).
    public static func argsort(_ x: Tensor, axis: Int, descending: Bool = false) throws -> Tensor {
        if x.rank == 0 { return try scalar(0, positionType(x.dtype, 1)) }
        let axis = try arrayAxis(axis, x.rank)
        let n = x.dims[axis]
        let result = try make(like: x, positionType(x.dtype, n))
        try forEachOrder(x, axis, descending) { start, stride, order in
            Threads.untilInterrupted(count: n) { block in
                for i in block { result.setElement(start &+ i &* stride, Double(order[i])) }
            }
        }
        return result
    }

    /// The `k` largest elements along an axis, largest first, and their positions; equal ones in their order, NaN last.
    public static func topk(_ x: Tensor, _ k: Int, axis: Int) throws -> (values: Tensor, indices: Tensor) {
        let axis = try arrayAxis(axis, x.rank)
        let n = x.dims[axis]
        guard k >= 0, k <= n else { throw TensorError(.value, "topk needs a k between 0 and the axis' size \(n), not \(k)") }
        var shape = x.shape
        shape[axis] = k
        let values = try make(shape, x.dtype), indices = try make(shape, positionType(x.dtype, n))
        guard k > 0 else { return (values, indices) }
        try forEachOrder(x, axis, true) { start, stride, order in
            let outer = start / (stride &* n), inner = start % stride
            for i in 0..<k {
                let at = (outer &* k &+ i) &* stride &+ inner
                moveElement(values, at, x, start &+ Int(order[i]) &* stride)
                indices.setElement(at, Double(order[i]))
            }
        }
        return (values, indices)
    }

    private static func checkAlong(_ shape: [Int], _ indices: Tensor, _ axis: Int) throws {
        var fits = shape.count == indices.rank
        if fits { for a in shape.indices where a != axis && shape[a] != indices.dims[a] { fits = false } }
        guard fits else { throw TensorError(.shape, "the positions are \(TensorError.text(indices.shape)), the tensor is \(TensorError.text(shape)): sizes other than axis \(axis)'s must agree") }
    }

    /// Calls `body(position in indices, flat position in a tensor of `shape`)` for each index along `axis`.
    @inline(__always)
    private static func forEachAlong(_ shape: [Int], _ indices: Tensor, _ axis: Int, _ body: (Int, Int) -> Void) throws {
        let n = shape[axis]
        guard indices.count > 0 else { return }
        try forEachLine(indices, axis) { start, length, stride in
            let outer = start / (stride &* length), inner = start % stride
            try Threads.untilInterrupted(count: length) { block in
                for i in block {
                    let at = start &+ i &* stride
                    let value = indices.element(at)
                    guard value == value.rounded(.towardZero), value.magnitude <= 0x1p53 else {
                        throw TensorError(.value, "an index must be an integer, not \(numberText(value))")
                    }
                    let k = try Selection.position(Int(value), axis, n)
                    body(at, (outer &* n &+ k) &* stride &+ inner)
                }
            }
        }
    }

    /// The elements at positions along an axis, as `argsort` and `topk` give them.
    public static func takeAlong(_ x: Tensor, _ indices: Tensor, axis: Int) throws -> Tensor {
        if x.rank == 0 { return x }
        let axis = try arrayAxis(axis, x.rank)
        try checkAlong(x.shape, indices, axis)
        let result = try make(like: indices, x.dtype)
        try forEachAlong(x.shape, indices, axis) { moveElement(result, $0, x, $1) }
        return result
    }

    /// Zeros of `shape` with `g` added at positions along an axis, in ascending order: the gradient of `takeAlong`.
    public static func scatterAlong(shape: [Int], _ indices: Tensor, _ g: Tensor, axis: Int) throws -> Tensor {
        if shape.isEmpty { return g }
        let axis = try arrayAxis(axis, shape.count)
        try checkAlong(shape, indices, axis)
        let result = try make(shape, g.dtype)
        fill(result, 0)
        try forEachAlong(shape, indices, axis) { result.setElement($1, result.element($1) + g.element($0)) }
        return result
    }

    /// Where each quantile along `axes` (nil: all) comes from: flat positions `low` and `high` of two elements, one
    /// pair for each element of the reduced shape, and the share `t` of the second: low + (high − low)·t.
    /// A line with a NaN gives that NaN; lines without elements come from nowhere.
    public static func quantileSources(_ x: Tensor, _ q: Double, axes: [Int]?) throws -> (low: [Int], high: [Int], t: Double) {
        guard q >= 0, q <= 1 else { throw TensorError(.value, "a quantile lies between 0 and 1, not at \(numberText(q))") }
        let reduced = try reducedAxes(axes, x.rank)
        let strides = Striding.rowMajor(x.shape)
        var within = Striding(), across = Striding()
        for a in 0..<x.rank { if reduced[a] { within.append(x.dims[a], strides[a]) } else { across.append(x.dims[a], strides[a]) } }
        let n = within.sizes.reduce(1, &*)
        guard x.count > 0 else { return ([], [], 0) }
        // Where the elements of a line lie behind its first: evenly apart, or listed.
        within = within.merged()
        let step = within.strides.last ?? 1
        var offsets: [Int] = []
        if within.sizes.count > 1 {
            offsets.reserveCapacity(n)
            within.forEach(from: 0) { offsets.append($0) }
        }
        let place = q * Double(n - 1)
        let below = Int(place.rounded(.down)), above = min(below + 1, n - 1)
        var low: [Int] = [], high: [Int] = []
        @inline(__always) func offset(_ i: Int) -> Int { offsets.isEmpty ? i &* step : offsets[i] }
        func line(_ base: Int, _ place: (Int) throws -> Int) rethrows {
            let last = try offset(place(n - 1))
            let isNaN = x.element(base + last).isNaN
            low.append(base + (isNaN ? last : offset(try place(below))))
            high.append(base + (isNaN ? last : offset(try place(above))))
        }
        @inline(__always) func lines<Key: FixedWidthInteger & UnsignedInteger>(_ key: (Int) -> Key) throws {
            // A sort orders short lines at once; of a long one two places are wanted only.
            let sorter = n < 1 << 16 ? try Sorter<Key>(n) : nil
            var failure: Error?
            across.forEach(from: 0) { base in
                guard failure == nil, !nns_interrupted() else { return }
                if let sorter {
                    for i in 0..<n { sorter.keys[i] = key(base &+ offset(i)) }
                    let order = sorter.sort().order
                    line(base) { Int(order[$0]) }
                } else {
                    do { try line(base) { k in try selected(k, of: n) { key(base &+ offset($0)) } } } catch { failure = error }
                }
            }
            if let failure { throw failure }
            try TensorError.throwIfInterrupted()
        }
        if x.dtype == .f32 { try lines { sortKey(x.f32[$0], false) } } else { try lines { sortKey(x.element($0), false) } }
        return (low, high, place - Double(below))
    }

    private static func reducedAxes(_ axes: [Int]?, _ rank: Int) throws -> [Bool] {
        guard let axes else { return [Bool](repeating: true, count: rank) }
        var reduced = [Bool](repeating: false, count: rank)
        for a in axes {
            let axis = try arrayAxis(a, rank)
            guard !reduced[axis] else { throw TensorError(.value, "axis \(a) appears twice in \(TensorError.text(axes))") }
            reduced[axis] = true
        }
        return reduced
    }

    /// The q-quantile along `axes` (nil: all), interpolated linearly between neighbours as NumPy's default; rounded once.
    public static func quantile(_ x: Tensor, _ q: Double, axes: [Int]? = nil, keep: Bool = false) throws -> Tensor {
        let reduced = try reducedAxes(axes, x.rank)
        let (low, high, t) = try quantileSources(x, q, axes: axes)
        var shape: [Int] = []
        for a in 0..<x.rank { if !reduced[a] { shape.append(x.dims[a]) } else if keep { shape.append(1) } }
        let type: DType = x.dtype == .bool ? .ofBools : x.dtype == .number && !shape.isEmpty ? .f32 : x.dtype
        if low.isEmpty { return try fill(shape, .nan, type) }
        let result = try make(shape, type)
        for i in 0..<result.count {
            let a = x.element(low[i]), b = x.element(high[i])
            // As NumPy interpolates: exact at both ends; equal infinities stay.
            let value = a == b || t == 0 ? a : t == 0.5 ? a / 2 + b / 2 : t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)
            result.setElement(i, value)
        }
        return result
    }

    /// Several quantiles: [q.count, *reduced shape].
    public static func quantile(_ x: Tensor, _ q: [Double], axes: [Int]? = nil, keep: Bool = false) throws -> Tensor {
        guard !q.isEmpty else { throw TensorError(.value, "quantile needs at least one place between 0 and 1") }
        return try stack(q.map { try quantile(x, $0, axes: axes, keep: keep) }, axis: 0)
    }

    /// The middle of the sorted elements along `axes` (nil: all), the mean of the two middle ones for an even number.
    public static func median(_ x: Tensor, axes: [Int]? = nil, keep: Bool = false) throws -> Tensor {
        try quantile(x, 0.5, axes: axes, keep: keep)
    }

    /// The different values in ascending order, as a vector; NaN once, last.
    public static func unique(_ x: Tensor) throws -> Tensor {
        let source = x.dtype == .number ? try convert(x, to: .f64) : x
        let sorted = try sort(reshape(source, [x.count]), axis: 0)
        return try takeRows(sorted, firstPlaces(sorted))
    }

    /// Where a sorted vector has a value for the first time, as a vector of places.
    public static func uniquePlaces(_ sorted: Tensor) throws -> Tensor {
        let kept = firstPlaces(sorted), places = try make([kept.count], .f64)
        for (k, i) in kept.enumerated() { places.setElement(k, Double(i)) }
        return places
    }

    private static func firstPlaces(_ sorted: Tensor) -> [Int] {
        var kept: [Int] = []
        Threads.untilInterrupted(count: sorted.count) { block in
            for i in block {
                if let last = kept.last {
                    let a = sorted.element(last), b = sorted.element(i)
                    if a == b || (a.isNaN && b.isNaN) { continue }
                }
                kept.append(i)
            }
        }
        return kept
    }
}
