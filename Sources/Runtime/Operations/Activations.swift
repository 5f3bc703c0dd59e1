import Autodiff
import Syntax
import Tensors

// Activation functions of networks, and choices between elements: clip, maximum, minimum, where.

extension Op {
    public static let tanh: Operation = unary("tanh", .tanh, "The hyperbolic tangent, elementwise.", [("tanh(0)", "0"), ("tanh([-inf, inf])", "[-1, 1]")],
                                   seeAlso: ["sigmoid"]) { b in
        try b.give(0, tanhSlope(b.g, b.y))
    }
    public static let sigmoid: Operation = unary("sigmoid", .sigmoid, "The logistic function 1 / (1 + exp(-x)), elementwise.", [("sigmoid(0)", "0.5"), ("sigmoid([-inf, inf])", "[0, 1]")],
                                      seeAlso: ["tanh", "softplus", "softmax"]) { b in
        try b.give(0, sigmoidSlope(b.g, b.y))
    }
    public static let relu: Operation = unary("relu", .relu, "x where it is positive, else 0, elementwise. Its slope at 0 counts as 0.", [("relu([-1, 2])", "[0, 2]")],
                                   seeAlso: ["leaky_relu", "elu", "gelu"]) { b in
        try b.give(0, gate(b.g, b.x(0)))
    }
    public static let softplus: Operation = unary("softplus", .softplus, "log(1 + exp(x)), a smooth relu, elementwise; exact for large x.", [("softplus(0)", "0.6931471805599453"), ("softplus(1000)", "1000")],
                                       seeAlso: ["relu", "sigmoid"]) { b in
        try b.give(0, b.g * (try sigmoid(b.x(0))))
    }
    public static let silu: Operation = unary("silu", .silu, "x times sigmoid(x), elementwise (also called swish).", [("silu([0, 100])", "[0, 100]")],
                                   seeAlso: ["gelu", "relu"]) { b in
        let x = b.x(0), s = try sigmoid(x)
        try b.give(0, b.g * (s * (.number(1) + x * (.number(1) - s))))
    }
    public static let gelu: Operation = unary("gelu", .gelu, "x times the normal distribution's Φ(x), elementwise: x/2 · (1 + erf(x/√2)).", [("gelu([0, 100])", "[0, 100]")],
                                   seeAlso: ["erf", "silu"]) { b in
        // Φ(x) + x φ(x), with 1/√2 and 1/√(2π).
        let x = b.x(0)
        let cumulative = try (.number(1) + erf(x * .number(0.7071067811865476))) * .number(0.5)
        let density = try exp(square(x) * .number(-0.5)) * .number(0.3989422804014327)
        try b.give(0, b.g * (cumulative + x * density))
    }

    /// `g` where `x` is positive, else 0: the gradient of relu in one pass. Linear in `g`.
    static let gate: Operation = Operation("gate(g, x)", .operators, "The first where the second is positive, else 0.",
        shape: Rules.same,
        forward: { c in
            let g = try c.tensor(0), x = try c.tensor(1)
            guard g.dtype == x.dtype, g.hasShape(of: x), g.dtype != .bool else {
                return Value(try Tensor.selectWhere(try Tensor.binary(.greater, x, 0, .number, reversed: false), g, try Tensor.scalar(0, .number)))
            }
            let result = try Tensor.make(like: g)
            if g.dtype == .f32 { keepPositive(result.f32, g.f32, x.f32, g.count) } else { keepPositive(result.f64, g.f64, x.f64, g.count) }
            return Value(result)
        },
        backward: { b in try b.give(0, gate(b.g, b.x(1))) })

    /// `g · (1 − y·y)`: the gradient of y = tanh(x) in one pass, rounded as the formula written out.
    static let tanhSlope: Operation = slope("tanh_slope(g, y)", single: timesTanhSlope, double: timesTanhSlope) { b in
        let g = b.x(0), y = b.x(1)
        try b.give(0, b.g * (.number(1) - y * y))
        try b.give(1, b.g * (g * (y * .number(-2))))
    }

    /// `g · (y · (1 − y))`: the gradient of y = sigmoid(x) in one pass, rounded as the formula written out.
    static let sigmoidSlope: Operation = slope("sigmoid_slope(g, y)", single: timesSigmoidSlope, double: timesSigmoidSlope) { b in
        let g = b.x(0), y = b.x(1)
        try b.give(0, b.g * (y * (.number(1) - y)))
        try b.give(1, b.g * (g * (.number(1) - y * .number(2))))
    }

    private typealias SlopeLoop<T> = (_ result: UnsafeMutablePointer<T>, _ g: UnsafeMutablePointer<T>, _ y: UnsafeMutablePointer<T>, _ n: Int) -> Void

    /// A cotangent (of the result's shape and type) times a function of the result, elementwise.
    private static func slope(_ signature: String, single: @escaping SlopeLoop<Float>, double: @escaping SlopeLoop<Double>,
                              backward: @escaping (Backward) throws -> Void) -> Operation {
        Operation(signature, .operators, "A cotangent times a slope.", shape: Rules.same, forward: { c in
            let y = try c.tensor(1), g = try Tensor.convert(try c.tensor(0), to: y.dtype), result = try Tensor.make(like: y)
            if y.dtype == .f32 { single(result.f32, g.f32, y.f32, y.count) } else { double(result.f64, g.f64, y.f64, y.count) }
            return Value(result)
        }, backward: backward)
    }

    private static func timesTanhSlope<T: BinaryFloatingPoint>(_ result: UnsafeMutablePointer<T>, _ g: UnsafeMutablePointer<T>, _ y: UnsafeMutablePointer<T>, _ n: Int) {
        for i in 0..<n { result[i] = g[i] * (1 - y[i] * y[i]) }
    }

    private static func timesSigmoidSlope<T: BinaryFloatingPoint>(_ result: UnsafeMutablePointer<T>, _ g: UnsafeMutablePointer<T>, _ y: UnsafeMutablePointer<T>, _ n: Int) {
        for i in 0..<n { result[i] = g[i] * (y[i] * (1 - y[i])) }
    }

    private static func keepPositive<T: BinaryFloatingPoint>(_ result: UnsafeMutablePointer<T>, _ g: UnsafeMutablePointer<T>, _ x: UnsafeMutablePointer<T>, _ n: Int) {
        // Both are read before the choice, so that the compiler may choose between vectors.
        for i in 0..<n {
            let kept = g[i], gate = x[i]
            result[i] = gate > 0 ? kept : 0
        }
    }

    public static let leakyRelu: Operation = Operation("leaky_relu(x, slope=0.01)", .elementwise, "x where it is positive, else slope · x, elementwise.",
        examples: [("leaky_relu([-2, 2], 0.5)", "[-1, 2]")], seeAlso: ["relu", "elu"], shape: Rules.same,
        forward: { c in Value(try Tensor.unary(.leakyRelu, try c.tensor(0), parameter: try c.double(1))) },
        backward: { b in
            let above = try greater(b.x(0), .number(0))
            try b.give(0, `where`(above, b.g, b.g * b.argument(1)))
            if b.needs(1) { try b.give(1, unbroadcast(`where`(above, .number(0), b.g * b.x(0)), like: b.x(1))) }
        })

    public static let elu: Operation = Operation("elu(x, alpha=1)", .elementwise, "x where it is positive, else alpha · (exp(x) - 1), elementwise.",
        examples: [("elu([-inf, 2])", "[-1, 2]")], seeAlso: ["relu", "leaky_relu"], shape: Rules.same,
        forward: { c in Value(try Tensor.unary(.elu, try c.tensor(0), parameter: try c.double(1))) },
        backward: { b in
            let x = b.x(0), above = try greater(x, .number(0))
            // exp only where it is wanted: above, it could overflow.
            let below = try `where`(above, .number(0), x)
            try b.give(0, `where`(above, b.g, b.g * (b.argument(1) * (try exp(below)))))
            if b.needs(1) { try b.give(1, unbroadcast(`where`(above, .number(0), b.g * (try expm1(below))), like: b.x(1))) }
        })

    public static let clip: Operation = Operation("clip(x, low=none, high=none)", .elementwise,
        "x with what is below `low` raised to it and what is above `high` lowered to it, elementwise, with broadcasting. A bound may be none. The gradient of an element at a bound is 0 (half of it where the bound is a tensor).",
        examples: [("clip([-2, 0.5, 2], -1, 1)", "[-1, 0.5, 1]"), ("clip([-2, 2], low=0)", "[0, 2]")], seeAlso: ["maximum", "minimum"],
        shape: Rules.broadcast(3),
        forward: { c in
            var result = try c.value(0)
            if !c.isNone(1) { result = try binary(.maximum, result, try c.value(1)) }
            if !c.isNone(2) { result = try binary(.minimum, result, try c.value(2)) }
            return Value(try result.tensor())
        },
        backward: { b in
            let x = b.x(0)
            // At a bound that is a number the slope counts as 0, at one that is a tensor both get half, as in PyTorch.
            func share(_ bound: Value) -> Value { if case .tensor(let t, _) = bound, t.rank > 0 { .number(0.5) } else { .number(0) } }
            let low: Value? = b.argument(1).isNone ? nil : b.x(1), high: Value? = b.argument(2).isNone ? nil : b.x(2)
            let raised = try low.map { try maximum(x, $0) } ?? x
            // What passes a bound and what goes to it, of a cotangent g.
            func parts(_ g: Value, _ isBeyond: Value, _ isAt: Value, _ bound: Value) throws -> (past: Value, bound: Value) {
                let kept = share(bound), zero = Value.number(0)
                return (try `where`(isBeyond, zero, try `where`(isAt, g * kept, g)),
                        try `where`(isBeyond, g, try `where`(isAt, g * (.number(1) - kept), zero)))
            }
            var g = b.g
            if let high {
                let split = try parts(g, greater(raised, high), equal(raised, high), high)
                if b.needs(2) { try b.give(2, unbroadcast(split.bound, like: high)) }
                g = split.past
            }
            if let low {
                let split = try parts(g, less(x, low), equal(x, low), low)
                if b.needs(1) { try b.give(1, unbroadcast(split.bound, like: low)) }
                g = split.past
            }
            try b.give(0, unbroadcast(g, like: x))
        })

    /// The part of a cotangent that goes to the chosen operand: all of it, or half where both are equal.
    private static func share(_ g: Value, chosen: Value, tied: Value) throws -> Value {
        try `where`(chosen, g, `where`(tied, g * .number(0.5), .number(0)))
    }

    public static let maximum: Operation = Operation("maximum(a, b)", .elementwise, "The larger of two, elementwise, with broadcasting; nan where either is. Equal ones share the gradient.",
        examples: [("maximum([1, 5], [3, 2])", "[3, 5]"), ("maximum(2, 3)", "3")], seeAlso: ["max", "minimum", "clip"], shape: Rules.broadcast(2),
        forward: { c in Value(try binary(.maximum, try c.value(0), try c.value(1)).tensor()) },
        backward: { b in
            let x = b.x(0), y = b.x(1), tied = try equal(x, y)
            try b.give(0, unbroadcast(share(b.g, chosen: greater(x, y), tied: tied), like: x))
            try b.give(1, unbroadcast(share(b.g, chosen: greater(y, x), tied: tied), like: y))
        })

    public static let minimum: Operation = Operation("minimum(a, b)", .elementwise, "The smaller of two, elementwise, with broadcasting; nan where either is. Equal ones share the gradient.",
        examples: [("minimum([1, 5], [3, 2])", "[1, 2]"), ("minimum(2, 3)", "2")], seeAlso: ["min", "maximum", "clip"], shape: Rules.broadcast(2),
        forward: { c in Value(try binary(.minimum, try c.value(0), try c.value(1)).tensor()) },
        backward: { b in
            let x = b.x(0), y = b.x(1), tied = try equal(x, y)
            try b.give(0, unbroadcast(share(b.g, chosen: less(x, y), tied: tied), like: x))
            try b.give(1, unbroadcast(share(b.g, chosen: less(y, x), tied: tied), like: y))
        })

    private static func isFloat(_ type: DType) -> Bool { type == .f32 || type == .f64 }

    public static let `where`: Operation = Operation("where(condition, a, b)", .elementwise,
        "`a` where the condition holds, `b` elsewhere, elementwise, with broadcasting. The condition is a bool tensor.",
        examples: [("where([1, -2, 3] > 0, 1, 0)", "[1, 0, 1]"), ("where([true, false], [1, 2], [3, 4])", "[1, 4]")], seeAlso: ["clip", "maximum"],
        shape: Rules.broadcast(3), result: Results.condition,
        forward: { c in
            let condition = try c.tensor(0)
            guard condition.dtype == .bool else {
                throw Diagnostic(.type, "the condition of where must hold bools, got \(c[0].described)", help: ["compare, as in `where(x > 0, x, 0)`"])
            }
            // Two plain numbers beside a tensor condition make a tensor of the default type.
            let a = try c.tensor(1), b = try c.tensor(2)
            if condition.rank > 0, a.dtype == .number || b.dtype == .number, !isFloat(a.dtype), !isFloat(b.dtype) {
                let type = c.interpreter.defaultType
                return Value(try Tensor.selectWhere(condition, Tensor.convert(a, to: type), Tensor.convert(b, to: type)))
            }
            return Value(try Tensor.selectWhere(condition, a, b))
        },
        backward: { b in
            let condition = b.x(0)
            try b.give(1, unbroadcast(`where`(condition, b.g, .number(0)), like: b.x(1)))
            try b.give(2, unbroadcast(`where`(condition, .number(0), b.g), like: b.x(2)))
        })

    static let activations: [Operation] = [tanh, sigmoid, relu, leakyRelu, elu, gelu, silu, softplus, clip, maximum, minimum, `where`]
}
