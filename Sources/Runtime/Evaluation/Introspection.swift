import Syntax

// What a session asks about its names, for completion and for help: nothing runs.
extension Interpreter {
    /// The names that can stand behind `path.`: a record's keys, an object's fields and methods. A path is names, and
    /// indices of a chain's stages or a list's items; empty where it leads to nothing that has fields.
    public func members(of path: [String], in module: Module) -> [String] {
        switch value(at: path, in: module) {
        // Other keys cannot stand behind a dot.
        case .record(let r): r.keys.filter { $0.first.map { $0.isLetter || $0 == "_" } ?? false && $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } }
        case .object(let o): o.declaration.fields.map(\.name) + o.declaration.methods.map(\.name)
        default: []
        }
    }

    /// The keys that can stand in `path["…"]`: a record's, a network's parameters.
    public func keys(of path: [String], in module: Module) -> [String] {
        switch value(at: path, in: module) {
        case .record(let r): r.keys
        case .object(let o): (try? parameters(of: .object(o)) { _ in })?.map(\.path) ?? []
        default: []
        }
    }

    /// The names of the parameters of what a path leads to; empty where that is nothing to call.
    public func parameters(of path: [String], in module: Module) -> [String] {
        switch value(at: path, in: module) {
        case .function(let f as BuiltinFunction): f.operation.parameters.map(\.name)
        case .function(let f as Closure): f.code.parameters.map(\.name)
        case .function(let f as ObjectDeclaration): f.constructor.code.parameters.map(\.name)
        case .object(let o): o.declaration.forward?.code.parameters.map(\.name) ?? []
        default: []
        }
    }

    private func value(at path: [String], in module: Module) -> Value? {
        guard let first = path.first, var value = named(first, in: module) else { return nil }
        for part in path.dropFirst() {
            let next: Value?
            switch value {
            case .record(let r): next = r[part]
            case .list(let l): next = Int(part).flatMap { l.items.indices.contains($0) ? l.items[$0] : nil }
            case .object(let o):
                if let index = Int(part), case .list(let stages)? = o.isSequential ? o.declaration.field("stages").flatMap({ o[field: $0] }) : nil {
                    next = stages.items.indices.contains(index) ? stages.items[index] : nil
                } else if let field = o.declaration.field(part) {
                    next = o[field: field]
                } else {
                    next = o.declaration.method(part).map { .function($0) }
                }
            default: next = nil
            }
            guard let next else { return nil }
            value = next
        }
        return value
    }

    /// The help page of what stands behind a dot: a record's value, an object's field or method; nil where nothing does.
    public func page(ofPath path: [String], in module: Module) -> String? {
        guard path.count > 1, let value = value(at: path, in: module) else { return nil }
        return page(of: value, named: path.joined(separator: "."))
    }

    /// What a name stands for in a module.
    private func named(_ name: String, in module: Module) -> Value? {
        if let word = module.existingCell(name)?.pointee, !word.isUnset { return Value(word) }
        return prelude[name].map { Value($0) }
    }

    /// `??name`: the text of a function or declaration with its documentation, as it stands in its file; nil where the name
    /// stands for neither.
    public func sourceText(of name: String, in module: Module) -> String? {
        let code: FunctionCode, documentation: String
        switch named(name, in: module) {
        case .function(let f as Closure): (code, documentation) = (f.code, f.code.documentation)
        case .function(let f as ObjectDeclaration): (code, documentation) = (f.constructor.code, f.documentation)
        case .object(let o): (code, documentation) = (o.declaration.constructor.code, o.declaration.documentation)
        case .function(let f as BuiltinFunction):
            return "# \(name) is built in: its work is done by a kernel.\n\(f.operation.signature)\n"
        default: return nil
        }
        let comment = documentation.isEmpty ? "" : documentation.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "##\n" : "## \($0)\n" }.joined()
        return "# \(code.source.name)\n" + comment + code.source.text(of: code.span) + "\n"
    }

    /// The names whose own text has the words of a question, as many of them as any name has, with their first sentence:
    /// those that have them in the name first.
    public func search(_ question: String, in module: Module) -> [(name: String, summary: String)] {
        let words = question.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }).map(String.init)
            .filter { !["a", "an", "the", "of", "to", "in", "is", "i", "my", "how", "do", "what", "for", "with"].contains($0) }
            // A letter stands in every text.
            .filter { $0.count > 1 }
        guard !words.isEmpty else { return [] }
        /// Whether a text has a word, or one that begins with it: short ones whole, since they begin many.
        func has(_ text: [Substring], _ word: String) -> Bool {
            let stem = word.hasSuffix("s") ? String(word.dropLast()) : word
            return text.contains { $0 == word || $0 == stem || (stem.count > 3 && $0.hasPrefix(stem)) }
        }
        var found: [(rank: Int, name: String, summary: String)] = [], most = 1
        for name in names(in: module) where !name.hasPrefix("_") {
            let text = documentation(of: name, in: module)
            let all = (name + " " + text).lowercased().split { !$0.isLetter && !$0.isNumber }
            let known = words.filter { $0.count > 2 && name.lowercased().contains($0) || has(all, $0) }.count
            guard known >= most else { continue }
            if known > most { (most, found) = (known, []) }
            let inName = words.filter { name.lowercased().contains($0) }.count
            let summary = Self.firstSentence(text)
            let inSummary = words.filter { summary.lowercased().contains($0) }.count
            let begins = words.contains { summary.lowercased().hasPrefix($0) }
            found.append((-3 * inName - inSummary - (begins ? 3 : 0), name, summary))
        }
        return found.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }.map { ($0.name, $0.summary) }
    }

    private func documentation(of name: String, in module: Module) -> String {
        switch named(name, in: module) {
        case .function(let f as BuiltinFunction): f.operation.documentation
        case .function(let f as Closure): f.code.documentation
        case .function(let f as ObjectDeclaration): f.documentation
        default: ""
        }
    }

    private static func firstSentence(_ text: String) -> String {
        let flat = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let end = flat.indices.first { flat[$0] == "." && flat.index(after: $0) < flat.endIndex && flat[flat.index(after: $0)] == " " }
        return end.map { String(flat[...$0]) } ?? flat
    }
}
