import Syntax

// What the program tells about itself.
extension Interpreter {
    /// Every name that can be typed in a module, sorted: its own, the built-ins' and the standard library's.
    public func names(in module: Module) -> [String] {
        prelude.names.union(module.bindings.map(\.name)).sorted()
    }

    /// Sets `ans`, the last value at the prompt.
    public func setAnswer(_ value: Value, in module: Module) {
        let cell = module.cell("ans", prelude: prelude)
        module.noteAssigned("ans")
        let old = cell.pointee
        cell.pointee = Word(value)
        old.release()
    }

    /// `--max-steps`
    public func limitSteps(to n: Int) { stepsLeft = n }

    /// The help page of a name: signature, prose, examples, see also.
    public func help(for name: String) -> String {
        if name.isEmpty {
            var text = "Type an expression or a statement. ?name explains one of these:\n\n"
            for group in Operation.Group.allCases {
                let names = Op.all.filter { $0.group == group && $0.name.first!.isLetter && !$0.isInternal }.map(\.name).sorted()
                if !names.isEmpty { text += wrapped("\(group.rawValue): \(names.joined(separator: " "))") }
            }
            return text + wrapped("standard library: \(prelude.libraryNames.joined(separator: " "))")
        }
        if let operation = Op.all.first(where: { $0.name == name }) {
            var text = operation.signature + "\n\n" + wrapped(operation.documentation)
            if !operation.examples.isEmpty {
                text += "\n"
                for example in operation.examples {
                    text += example.input.split(separator: "\n").map { "  > \($0)\n" }.joined()
                    text += example.output.split(separator: "\n").map { "  \($0)\n" }.joined()
                }
            }
            if !operation.seeAlso.isEmpty { text += "\nsee also: \(operation.seeAlso.joined(separator: ", "))\n" }
            if operation.lecture > 0 { text += "lecture: row \(operation.lecture)\n" }
            return text
        }
        if let word = prelude[name] {
            let value = Value(word)
            var text = "\(display(value))\n"
            if case .function(let f) = value {
                let documentation = (f as? Closure)?.code.documentation ?? (f as? ObjectDeclaration)?.documentation ?? ""
                if !documentation.isEmpty { text += "\n\(documentation)\n" }
            }
            return text
        }
        let near = nearest(name, prelude.names.sorted())
        return "nothing is known about `\(name)`\(near.map { "; did you mean `\($0)`?" } ?? "")\n"
    }

    private func wrapped(_ text: String) -> String {
        var lines = ""
        var line = ""
        for word in text.split(separator: " ") {
            if line.count + word.count + 1 > host.width(), !line.isEmpty {
                lines += line + "\n"
                line = "  "
            }
            line += line.isEmpty || line == "  " ? word : " " + word
        }
        return lines + line + "\n"
    }
}

extension Operation {
    /// Used by other operations and the standard library only.
    var isInternal: Bool { group == .operators || name.hasPrefix("_") }
}
