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
        case .interrupt: .interrupt
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
        guard n.pointee.plan != nil, let plan = try? Interpreter.current.plan(n, operation) else { return }
        for i in 0..<Int(n.pointee.count) {
            let target = Int(plan[i])
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

    /// What to underline for an argument: what it was handed on by, the outermost name first; of a network that was
    /// handed on, `net` stands for the x it was called with.
    func underlined(_ argument: Diagnostic.Argument) -> NodePointer? {
        for origin in argument.origins.reversed() {
            if names.contains(origin), let found = node(.init(function: nil, name: origin)) { return found }
        }
        return node(argument) ?? (argument.name == "x" && !names.contains("x") && names.contains("net") ? node(.init(function: nil, name: "net")) : nil)
    }

    /// What a placeholder of two words stands for, `‹callee of loss|mse›`: what is called in the argument, the `owner` of
    /// the field that it is, a field of it, or with a number one of several that are collected; where it is none of these, what stands behind the bar.
    private func part(_ placeholder: String) -> String? {
        let halves = placeholder.split(separator: "|", maxSplits: 1).map(String.init), words = halves[0].split(separator: " ").map(String.init)
        guard words.count == 3, words[1] == "of", names.contains(words[2]) else { return nil }
        let fallback = halves.count > 1 ? halves[1] : words[2]
        if let item = Int(words[0]) {
            let given = list.filter { $0.parameter >= 0 && names[$0.parameter] == words[2] }
            if given.count > 1 { return item < given.count ? Operand(given[item].node, fallback).postfixed : fallback }
            guard let whole = given.first?.node, [.list, .bracket].contains(whole.pointee.op), item < Int(whole.pointee.count) else { return fallback }
            return Operand(whole.pointee.list[item], fallback).postfixed
        }
        guard let node = node(.init(function: nil, name: words[2])) else { return fallback }
        switch (words[0], node.pointee.op) {
        case ("callee", .call), ("owner", .member): return Operand(node.pointee.a, fallback).text
        case ("callee", _), ("owner", _): return fallback
        case ("x", .list) where node.pointee.count == 2: return Operand(node.pointee.list[0], "x").postfixed
        case ("y", .list) where node.pointee.count == 2: return Operand(node.pointee.list[1], "y").postfixed
        case (_, .record):
            return (0..<Int(node.pointee.count)).map { node.pointee.list[$0] }.first { $0.pointee.name == words[0] }.map { Operand($0.pointee.a, words[0]).postfixed } ?? fallback
        default: return Operand(node, words[2]).postfixed + "." + words[0]
        }
    }

    /// Puts the arguments' texts into an error's help.
    func fill(_ error: inout Diagnostic) {
        error.fillHelp { name, isPostfixed in
            if let part = part(name) { return part }
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
        if n.pointee.op == .call, let mend = stageMend(n, operation) { diagnostic.help = mend }
        if diagnostic.argument == nil {
            diagnostic.argument = culprit(error, diagnostic, operation, arguments, base)
            if let name = diagnostic.argument?.name, let shapes = (error as? TensorError)?.unequal { diagnostic.help += stretchMend(name, shapes) }
        }
        blameForLoss(&diagnostic, operation)
        if let argument = diagnostic.argument, argument.function == operation.name {
            wrong = arguments.node(argument)
            diagnostic.argument = nil
            if n.pointee.source.takeUnretainedValue().isStandardLibrary {
                // The caller's argument, where it is handed on as it is, and then only by its caller's text.
                if let wrong { diagnostic.handHelpOn(argument.name, wrong) }
                let kept = wrong?.handedOn.map { "‹\($0)›" } ?? ""
                diagnostic.help.removeAll { ($0.split(separator: kept).joined()).contains("‹") }
                if let origin = wrong?.handedOn { diagnostic.argument = .init(function: nil, name: origin) }
            } else {
                if let wrong { diagnostic.span = wrong.pointee.span }
                arguments.fill(&diagnostic)
            }
        }
        if diagnostic.kind == ErrorKind.shape.rawValue, !diagnostic.isToCaller { addShapes(&diagnostic, arguments, operation, base, wrong) }
        return diagnostic
    }

    /// What a loss refuses that a built-in called is the network's output, or the targets.
    func blameForLoss(_ error: inout Diagnostic, _ operation: Operation) {
        guard operation.group == .gradients, operation.parameters.first?.name == "net", let argument = error.argument, let function = argument.function,
              case .function(let loss as BuiltinFunction)? = prelude[function].map({ Value($0) }), loss.operation.group == .losses,
              let place = loss.operation.parameters.firstIndex(where: { $0.name == argument.name }), place < 2 else { return }
        error.help = error.help.map {
            place == 0 ? $0.behindNetwork(argument.name) : $0.split(separator: "‹\(argument.name)›", omittingEmptySubsequences: false).joined(separator: "‹y›")
        }
        error.argument = .init(function: operation.name, name: place == 0 ? "net" : "y")
        // Its message has the shapes.
        error.isToCaller = true
    }

    /// The argument at fault where the error does not say which: the only one, the file that is not as wanted, the
    /// function that takes other arguments, or the one that does not stretch.
    private func culprit(_ error: Error, _ diagnostic: Diagnostic, _ operation: Operation, _ arguments: WrittenArguments, _ base: UnsafeMutablePointer<Value>) -> Diagnostic.Argument? {
        // What a script raises itself has no culprit among the arguments.
        guard operation.group != .session else { return nil }
        func argument(_ i: Int) -> Diagnostic.Argument { .init(function: operation.name, name: operation.parameters[i].name) }
        let written = arguments.list.map(\.parameter).filter { $0 >= 0 && $0 != operation.restIndex }
        if diagnostic.kind == ErrorKind.io.rawValue {
            return written.first { i in base[i].asString.map { !$0.isEmpty && diagnostic.message.contains($0) } ?? false }.map(argument)
        }
        if let signature = diagnostic.notes.first, let i = written.first(where: { i in base[i].asClosure.map { signature == "it is `\(self.signature($0.code))`" } ?? false }) {
            return argument(i)
        }
        if diagnostic.kind == ErrorKind.shape.rawValue, let shapes = (error as? TensorError)?.unequal {
            return written.filter { i in base[i].tensorShape.map(shapes.contains) ?? false }.min { base[$0].tensorShape!.count < base[$1].tensorShape!.count }.map(argument)
        }
        if arguments.list.count == 1 { return written.first.map(argument) }
        // The one number that the message repeats.
        guard diagnostic.kind == ErrorKind.value.rawValue else { return nil }
        let words = diagnostic.message.split { $0 == " " || $0 == "," }.map(String.init)
        let repeated = written.filter { i in base[i].asDouble.map { words.contains(numberText($0)) } ?? false }
        return repeated.count == 1 ? argument(repeated[0]) : nil
    }

    /// What stretches the vector of two shapes that do not broadcast, where it has one number for each row of the other.
    private func stretchMend(_ name: String, _ shapes: [[Int]]) -> [String] {
        guard let vector = shapes.first(where: { $0.count == 1 }), let other = shapes.first(where: { $0.count > 1 }), other[0] == vector[0] else { return [] }
        return ["to use one number for each row, write `‹\(name)›[:\(String(repeating: ", none", count: other.count - 1))]`"]
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
        if diagnostic.source!.isStandardLibrary, n.pointee.count == 1, let origin = n.pointee.list[0].handedOn {
            // The caller's indices.
            diagnostic.argument = .init(function: nil, name: origin)
        } else if let shape = base.tensorShape {
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

extension Diagnostic {
    /// Where the argument of parameter `name` is a name of the caller's, help speaks of that.
    mutating func handHelpOn(_ name: String, _ node: NodePointer) {
        guard [.local, .field].contains(node.pointee.op), let origin = node.handedOn, origin != name else { return }
        help = help.map { $0.split(separator: "‹\(name)›", omittingEmptySubsequences: false).joined(separator: "‹\(origin)›")
            .split(separator: " of \(name)›", omittingEmptySubsequences: false).joined(separator: " of \(origin)›")
            .split(separator: " of \(name)|", omittingEmptySubsequences: false).joined(separator: " of \(origin)|") }
    }
}

extension String {
    /// Help that changes a loss's argument, as one that changes the network whose output it is: `‹x›[:, 0]` is
    /// `‹net› >> (s => s[:, 0])`.
    fileprivate func behindNetwork(_ name: String) -> String {
        split(separator: "`", omittingEmptySubsequences: false).enumerated().map { i, part in
            let pieces = part.split(separator: "‹\(name)›", omittingEmptySubsequences: false)
            return i % 2 == 1 && pieces.count > 1 ? "‹net› >> (s => \(pieces.joined(separator: "s")))" : String(part)
        }.joined(separator: "`")
    }
}

extension NodePointer {
    /// The name that a value is handed on by: a local, a field of the object, or a part of one.
    var handedOn: String? {
        switch pointee.op {
        case .local, .field: pointee.text
        case .member, .index, .transpose: pointee.a?.handedOn
        case .keyword: pointee.a?.handedOn
        default: nil
        }
    }
}
