/// The lexer's output: one small struct per token, in one flat array.

enum TokenKind: UInt8 {
    case end, error
    case name, number
    /// A string without interpolations; payload = string index of its decoded text.
    case string
    /// An interpolated string is `stringStart`, then `stringPart`s and `interpolationOpen … interpolationClose`
    /// in turn, then `stringEnd`. The close's payload is the string index of the format, or -1.
    case stringStart, stringPart, interpolationOpen, interpolationClose, stringEnd
    // Brackets; payload = index of the token that closes (opens) it, or -1.
    case openParen, closeParen, openBracket, closeBracket, openBrace, closeBrace
    case comma, semicolon, colon, dot, ellipsis
    case assign, plusAssign, minusAssign, timesAssign, divideAssign
    case arrow, thinArrow, transpose
    // Binary operators
    case pipe, compose, elementOr, elementAnd
    case equal, notEqual, less, lessEqual, greater, greaterEqual
    case range, halfOpenRange
    case plus, minus, times, divide, floorDivide, modulo, matmul, power
    // Reserved words, in the order of `reservedWords`
    case fn, `if`, `else`, `for`, `in`, `while`, `break`, `continue`, `return`, `try`, `catch`, assert
    case `import`, and, or, not, `true`, `false`, none

    var isReserved: Bool { rawValue >= TokenKind.fn.rawValue }
}

/// Interned first, so that a word is reserved when its string index is below their number.
public let reservedWords = [
    "fn", "if", "else", "for", "in", "while", "break", "continue", "return", "try", "catch", "assert",
    "import", "and", "or", "not", "true", "false", "none",
]

/// Words that are reserved only where their statement can stand; interned next.
enum ContextualWord: Int32 {
    case test = 19, object, layer, param, state, `as`, main
    static let spellings = ["test", "object", "layer", "param", "state", "as", "main"]
}

struct Token {
    var kind: TokenKind
    /// A line end stands between the token before and this one.
    var newlineBefore: Bool
    /// White space, a comment or a line end stands before.
    var spaceBefore: Bool
    var start: Int32
    var end: Int32
    var payload: Int32 = -1
    var span: Span { Span(start, end) }
}

/// Every name and literal once, found by its exact bytes.
///
/// Goal: one hash and one comparison per identifier of the text, no `String` made for those seen before.
struct Interner {
    private(set) var strings: [String] = []
    private var pool: [UInt8] = []
    private var places: [(start: Int, count: Int, hash: UInt64)] = []
    private var slots: [Int32]

    init() {
        slots = Array(repeating: -1, count: 256)
        for word in reservedWords { _ = intern(word) }
        for word in ContextualWord.spellings { _ = intern(word) }
    }

    mutating func intern(_ text: String) -> Int32 {
        var text = text
        return text.withUTF8 { intern($0) }
    }

    mutating func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash ^= hash >> 29
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let place = places[Int(slots[slot])]
            if place.hash == hash, place.count == bytes.count, matches(place.start, bytes) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        let index = Int32(strings.count)
        strings.append(String(decoding: bytes, as: UTF8.self))
        places.append((pool.count, bytes.count, hash))
        pool.append(contentsOf: bytes)
        slots[slot] = index
        if strings.count * 2 > slots.count { grow() }
        return index
    }

    private func matches(_ start: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        for index in 0..<bytes.count where pool[start + index] != bytes[index] { return false }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for (index, place) in places.enumerated() {
            var slot = Int(truncatingIfNeeded: place.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }
}
