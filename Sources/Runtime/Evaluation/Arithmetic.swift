import CKernels
import Syntax
import Tensors

// The binary operators on any two values: numbers, tensors (recorded where they are being differentiated),
// strings, records; and what equality means between them.
extension Interpreter {
    func binary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws -> Value {
        switch (a, b) {
        case (.number(let x), .number(let y)):
            let (z, _) = Tensor.scalar(op, x, .number, y, .number)
            return Self.isComparison(op) ? .bool(z != 0) : .number(z)
        case (.number, .scalar), (.scalar, .number), (.scalar, .scalar):
            guard case let (x, t)? = Self.scalarParts(a), case let (y, u)? = Self.scalarParts(b) else { break }
            let (z, type) = Tensor.scalar(op, x, t, y, u)
            return .scalar(z, type)
        case (.tensor, .tensor), (.tensor, .number), (.number, .tensor), (.tensor, .scalar), (.scalar, .tensor):
            return try tensorBinary(op, a, b)
        case (.none, _), (_, .none), (.function, _), (_, .function), (.object, _), (_, .object):
            if op == .equal || op == .notEqual { return .bool(try equals(a, b) == (op == .equal)) }
        case (.bool, .bool), (.bool, .number), (.number, .bool):
            // A bool counts as 0 or 1, but it is not the number: they are of different kinds.
            if op == .equal || op == .notEqual { return .bool(try equals(a, b) == (op == .equal)) }
            return try binary(op, Self.counting(a), Self.counting(b))
        case (.bool(let x), .scalar), (.bool(let x), .tensor): return try binary(op, .scalar(x ? 1 : 0, .bool), b)
        case (.scalar, .bool(let y)), (.tensor, .bool(let y)): return try binary(op, a, .scalar(y ? 1 : 0, .bool))
        case (.string(let x), .string(let y)):
            switch op {
            case .add:
                guard Memory.used &+ x.string.utf8.count &+ y.string.utf8.count < Memory.limit else {
                    throw Diagnostic(.limit, "not enough memory for a string of \(x.string.utf8.count) + \(y.string.utf8.count) bytes")
                }
                return Value(x.string + y.string)
            case .equal: return .bool(x.string.isSame(as: y.string))
            case .notEqual: return .bool(!x.string.isSame(as: y.string))
            case .less: return .bool(x.string.precedes(y.string))
            case .greater: return .bool(y.string.precedes(x.string))
            case .lessEqual: return .bool(!y.string.precedes(x.string))
            case .greaterEqual: return .bool(!x.string.precedes(y.string))
            default: break
            }
        case (.string(let x), .number), (.string(let x), .scalar), (.string(let x), .tensor):
            if op == .multiply, let n = b.asDouble { return Value(try repeated(x.string, n)) }
        case (.number, .string(let x)), (.scalar, .string(let x)), (.tensor, .string(let x)):
            if op == .multiply, let n = a.asDouble { return Value(try repeated(x.string, n)) }
        case (.record(let x), .record(let y)):
            if op == .equal || op == .notEqual { return .bool(try equals(a, b) == (op == .equal)) }
            if op == .add || op == .subtract { return try combine(x, y, op) }
        case (.record(let x), .number), (.record(let x), .scalar), (.record(let x), .tensor):
            if op == .multiply || op == .divide {
                try walk()
                return .record(Record(x.keys, try x.values.map { $0.isNone ? .none : try binary(op, $0, b) }))
            }
        case (.number, .record(let y)), (.scalar, .record(let y)), (.tensor, .record(let y)):
            if op == .multiply {
                try walk()
                return .record(Record(y.keys, try y.values.map { $0.isNone ? .none : try binary(op, a, $0) }))
            }
        case (.list, _), (_, .list), (.range, _), (_, .range):
            return try listBinary(op, a, b)
        default: break
        }
        if op == .equal || op == .notEqual { return .bool(op == .notEqual) }
        throw Diagnostic(.type, Self.notTaken(Self.symbol(op), a, b))
    }

    @inline(__always) private func tensorBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws -> Value {
        if tape.isRecording, a.serial != 0 || b.serial != 0 { return try Self.operation(op)(a, b) }
        if profile != nil { return try Self.operation(op)(a, b) }
        return try Op.binary(op, a, b)
    }

    /// Lists stack where a tensor is wanted; equality of two lists is by content.
    private func listBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws -> Value {
        if op == .equal || op == .notEqual { return .bool(try equals(a, b) == (op == .equal)) }
        switch (a, b) {
        case (.string, _), (_, .string), (.record, _), (_, .record): break
        default:
            let x = isSequence(a) ? try stacked(a, what: "the left operand of `\(Self.symbol(op))`") : a
            let y = isSequence(b) ? try stacked(b, what: "the right operand of `\(Self.symbol(op))`") : b
            return try binary(op, x, y)
        }
        throw Diagnostic(.type, Self.notTaken(Self.symbol(op), a, b))
    }

    /// A number or a 0-d tensor as its double and its type; nil for anything else.
    static func scalarParts(_ v: Value) -> (Double, DType)? {
        switch v {
        case .number(let x): (x, .number)
        case .scalar(let x, let t): (x, t)
        case .tensor(let t, _) where t.rank == 0: (t.element(0), t.dtype)
        default: nil
        }
    }

    /// A bool as the number that it counts as; anything else as it is.
    private static func counting(_ v: Value) -> Value { if case .bool(let b) = v { .number(b ? 1 : 0) } else { v } }

    /// Whether two numbers are equal in the type in which they would be computed: a number beside an f32 is rounded to it.
    private static func same(_ x: Double, _ xType: DType, _ y: Double, _ yType: DType) -> Bool {
        Tensor.scalar(.equal, x, xType, y, yType).0 != 0
    }

    static func isComparison(_ op: BinaryOperation) -> Bool {
        switch op {
        case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual: true
        default: false
        }
    }

    static func operation(_ op: BinaryOperation) -> Operation {
        switch op {
        case .add: Op.add
        case .subtract: Op.subtract
        case .multiply: Op.multiply
        case .divide: Op.divide
        case .floorDivide: Op.floorDivide
        case .modulo: Op.modulo
        case .power: Op.power
        case .maximum: Op.maximum
        case .minimum: Op.minimum
        case .equal: Op.equal
        case .notEqual: Op.notEqual
        case .less: Op.less
        case .lessEqual: Op.lessEqual
        case .greater: Op.greater
        case .greaterEqual: Op.greaterEqual
        case .and: Op.elementAnd
        case .or: Op.elementOr
        }
    }

    static func symbol(_ op: BinaryOperation) -> String { operation(op).name }

    private func repeated(_ s: String, _ n: Double) throws -> String {
        guard let count = Int(exactly: n), count >= 0 else { throw Diagnostic(.value, "a string is repeated a whole number of times, got \(numberText(n))") }
        let (bytes, overflow) = s.utf8.count.multipliedReportingOverflow(by: count)
        guard !overflow, Memory.used &+ bytes < Memory.limit, bytes >= 0 else { throw Diagnostic(.limit, "not enough memory for a string of \(s.utf8.count) × \(count) bytes") }
        // Copied in blocks, so that an interrupt ends it.
        let inBlock = Swift.max(1, (1 << 20) / Swift.max(1, s.utf8.count))
        guard count > inBlock else { return String(repeating: s, count: count) }
        let block = String(repeating: s, count: inBlock)
        var text = ""
        text.reserveCapacity(bytes)
        for _ in 0..<count / inBlock where !nns_interrupted() { text += block }
        try goOn()
        return text + String(repeating: s, count: count % inBlock)
    }

    private func combine(_ x: Record, _ y: Record, _ op: BinaryOperation) throws -> Value {
        try walk()
        guard x.count == y.count, x.keys.allSatisfy({ y.position($0) != nil }) else {
            let onlyLeft = x.keys.filter { y.position($0) == nil }, onlyRight = y.keys.filter { x.position($0) == nil }
            func listed(_ keys: [String]) -> String { keys.prefix(3).map { "`\($0)`" }.joined(separator: ", ") + (keys.count > 3 ? ", …" : "") }
            let lacks = [onlyRight.isEmpty ? nil : "the left one has no \(listed(onlyRight))", onlyLeft.isEmpty ? nil : "the right one has no \(listed(onlyLeft))"]
            let verb = op == .add ? "added" : op == .subtract ? "subtracted" : "joined by `\(Self.symbol(op))`"
            throw Diagnostic(.value, "records that are \(verb) need equal keys: \(lacks.compactMap { $0 }.joined(separator: ", "))")
        }
        var values: [Value] = []
        values.reserveCapacity(x.count)
        for (i, key) in x.keys.enumerated() {
            let other = y.keys[i].isSame(as: key) ? y.values[i] : y[key]!
            // What has no gradient has none in its place, which changes nothing.
            if other.isNone || x.values[i].isNone && op == .add {
                values.append(other.isNone ? x.values[i] : other)
                continue
            }
            do { values.append(try binary(op, x.values[i], other)) } catch {
                var diagnostic = diagnosed(error)
                if diagnostic.source == nil { diagnostic.notes.append("in `\(key)` of both records") }
                throw diagnostic
            }
        }
        return .record(Record(x.keys, values))
    }

    // MARK: Equality

    /// `==` where it gives one bool: lists and records by content (a list equals a tensor of the same shape and
    /// elements), functions and objects by identity, different kinds are unequal.
    func equals(_ a: Value, _ b: Value, depth: Int = 0) throws -> Bool {
        guard depth < 10_000 else { throw Diagnostic(.limit, "values nested too deep to compare") }
        switch (a, b) {
        case (.none, .none): return true
        case (.bool(let x), .bool(let y)): return x == y
        case (.bool(let x), .scalar(let y, .bool)): return x == (y != 0)
        case (.scalar(let x, .bool), .bool(let y)): return (x != 0) == y
        case (.string(let x), .string(let y)): return x.string.isSame(as: y.string)
        case (.function(let x), .function(let y)): return x === y
        case (.object(let x), .object(let y)): return x === y
        case (.record(let x), .record(let y)):
            guard x.count == y.count else { return false }
            try walk()
            for (i, key) in x.keys.enumerated() {
                guard let other = y[key], try equals(x.values[i], other, depth: depth + 1) else { return false }
            }
            return true
        case (.list(let x), .list(let y)):
            guard x.items.count == y.items.count else { return false }
            for i in x.items.indices {
                if i & 0xFFF == 0 { try walk() }
                guard try equals(x.items[i], y.items[i], depth: depth + 1) else { return false }
            }
            return true
        case (.range, .list), (.list, .range), (.range, .range):
            return try equals(Value(list: items(of: a, what: "")), Value(list: items(of: b, what: "")), depth: depth + 1)
        case (.tensor(let t, _), .list), (.tensor(let t, _), .range):
            guard t.rank > 0 else { return false }
            return try equals(Value(list: items(of: a, what: "")), b, depth: depth + 1)
        case (.list, .tensor), (.range, .tensor): return try equals(b, a, depth: depth)
        case (.tensor(let x, _), .tensor(let y, _)) where x.rank > 0 || y.rank > 0:
            guard x.hasShape(of: y) else { return false }
            for i in 0..<x.count where x.element(i) != y.element(i) { return false }
            return true
        default:
            guard let (x, t) = Self.scalarParts(a), let (y, u) = Self.scalarParts(b) else { return false }
            return Self.same(x, t, y, u)
        }
    }

    /// `x in xs`.
    func contains(_ container: Value, _ item: Value) throws -> Bool {
        switch container {
        case .string(let s):
            guard let part = item.asString else { throw Diagnostic(.type, "`in` looks for a string in a string, got \(item.described)") }
            return s.string.holds(part)
        case .record(let r):
            guard let key = item.asString else { throw Diagnostic(.type, "`in` looks for a key in a record, got \(item.described)") }
            return r.position(key) != nil
        case .list(let l):
            return try l.items.contains {
                try walk()
                return try equals($0, item)
            }
        case .range(let r):
            guard let x = item.asDouble else { return false }
            let i = (x - r.start) / r.step
            return i >= 0 && i < Double(r.count) && i == i.rounded()
        case .tensor(let t, _):
            // As `any(xs == x)`, where a bool counts as 0 or 1.
            let sought: (Double, DType)? = if case .bool(let b) = item { (b ? 1 : 0, .bool) } else { Self.scalarParts(item) }
            guard let (x, type) = sought else { return false }
            return (0..<t.count).contains { Self.same(t.element($0), t.dtype, x, type) }
        default: throw Diagnostic(.type, "`in` wants a list, a record, a string or a tensor on its right, got \(container.described)")
        }
    }

    // MARK: Unary

    func negated(_ x: Value) throws -> Value {
        switch x {
        case .number(let v): return .number(-v)
        case .bool(let b): return .number(b ? -1 : 0)
        case .scalar(let v, let type) where type != .bool: return .scalar(-v, type)
        case .scalar: return try Op.negate(x).unboxed
        case .tensor: return try Op.negate(x)
        case .record(let r):
            try walk()
            return .record(Record(r.keys, try r.values.map { try negated($0) }))
        case .list, .range: return try negated(try stacked(x, what: "what `-` negates"))
        default: throw Diagnostic(.type, "`-` does not take \(x.described)")
        }
    }

    /// `x'`
    func transposed(_ x: Value) throws -> Value {
        let value = isSequence(x) ? try stacked(x, what: "what `'` transposes") : x
        guard case .tensor(let t, _) = value, t.rank >= 2 else {
            throw Diagnostic(.shape, "`'` transposes a matrix, got \(x.described)",
                             help: ["`dot(u, v)` is the inner product of vectors, `outer(u, v)` the outer one"])
        }
        return try Op.transpose(value)
    }

    /// `a @ b`
    func product(_ a: Value, _ b: Value) throws -> Value {
        let x = isSequence(a) ? try stacked(a, what: "the left operand of `@`") : a
        let y = isSequence(b) ? try stacked(b, what: "the right operand of `@`") : b
        return try Op.matmul(x, y)
    }

    /// `f >> g`: the standard library's `sequential` of what are known to be stages.
    func compose(_ stages: [Value]) throws -> Value {
        guard let word = prelude["sequential"], case .function(let declaration as ObjectDeclaration) = Value(word), let i = declaration.field("stages") else {
            throw Diagnostic(.name, "the standard library has no `sequential`")
        }
        let chain = object(of: declaration)
        chain.fields[i] = Word(Value(list: stages))
        return .object(chain)
    }
}

extension Operation {
    /// Calls with one argument.
    @inline(__always) public func callAsFunction(_ a: Value) throws -> Value {
        guard parameters.count == 1, restIndex < 0 else { return try apply([a]) }
        let interpreter = Interpreter.current!
        let base = try interpreter.reserveArguments(1)
        defer { interpreter.releaseArguments(base, 1) }
        base[0] = a
        return try invoke(interpreter, base)
    }

    /// Calls with two arguments.
    @inline(__always) public func callAsFunction(_ a: Value, _ b: Value) throws -> Value {
        guard parameters.count == 2, restIndex < 0 else { return try apply([a, b]) }
        let interpreter = Interpreter.current!
        let base = try interpreter.reserveArguments(2)
        defer { interpreter.releaseArguments(base, 2) }
        base[0] = a
        base[1] = b
        return try invoke(interpreter, base)
    }
}
