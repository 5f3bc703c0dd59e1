import Autodiff
import Syntax
import Tensors

/// One call of a built-in: its arguments in the order of the parameters, defaults filled in.
public struct Call {
    public unowned(unsafe) let interpreter: Interpreter
    public unowned(unsafe) let operation: Operation
    let arguments: UnsafeMutablePointer<Value>
    /// Left for the gradient rule (`Backward.kept`).
    public var kept: AnyObject?

    public subscript(_ i: Int) -> Value { arguments[i] }

    /// Takes an argument, so that it may be changed in place where nobody else holds it.
    public func take(_ i: Int) -> Value {
        let value = arguments[i]
        arguments[i] = .none
        return value
    }

    public func isNone(_ i: Int) -> Bool { arguments[i].isNone }

    /// The message's name for parameter `i`: `axis of softmax`.
    func label(_ i: Int) -> String { "`\(operation.parameters[i].name)` of \(operation.name)" }

    func wrong(_ i: Int, _ expected: String) -> Diagnostic {
        fault(.type, i, "\(label(i)) must be \(expected), got \(arguments[i].described)")
    }

    private func notTensor(_ i: Int) -> Diagnostic {
        var error = wrong(i, "a tensor")
        error.notTensor = arguments[i].described
        return error
    }

    /// A tensor argument. A number counts as a 0-d tensor of type `.number`, a list is stacked (and the stacked
    /// tensor takes its place among the arguments, with its gradient).
    public func tensor(_ i: Int) throws -> Tensor {
        switch arguments[i] {
        case .tensor(let t, _): return t
        case .number, .scalar, .bool:
            let v = try arguments[i].variable()
            arguments[i] = .tensor(v.tensor, 0)
            return v.tensor
        case .list, .range:
            do { arguments[i] = try pointing(i) { try interpreter.stacked(arguments[i], what: label(i)) } } catch var error as Diagnostic where error.source == nil {
                error.help += textMend(i)
                throw error
            }
            return try tensor(i)
        case .record(let r) where r["x"] != nil:
            var error = notTensor(i)
            error.help = ["the inputs of a data set are its `x`: write `‹\(operation.parameters[i].name)›.x`"]
            throw error
        default: throw notTensor(i)
        }
    }

    /// What does with a list of texts what the operation does with numbers.
    private func textMend(_ i: Int) -> [String] {
        guard case .list(let l) = arguments[i], l.items.allSatisfy({ $0.asString != nil }) else { return [] }
        let name = operation.parameters[i].name
        return switch operation.name {
        case "sum": ["texts are joined by `join(‹\(name)›)`"]
        case "min": ["the first of texts in order is `sorted(‹\(name)›)[0]`"]
        case "max": ["the last of texts in order is `sorted(‹\(name)›)[-1]`"]
        case _ where operation.group == .losses: ["number the classes: `names = unique(‹\(name)›)`, then `[argmax([n == label for n in names]) for label in ‹\(name)›]`"]
        default: []
        }
    }

    /// The same as a value with its gradient, for operations made of others.
    public func value(_ i: Int) throws -> Value {
        switch arguments[i] {
        case .tensor, .number, .scalar: return arguments[i]
        default:
            _ = try tensor(i)
            return arguments[i]
        }
    }

    /// A tensor whose elements are numbers of the language's default type at least: a plain number becomes a 0-d
    /// tensor of the default type. For operations that make tensors (`expand`, `stack`).
    public func typedTensor(_ i: Int) throws -> Tensor {
        let t = try tensor(i)
        return t.dtype == .number ? try Tensor.convert(t, to: interpreter.defaultType) : t
    }

    /// A number (or 0-d tensor).
    public func double(_ i: Int) throws -> Double {
        guard let x = arguments[i].asDouble else { throw wrong(i, "a number") }
        return x
    }

    /// An integral number.
    public func int(_ i: Int) throws -> Int {
        let x = try double(i)
        guard let n = Int(exactly: x) else {
            throw fault(.value, i, "\(label(i)) must be a whole number, got \(numberText(x))")
        }
        return n
    }

    /// A whole number that is not negative: a size or a count.
    public func size(_ i: Int) throws -> Int {
        let n = try int(i)
        guard n >= 0 else { throw fault(.value, i, "\(label(i)) must not be negative, got \(n)") }
        return n
    }

    public func bool(_ i: Int) throws -> Bool {
        guard let b = arguments[i].asBool else { throw wrong(i, "true or false") }
        return b
    }

    public func string(_ i: Int) throws -> String {
        guard let s = arguments[i].asString else { throw wrong(i, "a string") }
        return s
    }

    /// Any sequence as its items: a list, a range, a tensor's rows, the keys of a record... (`interpreter.items`).
    public func items(_ i: Int) throws -> [Value] { try pointing(i) { try interpreter.items(of: arguments[i], what: label(i)) } }

    public func record(_ i: Int) throws -> Record {
        guard case .record(let r) = arguments[i] else { throw wrong(i, "a record") }
        return r
    }

    /// Something to call: a function or an object with `forward`.
    public func function(_ i: Int) throws -> Value {
        switch arguments[i] {
        case .function: return arguments[i]
        case .object: return arguments[i]
        default:
            var error = wrong(i, "a function")
            error.help = ["give the function, not its value: a function is written `x => …`"]
            let names = operation.parameters.map(\.name)
            func isFunction(_ value: Value) -> Bool {
                switch value {
                case .function: true
                case .list(let l) where i + 1 == operation.restIndex && l.items.count == 1: isFunction(l.items[0])
                default: false
                }
            }
            if operation.group == .lists, i + 1 < names.count, isFunction(arguments[i + 1]) {
                error.help = ["the function comes first: write `\(operation.name)(‹\(names[i + 1])›, ‹\(names[i])›)`"]
            }
            throw error
        }
    }

    /// Whole numbers from a list, a tensor, a range or a single number.
    public func ints(_ i: Int) throws -> [Int] { try pointing(i) { try interpreter.ints(arguments[i], what: label(i)) } }

    /// A shape from a rest parameter: sizes as arguments, or one list or tensor of them.
    public func shape(_ i: Int) throws -> [Int] {
        var value = arguments[i]
        if case .list(let l) = value, l.items.count == 1 {
            switch l.items[0] {
            case .list, .range: value = l.items[0]
            case .tensor(let t, _) where t.rank == 1: value = l.items[0]
            default: break
            }
        }
        // Of sizes that stand as arguments of their own, the one is wrong.
        func item(_ isWrong: (Value) -> Bool) -> Int? {
            guard case .list(let l) = arguments[i], case .list(let sizes) = value, l === sizes else { return 0 }
            return l.items.firstIndex(where: isWrong)
        }
        let sizes: [Int]
        do { sizes = try interpreter.ints(value, what: label(i)) } catch let error as Diagnostic {
            throw fault(ErrorKind(rawValue: error.kind) ?? .value, i, item: item { $0.asDouble.flatMap(Int.init(exactly:)) == nil }, error.message, help: error.help)
        }
        for d in sizes where d < 0 { throw fault(.value, i, item: item { $0.asDouble == Double(d) }, "a size in \(label(i)) must not be negative, got \(d)") }
        return sizes
    }

    /// Axes from `none` (nil: all), a number or a list, counted from 0 and distinct.
    public func axes(_ i: Int, rank: Int) throws -> [Int]? {
        if isNone(i) { return nil }
        var seen: [Int] = []
        for axis in try ints(i) {
            let normal = try pointing(i) { try Self.axis(axis, rank: rank, label: label(i)) }
            guard !seen.contains(normal) else { throw fault(.value, i, "\(label(i)) names axis \(axis) twice") }
            seen.append(normal)
        }
        return seen.sorted()
    }

    /// One axis, negative from the end.
    public func axis(_ i: Int, rank: Int) throws -> Int {
        let axis = try int(i)
        return try pointing(i) { try Self.axis(axis, rank: rank, label: label(i)) }
    }

    @inline(__always) static func axis(_ axis: Int, rank: Int, label: @autoclosure () -> String) throws -> Int {
        guard axis >= -rank, axis < rank else {
            throw Diagnostic(.shape, "\(label()) is \(axis), but the tensor has rank \(rank)",
                             help: rank == 0 ? [] : rank == 1 ? ["its only axis is 0, or -1 from the end"] : ["its axes are 0 … \(rank - 1), or \(-rank) … -1 from the end"])
        }
        return axis < 0 ? axis + rank : axis
    }
}

extension Value {
    /// The value as an error message names it: its kind, with the shape of a tensor.
    public var described: String {
        switch self {
        case .tensor(let t, _) where t.dtype != .number: "tensor [\(t.shape.map(String.init).joined(separator: ", "))]"
        case .number(let x): x.isNotKnown ? "number" : "number \(numberText(x))"
        case .string(let s): s.string.utf8.count <= 30 && s !== Text.unknown ? "string \"\(s.string)\"" : "string"
        case .bool(let b): b ? "true" : "false"
        default: kind
        }
    }

    /// The same as a noun of a sentence: "a list", "an object", "none".
    public var articled: String {
        switch self {
        case .none, .bool: described
        case .object: "an \(described)"
        default: "a \(described)"
        }
    }
}
