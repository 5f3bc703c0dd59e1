import Glibc
@testable import Tensors
import Testing

// Elementwise operations: broadcasting, types, Python's // and %, numbers beside tensors, optimizer steps.

@Suite(.serialized) struct ArithmeticTests {
    static let arithmetic: [(BinaryOperation, (Float, Float) -> Float)] = [
        (.add, { $0 + $1 }), (.subtract, { $0 - $1 }), (.multiply, { $0 * $1 }), (.divide, { $0 / $1 }),
        (.maximum, { $0 > $1 || $0.isNaN ? $0 : $1 }), (.minimum, { $0 < $1 || $0.isNaN ? $0 : $1 }),
    ]

    @Test func broadcasting() throws {
        let shapes: [([Int], [Int])] = [
            ([4, 5], [4, 5]), ([4, 5], [5]), ([5], [4, 5]), ([4, 5], [4, 1]), ([4, 1], [4, 5]), ([4, 1], [1, 5]), ([4, 5], []), ([], [4, 5]),
            ([2, 3, 4], [3, 1]), ([2, 1, 4], [3, 1]), ([2, 3, 4, 5], [3, 1, 5]), ([1, 1], [7]), ([0, 3], [3]), ([3, 0], [3, 1]), ([1], [3, 0]),
            ([2, 3], [1, 2, 3]), ([40, 37], [37]), ([6, 1, 1], [1, 1, 5]), ([200, 400], [400]), ([200, 400], [200, 1]),
        ]
        var source = Source(6, special: true), cases = Cases()
        for (a, b) in shapes {
            let shape = try Tensor.broadcastShape(a, b)
            let x = source.array(a.reduce(1, *), Float.self), y = source.array(b.reduce(1, *), Float.self)
            func at(_ i: Int, _ own: [Int]) -> Int {
                var rest = i, step = 1, at = 0
                for axis in stride(from: shape.count - 1, through: 0, by: -1) {
                    let size = axis - (shape.count - own.count) >= 0 ? own[axis - (shape.count - own.count)] : 1
                    if size > 1 { at += rest % shape[axis] * step }
                    step *= size
                    rest /= shape[axis]
                }
                return at
            }
            let pairs = (0..<shape.reduce(1, *)).map { (x[at($0, a)], y[at($0, b)]) }
            let tx = try tensor(of: x, a), ty = try tensor(of: y, b)
            for (op, f) in Self.arithmetic {
                #expect(try Tensor.binary(op, tx, ty).shape == shape)
                cases.add(pairs.map { f($0.0, $0.1) }, "\(op) of \(a) and \(b)") { try Tensor.binary(op, tx, ty) }
            }
            cases.add(pairs.map { $0.0 < $0.1 ? 1 : 0 as Float }, "less of \(a) and \(b)") { try Tensor.convert(Tensor.binary(.less, tx, ty), to: .f32) }
        }
        try cases.compare()
        #expect(message { _ = try Tensor.broadcastShape([2, 3], [4]) }.contains("[2, 3] and [4]"))
    }

    @Test func numbersBesideTensors() throws {
        let operations = (0...14).map { BinaryOperation(rawValue: $0)! }
        var source = Source(7, special: true)
        for single in [true, false] {
            let type: DType = single ? .f32 : .f64
            for _ in 0..<200 {
                let a = source.next(Double.self) * 3, b = source.next(Double.self) * 3
                let x = single ? Double(Float(a)) : a
                for op in operations {
                    let t = try Tensor.scalar(x, type)
                    let tensor = try Tensor.binary(op, t, b, .number, reversed: false)
                    let boxed = try Tensor.binary(op, t, Tensor.scalar(b, .number))
                    let (value, kind) = Tensor.scalar(op, x, type, b, .number)
                    #expect(tensor.dtype == boxed.dtype && tensor.dtype == kind)
                    let v = tensor.element(0)
                    #expect(v.bitPattern == boxed.element(0).bitPattern || v.isNaN && boxed.element(0).isNaN)
                    #expect(v.bitPattern == value.bitPattern || v.isNaN && value.isNaN, "\(op) of \(x) and \(b): \(v), \(value)")
                    let back = try Tensor.binary(op, t, b, .number, reversed: true).element(0), other = Tensor.scalar(op, b, .number, x, type).0
                    #expect(back.bitPattern == other.bitPattern || back.isNaN && other.isNaN)
                }
            }
        }
        #expect(try Tensor.binary(.add, counting([2], .f32), Tensor.scalar(1, .f64)).dtype == .f64)
        #expect(try Tensor.binary(.add, counting([2], .bool), counting([2], .bool)).dtype == .f32)
        #expect(try Tensor.binary(.add, counting([2], .bool), 1, .number, reversed: false).dtype == .f32)
        #expect(message { _ = try Tensor.binary(.and, counting([2]), counting([2])) }.contains("needs bools"))
    }

    @Test func flooredDivision() throws {
        // (a, b, a // b, a % b) as CPython gives them.
        let cases: [(Double, Double, Double, Double)] = [
            (7, 3, 2, 1), (-7, 3, -3, 2), (7, -3, -3, -2), (-7, -3, 2, -1), (6, 3, 2, 0), (-6, 3, -2, 0), (1, 0.1, 9, 0.09999999999999995),
            (0.3, 0.1, 2, 0.09999999999999998), (5.5, 2, 2, 1.5), (-0.5, 1, -1, 0.5), (1e18, 7, 142857142857142864, 1),
        ]
        for (a, b, q, r) in cases {
            #expect(Tensor.scalar(.floorDivide, a, .number, b, .number).0 == q, "\(a) // \(b)")
            #expect(Tensor.scalar(.modulo, a, .number, b, .number).0 == r, "\(a) % \(b)")
        }
        #expect(Tensor.scalar(.modulo, 1, .number, 0, .number).0.isNaN)
        #expect(Tensor.scalar(.floorDivide, 1, .number, 0, .number).0 == .infinity)
    }

    @Test func selection() throws {
        let c = try Tensor.binary(.greater, counting([3, 1]), 0, .number, reversed: false)
        #expect(try Tensor.selectWhere(c, counting([4]), Tensor.scalar(-1, .number)).elements == [-1, -1, -1, -1, 0, 1, 2, 3, 0, 1, 2, 3])
        #expect(try Tensor.sum(counting([2, 3]), to: [3]).elements == [3, 5, 7])
        #expect(try Tensor.sum(counting([2, 3]), to: [2, 1]).elements == [3, 12])
        #expect(try Tensor.sum(counting([2, 3]), to: []).elements == [15])
        #expect(try Tensor.broadcast(counting([2, 1]), to: [3, 2, 2]).elements == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1])
        #expect(try Tensor.cumulativeSum(counting([2, 3]), axis: 0).elements == [0, 1, 2, 3, 5, 7])
        #expect(try Tensor.argExtremum(tensor([1, .nan, 3]), axis: nil, largest: true).element(0) == 1)
        #expect(try Tensor.argExtremum(tensor([3, 1, 3, 1], [2, 2]), axis: 0, largest: false).elements == [0, 0])
        #expect(try Tensor.reduce(.all, tensor([1, 0, 1, 1], [2, 2], .bool), axes: [1], keep: false).elements == [0, 1])
        #expect(try Tensor.reduce(.sum, tensor([1, 0, 1, 1], nil, .bool), axes: nil, keep: false).element(0) == 3)
        #expect(try Tensor.reduce(.mean, Tensor.make([0], .f32), axes: nil, keep: false).element(0).isNaN)
        #expect(message { _ = try Tensor.reduce(.max, Tensor.make([0, 2], .f32), axes: [0], keep: false) }.contains("no elements"))
    }

    /// One fused pass has the bits of the formula in elementwise operations.
    @Test func optimizerSteps() throws {
        func op(_ o: BinaryOperation, _ a: Tensor, _ b: Tensor) throws -> Tensor { try Tensor.binary(o, a, b) }
        func op(_ o: BinaryOperation, _ a: Double, _ b: Tensor) throws -> Tensor { try Tensor.binary(o, b, a, .number, reversed: true) }
        func root(_ x: Tensor) throws -> Tensor {
            let y = try Tensor.make(like: x)
            for i in 0..<x.count { if x.dtype == .f32 { y.f32[i] = x.f32[i].squareRoot() } else { y.f64[i] = x.f64[i].squareRoot() } }
            return y
        }
        try everyPath { path in
            for type in [DType.f32, .f64] {
                var numbers = Numbers(8)
                let p0 = try numbers.tensor([5, 7], type), g = try numbers.tensor([5, 7], type), m0 = try numbers.tensor([5, 7], type)
                let v0 = try op(.multiply, m0, m0)
                func same(_ a: Tensor, _ b: Tensor) { #expect(a.elements == b.elements, "\(path)") }
                for (momentum, nesterov, l2) in [(0.0, false, 0.0), (0, false, 0.01), (0.9, false, 0), (0.9, false, 0.01), (0.9, true, 0), (0.9, true, 0.01)] {
                    var p = p0, v: Tensor? = momentum == 0 ? nil : m0
                    try Optimizers.sgd(&p, g, velocity: &v, rate: 0.1, momentum: momentum, nesterov: nesterov, l2: l2)
                    let d = l2 == 0 ? g : try op(.add, g, op(.multiply, l2, p0))
                    var step = d
                    if momentum != 0 {
                        let u = try op(.add, op(.multiply, momentum, m0), d)
                        same(v!, u)
                        step = nesterov ? try op(.add, d, op(.multiply, momentum, u)) : u
                    }
                    same(p, try op(.subtract, p0, op(.multiply, 0.1, step)))
                }
                for (l2, decay) in [(0.0, 0.0), (0.01, 0), (0, 0.01)] {
                    var p = p0, m = m0, v = v0
                    let power1 = pow(0.9, 3), power2 = pow(0.999, 3)
                    try Optimizers.adam(&p, g, mean: &m, square: &v, rate: 0.01, power1: power1, power2: power2, l2: l2, decay: decay)
                    let w = decay == 0 ? p0 : try op(.multiply, 1 - 0.01 * decay, p0)
                    let d = l2 == 0 ? g : try op(.add, g, op(.multiply, l2, w))
                    same(m, try op(.add, op(.multiply, 0.9, m0), op(.multiply, 1 - 0.9, d)))
                    same(v, try op(.add, op(.multiply, 0.999, v0), op(.multiply, 1 - 0.999, op(.multiply, d, d))))
                    let scale = try op(.add, 1e-8, Tensor.binary(.divide, root(v), (1 - power2).squareRoot(), .number, reversed: false))
                    same(p, try op(.subtract, w, op(.multiply, 0.01 / (1 - power1), op(.divide, m, scale))))
                }
                var p = p0, v = v0, b: Tensor? = m0
                try Optimizers.rmsprop(&p, g, square: &v, buffer: &b, rate: 0.01, momentum: 0.5)
                same(v, try op(.add, op(.multiply, 0.99, v0), op(.multiply, 1 - 0.99, op(.multiply, g, g))))
                same(b!, try op(.add, op(.multiply, 0.5, m0), op(.divide, g, op(.add, 1e-8, root(v)))))
                same(p, try op(.subtract, p0, op(.multiply, 0.01, b!)))
                p = p0; v = v0
                try Optimizers.adagrad(&p, g, sum: &v, rate: 0.01)
                same(v, try op(.add, v0, op(.multiply, g, g)))
                same(p, try op(.subtract, p0, op(.multiply, 0.01, op(.divide, g, op(.add, 1e-10, root(v))))))
            }
        }
    }
}
