// Elementwise functions of one tensor: which kernel, which result type. The mathematics is in CKernels.

import CKernels

/// An elementwise function of one tensor.
///
/// In f32 every one is correctly rounded, in f64 within one unit in the last place (DESIGN §3); special
/// values (±0, ±inf, nan) follow C and NumPy.
public enum UnaryOperation: UInt8, CaseIterable {
    case negate, abs, sign, sqrt, square, exp, expm1, log, log1p, sin, cos, tan, tanh, sigmoid
    case relu, gelu, silu, softplus, erf, floor, ceil, round, reciprocal
    /// Bool results.
    case isnan, isfinite
    /// Of a bool tensor: exchanges true and false.
    case not
    /// With a parameter: the slope below 0.
    case leakyRelu
    /// exp(x) - 1 below 0; with a parameter: that many times it.
    case elu

    /// True for the functions whose result is a bool tensor.
    public var isPredicate: Bool { self == .isnan || self == .isfinite || self == .not }
}

private typealias FloatKernel = @convention(c) (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void
private typealias DoubleKernel = @convention(c) (UnsafeMutablePointer<Double>, UnsafePointer<Double>, Int) -> Void

extension UnaryOperation {
    /// The kernel for floats; nil for predicates and for what needs a parameter.
    fileprivate var floatKernel: FloatKernel? {
        switch self {
        case .negate: nns_neg_f32
        case .abs: nns_abs_f32
        case .sign: nns_sign_f32
        case .sqrt: nns_sqrt_f32
        case .square: nns_square_f32
        case .exp: nns_exp_f32
        case .expm1: nns_expm1_f32
        case .log: nns_log_f32
        case .log1p: nns_log1p_f32
        case .sin: nns_sin_f32
        case .cos: nns_cos_f32
        case .tan: nns_tan_f32
        case .tanh: nns_tanh_f32
        case .sigmoid: nns_sigmoid_f32
        case .relu: nns_relu_f32
        case .gelu: nns_gelu_f32
        case .silu: nns_silu_f32
        case .softplus: nns_softplus_f32
        case .erf: nns_erf_f32
        case .floor: nns_floor_f32
        case .ceil: nns_ceil_f32
        case .round: nns_round_f32
        case .reciprocal: nns_reciprocal_f32
        case .elu: nns_elu_f32
        case .isnan, .isfinite, .not, .leakyRelu: nil
        }
    }

    /// The kernel for doubles; nil for predicates and for what needs a parameter.
    fileprivate var doubleKernel: DoubleKernel? {
        switch self {
        case .negate: nns_neg_f64
        case .abs: nns_abs_f64
        case .sign: nns_sign_f64
        case .sqrt: nns_sqrt_f64
        case .square: nns_square_f64
        case .exp: nns_exp_f64
        case .expm1: nns_expm1_f64
        case .log: nns_log_f64
        case .log1p: nns_log1p_f64
        case .sin: nns_sin_f64
        case .cos: nns_cos_f64
        case .tan: nns_tan_f64
        case .tanh: nns_tanh_f64
        case .sigmoid: nns_sigmoid_f64
        case .relu: nns_relu_f64
        case .gelu: nns_gelu_f64
        case .silu: nns_silu_f64
        case .softplus: nns_softplus_f64
        case .erf: nns_erf_f64
        case .floor: nns_floor_f64
        case .ceil: nns_ceil_f64
        case .round: nns_round_f64
        case .reciprocal: nns_reciprocal_f64
        case .elu: nns_elu_f64
        case .isnan, .isfinite, .not, .leakyRelu: nil
        }
    }

    /// Elements worth a thread of their own: about 20 µs of work.
    fileprivate var grain: Int {
        switch self {
        case .negate, .abs, .sign, .sqrt, .square, .relu, .floor, .ceil, .round, .reciprocal, .isnan, .isfinite, .not,
             .leakyRelu: 262_144
        default: 16_384
        }
    }
}

extension Tensor {
    /// The function of every element. A bool tensor counts as floats, but for `not`, which wants one.
    public static func unary(_ op: UnaryOperation, _ x: Tensor) throws -> Tensor {
        if op.isPredicate { return try predicate(op, x) }
        if x.dtype == .bool { return try unary(op, floats(ofBool: x)) }
        let result = try make(like: x)
        if x.dtype == .f32 {
            guard let kernel = op.floatKernel else { throw parameterMissing(op) }
            let (a, b) = (x.f32, result.f32)
            split(x.count, op.grain) { kernel(b + $0, a + $0, $1) }
        } else {
            guard let kernel = op.doubleKernel else { throw parameterMissing(op) }
            let (a, b) = (x.f64, result.f64)
            split(x.count, op.grain) { kernel(b + $0, a + $0, $1) }
        }
        return result
    }

    /// A function with a parameter: `leakyRelu` (the slope) or `elu` (the factor below 0). Others throw.
    public static func unary(_ op: UnaryOperation, _ x: Tensor, parameter: Double) throws -> Tensor {
        if x.dtype == .bool { return try unary(op, floats(ofBool: x), parameter: parameter) }
        switch op {
        case .leakyRelu:
            let result = try make(like: x)
            if x.dtype == .f32 {
                let (a, b, slope) = (x.f32, result.f32, Float(parameter))
                split(x.count, op.grain) { nns_leaky_relu_f32(b + $0, a + $0, $1, slope) }
            } else {
                let (a, b) = (x.f64, result.f64)
                split(x.count, op.grain) { nns_leaky_relu_f64(b + $0, a + $0, $1, parameter) }
            }
            return result
        case .elu:
            let result = try unary(.elu, x)
            guard parameter != 1 else { return result }
            // The factor enters as one more operation, rounded like any product.
            if x.dtype == .f32 {
                let (p, factor) = (result.f32, Float(parameter))
                for i in 0..<x.count where !(x.f32[i] > 0) { p[i] = factor * p[i] }
            } else {
                let p = result.f64
                for i in 0..<x.count where !(x.f64[i] > 0) { p[i] = parameter * p[i] }
            }
            return result
        default: throw TensorError(.value, "`\(op)` takes no parameter")
        }
    }

    /// The function of one number, with the bits that a tensor of the given type would have; predicates
    /// give 1 or 0. The functions with a parameter take PyTorch's default for it: slope 0.01, factor 1.
    public static func scalar(_ op: UnaryOperation, _ x: Double, _ dtype: DType) -> Double {
        switch op {
        case .isnan: return x.isNaN ? 1 : 0
        case .isfinite: return x.isFinite ? 1 : 0
        case .not: return x == 0 ? 1 : 0
        default: break
        }
        if dtype.isDouble {
            guard let kernel = op.doubleKernel else { return x > 0 ? x : 0.01 * x }
            var y = x
            withUnsafeMutablePointer(to: &y) { kernel($0, $0, 1) }
            return y
        }
        guard let kernel = op.floatKernel else { return Double(x > 0 ? Float(x) : 0.01 * Float(x)) }
        var y = Float(x)
        withUnsafeMutablePointer(to: &y) { kernel($0, $0, 1) }
        return Double(y)
    }

    private static func predicate(_ op: UnaryOperation, _ x: Tensor) throws -> Tensor {
        let result = try make(like: x, .bool)
        let b = result.u8
        switch (op, x.dtype) {
        case (.not, .bool): nns_not_bool(b, x.u8, x.count)
        case (.not, _):
            throw TensorError(.type, "`not` wants a bool tensor, not \(x.dtype)", help: ["compare first: `x == 0`"])
        case (.isnan, .f32): nns_isnan_f32(b, x.f32, x.count)
        case (.isnan, .f64), (.isnan, .number): nns_isnan_f64(b, x.f64, x.count)
        case (.isfinite, .f32): nns_isfinite_f32(b, x.f32, x.count)
        case (.isfinite, .f64), (.isfinite, .number): nns_isfinite_f64(b, x.f64, x.count)
        default: b.update(repeating: op == .isfinite ? 1 : 0, count: x.count)  // a bool is finite
        }
        return result
    }

    private static func floats(ofBool x: Tensor) throws -> Tensor {
        try convert(x, to: .ofBools)
    }

    private static func parameterMissing(_ op: UnaryOperation) -> TensorError {
        TensorError(.value, "`\(op)` needs its parameter")
    }

    /// Calls the body with (first, count) of pieces that cover the elements, large tensors on several threads.
    @inline(__always) private static func split(_ count: Int, _ grain: Int, _ body: (Int, Int) -> Void) {
        Threads.runUnlessInterrupted(count: count, grain: grain) { body($0, $1 &- $0) }
    }
}
