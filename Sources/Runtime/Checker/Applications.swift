import Syntax
import Tensors

// Calls, with what is known of the arguments: of functions, methods, declarations and built-ins.
extension Checker {
    /// A function value with what it captures.
    func closure(_ code: FunctionCode) -> AbstractFunction {
        let part = captured(code)
        let function = AbstractFunction(code.name, .closure(code, part.captures, object: nil))
        if muted == 0, !code.source.isStandardLibrary, !made.contains(where: { $0.code === code }) { made.append((code, function)) }
        return function
    }

    private func captured(_ code: FunctionCode) -> AbstractCode {
        AbstractCode(code: code, captures: code.captures.map { state.slots[safe: Int($0.outerSlot)] ?? nil })
    }

    func declare(_ code: DeclarationCode) -> AbstractFunction {
        let declaration = AbstractDeclaration(
            name: code.name, isLayer: code.isLayer, documentation: code.documentation, constructor: captured(code.constructor),
            fields: code.fields.map { ($0.name, $0.role, $0.initializer.map { captured($0) }, $0.isLazy) },
            methods: code.methods.map { captured($0) }, asserts: code.asserts.map { captured($0) })
        if muted == 0, !code.constructor.source.isStandardLibrary {
            // Its methods are checked on an object of which nothing is known, should nobody call them.
            nextObject += 1
            state.heap[nextObject] = AbstractObject(declaration: declaration, fields: declaration.fields.map { _ in .unknown })
            declared.append((declaration, nextObject))
            for method in declaration.methods where !made.contains(where: { $0.code === method.code }) {
                made.append((method.code, AbstractFunction(method.code.name, .closure(method.code, method.captures, object: nextObject))))
            }
        }
        return AbstractFunction(code.name, .declaration(declaration))
    }

    // MARK: A call in the text

    func call(_ n: NodePointer) throws -> Abstract {
        let callee = n.pointee.a!
        let function = callee.pointee.op == .member ? try member(try evaluate(callee.pointee.a), callee, call: n) : try evaluate(callee)
        if case .exact(.function(let f as BuiltinFunction)) = function { return try callBuiltin(n, f.operation) }
        let (arguments, keywords) = try evaluateArguments(n)
        let call: Call
        switch function {
        case .function(let f): call = Call(name: f.name, node: n, isStandardLibrary: f.isStandardLibrary, parameters: f.parameters)
        case .object(let id):
            guard let object = state.heap[id] else { return try apply(.unknown, arguments, keywords, n) }
            // A chain has no name of its own: it goes by the one it is called by.
            call = Call(name: object.stages == nil ? object.declaration.name : Operand(callee, "a network").name, node: n,
                        isStandardLibrary: object.declaration.isStandardLibrary, parameters: object.declaration.method("forward")?.code.parameters)
        default: call = Call(name: "function", node: n, isStandardLibrary: false)
        }
        let result = try inside(call) { try self.apply(function, arguments, keywords, n) }
        if case .object(let id) = result, state.heap[id]?.made == nil { state.heap[id]?.made = n }
        return result
    }

    /// Does `body` as part of a call, which joins the frames of an error in it.
    private func inside<R>(_ call: Call, _ body: () throws -> R) throws -> R {
        calls.append(call)
        let count = calls.count
        let wasCertain = isCertain
        defer { calls.removeLast(calls.count - count + 1) }
        do {
            let result = try body()
            isCertain = wasCertain
            return result
        } catch let error as Diagnostic {
            throw framed(error, call)
        } catch let error as TensorError {
            throw framed(error, call)
        }
    }

    private func evaluateArguments(_ n: NodePointer) throws -> ([Abstract], [(name: String, value: Abstract)]) {
        var arguments: [Abstract] = []
        var keywords: [(name: String, value: Abstract)] = []
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            if part.pointee.op == .keyword { keywords.append((part.pointee.name, try evaluate(part.pointee.a))) } else {
                guard keywords.isEmpty else { throw interpreter.positionalAfterKeyword(part) }
                arguments.append(try evaluate(part))
            }
        }
        return (arguments, keywords)
    }

    /// Calls any value.
    func apply(_ function: Abstract, _ arguments: [Abstract], _ keywords: [(name: String, value: Abstract)], _ n: NodePointer?) throws -> Abstract {
        switch function {
        case .exact(.function(let f as BuiltinFunction)): return try applyBuiltin(f.operation, arguments, keywords, n)
        case .function(let f):
            switch f.body {
            case .closure: return try callClosure(f, arguments, keywords, n)
            case .declaration(let declaration): return try construct(declaration, arguments, keywords)
            case .native(let body): return try body(self, arguments, n)
            }
        case .object(let id):
            guard let declaration = state.heap[id]?.declaration else { return notFollowed() }
            guard let method = declaration.method("forward") else { throw interpreter.noForward(declaration.name, declaration.methods.map(\.code.name)) }
            let forward = AbstractFunction("forward", .closure(method.code, method.captures, object: id))
            guard state.heap[id]?.stages != nil else {
                do { return try callClosure(forward, arguments, keywords, n) } catch let error as Diagnostic {
                    throw interpreter.inLayer(error, declaration.isStandardLibrary, interpreter.layerText(displayed(function)))
                }
            }
            let chain = Chain(id)
            calls.append(Call(name: "", node: method.code.body, isStandardLibrary: true, chain: chain))
            let count = calls.count
            defer { calls.removeLast(calls.count - count + 1) }
            do { return try callClosure(forward, arguments, keywords, n, through: chain) } catch let error as Diagnostic { throw inChain(error, chain) }
        case .unknown, .kind(.function), .kind(.object), .kind(.number), .kind(.bool): return notFollowed()
        default:
            guard let made = try madeUp(function, isWhole: false, .first) else { return .unknown }
            throw interpreter.notCallable(made, n)
        }
    }

    /// The result of a call that is not followed.
    private func notFollowed() -> Abstract {
        disturb()
        return .unknown
    }

    // MARK: Closures

    func callClosure(_ function: AbstractFunction, _ arguments: [Abstract], _ keywords: [(name: String, value: Abstract)], _ n: NodePointer?, through chain: Chain? = nil) throws -> Abstract {
        guard case .closure(let code, let captures, let object) = function.body else { return notFollowed() }
        guard mayEnter(code) else {
            cutOff.insert(ObjectIdentifier(code))
            return notFollowed()
        }
        try step()
        var slots = [Abstract?](repeating: nil, count: code.slotCount)
        for (i, slot) in code.captureSlots.enumerated() { slots[Int(slot)] = captures[safe: i] ?? nil }
        if let object, code.selfSlot >= 0 { slots[code.selfSlot] = .object(object) }
        if code.ownSlot >= 0 { slots[code.ownSlot] = .function(function) }
        return try inFrame(code, slots) {
            try self.bind(code, arguments, keywords)
            try self.checkAnnotations(code)
            self.entered.insert(ObjectIdentifier(code))
            self.activation.chain = chain
            if let object, code.name == "forward" { try self.makeLazyFields(object, code) }
            return try self.body(code)
        }
    }

    /// Whether code is followed into: not where it runs inside itself a third time, or too deep.
    private func mayEnter(_ code: FunctionCode) -> Bool {
        let key = ObjectIdentifier(code)
        return running.count < Self.maxDepth && running.filter { $0 == key }.count < 3
    }

    /// Runs `body` with slots of its own.
    private func inFrame<R>(_ code: FunctionCode, _ slots: [Abstract?], _ body: () throws -> R) throws -> R {
        let savedSlots = state.slots, savedActivation = activation, savedTail = tailValue, savedDoubts = doubts
        state.slots = slots
        activation = Activation(code)
        running.append(ObjectIdentifier(code))
        defer {
            running.removeLast()
            activation = savedActivation
            state.slots = savedSlots
            tailValue = savedTail
            doubts = savedDoubts
        }
        return try body()
    }

    /// Runs the body of the function under way, and gives its result.
    private func body(_ code: FunctionCode) throws -> Abstract {
        var ends: [(value: Abstract, state: State)] = []
        var failure: Error?
        if code.isExpression {
            do { ends.append((try evaluate(code.body), state)) } catch is Leaving {}
        } else {
            tailValue = .none
            // An error on the way on does not undo that another way returned before.
            do { if try block(code.body, tail: true) == .normal { ends.append((tailValue, state)) } } catch let error as Diagnostic {
                failure = error
            } catch let error as Stopped { failure = error }
        }
        ends += activation.results
        if let failure, activation.results.isEmpty { throw failure }
        guard var result = ends.first?.value else { throw Stopped() }
        for end in ends.dropFirst() { result = join(result, end.value) }
        let parameters = Array(state.slots.prefix(code.parameters.count))
        if let meeting = merged(ends.map { end in
            var state = end.state
            state.slots = []
            return state
        }) {
            let slots = state.slots
            state = meeting
            state.slots = slots
        }
        if let shape = code.returnShape { result = try checkResult(code, shape, result, parameters) }
        return result
    }

    /// Binds arguments to the parameters of the function under way.
    private func bind(_ code: FunctionCode, _ arguments: [Abstract], _ keywords: [(name: String, value: Abstract)]) throws {
        let parameters = code.parameters
        var next = 0
        for (i, p) in parameters.enumerated() {
            if p.isRest {
                state.slots[i] = .list(Array(arguments[min(next, arguments.count)...]))
                next = arguments.count
            } else if next < arguments.count {
                state.slots[i] = arguments[next]
                next += 1
            }
        }
        if next < arguments.count { throw interpreter.arity(code, given: arguments.count) }
        for (name, value) in keywords {
            guard let i = parameters.firstIndex(where: { $0.name == name }), !parameters[i].isRest else {
                throw interpreter.unknownKeyword(name, of: code, taken: arguments.count)
            }
            guard state.slots[i] == nil else { throw interpreter.givenTwice(name, of: code.name) }
            state.slots[i] = value
        }
        for (i, p) in parameters.enumerated() where state.slots[i] == nil {
            guard let node = p.defaultValue else { throw interpreter.missing(p.name, of: code.name, signature: interpreter.signature(code)) }
            state.slots[i] = try evaluate(node)
        }
    }

    // MARK: Annotations

    /// The annotations of the parameters of the function under way, as the evaluator checks them; an argument of which
    /// nothing is known is taken to be as annotated.
    private func checkAnnotations(_ code: FunctionCode) throws {
        guard code.parameters.contains(where: { $0.shape != nil }) else { return }
        let arguments = Array(state.slots.prefix(code.parameters.count))
        try unify(code, arguments, result: nil)
        var names: [String: Size] = [:]
        for (p, argument) in zip(code.parameters, arguments) {
            guard let annotation = p.shape, let shape = argument?.shape else { continue }
            for (part, size) in zip(annotation.parts.suffix(shape.count).reversed(), shape.reversed()) {
                if case .name(let name) = part, names[name] == nil { names[name] = size }
            }
        }
        for (i, p) in code.parameters.enumerated() {
            guard let annotation = p.shape else { continue }
            switch arguments[i] {
            case .unknown?, .tensor(nil, _)?: state.slots[i] = annotated(annotation, arguments[i]!.dtype, &names)
            default: break
            }
        }
    }

    private func annotated(_ annotation: ShapeAnnotation, _ type: DType?, _ names: inout [String: Size]) -> Abstract {
        var shape: [Size] = []
        for part in annotation.parts {
            switch part {
            case .size(let n): shape.append(Size(n))
            case .name(let name):
                let size = names[name] ?? sizes.fresh(name)
                names[name] = size
                shape.append(size)
            case .rest: return .tensor(nil, type)
            }
        }
        return .tensor(shape, type)
    }

    private func checkResult(_ code: FunctionCode, _ annotation: ShapeAnnotation, _ result: Abstract, _ parameters: [Abstract?]) throws -> Abstract {
        try unify(code, parameters, result: result)
        switch result {
        case .unknown, .tensor(nil, _):
            var names: [String: Size] = [:]
            for (p, argument) in zip(code.parameters, parameters) {
                guard let annotation = p.shape, let shape = argument?.shape else { continue }
                for (part, size) in zip(annotation.parts.suffix(shape.count).reversed(), shape.reversed()) {
                    if case .name(let name) = part { names[name] = size }
                }
            }
            return annotated(annotation, result.dtype, &names)
        default: return result
        }
    }

    private func unify(_ code: FunctionCode, _ arguments: [Abstract?], result: Abstract?) throws {
        let involved = zip(code.parameters, arguments).flatMap { p, a in p.shape == nil ? [] : (a?.shape ?? []) + p.shape!.sizes } + (result?.shape ?? []) + (code.returnShape?.sizes ?? [])
        _ = try inWorlds(involved) { world in
            var bound: [String: (Int, String)] = [:]
            for (p, argument) in zip(code.parameters, arguments) {
                if p.mayBeNone, case .exact(.none)? = argument { continue }
                guard let shape = p.shape, let argument, let value = try self.madeUp(argument, isWhole: false, world) else { continue }
                do { try self.interpreter.unify(shape, value, "`\(p.name)` of \(code.name)", code, p.span, &bound) } catch var error as Diagnostic where error.source == nil {
                    if result == nil { error.argument = .init(function: code.name, name: p.name) }
                    throw error
                }
            }
            if let result, let shape = code.returnShape, let value = try self.madeUp(result, isWhole: false, world) {
                try self.interpreter.unify(shape, value, "the result of \(code.name)", code, code.span, &bound)
            }
        }
    }

    // MARK: Objects

    private func construct(_ declaration: AbstractDeclaration, _ arguments: [Abstract], _ keywords: [(name: String, value: Abstract)]) throws -> Abstract {
        let constructor = declaration.constructor
        guard mayEnter(constructor.code) else { return .unknown }
        nextObject += 1
        let id = nextObject
        state.heap[id] = AbstractObject(declaration: declaration, fields: declaration.fields.map { _ in nil })
        var slots = [Abstract?](repeating: nil, count: constructor.code.slotCount)
        for (i, slot) in constructor.code.captureSlots.enumerated() { slots[Int(slot)] = constructor.captures[safe: i] ?? nil }
        let values: [Abstract?] = try inFrame(constructor.code, slots) {
            try self.bind(constructor.code, arguments, keywords)
            try self.checkAnnotations(constructor.code)
            return Array(self.state.slots.prefix(constructor.code.parameters.count))
        }
        for (i, value) in values.enumerated() { state.heap[id]!.fields[i] = value }
        for (i, field) in declaration.fields.enumerated() {
            guard let initializer = field.initializer, !field.isLazy else { continue }
            state.heap[id]!.fields[i] = try initialize(initializer, id, [:])
        }
        for check in declaration.asserts {
            _ = try callClosure(AbstractFunction("assert", .closure(check.code, check.captures, object: id)), [], [], nil)
        }
        return .object(id)
    }

    func initialize(_ initializer: AbstractCode, _ object: Int, _ arguments: [String: Abstract]) throws -> Abstract {
        let code = initializer.code
        guard mayEnter(code) else { return .unknown }
        entered.insert(ObjectIdentifier(code))
        try step()
        var slots = [Abstract?](repeating: nil, count: code.slotCount)
        for (i, name) in code.forwardNames.enumerated() { slots[i] = arguments[name] }
        for (i, slot) in code.captureSlots.enumerated() { slots[Int(slot)] = initializer.captures[safe: i] ?? nil }
        if code.selfSlot >= 0 { slots[code.selfSlot] = .object(object) }
        return try inFrame(code, slots) { try self.body(code) }
    }

    /// Makes the fields that need an argument of `forward`, which is under way.
    private func makeLazyFields(_ id: Int, _ code: FunctionCode) throws {
        guard let object = state.heap[id] else { return }
        var arguments: [String: Abstract] = [:]
        for (p, value) in zip(code.parameters, state.slots) { arguments[p.name] = value }
        for (i, field) in object.declaration.fields.enumerated() where field.isLazy && state.heap[id]!.fields[i] == nil {
            guard let initializer = field.initializer else { continue }
            state.heap[id]!.fields[i] = try initialize(initializer, id, arguments)
        }
    }
}

extension ShapeAnnotation {
    /// The sizes that it states.
    var sizes: [Size] {
        parts.compactMap { if case .size(let n) = $0 { Size(n) } else { nil } }
    }
}
