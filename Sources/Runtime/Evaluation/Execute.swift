import CKernels
import Syntax
import Tensors

// The tree walker's statements.
extension Interpreter {
    /// Counts a step against `--max-steps` and looks for an interrupt.
    @inline(__always) func step(_ n: NodePointer) throws {
        stepsLeft &-= 1
        if stepsLeft < 0 || nns_interrupted() { throw stopped(n) }
    }

    /// Why the program stops at a node, or at a function that a built-in calls.
    @inline(never) func stopped(_ n: NodePointer?) -> Diagnostic {
        let reason = stepsLeft < 0 ? Diagnostic(.limit, "the program took more steps than --max-steps allows") : ended()
        return n.map { located(reason, $0) } ?? reason
    }

    /// Why work was asked to end: an interrupt, or memory that is used up.
    func ended() -> Diagnostic {
        nns_interrupt_was_for_memory() ? Diagnostic(.limit, "not enough memory for the values of the program") : Diagnostic(.interrupt, "interrupted")
    }

    /// Throws where work was asked to end: what it made until then is of no use.
    @inline(__always) public func goOn() throws {
        if nns_interrupted() { throw ended() }
    }

    /// Looked at by walks over values: those end at an interrupt, and where values are nested deeper than the stack is.
    @inline(__always) func walk() throws {
        try goOn()
        if nns_stack_low() { throw Diagnostic(.limit, "values nested too deep") }
    }

    /// Runs a statement. With `tail`, the value of an expression statement goes to `returned` (which is `none`
    /// before): it is the value of the block around.
    func execute(_ n: NodePointer, tail: Bool) throws -> Flow {
        switch n.pointee.op {
        case .block:
            let count = Int(n.pointee.count)
            guard count > 0 else { return .normal }
            var i = 0
            while i < count &- 1 {
                let flow = try execute(n.pointee.list[i], tail: false)
                if flow != .normal { return flow }
                i &+= 1
            }
            return try execute(n.pointee.list[i], tail: tail)
        case .expression:
            let inner = n.pointee.a!
            switch inner.pointee.op {
            case .conditional, .attempt, .block: return try execute(inner, tail: tail)
            default:
                try step(n)
                let w = try evaluate(inner)
                if tail {
                    returned.release()
                    returned = w
                } else { w.release() }
                return .normal
            }
        case .assign, .update:
            // `x += e` is `x = x + e`: the resolver made the sum its right side.
            try step(n)
            let right = n.pointee.b!
            let slot: UnsafeMutablePointer<Word>
            switch n.pointee.form {
            case .localTarget: slot = frame + Int(n.pointee.slot)
            case .globalTarget: slot = n.pointee.cell
            default:
                try assignGenerally(n)
                return .normal
            }
            if right.pointee.flag, slot.pointee.meta == Word.Tag.string, right.pointee.op == .add {
                try appendText(right, to: n.pointee.a, slot)
                return .normal
            }
            let w = try operand(right)
            let old = slot.pointee
            slot.pointee = w
            old.release()
            return .normal
        case .conditional:
            if try condition(n.pointee.a, .ifStatement) { return try execute(n.pointee.b, tail: tail) }
            guard let other = n.pointee.c else { return .normal }
            return try execute(other, tail: tail)
        case .forLoop: return n.pointee.count == 1 ? try simpleLoop(n) : try forLoop(n, 0)
        case .whileLoop:
            while try condition(n.pointee.a, .whileLoop) {
                try step(n)
                let flow = try loopBody(n.pointee.b)
                if flow == .breakLoop { break }
                if flow == .returned { return flow }
            }
            return .normal
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        case .returnValue:
            let w = n.pointee.a == nil ? Word.none : try evaluate(n.pointee.a)
            returned.release()
            returned = w
            return .returned
        case .attempt: return try attempt(n, tail: tail)
        case .main: return currentModule?.isMain ?? true ? try execute(n.pointee.a, tail: false) : .normal
        default:
            try executeRare(n)
            return .normal
        }
    }

    /// Assignments to anything but a name, and those that move a variable into a call.
    @inline(never) private func assignGenerally(_ n: NodePointer) throws {
        let right = n.pointee.b!, target = n.pointee.a!
        if right.pointee.op == .call, right.pointee.flag { return try assignMoving(n) }
        if n.pointee.count > 0 { return try updateHolding(n) }
        let w = try operand(right)
        if target.pointee.op == .index || target.pointee.op == .member, setInPlace(target, w) { return }
        try store(w, in: target)
    }

    /// `x[f()] += e`: what stands in the target is evaluated once, before e, and waits in slots.
    @inline(never) private func updateHolding(_ n: NodePointer) throws {
        defer {
            for i in 0..<Int(n.pointee.count) {
                let slot = frame + Int(n.pointee.list[i].pointee.slot)
                slot.pointee.release()
                slot.pointee = .unset
            }
        }
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            frame[Int(part.pointee.slot)] = try operand(part.pointee.a)
        }
        let w = try operand(n.pointee.b)
        if setInPlace(n.pointee.a, w) { return }
        try store(w, in: n.pointee.a)
    }

    /// Statements that are not the body of loops, and so need no short way.
    @inline(never) private func executeRare(_ n: NodePointer) throws {
        switch n.pointee.op {
        case .function: try assign(n.pointee.a, .function(closure(n.pointee.held(FunctionCode.self))))
        case .object: try assign(n.pointee.a, .function(declare(n.pointee.held(DeclarationCode.self))))
        case .importModule: try assign(n.pointee.a, try importModule(n))
        case .test:
            let code = n.pointee.a.pointee.held(FunctionCode.self)
            tests.append((n.pointee.name, closure(code)))
        case .assert:
            try step(n)
            try assertion(n)
        default:
            let w = try evaluate(n)
            w.release()
        }
    }

    /// A loop's body; a `break` or `continue` thrown out of an expression is caught here.
    @inline(__always) private func loopBody(_ n: NodePointer) throws -> Flow {
        // A body of one statement needs no block.
        do { return try execute(n.pointee.op == .block && n.pointee.count == 1 ? n.pointee.list[0] : n, tail: false) } catch let signal as ControlSignal where signal.flow != .returned {
            return signal.flow
        }
    }

    /// `for x in xs { … }`; counting with a local or top-level name is the case that must be fast.
    private func simpleLoop(_ n: NodePointer) throws -> Flow {
        let clause = n.pointee.list[0], target = clause.pointee.a!, body = n.pointee.a!
        let iterable = try value(clause.pointee.b)
        guard case .range(let range) = iterable, target.pointee.op == .local || target.pointee.op == .global else {
            var result = Flow.normal
            try iterate(clause, over: iterable) {
                try step(n)
                result = try loopBody(body)
                return result == .normal || result == .continueLoop
            }
            return result == .returned ? .returned : .normal
        }
        let slot = target.pointee.op == .local ? frame + Int(target.pointee.slot) : target.pointee.cell!
        let count = range.count, start = range.start, stride = range.step
        var i = 0
        while i < count {
            let old = slot.pointee
            slot.pointee = Word(number: start + Double(i) * stride)
            if old.isReference { old.release() }
            try step(n)
            let flow = try loopBody(body)
            if flow == .breakLoop { break }
            if flow == .returned { return flow }
            i &+= 1
        }
        return .normal
    }

    private func forLoop(_ n: NodePointer, _ level: Int) throws -> Flow {
        if level == Int(n.pointee.count) {
            try step(n)
            return try loopBody(n.pointee.a)
        }
        var result = Flow.normal
        try iterate(n.pointee.list[level]) {
            let flow = try self.forLoop(n, level + 1)
            // `break` in nested clauses leaves them all, as it leaves the one loop that is written.
            if flow == .breakLoop || flow == .returned {
                result = flow
                return false
            }
            return true
        }
        return result == .breakLoop && level > 0 ? .breakLoop : result == .returned ? .returned : .normal
    }

    /// Assigns each item of a clause's iterable to its pattern and runs `body` until it says false.
    func iterate(_ clause: NodePointer, _ body: () throws -> Bool) throws {
        try iterate(clause, over: value(clause.pointee.b), body)
    }

    func iterate(_ clause: NodePointer, over iterable: Value, _ body: () throws -> Bool) throws {
        let target = clause.pointee.a!
        switch iterable {
        case .range(let r):
            for i in 0..<r.count {
                try store(Word(number: r[i]), in: target)
                if try !body() { return }
            }
        case .list(let l):
            for (i, item) in l.items.enumerated() {
                try store(Word(item), in: target)
                do { if try !body() { return } } catch {
                    failedItem = i
                    throw error
                }
            }
        case .tensor(let t, _) where t.rank > 0:
            for i in 0..<t.dims[0] {
                try store(Word(try row(iterable, i)), in: target)
                if try !body() { return }
            }
        case .function(let f as NativeFunction) where f.name == "sequence":
            // A lazy sequence: called for each item until it gives `none`.
            while true {
                let item = try f.body(self, [], [])
                if item.isNone { return }
                try store(Word(item), in: target)
                if try !body() { return }
            }
        default:
            let list: [Value]
            do { list = try items(of: iterable, what: "what `for` goes through") } catch { throw notGoneThrough(error, clause.pointee.b, iterable) }
            for item in list {
                try store(Word(item), in: target)
                if try !body() { return }
            }
        }
    }

    private func attempt(_ n: NodePointer, tail: Bool) throws -> Flow {
        let savedTop = top, savedArguments = argumentTop
        do { return try execute(n.pointee.a, tail: tail) } catch let error where !(error is ControlSignal) && !(error is ExitRequest) {
            let diagnostic = located(error, n)
            if diagnostic.kind == ErrorKind.interrupt.rawValue || diagnostic.kind == ErrorKind.limit.rawValue { throw diagnostic }
            assertionInvariant(savedTop == top && savedArguments == argumentTop)
            if let name = n.pointee.b {
                let line = diagnostic.source.map { Double($0.line(at: diagnostic.span.start)) }
                let record = Record(["kind", "message", "line"],
                                    [Value(diagnostic.kind), Value(diagnostic.message), line.map { .number($0) } ?? .none])
                try assign(name, .record(record))
            }
            if tail {
                returned.release()
                returned = .none
            }
            return try execute(n.pointee.c, tail: tail)
        }
    }

    @inline(__always) private func assertionInvariant(_ holds: Bool) { assert(holds) }

    /// `assert cond, "why"`: shows both sides of a failed comparison and its worst place.
    private func assertion(_ n: NodePointer) throws {
        let condition = n.pointee.a!
        var sides: (Value, Value)?
        let result: Value
        switch condition.pointee.op {
        case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual:
            let a = try value(condition.pointee.a), b = try value(condition.pointee.b)
            sides = (a, b)
            if condition.pointee.op == .equal { try equalShapes(condition, a, b) }
            let op: BinaryOperation = switch condition.pointee.op {
            case .equal: .equal
            case .notEqual: .notEqual
            case .less: .less
            case .lessEqual: .lessEqual
            case .greater: .greater
            default: .greaterEqual
            }
            do { result = try binary(op, a, b) } catch { throw operandError(error, condition, a, b, op) }
        default: result = try value(condition)
        }
        let holds: Bool
        if let b = result.asBool { holds = b } else if case .tensor(let t, _) = result, t.dtype == .bool {
            holds = (0..<t.count).allSatisfy { t.u8[$0] != 0 }
        } else {
            throw wantsBool(condition, result, "`assert`")
        }
        if holds { return }
        var error = Diagnostic(.value, "assertion failed", source: n.pointee.source.takeUnretainedValue(), span: condition.pointee.span)
        if n.pointee.b != nil { error.message += ": \(display(try value(n.pointee.b)))" }
        if let (a, b) = sides { error.notes = failedSides(a, b, result, condition) }
        throw error
    }

    func equalShapes(_ n: NodePointer, _ a: Value, _ b: Value) throws {
        guard case .tensor(let x, _) = a, case .tensor(let y, _) = b, x.rank > 0, y.rank > 0, !x.hasShape(of: y) else { return }
        throw unequalSides(n, x.shape, y.shape)
    }

    private func failedSides(_ a: Value, _ b: Value, _ result: Value, _ n: NodePointer) -> [String] {
        func short(_ v: Value) -> String {
            let text = echo(v)
            return text.utf8.count <= 60 && !text.contains("\n") ? text : v.described
        }
        var notes = ["left: \(short(a))", "right: \(short(b))"]
        if case .tensor(let t, _) = result, t.rank > 0, let x = try? Tensor.broadcast(a.tensor(), to: t.shape), let y = try? Tensor.broadcast(b.tensor(), to: t.shape) {
            // The worst place: the largest difference among the elements that fail.
            var worst = -1
            var difference = -1.0
            for i in 0..<t.count where t.u8[i] == 0 {
                let d = abs(x.element(i) - y.element(i))
                if worst < 0 || d > difference || d.isNaN { worst = i; difference = d.isNaN ? .infinity : d }
            }
            if worst >= 0 {
                var rest = worst
                var place: [Int] = []
                for d in t.shape.reversed() { place.insert(rest % d, at: 0); rest /= d }
                notes.append("at [\(place.map(String.init).joined(separator: ", "))]: \(tensorElementText(x, worst)) and \(tensorElementText(y, worst))")
            }
        }
        return notes
    }
}
