import CKernels
import Glibc
@testable import Tensors
import Testing

// The contract of DESIGN §3 as plain loops with C's fma, for comparison with the kernels to the bit, and what the
// comparisons share. NNS_TEST_ROUNDS=n asks for n times the usual number of random cases.

/// Factor on the number of random cases.
let testRounds = getenv("NNS_TEST_ROUNDS").flatMap { Int(String(cString: $0)) } ?? 1

/// A float type of the contract.
protocol Element: BinaryFloatingPoint {
    static var dtype: DType { get }
    static func fused(_ a: Self, _ b: Self, _ c: Self) -> Self
    var pattern: UInt64 { get }
}

extension Float: Element {
    static var dtype: DType { .f32 }
    static func fused(_ a: Float, _ b: Float, _ c: Float) -> Float { fmaf(a, b, c) }
    var pattern: UInt64 { UInt64(bitPattern) }
}

extension Double: Element {
    static var dtype: DType { .f64 }
    static func fused(_ a: Double, _ b: Double, _ c: Double) -> Double { fma(a, b, c) }
    var pattern: UInt64 { bitPattern }
}

/// Calls `body` under every instruction set of this machine and several numbers of threads.
///
/// The choice is global: other tests that run meanwhile get the same bits from any of them.
func everyPath(_ body: (_ name: String) throws -> Void) rethrows {
    let chosen = String(cString: nns_isa_name()), threads = Threads.count
    Threads.shrink = 10
    defer { _ = nns_isa_force(chosen); Threads.count = threads; Threads.shrink = 0 }
    for isa in ["baseline", "avx2", "avx512", "neon"] where nns_isa_force(isa) {
        for n in [1, 2, 3, 8] {
            Threads.count = n
            try body("\(isa), \(n) threads")
        }
    }
}

/// Cases with their expected bits, worked out once and compared on every path.
struct Cases {
    private var checks: [(String) throws -> Void] = []

    /// `compute` must give these bits.
    mutating func add<T: Element>(_ expected: [T], _ what: String, _ compute: @escaping () throws -> Tensor) {
        checks.append { path in try expectBits(compute(), expected, "\(path): \(what)") }
    }

    func compare() throws {
        #expect(!checks.isEmpty)
        try everyPath { path in for check in checks { try check(path) } }
    }
}

/// Random elements: mostly in -1..<1, with zeros of both signs, subnormal products, and, where asked, infinities and NaN.
struct Source {
    var numbers: Numbers
    var special: Bool

    init(_ seed: UInt64, special: Bool = false) { numbers = Numbers(seed); self.special = special }

    mutating func upTo(_ n: Int) -> Int { Int((numbers.next() + 1) / 2 * Double(n)) }

    mutating func next<T: Element>(_: T.Type) -> T {
        let v = numbers.next()
        switch upTo(special ? 60 : 40) {
        case 0: return 0
        case 1: return T(-0.0)
        case 2: return T(v * 1e-30)
        case 3: return T(v * 1e-20)
        case 4: return T(v * 1e-42)
        case 41: return .infinity
        case 42: return -.infinity
        case 43: return .nan
        default: return T(v)
        }
    }

    mutating func array<T: Element>(_ n: Int, _: T.Type) -> [T] { (0..<n).map { _ in next(T.self) } }
}

/// A tensor of these elements.
func tensor<T: Element>(of values: [T], _ shape: [Int]) throws -> Tensor {
    let x = try Tensor.make(shape, T.dtype)
    #expect(x.count == values.count)
    values.withUnsafeBytes { if let base = $0.baseAddress { x.data.copyMemory(from: base, byteCount: $0.count) } }
    return x
}

/// True when the tensor has exactly these bits, NaNs being alike; reports the first difference.
@discardableResult
func expectBits<T: Element>(_ x: Tensor, _ expected: [T], _ what: @autoclosure () -> String) -> Bool {
    guard x.count == expected.count, x.dtype == T.dtype else {
        Issue.record("\(what()): \(x.count) elements of \(x.dtype), expected \(expected.count)")
        return false
    }
    // Unoptimised Swift is slow: look closer only where bytes differ.
    if expected.withUnsafeBytes({ $0.count == 0 || memcmp($0.baseAddress!, x.data, $0.count) == 0 }) { return true }
    let actual = x.data.assumingMemoryBound(to: T.self)
    for i in 0..<x.count where actual[i].pattern != expected[i].pattern && !(actual[i].isNaN && expected[i].isNaN) {
        Issue.record("\(what()): element \(i) is \(actual[i]), expected \(expected[i])")
        return false
    }
    return true
}

// MARK: Reductions

enum Plain {
    static func identity<T: Element>(_ op: ReduceOperation) -> T {
        switch op { case .product: 1; case .max: -.infinity; case .min: .infinity; default: 0 }
    }

    static func term<T: Element>(_ op: ReduceOperation, _ x: T) -> T {
        switch op { case .sumOfSquares: x * x; case .sumOfAbs: abs(x); default: x }
    }

    static func combine<T: Element>(_ op: ReduceOperation, _ a: T, _ b: T) -> T {
        switch op {
        case .product: a * b
        case .max: b > a || b.isNaN ? b : a
        case .min: b < a || b.isNaN ? b : a
        default: a + b
        }
    }

    /// A contiguous run: 16 lanes in chunks of 1,024, a tree over the chunks, a tree over the lanes.
    static func run<T: Element>(_ op: ReduceOperation, _ x: ArraySlice<T>) -> T {
        let x = Array(x)
        let chunks = stride(from: 0, to: x.count, by: 1024).map { start in
            (0..<16).map { lane in
                stride(from: start + lane, to: min(start + 1024, x.count), by: 16)
                    .reduce(identity(op)) { combine(op, $0, term(op, x[$1])) }
            }
        }
        func tree(_ chunks: ArraySlice<[T]>) -> [T] {
            if chunks.count == 1 { return chunks.first! }
            var first = 1
            while first * 2 < chunks.count { first *= 2 }
            let a = tree(chunks.prefix(first)), b = tree(chunks.dropFirst(first))
            return (0..<16).map { combine(op, a[$0], b[$0]) }
        }
        if chunks.isEmpty { return identity(op) }
        var lanes = tree(chunks[...])
        for width in [8, 4, 2, 1] { for l in 0..<width { lanes[l] = combine(op, lanes[l], lanes[l + width]) } }
        return lanes[0]
    }

    /// Over axes: the trailing run first, then one accumulator for each output in ascending order.
    static func reduce<T: Element>(_ op: ReduceOperation, _ x: [T], _ shape: [Int], _ axes: Set<Int>) -> [T] {
        if op == .mean {
            let terms = axes.map { shape[$0] }.reduce(1, *)
            return reduce(.sum, x, shape, axes).map { $0 / T(terms) }
        }
        var split = shape.count
        while split > 0, axes.contains(split - 1) { split -= 1 }
        var values = x, op = op
        if split < shape.count {
            let cols = shape[split...].reduce(1, *), rows = shape[..<split].reduce(1, *)
            values = (0..<rows).map { run(op, x[($0 * cols)..<(($0 + 1) * cols)]) }
            let rest = axes.filter { $0 < split }
            if rest.isEmpty { return values }
            if op == .sumOfSquares || op == .sumOfAbs { op = .sum }
        }
        let kept = (0..<split).filter { !axes.contains($0) }
        var result = [T](repeating: identity(op), count: kept.map { shape[$0] }.reduce(1, *))
        for (i, value) in values.enumerated() {
            var rest = i, index = [Int](repeating: 0, count: split)
            for axis in stride(from: split - 1, through: 0, by: -1) { index[axis] = rest % shape[axis]; rest /= shape[axis] }
            let at = kept.reduce(0) { $0 * shape[$1] + index[$1] }
            result[at] = combine(op, result[at], term(op, value))
        }
        return result
    }

    // MARK: Products and convolution

    /// a [m, k] and b [k, n] by strides.
    static func product<T: Element>(_ a: [T], _ ars: Int, _ acs: Int, _ b: [T], _ brs: Int, _ bcs: Int, _ m: Int, _ n: Int, _ k: Int) -> [T] {
        var c: [T] = []
        for i in 0..<m {
            for j in 0..<n {
                var sum: T = 0
                for p in 0..<k { sum = T.fused(a[i * ars + p * acs], b[p * brs + j * bcs], sum) }
                c.append(sum)
            }
        }
        return c
    }

    struct Convolution {
        var n, c, h, w, k, r, s, oh, ow: Int
        var g: ConvolutionGeometry
        var x: [Int] { [n, c, h, w] }
        var filters: [Int] { [k, c / g.groups, r, s] }
        var y: [Int] { [n, k, oh, ow] }

        /// Calls `body` with the flat indices of (output, input, filter) for every term, ordered by output pixel last.
        func forEach(_ body: (_ y: Int, _ x: Int, _ f: Int) -> Void) {
            let cg = c / g.groups, kg = k / g.groups
            for image in 0..<n {
                for filter in 0..<k {
                    for i in 0..<oh {
                        for j in 0..<ow {
                            for channel in 0..<cg {
                                for a in 0..<r {
                                    for b in 0..<s {
                                        let u = i * g.stride.0 + a * g.dilation.0 - g.pad.0, v = j * g.stride.1 + b * g.dilation.1 - g.pad.1
                                        if u < 0 || u >= h || v < 0 || v >= w { continue }
                                        body(((image * k + filter) * oh + i) * ow + j,
                                             ((image * c + filter / kg * cg + channel) * h + u) * w + v,
                                             ((filter * cg + channel) * r + a) * s + b)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }

        func forward<T: Element>(_ x: [T], _ f: [T], _ bias: [T]?) -> [T] {
            var y = [T](repeating: 0, count: n * k * oh * ow)
            forEach { o, i, t in y[o] = T.fused(f[t], x[i], y[o]) }
            if let bias { for i in 0..<y.count { y[i] += bias[i / (oh * ow) % k] } }
            return y
        }

        /// The terms of one input element come by (output channel, kernel row, kernel column).
        func inputGradient<T: Element>(_ d: [T], _ f: [T]) -> [T] {
            var terms = [[(key: Int, d: Int, f: Int)]](repeating: [], count: n * c * h * w)
            forEach { o, i, t in terms[i].append((o / (oh * ow) % k * r * s + t % (r * s), o, t)) }
            return terms.map { $0.sorted { $0.key < $1.key }.reduce(T(0)) { T.fused(f[$1.f], d[$1.d], $0) } }
        }

        /// The terms of one weight come by (image, output row, output column).
        func weightGradient<T: Element>(_ d: [T], _ x: [T]) -> [T] {
            var w = [T](repeating: 0, count: k * c / g.groups * r * s)
            forEach { o, i, t in w[t] = T.fused(d[o], x[i], w[t]) }
            return w
        }
    }
}
