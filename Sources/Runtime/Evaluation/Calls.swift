import CKernels
import Syntax
import Tensors

// Calls: of closures (arguments go straight into the new frame's slots), built-ins (arguments bind by a plan that
// the call node remembers), objects (their `forward`), declarations (construction) and native functions.
extension Interpreter {
    @inline(__always) func call(_ n: NodePointer) throws -> Word {
        let callee = n.pointee.a!
        let w: Word
        switch callee.pointee.op {
        case .global: w = callee.pointee.cell.pointee
        case .local: w = frame[Int(callee.pointee.slot)]
        default: return try callAny(n)
        }
        guard w.meta == Word.Tag.function, let plan = w.callPlan, plan.pointee.parameterCount == n.pointee.count, !n.pointee.hasKeywords else { return try callAny(n) }
        return try callPlain(n, plan, w)
    }

    /// A call by a plan. The function itself may be gone while it runs (its name may be rebound): its code is immortal,
    /// and the frame holds what it captured.
    @inline(never) private func callPlain(_ n: NodePointer, _ plan: UnsafePointer<CallPlan>, _ function: Word) throws -> Word {
        let slotCount = plan.pointee.slotCount, base = top
        guard base + slotCount < stackEnd else { throw located(stackFull(), n) }
        top = base + slotCount
        if plan.pointee.holds { hold(plan, function, base) }
        do {
            var i = 0
            let count = Int(n.pointee.count)
            while i < count {
                base[i] = try operand(n.pointee.list[i])
                i &+= 1
            }
        } catch {
            close(base, slotCount)
            throw error
        }
        let savedFrame = frame
        depth &+= 1
        do {
            if depth > Self.maxDepth || nns_stack_low() { throw tooDeep() }
            try step(n)
            frame = base
            let result = plan.pointee.isExpression ? try evaluate(plan.pointee.body) : try runBody(plan.pointee.body)
            frame = savedFrame
            depth &-= 1
            close(base, slotCount)
            return result
        } catch {
            frame = savedFrame
            depth &-= 1
            close(base, slotCount)
            throw framed(error, n, plan.pointee.code.takeUnretainedValue())
        }
    }

    /// Copies what a function captured, and itself where it calls itself, into its frame.
    @inline(never) private func hold(_ plan: UnsafePointer<CallPlan>, _ function: Word, _ base: UnsafeMutablePointer<Word>) {
        let captures = function.captures
        for i in 0..<plan.pointee.captureCount {
            let w = captures[i]
            w.retain()
            base[Int(plan.pointee.captureSlots[i])] = w
        }
        if plan.pointee.ownSlot >= 0 {
            function.retain()
            base[plan.pointee.ownSlot] = function
        }
    }

    /// Runs a function's statements and gives what it returns.
    @inline(never) private func runBody(_ body: NodePointer) throws -> Word {
        let saved = returned
        returned = .none
        do {
            _ = try execute(body, tail: true)
        } catch let signal as ControlSignal where signal.flow == .returned {
        } catch {
            returned.release()
            returned = saved
            throw error
        }
        let result = returned
        returned = saved
        return result
    }

    private func stackFull() -> Diagnostic { Diagnostic(.limit, "calls nested too deep") }

    @inline(never) private func tooDeep() -> Diagnostic {
        let many = depth > Self.maxDepth ? "more than \(Self.maxDepth) calls were under way" : "the calls under way fill the stack"
        return Diagnostic(.limit, "calls nested too deep", help: ["\(many): does the recursion end?"])
    }

    @inline(never) private func callAny(_ n: NodePointer) throws -> Word {
        let callee = n.pointee.a!
        var w: Word
        var owned = false
        switch callee.pointee.op {
        case .global:
            w = callee.pointee.cell.pointee
            if w.isUnset { throw unknownName(callee) }
        case .local:
            w = frame[Int(callee.pointee.slot)]
            if w.isUnset { throw unsetLocal(callee) }
        case .member: return try callMember(n, callee)
        default:
            w = try evaluate(callee)
            owned = true
        }
        defer { if owned { w.release() } }
        if w.tag == Word.Tag.function {
            let f = w.function
            if let closure = f as? Closure {
                if n.pointee.count == closure.code.simpleCount, !n.pointee.hasKeywords {
                    // Keep what is called alive while it runs: its name may be rebound meanwhile.
                    return try withExtendedLifetime(closure) { try callSimple(n, closure, nil) }
                }
            } else if let builtin = f as? BuiltinFunction {
                return try callBuiltin(n, builtin.operation)
            } else if let gradient = f as? GradientFunction, case .function(let inner as Closure) = gradient.function,
                      n.pointee.count == inner.code.simpleCount, n.pointee.count > 0, !n.pointee.hasKeywords {
                return try withExtendedLifetime(gradient) { try callGradient(n, gradient, inner) }
            }
        } else if w.tag == Word.Tag.object {
            let object = w.object
            if let method = object.declaration.forward, n.pointee.count == method.code.simpleCount, !n.pointee.hasKeywords {
                let result = try callSimple(n, method, object, isLayerCall: true)
                if checksNaN { notePlace(Value(result), n) }
                return result
            }
        }
        let function = Value(w)
        let (arguments, keywords) = try evaluateArguments(n)
        do {
            let result = try apply(function, arguments, keywords)
            if case .object(let object) = result, object.made == nil { object.made = n }
            if checksNaN { notePlace(result, n) }
            return Word(result)
        } catch { throw framed(error, n, function) }
    }

    func evaluateArguments(_ n: NodePointer) throws -> ([Value], [(name: String, value: Value)]) {
        var arguments: [Value] = []
        arguments.reserveCapacity(Int(n.pointee.count))
        var keywords: [(name: String, value: Value)] = []
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            if part.pointee.op == .keyword {
                keywords.append((part.pointee.name, try value(part.pointee.a)))
            } else {
                guard keywords.isEmpty else { throw positionalAfterKeyword(part) }
                arguments.append(try value(part))
            }
        }
        return (arguments, keywords)
    }

    // MARK: Frames

    /// Opens a frame of `count` slots above the stack's top.
    @inline(__always) func open(_ count: Int) throws -> UnsafeMutablePointer<Word> {
        let new = top
        guard new + count < stackEnd else { throw stackFull() }
        top = new + count
        return new
    }

    /// Releases a frame's slots and leaves them unset, as free slots always are.
    @inline(__always) func close(_ base: UnsafeMutablePointer<Word>, _ count: Int) {
        var i = 0
        while i < count {
            let w = base[i]
            if w.meta != 0 {
                base[i].meta = Word.Tag.unset
                w.release()
            }
            i &+= 1
        }
        top = base
    }

    /// A call whose positional arguments are exactly the parameters.
    private func callSimple(_ n: NodePointer, _ closure: Closure, _ object: Object?, isLayerCall: Bool = false) throws -> Word {
        let code = closure.code
        let base: UnsafeMutablePointer<Word>
        do { base = try open(code.slotCount) } catch { throw located(error, n) }
        do {
            for i in 0..<Int(n.pointee.count) { base[i] = try evaluate(n.pointee.list[i]) }
        } catch {
            close(base, code.slotCount)
            throw error
        }
        do {
            let result = try run(closure, base, object, n)
            close(base, code.slotCount)
            return result
        } catch {
            close(base, code.slotCount)
            if let object {
                let error = object.isSequential ? inChain(error, object) : error
                throw isLayerCall ? framed(error, n, .object(object)) : framed(error, n, code)
            }
            throw framed(error, n, code)
        }
    }

    /// A call of `grad(f)` whose positional arguments are exactly the parameters of f.
    private func callGradient(_ n: NodePointer, _ gradient: GradientFunction, _ closure: Closure) throws -> Word {
        let code = closure.code
        let base: UnsafeMutablePointer<Word>
        do { base = try open(code.slotCount) } catch { throw located(error, n) }
        defer { close(base, code.slotCount) }
        for i in 0..<Int(n.pointee.count) { base[i] = try evaluate(n.pointee.list[i]) }
        let first = Value(taking: base[0])
        base[0] = .unset
        do {
            return Word(result(of: gradient, try gradientPair(first, what: gradient.name) { argument in
                base[0] = Word(argument)
                return Value(taking: try run(closure, base, nil, n))
            }))
        } catch { throw framed(error, n, code.name == "function" ? gradient.name : "\(gradient.name)(\(code.name))", nil, isStandardLibrary: true) }
    }

    /// Runs a closure on a frame whose parameters are set; the caller closes the frame.
    func run(_ closure: Closure, _ base: UnsafeMutablePointer<Word>, _ object: Object?, _ n: NodePointer?) throws -> Word {
        let code = closure.code
        depth &+= 1
        if depth > Self.maxDepth || nns_stack_low() {
            defer { depth &-= 1 }
            throw tooDeep()
        }
        stepsLeft &-= 1
        if stepsLeft < 0 || n != nil && nns_interrupted() {
            depth &-= 1
            throw stopped(n)
        }
        let savedFrame = frame, savedOwner = randomOwner
        frame = base
        defer {
            frame = savedFrame
            randomOwner = savedOwner
            depth &-= 1
        }
        var i = 0
        for slot in code.captureSlots {
            let w = closure.captures[i]
            w.retain()
            base[Int(slot)] = w
            i &+= 1
        }
        if let object {
            base[code.selfSlot] = Word(.object(object))
            randomOwner = object
        }
        if code.ownSlot >= 0 { base[code.ownSlot] = Word(.function(closure)) }
        if !code.isSimple { try checkShapes(code, base) }
        if let object, object.pending > 0, code.name == "forward" { try makeLazyFields(object, code, base) }
        let result: Word
        result = code.isExpression ? try evaluate(code.body) : try runBody(code.body)
        if let shape = code.returnShape {
            let value = Value(taking: result)
            try checkReturn(code, shape, value, base)
            return Word(value)
        }
        return result
    }

    // MARK: General binding

    /// Binds arguments to a function's parameters in a new frame and runs it.
    func callClosure(_ closure: Closure, _ arguments: [Value], _ keywords: [(name: String, value: Value)], object: Object? = nil) throws -> Value {
        let code = closure.code
        let base = try open(code.slotCount)
        defer { close(base, code.slotCount) }
        try bind(closure, base, arguments, keywords, object)
        return Value(taking: try run(closure, base, object, nil))
    }

    /// Runs `body` on a new frame in which a closure's parameters are bound, and closes the frame.
    func withBoundFrame<T>(_ closure: Closure, _ arguments: [Value], _ keywords: [(name: String, value: Value)],
                           _ body: (UnsafeMutablePointer<Word>) throws -> T) throws -> T {
        let base = try open(closure.code.slotCount)
        defer { close(base, closure.code.slotCount) }
        try bind(closure, base, arguments, keywords, nil)
        return try body(base)
    }

    private func bind(_ closure: Closure, _ base: UnsafeMutablePointer<Word>, _ arguments: [Value],
                      _ keywords: [(name: String, value: Value)], _ object: Object?) throws {
        let code = closure.code
        if arguments.count == code.simpleCount, keywords.isEmpty {
            for i in arguments.indices { base[i] = Word(arguments[i]) }
            return
        }
        let parameters = code.parameters
        var next = 0
        for (i, p) in parameters.enumerated() {
            if p.isRest {
                base[i] = Word(Value(list: Array(arguments[min(next, arguments.count)...])))
                next = arguments.count
            } else if next < arguments.count {
                base[i] = Word(arguments[next])
                next += 1
            }
        }
        if next < arguments.count { throw arity(code, given: arguments.count) }
        for (name, value) in keywords {
            guard let i = parameters.firstIndex(where: { $0.name == name }), !parameters[i].isRest else {
                throw unknownKeyword(name, of: code, taken: arguments.count)
            }
            guard base[i].isUnset else { throw givenTwice(name, of: code.name) }
            base[i] = Word(value)
        }
        guard parameters.indices.contains(where: { base[$0].isUnset }) else { return }
        // A default may call the function whose call is not under way yet.
        if nns_stack_low() { throw tooDeep() }
        // Defaults see the parameters before them.
        let savedFrame = frame
        frame = base
        defer { frame = savedFrame }
        var i = 0
        for slot in code.captureSlots {
            if base[Int(slot)].isUnset {
                let w = closure.captures[i]
                w.retain()
                base[Int(slot)] = w
            }
            i += 1
        }
        let savedOwner = randomOwner
        defer { randomOwner = savedOwner }
        if let object, base[code.selfSlot].isUnset {
            base[code.selfSlot] = Word(.object(object))
            randomOwner = object
        }
        for (i, p) in parameters.enumerated() where base[i].isUnset {
            guard let node = p.defaultValue else { throw missing(p.name, of: code.name, signature: signature(code)) }
            base[i] = try evaluate(node)
        }
        // `run` sets captures and `self` again; give back what the defaults needed.
        for slot in code.captureSlots { base[Int(slot)].release(); base[Int(slot)] = .unset }
        if object != nil { base[code.selfSlot].release(); base[code.selfSlot] = .unset }
    }

    /// `f(x, k=2)`; as it was written, `f(x: [n], k=2) -> [n]`, where the shapes are wanted too.
    func signature(_ code: FunctionCode, isAnnotated: Bool = false) -> String {
        let parts = code.parameters.map { p in
            let name = p.name + (p.isRest ? "..." : "") + (isAnnotated ? p.shape.map { ": \($0.text)" } ?? "" : "")
            guard !p.isRest, let value = p.defaultValue else { return name }
            return name + (isAnnotated && p.shape != nil ? " = " : "=") + value.pointee.text
        }
        let result = isAnnotated ? code.returnShape.map { " -> \($0.text)" } ?? "" : ""
        return "\(code.name)(\(parts.joined(separator: ", ")))\(result)"
    }

    /// A function without a name as it was written, or its beginning: `x => x + 1`.
    func lambdaText(_ code: FunctionCode) -> String {
        let text = code.source.text(of: code.span)
        guard text.contains("\n") || text.count > 60 else { return text }
        return String(signature(code, isAnnotated: true).dropFirst(code.name.count)) + " => …"
    }

    func givenTwice(_ name: String, of function: String) -> Diagnostic { Diagnostic(.type, "\(function) got `\(name)` twice") }

    // MARK: Members

    /// `object.method(…)`, `record.f(…)`.
    private func callMember(_ n: NodePointer, _ callee: NodePointer) throws -> Word {
        let base = try value(callee.pointee.a)
        let name = callee.pointee.name
        if case .object(let object) = base, let method = object.declaration.method(name) {
            if n.pointee.count == method.code.simpleCount, !n.pointee.hasKeywords { return try callSimple(n, method, object) }
            let (arguments, keywords) = try evaluateArguments(n)
            do { return Word(try callClosure(method, arguments, keywords, object: object)) } catch { throw framed(error, n, method.code) }
        }
        let function: Value
        do { function = try field(base, name) } catch { throw fieldError(error, callee, base, call: n) }
        if case .function(let f as BuiltinFunction) = function { return try callBuiltin(n, f.operation) }
        let (arguments, keywords) = try evaluateArguments(n)
        do { return Word(try apply(function, arguments, keywords)) } catch { throw framed(error, n, function) }
    }

    // MARK: From native code

    /// Calls any callable value: the way built-ins call back.
    public func apply(_ function: Value, _ arguments: [Value], _ keywords: [(name: String, value: Value)] = []) throws -> Value {
        if nns_stack_low() { throw tooDeep() }
        switch function {
        case .function(let f):
            if let closure = f as? Closure { return try callClosure(closure, arguments, keywords) }
            if let builtin = f as? BuiltinFunction { return try applyBuiltin(builtin.operation, arguments, keywords) }
            if let gradient = f as? GradientFunction {
                return result(of: gradient, try gradientPair(gradient.function, arguments, keywords, what: gradient.name))
            }
            if let native = f as? NativeFunction {
                depth += 1
                defer { depth -= 1 }
                if depth > Self.maxDepth { throw tooDeep() }
                return try native.body(self, arguments, keywords)
            }
            if let declaration = f as? ObjectDeclaration { return .object(try construct(declaration, arguments, keywords)) }
            throw Diagnostic(.type, "\(f.name) cannot be called")
        case .object(let object):
            guard let method = object.declaration.forward else {
                throw noForward(object.declaration.name, object.declaration.methods.map(\.name))
            }
            do { return try callClosure(method, arguments, keywords, object: object) } catch { throw object.isSequential ? inChain(error, object) : error }
        default:
            throw notCallable(function)
        }
    }

    /// `methods` are those that the object has.
    func noForward(_ name: String, _ methods: [String]) -> Diagnostic {
        let help = if let near = nearest("forward", methods) { "what a call runs is `fn forward`: rename `fn \(near)`" }
            else if let other = ["call", "__call__", "predict", "apply"].first(where: methods.contains) { "what a call runs is `fn forward`: rename `fn \(other)`" }
            else if let method = methods.first { "a method is called by its name, as in `x.\(method)(…)`" }
            else { "what a call runs is `fn forward(x) = …`" }
        return Diagnostic(.type, "\(name) has no `forward`, so it cannot be called", help: [help])
    }
}

func counted(_ n: Int, _ what: String) -> String { n == 1 ? "1 \(what)" : "\(n) \(what)s" }
