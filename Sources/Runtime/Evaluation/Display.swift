import CKernels
import Syntax
import Tensors

// How values print: `display` for `print` and interpolation, `echo` for the prompt.
extension Interpreter {
    /// What `print` shows: strings raw, everything else as it would be written.
    public func display(_ value: Value) -> String {
        if case .string(let s) = value { return s.string }
        return written(value, depth: 0)
    }

    /// What the prompt shows after an entry.
    public func echo(_ value: Value) -> String { written(value, depth: 0) }

    /// A formatted interpolation: Python's format.
    func formatted(_ value: Value, spec: String) throws -> String {
        if case .scalar(let x, .f32) = value { return try Tensors.formatted(Float(x), spec: spec) }
        if case .tensor(let t, _) = value { return try Tensor.formatted(t, spec: spec, width: host.width()) }
        if let b = value.asBool { return try Tensors.formatted(b, spec: spec) }
        if let x = value.asDouble { return try Tensors.formatted(x, spec: spec) }
        return try Tensors.formatted(display(value), spec: spec, kind: value.kind)
    }

    /// A value as a script would write it; cut short where the work is to end, which the evaluator sees behind it.
    /// `column`: where the text begins, which the prompt's layout takes into account.
    func written(_ value: Value, depth: Int, column: Int = 0) -> String {
        guard depth < 200, !nns_interrupted() else { return "..." }
        if isBrief {
            guard valuesToShow > 0, depth < Self.mostLevels else { return "..." }
            valuesToShow -= 1
        }
        let text = parts(value, depth, column)
        // Small values held many times over may have a text beyond all memory.
        if text.utf8.count > 1 << 20, text.utf8.count > Memory.limit &- Memory.used { nns_interrupt_for_memory() }
        return text
    }

    private func parts(_ value: Value, _ depth: Int, _ column: Int) -> String {
        switch value {
        case .none: return "none"
        case .bool(let b): return b ? "true" : "false"
        case .number(let x): return numberText(x)
        case .scalar(let x, let type): return Self.scalarText(x, type)
        case .tensor(let t, _):
            if t.rank == 0 { return Self.scalarText(t.element(0), t.dtype) }
            // Inside a list or record a large tensor would hide everything else.
            if depth > 0, t.count > 200 { return "tensor [\(t.shape.map(String.init).joined(separator: ", "))]" }
            return Tensor.description(of: t, width: isBrief ? max(host.width() - column, 20) : host.width(), full: false)
        case .string(let s): return Self.quoted(s.string)
        case .list(let l):
            if isBrief, l.items.count > Self.longList { return briefList(l, depth, column) }
            var parts: [String] = []
            parts.reserveCapacity(l.items.count)
            for item in l.items {
                if isCutShort {
                    parts.append("...")
                    break
                }
                parts.append(written(item, depth: depth + 1, column: column + 1))
            }
            // To lay out what nobody will see may take long.
            if nns_interrupted() { return "..." }
            if isBrief, !parts.contains(where: { $0.utf8.contains(10) }), parts.reduce(0, { $0 + $1.count + 2 }) > host.width() - column {
                return depth > 0 && parts.count > 4 ? briefList(l, depth, column) : filled(parts, column)
            }
            // Elements of several lines stand below each other, their lines aligned.
            if parts.count > 1, parts.contains(where: { $0.utf8.contains(10) }) {
                return "(" + parts.map { Self.aligned($0, 1) }.joined(separator: ",\n ") + ")"
            }
            return parts.count == 1 ? "(\(parts[0]),)" : "(\(parts.joined(separator: ", ")))"
        case .record(let r): return recordText(r, depth, column)
        case .range(let g): return g.text
        case .function(let f):
            if let closure = f as? Closure { return closure.code.isLambda ? lambdaText(closure.code) : "fn \(signature(closure.code))" }
            if let builtin = f as? BuiltinFunction { return "fn \(builtin.operation.signature)" }
            if let declaration = f as? ObjectDeclaration { return "\(declaration.isLayer ? "layer" : "object") \(signature(declaration.constructor.code))" }
            return "fn \(f.name)"
        case .object(let o): return objectText(o, depth)
        }
    }

    /// Whether the rest of a value need not be written: the work is to end, or the prompt has shown enough.
    private var isCutShort: Bool { nns_interrupted() || isBrief && valuesToShow <= 0 }

    /// A list's items in lines that fit behind `column`, broken at commas.
    func filled(_ parts: [String], _ column: Int) -> String {
        // A comma may follow what stands inside.
        let room = max(host.width() - column - (column > 0 ? 1 : 0), 10)
        var lines: [String] = [], line = "("
        for (i, part) in parts.enumerated() {
            let item = part + (i + 1 < parts.count || parts.count == 1 ? "," : ")")
            if line.count > 1, line.count + item.count + 1 > room {
                lines.append(line)
                line = " "
            }
            line += line.count > 1 ? " " + item : item
        }
        return (lines + [parts.count == 1 ? line + ")" : line]).joined(separator: "\n")
    }

    /// Lines after the first moved to the right, so that they stay below it.
    private static func aligned(_ text: String, _ columns: Int) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().map { $0.offset == 0 || $0.element.isEmpty ? String($0.element) : String(repeating: " ", count: columns) + $0.element }.joined(separator: "\n")
    }

    private func recordText(_ r: Record, _ depth: Int, _ column: Int) -> String {
        // A run's time depends on the machine, so no result may show it; its checkpoint is of no use to a reader.
        let isRun = r.position("history") != nil && r.position("best_epoch") != nil
        func part(_ key: String, _ value: Value) -> String {
            let isName = !key.isEmpty && key.unicodeScalars.allSatisfy { $0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil } && !(key.first!.isNumber)
            let label = "\(isName ? key : Self.quoted(key)): "
            switch value {
            // A record inside begins its own lines where this one does; lines of tensors and lists stand below their first.
            case .record: return label + written(value, depth: depth + 1, column: column + 2)
            case .tensor: break
            case .list where isBrief: break
            default: return label + written(value, depth: depth + 1, column: column + 2 + label.count)
            }
            let beside = written(value, depth: depth + 1, column: column + 2 + label.count)
            let longest = beside.split(separator: "\n").map(\.count).max() ?? 0
            // Behind a long name too little room may be left.
            if isBrief, longest + column + label.count + 3 > host.width() {
                return label.dropLast() + "\n  " + Self.aligned(written(value, depth: depth + 1, column: column + 4), 2)
            }
            return label + Self.aligned(beside, label.count)
        }
        var parts: [String] = []
        for (key, value) in zip(r.keys, r.values) where !(isRun && (key == "seconds" || key == "checkpoint")) {
            if isCutShort {
                parts.append("...")
                break
            }
            parts.append(part(key, value))
        }
        if nns_interrupted() { return "..." }
        let line = "{\(parts.joined(separator: ", "))}"
        if line.count <= host.width() - (isBrief ? column : 0) || depth > 0 && !isBrief, !line.contains("\n") { return line }
        let indented = parts.map { "  " + $0.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n  ") }
        return "{\n\(indented.joined(separator: ",\n"))\n}"
    }

    /// A layer as the call that makes it; a chain as its stages joined by `>>`.
    private func objectText(_ o: Object, _ depth: Int) -> String {
        if let stages = o.stages { return stages.map { stageText($0, depth + 1) }.joined(separator: " >> ") }
        let parts = o.declaration.constructor.code.parameters.enumerated().compactMap { i, p -> String? in
            guard let v = o[field: i] else { return nil }
            if case .list(let l) = v, p.isRest { return l.items.map { stageText($0, depth + 1) }.joined(separator: ", ") }
            let text = stageText(v, depth + 1)
            if let d = p.defaultValue {
                let standard = d.pointee.text
                return standard == text || text.contains("\n") ? nil : "\(p.name)=\(text)"
            }
            return text
        }
        return "\(o.declaration.name)(\(parts.joined(separator: ", ")))"
    }

    private func stageText(_ v: Value, _ depth: Int) -> String {
        if case .function(let f) = v { return f.name }
        return written(v, depth: depth)
    }

    static func scalarText(_ x: Double, _ type: DType) -> String {
        switch type {
        case .bool: x != 0 ? "true" : "false"
        case .f32: numberText(Float(x))
        case .f64, .number: numberText(x)
        }
    }

    /// A string as a script would write it.
    static func quoted(_ s: String) -> String {
        var text = "\""
        for c in s.unicodeScalars {
            if nns_interrupted() { break }
            switch c {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "{": text += "{{"
            case "}": text += "}}"
            default:
                if c.value < 32 || c.value == 127 { text += "\\u{\(String(c.value, radix: 16))}" } else { text.unicodeScalars.append(c) }
            }
        }
        return text + "\""
    }
}

/// One element of a tensor in its own type's digits.
func tensorElementText(_ t: Tensor, _ i: Int) -> String { Interpreter.scalarText(t.element(i), t.dtype) }
