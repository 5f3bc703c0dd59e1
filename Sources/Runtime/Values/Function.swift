import Tensors

/// Anything that can be called by name or value and is not an object.
public class Function {
    public let name: String
    /// How a plain call runs it; nil where a call needs more than its positional arguments in the frame.
    let plan: UnsafePointer<CallPlan>?
    init(name: String, plan: UnsafePointer<CallPlan>? = nil) {
        self.name = name
        self.plan = plan
        Memory.count(Self.head)
    }
    deinit { Memory.release(Self.head) }

    /// Bytes of a function with nothing captured.
    private static let head = 96
}

/// A built-in as a value.
public final class BuiltinFunction: Function {
    public let operation: Operation
    init(_ operation: Operation) {
        self.operation = operation
        super.init(name: operation.name)
    }
}

/// A function made by a built-in (`grad(f)`, `map(f)`): native code over the arguments as written.
public final class NativeFunction: Function {
    public typealias Body = (Interpreter, [Value], [(name: String, value: Value)]) throws -> Value
    /// Nil only while it is given back.
    public private(set) var body: Body!
    /// What it holds, so that layers inside are found.
    public private(set) var captured: [Value]
    public init(_ name: String, captured: [Value] = [], _ body: @escaping Body) {
        self.body = body
        self.captured = captured
        super.init(name: name)
        Memory.count(bytes)
    }
    deinit {
        Memory.release(bytes)
        if !captured.isEmpty { Release.drop(&captured, &body) }
    }

    /// Bytes of what it captured, once in the list and once in its code.
    private var bytes: Int { 96 &+ captured.count &* 48 }
}

/// What `grad(f)` and `value_and_grad(f)` make.
public final class GradientFunction: Function {
    private(set) var function: Value
    /// True where the value is wanted too.
    let givesValue: Bool
    init(of function: Value, givesValue: Bool) {
        self.function = function
        self.givesValue = givesValue
        super.init(name: givesValue ? "value_and_grad" : "grad")
    }
    deinit {
        var held = [function]
        function = .none
        Release.drop(&held)
    }
}

/// A function written in the language, with the locals it captured when it was made.
public final class Closure: Function {
    let code: FunctionCode
    let captures: UnsafeMutablePointer<Word>

    init(_ code: FunctionCode) {
        self.code = code
        captures = .allocate(capacity: max(1, code.captures.count))
        captures.initialize(repeating: .unset, count: max(1, code.captures.count))
        super.init(name: code.name, plan: code.plan)
        Memory.count(code.captures.count &* 16)
    }

    deinit {
        Release.drop(captures, code.captures.count)
        captures.deallocate()
        Memory.release(code.captures.count &* 16)
    }
}

/// What an `object` or `layer` declaration says; shared by its instances.
public final class ObjectDeclaration: Function {
    public internal(set) var isLayer = false
    /// Field names: header arguments, then `param` and `state` in order.
    public internal(set) var fields: [Field] = []
    /// Methods in the order of their declaration: few, so that one is found by comparing names.
    var methods: [(name: String, closure: Closure)] = []
    /// What a call of an instance runs.
    var forward: Closure?
    /// Binds the header arguments.
    var constructor: Closure!
    var asserts: [Closure] = []
    public internal(set) var documentation = ""

    public struct Field {
        public enum Role { case argument, param, state }
        public var name: String
        public var role: Role
        /// The initialiser, run at construction, or at the first `forward` where it needs its argument.
        var initializer: Closure?
        var isLazy = false
    }

    func field(_ name: String) -> Int? { fields.firstIndex { $0.name == name } }

    func method(_ name: String) -> Closure? {
        for i in methods.indices where methods[i].name == name { return methods[i].closure }
        return nil
    }
}

/// A thing with identity: its fields may change.
public final class Object {
    public let declaration: ObjectDeclaration
    let fields: UnsafeMutablePointer<Word>
    /// Its own random stream.
    public var random: RandomStream
    /// Number of lazy initialisers not yet run.
    var pending: Int
    /// The call that made it, for messages.
    var made: NodePointer?
    /// True once a walk over a network's parameters came by: from then on changes of its structure are noted.
    var isPartOfNetwork = false
    /// What such a walk from this object found.
    var network: Network?
    /// Counts the changes of structure of all networks: which fields hold parameters, layers, lists, functions.
    nonisolated(unsafe) static var structure = 0
    /// Bytes of an object without fields.
    private static let head = 144

    init(_ declaration: ObjectDeclaration, random: RandomStream) {
        self.declaration = declaration
        self.random = random
        fields = .allocate(capacity: max(1, declaration.fields.count))
        fields.initialize(repeating: .unset, count: max(1, declaration.fields.count))
        pending = 0
        Memory.count(Self.head &+ 16 &* declaration.fields.count)
    }

    deinit {
        if isPartOfNetwork { Object.structure &+= 1 }
        Release.drop(fields, declaration.fields.count)
        fields.deallocate()
        Memory.release(Self.head &+ 16 &* declaration.fields.count)
    }

    /// Sets a field whose value was taken out to be changed in place.
    func putBack(_ i: Int, _ value: Value) {
        fields[i] = Word(value)
        if isPartOfNetwork, !fields[i].isNumeric { Object.structure &+= 1 }
    }

    /// Notes a change of structure; a number or tensor in place of another is none.
    @inline(__always) func noteChange(from old: Word, to new: Word) {
        if !(old.isNumeric && new.isNumeric) { Object.structure &+= 1 }
    }

    /// A field's value; nil where it is not yet made.
    public subscript(field i: Int) -> Value? {
        get { fields[i].isUnset ? nil : Value(fields[i]) }
        set {
            let old = fields[i]
            fields[i] = newValue.map { Word($0) } ?? .unset
            if isPartOfNetwork { noteChange(from: old, to: fields[i]) }
            old.release()
        }
    }
}
