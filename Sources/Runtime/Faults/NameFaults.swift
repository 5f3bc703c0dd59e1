import Syntax

// Errors of names: the nearest name in scope, the parameters that a function accepts, and what a name from another
// language is called here (`Habits`).
extension Interpreter {
    /// `isOuter`: a name of the module that is set, where its cells do not say; `known`: as in `unknownName`.
    func unsetLocal(_ n: NodePointer, isOuter: Bool = false, known: [String]? = nil) -> Diagnostic {
        let name = n.pointee.name, scope = currentModule?.doubtful[n]
        var error = Diagnostic(.name, "`\(name)` is read before it is set")
        if isOuter || scope?.hidesLocal(name) ?? false || currentModule?.existingCell(name).map({ !$0.pointee.isUnset }) ?? false {
            error.notes = ["assigning `\(name)` in a function makes it the function's own; the outer `\(name)` can be read, never changed"]
            error.help = ["use another name, or pass `\(name)` in and return it"]
        } else if prelude.has(name) {
            error.notes = ["assigning `\(name)` in a function makes it the function's own in the whole function, in place of the built-in `\(name)`"]
            error.help = ["use another name"]
        } else if scope != nil, let near = nearest(name, namesInScope(n, known)) {
            error.help = ["did you mean `\(near)`?"]
        } else if let mend = firstValueMend(n) {
            error.help = [mend]
        }
        return located(error, n)
    }

    /// What to write before `total += x`.
    private func firstValueMend(_ n: NodePointer) -> String? {
        let source = n.pointee.source.takeUnretainedValue(), name = n.pointee.name, end = source.skippingSpaces(from: n.pointee.span.end)
        switch source.text(of: Span(end, end + 2)) {
        case "+=", "-=": return "set it first: `\(name) = 0`"
        case "*=", "/=": return "set it first: `\(name) = 1`"
        default: return nil
        }
    }

    /// `known` are the names that the module has set so far, `holders` those of records with this field (an imported file is
    /// one), where its cells do not say.
    func unknownName(_ n: NodePointer, known: [String]? = nil, holders: [String]? = nil) -> Diagnostic {
        let name = n.pointee.name
        var error = located(Diagnostic(.name, "unknown name `\(name)`"), n)
        if let module = currentModule, module.assigned.contains(name) {
            error.message = "`\(name)` is read before it is set"
            if let end = n.pointee.source.takeUnretainedValue().continuedFrom(n.pointee.span, name) {
                error.help = ["the line above ends with `\(end)`, so this line continues it"]
            } else if let mend = firstValueMend(n) {
                error.help = [mend]
            }
            return error
        }
        let holding = holders ?? currentModule?.bindings.filter { if case .record(let r) = $0.value { r.position(name) != nil } else { false } }.map(\.name)
        if isOwnMethod(n) {
            error.notes = ["`\(name)` is a method of this object"]
            error.help = ["write `self.\(name)`"]
        } else if let holder = holding?.first {
            error.help = ["did you mean `\(holder).\(name)`?"]
        } else if Habits.modules[name] != nil {
            let path = n.pointee.source.takeUnretainedValue().dottedPath(from: n.pointee.span)
            error.span.end = path.end
            error.help = [Habits.mend(ofModule: name, member: path.last) { prelude.has($0) }]
        } else if let here = Habits.names[name] {
            error.help = ["write `\(here)`"]
        } else if let advice = Habits.advice[name] {
            error.help = [advice]
        } else if let near = nearest(name, namesInScope(n, known)) {
            error.help = ["did you mean `\(near)`?"]
        }
        return error
    }

    /// Whether a name is that of a method of the object around it.
    private func isOwnMethod(_ n: NodePointer) -> Bool {
        var scope = currentModule?.doubtful[n]
        while let s = scope {
            if s.fields?.methods.contains(n.pointee.name) ?? false { return true }
            scope = s.outer
        }
        return false
    }

    /// The names that could stand at a node, nearest scope first.
    private func namesInScope(_ n: NodePointer, _ known: [String]?) -> [String] {
        var names: [String] = []
        var scope = currentModule?.doubtful[n]
        while let s = scope, !s.isTopLevel {
            names += s.code.slotNames.filter { $0 != "self" }
            if s.outer?.fields !== s.fields, let fields = s.fields { names += fields.names.sorted { $0.value < $1.value }.map(\.key) }
            scope = s.outer
        }
        names += known ?? currentModule?.bindings.map(\.name) ?? []
        return names + prelude.names.filter { !$0.hasPrefix("_") }.sorted() + reservedWords.filter { $0.utf8.count > 4 }
    }

    // MARK: Fields

    func noField(_ name: String, of what: String, _ accepted: [String]) -> Diagnostic {
        var error = Diagnostic(.name, "\(what) has no field `\(name)`", notes: accepted.isEmpty || accepted.count > 20 ? [] : ["it has: \(accepted.joined(separator: ", "))"])
        // What others call these fields, perhaps misspelt too.
        func known(_ name: String) -> String? { ((Habits.fields[name] ?? []) + (Habits.keywords[name] ?? [])).first { accepted.contains($0) } }
        if let here = known(name) ?? nearest(name, accepted) ?? nearest(name, Habits.fields.keys.filter { $0.count > 4 && known($0) != nil }.sorted()).flatMap(known) {
            error.help = ["did you mean `\(here)`?"]
        }
        return error
    }

    /// An error of `base.name` or, with `call`, of `base.name(…)`: what is a method elsewhere is a function here.
    func fieldError(_ error: Error, _ n: NodePointer, _ base: Value, call: NodePointer?) -> Error {
        var diagnostic = diagnosed(error)
        guard diagnostic.source == nil else { return diagnostic }
        diagnostic = located(diagnostic, n)
        if diagnostic.source?.isStandardLibrary ?? false, let origin = n.pointee.a?.handedOn { diagnostic.argument = .init(function: nil, name: origin) }
        // The field alone is wrong, where another one is meant.
        let name = n.pointee.name
        func pointAtField() { diagnostic.span.start = diagnostic.span.end - Int32(name.utf8.count) }
        guard diagnostic.kind == ErrorKind.name.rawValue else { return diagnostic }
        if !diagnostic.help.isEmpty {
            pointAtField()
            return diagnostic
        }
        let owner = Operand(n.pointee.a, "x")
        // A field of a record within the record.
        if case .record(let r) = base, let (outer, _) = zip(r.keys, r.values).first(where: { if case .record(let inner) = $1 { inner[name] != nil } else { false } }) {
            diagnostic.help = ["write `\(owner.postfixed).\(outer).\(name)`"]
            return diagnostic
        }
        // A run whose curves are not known before it trains.
        if case .record(let r) = base, let history = r["history"], history.isNone, ["epoch", "loss", "objective", "accuracy"].contains(name) {
            diagnostic.help = ["write `\(owner.postfixed).history.\(name)`"]
            return diagnostic
        }
        if case .function(let f) = base {
            diagnostic.message = "\(owner.name) is a function, which has no field `\(name)`"
            diagnostic.help = ["call it: `\(callText(f, as: owner)).\(name)`"]
            return diagnostic
        }
        let arguments = (call.map { c in (0..<Int(c.pointee.count)).map { c.pointee.list[$0].pointee.text } } ?? [])
        let isNetwork = if case .object = base { true } else { false }
        let isText = base.asString != nil
        if isText, let advice = Habits.stringAdvice[name] {
            diagnostic.help = [advice.filling("x", owner.text).filling("y", arguments.first ?? "xs")]
            diagnostic.span = call?.pointee.span ?? diagnostic.span
        } else if Habits.conversions.contains(name), let function = Habits.conversion(to: arguments.joined(separator: " ")) {
            diagnostic.help = ["write `\(function)(\(owner.text))`"]
            diagnostic.span = call?.pointee.span ?? diagnostic.span
        } else if let advice = isNetwork ? Habits.networkAdvice[name] : Habits.valueAdvice[name] {
            diagnostic.help = [advice]
        } else if name == "T" {
            if let shape = base.tensorShape, shape.count >= 2 { diagnostic.help = ["write `\(owner.postfixed)'`"] }
            else { diagnostic.help = ["a vector has no transpose: `dot(u, v)` is the inner product, `outer(u, v)` the outer one"] }
            return diagnostic
        } else if name == "append" || name == "push", arguments.count == 1 {
            diagnostic.help = ["write `\(owner.text) = append(\(owner.text), \(arguments[0]))`"]
            diagnostic.span = call?.pointee.span ?? diagnostic.span
        } else if let symbol = Habits.operatorMethods[name], arguments.count == 1 {
            diagnostic.help = ["write `\(owner.postfixed) \(symbol) \(arguments[0])`"]
            diagnostic.span = call?.pointee.span ?? diagnostic.span
        } else {
            let function = (isText ? Habits.stringMethods[name] : nil) ?? Habits.methods[name] ?? name
            if case .object(let o) = base, o.declaration.isLayer, let word = prelude[function], word.tag == Word.Tag.function, isStage(word.function, arguments.count) {
                diagnostic.help = ["layers are joined by `>>`: write `\(owner.postfixed) >> \(function)\(arguments.isEmpty ? "" : "(\(arguments.joined(separator: ", ")))")`"]
                diagnostic.span = call?.pointee.span ?? diagnostic.span
            } else if let word = prelude[function], word.tag == Word.Tag.function, !isText || takesText(word.function) {
                diagnostic.help = ["write `\(function)(\(([owner.text] + arguments).joined(separator: ", ")))`"]
                diagnostic.span = call?.pointee.span ?? diagnostic.span
            } else { pointAtField() }
        }
        return diagnostic
    }

    /// Whether a function's first argument may be a text.
    private func takesText(_ f: Function) -> Bool {
        let parameter = switch f {
        case let f as BuiltinFunction: f.operation.parameters.first?.name
        case let f as Closure: f.code.parameters.first?.name
        default: nil as String?
        }
        return ["text", "texts", "path"].contains(parameter) || ["len", "number", "kind", "reversed", "enumerate"].contains(f.name)
    }

    /// The call of a function with the arguments that it needs, by the name it has there.
    private func callText(_ f: Function, as owner: Operand) -> String {
        let whole = switch f {
        case let f as ObjectDeclaration: Refusal.callText("", f.constructor.code)
        case let f as Closure: Refusal.callText("", f.code)
        case let f as BuiltinFunction: String(Refusal.callText(f.operation).dropFirst(f.name.count))
        default: "(…)"
        }
        return owner.postfixed + whole
    }

    /// The error of `f[0]`.
    func notIndexed(_ value: Value, _ n: NodePointer) -> Diagnostic {
        guard case .function(let f) = value else { return located(Diagnostic(.type, "cannot index \(value.described)"), n) }
        let owner = Operand(n.pointee.a, "it"), indices = n.pointee.text.dropFirst(n.pointee.a.pointee.text.count)
        return located(Diagnostic(.type, "\(owner.name) is a function, which has no elements",
                                  help: ["call it: `\(callText(f, as: owner))\(indices.utf8.count <= 24 && indices.hasPrefix("[") ? String(indices) : "[…]")`"]), n)
    }

    /// Whether a method of this name on a layer is meant as the next one: `dense(8).relu()`, `dense(8).dropout(0.5)`.
    private func isStage(_ f: Function, _ arguments: Int) -> Bool {
        switch f {
        case let f as BuiltinFunction: arguments == 0 && f.operation.parameters.first?.name == "x" && [.elementwise, .shape].contains(f.operation.group) || arguments == 0 && f.name.hasSuffix("softmax")
        case let f as ObjectDeclaration: f.isLayer && arguments > 0
        default: false
        }
    }

    /// `(x, y) = record`: a record's fields go by their names.
    func recordInListPattern(_ r: Record, _ target: NodePointer) -> Diagnostic {
        let names = (0..<Int(target.pointee.count)).map { target.pointee.list[$0].pointee.text }
        return located(Diagnostic(.type, "a record is taken apart by `{…}`, not by `(…)`", notes: ["it has: \(r.keys.joined(separator: ", "))"],
                                  help: names.allSatisfy { r.position($0) != nil } ? ["write `{\(names.joined(separator: ", "))}`"] : []), target)
    }

    // MARK: Places

    func notAnIndex(_ index: Value, of what: String, _ part: NodePointer) -> Diagnostic {
        located(Diagnostic(.type, "\(what) is indexed by a whole number, got \(index.described)"), part)
    }

    func noPartsToAssign(_ n: NodePointer) -> Diagnostic { located(Diagnostic(.type, "a number has no parts to assign"), n) }

    /// `object.name = v`, where no field has that name.
    func noFieldToSet(of name: String, _ fields: [String], _ n: NodePointer) -> Diagnostic {
        var error = located(noField(n.pointee.name, of: name, fields), n)
        error.span.start = error.span.end - Int32(n.pointee.name.utf8.count)
        return error
    }

    func noFieldToAssign(_ base: Value, _ n: NodePointer) -> Diagnostic { located(Diagnostic(.type, "\(base.described) has no field to assign"), n) }

    // MARK: Arguments

    func positionalAfterKeyword(_ part: NodePointer) -> Diagnostic {
        located(Diagnostic(.syntax, "a positional argument follows a keyword argument"), part)
    }

    /// What a user calls when this code runs: the standard library's `forward`s go without their name.
    private func spokenName(_ code: FunctionCode) -> (name: String, isChain: Bool) {
        guard code.name == "forward", code.source.isStandardLibrary else { return (code.name, false) }
        guard let word = prelude["sequential"], word.tag == Word.Tag.function, (word.function as? ObjectDeclaration)?.forward?.code === code else { return ("the layer", false) }
        return ("a chain", true)
    }

    /// What a chain does with what it is called with.
    private var chainNote: String { "it gives one value to its first stage, and what that makes to the next" }

    func arity(_ code: FunctionCode, given: Int) -> Diagnostic {
        let most = code.parameters.count, needed = code.parameters.filter { $0.defaultValue == nil && !$0.isRest }.count
        var help: [String] = []
        if code.parameters.first?.name == "self" {
            help = ["leave `self` out of the parameters: a method has it as it is"]
        } else if code.parameters.last?.name == "data", given == most + 1 {
            help = ["a data set is one record: `{x: …, y: …}`"]
        }
        let (spoken, isChain) = spokenName(code)
        if isChain { return Diagnostic(.type, "a chain takes 1 argument, got \(given)", notes: [chainNote]) }
        // A function without a name goes by its text.
        let text = code.source.text(of: code.span)
        let name = spoken != code.name ? spoken : code.name != "function" || text.count > 48 || text.contains("\n") ? code.name : "`\(text)`"
        return Diagnostic(.type, "\(name) takes \(needed < most ? "at most " : "")\(counted(most, "argument")), got \(given)", notes: ["it is `\(signature(code))`"], help: help)
    }

    /// What to write for a built-in that got more arguments than it takes: `grad(f, x)` gives a function that is called.
    func tooMany(_ n: NodePointer, _ operation: Operation) -> [String] {
        let arguments = (0..<Int(n.pointee.count)).map { n.pointee.list[$0].pointee.text }
        if operation.group == .gradients, operation.parameters.first?.name == "f", operation.parameters.count == 1, arguments.count > 1 {
            return ["write `\(operation.name)(\(arguments[0]))(\(arguments.dropFirst().joined(separator: ", ")))`"]
        }
        return operation.parameters.last?.name == "data" ? ["a data set is one record: `{x: …, y: …}`"] : []
    }

    /// `isBare`: the call has no argument at all, so that perhaps the function itself was meant.
    func missing(_ name: String, of function: String, signature: String, isBare: Bool = false) -> Diagnostic {
        Diagnostic(.type, "\(function) needs `\(name)`", notes: ["it is `\(signature)`"],
                   help: signature.hasPrefix("\(function)(self") ? ["leave `self` out of the parameters: a method has it as it is"] : isBare ? ["the function itself, as in a chain, has no parentheses: write `\(function)`"] : [])
    }

    /// The same for a function written in the language.
    func unknownKeyword(_ name: String, of code: FunctionCode, taken: Int = 0) -> Diagnostic {
        let (spoken, isChain) = spokenName(code)
        var error = unknownKeyword(name, of: spoken, accepted: code.parameters.filter { !$0.isRest }.map(\.name), taken: taken)
        if spoken != code.name { error.argument?.function = nil }
        if isChain { error.notes = [chainNote]; error.help = ["settle it in the stage: `x => f(x, \(name)=‹\(name)›)`"] }
        return error
    }

    /// `value` is the text of what the keyword was given, where the call is at hand; `taken` how many parameters have their
    /// argument by its place.
    func unknownKeyword(_ name: String, of function: String, accepted: [String], value: String? = nil, taken: Int = 0) -> Diagnostic {
        var error = Diagnostic(.type, "\(function) has no parameter `\(name)`", notes: accepted.isEmpty ? ["it takes none"] : ["it accepts: \(accepted.joined(separator: ", "))"])
        error.argument = .init(function: function, name: name)
        if let here = (Habits.keywords[name] ?? []).first(where: { accepted.contains($0) }) ?? (Habits.keywordAdvice[name] == nil ? nearest(name, accepted) : nil) {
            // `sgd(params(net), lr=0.1)`: the rate's place is taken.
            error.help = here == "rate" && accepted.firstIndex(of: here)! < taken
                ? ["an optimizer takes no parameters, `step(net, grads)` does: write `\(function)(‹\(name)›)`"] : ["did you mean `\(here)=‹\(name)›`?"]
        } else if let advice = Habits.keywordAdvice[name] {
            error.help = [advice]
        }
        if let value { error.fillHelp { _, _ in value } }
        return error
    }

    /// `n` is the call, where there is one in the text.
    func notCallable(_ value: Value, _ n: NodePointer? = nil) -> Diagnostic {
        if let n, n.pointee.op == .call, !n.pointee.source.takeUnretainedValue().isStandardLibrary, let callee = n.pointee.a, [.local, .global, .field].contains(callee.pointee.op),
           prelude[callee.pointee.name]?.tag == Word.Tag.function {
            let name = callee.pointee.name, source = n.pointee.source.takeUnretainedValue()
            let place = source.lastAssignment(of: name, before: n.pointee.span.start).map { " (set in line \($0))" } ?? ""
            return Diagnostic(.type, "cannot call \(value.articled): `\(name)` is your own value here\(place), which hides the built-in `\(name)`",
                              help: ["give your value another name"])
        }
        if let n, n.pointee.op == .call, n.isPiped {
            let stage = n.pointee.a!, text = stage.pointee.text
            let call = stage.pointee.op == .call && stage.pointee.text.hasSuffix(")") && !stage.isPiped
                ? (["x"] + (0..<Int(stage.pointee.count)).map { stage.pointee.list[$0].pointee.text }).joined(separator: ", ") : nil
            let mend = call.map { "\(Operand(n.pointee.list[0], "x").operand) |> x => \(stage.pointee.a.pointee.text)(\($0))" }
            return Diagnostic(.type, "`|>` gives its left side to a function, got \(value.articled)",
                              help: mend.map { $0.utf8.count <= 80 && !text.contains("\n") ? ["write `\($0)`"] : [] } ?? [])
        }
        var place = "x[i]"
        if let n, n.pointee.op == .call, n.pointee.count > 0 {
            let isList = if case .list = value { true } else { false }
            let arePlaces = (0..<Int(n.pointee.count)).allSatisfy { n.pointee.list[$0].pointee.op == .number || !isList && [.local, .global].contains(n.pointee.list[$0].pointee.op) }
            let text = "\(Operand(n.pointee.a, "x").postfixed)[\((0..<Int(n.pointee.count)).map { n.pointee.list[$0].pointee.text }.joined(separator: ", "))]"
            if arePlaces, text.utf8.count <= 48, !text.contains("\n") { place = text }
        }
        let help: [String] = switch value {
        case .tensor(let t, _) where place != "x[i]" && t.rank > 0: ["an element is `\(place)`, counted from 0; write `*` to multiply"]
        case .number, .scalar, .tensor: ["write `*` to multiply; an element is `x[i]`"]
        case .list: ["layers are joined by `>>`: `dense(8) >> relu >> dense(2)`; an item is `\(place == "x[i]" ? "xs[i]" : place)`"]
        case .none: ["nothing was given to it: does the function before it end with the value it should give?"]
        case .record: ["a field is `r.name`, an item `r[\"name\"]`"]
        default: []
        }
        return Diagnostic(.type, "cannot call \(value.articled)", help: help)
    }

    // MARK: Nearness

    /// The nearest of some names within a few letters, the first in order where several are equally near.
    public func nearest(_ name: String, _ candidates: [String]) -> String? {
        // Short names are near to too many others.
        let limit = name.count <= 2 ? 0 : name.count <= 4 ? 1 : name.count <= 6 ? 2 : 3
        var best: (String, Int)?
        for candidate in candidates where candidate != name {
            // The beginning of a longer word is an abbreviation of it.
            let d = name.count >= 3 && candidate.hasPrefix(name) ? 1 : editDistance(name, candidate, limit: limit)
            if d <= limit, d < best?.1 ?? .max { best = (candidate, d) }
        }
        return best?.0
    }
}

extension NodePointer {
    /// A call that is written `x |> f`.
    var isPiped: Bool { pointee.op == .call && pointee.count == 1 && pointee.list[0].pointee.span.start < pointee.a.pointee.span.start }
}

extension String {
    /// With a text in place of `‹name›`.
    fileprivate func filling(_ name: String, _ text: String) -> String { split(separator: "‹\(name)›", omittingEmptySubsequences: false).joined(separator: text) }
}

extension Source {
    /// Where the text above, to whose lines this one belongs, begins with `name =`: the operator that the line above ends with.
    fileprivate func continuedFrom(_ span: Span, _ name: String) -> String? {
        var lines = text(of: Span(0, span.start)).split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
        var ending: String?
        while let line = lines.popLast() {
            let code = (line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? "").trimmed(of: " \t\r")
            guard let end = [">>", "|>", "@", ",", "+", "-", "*", "/"].first(where: code.hasSuffix) else { return nil }
            ending = ending ?? end
            let rest = code.dropFirst(name.count).drop { $0 == " " }
            if code.hasPrefix(name), rest.first == "=", !rest.hasPrefix("==") { return ending }
        }
        return nil
    }

    /// What stands here is a stage between `>>`, or behind `|>`.
    func isStage(_ span: Span) -> Bool {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 9 || byte == 13 }
        var before = Int(span.start) - 1, after = Int(span.end)
        while before >= 0, isBlank(bytes[before]) { before -= 1 }
        while after < bytes.count, isBlank(bytes[after]) { after += 1 }
        let arrow = UInt8(ascii: ">")
        return before > 0 && bytes[before] == arrow && (bytes[before - 1] == arrow || bytes[before - 1] == UInt8(ascii: "|")) || after + 1 < bytes.count && bytes[after] == arrow && bytes[after + 1] == arrow
    }

    /// The end of the path of fields that begins with a name (`np.random.randn`), and its last word.
    fileprivate func dottedPath(from span: Span) -> (end: Int32, last: String) {
        func isWord(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "_") || byte >= 0x80 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte & 0xdf }
        var end = Int(span.end), begin = Int(span.start)
        while end + 1 < bytes.count, bytes[end] == UInt8(ascii: "."), isWord(bytes[end + 1]) {
            begin = end + 1
            end = begin
            while end < bytes.count, isWord(bytes[end]) { end += 1 }
        }
        return (Int32(end), text(of: Span(Int32(begin), Int32(end))))
    }
}

extension String {
    /// Without some characters at both ends.
    fileprivate func trimmed(of characters: String) -> String {
        var view = self[...]
        while let first = view.first, characters.contains(first) { view.removeFirst() }
        while let last = view.last, characters.contains(last) { view.removeLast() }
        return String(view)
    }
}

extension Source {
    /// The line of the last `name = …` above a place; nil where there is none, as for a parameter.
    fileprivate func lastAssignment(of name: String, before end: Int32) -> Int? {
        let word = Array(name.utf8)
        func next(_ i: Int) -> UInt8 { i < bytes.count ? bytes[i] : 10 }
        var i = Int(end)
        while i > 0 {
            i -= 1
            guard bytes[i] == word[0], i + word.count < bytes.count, bytes[i..<i + word.count].elementsEqual(word) else { continue }
            var before = i - 1, after = i + word.count
            while before >= 0, bytes[before] == 32 || bytes[before] == 9 { before -= 1 }
            while next(after) == 32 { after += 1 }
            guard before < 0 || [10, 13, UInt8(ascii: "{"), UInt8(ascii: ";")].contains(bytes[before]) else { continue }
            if next(after) == UInt8(ascii: "="), ![UInt8(ascii: "="), UInt8(ascii: ">")].contains(next(after + 1)) { return location(of: Int32(i)).line }
        }
        return nil
    }
}
