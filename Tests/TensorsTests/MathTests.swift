// The elementwise functions: reference values, special values, and the same bits on every path.

import CKernels
import Glibc
import Testing
@testable import Tensors

/// The instruction sets of this machine.
private let paths: [String] = ["baseline", "avx2", "avx512", "neon"].filter { (name: String) in nns_isa_force(name) }

/// Operations with a kernel for floats and doubles.
private let arithmetic = UnaryOperation.allCases.filter { !$0.isPredicate && $0 != .leakyRelu }

private func operation(_ name: String) -> UnaryOperation { UnaryOperation.allCases.first { "\($0)" == name }! }

private func tensor(_ values: [Float]) throws -> Tensor {
    let t = try Tensor.make([values.count], .f32)
    for (i, v) in values.enumerated() { t.f32[i] = v }
    return t
}

private func tensor(_ values: [Double]) throws -> Tensor {
    let t = try Tensor.make([values.count], .f64)
    for (i, v) in values.enumerated() { t.f64[i] = v }
    return t
}

private func bits(_ t: Tensor) -> [UInt64] {
    (0..<t.count).map { i in
        switch t.dtype {
        case .bool: UInt64(t.u8[i])
        case .f32: t.f32[i].isNaN ? 1 : UInt64(t.f32[i].bitPattern)
        default: t.f64[i].isNaN ? 1 : t.f64[i].bitPattern
        }
    }
}

/// Numbers of all sizes: every bit pattern is possible, half of them are of the size of a pre-activation.
private func mixedDoubles(_ n: Int) -> [Double] {
    var state: UInt64 = 1
    return (0..<n).map { i in
        state = state &* 6364136223846793005 &+ 1442695040888963407
        let pattern = state ^ state >> 29
        return i % 2 == 0 ? Double(bitPattern: pattern) : (Double(pattern >> 11) * 0x1p-53 - 0.5) * 40
    }
}

private let special: [Double] = [0, -0.0, 1, -1, .infinity, -.infinity, .nan, 0x1p-149, -0x1p-149, 0x1p-1074, -0x1p-1074, 1e38, -1e38, 0.5, -0.5, 2.5]

/// Units in the last place between a result and the rounded reference.
private func distance(_ a: Double, _ b: Double) -> Double {
    if a == b { return 0 }
    return abs(a - b) / max(b.ulp, 0x1p-1074)
}

@Suite(.serialized) struct MathTests {
    @Test(arguments: mathReference.map(\.name)) func doublesAreWithinOneUnit(name: String) throws {
        let pairs = mathReference.first { $0.name == name }!.pairs
        let result = try Tensor.unary(operation(name), tensor(pairs.map(\.0)))
        for (i, (x, y)) in pairs.enumerated() {
            #expect(distance(result.f64[i], y) <= 1, "\(name)(\(x)) is \(result.f64[i]), not \(y)")
        }
    }

    @Test(arguments: mathReference.map(\.name)) func floatsAreTheRoundedReference(name: String) throws {
        // Inputs that are floats already: the reference, rounded, is the answer.
        for (x, y) in mathReference.first(where: { $0.name == name })!.pairs where Double(Float(x)) == x {
            #expect(Tensor.scalar(operation(name), x, .f32) == Double(Float(y)), "\(name)(\(x))")
        }
    }

    @Test(arguments: arithmetic) func everyPathHasTheSameBits(op: UnaryOperation) throws {
        defer { _ = nns_isa_force(paths.last!) }
        let doubles = special + mixedDoubles(3001)
        let floats = special.map { Float($0) } + mixedDoubles(3001).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0.bitPattern >> 31)) }
        let (x, y) = (try tensor(doubles), try tensor(floats))
        var first: [[UInt64]]?
        for path in paths {
            #expect(nns_isa_force(path))
            let result = [bits(try Tensor.unary(op, x)), bits(try Tensor.unary(op, y))]
            if let first { #expect(result == first, "\(op) on \(path)") } else { first = result }
        }
    }

    @Test(arguments: arithmetic) func anElementDoesNotKnowItsPlace(op: UnaryOperation) throws {
        let values = mixedDoubles(67)
        let whole = try Tensor.unary(op, tensor(values))
        for (i, v) in values.enumerated() {
            let alone = Tensor.scalar(op, v, .f64)
            #expect(alone.bitPattern == whole.f64[i].bitPattern || (alone.isNaN && whole.f64[i].isNaN), "\(op)(\(v))")
        }
        let floats = try Tensor.unary(op, tensor(values.map { Float($0) }))
        for (i, v) in values.enumerated() {
            let alone = Tensor.scalar(op, Double(Float(v)), .f32)
            #expect(alone == Double(floats.f32[i]) || (alone.isNaN && floats.f32[i].isNaN), "\(op)(\(v)) in f32")
        }
    }

    @Test func specialValues() {
        func check(_ op: UnaryOperation, _ x: Double, _ y: Double) {
            for dtype in [DType.f32, .f64] {
                let r = Tensor.scalar(op, x, dtype)
                #expect(y.isNaN ? r.isNaN : r == y && r.sign == y.sign, "\(op)(\(x)) is \(r) in \(dtype)")
            }
        }
        for op in [UnaryOperation.expm1, .log1p, .sin, .tan, .tanh, .gelu, .silu, .erf, .elu, .round, .floor, .sqrt] {
            check(op, 0, 0)
            check(op, -0.0, -0.0)
        }
        for op in arithmetic { check(op, .nan, .nan) }
        check(.exp, .infinity, .infinity); check(.exp, -.infinity, 0); check(.exp, 0, 1); check(.exp, -0.0, 1)
        check(.expm1, -.infinity, -1); check(.expm1, .infinity, .infinity)
        check(.log, 0, -.infinity); check(.log, -0.0, -.infinity); check(.log, -1, .nan); check(.log, 1, 0); check(.log, .infinity, .infinity)
        check(.log1p, -1, -.infinity); check(.log1p, -1.5, .nan); check(.log1p, .infinity, .infinity); check(.log1p, -.infinity, .nan)
        check(.sin, .infinity, .nan); check(.cos, -.infinity, .nan); check(.tan, .infinity, .nan); check(.cos, 0, 1)
        check(.tanh, .infinity, 1); check(.tanh, -.infinity, -1); check(.erf, .infinity, 1); check(.erf, -.infinity, -1)
        check(.sigmoid, .infinity, 1); check(.sigmoid, -.infinity, 0); check(.sigmoid, 0, 0.5)
        check(.softplus, .infinity, .infinity); check(.softplus, -.infinity, 0)
        check(.gelu, .infinity, .infinity); check(.gelu, -.infinity, -0.0); check(.silu, .infinity, .infinity); check(.silu, -.infinity, -0.0)
        check(.elu, .infinity, .infinity); check(.elu, -.infinity, -1)
        check(.relu, -0.0, 0); check(.relu, -.infinity, 0); check(.relu, .infinity, .infinity)
        check(.sign, -0.0, 0); check(.sign, -3, -1); check(.sign, .infinity, 1); check(.abs, -.infinity, .infinity)
        check(.round, 0.5, 0); check(.round, 1.5, 2); check(.round, 2.5, 2); check(.round, -0.5, -0.0); check(.round, -1.5, -2)
        check(.floor, -0.5, -1); check(.ceil, -0.5, -0.0); check(.reciprocal, 0, .infinity); check(.reciprocal, -0.0, -.infinity)
        check(.sqrt, -1, .nan); check(.sqrt, 2.25, 1.5); check(.square, -1.5, 2.25)
    }

    /// Inputs whose result lies nearer to the middle between two floats than double precision can tell,
    /// as (function, input, result) by bit pattern.
    @Test(arguments: hardCases) func hardCasesOfFloats(name: String, input: UInt32, result: UInt32) {
        let r = Tensor.scalar(operation(name), Double(Float(bitPattern: input)), .f32)
        #expect(Float(r).bitPattern == result, "\(name)(\(Float(bitPattern: input)))")
    }

    @Test func wrappersKnowTheirTypes() throws {
        let mask = try Tensor.make([3], .bool)
        for i in 0..<3 { mask.u8[i] = UInt8(i % 2) }
        #expect(try Tensor.unary(.exp, mask).dtype == .f32)
        #expect(try Tensor.unary(.exp, mask).f32[1] == Float(0x1.5bf0a8b145769p+1))
        #expect(bits(try Tensor.unary(.not, mask)) == [1, 0, 1])
        #expect(throws: TensorError.self) { try Tensor.unary(.not, try tensor([1.0])) }
        let odd = try tensor([1, Double.nan, Double.infinity, -Double.infinity])
        #expect(bits(try Tensor.unary(.isnan, odd)) == [0, 1, 0, 0])
        #expect(bits(try Tensor.unary(.isfinite, odd)) == [1, 0, 0, 0])
        #expect(bits(try Tensor.unary(.isfinite, mask)) == [1, 1, 1])
        let leaky = try Tensor.unary(.leakyRelu, try tensor([-2, 0, 3, Double.nan]), parameter: 0.5)
        #expect(leaky.f64[0] == -1 && leaky.f64[1] == 0 && leaky.f64[2] == 3 && leaky.f64[3].isNaN)
        #expect(throws: TensorError.self) { try Tensor.unary(.exp, mask, parameter: 1) }
        #expect(throws: TensorError.self) { try Tensor.unary(.leakyRelu, mask) }
        #expect(try Tensor.unary(.exp, try tensor([Double]())).count == 0)
    }
}

/// (function, bits of the input, bits of the correctly rounded result); found by scripts/exhaustive.c.
private let hardCases: [(String, UInt32, UInt32)] = [
    ("log", 0x3c413d3a, 0xc08e158f), ("log", 0x41178feb, 0x400fe5e7), ("log", 0x4c5d65a5, 0x418f034b),
    ("log", 0x65d890d3, 0x4254d1f9), ("log", 0x6f31a8ec, 0x42845a89), ("log1p", 0x41078feb, 0x400fe5e7),
    ("log1p", 0x35400003, 0x353fffff),
    ("log1p", 0x3710001b, 0x370ffff3),
    ("log1p", 0x65d890d3, 0x4254d1f9),
    ("log1p", 0x6f31a8ec, 0x42845a89),
    ("log1p", 0xb53ffffd, 0xb5400001),
    ("log1p", 0xb70fffe5, 0xb710000d),
    ("log1p", 0xbb0ec8c4, 0xbb0ef0a5),
    ("sin", 0x46199998, 0xbeb1fa5d), ("sin", 0xc6199998, 0x3eb1fa5d),
    ("cos", 0x5f18b878, 0x3f7f14bb), ("cos", 0x6115cb11, 0x3f78142f), ("cos", 0xe115cb11, 0x3f78142f),
    ("sigmoid", 0xba928601, 0x3effdb5f), ("softplus", 0x39ea41d0, 0x3f3180bd),
    ("sigmoid", 0x34c00000, 0x3f000001), ("sigmoid", 0x35600000, 0x3f000003), ("sigmoid", 0x36180000, 0x3f000009),
    ("gelu", 0x00070001, 0x00038001), ("gelu", 0x80076503, 0x8003b281), ("gelu", 0x00877101, 0x0043b881),
    ("silu", 0x00070001, 0x00038001), ("silu", 0x80076503, 0x8003b281), ("silu", 0x00877101, 0x0043b881),
]

@Suite(.serialized) struct PowerTests {
    private func power(_ x: Double, _ y: Double) -> Double {
        var (a, b, r) = (x, y, 0.0)
        nns_pow_f64(&r, &a, &b, 1)
        return r
    }

    @Test func reference() {
        let cases: [(Double, Double, Double)] = [
            (2, 0.5, 0x1.6a09e667f3bcdp+0), (0.7, 3.3, 0x1.3b971665bb2e5p-2), (1.0001, 54321.5, 0x1.c9280aa2ae745p+7),
            (10, -300.25, 0x1.81a2607e5cae3p-998), (0x0.012688b70e62bp-1022, 0.25, 0x1.76f469c18674cp-258),
            (1.4142135623730951, -2000.75, 0x1.8ace5422a9d25p-1001), (3, 30, 0x1.76838794f1720p+47),
            (0.999999999, 1e9, 0x1.78b5641264c0bp-2), (0x1p-1074, 0.01, 0x1.328df6e1fea76p-11), (1e300, 1.02, 0x1.6c8e5ca239078p+1016),
        ]
        for (x, y, z) in cases { #expect(distance(power(x, y), z) <= 1, "\(x)^\(y)") }
    }

    @Test func representablePowersAreExact() {
        for base in 2...20 {
            var exact = 1.0
            for n in 0...15 where exact < 0x1p53 {
                #expect(power(Double(base), Double(n)) == exact)
                #expect(power(-Double(base), Double(n)) == (n % 2 == 0 ? exact : -exact))
                if base.nonzeroBitCount == 1 { #expect(power(Double(base), -Double(n)) == 1 / exact) }
                exact *= Double(base)
            }
        }
        for n in -1074...1023 { #expect(power(2, Double(n)) == scalbn(1, Int32(n))) }
        for n in 1...1000 {
            let x = Double(n) / 7
            #expect(power(x, 2) == x * x && power(-x, 2) == x * x && power(x, -1) == 1 / x && power(x, 0.5) == x.squareRoot() && power(x, 1) == x)
        }
    }

    /// Annex F of the C standard.
    @Test func specialValues() {
        let inf = Double.infinity
        let cases: [(Double, Double, Double)] = [
            (0, 3, 0), (-0.0, 3, -0.0), (0, 2, 0), (-0.0, 2, 0), (0, -3, inf), (-0.0, -3, -inf), (-0.0, -2, inf), (0, 0, 1),
            (.nan, 0, 1), (1, .nan, 1), (-1, inf, 1), (-1, -inf, 1), (0.5, inf, 0), (0.5, -inf, inf), (2, inf, inf), (-2, -inf, 0),
            (inf, 2, inf), (inf, -2, 0), (-inf, 3, -inf), (-inf, 2, inf), (-inf, -3, -0.0), (-inf, -2, 0), (-inf, 0.5, inf), (-0.0, 0.5, 0),
            (-8, 1.0 / 3, .nan), (-2, 0.5, .nan), (.nan, 1, .nan), (2, .nan, .nan), (2, 1024, inf), (2, -1075, 0), (-2, 1025, -inf),
            (-2, -1077, -0.0), (-1, 0x1p60, 1), (-1, 3, -1), (-inf, 0x1p53, inf), (0, inf, 0), (0, -inf, inf), (inf, inf, inf), (inf, -inf, 0),
        ]
        for (x, y, z) in cases {
            let r = power(x, y)
            #expect(z.isNaN ? r.isNaN : r == z && r.sign == z.sign, "\(x)^\(y) is \(r), not \(z)")
        }
    }

    @Test func arraysAndScalarsAndPathsAgree() {
        defer { _ = nns_isa_force(paths.last!) }
        let x = mixedDoubles(501) + special, floats = x.map { Float($0) }
        for exponent in [2, 3, -1, 0.5, 1, 0, -2.5, 7.25] {
            let y = [Double](repeating: exponent, count: x.count), exponents = y.map { Float($0) }
            var first: [UInt64]?
            for path in paths {
                #expect(nns_isa_force(path))
                var (a, b) = (x, x)
                nns_pow_f64(&a, x, y, x.count)
                nns_pow_scalar_f64(&b, x, exponent, x.count)
                var (c, d) = (floats, floats)
                nns_pow_f32(&c, floats, exponents, x.count)
                nns_pow_scalar_f32(&d, floats, Float(exponent), x.count)
                let all = (a + b).map { $0.isNaN ? 1 : $0.bitPattern } + (c + d).map { $0.isNaN ? 1 : UInt64($0.bitPattern) }
                #expect(Array(all[..<x.count]) == Array(all[x.count..<2 * x.count]))
                #expect(Array(all[2 * x.count..<3 * x.count]) == Array(all[(3 * x.count)...]))
                if let first { #expect(all == first, "^\(exponent) on \(path)") } else { first = all }
            }
        }
    }
}
