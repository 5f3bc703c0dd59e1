/// A tree as one line of nested lists, for tests and for looking at: `(assign x (add 1 (call f y)))`.

extension Tree: CustomStringConvertible {
    public var description: String {
        var out = ""
        describe(root, &out)
        return out
    }

    /// Recursive, like every walk: the parser caps the height.
    private func describe(_ index: Int32, _ out: inout String) {
        guard index >= 0 else { return out += "_" }
        let node = self[index]
        switch node.kind {
        case .number: return out += Int64(exactly: node.number).map(String.init) ?? String(node.number)
        case .string: return out += quoted(string(node.a))
        case .bool: return out += node.flag ? "true" : "false"
        case .none: return out += "none"
        case .name: return out += string(node.a)
        case .ellipsis: return out += "..."
        case .break: return out += "(break)"
        case .continue: return out += "(continue)"
        default: break
        }
        out += "(" + head(node)
        for text in texts(node) { out += " " + text }
        switch node.kind {
        case .function, .lambda, .object, .for:
            out += " ("
            for (place, child) in children(node).enumerated() {
                if place > 0 { out += " " }
                describe(child, &out)
            }
            out += ")"
            if node.kind == .function, node.c >= 0 { item(node.c, &out) }
            item(node.kind == .function || node.kind == .object ? node.b : node.a, &out)
        case .parameter:
            if node.c >= 0 { item(node.c, &out) }
            if node.b >= 0 { out += " ="; item(node.b, &out) }
        case .slice:
            for part in [node.a, node.b, node.c] { item(part, &out) }
        default:
            if node.kind.hasNodeA, node.a >= 0 { item(node.a, &out) }
            if node.kind.hasNodeB, node.b >= 0, !(node.kind == .entry && node.flag) { item(node.b, &out) }
            if node.kind.hasNodeC, node.c >= 0 { item(node.c, &out) }
            for child in children(node) { item(child, &out) }
        }
        if node.flag, [.expression, .assign, .update].contains(node.kind) { out += " ;" }
        out += ")"
    }

    private func item(_ index: Int32, _ out: inout String) {
        out += " "
        describe(index, &out)
    }

    private func head(_ node: Node) -> String {
        switch node.kind {
        case .unary, .binary, .logical: return "\(node.op)"
        case .update: return "update \(node.op)"
        case .range: return node.flag ? "..<" : ".."
        case .function: return "fn"
        case .object: return node.flag ? "layer" : "object"
        case .parameter: return node.flag ? "rest" : "parameter"
        case .expression: return "do"
        case .parenthesized: return "paren"
        default: return "\(node.kind)"
        }
    }

    /// The names and texts of a node, in the order of the source.
    private func texts(_ node: Node) -> [String] {
        switch node.kind {
        case .entry, .keyword, .function, .parameter, .object, .param, .state: return [string(node.a)]
        case .field: return [string(node.b)]
        case .interpolation: return node.b >= 0 ? [quoted(string(node.b))] : []
        case .try: return [node.b >= 0 ? string(node.b) : "_"]
        case .import: return [quoted(string(node.a))] + (node.b >= 0 ? [string(node.b)] : [])
        case .test: return [quoted(string(node.a))]
        default: return []
        }
    }

    private func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\"", "\\": out += "\\\(scalar)"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
