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
            if position > 0 { pointAtNetwork(&diagnostic) }
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

    /// What a later layer refuses is not the caller's x.
    private func pointAtNetwork(_ error: inout Diagnostic) {
        error.argument = .init(function: nil, name: "net")
        error.help.removeAll { $0.contains("‹x›") }
    }

    /// What stands between `>>` and is no stage of a chain.
    func notAStage(_ stage: Value, _ n: NodePointer) -> Diagnostic {
        if case .function(let f as ObjectDeclaration) = stage { return notMade(f.name, f.constructor.code, f.documentation, n) }
        return located(Diagnostic(.type, "`>>` joins functions and layers, got a \(stage.described)"), n)
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
        default: return "a \(layer.described)"
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

extension Op {
    /// How the standard library's layers refuse an input.
    static let expects: Operation = Operation("_expects(layer, expected, x, help=none)", .neural, """
        A shape error: the layer, what it expects, the shape of x. In the help, `‹x›` stands for the caller's text of x, \
        `‹layer›` for the layer.
        """,
        result: Results.expects,
        forward: { c in
            let layer = c.interpreter.layerText(c[0])
            let shape = try c.interpreter.isSequence(c[2]) || c[2].tensorShape != nil || c[2].asDouble != nil ? shapeText(c.tensor(2).shape) : c[2].described
            throw Refusal.of(layer, try c.string(1), shape, help: c.isNone(3) ? nil : try c.string(3))
        })

    /// How the standard library's functions refuse an argument.
    static let refuse: Operation = Operation("_refuse(argument, message, kind=\"value\", help=none)", .session,
        "An error that points at the caller's argument of that name.",
        result: Results.refuse,
        forward: { c in
            throw Refusal.of(argument: try c.string(0), try c.string(1), kind: try c.string(2), help: c.isNone(3) ? nil : try c.string(3))
        })

    static let refusals = [expects, refuse]
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

    static func of(argument: String, _ message: String, kind: String, help: String?) -> Diagnostic {
        var error = Diagnostic(.value, message)
        error.kind = kind
        if let help { error.help = [help] }
        error.argument = .init(function: nil, name: argument)
        error.isToCaller = true
        return error
    }
}

extension String {
    fileprivate func replacingOccurrences(_ old: String, _ new: String) -> String { split(separator: old, omittingEmptySubsequences: false).joined(separator: new) }
}
