// Random numbers: the generator's known answers, independence of paths and pieces, distributions and errors.

import CKernels
import Testing
@testable import Tensors

private let paths: [String] = ["baseline", "avx2", "avx512", "neon"].filter { (name: String) in nns_isa_force(name) }

@Suite(.serialized) struct RandomTests {
    /// The known-answer vectors of Random123 for philox4x32-10.
    @Test func knownAnswers() {
        let cases: [(counter: [UInt32], key: [UInt32], result: [UInt32])] = [
            ([0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]),
            ([.max, .max, .max, .max], [.max, .max], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
            ([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0],
             [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]),
        ]
        for c in cases {
            var result = [UInt32](repeating: 0, count: 4)
            nns_philox(c.counter, c.key, &result)
            #expect(result == c.result)
        }
    }

    /// A draw by its parts: the key is the block of (stream, call), and a uniform float the top 24 bits of a word.
    @Test func aUniformFloatIsAWordOfItsBlock() throws {
        var stream = RandomStream(seed: 0x1_0000_0002, stream: 3, call: 4)
        let x = try stream.uniform([64], .f32)
        #expect(stream.call == 5)
        var subkey = [UInt32](repeating: 0, count: 4)
        nns_philox([3, 0, 4, 0], [2, 1], &subkey)
        for i in 0..<64 {
            var w = [UInt32](repeating: 0, count: 4)
            nns_philox([UInt32(i / 32 * 8 + i % 8), 0, subkey[2], subkey[3]], [subkey[0], subkey[1]], &w)
            #expect(x.f32[i] == Float(w[i / 8 % 4] >> 8) * 0x1p-24)
        }
    }

    private func everything(_ n: Int) throws -> [UInt64] {
        var s = RandomStream(seed: 7, stream: 1)
        let draws = [
            try s.uniform([n], .f32, low: -1, high: 3), try s.uniform([n], .f64), try s.normal([n], .f32), try s.normal([n], .f64, mean: 1, sd: 2),
            try s.normal([n], .f32, mean: 0.1, sd: 0.3), try s.integers([n], .f32, low: -3, high: 7), try s.integers([n], .f64, low: 0, high: 1 << 53),
            try s.bernoulli([n], p: 0.3),
        ]
        return draws.flatMap { t in (0..<n).map { t.element($0).bitPattern } } + (try s.permutation(n)).map { UInt64($0) }
    }

    @Test func everyPathDrawsTheSame() throws {
        defer { _ = nns_isa_force(paths.last!) }
        var first: [UInt64]?
        for path in paths {
            #expect(nns_isa_force(path))
            let all = try everything(1003)
            if let first { #expect(all == first, "\(path)") } else { first = all }
        }
    }

    @Test func threadsDoNotMatter() throws {
        let before = Threads.count
        Threads.shrink = 4
        defer { Threads.count = before; Threads.shrink = 0 }
        Threads.count = 1
        let one = try everything(100_001)
        Threads.count = 3
        #expect(try everything(100_001) == one)
    }

    @Test func aPieceIsAPartOfTheWhole() {
        var whole = [Float](repeating: 0, count: 500), pieces = whole
        nns_random_normal_f32(&whole, 500, 0, 1, 2, 3, 0, 1)
        var i = 0, step = 1
        pieces.withUnsafeMutableBufferPointer { p in
            while i < 500 {
                let n = min(step, 500 - i)
                nns_random_normal_f32(p.baseAddress! + i, n, i, 1, 2, 3, 0, 1)
                i += n
                step = step * 3 % 71
            }
        }
        #expect(pieces == whole)
    }

    @Test func streamsAndCallsAndSeedsDiffer() throws {
        var seen = Set<[Float]>()
        for seed in UInt64(0)..<4 {
            for stream in UInt64(0)..<4 {
                var s = RandomStream(seed: seed, stream: stream)
                for _ in 0..<4 {
                    let t = try s.uniform([4], .f32)
                    seen.insert((0..<4).map { t.f32[$0] })
                }
            }
        }
        #expect(seen.count == 64)
    }

    @Test func momentsAreRight() throws {
        var s = RandomStream(seed: 1)
        let n = 200_000
        for dtype in [DType.f32, .f64] {
            let (u, z) = (try s.uniform([n], dtype, low: 2, high: 5), try s.normal([n], dtype, mean: -1, sd: 3))
            var (mean, square, m1, m2, m4) = (0.0, 0.0, 0.0, 0.0, 0.0)
            for i in 0..<n {
                #expect(u.element(i) >= 2 && u.element(i) < 5)
                mean += u.element(i); square += (u.element(i) - 3.5) * (u.element(i) - 3.5)
                let x = (z.element(i) + 1) / 3
                m1 += x; m2 += x * x; m4 += x * x * x * x
            }
            #expect(abs(mean / Double(n) - 3.5) < 0.01 && abs(square / Double(n) - 0.75) < 0.01)
            #expect(abs(m1 / Double(n)) < 0.01 && abs(m2 / Double(n) - 1) < 0.015 && abs(m4 / Double(n) - 3) < 0.15)
        }
        let b = try s.bernoulli([n], p: 0.25)
        #expect(abs((0..<n).reduce(0) { $0 + b.element($1) } / Double(n) - 0.25) < 0.005)
        var counts = [Int](repeating: 0, count: 10)
        let k = try s.integers([n], .f32, low: -4, high: 6)
        for i in 0..<n { counts[Int(k.element(i)) + 4] += 1 }
        #expect(counts.allSatisfy { abs($0 - n / 10) < 800 })
        #expect(try s.bernoulli([100], p: 1).element(99) == 1)
        #expect(try s.bernoulli([100], p: 0).element(99) == 0)
    }

    @Test func permutationsAreAllEquallyLikely() throws {
        var s = RandomStream()
        var counts: [[Int]: Int] = [:]
        for _ in 0..<24_000 { counts[try s.permutation(4), default: 0] += 1 }
        #expect(counts.count == 24 && counts.values.allSatisfy { abs($0 - 1000) < 160 })
        #expect(try s.permutation(0) == [] && s.permutation(1) == [0])
        #expect(try s.permutation(1000).sorted() == Array(0..<1000))
    }

    @Test func highIsNeverReached() throws {
        var s = RandomStream()
        let narrow = try s.uniform([1000], .f32, low: 1, high: 1.0000001)
        for i in 0..<1000 { #expect(narrow.f32[i] == 1) }
        let wide = try s.uniform([100_000], .f32, low: 0, high: 1e-45)
        for i in 0..<1000 { #expect(wide.f32[i] == 0) }
        let constant = try s.uniform([10], .f64, low: 3, high: 3)
        for i in 0..<10 { #expect(constant.f64[i] == 3) }
    }

    @Test func wrongArgumentsAreErrors() {
        var s = RandomStream()
        #expect(throws: TensorError.self) { try s.uniform([2], .f32, low: 2, high: 1) }
        #expect(throws: TensorError.self) { try s.uniform([2], .f64, low: -1.7e308, high: 1.7e308) }
        #expect(throws: TensorError.self) { try s.uniform([2], .f32, low: 0, high: 1e300) }
        #expect(throws: TensorError.self) { try s.uniform([2], .f64, low: .nan, high: 1) }
        #expect(throws: TensorError.self) { try s.uniform([-1], .f64) }
        #expect(throws: TensorError.self) { try s.normal([2], .f64, sd: -1) }
        #expect(throws: TensorError.self) { try s.integers([2], .f32, low: 3, high: 3) }
        #expect(throws: TensorError.self) { try s.integers([2], .f32, low: 0, high: 1 << 30) }
        #expect(throws: TensorError.self) { try s.integers([2], .f64, low: Int.min, high: Int.max) }
        #expect(throws: TensorError.self) { try s.bernoulli([2], p: 1.5) }
        #expect(throws: TensorError.self) { try s.permutation(-1) }
        #expect(throws: TensorError.self) { try s.permutation(Int.max) }
        #expect(s.call == 0, "a draw that failed takes no number")
    }
}
