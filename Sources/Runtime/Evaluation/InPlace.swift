import Tensors

// The short way to what loops do most: reading and setting one element of a tensor, one item of a list, one field of
// a record, and adding to the end of a string, where they stand in a variable.
//
// Goals: no value is made and no reference counted where numbers go into numbers; nothing is evaluated that could have
// an effect, so that whenever the short way does not apply, the general one (Indexing.swift, Assigning.swift) begins from the start.
extension Interpreter {
    /// The number of an expression made of literals, variables and `+ - *`; false for any other, which may have effects.
    @inline(__always) private func plainNumber(_ n: NodePointer, _ x: inout Double) -> Bool {
        quick(n, &x) || plainResult(n, &x)
    }

    @inline(never) private func plainResult(_ n: NodePointer, _ x: inout Double) -> Bool {
        var y = 0.0
        guard n.pointee.op == .add || n.pointee.op == .subtract || n.pointee.op == .multiply,
              operands(n, &x, &y) || plainNumber(n.pointee.a, &x) && plainNumber(n.pointee.b, &y) else { return false }
        switch n.pointee.op {
        case .add: x += y
        case .subtract: x -= y
        default: x *= y
        }
        return true
    }

    /// The place of a whole number in range among `count`, negative from the end; -1 for any other.
    @inline(__always) private func place(_ n: NodePointer, _ count: Int) -> Int {
        var x = 0.0
        guard plainNumber(n, &x), x.magnitude < 0x1p53 else { return -1 }
        let i = Int(x)
        guard Double(i) == x else { return -1 }
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
        let last = Int(n.pointee.cacheKey)
        let isThere = Unmanaged<Text>.fromOpaque(n.pointee.object)._withUnsafeGuaranteedRef { record.hasKey($0, at: last) }
        return isThere ? last : searchedPlace(n, in: record)
    }

    @inline(never) private func searchedPlace(_ n: NodePointer, in record: Record) -> Int {
        guard let i = record.position(n.pointee.name) else { return -1 }
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
                if t.dtype == .f32 { t.f32[i] = Float(w.number) } else { t.setElement(i, t.dtype == .bool ? Double(w.bits) : w.number) }
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

    /// `s = s + e + …` and `s += e` for the string in `slot`: added to its end where nobody else holds it. `sum` is the
    /// right side, marked by the resolver when nothing in it can change s; an error leaves s as it is.
    func appendText(_ sum: NodePointer, to target: NodePointer, _ slot: UnsafeMutablePointer<Word>) throws {
        var count = 1, first = sum
        while let left = first.pointee.a, left.pointee.op == .add {
            count += 1
            first = left
        }
        // The parts wait in slots of their own: evaluated in order, given back however this ends.
        let parts: UnsafeMutablePointer<Word>
        do { parts = try open(count) } catch { throw located(error, sum) }
        defer { close(parts, count) }
        try evaluateParts(sum, parts + count)
        if !target.pointee.flag, (0..<count).allSatisfy({ parts[$0].meta == Word.Tag.string }),
           withUnshared(slot, Text.self, { $0.append(parts, count) }) { return }
        let result = Word(try summed(sum, Value(slot.pointee), parts + count))
        let old = slot.pointee
        slot.pointee = result
        old.release()
    }

    /// Evaluates the right operands of a chain of sums into the words that end at `end`, leftmost first.
    private func evaluateParts(_ sum: NodePointer, _ end: UnsafeMutablePointer<Word>) throws {
        if let left = sum.pointee.a, left.pointee.op == .add { try evaluateParts(left, end - 1) }
        end[-1] = try evaluate(sum.pointee.b)
    }

    /// The sum where a part is no string: operator by operator, for its result or its error.
    private func summed(_ sum: NodePointer, _ start: Value, _ end: UnsafeMutablePointer<Word>) throws -> Value {
        let left = if let left = sum.pointee.a, left.pointee.op == .add { try summed(left, start, end - 1) } else { start }
        let right = Value(end[-1])
        do { return try binary(.add, left, right) } catch { throw operandError(error, sum, left, right, .add) }
    }
}
