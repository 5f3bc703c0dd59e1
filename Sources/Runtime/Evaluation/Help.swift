import Syntax

// What the program tells about itself.
extension Interpreter {
    /// Every name that can be typed in a module, sorted: its own, the built-ins' and the standard library's.
    public func names(in module: Module) -> [String] {
        prelude.names.union(module.bindings.map(\.name)).sorted()
    }

    /// Sets `ans`, the last value at the prompt.
    public func setAnswer(_ value: Value, in module: Module) { set("ans", to: value, in: module) }

    /// `--max-steps`
    public func limitSteps(to n: Int) {
        stepLimit = n
        stepsLeft = n
    }

    /// Writes the help page of a name, else the topic of the lecture that is called so, else what is near; of the empty
    /// name all names by theme.
    public func showHelp(for name: String, in module: Module?) {
        if name.isEmpty {
            host.write(wrapped("?name explains one of these names, ?syntax the words and signs of the language, explain() lists the lecture's topics.") + "\n" + namesByGroup() + Self.firstSteps)
        } else if let page = page(of: name, in: module) {
            host.write(page)
        } else if !explainsTopic(name) {
            host.write("nothing is known about `\(name)`\(nearestName(to: name).map { "; did you mean `\($0)`?" } ?? "")\n")
        }
    }

    /// Writes the topic of the lecture that some words or a row's number name; false where they name none.
    public func explainsTopic(_ words: String) -> Bool {
        // A letter or two begin many topics.
        guard words.count > 2 || words.allSatisfy(\.isNumber) else { return false }
        return (try? explain(words)) != nil
    }

    private static let firstSteps = """

        A first network:
          {train, test} = split(digits(), [0.8, 0.2])
          net = flatten >> dense(32) >> relu >> dense(10)
          run = fit(net, train, validate=test)
          accuracy(net, test)
          plot(run)

        """

    /// The help page of a name: signature, prose, examples, see also, lecture; nil where there is no such name.
    public func page(of name: String, in module: Module? = nil) -> String? {
        if let own = module?.bindings.first(where: { $0.name == name }) { return page(of: own.value, named: name) }
        if let syntax = SyntaxPage.named(name) { return page(of: syntax) }
        if let operation = Op.all.first(where: { $0.name == name }) { return page(of: operation) }
        return prelude[name].map { page(of: Value($0), named: name) }
    }

    /// The page of a word or a sign of the language itself.
    private func page(of syntax: SyntaxPage) -> String {
        let prose = syntax.prose.split(separator: "\n").map { wrapped(String($0), indent: $0.hasPrefix("- ") ? 2 : 0) }.joined()
        return syntax.form.split(separator: "\n").joined(separator: "\n") + "\n\n" + prose + Self.shown(syntax.examples)
    }

    private static func shown(_ examples: [Operation.Example]) -> String {
        guard !examples.isEmpty else { return "" }
        return "\n" + examples.map { example in
            let lines = example.input.split(separator: "\n")
            return lines.map { "  > \($0)\n" }.joined() + example.output.split(separator: "\n").map { "  \($0)\n" }.joined()
        }.joined()
    }

    /// The known name that is nearest to an unknown one.
    public func nearestName(to name: String) -> String? { nearest(name, prelude.names.filter { !$0.hasPrefix("_") }.sorted()) }

    /// All names of the language: the built-ins' by group, the library's by the file they stand in.
    public func namesByGroup() -> String {
        var groups: [(title: String, names: [String])] = Operation.Group.allCases.map { group in
            (group.rawValue, Op.all.filter { $0.group == group && !$0.isInternal }.map(\.name))
        }
        for file in prelude.libraryFiles {
            let names = file.names.filter { !$0.hasPrefix("_") }
            if let i = groups.firstIndex(where: { $0.title == file.title }) { groups[i].names += names } else { groups.append((file.title, names)) }
        }
        return groups.filter { !$0.names.isEmpty }.map { wrapped("\($0.title): \($0.names.sorted().joined(separator: " "))", indent: 2) }.joined()
    }

    /// `explain(topic)`, with an empty one `explain()`, of the standard library; an unknown topic is an error.
    public func explain(_ topic: String) throws {
        guard let word = prelude["explain"] else { return }
        _ = try apply(Value(word), topic.isEmpty ? [] : [Value(topic)])
    }

    /// The page of a value: a function or declaration has its own, of an object its declaration's is shown.
    func page(of value: Value, named name: String) -> String {
        switch value {
        case .function(let f as BuiltinFunction): page(of: f.operation)
        case .function(let f as Closure): page(f.code, "", f.code.documentation, name, f.code.parameters.map(\.name))
        case .function(let f as ObjectDeclaration): page(f.constructor.code, f.isLayer ? "layer " : "object ", f.documentation, f.name, f.fields.map(\.name))
        case .object(let o): page(of: .function(o.declaration), named: o.declaration.name)
        case .function(let f) where Op.all.contains { $0.name == f.name }: self.page(of: f.name) ?? ""
        default: "\(name) = \(display(value))\n"
        }
    }

    private func page(of operation: Operation) -> String {
        var text = wrapped(operation.signature, indent: 4) + "\n" + wrapped(operation.documentation)
        if let shapes = shapes(of: operation) { text += "\n" + wrapped(shapes, indent: 2) }
        text += Self.shown(operation.examples)
        let neighbours = Op.all.filter { $0.group == operation.group && !$0.isInternal }.map(\.name)
        text += seeAlso(operation.seeAlso.isEmpty ? related(to: operation.name, operation.documentation, operation.parameters.map(\.name), neighbours) : operation.seeAlso)
        if operation.lecture > 0 { text += "lecture: row \(operation.lecture), see explain(\(operation.lecture))\n" }
        return text
    }

    /// The page of a definition in the language, of the standard library or of a user's: `##` lines above it, in which
    /// `> ` begins an example and the sentence "Rows 3 to 6 of the lecture." names its rows. Pages of the library tell what to see
    /// besides: the names that the text mentions, `own` names of arguments and fields left out, and those that stand beside it
    /// in its file.
    private func page(_ code: FunctionCode, _ kind: String, _ documentation: String, _ name: String, _ own: [String]) -> String {
        var text = code.isLambda ? "\(name) = \(lambdaText(code))\n" : wrapped(kind + signature(code, isAnnotated: true), indent: 4)
        var prose: [[Substring]] = [[]], examples = "", inExamples = false
        for line in documentation.split(separator: "\n", omittingEmptySubsequences: false) {
            inExamples = inExamples || line.hasPrefix("> ")
            if inExamples { examples += "  \(line)\n" } else if line.isEmpty { prose.append([]) } else { prose[prose.count - 1] += line.split(separator: " ") }
        }
        let rows = LectureRows.removed(from: &prose)
        for paragraph in prose where !paragraph.isEmpty { text += "\n" + wrapped(paragraph.joined(separator: " ")) }
        if !examples.isEmpty { text += "\n" + examples }
        if code.source.isStandardLibrary, let file = prelude.libraryFiles.first(where: { $0.names.contains(name) }) {
            text += seeAlso(related(to: name, documentation, own, file.names))
        }
        if let rows { text += "\nlecture: \(rows.text), see explain(\(rows.first))\n" }
        return text
    }

    private func seeAlso(_ names: [String]) -> String {
        names.isEmpty ? "" : "\n" + wrapped("see also: \(names.joined(separator: ", "))", indent: 2)
    }

    /// At most five names to see beside one: those in its text's backticks, then its nearest neighbours. Not its `own` names, nor
    /// the fields of a record that the text writes, `{log, winner}`.
    private func related(to name: String, _ text: String, _ own: [String], _ neighbours: [String]) -> [String] {
        var names: [String] = []
        let known = prelude.names
        let quotes = text.split(separator: "`", omittingEmptySubsequences: false).enumerated().compactMap { $0 % 2 == 1 ? $1 : nil }
        let own = own + quotes.filter { $0.hasPrefix("{") }.flatMap { $0.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init) }
        for quoted in quotes {
            let word = String(quoted.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            guard word.count > 1, word != name, !word.hasPrefix("_"), known.contains(word), !own.contains(word), !names.contains(word) else { continue }
            names.append(word)
        }
        names = Array(names.prefix(5))
        let around = neighbours.filter { !$0.hasPrefix("_") }
        guard let at = around.firstIndex(of: name) else { return names }
        for distance in 1..<max(around.count, 2) where names.count < 3 {
            for i in [at - distance, at + distance] where names.count < 3 && around.indices.contains(i) && !names.contains(around[i]) { names.append(around[i]) }
        }
        return names
    }

    /// What the shape rule of an operation of one tensor gives for vectors, matrices and images; nil for others.
    private func shapes(of operation: Operation) -> String? {
        guard let rule = operation.shape, let first = operation.parameters.first, !first.isRest, first.defaultValue == nil,
              operation.group != .create, operation.group != .random,
              operation.parameters.dropFirst().allSatisfy({ $0.defaultText != nil }) else { return nil }
        // A tensor is neither a number nor `none`.
        var arguments = operation.parameters.map { $0.defaultValue ?? Value.none }
        arguments[0] = Value("")
        func result(_ shape: [Int]) -> [Int]? { try? rule([shape] + Array(repeating: nil, count: arguments.count - 1), arguments) }
        /// How a result's sizes come from those of the axes called so; nil where that cannot be said.
        func line(_ names: [String], _ sizes: [Int]) -> String? {
            let parts = result(sizes)?.map { size -> String? in
                let factors = names.indices.filter { size % sizes[$0] == 0 }
                return factors.reduce(1, { $0 * sizes[$1] }) == size ? factors.isEmpty ? "1" : factors.map { names[$0] }.joined(separator: "·") : nil
            }
            guard let parts, parts.allSatisfy({ $0 != nil }) else { return nil }
            return "[\(names.joined(separator: ", "))] -> [\(parts.map { $0! }.joined(separator: ", "))]"
        }
        // Primes: no rule makes them by accident, and a rule that prefers the smaller of two sizes shows when they change places.
        let primes = [101, 103, 107, 109]
        var lines: [String] = [], isKept = result([1, 101]) == [1, 101]
        for names in [["n"], ["n", "d"], ["n", "c", "h", "w"]] {
            let sizes = Array(primes.prefix(names.count))
            guard let shape = result(sizes) else { continue }
            guard let text = line(names, sizes), line(names, sizes.reversed()) == text else { return nil }
            isKept = isKept && shape == sizes
            lines.append(text)
        }
        guard !lines.isEmpty, isKept || result(primes) != primes else { return nil }
        return "shapes: " + (isKept && lines.count > 1 ? "the result has the shape of `\(first.name)`" : lines.joined(separator: ", "))
    }

    /// Words in lines that fit the width, all but the first one indented.
    public func wrapped(_ text: String, indent: Int = 0, width: Int? = nil) -> String {
        let width = width ?? host.width()
        var lines = ""
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + word.count + 1 > width {
                lines += line + "\n"
                line = String(repeating: " ", count: indent) + word
            } else {
                line += line.isEmpty ? word : " " + word
            }
        }
        return lines + line + "\n"
    }
}

/// "Row 20 of the lecture", "Rows 3 to 6 of the lecture" in the documentation of a definition.
enum LectureRows {
    /// The rows that some paragraphs name first, as written and the first one's number. Where they are a sentence of
    /// their own it is taken out.
    static func removed(from prose: inout [[Substring]]) -> (text: String, first: Int)? {
        for p in prose.indices {
            let words = prose[p]
            for begin in words.indices where words[begin] == "Row" || words[begin] == "Rows" {
                guard let of = words[begin...].firstIndex(of: "of"), of + 2 < words.count, words[of + 1] == "the", words[of + 2].hasPrefix("lecture"),
                      of > begin + 1, let first = Int(words[begin + 1].filter(\.isNumber)) else { continue }
                if words[of + 2] == "lecture.", begin == 0 || words[begin - 1].hasSuffix(".") { prose[p].removeSubrange(begin...of + 2) }
                return (words[begin..<of].joined(separator: " ").lowercased(), first)
            }
        }
        return nil
    }
}

extension Operation {
    /// Used by other operations and the standard library only.
    var isInternal: Bool { group == .operators || name.hasPrefix("_") }
}
