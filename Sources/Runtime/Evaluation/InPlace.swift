import Tensors

// The short way to what loops do most: reading and setting one element of a tensor, one item of a list, one field of
// a record, and adding to the end of a string, where they stand in a variable.
//
// Goals: no value is made and no reference counted where numbers go into numbers; nothing is evaluated that could have
// an effect, so that whenever the short way does not apply, the general one (Indexing.swift) begins from the start.
extension Interpreter {
    /// The number of an expression made of literals, variables and `+ - *`; false for any other, which may have effects.
    func plainNumber(_ n: NodePointer, _ x: inout Double) -> Bool {
        if quick(n, &x) { return true }
        var y = 0.0
        switch n.pointee.op {
        case .add:
            guard plainNumber(n.pointee.a, &x), plainNumber(n.pointee.b, &y) else { return false }
            x += y
        case .subtract:
            guard plainNumber(n.pointee.a, &x), plainNumber(n.pointee.b, &y) else { return false }
            x -= y
        case .multiply:
            guard plainNumber(n.pointee.a, &x), plainNumber(n.pointee.b, &y) else { return false }
            x *= y
        default: return false
        }
        return true
    }

    /// The place of a whole number in range among `count`, negative from the end; -1 for any other.
    @inline(__always) private func place(_ n: NodePointer, _ count: Int) -> Int {
        var x = 0.0
        guard plainNumber(n, &x), let i = Int(exactly: x) else { return -1 }
        let place = i < 0 ? i &+ count : i
        return place < count ? place : -1
    }

    /// The flat place that `x[i, j, …]` names, one plain number an axis; -1 where it names anything else.
    @inline(__always) private func place(_ n: NodePointer, in t: Tensor) -> Int {
        let rank = t.rank
        guard Int(n.pointee.count) == rank, rank > 0 else { return -1 }
        var flat = 0
        for axis in 0..<rank {
            let size = t.dims[axis], i = place(n.pointee.list[axis], size)
            if i < 0 { return -1 }
            flat = flat &* size &+ i
        }
        return flat
    }

    /// The slot of a variable that may be changed here; nil for an outer name and for anything but a name.
    @inline(__always) private func slot(_ n: NodePointer) -> UnsafeMutablePointer<Word>? {
        switch n.pointee.op {
        case .local: n.pointee.flag ? nil : frame + Int(n.pointee.slot)
        case .global: n.pointee.flag ? nil : n.pointee.cell
        default: nil
        }
    }

    /// Runs `body` on what a slot refers to where nobody else does; false otherwise.
    @inline(__always) private func withUnshared<T: AnyObject>(_ slot: UnsafeMutablePointer<Word>, _: T.Type, _ body: (T) -> Bool) -> Bool {
        var object = Unmanaged<T>.fromOpaque(slot.pointee.pointer).takeRetainedValue()
        defer { _ = Unmanaged.passRetained(object) }
        return isKnownUniquelyReferenced(&object) && body(object)
    }

    // MARK: Reading

    /// What a variable holds, without a reference of its own; unset for any other expression.
    @inline(__always) private func variable(_ n: NodePointer) -> Word {
        switch n.pointee.op {
        case .local: frame[Int(n.pointee.slot)]
        case .global: n.pointee.cell.pointee
        default: .unset
        }
    }

    /// `x[i]`, `m[i, j]`, `xs[i]` by plain numbers, as a word of its own; nil where the general way must be gone.
    func element(_ n: NodePointer) -> Word? {
        let w = variable(n.pointee.a)
        if w.meta == Word.Tag.tensor {
            return Unmanaged<Tensor>.fromOpaque(w.pointer)._withUnsafeGuaranteedRef { t -> Word? in
                let i = place(n, in: t)
                guard i >= 0 else { return nil }
                switch t.dtype {
                case .f32: return Word(bits: Double(t.f32[i]).bitPattern, meta: Word.Tag.scalarF32)
                case .f64: return Word(bits: t.f64[i].bitPattern, meta: Word.Tag.scalarF64)
                case .bool: return Word(bits: Double(t.u8[i]).bitPattern, meta: Word.Tag.scalarBool)
                case .number: return nil
                }
            }
        }
        if w.meta == Word.Tag.list, n.pointee.count == 1 {
            return Unmanaged<List>.fromOpaque(w.pointer)._withUnsafeGuaranteedRef { list -> Word? in
                let i = place(n.pointee.list[0], list.items.count)
                return i < 0 ? nil : Word(list.items[i])
            }
        }
        return nil
    }

    /// `r.f` of a record in a variable, as a word of its own; nil where the general way must be gone.
    func fieldOfRecord(_ n: NodePointer) -> Word? {
        let w = variable(n.pointee.a)
        guard w.meta == Word.Tag.record else { return nil }
        return Unmanaged<Record>.fromOpaque(w.pointer)._withUnsafeGuaranteedRef { record -> Word? in
            let i = place(n, in: record)
            return i < 0 ? nil : Word(record.values[i])
        }
    }

    /// The position of the field that a member node names, or -1; the node remembers where it was last.
    @inline(__always) private func place(_ n: NodePointer, in record: Record) -> Int {
        let name = n.pointee.held(Text.self).string, last = Int(n.pointee.cacheKey)
        if last < record.count, record.keys[last] == name { return last }
        guard let i = record.position(name) else { return -1 }
        n.pointee.cacheKey = UInt(i)
        return i
    }

    // MARK: Setting

    /// `x[i, j] = v`, `xs[i] = v`, `r.f = v` in a variable that nobody else shares; false where the general way must be
    /// gone, and the word is still the caller's.
    func setInPlace(_ target: NodePointer, _ w: Word) -> Bool {
        guard let slot = slot(target.pointee.a) else { return false }
        switch (slot.pointee.meta, target.pointee.op) {
        case (Word.Tag.tensor, .index):
            guard !tape.isRecording else { return false }
            return withUnshared(slot, Tensor.self) { t in
                guard t.owner == nil else { return false }
                let isNumber = w.isNumber || w.meta == Word.Tag.scalarF32 || w.meta == Word.Tag.scalarF64
                guard t.dtype == .bool ? w.meta == Word.Tag.bool : isNumber else { return false }
                let i = place(target, in: t)
                guard i >= 0 else { return false }
                t.setElement(i, t.dtype == .bool ? Double(w.bits) : w.number)
                return true
            }
        case (Word.Tag.list, .index):
            guard target.pointee.count == 1 else { return false }
            return withUnshared(slot, List.self) { list in
                let i = place(target.pointee.list[0], list.items.count)
                guard i >= 0 else { return false }
                list.set(i, Value(taking: w))
                return true
            }
        case (Word.Tag.record, .member):
            return withUnshared(slot, Record.self) { record in
                let i = place(target, in: record)
                guard i >= 0 else { return false }
                record.set(at: i, Value(taking: w))
                return true
            }
        default: return false
        }
    }

    /// `s = s + e + …` and `s += e` for strings: added to the end of s where nobody else holds it; false where the
    /// general way must be gone. `sum` is the right side, marked by the resolver when nothing in it can change s.
    func appendText(_ sum: NodePointer, to target: NodePointer) throws -> Bool {
        guard let slot = slot(target), slot.pointee.meta == Word.Tag.string else { return false }
        var nodes = [sum]
        while let left = nodes[nodes.count - 1].pointee.a, left.pointee.op == .add { nodes.append(left) }
        nodes.reverse()
        var parts: [Value] = []
        for node in nodes { parts.append(try value(node.pointee.b)) }
        let texts = parts.compactMap(\.asString)
        if texts.count == parts.count, withUnshared(slot, Text.self, { $0.append(texts) }) { return true }
        var result = Value(slot.pointee)
        for (node, part) in zip(nodes, parts) {
            do { result = try binary(.add, result, part) } catch { throw operandError(error, node, result, part, .add) }
        }
        try store(Word(result), in: target)
        return true
    }
}
