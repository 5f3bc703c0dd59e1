import Glibc

// Walks over elements of a row-major block by sizes and strides, independent of the element type.
//
// Goals: every copy that only moves elements goes through here, by byte width (1, 4, 8); runs of
// neighbours move by memcpy; transpositions move by tiles, so that both sides stay in the cache.

/// Axes to walk, outermost first: how many steps, and how many elements of the block one step crosses.
struct Striding {
    var sizes: [Int] = []
    var strides: [Int] = []

    mutating func append(_ size: Int, _ stride: Int) {
        sizes.append(size)
        strides.append(stride)
    }

    /// Drops axes of size 1 and joins neighbours that together are one even walk.
    func merged() -> Striding {
        var result = Striding()
        for i in sizes.indices {
            if sizes[i] == 1 { continue }
            if let last = result.strides.last, last == strides[i] &* sizes[i], sizes[i] != 0 {
                result.sizes[result.sizes.count - 1] &*= sizes[i]
                result.strides[result.strides.count - 1] = strides[i]
            } else {
                result.append(sizes[i], strides[i])
            }
        }
        return result
    }

    /// The strides of a row-major block of this shape.
    static func rowMajor(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        var step = 1
        for i in shape.indices.reversed() {
            strides[i] = step
            step = step &* shape[i]
        }
        return strides
    }

    /// Calls `body` with the offset of every position, the last axis fastest.
    @inline(__always)
    func forEach(from start: Int, _ body: (Int) -> Void) {
        let n = sizes.count
        if n == 0 { body(start); return }
        if sizes.contains(0) { return }
        withUnsafeTemporaryAllocation(of: Int.self, capacity: n) { counters in
            sizes.withUnsafeBufferPointer { sizes in
                strides.withUnsafeBufferPointer { strides in
                    for i in 0..<n { counters[i] = 0 }
                    var offset = start
                    while true {
                        body(offset)
                        var axis = n &- 1
                        while true {
                            counters[axis] &+= 1
                            offset &+= strides[axis]
                            if counters[axis] < sizes[axis] { break }
                            offset &-= strides[axis] &* sizes[axis]
                            counters[axis] = 0
                            if axis == 0 { return }
                            axis &-= 1
                        }
                    }
                }
            }
        }
    }
}

/// Calls `body` with both blocks' pointers as unsigned integers of the elements' width.
@inline(__always)
func withWidth<R>(_ dtype: DType, _ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer,
                  _ narrow: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>) throws -> R,
                  _ single: (UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>) throws -> R,
                  _ double: (UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UInt64>) throws -> R) rethrows -> R {
    switch dtype {
    case .bool: try narrow(a.assumingMemoryBound(to: UInt8.self), b.assumingMemoryBound(to: UInt8.self))
    case .f32: try single(a.assumingMemoryBound(to: UInt32.self), b.assumingMemoryBound(to: UInt32.self))
    case .f64, .number: try double(a.assumingMemoryBound(to: UInt64.self), b.assumingMemoryBound(to: UInt64.self))
    }
}

/// Fills `destination` in order with the elements of `source` that the walk meets.
func stridedCopy(_ dtype: DType, _ destination: UnsafeMutableRawPointer, _ source: UnsafeMutableRawPointer,
                 start: Int, _ walk: Striding) {
    withWidth(dtype, destination, source,
              { copyElements($0, $1, start, walk) }, { copyElements($0, $1, start, walk) }, { copyElements($0, $1, start, walk) })
}

private func copyElements<T>(_ destination: UnsafeMutablePointer<T>, _ source: UnsafeMutablePointer<T>, _ start: Int, _ walk: Striding) {
    var outer = walk.merged()
    if outer.sizes.contains(0) { return }
    guard let n = outer.sizes.popLast(), let stride = outer.strides.popLast() else {
        destination[0] = source[start]
        return
    }
    if stride == 1 {
        var d = destination
        let bytes = n &* MemoryLayout<T>.size
        outer.forEach(from: start) { offset in
            memcpy(d, source + offset, bytes)
            d += n
        }
        return
    }
    // A transposition: the source's neighbours lie along another axis. Move tiles of that axis and the last.
    if let p = outer.strides.lastIndex(of: 1), outer.sizes[p] >= 4, n >= 4 {
        var step = n
        for i in (p + 1)..<outer.sizes.count { step &*= outer.sizes[i] }
        var rest = Striding(), rows = Striding()
        let destinations = Striding.rowMajor(outer.sizes + [n])
        for i in outer.sizes.indices where i != p {
            rest.append(outer.sizes[i], outer.strides[i])
            rows.append(outer.sizes[i], destinations[i])
        }
        // Both walks take the same steps: gather the destinations' offsets, then walk the source.
        var offsets: [Int] = []
        rows.forEach(from: 0) { offsets.append($0) }
        var i = 0
        rest.forEach(from: start) { offset in
            copyTiles(destination + offsets[i], source + offset, outer.sizes[p], n, step, stride)
            i &+= 1
        }
        return
    }
    var d = destination
    outer.forEach(from: start) { offset in
        let s = source + offset
        for i in 0..<n { d[i] = s[i &* stride] }
        d += n
    }
}

/// destination[i·rowStep + j] = source[i + j·columnStep] for i < rows, j < columns, by tiles of 16 × 16 that are
/// turned in a buffer: whole cache lines are read and written, whatever powers of two the steps are.
@inline(__always)
private func copyTiles<T>(_ destination: UnsafeMutablePointer<T>, _ source: UnsafeMutablePointer<T>,
                          _ rows: Int, _ columns: Int, _ rowStep: Int, _ columnStep: Int) {
    withUnsafeTemporaryAllocation(of: T.self, capacity: 256) { buffer in
        let tile = buffer.baseAddress!
        var j = 0
        while j < columns {
            let width = min(16, columns &- j)
            var i = 0
            while i < rows {
                let height = min(16, rows &- i)
                let s = source + (i &+ j &* columnStep), d = destination + (i &* rowStep &+ j)
                if width == 16 && height == 16 {
                    for k in 0..<16 {
                        let line = s + k &* columnStep
                        for l in 0..<16 { tile[l &* 16 &+ k] = line[l] }
                    }
                    for l in 0..<16 {
                        let line = d + l &* rowStep
                        for k in 0..<16 { line[k] = tile[l &* 16 &+ k] }
                    }
                } else {
                    for l in 0..<height {
                        for k in 0..<width { d[l &* rowStep &+ k] = s[l &+ k &* columnStep] }
                    }
                }
                i &+= 16
            }
            j &+= 16
        }
    }
}

// MARK: Shared checks

/// `1 axis`, `2 axes`, for messages.
func axesText(_ rank: Int) -> String { rank == 1 ? "1 axis" : "\(rank) axes" }

/// An axis counted from either end, checked.
func arrayAxis(_ axis: Int, _ rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
        if rank == 0 { throw TensorError(.shape, "axis \(axis) does not exist: the tensor is 0-d, it has no axes") }
        throw TensorError(.shape, "axis \(axis) does not exist: the tensor has \(axesText(rank))", help: ["valid: \(-rank) … \(rank - 1)"])
    }
    return axis < 0 ? axis + rank : axis
}

/// The product of sizes, checked: none negative, no overflow.
func checkedCount(_ shape: some Collection<Int>) throws -> Int {
    if let bad = shape.first(where: { $0 < 0 }) {
        throw TensorError(.value, "a size cannot be negative: \(bad) in \(TensorError.text(shape))")
    }
    if shape.contains(0) { return 0 }
    var count = 1
    for d in shape {
        let (product, over) = count.multipliedReportingOverflow(by: d)
        guard !over else { throw Tensor.outOfMemory(shape) }
        count = product
    }
    return count
}
