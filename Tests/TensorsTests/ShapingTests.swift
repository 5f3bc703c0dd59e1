@testable import Tensors
import Testing

@Suite struct ShapingTests {
    @Test func reshapeInfersAndShares() throws {
        let x = try counting([2, 6])
        let y = try Tensor.reshape(x, [3, -1])
        #expect(y.shape == [3, 4] && y.data == x.data)
        #expect(try Tensor.reshape(tensor([5]), []).rank == 0)
        #expect(try Tensor.reshape(counting([0, 3]), [3, 0]).shape == [3, 0])
    }

    @Test func reshapeNamesTheNumbers() throws {
        let x = try counting([2, 3])
        #expect(message { _ = try Tensor.reshape(x, [4, 2]) } == "cannot reshape [2, 3] (6 elements) to [4, 2] (8 elements)")
        #expect(message { _ = try Tensor.reshape(x, [4, -1]) } == "cannot reshape [2, 3] (6 elements) to [4, -1]: 6 is not a multiple of 4")
        #expect(message { _ = try Tensor.reshape(x, [-1, -1]) }.hasPrefix("only one size can be -1"))
        #expect(message { _ = try Tensor.reshape(x, [0, -1]) }.hasSuffix("-1 is undetermined beside a size of 0"))
        #expect(message { _ = try Tensor.reshape(x, [-2, 3]) } == "a size cannot be negative: -2 in [-2, 3]")
        #expect(message { _ = try Tensor.reshape(x, [1 << 62, 1 << 62]) }.hasPrefix("not enough memory"))
    }

    /// Every permutation of four axes, for every element width, against the definition.
    @Test(arguments: [DType.bool, .f32, .f64]) func permuteFollowsTheDefinition(_ dtype: DType) throws {
        let shape = [3, 17, 2, 18]
        let x = try Tensor.make(shape, dtype)
        for i in 0..<x.count { x.setElement(i, Double(dtype == .bool ? i * 7 % 3 % 2 : i)) }
        let strides = Striding.rowMajor(shape)
        for a in 0..<4 { for b in 0..<4 where b != a { for c in 0..<4 where c != a && c != b {
            let order = [a, b, c, 6 - a - b - c]
            let y = try Tensor.permute(x, order)
            #expect(y.shape == order.map { shape[$0] })
            var i = 0, wrong = 0
            Striding(sizes: y.shape, strides: order.map { strides[$0] }).forEach(from: 0) { offset in
                if y.element(i) != x.element(offset) { wrong += 1 }
                i += 1
            }
            #expect(wrong == 0, "order \(order)")
        } } }
        #expect(message { _ = try Tensor.permute(x, [0, 1, 1, 2]) } == "axis 1 appears twice in [0, 1, 1, 2]")
    }

    @Test func transposeOfBatchesAndVectors() throws {
        let x = try counting([2, 2, 3])
        #expect(try Tensor.transpose(x).elements == [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11])
        #expect(try Tensor.transpose(counting([1, 4])).shape == [4, 1])
        #expect(throws: TensorError.self) { try Tensor.transpose(counting([3])) }
    }

    @Test func concatAndStack() throws {
        let a = try counting([2, 2]), b = try tensor([9, 8], [2, 1], .f32)
        let c = try Tensor.concat([a, b], axis: -1)
        #expect(c.shape == [2, 3] && c.elements == [0, 1, 9, 2, 3, 8] && c.dtype == .f64)
        #expect(try Tensor.stack([a, a], axis: 1).elements == [0, 1, 0, 1, 2, 3, 2, 3])
        #expect(try Tensor.stack([Tensor.scalar(1, .number), .scalar(2, .number)], axis: 0).dtype == .f32)
        #expect(message { _ = try Tensor.stack([a, b], axis: 0) } == "stack: element 0 is [2, 2], element 1 is [2, 1]: all must have one shape")
        #expect(message { _ = try Tensor.concat([a, b], axis: 0) }.contains("element 1 is [2, 1]"))
    }

    @Test func padFlipRollTile() throws {
        let x = try counting([2, 2])
        #expect(try Tensor.pad(x, [(0, 1), (1, 0)], value: 7).elements == [7, 0, 1, 7, 2, 3, 7, 7, 7])
        #expect(try Tensor.flip(x, axes: [0]).elements == [2, 3, 0, 1])
        #expect(try Tensor.flip(x, axes: [0, -1]).elements == [3, 2, 1, 0])
        #expect(try Tensor.roll(counting([5]), shift: 2, axis: 0).elements == [3, 4, 0, 1, 2])
        #expect(try Tensor.roll(counting([5]), shift: -12, axis: 0).elements == [2, 3, 4, 0, 1])
        #expect(try Tensor.roll(x, shift: 1, axis: 1).elements == [1, 0, 3, 2])
        #expect(try Tensor.tile(counting([2]), [2, 2]).elements == [0, 1, 0, 1, 0, 1, 0, 1])
        #expect(try Tensor.tile(x, [2]).elements == [0, 1, 0, 1, 2, 3, 2, 3])
        #expect(message { _ = try Tensor.pad(x, [(0, -1), (0, 0)], value: 0) }.contains("cannot take away"))
        #expect(message { _ = try Tensor.pad(x, [(.max, .max), (0, 0)], value: 0) }.contains("not enough memory"))
    }

    @Test func makers() throws {
        #expect(try Tensor.arange(0, 1, 0.1, .f64).elements == [0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001, 0.7000000000000001, 0.8, 0.9])
        #expect(try Tensor.arange(1, 1.3, 0.1, .f64).count == 3)
        #expect(try Tensor.arange(5, 0, -2, .f32).elements == [5, 3, 1])
        #expect(try Tensor.arange(0, -1e300, 1, .f32).count == 0)
        #expect(throws: TensorError.self) { try Tensor.arange(0, 1e300, 1, .f32) }
        #expect(throws: TensorError.self) { try Tensor.arange(0, .nan, 1, .f32) }
        #expect(try Tensor.linspace(0, 1, 11, .f64).elements == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
        #expect(try Tensor.linspace(3, 4, 1, .f64).elements == [3])
        #expect(try Tensor.eye(2, 3, .f32).elements == [1, 0, 0, 0, 1, 0])
        #expect(try Tensor.oneHot(tensor([1, 0]), classes: 3, .f32).elements == [0, 1, 0, 1, 0, 0])
        #expect(message { _ = try Tensor.oneHot(tensor([1, 3]), classes: 3, .f32) } == "label 3 at position 1 is not one of the 3 classes 0 … 2")
        #expect(try Tensor.diagonal(tensor([1, 2])).elements == [1, 0, 0, 2])
        #expect(try Tensor.diagonal(counting([2, 3])).elements == [0, 4])
        #expect(try Tensor.triangle(counting([3, 3]), lower: true).elements == [0, 0, 0, 3, 4, 0, 6, 7, 8])
        #expect(try Tensor.triangle(counting([3, 3]), lower: false, offset: 1).elements == [0, 1, 2, 0, 0, 5, 0, 0, 0])
    }
}
