import Autodiff
import Syntax
import Tensors

// Functions of each element: exponentials, roots, trigonometry, rounding. Of a plain number they give a number.

extension Op {
    /// A function of each element with a kernel of its own.
    static func unary(_ name: String, _ operation: UnaryOperation, _ documentation: String, _ examples: [Operation.Example],
                      seeAlso: [String] = [], lecture: Int = 0, backward: ((Backward) throws -> Void)? = nil) -> Operation {
        Operation("\(name)(x)", .elementwise, documentation, examples: examples, seeAlso: seeAlso, lecture: lecture, shape: Rules.same,
                  forward: { c in try apply(operation, c) }, backward: backward)
    }

    /// One number needs no tensor.
    private static func apply(_ operation: UnaryOperation, _ c: Call) throws -> Value {
        switch c[0] {
        case .number(let x): .number(Tensor.scalar(operation, x, .number))
        case .scalar(let x, let type) where type != .bool: .scalar(Tensor.scalar(operation, x, type), type)
        default: Value(try Tensor.unary(operation, try c.tensor(0)))
        }
    }

    public static let exp: Operation = unary("exp", .exp, "e to the power x, elementwise.", [("exp(0)", "1"), ("exp([0, -inf])", "[1, 0]")],
                                  seeAlso: ["log", "expm1"]) { b in
        try b.give(0, b.g * b.y)
    }
    public static let log: Operation = unary("log", .log, "The natural logarithm, elementwise: -inf at 0, nan below.", [("log(1)", "0"), ("log([1, 0])", "[0, -inf]")],
                                  seeAlso: ["exp", "log1p", "logsumexp"]) { b in
        try b.give(0, b.g / b.x(0))
    }
    public static let log1p: Operation = unary("log1p", .log1p, "log(1 + x) without loss of digits for small x, elementwise.", [("log1p(0)", "0"), ("log1p(1e-20)", "1e-20")],
                                    seeAlso: ["log", "expm1"]) { b in
        try b.give(0, b.g / (.number(1) + b.x(0)))
    }
    public static let expm1: Operation = unary("expm1", .expm1, "exp(x) - 1 without loss of digits for small x, elementwise.", [("expm1(0)", "0"), ("expm1(1e-20)", "1e-20")],
                                    seeAlso: ["exp", "log1p"]) { b in
        try b.give(0, b.g * (b.y + .number(1)))
    }
    public static let sqrt: Operation = unary("sqrt", .sqrt, "The square root, elementwise: nan below 0.", [("sqrt(2)", "1.4142135623730951"), ("sqrt([4, 9])", "[2, 3]")],
                                   seeAlso: ["square"]) { b in
        try b.give(0, b.g / (b.y * .number(2)))
    }
    public static let abs: Operation = unary("abs", .abs, "The absolute value, elementwise. Its slope at 0 counts as 0.", [("abs([-2, 3])", "[2, 3]")],
                                  seeAlso: ["sign", "norm"]) { b in
        try b.give(0, b.g * (try sign(b.x(0))))
    }
    public static let sign: Operation = unary("sign", .sign, "-1, 0 or 1 as x is negative, zero or positive, elementwise.", [("sign([-2, 0, 3])", "[-1, 0, 1]")],
                                   seeAlso: ["abs"])
    public static let square: Operation = unary("square", .square, "x times x, elementwise.", [("square([2, -3])", "[4, 9]")], seeAlso: ["sqrt"]) { b in
        try b.give(0, b.g * (b.x(0) * .number(2)))
    }
    public static let sin: Operation = unary("sin", .sin, "The sine of an angle in radians, elementwise.", [("sin(0)", "0"), ("sin(pi / 2)", "1")],
                                  seeAlso: ["cos", "tan"]) { b in
        try b.give(0, b.g * (try cos(b.x(0))))
    }
    public static let cos: Operation = unary("cos", .cos, "The cosine of an angle in radians, elementwise.", [("cos(0)", "1"), ("cos(pi)", "-1")],
                                  seeAlso: ["sin", "tan"]) { b in
        try b.give(0, -(b.g * (try sin(b.x(0)))))
    }
    public static let tan: Operation = unary("tan", .tan, "The tangent of an angle in radians, elementwise.", [("tan(0)", "0")], seeAlso: ["sin", "cos"]) { b in
        try b.give(0, b.g * (.number(1) + b.y * b.y))
    }
    public static let erf: Operation = unary("erf", .erf, "The error function, 2/√π ∫₀ˣ exp(-t²) dt, elementwise.", [("erf(0)", "0"), ("erf([-inf, inf])", "[-1, 1]")],
                                  seeAlso: ["gelu"]) { b in
        // 2/√π
        try b.give(0, b.g * (.number(1.1283791670955126) * (try exp(-(try square(b.x(0)))))))
    }
    public static let floor: Operation = unary("floor", .floor, "The largest whole number not above x, elementwise.", [("floor([1.5, -1.5])", "[1, -2]")],
                                    seeAlso: ["ceil", "round"])
    public static let ceil: Operation = unary("ceil", .ceil, "The smallest whole number not below x, elementwise.", [("ceil([1.5, -1.5])", "[2, -1]")],
                                   seeAlso: ["floor", "round"])

    public static let round: Operation = Operation("round(x, digits=0)", .elementwise,
        "The nearest whole number, of two equally near the even one, elementwise. With `digits`, rounded to that many decimals.",
        examples: [("round([0.5, 1.5, -1.2])", "[0, 2, -1]"), ("round(2.71828, 2)", "2.72")], seeAlso: ["floor", "ceil"],
        shape: Rules.same,
        forward: { c in
            let x = try c.tensor(0), digits = try c.int(1)
            if digits == 0 { return Value(try Tensor.unary(.round, x)) }
            guard digits.magnitude <= 308 else { throw c.fault(.value, 1, "\(c.label(1)) must lie between -308 and 308, got \(digits)") }
            // Multiply and divide by a power of ten that is exact where it can be.
            let scale = powerOfTen(Swift.abs(digits))
            let up: BinaryOperation = digits > 0 ? .multiply : .divide, down: BinaryOperation = digits > 0 ? .divide : .multiply
            let scaled = try Tensor.binary(up, x, scale, .number, reversed: false)
            let rounded = try Tensor.binary(down, try Tensor.unary(.round, scaled), scale, .number, reversed: false)
            // What is too large for a decimal to be lost is whole already.
            let finite = try Tensor.unary(.isfinite, scaled)
            return Value(try Tensor.selectWhere(finite, rounded, x))
        })

    private static func powerOfTen(_ n: Int) -> Double {
        var result = 1.0
        for _ in 0..<n { result *= 10 }
        return result
    }

    public static let isnan: Operation = Operation("isnan(x)", .elementwise, "True where an element is not a number, a bool tensor.",
        examples: [("isnan([1, nan])", "[false, true]")], seeAlso: ["isfinite"], shape: Rules.same,
        forward: { c in Value(try Tensor.unary(.isnan, try c.tensor(0))) })

    public static let isfinite: Operation = Operation("isfinite(x)", .elementwise, "True where an element is neither infinite nor nan, a bool tensor.",
        examples: [("isfinite([1, inf, nan])", "[true, false, false]")], seeAlso: ["isnan"], shape: Rules.same,
        forward: { c in Value(try Tensor.unary(.isfinite, try c.tensor(0))) })

    static let elementwise: [Operation] = [exp, log, log1p, expm1, sqrt, abs, sign, square, sin, cos, tan, erf, floor, ceil, round, isnan, isfinite]
}
