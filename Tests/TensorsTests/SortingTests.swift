@testable import Tensors
import Testing

@Suite struct SortingTests {
    @Test func stableWithNaNLast() throws {
        let x = try tensor([3, .nan, 1, 3, -.infinity, 1])
        #expect(try Tensor.argsort(x, axis: 0).elements == [4, 2, 5, 0, 3, 1])
        #expect(try Tensor.argsort(x, axis: 0, descending: true).elements == [0, 3, 2, 5, 4, 1])
        let sorted = try Tensor.sort(x, axis: 0).elements
        #expect(sorted.dropLast() == [-.infinity, 1, 1, 3, 3] && sorted[5].isNaN)
        // -0 equals 0: they keep their order and their signs.
        for dtype in [DType.f32, .f64] {
            let zeros = try Tensor.sort(tensor([0, -0.0, -1, 0, -0.0], nil, dtype), axis: 0).elements
            #expect(zeros.map(\.sign) == [.minus, .plus, .minus, .plus, .minus])
        }
    }

    /// Short lines, bytewise and 11-bit digits, both types, any axis: sorted, and a permutation.
    @Test(arguments: [1, 5, 32, 33, 1000, 5000], [DType.f32, .f64]) func sortsLines(_ n: Int, _ dtype: DType) throws {
        var numbers = Numbers(7)
        let x = try numbers.tensor([2, n, 3], dtype)
        for i in stride(from: 0, to: x.count, by: 5) { x.setElement(i, (x.element(i) * 4).rounded()) }
        let order = try Tensor.argsort(x, axis: 1), sorted = try Tensor.sort(x, axis: 1)
        #expect(try Tensor.takeAlong(x, order, axis: 1).elements.map(\.bitPattern) == sorted.elements.map(\.bitPattern))
        for o in 0..<2 { for c in 0..<3 {
            let line = (0..<n).map { x.element((o * n + $0) * 3 + c) }
            let expected = line.enumerated().sorted { $0.element != $1.element ? $0.element < $1.element : $0.offset < $1.offset }
            #expect((0..<n).map { order.element((o * n + $0) * 3 + c) } == expected.map { Double($0.offset) })
        } }
    }

    @Test func topkAndAlong() throws {
        let x = try tensor([1, 5, 3, 9, 2, 9], [2, 3])
        let (values, indices) = try Tensor.topk(x, 2, axis: -1)
        #expect(values.elements == [5, 3, 9, 9] && indices.elements == [1, 2, 0, 2])
        #expect(try Tensor.topk(x, 1, axis: 0).values.elements == [9, 5, 9])
        #expect(try Tensor.scatterAlong(shape: [2, 3], indices, values, axis: 1).elements == [0, 5, 3, 9, 0, 9])
        #expect(message { _ = try Tensor.topk(x, 4, axis: 1) } == "topk needs a k between 0 and the axis' size 3, not 4")
    }

    @Test func mediansAndQuantiles() throws {
        let x = try tensor([4, 1, 3, 2])
        #expect(try Tensor.median(x).element(0) == 2.5)
        #expect(try Tensor.quantile(x, 0.25).element(0) == 1.75)
        #expect(try Tensor.quantile(x, [0, 1]).elements == [1, 4])
        #expect(try Tensor.median(counting([3, 4]), axes: [0]).elements == [4, 5, 6, 7])
        #expect(try Tensor.median(counting([2, 3, 2]), axes: [0, 2], keep: true).shape == [1, 3, 1])
        #expect(try Tensor.median(counting([2, 3, 2]), axes: [0, 2]).elements == [3.5, 5.5, 7.5])
        #expect(try Tensor.median(tensor([1, .nan, 2])).element(0).isNaN)
        #expect(try Tensor.median(tensor([.infinity, .infinity])).element(0) == .infinity)
        let sources = try Tensor.quantileSources(x, 0.25, axes: nil)
        #expect(sources.low == [1] && sources.high == [3] && sources.t == 0.75)
        #expect(message { _ = try Tensor.quantile(x, 1.5) } == "a quantile lies between 0 and 1, not at 1.5")
        #expect(try Tensor.median(counting([0])).element(0).isNaN)
    }

    @Test func uniqueValues() throws {
        let u = try Tensor.unique(tensor([2, 1, .nan, 2, .nan, 0, -0.0])).elements
        #expect(u.dropLast() == [0, 1, 2] && u[3].isNaN)
    }
}
