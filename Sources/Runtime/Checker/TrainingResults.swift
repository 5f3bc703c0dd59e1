import Syntax
import Tensors

// What is known of the results of built-ins that call functions, train, bring data or end the program.
extension Results {
    // MARK: Networks and gradients

    private static func inMode(_ training: Bool, _ c: Checker, isForced: Bool = true, _ body: () throws -> Abstract) rethrows -> Abstract {
        let before = (c.isTraining, c.onlyEvaluates)
        (c.isTraining, c.onlyEvaluates) = (training, isForced && !training)
        defer { (c.isTraining, c.onlyEvaluates) = before }
        return try body()
    }

    /// In training, unless evaluation is forced.
    private static func recorded(_ c: Checker, _ body: () throws -> Abstract) rethrows -> Abstract {
        c.onlyEvaluates ? try body() : try inMode(true, c, body)
    }

    static let trainMode: ResultRule = { c in try inMode(true, c.checker) { try c.apply(c[0], []) } }
    static let evalMode: ResultRule = { c in try inMode(false, c.checker) { try c.apply(c[0], []) } }
    static let training: ResultRule = { c in .bool(c.checker.isTraining) }

    static let build: ResultRule = { c in
        _ = try inMode(false, c.checker) { try c.apply(c[0], [c[1]]) }
        return c[0]
    }

    static let summary: ResultRule = { c in
        if case .exact(.none) = c[1] {} else { _ = try build(c) }
        return Abstract.none
    }

    /// Whether there is certain to be something to update.
    private static func hasParameters(_ a: Abstract, _ checker: Checker) -> Bool {
        switch a {
        case .object(let id):
            guard let object = checker.state.heap[id] else { return false }
            return object.declaration.fields.contains { $0.role == .param }
                || Swift.zip(object.declaration.fields, object.fields).contains { field, value in field.role != .state && value.map { hasParameters($0, checker) } ?? false }
        case .list(let items): return items.contains { hasParameters($0, checker) }
        case .record(let keys, _): return !keys.isEmpty
        default: return false
        }
    }

    static let update: ResultRule = { c in
        guard case .list(let rest) = c[2] else { return .unknown }
        if hasParameters(c[0], c.checker) { _ = try c.checker.repeating { try c.apply(c[1], Array(repeating: .unknown, count: rest.count + 1)) } } else {
            c.checker.calledUnseen(c[1])
        }
        c.checker.train(c[0])
        switch c[0] {
        case .object: return Abstract.none
        default: return .unknown
        }
    }

    /// One step of an optimizer: parameters of the shapes they had, and a state of which nothing is known.
    static let stepped: ResultRule = { c in
        switch (c[0], c[1]) {
        case (.object, .object), (.record, .object): _ = try ask(c)
        case (.object, let gradients) where gradients.isTensorLike: _ = try ask(c)
        case (let w, let gradients) where w.isTensorLike && gradients.isTensorLike: _ = try ask(c)
        default: break
        }
        c.checker.train(c[0])
        let states = c.operation.parameters.dropFirst(2).map(\.name).filter { ["velocity", "m", "v", "total"].contains($0) }
        let parameters: Abstract
        switch c[0] {
        case .object, .function, .exact(.function): parameters = .none
        case .unknown, .kind: parameters = .unknown
        default: parameters = c[0].trained
        }
        return .record(["params"] + states, [parameters] + states.map { _ in .unknown })
    }

    /// The parameters of a network whose parts are known.
    static let parameters: ResultRule = { c in
        switch c[0] {
        case .object(let id):
            var seen: Set<Int> = []
            return paths(id, "", c.checker, &seen).map { .record($0.map(\.0), $0.map(\.1)) } ?? .unknown
        case _ where c[0].isPlain || c[0].kindName(c.checker.state.heap) == "string": return try ask(c) ?? .unknown
        default: return .unknown
        }
    }

    static let restored: ResultRule = { c in
        c.checker.train(c[0], states: true)
        return Abstract.none
    }

    static let copy: ResultRule = { c in
        var copies: [Int: Int] = [:]
        func copied(_ a: Abstract) -> Abstract {
            switch a {
            case .object(let id):
                if let known = copies[id] { return .object(known) }
                guard let object = c.checker.state.heap[id] else { return .unknown }
                c.checker.nextObject += 1
                let own = c.checker.nextObject
                copies[id] = own
                c.checker.state.heap[own] = object
                for (i, field) in object.fields.enumerated() {
                    if let field { let value = copied(field); c.checker.state.heap[own]!.fields[i] = value }
                }
                return .object(own)
            case .list(let items): return .list(items.map(copied))
            case .record(let keys, let values): return .record(keys, values.map(copied))
            default: return a
            }
        }
        return copied(c[0])
    }

    /// The gradient by a value, in its own form.
    private static func mirror(_ a: Abstract?, _ checker: Checker? = nil) -> Abstract {
        switch a {
        case .object(let id)?:
            // A network's: by the paths of its parameters.
            var seen: Set<Int> = []
            return checker.flatMap { paths(id, "", $0, &seen) }.map { .record($0.map(\.0), $0.map { mirror($0.1) }) } ?? .unknown
        case .tensor(let shape, let type)?: return .tensor(shape, type)
        case .exact(.tensor(let t, _))?: return .tensor(t.shape.map { Size($0) }, t.dtype)
        case .exact(.number)?, .exact(.scalar)?, .size?, .kind(.number)?: return .kind(.number)
        case .list(let items)?: return .list(items.map { mirror($0) })
        case .record(let keys, let values)?: return .record(keys, values.map { mirror($0) })
        default: return .unknown
        }
    }

    /// The parameters of a network by path, as a run finds them; nil where something on the way is not known, or stands twice.
    private static func paths(_ id: Int, _ prefix: String, _ checker: Checker, _ seen: inout Set<Int>) -> [(String, Abstract)]? {
        guard seen.insert(id).inserted, seen.count < 256, let object = checker.state.heap[id] else { return nil }
        var found: [(String, Abstract)] = []
        if let stages = object.stages {
            for (i, stage) in stages.enumerated() {
                switch stage {
                case .exact(.function): continue
                // A function of the program may hold layers; one of the library's holds none.
                case .function(let f) where f.isStandardLibrary: continue
                case .object(let inner):
                    guard let parts = paths(inner, "\(prefix)\(i).", checker, &seen) else { return nil }
                    found += parts
                default: return nil
                }
            }
            return found
        }
        for (field, value) in Swift.zip(object.declaration.fields, object.fields) {
            guard let value else { return nil }
            switch value {
            case .exact(.none), .exact(.string), .exact(.bool), .exact(.function): continue
            case .exact, .size, .tensor, .kind(.number): if field.role == .param { found.append((prefix + field.name, value)) }
            case .function(let f) where f.isStandardLibrary: continue
            default: return nil
            }
        }
        return found
    }

    private static func displayedKind(_ a: Abstract, _ checker: Checker) throws -> Value {
        if case .tensor = a { return Value(try Tensor.fill([2], 0, .bool)) }
        return try checker.madeUp(a, isWhole: false, .first) ?? .none
    }

    private static func differentiated(_ c: AbstractCall, isOnce: Bool = true, _ result: @escaping (Abstract, Abstract) -> Abstract) -> Abstract {
        let f = c[0]
        // A gradient goes by its function's name too, as in a run.
        let what = c.operation.name, givesNumber = ["grad", "value_and_grad"].contains(what)
        var name = what
        if name != "jacobian", name != "hessian", case .function(let known) = f, case .closure(let code, _, _) = known.body, code.name != "function" { name += "(\(code.name))" }
        return .function(AbstractFunction(name, .native { checker, arguments, n in
            if givesNumber, let first = arguments.first {
                switch first {
                case .exact(.bool), .exact(.string), .exact(.none), .kind(.string), .wording, .tensor(_, .bool?):
                    throw Interpreter.hasNoGradient(try displayedKind(first, checker), what)
                default: break
                }
            }
            let value = try recorded(checker) {
                isOnce ? try checker.apply(f, arguments, [], n) : try checker.repeating { try checker.apply(f, arguments, [], n) }
            }
            if givesNumber || what == "hessian" { try refuseSeveral(value, what) }
            return result(value, mirror(arguments.first, checker))
        }))
    }

    static let gradient: ResultRule = { c in differentiated(c) { _, gradient in gradient } }
    static let valueAndGradient: ResultRule = { c in differentiated(c) { .record(["value", "grads"], [$0, $1]) } }
    static let derivative: ResultRule = { c in differentiated(c, isOnce: false) { _, _ in .unknown } }

    static let backprop: ResultRule = { c in
        try recorded(c.checker) {
            var stages = [c[0]]
            if case .object(let id) = c[0], let inside = c.checker.state.heap[id]?.stages {
                _ = try c.apply(c[0], [c[1]])
                stages = inside
            }
            // As the run does it: a layer is a stage with parameters and the stages without any behind it.
            var current = c[1]
            var a = [current], z = [Abstract.none], W = [Abstract.none], b = [Abstract.none]
            // What functions in front of the first layer do to x is known to the run alone.
            for (i, stage) in stages.enumerated() {
                let output = try c.checker.repeating { try c.apply(stage, [current]) }
                if hasParameters(stage, c.checker) {
                    if z.count > 1 { a.append(current) } else if i > 0 { a[0] = .unknown }
                    z.append(output)
                    W.append(field("W", of: stage, c.checker))
                    b.append(field("b", of: stage, c.checker))
                }
                current = output
            }
            if z.count > 1 { a.append(current) }
            var loss = c[3]
            if case .exact(.none) = loss { loss = .exact(.function(BuiltinFunction(Op.crossEntropy))) }
            warnOfScores(c.checker, c[0], loss)
            _ = try c.apply(loss, [current, c[2]])
            if case .exact(.none) = c[4] {} else { _ = try c.apply(c[4], [c[0]]) }
            // A function of the program may hold layers.
            let areKnown = stages.allSatisfy { switch $0 { case .object, .exact(.function): true; default: false } }
            guard areKnown, z.count > 1 else { return .kind(.record) }
            return .record(["loss", "objective", "grads", "a", "z", "delta", "grad_W", "grad_b"], [
                .kind(.number), .kind(.number), .kind(.record), .list(a), .list(z), .list([mirror(c[1])] + z.dropFirst().map { mirror($0) }), .list(W), .list(b),
            ])
        }
    }

    /// What mirrors a parameter of a layer, where it has one of that name.
    private static func field(_ name: String, of layer: Abstract, _ checker: Checker) -> Abstract {
        guard case .object(let id) = layer, let object = checker.state.heap[id], let i = object.declaration.field(name) else { return .unknown }
        return mirror(object.fields[safe: i] ?? nil)
    }

    static let called: ResultRule = { c in
        let value = try c.checker.repeating { try c.apply(c[0], [c[1]]) }
        try refuseSeveral(value, c.operation.name)
        return .kind(.record)
    }

    /// Throws where a function that must give one number gives a tensor that is known to hold another number of them.
    private static func refuseSeveral(_ value: Abstract, _ what: String) throws {
        guard value.isTensorLike, let shape = value.shape, shape.allSatisfy({ $0.isConstant && $0.isModest }) else { return }
        let sizes = shape.map { $0.samples[0] }
        if sizes.reduce(1, { $0 &* $1 }) != 1 { throw Interpreter.notOneNumber(sizes, what) }
    }

    static let timed: ResultRule = { c in try c.checker.repeating { try c.apply(c[0], []) } }

    static let held: ResultRule = { c in try c.apply(c[0], []) }

    static let ownMode: ResultRule = { c in
        c.checker.onlyEvaluates ? try inMode(false, c.checker, isForced: false) { try c.apply(c[0], []) } : try c.apply(c[0], [])
    }

    static let tried: ResultRule = { c in
        try c.checker.tried({ try inMode(false, c.checker) { try c.apply(c[0], [c[1]]) } }, else: { try inMode(true, c.checker) { try c.apply(c[0], [c[2]]) } })
    }

    static let misfits: ResultRule = { c in
        var isCertain = false
        _ = try c.checker.attempted {
            do { _ = try c.apply(c[0], []) } catch let error as Diagnostic {
                isCertain = error.kind == ErrorKind.shape.rawValue
                throw error
            }
        }
        return isCertain ? .exact(.bool(true)) : .kind(.bool)
    }

    /// The objects are afterwards what they were before.
    static let trial: ResultRule = { c in
        let before = c.checker.state.heap
        let result = try c.apply(c[0], [])
        for (id, object) in before { c.checker.state.heap[id] = object }
        return result
    }

    /// Nothing is given, but functions may be called.
    static let shown: ResultRule = { c in
        c.arguments.forEach(c.checker.calledUnseen)
        return Abstract.none
    }

    /// Nothing is known, and functions may be called.
    static let unseen: ResultRule = { c in
        c.arguments.forEach(c.checker.calledUnseen)
        return .unknown
    }

    static let interruptible: ResultRule = { c in
        _ = try c.apply(c[0], [])
        return .kind(.bool)
    }

    static let batchStatistics: ResultRule = { c in
        let channels = c[0].shape.flatMap { $0.count > 1 ? [$0[1]] : nil }
        return .record(["y", "mean", "var"], [c[0], .tensor(channels, nil), .tensor(channels, nil)])
    }

    // MARK: Data

    /// The tables that the program carries with it.
    static let embedded: ResultRule = { c in
        // Their labels are known; the check before a run does not wait for the larger one.
        if let name = c[0].exact?.asString, name == "iris.csv" || name == "digits.csv.gz" && !c.checker.onlyCertain, let table = try? c.checker.computed(c.operation, [Value(name)], nil) {
            return .exact(table)
        }
        switch c[0].exact?.asString {
        case "digits.csv.gz": return .tensor([Size(1_797), Size(65)], nil)
        case "iris.csv": return .tensor([Size(150), Size(5)], nil)
        default: return .tensor(nil, nil)
        }
    }

    static let batches: ResultRule = { c in
        func record(_ size: Size) -> Abstract {
            func rows(_ a: Abstract) -> Abstract {
                guard a.isTensorLike, let shape = a.shape, !shape.isEmpty else {
                    if case .list(let items) = a, let first = items.first { return .many(items.dropFirst().reduce(first) { c.checker.join($0, $1) }) }
                    return .unknown
                }
                return .tensor([size] + shape.dropFirst(), a.dtype)
            }
            return .record(["x", "y"], [rows(c[0]), rows(c[1])])
        }
        guard c[0].isTensorLike, let total = c[0].shape?.first?.constant, let n = c[2].wholeNumber?.constant, n > 0 else { return .many(record(c.checker.sizes.fresh())) }
        let whole = total / n, rest = total % n
        if whole > 256 { return .many(record(rest == 0 ? Size(n) : c.checker.sizes.fresh())) }
        return .list(Array(repeating: record(Size(n)), count: whole) + (rest > 0 ? [record(Size(rest))] : []))
    }

    static let hits: ResultRule = { _ in .unknown }

    // MARK: Sessions

    static let close: ResultRule = { c in
        guard c[0].isTensorLike, c[1].isTensorLike, !c[0].isPlain, !c[1].isPlain, let x = c[0].shape, let y = c[1].shape else { return .kind(.bool) }
        do {
            _ = try c.checker.inWorlds(x + y) { world in
                guard x.map(world.value) == y.map(world.value) else { throw TensorError(.shape, "") }
            }
            return .kind(.bool)
        } catch { return try ask(c) ?? .kind(.bool) }
    }

    static let precision: ResultRule = { c in
        guard let name = c[0].exact else { return .unknown }
        switch name {
        case .function(let f as BuiltinFunction) where f.name == "f64" || f.name == "f32": c.checker.interpreter.defaultType = f.name == "f64" ? .f64 : .f32
        case .string(let s) where s.string == "f64" || s.string == "f32": c.checker.interpreter.defaultType = s.string == "f64" ? .f64 : .f32
        case .none: return .kind(.string)
        default: return try ask(c)
        }
        return Abstract.none
    }

    static let exit: ResultRule = { c in
        if !c.checker.isCertain { c.checker.mayHaveExited = true }
        throw Checker.Stopped()
    }

    /// What the library refuses is an error of the call; what the user's own code refuses is for the run to say.
    static let error: ResultRule = { c in
        guard c.checker.activation.isLibrary, let message = c[0].shownText else { throw Checker.Stopped() }
        var diagnostic = Diagnostic(.value, message)
        diagnostic.kind = c[1].exact?.asString ?? diagnostic.kind
        throw diagnostic
    }

    /// The library refuses an argument: in the words of the run, where they are known.
    static let refuse: ResultRule = { c in
        guard c.checker.activation.isLibrary, let argument = c[0].exact?.asString, let message = c[1].shownText, let kind = c[2].exact?.asString else { return .unknown }
        throw Refusal.of(argument: argument, message, kind: kind, help: c[3].shownText, item: c[4].wholeNumber?.constant)
    }

    static let oneNumber: ResultRule = { c in
        guard c.checker.activation.isLibrary, c[0].isTensorLike, let shape = c[0].shape, !shape.isEmpty, !shape.contains(where: { $0.constant == 1 }),
              shape.allSatisfy(\.isConstant), let argument = c[1].exact?.asString, let what = c[2].shownText else { return .kind(.number) }
        throw Refusal.ofNumber("tensor \(shapeText(shape.map { World.first($0) }))", isTensor: true, argument: argument, what: what, help: c[3].shownText)
    }

    static let callText: ResultRule = { c in
        switch c[0] {
        case .function(let f):
            if case .declaration(let declaration) = f.body { return .text(Refusal.callText(f.name, declaration.constructor.code)) }
            guard let declared = c[1].exact?.asBool else { return .unknown }
            if declared { return Abstract.none }
            guard case .closure(let code, _, _) = f.body, code.name != "function" else { return .unknown }
            return .text(Refusal.callText(f.name, code))
        case .exact(.function(let f as BuiltinFunction)):
            guard let declared = c[1].exact?.asBool else { return .unknown }
            return declared ? Abstract.none : .text(Refusal.callText(f.operation))
        case .unknown, .kind(.function), .exact(.function): return .unknown
        default: return Abstract.none
        }
    }

    static let lastLayer: ResultRule = { c in
        guard case .object(let id) = c[0] else { return c[0].isExact ? nil : .kind(.string) }
        let last = c.checker.state.heap[id]?.stages.map(\.last) ?? c[0]
        return last.map { .text(c.checker.interpreter.layerText(c.checker.displayed($0))) } ?? .kind(.string)
    }

    static let expects: ResultRule = { c in
        guard let expected = c[1].shownText, let x = try c.checker.madeUp(c[2], isWhole: false, .first) else { return .unknown }
        let shape = c[2].shape.map { c.checker.interpreter.batchText($0.map { World.first($0) }) } ?? x.described
        throw Refusal.of(c.checker.interpreter.layerText(c.checker.displayed(c[0])), expected, shape, help: c[3].shownText)
    }

    /// The function is meant to fail.
    static let raises: ResultRule = { c in
        _ = try c.checker.attempted { try c.apply(c[0], []) }
        return .kind(.bool)
    }
}
