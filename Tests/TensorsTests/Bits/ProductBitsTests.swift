@testable import Tensors
import Testing

// Matrix products in all their forms, and proof that a comparison sees two terms exchanged.

@Suite(.serialized) struct ProductBitsTests {
    @Test func products() throws {
        try compareProducts(Float.self)
        try compareProducts(Double.self)
    }

    func compareProducts<T: Element>(_: T.Type) throws {
        var source = Source(1), cases = Cases()
        for round in 0..<testShapes {
            source.special = round % 2 == 0
            let large = round % 8 == 7
            var m = source.size(large ? 70 : 20), n = source.size(large ? 100 : 50), k = source.size(large ? 300 : 40)
            if round % 7 == 1 { m = 1 }
            if round % 7 == 2 { n = 1 }
            if large { k = Swift.min(k, 60_000 / Swift.max(1, m * n)) }
            let a = source.array(m * k, T.self), b = source.array(k * n, T.self)
            for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                let x = try tensor(of: a, ta ? [k, m] : [m, k]), y = try tensor(of: b, tb ? [n, k] : [k, n])
                let expected = Plain.product(a, ta ? 1 : k, ta ? m : 1, b, tb ? 1 : n, tb ? k : 1, m, n, k)
                cases.add(expected, "[\(m), \(k)] @ [\(k), \(n)] \(ta) \(tb)") { try Tensor.matmul(x, y, transposeA: ta, transposeB: tb) }
            }
            // A layer: x W' + b, for a batch of 1 too.
            let x = try tensor(of: a, [m, k]), w = try tensor(of: b, [n, k]), bias = source.array(n, T.self), tb = try tensor(of: bias, [n])
            let y = Plain.product(a, k, 1, b, 1, k, m, n, k)
            cases.add(y.enumerated().map { $1 + bias[$0 % n] }, "linear [\(m), \(k)], [\(n), \(k)]") { try Tensor.linear(x, w, tb) }
            if m > 0 {
                let row = try tensor(of: Array(a.prefix(k)), [k])
                cases.add((0..<n).map { y[$0] + bias[$0] }, "linear [\(k)], [\(n), \(k)]") { try Tensor.linear(row, w, tb) }
            }
            // Vectors: rows, columns, the inner and the outer product.
            let u = source.array(k, T.self), v = source.array(k, T.self), tu = try tensor(of: u, [k]), tv = try tensor(of: v, [k])
            cases.add(Plain.product(a, k, 1, u, 1, 1, m, 1, k), "[\(m), \(k)] @ [\(k)]") { try Tensor.matmul(x, tu) }
            cases.add(Plain.product(u, k, 1, b, 1, k, 1, n, k), "[\(k)] @ [\(k), \(n)]") { try Tensor.matmul(tu, w, transposeB: true) }
            cases.add(Plain.product(u, k, 1, v, 1, 1, 1, 1, k), "dot of [\(k)]") { try Tensor.dot(tu, tv) }
            cases.add(u.flatMap { l in v.map { l * $0 } }, "outer of [\(k)]") { try Tensor.outer(tu, tv) }
        }
        try cases.compare("products, \(T.dtype)")
    }

    /// Stacks of matrices, whose leading axes broadcast.
    @Test func stacks() throws {
        try compareStacks(Float.self)
        try compareStacks(Double.self)
    }

    func compareStacks<T: Element>(_: T.Type) throws {
        var source = Source(15), cases = Cases()
        for round in 0..<testShapes {
            source.special = round % 2 == 0
            let m = source.size(9), n = source.size(20), k = source.size(12), p = source.upTo(4), q = source.upTo(4)
            let (a, b) = [([p, q], [q]), ([p, q], [p, 1]), ([p], [p]), ([p], []), ([], [p, q]), ([1], [q])][round % 6]
            let lead = try Tensor.broadcastShape(a, b), ta = round % 2 == 1, tb = round % 3 == 1
            let x = source.array(a.reduce(1, *) * m * k, T.self), y = source.array(b.reduce(1, *) * k * n, T.self)
            let expected = (0..<lead.reduce(1, *)).flatMap { i -> [T] in
                let left = Plain.place(i, lead, a) * m * k, right = Plain.place(i, lead, b) * k * n
                return Plain.product(Array(x[left..<(left + m * k)]), ta ? 1 : k, ta ? m : 1, Array(y[right..<(right + k * n)]), tb ? 1 : n, tb ? k : 1, m, n, k)
            }
            let tx = try tensor(of: x, a + (ta ? [k, m] : [m, k])), ty = try tensor(of: y, b + (tb ? [n, k] : [k, n]))
            cases.add(expected, "\(tx.shape) @ \(ty.shape) \(ta) \(tb)") { try Tensor.matmul(tx, ty, transposeA: ta, transposeB: tb) }
        }
        try cases.compare("stacks of products, \(T.dtype)")
    }

    // MARK: What a comparison can see

    /// Exchanges positions p and q of the middle one of three axes.
    func exchanged<T>(_ x: [T], _ outer: Int, _ n: Int, _ inner: Int, _ p: Int, _ q: Int) -> [T] {
        var y = x
        for o in 0..<outer { for i in 0..<inner { y.swapAt((o * n + p) * inner + i, (o * n + q) * inner + i) } }
        return y
    }

    /// The loops with two neighbouring terms of each sum exchanged, the same numbers otherwise: every comparison must fail.
    @Test func exchangedTermsAreSeen() throws {
        try seeExchangedTerms(Float.self)
        try seeExchangedTerms(Double.self)
    }

    func seeExchangedTerms<T: Element>(_: T.Type) throws {
        var numbers = Numbers(16), cases = Cases()
        func array(_ n: Int) -> [T] { (0..<n).map { _ in T(numbers.next() * numbers.next()) } }

        let (m, n, k) = (9, 33, 20), a = array(m * k), b = array(k * n), x = try tensor(of: a, [m, k]), y = try tensor(of: b, [k, n])
        cases.add(Plain.product(exchanged(a, m, k, 1, 7, 8), k, 1, exchanged(b, 1, k, n, 7, 8), n, 1, m, n, k), "product") { try Tensor.matmul(x, y) }

        // Terms 19 and 35 are the second and the third of lane 3; along the first axis neighbours are neighbours.
        let values = array(60 * 200), t = try tensor(of: values, [60, 200])
        cases.add(Plain.reduce(.sum, exchanged(values, 60, 200, 1, 19, 35), [60, 200], [1]), "sum of rows") { try Tensor.reduce(.sum, t, axes: [1], keep: false) }
        cases.add(Plain.reduce(.sum, exchanged(values, 1, 60, 200, 3, 4), [60, 200], [0]), "sum of columns") { try Tensor.reduce(.sum, t, axes: [0], keep: false) }

        let g = ConvolutionGeometry(pad: (1, 1)), p = Plain.Convolution(n: 3, c: 4, h: 6, w: 9, k: 5, r: 3, s: 3, oh: 6, ow: 9, g: g)
        let images = array(3 * 4 * 54), filters = array(5 * 4 * 9), d = array(3 * 5 * 54)
        let ti = try tensor(of: images, p.x), tf = try tensor(of: filters, p.filters), td = try tensor(of: d, p.y)
        // Two input channels, two output channels, two images.
        cases.add(p.forward(exchanged(images, 3, 4, 54, 1, 2), exchanged(filters, 5, 4, 9, 1, 2), nil), "convolution") { try Tensor.conv2d(ti, tf, nil, g) }
        cases.add(p.inputGradient(exchanged(d, 3, 5, 54, 1, 2), exchanged(filters, 1, 5, 36, 1, 2)), "input gradient") {
            try Tensor.conv2dInputGradient(td, tf, inputShape: p.x, g)
        }
        cases.add(p.weightGradient(exchanged(d, 1, 3, 5 * 54, 1, 2), exchanged(images, 1, 3, 4 * 54, 1, 2)), "weight gradient") {
            try Tensor.conv2dWeightGradient(td, ti, weightShape: p.filters, g)
        }
        let (lines, comparisons) = try cases.differences()
        #expect(comparisons >= 6 * 4)
        #expect(lines.count == comparisons, "\(lines)")
    }
}
