import CKernels
import Syntax
import Tensors

// Errors: where they happened, in the user's own names.
extension Interpreter {
    /// Any error as a diagnostic at a node, unless it knows its place already.
    func located(_ error: Error, _ n: NodePointer) -> Diagnostic {
        var diagnostic = diagnosed(error)
        if diagnostic.source == nil {
            diagnostic.source = n.pointee.source.takeUnretainedValue()
            diagnostic.span = n.pointee.span
        }
        return diagnostic
    }

    func diagnosed(_ error: Error) -> Diagnostic {
        if let diagnostic = error as? Diagnostic { return diagnostic }
        if let error = error as? TensorError {
            if error.kind == .interrupt { return ended() }
            return Diagnostic(error.kind.errorKind, error.message, help: error.help)
        }
        // In a run it is a NaN of the same bits.
        if error is NotKnown { return Diagnostic(.value, "a whole number is needed, got nan") }
        return Diagnostic(.value, "\(error)")
    }

    /// An error in a called function: the call joins the frames.
    func framed(_ error: Error, _ n: NodePointer, _ function: Value) -> Error {
        switch function {
        case .function(let f as Closure): return framed(error, n, f.code)
        case .function(let f as ObjectDeclaration):
            return framed(error, n, f.name, WrittenArguments(n, f.constructor.code.parameters), isStandardLibrary: f.isFromStandardLibrary)
        case .function(let f): return framed(error, n, f.name, nil, isStandardLibrary: true)
        case .object(let o):
            let forward = o.declaration.forward?.code, error = inLayer(error, o.declaration.isFromStandardLibrary && !o.isSequential, layerText(function))
            // A chain has no name of its own: it goes by the one it is called by.
            let name = o.isSequential && n.pointee.op == .call ? Operand(n.pointee.a, "a network").name : o.declaration.name
            return framed(error, n, name, forward.map { WrittenArguments(n, $0.parameters) }, isStandardLibrary: o.declaration.isFromStandardLibrary)
        default: return framed(n.pointee.op == .call && (error as? Diagnostic)?.source == nil ? notCallable(function, n) : error, n, "function", nil, isStandardLibrary: false)
        }
    }

    func framed(_ error: Error, _ n: NodePointer, _ code: FunctionCode) -> Error {
        if error is ControlSignal || error is ExitRequest { return error }
        return framed(error, n, code.name, WrittenArguments(n, code.parameters), isStandardLibrary: code.source.isStandardLibrary)
    }

    func framed(_ error: Error, _ n: NodePointer, _ name: String, _ arguments: @autoclosure () -> WrittenArguments?, isStandardLibrary: Bool) -> Error {
        if error is ControlSignal || error is ExitRequest { return error }
        var diagnostic = diagnosed(error)
        let source = n.pointee.source.takeUnretainedValue()
        var span = n.pointee.span
        if source.isStandardLibrary { handOn(&diagnostic, n, name, arguments) }
        // The caller's own text tells which argument is wrong, unless the error is in a function of the caller's.
        if let argument = diagnostic.argument, !source.isStandardLibrary, let arguments = arguments() {
            if argument.function == nil || argument.function == name, let node = arguments.underlined(argument) { span = node.pointee.span }
            arguments.fill(&diagnostic)
            diagnostic.argument = nil
        }
        // A function without a name of its own goes by the one that it is called by.
        var name = name
        if name == "function", n.pointee.op == .call, [.global, .local, .member].contains(n.pointee.a.pointee.op) {
            name = Operand(n.pointee.a, name).name
            if diagnostic.source == nil, diagnostic.message.hasPrefix("function ") { diagnostic.message = name + diagnostic.message.dropFirst(8) }
        }
        if diagnostic.source == nil {
            // It failed before the function's own text began (arity, a keyword).
            diagnostic.source = source
            diagnostic.span = span
            return diagnostic
        }
        // Endless recursion would list thousands of frames: the innermost and outermost tell it all.
        if diagnostic.frames.count < 64 {
            diagnostic.frames.append(Frame(function: name, source: source, span: span))
        } else {
            diagnostic.omittedFrames += 1
            diagnostic.frames[63] = Frame(function: name, source: source, span: span)
        }
        return diagnostic
    }

    /// In the standard library a wrong argument is mostly one of its own, handed on by name; and what fails in a function
    /// that it was given is the fault of that function.
    private func handOn(_ error: inout Diagnostic, _ n: NodePointer, _ name: String, _ arguments: () -> WrittenArguments?) {
        if var argument = error.argument {
            if argument.function == nil || argument.function == name, let written = arguments() {
                for known in argument.origins.reversed() + [argument.name] {
                    guard written.names.contains(known), let node = written.node(.init(function: nil, name: known)) else { continue }
                    if let origin = node.handedOn, origin != known { argument.origins.append(origin) }
                    error.handHelpOn(known, node)
                    break
                }
                argument.function = nil
                error.argument = argument
            }
        }
        guard n.pointee.op == .call, error.source?.isStandardLibrary ?? true, let function = n.pointee.a?.handedOn else { return }
        if error.argument == nil { error.argument = .init(function: nil, name: function) } else { error.argument!.origins.insert(function, at: 0) }
    }

    // MARK: Shape annotations

    /// Checks the annotated parameters of a call; names unify within it.
    func checkShapes(_ code: FunctionCode, _ base: UnsafeMutablePointer<Word>) throws {
        var bound: [String: (Int, String)] = [:]
        for (i, p) in code.parameters.enumerated() {
            guard let shape = p.shape, !base[i].isUnset, !(p.mayBeNone && base[i].meta == Word.Tag.none) else { continue }
            do { try unify(shape, Value(base[i]), "`\(p.name)` of \(code.name)", code, p.span, &bound) } catch var error as Diagnostic where error.source == nil {
                error.argument = .init(function: code.name, name: p.name)
                throw error
            }
        }
    }

    func checkReturn(_ code: FunctionCode, _ shape: ShapeAnnotation, _ result: Value, _ base: UnsafeMutablePointer<Word>) throws {
        var bound: [String: (Int, String)] = [:]
        for (i, p) in code.parameters.enumerated() {
            guard let shape = p.shape, !base[i].isUnset, !(p.mayBeNone && base[i].meta == Word.Tag.none) else { continue }
            try unify(shape, Value(base[i]), "`\(p.name)` of \(code.name)", code, p.span, &bound)
        }
        try unify(shape, result, "the result of \(code.name)", code, code.span, &bound)
    }

    func unify(_ shape: ShapeAnnotation, _ value: Value, _ what: String, _ code: FunctionCode, _ span: Span, _ bound: inout [String: (Int, String)]) throws {
        var sizes: [Int]
        switch value {
        case .tensor(let t, _): sizes = t.shape
        case .number, .scalar: sizes = []
        case .list, .range: sizes = try stacked(value, what: what).tensor().shape
        default: throw Diagnostic(.type, "\(what) must be a tensor \(shape.text), got \(value.described)")
        }
        let got = "[\(sizes.map(String.init).joined(separator: ", "))]"
        func mismatch(_ why: String) -> Diagnostic {
            Diagnostic(.shape, "\(what) must be \(shape.text), got \(got)", notes: [why])
        }
        var parts = shape.parts
        if case .rest? = parts.first {
            parts.removeFirst()
            guard sizes.count >= parts.count else { throw mismatch("it has \(counted(sizes.count, "axis").replacingAxis), at least \(parts.count) wanted") }
            sizes.removeFirst(sizes.count - parts.count)
        }
        guard sizes.count == parts.count else { throw mismatch("it has rank \(sizes.count), not \(parts.count)") }
        for (part, size) in zip(parts, sizes) {
            switch part {
            case .size(let n): guard n == size else { throw mismatch("\(size) is not \(n)") }
            case .name(let name):
                if let (known, place) = bound[name] {
                    guard known == size else { throw mismatch("`\(name)` is \(known) in \(place), here \(size)") }
                } else { bound[name] = (size, what) }
            case .rest: break
            }
        }
    }
}

extension String {
    fileprivate var replacingAxis: String { hasSuffix("axiss") ? String(dropLast(5)) + "axes" : self }
}
