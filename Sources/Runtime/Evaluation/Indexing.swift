import Autodiff
import Syntax
import Tensors

// `x[…]` and `x.f` on every kind of value that has parts.

/// The gradient of `x[…]`: zeros with the cotangent at the selection; that one's gradient is `x[…]` again.
final class SelectionBox {
    let selection: Selection
    let shape: [Int]
    let dtype: DType
    init(_ selection: Selection, _ shape: [Int], _ dtype: DType) { self.selection = selection; self.shape = shape; self.dtype = dtype }

    /// Which selected places count in an assignment, as bools: the last of those that repeat; nil where none does.
    lazy var assigned: Tensor? = try? selection.lastOfEach()
}

class IndexRule: Rule {
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
final class SetRule: IndexRule {
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
        let start = try sliceBound(n.pointee.a), stop = try sliceBound(n.pointee.b), step = try sliceBound(n.pointee.c) ?? 1
        guard step != 0 else { throw located(Diagnostic(.value, "a slice's step must not be 0"), n) }
        return .slice(start: start, stop: stop, step: step)
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

    /// The error for `s[i] = t` of a string.
    func unchangedString(_ n: NodePointer) -> Diagnostic {
        located(Diagnostic(.type, "a string cannot be changed in place", help: ["build a new one: `s[:i] + t + s[i + 1:]`"]), n)
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
            do { return try objectIndex(o, key) } catch {
                var diagnostic = located(error, n)
                diagnostic.fillHelp { _, _ in Operand(n.pointee.a, "x").postfixed }
                throw diagnostic
            }
        case .scalar where n.isWhole: return try getIndex(base, try tensorSubscripts(n)).unboxed
        case .number, .scalar: throw noParts(n)
        default: throw notIndexed(base, n)
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
    enum Places { case one(Int), many([Int]) }

    func places(_ s: Subscript, _ count: Int, _ what: String) throws -> Places {
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
        case .none: throw Diagnostic(.name, "none has no field `\(name)`")
        default: throw Diagnostic(.name, "a \(base.kind) has no field `\(name)`")
        }
    }
}

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
