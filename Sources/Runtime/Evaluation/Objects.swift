import Syntax
import Tensors

// `object` and `layer`: declaration, construction, parameters made at the first call, copies.
extension Interpreter {
    /// What an `object` or `layer` statement binds to its name.
    func declare(_ code: DeclarationCode) -> ObjectDeclaration {
        let declaration = ObjectDeclaration(name: code.name)
        declaration.isLayer = code.isLayer
        declaration.documentation = code.documentation
        declaration.constructor = closure(code.constructor)
        declaration.fields = code.fields.map { field in
            ObjectDeclaration.Field(name: field.name, role: field.role, initializer: field.initializer.map { closure($0) }, isLazy: field.isLazy)
        }
        for method in code.methods {
            declaration.methods.append((method.name, closure(method)))
        }
        declaration.forward = declaration.method("forward")
        declaration.asserts = code.asserts.map { closure($0) }
        return declaration
    }

    /// An object without fields yet, with the next random stream.
    func object(of declaration: ObjectDeclaration) -> Object {
        defer { nextStream += 1 }
        return Object(declaration, random: RandomStream(seed: seed, stream: nextStream))
    }

    /// Makes an object: binds the header's arguments, runs the initialisers that need no argument of `forward`,
    /// then the asserts.
    func construct(_ declaration: ObjectDeclaration, _ arguments: [Value], _ keywords: [(name: String, value: Value)]) throws -> Object {
        let object = self.object(of: declaration)
        try bindHeader(declaration, arguments, keywords, object)
        for (i, field) in declaration.fields.enumerated() {
            guard let initializer = field.initializer else { continue }
            if field.isLazy { object.pending += 1 } else { object.fields[i] = try initialize(initializer, object, nil) }
            if field.role == .param, let value = object[field: i], !object.fields[i].isNumeric { try checkParameter(value, initializer, object, field.name) }
        }
        for check in declaration.asserts { _ = try callClosure(check, [], [], object: object) }
        return object
    }

    /// Binds like a call of a function with the header's parameters, then moves the values into the fields.
    private func bindHeader(_ declaration: ObjectDeclaration, _ arguments: [Value], _ keywords: [(name: String, value: Value)], _ object: Object) throws {
        try withBoundFrame(declaration.constructor, arguments, keywords) { base in
            if !declaration.constructor.code.isSimple { try checkShapes(declaration.constructor.code, base) }
            for i in 0..<declaration.constructor.code.parameters.count {
                object.fields[i] = base[i]
                base[i] = .unset
            }
        }
    }

    /// Refuses what a `param` cannot hold: it would silently not be trained.
    private func checkParameter(_ value: Value, _ initializer: Closure, _ object: Object, _ name: String) throws {
        switch value {
        case .none, .number, .scalar, .tensor, .object, .function: return
        case .list(let l) where !value.isNestedDeeper(than: 1_000): for item in l.items { try checkParameter(item, initializer, object, name) }
        case .record(let r) where !value.isNestedDeeper(than: 1_000): for item in r.values { try checkParameter(item, initializer, object, name) }
        default:
            throw Diagnostic(.type, "`\(name)` of \(object.declaration.name): a `param` may hold a tensor, a layer, or a list or record of them, got \(value.described)",
                             source: initializer.code.source, span: initializer.code.body.pointee.span, help: ["what is kept without being trained is a `state`"])
        }
    }

    /// Runs an initialiser. `arguments` are the slots of `forward`'s parameters for a lazy one.
    private func initialize(_ initializer: Closure, _ object: Object, _ arguments: ((String) -> Word)?) throws -> Word {
        let wasTraining = isTraining
        defer { isTraining = wasTraining }
        return try tape.pausing {
            try withBoundFrame(initializer, [], []) { base in
                if let arguments {
                    for (i, name) in initializer.code.forwardNames.enumerated() {
                        let w = arguments(name)
                        // Unrecorded: what the initialiser sees is a constant.
                        if !w.isUnset { base[i] = Word(Value(w).detached) }
                    }
                }
                return try run(initializer, base, object, nil)
            }
        }
    }

    /// Makes the fields that needed an argument of `forward`, now that it is being called.
    func makeLazyFields(_ object: Object, _ code: FunctionCode, _ base: UnsafeMutablePointer<Word>) throws {
        for (i, field) in object.declaration.fields.enumerated() where field.isLazy && object.fields[i].isUnset {
            guard let initializer = field.initializer else { continue }
            let w = try initialize(initializer, object) { name in
                code.parameters.firstIndex { $0.name == name }.map { base[$0] } ?? .unset
            }
            object.fields[i] = w
            Object.structure &+= 1
            if field.role == .param {
                if !w.isNumeric { try checkParameter(Value(w), initializer, object, field.name) }
                if tape.isRecording {
                    try watch(&object.fields[i])
                    madeWhileRecording.append((object, i, Value(object.fields[i])))
                }
            }
        }
        object.pending = 0
    }

    func unmadeField(_ n: NodePointer, _ object: Object) -> Diagnostic {
        let name = n.pointee.name
        // Fields are made in the order in which they stand.
        if let place = object.declaration.field(name), let reader = object.declaration.fields.firstIndex(where: { field in
            guard let code = field.initializer?.code else { return false }
            return code.source === n.pointee.source.takeUnretainedValue() && code.span.start <= n.pointee.span.start && n.pointee.span.end <= code.span.end
        }), reader <= place {
            let field = object.declaration.fields[reader].name
            return reader == place
                ? located(Diagnostic(.value, "`\(name)` of \(object.declaration.name) needs its own value"), n)
                : located(Diagnostic(.value, "`\(field)` of \(object.declaration.name) needs `\(name)`, which is declared below it",
                                     help: ["move the declaration of `\(name)` above that of `\(field)`"]), n)
        }
        return located(Diagnostic(.value, "`\(n.pointee.name)` of \(object.declaration.name) is not made yet",
                           help: ["it needs an argument of `forward`: call the network once, or `build(net, x)`"]), n)
    }

    /// A deep copy: parameters, states and layers inside are the copy's own, random streams go on where they are.
    func copied(_ value: Value, _ seen: inout [ObjectIdentifier: Object], depth: Int = 0) throws -> Value {
        guard depth < 10_000 else { throw Diagnostic(.limit, "values nested too deep to copy") }
        try walk()
        switch value {
        case .object(let o):
            if let known = seen[ObjectIdentifier(o)] { return .object(known) }
            let copy = Object(o.declaration, random: o.random)
            seen[ObjectIdentifier(o)] = copy
            for i in 0..<o.declaration.fields.count {
                guard let field = o[field: i] else { continue }
                copy[field: i] = try copied(field, &seen, depth: depth + 1)
            }
            copy.pending = o.pending
            copy.made = o.made
            return .object(copy)
        case .list(let l): return Value(list: try l.items.map { try copied($0, &seen, depth: depth + 1) })
        case .record(let r): return .record(Record(r.keys, try r.values.map { try copied($0, &seen, depth: depth + 1) }))
        case .function(let f as Closure) where !f.code.captures.isEmpty:
            // A function in a chain that captured a layer gets the copy of that layer.
            let copy = Closure(f.code)
            for i in 0..<f.code.captures.count {
                copy.captures[i] = f.captures[i].isUnset ? .unset : Word(try copied(Value(f.captures[i]), &seen, depth: depth + 1))
            }
            return .function(copy)
        default: return value
        }
    }
}

extension Object {
    /// The stages of a chain made by `>>` (the standard library's `sequential`); nil for any other object.
    var stages: [Value]? {
        guard isSequential, let i = declaration.field("stages"), case .list(let l)? = self[field: i] else { return nil }
        return l.items
    }

    var isSequential: Bool { declaration.name == "sequential" && declaration.isFromStandardLibrary }

    func setStage(_ k: Int, _ value: Value) {
        guard let i = declaration.field("stages"), var items = stages else { return }
        items[k] = value
        self[field: i] = Value(list: items)
    }
}

extension ObjectDeclaration {
    var isFromStandardLibrary: Bool { constructor.code.source.isStandardLibrary }
}
