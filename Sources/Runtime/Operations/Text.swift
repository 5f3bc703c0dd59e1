import CKernels
import Files
import Glibc
import Syntax
import Tensors

// Text: conversions between values and strings, splitting and joining, reading a file.

/// Where `part` begins in `text`, from the left and without overlaps; at most `limit` places. Ends at an interrupt.
func occurrences(of part: [UInt8], in text: [UInt8], limit: Int = .max) -> [Int] {
    var found: [Int] = []
    guard let first = part.first, part.count <= text.count else { return found }
    var i = 0
    while i <= text.count - part.count, found.count < limit, !nns_interrupted() {
        if text[i] == first, text[i..<(i + part.count)].elementsEqual(part) {
            found.append(i)
            i += part.count
        } else {
            i += 1
        }
    }
    return found
}

extension Op {
    public static let number: Operation = Operation("number(x)", .lists,
        "The number that a text spells, or that a bool (0 or 1) or a tensor of one element holds, without its gradient.",
        examples: [("number(\"0.5\")", "0.5"), ("number(true)", "1"), ("number([7])", "7")], seeAlso: ["string"],
        result: Results.number,
        forward: { c in
            if let b = c[0].asBool { return .number(b ? 1 : 0) }
            switch c[0] {
            case .string(let s):
                guard let x = parsed(s.string) else {
                    throw Diagnostic(.value, "\(c[0].described) is not a number")
                }
                return .number(x)
            case .tensor(let t, _) where t.count == 1: return .number(t.element(0))
            case .tensor(let t, _):
                throw Diagnostic(.shape, "number takes one element, got a tensor of shape \(shapeText(t.shape))")
            default:
                guard let x = c[0].asDouble else { throw c.wrong(0, "a text, a number or a bool") }
                return .number(x)
            }
        })

    /// A number as the language writes it, with spaces around it allowed; also `inf` and `nan`.
    private static func parsed(_ text: String) -> Double? {
        var bytes = Array(text.utf8)
        func isSpace(_ b: UInt8) -> Bool { b == 32 || b >= 9 && b <= 13 }
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        bytes = Array(bytes.drop(while: isSpace))
        var digits = String(decoding: bytes, as: UTF8.self)
        var sign = 1.0
        if digits.hasPrefix("-") { sign = -1; digits.removeFirst() } else if digits.hasPrefix("+") { digits.removeFirst() }
        switch digits {
        case "inf", "infinity": return sign * .infinity
        case "nan": return .nan
        default: break
        }
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
            let hex = digits.dropFirst(2)
            guard !hex.isEmpty, hex.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 | 32) >= 97 && ($0 | 32) <= 102 }) else { return nil }
            return sign * hex.utf8.reduce(0.0) { $0 * 16 + Double($1 <= 57 ? $1 - 48 : ($1 | 32) - 87) }
        }
        guard let first = digits.utf8.first, (first >= 48 && first <= 57) || first == 46,
              digits.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || [43, 45, 46, 69, 95, 101].contains($0) }) else { return nil }
        return Double(String(digits.filter { $0 != "_" })).map { sign * $0 }
    }

    public static let string: Operation = Operation("string(x)", .lists, "The text that `print` shows for a value.",
        examples: [("string(0.5) + \"!\"", "\"0.5!\""), ("string([1, 2])", "\"[1, 2]\"")], seeAlso: ["number", "print"],
        result: Results.string,
        forward: { c in
            if case .string = c[0] { return c[0] }
            return Value(c.interpreter.display(c[0]))
        })

    public static let kind: Operation = Operation("kind(x)", .lists, """
        What a value is, as text: number, bool, string, none, tensor, list, record, function, range, object or layer.
        """,
        examples: [("kind([1, 2])", "\"tensor\""), ("kind((1, \"a\"))", "\"list\""), ("kind(relu)", "\"function\"")], seeAlso: ["shape"],
        result: Results.kind,
        forward: { c in
            let kind = c[0].kind
            return kinds.first { $0.string == kind }.map { .string($0) } ?? Value(kind)
        })

    /// The words that `kind` gives, made once.
    private static let kinds = ["number", "tensor", "function", "layer", "object", "list", "record", "string", "bool", "none", "range"].map(Text.init)

    public static let joined: Operation = Operation("join(xs, separator=\"\")", .lists, "The items of a list as one text, with `separator` between them.",
        examples: [("join((\"a\", \"b\"), \"-\")", "\"a-b\""), ("join(1..3, \", \")", "\"1, 2, 3\"")], seeAlso: ["words", "lines", "string"],
        result: Results.text,
        forward: { c in
            // `join(", ", xs)`, as Python's `", ".join(xs)`, says the same.
            var (xs, separator) = (0, 1)
            if case .string = c[0], c[1].asString == nil { (xs, separator) = (1, 0) }
            let items = try c.sequence(xs)
            let between = try c.string(separator)
            var result = ""
            for i in 0..<items.count {
                if i > 0 { result += between }
                result += c.interpreter.display(try items[i])
                guard Memory.used &+ result.utf8.count < Memory.limit else { throw Diagnostic(.limit, "not enough memory for the text of \(items.count) items") }
                if nns_interrupted() { break }
            }
            return Value(result)
        })

    public static let lines: Operation = Operation("lines(text)", .lists, "The lines of a text, a list of strings without their line ends.",
        examples: [("lines(\"a\\nb\\n\")", "(\"a\", \"b\")")], seeAlso: ["words", "read"],
        result: Results.texts,
        forward: { c in
            var parts: [String] = []
            var line: [UInt8] = []
            for b in try c.string(0).utf8 where !nns_interrupted() {
                guard b == 10 else { line.append(b); continue }
                if line.last == 13 { line.removeLast() }
                parts.append(String(decoding: line, as: UTF8.self))
                line = []
            }
            if !line.isEmpty { parts.append(String(decoding: line, as: UTF8.self)) }
            return Value(list: parts.map { Value($0) })
        })

    public static let words: Operation = Operation("words(text, separator=none)", .lists,
        "The parts of a text between spaces and line ends, or between occurrences of `separator`: a list of strings.",
        examples: [("words(\"a  b c\")", "(\"a\", \"b\", \"c\")"), ("words(\"1,2,,3\", \",\")", "(\"1\", \"2\", \"\", \"3\")")], seeAlso: ["lines", "join", "tokens"],
        result: Results.texts,
        forward: { c in
            let text = Array(try c.string(0).utf8)
            var parts: [Value] = []
            if c.isNone(1) {
                // Spaces as Unicode has them, so that words glued by a no-break space come apart too.
                let scalars = try c.string(0).unicodeScalars
                var start: String.Index?
                for i in scalars.indices where !nns_interrupted() {
                    guard scalars[i].properties.isWhitespace else { start = start ?? i; continue }
                    if let first = start { parts.append(Value(String(scalars[first..<i]))) }
                    start = nil
                }
                if let start { parts.append(Value(String(scalars[start...]))) }
                return Value(list: parts)
            }
            let separator = Array(try c.string(1).utf8)
            guard !separator.isEmpty else { throw Diagnostic(.value, "`separator` of words must not be empty", help: ["the characters of a text are `list(text)`"]) }
            var start = 0
            for place in occurrences(of: separator, in: text) {
                parts.append(Value(String(decoding: text[start..<place], as: UTF8.self)))
                start = place + separator.count
            }
            parts.append(Value(String(decoding: text[start...], as: UTF8.self)))
            return Value(list: parts)
        })

    /// A text changed letter by letter, in parts, so that an interrupt ends it.
    private static func inParts(_ text: String, _ change: (Substring) -> String) -> String {
        let bytes = text.utf8
        var result = "", start = bytes.startIndex
        while start < bytes.endIndex, !nns_interrupted() {
            var end = bytes.index(start, offsetBy: 1 << 16, limitedBy: bytes.endIndex) ?? bytes.endIndex
            // A part ends where a letter does.
            while end < bytes.endIndex, bytes[end] & 0xC0 == 0x80 { end = bytes.index(after: end) }
            result += change(text[start..<end])
            start = end
        }
        return result
    }

    public static let upper: Operation = Operation("upper(text)", .lists, "The text in capitals.", examples: [("upper(\"abc\")", "\"ABC\"")], seeAlso: ["lower"],
        result: Results.text,
        forward: { c in Value(inParts(try c.string(0)) { $0.uppercased() }) })

    public static let lower: Operation = Operation("lower(text)", .lists, "The text in small letters.", examples: [("lower(\"ABC\")", "\"abc\"")], seeAlso: ["upper"],
        result: Results.text,
        forward: { c in Value(inParts(try c.string(0)) { $0.lowercased() }) })

    public static let replace: Operation = Operation("replace(text, old, new)", .lists, "The text with every occurrence of `old` replaced by `new`.",
        examples: [("replace(\"a-b-c\", \"-\", \"+\")", "\"a+b+c\"")], seeAlso: ["contains"],
        result: Results.text,
        forward: { c in
            let text = Array(try c.string(0).utf8), old = Array(try c.string(1).utf8), new = Array(try c.string(2).utf8)
            guard !old.isEmpty else { throw Diagnostic(.value, "`old` of replace must not be empty") }
            let places = occurrences(of: old, in: text)
            let (growth, over) = places.count.multipliedReportingOverflow(by: Swift.max(0, new.count - old.count))
            guard !over, Memory.reserve(growth) else { throw Diagnostic(.limit, "not enough memory for the replaced text") }
            Memory.release(growth)
            var result: [UInt8] = []
            result.reserveCapacity(text.count + growth)
            var start = 0
            for place in places where !nns_interrupted() {
                result += text[start..<place]
                result += new
                start = place + old.count
            }
            result += text[start...]
            return Value(String(decoding: result, as: UTF8.self))
        })

    public static let read: Operation = Operation("read(path)", .lists, "The text of a file, which must be UTF-8.",
        examples: [("try { read(\"missing.txt\") } catch e { e.kind }", "\"io\"")],
        seeAlso: ["lines", "load_csv", "load"],
        result: Results.readText,
        forward: { c in
            let path = try c.string(0)
            var bytes = try reading { try readRaw(path) }
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Diagnostic(.io, "\(path) is not text in UTF-8", help: ["arrays are read by `load`, `load_npy` and `load_image`"])
            }
            return Value(text)
        })

    static let text = [number, string, kind, joined, lines, words, upper, lower, replace, read]
}
