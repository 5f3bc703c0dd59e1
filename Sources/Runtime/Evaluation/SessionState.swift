import Tensors

/// What a session holds at one moment: its names, the fields of every object that can be reached from them, its random
/// streams and switches. `:undo` goes back to one.
///
/// Values are shared with the session, which copies them when it changes one, so that it costs pointers. An
/// object is the one kind with identity: its fields are kept, and set again.
public final class SessionState {
    let bindings: [(name: String, value: Value)]
    private(set) var objects: [(object: Object, fields: [Value?], random: RandomStream, pending: Int)] = []
    /// The session's own random stream and switches.
    public let place: SessionPlace
    /// The modules that have been imported: one that is forgotten runs again.
    fileprivate let modules: [String: Module]

    init(_ interpreter: Interpreter, _ module: Module) {
        bindings = module.bindings
        (place, modules) = (SessionPlace(interpreter), interpreter.modules)
        Self.visit(bindings.map(\.value)) { self.objects.append(($0, $1, $0.random, $0.pending)) }
    }

    /// Finds the objects in values, and in what these hold, with their fields; and the functions. No recursion: values may be
    /// nested deep.
    static func visit(_ roots: [Value], function: (Function) -> Void = { _ in }, object: (Object, [Value?]) -> Void) {
        var seen = Set<ObjectIdentifier>()
        var waiting = roots
        func add(_ items: [Value], of holder: AnyObject) {
            // Parts may be held many times over: each is looked into once. Of many small ones nothing need be kept.
            guard items.contains(where: \.canHoldObjects), seen.insert(ObjectIdentifier(holder)).inserted else { return }
            for item in items where item.canHoldObjects { waiting.append(item) }
        }
        while let value = waiting.popLast() {
            switch value {
            case .object(let o):
                guard seen.insert(ObjectIdentifier(o)).inserted else { continue }
                let fields = (0..<o.declaration.fields.count).map { o[field: $0] }
                object(o, fields)
                waiting += fields.compactMap { $0 }
                waiting += o.declaration.methods.map { .function($0.closure) }
            case .list(let l):
                add(l.items, of: l)
            case .record(let r):
                add(r.values, of: r)
            case .function(let f):
                guard seen.insert(ObjectIdentifier(f)).inserted else { continue }
                function(f)
                waiting += f.held
            default: break
            }
        }
    }
}

/// How far a session's random streams have come, and its switches.
public struct SessionPlace: Equatable {
    /// The number that all streams come from.
    public let seed: UInt64
    /// The number that the next object's stream gets.
    public let nextStream: UInt64
    /// The script's own stream.
    public let scriptRandom: RandomStream
    /// The type of new tensors.
    public let defaultType: DType
    /// Whether `nan_check(true)` holds.
    public let checksNaN: Bool

    init(_ interpreter: Interpreter) {
        (seed, nextStream, scriptRandom) = (interpreter.seed, interpreter.nextStream, interpreter.scriptRandom)
        (defaultType, checksNaN) = (interpreter.defaultType, interpreter.checksNaN)
    }

    /// The statements by which a script comes from another place to this one.
    public func statements(from other: SessionPlace) -> [String] {
        var statements: [String] = []
        if (seed, nextStream, scriptRandom) != (other.seed, other.nextStream, other.scriptRandom) {
            statements.append("_streams_at(\(seed), \(nextStream), \(scriptRandom.seed), \(scriptRandom.call))")
        }
        if defaultType != other.defaultType { statements.append("precision(\(defaultType.name))") }
        if checksNaN != other.checksNaN { statements.append("nan_check(\(checksNaN))") }
        return statements
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
    /// How far the session's random streams have come, and its switches.
    public var place: SessionPlace { SessionPlace(self) }

    /// What a session would need to come back to: the names of its module and their values, streams and switches.
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
        setPlace(seed: state.place.seed, nextStream: state.place.nextStream, scriptRandom: state.place.scriptRandom)
        (defaultType, checksNaN, modules) = (state.place.defaultType, state.place.checksNaN, state.modules)
    }

    static func isSame(_ a: Value?, _ b: Value?) -> Bool {
        let (x, y) = (a.map { Word($0) } ?? .unset, b.map { Word($0) } ?? .unset)
        defer { x.release(); y.release() }
        return x.bits == y.bits && x.meta == y.meta
    }

    /// Whether nothing is other than in that state: what ran since then left no trace.
    public func isUnchanged(since state: SessionState, _ module: Module) -> Bool {
        let now = SessionState(self, module)
        return now.bindings.elementsEqual(state.bindings) { $0.name == $1.name && Self.isSame($0.value, $1.value) }
            && now.objects.elementsEqual(state.objects) { $0.object === $1.object && $0.random == $1.random && $0.fields.elementsEqual($1.fields, by: Self.isSame) }
            && now.place == state.place
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
