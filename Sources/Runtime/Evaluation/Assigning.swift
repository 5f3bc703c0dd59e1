import Autodiff
import Syntax
import Tensors

// What stands left of `=`: names, parts of values, and several of them.
extension Interpreter {
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
        case .string: throw unchangedString(n)
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
                throw noFieldToSet(of: o.declaration.name, o.declaration.fields.map(\.name), n)
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
                        throw self.noFieldToSet(of: o.declaration.name, o.declaration.fields.map(\.name), n)
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

    // MARK: Errors

    func wrongCount(_ names: Int, _ values: Int, _ target: NodePointer) -> Diagnostic {
        located(Diagnostic(.value, "\(counted(names, "name")) for \(counted(values, "value"))"), target)
    }

    /// The error of `n = …`, where what `n` indexes has no parts.
    func noPlace(in base: Value, _ n: NodePointer) -> Diagnostic {
        var error = Diagnostic(.type, "cannot assign to a part of \(base.described)")
        if case .function = base {
            error.message = "\(Operand(n.pointee.a, "it").name) is a function, which has no part to set"
        }
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
}

/// What kind of thing an assignment to a part meets. Asking for it leaves no second reference to the thing, which would
/// have it copied.
private enum PartKind { case tensor, list(count: Int), record, object, string, number, other }

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
