import Runtime

// Calls by signature, and uses that the documentation has no example of.
extension Generator {
    /// All but operators, and those that leave or look at the clock.
    private static let operations = Op.all.filter { operation in
        (operation.name.first!.isLetter || operation.name.hasPrefix("_")) && !["exit", "time", "_stopwatch", "_memory"].contains(operation.name)
    }

    /// A call of any built-in, each argument as its parameter's name suggests.
    mutating func call() -> String {
        let operation = dice.pick(Self.operations)
        var arguments: [String] = []
        for parameter in operation.parameters {
            if parameter.isRest {
                for _ in 0..<dice.among(1...2) { arguments.append(argument(parameter.name)) }
            } else if let text = parameter.defaultText {
                guard dice.chance(30) else { continue }
                let value = ["true", "false"].contains(text) ? dice.pick(["true", "false"]) : text.hasPrefix("\"") ? text : argument(parameter.name)
                arguments.append("\(parameter.name)=\(value)")
            } else {
                arguments.append(argument(parameter.name))
            }
        }
        let text = "\(operation.name)(\(arguments.joined(separator: ", ")))"
        return dice.chance(70) ? "try { \(text) } catch e { print(e.kind) }" : text
    }

    private mutating func argument(_ name: String) -> String {
        if dice.chance(6) { return sour() }
        switch name {
        case "axis", "first", "second", "from": return dice.pick(["0", "-1", "1", "none", "[0, 1]", "2"])
        case "axes", "repeats", "to": return dice.pick(["0", "1", "2", "[0, 1]"])
        case "shape": return dice.pick(["2", "3", "[2, 3]", "(3,)", "0", "6"])
        case "f": return dice.pick(["x => sum(x * x)", "(x, y) => x", "x => x", "() => 1", "sum", "(x...) => x", "square"])
        case "n", "k", "count", "stride", "pad", "groups", "dilation", "bins", "classes", "start", "digits", "shift", "m", "output_pad",
             "height", "levels", "alpha", "delta", "p", "q", "slope", "smoothing", "low", "high", "rate", "t", "epoch", "epochs", "code", "total",
             "part", "step", "mean", "sd", "value", "replace", "weights": return dice.pick(["0", "1", "2", "3", "0.5", "-1", "none"])
        case "labels", "indices", "order", "rows": return dice.pick(["[0, 1]", "[0, 1, 2]", "0", "[[0, 1], [1, 0]]"])
        case "text", "separator", "old", "new", "message", "title", "name", "delimiter", "path", "kind", "mode", "by": return expression(.text)
        case "r", "params", "grads", "like", "saved", "begin", "history": return dice.chance(50) ? expression(.record) : expression(.tensor(shape()))
        case "net", "target", "models": return expression(.network)
        case "data", "train": return expression(.data)
        case "type": return dice.pick(["f32", "f64", "bool", "none"])
        case "A", "a", "b", "W", "w", "u", "v", "V": return expression(.tensor(dice.pick([[3, 3], [3], [2, 3], [1, 1], [2, 2, 3, 3], [2, 2]])))
        case "xs", "tensors", "values": return dice.chance(50) ? expression(.list(3)) : expression(.tensor([2, 3]))
        case "amounts": return "[[1, 0]]"
        case "size": return dice.pick(["1", "2", "3", "[2, 2]"])
        case "file": return "none"
        case "style": return dice.pick(["\"ascii\"", "\"braille\"", "none"])
        case "loss": return dice.pick(["mse", "cross_entropy", "mae"])
        case "penalty", "validate", "resume", "augment", "optimizer": return "none"
        default: return expression(.tensor(dice.pick([[3, 3], [3], [2, 3], [2, 2, 4, 4], [1, 2, 5], [2, 2], [6]])))
        }
    }

    /// An expression of any kind at all.
    mutating func sour() -> String {
        switch dice.below(8) {
        case 0: return dice.pick(["none", "()", "[]", "({})", "self", "undefined_name", "(0..<0)", "(5..1)", "\"{1:q}\"", "zeros(0, 3)", "ones(1e9)", "[1, [2]]"])
        case 1: return literal()
        case 2: return "\(atom(form()))[\(dice.pick(["9", "-9", "0.5", "true", "\"a\"", "::0", "none, ...", "[[0]]", ":, :, :, :, :"]))]"
        case 3: return "\(atom(form()))(\(commas(dice.among(0...3)) { $0.atom($0.form()) }))"
        case 4: return "(\(atom(form())) \(dice.pick(["+", "@", "==", "<", "in", "and", "|", "..", ">>", "|>", "^", "//", "%", "&"])) \(atom(form())))"
        case 5: return "(\(atom(form()))).\(dice.pick(["a", "step", "W", "x", "none", "shape"]))"
        case 6: return "(\(atom(form())))'"
        default:
            let operation = dice.pick(Self.operations)
            return "\(operation.name)(\(commas(dice.among(0...3)) { $0.atom($0.form()) }))"
        }
    }

    /// Built-ins that need files, a clock, or a world of their own.
    mutating func special() -> String { fill(dice.pick(Self.specials)) }

    private static let specials = [
        "save(\"out.npz\", %a)", "save(\"out.npy\", %t)", "plot([1, 2, 3], file=\"out.svg\")",
        "try { load(\"net.npz\") } catch e { e.kind }", "load_npy(\"x.npy\")", "load_npz(\"records.npz\")", "load(\"records.npz\")", "load_csv(\"table.csv\")",
        "read(\"table.csv\")", "load_image(\"picture.ppm\")", "load_idx(\"images.idx\", \"labels.idx\")", "load_cifar10(\"cifar.bin\")", "exit(%i)",
        "back_translate(%s, {big: \"groß\", small: \"klein\"}, {\"groß\": \"large\", klein: \"little\"})",
        "shape(tanda([hflip(), x => 1 - x], ones(4, 1, 4, 4), steps=2).probabilities)", "len(submodels(build(dropout(0.5) >> dense(2), ones(1, 2)), ones(1, 2)))",
        "try { load_idx(\"a\", \"b\") } catch e { e.kind }", "try { load_cifar10(\"c\") } catch e { e.kind }", "try { error(%s, kind=\"mine\") } catch e { e.kind }",
        "try { error(%s) } catch e { print(e.kind, e.message) }", "nan_check(true)\nnan_check(false)", "precision(f64)",
        "seed(%i)", "t = time(() => %n)", "nan_check()\n%t", "raises(() => %a, \"value\")",
        "close(%v, %v)", "early_stopping(2).step(dense(1), 0.5)", "eval_mode(() => %n)",
        "train_mode(() => %n)", "gradcheck(x => sum(x * x), %p)", "hvp(x => sum(x * x * x), [1, 2], [1, 0])",
        "jacobian(x => x * x)(%v)", "hessian(x => sum(x ^ 3))(%p)", "value_and_grad(x => sum(x))(%p)",
        "show(x => x, 1)", "import \"nowhere.nns\" as m", "copy(%a)", "training()",
        "imshow(uniform(%i, 5, 5))", "contour((x, y) => x * y, [-1, 1], [-1, 1])", "heatmap(%m)",
        "table([[1, 2], [3, 4]])", "bars([1, 2])", "hist(%v)", "scatter(%v, %v)",
        "plot(%v)", "kfold(%d, 2)", "split(%d, [0.5, 0.5])", "standardize(%d)",
        "ensemble((%w, %w))(ones(2, 3))",
    ]

    /// A template with expressions in place of its marks.
    private mutating func fill(_ template: String) -> String {
        var text = ""
        var isMark = false
        for c in template {
            if !isMark, c == "%" { isMark = true; continue }
            guard isMark else { text.append(c); continue }
            isMark = false
            switch c {
            case "n": text += expression(.number)
            case "i": text += "\(dice.among(0...3))"
            case "s": text += expression(.text)
            case "v": text += expression(.tensor([3]))
            case "p": text += expression(.tensor([2]))
            case "m": text += expression(.tensor([2, 3]))
            case "t": text += expression(.tensor(shape()))
            case "d": text += expression(.data)
            case "w": text += expression(.network)
            default: text += expression(form())
            }
        }
        return text
    }
}
