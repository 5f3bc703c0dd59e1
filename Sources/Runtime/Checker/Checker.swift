import Syntax
import Tensors

/// `nns check`: runs a program on what is known of its values instead of on values.
///
/// Goals, in this order: never report what would run without an error (what is not known is `unknown`, and silent);
/// report in the evaluator's own words (its message makers are called, and the operation at fault is asked itself,
/// on a made-up tensor of the right shape); go through everything a program does: functions at each call with what is
/// known of the arguments, layers through their source, both arms of an `if`, loops until nothing new is learnt.
/// Work is bounded: a program that needs more is checked as far as it goes.
final class Checker {
    /// Everything that a branch may change.
    struct State {
        /// The slots of the running function; nil: not set.
        var slots: [Abstract?] = []
        /// Top-level names; those not here have what their cell holds (built-ins, the standard library).
        var globals: [UnsafeMutablePointer<Word>: Abstract] = [:]
        var heap: [Int: AbstractObject] = [:]
    }

    /// How a statement ends: it goes on, it leaves (`return`, `break`, `continue`, `exit`), or the program fails there.
    enum Ending { case normal, left, failed }

    /// The function whose body is under way.
    final class Activation {
        let code: FunctionCode
        var isLibrary: Bool { code.source.isStandardLibrary }
        /// Results of `return`, and the states there.
        var results: [(value: Abstract, state: State)] = []
        var loops: [Loop] = []
        /// The chain whose stages it goes through.
        var chain: Chain?
        init(_ code: FunctionCode) { self.code = code }
    }

    /// A loop under way: the states at its `break` and `continue` statements.
    final class Loop {
        var breaks: [State] = []
        var continues: [State] = []
        /// How many ways had returned before it, and whether it was certain to come.
        let results: Int
        let isCertain: Bool
        init(results: Int, isCertain: Bool) { self.results = results; self.isCertain = isCertain }
    }

    /// The rounds of a loop under way, some of them on exactly what is known of the first ones.
    ///
    /// What fails there under a condition that is not known need not: the condition may exclude just these rounds
    /// (`if loss < best.loss { … } else { best.epoch }`). It counts where it fails with what is known of any round, too.
    final class Watch {
        /// The conditions not known that it stands under itself.
        let doubts: Int
        var pending: [String: Diagnostic] = [:]
        var isConfirming = false
        init(doubts: Int) { self.doubts = doubts }
    }

    /// A chain of layers under way, and the place of the stage that runs.
    final class Chain {
        let object: Int
        var position = 0
        init(_ object: Int) { self.object = object }
    }

    /// A call under way.
    struct Call {
        let name: String
        let node: NodePointer
        let isStandardLibrary: Bool
        /// What its arguments bind to, for a function of the language.
        var parameters: [CodeParameter]?
        /// The built-in that is called.
        var operation: Operation?
        /// The chain that it is the way through.
        var chain: Chain?
    }

    /// An error in a call, as the evaluator frames it.
    func framed(_ error: Error, _ call: Call) -> Diagnostic {
        if let chain = call.chain { return inChain(interpreter.diagnosed(error), chain) }
        let arguments = call.parameters.map { WrittenArguments(call.node, $0) } ?? call.operation.map { WrittenArguments(call.node, $0) }
        return interpreter.framed(error, call.node, call.name, arguments, isStandardLibrary: call.isStandardLibrary) as? Diagnostic ?? interpreter.diagnosed(error)
    }

    /// The program ends here of its own will: `error(…)`, a failed `assert`, `exit`.
    struct Stopped: Error {}
    /// `return`, `break` or `continue` inside an expression.
    struct Leaving: Error {}
    /// The work allowed is done.
    private struct Exhausted: Error {}
    /// The first error that is certain, where nothing else is wanted.
    private struct Found: Error { let diagnostic: Diagnostic }

    let interpreter: Interpreter
    /// Report only what happens on every run, and stop at the first such error.
    let onlyCertain: Bool
    private var work: Int

    var state = State()
    var sizes = Sizes()
    var activation: Activation
    /// What stands in the target being assigned to, evaluated.
    var targetParts: [NodePointer: Abstract] = [:]
    /// The value of the last expression statement of a block.
    var tailValue = Abstract.none
    /// True while everything executed so far is executed in every run. An error leaves it as it is where the error happens.
    var isCertain = true
    /// Above 0: errors are expected here (`try`), or have been reported already (further passes over a loop).
    var muted = 0
    /// How many errors were found where they are expected.
    var silenced = 0
    /// Conditions not known under which the code under way stands.
    var doubts = 0
    /// Loops of the program under way, outermost first.
    var watches: [Watch] = []
    /// The calls under way, outermost first.
    var calls: [Call] = []
    /// Codes under way, to end recursion.
    var running: [ObjectIdentifier] = []
    /// Functions of the user that were made, and those that were entered.
    var made: [(code: FunctionCode, function: AbstractFunction)] = []
    var entered: Set<ObjectIdentifier> = []
    /// Functions of the user that were not followed at some depth of a recursion.
    var cutOff: Set<ObjectIdentifier> = []
    /// The user's declarations, each with an object of which nothing is known.
    var declared: [(declaration: AbstractDeclaration, object: Int)] = []
    var lifted: [ObjectIdentifier: AbstractFunction] = [:]
    var nextObject = 0
    /// Modules imported: nil while they run.
    var modules: [String: Abstract?] = [:]
    /// The fields that the program's files set.
    var setFields = SetFields()
    /// The blocks under way that an error may leave anywhere, outermost first.
    var attempts: [Attempt] = []
    /// True where the program ends before its last statement: what follows would have set further names.
    private(set) var isCutShort = false
    private(set) var reports: [Diagnostic] = []
    private var reported: Set<String> = []
    /// The training mode, where it is known.
    var isTraining: Bool? = false
    /// True within `eval_mode`, where gradients do not train.
    var onlyEvaluates = false

    /// Some runs end at an `exit`, so that nothing behind it is certain.
    var mayHaveExited = false

    static let maxDepth = 60
    /// Tensors of so many elements are known to the last digit: the labels of a data set, for `nns check`.
    var exactLimit: Int { onlyCertain ? 64 : 2_048 }
    /// Stages of a chain that are followed.
    static let mostStages = 1_000

    private init(_ interpreter: Interpreter, _ code: FunctionCode, onlyCertain: Bool, work: Int) {
        self.interpreter = interpreter
        self.onlyCertain = onlyCertain
        self.work = work
        activation = Activation(code)
    }

    /// Every error of a program that was parsed and resolved, in the order in which they are found.
    static func everything(_ interpreter: Interpreter, _ code: FunctionCode, _ module: Module, _ trees: [Tree]) -> [Diagnostic] {
        let checker = Checker(interpreter, code, onlyCertain: false, work: 2_000_000)
        for tree in trees { checker.setFields.add(tree) }
        checker.run(code, module)
        return checker.reports
    }

    /// The first error that every run of a program ends in; nil where there may be none.
    static func certainFailure(_ interpreter: Interpreter, _ code: FunctionCode, _ module: Module, _ tree: Tree) -> Diagnostic? {
        let checker = Checker(interpreter, code, onlyCertain: true, work: 30_000)
        checker.setFields.add(tree)
        checker.run(code, module)
        return checker.reports.first
    }

    private func run(_ code: FunctionCode, _ module: Module) {
        let savedModule = interpreter.currentModule, savedType = interpreter.defaultType
        interpreter.currentModule = module
        defer {
            interpreter.currentModule = savedModule
            interpreter.defaultType = savedType
        }
        state.slots = Array(repeating: nil, count: code.slotCount)
        do {
            isCutShort = try block(code.body, tail: false) != .normal
            isCertain = false
            try checkUncalled()
        } catch let found as Found {
            reports = [found.diagnostic]
        } catch {
            // The end of the work allowed, or a failure at top level that was reported where it happened.
        }
    }

    /// An error in a stage of a chain, in the words of the run.
    func inChain(_ error: Diagnostic, _ chain: Chain) -> Diagnostic {
        guard let stages = state.heap[chain.object]?.stages, let stage = stages[safe: chain.position] else { return error }
        let names = interpreter.currentModule?.names.filter { name in
            guard let cell = interpreter.currentModule?.existingCell(name), case .object(chain.object)? = state.globals[cell] else { return false }
            return true
        } ?? []
        let name = Interpreter.telling(names)
        let made = if case .object(let id) = stage { state.heap[id]?.made } else { nil as NodePointer? }
        let before = chain.position > 0 ? displayed(stages[chain.position - 1]) : nil
        return interpreter.inChain(error, chain.position, displayed(stage), after: before, of: name, made: made)
    }

    /// A layer or function as messages show it.
    func displayed(_ a: Abstract, depth: Int = 0) -> Value {
        switch a {
        case .exact(let v): return v
        case .function(let f):
            if case .closure(let code, _, object: nil) = f.body { return .function(Closure(code)) }
            if case .declaration(let d) = f.body { return .function(shown(d)) }
            return .function(NativeFunction(f.name, captured: []) { _, _, _ in .none })
        case .record(let keys, let values) where depth < 8: return .record(Record(keys, values.map { displayed($0, depth: depth + 1) }))
        case .list(let items) where depth < 8: return Value(list: items.map { displayed($0, depth: depth + 1) })
        case .object(let id) where depth < 8:
            guard let known = state.heap[id] else { return .none }
            let declaration = shown(known.declaration)
            let object = Object(declaration, random: RandomStream(seed: 0, stream: 0))
            for i in 0..<declaration.constructor.code.parameters.count {
                if let field = known.fields[safe: i] ?? nil { object[field: i] = displayed(field, depth: depth + 1) }
            }
            return .object(object)
        default: return (try? madeUp(a, isWhole: false, .first)) ?? .none
        }
    }

    /// A declaration as messages show it.
    private func shown(_ known: AbstractDeclaration) -> ObjectDeclaration {
        let declaration = ObjectDeclaration(name: known.name)
        declaration.isLayer = known.isLayer
        declaration.constructor = Closure(known.constructor.code)
        declaration.forward = known.method("forward").map { Closure($0.code) }
        declaration.fields = known.fields.map { .init(name: $0.name, role: $0.role, initializer: nil, isLazy: false) }
        return declaration
    }

    /// Whether all is known that the text of a function, or of a layer as the call that made it, tells.
    private func hasText(_ a: Abstract, depth: Int = 0) -> Bool {
        switch a {
        case .exact: return true
        case .function(let f):
            switch f.body {
            case .closure(_, _, object: nil), .declaration: return true
            default: return false
            }
        case .list(let items): return depth < 8 && items.allSatisfy { hasText($0, depth: depth + 1) }
        case .object(let id):
            guard depth < 8, let known = state.heap[id] else { return false }
            return (0..<known.declaration.constructor.code.parameters.count).allSatisfy { i in
                (known.fields[safe: i] ?? nil).map { hasText($0, depth: depth + 1) } ?? false
            }
        default: return false
        }
    }

    /// What `string(x)` gives of a function or a layer, where that is known.
    func text(_ a: Abstract) -> String? {
        switch a {
        case .function, .object: hasText(a) ? interpreter.display(displayed(a)) : nil
        default: nil
        }
    }

    /// Counts a step; ends the check where too many were taken.
    @inline(__always) func step() throws {
        work -= 1
        if work < 0 { throw Exhausted() }
    }

    /// An error that a run which comes here ends in.
    func report(_ error: Diagnostic) throws {
        guard muted == 0 else {
            silenced += 1
            return
        }
        // Values are not known well enough to say that memory or time runs out.
        guard error.kind != ErrorKind.limit.rawValue, error.kind != ErrorKind.interrupt.rawValue else { return }
        var diagnostic = error
        for call in calls.reversed() {
            diagnostic = framed(diagnostic, call)
        }
        diagnostic.message = sizes.named(diagnostic.message)
        diagnostic.notes = diagnostic.notes.map(sizes.named)
        diagnostic.help = diagnostic.help.map(sizes.named)
        if onlyCertain {
            guard isCertain, !mayHaveExited else { return }
            throw Found(diagnostic: diagnostic)
        }
        let key = "\(diagnostic.source?.name ?? ""):\(diagnostic.span.start):\(diagnostic.source?.isStandardLibrary ?? false ? "\(diagnostic.place)" : "")"
        for watch in watches.reversed() {
            if watch.isConfirming {
                guard let first = watch.pending[key] else { return }
                diagnostic = first
            } else if watch.doubts < doubts {
                if watch.pending[key] == nil { watch.pending[key] = diagnostic }
                return
            }
        }
        if reported.insert(key).inserted { reports.append(diagnostic) }
    }

    /// What is no error but hardly meant: a warning that points at an argument of the user's call.
    func warn(_ warning: Diagnostic) {
        guard muted == 0, !onlyCertain else { return }
        var diagnostic = warning
        for call in calls.reversed() { diagnostic = framed(diagnostic, call) }
        guard let source = diagnostic.source else { return }
        if let call = diagnostic.frames.first(where: { !$0.source.isStandardLibrary }), source.isStandardLibrary { (diagnostic.source, diagnostic.span) = (call.source, call.span) }
        diagnostic.severity = .warning
        diagnostic.frames = []
        if reported.insert("\(source.name):\(diagnostic.span.start):\(warning.message)").inserted { reports.append(diagnostic) }
    }

    /// Goes through the rounds of a loop of the program; `confirm` then goes through one more with what is known of any of
    /// them, where something failed that need not.
    func watched<R>(_ rounds: () throws -> R, confirm: (Watch) throws -> Void) throws -> R {
        // The check before a run reports nothing of what stands under such a condition.
        guard !onlyCertain, !activation.isLibrary, muted == 0 else { return try rounds() }
        let watch = Watch(doubts: doubts), start = state
        watches.append(watch)
        defer {
            watches.removeLast()
            doubts = watch.doubts
        }
        let result = try rounds()
        guard !watch.pending.isEmpty else { return result }
        let (end, wasCertain, results, depth) = (state, isCertain, activation.results, calls.count)
        state = start
        isCertain = false
        defer {
            state = end
            isCertain = wasCertain
            activation.results = results
            calls.removeLast(calls.count - depth)
        }
        do { try confirm(watch) } catch is Diagnostic {} catch is Stopped {} catch is Leaving {} catch is NotKnown {}
        return result
    }

    // MARK: Functions that nobody calls

    /// Checks the bodies of functions that were made but never entered, or not entered at every depth of a recursion, on arguments
    /// of which nothing is known.
    private func checkUncalled() throws {
        guard !onlyCertain else { return }
        func check(_ code: FunctionCode, _ body: () throws -> Void) throws {
            guard !entered.contains(ObjectIdentifier(code)) || cutOff.contains(ObjectIdentifier(code)), !code.source.isStandardLibrary else { return }
            calls = []
            running = []
            muted = 0
            do { try body() } catch var error as Diagnostic {
                if error.source == nil { (error.source, error.span) = (code.source, code.span) }
                try report(error)
            } catch is Stopped {} catch is Leaving {} catch is NotKnown {}
        }
        for (declaration, object) in declared {
            for case (_, _, let initializer?, _) in declaration.fields {
                try check(initializer.code) {
                    _ = try initialize(initializer, object, Dictionary(uniqueKeysWithValues: Set(initializer.code.forwardNames).map { ($0, .unknown) }))
                }
            }
        }
        var index = 0
        while index < made.count {
            let (code, function) = made[index]
            index += 1
            try check(code) { _ = try callClosure(function, code.parameters.map { $0.isRest ? .kind(.list) : .unknown }, [], nil) }
        }
    }

    // MARK: Branches

    /// What is known where two ways meet.
    func merged(_ a: State, _ b: State) -> State {
        var result = a
        if !a.slots.isEmpty, !a.slots.isShared(with: b.slots) {
            for i in a.slots.indices where i < b.slots.count {
                if let x = a.slots[i], let y = b.slots[i], x.isSame(y) { continue }
                result.slots[i] = join(a.slots[i], b.slots[i])
            }
        }
        for (cell, value) in a.globals {
            guard let other = b.globals[cell] ?? original(cell) else { result.globals[cell] = .unknown; continue }
            if !value.isSame(other) { result.globals[cell] = join(value, other) }
        }
        for (cell, value) in b.globals where a.globals[cell] == nil {
            result.globals[cell] = original(cell).map { join($0, value) } ?? .unknown
        }
        for (id, object) in b.heap {
            guard let mine = a.heap[id] else { result.heap[id] = object; continue }
            if mine.fields.isShared(with: object.fields) { continue }
            for i in mine.fields.indices {
                if let x = mine.fields[i], let y = object.fields[i], x.isSame(y) { continue }
                // A field that one way made and the other did not will be made at the next call.
                let joined = mine.fields[i] == nil ? object.fields[i] : object.fields[i] == nil ? mine.fields[i] : join(mine.fields[i], object.fields[i])
                result.heap[id]!.fields[i] = joined
            }
        }
        return result
    }

    private func original(_ cell: UnsafeMutablePointer<Word>) -> Abstract? {
        cell.pointee.isUnset ? nil : lift(Value(cell.pointee))
    }

    /// The meeting of several ways; nil where there is none.
    func merged(_ states: [State]) -> State? {
        guard let first = states.first else { return nil }
        return states.dropFirst().reduce(first) { merged($0, $1) }
    }

    // MARK: Worlds

    /// Does `body` in each world and gives the three results, or nil where it fails in some and not in others. Throws its
    /// error where it fails whatever the unknown sizes are.
    func inWorlds<R>(_ involved: [Size], _ body: (World) throws -> R) throws -> [R]? {
        if involved.allSatisfy({ $0.isConstant && $0.isModest }) {
            let result = try body(.first)
            return [result, result, result]
        }
        var results: [R] = []
        var failure: Error?
        guard involved.allSatisfy(\.isModest) else { return nil }
        for world in 0..<Sizes.worlds {
            do { results.append(try body(World { $0.samples[world] })) } catch { failure = failure ?? error }
        }
        guard let failure else { return results }
        work -= 200
        if results.isEmpty, sizes.failsAlways(involved, { world in
            do { _ = try body(world); return false } catch { return true }
        }) { throw failure }
        return nil
    }

    /// The shape whose sizes have these samples; nil where the ranks differ.
    func shape(_ samples: [[Int]]) -> [Size]? {
        guard samples[1].count == samples[0].count, samples[2].count == samples[0].count else { return nil }
        return samples[0].indices.map { Size(samples: SIMD3(samples[0][$0], samples[1][$0], samples[2][$0])) }
    }
}
