import Syntax
import Tensors

// Expressions, on what is known of their operands.
extension Checker {
    func evaluate(_ n: NodePointer) throws -> Abstract {
        if !targetParts.isEmpty, let value = targetParts[n] { return value }
        try step()
        switch n.pointee.op {
        case .number: return .number(n.pointee.number)
        case .local, .held: return try local(n)
        case .global: return try global(n)
        case .constant:
            switch UInt64(n.pointee.slot) {
            case Word.Tag.bool: return .exact(.bool(n.pointee.flag))
            case Word.Tag.none: return .none
            default: return .exact(.string(n.pointee.held(Text.self)))
            }
        case .field:
            guard case .object(let id)? = state.slots[Int(n.pointee.count)], let object = state.heap[id] else { return .unknown }
            return object.fields[Int(n.pointee.slot)] ?? .unknown
        case .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .power, .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual,
             .elementAnd, .elementOr:
            let a = try evaluate(n.pointee.a)
            return try binary(n, a, try evaluate(n.pointee.b))
        case .call: return try call(n)
        case .conditional, .attempt, .block: return try blockValue(n)
        case .and, .or: return try logical(n)
        case .negate:
            let x = try evaluate(n.pointee.a)
            if let v = x.exact { return try located(n) { lift(try interpreter.negated(v)) } }
            switch x {
            case .size(let s): return .size(Size(samples: 0 &- s.samples))
            case .kind(.bool): return .kind(.number)
            case .tensor(let shape, .bool): return .tensor(shape, nil)
            case .list: return x.shape.map { .tensor($0, nil) } ?? .unknown
            case .function, .kind(.function), .kind(.string), .wording:
                if let v = try madeUp(x, isWhole: true, .first) { return try located(n) { lift(try interpreter.negated(v)) } }
                return .unknown
            default: return x
            }
        case .not:
            let x = try evaluate(n.pointee.a)
            if let b = x.truth { return .exact(.bool(!b)) }
            if case .tensor(_, let type) = x, type == .bool || type == nil { return x }
            if case .exact(.tensor(let t, _)) = x, t.dtype == .bool { return .exact(Value(try Tensor.unary(.not, t))) }
            try refuseCondition(x, n.pointee.a, "`not`")
            return .kind(.bool)
        case .matmul: return try product(n)
        case .isIn: return try isIn(n)
        case .transpose: return try transposed(n, try evaluate(n.pointee.a))
        case .list: return Abstract.list(try (0..<Int(n.pointee.count)).map { try evaluate(n.pointee.list[$0]) }).bounded
        case .bracket:
            let items = try (0..<Int(n.pointee.count)).map { try evaluate(n.pointee.list[$0]) }
            return try bracketed(items, n)
        case .comprehension: return try comprehension(n)
        case .record:
            var keys: [String] = [], values: [Abstract] = []
            for i in 0..<Int(n.pointee.count) {
                keys.append(n.pointee.list[i].pointee.name)
                values.append(try evaluate(n.pointee.list[i].pointee.a))
            }
            guard Set(keys).count == keys.count else { return .kind(.record) }
            return Abstract.record(keys, values).bounded
        case .interpolated: return try interpolated(n)
        case .compose: return try compose(n)
        case .range:
            let a = try evaluate(n.pointee.a), b = try evaluate(n.pointee.b)
            if let x = a.exact, let y = b.exact { return try located(n) { .exact(try interpreter.makeRange(x, y, halfOpen: n.pointee.flag)) } }
            return .many(.kind(.number))
        case .index: return try index(n)
        case .member: return try member(try evaluate(n.pointee.a), n)
        case .lambda: return .function(closure(n.pointee.held(FunctionCode.self)))
        default: return .unknown
        }
    }

    /// Gives an error its place.
    func located<R>(_ n: NodePointer, _ body: () throws -> R) throws -> R {
        do { return try body() } catch let error as TensorError { throw interpreter.located(error, n) } catch let error as Diagnostic {
            throw interpreter.located(error, n)
        }
    }

    // MARK: Names

    private func local(_ n: NodePointer) throws -> Abstract {
        if let value = state.slots[Int(n.pointee.slot)] { return value }
        if muted > 0 { return .unknown }
        let cell = interpreter.currentModule?.existingCell(n.pointee.name)
        throw interpreter.unsetLocal(n, isOuter: cell.map { state.globals[$0] != nil } ?? false, known: knownNames)
    }

    /// The names that the module has set so far.
    private var knownNames: [String] { interpreter.currentModule?.names.filter { value(ofName: $0) != nil } ?? [] }

    private func value(ofName name: String) -> Abstract? { interpreter.currentModule?.existingCell(name).flatMap { state.globals[$0] } }

    private func global(_ n: NodePointer) throws -> Abstract {
        if let value = state.globals[n.pointee.cell] { return value }
        let word = n.pointee.cell.pointee
        // What the command line holds is known only when the program is about to run.
        if !onlyCertain, n.pointee.name == "args", word.tag == Word.Tag.list { return .many(.kind(.string)) }
        if !word.isUnset { return lift(Value(word)) }
        if let module = interpreter.currentModule, module.assigned.contains(n.pointee.name), isCutShort && running.count > 0 || muted > 0 { return .unknown }
        let known = knownNames
        let holders = known.filter { if case .record(let keys, _)? = value(ofName: $0) { keys.contains(n.pointee.name) } else { false } }
        throw interpreter.unknownName(n, known: known, holders: holders)
    }

    // MARK: Operators

    private static func operation(_ op: OpCode) -> BinaryOperation {
        switch op {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: .divide
        case .floorDivide: .floorDivide
        case .modulo: .modulo
        case .power: .power
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessEqual: .lessEqual
        case .greater: .greater
        case .greaterEqual: .greaterEqual
        case .elementAnd: .and
        default: .or
        }
    }

    /// A binary operator on two known, unknown or partly known operands.
    func binary(_ n: NodePointer, _ a: Abstract, _ b: Abstract) throws -> Abstract {
        let op = Self.operation(n.pointee.op)
        let compares = Interpreter.isComparison(op)
        func real(_ x: Value, _ y: Value) throws -> Value {
            do {
                if op == .and || op == .or {
                    if case .bool(let p) = x, case .bool(let q) = y { return .bool(op == .and ? p && q : p || q) }
                    return try (op == .and ? Op.elementAnd : Op.elementOr)(x, y)
                }
                return try interpreter.binary(op, x, y)
            } catch { throw interpreter.operandError(error, n, x, y, op) }
        }
        if let x = a.exact, let y = b.exact {
            // A long string is not made for its own sake.
            if op == .multiply, a.kindName([:]) == "string" || b.kindName([:]) == "string", (x.asDouble ?? y.asDouble ?? 0) > 1_000 { return .kind(.string) }
            return lift(try real(x, y)).bounded
        }
        if a.isTensorLike, b.isTensorLike { return try tensors(n, op, a, b) }
        if op == .equal || op == .notEqual {
            if let same = equality(a, b) { return .exact(.bool(same == (op == .equal))) }
            // Elementwise beside a tensor; one bool otherwise.
            let isOneBool = [a, b].allSatisfy { side in
                if case .unknown = side { false } else { !side.isTensorLike }
            }
            return isOneBool ? .kind(.bool) : .unknown
        }
        switch (a, b) {
        case (.unknown, _), (_, .unknown), (.kind(.object), _), (_, .kind(.object)), (.kind(.record), _), (_, .kind(.record)), (.fields, _), (_, .fields), (.kind(.list), _), (_, .kind(.list)),
             (.many, _), (_, .many): return .unknown
        case (.record(let keys, let x), .record(let others, let y)) where keys == others && (op == .add || op == .subtract):
            return .record(keys, try ofFields(a, b, real) { try zip(x, y).map { isNone($1) ? $0 : isNone($0) && op == .add ? $1 : try binary(n, $0, $1) } })
        case (.record(let keys, _), .record(let others, _)) where Set(keys) != Set(others) && (op == .add || op == .subtract):
            return lift(try real(displayed(a), displayed(b)))
        case (.record(let keys, let x), _) where b.isTensorLike && (op == .multiply || op == .divide):
            return .record(keys, try ofFields(a, b, real) { try x.map { isNone($0) ? $0 : try binary(n, $0, b) } })
        case (_, .record(let keys, let y)) where a.isTensorLike && op == .multiply:
            return .record(keys, try ofFields(a, b, real) { try y.map { isNone($0) ? $0 : try binary(n, a, $0) } })
        // Lists and ranges stack where a tensor is wanted.
        case _ where a.shape != nil && b.shape != nil: return try tensors(n, op, a, b)
        default: break
        }
        if op == .add, let x = a.shownText, let y = b.shownText { return Abstract.wording(x + y).bounded }
        let strings = [a, b].filter { $0.kindName(state.heap) == "string" }.count
        if strings == 2 { return compares ? .kind(.bool) : op == .add ? .kind(.string) : try refused(a, b, real) }
        if strings == 1, op == .multiply { return .kind(.string) }
        return try refused(a, b, real)
    }

    func isUnknown(_ a: Abstract) -> Bool { if case .unknown = a { true } else { false } }
    private func isNone(_ a: Abstract) -> Bool { if case .exact(.none) = a { true } else { false } }

    /// What an operator gives of the fields of records; its error is one of the records.
    private func ofFields(_ a: Abstract, _ b: Abstract, _ real: (Value, Value) throws -> Value, _ body: () throws -> [Abstract]) throws -> [Abstract] {
        do { return try body() } catch let error as Diagnostic {
            if let x = try madeUp(a, isWhole: true, .first), let y = try madeUp(b, isWhole: true, .first) { _ = try real(x, y) }
            throw error
        }
    }

    /// Asks the operator itself about operands that it may not take.
    private func refused(_ a: Abstract, _ b: Abstract, _ real: (Value, Value) throws -> Value) throws -> Abstract {
        func made(_ side: Abstract) throws -> Value? {
            if case .kind(.number) = side { .number(.notKnown) } else { try madeUp(side, isWhole: true, .first) }
        }
        guard let x = try made(a), let y = try made(b) else { return .unknown }
        do { _ = try real(x, y) } catch let error as Diagnostic where error.kind == ErrorKind.type.rawValue { throw error } catch {}
        return .unknown
    }

    /// `==` where it gives one bool and is known.
    private func equality(_ a: Abstract, _ b: Abstract) -> Bool? {
        switch (a, b) {
        case (.list(let x), .list(let y)):
            guard x.count == y.count else { return false }
            var all: Bool? = true
            for (p, q) in zip(x, y) {
                switch equality(p, q) {
                case false?: return false
                case nil: all = nil
                case true?: break
                }
            }
            return all
        case (.list, .exact(.tensor(let t, _))) where t.rank > 0:
            guard t.count <= 64, let rows = try? (0..<t.dims[0]).map({ lift(try interpreter.row(.tensor(t, 0), $0)) }) else { return nil }
            return equality(a, .list(rows))
        case (.exact(.tensor), .list): return equality(b, a)
        case (.function(let x), .function(let y)): return x === y
        case (.object(let x), .object(let y)): return x == y
        case (.size(let x), .size(let y)): return x == y ? true : nil
        case (.exact(let x), .exact(let y)): return try? interpreter.equals(x, y)
        default:
            guard let k = a.kindName(state.heap), let l = b.kindName(state.heap) else {
                // `v == none` of something that is surely a number.
                if case .exact(.none) = a, b.isTensorLike { return false }
                if case .exact(.none) = b, a.isTensorLike { return false }
                return nil
            }
            let numeric = ["number", "tensor", "bool", "list", "range"]
            if numeric.contains(k) && numeric.contains(l) { return nil }
            return k == l ? nil : false
        }
    }

    /// Two numbers or tensors.
    private func tensors(_ n: NodePointer, _ op: BinaryOperation, _ a: Abstract, _ b: Abstract) throws -> Abstract {
        let compares = Interpreter.isComparison(op) || op == .and || op == .or
        if let x = a.wholeNumber, let y = b.wholeNumber, a.isPlain, b.isPlain {
            if compares {
                if x == y { return .exact(.bool(op == .equal || op == .lessEqual || op == .greaterEqual)) }
                if op == .equal || op == .notEqual, activation.isLibrary, sizes.failsAlways([x, y], { world in world(x) != world(y) }) {
                    return .exact(.bool(op == .notEqual))
                }
                return .kind(.bool)
            }
            // The samples are primes, from whose remainders nothing follows.
            if op == .modulo, !x.isConstant || !y.isConstant {
                guard let k = y.constant, k > 0, let form = sizes.linear(x), form.factor % k == 0 else { return .kind(.number) }
                return .whole(Size((form.offset % k + k) % k))
            }
            var samples = SIMD3<Int>(repeating: 0)
            for world in 0..<Sizes.worlds {
                let (z, _) = Tensor.scalar(op, Double(x.samples[world]), .number, Double(y.samples[world]), .number)
                guard let whole = Int(exactly: z), whole.magnitude < 1 << 50 else { return .kind(.number) }
                samples[world] = whole
            }
            return .whole(Size(samples: samples))
        }
        if a.isPlain, b.isPlain {
            if compares { return .kind(.bool) }
            let types = [a.dtype, b.dtype]
            return types.contains(nil) || types.allSatisfy { $0 == .number || $0 == .bool } ? .kind(.number) : .tensor([], nil)
        }
        let type: DType? = compares ? .bool : a.dtype == b.dtype && a.dtype != .bool ? a.dtype : nil
        guard let x = a.shape, let y = b.shape else { return .tensor(nil, type) }
        let wholes = a.everySize + b.everySize
        do {
            guard let samples = try inWorlds(wholes, { world in try Tensor.broadcastShape(x.map(world.value), y.map(world.value)) }) else { return .tensor(nil, type) }
            return .tensor(shape(samples), type)
        } catch {
            guard let s = try madeUp(a, isWhole: false, .first), let t = try madeUp(b, isWhole: false, .first) else { return .tensor(nil, type) }
            let left = interpreter.isSequence(s) ? try interpreter.stacked(s, what: "") : s, right = interpreter.isSequence(t) ? try interpreter.stacked(t, what: "") : t
            throw interpreter.operandError(error, n, left, right, op)
        }
    }

    private func product(_ n: NodePointer) throws -> Abstract {
        let a = try evaluate(n.pointee.a), b = try evaluate(n.pointee.b)
        guard let x = a.shape, let y = b.shape, let rule = Op.matmul.shape else {
            for side in [a, b] where !isUnknown(side) {
                switch side {
                case .exact(.string), .exact(.none), .exact(.function), .function, .kind(.function), .kind(.string), .wording, .record, .kind(.record), .list, .object, .kind(.object):
                    // Their kinds are enough, but for what stands in a list.
                    let isList = if case .list = side { true } else { false }
                    guard let s = try madeUp(a, isWhole: isList, .first), let t = try madeUp(b, isWhole: isList, .first) else { continue }
                    do { _ = try interpreter.product(s, t) } catch let error as Diagnostic where error.kind == ErrorKind.type.rawValue {
                        throw interpreter.operandError(error, n, s, t, nil)
                    } catch is TensorError {}
                default: break
                }
            }
            return .tensor(nil, nil)
        }
        do {
            let samples = try inWorlds(x + y) { world in try rule([x.map(world.value), y.map(world.value)], [.none, .none, .bool(false), .bool(false)]) }
            return samples.flatMap(shape).map { $0.isEmpty ? .tensor([], nil) : .tensor($0, nil) } ?? .tensor(nil, nil)
        } catch {
            func made(_ side: Abstract) throws -> Value? {
                guard let v = try madeUp(side, isWhole: true, .first) else { return nil }
                return interpreter.isSequence(v) ? try interpreter.stacked(v, what: "") : v
            }
            guard let s = try made(a), let t = try made(b) else { return .tensor(nil, nil) }
            do { _ = try interpreter.product(s, t) } catch { throw interpreter.operandError(error, n, s, t, nil) }
            return .tensor(nil, nil)
        }
    }

    private func transposed(_ n: NodePointer, _ x: Abstract) throws -> Abstract {
        switch x {
        case .unknown, .tensor(nil, _), .kind(.list), .kind(.record), .fields, .kind(.object), .many: return .unknown
        default: break
        }
        if let shape = x.shape, shape.count >= 2 {
            if let v = x.exact { return lift(try interpreter.transposed(v)) }
            var swapped = shape
            swapped.swapAt(shape.count - 1, shape.count - 2)
            return .tensor(swapped, x.dtype)
        }
        if case .list = x, x.shape == nil { return .unknown }
        if case .kind(.number) = x { return .unknown }
        guard let v = try madeUp(x, isWhole: true, .first) else { return .unknown }
        return try located(n) { lift(try interpreter.transposed(v)) }
    }

    private func logical(_ n: NodePointer) throws -> Abstract {
        let isAnd = n.pointee.op == .and
        let what = isAnd ? "`and`" : "`or`"
        if let first = try truth(n.pointee.a, what) {
            if first != isAnd { return .exact(.bool(first)) }
            if let second = try truth(n.pointee.b, what) { return .exact(.bool(second)) }
            return .kind(.bool)
        }
        let before = state, wasCertain = isCertain
        isCertain = false
        doubts += 1
        defer { doubts -= 1 }
        var second: Bool?
        var hasFailed = false
        do { second = try truth(n.pointee.b, what) } catch let error as Diagnostic {
            // The right side fails, so the left one decides, or the library is not meant to come here.
            if !activation.isLibrary {
                try report(error)
                hasFailed = onlyCertain
            }
            state = before
        } catch is Stopped { state = before }
        isCertain = wasCertain && !hasFailed
        state = merged(before, state)
        // `false` on the right of `and` decides, whatever stands on its left; so does `true` on the right of `or`.
        return second == !isAnd ? .exact(.bool(!isAnd)) : .kind(.bool)
    }

    private func isIn(_ n: NodePointer) throws -> Abstract {
        let a = try evaluate(n.pointee.a), b = try evaluate(n.pointee.b)
        if let x = a.exact {
            switch b {
            case .exact(let y): return try located(n) { .exact(.bool(try interpreter.contains(y, x))) }
            case .list(let items):
                let found = items.map { equality($0, a) }
                if found.contains(true) { return .exact(.bool(true)) }
                return found.contains(nil) ? .kind(.bool) : .exact(.bool(false))
            case .record(let keys, _):
                guard let key = x.asString else { return try located(n) { .bool(try interpreter.contains(.record(Record()), x)) } }
                return .exact(.bool(keys.contains(key)))
            case .fields(let keys): if let key = x.asString, !keys.contains(key) { return .exact(.bool(false)) }
            default: break
            }
        }
        return .kind(.bool)
    }

    // MARK: Members

    /// `call` is the call whose function the field is.
    func member(_ base: Abstract, _ n: NodePointer, call: NodePointer? = nil) throws -> Abstract {
        let name = n.pointee.name
        func field(_ base: Value, _ n: NodePointer) throws -> Abstract {
            do { return lift(try interpreter.field(base, name)) } catch { throw interpreter.fieldError(error, n, base, call: call) }
        }
        func missing(_ what: String, _ accepted: [String]) -> Diagnostic {
            let error = interpreter.noField(name, of: what, accepted)
            return interpreter.fieldError(error, n, displayed(base), call: call) as? Diagnostic ?? interpreter.located(error, n)
        }
        switch base {
        case .record(let keys, let values):
            if let i = keys.place(of: name) { return values[i] }
            throw missing("the record", keys)
        case .object(let id):
            guard let object = state.heap[id] else { return .unknown }
            let declaration = object.declaration
            if let i = declaration.field(name) { return object.fields[i] ?? .unknown }
            if let method = declaration.method(name) {
                return .function(AbstractFunction(name, .closure(method.code, method.captures, object: id)))
            }
            throw missing(declaration.name, declaration.fields.map(\.name) + declaration.methods.map(\.code.name))
        case .fields(let keys):
            if keys.contains(name) { return .unknown }
            throw missing("the record", keys)
        case .unknown, .kind(.record), .kind(.object), .kind(.function): return .unknown
        case .kind(.number), .kind(.bool): return .unknown
        case .function: return try field(displayed(base), n)
        case .tensor(nil, _): return try field(Value(try Tensor.fill([1], 0, .f32)), n)
        case .many, .kind(.list): return try field(Value(list: []), n)
        default:
            guard let made = try madeUp(base, isWhole: false, .first) else { return .unknown }
            return try field(made, n)
        }
    }
}
