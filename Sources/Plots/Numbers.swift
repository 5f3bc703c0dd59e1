// Decimal arithmetic for ticks and labels: powers of ten, logarithms, shortest and rounded decimal text.
// Goals: bit-identical everywhere. Only + - * / and correctly rounded parsing and printing are used, no libm.

enum Numbers {
    /// 10^-323 ... 10^308, each correctly rounded (repeated multiplication would drift).
    private static let powers: [Double] = (-323...308).map { Double("1e\($0)")! }

    /// 10^e correctly rounded; 0 below and infinity above the range of doubles.
    static func powerOfTen(_ e: Int) -> Double { e < -323 ? 0 : e > 308 ? .infinity : powers[e + 323] }

    /// The largest e with 10^e <= x, for finite x > 0 (at least -323). Exact: compares with the table.
    static func decade(_ x: Double) -> Int {
        var low = 0, high = powers.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if powers[middle] <= x { low = middle } else { high = middle }
        }
        return low - 323
    }

    /// log10 x for finite x > 0, to about 1e-15 of the larger of 1 and the result.
    /// x = m 2^e with m in [1/√2, √2); ln m = 2 atanh s, s = (m - 1)/(m + 1), |s| < 0.172: 11 terms give 1e-18.
    static func log10(_ x: Double) -> Double {
        var m = x.significand, e = Double(x.exponent)
        if m > 1.4142135623730951 {
            m *= 0.5
            e += 1
        }
        let s = (m - 1) / (m + 1), s2 = s * s
        var sum = 0.0
        for k in stride(from: 21, through: 1, by: -2) { sum = sum * s2 + 1 / Double(k) }
        return e * 0.30102999566398120 + 2 * s * sum * 0.43429448190325183
    }

    /// 10^x in plain arithmetic, to about 1e-15; 0 below and infinity above the range of doubles.
    static func power10(_ x: Double) -> Double {
        guard x > -323, x < 309 else { return x < 0 ? 0 : .infinity }
        let whole = x.rounded(.down), y = (x - whole) * 2.302585092994046
        var sum = 1.0
        for k in stride(from: 30, through: 1, by: -1) { sum = 1 + sum * y / Double(k) }
        return powerOfTen(Int(whole)) * sum
    }

    /// The cube root of finite x >= 1 by Newton's method in plain arithmetic.
    static func cubeRoot(_ x: Double) -> Double {
        var r = x
        for _ in 0..<200 {
            let next = (2 * r + x / (r * r)) / 3
            if next >= r { break }
            r = next
        }
        return r
    }

    /// Decimal digits of a finite number: ±0.d₁d₂d₃… × 10^point, the shortest that read back as the same double.
    struct Digits {
        var negative = false
        var digits: [UInt8] = []
        var point = 0

        init(_ value: Double) {
            guard value.isFinite, value != 0 else { return }
            var exponent = 0, seenPoint = false, readingExponent = false, exponentSign = 1
            for byte in value.description.utf8 {
                switch byte {
                case UInt8(ascii: "-"): if readingExponent { exponentSign = -1 } else { negative = true }
                case UInt8(ascii: "."): seenPoint = true
                case UInt8(ascii: "e"): readingExponent = true
                case UInt8(ascii: "0")...UInt8(ascii: "9"):
                    let digit = byte - UInt8(ascii: "0")
                    if readingExponent {
                        exponent = exponent * 10 + Int(digit)
                    } else {
                        if digits.isEmpty && digit == 0 {
                            if seenPoint { point -= 1 }
                            continue
                        }
                        digits.append(digit)
                        if !seenPoint { point += 1 }
                    }
                default: break
                }
            }
            point += exponentSign * exponent
            trim()
        }

        mutating func trim() {
            while digits.last == 0 { digits.removeLast() }
            if digits.isEmpty { point = 0 }
        }

        /// Rounds to the first `count` digits, halves away from zero.
        mutating func round(to count: Int) {
            guard count < digits.count else { return }
            guard count >= 0 else {
                digits = []
                return trim()
            }
            let up = digits[count] >= 5
            digits.removeSubrange(count...)
            if up {
                var i = count - 1
                while i >= 0, digits[i] == 9 {
                    digits[i] = 0
                    i -= 1
                }
                if i >= 0 {
                    digits[i] += 1
                } else {
                    digits.insert(1, at: 0)
                    point += 1
                }
            }
            trim()
        }

        /// Plain decimal text with at least `decimals` digits after the point.
        func plain(decimals: Int = 0) -> String {
            var text = negative && !digits.isEmpty ? "-" : ""
            if point <= 0 { text += "0" }
            for i in 0..<max(point, 0) { text.append(i < digits.count ? digit(i) : "0") }
            let places = max(decimals, digits.count - point)
            guard places > 0 else { return text }
            text += "."
            for i in 0..<places {
                let at = point + i
                text.append(at >= 0 && at < digits.count ? digit(at) : "0")
            }
            return text
        }

        /// Text such as `1.5e-7`.
        func scientific() -> String {
            guard !digits.isEmpty else { return "0" }
            var text = negative ? "-" : ""
            text.append(digit(0))
            if digits.count > 1 {
                text += "."
                for i in 1..<digits.count { text.append(digit(i)) }
            }
            return text + "e\(point - 1)"
        }

        private func digit(_ i: Int) -> Character { Character(UnicodeScalar(digits[i] + UInt8(ascii: "0"))) }
    }

    /// `value` rounded to `decimals` places: `fixed(2.5, 2)` is "2.50".
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite else { return nonFinite(value) }
        var d = Digits(value)
        d.round(to: d.point + decimals)
        return d.plain(decimals: decimals)
    }

    /// `value` to so many significant digits in the shortest form: "0.1235", "1500", "1.5e-7".
    static func short(_ value: Double, significant: Int = 4) -> String {
        guard value.isFinite else { return nonFinite(value) }
        var d = Digits(value)
        if d.point <= 15, value == value.rounded(), d.digits.count > significant, d.point <= significant + 3 {
            return d.plain()
        }
        d.round(to: significant)
        if d.point > max(6, significant + 2) || d.point < -3 { return d.scientific() }
        return d.plain()
    }

    /// Values as text with equally many decimals, at most `most`, where none needs an exponent.
    static func alike(_ values: [Double], significant: Int = 4, most: Int = 4) -> [String] {
        let texts = values.map { short($0, significant: significant) }
        guard !texts.contains(where: { $0.contains("e") }) else { return texts }
        let decimals = texts.map { text in text.firstIndex(of: ".").map { text.distance(from: $0, to: text.endIndex) - 1 } ?? 0 }
        let common = min(decimals.max() ?? 0, most)
        return zip(values, decimals).map { $1 > common ? short($0, significant: significant) : fixed($0, common) }
    }

    static func nonFinite(_ value: Double) -> String { value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }

    /// A coordinate for SVG: two decimals, no trailing zeros.
    static func coordinate(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "0" }
        let hundredths = Int((value * 100).rounded())
        let whole = abs(hundredths) / 100, part = abs(hundredths) % 100
        let sign = hundredths < 0 ? "-" : ""
        if part == 0 { return "\(sign)\(whole)" }
        if part % 10 == 0 { return "\(sign)\(whole).\(part / 10)" }
        return part < 10 ? "\(sign)\(whole).0\(part)" : "\(sign)\(whole).\(part)"
    }
}
