// Statements, declarations and whole uses of the library.
extension Generator {
    mutating func statement(isTop: Bool = false) -> String {
        guard fuel > 0 else { return "print(\(expression(form())))" }
        fuel -= 1
        defer { fuel += 1 }
        switch dice.below(isTop ? 44 : 16) {
        case 0...4: return setUp()
        case 5, 6: return assignment()
        case 7: return "print(\(commas(dice.among(0...3)) { $0.expression($0.form()) }))"
        case 8: return "if \(head(.bool)) \(block())" + (dice.chance(40) ? " else if \(head(.bool)) \(block())" : "") + (dice.chance(50) ? " else \(block())" : "")
        case 9: return forLoop()
        case 10: return whileLoop()
        case 11: return "try \(block()) catch \(dice.chance(50) ? "e " : "")\(block())"
        case 12: return destructuring()
        case 13 where isInLoop: return dice.pick(["break", "continue"])
        case 13 where isInFunction: return "return \(expression(form()))"
        case 14: return "assert \(expression(.bool)) or true" + (dice.chance(30) ? ", \(expression(.text))" : "")
        case 15: return function()
        case 16: return declaration()
        case 17...22: return example()
        case 23...29: return call()
        case 30, 31: return training()
        case 32...35: return layerUse()
        case 36: return "test \"t\" \(block())"
        case 37: return "main \(block())"
        case 38, 39: return special()
        case 40: return "## About\nfn documented\(nextName)(x: [..., n], k=\(expression(.number))) -> [..., n] = x # \(dice.below(9))"
        case 41: return "#%% \(dice.below(100))"
        default: return expression(form())
        }
    }

    /// An expression in the head of a statement, where a brace would open the block.
    private mutating func head(_ form: Form) -> String { "(\(expression(form)))" }

    mutating func block() -> String {
        let saved = scope
        defer { scope = saved }
        let count = dice.among(0...3)
        if count == 1, dice.chance(50) { return "{ \(statement()) }" }
        return "{\n" + (0..<count).map { _ in statement() + "\n" }.joined() + "}"
    }

    mutating func assignment() -> String {
        guard let (name, form) = scope.isEmpty ? nil : dice.pick(scope), !isInFunction else { return setUp() }
        switch form {
        case .number: return "\(name) \(dice.pick(["+=", "-=", "*=", "/="])) \(expression(.number))"
        case .tensor(let shape):
            let number = expression(.number)
            let index = shape.map { dice.pick(["0", "-1", ":", "\(max(0, $0 - 1))", "0:1", "...", "none"].prefix(dice.chance(90) ? 5 : 7)) }.joined(separator: ", ")
            return dice.pick(["\(name)[\(index)] = \(number)", "\(name) *= \(number)", "\(name)[\(name) > 0] = \(number)", "\(name) += \(name)"])
        case .record: return dice.pick(["\(name).a = \(expression(.number))", "\(name)[\"b\"] = \(expression(.number))", "\(name).v[0] = \(expression(.number))", "\(name).a += 1"])
        case .list(let n) where n > 0: return "\(name)[\(dice.pick(["0", "-1", "\(n - 1)"]))] = \(expression(.number))"
        default: return "\(name) = \(expression(form))" + (dice.chance(10) ? ";" : "")
        }
    }

    private mutating func forLoop() -> String {
        let outer = isInLoop
        isInLoop = true
        defer { isInLoop = outer }
        switch dice.below(5) {
        case 0: return "for i in 0..<\(dice.among(0...4)) " + withName("i", .count) { $0.block() }
        case 1: return "for (k, v) in \(head(.record)) \(block())"
        case 2: return "for i in 1..2, j in 0..<\(dice.among(0...3)) " + withName("j", .count) { $0.block() }
        case 3: return "for row in \(head(.tensor([2, 3]))) " + withName("row", .tensor([3])) { $0.block() }
        default: return "for b in batches(\(expression(.data)), 3) " + withName("b", .data) { $0.block() }
        }
    }

    private mutating func whileLoop() -> String {
        let outer = isInLoop
        isInLoop = false
        defer { isInLoop = outer }
        nextName += 1
        let name = "n\(nextName)"
        return "\(name) = \(dice.among(0...4))\nwhile \(name) > 0 {\n\(name) -= 1\n\(statement())\n}"
    }

    private mutating func destructuring() -> String {
        let first = fresh(.number), second = fresh(.number) + "b"
        let values = "(\(expression(.number)), \(expression(.number)))"
        declare(first, .number)
        declare(second, .number)
        switch dice.below(3) {
        case 0: return "(\(first), \(second)) = \(values)"
        case 1: return "{\(first), \(second)} = {\(first): 1, \(second): \(expression(.number))}"
        default: return "(\(first), (\(second), rest)) = (1, \(values))"
        }
    }

    private mutating func function() -> String {
        let outer = (scope, isInFunction, isInLoop)
        isInFunction = true
        isInLoop = false
        nextName += 1
        let name = "f\(nextName)"
        let annotation = dice.chance(20) ? ": [n]" : ""
        scope.append(("x", .tensor([3])))
        scope.append(("k", .number))
        var text = "fn \(name)(x\(annotation), k=\(atom(.number))\(dice.chance(20) ? ", rest..." : ""))"
        if dice.chance(50) { text += " = \(expression(.tensor([3])))" } else {
            text += " {\n\(statement())\n\(statement())\n\(dice.chance(40) ? "return " : "")\(expression(.tensor([3])))\n}"
        }
        (scope, isInFunction, isInLoop) = outer
        return text + (dice.chance(80) ? "\nprint(\(name)(\(expression(.tensor([3])))\(dice.chance(30) ? ", k=\(expression(.number))" : "")))" : "")
    }

    private mutating func declaration() -> String {
        nextName += 1
        let name = "thing\(nextName)", outer = (scope, isInFunction)
        isInFunction = true
        defer { (scope, isInFunction) = outer }
        scope.append(("x", .tensor([2, 3])))
        if dice.chance(60) {
            return """
            layer \(name)(units, scale=\(atom(.number))) {
                param W = glorot(size(x, -1), units)
                param b = zeros(units)
                state calls = 0
                fn forward(x) { calls += 1; \(expression(.tensor([2, 3]))) @ W + b * scale }
            }
            \(name)k = \(name)(\(dice.among(1...4)))
            print(\(name)k(\(expression(.tensor([2, 3])))), \(name)k.calls)
            print(grad(m => sum(m(ones(2, 3))))(\(name)k))
            """
        }
        return """
        object \(name)(rate=\(expression(.number))) {
            state v = \(expression(.number))
            fn step(x) { v = v * 0.5 + rate; self.v += 1; v }
            assert rate == rate or true
        }
        \(name)k = \(name)()
        \(name)k.step(1)
        print(\(name)k.v, copy(\(name)k).step(2))
        """
    }

    /// An entry from the documentation, sometimes with another number in it.
    private mutating func example() -> String {
        var text = dice.pick(examples)
        if text.contains("digits"), !dice.chance(3) { text = dice.pick(examples) }
        guard dice.chance(25) else { return text }
        // Digits that are a number by themselves, not in a string.
        let places = text.indices.filter { place in
            func isPart(_ c: Character?) -> Bool { c.map { $0.isLetter || $0.isNumber || "._\\".contains($0) } ?? false }
            let before = place > text.startIndex ? text[text.index(before: place)] : nil, after = text[place...].dropFirst().first
            return text[place].isASCII && text[place].isNumber && !isPart(before) && !isPart(after)
                && text[..<place].count { $0 == "\"" }.isMultiple(of: 2)
        }
        guard !places.isEmpty else { return text }
        let place = dice.pick(places)
        text.replaceSubrange(place...place, with: dice.pick(["0", "1", "2", "3", "4", "7", "(\(expression(.number)))"]))
        return text
    }

    private mutating func training() -> String {
        let optimizer = dice.pick(["sgd(0.1)", "sgd(0.1, momentum=0.9, nesterov=true)", "adam(1e-2)", "adamw(1e-2)", "rmsprop(1e-2)", "adagrad(0.1)",
                                   "sgd(cosine(0.1, 4))", "adam(step_decay(0.01, 2))", "sgd(warmup(0.1, 3), l2=0.01)"])
        let penalty = dice.pick(["none", "l2(1e-3)", "l1(1e-3)", "elastic(1e-3, 1e-3)", "l2(0.1, biases=true)"])
        let extra = dice.pick(["", ", validate=\(atom(.data))", ", validate=\(atom(.data)), patience=1", ", metrics={m: (n, d) => 1}", ", augment=(x => x)"])
        nextName += 1
        let net = "m\(nextName)", run = "r\(nextName)"
        return """
        \(net) = \(expression(.network))
        \(run) = fit(\(net), \(expression(.data)), optimizer=\(optimizer), penalty=\(penalty), epochs=1, batch=\(dice.among(1...6))\(extra))
        print(\(run).history.loss, \(dice.pick(["accuracy", "evaluate", "confusion"]))(\(net), \(atom(.data))))
        \(dice.pick(["plot(\(run))", "summary(\(net))", "fit(\(net), \(atom(.data)), epochs=2, resume=\(run))", "print(keys(params(\(net))))",
                     "backprop(\(net), ones(2, 3), [0, 1]).loss", "boundary(\(net), \(atom(.data)))", "saturation(\(net), ones(2, 3))", "predict(\(net), ones(2, 3))"]))
        """
    }

    private mutating func layerUse() -> String {
        let picture = "uniform(2, 2, \(dice.among(4...6)), \(dice.among(4...6)))", steps = "uniform(2, \(dice.among(1...4)), 4)"
        let size = dice.among(1...3), pad = dice.among(0...1)
        let use = dice.pick([
            ("conv(\(dice.among(1...3)), \(size), stride=\(dice.among(1...2)), pad=\(pad), bias=\(dice.pick(["true", "false"])))", picture),
            ("conv(4, 2, groups=2, dilation=\(dice.among(1...2)))", picture), ("conv_transpose(2, \(size), stride=\(dice.among(1...2)))", picture),
            ("maxpool(\(size), stride=\(dice.among(1...2)))", picture), ("avgpool(\(size))", picture), ("globalpool", picture), ("batchnorm()", picture),
            ("groupnorm(2)", picture), ("layernorm()", picture), ("conv(2, 3, pad=1) >> relu >> flatten >> dense(2)", picture),
            ("rnn(3)", steps), ("lstm(3, sequence=true)", steps), ("gru(2)", steps), ("attention(heads=2)", steps), ("attention(heads=2, causal=true)", steps),
            ("embed(5, 3)", "[[0, 1, 4], [2, 2, 3]]"), ("residual(dense(3))", "uniform(2, 3)"), ("residual(dense(2), shortcut=dense(2))", "uniform(2, 3)"),
        ])
        nextName += 1
        let net = "l\(nextName)"
        let last = dice.pick(["print(shape(\(net)(\(use.1))))", "print(grad(m => sum(m(\(use.1))))(\(net)))", "print(grad(x => sum(square(\(net)(x))))(\(use.1)))",
                              "print(train_mode(() => \(net)(\(use.1))))", "build(\(net), \(use.1)); update(\(net), w => w * 0.5)", "copy(\(net))(\(use.1))"])
        return "\(net) = \(use.0)\n\(last)"
    }
}
