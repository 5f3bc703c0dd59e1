/// The lexer's literals: numbers, and strings with escapes and interpolations.

extension Lexer {
    // MARK: Numbers

    mutating func lexNumber() {
        let start = at
        if byte() == 0x30, byte(1) | 0x20 == UInt8(ascii: "x") { return lexHexadecimal() }
        var text: [UInt8] = []
        var mantissa: UInt64 = 0
        var scale = 0
        func isSeparated(_ lexer: Lexer) -> Bool { lexer.byte() == 0x5f && isDigit(lexer.byte(1)) && isDigit(lexer.byte(-1)) }
        while isDigit(byte()) || isSeparated(self) {
            if byte() != 0x5f { text.append(byte()); mantissa = mantissa &* 10 &+ UInt64(byte() - 0x30) }
            at += 1
        }
        if byte() == UInt8(ascii: "."), byte(1) != UInt8(ascii: ".") {
            guard isDigit(byte(1)) else {
                at += 1
                let whole = clipped(String(decoding: text, as: UTF8.self))
                return fail("expected a digit after the point of `\(whole).`", Span(Int32(start), Int32(at)),
                            help: ["write `\(whole)` or `\(whole).0`"])
            }
            text.append(byte())
            at += 1
            while isDigit(byte()) || isSeparated(self) {
                if byte() != 0x5f {
                    text.append(byte())
                    mantissa = mantissa &* 10 &+ UInt64(byte() - 0x30)
                    scale -= 1
                }
                at += 1
            }
        }
        var isPlain = true
        if byte() | 0x20 == UInt8(ascii: "e") {
            let signed = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-")
            if isDigit(byte(signed ? 2 : 1)) {
                isPlain = false
                text.append(contentsOf: bytes[at..<(at + (signed ? 2 : 1))])
                at += signed ? 2 : 1
                while isDigit(byte()) || isSeparated(self) {
                    if byte() != 0x5f { text.append(byte()) }
                    at += 1
                }
            }
        }
        let value: Double
        if isPlain, text.count <= 16, scale >= -15 {
            // At most 15 digits and a power of ten up to 10^15 are exact, so their quotient is rounded once.
            value = scale == 0 ? Double(mantissa) : Double(mantissa) / powersOfTen[-scale]
        } else {
            value = Double(String(decoding: text, as: UTF8.self)) ?? .infinity
        }
        finishNumber(value, from: start)
    }

    private mutating func lexHexadecimal() {
        let start = at
        at += 2
        var digits: [UInt8] = []
        while isHexDigit(byte()) || (byte() == 0x5f && isHexDigit(byte(1)) && !digits.isEmpty) {
            if byte() != 0x5f { digits.append(byte()) }
            at += 1
        }
        guard !digits.isEmpty else {
            return fail("expected a hexadecimal digit after `0x`", Span(Int32(start), Int32(at)), help: ["for example `0xff`"])
        }
        finishNumber(Double("0x" + String(decoding: digits, as: UTF8.self)) ?? .infinity, from: start)
    }

    private mutating func finishNumber(_ value: Double, from start: Int) {
        let end = at
        var isWord = at < bytes.count && isASCIINamePart(byte())
        if at < bytes.count, byte() >= 0x80 { isWord = isNameStart(decode().0) }
        guard !isWord else {
            while at < bytes.count {
                let (scalar, length) = decode()
                guard isNamePart(scalar) else { break }
                at += length
            }
            let number = clipped(String(decoding: bytes[start..<end], as: UTF8.self))
            let word = clipped(String(decoding: bytes[end..<at], as: UTF8.self))
            let mend: String
            switch word.utf8.first! | 0x20 {
            case 0x5f | 0x20: mend = "`_` stands only between two digits"
            case UInt8(ascii: "e") where word.utf8.count == 1: mend = "an exponent needs digits, as in `\(number)e3`"
            case UInt8(ascii: "b") where number == "0", UInt8(ascii: "o") where number == "0":
                mend = "numbers are decimal, or hexadecimal as `0xff`"
            default: mend = "a product is written `\(number) * \(word)`"
            }
            return fail("expected an operator between `\(number)` and `\(word)`", Span(Int32(start), Int32(at)), help: [mend])
        }
        guard value.isFinite else {
            return fail("expected a number below 1.8e308", Span(Int32(start), Int32(at)), help: ["infinity is written `inf`"])
        }
        numbers.append(value)
        emit(.number, from: start, payload: Int32(numbers.count - 1))
    }

    // MARK: Strings

    mutating func startString() {
        let start = at
        let isLong = byte(1) == UInt8(ascii: "\"") && byte(2) == UInt8(ascii: "\"")
        at += isLong ? 3 : 1
        literal.removeAll(keepingCapacity: true)
        stringBody(start: start, partStart: at, isLong: isLong, isResumed: false)
    }

    /// Reads literal text up to the string's end or its next interpolation.
    private mutating func stringBody(start: Int, partStart: Int, isLong: Bool, isResumed: Bool) {
        while true {
            guard at < bytes.count else { return unterminated(start: start, isLong: isLong) }
            let next = bytes[at]
            switch next {
            case UInt8(ascii: "\""):
                if isLong, byte(1) != next || byte(2) != next {
                    literal.append(next)
                    at += 1
                    continue
                }
                let end = at
                at += isLong ? 3 : 1
                let index = literal.withUnsafeBufferPointer { interner.intern($0) }
                if !isResumed { return emit(.string, from: start, payload: index) }
                if !literal.isEmpty { part(index, partStart, end) }
                tokens.append(Token(kind: .stringEnd, newlineBefore: false, spaceBefore: false,
                                    start: Int32(end), end: Int32(at)))
                return
            case UInt8(ascii: "{"):
                if byte(1) == next {
                    literal.append(next)
                    at += 2
                    continue
                }
                if !isResumed {
                    let end = at
                    at = start + (isLong ? 3 : 1)
                    emit(.stringStart, from: start)
                    at = end
                }
                if !literal.isEmpty {
                    part(literal.withUnsafeBufferPointer { interner.intern($0) }, partStart, at)
                }
                open.append(Open(kind: UInt8(ascii: "\""), token: Int32(tokens.count), stringStart: start, isLong: isLong))
                if !isLong { shortInterpolations += 1 }
                at += 1
                emit(.interpolationOpen, from: at - 1)
                return
            case UInt8(ascii: "}"):
                if byte(1) == next {
                    literal.append(next)
                    at += 2
                    continue
                }
                at += 1
                fail("expected `}}` for a brace in a string, found `}`", Span(Int32(at - 1), Int32(at)),
                     help: ["`{expr}` puts a value in; braces themselves are doubled"])
            case UInt8(ascii: "\\"): escape(isLong: isLong)
            case 10 where !isLong: return unterminated(start: start, isLong: false)
            case 13 where isLong && byte(1) == 10: at += 1
            case 13 where !isLong && byte(1) == 10: return unterminated(start: start, isLong: false)
            default:
                literal.append(next)
                at += 1
            }
        }
    }

    private mutating func part(_ index: Int32, _ start: Int, _ end: Int) {
        tokens.append(Token(kind: .stringPart, newlineBefore: false, spaceBefore: false,
                            start: Int32(start), end: Int32(end), payload: index))
    }

    private mutating func unterminated(start: Int, isLong: Bool) {
        if shortInterpolations > 0 { return closeShortStrings() }
        let quotes = isLong ? "\"\"\"" : "\""
        let end = isLong || at >= bytes.count ? "the end of the text" : "the end of the line"
        let mend = isLong ? [] : ["a string over several lines is written between `\"\"\"`"]
        fail("expected `\(quotes)` at the end of the string, found \(end)", Span(Int32(start), Int32(at)),
             incomplete: isLong, help: mend)
    }

    private mutating func escape(isLong: Bool) {
        let start = at
        switch byte(1) {
        case UInt8(ascii: "n"): literal.append(10)
        case UInt8(ascii: "t"): literal.append(9)
        case UInt8(ascii: "\""): literal.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): literal.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "u"): return unicodeEscape()
        default:
            at += 1
            guard at < bytes.count, bytes[at] != 10, bytes[at] != 13 else {
                return fail("expected an escape, found a lone `\\`", Span(Int32(start), Int32(at)),
                            help: ["a backslash is written `\\\\`"])
            }
            let (scalar, length) = decode()
            at += length
            var mends = ["a backslash is written `\\\\`; escapes are `\\n \\t \\\" \\\\ \\u{…}`"]
            if scalar == "{" || scalar == "}" { mends = ["a brace is written `\(scalar)\(scalar)`"] }
            if scalar == "'" { mends = ["in double quotes `'` needs no backslash"] }
            return fail("expected an escape, found `\\` and \(shown(scalar))", Span(Int32(start), Int32(at)), help: mends)
        }
        at += 2
    }

    private mutating func unicodeEscape() {
        let start = at
        at += 2
        var value: UInt32 = 0
        var digits = 0
        if byte() == UInt8(ascii: "{") {
            at += 1
            while isHexDigit(byte()), digits < 8 {
                let digit = byte()
                value = value &* 16 &+ UInt32(isDigit(digit) ? digit - 0x30 : (digit | 0x20) - 0x57)
                digits += 1
                at += 1
            }
            if digits > 0, byte() == UInt8(ascii: "}"), let scalar = Unicode.Scalar(value) {
                at += 1
                literal.append(contentsOf: String(Character(scalar)).utf8)
                return
            }
            if byte() == UInt8(ascii: "}") { at += 1 }
        }
        fail("expected `\\u{…}` with the number of a character in hexadecimal", Span(Int32(start), Int32(at)),
             help: ["for example `\\u{3b8}` for θ"])
    }

    /// At the `}` of an interpolation, or (with `formatFrom`) behind its `:`.
    mutating func endInterpolation(formatFrom: Int?) {
        guard let opened = open.popLast() else { return }
        if !opened.isLong { shortInterpolations -= 1 }
        var format: Int32 = -1
        var start = at
        if let formatFrom {
            start = formatFrom - 1
            while at < bytes.count, bytes[at] != UInt8(ascii: "}"), bytes[at] != UInt8(ascii: "{"), bytes[at] != 10,
                  bytes[at] != UInt8(ascii: "\"") { at += 1 }
            guard at < bytes.count, bytes[at] == UInt8(ascii: "}") else {
                let nested = at < bytes.count && bytes[at] == UInt8(ascii: "{")
                fail("expected `}` behind the format", Span(Int32(start), Int32(at)),
                     help: nested ? ["a format is written out, as in `{x:8.3f}`"] : [])
                literal.removeAll(keepingCapacity: true)
                if nested { at += 1 }
                return stringBody(start: opened.stringStart, partStart: at, isLong: opened.isLong, isResumed: true)
            }
            format = interner.intern(UnsafeBufferPointer(rebasing: bytes[formatFrom..<at]))
        }
        at += 1
        tokens[Int(opened.token)].payload = Int32(tokens.count)
        emit(.interpolationClose, from: start, payload: format)
        literal.removeAll(keepingCapacity: true)
        stringBody(start: opened.stringStart, partStart: at, isLong: opened.isLong, isResumed: true)
    }
}

func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66) }

private let powersOfTen: [Double] = (0...15).map { exponent in
    var power = 1.0
    for _ in 0..<exponent { power *= 10 }
    return power
}
