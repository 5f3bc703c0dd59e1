/// Text to tokens, byte by byte, in one pass over the whole source.
///
/// Goals: no `String` per token; never recursive (interpolations nest on an explicit stack); every mistake
/// becomes an `error` token in its place, so that the parser reports the first one in the order of the text.
struct Lexer {
    let source: Source
    let bytes: UnsafeBufferPointer<UInt8>
    var at = 0
    var tokens: [Token] = []
    var numbers: [Double] = []
    var errors: [Diagnostic] = []
    var comments: [Span] = []
    var interner = Interner()

    /// An open bracket, or an interpolation (`kind` is `"`) inside a string.
    struct Open {
        var kind: UInt8
        var token: Int32
        /// For an interpolation: the string's first byte, and whether `"""` opened it.
        var stringStart = 0
        var isLong = false
    }
    var open: [Open] = []
    /// Interpolations open in strings that must end on their line.
    var shortInterpolations = 0

    var newlineBefore = true
    var spaceBefore = true
    /// The literal text of the string that is being read.
    var literal: [UInt8] = []

    init(source: Source, bytes: UnsafeBufferPointer<UInt8>) {
        self.source = source
        self.bytes = bytes
        tokens.reserveCapacity(bytes.count / 3 + 8)
    }

    func byte(_ offset: Int = 0) -> UInt8 {
        let index = at + offset
        return index < bytes.count ? bytes[index] : 0
    }

    mutating func run() {
        if bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf { at = 3 }
        while true {
            skipSpace()
            guard at < bytes.count else { break }
            lexToken()
        }
        for opened in open where opened.kind == UInt8(ascii: "\"") {
            let span = Span(Int32(opened.stringStart), Int32(bytes.count))
            fail("expected `}` and the end of the string, found the end of the text", span, incomplete: opened.isLong,
                 help: ["a brace in a string is written `{{`"])
            break
        }
        for _ in 0..<3 { emit(.end, from: bytes.count) }
    }

    // MARK: Space and comments

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: " "), 9, 12, 13:
                spaceBefore = true
                at += 1
            case 10:
                newlineBefore = true
                spaceBefore = true
                if shortInterpolations > 0 { closeShortStrings() }
                at += 1
            case UInt8(ascii: "#"):
                let start = at
                while at < bytes.count, bytes[at] != 10 { at += 1 }
                var end = at
                if end > start, bytes[end - 1] == 13 { end -= 1 }
                comments.append(Span(Int32(start), Int32(end)))
                spaceBefore = true
            default: return
            }
        }
    }

    /// At a line end inside the interpolation of a `"…"`: the string was not closed.
    mutating func closeShortStrings() {
        guard let outer = open.firstIndex(where: { $0.kind == UInt8(ascii: "\"") && !$0.isLong }) else { return }
        let end = at < bytes.count ? "line" : "text"
        fail("expected `}` and the end of the string, found the end of the \(end)",
             Span(Int32(open[outer].stringStart), Int32(at)),
             help: ["a brace in a string is written `{{`", "a string over several lines is written between `\"\"\"`"])
        open.removeSubrange(outer...)
        shortInterpolations = 0
    }

    // MARK: Tokens

    mutating func emit(_ kind: TokenKind, from start: Int, payload: Int32 = -1) {
        tokens.append(Token(kind: kind, newlineBefore: newlineBefore, spaceBefore: spaceBefore,
                            start: Int32(start), end: Int32(at), payload: payload))
        newlineBefore = false
        spaceBefore = false
    }

    mutating func fail(_ message: String, _ span: Span, incomplete: Bool = false, help: [String] = []) {
        var diagnostic = Diagnostic(.syntax, message, source: source, span: span, help: help)
        diagnostic.isIncomplete = incomplete
        tokens.append(Token(kind: .error, newlineBefore: newlineBefore, spaceBefore: spaceBefore,
                            start: span.start, end: span.end, payload: Int32(errors.count)))
        errors.append(diagnostic)
        newlineBefore = false
        spaceBefore = false
    }

    private mutating func take(_ kind: TokenKind, _ count: Int) {
        at += count
        emit(kind, from: at - count)
    }

    private mutating func lexToken() {
        let first = bytes[at]
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): lexName()
        case UInt8(ascii: "0")...UInt8(ascii: "9"): lexNumber()
        case UInt8(ascii: "\""): startString()
        case UInt8(ascii: "("): opened(.openParen, first)
        case UInt8(ascii: "["): opened(.openBracket, first)
        case UInt8(ascii: "{"): opened(.openBrace, first)
        case UInt8(ascii: ")"): closed(.closeParen, UInt8(ascii: "("))
        case UInt8(ascii: "]"): closed(.closeBracket, UInt8(ascii: "["))
        case UInt8(ascii: "}"): closed(.closeBrace, UInt8(ascii: "{"))
        case UInt8(ascii: ","): take(.comma, 1)
        case UInt8(ascii: ";"): take(.semicolon, 1)
        case UInt8(ascii: "@"): take(.matmul, 1)
        case UInt8(ascii: ":"): lexColon()
        case UInt8(ascii: "."): lexPoint()
        case UInt8(ascii: "'"): lexQuote()
        case 0x80...: lexUnicode()
        default: lexOperator(first)
        }
    }

    private mutating func opened(_ kind: TokenKind, _ bracket: UInt8) {
        open.append(Open(kind: bracket, token: Int32(tokens.count)))
        take(kind, 1)
    }

    private mutating func closed(_ kind: TokenKind, _ opener: UInt8) {
        if let top = open.last {
            if top.kind == opener {
                open.removeLast()
                tokens[Int(top.token)].payload = Int32(tokens.count)
                take(kind, 1)
                tokens[tokens.count - 1].payload = top.token
                return
            }
            if top.kind == UInt8(ascii: "\""), opener == UInt8(ascii: "{") { return endInterpolation(formatFrom: nil) }
            // A wrong bracket: if one a little further out fits, those inside it stay unclosed.
            var index = open.count - 1
            let limit = max(0, open.count - 64)
            while index >= limit, open[index].kind != opener, open[index].kind != UInt8(ascii: "\"") { index -= 1 }
            if index >= limit, open[index].kind == UInt8(ascii: "\""), opener == UInt8(ascii: "{") {
                // The brackets inside the interpolation stay unclosed; the parser says so at this brace.
                open.removeSubrange((index + 1)...)
                return endInterpolation(formatFrom: nil)
            }
            if index >= limit, open[index].kind == opener {
                tokens[Int(open[index].token)].payload = Int32(tokens.count)
                let matched = open[index].token
                open.removeSubrange(index...)
                take(kind, 1)
                tokens[tokens.count - 1].payload = matched
                return
            }
        }
        take(kind, 1)
    }

    private mutating func lexColon() {
        if let top = open.last, top.kind == UInt8(ascii: "\"") {
            at += 1
            return endInterpolation(formatFrom: at)
        }
        take(.colon, 1)
    }

    private mutating func lexPoint() {
        if byte(1) == UInt8(ascii: ".") {
            if byte(2) == UInt8(ascii: ".") { return take(.ellipsis, 3) }
            if byte(2) == UInt8(ascii: "<") { return take(.halfOpenRange, 3) }
            if byte(2) == UInt8(ascii: "=") {
                at += 3
                return fail("expected `..`, found `..=`", Span(Int32(at - 3), Int32(at)),
                            help: ["`a..b` includes b, `a..<b` does not"])
            }
            return take(.range, 2)
        }
        guard isDigit(byte(1)) else { return take(.dot, 1) }
        let start = at
        let follows = !spaceBefore && endsValue(tokens.last?.kind)
        at += 1
        while isDigit(byte()) || byte() == UInt8(ascii: "_") { at += 1 }
        let span = Span(Int32(start), Int32(at))
        let digits = clipped(String(decoding: bytes[(start + 1)..<at], as: UTF8.self))
        if follows, tokens.last?.kind == .number {
            fail("expected one point in a number, found `.\(digits)` behind it", span)
        } else if follows {
            fail("expected a field name after `.`, found `\(digits)`", span, help: ["an element is taken by `x[\(digits)]`"])
        } else {
            fail("expected a digit before the point, found `.\(digits)`", span, help: ["write `0.\(digits)`"])
        }
    }

    /// A value may end with this token, so that a quotation mark right behind it is a transpose.
    private func endsValue(_ kind: TokenKind?) -> Bool {
        switch kind {
        case .name, .number, .string, .stringEnd, .closeParen, .closeBracket, .closeBrace, .transpose, .true, .false,
             .none?: return true
        default: return false
        }
    }

    private mutating func lexQuote() {
        if !spaceBefore, endsValue(tokens.last?.kind), !isPrefixedString { return take(.transpose, 1) }
        let start = at
        var end = at + 1
        while end < bytes.count, bytes[end] != 10, bytes[end] != UInt8(ascii: "'") { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "'") else {
            at += 1
            if tokens.last?.kind == .dot, !spaceBefore {
                return fail("expected a field name after `.`, found `'`", Span(Int32(start), Int32(at)), help: ["the transpose is written `'`: write `x'`"])
            }
            let spaced = spaceBefore && endsValue(tokens.last?.kind) && !newlineBefore
            return fail("expected a value, found `'`", Span(Int32(start), Int32(at)),
                        help: [spaced ? "the transpose stands right behind its matrix: `W'`" : "strings are written with `\"`"])
        }
        at = end + 1
        let text = clipped(String(decoding: bytes[(start + 1)..<end], as: UTF8.self))
        fail("expected a string in double quotes, found one in single quotes", Span(Int32(start), Int32(at)),
             help: ["write `\"\(text)\"`"])
    }

    /// `f'…'`, as in Python: a prefix, and what no transpose is followed by.
    private var isPrefixedString: Bool {
        guard let last = tokens.last, last.kind == .name, last.end - last.start == 1, at + 1 < bytes.count else { return false }
        let prefix = bytes[Int(last.start)], next = bytes[at + 1] | 0x20
        guard prefix == UInt8(ascii: "f") || prefix == UInt8(ascii: "r") || prefix == UInt8(ascii: "b") else { return false }
        guard bytes[at + 1] == UInt8(ascii: "{") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(next) else { return false }
        var end = at + 1
        while end < bytes.count, bytes[end] != 10, bytes[end] != UInt8(ascii: "'") { end += 1 }
        return end < bytes.count && bytes[end] == UInt8(ascii: "'")
    }

    private mutating func lexOperator(_ first: UInt8) {
        let second = byte(1)
        let isAssign = second == UInt8(ascii: "=")
        switch first {
        case UInt8(ascii: "+"):
            if isAssign { return take(.plusAssign, 2) }
            if second == first, endsStatement(2) { return step("+") }
            take(.plus, 1)
        case UInt8(ascii: "-"):
            if isAssign { return take(.minusAssign, 2) }
            if second == UInt8(ascii: ">") { return take(.thinArrow, 2) }
            if second == first, endsStatement(2) { return step("-") }
            take(.minus, 1)
        case UInt8(ascii: "*"):
            if isAssign { return take(.timesAssign, 2) }
            if second == first { return slip(2, "expected `^`, found `**`", "write `^`, as in `x^2`") }
            take(.times, 1)
        case UInt8(ascii: "/"):
            if second == first { return take(.floorDivide, 2) }
            if isAssign { return take(.divideAssign, 2) }
            if second == UInt8(ascii: "*") {
                return slip(2, "expected a value, found `/*`", "a comment begins with `#` and ends with its line")
            }
            take(.divide, 1)
        case UInt8(ascii: "%"): take(.modulo, 1)
        case UInt8(ascii: "^"): take(.power, 1)
        case UInt8(ascii: "="):
            if isAssign {
                if byte(2) == first { return slip(3, "expected `==`, found `===`", "equality is written `==`") }
                return take(.equal, 2)
            }
            if second == UInt8(ascii: "<") { return slip(2, "expected `<=`, found `=<`", "less or equal is written `<=`") }
            take(second == UInt8(ascii: ">") ? .arrow : .assign, second == UInt8(ascii: ">") ? 2 : 1)
        case UInt8(ascii: "!"):
            if isAssign {
                if byte(2) == UInt8(ascii: "=") { return slip(3, "expected `!=`, found `!==`", "unequal is written `!=`") }
                return take(.notEqual, 2)
            }
            stray("!", 1)
        case UInt8(ascii: "<"):
            if second == UInt8(ascii: ">") { return slip(2, "expected `!=`, found `<>`", "unequal is written `!=`") }
            if second == UInt8(ascii: "-"), byte(2) == 32 {
                return slip(2, "expected `=`, found `<-`", "a name is set with `x = …`; less than a negative is `x < -y`")
            }
            take(isAssign ? .lessEqual : .less, isAssign ? 2 : 1)
        case UInt8(ascii: ">"):
            if second == first { return take(.compose, 2) }
            take(isAssign ? .greaterEqual : .greater, isAssign ? 2 : 1)
        case UInt8(ascii: "|"):
            if second == UInt8(ascii: ">") { return take(.pipe, 2) }
            if second == first { return slip(2, "expected `or`, found `||`", "write `or`; for bool tensors `|`") }
            take(.elementOr, 1)
        case UInt8(ascii: "&"):
            if second == first { return slip(2, "expected `and`, found `&&`", "write `and`; for bool tensors `&`") }
            take(.elementAnd, 1)
        case UInt8(ascii: "~") where isAssign: slip(2, "expected `!=`, found `~=`", "unequal is written `!=`")
        default: stray(Unicode.Scalar(first), 1)
        }
    }

    private mutating func slip(_ count: Int, _ message: String, _ help: String) {
        at += count
        fail(message, Span(Int32(at - count), Int32(at)), help: [help])
    }

    /// `x++` and `x--` with nothing behind them.
    private mutating func step(_ sign: String) {
        let message = "expected a value, found `\(sign)\(sign)`"
        guard let name = tokens.last, name.kind == .name, Int(name.end) == at else { return slip(2, message, "write `x \(sign)= 1`") }
        let text = String(decoding: bytes[Int(name.start)..<Int(name.end)], as: UTF8.self)
        at += 2
        fail(message, Span(name.start, Int32(at)), help: ["write `\(clipped(text)) \(sign)= 1`"])
    }

    private func endsStatement(_ offset: Int) -> Bool {
        var index = at + offset
        while index < bytes.count, bytes[index] == 32 || bytes[index] == 9 || bytes[index] == 13 { index += 1 }
        guard index < bytes.count else { return true }
        switch bytes[index] {
        case 10, UInt8(ascii: ";"), UInt8(ascii: "}"), UInt8(ascii: ")"), UInt8(ascii: "#"): return true
        default: return false
        }
    }

    private mutating func stray(_ scalar: Unicode.Scalar, _ count: Int) {
        at += count
        fail("expected a value or an operator, found \(shown(scalar))", Span(Int32(at - count), Int32(at)),
             help: help(forStray: scalar, endsLine: endsLine).map { [$0] } ?? [])
    }

    /// Nothing but space and a comment stands behind `at` on its line.
    private var endsLine: Bool {
        let next = bytes[at...].first { $0 != 32 && $0 != 9 && $0 != 13 }
        return next == nil || next == 10 || next == UInt8(ascii: "#")
    }

    // MARK: Names

    private mutating func lexName() {
        let start = at
        while at < bytes.count, isASCIINamePart(bytes[at]) { at += 1 }
        if at < bytes.count, bytes[at] >= 0x80 { return lexUnicodeName(from: start) }
        name(interner.intern(UnsafeBufferPointer(rebasing: bytes[start..<at])), from: start)
    }

    private mutating func name(_ index: Int32, from start: Int) {
        if index < 19, let kind = TokenKind(rawValue: TokenKind.fn.rawValue + UInt8(index)) {
            emit(kind, from: start, payload: index)
        } else {
            emit(.name, from: start, payload: index)
        }
    }

    private mutating func lexUnicode() {
        let (scalar, length) = decode()
        if isNameStart(scalar) { return lexUnicodeName(from: at) }
        stray(scalar, length)
    }

    private mutating func lexUnicodeName(from start: Int) {
        while at < bytes.count {
            if bytes[at] < 0x80 {
                guard isASCIINamePart(bytes[at]) else { break }
                at += 1
            } else {
                let (scalar, length) = decode()
                guard isNamePart(scalar) else { break }
                at += length
            }
        }
        let text = composed(String(decoding: bytes[start..<at], as: UTF8.self))
        name(interner.intern(text), from: start)
    }

    /// The scalar that begins at `at` and its length; the text is known to be valid UTF-8.
    func decode() -> (Unicode.Scalar, Int) {
        let first = UInt32(bytes[at])
        if first < 0x80 { return (Unicode.Scalar(UInt8(first)), 1) }
        let length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
        var value = first & (0xff >> UInt32(length + 1))
        for offset in 1..<length { value = value << 6 | UInt32(byte(offset) & 0x3f) }
        return (Unicode.Scalar(value) ?? "\u{fffd}", length)
    }
}

func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

func isASCIINamePart(_ byte: UInt8) -> Bool {
    (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || isDigit(byte) || byte == 0x5f
}
