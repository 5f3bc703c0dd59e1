import Tensors

/// A whole number as the checker knows it: a constant, or a size that is only known when the program runs.
///
/// An unknown size has a value in each of three sample worlds. Arithmetic is done in all worlds at once, so that
/// `(n + 2 * p - k) // s + 1` needs no algebra: two sizes are the same expression where their samples agree, and the
/// shape rules of the built-ins, which know numbers only, serve for unknown sizes as they are.
struct Size: Hashable {
    /// The value in each world.
    var samples: SIMD3<Int>

    init(_ constant: Int) { samples = SIMD3(repeating: constant) }
    init(samples: SIMD3<Int>) { self.samples = samples }

    /// The value where it is the same in all worlds.
    var constant: Int? { samples[0] == samples[1] && samples[1] == samples[2] ? samples[0] : nil }
    var isConstant: Bool { constant != nil }
    /// Small enough to calculate with; the run says what it thinks of others.
    var isModest: Bool { (0..<3).allSatisfy { samples[$0].magnitude < 1 << 31 } }
}

/// An assignment of values to the unknown sizes.
struct World {
    let value: (Size) -> Int
    init(_ value: @escaping (Size) -> Int) { self.value = value }
    func callAsFunction(_ size: Size) -> Int { value(size) }
    /// The first of the sample worlds, whose values stand for the sizes' names in messages.
    static let first = World { $0.samples[0] }
}

/// The unknown sizes of one check, with their names and samples.
struct Sizes {
    static let worlds = 3
    private(set) var symbols: [(name: String, size: Size)] = []

    /// A new unknown size, by a name of its own where none is given. Its samples are primes that no program writes and no
    /// two sizes share, at distances that differ from world to world, so that no two sizes look like one and its sum with a constant.
    mutating func fresh(_ name: String? = nil) -> Size {
        let i = symbols.count
        var found = SIMD3(10_007 + 512 * i, 20_011 + 740 * i + 2 * i * i, 31_013 + 978 * i + 6 * i * i)
        for world in 0..<Self.worlds { while !Self.isPrime(found[world]) { found[world] += 1 } }
        let size = Size(samples: found)
        let letters = ["n", "m", "k", "p", "q", "r"]
        symbols.append((name ?? (i < letters.count ? letters[i] : "n\(i + 1)"), size))
        return size
    }

    private static let smallPrimes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]

    /// The test of Miller and Rabin, which with the bases 2 to 17 is right below 3.4e14 (Jaeschke 1993): a check of a program
    /// with many branches asks for many thousands.
    static func isPrime(_ n: Int) -> Bool {
        for p in smallPrimes where n % p == 0 { return n == p }
        guard n > 1 else { return false }
        let m = UInt(n), twos = (m - 1).trailingZeroBitCount, odd = (m - 1) >> twos
        func product(_ a: UInt, _ b: UInt) -> UInt { m.dividingFullWidth(a.multipliedFullWidth(by: b)).remainder }
        return smallPrimes.prefix(7).allSatisfy { base in
            var power: UInt = 1, square = UInt(base), exponent = odd
            while exponent > 0 {
                if exponent & 1 == 1 { power = product(power, square) }
                square = product(square, square)
                exponent >>= 1
            }
            if power == 1 || power == m - 1 { return true }
            for _ in 1..<max(1, twos) {
                power = product(power, power)
                if power == m - 1 { return true }
            }
            return false
        }
    }

    /// A size as a · symbol + b.
    func linear(_ size: Size) -> (symbol: Int, factor: Int, offset: Int)? {
        for (i, symbol) in symbols.enumerated() {
            let s = symbol.size.samples, t = size.samples
            let run = s[1] - s[0], rise = t[1] &- t[0]
            guard rise != 0, rise.magnitude < 1 << 40, rise % run == 0 else { continue }
            let factor = rise / run, offset = t[0] &- factor &* s[0]
            if factor &* s[2] &+ offset == t[2] { return (i, factor, offset) }
        }
        return nil
    }

    /// Calls `fails` with assignments of values to the unknown sizes among `sizes` and says whether all fail: sizes take
    /// small values, the values that make them equal to the constants and to one another. False where there are too many to try.
    func failsAlways(_ sizes: [Size], _ fails: (World) -> Bool) -> Bool {
        var unknowns: [Int: Set<Int>] = [:]
        var forms: [Size: (symbol: Int, factor: Int, offset: Int)] = [:]
        var free = -1
        let constants = Set(sizes.compactMap(\.constant))
        for size in sizes where !size.isConstant && forms[size] == nil {
            if let form = linear(size) { forms[size] = form } else {
                // No simple expression: it may be anything.
                forms[size] = (free, 1, 0)
                free -= 1
            }
        }
        for (size, form) in forms {
            var candidates = unknowns[form.symbol] ?? [1, 2, form.symbol < 0 ? size.samples[0] : symbols[form.symbol].size.samples[0]]
            for constant in constants.union([0, 1]) where (constant &- form.offset) % form.factor == 0 {
                let value = (constant &- form.offset) / form.factor
                if value >= 0 { candidates.insert(value) }
            }
            unknowns[form.symbol] = candidates
        }
        let names = unknowns.keys.sorted()
        // Sizes that equal one another.
        let shared = Set(names.map { $0 < 0 ? 10_007 : symbols[$0].size.samples[0] })
        let choices = names.map { Array(unknowns[$0]!.union(names.count > 1 ? shared : [])).sorted() }
        guard choices.reduce(1, { $0 &* $1.count }) <= 2_000 else { return false }
        var picks = [Int](repeating: 0, count: names.count)
        while true {
            var values: [Int: Int] = [:]
            for (i, name) in names.enumerated() { values[name] = choices[i][picks[i]] }
            let (forms, world) = (forms, values)
            let fails = fails(World { size in
                if let constant = size.constant { return constant }
                guard let form = forms[size], let value = world[form.symbol] else { return size.samples[0] }
                return max(0, form.factor &* value &+ form.offset)
            })
            if !fails { return false }
            var i = 0
            while i < picks.count {
                picks[i] += 1
                if picks[i] < choices[i].count { break }
                picks[i] = 0
                i += 1
            }
            if i == picks.count { return true }
        }
    }

    /// A text with the samples of the first world replaced by the sizes' names.
    func named(_ text: String) -> String {
        guard !symbols.isEmpty else { return text }
        var result = ""
        var digits = ""
        func flush() {
            if digits.utf8.count >= 5, let value = Int(digits) { result += name(value) ?? digits } else { result += digits }
            digits = ""
        }
        for c in text {
            if c.isASCII, c.isNumber { digits.append(c) } else { flush(); result.append(c) }
        }
        flush()
        return result
    }

    private func name(_ value: Int) -> String? {
        for symbol in symbols {
            let offset = value - symbol.size.samples[0]
            if offset == 0 { return symbol.name }
            if abs(offset) <= 60 { return offset > 0 ? "\(symbol.name) + \(offset)" : "\(symbol.name) - \(-offset)" }
        }
        for symbol in symbols where value % symbol.size.samples[0] == 0 { return "\(value / symbol.size.samples[0]) \(symbol.name)" }
        return nil
    }
}
