import Glibc
@testable import Tensors
import Testing

// Elementwise operations: types, Python's // and %, numbers beside tensors (the bits: Bits/ElementwiseBitsTests.swift).

@Suite(.serialized) struct ArithmeticTests {
    @Test func shapesThatDoNotBroadcast() {
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
}
