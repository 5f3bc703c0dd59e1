import Syntax
import Tensors

// Errors in networks: which layer of a chain it was, as a user counts (from 1), by the call that made it.
extension Interpreter {
    /// An error on the way through a chain of layers; `failedItem` is the place of the stage that was running.
    func inChain(_ error: Error, _ chain: Object) -> Error {
        if error is ControlSignal || error is ExitRequest { return error }
        guard let stages = chain.stages, stages.indices.contains(failedItem) else { return error }
        var diagnostic = diagnosed(error)
        guard diagnostic.source != nil, diagnostic.kind != ErrorKind.interrupt.rawValue, diagnostic.kind != ErrorKind.limit.rawValue else { return diagnostic }
        let position = failedItem, text = layerText(stages[position]), place = "layer \(position + 1), \(text)"
        let index = topLevelName(of: chain).map { "`\($0)[\(position)]`" }
        if let subject = diagnostic.subject {
            // The message begins with the layer: its place goes in front.
            diagnostic.message = subject == text ? "\(place), \(diagnostic.message.dropFirst(subject.count + 1))" : "\(place): \(diagnostic.message)"
            diagnostic.subject = nil
            diagnostic.isToCaller = true
            if let index { diagnostic.notes.append("layer \(position + 1) is \(index)") }
            // What a chain is called with reaches its first layer as it is.
            if position > 0 { pointAtNetwork(&diagnostic) }
        } else if !diagnostic.message.hasPrefix("layer "), diagnostic.source?.isStandardLibrary == true {
            diagnostic.message = "\(place): \(diagnostic.message)"
            // The library's x is not the caller's.
            if !diagnostic.isToCaller { diagnostic.notes = diagnostic.notes.map { $0.hasPrefix("x is [") ? "its \($0)" : $0 } }
            diagnostic.isToCaller = true
            if let index { diagnostic.notes.append("layer \(position + 1) is \(index)") }
            if position > 0 || diagnostic.argument == nil { pointAtNetwork(&diagnostic) }
        } else {
            diagnostic.notes.append("in \(place)" + (index.map { ", which is \($0)" } ?? ""))
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
        if case .function(let f as ObjectDeclaration) = stage {
            let needed = f.constructor.code.parameters.filter { $0.defaultValue == nil && !$0.isRest }.map(\.name)
            return located(Diagnostic(.type, "`>>` joins layers, but \(f.name) is not yet one: a call makes it",
                                      help: ["write `\(f.name)(\(needed.joined(separator: ", ")))`"]), n)
        }
        return located(Diagnostic(.type, "`>>` joins functions and layers, got a \(stage.described)"), n)
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
    private func topLevelName(of object: Object) -> String? {
        currentModule?.bindings.first { if case .object(let o) = $0.value { o === object } else { false } }?.name
    }
}

extension Op {
    /// How the standard library's layers refuse an input.
    static let expects: Operation = Operation("_expects(layer, expected, x, help=none)", .neural, """
        A shape error: the layer, what it expects, the shape of x. In the help, `‹x›` stands for the caller's text of x, \
        `‹layer›` for the layer.
        """,
        forward: { c in
            let layer = c.interpreter.layerText(c[0])
            let shape = try c.interpreter.isSequence(c[2]) || c[2].tensorShape != nil || c[2].asDouble != nil ? shapeText(c.tensor(2).shape) : c[2].described
            var error = Diagnostic(.shape, "\(layer) expects \(try c.string(1)), got \(shape)")
            if !c.isNone(3) { error.help = [try c.string(3).replacingOccurrences("‹layer›", layer)] }
            error.argument = .init(function: nil, name: "x")
            error.subject = layer
            error.isToCaller = true
            throw error
        })

    /// How the standard library's functions refuse an argument.
    static let refuse: Operation = Operation("_refuse(argument, message, kind=\"value\", help=none)", .session,
        "An error that points at the caller's argument of that name.",
        forward: { c in
            var error = Diagnostic(.value, try c.string(1))
            error.kind = try c.string(2)
            if !c.isNone(3) { error.help = [try c.string(3)] }
            error.argument = .init(function: nil, name: try c.string(0))
            error.isToCaller = true
            throw error
        })

    static let refusals = [expects, refuse]
}

extension String {
    fileprivate func replacingOccurrences(_ old: String, _ new: String) -> String { split(separator: old, omittingEmptySubsequences: false).joined(separator: new) }
}
