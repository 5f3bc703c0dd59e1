@testable import Tensors
import Testing

// Reductions over every choice of axes, in the documented order.

@Suite(.serialized) struct ReductionBitsTests {
    @Test func reductions() throws {
        try compareReductions(Float.self)
        try compareReductions(Double.self)
    }

    func compareReductions<T: Element>(_: T.Type) throws {
        let operations: [ReduceOperation] = [.sum, .mean, .product, .max, .min, .sumOfSquares, .sumOfAbs]
        var source = Source(2), cases = Cases()
        for round in 0..<testShapes {
            source.special = round % 2 == 0
            var shape = source.shape(rank: 5, most: 2000)
            if round % 4 == 1 { shape = [source.size(6), [1023, 1024, 1025, 5000, 17, 2049][source.upTo(6)]] }
            let axes = Set((0..<shape.count).filter { _ in source.upTo(2) == 0 }), sorted = axes.sorted()
            let terms = axes.map { shape[$0] }.reduce(1, *), n = shape.reduce(1, *)
            let values = source.array(n, T.self), x = try tensor(of: values, shape)
            for op in operations {
                // No largest element of none.
                let some = op != .max && op != .min
                if terms > 0 || some {
                    cases.add(Plain.reduce(op, values, shape, axes), "\(op) of \(shape) over \(sorted)") {
                        try Tensor.reduce(op, x, axes: sorted, keep: round % 2 == 0)
                    }
                }
                if n > 0 || some {
                    cases.add(Plain.reduce(op, values, shape, Set(0..<shape.count)), "\(op) of \(shape)") { try Tensor.reduce(op, x, axes: nil, keep: false) }
                }
            }
            let trues = Plain.reduce(.sum, values.map { $0 != 0 ? T(1) : 0 }, shape, axes)
            for (op, expected) in [(ReduceOperation.all, trues.map { $0 == T(terms) ? T(1) : 0 }), (.any, trues.map { $0 > 0 ? 1 : 0 }), (.count, trues)] {
                cases.add(expected, "\(op) of \(shape) over \(sorted)") { try Tensor.convert(Tensor.reduce(op, x, axes: sorted, keep: false), to: T.dtype) }
            }
            let kept = shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
            let mean = Plain.reduce(.mean, values, shape, axes)
            let squares = Plain.reduce(.sumOfSquares, values.indices.map { values[$0] - mean[Plain.place($0, shape, kept)] }, shape, axes)
            cases.add(squares.map { $0 / T(terms) }, "variance of \(shape) over \(sorted)") { try Tensor.variance(x, axes: sorted, keep: false) }
            for axis in shape.indices {
                var running = values, after = shape
                let inner = shape[(axis + 1)...].reduce(1, *)
                after.remove(at: axis)
                for i in 0..<n where i / inner % shape[axis] > 0 { running[i] = running[i - inner] + values[i] }
                cases.add(running, "running sum of \(shape) along \(axis)") { try Tensor.cumulativeSum(x, axis: axis) }
                guard shape[axis] > 0 else { continue }
                for largest in [true, false] {
                    let places = (0..<after.reduce(1, *)).map { o -> T in
                        var best = 0
                        let line = (0..<shape[axis]).map { values[(o / inner * shape[axis] + $0) * inner + o % inner] }
                        for (i, v) in line.enumerated() where !line[best].isNaN && (v.isNaN || (largest ? v > line[best] : v < line[best])) { best = i }
                        return T(best)
                    }
                    cases.add(places, "place of the extremum of \(shape) along \(axis)") { try Tensor.argExtremum(x, axis: axis, largest: largest) }
                }
            }
            // The gradient of broadcasting.
            if shape.count > 1 {
                let leading = Set(0...source.upTo(shape.count - 1)), own = Array(shape.dropFirst(leading.count))
                cases.add(Plain.reduce(.sum, values, shape, leading), "sum of \(shape) to \(own)") { try Tensor.sum(x, to: own) }
            }
        }
        try cases.compare("reductions, \(T.dtype)")
    }

    /// Sorting and what rests on it: stable, NaN last, whatever the path.
    @Test func sorting() throws {
        try compareSorting(Float.self)
        try compareSorting(Double.self)
    }

    func compareSorting<T: Element>(_: T.Type) throws {
        var source = Source(14), cases = Cases()
        for round in 0..<testShapes {
            source.special = round % 2 == 0
            let rows = 1 + source.upTo(5), n = source.size(), values = source.array(rows * n, T.self).map { round % 3 == 0 ? ($0 * 4).rounded() : $0 }
            let x = try tensor(of: values, [rows, n])
            let orders = (0..<rows).map { row in
                (0..<n).sorted { i, j in
                    let a = values[row * n + i], b = values[row * n + j]
                    if a.isNaN || b.isNaN { return a.isNaN && b.isNaN ? i < j : b.isNaN }
                    return a != b ? a < b : i < j
                }
            }
            cases.add(orders.flatMap { $0.map { T($0) } }, "argsort of [\(rows), \(n)]") { try Tensor.argsort(x, axis: 1) }
            let sorted = orders.enumerated().flatMap { row, order in order.map { values[row * n + $0] } }
            cases.add(sorted, "sort of [\(rows), \(n)]") { try Tensor.sort(x, axis: 1) }
            let places = try tensor(of: orders.flatMap { $0.map { T($0) } }, [rows, n])
            cases.add(sorted, "take along [\(rows), \(n)]") { try Tensor.takeAlong(x, places, axis: 1) }
            var spread = [T](repeating: 0, count: rows * n)
            for row in 0..<rows { for (i, j) in orders[row].enumerated() { spread[row * n + j] += values[row * n + i] } }
            cases.add(spread, "scatter along [\(rows), \(n)]") { try Tensor.scatterAlong(shape: [rows, n], places, x, axis: 1) }
            guard n > 0 else { continue }
            let k = source.upTo(n + 1), descending = try Tensor.sort(x, axis: 1, descending: true)
            let top = (0..<rows).flatMap { row in (0..<k).map { elements(descending, T.self)[row * n + $0] } }
            cases.add(top, "top \(k) of [\(rows), \(n)]") { try Tensor.topk(x, k, axis: 1).values }
            let rowsTaken = (0..<source.upTo(9)).map { _ in source.upTo(rows) } + [0, 0]
            cases.add(rowsTaken.flatMap { row in (0..<n).map { values[row * n + $0] } }, "rows \(rowsTaken) of [\(rows), \(n)]") { try Tensor.takeRows(x, rowsTaken) }
            var sums = [T](repeating: 0, count: rows * n)
            let g = source.array(rowsTaken.count * n, T.self), tg = try tensor(of: g, [rowsTaken.count, n])
            for (i, row) in rowsTaken.enumerated() { for j in 0..<n { sums[row * n + j] += g[i * n + j] } }
            cases.add(sums, "rows \(rowsTaken) added to [\(rows), \(n)]") { try Tensor.scatterRows(shape: [rows, n], rowsTaken, tg) }
        }
        try cases.compare("sorting and gathering, \(T.dtype)")
    }
}
