import CKernels
import Tensors

/// A value of the language as operations see it. The tree walker keeps the same in a 16-byte `Word`.
public enum Value {
    case none
    case bool(Bool)
    /// A number of the language: one kind, 64-bit float.
    case number(Double)
    /// A 0-d tensor (f32, f64 or bool) outside a recording, kept unboxed. The double is exactly its value.
    case scalar(Double, DType)
    /// A tensor and its serial on the tape (0: a constant). A 0-d tensor of type `.number` is a plain number
    /// that is being differentiated.
    case tensor(Tensor, UInt64)
    case string(Text)
    case list(List)
    case record(Record)
    case function(Function)
    case range(RangeValue)
    case object(Object)
}

extension Value {
    /// What kind a user would call it: `number`, `bool`, `string`, `none`, `tensor`, `list`, `record`, `function`,
    /// `range`, `object`, `layer`.
    public var kind: String {
        switch self {
        case .none: "none"
        case .bool: "bool"
        case .number: "number"
        case .scalar: "tensor"
        case .tensor(let t, _): t.dtype == .number ? "number" : "tensor"
        case .string: "string"
        case .list: "list"
        case .record: "record"
        case .function: "function"
        case .range: "range"
        case .object(let o): o.declaration.isLayer ? "layer" : "object"
        }
    }

    @inline(__always) public init(_ tensor: Tensor) { self = .tensor(tensor, 0) }
    public init(_ text: String) { self = .string(Text(text)) }
    public init(list items: [Value]) { self = .list(List(items)) }
    public init(_ x: Int) { self = .number(Double(x)) }

    public var isNone: Bool { if case .none = self { true } else { false } }

    /// The value as a plain double where it is a number or a 0-d tensor (bools do not count).
    @inline(__always) public var asDouble: Double? {
        switch self {
        case .number(let x): x
        case .scalar(let x, _): x
        case .tensor(let t, _) where t.rank == 0: t.element(0)
        default: nil
        }
    }

    /// The value as one truth value where it is a bool or a 0-d bool tensor.
    @inline(__always) public var asBool: Bool? {
        switch self {
        case .bool(let b): b
        case .scalar(let x, .bool): x != 0
        case .tensor(let t, _) where t.rank == 0 && t.dtype == .bool: t.u8[0] != 0
        default: nil
        }
    }

    public var asString: String? { if case .string(let s) = self { s.string } else { nil } }

    /// The same value without its place on the tape.
    public var detached: Value {
        if case .tensor(let t, let s) = self, s != 0 { return Value(t).unboxed }
        return self
    }

    /// A 0-d constant tensor as an unboxed scalar; anything else as it is.
    @inline(__always) public var unboxed: Value {
        if case .tensor(let t, 0) = self, t.rank == 0 {
            return t.dtype == .number ? .number(t.f64[0]) : .scalar(t.element(0), t.dtype)
        }
        return self
    }
}

/// A string of the language; indexed and counted by Unicode scalar.
public final class Text {
    public private(set) var string: String
    private var indexed: [Unicode.Scalar]?
    private var bytes: Int
    /// What is counted of its memory: the text itself, and what was made of it.
    private var counted: Int
    /// In the check, a string of which only the kind is known.
    nonisolated(unsafe) static let unknown = Text("‹text›")

    public init(_ string: String) {
        self.string = string
        bytes = string.utf8.count
        // Fifteen bytes need no memory of their own.
        counted = bytes > 15 ? 80 &+ bytes : 64
        Memory.count(counted)
    }
    deinit { Memory.release(counted) }

    /// The scalars, made at the first indexing.
    public var scalars: [Unicode.Scalar] {
        if let indexed { return indexed }
        let scalars = Array(string.unicodeScalars)
        indexed = scalars
        grow(scalars.count &* 4)
        return scalars
    }

    /// Adds the texts in `parts` to the end; only while nobody else holds the text. False where the memory is not to be had.
    func append(_ parts: UnsafeMutablePointer<Word>, _ count: Int) -> Bool {
        var added = 0
        for i in 0..<count { added += parts[i].text.bytes }
        guard Memory.reserve(added) else { return false }
        bytes += added
        counted += added
        for i in 0..<count { string += parts[i].text.string }
        if let scalars = indexed {
            grow(-scalars.count &* 4)
            indexed = nil
        }
        return true
    }

    private func grow(_ more: Int) {
        counted += more
        Memory.count(more)
    }

    /// True where both hold the same bytes in the same place, or short ones: equal for certain. Looking counts no reference.
    @inline(__always) func isSame(as other: UnsafePointer<String>) -> Bool {
        withUnsafeBytes(of: string) { mine in
            let theirs = UnsafeRawPointer(other)
            return mine.load(as: UInt64.self) == theirs.load(as: UInt64.self)
                && mine.load(fromByteOffset: 8, as: UInt64.self) == theirs.load(fromByteOffset: 8, as: UInt64.self)
        }
    }
}

/// A list: any values. A value: whoever changes one holds the only reference or makes a copy.
public final class List {
    public private(set) var items: [Value]
    private var reserved: Int
    public init(_ items: [Value]) {
        self.items = items
        // The list itself and its array have heads.
        reserved = 80 &+ items.count &* MemoryLayout<Value>.stride
        Memory.count(reserved)
    }
    deinit {
        Memory.release(reserved)
        Release.drop(&items)
    }

    /// Adds an item at the end; throws `limit` where the memory is not to be had.
    public func append(_ value: Value) throws {
        if items.count == items.capacity {
            let more = max(8, items.capacity) &* MemoryLayout<Value>.stride
            guard Memory.reserve(more) else { throw TensorError(.limit, "not enough memory for a list of \(items.count + 1) items") }
            reserved += more
        }
        items.append(value)
    }

    /// Makes room for so many items; throws `limit` where the memory is not to be had.
    public func reserve(_ count: Int) throws {
        let (more, over) = (count - items.capacity).multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
        guard more > 0 else { return }
        guard !over, Memory.reserve(more) else { throw TensorError(.limit, "not enough memory for a list of \(count) items") }
        reserved += more
        items.reserveCapacity(count)
    }

    /// Replaces an item.
    public func set(_ i: Int, _ value: Value) { items[i] = value }

    /// Moves an item out for a change in place, leaving `none`; `set` puts it back.
    public func take(_ i: Int) -> Value {
        let value = items[i]
        items[i] = .none
        return value
    }
}

/// A record: named values in the order in which they were first set.
public final class Record {
    public private(set) var keys: [String]
    public private(set) var values: [Value]
    /// Positions by key, kept from nine keys on; its order is never used.
    private var positions: [TextKey: Int]?
    /// Bytes of a record without fields, and of each field.
    private static let head = 128
    private var each: Int { positions == nil ? 40 : 140 }

    public init(_ keys: [String] = [], _ values: [Value] = []) {
        self.keys = keys
        self.values = values
        Memory.count(Self.head &+ keys.count &* each)
    }
    deinit {
        Memory.release(Self.head &+ keys.count &* each)
        Release.drop(&values)
    }

    public convenience init(_ pairs: KeyValuePairs<String, Value>) {
        self.init(pairs.map(\.key), pairs.map(\.value))
    }

    public var count: Int { keys.count }

    /// The position of a key.
    public func position(_ key: String) -> Int? {
        if keys.count < 9 { return keys.place(of: key) }
        if positions == nil {
            Memory.count(keys.count &* 100)
            positions = Dictionary(uniqueKeysWithValues: keys.enumerated().map { (TextKey($1), $0) })
        }
        return positions![TextKey(key)]
    }

    /// Whether the key at `i` is certainly `name`, for who remembers where it was.
    @inline(__always) func hasKey(_ name: Text, at i: Int) -> Bool {
        keys.withUnsafeBufferPointer { i < $0.count && name.isSame(as: $0.baseAddress! + i) }
    }

    public subscript(key: String) -> Value? { position(key).map { values[$0] } }

    /// Sets a key, at the end where it is new.
    public func set(_ key: String, _ value: Value) {
        if let i = position(key) { values[i] = value; return }
        positions?[TextKey(key)] = keys.count
        keys.append(key)
        values.append(value)
        Memory.count(each)
    }

    public func set(at i: Int, _ value: Value) { values[i] = value }

    /// Moves a value out for a change in place, leaving `none`; `set(at:)` puts it back.
    public func take(at i: Int) -> Value {
        let value = values[i]
        values[i] = .none
        return value
    }
}

/// `a..b`, `a..<b`, `range(a, b, step)`: `count` numbers from `start` by `step`.
public final class RangeValue {
    public let start: Double
    public let step: Double
    public let count: Int
    /// The end as it was written.
    private let end: Double
    private let isClosed: Bool

    /// `end`: where it was written otherwise than as the number that would come next.
    public init(start: Double, step: Double, count: Int, end: Double? = nil, isClosed: Bool = false) {
        self.start = start; self.step = step; self.count = count
        self.end = end ?? start + Double(count) * step
        self.isClosed = isClosed
        Memory.count(64)
    }
    deinit { Memory.release(64) }
    public subscript(i: Int) -> Double { start + Double(i) * step }

    /// As it would be written.
    public var text: String {
        if isClosed { return "\(numberText(start))..\(numberText(end))" }
        if step == 1, start == start.rounded(), end == end.rounded() { return "\(numberText(start))..<\(numberText(end))" }
        return "range(\(numberText(start)), \(numberText(end))\(step == 1 ? "" : ", \(numberText(step))"))"
    }
}

/// Giving values back without deep recursion: a list of lists of lists, millions deep, must not overflow the stack.
enum Release {
    nonisolated(unsafe) private static var depth = 0
    nonisolated(unsafe) private static var waiting: [([Value], NativeFunction.Body?)] = []

    /// Empties an array; what is nested deeper than a thousand levels waits until the outermost one is done.
    @inline(__always) static func drop(_ values: inout [Value]) {
        if values.isEmpty { return }
        var taken: [Value] = []
        swap(&taken, &values)
        var code: NativeFunction.Body?
        later(&taken, &code)
    }

    /// The same for what a function captured, which its code holds too.
    static func drop(_ values: inout [Value], _ code: inout NativeFunction.Body?) {
        later(&values, &code)
    }

    private static func later(_ values: inout [Value], _ code: inout NativeFunction.Body?) {
        if depth >= 1_000 {
            waiting.append((values, code))
            values = []
            code = nil
            return
        }
        depth += 1
        empty(&values, &code)
        depth -= 1
        while depth == 0, var next = waiting.popLast() {
            depth = 1
            empty(&next.0, &next.1)
            depth = 0
        }
    }

    /// A call of its own that stays one, so that the values are given back while `depth` counts them.
    @_optimize(none) @inline(never) private static func empty(_ values: inout [Value], _ code: inout NativeFunction.Body?) {
        values.removeAll()
        code = nil
    }

    /// Gives back the words of an object's fields or a function's captures.
    static func drop(_ words: UnsafeMutablePointer<Word>, _ count: Int) {
        var values: [Value] = []
        for i in 0..<count where words[i].isReference { values.append(Value(taking: words[i])) }
        drop(&values)
    }
}

extension Value {
    /// True where lists and records are nested deeper than `limit`; counted without recursion. Ends at an interrupt.
    func isNestedDeeper(than limit: Int) -> Bool {
        var stack: [(Value, Int)] = [(self, 0)]
        while !nns_interrupted(), let (value, depth) = stack.popLast() {
            if depth > limit { return true }
            switch value {
            case .list(let l): for item in l.items { if case .list = item { stack.append((item, depth + 1)) } else if case .record = item { stack.append((item, depth + 1)) } }
            case .record(let r): for item in r.values { if case .list = item { stack.append((item, depth + 1)) } else if case .record = item { stack.append((item, depth + 1)) } }
            default: break
            }
        }
        return false
    }
}
