import Syntax
import Tensors

// How values turn into one another where an operation wants another kind.
extension Interpreter {
    /// A list, range or number as one tensor: items stack along a new first axis and must agree in shape.
    /// Keeps gradients. `what` names the place in an error.
    func stacked(_ value: Value, what: String) throws -> Value {
        switch value {
        case .tensor, .scalar: return value
        case .number(let x): return Value(try Tensor.scalar(x, defaultType))
        case .bool(let b): return Value(try Tensor.scalar(b ? 1 : 0, .bool))
        case .range(let r):
            let t = try Tensor.make([r.count], defaultType)
            Threads.untilInterrupted(count: r.count) { for i in $0 { t.setElement(i, r[i]) } }
            return Value(t)
        case .list(let list):
            guard stackingDepth < Tensor.maxRank else { throw Diagnostic(.limit, "a list is nested too deep for a tensor, which has at most \(Tensor.maxRank) axes") }
            try walk()
            stackingDepth += 1
            defer { stackingDepth -= 1 }
            return try stack(list.items, what: what)
        default: throw Diagnostic(.type, "\(what) must be a tensor, got \(value.described)")
        }
    }

    /// Stacks items along a new first axis: what `[a, b, c]` does.
    ///
    /// `ragged` is what to write for rows of unequal shapes.
    func stack(_ items: [Value], what: String, ragged: String = "write ( … ) for a list of unequal ones") throws -> Value {
        // Plain numbers and constant scalars, the common case, go straight into place.
        var type: DType? = nil
        var plain = true
        var allBool = !items.isEmpty
        for item in items {
            switch item {
            case .number: allBool = false
            case .scalar(_, let t):
                if t != .bool { allBool = false }
                type = type.map { Tensor.promoted($0, t) } ?? t
            case .bool: break
            case .tensor(let t, _) where t.dtype == .number: allBool = false; plain = false
            case .tensor(let t, _):
                plain = false
                if t.dtype != .bool { allBool = false }
                type = type.map { Tensor.promoted($0, t.dtype) } ?? t.dtype
            default: plain = false; allBool = false
            }
        }
        if plain {
            let result = try Tensor.make([items.count], allBool ? .bool : type == nil || type == .bool ? defaultType : type!)
            Threads.untilInterrupted(count: items.count) { block in
                for i in block {
                    switch items[i] {
                    case .number(let x): result.setElement(i, x)
                    case .scalar(let x, _): result.setElement(i, x)
                    case .bool(let b): result.setElement(i, b ? 1 : 0)
                    default: break
                    }
                }
            }
            return Value(result)
        }
        var parts: [Value] = []
        parts.reserveCapacity(items.count)
        var shape: [Int]?
        for (i, item) in items.enumerated() {
            var part = item
            switch item {
            case .list, .range: part = try stacked(item, what: what)
            case .number, .scalar, .bool, .tensor: break
            default: throw Diagnostic(.type, "\(what) cannot stack \(item.described)")
            }
            // A plain number takes the type of what it stands beside.
            let t = try part.tensor()
            if t.dtype == .number { part = try Op.cast(part, Value((type == nil || type == .bool ? defaultType : type!).name)) }
            if let shape, shape != t.shape {
                throw Diagnostic(.shape, "rows do not fit: row 0 is [\(shape.map(String.init).joined(separator: ", "))], row \(i) is [\(t.shape.map(String.init).joined(separator: ", "))]",
                                 help: ["all rows of a tensor have the same shape; \(ragged)"])
            }
            shape = t.shape
            parts.append(part)
        }
        return try Op.stackList(Value(list: parts), .number(0))
    }

    /// The items that a `for` would visit: of a list, a range, a tensor (its rows), a string (its characters),
    /// a record (pairs of key and value).
    func items(of value: Value, what: @autoclosure () -> String) throws -> [Value] {
        switch value {
        case .list(let l): return l.items
        case .range(let r):
            try Self.checkListMemory(r.count)
            var items: [Value] = []
            items.reserveCapacity(r.count)
            Threads.untilInterrupted(count: r.count) { for i in $0 { items.append(.number(r[i])) } }
            return items
        case .tensor(let t, _):
            guard t.rank > 0 else { break }
            return try (0..<t.dims[0]).map { try row(value, $0) }
        case .string(let s):
            let scalars = s.scalars
            var items: [Value] = []
            items.reserveCapacity(scalars.count)
            Threads.untilInterrupted(count: scalars.count) { for i in $0 { items.append(Value(String(scalars[i]))) } }
            return items
        case .record(let r): return zip(r.keys, r.values).map { Value(list: [Value($0), $1]) }
        case .object(let o):
            if let stages = o.stages { return stages }
        default: break
        }
        throw Diagnostic(.type, "\(what()) must be a list, a range or a tensor, got \(value.described)")
    }

    /// Row `i` (not negative, in range) of a tensor, with its gradient.
    func row(_ value: Value, _ i: Int) throws -> Value {
        guard case .tensor(let t, let serial) = value else { throw Diagnostic(.type, "cannot index \(value.described)") }
        if serial != 0, tape.isLive(serial) { return try getIndex(value, [.index(i)]) }
        if t.rank == 1 { return .scalar(t.element(i), t.dtype) }
        let size = t.count / t.dims[0]
        let result = try Tensor.make(UnsafeBufferPointer(start: t.dims + 1, count: t.rank - 1), t.dtype)
        result.data.copyMemory(from: t.data + i * size * t.dtype.size, byteCount: size * t.dtype.size)
        return Value(result)
    }

    /// Refuses a list of so many values where it would not fit into memory, before any of them is made.
    static func checkListMemory(_ count: Int) throws { try checkMemory(count, MemoryLayout<Value>.stride) }

    /// Refuses a list that would not fit into memory.
    static func checkMemory(_ count: Int, _ size: Int) throws {
        let (bytes, over) = count.multipliedReportingOverflow(by: size)
        guard !over, Memory.reserve(bytes) else { throw TensorError(.limit, "not enough memory for a list of \(count) items") }
        Memory.release(bytes)
    }

    /// Whole numbers from a list, a tensor, a range or one number.
    func ints(_ value: Value, what: @autoclosure () -> String) throws -> [Int] {
        func whole(_ x: Double) throws -> Int {
            guard let n = Int(exactly: x) else {
                if x.isNotKnown { throw NotKnown() }
                throw Diagnostic(.value, "\(what()) must hold whole numbers, got \(numberText(x))")
            }
            return n
        }
        switch value {
        case .number(let x): return [try whole(x)]
        case .scalar(let x, _): return [try whole(x)]
        case .tensor(let t, _) where t.rank <= 1: return try (0..<t.count).map { try whole(t.element($0)) }
        case .range(let r):
            try Self.checkMemory(r.count, MemoryLayout<Int>.stride)
            return try (0..<r.count).map { try whole(r[$0]) }
        case .list(let l):
            return try l.items.map {
                guard let x = $0.asDouble else { throw Diagnostic(.type, "\(what()) must hold whole numbers, got \($0.described)") }
                return try whole(x)
            }
        default: throw Diagnostic(.type, "\(what()) must be whole numbers, got \(value.described)")
        }
    }
}
