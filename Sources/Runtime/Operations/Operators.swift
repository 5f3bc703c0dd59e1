import Autodiff
import Syntax
import Tensors

/// The operators `+ - * / // % ^ == != < <= > >= | & -x` as operations, with their gradients.
///
/// Numbers and unboxed scalars never come here from the tree walker's fast path; records and strings are
/// handled in `Arithmetic.swift`, which calls these for tensors.
public enum Op {}

/// Sums away what broadcasting added, so that a cotangent has its input's shape and type.
public func unbroadcast(_ g: Value, like x: Value) throws -> Value {
    let gradient = try g.tensor(), input = try x.tensor()
    var result = g
    if !gradient.hasShape(of: input) {
        result = try Op.sumLike(g, Value(input))
    }
    return gradient.dtype == input.dtype ? result : try Op.cast(result, Value(input.dtype.name))
}

extension DType {
    /// `f32`, `f64`, `bool`, `number`.
    public var name: String {
        switch self {
        case .bool: "bool"
        case .number: "number"
        case .f32: "f32"
        case .f64: "f64"
        }
    }
    init?(name: String) {
        guard let type = [DType.bool, .number, .f32, .f64].first(where: { $0.name == name }) else { return nil }
        self = type
    }
}

extension Op {
    private static func arithmetic(_ symbol: String, _ operation: BinaryOperation, _ documentation: String, _ examples: [Operation.Example],
                                   backward: ((Backward) throws -> Void)? = nil) -> Operation {
        Operation("\(symbol)(a, b)", .operators, documentation, examples: examples,
                  shape: { shapes, _ in try Tensor.broadcastShape(shapes[0] ?? [], shapes[1] ?? []) },
                  forward: { c in try binary(operation, c[0], c[1]) }, backward: backward)
    }

    /// A binary tensor operation on any mix of tensors and unboxed scalars.
    @inline(__always) static func binary(_ operation: BinaryOperation, _ a: Value, _ b: Value) throws -> Value {
        switch (a, b) {
        case (.tensor(let x, _), .tensor(let y, _)): return Value(try Tensor.binary(operation, x, y))
        case (.tensor(let x, _), .number(let y)): return Value(try Tensor.binary(operation, x, y, .number, reversed: false))
        case (.number(let x), .tensor(let y, _)): return Value(try Tensor.binary(operation, y, x, .number, reversed: true))
        default: return Value(try Tensor.binary(operation, try a.tensor(), try b.tensor()))
        }
    }

    public static let add: Operation = arithmetic("+", .add, "Elementwise sum, with broadcasting.", [("[1, 2] + 1", "[2, 3]")]) { b in
        try b.give(0, unbroadcast(b.g, like: b.x(0)))
        try b.give(1, unbroadcast(b.g, like: b.x(1)))
    }
    public static let subtract: Operation = arithmetic("-", .subtract, "Elementwise difference, with broadcasting.", [("[1, 2] - 1", "[0, 1]")]) { b in
        try b.give(0, unbroadcast(b.g, like: b.x(0)))
        try b.give(1, unbroadcast(-b.g, like: b.x(1)))
    }
    public static let multiply: Operation = arithmetic("*", .multiply, "Elementwise product, with broadcasting.", [("[1, 2] * [3, 4]", "[3, 8]")]) { b in
        try b.give(0, unbroadcast(b.g * b.x(1), like: b.x(0)))
        try b.give(1, unbroadcast(b.g * b.x(0), like: b.x(1)))
    }
    public static let divide: Operation = arithmetic("/", .divide, "Elementwise quotient, with broadcasting.", [("[1, 2] / 2", "[0.5, 1]")]) { b in
        try b.give(0, unbroadcast(b.g / b.x(1), like: b.x(0)))
        try b.give(1, unbroadcast(-(b.g * b.y) / b.x(1), like: b.x(1)))
    }
    public static let floorDivide: Operation = arithmetic("//", .floorDivide, "Quotient rounded down.", [("-7 // 2", "-4")]) { b in
        // Piecewise constant.
        try b.give(0, b.x(0) * .number(0))
        try b.give(1, b.x(1) * .number(0))
    }
    public static let modulo: Operation = arithmetic("%", .modulo, "Remainder with the divisor's sign.", [("-7 % 3", "2")]) { b in
        try b.give(0, unbroadcast(b.g, like: b.x(0)))
        try b.give(1, unbroadcast(-(b.g * (try floorDivide(b.x(0), b.x(1)))), like: b.x(1)))
    }
    public static let power: Operation = arithmetic("^", .power, "Elementwise power, exact when the result is representable.", [("2 ^ 10", "1024"), ("-2 ^ 2", "-4")]) { b in
        let x = b.x(0), p = b.x(1)
        if b.needs(0) {
            // p·x^(p−1); for p = 0 the power is constant, whatever x is, and so is this: 0·x^0.
            let lower = try Op.where(try equal(p, .number(0)), .number(0), p - .number(1))
            try b.give(0, unbroadcast(b.g * (p * (try power(x, lower))), like: x))
        }
        if b.needs(1) {
            // x^p·log x, whose limit at x = 0 (p > 0) is 0.
            let safe = try Op.where(try equal(x, .number(0)), .number(1), x)
            try b.give(1, unbroadcast(b.g * b.y * (try Op.log(safe)), like: p))
        }
    }

    public static let equal: Operation = arithmetic("==", .equal, "Elementwise equality, a bool tensor.", [("[1, 2] == 2", "[false, true]")])
    public static let notEqual: Operation = arithmetic("!=", .notEqual, "Elementwise inequality.", [("[1, 2] != 2", "[true, false]")])
    public static let less: Operation = arithmetic("<", .less, "Elementwise comparison.", [("[1, 2] < 2", "[true, false]")])
    public static let lessEqual: Operation = arithmetic("<=", .lessEqual, "Elementwise comparison.", [("[1, 3] <= 2", "[true, false]")])
    public static let greater: Operation = arithmetic(">", .greater, "Elementwise comparison.", [("[1, 3] > 2", "[false, true]")])
    public static let greaterEqual: Operation = arithmetic(">=", .greaterEqual, "Elementwise comparison.", [("[1, 2] >= 2", "[false, true]")])
    public static let elementAnd: Operation = arithmetic("&", .and, "Elementwise and of bool tensors.", [("[true, false] & true", "[true, false]")])
    public static let elementOr: Operation = arithmetic("|", .or, "Elementwise or of bool tensors.", [("[true, false] | [false, false]", "[true, false]")])

    public static let negate: Operation = Operation("-(x)", .operators, "The negative.", examples: [("-[1, 2]", "[-1, -2]")],
        shape: { shapes, _ in shapes[0] ?? [] },
        forward: { c in Value(try Tensor.unary(.negate, try c.tensor(0))) },
        backward: { b in try b.give(0, -b.g) })

    /// Sums a tensor down to a shape that broadcasts to its own.
    static let sumTo: Operation = Operation("sum_to(x, shape)", .operators, "Undoes broadcasting by summing.",
        forward: { c in Value(try Tensor.sum(try c.tensor(0), to: try c.ints(1))) },
        backward: { b in try b.give(0, broadcastTo(b.g, Value(list: b.shape(0).map { Value($0) }))) })

    /// Repeats a tensor along axes of size 1 and new leading axes.
    static let broadcastTo: Operation = Operation("broadcast_to(x, shape)", .operators, "Repeats by broadcasting.",
        forward: { c in Value(try Tensor.broadcast(try c.tensor(0), to: try c.ints(1))) },
        backward: { b in try b.give(0, sumTo(b.g, Value(list: b.shape(0).map { Value($0) }))) })

    /// Changes the element type.
    static let cast: Operation = Operation("cast(x, type)", .operators, "The same elements, rounded to another type.",
        forward: { c in
            guard let type = DType(name: try c.string(1)) else { throw Diagnostic(.value, "unknown element type") }
            return Value(try Tensor.convert(try c.tensor(0), to: type))
        },
        backward: { b in try b.give(0, cast(b.g, Value(try b.x(0).tensor().dtype.name))) })

    /// What the operators table holds, for help and the parameterised test.
    static let operators: [Operation] = [add, subtract, multiply, divide, floorDivide, modulo, power, equal, notEqual, less, lessEqual, greater,
                            greaterEqual, elementAnd, elementOr, negate]
}

// Operators for gradient rules. A shape error in a rule is a defect of the rule, but it is still thrown and shown.
extension Value {
    public static func + (a: Value, b: Value) throws -> Value { try Op.add(a, b) }
    public static func - (a: Value, b: Value) throws -> Value { try Op.subtract(a, b) }
    public static func * (a: Value, b: Value) throws -> Value { try Op.multiply(a, b) }
    public static func / (a: Value, b: Value) throws -> Value { try Op.divide(a, b) }
    public static prefix func - (a: Value) throws -> Value { try Op.negate(a) }
}
