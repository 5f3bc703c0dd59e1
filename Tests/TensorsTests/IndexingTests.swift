@testable import Tensors
import Testing

@Suite struct IndexingTests {
    private func get(_ x: Tensor, _ s: Subscript...) throws -> Tensor { try Tensor.get(x, .resolve(s, shape: x.shape)) }
    private func slice(_ a: Int?, _ b: Int?, _ step: Int = 1) -> Subscript { .slice(start: a, stop: b, step: step) }

    @Test func basicSlices() throws {
        let x = try counting([3, 4])
        #expect(try get(x, .index(1)).elements == [4, 5, 6, 7])
        #expect(try get(x, .index(-1), .index(-2)).rank == 0)
        #expect(try get(x, slice(nil, nil), .index(0)).elements == [0, 4, 8])
        #expect(try get(x, slice(nil, nil, -1), slice(1, 3)).elements == [9, 10, 5, 6, 1, 2])
        #expect(try get(x, slice(-100, 100), slice(3, 1)).shape == [3, 0])
        #expect(try get(x, .ellipsis, .index(0)).elements == [0, 4, 8])
        #expect(try get(x, slice(nil, nil), .newAxis).shape == [3, 1, 4])
        #expect(try get(x, slice(nil, nil, .min), slice(nil, nil, .max)).elements == [8])
    }

    @Test func indexTensorsAndMasks() throws {
        let x = try counting([3, 4])
        #expect(try get(x, .list([2, 0])).elements == [8, 9, 10, 11, 0, 1, 2, 3])
        #expect(try get(x, .list([0, 1]), .list([1, -1])).elements == [1, 7])
        #expect(try get(x, .indices(tensor([0, 2], [2, 1])), .indices(tensor([1, 3]))).elements == [1, 3, 9, 11])
        let mask = try tensor([1, 0, 1], nil, .bool)
        #expect(try get(x, .mask(mask)).shape == [2, 4])
        #expect(try get(x, .mask(mask), .list([3, 0])).elements == [3, 8])
        #expect(try get(x, .list([])).shape == [0, 4])
        // Apart, the paired-up axes come first.
        #expect(try get(counting([2, 3, 4]), .index(0), slice(nil, nil), .list([0, 1])).shape == [2, 3])
        #expect(try get(counting([2, 3, 4]), slice(nil, nil), .list([0]), .list([0, 1])).shape == [2, 2])
    }

    @Test func errorsNameAxisSizeAndIndex() throws {
        let x = try counting([5, 2])
        #expect(message { _ = try get(x, .index(7)) } == "index 7 is out of range for axis 0 of size 5")
        do { _ = try get(x, .index(7)) } catch let e as TensorError { #expect(e.help == ["valid: -5 … 4"] && e.kind == .value) }
        #expect(message { _ = try get(x, .list([0]), .list([-3])) } == "index -3 is out of range for axis 1 of size 2")
        #expect(message { _ = try get(x, .indices(tensor([0.5]))) } == "an index must be an integer, not 0.5")
        #expect(message { _ = try get(x, .indices(tensor([.nan]))) } == "an index must be an integer, not nan")
        #expect(message { _ = try get(x, .indices(tensor([1e300]))) }.contains("is out of range for axis 0 of size 5"))
        #expect(message { _ = try get(x, .index(0), .index(0), .index(0)) } == "3 indices for 2 axes: the shape is [5, 2]")
        #expect(message { _ = try get(x, .ellipsis, .ellipsis) } == "only one `...` can stand between brackets")
        #expect(message { _ = try get(x, .mask(tensor([1, 0], nil, .bool))) } == "the mask is [2], but covers [5]: they must be equal")
        #expect(message { _ = try get(x, .list([0, 1]), .list([0, 1, 0])) }.contains("[2] and [3] do not pair up"))
        #expect(message { _ = try get(.scalar(1, .f32), .index(0)) } == "a 0-d tensor (a single number) has no axis to index")
        #expect(message { _ = try get(x, slice(0, 1, 0)) } == "a slice's step cannot be 0")
    }

    @Test func setWritesInPlaceOnlyWhenUnshared() throws {
        var x = try counting([3])
        let before = x.data
        try Tensor.setScalar(&x, [1], 9)
        #expect(x.data == before && x.elements == [0, 9, 2])
        let shared = x
        try Tensor.setScalar(&x, [-1], 7)
        #expect(x.elements == [0, 9, 7] && shared.elements == [0, 9, 2])
        var view = try Tensor.reshape(shared, [1, 3])
        try Tensor.setScalar(&view, [0, 0], 5)
        #expect(shared.elements == [0, 9, 2] && view.elements == [5, 9, 2])
        #expect(message { try Tensor.setScalar(&x, [3], 0) } == "index 3 is out of range for axis 0 of size 3")
    }

    @Test func setBroadcasts() throws {
        var x = try counting([2, 3])
        let all = try Selection.resolve([slice(nil, nil), slice(1, nil)], shape: [2, 3])
        try Tensor.set(&x, all, tensor([7, 8]))
        #expect(x.elements == [0, 7, 8, 3, 7, 8])
        try Tensor.set(&x, all, tensor([1, 2], [2, 1]))
        #expect(x.elements == [0, 1, 1, 3, 2, 2])
        try Tensor.set(&x, .resolve([.list([0, 0]), .index(0)], shape: [2, 3]), tensor([4, 5]))
        #expect(x.element(0) == 5)
        #expect(message { try Tensor.set(&x, all, tensor([1, 2, 3])) } == "a value of shape [3] does not fit the selection of shape [2, 2]")
        #expect(x.elements == [5, 1, 1, 3, 2, 2])
        var flags = try tensor([0, 1], nil, .bool)
        #expect(message { try Tensor.setScalar(&flags, [0], 0.5) } == "a bool tensor holds true and false, not 0.5")
        // A selection written from the tensor itself.
        let row = try get(x, .index(0))
        try Tensor.set(&x, .resolve([slice(nil, nil)], shape: [2, 3]), row)
        #expect(x.elements == [5, 1, 1, 5, 1, 1])
    }

    @Test func gradientsOfReadingAndWriting() throws {
        let s = try Selection.resolve([.list([2, 0, 2])], shape: [3])
        #expect(try Tensor.scatterAdd(shape: [3], .f32, s, tensor([1, 2, 4], nil, .f32)).elements == [2, 0, 5])
        #expect(try Tensor.zeroed(counting([3]), s).elements == [0, 1, 0])
        #expect(try Tensor.scatterRows(shape: [2, 2], [1, 1], counting([2, 2])).elements == [0, 0, 2, 4])
    }

    /// x[selection] = v and back: scatterAdd is the adjoint of get for any selection.
    @Test func adjoint() throws {
        var numbers = Numbers(3)
        let x = try numbers.tensor([4, 3, 5])
        let selections: [[Subscript]] = [
            [.index(2)], [slice(nil, nil, 2), .ellipsis, .index(1)], [.list([3, 3, 0])],
            [slice(1, 3), .list([0, 0]), .list([4, 4])], [.newAxis, .list([1, 2]), slice(nil, nil), .list([0, 1])],
        ]
        for subscripts in selections {
            let s = try Selection.resolve(subscripts, shape: x.shape)
            let y = try Tensor.get(x, s), g = try numbers.tensor(y.shape)
            let back = try Tensor.scatterAdd(shape: x.shape, .f64, s, g)
            let left = zip(y.elements, g.elements).reduce(0) { $0 + $1.0 * $1.1 }
            let right = zip(x.elements, back.elements).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(left - right) < 1e-12)
        }
    }

    @Test func fastPathsAgree() throws {
        let x = try counting([4, 3], .f32)
        #expect(try Tensor.row(x, -1).elements == [9, 10, 11])
        #expect(try Tensor.rows(x, 1, 3).elements == [3, 4, 5, 6, 7, 8])
        #expect(try Tensor.takeRows(x, [3, 0]).elements == [9, 10, 11, 0, 1, 2])
        #expect(try Tensor.offset(x, 2, -1) == 8)
        #expect(message { _ = try Tensor.takeRows(x, [4]) } == "index 4 is out of range for axis 0 of size 4")
        #expect(message { _ = try Tensor.row(x, 4) } == "index 4 is out of range for axis 0 of size 4")
    }

    /// An index table as large as no machine's memory is refused, not attempted.
    @Test func hugeBlocks() throws {
        let x = try counting([1, 1, 1, 1, 1])
        func zeros(_ axis: Int) throws -> Subscript {
            var shape = [1, 1, 1, 1, 1]
            shape[axis] = 60_000
            return .indices(try tensor([Double](repeating: 0, count: 60_000), shape))
        }
        #expect(message { _ = try get(x, zeros(0), zeros(1), zeros(2), zeros(3), zeros(4)) }.hasPrefix("not enough memory for"))
    }
}
