import Tensors

/// What the checker knows of a value.
indirect enum Abstract {
    /// Nothing.
    case unknown
    /// Exactly this: a number, a bool, a string, `none`, a small tensor, a range, a built-in.
    case exact(Value)
    /// A whole number that is a size of something.
    case size(Size)
    /// A value of a kind, as `kind(x)` names it.
    case kind(Kind)
    /// A string with sizes in it that are not known, as it reads in the first world: it serves messages, and nothing else is known of it.
    case wording(String)
    /// A tensor; sizes and type where they are known.
    case tensor([Size]?, DType?)
    case list([Abstract])
    /// A list of unknown length whose items are like this one.
    case many(Abstract)
    /// A record with exactly these keys.
    case record([String], [Abstract])
    /// A record with some of these keys and no others.
    case fields([String])
    case function(AbstractFunction)
    /// An object, by its place in the heap.
    case object(Int)

    enum Kind: String { case number, bool, string, list, record, function, object }
}

/// Something to call that is not a plain built-in.
final class AbstractFunction {
    enum Body {
        /// A function of the language with what it captured; a method also has its object.
        case closure(FunctionCode, [Abstract?], object: Int?)
        case declaration(AbstractDeclaration)
        /// What a built-in made of a function: `grad(f)`, `map(f)`.
        case native((Checker, [Abstract], NodePointer?) throws -> Abstract)
    }
    let name: String
    let body: Body
    init(_ name: String, _ body: Body) { self.name = name; self.body = body }

    /// What arguments bind to; nil for what built-ins made.
    var parameters: [CodeParameter]? {
        switch body {
        case .closure(let code, _, _): code.parameters
        case .declaration(let d): d.constructor.code.parameters
        case .native: nil
        }
    }

    var isStandardLibrary: Bool {
        switch body {
        case .closure(let code, _, _): code.source.isStandardLibrary
        case .declaration(let d): d.isStandardLibrary
        case .native: true
        }
    }
}

/// A function's code and what it captured.
struct AbstractCode {
    var code: FunctionCode
    var captures: [Abstract?]
}

/// An `object` or `layer` declaration.
final class AbstractDeclaration {
    let name: String
    let isLayer: Bool
    let constructor: AbstractCode
    let fields: [(name: String, role: ObjectDeclaration.Field.Role, initializer: AbstractCode?, isLazy: Bool)]
    let methods: [AbstractCode]
    let asserts: [AbstractCode]
    let documentation: String

    init(name: String, isLayer: Bool, documentation: String, constructor: AbstractCode,
         fields: [(name: String, role: ObjectDeclaration.Field.Role, initializer: AbstractCode?, isLazy: Bool)],
         methods: [AbstractCode], asserts: [AbstractCode]) {
        self.name = name; self.isLayer = isLayer; self.documentation = documentation; self.constructor = constructor
        self.fields = fields; self.methods = methods; self.asserts = asserts
    }

    var isStandardLibrary: Bool { constructor.code.source.isStandardLibrary }
    func field(_ name: String) -> Int? { fields.firstIndex { $0.name == name } }
    func method(_ name: String) -> AbstractCode? { methods.first { $0.code.name == name } }
}

/// An object's fields; nil where one is not made yet.
struct AbstractObject {
    var declaration: AbstractDeclaration
    var fields: [Abstract?]
    /// The call that made it.
    var made: NodePointer?

    /// The stages of a chain made by `>>`, where they are known.
    var stages: [Abstract]? {
        guard declaration.name == "sequential", declaration.isStandardLibrary, let i = declaration.field("stages"),
              case .list(let items)?? = fields[safe: i] else { return nil }
        return items
    }
}

extension Array {
    subscript(safe i: Int) -> Element? { indices.contains(i) ? self[i] : nil }

    /// Whether it is the same array in memory: nothing was set in either.
    func isShared(with other: [Element]) -> Bool {
        withUnsafeBufferPointer { a in other.withUnsafeBufferPointer { b in a.baseAddress == b.baseAddress && a.count == b.count } }
    }
}

extension Abstract {
    static func number(_ x: Double) -> Abstract { .exact(.number(x)) }
    static func text(_ s: String) -> Abstract { .exact(Value(s)) }
    static let none = Abstract.exact(.none)
    static func bool(_ b: Bool?) -> Abstract { b.map { .exact(.bool($0)) } ?? .kind(.bool) }
    /// A whole number: exact where the size is a constant.
    static func whole(_ size: Size) -> Abstract { size.constant.map { .exact(Value($0)) } ?? .size(size) }
    /// A list of sizes.
    static func sizes(_ shape: [Size]) -> Abstract { .list(shape.map { .whole($0) }) }

    var exact: Value? { if case .exact(let v) = self { v } else { nil } }

    /// What `kind(x)` gives, where that is known.
    func kindName(_ heap: [Int: AbstractObject]) -> String? {
        switch self {
        case .unknown: nil
        case .exact(let v): v.kind
        case .size: "number"
        // An unknown number may be a 0-d tensor.
        case .kind(.number), .kind(.object), .kind(.bool): nil
        case .kind(let k): k.rawValue
        case .wording: "string"
        case .tensor: "tensor"
        case .list, .many: "list"
        case .record, .fields: "record"
        case .function: "function"
        case .object(let id): heap[id].map { $0.declaration.isLayer ? "layer" : "object" }
        }
    }

    /// The shape of what counts as a tensor: a tensor, a number, a list that stacks.
    var shape: [Size]? {
        switch self {
        case .tensor(let shape, _): return shape
        case .size, .kind(.number), .kind(.bool): return []
        case .exact(let v):
            switch v {
            case .tensor(let t, _): return t.shape.map { Size($0) }
            case .number, .scalar, .bool: return []
            case .range(let r): return [Size(r.count)]
            default: return nil
            }
        case .list(let items):
            guard let first = items.first else { return [Size(0)] }
            guard let inner = first.shape, items.allSatisfy({ $0.shape == inner }) else { return nil }
            return [Size(items.count)] + inner
        default: return nil
        }
    }

    /// A number, a bool or a 0-d tensor.
    var isPlain: Bool {
        switch self {
        case .size, .kind(.number), .kind(.bool): true
        case .tensor(let shape, _): shape.map(\.isEmpty) ?? false
        case .exact(let v): v.isPlain
        default: false
        }
    }

    var isTensorLike: Bool {
        switch self {
        case .tensor, .size, .kind(.number), .kind(.bool): return true
        case .exact(let v):
            switch v {
            case .tensor, .number, .scalar, .bool: return true
            default: return false
            }
        default: return false
        }
    }

    var dtype: DType? {
        switch self {
        case .tensor(_, let type): return type
        case .exact(.tensor(let t, _)): return t.dtype
        case .exact(.scalar(_, let type)): return type
        case .exact(.bool), .kind(.bool): return .bool
        case .exact(.number), .size: return .number
        default: return nil
        }
    }

    /// Every size in it.
    var everySize: [Size] {
        switch self {
        case .size(let s): return [s]
        case .tensor(let shape?, _): return shape
        case .exact(let v): return (shape ?? []) + ((v.asDouble.flatMap { Int(exactly: $0) }).map { [Size($0)] } ?? [])
        case .list(let items): return items.flatMap(\.everySize)
        case .record(_, let items): return items.flatMap(\.everySize)
        default: return []
        }
    }

    /// A known whole number.
    var wholeNumber: Size? {
        switch self {
        case .size(let s): return s
        case .exact(let v): return v.asDouble.flatMap { Int(exactly: $0) }.map { Size($0) }
        default: return nil
        }
    }

    /// The one truth value it is, where it is known.
    var truth: Bool? { exact?.asBool }

    /// Whether it has at most so many parts: values that hold one another grow without bound.
    func fits(_ budget: inout Int) -> Bool {
        budget -= 1
        guard budget >= 0 else { return false }
        switch self {
        case .list(let items), .record(_, let items):
            for item in items where !item.fits(&budget) { return false }
            return true
        case .many(let item): return item.fits(&budget)
        case .exact(.string(let s)): return s.string.utf8.count <= 4_096
        case .wording(let s): return s.utf8.count <= 4_096
        default: return true
        }
    }

    /// The same, or its kind where it has too many parts to follow.
    var bounded: Abstract {
        var budget = 8_192
        if fits(&budget) { return self }
        switch self {
        case .list, .many: return .kind(.list)
        case .record: return .kind(.record)
        case .exact, .wording: return .kind(.string)
        default: return .unknown
        }
    }

    /// Known to the last digit.
    var isExact: Bool {
        switch self {
        case .exact: true
        case .list(let items): items.allSatisfy(\.isExact)
        case .record(_, let items): items.allSatisfy(\.isExact)
        default: false
        }
    }

    /// The same knowledge: no join of the two would lose anything.
    func isSame(_ other: Abstract) -> Bool {
        switch (self, other) {
        case (.unknown, .unknown): return true
        case (.exact(let a), .exact(let b)): return Self.isSame(a, b)
        case (.size(let a), .size(let b)): return a == b
        case (.kind(let a), .kind(let b)): return a == b
        case (.wording(let a), .wording(let b)): return a == b
        case (.tensor(let a, let t), .tensor(let b, let u)): return a == b && t == u
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.isSame($1) }
        case (.many(let a), .many(let b)): return a.isSame(b)
        case (.record(let k, let a), .record(let l, let b)): return k == l && zip(a, b).allSatisfy { $0.isSame($1) }
        case (.fields(let a), .fields(let b)): return a == b
        case (.function(let a), .function(let b)): return a === b
        case (.object(let a), .object(let b)): return a == b
        default: return false
        }
    }

    private static func isSame(_ a: Value, _ b: Value) -> Bool {
        switch (a, b) {
        case (.none, .none): return true
        case (.bool(let x), .bool(let y)): return x == y
        case (.number(let x), .number(let y)): return x == y || (x.isNaN && y.isNaN)
        case (.scalar(let x, let t), .scalar(let y, let u)): return t == u && (x == y || (x.isNaN && y.isNaN))
        case (.string(let x), .string(let y)): return x === y || x.string == y.string
        case (.tensor(let x, _), .tensor(let y, _)):
            return x === y || (x.dtype == y.dtype && x.hasShape(of: y) && (0..<x.count).allSatisfy { x.element($0) == y.element($0) })
        case (.range(let x), .range(let y)): return x.start == y.start && x.step == y.step && x.count == y.count && x.text == y.text
        case (.function(let x), .function(let y)): return x === y
        default: return false
        }
    }
}

extension Checker {
    /// What is known of a value that is one or the other.
    func join(_ a: Abstract?, _ b: Abstract?) -> Abstract? {
        guard let a, let b else { return a == nil && b == nil ? nil : .unknown }
        return join(a, b)
    }

    func join(_ a: Abstract, _ b: Abstract) -> Abstract {
        if a.isSame(b) { return a }
        switch (a, b) {
        case (.list(let x), .list(let y)):
            if x.count == y.count { return .list(zip(x, y).map { join($0, $1) }) }
            return .many((x + y).dropFirst().reduce((x + y)[0]) { join($0, $1) })
        case (.many(let x), .many(let y)): return .many(join(x, y))
        case (.many(let x), .list(let items)), (.list(let items), .many(let x)): return .many(items.reduce(x) { join($0, $1) })
        case (.record(let k, let x), .record(let l, let y)):
            return k == l ? .record(k, zip(x, y).map { join($0, $1) }) : someOf(k, l)
        case (.fields(let k), .fields(let l)), (.fields(let k), .record(let l, _)), (.record(let k, _), .fields(let l)): return someOf(k, l)
        case (.object, .object): return .kind(.object)
        default: break
        }
        if a.isTensorLike, b.isTensorLike {
            let type = a.dtype == b.dtype ? a.dtype : nil
            if a.isPlain, b.isPlain {
                if case .exact(.bool) = a, case .exact(.bool) = b { return .kind(.bool) }
                let isNumber = [a, b].allSatisfy { if case .tensor = $0 { false } else { $0.dtype != .bool } }
                return isNumber ? .kind(.number) : .unknown
            }
            guard let x = a.shape, let y = b.shape, x.count == y.count else { return .tensor(nil, type) }
            return .tensor(zip(x, y).map { $0 == $1 ? $0 : sizes.fresh() }, type)
        }
        if let kind = a.kindName(state.heap), kind == b.kindName(state.heap), let known = Abstract.Kind(rawValue: kind), known != .object {
            return .kind(known)
        }
        return .unknown
    }

    /// A record with some of these keys.
    func someOf(_ keys: [String], _ others: [String]) -> Abstract {
        let all = keys + others.filter { !keys.contains($0) }
        return all.count <= 256 ? .fields(all) : .kind(.record)
    }

    /// A value in one world, for shape rules and messages: tensors have the right shape, and elements where `isWhole`, each
    /// marked as not known. nil where too little is known.
    func madeUp(_ a: Abstract, isWhole: Bool, _ world: World) throws -> Value? {
        switch a {
        case .unknown, .kind(.number), .kind(.bool), .kind(.list), .kind(.record), .fields, .kind(.object), .many, .tensor(nil, _): return nil
        case .exact(let v): return v
        case .size(let s): return Value(world(s))
        case .kind(.string), .wording: return .string(.unknown)
        case .kind(.function), .function: return .function(BuiltinFunction(Op.identity))
        case .tensor(let shape?, let type):
            let type = type ?? .f32, dims = shape.map(world.value)
            guard dims.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }), dims.reduce(1.0, { $0 * Double($1) }) < 0x1p28 || !isWhole else { return nil }
            if shape.isEmpty { return .scalar(type == .bool ? 0 : .notKnown, type == .number ? .f32 : type) }
            let count = dims.reduce(1.0) { $0 * Double($1) }
            // Of so many elements none is read.
            if !isWhole, count > 4_096 { return Value(try Tensor.view(of: Self.placeholder(type), dims)) }
            if count > 0x1p20 { return Value(try Tensor.make(dims, type)) }
            return Value(try Tensor.fill(dims, type == .bool ? 0 : .notKnown, type))
        case .list(let items):
            var made: [Value] = []
            for item in items {
                guard let v = try madeUp(item, isWhole: isWhole, world) else { return nil }
                made.append(v)
            }
            return Value(list: made)
        case .record(let keys, let items):
            var made: [Value] = []
            for item in items {
                guard let v = try madeUp(item, isWhole: isWhole, world) else { return nil }
                made.append(v)
            }
            return .record(Record(keys, made))
        case .object(let id): return state.heap[id] == nil ? nil : displayed(a)
        }
    }

    /// One element whose shape is changed to say what a tensor's shape is; nobody reads its elements.
    private static func placeholder(_ type: DType) -> Tensor {
        type == .bool ? boolPlaceholder : type == .f64 ? doublePlaceholder : floatPlaceholder
    }
    nonisolated(unsafe) private static let floatPlaceholder = try! Tensor.fill([1], .notKnown, .f32)
    nonisolated(unsafe) private static let doublePlaceholder = try! Tensor.fill([1], .notKnown, .f64)
    nonisolated(unsafe) private static let boolPlaceholder = try! Tensor.fill([1], 0, .bool)

    /// A value of the running interpreter (a built-in, the standard library) as the checker sees it.
    func lift(_ value: Value, depth: Int = 0) -> Abstract {
        guard depth < 8 else { return .unknown }
        let value = value.unboxed
        switch value {
        case .none, .bool, .number, .scalar, .string, .range: return .exact(value)
        case .tensor(let t, _): return t.count <= exactLimit && t.dtype != .number ? .exact(Value(t)) : .tensor(t.shape.map { Size($0) }, t.dtype)
        case .list(let l): return l.items.count <= 256 ? .list(l.items.map { lift($0, depth: depth + 1) }) : .kind(.list)
        case .record(let r): return .record(r.keys, r.values.map { lift($0, depth: depth + 1) })
        case .object: return .unknown
        case .function(let f):
            if let known = lifted[ObjectIdentifier(f)] { return .function(known) }
            let result: AbstractFunction
            switch f {
            case is BuiltinFunction: return .exact(value)
            case let closure as Closure:
                let part = lift(closure)
                result = AbstractFunction(f.name, .closure(part.code, part.captures, object: nil))
            case let declaration as ObjectDeclaration:
                result = AbstractFunction(f.name, .declaration(AbstractDeclaration(
                    name: declaration.name, isLayer: declaration.isLayer, documentation: declaration.documentation, constructor: lift(declaration.constructor),
                    fields: declaration.fields.map { ($0.name, $0.role, $0.initializer.map { lift($0) }, $0.isLazy) },
                    methods: declaration.methods.map { lift($0.closure) },
                    asserts: declaration.asserts.map { lift($0) })))
            default: return .kind(.function)
            }
            lifted[ObjectIdentifier(f)] = result
            return .function(result)
        }
    }

    private func lift(_ closure: Closure) -> AbstractCode {
        AbstractCode(code: closure.code, captures: closure.code.captures.indices.map { i in
            closure.captures[i].isUnset ? nil : lift(Value(closure.captures[i]), depth: 4)
        })
    }
}
