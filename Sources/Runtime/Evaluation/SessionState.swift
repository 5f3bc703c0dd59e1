import Tensors

/// What a session holds at one moment: its names, the fields of every object that can be reached from them, its random
/// streams and switches. `:undo` goes back to one.
///
/// Values are shared with the session, which copies them when it changes one, so that it costs pointers. An
/// object is the one kind with identity: its fields are kept, and set again.
public final class SessionState {
    fileprivate let bindings: [(name: String, value: Value)]
    fileprivate var objects: [(object: Object, fields: [Value?], random: RandomStream, pending: Int)] = []
    fileprivate let seed: UInt64, nextStream: UInt64, scriptRandom: RandomStream
    fileprivate let defaultType: DType, checksNaN: Bool
    /// The modules that have been imported: one that is forgotten runs again.
    fileprivate let modules: [String: Module]

    init(_ interpreter: Interpreter, _ module: Module) {
        bindings = module.bindings
        (seed, nextStream, scriptRandom) = (interpreter.seed, interpreter.nextStream, interpreter.scriptRandom)
        (defaultType, checksNaN, modules) = (interpreter.defaultType, interpreter.checksNaN, interpreter.modules)
        visit(bindings.map(\.value))
    }

    /// Finds the objects in values, and in what these hold. No recursion: values may be nested deep.
    private func visit(_ roots: [Value]) {
        var seen = Set<ObjectIdentifier>()
        var waiting = roots
        while let value = waiting.popLast() {
            switch value {
            case .object(let o):
                guard seen.insert(ObjectIdentifier(o)).inserted else { continue }
                let fields = (0..<o.declaration.fields.count).map { o[field: $0] }
                objects.append((o, fields, o.random, o.pending))
                waiting += fields.compactMap { $0 }
                waiting += o.declaration.methods.map { .function($0.closure) }
            case .list(let l):
                for item in l.items where item.canHoldObjects { waiting.append(item) }
            case .record(let r):
                for item in r.values where item.canHoldObjects { waiting.append(item) }
            case .function(let f):
                guard seen.insert(ObjectIdentifier(f)).inserted else { continue }
                waiting += f.held
            default: break
            }
        }
    }
}

extension Value {
    fileprivate var canHoldObjects: Bool {
        switch self {
        case .object, .list, .record, .function: true
        default: false
        }
    }
}

extension Function {
    /// The values that a function captured.
    fileprivate var held: [Value] {
        switch self {
        case let f as Closure: (0..<f.code.captures.count).compactMap { f.captures[$0].isUnset ? nil : Value(f.captures[$0]) }
        case let f as NativeFunction: f.captured
        case let f as GradientFunction: [f.function]
        default: []
        }
    }
}

extension Interpreter {
    public func state(of module: Module) -> SessionState { SessionState(self, module) }

    /// Makes everything as it was in that state.
    public func restore(_ state: SessionState, _ module: Module) {
        module.clear(prelude: prelude)
        for (name, value) in state.bindings { set(name, to: value, in: module) }
        for (object, fields, random, pending) in state.objects {
            for (i, field) in fields.enumerated() { object[field: i] = field }
            object.random = random
            object.pending = pending
        }
        Object.structure &+= 1
        (seed, nextStream, scriptRandom) = (state.seed, state.nextStream, state.scriptRandom)
        (defaultType, checksNaN, modules) = (state.defaultType, state.checksNaN, state.modules)
    }

    /// The names of a session that have another value than in that state, sorted.
    public func names(changedSince state: SessionState, in module: Module) -> [String] {
        let before = Dictionary(state.bindings.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        return module.bindings.filter { !Self.isSame($0.value, before[$0.name]) }.map(\.name).sorted()
    }

    private static func isSame(_ a: Value?, _ b: Value?) -> Bool {
        let (x, y) = (a.map { Word($0) } ?? .unset, b.map { Word($0) } ?? .unset)
        defer { x.release(); y.release() }
        return x.bits == y.bits && x.meta == y.meta
    }

    /// Whether nothing is other than in that state: what ran since then left no trace.
    public func isUnchanged(since state: SessionState, _ module: Module) -> Bool {
        let now = SessionState(self, module)
        return now.bindings.elementsEqual(state.bindings) { $0.name == $1.name && Self.isSame($0.value, $1.value) }
            && now.objects.elementsEqual(state.objects) { $0.object === $1.object && $0.random == $1.random && $0.fields.elementsEqual($1.fields, by: Self.isSame) }
            && now.seed == state.seed && now.nextStream == state.nextStream && now.scriptRandom == state.scriptRandom
            && now.defaultType == state.defaultType && now.checksNaN == state.checksNaN
    }

    /// Forgets all names of a session and starts its streams anew, as if the program had just begun.
    public func reset(_ module: Module) {
        module.clear(prelude: prelude)
        modules = [:]
        defaultType = .f32
        checksNaN = false
        setSeed(0)
    }

    /// Binds a name of a module from outside of the language.
    func set(_ name: String, to value: Value, in module: Module) {
        let cell = module.cell(name, prelude: prelude)
        module.noteAssigned(name)
        let old = cell.pointee
        cell.pointee = Word(value)
        old.release()
    }
}
