import CKernels
import Glibc
import Syntax
import Tensors

// What the standard library's `fit` needs of the runtime and cannot say in the language: the clock, progress on the
// terminal, the interrupt, the script's random stream, and a network put back as a copy was.
extension Op {
    /// Seconds of a clock that never goes back.
    private static var seconds: Double {
        var t = timespec()
        clock_gettime(CLOCK_MONOTONIC, &t)
        return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
    }

    static let stopwatch = Operation("_stopwatch()", .training,
        "Seconds since some moment in the past: the difference of two is a duration.", seeAlso: ["time"],
        result: Results.aNumber,
        forward: { _ in .number(seconds) })

    static let interruptible = Operation("_interruptible(f)", .training, """
        Calls `f` without arguments and gives true; gives false where an interrupt (Ctrl-C) ended it, one that \
        `_holding_interrupts` held too. A second interrupt before the first has been noticed leaves the program with status 130.
        """, seeAlso: ["_holding_interrupts", "fit"],
        result: Results.interruptible,
        forward: { c in
            if c.interpreter.trainingStops.begin() { return .bool(false) }
            let holding = nns_interrupt_hold(false)
            defer { _ = nns_interrupt_hold(holding) }
            do {
                _ = try c.interpreter.apply(try c.function(0), [])
                return .bool(true)
            } catch let error as Diagnostic where error.kind == ErrorKind.interrupt.rawValue {
                nns_interrupt_clear()
                c.interpreter.trainingStops.noteEnd()
                return .bool(false)
            } catch {
                c.interpreter.host.progress(nil)
                throw error
            }
        })

    static let interruptAfter = Operation("_interrupt_after(epochs...)", .training, """
        Makes the trainings that follow end as Ctrl-C did in the session whose script this is: after so many epochs, counted \
        from here over all of them. Each further number is another end.
        """, seeAlso: ["_interruptible", "fit"],
        result: Results.nothing,
        forward: { c in
            guard case .list(let counts) = c[0] else { return .none }
            c.interpreter.trainingStops = TrainingStops(planned: counts.items.compactMap { if case .number(let n) = $0 { Int(exactly: n) } else { nil } })
            return .none
        })

    static let streamsAt = Operation("_streams_at(seed, objects, script_seed, draws)", .training, """
        Puts the random streams to where they were in the session whose script this is: the seed, how many objects had their \
        stream, and the seed of the script's own stream with the number of its draws.
        """, seeAlso: ["seed"],
        result: Results.nothing,
        forward: { c in
            let numbers = try (0..<4).map { UInt64(clamping: try c.int($0)) }
            c.interpreter.setPlace(seed: numbers[0], nextStream: numbers[1], scriptRandom: RandomStream(seed: numbers[2], call: numbers[3]))
            return .none
        })

    static let holdingInterrupts = Operation("_holding_interrupts(f)", .training, """
        Calls `f` without arguments and gives its result. An interrupt (Ctrl-C) meanwhile waits for the next \
        `_interruptible`; one that waits still at the end is dropped, since what it would have ended has ended.
        """, seeAlso: ["_interruptible", "fit"],
        result: Results.held,
        forward: { c in
            let holding = nns_interrupt_hold(true)
            defer {
                if !holding { nns_interrupt_clear() }
                _ = nns_interrupt_hold(holding)
            }
            return try c.interpreter.apply(try c.function(0), [])
        })

    static let trial = Operation("_trial(f, net)", .training, """
        Calls `f` without arguments and gives its result; then the network's parameters and states, all random streams and \
        the numbers of the objects to come are as they were. In evaluation and training as `f` says.
        """, seeAlso: ["fit"],
        result: Results.trial,
        forward: { c in
            let f = try c.function(0), before = try Surroundings(c.interpreter, of: [c[1], f])
            defer { before.restore(c.interpreter) }
            return try c.interpreter.tape.pausing { try c.interpreter.apply(f, []) }
        })

    static let tried = Operation("_tried(net, one, batch)", .training, """
        What the network gives for one example in evaluation, or where it cannot take that, for a batch in training; where it \
        takes neither, the error is that of the one.
        """, seeAlso: ["fit"],
        result: Results.tried,
        forward: { c in
            let interpreter = c.interpreter
            do { return try interpreter.inMode(training: false) { try interpreter.apply(c[0], [c[1]]) } } catch {
                try fails(error)
                guard let output = try succeeding({ try interpreter.inMode(training: true) { try interpreter.apply(c[0], [c[2]]) } }) else { throw error }
                return output
            }
        })

    static let misfits = Operation("_misfits(f)", .training, "Whether a call of `f` ends in an error of shapes.",
        seeAlso: ["raises"],
        result: Results.misfits,
        forward: { c in
            do { _ = try c.interpreter.apply(try c.function(0), []) } catch {
                try fails(error)
                return .bool(c.interpreter.diagnosed(error).kind == ErrorKind.shape.rawValue)
            }
            return .bool(false)
        })

    /// Passes on what no `try` catches: an interrupt, a limit.
    private static func fails(_ error: Error) throws {
        let kind = Interpreter.current.diagnosed(error).kind
        if kind == ErrorKind.interrupt.rawValue || kind == ErrorKind.limit.rawValue { throw error }
    }

    private static func succeeding(_ body: () throws -> Value) throws -> Value? {
        do { return try body() } catch {
            try fails(error)
            return nil
        }
    }

    static let ownMode = Operation("_own_mode(f)", .training, """
        Calls `f` without arguments as a program begins: in evaluation, and in training where something is differentiated, \
        whatever mode was forced before.
        """, seeAlso: ["eval_mode", "fit"],
        result: Results.ownMode,
        forward: { c in
            let interpreter = c.interpreter, f = try c.function(0)
            return try interpreter.onlyEvaluates ? interpreter.inMode(training: false, isForced: false) { try interpreter.apply(f, []) } : interpreter.apply(f, [])
        })

    static let randomState = Operation("_random_state(state=none)", .training, """
        The place that the script's random stream has reached, as an opaque value; given one, the stream goes back there. \
        The stream `fit(…, resume=run)` continues is kept so.
        """, seeAlso: ["seed"],
        forward: { c in
            if case .function(let f as SavedStream) = c[0] {
                c.interpreter.scriptRandom = f.stream
                return .none
            }
            guard c.isNone(0) else { throw Diagnostic(.type, "_random_state takes what it gave, got \(c[0].described)") }
            return .function(SavedStream(c.interpreter.scriptRandom))
        })

    static let reportProgress = Operation("_report_progress(epoch, epochs, part, history, begin, examples)", .training, """
        Shows how far a training has come: `part` of the epoch is done (0 to 1, none at the end of all), `history` has the \
        curves so far, `begin` is the stopwatch's time at its start, `examples` are seen in an epoch. Within epochs at most \
        ten times a second.
        """, seeAlso: ["fit"],
        result: Results.nothing,
        forward: { c in
            // Read before the clock is asked: whether an argument is wrong must not depend on it.
            let epoch = try c.int(0), epochs = try c.int(1), part = c.isNone(2) ? 1 : try c.double(2)
            let history = try c.record(3), begin = try c.double(4), examples = try c.int(5), now = seconds
            if part < 1, now < nextProgress { return .none }
            nextProgress = now + 0.1
            c.interpreter.host.progress(Progress(
                epoch: epoch, epochs: epochs, fraction: part, examples: examples, begin: begin, seconds: now - begin,
                isFinished: c.isNone(2), loss: last(history["loss"]), validationLoss: last(history["validation_loss"]),
                curves: { (doubles(history["loss"]), doubles(history["validation_loss"])) }))
            return .none
        })
    nonisolated(unsafe) private static var nextProgress = 0.0

    private static func doubles(_ value: Value?) -> [Double] {
        value.flatMap(Curves.numbers) ?? []
    }

    /// The last number of a list, which may be long and is asked for often.
    private static func last(_ value: Value?) -> Double? {
        guard case .list(let l)? = value, l.items.count > 0 else { return nil }
        return l.items[l.items.count - 1].asDouble
    }

    static let restore = Operation("restore(target, saved)", .training, """
        Puts a network (or an optimizer) back as it was when `saved = copy(target)` was made: parameters, state and random \
        stream, to the bit. Arguments it was constructed with stay.
        """, examples: [("net = dense(1)\nbuild(net, ones(2))\nsaved = copy(net)\nnet.b = [5]\nrestore(net, saved)\nnet.b", "[0]")],
        seeAlso: ["copy", "fit"],
        result: Results.restored,
        forward: { c in
            var seen: Set<ObjectIdentifier> = []
            if case .list = c[1], c[0].kind != "list" {
                // What `_snapshot` gave.
                try putBack(Value(list: try c.interpreter.objects(of: c[0]).map { .object($0.object) }), c[1], &seen)
            } else {
                guard holdsObjects(c[0]), c[0].kind == c[1].kind else { throw unlike(c[0], c[1]) }
                try putBack(c[0], c[1], &seen)
            }
            return .none
        })

    static let snapshot = Operation("_snapshot(net)", .training, """
        A copy to `restore` from. A network may read layers at top level, which `copy` would leave shared: for it that is a \
        list of copies of all its layers, in order.
        """, seeAlso: ["copy", "restore"],
        forward: { c in
            var seen: [ObjectIdentifier: Object] = [:]
            let whole = try c.interpreter.copied(c[0], &seen)
            switch c[0] {
            case .function, .object: break
            default: return whole
            }
            let objects = try c.interpreter.objects(of: c[0])
            if case .object = c[0], objects.allSatisfy({ seen[ObjectIdentifier($0.object)] != nil }) { return whole }
            return Value(list: try objects.map { try c.interpreter.copied(.object($0.object), &seen) })
        })

    /// True where objects live inside a value, which are then put back one by one.
    private static func holdsObjects(_ value: Value) -> Bool {
        switch value {
        case .object: true
        case .list(let l): l.items.contains(where: holdsObjects)
        case .record(let r): r.values.contains(where: holdsObjects)
        case .function(let f as Closure): f.captured.contains(where: holdsObjects)
        case .function(let f as NativeFunction): f.captured.contains(where: holdsObjects)
        default: false
        }
    }

    private static func putBack(_ target: Value, _ saved: Value, _ seen: inout Set<ObjectIdentifier>) throws {
        func pairs(_ a: [Value], _ b: [Value]) throws {
            guard a.count == b.count else { throw unlike(target, saved) }
            for (x, y) in Swift.zip(a, b) { try putBack(x, y, &seen) }
        }
        switch (target, saved) {
        case (.object(let a), .object(let b)):
            guard a.declaration === b.declaration else { throw unlike(target, saved) }
            guard a !== b, seen.insert(ObjectIdentifier(a)).inserted else { return }
            if a.declaration.isLayer {
                for (i, field) in a.declaration.fields.enumerated() where field.role == .argument {
                    if case .number(let x)? = a[field: i], case .number(let y)? = b[field: i], x != y { throw unlike(target, saved) }
                }
            }
            for (i, field) in a.declaration.fields.enumerated() {
                if let x = a[field: i], let y = b[field: i], holdsObjects(x), holdsObjects(y) {
                    try putBack(x, y, &seen)
                } else if field.role != .argument {
                    a[field: i] = b[field: i]
                }
            }
            a.random = b.random
            a.pending = b.pending
        case (.list(let a), .list(let b)): try pairs(a.items, b.items)
        case (.record(let a), .record(let b)): try pairs(a.values, b.values)
        case (.function(let a as Closure), .function(let b as Closure)): try pairs(a.captured, b.captured)
        case (.function(let a as NativeFunction), .function(let b as NativeFunction)): try pairs(a.captured, b.captured)
        default: break
        }
    }

    private static func unlike(_ a: Value, _ b: Value) -> Diagnostic {
        func name(_ v: Value) -> String { if case .object = v { Interpreter.current.display(v) } else { v.described } }
        return Diagnostic(.value, "restore needs a copy of the same thing: \(name(b)) is no copy of \(name(a))")
    }

    static let gatherBatches = Operation("_gather_batches(x, y, n, order=none)", .training, """
        A list of records {x, y} with `n` rows each (the last perhaps fewer), in the given order of rows or in their own: what \
        `batches` gives. No gradient flows through them.
        """, seeAlso: ["batches"],
        result: Results.batches,
        forward: { c in
            let n = Swift.max(try c.size(2), 1)
            let order = c.isNone(3) ? nil : try c.ints(3)
            func rows(_ value: Value) throws -> (count: Int, take: ([Int]) throws -> Value) {
                if case .list(let l) = value { return (l.items.count, { Value(list: $0.map { l.items[$0] }) }) }
                let t = try value.tensor()
                guard t.rank > 0 else { throw Diagnostic(.shape, "a data set has its examples along the first axis, got \(value.described)") }
                let size = t.dims[0] == 0 ? 0 : t.count / t.dims[0] * t.dtype.size
                return (t.dims[0], { indices in
                    var shape = t.shape
                    shape[0] = indices.count
                    let part = try Tensor.make(shape, t.dtype)
                    for (k, i) in indices.enumerated() { (part.data + k * size).copyMemory(from: t.data + i * size, byteCount: size) }
                    return Value(part)
                })
            }
            let x = try rows(c[0]), y = try rows(c[1])
            guard x.count == y.count, order.map({ $0.allSatisfy { $0 >= 0 && $0 < x.count } }) ?? true else {
                throw Diagnostic(.shape, "x has \(x.count) rows, y has \(y.count)")
            }
            let all = order ?? Array(0..<x.count)
            return Value(list: try stride(from: 0, to: all.count, by: n).map { i in
                try c.interpreter.goOn()
                let indices = Array(all[i..<Swift.min(i + n, all.count)])
                return .record(Record(["x", "y"], [try x.take(indices), try y.take(indices)]))
            })
        })

    static let asTyped = Operation("_typed(x, like)", .training, "The number `x` in the type of `like`, a number or one element.",
        examples: [("_typed(0.1, f32(1)) == f32(0.1)", "true")],
        result: Results.unknown,
        forward: { c in
            let x = try c.double(0)
            switch c[1] {
            case .scalar(_, let type) where type != .bool: return .scalar(type == .f32 ? Double(Float(x)) : x, type)
            case .tensor(let t, _) where t.dtype == .f32 || t.dtype == .f64: return .scalar(t.dtype == .f32 ? Double(Float(x)) : x, t.dtype)
            default: return .number(x)
            }
        })

    static let withFields = Operation("_with_fields(r, names)", .training, "The record `r`, which has no other keys than those named: it says so to the check.",
        examples: [("_with_fields({a: 1}, (\"a\", \"b\"))", "{a: 1}")],
        result: Results.withFields,
        forward: { c in c[0] })

    static let countHits = Operation("_count_hits(out, y, binary=false)", .training, """
        How many labels in `y` the largest outputs along the last axis name (with `binary`: the outputs above 0, of the \
        labels' own shape); none where the outputs are no class scores.
        """, examples: [("_count_hits([[1, 2], [3, 0]], [1, 1])", "1")], seeAlso: ["accuracy"],
        result: Results.hits,
        forward: { c in
            guard case .tensor(let out, _) = c[0], case .tensor(let y, _) = c[1] else { return .none }
            if out.rank == y.rank + 1, y.rank > 0, out.dims[out.rank - 1] > 1 {
                let found = try argmax(Value(out), .number(-1)).tensor()
                guard found.hasShape(of: y) else { return .none }
                var hits = 0
                for i in 0..<y.count where found.element(i) == y.element(i) { hits += 1 }
                return Value(hits)
            }
            guard try c.bool(2), out.hasShape(of: y) else { return .none }
            var hits = 0
            for i in 0..<y.count where (out.element(i) > 0 ? 1 : 0) == y.element(i) { hits += 1 }
            return Value(hits)
        })

    static let trainingHooks = [gatherBatches, asTyped, withFields, countHits, stopwatch, trial, tried, misfits, ownMode, interruptible, interruptAfter, streamsAt, holdingInterrupts, randomState, reportProgress, restore, snapshot]
}

/// The epochs of trainings, counted, and those that Ctrl-C ended: so that a session's script ends them again.
public struct TrainingStops {
    /// The epochs begun, interrupted ones included.
    private var begun = 0
    /// For each interrupt the epochs that came before the one it ended.
    public private(set) var ends: [Int] = []
    private let planned: [Int]

    public init(planned: [Int] = []) { self.planned = planned }

    /// Counts an epoch; true where it is to be interrupted.
    mutating func begin() -> Bool {
        begun += 1
        return planned.contains(begun - 1)
    }

    mutating func noteEnd() { ends.append(begun - 1) }
}

extension Closure {
    /// The values that it captured.
    var captured: [Value] { code.captures.indices.map { Value(captures[$0]) } }
}

/// A random stream's place as a value of the language.
final class SavedStream: Function {
    let stream: RandomStream
    init(_ stream: RandomStream) {
        self.stream = stream
        super.init(name: "random_state")
    }
}
