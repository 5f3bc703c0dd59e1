import Glibc

// Python's format mini-language: [[fill]align][sign][z][#][0][width][grouping][.precision][type].
// Decimal digits are exact (C's printf with round-half-even on the exact value), so every machine prints the same.

/// A parsed format.
private struct FormatSpec {
    var fill: Character = " "
    var align: Character?
    var sign: Character = "-"
    var noNegativeZero = false
    var alternate = false
    var zero = false
    var width = 0
    var grouping: Character?
    var precision: Int?
    var type: Character?

    /// Larger widths and precisions are refused: they are mistakes, and would only fill memory.
    static let limit = 10_000

    init(_ text: String) throws {
        let s = Array(text)
        var i = 0
        func isAlign(_ c: Character) -> Bool { c == "<" || c == ">" || c == "^" || c == "=" }
        var hasFill = false
        if s.count >= 2, isAlign(s[1]) {
            fill = s[0]; align = s[1]; i = 2
            hasFill = true
        } else if let first = s.first, isAlign(first) {
            align = first; i = 1
        }
        func take(_ c: Character) -> Bool {
            if i < s.count, s[i] == c { i += 1; return true }
            return false
        }
        func number() throws -> Int? {
            var value: Int?
            while i < s.count, let d = s[i].wholeNumberValue, s[i].isASCII {
                value = (value ?? 0) * 10 + d
                i += 1
                if value! > Self.limit { throw TensorError(.value, "the format `\(text)` asks for more than \(Self.limit) characters") }
            }
            return value
        }
        for c: Character in ["+", "-", " "] where take(c) { sign = c; break }
        noNegativeZero = take("z")
        alternate = take("#")
        if take("0") { zero = true }
        width = try number() ?? 0
        for c: Character in [",", "_"] where take(c) { grouping = c; break }
        if take(".") {
            guard let p = try number() else { throw TensorError(.value, "expected digits after `.` in the format `\(text)`", help: ["for example `.3f`"]) }
            precision = p
        }
        if i < s.count { type = s[i]; i += 1 }
        guard i == s.count else {
            throw TensorError(.value, "unknown format `\(text)`", help: ["[[fill]align][sign][0][width][,][.precision][type], for example `8.3f`, `>10`, `,.2f`, `.1%`"])
        }
        if zero {
            if align == nil { align = "=" }
            if !hasFill { fill = "0" }
        }
    }
}

/// Fills up to the width. `head` (sign, prefix) stays in front of the padding for `=`.
private func padded(_ head: String, _ body: String, _ spec: FormatSpec, defaultAlign: Character) -> String {
    let missing = spec.width - head.count - body.count
    guard missing > 0 else { return head + body }
    let align = spec.align ?? defaultAlign
    func fill(_ n: Int) -> String { String(repeating: String(spec.fill), count: n) }
    switch align {
    case "<": return head + body + fill(missing)
    case "^": return fill(missing / 2) + head + body + fill(missing - missing / 2)
    case "=": return head + fill(missing) + body
    default: return fill(missing) + head + body
    }
}

/// `g` with its trailing zeros (`#g`): C's own loses them where rounding carries into a new digit.
private func printedWhole(_ precision: Int, _ magnitude: Double) -> String {
    let digits = max(precision, 1), scientific = printed("e", digits - 1, alternate: true, magnitude)
    let exponent = Int(scientific.split(separator: "e")[1]) ?? 0
    return exponent >= -4 && exponent < digits ? printed("f", digits - 1 - exponent, alternate: true, magnitude) : scientific
}

/// Python's digits for a precision without a type: as `g`, but with an exponent one digit earlier and a digit behind the
/// point. A whole number has no point here, and prints as `g`.
private func printedPlainly(_ precision: Int, _ magnitude: Double) -> String {
    if magnitude == magnitude.rounded() { return printed("g", precision, alternate: false, magnitude) }
    let digits = max(precision, 1), scientific = printed("e", digits - 1, alternate: false, magnitude)
    let parts = scientific.split(separator: "e"), exponent = Int(parts[1]) ?? 0
    guard exponent < -4 || exponent >= digits - 1 else {
        let text = printed("g", digits, alternate: false, magnitude)
        return text.contains(".") ? text : text + ".0"
    }
    var head = String(parts[0])
    if head.contains(".") {
        while head.last == "0" { head.removeLast() }
        if head.last == "." { head.removeLast() }
    }
    return head + "e" + parts[1]
}

/// The digits of a whole number, however large, to the base 2^bits.
private func digits(_ magnitude: Double, bits: Int, uppercase: Bool) -> String {
    if magnitude < 0x1p64 { return String(UInt64(magnitude), radix: 1 << bits, uppercase: uppercase) }
    // The significand, then zeros: the first digit takes the bits that are left over.
    let zeros = Int(magnitude.exponent) - 52, shift = zeros % bits
    let head = magnitude.significandBitPattern | 1 << 52
    var text = String(head << UInt64(shift), radix: 1 << bits, uppercase: uppercase)
    text += String(repeating: "0", count: zeros / bits)
    return text
}

/// Digits of `magnitude` by C's printf, whose decimal conversion is exact.
private func printed(_ conversion: Character, _ precision: Int, alternate: Bool, _ magnitude: Double) -> String {
    let format = "%\(alternate ? "#" : "").*\(conversion)"
    return withVaList([Int32(precision), magnitude]) { list in
        var buffer = [CChar](repeating: 0, count: 512)
        let copy = list
        let n = Int(vsnprintf(&buffer, buffer.count, format, copy))
        if n < buffer.count { return String(cString: buffer) }
        return withVaList([Int32(precision), magnitude]) { again in
            buffer = [CChar](repeating: 0, count: n + 1)
            vsnprintf(&buffer, buffer.count, format, again)
            return String(cString: buffer)
        }
    }
}

/// Puts separators into the leading digits of `text`, after filling zeros in front up to `width` characters.
private func grouped(_ text: String, _ separator: Character, every size: Int, width: Int) -> String {
    let characters = Array(text)
    let isHex = size == 4
    let digits = characters.prefix { $0.isASCII && (isHex ? $0.isHexDigit : $0.isNumber) }
    let rest = characters[digits.count...]
    var count = digits.count
    while count + (count - 1) / size + rest.count < width { count += 1 }
    let all = [Character](repeating: "0", count: count - digits.count) + digits
    var out: [Character] = []
    for (i, d) in all.enumerated() {
        if i > 0, (count - i) % size == 0 { out.append(separator) }
        out.append(d)
    }
    return String(out + rest)
}

private func format(_ value: Double, _ spec: FormatSpec, _ text: String, shortest: () -> String) throws -> String {
    let type = spec.type
    var head = "", body = ""
    var negative = value.sign == .minus && !value.isNaN
    var groupSize = 3
    switch type {
    case "d", "b", "o", "x", "X", "c":
        guard value == value.rounded(.towardZero), value.isFinite else {
            throw TensorError(.value, "the format `\(text)` needs an integer, not \(shortest())", help: ["`.0f` rounds"])
        }
        guard spec.precision == nil else { throw TensorError(.value, "the format `\(text)` has a precision, but `\(type!)` prints integers") }
        negative = value < 0
        if type == "c" {
            guard value >= 0, value <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(value)) else {
                throw TensorError(.value, "\(shortest()) is not the number of a character")
            }
            return padded("", String(Character(scalar)), spec, defaultAlign: "<")
        }
        let bits = type == "d" ? 0 : type == "b" ? 1 : type == "o" ? 3 : 4
        body = bits == 0 ? printed("f", 0, alternate: false, value.magnitude) : digits(value.magnitude, bits: bits, uppercase: type == "X")
        if bits != 0 {
            if spec.alternate { head = "0\(type!)" }
            groupSize = 4
            guard spec.grouping != "," else { throw TensorError(.value, "the format `\(text)` groups by `,`, but `\(type!)` takes `_`") }
        }
    case "e", "E", "f", "F", "g", "G", "n", "%", nil:
        if !value.isFinite {
            body = value.isNaN ? "nan" : "inf"
        } else if type == nil && spec.precision == nil {
            body = shortest()
            if negative { body.removeFirst() }
        } else if type == "%" {
            body = printed("f", spec.precision ?? 6, alternate: spec.alternate, (value * 100).magnitude)
        } else {
            let conversion: Character = type == nil || type == "n" ? "g" : type == "F" ? "f" : type == "E" ? "e" : type == "G" ? "g" : type!
            let precision = spec.precision ?? 6
            if conversion == "g", spec.alternate { body = printedWhole(precision, value.magnitude) }
            else if type == nil { body = printedPlainly(precision, value.magnitude) }
            else { body = printed(conversion, precision, alternate: spec.alternate, value.magnitude) }
        }
        if type == "%" { body += "%" }
        if type == "E" || type == "F" || type == "G" { body = body.uppercased() }
        if spec.noNegativeZero, !body.contains(where: { $0 >= "1" && $0 <= "9" }), value.isFinite { negative = false }
    case "s":
        throw TensorError(.value, "the format `\(text)` is for strings, not for the number \(shortest())", help: ["`g` or `f` print numbers"])
    default:
        throw TensorError(.value, "unknown format `\(text)`: there is no type `\(type!)`", help: ["numbers take e, f, g, %, d, b, o, x; strings take s"])
    }
    let sign = negative ? "-" : spec.sign == "-" ? "" : String(spec.sign)
    head = sign + head
    if let separator = spec.grouping, value.isFinite {
        let zeros = spec.fill == "0" && spec.align == "="
        body = grouped(body, separator, every: groupSize, width: zeros ? spec.width - head.count : 0)
    }
    return padded(head, body, spec, defaultAlign: ">")
}

/// `value` by Python's format mini-language. Without type and precision it prints as `numberText`.
public func formatted(_ value: Double, spec: String) throws -> String {
    try format(value, FormatSpec(spec), spec) { numberText(value) }
}

/// A float32 by Python's format mini-language: its exact value, or its own shortest digits.
public func formatted(_ value: Float, spec: String) throws -> String {
    try format(Double(value), FormatSpec(spec), spec) { numberText(value) }
}

/// A bool by Python's format mini-language: its word, filled as a string is; 0 or 1 where the format is one of numbers.
public func formatted(_ value: Bool, spec text: String) throws -> String {
    let type = try FormatSpec(text).type
    return try type == nil || type == "s" ? formatted(value ? "true" : "false", spec: text, kind: "bool") : formatted(value ? 1.0 : 0, spec: text)
}

/// A string, or what any other value of a `kind` prints as, by Python's format mini-language: fill, alignment, width, and
/// a precision that cuts.
public func formatted(_ value: String, spec text: String, kind: String = "string") throws -> String {
    var spec = try FormatSpec(text)
    let named = kind == "none" ? kind : kind == "object" ? "an object" : "a \(kind)"
    guard spec.type == nil || spec.type == "s" else {
        let help: [String] = switch kind {
        case "string": ["`number(text)` reads a number"]
        case "list", "range": ["the elements of a tensor take it: `tensor(xs)` makes one of a list of numbers"]
        default: []
        }
        throw TensorError(.value, "the format `\(text)` is for numbers, not for \(named)", help: help)
    }
    guard spec.sign == "-", !spec.alternate, spec.grouping == nil, spec.align != "=" || spec.zero else {
        throw TensorError(.value, "the format `\(text)` is for numbers, not for \(named)")
    }
    if spec.align == "=" { spec.align = "<" }
    let body = spec.precision.map { String(String.UnicodeScalarView(value.unicodeScalars.prefix($0))) } ?? value
    return padded("", body, spec, defaultAlign: "<")
}
