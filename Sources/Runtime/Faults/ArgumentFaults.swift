import Syntax
import Tensors

// Errors of a call's arguments: the wrong argument underlined, each tensor named by its own text with its shape.
// What notices the mistake knows parameters (`Diagnostic.argument`, `‹x›` in the help); the call they are an error of
// puts its own text in their place.
extension Call {
    /// An error that points at the argument of parameter `i`, or at one of those that it collects.
    func fault(_ kind: ErrorKind, _ i: Int, item: Int? = nil, _ message: String, help: [String] = []) -> Diagnostic {
        var error = Diagnostic(kind, message, help: help)
        error.argument = .init(function: operation.name, name: operation.parameters[i].name, item: item)
        return error
    }

    /// Runs `body`, whose errors are about the argument of parameter `i`.
    @inline(__always) func pointing<T>(_ i: Int, _ body: () throws -> T) throws -> T {
        do { return try body() } catch var error as Diagnostic where error.source == nil && error.argument == nil {
            error.argument = .init(function: operation.name, name: operation.parameters[i].name)
            throw error
        }
    }

    /// Runs `body`; what the tensor library refuses in it is the fault of the argument of parameter `i`.
    func blaming<T>(_ i: Int, help: @autoclosure () -> [String] = [], _ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as TensorError where error.kind != .limit {
            throw fault(error.kind.errorKind, i, error.message, help: error.help + help())
        }
    }
}

extension Diagnostic {
    /// An error of a whole call of a built-in, whose help names its arguments.
    init(_ kind: ErrorKind, _ message: String, help: [String], of call: Call) {
        self.init(kind, message, help: help)
        argument = .init(function: call.operation.name, name: "")
    }
}

extension TensorError.Kind {
    var errorKind: ErrorKind {
        switch self {
        case .shape: .shape
        case .value: .value
        case .type: .type
        case .limit: .limit
        }
    }
}

/// The arguments of a call as they are written.
struct WrittenArguments {
    /// Each with the parameter that it binds to, -1 where there is none.
    private(set) var list: [(parameter: Int, node: NodePointer)] = []
    private let call: NodePointer
    let names: [String]

    /// Those of a built-in, by the plan that the call has made.
    init(_ n: NodePointer, _ operation: Operation) {
        call = n
        names = operation.parameters.map(\.name)
        guard n.pointee.plan != nil else { return }
        for i in 0..<Int(n.pointee.count) {
            let target = Int(n.pointee.plan[i])
            list.append((target < 0 ? operation.restIndex : target, Self.value(n.pointee.list[i])))
        }
    }

    /// Those of a function written in the language.
    init(_ n: NodePointer, _ parameters: [CodeParameter]) {
        call = n
        names = parameters.map(\.name)
        var next = 0
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            if part.pointee.op == .keyword {
                list.append((names.firstIndex(of: part.pointee.name) ?? -1, Self.value(part)))
            } else {
                list.append((next < names.count ? next : -1, part))
                if next < names.count, !parameters[next].isRest { next += 1 }
            }
        }
    }

    private static func value(_ part: NodePointer) -> NodePointer { part.pointee.op == .keyword ? part.pointee.a! : part }

    /// The argument of a parameter, or the one that is meant of those it collects; nil where none is written.
    func node(_ argument: Diagnostic.Argument) -> NodePointer? {
        guard names.contains(argument.name) else {
            // A keyword that no parameter has.
            return (0..<Int(call.pointee.count)).map { call.pointee.list[$0] }.first { $0.pointee.op == .keyword && $0.pointee.name == argument.name }
        }
        let found = list.filter { $0.parameter >= 0 && names[$0.parameter] == argument.name }
        if let item = argument.item, item < found.count { return found[item].node }
        return found.count == 1 ? found[0].node : nil
    }

    /// What to underline for an argument: of a network that was handed on, `net` stands for the x it was called with.
    func underlined(_ argument: Diagnostic.Argument) -> NodePointer? {
        node(argument) ?? (argument.name == "x" && !names.contains("x") && names.contains("net") ? node(.init(function: nil, name: "net")) : nil)
    }

    /// Puts the arguments' texts into an error's help.
    func fill(_ error: inout Diagnostic) {
        error.fillHelp { name, isPostfixed in
            // The x of a network that was given a data set.
            if name == "x", !names.contains("x"), let data = node(.init(function: nil, name: "data")) { return Operand(data, "data").postfixed + ".x" }
            guard let node = node(.init(function: nil, name: name)) else { return names.contains(name) ? name : nil }
            let operand = Operand(node.pointee.op == .keyword ? node.pointee.a! : node, name)
            return isPostfixed ? operand.postfixed : operand.text
        }
    }
}

extension Interpreter {
    /// An error of a built-in.
    func argumentError(_ error: Error, _ n: NodePointer, _ operation: Operation, _ base: UnsafeMutablePointer<Value>) -> Error {
        if error is ControlSignal || error is ExitRequest { return error }
        var diagnostic = diagnosed(error)
        guard diagnostic.source == nil else {
            // It happened in a function that the built-in called.
            return framed(diagnostic, n, operation.name, WrittenArguments(n, operation), isStandardLibrary: true)
        }
        let arguments = WrittenArguments(n, operation)
        diagnostic.source = n.pointee.source.takeUnretainedValue()
        diagnostic.span = n.pointee.span
        var wrong: NodePointer?
        if let argument = diagnostic.argument, argument.function == operation.name {
            wrong = arguments.node(argument)
            if let wrong { diagnostic.span = wrong.pointee.span }
            arguments.fill(&diagnostic)
            diagnostic.argument = nil
        }
        if diagnostic.kind == ErrorKind.shape.rawValue, !diagnostic.isToCaller { addShapes(&diagnostic, arguments, operation, base, wrong) }
        return diagnostic
    }

    /// Names the tensor arguments with their shapes and marks them.
    private func addShapes(_ error: inout Diagnostic, _ arguments: WrittenArguments, _ operation: Operation, _ base: UnsafeMutablePointer<Value>, _ wrong: NodePointer?) {
        var shapes: [String] = [], collected = 0
        for (parameter, node) in arguments.list {
            var value = base[parameter]
            if parameter == operation.restIndex {
                guard case .list(let l) = value, collected < l.items.count else { continue }
                value = l.items[collected]
                collected += 1
            }
            guard let shape = value.tensorShape, !shape.isEmpty else { continue }
            if node != wrong { error.marks.append(node.pointee.span) }
            let fallback = parameter == operation.restIndex ? "argument \(collected)" : operation.parameters[parameter].name
            shapes.append("\(Operand(node, fallback).name) is \(shapeText(shape))")
        }
        if !shapes.isEmpty, shapes.count <= 6 { error.notes.insert(shapes.joined(separator: ", "), at: 0) }
    }

    /// An error of an index: the subscript underlined, what is indexed with its shape.
    func indexError(_ error: Error, _ n: NodePointer, _ base: Value) -> Error {
        var diagnostic = diagnosed(error)
        guard diagnostic.source == nil else { return diagnostic }
        diagnostic.source = n.pointee.source.takeUnretainedValue()
        diagnostic.span = n.pointee.span
        if let place = n.pointee.count == 1 ? 0 : (error as? TensorError)?.axis, place < Int(n.pointee.count), standForOneAxisEach(n, place) {
            diagnostic.span = n.pointee.list[place].pointee.span
        }
        if let shape = base.tensorShape {
            diagnostic.marks = [n.pointee.a.pointee.span]
            diagnostic.notes.insert("\(Operand(n.pointee.a, "it").name) is \(shapeText(shape))", at: 0)
        }
        return diagnostic
    }

    /// True where none of the first subscripts is `none` or `...`.
    private func standForOneAxisEach(_ n: NodePointer, _ count: Int) -> Bool {
        (0..<count).allSatisfy { n.pointee.list[$0].pointee.op != .constant && n.pointee.list[$0].pointee.op != .ellipsis }
    }
}
