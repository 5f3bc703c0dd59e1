import Glibc
@testable import Tensors
import Testing

// Elementwise functions and operators, selection and conversion: every path against one element after the other.

extension Plain {
    /// A function of one element: as C's math library in double, rounded once; in f64, where that rounds otherwise, the
    /// kernel's own result for an element alone.
    static func function<T: Element>(_ op: UnaryOperation, _ x: T) -> T {
        switch op {
        case .negate: return -x
        case .abs: return x.magnitude
        case .sign: return x > 0 ? 1 : x < 0 ? -1 : x.isNaN ? x : 0
        case .sqrt: return x.squareRoot()
        case .square: return x * x
        case .relu: return x > 0 || x.isNaN ? x : 0
        case .floor: return x.rounded(.down)
        case .ceil: return x.rounded(.up)
        case .round: return x.rounded(.toNearestOrEven)
        case .reciprocal: return 1 / x
        default: return T.dtype == .f64 ? T(Tensor.scalar(op, Double(x), .f64)) : T(reference(op, Double(x)))
        }
    }

    private static func reference(_ op: UnaryOperation, _ x: Double) -> Double {
        // Near 0 gelu and silu are a little more than x / 2, which may lie between two floats.
        func halves() -> Double { x == 0 ? x : nextafter(0.5 * x, .infinity) }
        let tiny = abs(x) < 0x1p-100
        switch op {
        case .exp: return exp(x)
        case .expm1: return expm1(x)
        case .log: return log(x)
        case .log1p: return log1p(x)
        case .sin: return sin(x)
        case .cos: return cos(x)
        case .tan: return tan(x)
        case .tanh: return tanh(x)
        case .sigmoid: return 1 / (1 + exp(-x))
        case .softplus: return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
        case .erf: return erf(x)
        case .gelu: return tiny ? halves() : x < -50 ? -0.0 : 0.5 * x * erfc(-x * 0.5.squareRoot())
        case .silu: return tiny ? halves() : x == -.infinity ? -0.0 : x / (1 + exp(-x))
        case .elu: return x > 0 ? x : expm1(x)
        default: return .nan
        }
    }

    /// An operator's result for two elements, `//` and `%` as CPython has them.
    static func operation<T: Element>(_ op: BinaryOperation, _ a: T, _ b: T) -> T {
        switch op {
        case .add: return a + b
        case .subtract: return a - b
        case .multiply: return a * b
        case .divide: return a / b
        case .maximum: return a > b || a.isNaN ? a : b
        case .minimum: return a < b || a.isNaN ? a : b
        case .floorDivide:
            if b == 0 { return a / b }
            let r = a.truncatingRemainder(dividingBy: b)
            var q = (a - r) / b
            if r != 0, (b < 0) != (r < 0) { q -= 1 }
            if q == 0 { return T(signOf: a / b, magnitudeOf: 0) }
            return q - q.rounded(.down) > 0.5 ? q.rounded(.down) + 1 : q.rounded(.down)
        case .modulo:
            let r = a.truncatingRemainder(dividingBy: b)
            if r == 0 { return T(signOf: b, magnitudeOf: 0) }
            return (b < 0) != (r < 0) ? r + b : r
        case .power: return T.dtype == .f64 ? T(Tensor.scalar(.power, Double(a), .f64, Double(b), .f64).0) : T(pow(Double(a), Double(b)))
        case .equal: return a == b ? 1 : 0
        case .notEqual: return a != b ? 1 : 0
        case .less: return a < b ? 1 : 0
        case .lessEqual: return a <= b ? 1 : 0
        case .greater: return a > b ? 1 : 0
        case .greaterEqual: return a >= b ? 1 : 0
        case .and: return a != 0 && b != 0 ? 1 : 0
        case .or: return a != 0 || b != 0 ? 1 : 0
        }
    }

    /// Where element i of a result of this shape comes from in an operand of shape `own`, by NumPy's broadcasting.
    static func place(_ i: Int, _ shape: [Int], _ own: [Int]) -> Int {
        var rest = i, step = 1, at = 0
        for axis in stride(from: shape.count - 1, through: 0, by: -1) {
            let ownAxis = axis - (shape.count - own.count), size = ownAxis >= 0 ? own[ownAxis] : 1
            if size > 1 { at += rest % shape[axis] * step }
            step *= size
            rest /= shape[axis]
        }
        return at
    }
}

@Suite(.serialized) struct ElementwiseBitsTests {
    static let functions = UnaryOperation.allCases.filter { !$0.isPredicate && $0 != .leakyRelu }
    static let operators = (0...14).map { BinaryOperation(rawValue: $0)! }

    @Test func functions() throws {
        try compareFunctions(Float.self)
        try compareFunctions(Double.self)
    }

    func compareFunctions<T: Element>(_: T.Type) throws {
        var source = Source(11), cases = Cases()
        for op in Self.functions {
            for round in 0..<testShapes {
                source.special = round % 2 == 0
                let shape = source.shape(rank: 3, most: 150), scale = [T(1), 20, 1, 3][round % 4]
                let x = source.array(shape.reduce(1, *), T.self).map { $0 * scale }, t = try tensor(of: x, shape)
                cases.add(x.map { Plain.function(op, $0) }, "\(op) of \(shape)") { try Tensor.unary(op, t) }
            }
        }
        for round in 0..<testShapes {
            let shape = source.shape(rank: 3, most: 150), x = source.array(shape.reduce(1, *), T.self), t = try tensor(of: x, shape)
            let slope = round % 2 == 0 ? 0.01 : -0.3
            cases.add(x.map { $0 > 0 ? $0 : T(slope) * $0 }, "leaky relu of \(shape)") { try Tensor.unary(.leakyRelu, t, parameter: slope) }
            cases.add(x.map { $0 > 0 ? $0 : T(slope) * Plain.function(.elu, $0) }, "elu of \(shape)") { try Tensor.unary(.elu, t, parameter: slope) }
            cases.add(x.map { $0.isNaN ? T(1) : 0 }, "isnan of \(shape)") { try Tensor.convert(Tensor.unary(.isnan, t), to: T.dtype) }
            cases.add(x.map { $0.isFinite ? T(1) : 0 }, "isfinite of \(shape)") { try Tensor.convert(Tensor.unary(.isfinite, t), to: T.dtype) }
        }
        try cases.compare("functions, \(T.dtype)")
    }

    /// Two shapes that broadcast.
    func pair(_ source: inout Source) -> ([Int], [Int]) {
        let shape = source.shape(rank: 4, most: 300)
        func own(_ source: inout Source) -> [Int] {
            switch source.upTo(4) {
            case 0: return shape
            case 1: return Array(shape.dropFirst(source.upTo(shape.count + 1)))
            default: return shape.map { source.upTo(3) == 0 ? 1 : $0 }
            }
        }
        return (own(&source), own(&source))
    }

    @Test func operators() throws {
        try compareOperators(Float.self)
        try compareOperators(Double.self)
    }

    func compareOperators<T: Element>(_: T.Type) throws {
        let edges: [([Int], [Int])] = [
            ([4, 5], []), ([], [4, 5]), ([2, 3, 4, 5], [3, 1, 5]), ([0, 3], [3]), ([3, 0], [3, 1]), ([1], [3, 0]), ([6, 1, 1], [1, 1, 5]), ([40, 37], [37]),
        ]
        var source = Source(12), cases = Cases()
        for round in 0..<Swift.max(testShapes, edges.count) {
            source.special = round % 2 == 0
            let (a, b) = round < edges.count ? edges[round] : pair(&source), shape = try Tensor.broadcastShape(a, b), n = shape.reduce(1, *)
            let x = source.array(a.reduce(1, *), T.self), y = source.array(b.reduce(1, *), T.self)
            let left = (0..<n).map { x[Plain.place($0, shape, a)] }, right = (0..<n).map { y[Plain.place($0, shape, b)] }
            let tx = try tensor(of: x, a), ty = try tensor(of: y, b), flagsX = try Tensor.convert(tx, to: .bool), flagsY = try Tensor.convert(ty, to: .bool)
            for op in Self.operators {
                #expect(try Tensor.binary(op, tx, ty).shape == shape)
                cases.add(zip(left, right).map { Plain.operation(op, $0, $1) }, "\(op) of \(a) and \(b)") {
                    let z = try Tensor.binary(op, tx, ty)
                    return op.isComparison ? try Tensor.convert(z, to: T.dtype) : z
                }
            }
            for op in [BinaryOperation.and, .or, .equal, .notEqual] {
                let expected = zip(left, right).map { Plain.operation(op, $0 != 0 ? T(1) : 0, $1 != 0 ? 1 : 0) }
                cases.add(expected, "\(op) of bools \(a) and \(b)") { try Tensor.convert(Tensor.binary(op, flagsX, flagsY), to: T.dtype) }
            }
            // A number beside a tensor, on either side.
            let number = Double(source.next(T.self)), rounded = T(number)
            for op in Self.operators {
                for reversed in [false, true] {
                    let expected = x.map { reversed ? Plain.operation(op, rounded, $0) : Plain.operation(op, $0, rounded) }
                    cases.add(expected, "\(op) of \(a) and \(number), reversed \(reversed)") {
                        let z = try Tensor.binary(op, tx, number, .number, reversed: reversed)
                        return op.isComparison ? try Tensor.convert(z, to: T.dtype) : z
                    }
                }
            }
        }
        try cases.compare("operators, \(T.dtype)")
    }

    @Test func selection() throws {
        try compareSelection(Float.self)
        try compareSelection(Double.self)
    }

    func compareSelection<T: Element>(_: T.Type) throws {
        var source = Source(13), cases = Cases()
        let other: DType = T.dtype == .f32 ? .f64 : .f32
        for round in 0..<testShapes {
            source.special = round % 2 == 0
            let (a, b) = pair(&source), shape = try Tensor.broadcastShape(a, b), n = shape.reduce(1, *)
            let x = source.array(a.reduce(1, *), T.self), y = source.array(b.reduce(1, *), T.self), flags = (0..<n).map { _ in source.upTo(2) }
            let tx = try tensor(of: x, a), ty = try tensor(of: y, b), c = try tensor(flags.map { Double($0) }, shape, .bool)
            cases.add((0..<n).map { flags[$0] == 1 ? x[Plain.place($0, shape, a)] : y[Plain.place($0, shape, b)] }, "where of \(a) and \(b)") {
                try Tensor.selectWhere(c, tx, ty)
            }
            cases.add((0..<n).map { x[Plain.place($0, shape, a)] }, "\(a) to \(shape)") { try Tensor.broadcast(tx, to: shape) }
            cases.add(x.map { T.dtype == .f32 ? $0 : T(Float($0)) }, "conversion of \(a)") { try Tensor.convert(Tensor.convert(tx, to: other), to: T.dtype) }
            cases.add(x.map { $0 != 0 ? T(1) : 0 }, "bools of \(a)") { try Tensor.convert(Tensor.convert(tx, to: .bool), to: T.dtype) }
            // Updates in place.
            let z = source.array(x.count, T.self), tz = try tensor(of: z, a), alpha = source.next(T.self)
            cases.add(zip(x, z).map { $0 + alpha * $1 }, "x + \(alpha) z of \(a)") {
                let sum = try Tensor.copy(tx)
                try Tensor.addScaled(sum, Double(alpha), tz)
                return sum
            }
            cases.add(zip(x, z).map { $0 + $1 }, "x + z of \(a) in place") {
                let sum = try Tensor.copy(tx)
                try Tensor.accumulate(into: sum, tz)
                return sum
            }
        }
        try cases.compare("selection and updates, \(T.dtype)")
    }
}
