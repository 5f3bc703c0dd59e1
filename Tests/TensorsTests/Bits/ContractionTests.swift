import CKernels
import Glibc
@testable import Tensors
import Testing

// What the compiler must not do to the kernels: fuse a product with a sum where they write two operations, or flush
// subnormal numbers to zero. It would show in the last bits alone.

@Suite(.serialized) struct ContractionTests {
    /// a b + c where the rounded product and the exact one give different sums: (1 + e)(1 - e) - 1 is 0 in two operations
    /// and -e² in one.
    @Test func productsAndSumsAreTwoOperations() throws {
        let n = 67, e = Float.ulpOfOne, d = Double.ulpOfOne, zeros = [Float](repeating: 0, count: n)
        func all(_ x: Float) -> [Float] { .init(repeating: x, count: n) }
        func all(_ x: Double) -> [Double] { .init(repeating: x, count: n) }
        let x = try tensor(of: all(1 - e), [n]), least = try tensor(of: all(Float(-1)), [n]), one = try tensor(of: all(Float(1)), [n])
        // A number whose square, rounded, lies between two floats when 1 is added, and whose exact square lies above.
        var root: Float = 0
        for k in stride(from: Float(5), to: 1000, by: 4) where root == 0 {
            let r = k.squareRoot()
            if r * r == k && Double(r) * Double(r) > Double(k) { root = r }
        }
        let small = root * 0x1p-12, row = [Float](repeating: 1, count: 16), pair = try tensor(of: row + row.map { $0 * small }, [2, 16])
        #expect(small * small + 1 != fmaf(small, small, 1))
        try everyPath { path in
            var y = all(Float(7)), z = all(7.0)
            nns_multiply_add_f32(&y, all(1 + e), all(1 - e), all(Float(-1)), n)
            nns_multiply_add_f64(&z, all(1 + d), all(1 - d), all(-1.0), n)
            #expect(y == zeros && z == zeros.map(Double.init), "\(path)")
            // The same in kernels that have such expressions: an update, a sum of squares, an optimizer's step.
            let sum = try Tensor.copy(least)
            try Tensor.addScaled(sum, Double(1 + e), x)
            #expect(difference(sum, zeros) == nil, "\(path)")
            #expect(difference(try Tensor.reduce(.sumOfSquares, pair, axes: [0], keep: false), row.map { $0 + small * small }) == nil, "\(path)")
            var p = one, none: Tensor?
            try Optimizers.sgd(&p, x, velocity: &none, rate: Double(1 + e))
            #expect(difference(p, zeros) == nil, "\(path)")
            // And products that are one operation: the small term stays.
            let dot = try Tensor.dot(tensor(of: [Float(-1), 1 + e], [2]), tensor(of: [Float(1), 1 - e], [2]))
            #expect(difference(dot, [-e * e]) == nil, "\(path)")
        }
    }

    @Test func subnormalNumbersStay() throws {
        try keepSubnormals(Float.self)
        try keepSubnormals(Double.self)
    }

    func keepSubnormals<T: Element>(_: T.Type) throws {
        let least = T.leastNonzeroMagnitude, n = 67, x = try tensor(of: [T](repeating: least, count: n), [n])
        let normal = try tensor(of: [T](repeating: T.leastNormalMagnitude, count: n), [n]), each = [T](repeating: least, count: n)
        var cases = Cases()
        cases.add(each.map { $0 * 3 }, "3 x") { try Tensor.binary(.multiply, x, 3, .number, reversed: false) }
        cases.add(each.map { T.leastNormalMagnitude - $0 }, "difference") { try Tensor.binary(.subtract, normal, x) }
        cases.add(each, "x through exact functions") { try Tensor.unary(.abs, Tensor.unary(.negate, x)) }
        cases.add(each, "x through tanh") { try Tensor.unary(.tanh, x) }
        cases.add([least * T(n)], "sum") { try Tensor.reduce(.sum, x, axes: nil, keep: false) }
        cases.add([least * T(n)], "dot") { try Tensor.dot(x, Tensor.fill([n], 1, T.dtype)) }
        cases.add([least * T(n)], "convolution") { try Tensor.conv2d(Tensor.reshape(x, [1, 1, 1, n]), Tensor.fill([1, 1, 1, n], 1, T.dtype)) }
        cases.add(each.map { _ in T.leastNormalMagnitude / 2 }, "half the least normal number") { try Tensor.binary(.divide, normal, 2, .number, reversed: false) }
        try cases.compare("subnormal numbers, \(T.dtype)")
    }
}
