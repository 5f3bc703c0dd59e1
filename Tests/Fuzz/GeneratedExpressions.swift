// Expressions of a wanted form.
extension Generator {
    /// An expression of this form, of any other now and then in a sour program.
    mutating func expression(_ wanted: Form) -> String {
        guard fuel > 0 else { return atom(wanted) }
        if sourness > 0, dice.chance(sourness) { return sour() }
        fuel -= 1
        defer { fuel += 1 }
        if dice.chance(25), let name = variable(wanted) { return name }
        if dice.chance(4) { return "(if \(value(.bool)) { \(expression(wanted)) } else { \(expression(wanted)) })" }
        if dice.chance(2) { return "(try { \(expression(wanted)) } catch { \(atom(wanted)) })" }
        if dice.chance(3) { return "(x => \(expression(wanted)))(\(expression(.number)))" }
        if dice.chance(1) { return "(() => {\n\(expression(form()))\n\(expression(wanted))\n})()" }
        if dice.chance(2) { return "{k: \(expression(wanted))}.k" }
        if dice.chance(2) { return "(\(expression(form())), \(expression(wanted)))[1]" }
        switch wanted {
        case .number: return number()
        case .count: return dice.chance(50) ? atom(.count) : "len(\(expression(.list(dice.among(0...4)))))"
        case .bool: return bool()
        case .text: return text()
        case .tensor(let shape): return tensor(shape)
        case .list(let n): return list(n)
        case .record: return record()
        case .elementwise: return elementwise()
        case .function: return "(t => \(withName("t", .number) { $0.expression(.number) }))"
        case .network: return network()
        case .data: return dice.chance(70) ? atom(.data) : dice.pick(["shuffle(\(expression(.data)))", "take(\(expression(.data)), 0..<6)", "batches(\(expression(.data)), 6)[0]"])
        }
    }

    /// Runs `body` with a further name in scope.
    mutating func withName(_ name: String, _ form: Form, _ body: (inout Generator) -> String) -> String {
        let saved = scope
        declare(name, form)
        defer { scope = saved }
        return body(&self)
    }

    mutating func literal() -> String {
        dice.chance(80) ? dice.pick(["0", "1", "2", "3", "0.5", "1.25", "1e-3", "10", "-1", "-2.5", "pi", "0x1f", "1_000"])
            : dice.pick(["1e308", "-0.0", "nan", "inf", "9007199254740993", "4294967296", "1e-320", "123456.789", "1e16"])
    }

    /// An expression that a call, an index or a field may follow.
    mutating func value(_ form: Form) -> String {
        let text = expression(form)
        return text.first.map { $0.isLetter || $0 == "(" || $0 == "_" } == true && !text.contains(" ") ? text : "(\(text))"
    }

    /// The simplest expression of a form.
    mutating func atom(_ form: Form) -> String {
        if dice.chance(60), let name = variable(form) { return name }
        switch form {
        case .number: return literal()
        case .count: return "\(dice.among(0...4))"
        case .bool: return dice.pick(["true", "false"])
        case .text: return dice.pick(["\"\"", "\"abc\"", "\"a b\\tc\"", "\"λ\\u{1F600}\"", "\"\"\"two\nlines\"\"\"", "\"1.5\"", "\"{{}}\""])
        case .tensor(let shape): return create(shape)
        case .list(let n): return "list(" + commas(n) { $0.literal() } + ")"
        case .record: return "{a: \(literal()), b: \(literal()), v: [1, 2, 3]}"
        case .elementwise: return dice.pick(Self.unary)
        case .function: return dice.pick(["(t => t + 1)", "square", "(t => if t > 0 { t } else { -t })", "sqrt", "string"])
        case .network: return dice.pick(["dense(2)", "dense(4) >> relu >> dense(2)", "(x => x[:, 0:2])"])
        case .data: return dice.pick(["blobs(6, centers=2, features=3)", "{x: uniform(6, 3), y: [0, 1, 0, 1, 0, 1], classes: (\"a\", \"b\")}"])
        }
    }

    mutating func commas(_ count: Int, _ item: (inout Generator) -> String) -> String {
        (0..<count).map { _ in item(&self) }.joined(separator: ", ")
    }

    mutating func create(_ shape: [Int]) -> String {
        let sizes = shape.map(String.init).joined(separator: ", ")
        if shape.reduce(1, *) <= 12, shape.count <= 2, dice.chance(60), !shape.contains(0) {
            func rows(_ shape: ArraySlice<Int>) -> String {
                guard let n = shape.first else { return literal() }
                return "[" + (0..<n).map { _ in rows(shape.dropFirst()) }.joined(separator: ", ") + "]"
            }
            return rows(shape[...])
        }
        return dice.pick(["zeros(\(sizes))", "ones(\(sizes))", "uniform(\(sizes))", "normal(\(sizes), sd=0.5)", "full([\(sizes)], 0.5)",
                          "integers(0, 3, \(sizes))", "bernoulli(0.5, \(sizes))", "glorot(\(sizes))", "reshape(arange(\(shape.reduce(1, *))), \(sizes))"])
    }

    static let unary = ["exp", "log1p", "abs", "sign", "square", "sin", "cos", "tanh", "sigmoid", "relu", "elu", "gelu", "silu", "softplus",
                        "erf", "floor", "ceil", "round", "leaky_relu", "expm1", "tan", "sqrt", "log", "softmax", "log_softmax", "cumsum", "sort",
                        "flip", "stop_gradient", "f64", "f32"]

    private mutating func number() -> String {
        switch dice.below(16) {
        case 0...3: return "(\(expression(.number)) \(dice.pick(["+", "-", "*", "/", "%", "//", "^"])) \(expression(.number)))"
        case 4: return "-\(expression(.number))"
        case 5: return "\(dice.pick(["sum", "mean", "max", "min", "norm", "size", "var", "std", "median", "prod", "logsumexp", "argmax", "count"]))(\(expression(.tensor(shape()))))"
        case 6: return "\(value(.tensor([3])))[\(dice.pick(["0", "-1", "2", "1"]))]"
        case 7: return "\(value(.function))(\(expression(.number)))"
        case 8: return "\(value(.record)).\(dice.pick(["a", "b"]))"
        case 9: return "reduce((p, q) => p + q, \(expression(.list(3))))"
        case 10: return "\(dice.pick(["exp", "sin", "abs", "floor", "sigmoid"]))(\(expression(.number)))"
        case 11: return "grad(\(expression(.function)))(0.5)"
        case 12: return "(\(expression(.number)) |> \(expression(.function)))"
        case 13: return "dot(\(expression(.tensor([3]))), \(expression(.tensor([3]))))"
        case 14: return "len(\(expression(.text)))"
        default: return atom(.number)
        }
    }

    private mutating func bool() -> String {
        switch dice.below(9) {
        case 0...2: return "\(operand(.number)) \(dice.pick(["==", "!=", "<", "<=", ">", ">="])) \(operand(.number))"
        case 3: return "(\(expression(.bool)) \(dice.pick(["and", "or"])) \(expression(.bool)))"
        case 4: return "(not \(expression(.bool)))"
        case 5: return "\(dice.pick(["all", "any"]))(\(expression(.tensor([3]))) > \(expression(.number)))"
        case 6: return "\(operand(.number)) \(dice.pick(["in", "not in"])) \(operand(.list(3)))"
        case 7: return "\(operand(.text)) == \(operand(.text))"
        default: return atom(.bool)
        }
    }

    /// An operand of a comparison, which does not chain.
    private mutating func operand(_ form: Form) -> String { "(\(expression(form)))" }

    private mutating func text() -> String {
        switch dice.below(9) {
        case 0...2: return "\"<{\(interpolated(form()))}>\""
        case 3: return "\"{\(interpolated(.number)):\(dice.pick([".3f", "8.2e", ">10", "+.1f", "g", "05.1f", "%"]))}\""
        case 4: return "\(dice.pick(["upper", "lower", "string"]))(\(expression(.text)))"
        case 5: return "(\(expression(.text)) + \(expression(.text)))"
        case 6: return "replace(\(expression(.text)), \"a\", \"b\")"
        case 7: return "join(words(\(expression(.text))), \"-\")"
        default: return atom(.text)
        }
    }

    /// An expression on one line that does not begin with a brace.
    private mutating func interpolated(_ form: Form) -> String {
        let text = expression(form)
        return text.contains("\n") ? "1" : text.hasPrefix("{") ? " \(text)" : text
    }

    private mutating func list(_ n: Int) -> String {
        switch dice.below(6) {
        case 0: return n == 1 ? "(\(expression(.number)),)" : "(" + commas(n) { $0.expression(.number) } + ")"
        case 1: return "map(\(expression(.function)), \(expression(.list(n))))"
        case 2: return "reversed(\(expression(.list(n))))"
        case 3 where n > 0: return "append(\(expression(.list(n - 1))), \(expression(.number)))"
        case 4: return "[(i, i)[0] for i in list(\(commas(n) { $0.literal() }))]"
        default: return atom(.list(n))
        }
    }

    private mutating func record() -> String {
        switch dice.below(5) {
        case 0: return "{a: \(expression(.number)), \"b\": \(expression(.number)), v: \(expression(.tensor([3])))}"
        case 1: return "(\(expression(.record)) \(dice.pick(["+", "-"])) \(expression(.record)))"
        case 2: return "(\(expression(.number)) * \(expression(.record)))"
        case 3: return "grad(r => r.a * r.b + sum(r.v))(\(atom(.record)))"
        default: return atom(.record)
        }
    }

    private mutating func elementwise() -> String {
        switch dice.below(4) {
        case 0: return "(\(expression(.elementwise)) >> \(expression(.elementwise)))"
        case 1: return "(z => \(withName("z", .tensor([2, 2])) { _ in "z" }) * \(expression(.number)))"
        case 2: return "dropout(0.5)"
        default: return atom(.elementwise)
        }
    }

    private mutating func network() -> String {
        switch dice.below(5) {
        case 0: return "(dense(\(dice.among(1...5))) >> \(expression(.elementwise)) >> \(expression(.network)))"
        case 1: return "(\(dice.pick(["layernorm()", "batchnorm()", "dropout(0.2)", "noise(0.1)", "residual(dense(3))"])) >> \(expression(.network)))"
        case 2: return "sequential(dense(3), \(dice.pick(Self.unary)), dense(2))"
        case 3: return "copy(\(expression(.network)))"
        default: return atom(.network)
        }
    }
}
