import Autodiff
import Tensors

/// One built-in, declared in one place: name, signature, documentation, shape rule, forward, backward, examples.
///
/// Arity errors, help, completion, did-you-mean, `nns check` and the parameterised test all come from it.
public final class Operation: Rule {
    /// Where a name stands in the help.
    public enum Group: String, CaseIterable {
        case create, elementwise, reduce, shape, linearAlgebra = "linear algebra", lists = "lists, records, text"
        case neural, losses, gradients, data, pictures, session, training, random, operators
    }

    /// Input and the output that it prints, as in a session.
    public typealias Example = (input: String, output: String)

    public let name: String
    /// As a user would write the definition: `softmax(x, axis=-1)`, `zeros(shape...)`.
    public let signature: String
    public let group: Group
    /// One or more sentences; the first says what it gives.
    public let documentation: String
    public let examples: [Example]
    public let seeAlso: [String]
    /// The row of the lecture it serves, 0 for none.
    public let lecture: Int
    /// The shape of the result from the shapes of the arguments; nil where it depends on values.
    public let shape: ShapeRule?
    /// What is known of the result where that is more than a shape (a list, a record, what a function gives); see `Results`.
    let result: ResultRule?
    public let parameters: [Parameter]
    /// The index of the parameter that collects the rest, or -1.
    public let restIndex: Int
    let forward: (inout Call) throws -> Value
    /// The gradient rule; nil for operations made of others, and for those without a gradient.
    let derivative: ((Backward) throws -> Void)?
    /// True where the first argument is changed in place when nobody else holds it (`append`), so that
    /// `x = append(x, v)` may move x into the call.
    let movesFirst: Bool

    init(_ signature: String, _ group: Group, _ documentation: String, examples: [Example] = [], seeAlso: [String] = [],
                lecture: Int = 0, movesFirst: Bool = false, shape: ShapeRule? = nil, result: ResultRule? = nil, forward: @escaping (inout Call) throws -> Value,
                backward: ((Backward) throws -> Void)? = nil) {
        self.signature = signature
        self.group = group
        self.documentation = documentation
        self.examples = examples
        self.seeAlso = seeAlso
        self.lecture = lecture
        self.shape = shape
        self.result = result
        self.forward = forward
        derivative = backward
        (name, parameters) = Parameter.parse(signature)
        restIndex = parameters.firstIndex { $0.isRest } ?? -1
        self.movesFirst = movesFirst
        super.init()
    }

    override public func backward(_ step: Step) throws { try derivative?(Backward(step: step)) }

    override public func add(_ a: Variable, _ b: Variable) throws -> Variable {
        try (Value(a) + Value(b)).variable()
    }
}

/// The shape of a result from the arguments' shapes; nil for an argument that is no tensor. Throws `TensorError`
/// with kind `shape` where they do not fit.
public typealias ShapeRule = (_ shapes: [[Int]?], _ arguments: [Value]) throws -> [Int]

/// A parameter of a built-in.
public struct Parameter {
    public let name: String
    /// nil: it must be given. (Signatures may name another parameter, as `stride=size`: then the default is
    /// `none`, and the operation reads it so.)
    public let defaultValue: Value?
    /// The default as written, for help.
    public let defaultText: String?
    /// Collects all further positional arguments in a list.
    public let isRest: Bool

    /// The name and parameters of a signature.
    static func parse(_ signature: String) -> (String, [Parameter]) {
        guard let open = signature.firstIndex(of: "("), let close = signature.lastIndex(of: ")") else { return (signature, []) }
        let name = String(signature[..<open])
        var pieces: [String] = []
        var depth = 0
        var piece = ""
        var inString = false
        for c in signature[signature.index(after: open)..<close] {
            if c == "\"" { inString.toggle() }
            if !inString, c == "(" || c == "[" || c == "{" { depth += 1 }
            if !inString, c == ")" || c == "]" || c == "}" { depth -= 1 }
            if c == ",", depth == 0, !inString { pieces.append(piece); piece = "" } else { piece.append(c) }
        }
        if !piece.allSatisfy({ $0 == " " }) { pieces.append(piece) }
        return (name, pieces.map(one))
    }

    private static func one(_ text: String) -> Parameter {
        let trimmed = text.drop { $0 == " " }
        if let equals = trimmed.firstIndex(of: "=") {
            let name = String(trimmed[..<equals])
            let defaultText = String(trimmed[trimmed.index(after: equals)...])
            return Parameter(name: name, defaultValue: value(defaultText), defaultText: defaultText, isRest: false)
        }
        if trimmed.hasSuffix("...") { return Parameter(name: String(trimmed.dropLast(3)), defaultValue: nil, defaultText: nil, isRest: true) }
        return Parameter(name: String(trimmed), defaultValue: nil, defaultText: nil, isRest: false)
    }

    private static func value(_ text: String) -> Value {
        switch text {
        case "true": .bool(true)
        case "false": .bool(false)
        case "none": .none
        case "inf": .number(.infinity)
        case "{}": .record(Record())
        default:
            if let x = Double(text) { .number(x) } else if text.hasPrefix("\"") { Value(text == "\"\\n\"" ? "\n" : String(text.dropFirst().dropLast())) } else { .none }
        }
    }
}

extension Value {
    /// A variable of the tape as a value.
    @inline(__always) public init(_ variable: Variable) { self = .tensor(variable.tensor, variable.serial) }

    /// The value as a variable of the tape: numbers become 0-d tensors of type `.number`.
    @inline(__always) public func variable() throws -> Variable {
        switch self {
        case .tensor(let t, let serial): Variable(t, serial)
        case .number(let x): Variable(try Tensor.scalar(x, .number))
        case .scalar(let x, let type): Variable(try Tensor.scalar(x, type))
        case .bool(let b): Variable(try Tensor.scalar(b ? 1 : 0, .bool))
        default: throw TensorError(.type, "expected a tensor, got \(kind)")
        }
    }

    /// The tensor of a numeric value.
    @inline(__always) public func tensor() throws -> Tensor {
        if case .tensor(let t, _) = self { return t }
        return try variable().tensor
    }

    /// Its place on the tape; 0 for a constant.
    @inline(__always) public var serial: UInt64 {
        if case .tensor(_, let s) = self { s } else { 0 }
    }
}

/// What a gradient rule sees: the cotangent, the result, the inputs and the arguments, all as values; everything
/// it computes with them is differentiable again.
public struct Backward {
    let step: Step

    /// The cotangent of the result; has its shape.
    public var g: Value { Value(step.cotangent) }
    /// The result.
    public var y: Value { Value(step.output) }
    /// The argument of parameter `i` with its place on the tape (`none` where it was no tensor, number or bool).
    public func x(_ i: Int) -> Value { Value(step.input(i)) }
    /// The shape of the tensor argument of parameter `i`.
    public func shape(_ i: Int) -> [Int] { step.input(i).tensor?.shape ?? [] }
    /// Any argument as it was given or by its default.
    public func argument(_ i: Int) -> Value { saved?.arguments[i] ?? x(i).constant }
    /// What the forward pass left with `call.keep`.
    public var kept: AnyObject? { saved?.kept }
    private var saved: Saved? { step.saved.map { unsafeDowncast($0, to: Saved.self) } }
    /// True when the gradient of parameter `i` is asked for. For an operation over a list of tensors item `j` is
    /// input `parameters.count + j`.
    public func needs(_ i: Int) -> Bool { step.needs(i) }

    /// Gives the cotangent of parameter `i`; it must have that argument's shape (see `unbroadcast`).
    public func give(_ i: Int, _ cotangent: @autoclosure () throws -> Value) throws {
        guard step.needs(i) else { return }
        try step.give(i, try cotangent().variable())
    }
}

extension Value {
    /// An input of a recorded operation as a value; `none` where there was none.
    @inline(__always) init(_ input: Input) {
        if let tensor = input.tensor { self = .tensor(tensor, input.serial) }
        else if let type = input.numberType {
            switch type {
            case .number: self = .number(input.number)
            case .bool: self = .bool(input.number != 0)
            case .f32, .f64: self = .scalar(input.number, type)
            }
        }
        else { self = .none }
    }
}

/// Arguments that are no inputs of the tape, and whatever else an operation keeps for its gradient.
final class Saved {
    let arguments: [Value]
    let kept: AnyObject?
    init(_ arguments: [Value], _ kept: AnyObject?) { self.arguments = arguments; self.kept = kept }
}
