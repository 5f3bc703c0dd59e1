import Autodiff
import Syntax
import Tensors

// `x[…]` and `x.f`, read and assigned, on every kind of value that has parts.

/// The gradient of `x[…]`: zeros with the cotangent at the selection; that one's gradient is `x[…]` again.
private final class SelectionBox {
    let selection: Selection
    let shape: [Int]
    let dtype: DType
    init(_ selection: Selection, _ shape: [Int], _ dtype: DType) { self.selection = selection; self.shape = shape; self.dtype = dtype }

    /// Which selected places count in an assignment, as bools: the last of those that repeat; nil where none does.
    lazy var assigned: Tensor? = try? selection.lastOfEach()
}

private class IndexRule: Rule {
    override func add(_ a: Variable, _ b: Variable) throws -> Variable { try (Value(a) + Value(b)).variable() }
    func record(_ inputs: [Variable], _ output: Tensor, _ box: SelectionBox) throws -> Variable {
        let tape = Interpreter.current.tape
        guard tape.isRecording, inputs.contains(where: { tape.isLive($0.serial) }) else { return Variable(output) }
        let serial = try tape.record(self, output, saved: box)
        for input in inputs { tape.addInput(Input(input.tensor, input.serial)) }
        return Variable(output, serial)
    }
}

/// y = x[s]
private final class GetRule: IndexRule {
    static let shared = GetRule()
    static func apply(_ x: Variable, _ box: SelectionBox) throws -> Variable {
        try shared.record([x], try Tensor.get(x.tensor, box.selection), box)
    }
    override func backward(_ step: Step) throws {
        guard let box = step.saved as? SelectionBox else { return }
        if step.needs(0) { try step.give(0, try ScatterRule.apply(step.cotangent, box)) }
    }
}

/// y = zeros with g added at s
private final class ScatterRule: IndexRule {
    static let shared = ScatterRule()
    static func apply(_ g: Variable, _ box: SelectionBox) throws -> Variable {
        try shared.record([g], try Tensor.scatterAdd(shape: box.shape, box.dtype, box.selection, g.tensor), box)
    }
    override func backward(_ step: Step) throws {
        guard let box = step.saved as? SelectionBox else { return }
        if step.needs(0) { try step.give(0, try GetRule.apply(step.cotangent, box)) }
    }
}

/// y = x with v at s
private final class SetRule: IndexRule {
    static let shared = SetRule()
    override func backward(_ step: Step) throws {
        guard let box = step.saved as? SelectionBox else { return }
        if step.needs(0) { try step.give(0, try ZeroRule.apply(step.cotangent, box)) }
        if step.needs(1) {
            var part = Value(try GetRule.apply(step.cotangent, box))
            if let assigned = box.assigned { part = try Op.where(Value(assigned), part, .number(0)) }
            try step.give(1, try unbroadcast(part, like: Value(step.input(1))).variable())
        }
    }
}

/// y = g with zeros at s
private final class ZeroRule: IndexRule {
    static let shared = ZeroRule()
    static func apply(_ g: Variable, _ box: SelectionBox) throws -> Variable {
        try shared.record([g], try Tensor.zeroed(g.tensor, box.selection), box)
    }
    override func backward(_ step: Step) throws {
        guard let box = step.saved as? SelectionBox else { return }
        if step.needs(0) { try step.give(0, try ZeroRule.apply(step.cotangent, box)) }
    }
}

extension Interpreter {
    /// `x[…]` of a tensor, with its gradient.
    func getIndex(_ x: Value, _ subscripts: [Subscript]) throws -> Value {
        let v = try x.variable()
        let selection = try Selection.resolve(subscripts, shape: v.tensor.shape)
        guard v.serial != 0, tape.isRecording, tape.isLive(v.serial) else { return Value(try Tensor.get(v.tensor, selection)) }
        return Value(try GetRule.apply(v, SelectionBox(selection, v.tensor.shape, v.tensor.dtype)))
    }

    /// `x[…] = v`: in place where x is unshared, a functional update while a gradient is recorded.
    func setIndex(_ x: inout Value, _ subscripts: [Subscript], _ newValue: Value) throws {
        var source = newValue
        switch newValue {
        case .list, .range: source = try stacked(newValue, what: "the assigned value")
        case .number, .scalar, .tensor, .bool: break
        default: throw Diagnostic(.type, "a tensor's elements are numbers, got \(newValue.described)")
        }
        guard case .tensor = x.part else { throw Diagnostic(.type, "cannot index \(x.described)") }
        let value = try source.variable()
        guard case (var tensor, let serial)? = x.takeTensor() else { return }
        defer { if case .none = x { x = .tensor(tensor, serial) } }
        let selection = try Selection.resolve(subscripts, shape: tensor.shape)
        if tape.isRecording, tape.isLive(serial) || tape.isLive(value.serial) {
            let original = tensor
            try Tensor.set(&tensor, selection, try Tensor.convert(value.tensor, to: original.dtype))
            let box = SelectionBox(selection, original.shape, original.dtype)
            x = Value(try SetRule.shared.record([Variable(original, serial), value], tensor, box))
            return
        }
        // `tensor` is the only reference, unless somebody else shares it.
        try Tensor.set(&tensor, selection, value.tensor)
        x = .tensor(tensor, 0)
    }

    /// The subscripts of an index as tensors understand them.
    func tensorSubscripts(_ n: NodePointer) throws -> [Subscript] {
        var result: [Subscript] = []
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            switch part.pointee.op {
            case .ellipsis: result.append(.ellipsis)
            case .slice: result.append(try sliceSubscript(part))
            default: result.append(try tensorSubscript(try value(part), part))
            }
        }
        return result
    }

    private func sliceBound(_ n: NodePointer?) throws -> Int? {
        guard let n else { return nil }
        return try sliceBound(try value(n), n)
    }

    func sliceBound(_ v: Value, _ n: NodePointer) throws -> Int? {
        if v.isNone { return nil }
        guard let x = v.asDouble else { throw located(Diagnostic(.type, "a slice runs between whole numbers, got \(v.described)"), n) }
        guard let i = Int(exactly: x) else { throw located(Diagnostic(.value, "a slice runs between whole numbers, got \(numberText(x))"), n) }
        return i
    }

    private func sliceSubscript(_ n: NodePointer) throws -> Subscript {
        let step = try sliceBound(n.pointee.c) ?? 1
        guard step != 0 else { throw located(Diagnostic(.value, "a slice's step must not be 0"), n) }
        return .slice(start: try sliceBound(n.pointee.a), stop: try sliceBound(n.pointee.b), step: step)
    }

    func tensorSubscript(_ v: Value, _ n: NodePointer) throws -> Subscript {
        switch v {
        case .number(let x), .scalar(let x, .f32), .scalar(let x, .f64): return .index(try wholeIndex(x, n))
        case .none: return .newAxis
        case .tensor(let t, _):
            if t.dtype == .bool { return .mask(t) }
            if t.rank == 0 { return .index(try wholeIndex(t.element(0), n)) }
            return .indices(t)
        case .range(let r):
            guard r.count > 0 else { return .range(first: 0, count: 0, step: 1) }
            return .range(first: try wholeIndex(r.start, n), count: r.count, step: r.count > 1 ? try wholeIndex(r.step, n) : 1)
        case .list(let l):
            if l.items.isEmpty { return .list([]) }
            do { return try tensorSubscript(try stacked(v, what: "an index"), n) } catch { throw located(error, n) }
        case .bool, .scalar:
            throw located(Diagnostic(.type, "an index is a whole number, got \(v.described)"), n)
        default: throw located(Diagnostic(.type, "cannot index a tensor by \(v.described)"), n)
        }
    }

    func wholeIndex(_ x: Double, _ n: NodePointer) throws -> Int {
        guard let i = Int(exactly: x) else { throw located(Diagnostic(.value, "an index must be a whole number, got \(numberText(x))"), n) }
        return i
    }

    /// An index into `count` items, negative from the end.
    func position(_ i: Int, _ count: Int, _ what: String) throws -> Int {
        guard i >= -count, i < count else {
            throw Diagnostic(.value, "index \(i) is out of range for \(what) of length \(count)", help: count == 0 ? [] : ["valid: \(-count) … \(count - 1)"])
        }
        return i < 0 ? i + count : i
    }

    // MARK: Reading

    func index(_ n: NodePointer) throws -> Value {
        let base = try value(n.pointee.a)
        switch base {
        case .tensor(let t, _) where t.dtype != .number:
            let subscripts = try tensorSubscripts(n)
            do { return try getIndex(base, subscripts).unboxed } catch { throw indexError(error, n, base) }
        case .list(let l): return try sequenceIndex(n, l.items.count, "a list", { l.items[$0] }, { Value(list: $0.map { l.items[$0] }) })
        case .range(let r): return try sequenceIndex(n, r.count, "a range", { .number(r[$0]) }, { Value(list: $0.map { .number(r[$0]) }) })
        case .string(let s):
            return try sequenceIndex(n, s.scalars.count, "a string", { Value(String(s.scalars[$0])) }, { indices in
                var text = String.UnicodeScalarView()
                for i in indices { text.append(s.scalars[i]) }
                return Value(String(text))
            })
        case .record(let r):
            guard n.isOneValue, case let index = try value(n.pointee.list[0]), let key = index.asString else { throw recordIndex(r.keys, n) }
            guard let found = r[key] else { throw located(noField(key, of: "the record", r.keys), n.pointee.list[0]) }
            return found
        case .object(let o):
            guard n.pointee.count == 1 else { throw located(Diagnostic(.type, "a network is indexed by a number or a path"), n) }
            let part = n.pointee.list[0]
            if part.pointee.op == .slice || part.pointee.op == .range {
                // `net[0:2]` is the chain of these stages, which it shares.
                let stages: [Value]
                do { stages = try numberedStages(o) } catch { throw located(error, n) }
                return try sequenceIndex(n, stages.count, "a chain of layers", { stages[$0] }, { try self.compose($0.map { stages[$0] }) })
            }
            guard part.pointee.op != .ellipsis else { throw located(Diagnostic(.type, "a network is indexed by a number, a slice or a path"), n) }
            let key = try value(part)
            do { return try objectIndex(o, key) } catch { throw located(error, n) }
        case .scalar where n.isWhole: return try getIndex(base, try tensorSubscripts(n)).unboxed
        case .number, .scalar: throw noParts(n)
        default: throw located(Diagnostic(.type, "cannot index \(base.described)"), n)
        }
    }

    private func sequenceIndex(_ n: NodePointer, _ count: Int, _ what: String, _ one: (Int) -> Value, _ many: ([Int]) throws -> Value) throws -> Value {
        guard n.pointee.count == 1 else { throw located(Diagnostic(.type, "\(what) has one index"), n) }
        let part = n.pointee.list[0], written: Subscript
        switch part.pointee.op {
        case .ellipsis: written = .ellipsis
        case .slice: written = try sliceSubscript(part)
        default:
            let v = try value(part)
            switch v {
            case .number, .scalar(_, .f32), .scalar(_, .f64), .tensor, .range, .list: written = try tensorSubscript(v, part)
            default: throw notAnIndex(v, of: what, part)
            }
        }
        do {
            switch try places(written, count, what) {
            case .one(let i): return one(i)
            case .many(let indices): return try many(indices)
            }
        } catch { throw located(error, part) }
    }

    /// The items of a sequence that a subscript names.
    private enum Places { case one(Int), many([Int]) }

    private func places(_ s: Subscript, _ count: Int, _ what: String) throws -> Places {
        func chosen(_ t: Tensor) throws {
            guard t.rank == 1 else { throw Diagnostic(.shape, "\(what) is indexed by a vector, got \(Value(t).described)") }
        }
        switch s {
        case .index(let i): return .one(try position(i, count, what))
        case .slice(let start, let stop, let step): return .many(Self.sliceIndices(start, stop, step, count))
        case .ellipsis: return .many(Array(0..<count))
        case .list(let indices): return .many(try indices.map { try position($0, count, what) })
        case .range(let first, let n, let step):
            guard n > 0 else { return .many([]) }
            // Both ends first: a long range is refused before it takes memory.
            _ = try position(first, count, what)
            _ = try position(Selection.last(first, n, step), count, what)
            return .many(try (0..<n).map { try position(first + $0 * step, count, what) })
        case .indices(let t):
            try chosen(t)
            return .many(try ints(Value(t), what: "an index").map { try position($0, count, what) })
        case .mask(let t):
            try chosen(t)
            guard t.count == count else { throw Diagnostic(.shape, "the mask has \(counted(t.count, "element")), but there are \(counted(count, "item"))") }
            return .many((0..<count).filter { t.u8[$0] != 0 })
        case .newAxis: throw Diagnostic(.type, "\(what) is indexed by a whole number, got none")
        }
    }

    /// The positions of `start:stop:step` in `count` items, clamped as in Python.
    static func sliceIndices(_ start: Int?, _ stop: Int?, _ step: Int, _ count: Int) -> [Int] {
        func clamp(_ i: Int, _ low: Int, _ high: Int) -> Int {
            let normal = i < 0 ? (i < -count ? -1 : i + count) : i
            return min(max(normal, low), high)
        }
        var result: [Int] = []
        if step > 0 {
            var i = start.map { $0 < -count ? 0 : clamp($0, 0, count) } ?? 0
            let end = stop.map { $0 < -count ? 0 : clamp($0, 0, count) } ?? count
            while i < end {
                result.append(i)
                let (next, over) = i.addingReportingOverflow(step)
                if over { break }
                i = next
            }
        } else {
            var i = start.map { clamp($0, -1, count - 1) } ?? count - 1
            let end = stop.map { clamp($0, -1, count - 1) } ?? -1
            while i > end {
                result.append(i)
                let (next, over) = i.addingReportingOverflow(step)
                if over { break }
                i = next
            }
        }
        return result
    }

    /// `r[0]` of a record.
    func recordIndex(_ keys: [String], _ n: NodePointer) -> Diagnostic {
        var error = located(Diagnostic(.type, "a record is indexed by a string", notes: keys.isEmpty || keys.count > 20 ? [] : ["it has: \(keys.joined(separator: ", "))"]), n)
        let base = Operand(n.pointee.a, "r").postfixed
        if n.pointee.count == 1, let place = Int(n.pointee.list[0].pointee.text), keys.indices.contains(place) { error.help = ["write `\(base)[\"\(keys[place])\"]`"] }
        return error
    }

    func noParts(_ n: NodePointer) -> Diagnostic { located(Diagnostic(.type, "a number has no parts to index"), n) }

    func wrongCount(_ names: Int, _ values: Int, _ target: NodePointer) -> Diagnostic {
        located(Diagnostic(.value, "\(counted(names, "name")) for \(counted(values, "value"))"), target)
    }

    /// The error of `n = …`, where what `n` indexes has no parts.
    func noPlace(in base: Value, _ n: NodePointer) -> Diagnostic {
        var error = Diagnostic(.type, "cannot assign to a part of \(base.described)")
        if case .object(let o) = base, o.declaration.isLayer, n.pointee.op == .index, o.stages == nil {
            error.message = "a single layer has no parts to index, as a chain has"
            error.help = ["its fields are its own: write `\(Operand(n.pointee.a, "layer").postfixed).\(o.declaration.fields.first { $0.role == .param }?.name ?? "W")`"]
        }
        return error
    }

    func notTakenApart(_ value: Value, _ target: NodePointer) -> Diagnostic {
        let names = (0..<Int(target.pointee.count)).map { target.pointee.list[$0].pointee.text }.joined(separator: ", ")
        let isList = if case .list = value { true } else { false }
        return located(Diagnostic(.type, "a record is taken apart by `{…}`, got \(value.described)", help: isList ? ["a list is taken apart by `(…)`: write `(\(names)) = …`"] : []), target)
    }

    func outerName(_ n: NodePointer) -> Diagnostic {
        located(Diagnostic(.name, "`\(n.pointee.name)` belongs to the scope outside: a function cannot change it",
                           help: ["return the new value, or pass it in and give it back"]), n)
    }

    /// `x.name`
    func member(_ n: NodePointer) throws -> Value {
        let base = try value(n.pointee.a)
        do { return try field(base, n.pointee.name) } catch { throw fieldError(error, n, base, call: nil) }
    }

    func field(_ base: Value, _ name: String) throws -> Value {
        switch base {
        case .record(let r):
            if let found = r[name] { return found }
            throw noField(name, of: "the record", r.keys)
        case .object(let o):
            let declaration = o.declaration
            if let i = declaration.field(name) {
                if let found = o[field: i] { return found }
                throw Diagnostic(.value, "`\(name)` of \(declaration.name) is not made yet", help: ["it is made at the first call; `build(net, x)` makes it now"])
            }
            if let method = declaration.method(name) {
                return .function(NativeFunction(name, captured: [base]) { interpreter, arguments, keywords in
                    try interpreter.callClosure(method, arguments, keywords, object: o)
                })
            }
            throw noField(name, of: declaration.name, declaration.fields.map(\.name) + declaration.methods.map(\.name))
        default: throw Diagnostic(.name, "a \(base.kind) has no field `\(name)`")
        }
    }

    // MARK: Assigning

    /// Sets a name, or whatever else a target is, to a word and takes over its reference.
    @inline(__always) func store(_ word: Word, in target: NodePointer) throws {
        let slot: UnsafeMutablePointer<Word>
        switch target.pointee.op {
        case .local: slot = frame + Int(target.pointee.slot)
        case .global: slot = target.pointee.cell
        default: return try assign(target, Value(taking: word))
        }
        let old = slot.pointee
        slot.pointee = word
        old.release()
    }

    /// Assigns to a pattern: a name, a part of something, or several.
    func assign(_ target: NodePointer, _ newValue: Value) throws {
        switch target.pointee.op {
        case .local, .global: try store(Word(newValue), in: target)
        case .field:
            frame[Int(target.pointee.count)].object[field: Int(target.pointee.slot)] = newValue
        case .listPattern:
            let parts: [Value]
            if case .record(let r) = newValue { throw recordInListPattern(r, target) }
            do { parts = try items(of: newValue, what: "what is taken apart") } catch { throw located(error, target) }
            let count = Int(target.pointee.count)
            guard parts.count == count else {
                throw wrongCount(count, parts.count, target)
            }
            for i in 0..<count { try assign(target.pointee.list[i], parts[i]) }
        case .recordPattern:
            guard case .record(let r) = newValue else { throw notTakenApart(newValue, target) }
            for i in 0..<Int(target.pointee.count) {
                let name = target.pointee.list[i]
                guard let part = r[name.pointee.name] else { throw located(noField(name.pointee.name, of: "the record", r.keys), name) }
                try assign(name, part)
            }
        case .index, .member:
            try assignPart(target, newValue)
        default: throw located(Diagnostic(.syntax, "cannot assign to this"), target)
        }
    }

    private func assignPart(_ target: NodePointer, _ newValue: Value) throws {
        if target.pointee.op == .member {
            let name = target.pointee.name
            try modify(target.pointee.a) { base in
                try self.setField(&base, name, target) { $0 = newValue }
            }
            return
        }
        let set = try subscripts(target)
        try modify(target.pointee.a) { base in
            try self.setPart(&base, set, target, newValue)
        }
    }

    /// The parts of an index, evaluated once, before what is indexed is taken out of its place.
    private enum Parts { case key(String), tensor([Subscript]) }

    private func subscripts(_ n: NodePointer) throws -> Parts {
        if n.isOneValue {
            let v = try value(n.pointee.list[0])
            if let key = v.asString { return .key(key) }
            return .tensor([try tensorSubscript(v, n.pointee.list[0])])
        }
        return .tensor(try tensorSubscripts(n))
    }

    /// Sets `base[parts] = newValue`; true where `base` itself changed (not an object it refers to).
    private func setPart(_ base: inout Value, _ parts: Parts, _ n: NodePointer, _ newValue: Value) throws -> Bool {
        switch base.part {
        case .tensor:
            guard case .tensor(let subscripts) = parts else { break }
            return try setTensorPart(&base, subscripts, n, newValue)
        case .list, .record: return try changePart(&base, parts, n, makes: true) { $0 = newValue; return true }
        case .object:
            guard case .object(let o) = base else { break }
            switch parts {
            case .key(let path):
                do { try setParameter(o, path, newValue) } catch { throw located(error, n) }
                return false
            case .tensor(let s):
                guard case .index(let i)? = s.first, s.count == 1, let stages = o.stages else { break }
                let k: Int
                do { k = try position(i, stages.count, o.declaration.name) } catch { throw located(error, n) }
                o.setStage(k, newValue)
                return false
            }
        case .number:
            guard case .tensor(let subscripts) = parts, case .scalar = base, n.isWhole else { throw noPartsToAssign(n) }
            base = Value(try base.tensor())
            return try setTensorPart(&base, subscripts, n, newValue)
        case .string: throw located(Diagnostic(.type, "a string cannot be changed in place", help: ["build a new one: `s[:i] + t + s[i + 1:]`"]), n)
        default: break
        }
        throw located(noPlace(in: base, n), n)
    }

    private func setTensorPart(_ base: inout Value, _ subscripts: [Subscript], _ n: NodePointer, _ newValue: Value) throws -> Bool {
        do { try setIndex(&base, subscripts, newValue) } catch { throw indexError(error, n, base) }
        return true
    }

    /// Lets `change` change the item of a list or record in place. The container is taken out of `base` meanwhile,
    /// so that it is copied only where somebody else holds it. True where `base` itself changed: an item that is an object
    /// stays the same one. A field that is not there yet is only made where it is itself assigned (`makes`).
    private func changePart(_ base: inout Value, _ parts: Parts, _ n: NodePointer, makes: Bool = false, _ change: (inout Value) throws -> Bool) throws -> Bool {
        if case .tensor(let s) = parts, case .list(let count) = base.part {
            guard s.count == 1 else { throw located(Diagnostic(.type, "a list has one index"), n) }
            let chosen: Places
            do { chosen = try places(s[0], count, "a list") } catch { throw located(error, n) }
            if case .one(let k) = chosen, var object = base.object(at: k), !makes { return try change(&object) }
            guard var list = base.takeList() else { return false }
            if !isKnownUniquelyReferenced(&list) { list = List(list.items) }
            defer { base = .list(list) }
            switch chosen {
            case .one(let k):
                var item = list.take(k)
                defer { list.set(k, item) }
                return try change(&item)
            case .many(let indices):
                var part = Value(list: indices.map { list.items[$0] })
                guard try change(&part) else { return false }
                try setItems(of: list, indices, part, n)
                return true
            }
        }
        if case .key(let key) = parts, case let found = base.part(key), found.isRecord {
            if !makes, var object = found.object { return try change(&object) }
            guard var record = base.takeRecord() else { return false }
            if !isKnownUniquelyReferenced(&record) { record = Record(record.keys, record.values) }
            defer { base = .record(record) }
            guard let k = record.position(key) else {
                guard makes else { throw located(noField(key, of: "the record", record.keys), n) }
                var item = Value.none
                _ = try change(&item)
                record.set(key, item)
                return true
            }
            var item = record.take(at: k)
            defer { record.set(at: k, item) }
            return try change(&item)
        }
        if case .object(let o) = base {
            switch parts {
            case .tensor(let s):
                guard case .index(let i)? = s.first, s.count == 1, let stages = o.stages else { break }
                let k: Int
                do { k = try position(i, stages.count, o.declaration.name) } catch { throw located(error, n) }
                var item = stages[k]
                if try change(&item) { o.setStage(k, item) }
                return false
            case .key(let path):
                var item = try objectIndex(o, Value(path))
                if try change(&item) { try setParameter(o, path, item) }
                return false
            }
        }
        throw located(noPlace(in: base, n), n)
    }

    /// Puts the items of a sequence into places of a list.
    private func setItems(of list: List, _ places: [Int], _ newValue: Value, _ n: NodePointer) throws {
        let given: [Value]
        switch newValue {
        case .list(let l): given = l.items
        case .range, .tensor: given = try items(of: newValue, what: "the assigned value")
        default:
            throw located(Diagnostic(.type, "\(counted(places.count, "item")) of a list can only be set from a list, got \(newValue.described)"), n)
        }
        guard given.count == places.count else {
            throw located(Diagnostic(.value, "\(counted(places.count, "item")) of a list cannot be set to \(counted(given.count, "item"))"), n)
        }
        for (k, item) in zip(places, given) { list.set(k, item) }
    }

    private func setField(_ base: inout Value, _ name: String, _ n: NodePointer, _ change: (inout Value) throws -> Void) throws -> Bool {
        switch base.part {
        case .record: return try changePart(&base, .key(name), n, makes: true) { try change(&$0); return true }
        case .object:
            guard case .object(let o) = base else { break }
            guard let i = o.declaration.field(name) else {
                throw located(noField(name, of: o.declaration.name, o.declaration.fields.map(\.name)), n)
            }
            var item = o[field: i] ?? .none
            try change(&item)
            o[field: i] = item
            return false
        default: break
        }
        throw noFieldToAssign(base, n)
    }

    /// Takes the value at a path out of its place, lets `change` change it, and puts it back even on an error.
    /// `change` says whether the value itself changed; then the root is rebound, which an outer name refuses.
    func modify(_ n: NodePointer, _ change: (inout Value) throws -> Bool) throws {
        switch n.pointee.op {
        case .local, .global:
            let slot: UnsafeMutablePointer<Word> = n.pointee.op == .local ? frame + Int(n.pointee.slot) : n.pointee.cell
            if slot.pointee.isUnset { throw n.pointee.op == .local ? unsetLocal(n) : unknownName(n) }
            if n.pointee.flag {
                // An outer name: what it refers to may be an object; the name itself stays as it is.
                var copy = Value(slot.pointee)
                if try change(&copy) {
                    throw outerName(n)
                }
                return
            }
            var taken = Value(taking: slot.pointee)
            slot.pointee = .none
            defer { slot.pointee = Word(taken) }
            _ = try change(&taken)
        case .field:
            let object = frame[Int(n.pointee.count)].object
            let i = Int(n.pointee.slot)
            if object.fields[i].isUnset { throw unmadeField(n, object) }
            var taken = Value(taking: object.fields[i])
            object.fields[i] = .none
            defer { object.putBack(i, taken) }
            _ = try change(&taken)
        case .index:
            let parts = try subscripts(n)
            try modify(n.pointee.a) { base in
                if case .tensor(let subscripts) = parts, case .tensor = base {
                    // `x[i][j] = v` on a tensor changes the row, then x.
                    var row = try self.getIndex(base, subscripts)
                    if try change(&row) { try self.setIndex(&base, subscripts, row) }
                    return true
                }
                return try self.changePart(&base, parts, n, change)
            }
        case .member:
            let name = n.pointee.name
            try modify(n.pointee.a) { base in
                if case .object(let o) = base {
                    guard let i = o.declaration.field(name) else {
                        throw self.located(self.noField(name, of: o.declaration.name, o.declaration.fields.map(\.name)), n)
                    }
                    if o.fields[i].isUnset { throw self.located(Diagnostic(.value, "`\(name)` of \(o.declaration.name) is not made yet"), n) }
                    var taken = Value(taking: o.fields[i])
                    o.fields[i] = .none
                    defer { o.putBack(i, taken) }
                    _ = try change(&taken)
                    return false
                }
                return try self.changePart(&base, .key(name), n, change)
            }
        default:
            // Any other expression gives a fresh value: only an object in it can be changed.
            var base = try value(n)
            if try change(&base) { throw located(Diagnostic(.type, "this value has no name, so changing a part of it is lost"), n) }
        }
    }
}

/// What kind of thing an assignment to a part meets. Asking for it leaves no second reference to the thing, which would
/// have it copied.
private enum PartKind { case tensor, list(count: Int), record, object, string, number, other }

extension NodePointer {
    /// True where the index is one value, neither a slice nor `...`.
    var isOneValue: Bool { pointee.count == 1 && pointee.list[0].pointee.op != .slice && pointee.list[0].pointee.op != .ellipsis }

    /// True for `x[...]` and `x[none]`, which a tensor without axes has too.
    var isWhole: Bool {
        (0..<Int(pointee.count)).allSatisfy { i in
            let part = pointee.list[i].pointee
            return part.op == .ellipsis || part.op == .constant && UInt64(part.slot) == Word.Tag.none
        }
    }
}

extension Value {
    @inline(never) fileprivate var part: PartKind {
        switch self {
        case .tensor: .tensor
        case .list(let l): .list(count: l.items.count)
        case .record: .record
        case .object: .object
        case .string: .string
        case .number, .scalar: .number
        default: .other
        }
    }

    /// The object that is a list's item.
    @inline(never) fileprivate func object(at k: Int) -> Value? {
        if case .list(let l) = self, case .object = l.items[k] { l.items[k] } else { nil }
    }

    /// Whether it is a record, and the object that is its field.
    @inline(never) fileprivate func part(_ key: String) -> (isRecord: Bool, object: Value?) {
        guard case .record(let r) = self else { return (false, nil) }
        if case .object? = r[key] { return (true, r[key]) }
        return (true, nil)
    }

    /// Takes the list out, leaving `none`.
    @inline(never) fileprivate mutating func takeList() -> List? {
        guard case .list(let list) = self else { return nil }
        self = .none
        return list
    }

    /// Takes the record out, leaving `none`.
    @inline(never) fileprivate mutating func takeRecord() -> Record? {
        guard case .record(let record) = self else { return nil }
        self = .none
        return record
    }

    /// Takes the tensor out, leaving `none`.
    @inline(never) fileprivate mutating func takeTensor() -> (Tensor, UInt64)? {
        guard case .tensor(let tensor, let serial) = self else { return nil }
        self = .none
        return (tensor, serial)
    }
}
