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
        if let n, stepsLeft < 0 || nns_interrupted() { depth &-= 1; stepsLeft &+= 1; try step(n) }
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
                throw unknownKeyword(name, of: code.name, accepted: parameters.filter { !$0.isRest }.map(\.name), taken: arguments.count)
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

    // MARK: Built-ins

    private func callBuiltin(_ n: NodePointer, _ operation: Operation) throws -> Word {
        // Kept here: while the arguments are evaluated, this very call may be made with another built-in.
        let plan: UnsafeMutablePointer<Int32>
        do { plan = try self.plan(n, operation) } catch { throw located(error, n) }
        let count = operation.parameters.count
        let base: UnsafeMutablePointer<Value>
        do { base = try reserveArguments(count) } catch { throw located(error, n) }
        defer { releaseArguments(base, count) }
        var rest: [Value] = []
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            let target = Int(plan[i])
            let x = try value(part.pointee.op == .keyword ? part.pointee.a : part)
            if target < 0 { rest.append(x) } else { base[target] = x }
        }
        if operation.restIndex >= 0 { base[operation.restIndex] = Value(list: rest) }
        // After the arguments, the plan lists the parameters that take their defaults.
        var i = Int(n.pointee.count) + 1
        for _ in 0..<Int(plan[Int(n.pointee.count)]) {
            let p = Int(plan[i])
            base[p] = operation.parameters[p].defaultValue.unsafelyUnwrapped
            i += 1
        }
        do { return try Word(invoke(operation, base, n)) } catch { throw argumentError(error, n, operation, base) }
    }

    @inline(__always) private func invoke(_ operation: Operation, _ base: UnsafeMutablePointer<Value>, _ n: NodePointer) throws -> Value {
        let result = try operation.invoke(self, base)
        if checksNaN { try checkNaN(result, (0..<operation.parameters.count).map { base[$0] }, operation.name, n) }
        return result
    }

    /// Which parameter each written argument binds to; behind those, how many parameters take their defaults, and which.
    @inline(__always) func plan(_ n: NodePointer, _ operation: Operation) throws -> UnsafeMutablePointer<Int32> {
        let key = UInt(bitPattern: Unmanaged.passUnretained(operation).toOpaque())
        if n.pointee.cacheKey != key {
            n.pointee.plan = try makePlan(n, operation)
            n.pointee.cacheKey = key
        }
        return n.pointee.plan
    }

    @inline(never) private func makePlan(_ n: NodePointer, _ operation: Operation) throws -> UnsafeMutablePointer<Int32> {
        let count = Int(n.pointee.count)
        let parameters = operation.parameters
        var targets: [Int32] = []
        var taken = Set<Int>()
        var next = 0
        for i in 0..<count {
            let part = n.pointee.list[i]
            if part.pointee.op == .keyword {
                let name = part.pointee.name
                guard let p = parameters.firstIndex(where: { $0.name == name }) else {
                    throw located(unknownKeyword(name, of: operation.name, accepted: parameters.map(\.name), value: part.pointee.a.pointee.text), part)
                }
                guard taken.insert(p).inserted else { throw located(Diagnostic(.type, "\(operation.name) got `\(name)` twice"), part) }
                // What is collected may be given by name as one list: `reshape(x, shape=[2, 3])`.
                targets.append(parameters[p].isRest ? -1 : Int32(p))
            } else {
                if next == operation.restIndex { targets.append(-1); continue }
                guard next < parameters.count else {
                    throw Diagnostic(.type, "\(operation.name) takes \(parameters.contains { $0.defaultValue != nil } ? "at most " : "")\(counted(parameters.count, "argument")), got \(n.pointee.count)",
                                     notes: ["it is `\(operation.signature)`"], help: tooMany(n, operation))
                }
                guard taken.insert(next).inserted else { throw positionalAfterKeyword(part) }
                targets.append(Int32(next))
                next += 1
            }
        }
        var defaults: [Int32] = []
        for (p, parameter) in parameters.enumerated() where !parameter.isRest && !taken.contains(p) {
            guard parameter.defaultValue != nil else {
                var error = missing(parameter.name, of: operation.name, signature: operation.signature, isBare: n.pointee.count == 0)
                if let mend = stageMend(n, operation) { error.help = mend }
                throw error
            }
            defaults.append(Int32(p))
        }
        let all = targets + [Int32(defaults.count)] + defaults
        let plan = UnsafeMutablePointer<Int32>.allocate(capacity: all.count)
        plan.initialize(from: all, count: all.count)
        return plan
    }

    /// `x = f(x, …)` with a built-in: behind the other arguments x moves into the call, so that it may be changed in place,
    /// and comes back where the call fails.
    func assignMoving(_ assign: NodePointer) throws {
        let n = assign.pointee.b!, target = assign.pointee.a!
        let w = n.pointee.a.pointee.cell.pointee
        guard w.tag == Word.Tag.function, let builtin = w.function as? BuiltinFunction, builtin.operation.movesFirst else {
            return try store(try evaluate(n), in: target)
        }
        let operation = builtin.operation
        let plan: UnsafeMutablePointer<Int32>
        do { plan = try self.plan(n, operation) } catch { throw located(error, n) }
        let count = operation.parameters.count
        let base: UnsafeMutablePointer<Value>
        do { base = try reserveArguments(count) } catch { throw located(error, n) }
        defer { releaseArguments(base, count) }
        // No call can change a variable, so that it is looked at only behind the others.
        let slot: UnsafeMutablePointer<Word>? = switch target.pointee.op {
        case .local: frame + Int(target.pointee.slot)
        case .global: target.pointee.cell
        default: nil
        }
        if slot == nil || !slot!.pointee.isReference { base[0] = try value(n.pointee.list[0]) }
        for i in 1..<max(1, Int(n.pointee.count)) {
            let part = n.pointee.list[i]
            base[Int(plan[i])] = try value(part.pointee.op == .keyword ? part.pointee.a : part)
        }
        if let slot, slot.pointee.isReference {
            base[0] = Value(taking: slot.pointee)
            slot.pointee = .none
            do { slot.pointee = try Word(operation.invoke(self, base)) } catch {
                slot.pointee = Word(base[0])
                throw argumentError(error, n, operation, base)
            }
            return
        }
        guard case .list = base[0] else {
            let result: Word
            do { result = try Word(operation.invoke(self, base)) } catch { throw argumentError(error, n, operation, base) }
            return try store(result, in: target)
        }
        try modify(target) { place in
            // Not where an argument's call gave the place another list.
            let moves = Self.isSameList(place, base[0])
            if moves {
                base[0] = .none
                swap(&base[0], &place)
            }
            do { place = try operation.invoke(self, base) } catch {
                if moves { place = base[0] }
                throw argumentError(error, n, operation, base)
            }
            return true
        }
    }

    @inline(never) private static func isSameList(_ a: Value, _ b: Value) -> Bool {
        if case .list(let x) = a, case .list(let y) = b { x === y } else { false }
    }

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
        let help = if let other = ["call", "__call__", "predict", "apply"].first(where: methods.contains) { "what a call runs is `fn forward`: rename `fn \(other)`" }
            else if let method = methods.first { "a method is called by its name, as in `x.\(method)(…)`" }
            else { "what a call runs is `fn forward(x) = …`" }
        return Diagnostic(.type, "\(name) has no `forward`, so it cannot be called", help: [help])
    }

    private func applyBuiltin(_ operation: Operation, _ arguments: [Value], _ keywords: [(name: String, value: Value)]) throws -> Value {
        let parameters = operation.parameters
        let base = try reserveArguments(parameters.count)
        defer { releaseArguments(base, parameters.count) }
        var given = [Bool](repeating: false, count: parameters.count)
        var next = 0
        for (i, p) in parameters.enumerated() {
            if p.isRest {
                base[i] = Value(list: Array(arguments[min(next, arguments.count)...]))
                next = arguments.count
                given[i] = true
            } else if next < arguments.count {
                base[i] = arguments[next]
                given[i] = true
                next += 1
            }
        }
        if next < arguments.count {
            throw Diagnostic(.type, "\(operation.name) takes \(counted(parameters.count, "argument")), got \(arguments.count)", notes: ["it is `\(operation.signature)`"])
        }
        for (name, value) in keywords {
            guard let i = parameters.firstIndex(where: { $0.name == name }) else {
                throw unknownKeyword(name, of: operation.name, accepted: parameters.map(\.name))
            }
            if parameters[i].isRest, case .list(let l) = base[i], l.items.isEmpty {
                base[i] = Value(list: [value])
                continue
            }
            guard !given[i] else { throw Diagnostic(.type, "\(operation.name) got `\(name)` twice") }
            base[i] = value
            given[i] = true
        }
        for (i, p) in parameters.enumerated() where !given[i] {
            guard let value = p.defaultValue else { throw missing(p.name, of: operation.name, signature: operation.signature) }
            base[i] = value
        }
        return try operation.invoke(self, base)
    }
}

func counted(_ n: Int, _ what: String) -> String { n == 1 ? "1 \(what)" : "\(n) \(what)s" }
