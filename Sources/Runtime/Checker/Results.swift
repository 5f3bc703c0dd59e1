import Syntax
import Tensors

/// What built-ins give where a shape does not say it, one rule for each family; their declarations name them.
///
/// A rule gives nil where the general way will do: an operation on values that are known is carried out, a shape rule is asked.
enum Results {
    static let nothing: ResultRule = { _ in Abstract.none }
    static let unknown: ResultRule = { _ in .unknown }
    static let text: ResultRule = { c in
        if allExact(c) { return nil }
        let worded = c.arguments.compactMap(\.worded)
        guard worded.count == c.arguments.count, let text = try c.checker.asked(c.operation, worded, c.node)?.exact?.asString else { return .kind(.string) }
        return Abstract.wording(text).bounded
    }
    /// What a file holds when the program comes there: it may have written it itself.
    static let readText: ResultRule = { c in
        if c[0].kindName(c.checker.state.heap) ?? "string" != "string" { _ = try ask(c) }
        return .kind(.string)
    }

    static let texts: ResultRule = { c in allExact(c) ? nil : .many(.kind(.string)) }
    static let aNumber: ResultRule = { _ in .kind(.number) }
    static let anyBool: ResultRule = { _ in .kind(.bool) }

    static func allExact(_ c: AbstractCall) -> Bool { c.arguments.allSatisfy(\.isExact) }

    /// The error of the operation itself, should it refuse its arguments.
    static func ask(_ c: AbstractCall) throws -> Abstract? { try c.checker.asked(c.operation, c.arguments, c.node) }

    /// Labels that no row of scores has, whatever the scores are.
    static let labelled: ResultRule = { c in
        if case .exact(.tensor) = c[1], !c[0].isExact, c[0].shape?.allSatisfy(\.isConstant) ?? false {
            _ = try c.checker.asked(c.operation, c.arguments, c.node, refusal: "labels")
        }
        return nil
    }

    /// The condition of `where` holds bools.
    static let condition: ResultRule = { c in
        if let type = c[0].dtype, type != .bool { _ = try ask(c) }
        return nil
    }

    /// The k largest along an axis.
    static let topk: ResultRule = { c in
        if allExact(c), c[0].everySize.count <= 64 { _ = try ask(c) }
        var shape = c[0].shape
        if let known = shape, let axis = c[2].wholeNumber?.constant, let k = c[1].wholeNumber {
            let at = axis < 0 ? axis + known.count : axis
            guard known.indices.contains(at) else { return try ask(c) ?? .unknown }
            if let k = k.constant, let size = known[at].constant, k > size { return try c.checker.asked(c.operation, c.arguments, c.node, refusal: "size") ?? .unknown }
            shape![at] = k
        } else { shape = nil }
        return .record(["values", "indices"], [.tensor(shape, nil), .tensor(shape, nil)])
    }

    // MARK: Factorizations

    /// A record of tensors whose shapes follow from that of a matrix; nil for a size that is not known beforehand.
    private static func factors(_ c: AbstractCall, isSquare: Bool, _ parts: (_ rows: Size, _ columns: Size, _ least: Size?) -> [(String, [Size?])]) throws -> Abstract {
        guard let shape = c[0].shape, shape.count == 2 else { return .unknown }
        if isSquare, shape[0] != shape[1] {
            if shape.allSatisfy(\.isConstant) { _ = try ask(c) }
            return .unknown
        }
        let least = shape[0] == shape[1] ? shape[0] : shape.allSatisfy(\.isConstant) ? Size(min(shape[0].constant!, shape[1].constant!)) : nil
        let all = parts(shape[0], shape[1], least)
        return .record(all.map(\.0), all.map { .tensor($0.1.allSatisfy { $0 != nil } ? $0.1.map { $0! } : nil, c[0].dtype == .f64 ? .f64 : nil) })
    }

    static let qr: ResultRule = { c in try factors(c, isSquare: false) { [("q", [$0, $2]), ("r", [$2, $1])] } }
    static let eigh: ResultRule = { c in try factors(c, isSquare: true) { n, _, _ in [("values", [n]), ("vectors", [n, n])] } }
    static let svd: ResultRule = { c in try factors(c, isSquare: false) { [("u", [$0, $2]), ("values", [$2]), ("v", [$1, $2])] } }

    // MARK: Shapes

    static let shape: ResultRule = { c in
        guard let shape = c[0].shape else { return c[0].isExact ? nil : .many(.kind(.number)) }
        return .sizes(shape)
    }

    static let rank: ResultRule = { c in
        guard let shape = c[0].shape else { return c[0].isExact ? nil : .kind(.number) }
        return .number(Double(shape.count))
    }

    static let size: ResultRule = { c in
        guard let shape = c[0].shape else { return c[0].isExact ? nil : .size(c.checker.sizes.fresh()) }
        if case .exact(.none) = c[1] {
            return .whole(Size(samples: shape.reduce(SIMD3(repeating: 1)) { $0 &* $1.samples }))
        }
        guard let axis = c[1].wholeNumber?.constant else { return c[1].isExact ? try ask(c) : .kind(.number) }
        guard axis >= -shape.count, axis < shape.count else { return try ask(c) ?? .kind(.number) }
        return .whole(shape[axis < 0 ? axis + shape.count : axis])
    }

    static let length: ResultRule = { c in
        switch c[0] {
        case .list(let items): return .number(Double(items.count))
        case .tensor(let shape?, _):
            guard let first = shape.first else { return try ask(c) ?? .kind(.number) }
            return .whole(first)
        case .record(let keys, let values):
            if let i = keys.firstIndex(of: "x") {
                guard values[i].isTensorLike, let shape = values[i].shape else { return .size(c.checker.sizes.fresh()) }
                if let first = shape.first, !values[i].isPlain { return .whole(first) }
            }
            return .number(Double(keys.count))
        case .object(let id): return c.checker.state.heap[id]?.stages.map { .number(Double($0.count)) } ?? .kind(.number)
        case .exact, .function: return try c[0].isExact ? nil : ask(c) ?? .kind(.number)
        default: return .size(c.checker.sizes.fresh())
        }
    }

    /// The tensors of `concat` and `stack`: as arguments, as one list, or as the rows of one tensor.
    private static func parts(_ c: AbstractCall) -> [Abstract]? {
        guard case .list(var items) = c[0] else { return nil }
        if items.count == 1 {
            switch items[0] {
            case .list(let inner): items = inner
            case .tensor(let shape?, let type) where !shape.isEmpty:
                guard let count = shape[0].constant, count <= 64 else { return nil }
                items = Array(repeating: .tensor(Array(shape.dropFirst()), type), count: count)
            default: return nil
            }
        }
        return items.isEmpty || items.contains { $0.shape == nil } ? nil : items
    }

    /// Whether `concat` may be given lists that do not stack.
    private static func joinsLists(_ c: AbstractCall) -> Bool {
        guard case .list(let items) = c[0] else { return true }
        return items.contains {
            switch $0 {
            case .list, .many, .kind(.list), .unknown: $0.shape == nil
            default: false
            }
        }
    }

    static let concat: ResultRule = { c in
        if allExact(c), c[0].everySize.count < 64 { return nil }
        guard let items = parts(c), let axis = c[1].wholeNumber?.constant else { return joinsLists(c) ? .unknown : .tensor(nil, nil) }
        let shapes = items.map { $0.shape!.isEmpty ? [Size(1)] : $0.shape! }
        do {
            let samples = try c.checker.inWorlds(shapes.flatMap { $0 }) { world -> [Int] in
                let sizes = shapes.map { $0.map(world.value) }
                var result = sizes[0]
                let at = try Call.axis(axis, rank: result.count, label: "`axis`")
                for next in sizes.dropFirst() {
                    guard next.count == result.count, result.indices.allSatisfy({ $0 == at || next[$0] == result[$0] }) else { throw TensorError(.shape, "") }
                    result[at] += next[at]
                }
                return result
            }
            return .tensor(samples.flatMap(c.checker.shape), items.allSatisfy { $0.dtype == items[0].dtype } ? items[0].dtype : nil)
        } catch { return try ask(c) ?? .tensor(nil, nil) }
    }

    static let stack: ResultRule = { c in
        if allExact(c), c[0].everySize.count < 64 { return nil }
        guard let items = parts(c), let axis = c[1].wholeNumber?.constant else { return .tensor(nil, nil) }
        do {
            let samples = try c.checker.inWorlds(items.flatMap { $0.shape! }) { world -> [Int] in
                let sizes = items.map { $0.shape!.map(world.value) }
                guard sizes.allSatisfy({ $0 == sizes[0] }) else { throw TensorError(.shape, "") }
                var result = sizes[0]
                result.insert(sizes.count, at: try Call.axis(axis, rank: result.count + 1, label: "`axis`"))
                return result
            }
            return .tensor(samples.flatMap(c.checker.shape), nil)
        } catch { return try ask(c) ?? .tensor(nil, nil) }
    }

    /// Without a tensor it is the function that flattens from the axis given.
    static let flatten: ResultRule = { c in
        guard case .exact(.none) = c[0] else { return nil }
        let operation = c.operation, from = c[1]
        return .function(AbstractFunction("flatten", .native { checker, arguments, _ in
            try checker.applyBuiltin(operation, Array(arguments.prefix(1)) + [from], [], nil)
        }))
    }

    static let arange: ResultRule = { c in
        let first = c[0].wholeNumber, stop = c[1].wholeNumber
        let type = c.checker.interpreter.defaultType
        if case .exact(.none) = c[1], case .exact(.number(1)) = c[2], let first { return .tensor([first], type) }
        if let first, let stop, case .exact(.number(1)) = c[2] { return .tensor([Size(samples: stop.samples &- first.samples)], type) }
        if allExact(c), let start = c[0].exact?.asDouble, let step = c[2].exact?.asDouble, step != 0 {
            let end = c[1].exact?.asDouble
            let count = (((end ?? start) - (end == nil ? 0 : start)) / step).rounded(.up)
            if count.isFinite, count < 1e9 { return .tensor([Size(Int(max(0, count)))], type) }
        }
        return .tensor([c.checker.sizes.fresh()], type)
    }

    // MARK: Random numbers

    /// A shape given as sizes or as one list of them.
    private static func drawnShape(_ a: Abstract, _ c: AbstractCall) -> [Size]? {
        guard case .list(var items) = a else { return nil }
        if items.count == 1 {
            if case .list(let inner) = items[0] { items = inner } else if case .exact(.tensor(let t, _)) = items[0], t.rank == 1 {
                items = (0..<t.count).map { .number(t.element($0)) }
            }
        }
        var shape: [Size] = []
        for item in items {
            if let whole = item.wholeNumber { shape.append(whole) } else if case .kind(.number) = item { shape.append(c.checker.sizes.fresh()) } else { return nil }
        }
        return shape
    }

    static let drawn: ResultRule = { c in
        guard let shape = drawnShape(c[0], c) else { return allExact(c) ? try ask(c) ?? .tensor(nil, nil) : .tensor(nil, nil) }
        // A size below 1 was meant as a bound.
        if allExact(c), shape.contains(where: { ($0.constant ?? 1) < 1 }) { return try ask(c) ?? .tensor(shape, nil) }
        guard c[1].isPlain, c[2].isPlain else { return .tensor(nil, nil) }
        return .tensor(shape, nil)
    }

    static let bernoulli: ResultRule = { c in
        guard let shape = drawnShape(c[1], c) else { return .tensor(nil, .bool) }
        return .tensor(shape.isEmpty ? c[0].shape : c[0].isPlain ? shape : nil, .bool)
    }

    static let permutation: ResultRule = { c in
        let type = c.checker.interpreter.defaultType
        if let n = c[0].wholeNumber, c[0].isPlain { return .tensor([n], type) }
        switch c[0] {
        case .tensor: return c[0]
        case .exact(.tensor(let t, _)): return .tensor(t.shape.map { Size($0) }, t.dtype)
        case .list(let items): return items.isEmpty ? c[0] : .many(items.dropFirst().reduce(items[0]) { c.checker.join($0, $1) })
        case .kind(.number): return .tensor([c.checker.sizes.fresh()], type)
        case .exact(.range(let r)): return .tensor([Size(r.count)], type)
        default: return .unknown
        }
    }

    // MARK: Lists and records

    static let list: ResultRule = { c in
        guard case .list(let items) = c[0] else { return .unknown }
        if items.count != 1 { return c[0] }
        switch items[0] {
        case .list, .many: return items[0]
        case .unknown, .kind(.list), .kind(.record), .fields, .kind(.object): return .kind(.list)
        case .tensor(let shape?, let type) where !shape.isEmpty: return .many(.tensor(Array(shape.dropFirst()), type))
        case .exact: return nil
        default: return .unknown
        }
    }

    static let range: ResultRule = { c in allExact(c) ? nil : .many(.kind(.number)) }

    static let append: ResultRule = { c in
        switch c[0] {
        case .list(let items): return items.count < 1_024 ? .list(items + [c[1]]) : .many(c[1])
        case .many(let each): return .many(c.checker.join(each, c[1]))
        case .exact(.tensor), .tensor:
            guard let shape = c[0].shape, let first = shape.first else { return .tensor(nil, nil) }
            return .tensor([Size(samples: first.samples &+ SIMD3(repeating: 1))] + shape.dropFirst(), c[0].dtype)
        default: return .unknown
        }
    }

    /// The items of a sequence: all of them, or what is known of each.
    private static func sequence(_ a: Abstract, _ c: AbstractCall) throws -> (all: [Abstract]?, each: Abstract)? {
        switch a {
        case .list(let items): return (items.count <= 64 ? items : nil, items.dropFirst().reduce(items.first ?? .unknown) { c.checker.join($0, $1) })
        case .many(let each): return (nil, each)
        case .tensor(let shape?, let type) where !shape.isEmpty: return (nil, .tensor(Array(shape.dropFirst()), type))
        case .exact(.range(let r)): return (r.count <= 64 ? (0..<r.count).map { .number(r[$0]) } : nil, .kind(.number))
        case .exact(.tensor(let t, _)) where t.rank > 0:
            return (t.dims[0] > 64 ? nil : try (0..<t.dims[0]).map { c.checker.lift(try c.checker.interpreter.row(.tensor(t, 0), $0)) }, .tensor(t.shape.dropFirst().map { Size($0) }, t.dtype))
        default: return nil
        }
    }

    static let map: ResultRule = { c in
        guard case .list(let given) = c[1] else { return .unknown }
        if given.isEmpty {
            let f = c[0]
            return .function(AbstractFunction("map", .native { checker, arguments, n in
                try mapped(AbstractCall(checker: checker, operation: c.operation, arguments: [f, .list(arguments)], node: n), f, arguments)
            }))
        }
        return try mapped(c, c[0], given)
    }

    private static func mapped(_ c: AbstractCall, _ f: Abstract, _ given: [Abstract]) throws -> Abstract {
        let sequences = try given.compactMap { try sequence($0, c) }
        guard sequences.count == given.count else {
            if given.count == 1, case .record(let keys, let values) = given[0] {
                for (key, value) in Swift.zip(keys, values) { _ = try c.apply(f, [.text(key), value]) }
            } else { c.checker.calledUnseen(f) }
            return .unknown
        }
        if sequences.allSatisfy({ $0.all != nil }), let count = sequences.map({ $0.all!.count }).min() {
            let results = try (0..<count).map { i in try c.apply(f, sequences.map { $0.all![i] }) }
            guard let n = c.node else { return .list(results) }
            // Unlike brackets, `map` gives a list where rows are ragged.
            do { return try c.checker.bracketed(results, n) } catch is Diagnostic { return .list(results) }
        }
        let one = try applied(c, f, sequences.map(\.each), given)
        if case .tensor(let shape?, let type) = one, given.count == 1, let count = given[0].shape?.first { return .tensor([count] + shape, type) }
        return .unknown
    }

    /// What a function gives for an item of sequences that may be empty.
    private static func applied(_ c: AbstractCall, _ f: Abstract, _ items: [Abstract], _ sequences: [Abstract]) throws -> Abstract {
        let wasCertain = c.checker.isCertain
        if !sequences.allSatisfy({ ($0.shape?.first?.constant ?? 0) > 0 }) { c.checker.isCertain = false }
        let result = try c.checker.repeating { try c.apply(f, items) }
        c.checker.isCertain = wasCertain
        return result
    }

    static let filter: ResultRule = { c in
        guard let items = try sequence(c[1], c) else {
            // Given alone it is a function.
            c.checker.calledUnseen(c[0])
            return .unknown
        }
        _ = try applied(c, c[0], [items.each], [c[1]])
        switch c[1] {
        case .tensor(let shape?, let type): return .tensor([c.checker.sizes.fresh()] + shape.dropFirst(), type)
        case .list, .many: return .many(items.each)
        default: return .unknown
        }
    }

    static let reduce: ResultRule = { c in
        guard let items = try sequence(c[1], c), var all = items.all, !all.isEmpty else {
            c.checker.calledUnseen(c[0])
            return .unknown
        }
        var result: Abstract
        if case .exact(.none) = c[2] { result = all.removeFirst() } else { result = c[2] }
        for item in all { result = try c.apply(c[0], [result, item]) }
        return result
    }

    static let zip: ResultRule = { c in
        guard case .list(let given) = c[0] else { return .unknown }
        let sequences = try given.compactMap { try sequence($0, c) }
        guard sequences.count == given.count, !given.isEmpty else { return .many(.unknown) }
        if sequences.allSatisfy({ $0.all != nil }) {
            let count = sequences.map { $0.all!.count }.min()!
            return .list((0..<count).map { i in .list(sequences.map { $0.all![i] }) })
        }
        return .many(.list(sequences.map(\.each)))
    }

    static let enumerate: ResultRule = { c in
        guard let items = try sequence(c[0], c) else { return .many(.list([.kind(.number), .unknown])) }
        if let all = items.all, let start = c[1].wholeNumber?.constant { return .list(all.enumerated().map { .list([.number(Double($0 + start)), $1]) }) }
        return .many(.list([.kind(.number), items.each]))
    }

    static let items: ResultRule = { c in
        if allExact(c) { return nil }
        switch c[0] {
        case .list(let items): return items.isEmpty ? c[0] : .many(items.dropFirst().reduce(items[0]) { c.checker.join($0, $1) })
        case .many, .tensor: return c[0]
        default: return .unknown
        }
    }

    static let sorted: ResultRule = { c in
        if case .exact(.none) = c[1] { return try items(c) }
        if let items = try sequence(c[0], c) { _ = try applied(c, c[1], [items.each], [c[0]]) } else { c.checker.calledUnseen(c[1]) }
        return allExact(c) ? .unknown : try items(c)
    }

    static let unknownItems: ResultRule = { c in
        if allExact(c) { return nil }
        if case .tensor(let shape?, let type) = c[0], !shape.isEmpty { return .tensor([c.checker.sizes.fresh()], type) }
        return .unknown
    }

    static let keys: ResultRule = { c in
        if case .record(let keys, _) = c[0] { return .list(keys.map { .text($0) }) }
        return allExact(c) ? nil : .many(.kind(.string))
    }

    static let values: ResultRule = { c in
        if case .record(_, let values) = c[0] { return .list(values) }
        return allExact(c) ? nil : .many(.unknown)
    }

    static let get: ResultRule = { c in
        if case .record(let keys, let values) = c[0], let key = c[1].exact?.asString { return keys.place(of: key).map { values[$0] } ?? c[2] }
        if case .fields(let keys) = c[0], let key = c[1].exact?.asString, !keys.contains(key) { return c[2] }
        return .unknown
    }

    /// A record with no other keys than those named.
    static let withFields: ResultRule = { c in
        guard case .list(let items) = c[1], case let names = items.compactMap({ $0.exact?.asString }), names.count == items.count else { return c[0] }
        switch c[0] {
        case .unknown, .kind(.record), .fields: return .fields(names)
        default: return c[0]
        }
    }

    static let number: ResultRule = { c in
        if let whole = c[0].wholeNumber { return .whole(whole) }
        if c[0].isExact { return nil }
        return .kind(.number)
    }

    static let string: ResultRule = { c in
        if case .size(let s) = c[0] { return .wording("\(s.samples[0])") }
        if let text = c.checker.text(c[0]) { return .text(text) }
        return allExact(c) ? nil : .kind(.string)
    }

    static let kind: ResultRule = { c in c[0].kindName(c.checker.state.heap).map { .text($0) } ?? .kind(.string) }
}
