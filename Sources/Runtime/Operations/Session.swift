import Glibc
import Syntax
import Tensors

// The session: printing, seeds, precision, time, errors, comparison within a tolerance.

extension Interpreter {
    /// True when two values agree within `tol`, see `close`.
    func areClose(_ a: Value, _ b: Value, _ tol: Double) throws -> Bool {
        func isNumeric(_ v: Value) -> Bool {
            switch v {
            case .number, .scalar, .tensor, .bool, .range: true
            case .list(let l): l.items.allSatisfy { isNumeric($0) } && !l.items.isEmpty
            default: false
            }
        }
        switch (a, b) {
        case (.record(let r), .record(let s)):
            guard r.count == s.count, r.keys.allSatisfy({ s.position($0) != nil }) else {
                throw Diagnostic(.value, "close needs records with the same keys, got (\(r.keys.joined(separator: ", "))) and (\(s.keys.joined(separator: ", ")))")
            }
            return try r.keys.allSatisfy { try areClose(r[$0] ?? .none, s[$0] ?? .none, tol) }
        case (.list(let l), .list(let m)) where !(isNumeric(a) && isNumeric(b) && isRectangular(a) && isRectangular(b)):
            guard l.items.count == m.items.count else {
                throw Diagnostic(.shape, "close needs lists of one length, got \(l.items.count) and \(m.items.count) items")
            }
            return try zip(l.items, m.items).allSatisfy { try areClose($0, $1, tol) }
        case _ where isNumeric(a) && isNumeric(b):
            let x = try numbers(a), y = try numbers(b)
            return try areClose(x, y, tol)
        default: return try equals(a, b)
        }
    }

    /// True when nested lists stack: all items of a list have one shape.
    private func isRectangular(_ v: Value) -> Bool {
        func shape(_ v: Value) -> [Int]? {
            switch v {
            case .number, .scalar, .bool: return []
            case .tensor(let t, _): return t.shape
            case .range(let r): return [r.count]
            case .list(let l):
                guard let first = l.items.first.map(shape) ?? nil, l.items.allSatisfy({ shape($0) == first }) else { return nil }
                return [l.items.count] + first
            default: return nil
            }
        }
        return shape(v) != nil
    }

    /// Numbers at full width, so that a tolerance below f32's is meant as written.
    private func numbers(_ v: Value) throws -> Tensor {
        let old = defaultType
        defaultType = .f64
        defer { defaultType = old }
        if case .number(let x) = v { return try Tensor.scalar(x, .f64) }
        return try stacked(v.detached, what: "an argument of close").tensor()
    }

    private func areClose(_ x: Tensor, _ y: Tensor, _ tol: Double) throws -> Bool {
        guard x.hasShape(of: y) || x.rank == 0 || y.rank == 0 else {
            throw Diagnostic(.shape, "close needs equal shapes, got \(shapeText(x.shape)) and \(shapeText(y.shape))")
        }
        let count = max(x.rank == 0 ? 1 : x.count, y.rank == 0 ? 1 : y.count)
        if x.count == 0 || y.count == 0 { return true }
        var worst = 0.0, scale = 1.0
        for i in 0..<count {
            let p = x.element(x.rank == 0 ? 0 : i), q = y.element(y.rank == 0 ? 0 : i)
            if p == q { continue }
            guard p.isFinite, q.isFinite else { return false }
            worst = max(worst, (p - q).magnitude)
        }
        for i in 0..<count {
            let p = x.element(x.rank == 0 ? 0 : i).magnitude, q = y.element(y.rank == 0 ? 0 : i).magnitude
            if p.isFinite { scale = max(scale, p) }
            if q.isFinite { scale = max(scale, q) }
        }
        return worst <= tol * scale
    }
}

extension Op {
    public static let print: Operation = Operation("print(values..., sep=\" \", end=\"\\n\")", .session,
        "Writes the values on a line, with `sep` between them and `end` behind; strings as they are.",
        examples: [("print(1, \"a\", [1, 2])", "1 a [1, 2]"), ("print(1, 2, sep=\", \")", "1, 2")], seeAlso: ["show", "string"],
        result: Results.nothing,
        forward: { c in
            let separator = try c.string(1), end = try c.string(2)
            var line = ""
            guard case .list(let values) = c[0] else { return .none }
            for (i, value) in values.items.enumerated() {
                if i > 0 { line += separator }
                line += c.interpreter.display(value)
            }
            try c.interpreter.goOn()
            c.interpreter.host.write(line + end)
            return .none
        })

    public static let seed: Operation = Operation("seed(n)", .session, """
        Restarts all random numbers from `n`, a whole number from 0 to 2⁵³; objects made after it get their own streams \
        from it. Without it the seed is 0: every script gives the same figures each time it runs.
        """,
        examples: [("seed(1); a = uniform(2); seed(1); b = uniform(2); print(a == b)", "[true, true]")], seeAlso: ["uniform", "normal"],
        result: Results.nothing,
        forward: { c in
            let n = try c.int(0)
            guard n >= 0, n <= 1 << 53 else { throw Diagnostic(.value, "`n` of seed must be between 0 and 2^53, got \(n)") }
            c.interpreter.setSeed(UInt64(n))
            return .none
        })

    public static let precision: Operation = Operation("precision(type=none)", .session,
        "Sets the type of new tensors: `precision(f64)` or `precision(f32)` (the default). Without an argument it tells the type.",
        examples: [("precision(f64); print([0.1] * 3)", "[0.30000000000000004]"), ("precision()", "\"f32\"")], seeAlso: ["f32", "f64"],
        result: Results.precision,
        forward: { c in
            let name: String
            switch c[0] {
            case .none: return Value(c.interpreter.defaultType.name)
            case .string(let s): name = s.string
            case .function(let f as BuiltinFunction): name = f.name
            case .number(let x): name = "f" + numberText(x)
            default: name = ""
            }
            switch name {
            case "f32": c.interpreter.defaultType = .f32
            case "f64": c.interpreter.defaultType = .f64
            default: throw Diagnostic(.value, "precision is f32 or f64, got \(c[0].described)", help: ["write `precision(f64)`"])
            }
            return .none
        })

    public static let time: Operation = Operation("time(f, repeats=1)", .session, """
        Calls `f()` and gives its result. The error output tells how long it took, how much memory values had at most, and \
        which operations cost most of it: their share, their time, their number of calls. With `repeats` it calls `f` so \
        often and tells the median time; the operations are those of the last tenth of the calls, which the median leaves out.
        """,
        examples: [("time(() => 1 + 1)", "2")],
        result: Results.timed,
        forward: { c in
            let f = try c.function(0)
            let repeats = try c.int(1)
            guard repeats >= 1 else { throw Diagnostic(.value, "`repeats` of time must be at least 1, got \(repeats)") }
            var seconds: [Double] = []
            func measured(byOperation: Bool, times: Int) throws -> (Measurement, Value) {
                let measurement = Measurement(c.interpreter, byOperation: byOperation)
                defer { measurement.stop() }
                for _ in 1..<times { _ = try c.interpreter.apply(f, []) }
                return (measurement, try c.interpreter.apply(f, []))
            }
            let last = Swift.max(1, repeats / 10)
            for _ in 0..<repeats - last { seconds.append(try measured(byOperation: false, times: 1).0.seconds) }
            seconds.sort()
            let (measurement, result) = try measured(byOperation: true, times: last)
            let median = seconds.isEmpty ? nil : (seconds[seconds.count / 2], seconds.count)
            c.interpreter.host.writeError(measurement.report(median: median, repeats: last))
            return result
        })

    public static let exit: Operation = Operation("exit(code=0)", .session, "Ends the program with an exit code from 0 to 255.",
        result: Results.exit,
        forward: { c in
            if let b = c[0].asBool { throw ExitRequest(code: b ? 0 : 1) }
            let code = try c.int(0)
            guard code >= 0, code <= 255 else { throw Diagnostic(.value, "an exit code is between 0 and 255, got \(code)") }
            throw ExitRequest(code: Int32(code))
        })

    public static let close: Operation = Operation("close(a, b, tol=1e-8)", .session, """
        True when `a` and `b` agree: the largest difference is at most `tol`·max(1, the largest magnitude). Tensors \
        (and numbers, lists, records of them) must have equal shapes; a number may stand beside a tensor. Equal \
        infinities agree, NaN with nothing.
        """,
        examples: [("close(0.1 + 0.2, 0.3)", "true"), ("close([1, 2], [1, 2.1])", "false"), ("close(1, 1.01, tol=0.1)", "true")],
        seeAlso: ["raises"],
        result: Results.close,
        forward: { c in
            let tol = try c.double(2)
            guard tol >= 0 else { throw Diagnostic(.value, "`tol` of close must not be negative, got \(numberText(tol))") }
            return .bool(try c.interpreter.areClose(c[0], c[1], tol))
        })

    public static let raises: Operation = Operation("raises(f, kind=none)", .session, """
        True when `f()` fails (with an error of that kind: \"shape\", \"value\", \"type\", \"name\", \"io\", …), false when \
        it returns.
        """,
        examples: [("raises(() => [1, 2] + [1, 2, 3], \"shape\")", "true"), ("raises(() => 1 + 1)", "false")], seeAlso: ["error", "close"],
        result: Results.raises,
        forward: { c in
            let f = try c.function(0)
            let wanted = c.isNone(1) ? nil : try c.string(1)
            let kind: String
            do {
                _ = try c.interpreter.apply(f, [])
                return .bool(false)
            } catch let error where !(error is ExitRequest) && !(error is ControlSignal) {
                kind = c.interpreter.diagnosed(error).kind
                // An interrupt ends the program; a limit is an answer only to who asks for it.
                if kind == ErrorKind.interrupt.rawValue || kind == ErrorKind.limit.rawValue && wanted != kind { throw error }
            }
            return .bool(wanted == nil || wanted == kind)
        })

    public static let error: Operation = Operation("error(message, kind=\"value\")", .session,
        "Stops with an error of your own; `try { … } catch e { … }` sees it as `e.message` and `e.kind`.",
        examples: [("try { error(\"no data\") } catch e { e.message }", "\"no data\"")], seeAlso: ["raises"],
        result: Results.error,
        forward: { c in
            var diagnostic = Diagnostic(.value, c.interpreter.display(c[0]))
            diagnostic.kind = try c.string(1)
            diagnostic.isToCaller = true
            throw diagnostic
        })

    public static let nanCheck: Operation = Operation("nan_check(on=true)", .session,
        "From here on every operation whose result has a NaN or an infinity while its inputs have none is an error that points at it.",
        seeAlso: ["isnan", "isfinite"],
        result: Results.nothing,
        forward: { c in
            c.interpreter.checksNaN = try c.bool(0)
            return .none
        })

    public static let training: Operation = Operation("training()", .session,
        "True inside `grad`, `backprop` and `fit`, where dropout drops and batch normalization uses the batch.",
        examples: [("training()", "false")], seeAlso: ["train_mode", "eval_mode"],
        result: Results.training,
        forward: { c in .bool(c.interpreter.isTraining) })

    public static let help = Operation("help(name=\"\")", .session,
        "Prints what there is to know about a name, given as a string or as the function itself; without one, all names by theme.",
        examples: [("help(relu)", """
        relu(x)

        x where it is positive, else 0, elementwise. Its slope at 0 counts as 0.

        shapes: the result has the shape of `x`

          > relu([-1, 2])
          [0, 2]

        see also: leaky_relu, elu, gelu
        """)], seeAlso: ["explain", "vars"],
        forward: { c in
            switch c[0] {
            case .string(let s): c.interpreter.showHelp(for: s.string, in: c.interpreter.currentModule)
            case .function(let f): c.interpreter.host.write(c.interpreter.page(of: c[0], named: f.name))
            case .object(let o): c.interpreter.host.write(c.interpreter.page(of: c[0], named: o.declaration.name))
            default: throw c.wrong(0, "a name or a function")
            }
            return .none
        })

    static let nearestWord = Operation("_nearest(word, words)", .session, "The word of a list that is nearest to one that is not in it; none where all are far.",
        examples: [("_nearest(\"droput\", (\"dense\", \"dropout\"))", "\"dropout\"")],
        result: Results.unknown,
        forward: { c in
            guard case .list(let words) = c[1] else { throw c.wrong(1, "a list of strings") }
            return c.interpreter.nearest(try c.string(0), words.items.compactMap { if case .string(let s) = $0 { s.string } else { nil } }).map { Value($0) } ?? .none
        })

    public static let vars = Operation("vars()", .session, "The names set at top level so far and their values, in order, as a record.",
        examples: [("x = 1\ny = [2, 3]\nvars()", "{x: 1, y: [2, 3]}")], seeAlso: ["help"],
        forward: { c in
            let bindings = c.interpreter.currentModule?.bindings ?? []
            return .record(Record(bindings.map(\.name), bindings.map(\.value)))
        })

    static let session = [print, help, nearestWord, vars, seed, precision, time, exit, close, raises, error, nanCheck, training]
}
