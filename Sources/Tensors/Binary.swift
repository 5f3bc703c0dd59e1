import CKernels

/// Operations of two operands, elementwise with NumPy's broadcasting.
public enum BinaryOperation: UInt8 {
    case add, subtract, multiply, divide, floorDivide, modulo, power, maximum, minimum
    case equal, notEqual, less, lessEqual, greater, greaterEqual
    case and, or

    /// True for the comparisons, whose result is bool.
    public var isComparison: Bool { rawValue >= BinaryOperation.equal.rawValue && rawValue <= BinaryOperation.greaterEqual.rawValue }
    /// True for `and` and `or`, which want bools.
    public var isLogical: Bool { rawValue >= BinaryOperation.and.rawValue }

    /// How a program spells it.
    public var symbol: String {
        ["+", "-", "*", "/", "//", "%", "^", "maximum", "minimum", "==", "!=", "<", "<=", ">", ">=", "&", "|"][Int(rawValue)]
    }

    /// The error of `&` or `|` between what is not bool.
    fileprivate var needsBools: TensorError {
        TensorError(.type, "`\(symbol)` needs bools", help: ["compare first, as in `(x > 0) \(symbol) (y > 0)`"])
    }
}

extension TensorError {
    /// "[2, 3]".
    static func text(_ shape: some Collection<Int>) -> String { "[" + shape.map(String.init).joined(separator: ", ") + "]" }
}

extension Tensor {
    /// The dimensions without allocation.
    @inline(__always) var dimensions: UnsafeBufferPointer<Int> { UnsafeBufferPointer(start: dims, count: rank) }

    /// The element type in which two operands are computed: numbers are weak, f64 beats f32, bools count as 0 and 1.
    /// A number that would give a tensor of rank 1 and more its type (beside bools) makes it the type that bools count in.
    @inline(__always)
    static func computed(_ a: DType, _ b: DType, rank: Int) -> DType {
        let t = promoted(a, b)
        return t == .number && rank > 0 ? .ofBools : t
    }

    /// The shape of two operands together: axes are aligned at the end, and 1 stretches to any size.
    public static func broadcastShape(_ a: [Int], _ b: [Int]) throws -> [Int] {
        let n = max(a.count, b.count)
        var shape = [Int](repeating: 1, count: n)
        for i in 0..<n {
            let x = i < n - a.count ? 1 : a[i - (n - a.count)]
            let y = i < n - b.count ? 1 : b[i - (n - b.count)]
            guard x == y || x == 1 || y == 1 else {
                throw TensorError(.shape, "\(TensorError.text(a)) and \(TensorError.text(b)) do not broadcast: axis \(i - n) has \(x) against \(y)", unequal: [a, b])
            }
            shape[i] = x == 1 ? y : x
        }
        return shape
    }

    // MARK: Two tensors

    /// `a op b`, elementwise.
    public static func binary(_ op: BinaryOperation, _ a: Tensor, _ b: Tensor) throws -> Tensor {
        if a.dtype == .f32, b.dtype == .f32, op.rawValue <= BinaryOperation.minimum.rawValue, a.hasShape(of: b) {
            let result = try make(like: a)
            apply(op, result, a, b, rows: 1, cols: a.count, 0, 1, 0, 1)
            return result
        }
        let rank = max(a.rank, b.rank)
        if op.isLogical {
            guard a.dtype == .bool, b.dtype == .bool else { throw op.needsBools }
        }
        var type = computed(a.dtype, b.dtype, rank: rank)
        if type == .bool && !op.isLogical && !op.isComparison { type = .ofBools }
        let x = a.dtype == type ? a : try convert(a, to: type), y = b.dtype == type ? b : try convert(b, to: type)
        let resultType = op.isComparison || op.isLogical ? DType.bool : type
        if x.hasShape(of: y) {
            let result = try make(like: x, resultType)
            apply(op, result, x, y, rows: 1, cols: x.count, 0, 1, 0, 1)
            return result
        }
        if y.count == 1, y.rank <= x.rank {
            let result = try make(like: x, resultType)
            apply(op, result, x, y, rows: 1, cols: x.count, 0, 1, 0, 0)
            return result
        }
        if x.count == 1, x.rank <= y.rank {
            let result = try make(like: y, resultType)
            apply(op, result, x, y, rows: 1, cols: y.count, 0, 0, 0, 1)
            return result
        }
        if x.rank >= y.rank, let cols = rowBlock(of: y, in: x) {
            let result = try make(like: x, resultType)
            apply(op, result, x, y, rows: x.count / cols, cols: cols, cols, 1, 0, 1)
            return result
        }
        if y.rank >= x.rank, let cols = rowBlock(of: x, in: y) {
            let result = try make(like: y, resultType)
            apply(op, result, x, y, rows: y.count / cols, cols: cols, 0, 1, cols, 1)
            return result
        }
        if x.rank == y.rank, x.rank > 0, let cols = columnBlock(of: y, in: x) {
            let result = try make(like: x, resultType)
            apply(op, result, x, y, rows: y.count, cols: cols, cols, 1, 1, 0)
            return result
        }
        if x.rank == y.rank, x.rank > 0, let cols = columnBlock(of: x, in: y) {
            let result = try make(like: y, resultType)
            apply(op, result, x, y, rows: x.count, cols: cols, 1, 0, cols, 1)
            return result
        }
        return try general(op, x, y, resultType)
    }

    /// The number of elements of `small` where its shape, leading ones dropped, is the end of `big`'s.
    @inline(__always)
    private static func rowBlock(of small: Tensor, in big: Tensor) -> Int? {
        guard small.count > 0, big.count > 0 else { return nil }
        var skip = 0
        while skip < small.rank && small.dims[skip] == 1 { skip &+= 1 }
        let used = small.rank - skip
        for i in 0..<used where small.dims[skip + i] != big.dims[big.rank - used + i] { return nil }
        return small.count
    }

    /// The number of elements of `big` for each of `small`'s, where their shapes agree up to a point and are 1 in `small` after it.
    @inline(__always)
    private static func columnBlock(of small: Tensor, in big: Tensor) -> Int? {
        guard small.count > 0, big.count > 0 else { return nil }
        var i = 0
        while i < small.rank && small.dims[i] == big.dims[i] { i &+= 1 }
        for j in i..<small.rank where small.dims[j] != 1 { return nil }
        return big.count / small.count
    }

    /// Any broadcasting: axes are merged where both operands run on, then the last two are one call.
    private static func general(_ op: BinaryOperation, _ a: Tensor, _ b: Tensor, _ type: DType) throws -> Tensor {
        let shape = try broadcastShape(a.shape, b.shape)
        let result = try make(shape, type)
        guard result.count > 0 else { return result }
        var (dims, sa, sb) = collapse(shape, strides(of: a, in: shape), strides(of: b, in: shape))
        while dims.count < 2 { dims.insert(1, at: 0); sa.insert(0, at: 0); sb.insert(0, at: 0) }
        let outer = dims.count - 2, rows = dims[outer], cols = dims[outer + 1]
        var index = [Int](repeating: 0, count: outer), at = 0, oa = 0, ob = 0
        while true {
            apply(op, result, a, b, rows: rows, cols: cols, sa[outer], sa[outer + 1], sb[outer], sb[outer + 1], at: at, oa, ob)
            at += rows * cols
            var axis = outer - 1
            while axis >= 0 {
                index[axis] += 1; oa += sa[axis]; ob += sb[axis]
                if index[axis] < dims[axis] { break }
                oa -= sa[axis] * dims[axis]; ob -= sb[axis] * dims[axis]; index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return result }
        }
    }

    /// Strides of a row-major tensor seen under a broadcast shape: 0 where it is stretched.
    static func strides(of t: Tensor, in shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 0, count: shape.count), step = 1, i = t.rank - 1
        while i >= 0 {
            strides[shape.count - t.rank + i] = t.dims[i] == 1 ? 0 : step
            step *= t.dims[i]
            i -= 1
        }
        return strides
    }

    /// Merges neighbouring axes that both operands walk in one stride, and drops axes of size 1.
    static func collapse(_ shape: [Int], _ a: [Int], _ b: [Int]) -> (dims: [Int], a: [Int], b: [Int]) {
        var dims: [Int] = [], sa: [Int] = [], sb: [Int] = []
        for i in 0..<shape.count where shape[i] != 1 {
            if let last = dims.last, sa[sa.count - 1] == a[i] * shape[i], sb[sb.count - 1] == b[i] * shape[i] {
                dims[dims.count - 1] = last * shape[i]; sa[sa.count - 1] = a[i]; sb[sb.count - 1] = b[i]
            } else {
                dims.append(shape[i]); sa.append(a[i]); sb.append(b[i])
            }
        }
        return (dims, sa, sb)
    }

    /// Elements of a cheap loop that are worth a thread (see `Threads.run`).
    static let elementGrain = 1 << 17

    /// One kernel call over rows and columns, on several threads where it is large.
    @inline(__always)
    private static func apply(_ op: BinaryOperation, _ result: Tensor, _ a: Tensor, _ b: Tensor, rows: Int, cols: Int,
                              _ ar: Int, _ ac: Int, _ br: Int, _ bc: Int, at: Int = 0, _ oa: Int = 0, _ ob: Int = 0) {
        apply(op, a.dtype, result.data + at &* result.dtype.size, a.data + oa &* a.dtype.size, b.data + ob &* b.dtype.size,
              rows: rows, cols: cols, ar, ac, br, bc)
    }

    private static func apply(_ op: BinaryOperation, _ type: DType, _ result: UnsafeMutableRawPointer, _ a: UnsafeRawPointer,
                              _ b: UnsafeRawPointer, rows: Int, cols: Int, _ ar: Int, _ ac: Int, _ br: Int, _ bc: Int) {
        let grain = op == .power ? elementGrain >> 4 : elementGrain
        guard rows &* cols > grain >> Threads.shrink else { return kernel(op, type, result, a, b, rows, cols, ar, ac, br, bc) }
        let size = type.size, out = op.rawValue >= BinaryOperation.equal.rawValue ? 1 : size
        if rows >= 8 {
            Threads.runUnlessInterrupted(count: rows, grain: max(1, grain / cols)) { first, last in
                kernel(op, type, result + first &* cols &* out, a + first &* ar &* size, b + first &* br &* size,
                       last - first, cols, ar, ac, br, bc)
            }
        } else {
            for row in 0..<rows {
                Threads.runUnlessInterrupted(count: cols, grain: grain) { first, last in
                    kernel(op, type, result + (row &* cols &+ first) &* out, a + (row &* ar &+ first &* ac) &* size,
                           b + (row &* br &+ first &* bc) &* size, 1, last - first, 0, ac, 0, bc)
                }
            }
        }
    }

    @inline(__always)
    private static func kernel(_ op: BinaryOperation, _ type: DType, _ result: UnsafeMutableRawPointer, _ a: UnsafeRawPointer,
                               _ b: UnsafeRawPointer, _ rows: Int, _ cols: Int, _ ar: Int, _ ac: Int, _ br: Int, _ bc: Int) {
        let code = Int32(op.rawValue)
        switch type {
        case .f32:
            let x = a.assumingMemoryBound(to: Float.self), y = b.assumingMemoryBound(to: Float.self)
            if op.isComparison {
                nns_compare_f32(code, result.assumingMemoryBound(to: UInt8.self), x, y, rows, cols, ar, ac, br, bc)
            } else {
                nns_binary_f32(code, result.assumingMemoryBound(to: Float.self), x, y, rows, cols, ar, ac, br, bc)
            }
        case .f64, .number:
            let x = a.assumingMemoryBound(to: Double.self), y = b.assumingMemoryBound(to: Double.self)
            if type == .number, op == .power {
                // A number that is being differentiated: one element, with the bits of a plain number.
                result.assumingMemoryBound(to: Double.self).pointee = nns_pow_number(x[0], y[0])
            } else if op.isComparison {
                nns_compare_f64(code, result.assumingMemoryBound(to: UInt8.self), x, y, rows, cols, ar, ac, br, bc)
            } else {
                nns_binary_f64(code, result.assumingMemoryBound(to: Double.self), x, y, rows, cols, ar, ac, br, bc)
            }
        case .bool:
            nns_logic(code, result.assumingMemoryBound(to: UInt8.self), a.assumingMemoryBound(to: UInt8.self),
                      b.assumingMemoryBound(to: UInt8.self), rows, cols, ar, ac, br, bc)
        }
    }

    // MARK: A tensor and a number

    /// `a op b`, or `b op a` where `reversed`, with an unboxed 0-d value `b` of type `bType`. A plain number (`.number`)
    /// takes the tensor's type, rounded to it first.
    public static func binary(_ op: BinaryOperation, _ a: Tensor, _ b: Double, _ bType: DType, reversed: Bool) throws -> Tensor {
        var type = computed(a.dtype, bType, rank: a.rank)
        if bType == .number && (a.dtype == .f32 || a.dtype == .f64) { type = a.dtype }
        if op.isLogical {
            guard a.dtype == .bool, bType == .bool else { throw op.needsBools }
        } else if type == .bool && !op.isComparison {
            type = .f32
        }
        let x = a.dtype == type ? a : try convert(a, to: type)
        let result = try make(like: x, op.isComparison || op.isLogical ? .bool : type)
        var place = b
        if type == .f32 { withUnsafeMutableBytes(of: &place) { $0.storeBytes(of: Float(b), as: Float.self) } }
        if type == .bool { withUnsafeMutableBytes(of: &place) { $0.storeBytes(of: b != 0 ? 1 : 0, as: UInt8.self) } }
        withUnsafeBytes(of: &place) { p in
            if reversed { apply(op, type, result.data, p.baseAddress!, x.data, rows: 1, cols: x.count, 0, 0, 0, 1) }
            else { apply(op, type, result.data, x.data, p.baseAddress!, rows: 1, cols: x.count, 0, 1, 0, 0) }
        }
        return result
    }

    // MARK: Two numbers

    /// `a op b` of unboxed 0-d values, with the bits that 0-d tensors of these types give. Values of an f32 must be floats.
    @inlinable
    public static func scalar(_ op: BinaryOperation, _ a: Double, _ aType: DType, _ b: Double, _ bType: DType) -> (Double, DType) {
        var type = promoted(aType, bType)
        if type == .bool, op.rawValue <= BinaryOperation.minimum.rawValue { type = .ofBools }
        // A number beside an f32 is rounded to it.
        let single = type == .f32
        let x = single ? Double(Float(a)) : a, y = single ? Double(Float(b)) : b
        switch op {
        case .equal: return (x == y ? 1 : 0, .bool)
        case .notEqual: return (x != y ? 1 : 0, .bool)
        case .less: return (x < y ? 1 : 0, .bool)
        case .lessEqual: return (x <= y ? 1 : 0, .bool)
        case .greater: return (x > y ? 1 : 0, .bool)
        case .greaterEqual: return (x >= y ? 1 : 0, .bool)
        case .and: return (a != 0 && b != 0 ? 1 : 0, .bool)
        case .or: return (a != 0 || b != 0 ? 1 : 0, .bool)
        // The sum, difference, product and quotient of two floats, rounded to double and then to float, are rounded
        // correctly: a double has more than twice the bits.
        case .add: return (single ? Double(Float(x + y)) : x + y, type)
        case .subtract: return (single ? Double(Float(x - y)) : x - y, type)
        case .multiply: return (single ? Double(Float(x * y)) : x * y, type)
        case .divide: return (single ? Double(Float(x / y)) : x / y, type)
        default:
            if single { return (Double(nns_scalar_f32(Int32(op.rawValue), Float(x), Float(y))), type) }
            return (type == .number && op == .power ? nns_pow_number(x, y) : nns_scalar_f64(Int32(op.rawValue), x, y), type)
        }
    }

    // MARK: In place

    /// y += alpha * x in place: the product is rounded, then the sum. `y` must be unshared; both have the same shape and type.
    public static func addScaled(_ y: Tensor, _ alpha: Double, _ x: Tensor) throws {
        guard y.hasShape(of: x), y.dtype == x.dtype, y.dtype != .bool else {
            throw TensorError(.shape, "cannot add \(TensorError.text(x.shape)) to \(TensorError.text(y.shape)) in place")
        }
        if y.dtype == .f32 { nns_add_scaled_f32(y.f32, Float(alpha), x.f32, y.count) }
        else { nns_add_scaled_f64(y.f64, alpha, x.f64, y.count) }
    }

    /// into += x in place. `into` must be unshared; both have the same shape and type.
    public static func accumulate(into y: Tensor, _ x: Tensor) throws {
        guard y.hasShape(of: x), y.dtype == x.dtype, y.dtype != .bool else {
            throw TensorError(.shape, "cannot add \(TensorError.text(x.shape)) to \(TensorError.text(y.shape)) in place")
        }
        if y.dtype == .f32 { nns_accumulate_f32(y.f32, x.f32, y.count) }
        else { nns_accumulate_f64(y.f64, x.f64, y.count) }
    }
}
