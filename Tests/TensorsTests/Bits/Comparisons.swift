import CKernels
import Glibc
@testable import Tensors
import Testing

// What the comparisons to the bit share: every operation over random shapes and values, on every instruction set of this
// machine, with 1, 2, 3 and 8 threads, against plain loops (PlainLoops.swift) and so against each other.
// `scripts/test-bits` runs them in full: NNS_TEST_SHAPES=200.

/// Random shapes for each operation and element type.
let testShapes = getenv("NNS_TEST_SHAPES").flatMap { Int(String(cString: $0)) } ?? 24

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

/// Calls `body` under every instruction set of this machine and several numbers of threads, loops being cut into pieces
/// however small they are.
///
/// The choice is global: other tests that run meanwhile get the same bits from any of them.
func everyPath(_ body: (_ name: String) throws -> Void) rethrows {
    let chosen = String(cString: nns_isa_name()), threads = Threads.count
    Threads.shrink = 40
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
    private var checks: [() throws -> String?] = []

    /// `compute` must give these bits.
    mutating func add<T: Element>(_ expected: [T], _ what: String, _ compute: @escaping () throws -> Tensor) {
        checks.append { try difference(compute(), expected).map { "\(what): \($0)" } }
    }

    /// What differs, one line for each case and path, and the number of comparisons.
    func differences() throws -> (lines: [String], comparisons: Int) {
        var lines: [String] = [], comparisons = 0
        try everyPath { path in
            for check in checks {
                comparisons += 1
                if let line = try check() { lines.append("\(path): \(line)") }
            }
        }
        return (lines, comparisons)
    }

    /// Every path must give the expected bits. Prints the number of comparisons, which `scripts/test-bits` adds up.
    func compare(_ name: String) throws {
        let (lines, comparisons) = try differences()
        print("bits: \(comparisons) comparisons of \(name), \(lines.count) different")
        #expect(comparisons > 0)
        for line in lines.prefix(20) { Issue.record("\(line)") }
    }
}

/// Random elements: mostly in -1..<1, with zeros of both signs, subnormal numbers and products; where asked, infinities,
/// NaN and large numbers too.
struct Source {
    var numbers: Numbers
    var special: Bool

    init(_ seed: UInt64, special: Bool = false) { numbers = Numbers(seed); self.special = special }

    mutating func upTo(_ n: Int) -> Int { Int((numbers.next() + 1) / 2 * Double(n)) }

    mutating func next<T: Element>(_: T.Type) -> T {
        let v = numbers.next() * numbers.next()  // with all the bits of a double
        switch upTo(special ? 60 : 40) {
        case 0: return 0
        case 1: return T(-0.0)
        case 2: return T(v * 1e-30)
        case 3: return T(v * 1e-20)
        case 4: return T(v * (T.dtype == .f32 ? 1e-42 : 1e-310))
        case 41: return .infinity
        case 42: return -.infinity
        case 43: return .nan
        case 44: return T(v * 1e30)
        default: return T(v)
        }
    }

    mutating func array<T: Element>(_ n: Int, _: T.Type) -> [T] { (0..<n).map { _ in next(T.self) } }

    /// A size at the edges of vectors: 0 and 1 now and then.
    mutating func size(_ most: Int = 70) -> Int {
        let edges = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65]
        return Swift.min(most, upTo(2) == 0 ? edges[upTo(edges.count)] : upTo(most + 1))
    }

    /// A shape of up to `rank` axes with few enough elements for a plain loop.
    mutating func shape(rank: Int, most: Int = 3000) -> [Int] {
        var shape: [Int] = [], count = 1
        for _ in 0..<upTo(rank + 1) {
            let n = size(Swift.max(1, Swift.min(70, most / Swift.max(1, count))))
            shape.append(n)
            count *= n
        }
        return shape
    }
}

/// A tensor of these elements.
func tensor<T: Element>(of values: [T], _ shape: [Int]) throws -> Tensor {
    let x = try Tensor.make(shape, T.dtype)
    #expect(x.count == values.count)
    values.withUnsafeBytes { if let base = $0.baseAddress { x.data.copyMemory(from: base, byteCount: $0.count) } }
    return x
}

/// The elements of a tensor of this type.
func elements<T: Element>(_ x: Tensor, _: T.Type) -> [T] {
    Array(UnsafeBufferPointer(start: x.data.assumingMemoryBound(to: T.self), count: x.count))
}

/// The first difference of a tensor from these bits, NaNs being alike; nil where there is none.
func difference<T: Element>(_ x: Tensor, _ expected: [T]) -> String? {
    guard x.count == expected.count, x.dtype == T.dtype else {
        return "\(x.count) elements of \(x.dtype), expected \(expected.count)"
    }
    // Unoptimised Swift is slow: look closer only where bytes differ.
    if expected.withUnsafeBytes({ $0.count == 0 || memcmp($0.baseAddress!, x.data, $0.count) == 0 }) { return nil }
    let actual = x.data.assumingMemoryBound(to: T.self)
    for i in 0..<x.count where actual[i].pattern != expected[i].pattern && !(actual[i].isNaN && expected[i].isNaN) {
        return "element \(i) is \(actual[i]), expected \(expected[i])"
    }
    return nil
}
