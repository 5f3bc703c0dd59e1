import Syntax
import Tensors

/// One call of a built-in as the checker sees it: what is known of its arguments, in the order of the parameters.
struct AbstractCall {
    let checker: Checker
    let operation: Operation
    let arguments: [Abstract]
    let node: NodePointer?

    subscript(_ i: Int) -> Abstract { arguments[i] }

    /// Calls a function that was given, as the built-in would.
    func apply(_ function: Abstract, _ arguments: [Abstract]) throws -> Abstract { try checker.apply(function, arguments, [], node) }
}

/// What is known of a built-in's result, beyond its shape; nil where nothing more is.
typealias ResultRule = (AbstractCall) throws -> Abstract?

// Built-ins: bound as the evaluator binds them; then their own declaration says what comes of it.
extension Checker {
    func callBuiltin(_ n: NodePointer, _ operation: Operation) throws -> Abstract {
        let plan: UnsafeMutablePointer<Int32>
        do { plan = try interpreter.plan(n, operation) } catch { throw interpreter.located(error, n) }
        let count = Int(n.pointee.count)
        let targets = (0..<count).map { Int(plan[$0]) }
        var arguments = [Abstract](repeating: .none, count: operation.parameters.count)
        var rest: [Abstract] = []
        for i in 0..<count {
            let part = n.pointee.list[i]
            let x = try evaluate(part.pointee.op == .keyword ? part.pointee.a : part)
            if targets[i] < 0 { rest.append(x) } else { arguments[targets[i]] = x }
        }
        if operation.restIndex >= 0 { arguments[operation.restIndex] = .list(rest) }
        for (p, parameter) in operation.parameters.enumerated() where !targets.contains(p) && p != operation.restIndex {
            arguments[p] = .exact(parameter.defaultValue ?? .none)
        }
        calls.append(Call(name: operation.name, node: n, isStandardLibrary: true, operation: operation))
        let depth = calls.count
        defer { calls.removeLast(calls.count - depth + 1) }
        do { return try result(of: operation, arguments, n) } catch let error as Located { throw error.diagnostic } catch let error as Diagnostic {
            if error.source == nil, let function = arguments.firstIndex(where: { isOf($0, error) }),
               let wrong = WrittenArguments(n, operation).node(.init(function: nil, name: operation.parameters[function].name)) {
                throw interpreter.located(error, wrong)
            }
            // In a function that the built-in called.
            return try rethrowFramed(error, n, operation)
        }
    }

    /// Whether a function is the one whose arguments an error is about.
    private func isOf(_ a: Abstract, _ error: Diagnostic) -> Bool {
        guard case .function(let f) = a, case .closure(let code, _, _) = f.body else { return false }
        return error.notes.first == "it is `\(interpreter.signature(code))`"
    }

    private func rethrowFramed(_ error: Diagnostic, _ n: NodePointer, _ operation: Operation) throws -> Abstract {
        if error.source == nil {
            var diagnostic = error
            interpreter.blameForLoss(&diagnostic, operation)
            guard let argument = diagnostic.argument, argument.function == operation.name, !n.pointee.source.takeUnretainedValue().isStandardLibrary else { throw interpreter.located(error, n) }
            let written = WrittenArguments(n, operation)
            diagnostic = interpreter.located(diagnostic, written.node(argument) ?? n)
            diagnostic.argument = nil
            written.fill(&diagnostic)
            throw diagnostic
        }
        throw framed(error, Call(name: operation.name, node: n, isStandardLibrary: true, operation: operation))
    }

    /// An error of the built-in itself, which has its place.
    private struct Located: Error { let diagnostic: Diagnostic }

    /// A call by other means than the text: `map(f, xs)`, a stage of a chain.
    func applyBuiltin(_ operation: Operation, _ given: [Abstract], _ keywords: [(name: String, value: Abstract)], _ n: NodePointer?) throws -> Abstract {
        var arguments = operation.parameters.map { Abstract.exact($0.defaultValue ?? .none) }
        var next = 0
        for (i, p) in operation.parameters.enumerated() {
            if p.isRest {
                arguments[i] = .list(Array(given[min(next, given.count)...]))
                next = given.count
            } else if next < given.count {
                arguments[i] = given[next]
                next += 1
            } else if p.defaultValue == nil, !keywords.contains(where: { $0.name == p.name }) {
                throw interpreter.missing(p.name, of: operation.name, signature: operation.signature)
            }
        }
        for (name, value) in keywords {
            guard let i = operation.parameters.firstIndex(where: { $0.name == name }) else {
                throw interpreter.unknownKeyword(name, of: operation.name, accepted: operation.parameters.map(\.name))
            }
            arguments[i] = operation.parameters[i].isRest ? .list([value]) : value
        }
        guard next >= given.count else { return .unknown }
        do { return try result(of: operation, arguments, nil) } catch let error as Located { throw error.diagnostic }
    }

    /// What a built-in gives.
    private func result(of operation: Operation, _ arguments: [Abstract], _ n: NodePointer?) throws -> Abstract {
        // What is surely no function.
        if operation.group == .gradients || Self.callers.contains(operation.name), operation.parameters.first?.name == "f",
           arguments[0].isTensorLike || ["string", "none"].contains(arguments[0].kindName(state.heap)) { _ = try asked(operation, arguments, n) }
        try refuseKinds(operation, arguments, n)
        if let known = try operation.result?(AbstractCall(checker: self, operation: operation, arguments: arguments, node: n)) { return known }
        let isPure = Self.pure.contains(operation.group)
        if isPure, operation.shape == nil, arguments.allSatisfy({ isSmall($0) }) { return lift(try really(operation, arguments, n)) }
        guard let rule = operation.shape else { return .unknown }
        // An argument of the wrong kind is for the operation itself to refuse.
        let odd = zip(operation.parameters, arguments).contains { p, a in
            if case .exact(.none) = a { return false }
            if case .string? = p.defaultValue, a.kindName(state.heap) == "string" { return false }
            return ["string", "function", "record", "none"].contains(a.kindName(state.heap) ?? "")
        }
        let missing = zip(operation.parameters, arguments).contains { p, a in
            if case .exact(.none) = a { return p.defaultValue == nil && !p.isRest }
            return false
        }
        if odd || missing, isPure || operation.group == .neural {
            if arguments.allSatisfy({ if case .exact = $0 { true } else { $0.shape != nil } }) || missing {
                guard arguments.allSatisfy({ (try? madeUp($0, isWhole: false, .first)) != nil }) else { return .unknown }
                _ = try asked(operation, arguments, n)
            }
            if missing { return .unknown }
        }
        // A tensor of which nothing is known: so is the result.
        for argument in arguments {
            switch argument {
            case .unknown, .tensor(nil, _), .many, .kind(.list), .kind(.object), .kind(.record), .fields:
                if countsAll(operation, arguments) { return .kind(.number) }
                // Of a number it may be a number.
                if case .unknown = argument, operation.group == .reduce || operation.group == .shape { return .unknown }
                return operation.group == .elementwise ? .unknown : .tensor(nil, nil)
            default: break
            }
        }
        // An unknown number among sizes is an unknown size; of any other list it stays a number that nobody knows.
        let areSizes = operation.group == .create || operation.name == "reshape"
        let arguments = arguments.map { a -> Abstract in
            guard case .list(let items) = a else { return a }
            return .list(items.map { item in
                switch item {
                case .kind(.number): areSizes ? .size(sizes.fresh()) : .tensor([], nil)
                case .tensor(let shape?, let type) where shape.isEmpty && type != .bool && areSizes: .size(sizes.fresh())
                default: item
                }
            })
        }
        let shapes = arguments.map { a -> [Size]? in
            switch a {
            case .exact(let v):
                if case .number = v { return nil }
                return a.shape
            case .size, .kind, .wording: return nil
            default: return a.shape
            }
        }
        let involved = arguments.flatMap(\.everySize)
        func evaluated(_ probe: Double, _ world: World) throws -> [Int] {
            try rule(shapes.map { $0?.map(world.value) }, try arguments.map { a in
                // An unknown number is tried as two.
                switch a {
                case .kind(.number): return .number(probe)
                case .tensor(let shape?, let type) where shape.isEmpty: return .scalar(probe, type ?? .f32)
                case .kind(.bool): return .bool(probe < 1)
                case .kind(.string), .wording: return .string(.unknown)
                default: return try madeUp(a, isWhole: false, world) ?? .none
                }
            })
        }
        let isProbed = arguments.contains { if case .list = $0 { false } else { $0.holdsGuess } }
        let samples: [[Int]]?
        do {
            if isProbed {
                let first = try? inWorlds(involved) { try evaluated(0.5, $0) }, second = try? inWorlds(involved) { try evaluated(2, $0) }
                guard let x = first ?? nil, let y = second ?? nil, x == y else { return .tensor(nil, nil) }
                samples = x
            } else {
                samples = try inWorlds(involved) { try evaluated(0, $0) }
            }
        } catch is NotKnown { return .tensor(nil, nil) } catch {
            // It may be the value of a number in a list that fails.
            if arguments.contains(where: \.holdsGuess) { return .tensor(nil, nil) }
            // Which sizes would fit is not worked out where products of them decide.
            if operation.name == "reshape", !involved.allSatisfy(\.isConstant) { return .tensor(nil, nil) }
            let refusal = interpreter.diagnosed(error)
            return try asked(operation, arguments, n, refusal: refusal.kind == ErrorKind.type.rawValue ? "" : refusal.message) ?? .tensor(nil, nil)
        }
        guard let samples, let shape = shape(samples) else { return .tensor(nil, nil) }
        let type: DType? = ["isnan", "isfinite", "all", "any", "bool"].contains(operation.name) ? .bool : nil
        if shape.isEmpty, countsAll(operation, arguments), !arguments.allSatisfy({ isSmall($0) }) { return .kind(.number) }
        if operation.group == .neural, shape.reduce(1, { $0 &* ($1.constant ?? 1 << 20) }) <= exactLimit, arguments.allSatisfy({ isSmall($0) }) {
            // What it gives may be drawn, what it refuses is certain.
            _ = try asked(operation, arguments, n)
        }
        if shape.isEmpty, operation.group != .create, arguments.first?.isPlain ?? false, arguments[0].dtype == .number || arguments[0].dtype == nil {
            if isPure, arguments.allSatisfy({ isSmall($0) }) { return lift(try really(operation, arguments, n)) }
            return type == .bool ? .kind(.bool) : .kind(.number)
        }
        let count = shape.reduce(1) { $0 &* ($1.constant ?? 1 << 20) }
        if isPure, count <= exactLimit, arguments.allSatisfy({ isSmall($0) }) { return lift(try really(operation, arguments, n)) }
        return .tensor(shape, type)
    }

    /// What works on lists, records and texts refuses arguments of wrong kinds before it does anything.
    private func refuseKinds(_ operation: Operation, _ arguments: [Abstract], _ n: NodePointer?) throws {
        // What a function gives is not known here.
        guard operation.group == .lists, operation.result != nil, operation.name != "read", !Self.callers.contains(operation.name), let first = arguments.first,
              !arguments.dropFirst().contains(where: { $0.kindName(state.heap) == "function" }) else { return }
        let isOdd = first.isPlain || ["string", "none", "function"].contains(first.kindName(state.heap))
        guard isOdd || arguments.allSatisfy({ isSmall($0) && $0.everySize.count <= 64 }) else { return }
        _ = try asked(operation, arguments, n)
    }

    /// Whether it counts over all elements, which gives a number and no tensor.
    private func countsAll(_ operation: Operation, _ arguments: [Abstract]) -> Bool {
        guard ["count", "argmax", "argmin"].contains(operation.name), case .exact(.none)? = arguments[safe: 1], arguments[safe: 2]?.truth == false else { return false }
        return true
    }

    /// Other built-ins that call their first argument, and refuse what is no function.
    private static let callers: Set<String> = ["time", "raises", "map", "filter", "reduce"]

    /// Groups whose operations only compute.
    private static let pure: Set<Operation.Group> = [.create, .elementwise, .reduce, .shape, .linearAlgebra, .lists, .losses, .operators]

    /// Known to the last digit, and little.
    private func isSmall(_ a: Abstract) -> Bool {
        switch a {
        case .exact(.range(let r)): r.count <= 256
        case .exact(.function): false
        case .exact: true
        case .list(let items): items.count <= 256 && items.allSatisfy { isSmall($0) }
        case .record(_, let items): items.allSatisfy { isSmall($0) }
        default: false
        }
    }

    /// Computes with values that are known.
    private func really(_ operation: Operation, _ arguments: [Abstract], _ n: NodePointer?) throws -> Value {
        try computed(operation, try arguments.map { try madeUp($0, isWhole: true, .first) ?? .none }, n)
    }

    /// Asks an operation about arguments that its shape rule refuses: its error is the one of the run. Its result, or nil
    /// where it takes them but not all is known.
    func asked(_ operation: Operation, _ arguments: [Abstract], _ n: NodePointer?, refusal: String = "") throws -> Abstract? {
        var values: [Value] = []
        for argument in arguments {
            guard let v = try? madeUp(argument, isWhole: true, .first) else { return nil }
            values.append(v)
        }
        do {
            let result = try computed(operation, values, n)
            return arguments.allSatisfy { isSmall($0) } ? lift(result) : nil
        } catch {
            // An error of values may come of those that were made up.
            guard let diagnostic = (error as? Located)?.diagnostic ?? (error as? Diagnostic) else { return nil }
            // A number that was made up is no reason.
            if !arguments.allSatisfy(\.isExact), diagnostic.message.contains("nan") { return nil }
            let isOfShapes = diagnostic.kind == ErrorKind.shape.rawValue || diagnostic.kind == ErrorKind.type.rawValue
            if isOfShapes || !refusal.isEmpty && operation.group != .linearAlgebra || arguments.allSatisfy(\.isExact) { throw error }
            return nil
        }
    }

    func computed(_ operation: Operation, _ values: [Value], _ n: NodePointer?) throws -> Value {
        let base = try interpreter.reserveArguments(values.count)
        defer { interpreter.releaseArguments(base, values.count) }
        for (i, v) in values.enumerated() { base[i] = v }
        // Whatever it draws, the program draws anew.
        let random = interpreter.scriptRandom
        defer { interpreter.scriptRandom = random }
        do { return try operation.invoke(interpreter, base) } catch let error as NotKnown { throw error } catch {
            guard let n else { throw interpreter.diagnosed(error) }
            throw Located(diagnostic: interpreter.argumentError(error, n, operation, base) as? Diagnostic ?? interpreter.located(error, n))
        }
    }
}
