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
            let kind: ErrorKind = switch error.kind {
            case .shape: .shape
            case .value: .value
            case .type: .type
            case .limit: .limit
            }
            return Diagnostic(kind, error.message, help: error.help)
        }
        return Diagnostic(.value, "\(error)")
    }

    /// An error in a called function: the call joins the frames.
    func framed(_ error: Error, _ n: NodePointer, _ function: Value) -> Error {
        var name = "function"
        var library = false
        switch function {
        case .function(let f):
            name = f.name
            library = (f as? Closure)?.code.source.isStandardLibrary ?? (f as? ObjectDeclaration)?.isFromStandardLibrary ?? true
        case .object(let o):
            name = o.declaration.name
            library = o.declaration.isFromStandardLibrary
        default: break
        }
        return framed(error, n, name, isStandardLibrary: library)
    }

    func framed(_ error: Error, _ n: NodePointer, _ name: String, isStandardLibrary: Bool) -> Error {
        if error is ControlSignal || error is ExitRequest { return error }
        var diagnostic = diagnosed(error)
        if diagnostic.source == nil {
            // It failed before the function's own text began (arity, a keyword).
            diagnostic.source = n.pointee.source.takeUnretainedValue()
            diagnostic.span = n.pointee.span
            return diagnostic
        }
        // Endless recursion would list thousands of frames: the innermost and outermost tell it all.
        if diagnostic.frames.count < 64 {
            diagnostic.frames.append(Frame(function: name, source: n.pointee.source.takeUnretainedValue(), span: n.pointee.span))
        } else {
            diagnostic.omittedFrames += 1
            diagnostic.frames[63] = Frame(function: name, source: n.pointee.source.takeUnretainedValue(), span: n.pointee.span)
        }
        return diagnostic
    }

    /// The name an operand goes by in a message: its text where that is short.
    private func operandName(_ n: NodePointer, _ fallback: String) -> String {
        let text = n.pointee.text
        return text.utf8.count <= 24 && !text.contains("\n") ? text : fallback
    }

    private func shapeText(_ v: Value) -> String {
        switch v {
        case .tensor(let t, _): "[\(t.shape.map(String.init).joined(separator: ", "))]"
        default: v.described
        }
    }

    /// An error of a binary operator: operands underlined, each named with its shape, and a mend.
    func operandError(_ error: Error, _ n: NodePointer, _ a: Value, _ b: Value, _ op: BinaryOperation?) -> Error {
        if error is ControlSignal || error is ExitRequest { return error }
        var diagnostic = diagnosed(error)
        guard diagnostic.source == nil else { return diagnostic }
        diagnostic.source = n.pointee.source.takeUnretainedValue()
        let symbol = op.map { Self.symbol($0) } ?? "@"
        let offset = Int32(n.pointee.number)
        diagnostic.span = Span(offset, offset + Int32(symbol.utf8.count))
        diagnostic.marks = [n.pointee.a.pointee.span, n.pointee.b.pointee.span]
        if diagnostic.kind == ErrorKind.shape.rawValue, case .tensor(let x, _) = a, case .tensor(let y, _) = b {
            let left = operandName(n.pointee.a, "the left operand"), right = operandName(n.pointee.b, "the right operand")
            diagnostic.message = "shapes do not fit"
            let shapes = "\(left) is \(shapeText(a)), \(right) is \(shapeText(b))"
            if op == nil {
                let inner = x.rank == 0 ? 0 : x.dims[x.rank - 1], outer = y.rank == 0 ? 0 : y.rank == 1 ? y.dims[0] : y.dims[y.rank - 2]
                diagnostic.notes = ["\(shapes): `@` needs \(inner) and \(outer) to be equal"]
                diagnostic.help = matmulMend(x, y, left, right)
            } else {
                diagnostic.notes = ["\(shapes): `\(symbol)` needs equal sizes, or 1, counted from the last axis"]
                diagnostic.help = broadcastMend(x, y, left, right)
            }
        }
        return diagnostic
    }

    private func matmulMend(_ x: Tensor, _ y: Tensor, _ left: String, _ right: String) -> [String] {
        func transposedName(_ s: String) -> String { s.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } || s.hasSuffix(")") || s.hasSuffix("]") ? "\(s)'" : "(\(s))'" }
        if x.rank == 2, y.rank == 2 {
            if x.dims[1] == y.dims[1] { return ["write `\(left) @ \(transposedName(right))`"] }
            if x.dims[0] == y.dims[0] { return ["write `\(transposedName(left)) @ \(right)`"] }
            if x.dims[0] == y.dims[1] { return ["write `\(right) @ \(left)`"] }
            return ["for a batch in rows, write `\(right) @ \(transposedName(left))` (then \(left) must be [\(x.dims[0]), \(y.dims[1])])"]
        }
        if x.rank == 2, y.rank == 1, x.dims[0] == y.dims[0] { return ["write `\(transposedName(left)) @ \(right)`"] }
        if x.rank == 1, y.rank == 2, x.dims[0] == y.dims[1] { return ["write `\(left) @ \(transposedName(right))`"] }
        if x.rank > 2 { return ["`flatten(\(left))` makes rows of what is behind the first axis"] }
        return []
    }

    private func broadcastMend(_ x: Tensor, _ y: Tensor, _ left: String, _ right: String) -> [String] {
        if x.rank == 2, y.rank == 1, x.dims[0] == y.dims[0] { return ["to use one number a row, write `\(right)[:, none]`"] }
        if x.rank == 1, y.rank == 2, y.dims[0] == x.dims[0] { return ["to use one number a row, write `\(left)[:, none]`"] }
        if x.rank == 2, y.rank == 2, x.dims[0] == y.dims[1], x.dims[1] == y.dims[0] { return ["write `\(right)'`"] }
        return []
    }

    /// An error of a built-in: the call underlined with its tensor arguments and their shapes.
    func argumentError(_ error: Error, _ n: NodePointer, _ operation: Operation, _ base: UnsafeMutablePointer<Value>) -> Error {
        if error is ControlSignal || error is ExitRequest { return error }
        var diagnostic = diagnosed(error)
        guard diagnostic.source == nil else {
            // It happened in a function that the built-in called.
            return framed(diagnostic, n, operation.name, isStandardLibrary: true)
        }
        diagnostic.source = n.pointee.source.takeUnretainedValue()
        diagnostic.span = n.pointee.span
        if diagnostic.kind == ErrorKind.shape.rawValue {
            var shapes: [String] = []
            for i in 0..<Int(n.pointee.count) {
                let part = n.pointee.list[i]
                let target = Int(n.pointee.plan[i])
                guard target >= 0, case .tensor(let t, _) = base[target], t.rank > 0 else { continue }
                let node = part.pointee.op == .keyword ? part.pointee.a! : part
                diagnostic.marks.append(node.pointee.span)
                shapes.append("\(operandName(node, operation.parameters[target].name)) is [\(t.shape.map(String.init).joined(separator: ", "))]")
            }
            if !shapes.isEmpty { diagnostic.notes.insert(shapes.joined(separator: ", "), at: 0) }
        }
        return diagnostic
    }

    /// An error of an index: the subscript underlined, what is indexed with its shape.
    func indexError(_ error: Error, _ n: NodePointer, _ base: Value) -> Error {
        var diagnostic = diagnosed(error)
        guard diagnostic.source == nil else { return diagnostic }
        diagnostic.source = n.pointee.source.takeUnretainedValue()
        diagnostic.span = n.pointee.span
        if n.pointee.count == 1 { diagnostic.span = n.pointee.list[0].pointee.span }
        if case .tensor = base { diagnostic.notes.insert("\(operandName(n.pointee.a, "it")) is \(shapeText(base))", at: 0) }
        return diagnostic
    }

    func unsetLocal(_ n: NodePointer) -> Diagnostic {
        let name = n.pointee.name
        var error = Diagnostic(.name, "`\(name)` is read before it is set")
        if let cell = currentModule?.existingCell(name), !cell.pointee.isUnset {
            error.notes = ["assigning `\(name)` in a function makes it the function's own; the outer `\(name)` can be read, never changed"]
            error.help = ["use another name, or pass `\(name)` in and return it"]
        }
        return located(error, n)
    }

    func unknownName(_ n: NodePointer) -> Diagnostic {
        let name = n.pointee.name
        var error = Diagnostic(.name, "unknown name `\(name)`")
        if let module = currentModule, module.assigned.contains(name) {
            error.message = "`\(name)` is read before it is set"
            return located(error, n)
        }
        var candidates = prelude.keys.sorted()
        if let module = currentModule { candidates = module.bindings.map(\.name) + candidates }
        if let habit = Self.nameHabits[name] { error.help = [habit] } else if let near = nearest(name, candidates) { error.help = ["did you mean `\(near)`?"] }
        return located(error, n)
    }

    /// What users of other languages type, and what to write instead.
    static let nameHabits = [
        "np": "array functions are built in: `zeros(3)`, `exp(x)`", "numpy": "array functions are built in: `zeros(3)`, `exp(x)`",
        "torch": "tensors and gradients are built in: `zeros(3)`, `grad(f)`", "True": "write `true`", "False": "write `false`", "None": "write `none`",
        "null": "write `none`", "nil": "write `none`", "input": "read a file with `read(path)`; `args` holds the arguments", "len_": "write `len(x)`",
        "float": "write `number(x)`", "int": "write `floor(x)` or `round(x)`", "str": "write `string(x)`", "randn": "write `normal(shape…)`",
        "rand": "write `uniform(shape…)`", "Linear": "write `dense(units)`", "Conv2d": "write `conv(filters, size)`", "power": "write `x ^ p`",
        "def": "write `fn f(x) = …`", "lambda": "write `x => …`", "argmax_": "write `argmax(x)`", "type": "write `kind(x)`", "absolute": "write `abs(x)`",
    ]

    /// The nearest of some names within a few letters, the first in order where several are equally near.
    func nearest(_ name: String, _ candidates: [String]) -> String? {
        // Short names are near to too many others.
        let limit = name.count <= 2 ? 0 : name.count == 3 ? 1 : name.count <= 6 ? 2 : 3
        var best: (String, Int)?
        for candidate in candidates where candidate != name {
            let d = editDistance(name, candidate, limit: limit)
            if d <= limit, d < best?.1 ?? .max { best = (candidate, d) }
        }
        return best?.0
    }

    /// The number of insertions, deletions, replacements and swaps of neighbours between two words (letters' case
    /// aside), or more than `limit`.
    private func editDistance(_ a: String, _ b: String, limit: Int) -> Int {
        let x = Array(a.lowercased().unicodeScalars), y = Array(b.lowercased().unicodeScalars)
        if abs(x.count - y.count) > limit { return limit + 1 }
        var before = [Int](repeating: 0, count: y.count + 1)
        var previous = Array(0...y.count)
        for i in 1..<(x.count + 1) {
            var row = [i] + [Int](repeating: 0, count: y.count)
            for j in 1..<(y.count + 1) {
                row[j] = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (x[i - 1] == y[j - 1] ? 0 : 1))
                if i > 1, j > 1, x[i - 1] == y[j - 2], x[i - 2] == y[j - 1] { row[j] = min(row[j], before[j - 2] + 1) }
            }
            (before, previous) = (previous, row)
        }
        return previous[y.count]
    }

    // MARK: Shape annotations

    /// Checks the annotated parameters of a call; names unify within it.
    func checkShapes(_ code: FunctionCode, _ base: UnsafeMutablePointer<Word>) throws {
        var bound: [String: (Int, String)] = [:]
        for (i, p) in code.parameters.enumerated() {
            guard let shape = p.shape, !base[i].isUnset else { continue }
            try unify(shape, Value(base[i]), "`\(p.name)` of \(code.name)", code, p.span, &bound)
        }
    }

    func checkReturn(_ code: FunctionCode, _ shape: ShapeAnnotation, _ result: Value, _ base: UnsafeMutablePointer<Word>) throws {
        var bound: [String: (Int, String)] = [:]
        for (i, p) in code.parameters.enumerated() {
            guard let shape = p.shape, !base[i].isUnset else { continue }
            try unify(shape, Value(base[i]), "`\(p.name)` of \(code.name)", code, p.span, &bound)
        }
        try unify(shape, result, "the result of \(code.name)", code, code.span, &bound)
    }

    private func unify(_ shape: ShapeAnnotation, _ value: Value, _ what: String, _ code: FunctionCode, _ span: Span, _ bound: inout [String: (Int, String)]) throws {
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

    // MARK: NaN

    /// With `nan_check(true)`: stops at the first operation that makes a NaN or an infinity out of finite numbers.
    func checkNaN(_ result: Value, _ base: UnsafeMutablePointer<Value>, _ operation: Operation, _ n: NodePointer) throws {
        guard !Self.isFinite(result) else { return }
        for i in 0..<operation.parameters.count where !Self.isFinite(base[i]) { return }
        throw Diagnostic(.value, "\(operation.name) made a NaN or an infinity out of finite numbers")
    }

    static func isFinite(_ v: Value) -> Bool {
        switch v {
        case .number(let x), .scalar(let x, _): return x.isFinite
        case .tensor(let t, _): return (0..<t.count).allSatisfy { t.element($0).isFinite }
        default: return true
        }
    }
}

extension String {
    fileprivate var replacingAxis: String { hasSuffix("axiss") ? String(dropLast(5)) + "axes" : self }
}
