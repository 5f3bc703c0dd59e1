import Glibc

// Numbers as text: the shortest digits that read back as the same number, without an exponent from 1e-4 up to 1e16.

/// A number as the language prints it: `3`, `0.1`, `1e-5`, `1e16`, `nan`, `-inf`, `-0`.
public func numberText(_ x: Double) -> String {
    if x.magnitude < 0x1p53, x == x.rounded(.towardZero), x != 0 || x.sign == .plus { return String(Int64(x)) }
    return x.isFinite ? layOut(x.description) : x.isNaN ? "nan" : x < 0 ? "-inf" : "inf"
}

/// A float32 as the language prints it: the shortest digits for its own type.
public func numberText(_ x: Float) -> String {
    if x.magnitude < 0x1p24, x == x.rounded(.towardZero), x != 0 || x.sign == .plus { return String(Int32(x)) }
    return x.isFinite ? layOut(x.description) : x.isNaN ? "nan" : x < 0 ? "-inf" : "inf"
}

/// Swift's description holds the right digits; this sets point and exponent.
private func layOut(_ description: String) -> String {
    var digits: [UInt8] = []
    var point = 0  // the value is 0.DIGITS · 10^point
    var negative = false
    var seenPoint = false
    var exponent = 0
    var iterator = description.utf8.makeIterator()
    while let c = iterator.next() {
        switch c {
        case UInt8(ascii: "-"): negative = true
        case UInt8(ascii: "."): seenPoint = true
        case UInt8(ascii: "e"):
            var minus = false
            while let e = iterator.next() {
                if e == UInt8(ascii: "-") { minus = true } else if e != UInt8(ascii: "+") { exponent = exponent * 10 + Int(e - 48) }
            }
            if minus { exponent = -exponent }
        default:
            digits.append(c)
            if !seenPoint { point += 1 }
        }
    }
    point += exponent
    while digits.first == 48 { digits.removeFirst(); point -= 1 }
    while digits.last == 48 { digits.removeLast() }
    var out: [UInt8] = negative ? [UInt8(ascii: "-")] : []
    if digits.isEmpty {
        out.append(48)
    } else if point > 16 || point < -3 {
        out.append(digits[0])
        if digits.count > 1 { out.append(UInt8(ascii: ".")); out += digits[1...] }
        out.append(UInt8(ascii: "e"))
        out += String(point - 1).utf8
    } else if point <= 0 {
        out += "0.".utf8
        out += [UInt8](repeating: 48, count: -point)
        out += digits
    } else if digits.count <= point {
        out += digits
        out += [UInt8](repeating: 48, count: point - digits.count)
    } else {
        out += digits[..<point]
        out.append(UInt8(ascii: "."))
        out += digits[point...]
    }
    return String(decoding: out, as: UTF8.self)
}
