import CKernels
import Glibc

// What an index expression selects: `x[1:3, mask, ..., none]` resolved against a shape.
//
// Goals: NumPy's rules, to the letter where they are well known (basic slices, several index tensors that
// pair up by broadcasting, masks); an index out of range is an error that names axis, size and index;
// one resolved form serves reading, writing and both gradients.

/// One subscript between brackets.
public enum Subscript {
    /// A single position; negative from the end. The axis disappears.
    case index(Int)
    /// Python's slice: absent ends are open, out-of-range ends clamp, the step may be negative.
    case slice(start: Int?, stop: Int?, step: Int)
    /// A new axis of size 1.
    case newAxis
    /// As many whole axes as are left.
    case ellipsis
    /// Positions as a tensor of integral numbers of any shape.
    case indices(Tensor)
    /// A bool tensor as large as the axes it covers.
    case mask(Tensor)
    /// Positions as a list.
    case list([Int])
    /// Evenly spaced positions: `a..b`. Like a slice they select their own axis, but none may be out of range.
    case range(first: Int, count: Int, step: Int)
}

/// A resolved selection: its shape, and the walk over the elements that it selects, in row-major order.
public struct Selection {
    /// The shape of what is selected.
    public private(set) var shape: [Int]
    /// Number of selected elements.
    public private(set) var count: Int
    /// The shape this was resolved for.
    public let source: [Int]
    /// The same element may be selected more than once.
    public private(set) var mayRepeat = false

    // The walk: outer axes, then the paired-up index tensors as a table of offsets, then inner axes.
    var start = 0
    var outer = Striding()
    var table: [Int]?
    var inner = Striding()

    /// Resolves subscripts against a shape. Missing subscripts select their axes whole.
    public static func resolve(_ subscripts: [Subscript], shape: [Int]) throws -> Selection {
        var selection = Selection(source: shape)
        try selection.resolve(subscripts)
        return selection
    }

    private init(source: [Int]) {
        self.source = source
        shape = []
        count = 0
    }

    /// One result axis, or one paired-up index.
    private enum Part {
        case axis(size: Int, stride: Int)
        case advanced(shape: [Int], offsets: [Int])
        /// `...`, which keeps index tensors apart even where it covers no axis, as in NumPy.
        case ellipsis
    }

    private mutating func resolve(_ subscripts: [Subscript]) throws {
        let strides = Striding.rowMajor(source)
        var covered = 0
        var ellipses = 0
        var hasAdvanced = false
        for s in subscripts {
            switch s {
            case .index, .slice, .range: covered += 1
            case .indices(let t): covered += 1; if t.rank > 0 { hasAdvanced = true }
            case .list: covered += 1; hasAdvanced = true
            case .mask(let t): covered += t.rank; hasAdvanced = true
            case .newAxis: break
            case .ellipsis: ellipses += 1
            }
        }
        guard ellipses <= 1 else { throw TensorError(.value, "only one `...` can stand between brackets") }
        guard covered <= source.count else {
            if source.isEmpty { throw TensorError(.shape, "a 0-d tensor (a single number) has no axis to index") }
            throw TensorError(.shape, "\(covered) indices for \(axesText(source.count)): the shape is \(TensorError.text(source))")
        }

        var parts: [Part] = []
        var axis = 0
        func whole(_ n: Int) {
            for _ in 0..<n {
                parts.append(.axis(size: source[axis], stride: strides[axis]))
                axis += 1
            }
        }
        for s in subscripts {
            switch s {
            case .index(let i):
                let offset = try Self.position(i, axis, source[axis]) * strides[axis]
                // Beside index tensors a single index pairs up with them, as in NumPy.
                if hasAdvanced { parts.append(.advanced(shape: [], offsets: [offset])) } else { start += offset }
                axis += 1
            case .slice(let from, let to, let step):
                let (first, n) = try Self.slice(from, to, step, source[axis])
                if n > 0 { start += first * strides[axis] }
                parts.append(.axis(size: n, stride: n > 1 ? step &* strides[axis] : strides[axis]))
                axis += 1
            case .range(let from, let n, let step):
                parts.append(try rangePart(from, n, step, axis, strides[axis]))
                axis += 1
            case .newAxis:
                parts.append(.axis(size: 1, stride: 0))
            case .ellipsis:
                parts.append(.ellipsis)
                whole(source.count - covered)
            case .indices(let t):
                let offsets = try Self.positions(t, axis, source[axis], strides[axis])
                if t.rank == 0 && !hasAdvanced { start += offsets[0] } else { parts.append(.advanced(shape: t.shape, offsets: offsets)) }
                axis += 1
            case .list(let xs):
                let size = source[axis], at = axis
                parts.append(.advanced(shape: [xs.count], offsets: try xs.map { try Self.position($0, at, size) * strides[at] }))
                axis += 1
            case .mask(let t):
                parts.append(try maskPart(t, axis, strides))
                axis += t.rank
            }
        }
        whole(source.count - axis)
        try assemble(parts)
    }

    /// The last of `n` (at least 1) evenly spaced positions; the largest number where it has none.
    public static func last(_ first: Int, _ n: Int, _ step: Int) -> Int {
        let (way, tooFar) = (n - 1).multipliedReportingOverflow(by: step), (last, over) = first.addingReportingOverflow(way)
        return tooFar || over ? .max : last
    }

    /// A range's axis; one from negative to positive positions has no even spacing, so it is a list.
    private mutating func rangePart(_ first: Int, _ n: Int, _ step: Int, _ axis: Int, _ stride: Int) throws -> Part {
        let size = source[axis]
        guard n > 0 else { return .axis(size: 0, stride: stride) }
        let last = Self.last(first, n, step), from = try Self.position(first, axis, size)
        _ = try Self.position(last, axis, size)
        guard (first < 0) == (last < 0) else {
            return .advanced(shape: [n], offsets: try (0..<n).map { try Self.position(first + $0 * step, axis, size) * stride })
        }
        start += from * stride
        return .axis(size: n, stride: n > 1 ? step &* stride : stride)
    }

    private func maskPart(_ mask: Tensor, _ axis: Int, _ strides: [Int]) throws -> Part {
        guard mask.dtype == .bool else { throw TensorError(.type, "a mask must be a bool tensor") }
        let covered = Array(source[axis..<(axis + mask.rank)])
        guard mask.shape == covered else {
            throw TensorError(.shape, "the mask is \(TensorError.text(mask.shape)), but covers \(TensorError.text(covered)): they must be equal")
        }
        var selected = 0
        for i in 0..<mask.count { selected &+= mask.u8[i] != 0 ? 1 : 0 }
        try Self.checkMemory(selected, [selected])
        var offsets: [Int] = []
        offsets.reserveCapacity(selected)
        // The covered axes are neighbours, so their offsets are multiples of the last one's stride.
        let step = mask.rank > 0 ? strides[axis + mask.rank - 1] : 0
        try Self.interruptibly(mask.count) { for i in $0 where mask.u8[i] != 0 { offsets.append(i &* step) } }
        return .advanced(shape: [selected], offsets: offsets)
    }

    /// Calls `body` with parts of 0..<count in order; throws at an interrupt, which leaves a selection half made.
    private static func interruptibly(_ count: Int, _ body: (Range<Int>) throws -> Void) throws {
        try Threads.untilInterrupted(count: count, body: body)
        if nns_interrupted() { throw TensorError(.interrupt, "interrupted") }
    }

    /// Pairs up the index tensors and lays the walk out.
    private mutating func assemble(_ parts: [Part]) throws {
        var advancedAt: [Int] = []
        for (i, part) in parts.enumerated() { if case .advanced = part { advancedAt.append(i) } }
        guard let first = advancedAt.first, let last = advancedAt.last else {
            for case .axis(let size, let stride) in parts {
                shape.append(size)
                inner.append(size, stride)
            }
            try finish()
            return
        }
        var block: [Int] = []
        for case .advanced(let s, _) in parts { block = try Self.broadcast(block, s) }
        let n = try checkedCount(block)
        try Self.checkMemory(n, block)
        var sum = [Int](repeating: 0, count: n)
        for case .advanced(let s, let offsets) in parts where n > 0 {
            if offsets.count == 1 {
                for i in 0..<n { sum[i] &+= offsets[0] }
            } else if s == block {
                for i in 0..<n { sum[i] &+= offsets[i] }
            } else {
                var strides = Striding.rowMajor(s)
                for i in s.indices where s[i] == 1 { strides[i] = 0 }
                let walk = Striding(sizes: block, strides: [Int](repeating: 0, count: block.count - s.count) + strides)
                var i = 0
                walk.forEach(from: 0) { sum[i] &+= offsets[$0]; i &+= 1 }
            }
        }
        table = sum
        mayRepeat = n > 1
        // Index tensors that stand together keep their place; apart, their axes come first.
        let together = last - first + 1 == advancedAt.count
        if !together { shape = block }
        for (i, part) in parts.enumerated() {
            if together && i == first { shape += block }
            guard case .axis(let size, let stride) = part else { continue }
            shape.append(size)
            if together && i < first { outer.append(size, stride) } else { inner.append(size, stride) }
        }
        if advancedAt.count == 1, case .advanced(_, let offsets) = parts[first], zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 }) {
            mayRepeat = false
        }
        try finish()
    }

    private mutating func finish() throws {
        guard shape.count <= Tensor.maxRank else { throw TensorError(.limit, "a tensor has at most \(Tensor.maxRank) axes, not \(shape.count)") }
        count = try checkedCount(shape)
        outer = outer.merged()
        inner = inner.merged()
    }

    /// The table of offsets is memory too: refused where a tensor of that size would be.
    private static func checkMemory(_ n: Int, _ shape: [Int]) throws {
        let (bytes, over) = n.multipliedReportingOverflow(by: 8)
        guard !over, bytes <= Memory.limit - Memory.used else { throw Tensor.outOfMemory(shape) }
    }

    private static func broadcast(_ a: [Int], _ b: [Int]) throws -> [Int] {
        let rank = max(a.count, b.count)
        var result = [Int](repeating: 1, count: rank)
        for i in 0..<rank {
            let p = i < rank - a.count ? 1 : a[i - (rank - a.count)]
            let q = i < rank - b.count ? 1 : b[i - (rank - b.count)]
            guard p == q || p == 1 || q == 1 else {
                throw TensorError(.shape, "the indices \(TensorError.text(a)) and \(TensorError.text(b)) do not pair up: sizes must be equal or 1")
            }
            result[i] = p == 1 ? q : p
        }
        return result
    }

    /// The error of an index out of range.
    static func outOfRange(_ index: String, _ axis: Int, _ size: Int) -> TensorError {
        TensorError(.value, "index \(index) is out of range for axis \(axis) of size \(size)",
                    help: size > 0 ? ["valid: \(-size) … \(size - 1)"] : ["the axis is empty"], axis: axis)
    }

    /// A position on an axis, counted from the start.
    @inline(__always)
    static func position(_ index: Int, _ axis: Int, _ size: Int) throws -> Int {
        let i = index < 0 ? index &+ size : index
        guard i >= 0, i < size else { throw outOfRange(String(index), axis, size) }
        return i
    }

    /// Offsets of positions given as numbers.
    private static func positions(_ t: Tensor, _ axis: Int, _ size: Int, _ stride: Int) throws -> [Int] {
        guard t.dtype != .bool else { throw TensorError(.type, "a bool tensor selects as a mask, not as indices") }
        var result = [Int](repeating: 0, count: t.count)
        let exact = t.dtype == .f32 ? 0x1p24 : 0x1p53
        try interruptibly(t.count) { for i in $0 {
            let v = t.element(i)
            guard v == v.rounded(.towardZero) else { throw TensorError(.value, "an index must be an integer, not \(t.dtype == .f32 ? numberText(Float(v)) : numberText(v))") }
            guard v.magnitude < exact else {
                if v.magnitude > Double(size) { throw outOfRange(numberText(v), axis, size) }
                throw TensorError(.value, "f32 tells whole numbers apart below 2^24 only, and the index is \(numberText(v))", help: ["keep such indices in f64"], axis: axis)
            }
            result[i] = try position(Int(v), axis, size) &* stride
        } }
        return result
    }

    /// First position and number of positions of a slice, as Python's `slice.indices`.
    public static func slice(_ start: Int?, _ stop: Int?, _ step: Int, _ size: Int) throws -> (first: Int, count: Int) {
        guard step != 0 else { throw TensorError(.value, "a slice's step cannot be 0") }
        func clamp(_ i: Int, _ low: Int, _ high: Int) -> Int {
            if i < 0 { return max(low, i &+ size) }
            return min(i, high)
        }
        if step > 0 {
            let from = start.map { clamp($0, 0, size) } ?? 0
            let to = stop.map { clamp($0, 0, size) } ?? size
            return (from, to > from ? (to - from - 1) / step + 1 : 0)
        }
        let from = start.map { clamp($0, -1, size - 1) } ?? size - 1
        let to = stop.map { clamp($0, -1, size - 1) } ?? -1
        let down = step == Int.min ? Int.max : -step
        return (from, from > to ? (from - to - 1) / down + 1 : 0)
    }

    /// Calls `run(offset, length, stride)` for every stretch of evenly spaced elements, in the selection's order.
    @inline(__always)
    func forEachRun(_ run: (_ offset: Int, _ length: Int, _ stride: Int) -> Void) {
        if count == 0 { return }
        var rest = inner
        let length = rest.sizes.popLast() ?? 1
        let stride = rest.strides.popLast() ?? 1
        guard let table else {
            rest.forEach(from: start) { run($0, length, stride) }
            return
        }
        outer.forEach(from: start) { base in
            for offset in table { rest.forEach(from: base &+ offset) { run($0, length, stride) } }
        }
    }

    /// True for each selected place that no later one repeats, in the selection's shape; nil where no place repeats.
    public func lastOfEach() throws -> Tensor? {
        guard mayRepeat, count > 0 else { return nil }
        var last = [Int](repeating: -1, count: source.reduce(1, *)), repeats = false, i = 0
        func visit(_ body: (Int) -> Void) {
            i = 0
            forEachRun { offset, length, stride in
                for k in 0..<length { body(offset &+ k &* stride); i &+= 1 }
            }
        }
        visit { place in
            if last[place] >= 0 { repeats = true }
            last[place] = i
        }
        guard repeats else { return nil }
        let result = try Tensor.make(shape, .bool)
        visit { result.u8[i] = last[$0] == i ? 1 : 0 }
        return result
    }

    /// True when the selected elements are one stretch of memory.
    var isContiguous: Bool { table == nil && (inner.sizes.isEmpty || (inner.sizes.count == 1 && inner.strides[0] == 1)) }
}
