import Autodiff
import Syntax
import Tensors

// Random draws, from the stream of the running object or the script's (`seed`). Every draw is one call of its stream;
// each element depends on nothing but seed, stream, call and its own index.

extension Op {
    /// A shape for `uniform` or `normal`. A size below 1 is a bound or a mean meant otherwise: `first` and `second` are
    /// what the numbers from there on were meant for.
    private static func drawShape(_ c: Call, _ first: String, _ second: String) throws -> [Int] {
        guard case .list(let l) = c[0] else { return try c.shape(0) }
        let numbers = l.items.map(\.asDouble)
        let isSize = { (x: Double?) in x.map { $0 >= 1 && $0 == $0.rounded() } ?? true }
        guard let at = numbers.firstIndex(where: { !isSize($0) }), let wrong = numbers[at] else { return try c.shape(0) }
        var words = (numbers[..<at] + numbers[at...].dropFirst(2)).map { numberText($0 ?? .nan) }
        words.append("\(first)=\(numberText(wrong))")
        if at + 1 < numbers.count, let next = numbers[at + 1] { words.append("\(second)=\(numberText(next))") }
        throw Diagnostic(.value, "\(c.operation.name) takes the sizes of the result first, and \(numberText(wrong)) is no size",
                         help: ["name the numbers: `\(c.operation.name)(\(words.joined(separator: ", ")))`"])
    }

    /// A parameter of a distribution where it is a plain number.
    private static func plain(_ c: Call, _ i: Int) throws -> Double? {
        if case .tensor(let t, let serial) = c[i], serial != 0 || t.rank > 0 { return nil }
        if case .list = c[i] { return nil }
        return try c.double(i)
    }

    public static let uniform: Operation = Operation("uniform(shape..., low=0, high=1)", .random,
        "Independent draws from the uniform distribution on [low, high); the shape as arguments or one list, none for a single number. Tensors as bounds broadcast, and have gradients.",
        examples: [("shape(uniform(2, 3))", "(2, 3)"), ("all(uniform(100, low=-1) < 1)", "true")], seeAlso: ["normal", "integers", "seed"],
        result: Results.drawn,
        forward: { c in
            let shape = try drawShape(c, "low", "high"), type = c.interpreter.defaultType
            if let low = try plain(c, 1), let high = try plain(c, 2) {
                guard low.isFinite, high.isFinite, low <= high else {
                    throw Diagnostic(.value, "uniform needs low ≤ high, both finite, got low=\(numberText(low)) and high=\(numberText(high))")
                }
                return Value(try c.interpreter.random { try $0.uniform(shape, type, low: low, high: high) })
            }
            let unit = Value(try c.interpreter.random { try $0.uniform(shape, type, low: 0, high: 1) })
            let low = try c.value(1), high = try c.value(2)
            return try low + (high - low) * unit
        })

    public static let normal: Operation = Operation("normal(shape..., mean=0, sd=1)", .random,
        "Independent draws from the normal distribution with the given mean and standard deviation; the shape as arguments or one list, none for a single number. Tensors as mean and sd broadcast, and have gradients.",
        examples: [("shape(normal(2, 3))", "(2, 3)"), ("normal(3, mean=5, sd=0)", "[5, 5, 5]")], seeAlso: ["uniform", "bernoulli", "seed"],
        result: Results.drawn,
        forward: { c in
            let shape = try drawShape(c, "mean", "sd"), type = c.interpreter.defaultType
            if let mean = try plain(c, 1), let sd = try plain(c, 2) {
                guard mean.isFinite, sd.isFinite, sd >= 0 else {
                    throw Diagnostic(.value, "normal needs a finite mean and sd ≥ 0, got mean=\(numberText(mean)) and sd=\(numberText(sd))")
                }
                return Value(try c.interpreter.random { try $0.normal(shape, type, mean: mean, sd: sd) })
            }
            let standard = Value(try c.interpreter.random { try $0.normal(shape, type, mean: 0, sd: 1) })
            return try c.value(1) + c.value(2) * standard
        })

    public static let integers: Operation = Operation("integers(low, high, shape...)", .random,
        "Independent whole numbers from low up to but not including high, all equally likely.",
        examples: [("integers(5, 6, 3)", "[5, 5, 5]"), ("shape(integers(0, 10, [2, 3]))", "(2, 3)")], seeAlso: ["choose", "permutation", "uniform"],
        shape: Rules.sizes(2),
        forward: { c in
            let low = try c.int(0), high = try c.int(1), shape = try c.shape(2), type = c.interpreter.defaultType
            guard low < high else { throw Diagnostic(.value, "integers needs low < high, got \(low) and \(high)", help: ["high itself is not drawn"]) }
            let limit = type == .f32 ? 1 << 24 : 1 << 53
            guard low >= -limit, high - 1 <= limit else {
                throw Diagnostic(.value, "\(type.name) holds whole numbers exactly only up to \(limit), got \(low) … \(high)", help: type == .f32 ? ["`precision(f64)` holds them up to 2^53"] : [])
            }
            return Value(try c.interpreter.random { try $0.integers(shape, type, low: low, high: high) })
        })

    public static let bernoulli: Operation = Operation("bernoulli(p, shape...)", .random,
        "Independent bools that are true with probability p: a mask. Without a shape, one for each element of p.",
        examples: [("bernoulli(1, 3)", "[true, true, true]"), ("count(bernoulli(0, 100))", "0")], seeAlso: ["uniform", "drop", "where"],
        result: Results.bernoulli,
        forward: { c in
            let p = try c.tensor(0), given = try c.shape(1)
            for i in 0..<p.count where !(p.element(i) >= 0 && p.element(i) <= 1) {
                throw Diagnostic(.value, "the probability of bernoulli must lie between 0 and 1, got \(numberText(p.element(i)))",
                                 help: p.rank == 0 ? ["the probability comes first: `bernoulli(0.5, 3, 4)`"] : [])
            }
            if p.rank == 0 { return Value(try c.interpreter.random { try $0.bernoulli(given, p: p.element(0)) }) }
            let shape = try given.isEmpty ? p.shape : Tensor.broadcastShape(p.shape, given)
            let u = try c.interpreter.random { try $0.uniform(shape, .f64, low: 0, high: 1) }
            return Value(try Tensor.binary(.less, u, Tensor.convert(p, to: .f64)))
        })

    public static let permutation: Operation = Operation("permutation(n)", .random,
        "The numbers 0 … n-1 in random order, all orders equally likely. Of a list or tensor: its items or rows in random order.",
        examples: [("sort(permutation(4))", "[0, 1, 2, 3]")], seeAlso: ["shuffle", "choose"],
        result: Results.permutation,
        forward: { c in
            guard c[0].asDouble != nil else { return try picked(c, c[0], shuffled(c, count(c, c[0]))) }
            return Value(try vector(shuffled(c, c.size(0)), c.interpreter.defaultType))
        })

    public static let choose: Operation = Operation("choose(xs, k=none, replace=false, weights=none)", .random,
        "k items of a list (or rows of a tensor, or numbers below a number) drawn at random, without putting back unless `replace=true`; without k one item. `weights` makes some likelier than others.",
        examples: [("choose((\"a\", \"a\"))", "\"a\""), ("len(choose(10, 3))", "3"), ("choose([4, 5], 2, replace=true, weights=[0, 1])", "[5, 5]")], seeAlso: ["permutation", "integers", "shuffle"],
        result: Results.unknown,
        forward: { c in
            let replace = try c.bool(2), one = c.isNone(1)
            var source = c[0]
            if source.asDouble != nil { source = .range(RangeValue(start: 0, step: 1, count: try c.size(0))) }
            let n = try count(c, source), k = one ? 1 : try c.size(1)
            guard n > 0 || k == 0 else { throw Diagnostic(.value, "choose has nothing to choose from") }
            guard replace || k <= n else {
                throw Diagnostic(.value, "choose cannot take \(k) of \(n) without putting back", help: ["`choose(xs, \(k), replace=true)`"])
            }
            let rows: [Int]
            if !c.isNone(3) {
                rows = try weighted(c, c.tensor(3), n, k, replace)
            } else if replace || k == 1 {
                let drawn = try c.interpreter.random { try $0.integers([k], .f64, low: 0, high: Swift.max(n, 1)) }
                rows = (0..<k).map { Int(drawn.element($0)) }
            } else {
                rows = Array(try shuffled(c, n).prefix(k))
            }
            guard one else { return try picked(c, source, rows) }
            switch source {
            case .range(let r): return .number(r[rows[0]])
            case .tensor: return try c.interpreter.row(source, rows[0])
            default: return try c.interpreter.items(of: source, what: "`xs` of choose")[rows[0]]
            }
        })

    /// The number of items or rows.
    private static func count(_ c: Call, _ xs: Value) throws -> Int {
        switch xs {
        case .list(let l): l.items.count
        case .range(let r): r.count
        case .tensor(let t, _) where t.rank > 0: t.dims[0]
        default: throw Diagnostic(.type, "\(c.operation.name) needs a list, a tensor or a number, got \(xs.described)")
        }
    }

    private static func shuffled(_ c: Call, _ n: Int) throws -> [Int] { try c.interpreter.random { try $0.permutation(n) } }

    private static func vector(_ numbers: [Int], _ type: DType) throws -> Tensor {
        if type == .f32, numbers.count > 1 << 24 { throw Diagnostic(.value, "f32 holds whole numbers exactly only up to \(1 << 24)", help: ["`precision(f64)` holds them up to 2^53"]) }
        let result = try Tensor.make([numbers.count], type)
        for (i, x) in numbers.enumerated() { result.setElement(i, Double(x)) }
        return result
    }

    /// Rows or items at positions: a tensor of a tensor's rows (with its gradient), a vector of a range's numbers, else a list.
    private static func picked(_ c: Call, _ xs: Value, _ rows: [Int]) throws -> Value {
        switch xs {
        case .tensor(let t, let serial):
            if serial != 0, !rows.isEmpty { return try stackList(Value(list: rows.map { try c.interpreter.row(xs, $0) }), .number(0)) }
            return Value(try Tensor.takeRows(t, rows))
        case .range(let r):
            let result = try Tensor.make([rows.count], c.interpreter.defaultType)
            for (i, row) in rows.enumerated() { result.setElement(i, r[row]) }
            return Value(result)
        default:
            let items = try c.interpreter.items(of: xs, what: "`xs` of \(c.operation.name)")
            return Value(list: rows.map { items[$0] })
        }
    }

    /// Positions drawn in proportion to weights, which need not sum to 1.
    private static func weighted(_ c: Call, _ given: Tensor, _ n: Int, _ k: Int, _ replace: Bool) throws -> [Int] {
        guard given.rank == 1, given.count == n else { throw Diagnostic(.shape, "choose needs one weight for each of \(n) items, got \(c[3].described)") }
        var weights = (0..<n).map { given.element($0) }
        for w in weights where !(w >= 0 && w.isFinite) { throw Diagnostic(.value, "a weight of choose must be a finite number, not negative, got \(numberText(w))") }
        let possible = weights.filter { $0 > 0 }.count
        guard possible >= (replace ? Swift.min(k, 1) : k) else { throw Diagnostic(.value, "choose cannot take \(k) items: only \(possible) weights are above 0") }
        let u = try c.interpreter.random { try $0.uniform([k], .f64, low: 0, high: 1) }
        return (0..<k).map { j in
            var total = 0.0
            for w in weights { total += w }
            var left = u.element(j) * total, chosen = 0
            for i in 0..<n where weights[i] > 0 {
                chosen = i
                if left < weights[i] { break }
                left -= weights[i]
            }
            if !replace { weights[chosen] = 0 }
            return chosen
        }
    }

    /// The inputs and outputs of one unit of weights [outputs, inputs] or kernels [outputs, inputs, ...] (as PyTorch counts them).
    private static func fans(_ shape: [Int]) -> (inputs: Double, outputs: Double) {
        guard shape.count > 1 else { return (Double(shape.first ?? 1), Double(shape.first ?? 1)) }
        let field = shape.dropFirst(2).reduce(1.0) { $0 * Double($1) }
        return (Double(shape[1]) * field, Double(shape[0]) * field)
    }

    public static let glorot: Operation = Operation("glorot(shape...)", .random,
        "Weights for layers with tanh, sigmoid or no activation: uniform on ±sqrt(6 / (inputs + outputs)), for W of [outputs, inputs] or kernels of [outputs, inputs, height, width], whose area counts on both sides.",
        examples: [("shape(glorot(10, 64))", "(10, 64)"), ("all(abs(glorot(1, 2)) <= sqrt(2))", "true")], seeAlso: ["he", "uniform", "dense"], shape: Rules.sizes(0),
        forward: { c in
            let shape = try c.shape(0), type = c.interpreter.defaultType, (inputs, outputs) = fans(shape)
            let bound = Swift.max(inputs + outputs, 1)
            let limit = (6 / bound).squareRoot()
            return Value(try c.interpreter.random { try $0.uniform(shape, type, low: -limit, high: limit) })
        })

    public static let he: Operation = Operation("he(shape...)", .random,
        "Weights for layers with relu: normal with standard deviation sqrt(2 / inputs), for W of [outputs, inputs] or kernels of [outputs, inputs, height, width], where inputs is inputs · height · width.",
        examples: [("shape(he(8, 3, 5, 5))", "(8, 3, 5, 5)")], seeAlso: ["glorot", "normal", "conv"], shape: Rules.sizes(0),
        forward: { c in
            let shape = try c.shape(0), type = c.interpreter.defaultType
            let sd = (2 / Swift.max(fans(shape).inputs, 1)).squareRoot()
            return Value(try c.interpreter.random { try $0.normal(shape, type, mean: 0, sd: sd) })
        })

    static let randomness: [Operation] = [uniform, normal, integers, bernoulli, permutation, choose, glorot, he]
}
