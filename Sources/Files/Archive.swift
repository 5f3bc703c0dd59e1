import Tensors

// The file of `save` and `load`: values of the language in a zip archive.
//
// Goals: NumPy reads it too (`numpy.load(path)["0.W"]`: every tensor is a member NAME.npy); the same value gives the
// same bytes; nothing is run on loading, and no file, however damaged, does more than fail with a message.
// The member `nns.json` holds everything but the tensors' elements.

/// A value as it is stored.
public indirect enum StoredValue {
    case none
    case bool(Bool)
    case number(Double)
    /// A 0-d tensor.
    case scalar(Double, DType)
    /// A tensor and the name wanted for its member (made unique on writing).
    case tensor(name: String, Tensor)
    case string(String)
    case list([StoredValue])
    case record([(key: String, value: StoredValue)])
    case range(start: Double, step: Double, count: Int)
    /// An object: its number in this file, its declaration's name, whether the library's, its fields and its random stream.
    case object(id: Int, name: String, isLibrary: Bool, fields: [(key: String, value: StoredValue)], stream: RandomStream)
    /// An object that occurred before.
    case reference(Int)
    /// A function known by name.
    case function(String)
    /// A random stream's place.
    case stream(RandomStream)
}

/// The member that says what the arrays are part of.
let structureName = "nns.json"
/// Levels of lists, records and objects within each other; each is up to three levels of JSON.
private let deepest = 100

/// The archive of a value.
public func archiveBytes(_ value: StoredValue) throws -> [UInt8] {
    var writer = ArchiveWriter()
    let text = try writer.text(value, 0)
    let structure = Array("{\"format\": 1, \"value\": \(text)}\n".utf8)
    return try zipBytes([(structureName, structure)] + writer.arrays.map { ($0.name + ".npy", npyBytes($0.array)) })
}

/// Reads the archive of a value.
public func loadArchive(_ path: String) throws -> StoredValue { try parseArchive(readRaw(path), path: path) }

/// Parses the archive of a value from bytes. A plain .npz archive is a record of its arrays.
public func parseArchive(_ bytes: [UInt8], path: String) throws -> StoredValue {
    let members = try zipMembers(bytes, path: path)
    var arrays: [String: Tensor] = [:]
    var order: [String] = []
    for member in members where member.name.hasSuffix(".npy") {
        let name = String(member.name.dropLast(4))
        guard arrays[name] == nil else { throw FileError(path, "damaged: two members are named `\(member.name)`") }
        arrays[name] = try parseNPY(member.data[...], path: "\(path) (\(member.name))")
        order.append(name)
    }
    guard let structure = members.first(where: { $0.name == structureName }) else {
        return .record(order.map { ($0, .tensor(name: $0, arrays[$0]!)) })
    }
    var parser = JSONParser(structure.data, path: "\(path) (\(structureName))")
    let top = try parser.document()
    guard case .object(let fields) = top, case .number(let format)? = fields.value("format"), let value = fields.value("value") else {
        throw FileError(path, "damaged: `\(structureName)` does not describe a value")
    }
    guard format == 1 else { throw FileError(path, "was saved in format \(numberText(format)), this version reads format 1", help: ["a newer version of nns reads it"]) }
    return try ArchiveReader(path: path, arrays: arrays).stored(value)
}

private extension Array where Element == (key: String, value: JSON) {
    func value(_ key: String) -> JSON? { first { $0.key == key }?.value }
}

// MARK: Writing

private struct ArchiveWriter {
    var arrays: [(name: String, array: Tensor)] = []
    private var taken: Set<String> = []

    /// Numbers that JSON has no form for are words.
    private func number(_ x: Double) -> String { x.isFinite ? numberText(x) : "{\"number\": \"\(numberText(x))\"}" }

    private func fields(_ parts: [String]) -> String { "[" + parts.joined(separator: ", ") + "]" }

    private func stream(_ s: RandomStream) -> String {
        "[\"\(String(s.seed, radix: 16))\", \"\(String(s.stream, radix: 16))\", \"\(String(s.call, radix: 16))\"]"
    }

    mutating func text(_ value: StoredValue, _ depth: Int) throws -> String {
        guard depth < deepest else { throw FileError("archive", "values nested deeper than \(deepest) cannot be saved") }
        func pairs(_ items: [(key: String, value: StoredValue)]) throws -> String {
            fields(try items.map { "[\(quoted($0.key)), \(try text($0.value, depth + 1))]" })
        }
        switch value {
        case .none: return "null"
        case .bool(let b): return b ? "true" : "false"
        case .number(let x): return number(x)
        case .scalar(let x, let type): return "{\"scalar\": \(number(x)), \"type\": \"\(typeName(type))\"}"
        case .tensor(let wanted, let x):
            // Slashes would make folders of the archive's members.
            let base = wanted.isEmpty ? "x" : String(wanted.map { $0 == "/" || $0 == "\\" ? "_" : $0 })
            var name = base, n = 2
            while !taken.insert(name).inserted { name = "\(base)~\(n)"; n += 1 }
            arrays.append((name, x))
            return "{\"tensor\": \(quoted(name))}"
        case .string(let s): return quoted(s)
        case .list(let items): return fields(try items.map { try text($0, depth + 1) })
        case .record(let items): return "{\"record\": \(try pairs(items))}"
        case .range(let start, let step, let count): return "{\"range\": [\(number(start)), \(number(step)), \(count)]}"
        case .object(let id, let name, let isLibrary, let items, let s):
            return "{\"object\": \(id), \"name\": \(quoted(name)), \"library\": \(isLibrary), \"stream\": \(stream(s)), \"fields\": \(try pairs(items))}"
        case .reference(let id): return "{\"reference\": \(id)}"
        case .function(let name): return "{\"function\": \(quoted(name))}"
        case .stream(let s): return "{\"stream\": \(stream(s))}"
        }
    }
}

private func typeName(_ type: DType) -> String {
    switch type {
    case .bool: "bool"
    case .f32: "f32"
    case .f64, .number: "f64"
    }
}

private func quoted(_ s: String) -> String {
    var out = "\""
    for c in s.unicodeScalars {
        switch c {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case "\t": out += "\\t"
        case _ where c.value < 32:
            let hex = String(c.value, radix: 16)
            out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: out.unicodeScalars.append(c)
        }
    }
    return out + "\""
}

// MARK: Reading

private struct ArchiveReader {
    let path: String
    let arrays: [String: Tensor]

    private func damaged(_ what: String) -> FileError { FileError(path, "damaged: \(what) in `\(structureName)`") }

    private func number(_ json: JSON?) throws -> Double {
        switch json {
        case .number(let x)?: return x
        case .object(let fields)?:
            switch fields.value("number") {
            case .string("nan")?: return .nan
            case .string("inf")?: return .infinity
            case .string("-inf")?: return -.infinity
            default: break
            }
        default: break
        }
        throw damaged("a number is missing")
    }

    private func integer(_ json: JSON?) throws -> Int {
        guard let x = Int(exactly: try number(json)), x >= 0 else { throw damaged("a count is not one") }
        return x
    }

    private func stream(_ json: JSON?) throws -> RandomStream {
        guard case .array(let parts)? = json, parts.count == 3 else { throw damaged("a random stream is not one") }
        let words = try parts.map { part -> UInt64 in
            guard case .string(let s) = part, let word = UInt64(s, radix: 16) else { throw damaged("a random stream is not one") }
            return word
        }
        return RandomStream(seed: words[0], stream: words[1], call: words[2])
    }

    private func pairs(_ json: JSON?) throws -> [(key: String, value: StoredValue)] {
        guard case .array(let items)? = json else { throw damaged("fields are missing") }
        return try items.map { item in
            guard case .array(let pair) = item, pair.count == 2, case .string(let key) = pair[0] else { throw damaged("a field is not one") }
            return (key, try stored(pair[1]))
        }
    }

    func stored(_ json: JSON) throws -> StoredValue {
        switch json {
        case .null: return .none
        case .bool(let b): return .bool(b)
        case .number(let x): return .number(x)
        case .string(let s): return .string(s)
        case .array(let items): return .list(try items.map { try stored($0) })
        case .object(let fields):
            switch fields.first?.key {
            case "number": return .number(try number(json))
            case "scalar":
                let types: [String: DType] = ["bool": .bool, "f32": .f32, "f64": .f64]
                guard case .string(let name)? = fields.value("type"), let type = types[name] else { throw damaged("a type is unknown") }
                let x = try number(fields.value("scalar"))
                return .scalar(type == .f32 ? Double(Float(x)) : type == .bool ? (x != 0 ? 1 : 0) : x, type)
            case "tensor":
                guard case .string(let name)? = fields.value("tensor"), let x = arrays[name] else { throw damaged("a tensor has no member") }
                return .tensor(name: name, x)
            case "record":
                let items = try pairs(fields.value("record"))
                guard Set(items.map { Array($0.key.utf8) }).count == items.count else { throw damaged("a record has a key twice") }
                return .record(items)
            case "range":
                guard case .array(let parts)? = fields.value("range"), parts.count == 3 else { throw damaged("a range is not one") }
                return .range(start: try number(parts[0]), step: try number(parts[1]), count: try integer(parts[2]))
            case "object":
                guard case .string(let name)? = fields.value("name"), case .bool(let isLibrary)? = fields.value("library") else { throw damaged("an object has no name") }
                return .object(id: try integer(fields.value("object")), name: name, isLibrary: isLibrary,
                               fields: try pairs(fields.value("fields")), stream: try stream(fields.value("stream")))
            case "reference": return .reference(try integer(fields.value("reference")))
            case "function":
                guard case .string(let name)? = fields.value("function") else { throw damaged("a function has no name") }
                return .function(name)
            case "stream": return .stream(try stream(fields.value("stream")))
            default: throw damaged("a value of unknown kind")
            }
        }
    }
}

private enum JSON {
    case null, bool(Bool), number(Double), string(String), array([JSON]), object([(key: String, value: JSON)])
}

/// Reads JSON (RFC 8259); depth is bounded, duplicate keys keep their order.
private struct JSONParser {
    private let bytes: [UInt8]
    private let path: String
    private var at = 0

    init(_ bytes: [UInt8], path: String) { self.bytes = bytes; self.path = path }

    private func fail(_ expected: String) -> FileError { FileError(path, "damaged: expected \(expected)", .offset(at)) }

    private mutating func blanks() { while at < bytes.count, [32, 9, 10, 13].contains(bytes[at]) { at += 1 } }

    private mutating func take(_ c: Character) -> Bool {
        blanks()
        guard at < bytes.count, bytes[at] == c.asciiValue! else { return false }
        at += 1
        return true
    }

    private mutating func word(_ text: String) -> Bool {
        guard bytes[at...].starts(with: text.utf8) else { return false }
        at += text.utf8.count
        return true
    }

    mutating func document() throws -> JSON {
        let value = try value(0)
        blanks()
        guard at == bytes.count else { throw fail("the end") }
        return value
    }

    private mutating func value(_ depth: Int) throws -> JSON {
        guard depth < 3 * deepest + 10 else { throw fail("fewer levels") }
        blanks()
        guard at < bytes.count else { throw fail("a value") }
        switch bytes[at] {
        case UInt8(ascii: "{"):
            at += 1
            var fields: [(String, JSON)] = []
            if take("}") { return .object([]) }
            repeat {
                blanks()
                let key = try string()
                guard take(":") else { throw fail("`:`") }
                fields.append((key, try value(depth + 1)))
            } while take(",")
            guard take("}") else { throw fail("`}`") }
            return .object(fields)
        case UInt8(ascii: "["):
            at += 1
            var items: [JSON] = []
            if take("]") { return .array([]) }
            repeat { items.append(try value(depth + 1)) } while take(",")
            guard take("]") else { throw fail("`]`") }
            return .array(items)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "n") where word("null"): return .null
        case UInt8(ascii: "t") where word("true"): return .bool(true)
        case UInt8(ascii: "f") where word("false"): return .bool(false)
        default:
            let from = at
            while at < bytes.count, "+-.eE0123456789".utf8.contains(bytes[at]) { at += 1 }
            guard let x = bytes.withUnsafeBufferPointer({ parseNumber($0, from, at) }), x.isFinite else { throw fail("a value") }
            return .number(x)
        }
    }

    private mutating func string() throws -> String {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw fail("a string") }
        at += 1
        var out: [UInt8] = []
        while true {
            guard at < bytes.count, bytes[at] >= 32 else { throw fail("`\"`") }
            let c = bytes[at]
            at += 1
            if c == UInt8(ascii: "\"") { return String(decoding: out, as: UTF8.self) }
            guard c == UInt8(ascii: "\\") else { out.append(c); continue }
            guard at < bytes.count else { throw fail("an escape") }
            let escape = bytes[at]
            at += 1
            switch escape {
            case UInt8(ascii: "n"): out.append(10)
            case UInt8(ascii: "t"): out.append(9)
            case UInt8(ascii: "r"): out.append(13)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(escape)
            case UInt8(ascii: "u"):
                guard at + 4 <= bytes.count, let code = UInt32(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16),
                      let scalar = Unicode.Scalar(code) else { throw fail("four hexadecimal digits") }
                at += 4
                out += Array(String(Character(scalar)).utf8)
            default: throw fail("an escape")
            }
        }
    }
}
