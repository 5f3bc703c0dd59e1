import Syntax
import Tensors

// Errors in networks: which layer of a chain it was, as a user counts (from 1), by the call that made it.
extension Interpreter {
    /// An error on the way through a chain of layers; `failedItem` is the place of the stage that was running.
    func inChain(_ error: Error, _ chain: Object) -> Error {
        if error is ControlSignal || error is ExitRequest { return error }
        guard let stages = chain.stages, stages.indices.contains(failedItem) else { return error }
        let made = if case .object(let layer) = stages[failedItem] { layer.made } else { nil as NodePointer? }
        let before = failedItem > 0 ? stages[failedItem - 1] : nil
        return inChain(diagnosed(error), failedItem, stages[failedItem], after: before, of: topLevelName(of: chain), made: made)
    }

    /// The same for the checker. `name` is the chain's at top level, `made` the call that made the layer.
    func inChain(_ error: Diagnostic, _ position: Int, _ stage: Value, after before: Value?, of name: String?, made: NodePointer?) -> Diagnostic {
        var diagnostic = error
        guard diagnostic.source != nil, diagnostic.kind != ErrorKind.interrupt.rawValue, diagnostic.kind != ErrorKind.limit.rawValue else { return diagnostic }
        let text = layerText(stage), place = "layer \(position + 1), \(text)"
        let index = name.map { "`\($0)[\(position)]`" }
        let origin = made.flatMap { made -> String? in
            let source = made.pointee.source.takeUnretainedValue(), place = source.location(of: made.pointee.span.start)
            return source.isStandardLibrary ? nil : "\(source.name):\(place.line):\(place.column)"
        }
        func sayWhere() {
            let parts = [index.map { "is \($0)" }, origin.map { "was made at \($0)" }].compactMap { $0 }
            if !parts.isEmpty { diagnostic.notes.append("layer \(position + 1) \(parts.joined(separator: " and "))") }
            if diagnostic.message.hasSuffix("got none"), let before { diagnostic.help = ["\(layerText(before)) gave nothing: does its `forward` end with the value it should give?"] }
        }
        if let subject = diagnostic.subject {
            // The message begins with the layer: its place goes in front.
            diagnostic.message = subject == text ? "\(place), \(diagnostic.message.dropFirst(subject.count + 1))" : "\(place): \(diagnostic.message)"
            diagnostic.subject = nil
            diagnostic.isToCaller = true
            sayWhere()
            // What a chain is called with reaches its first layer as it is.
            if position > 0 {
                pointAtNetwork(&diagnostic)
                diagnostic.help += sequenceMend(diagnostic, after: before)
            }
        } else if !diagnostic.message.hasPrefix("layer "), diagnostic.source?.isStandardLibrary == true {
            diagnostic.message = "\(place): \(diagnostic.message)"
            // The library's x is not the caller's.
            if !diagnostic.isToCaller { diagnostic.notes = diagnostic.notes.map { $0.hasPrefix("x is [") ? "its \($0)" : $0 } }
            diagnostic.isToCaller = true
            sayWhere()
            if position > 0 || diagnostic.argument == nil { pointAtNetwork(&diagnostic) }
        } else {
            diagnostic.notes.append("in \(place)" + (index.map { ", which is \($0)" } ?? "") + (origin.map { ", made at \($0)" } ?? ""))
            if diagnostic.source?.isStandardLibrary == true, position > 0 { pointAtNetwork(&diagnostic) }
        }
        return diagnostic
    }

    /// An error in a layer of the standard library: what one of its built-ins refused as no tensor, the layer refuses.
    func inLayer(_ error: Error, _ isLibrary: Bool, _ text: @autoclosure () -> String) -> Error {
        guard isLibrary, var diagnostic = error as? Diagnostic, let got = diagnostic.notTensor, let argument = diagnostic.argument,
              (argument.origins.last ?? argument.name) == "x" else { return error }
        let layer = text()
        diagnostic.message = "\(layer) expects a tensor, got \(got == "none" ? got : ("aeio".contains(got.first ?? " ") ? "an " : "a ") + got)"
        diagnostic.subject = layer
        diagnostic.notTensor = nil
        diagnostic.isToCaller = true
        return diagnostic
    }

    /// What to write where a recurrent layer gives its last state to one that wants all of them.
    private func sequenceMend(_ error: Diagnostic, after before: Value?) -> [String] {
        guard error.message.contains("expects [n, time"), case .object(let o)? = before, o.declaration.isFromStandardLibrary,
              let field = o.declaration.field("sequence"), case .bool(false)? = o[field: field] else { return [] }
        let text = layerText(.object(o))
        return ["\(text) gives its last state alone: for all of them write `\(text.dropLast()), sequence=true)`"]
    }

    /// What a later layer refuses is not the caller's x.
    private func pointAtNetwork(_ error: inout Diagnostic) {
        error.argument = .init(function: nil, name: "net")
        error.help.removeAll { $0.contains("‹x›") }
    }

    /// What stands between `>>` and is no stage of a chain.
    func notAStage(_ stage: Value, _ n: NodePointer) -> Diagnostic {
        if case .function(let f as ObjectDeclaration) = stage { return notMade(f.name, f.constructor.code, f.documentation, n) }
        var help: [String] = []
        if n.pointee.op == .call, case .global = n.pointee.a.pointee.op, !n.pointee.a.pointee.cell.pointee.isUnset,
           case .function(let f as BuiltinFunction) = Value(n.pointee.a.pointee.cell.pointee) { help = stageMend(n, f.operation) ?? [] }
        if let name = stage.asString, prelude[name]?.tag == Word.Tag.function { help = ["write `\(name)`, without quotes"] }
        return located(Diagnostic(.type, "`>>` joins functions and layers, got \(stage.articled)", help: help), n)
    }

    /// What to write for the call of a built-in that stands between `>>`, where a function of x was meant: the layer of
    /// that kind, or the function.
    func stageMend(_ n: NodePointer, _ operation: Operation) -> [String]? {
        guard n.pointee.source.takeUnretainedValue().isStage(n.pointee.span), operation.parameters.first?.name == "x" else { return nil }
        if let layer = Habits.layers[operation.name] { return ["`\(operation.name)` is the function of an x; the layer is made by `\(layer)`"] }
        let arguments = (0..<Int(n.pointee.count)).map { n.pointee.list[$0].pointee.text }
        let text = "(x => \(operation.name)(\((["x"] + arguments).joined(separator: ", "))))"
        return text.utf8.count > 60 ? nil : [arguments.isEmpty ? "the function itself, as in a chain, has no parentheses: write `\(operation.name)`" : "write `\(text)`, a function of x"]
    }

    /// A declaration between `>>`: `relu >> dense`. The call to write is one of its documentation's examples, else one with
    /// what it needs.
    func notMade(_ name: String, _ constructor: FunctionCode, _ documentation: String, _ n: NodePointer) -> Diagnostic {
        let needed = constructor.parameters.filter { $0.defaultValue == nil && !$0.isRest }.map(\.name)
        let call = Self.exampleCall(of: name, documentation) ?? "\(name)(\(needed.joined(separator: ", ")))"
        return located(Diagnostic(.type, "`>>` joins layers, but \(name) is not yet one: a call makes it", help: ["write `\(call)`"]), n)
    }

    /// The first call of a name in the examples of its documentation.
    private static func exampleCall(of name: String, _ documentation: String) -> String? {
        for line in documentation.split(separator: "\n") where line.hasPrefix("> ") {
            var depth = 0
            var call = ""
            var rest = line.dropFirst(2)
            while !rest.isEmpty, !rest.hasPrefix("\(name)(") { rest = rest.dropFirst() }
            for c in rest {
                call.append(c)
                if c == "(" { depth += 1 } else if c == ")" { depth -= 1; if depth == 0 { return call } }
            }
        }
        return nil
    }

    /// A layer as the call that makes it, or a function's name; shortened where it is long.
    func layerText(_ layer: Value) -> String {
        switch layer {
        case .object(let o):
            let text = written(layer, depth: 1)
            return text.count <= 48 && !text.contains("\n") ? text : "\(o.declaration.name)(…)"
        case .function(let f as Closure) where f.name.isEmpty || f.name == "function":
            let text = f.code.source.text(of: f.code.span)
            return text.count <= 48 && !text.contains("\n") ? text : "a function"
        case .function(let f): return f.name
        default: return layer.articled
        }
    }

    /// The name at top level that an object is bound to, if any.
    /// Of the names of one thing the one to show: the prompt's last answer mostly has a name of its own too.
    static func telling(_ names: [String]) -> String? { names.first { $0 != "ans" } ?? names.first }

    private func topLevelName(of object: Object) -> String? {
        let names = currentModule?.bindings.filter { if case .object(let o) = $0.value { o === object } else { false } }.map(\.name) ?? []
        return Self.telling(names)
    }
}

extension Interpreter {
    /// The shape of a batch as an error shows it: of a part, that of the whole.
    func batchText(_ shape: [Int]) -> String {
        guard let part = batchPart, shape.first == part.rows else { return shapeText(shape) }
        return shapeText([part.whole] + shape.dropFirst())
    }
}

extension Op {
    /// How the standard library's layers refuse an input.
    static let expects: Operation = Operation("_expects(layer, expected, x, help=none)", .neural, """
        A shape error: the layer, what it expects, the shape of x. In the help, `‹x›` stands for the caller's text of x, \
        `‹layer›` for the layer.
        """,
        result: Results.expects,
        forward: { c in
            let layer = c.interpreter.layerText(c[0])
            let shape = try c.interpreter.isSequence(c[2]) || c[2].tensorShape != nil || c[2].asDouble != nil ? c.interpreter.batchText(c.tensor(2).shape) : c[2].described
            throw Refusal.of(layer, try c.string(1), shape, help: c.isNone(3) ? nil : try c.string(3))
        })

    /// How the standard library's functions refuse an argument.
    static let refuse: Operation = Operation("_refuse(argument, message, kind=\"value\", help=none, item=none)", .session, """
        An error that points at the caller's argument of that name, or at one of those it collects. In the help, `‹name›` \
        stands for the caller's text of an argument, `‹callee of name|other›` for what is called in it.
        """,
        result: Results.refuse,
        forward: { c in
            throw Refusal.of(argument: try c.string(0), try c.string(1), kind: try c.string(2), help: c.isNone(3) ? nil : try c.string(3), item: c.isNone(4) ? nil : try c.int(4))
        })

    /// What the functions that are handed to the standard library must give.
    static let oneNumber: Operation = Operation("_one_number(value, argument, what, help=none)", .session,
        "A value as a plain number, without its gradient; where it is none, an error that points at the caller's argument.",
        result: Results.oneNumber,
        forward: { c in
            if let x = c[0].asDouble { return .number(x) }
            if case .tensor(let t, _) = c[0], t.count == 1 { return .number(t.element(0)) }
            throw Refusal.ofNumber(c[0].described, isTensor: c[0].tensorShape != nil, argument: try c.string(1), what: try c.string(2), help: c.isNone(3) ? nil : try c.string(3))
        })

    static let callText: Operation = Operation("_call_text(f, declared=false)", .session, """
        The call of a function by its name with the arguments that it needs, as in `dense(units)`; none for one without a name, \
        and with `declared` for all but layers and objects that are yet to be made.
        """, examples: [("_call_text(moons)", "\"moons(n)\""), ("_call_text(relu, declared=true)", "none")],
        result: Results.callText,
        forward: { c in
            guard case .function(let f) = c[0] else { return .none }
            if let declaration = f as? ObjectDeclaration { return Value(Refusal.callText(f.name, declaration.constructor.code)) }
            if try c.bool(1) { return .none }
            if let closure = f as? Closure { return closure.code.name == "function" ? .none : Value(Refusal.callText(f.name, closure.code)) }
            guard let builtin = f as? BuiltinFunction else { return .none }
            return Value(Refusal.callText(builtin.operation))
        })

    static let lastLayer: Operation = Operation("_last_layer(net)", .session, "The text of the last layer of a network.",
        result: Results.lastLayer,
        forward: { c in
            if case .object(let o) = c[0], let last = o.stages?.last { return Value(c.interpreter.layerText(last)) }
            return Value(c.interpreter.layerText(c[0]))
        })

    static let warn: Operation = Operation("_warn(message)", .session, "One line on standard error.",
        result: Results.nothing,
        forward: { c in
            c.interpreter.host.writeError("warning: \(try c.string(0))\n")
            return .none
        })

    static let partOf: Operation = Operation("_part_of(whole, rows, f)", .session, """
        Calls `f`, which takes `rows` rows of a batch of `whole`, and gives its result: an error about the shape of the batch \
        speaks of the whole.
        """,
        result: Results.partOf,
        forward: { c in
            let before = c.interpreter.batchPart
            c.interpreter.batchPart = (try c.int(1), try c.int(0))
            defer { c.interpreter.batchPart = before }
            return try c.interpreter.apply(try c.function(2), [])
        })

    static let refusals = [expects, refuse, oneNumber, callText, lastLayer, checkFinite, warn, partOf, checkScores]
}

/// The errors that the standard library raises of its callers' arguments, in a run and in the checker.
enum Refusal {
    static func of(_ layer: String, _ expected: String, _ shape: String, help: String?) -> Diagnostic {
        var error = Diagnostic(.shape, "\(layer) expects \(expected), got \(shape)")
        if let help { error.help = [help.replacingOccurrences("‹layer›", layer)] }
        error.argument = .init(function: nil, name: "x")
        error.subject = layer
        error.isToCaller = true
        return error
    }

    static func ofNumber(_ got: String, isTensor: Bool, argument: String, what: String, help: String?) -> Diagnostic {
        of(argument: argument, "\(what) must give one number, got \(got)", kind: isTensor ? "shape" : "type", help: isTensor ? help : nil)
    }

    /// A call with the arguments that are needed.
    static func callText(_ name: String, _ code: FunctionCode) -> String {
        "\(name)(\(code.parameters.filter { $0.defaultValue == nil && !$0.isRest }.map(\.name).joined(separator: ", ")))"
    }

    static func callText(_ operation: Operation) -> String {
        "\(operation.name)(\(operation.parameters.filter { $0.defaultValue == nil && !$0.isRest }.map(\.name).joined(separator: ", ")))"
    }

    static func of(argument: String, _ message: String, kind: String, help: String?, item: Int? = nil) -> Diagnostic {
        // The library writes "got a {kind(x)}" of whatever it got.
        var error = Diagnostic(.value, message.replacingOccurrences(" a object", " an object").replacingOccurrences(" a none", " none"))
        error.kind = kind
        if let help { error.help = [help] }
        error.argument = .init(function: nil, name: argument, item: item)
        error.isToCaller = true
        return error
    }
}

extension String {
    fileprivate func replacingOccurrences(_ old: String, _ new: String) -> String { split(separator: old, omittingEmptySubsequences: false).joined(separator: new) }
}
