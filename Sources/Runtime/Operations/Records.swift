import Syntax
import Tensors

// Records: `keys`, `values`, `get`, and `contains` for everything that holds something.
extension Op {
    public static let keys: Operation = Operation("keys(r)", .lists, "The keys of a record, a list of strings in their order.",
        examples: [("keys({rate: 0.1, name: \"a\"})", "(\"rate\", \"name\")")], seeAlso: ["values", "get"],
        result: Results.keys,
        forward: { c in Value(list: try fields(c, 0).keys.map { Value($0) }) })

    public static let values: Operation = Operation("values(r)", .lists, "The values of a record, a list in the order of the keys.",
        examples: [("values({rate: 0.1, name: \"a\"})", "(0.1, \"a\")")], seeAlso: ["keys", "get"],
        result: Results.values,
        forward: { c in Value(list: try fields(c, 0).values) })

    public static let get: Operation = Operation("get(r, key, default=none)", .lists,
        "The value of `key` in a record, or the item at that index of a list or tensor; `default` where there is none.",
        examples: [("get({rate: 0.1}, \"rate\", 0)", "0.1"), ("get({rate: 0.1}, \"momentum\", 0)", "0")], seeAlso: ["keys", "contains"],
        result: Results.get,
        forward: { c in
            if case .record(let r) = c[0] { return r[try c.string(1)] ?? c[2] }
            let items = try c.sequence(0)
            let i = try c.int(1)
            guard i >= -items.count, i < items.count else { return c[2] }
            return try items[i < 0 ? i + items.count : i]
        })

    public static let contains: Operation = Operation("contains(xs, x)", .lists,
        "True when a text holds another text, a record a key, a list or tensor an item equal to `x`; the same as `x in xs`.",
        examples: [("contains(\"gradient\", \"rad\")", "true"), ("contains((1, 2), 3)", "false"), ("contains({a: 1}, \"a\")", "true")],
        seeAlso: ["get", "unique"],
        result: Results.anyBool,
        forward: { c in
            switch c[0] {
            case .tensor(let t, _) where t.rank > 1 && !c[1].isPlain:
                // A row of the tensor.
                let items = try c.sequence(0)
                for i in 0..<items.count where try c.interpreter.equals(try items[i], c[1]) { return .bool(true) }
                return .bool(false)
            default: return .bool(try c.interpreter.contains(c[0], c[1]))
            }
        })

    private static func fields(_ c: Call, _ i: Int) throws -> Record {
        if case .object = c[i] {
            throw c.fault(.type, i, "\(c.label(i)) must be a record, got \(c[i].described)", help: ["the parameters of a network are a record: `params(net)`"])
        }
        return try c.record(i)
    }

    static let records = [keys, values, get, contains]
}
