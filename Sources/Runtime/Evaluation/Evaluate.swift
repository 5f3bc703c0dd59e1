import CKernels
import Glibc
import Syntax
import Tensors

/// How a statement ended.
enum Flow { case normal, breakLoop, continueLoop, returned }

/// A `break`, `continue` or `return` on its way out of an expression; `Interpreter.returned` holds the value.
struct ControlSignal: Error { let flow: Flow }

/// The end of the program by `exit(code)`.
public struct ExitRequest: Error {
    public let code: Int32
    public init(code: Int32) { self.code = code }
}

// The tree walker's expressions. `evaluate` gives a word that the caller owns. Numbers are computed on the spot;
// everything else goes through values, whose references Swift keeps, so that an error leaks nothing.
extension Interpreter {
    /// The plain number of an operand that is a literal, a local or a top-level name; false otherwise.
    @inline(__always) func quick(_ n: NodePointer, _ x: inout Double) -> Bool {
        switch n.pointee.op {
        case .number:
            x = n.pointee.number
            return true
        case .local:
            let w = frame[Int(n.pointee.slot)]
            x = w.number
            return w.isNumber
        case .global:
            let w = n.pointee.cell.pointee
            x = w.number
            return w.isNumber
        default: return false
        }
    }

    /// Both numbers of a binary operation on what can be read without a call; false otherwise.
    @inline(__always) func operands(_ n: NodePointer, _ x: inout Double, _ y: inout Double) -> Bool {
        switch n.pointee.form {
        case .localNumber:
            let w = frame[Int(n.pointee.slot)]
            x = w.number
            y = n.pointee.number
            return w.isNumber
        case .locals:
            let v = frame[Int(n.pointee.slot)], w = frame[Int(n.pointee.count)]
            x = v.number
            y = w.number
            return v.isNumber && w.isNumber
        case .simple: return quick(n.pointee.a, &x) && quick(n.pointee.b, &y)
        default: return false
        }
    }

    /// `evaluate`, with what is at hand read on the spot.
    @inline(__always) func operand(_ n: NodePointer) throws -> Word {
        switch n.pointee.op {
        case .number: return Word(number: n.pointee.number)
        case .local:
            let w = frame[Int(n.pointee.slot)]
            if w.isNumber { return w }
        case .subtract:
            var x = 0.0, y = 0.0
            if operands(n, &x, &y), case let z = x - y, z.isFinite || !checksNaN { return Word(number: z) }
        case .add:
            var x = 0.0, y = 0.0
            if operands(n, &x, &y), case let z = x + y, z.isFinite || !checksNaN { return Word(number: z) }
        case .call: return try call(n)
        default: break
        }
        return try evaluate(n)
    }

    /// The value of an expression as Swift keeps it.
    @inline(__always) func value(_ n: NodePointer) throws -> Value { Value(taking: try evaluate(n)) }

    func evaluate(_ start: NodePointer) throws -> Word {
        var n = start, x = 0.0, y = 0.0
        while true {
            switch n.pointee.op {
            case .number: return Word(number: n.pointee.number)
            case .local, .held:
                let w = frame[Int(n.pointee.slot)]
                if w.isUnset { throw unsetLocal(n) }
                w.retain()
                return w
            case .global:
                let w = n.pointee.cell.pointee
                if w.isUnset { throw unknownName(n) }
                w.retain()
                return w
            case .constant:
                switch UInt64(n.pointee.slot) {
                case Word.Tag.bool: return Word(bool: n.pointee.flag)
                case Word.Tag.none: return .none
                default:
                    let w = Word(bits: UInt64(UInt(bitPattern: n.pointee.object)), meta: Word.Tag.string)
                    w.retain()
                    return w
                }
            case .field:
                let w = frame[Int(n.pointee.count)].field(Int(n.pointee.slot))
                if w.isUnset { throw unmadeField(n, frame[Int(n.pointee.count)].object) }
                w.retain()
                return w
            case .add:
                if operands(n, &x, &y), case let z = x + y, z.isFinite || !checksNaN { return Word(number: z) }
                return try arithmetic(n, .add)
            case .subtract:
                if operands(n, &x, &y), case let z = x - y, z.isFinite || !checksNaN { return Word(number: z) }
                return try arithmetic(n, .subtract)
            case .multiply:
                if operands(n, &x, &y), case let z = x * y, z.isFinite || !checksNaN { return Word(number: z) }
                return try arithmetic(n, .multiply)
            case .divide:
                if operands(n, &x, &y), case let z = x / y, z.isFinite || !checksNaN { return Word(number: z) }
                return try arithmetic(n, .divide)
            case .floorDivide: return try arithmetic(n, .floorDivide)
            case .modulo: return try arithmetic(n, .modulo)
            case .power: return try arithmetic(n, .power)
            case .less:
                if operands(n, &x, &y) { return Word(bool: x < y) }
                return try arithmetic(n, .less)
            case .lessEqual:
                if operands(n, &x, &y) { return Word(bool: x <= y) }
                return try arithmetic(n, .lessEqual)
            case .greater:
                if operands(n, &x, &y) { return Word(bool: x > y) }
                return try arithmetic(n, .greater)
            case .greaterEqual:
                if operands(n, &x, &y) { return Word(bool: x >= y) }
                return try arithmetic(n, .greaterEqual)
            case .equal:
                if operands(n, &x, &y) { return Word(bool: x == y) }
                return try arithmetic(n, .equal)
            case .notEqual:
                if operands(n, &x, &y) { return Word(bool: x != y) }
                return try arithmetic(n, .notEqual)
            case .call: return try call(n)
            case .index: return try element(n) ?? indexed(n)
            case .member: return try fieldOfRecord(n) ?? membered(n)
            case .conditional:
                guard let branch = try condition(n.pointee.a, .ifStatement) ? n.pointee.b : n.pointee.c else { return .none }
                // A branch that is one expression needs no block.
                if branch.pointee.op == .block {
                    guard branch.pointee.count == 1, case let only = branch.pointee.list[0], only.pointee.op == .expression else { return try blockValue(branch) }
                    try step(only)
                    n = only.pointee.a
                } else { n = branch }
            case .attempt, .block: return try blockValue(n)
            case .and, .or: return try logical(n)
            default: return try generalWord(n)
            }
        }
    }

    @inline(never) private func indexed(_ n: NodePointer) throws -> Word { Word(try index(n)) }
    @inline(never) private func membered(_ n: NodePointer) throws -> Word { Word(try member(n)) }
    @inline(never) private func generalWord(_ n: NodePointer) throws -> Word { Word(try general(n)) }

    /// A binary operation whose operands are not both at hand: numbers without values, the rest by `operate`.
    @inline(never) private func arithmetic(_ n: NodePointer, _ op: BinaryOperation) throws -> Word {
        let left = try operand(n.pointee.a)
        guard left.isNumber else { return try arithmetic(n, op, left) }
        let right = try operand(n.pointee.b)
        guard right.isNumber, !checksNaN else { return try arithmetic(n, op, left.number, right) }
        let x = left.number, y = right.number
        switch op {
        case .add: return Word(number: x + y)
        case .subtract: return Word(number: x - y)
        case .multiply: return Word(number: x * y)
        case .divide: return Word(number: x / y)
        case .less: return Word(bool: x < y)
        case .lessEqual: return Word(bool: x <= y)
        case .greater: return Word(bool: x > y)
        case .greaterEqual: return Word(bool: x >= y)
        case .equal: return Word(bool: x == y)
        case .notEqual: return Word(bool: x != y)
        default: return Word(number: Tensor.scalar(op, x, .number, y, .number).0)
        }
    }

    @inline(never) private func arithmetic(_ n: NodePointer, _ op: BinaryOperation, _ left: Double, _ right: Word) throws -> Word {
        try operate(n, op, .number(left), Value(taking: right))
    }

    @inline(never) private func arithmetic(_ n: NodePointer, _ op: BinaryOperation, _ left: Word) throws -> Word {
        let a = Value(taking: left), b = try value(n.pointee.b)
        if op == .equal || op == .notEqual, case .string(let x) = a, case .string(let y) = b {
            return Word(bool: x.string.isSame(as: y.string) == (op == .equal))
        }
        return try operate(n, op, a, b)
    }

    private func operate(_ n: NodePointer, _ op: BinaryOperation, _ a: Value, _ b: Value) throws -> Word {
        do {
            let result = try binary(op, a, b)
            if checksNaN { try checkNaN(result, [a, b], Self.symbol(op), n) }
            return Word(result)
        } catch { throw operandError(error, n, a, b, op) }
    }

    /// A product of matrices; `transposed`: with the right one's rows in place of its columns.
    private func multiply(_ n: NodePointer, _ a: Value, _ b: Value, transposed: Bool = false) throws -> Value {
        do {
            let result = transposed ? try Op.matmul(a, b, .bool(false), .bool(true)) : try product(a, b)
            if checksNaN { try checkNaN(result, [a, b], "@", n) }
            return result
        } catch { throw operandError(error, n, a, transposed ? try self.transposed(b) : b, nil) }
    }

    private func logical(_ n: NodePointer) throws -> Word {
        let isAnd = n.pointee.op == .and
        let word = try evaluate(n.pointee.a)
        if word.meta == Word.Tag.bool {
            if (word.bits != 0) != isAnd { return word }
            let second = try evaluate(n.pointee.b)
            if second.meta == Word.Tag.bool { return second }
            let right = Value(taking: second)
            if let b = right.asBool { return Word(bool: b) }
            throw wantsBool(n.pointee.b, right, isAnd ? "`and`" : "`or`")
        }
        let left = Value(taking: word)
        guard let first = left.asBool else { return try elementLogical(n, left) }
        if case .tensor(let t, _) = left, t.rank > 0 { return try elementLogical(n, left) }
        if first != isAnd { return Word(bool: first) }
        let right = try value(n.pointee.b)
        if let second = right.asBool { return Word(bool: second) }
        throw wantsBool(n.pointee.b, right, isAnd ? "`and`" : "`or`")
    }

    private func elementLogical(_ n: NodePointer, _ left: Value) throws -> Word {
        throw wantsBool(n.pointee.a, left, n.pointee.op == .and ? "`and`" : "`or`")
    }

    func wantsBool(_ n: NodePointer, _ value: Value, _ what: String) -> Diagnostic {
        var error = Diagnostic(.type, "\(what) needs true or false, got \(value.described)", source: n.pointee.source.takeUnretainedValue(), span: n.pointee.span)
        if case .number = value { error.help = ["write `\(Operand(n, "x").postfixed) != 0`"] }
        if case .string = value { error.help = ["write `\(Operand(n, "x").postfixed) != \"\"`"] }
        if case .list(let l) = value, l.items.count == 2, what == "`assert`" {
            error.help = ["leave out the parentheses: `assert \(n.pointee.text.dropFirst().dropLast())`"]
        }
        if case .tensor(let t, _) = value, t.dtype == .bool {
            error.help = ["`all(…)` asks whether every element is true, `any(…)` whether one is; `where(c, a, b)` chooses elementwise"]
        }
        return error
    }

    /// What asks for a truth value, for its error.
    enum Asking: String { case ifStatement = "`if`", whileLoop = "`while`" }

    /// The truth of a condition.
    @inline(__always) func condition(_ n: NodePointer, _ asking: Asking) throws -> Bool {
        var x = 0.0, y = 0.0
        switch n.pointee.op {
        case .less: if operands(n, &x, &y) { return x < y }
        case .lessEqual: if operands(n, &x, &y) { return x <= y }
        case .greater: if operands(n, &x, &y) { return x > y }
        case .greaterEqual: if operands(n, &x, &y) { return x >= y }
        case .equal: if operands(n, &x, &y) { return x == y }
        case .notEqual: if operands(n, &x, &y) { return x != y }
        default: break
        }
        return try truth(n, asking)
    }

    @inline(never) private func truth(_ n: NodePointer, _ asking: Asking) throws -> Bool {
        let w = try evaluate(n)
        if w.meta == Word.Tag.bool { return w.bits != 0 }
        let value = Value(taking: w)
        if let b = value.asBool { return b }
        throw wantsBool(n, value, asking.rawValue)
    }

    /// Expressions that always make values.
    private func general(_ n: NodePointer) throws -> Value {
        switch n.pointee.op {
        case .negate:
            let x = try value(n.pointee.a)
            if case .number(let v) = x { return .number(-v) }
            do { return try negated(x) } catch { throw located(error, n) }
        case .not:
            let x = try value(n.pointee.a)
            if let b = x.asBool, x.serial == 0 { return .bool(!b) }
            if case .tensor(let t, _) = x, t.dtype == .bool { return Value(try Tensor.unary(.not, t)) }
            throw wantsBool(n.pointee.a, x, "`not`")
        case .matmul:
            let a = try value(n.pointee.a)
            // `a @ b'` reads b's rows; nothing is transposed in memory.
            let right = n.pointee.b!
            if right.pointee.op == .transpose {
                let b = try value(right.pointee.a)
                if case .tensor(let t, _) = b, t.rank == 2, case .tensor(let s, _) = a, s.rank == 2 { return try multiply(n, a, b, transposed: true) }
                return try multiply(n, a, try transposedAt(right, b))
            }
            return try multiply(n, a, try value(right))
        case .elementAnd, .elementOr:
            let a = try value(n.pointee.a), b = try value(n.pointee.b)
            let op: BinaryOperation = n.pointee.op == .elementAnd ? .and : .or
            do {
                if case .bool(let x) = a, case .bool(let y) = b { return .bool(op == .and ? x && y : x || y) }
                return try (op == .and ? Op.elementAnd : Op.elementOr)(a, b)
            } catch { throw operandError(error, n, a, b, op) }
        case .isIn:
            let a = try value(n.pointee.a), b = try value(n.pointee.b)
            do { return .bool(try contains(b, a)) } catch { throw located(error, n) }
        case .transpose:
            return try transposedAt(n, try value(n.pointee.a))
        case .list:
            var items: [Value] = []
            items.reserveCapacity(Int(n.pointee.count))
            for i in 0..<Int(n.pointee.count) { items.append(try value(n.pointee.list[i])) }
            return Value(list: items)
        case .bracket:
            var items: [Value] = []
            items.reserveCapacity(Int(n.pointee.count))
            for i in 0..<Int(n.pointee.count) { items.append(try value(n.pointee.list[i])) }
            do { return try bracketed(items, n) } catch { throw located(error, n) }
        case .comprehension: return try comprehension(n)
        case .record:
            var keys: [String] = [], values: [Value] = []
            for i in 0..<Int(n.pointee.count) {
                let part = n.pointee.list[i]
                keys.append(part.pointee.name)
                values.append(try value(part.pointee.a))
            }
            if n.pointee.flag { throw located(Diagnostic(.value, "a key stands twice in the record"), n) }
            return .record(Record(keys, values))
        case .interpolated: return try interpolated(n)
        case .compose:
            var stages: [Value] = []
            for i in 0..<Int(n.pointee.count) {
                let part = n.pointee.list[i]
                let stage = try value(part)
                switch stage {
                case .function(let f) where !(f is ObjectDeclaration): stages.append(stage)
                case .object(let o):
                    if let inner = o.stages {
                        // Beside those that are there already; an array may have room for twice as many.
                        do { try Self.checkMemory(stages.count + inner.count, 2 * MemoryLayout<Value>.stride) } catch { throw located(error, n) }
                        stages += inner
                    } else { stages.append(stage) }
                default:
                    throw notAStage(stage, part)
                }
            }
            do { return try compose(stages) } catch { throw located(error, n) }
        case .range:
            let a = try value(n.pointee.a), b = try value(n.pointee.b)
            do { return try makeRange(a, b, halfOpen: n.pointee.flag) } catch { throw located(error, n) }
        case .lambda: return .function(closure(n.pointee.held(FunctionCode.self)))
        default: throw located(Diagnostic(.syntax, "expected an expression"), n)
        }
    }

    private func transposedAt(_ n: NodePointer, _ x: Value) throws -> Value {
        do { return try transposed(x) } catch { throw transposeError(error, n, x) }
    }

    func makeRange(_ a: Value, _ b: Value, halfOpen: Bool) throws -> Value {
        func whole(_ v: Value) throws -> Double {
            guard let x = v.asDouble else { throw Diagnostic(.type, "a range runs between whole numbers, got \(v.described)") }
            guard x == x.rounded(), abs(x) <= 9_007_199_254_740_992 else { throw Diagnostic(.value, "a range runs between whole numbers, got \(numberText(x))") }
            return x
        }
        let start = try whole(a), end = try whole(b)
        let count = halfOpen ? end - start : end - start + 1
        return .range(RangeValue(start: start, step: 1, count: max(0, Int(count)), end: end, isClosed: !halfOpen))
    }

    /// `[…]`, written at a node: a tensor of what stacks, else a list.
    func bracketed(_ items: [Value], _ n: NodePointer) throws -> Value {
        if items.isEmpty { return Value(list: []) }
        guard items.allSatisfy({ stacks($0) }) else { return Value(list: items) }
        return try n.pointee.op == .comprehension ? stack(items, what: "[ ]", ragged: listByMap(n)) : stack(items, what: "[ ]")
    }

    /// Whether a value is of the kinds that brackets stack, whatever its shape.
    func stacks(_ value: Value, depth: Int = 0) -> Bool {
        switch value {
        case .number, .scalar, .bool, .tensor, .range: true
        case .list(let l): depth < Tensor.maxRank && !l.items.isEmpty && !nns_interrupted() && l.items.allSatisfy { stacks($0, depth: depth + 1) }
        default: false
        }
    }

    /// How the items of a comprehension are made a list.
    private func listByMap(_ n: NodePointer) -> String {
        let clause = n.pointee.list[0].pointee, text = { (part: NodePointer?) in part?.pointee.text ?? "" }
        if n.pointee.count == 1, n.pointee.text.utf8.count <= 60, clause.a.pointee.op == .local || clause.a.pointee.op == .global {
            return "for a list of unequal ones write `map(\(text(clause.a)) => \(text(n.pointee.a)), \(text(clause.b)))`"
        }
        return "`map(x => …, xs)` gives a list of unequal ones"
    }

    private func interpolated(_ n: NodePointer) throws -> Value {
        var text = ""
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            if part.pointee.op == .interpolation {
                let x = try value(part.pointee.a)
                do {
                    text += try part.pointee.object == nil ? display(x) : formatted(x, spec: part.pointee.name)
                } catch { throw located(error, part) }
            } else {
                text += part.pointee.name
            }
        }
        return Value(text)
    }

    // MARK: Functions and blocks

    /// A function value: its code with the locals it captures.
    func closure(_ code: FunctionCode) -> Closure {
        let result = Closure(code)
        for (i, capture) in code.captures.enumerated() {
            let w = frame[Int(capture.outerSlot)]
            w.retain()
            result.captures[i] = w
        }
        return result
    }

    /// A block, `if` or `try` as an expression.
    func blockValue(_ n: NodePointer) throws -> Word {
        let saved = returned
        returned = .none
        let flow: Flow
        do { flow = try execute(n, tail: true) } catch {
            if !(error is ControlSignal) { returned.release(); returned = saved }
            throw error
        }
        if flow != .normal { throw ControlSignal(flow: flow) }
        let result = returned
        returned = saved
        return result
    }

    private func comprehension(_ n: NodePointer) throws -> Value {
        var items: [Value] = []
        try comprehend(n, 0, &items)
        do { return try bracketed(items, n) } catch { throw located(error, n) }
    }

    private func comprehend(_ n: NodePointer, _ level: Int, _ items: inout [Value]) throws {
        if level == Int(n.pointee.count) {
            guard items.count < items.capacity || Memory.used &+ items.count * 48 < Memory.limit else {
                throw located(TensorError(.limit, "not enough memory for a list of \(items.count + 1) items"), n)
            }
            try step(n)
            items.append(try value(n.pointee.a))
            return
        }
        let clause = n.pointee.list[level]
        if clause.pointee.op == .condition {
            if try condition(clause.pointee.a, .ifStatement) { try comprehend(n, level + 1, &items) }
            return
        }
        let iterable = try value(clause.pointee.b)
        if case .range(let r) = iterable, n.pointee.count == 1 {
            do { try Self.checkListMemory(r.count) } catch { throw located(error, n) }
        }
        try iterate(clause, over: iterable) {
            try self.comprehend(n, level + 1, &items)
            return true
        }
    }
}
