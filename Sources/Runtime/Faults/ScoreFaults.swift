import Syntax
import Tensors

// Networks that end in what their loss does itself: `fit(dense(3) >> softmax, data)`. It runs, and trains badly: a warning.

/// What a network gives to a loss that wants something else.
struct ScoreWarning {
    let message: String
    let help: String

    /// The warning about a network that ends in `stage`, a function or layer of the library.
    init?(loss: String, stage: String) {
        switch (loss, stage) {
        case ("cross_entropy", "softmax"):
            message = "cross_entropy takes the scores before the softmax: it applies one itself"
            help = "leave `>> softmax` out"
        case ("binary_cross_entropy", "sigmoid"):
            message = "binary_cross_entropy takes the scores before the sigmoid: it applies one itself"
            help = "leave `>> sigmoid` out"
        case ("nll", "softmax"), ("nll", "sigmoid"), ("nll", "relu"), ("nll", "tanh"), ("nll", "dense"):
            message = "nll takes logarithms of probabilities, which \(stage) does not give"
            help = stage == "softmax" ? "write `log_softmax` in place of `softmax`" : "take `cross_entropy`, or end the network in `>> log_softmax`"
        default: return nil
        }
    }

    var diagnostic: Diagnostic {
        var warning = Diagnostic(.value, message, help: [help])
        warning.severity = .warning
        warning.argument = .init(function: nil, name: "net")
        warning.isToCaller = true
        return warning
    }
}

extension Op {
    static let checkScores: Operation = Operation("_check_scores(net, loss)", .session,
        "Warns, once in a program, where a network ends in what its loss does itself.",
        result: Results.checkScores,
        forward: { c in
            c.interpreter.warnOfScores(c[0], c[1])
            return .none
        })
}

extension Interpreter {
    /// Warns, once in a program, where a network ends in what its loss does itself.
    func warnOfScores(_ net: Value, _ loss: Value) {
        guard case .function(let loss as BuiltinFunction) = loss else { return }
        var stages = if case .object(let o) = net, let list = o.stages { list } else { [net] }
        // `s => s[:, 0]` takes a part of what is before it.
        if case .function(let f as Closure)? = stages.last, f.code.takesPart { stages.removeLast() }
        let warning: ScoreWarning? = switch stages.last {
        case .function(let f as BuiltinFunction)?: ScoreWarning(loss: loss.name, stage: f.name)
        case .object(let o)? where o.declaration.isFromStandardLibrary: ScoreWarning(loss: loss.name, stage: o.declaration.name)
        default: nil
        }
        guard let warning, warned.insert(warning.message).inserted else { return }
        host.writeError("warning: \(warning.message); \(warning.help)\n")
    }
}

extension FunctionCode {
    /// Whether it is a lambda that takes a part of its argument, `s => s[:, 0]`.
    var takesPart: Bool { isExpression && parameters.count == 1 && body.pointee.op == .index && body.pointee.a.pointee.op == .local }
}

extension Results {
    static let checkScores: ResultRule = { c in
        warnOfScores(c.checker, c[0], c[1])
        return Abstract.none
    }

    static func warnOfScores(_ checker: Checker, _ net: Abstract, _ loss: Abstract) {
        guard case .exact(.function(let loss as BuiltinFunction)) = loss else { return }
        var stages = [net]
        if case .object(let id) = net, let list = checker.state.heap[id]?.stages { stages = list }
        if case .function(let f)? = stages.last, case .closure(let code, _, _) = f.body, code.takesPart { stages.removeLast() }
        let warning: ScoreWarning?
        switch stages.last {
        case .exact(.function(let f as BuiltinFunction))?: warning = ScoreWarning(loss: loss.name, stage: f.name)
        case .object(let id)?:
            warning = checker.state.heap[id].flatMap { $0.declaration.isStandardLibrary ? ScoreWarning(loss: loss.name, stage: $0.declaration.name) : nil }
        default: warning = nil
        }
        if let warning { checker.warn(warning.diagnostic) }
    }

    static let partOf: ResultRule = { c in
        let before = c.checker.interpreter.batchPart
        if let whole = c[0].wholeNumber?.constant, let rows = c[1].wholeNumber?.constant { c.checker.interpreter.batchPart = (rows, whole) }
        defer { c.checker.interpreter.batchPart = before }
        return try c.apply(c[2], [])
    }
}
