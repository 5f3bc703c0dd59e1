import CKernels

/// The element type of a tensor.
///
/// `number` is the language's plain number where it must travel as a tensor (a number that is being
/// differentiated): 64-bit, always 0-d, and *weak*: beside a tensor it takes the tensor's type.
public enum DType: UInt8 {
    case bool = 0, number = 1, f32 = 2, f64 = 3

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .bool: 1
        case .f32: 4
        case .f64, .number: 8
        }
    }

    public var isDouble: Bool { self == .f64 || self == .number }

    /// The float type that bools count in: the one of `precision`. The interpreter's thread alone sets and reads it.
    nonisolated(unsafe) public static var ofBools = DType.f32
}

/// What went wrong in a tensor function; the runtime adds the place and the user's own names.
public struct TensorError: Error {
    /// `interrupt`: work that was asked to end did.
    public enum Kind { case shape, value, type, limit, interrupt }
    public var kind: Kind
    public var message: String
    public var help: [String]
    /// The axis whose index is wrong.
    public var axis: Int?
    /// The shapes that do not broadcast.
    public var unequal: [[Int]]?
    public init(_ kind: Kind, _ message: String, help: [String] = [], axis: Int? = nil, unequal: [[Int]]? = nil) {
        self.kind = kind; self.message = message; self.help = help; self.axis = axis; self.unequal = unequal
    }

    /// Throws after an interrupt, where a half-done result could not even be finished in any way. The evaluator says it in its
    /// own words.
    static func throwIfInterrupted() throws {
        if nns_interrupted() { throw TensorError(.value, "interrupted") }
    }
}

/// A row-major block of numbers: one object whose dimensions and elements follow it in memory.
///
/// A tensor is immutable once it is shared; `isKnownUniquelyReferenced` decides whether `x[i] = v` may write
/// in place. Reshaping shares the elements (`owner`), everything else copies.
public final class Tensor {
    public let dtype: DType
    public let rank: Int
    /// Number of elements, the product of the dimensions.
    public let count: Int
    /// The dimensions, `rank` of them.
    public let dims: UnsafeMutablePointer<Int>
    /// The elements, row-major.
    public let data: UnsafeMutableRawPointer
    /// The tensor whose elements this one shares.
    public let owner: Tensor?
    /// Bytes of its own block.
    private let blockBytes: Int

    /// The largest rank.
    public static let maxRank = 32

    private init(dtype: DType, rank: Int, count: Int, dims: UnsafeMutablePointer<Int>, data: UnsafeMutableRawPointer, owner: Tensor?, blockBytes: Int) {
        self.dtype = dtype; self.rank = rank; self.count = count; self.dims = dims; self.data = data; self.owner = owner
        self.blockBytes = blockBytes
    }

    deinit {
        Memory.release(blockBytes)
        nns_free(UnsafeMutableRawPointer(dims), blockBytes)
    }

    /// Bytes before the elements: the dimensions, padded so that elements are aligned to 64 bytes.
    private static func header(_ rank: Int) -> Int { (rank * 8 + 63) & ~63 }

    /// A tensor whose elements are not yet set. Throws `limit` where the memory is not to be had.
    public static func make(_ shape: some RandomAccessCollection<Int>, _ dtype: DType) throws -> Tensor {
        guard shape.count <= maxRank else { throw TensorError(.limit, "a tensor has at most \(maxRank) axes, not \(shape.count)") }
        var count = 1
        var overflow = false
        for d in shape {
            precondition(d >= 0)
            let (product, over) = count.multipliedReportingOverflow(by: d)
            count = product
            if over { overflow = true }
        }
        // A zero anywhere makes it empty, whatever the others overflowed to.
        if overflow {
            if shape.contains(0) { count = 0 } else { throw outOfMemory(shape) }
        }
        let (bytes, over) = count.multipliedReportingOverflow(by: dtype.size)
        let total = header(shape.count) &+ bytes
        guard !over, total >= bytes, Memory.reserve(total) else { throw outOfMemory(shape) }
        guard let block = nns_alloc(total) else { Memory.release(total); throw outOfMemory(shape) }
        let dims = block.assumingMemoryBound(to: Int.self)
        var i = 0
        for d in shape { dims[i] = d; i &+= 1 }
        return Tensor(dtype: dtype, rank: shape.count, count: count, dims: dims, data: block + header(shape.count), owner: nil, blockBytes: total)
    }

    /// A tensor with the shape and, unless told otherwise, the type of another; elements not yet set.
    public static func make(like other: Tensor, _ dtype: DType? = nil) throws -> Tensor {
        try make(UnsafeBufferPointer(start: other.dims, count: other.rank), dtype ?? other.dtype)
    }

    /// The same elements under another shape of equal size; shares memory.
    public static func view(of base: Tensor, _ shape: some RandomAccessCollection<Int>) throws -> Tensor {
        let bytes = header(shape.count)
        guard Memory.reserve(bytes), let block = nns_alloc(bytes) else { throw outOfMemory(shape) }
        let dims = block.assumingMemoryBound(to: Int.self)
        var i = 0
        for d in shape { dims[i] = d; i &+= 1 }
        return Tensor(dtype: base.dtype, rank: shape.count, count: base.count, dims: dims, data: base.data, owner: base.owner ?? base, blockBytes: bytes)
    }

    /// A 0-d tensor.
    public static func scalar(_ value: Double, _ dtype: DType) throws -> Tensor {
        let t = try make(EmptyCollection<Int>(), dtype)
        switch dtype {
        case .bool: t.u8[0] = value != 0 ? 1 : 0
        case .f32: t.f32[0] = Float(value)
        case .f64, .number: t.f64[0] = value
        }
        return t
    }

    static func outOfMemory(_ shape: some Collection<Int>) -> TensorError {
        TensorError(.limit, "not enough memory for [\(shape.map(String.init).joined(separator: ", "))]")
    }

    // MARK: Elements

    @inline(__always) public var f32: UnsafeMutablePointer<Float> { data.assumingMemoryBound(to: Float.self) }
    @inline(__always) public var f64: UnsafeMutablePointer<Double> { data.assumingMemoryBound(to: Double.self) }
    @inline(__always) public var u8: UnsafeMutablePointer<UInt8> { data.assumingMemoryBound(to: UInt8.self) }

    /// The element at a flat index as a double (bools as 0 and 1).
    @inline(__always) public func element(_ i: Int) -> Double {
        switch dtype {
        case .bool: Double(u8[i])
        case .f32: Double(f32[i])
        case .f64, .number: f64[i]
        }
    }

    /// Sets the element at a flat index, rounded to the tensor's type. Only while the tensor is unshared.
    @inline(__always) public func setElement(_ i: Int, _ value: Double) {
        switch dtype {
        case .bool: u8[i] = value != 0 ? 1 : 0
        case .f32: f32[i] = Float(value)
        case .f64, .number: f64[i] = value
        }
    }

    /// The dimensions as an array (allocates: not for hot paths).
    public var shape: [Int] { Array(UnsafeBufferPointer(start: dims, count: rank)) }

    /// Bytes of all elements.
    public var byteCount: Int { count &* dtype.size }

    /// True when both have the same dimensions.
    @inline(__always) public func hasShape(of other: Tensor) -> Bool {
        guard rank == other.rank else { return false }
        for i in 0..<rank where dims[i] != other.dims[i] { return false }
        return true
    }

    /// The result type of two operands: numbers are weak, bools count as 0 and 1, f64 beats f32.
    /// Two bools give `number`'s stand-in, f32, for arithmetic.
    @inline(__always) public static func promoted(_ a: DType, _ b: DType) -> DType {
        if a == b { return a }
        return DType(rawValue: max(a.rawValue, b.rawValue))!
    }
}

/// Bytes held by tensors, strings, lists, records, objects, functions and recordings, against a limit.
///
/// malloc never refuses on Linux, so the limit is ours: three quarters of the machine's or cgroup's memory.
/// Counted on the interpreter's thread only.
public enum Memory {
    public static var used: Int { nns_memory_used }
    public static var peak: Int { nns_memory_peak }
    public static var limit: Int {
        get {
            if nns_memory_most < 0 { nns_memory_most = nns_memory_limit() }
            return nns_memory_most
        }
        set { nns_memory_most = newValue }
    }

    /// Counts `bytes` if they fit below the limit.
    @inline(__always) public static func reserve(_ bytes: Int) -> Bool { nns_memory_reserve(bytes) }

    @inline(__always) public static func release(_ bytes: Int) { nns_memory_used &-= bytes }

    /// Counts bytes that are already taken, in pieces too small to be refused one by one; beyond the limit what runs ends
    /// soon, as at an interrupt.
    @inline(__always) public static func count(_ bytes: Int) { nns_memory_count(bytes) }
}
