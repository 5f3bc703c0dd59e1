import CKernels
import Glibc
@testable import Tensors
import Testing

// Draws on every path against one word of Philox after the other (`RandomTests` has the generator's known answers).

/// The words of one draw, by nns_random.h: the block of (stream, call) under the seed gives its key and upper counter.
private struct Words {
    private var key: [UInt32], upper: [UInt32]

    init(_ s: RandomStream) {
        let k = Words.block([UInt32(truncatingIfNeeded: s.stream), UInt32(s.stream >> 32), UInt32(truncatingIfNeeded: s.call), UInt32(s.call >> 32)],
                            [UInt32(truncatingIfNeeded: s.seed), UInt32(s.seed >> 32)])
        (key, upper) = ([k[0], k[1]], [k[2], k[3]])
    }

    private static func block(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
        var result = [UInt32](repeating: 0, count: 4)
        nns_philox(counter, key, &result)
        return result
    }

    /// Element i of a draw of one word each: 32 elements to eight blocks, word after word.
    func word(_ i: Int) -> UInt32 { Words.block([UInt32(i / 32 * 8 + i % 8), 0, upper[0], upper[1]], key)[i / 8 % 4] }

    /// Element i of a draw of two words each: 16 elements to eight blocks.
    func pair(_ i: Int) -> (UInt64, UInt64) {
        let w = Words.block([UInt32(i / 16 * 8 + i % 8), 0, upper[0], upper[1]], key), j = i / 8 % 2 * 2
        return (UInt64(w[j]), UInt64(w[j + 1]))
    }

    /// An integer below `range` by Lemire's method from element i's 64 bits, redrawn from blocks of its own.
    func below(_ range: UInt64, _ i: Int) -> UInt64 {
        let (high, low) = pair(i)
        var m = (high << 32 | low).multipliedFullWidth(by: range)
        var attempt: UInt32 = 1
        while m.low < (0 &- range) % range {
            let w = Words.block([UInt32(i), 0, upper[0], upper[1] &+ attempt], [~key[0], key[1]])
            m = (UInt64(w[0]) << 32 | UInt64(w[1])).multipliedFullWidth(by: range)
            attempt += 1
        }
        return m.high
    }
}

@Suite(.serialized) struct RandomBitsTests {
    @Test func draws() throws {
        try compareDraws(Float.self)
        try compareDraws(Double.self)
    }

    func compareDraws<T: Element>(_: T.Type) throws {
        let single = T.dtype == .f32
        var source = Source(19), cases = Cases()
        for round in 0..<testShapes {
            let n = round % 8 == 7 ? 1000 : source.size(100)
            let start = RandomStream(seed: UInt64(source.upTo(1 << 40)), stream: UInt64(source.upTo(1 << 33)), call: UInt64(source.upTo(1 << 34))), words = Words(start)
            func add(_ what: String, _ expected: [T], _ draw: @escaping (inout RandomStream) throws -> Tensor) {
                cases.add(expected, "\(what), \(n)") { var s = start; return try draw(&s) }
            }
            let low = [0, -1, 0.1, -3e5][round % 4], high = [1, 3, 0.1000001, 7][round % 4]
            // Never `high`: the largest number allowed is the one below it.
            let below = single && Double(Float(high)) >= high ? Double(Float(high).nextDown) : single ? Double(Float(high)) : high.nextDown, last = Swift.max(low, below)
            add("uniform", (0..<n).map { i in
                let (a, b) = words.pair(i), u = single ? Double(words.word(i) >> 8) * 0x1p-24 : Double(a) * 0x1p-32 + Double(b >> 11) * 0x1p-53
                return T(Swift.min(low + u * (high - low), last))
            }) { try $0.uniform([n], T.dtype, low: low, high: high) }
            let p = [0, 1, 0.3, 0.999][round % 4]
            add("bernoulli", (0..<n).map { Double(words.word($0)) < p * 0x1p32 ? 1 : 0 }) { try Tensor.convert($0.bernoulli([n], p: p), to: T.dtype) }
            let range = [2, 10, 1 << 24, 3 << 22][round % 4]
            add("integers", (0..<n).map { T(Double(words.below(UInt64(range), $0)) - 7) }) { try $0.integers([n], T.dtype, low: -7, high: range - 7) }
            var order: [Int] = []
            for i in 0..<n {
                let j = Int(words.below(UInt64(i + 1), i))
                order.append(i)
                order.swapAt(i, j)
            }
            add("permutation", order.map { T($0) }) { s in try tensor(of: s.permutation(n).map { T($0) }, [n]) }
            // A normal number is what it is alone.
            let (mean, sd) = [(0.0, 1.0), (0.1, 0.3)][round % 2]
            let alone = (0..<n).map { i -> T in
                var f: Float = 0, d = 0.0
                if single { nns_random_normal_f32(&f, 1, i, start.seed, start.stream, start.call, mean, sd) }
                else { nns_random_normal_f64(&d, 1, i, start.seed, start.stream, start.call, mean, sd) }
                return single ? T(f) : T(d)
            }
            add("normal", alone) { try $0.normal([n], T.dtype, mean: mean, sd: sd) }
        }
        try cases.compare("random draws, \(T.dtype)")
    }
}
