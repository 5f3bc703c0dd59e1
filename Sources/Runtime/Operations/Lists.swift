import Syntax
import Tensors

// Lists and what works on any sequence: `append`, `map`, `filter`, `reduce`, `zip`, `sorted`, …

/// A value seen as a sequence, item by item, without making all items at once.
struct Items {
    let value: Value
    let count: Int
    private let interpreter: Interpreter
    private let made: [Value]?

    /// The items that a `for` would visit. `what` names the place in an error.
    init(_ value: Value, _ interpreter: Interpreter, what: String) throws {
        self.value = value
        self.interpreter = interpreter
        switch value {
        case .range(let r): count = r.count; made = nil
        case .tensor(let t, _) where t.rank > 0: count = t.dims[0]; made = nil
        case .list(let l): count = l.items.count; made = nil
        default:
            let items = try interpreter.items(of: value, what: what)
            count = items.count
            made = items
        }
    }

    subscript(i: Int) -> Value {
        get throws {
            try interpreter.goOn()
            return switch value {
            case .list(let l): l.items[i]
            case .range(let r): .number(r[i])
            case .tensor: try interpreter.row(value, i)
            default: made![i]
            }
        }
    }

    func array() throws -> [Value] {
        if case .list(let l) = value { return l.items }
        if let made { return made }
        try Interpreter.checkListMemory(count)
        let list = List([])
        // Growing would copy what is there again and again.
        try list.reserve(count)
        for i in 0..<count { try list.append(try self[i]) }
        return list.items
    }
}

extension Call {
    /// True for a list, without a reference to it that stays.
    @inline(never) fileprivate func holdsList(_ i: Int) -> Bool { if case .list = arguments[i] { true } else { false } }

    func sequence(_ i: Int) throws -> Items { try Items(self[i], interpreter, what: label(i)) }
}

extension Interpreter {
    /// What brackets around the results would give where they are numbers, bools or tensors of one shape; else
    /// a list.
    func gathered(_ results: List) throws -> Value {
        var shape: [Int]?
        for item in results.items {
            let own: [Int]
            switch item {
            case .number, .bool, .scalar: own = []
            case .tensor(let t, _): own = t.shape
            default: return .list(results)
            }
            if let shape, shape != own { return .list(results) }
            shape = own
        }
        return results.items.isEmpty ? .list(results) : try stack(results.items, what: "the results")
    }

    /// The chosen rows of a tensor as a tensor, with their gradients.
    func rows(_ value: Value, _ chosen: [Int]) throws -> Value {
        if chosen.isEmpty { return try getIndex(value, [.slice(start: 0, stop: 0, step: 1)]) }
        return try getIndex(value, [.list(chosen)])
    }

    /// Negative, zero or positive as `a` comes before, with or after `b`: numbers by size with NaN last, strings by
    /// code point, lists by their first difference.
    func compare(_ a: Value, _ b: Value) throws -> Int {
        func size(_ v: Value) -> Double? { if case .bool(let b) = v { b ? 1 : 0 } else { v.asDouble } }
        if let x = size(a), let y = size(b) {
            if x.isNaN || y.isNaN { return (x.isNaN ? 1 : 0) - (y.isNaN ? 1 : 0) }
            return x < y ? -1 : x > y ? 1 : 0
        }
        if let x = a.asString, let y = b.asString {
            return x.isSame(as: y) ? 0 : x.precedes(y) ? -1 : 1
        }
        switch (a, b) {
        case (.list, .list), (.list, .tensor), (.tensor, .list), (.tensor, .tensor):
            let x = try Items(a, self, what: "a list"), y = try Items(b, self, what: "a list")
            for i in 0..<min(x.count, y.count) {
                let order = try compare(try x[i], try y[i])
                if order != 0 { return order }
            }
            return x.count - y.count
        default:
            throw Diagnostic(.type, "\(a.described) and \(b.described) have no order", help: ["give a key: `sorted(xs, x => …)`"])
        }
    }
}

extension Op {
    public static let list: Operation = Operation("list(values...)", .lists, """
        A list of the values, whatever they are. One sequence alone is taken apart: a range, a tensor's rows, a \
        string's characters, a record's pairs.
        """,
        examples: [("list(1, \"a\", true)", "(1, \"a\", true)"), ("list(0..<3)", "(0, 1, 2)")], seeAlso: ["append", "map"],
        result: Results.list,
        forward: { c in
            guard case .list(let values) = c[0] else { return c[0] }
            if values.items.count == 1 {
                switch values.items[0] {
                case .list: return values.items[0]
                case .range, .string, .record: return Value(list: try Items(values.items[0], c.interpreter, what: "list").array())
                case .tensor(let t, _) where t.rank > 0:
                    return Value(list: try Items(values.items[0], c.interpreter, what: "list").array())
                default: break
                }
            }
            return .list(values)
        })

    public static let range: Operation = Operation("range(a, b=none, step=1)", .lists, """
        The numbers from `a` up to `b`, without `b`, by `step`; `range(n)` counts 0 … n−1. A negative step counts down.
        """,
        examples: [("list(range(2, 10, 3))", "(2, 5, 8)"), ("list(range(3, 0, -1))", "(3, 2, 1)")], seeAlso: ["arange", "linspace"],
        result: Results.range,
        forward: { c in
            let first = try c.double(0)
            let start = c.isNone(1) ? 0 : first, stop = c.isNone(1) ? first : try c.double(1)
            let step = try c.double(2)
            guard step != 0, step.isFinite else { throw Diagnostic(.value, "`step` of range must not be \(numberText(step))") }
            guard start.isFinite, stop.isFinite else {
                throw Diagnostic(.value, "a range needs finite ends, got \(numberText(start)) and \(numberText(stop))")
            }
            let count = Swift.max(0, ((stop - start) / step).rounded(.up))
            guard count < 0x1p53 else { throw Diagnostic(.value, "a range of \(numberText(count)) numbers is too long") }
            return .range(RangeValue(start: start, step: step, count: Int(count), end: stop))
        })

    public static let append: Operation = Operation("append(xs, value)", .lists, """
        The list with one more item, or the tensor with one more row (or element, of a vector). `xs = append(xs, v)` \
        costs no copy of the list.
        """,
        examples: [("append((1, \"a\"), true)", "(1, \"a\", true)"), ("append([[1, 2]], [3, 4])", "[[1, 2],\n [3, 4]]")],
        seeAlso: ["concat", "stack"], movesFirst: true,
        shape: { shapes, _ in
            let x = try Rules.known(shapes, 0), row = try Rules.known(shapes, 1)
            guard !x.isEmpty, row == Array(x.dropFirst()) else {
                throw TensorError(.shape, "append needs a row of shape \(shapeText(Array(x.dropFirst()))) for a tensor of shape \(shapeText(x)), got \(shapeText(row))")
            }
            return [x[0] + 1] + x.dropFirst()
        },
        result: Results.append,
        forward: { c in
            // Not in the switch, whose subject would hold the list a second time.
            if c.holdsList(0) {
                let value = c[1]
                guard case .list(var list) = c.take(0) else { return .none }
                if !isKnownUniquelyReferenced(&list) { list = List(list.items) }
                // Where there is no room for one more the caller has its list back.
                do { try list.append(value) } catch { c.arguments[0] = .list(list); throw error }
                return .list(list)
            }
            switch c[0] {
            case .range:
                let list = List(try c.sequence(0).array())
                try list.append(c[1])
                return .list(list)
            case .tensor(let t, _) where t.rank > 0:
                let row = try c.tensor(1)
                let expected = Array(t.shape.dropFirst())
                guard row.shape == expected else {
                    throw c.fault(.shape, 1, "append needs a row of shape \(shapeText(expected)) for a tensor of shape \(shapeText(t.shape)), got \(shapeText(row.shape))",
                                     help: row.rank == t.rank ? ["to join tensors along an axis use `concat(a, b)`"] : row.count == expected.reduce(1, &*) ? ["write `reshape(‹value›, \(expected.map(String.init).joined(separator: ", ")))`"] : [])
                }
                var value = try c.value(1)
                if row.dtype == .number { value = try Op.cast(value, Value(t.dtype == .bool ? c.interpreter.defaultType.name : t.dtype.name)) }
                let part = try Op.reshape(value, Value(list: ([1] + expected).map { Value($0) }))
                return try Op.concat(c[0], part)
            default:
                throw Diagnostic(.type, "append adds to a list or a tensor, got \(c[0].described)",
                                 help: c[0].asString != nil ? ["strings join by `+`"] : [])
            }
        })

    public static let map: Operation = Operation("map(f, xs...)", .lists, """
        `f` of every item. The results stack into a tensor where they are numbers or tensors of one shape, as in \
        brackets; otherwise they are a list. Several sequences are walked together; of a record \
        the results are those of `f(key, value)`. `map(f)` alone is a function: `xs |> map(f)`.
        """,
        examples: [("map(x => x ^ 2, 1..3)", "[1, 4, 9]"), ("(\"a\", \"b\") |> map(upper)", "(\"A\", \"B\")")],
        seeAlso: ["filter", "reduce"],
        result: Results.map,
        forward: { c in
            let f = try c.function(0)
            guard case .list(let given) = c[1] else { return .none }
            if given.items.isEmpty { return partial("map", f) }
            let sequences = try c.pointing(1) { try given.items.map { try Items($0, c.interpreter, what: "`xs` of map") } }
            let count = sequences[0].count
            for s in sequences where s.count != count {
                throw Diagnostic(.shape, "map needs sequences of one length, got \(count) and \(s.count)")
            }
            let results = List([])
            if sequences.count == 1, case .record(let r) = given.items[0] {
                for (key, value) in zip(r.keys, r.values) { try results.append(try c.interpreter.apply(f, [Value(key), value])) }
            } else {
                try Interpreter.checkListMemory(count)
                for i in 0..<count { try results.append(try c.interpreter.apply(f, try sequences.map { try $0[i] })) }
            }
            return try c.interpreter.gathered(results)
        })

    public static let filter: Operation = Operation("filter(f, xs=none)", .lists, """
        The items for which `f` is true: of a tensor its rows as a tensor, of a record its pairs for which \
        `f(key, value)` is true, of anything else a list. `filter(f)` alone is a function.
        """,
        examples: [("filter(x => x > 1, [3, 1, 2])", "[3, 2]"), ("filter(s => len(s) > 1, (\"a\", \"bc\"))", "(\"bc\",)")],
        seeAlso: ["map", "reduce"],
        result: Results.filter,
        forward: { c in
            let f = try c.function(0)
            if c.isNone(1) { return partial("filter", f) }
            func holds(_ arguments: [Value]) throws -> Bool {
                let answer = try c.interpreter.apply(f, arguments)
                guard let b = answer.asBool else {
                    throw Diagnostic(.type, "the function of filter must give true or false, got \(answer.described)")
                }
                return b
            }
            if case .record(let r) = c[1] {
                let kept = Record()
                for (key, value) in zip(r.keys, r.values) where try holds([Value(key), value]) { kept.set(key, value) }
                return .record(kept)
            }
            let items = try c.sequence(1)
            var chosen: [Int] = []
            let list = List([])
            for i in 0..<items.count {
                let item = try items[i]
                guard try holds([item]) else { continue }
                if case .tensor = c[1] { chosen.append(i) } else { try list.append(item) }
            }
            if case .tensor = c[1] { return try c.interpreter.rows(c[1], chosen) }
            return .list(list)
        })

    public static let reduce: Operation = Operation("reduce(f, xs=none, start=none)", .lists, """
        `f(…f(f(x0, x1), x2)…)`: the items combined from the left, beginning with `start` where one is given. \
        `reduce(f)` alone is a function.
        """,
        examples: [("reduce((a, b) => a * b, 1..5)", "120"), ("reduce((a, b) => a + b, (), 0)", "0")], seeAlso: ["map", "filter"],
        result: Results.reduce,
        forward: { c in
            let f = try c.function(0)
            let start = c[2]
            if c.isNone(1) {
                return .function(NativeFunction("reduce", captured: [f, start]) { interpreter, values, _ in
                    guard values.count == 1 else { throw Diagnostic(.type, "this reduce takes one sequence, got \(values.count) arguments") }
                    return try Op.reduce(f, values[0], start)
                })
            }
            let items = try c.sequence(1)
            var next = 0
            var result = start
            if c.isNone(2) {
                guard items.count > 0 else {
                    throw Diagnostic(.value, "reduce of nothing needs a start", help: ["give one as the third argument: `reduce(f, xs, 0)`"])
                }
                result = try items[0]
                next = 1
            }
            while next < items.count {
                result = try c.interpreter.apply(f, [result, try items[next]])
                next += 1
            }
            return result
        })

    /// `map(f)` or `filter(f)` without a sequence: a function that waits for it.
    private static func partial(_ name: String, _ f: Value) -> Value {
        .function(NativeFunction(name, captured: [f]) { interpreter, values, _ in
            guard values.count >= 1, name == "map" || values.count == 1 else {
                throw Diagnostic(.type, "this \(name) takes a sequence, got \(values.count) arguments")
            }
            return try (name == "map" ? Op.map : Op.filter).apply([f] + values)
        })
    }

    public static let zipped: Operation = Operation("zip(xs...)", .lists, "The first items together, then the second ones, …: a list of lists as long as the shortest.",
        examples: [("zip((1, 2), (\"a\", \"b\"))", "((1, \"a\"), (2, \"b\"))")], seeAlso: ["enumerate"],
        result: Results.zip,
        forward: { c in
            guard case .list(let given) = c[0] else { return .none }
            let sequences = try given.items.map { try Items($0, c.interpreter, what: "an argument of zip") }
            let count = sequences.map(\.count).min() ?? 0
            try Interpreter.checkListMemory(count)
            let result = List([])
            for i in 0..<count { try result.append(Value(list: try sequences.map { try $0[i] })) }
            return .list(result)
        })

    public static let enumerate: Operation = Operation("enumerate(xs, start=0)", .lists, "Each item with its number: `for (i, x) in enumerate(xs)`.",
        examples: [("enumerate((\"a\", \"b\"))", "((0, \"a\"), (1, \"b\"))")], seeAlso: ["zip"],
        result: Results.enumerate,
        forward: { c in
            let items = try c.sequence(0)
            let start = try c.int(1)
            try Interpreter.checkListMemory(items.count)
            let result = List([])
            for i in 0..<items.count { try result.append(Value(list: [.number(Double(start) + Double(i)), try items[i]])) }
            return .list(result)
        })

    public static let sorted: Operation = Operation("sorted(xs, key=none, descending=false)", .lists, """
        The items in ascending order; equal ones keep their order. With `key`, by `key(item)`. A tensor gives a tensor \
        (its rows sorted), everything else a list.
        """,
        examples: [("sorted((\"b\", \"a\"))", "(\"a\", \"b\")"), ("sorted([3, 1, 2], descending=true)", "[3, 2, 1]"),
                   ("sorted((\"ccc\", \"a\"), key=len)", "(\"a\", \"ccc\")")], seeAlso: ["sort", "argsort", "reversed"],
        result: Results.sorted,
        forward: { c in
            let items = try c.sequence(0).array()
            let keys = c.isNone(1) ? items : try items.map { try c.interpreter.apply(try c.function(1), [$0]) }
            let sign = try c.bool(2) ? -1 : 1
            let interpreter = c.interpreter
            let order = try Array(items.indices).sorted { i, j in
                try interpreter.goOn()
                let difference = sign * (try interpreter.compare(keys[i], keys[j]))
                return difference < 0 || difference == 0 && i < j
            }
            if case .tensor = c[0] { return try interpreter.rows(c[0], order) }
            return Value(list: order.map { items[$0] })
        })

    public static let reversed: Operation = Operation("reversed(xs)", .lists, "The items from last to first: of a list, a range, a string, a record, a tensor's rows.",
        examples: [("reversed((1, \"a\"))", "(\"a\", 1)"), ("reversed([1, 2, 3])", "[3, 2, 1]"), ("reversed(\"abc\")", "\"cba\"")], seeAlso: ["flip", "sorted"],
        result: Results.items,
        forward: { c in
            switch c[0] {
            case .tensor(let t, _) where t.rank > 0: return try Op.flip(c[0], .number(0))
            case .string(let s): return Value(String(String.UnicodeScalarView(s.string.unicodeScalars.reversed())))
            case .record(let r): return .record(Record(r.keys.reversed(), r.values.reversed()))
            case .range(let r): return .range(RangeValue(start: r.count == 0 ? r.start : r[r.count - 1], step: -r.step, count: r.count))
            default: return Value(list: try c.sequence(0).array().reversed())
            }
        })

    public static let unique: Operation = Operation("unique(xs)", .lists, """
        The different values: of a tensor or of a list of numbers or strings in ascending order, of other lists in the \
        order of their first appearance.
        """,
        examples: [("unique([2, 1, 2])", "[1, 2]"), ("unique((\"b\", \"a\", \"b\"))", "(\"a\", \"b\")")], seeAlso: ["sorted", "count"],
        result: Results.unknownItems,
        forward: { c in
            if case .tensor(let t, _) = c[0] {
                guard c.interpreter.tape.isRecording, c[0].serial != 0 else { return Value(try Tensor.unique(t)) }
                // Sorted, then the first of each value: both pass gradients on.
                let source = t.dtype == .number ? try cast(c[0], Value(DType.f64.name)) : c[0]
                let sorted = try sort(try reshape(source, .number(-1)))
                return try takeAlong(sorted, Value(Tensor.uniquePlaces(try sorted.tensor())), .number(0))
            }
            let items = try c.sequence(0).array()
            let interpreter = c.interpreter
            if items.allSatisfy({ $0.asDouble != nil }) || items.allSatisfy({ $0.asString != nil }) {
                let order = try items.sorted { try interpreter.compare($0, $1) < 0 }
                let result = List([])
                for item in order {
                    // A number beside a 0-d tensor may be another one and yet equal in the tensor's type.
                    if let last = result.items.last, try interpreter.compare(last, item) == 0 || interpreter.equals(last, item) { continue }
                    try result.append(item)
                }
                return .list(result)
            }
            let result = List([])
            for item in items where try !result.items.contains(where: { try interpreter.equals($0, item) }) { try result.append(item) }
            return .list(result)
        })

    static let lists = [list, range, append, map, filter, reduce, zipped, enumerate, sorted, reversed, unique]
}
