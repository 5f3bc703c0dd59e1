import Glibc
@testable import Tensors
import Testing

// Every path against plain loops, to the bit: instruction sets, numbers of threads, odd sizes, special values.

@Suite(.serialized) struct KernelBitsTests {
    @Test func products() throws {
        try compareProducts(Float.self)
        try compareProducts(Double.self)
    }

    func compareProducts<T: Element>(_: T.Type) throws {
        var source = Source(1), cases = Cases()
        for round in 0..<(12 * testRounds) {
            source.special = round % 2 == 0
            let large = round % 6 == 5
            var m = source.upTo(large ? 70 : 20), n = source.upTo(large ? 90 : 50), k = source.upTo(large ? 300 : 40)
            if round % 7 == 1 { m = 1 }
            if round % 7 == 2 { n = 1 }
            if round == 11 { m = 160; n = 130; k = 130 }  // enough for threads
            let a = source.array(m * k, T.self), b = source.array(k * n, T.self)
            for (ta, tb) in large ? [(round % 4 == 1, round % 8 > 3)] : [(false, false), (true, false), (false, true), (true, true)] {
                let x = try tensor(of: a, ta ? [k, m] : [m, k]), y = try tensor(of: b, tb ? [n, k] : [k, n])
                let expected = Plain.product(a, ta ? 1 : k, ta ? m : 1, b, tb ? 1 : n, tb ? k : 1, m, n, k)
                cases.add(expected, "[\(m), \(k)] @ [\(k), \(n)] \(ta) \(tb)") { try Tensor.matmul(x, y, transposeA: ta, transposeB: tb) }
            }
        }
        try cases.compare()
    }

    @Test func reductions() throws {
        try compareReductions(Float.self)
        try compareReductions(Double.self)
    }

    func compareReductions<T: Element>(_: T.Type) throws {
        let operations: [ReduceOperation] = [.sum, .mean, .product, .max, .min, .sumOfSquares, .sumOfAbs]
        var source = Source(2), cases = Cases()
        for round in 0..<(8 * testRounds) {
            source.special = round % 2 == 0
            let rank = source.upTo(5)
            var shape = (0..<rank).map { _ in 1 + source.upTo(5) }
            if rank > 0, round % 2 == 1 { shape = [1 + source.upTo(6), [1023, 1024, 1025, 5000, 17][source.upTo(5)]] }
            if rank > 1, round % 3 == 1 { shape[0] = 20 }
            let axes = Set((0..<shape.count).filter { _ in source.upTo(2) == 0 }), sorted = axes.sorted()
            let values = source.array(shape.reduce(1, *), T.self), x = try tensor(of: values, shape)
            for op in operations where round < 4 || operations[round % 7] == op || op == .sum {
                cases.add(Plain.reduce(op, values, shape, axes), "\(op) of \(shape) over \(sorted)") { try Tensor.reduce(op, x, axes: sorted, keep: round % 2 == 0) }
                cases.add(Plain.reduce(op, values, shape, Set(0..<shape.count)), "\(op) of \(shape)") { try Tensor.reduce(op, x, axes: nil, keep: false) }
            }
            let kept = shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
            let mean = try tensor(of: Plain.reduce(.mean, values, shape, axes), kept)
            let deviations = try Tensor.binary(.subtract, x, mean).elements.map { T($0) }
            let terms = axes.map { shape[$0] }.reduce(1, *)
            let expected = Plain.reduce(.sumOfSquares, deviations, shape, axes).map { $0 / T(terms) }
            cases.add(expected, "variance of \(shape) over \(sorted)") { try Tensor.variance(x, axes: sorted, keep: false) }
        }
        // Large enough for threads.
        let values = source.array(150_000, T.self), x = try tensor(of: values, [150, 1000])
        for axis in [0, 1] {
            cases.add(Plain.reduce(.sum, values, [150, 1000], [axis]), "sum over \(axis)") { try Tensor.reduce(.sum, x, axes: [axis], keep: false) }
        }
        try cases.compare()
    }

    @Test func convolutions() throws {
        try compareConvolutions(Float.self)
        try compareConvolutions(Double.self)
    }

    func compareConvolutions<T: Element>(_: T.Type) throws {
        var source = Source(3), cases = Cases(), done = 0
        while done < 8 * testRounds {
            source.special = done % 2 == 0
            let groups = source.upTo(3) == 0 ? 2 : 1
            var g = ConvolutionGeometry(stride: (1 + source.upTo(3), 1 + source.upTo(3)), pad: (source.upTo(3), source.upTo(3)),
                                        dilation: (1 + source.upTo(2), 1 + source.upTo(2)), groups: groups)
            if done % 2 == 0 { g.stride = (1, 1); g.dilation = (1, 1) }
            var p = Plain.Convolution(n: 1 + source.upTo(3), c: groups * (1 + source.upTo(5)), h: 1 + source.upTo(7), w: 1 + source.upTo(20),
                                      k: groups * (1 + source.upTo(done % 4 == 0 ? 15 : 4)), r: 1 + source.upTo(4), s: 1 + source.upTo(4), oh: 0, ow: 0, g: g)
            guard let oh = ConvolutionGeometry.places(p.h, p.r, g.stride.0, g.pad.0, g.dilation.0),
                  let ow = ConvolutionGeometry.places(p.w, p.s, g.stride.1, g.pad.1, g.dilation.1) else { continue }
            p.oh = oh; p.ow = ow
            done += 1
            let x = source.array(p.x.reduce(1, *), T.self), f = source.array(p.filters.reduce(1, *), T.self)
            let d = source.array(p.y.reduce(1, *), T.self), bias = source.array(p.k, T.self)
            let tx = try tensor(of: x, p.x), tf = try tensor(of: f, p.filters), td = try tensor(of: d, p.y), tb = try tensor(of: bias, [p.k])
            let inputs = p.x, filters = p.filters, geometry = g
            cases.add(p.forward(x, f, bias), "forward \(p)") { try Tensor.conv2d(tx, tf, tb, geometry) }
            cases.add(p.inputGradient(d, f), "input \(p)") { try Tensor.conv2dInputGradient(td, tf, inputShape: inputs, geometry) }
            cases.add(p.weightGradient(d, x), "weights \(p)") { try Tensor.conv2dWeightGradient(td, tx, weightShape: filters, geometry) }
        }
        try cases.compare()
    }

    @Test func pooling() throws {
        try everyPath { path in
            var source = Source(4, special: true)
            for _ in 0..<(6 * testRounds) {
                let size = (1 + source.upTo(3), 1 + source.upTo(3)), stride = (1 + source.upTo(3), 1 + source.upTo(3))
                let pad = (source.upTo(size.0 / 2 + 1), source.upTo(size.1 / 2 + 1))
                let shape = [1 + source.upTo(2), 1 + source.upTo(3), 3 + source.upTo(6), 3 + source.upTo(50)]
                let x = source.array(shape.reduce(1, *), Float.self), t = try tensor(of: x, shape)
                let (values, indices) = try Tensor.maxPool2d(t, size: size, stride: stride, pad: pad)
                let average = try Tensor.avgPool2d(t, size: size, stride: stride, pad: pad)
                let oh = values.dims[2], ow = values.dims[3]
                var largest: [Float] = [], places: [Int] = [], means: [Float] = []
                var spread = [Float](repeating: 0, count: x.count)
                for plane in 0..<(shape[0] * shape[1]) {
                    for o in 0..<(oh * ow) {
                        var best: Float?, place = 0, sum: Float = 0, window: [Int] = []
                        for a in 0..<size.0 {
                            for b in 0..<size.1 {
                                let h = o / ow * stride.0 + a - pad.0, w = o % ow * stride.1 + b - pad.1
                                if h < 0 || h >= shape[2] || w < 0 || w >= shape[3] { continue }
                                let at = (plane * shape[2] + h) * shape[3] + w, v = x[at]
                                window.append(at)
                                sum += v
                                if best == nil || v > best! || (v.isNaN && !best!.isNaN) { best = v; place = at }
                            }
                        }
                        largest.append(best!); places.append(place); means.append(sum / Float(size.0 * size.1))
                        for at in window { spread[at] += means[means.count - 1] / Float(size.0 * size.1) }
                    }
                }
                expectBits(values, largest, path)
                expectBits(average, means, path)
                #expect((0..<places.count).allSatisfy { indices![$0] == places[$0] })
                expectBits(try Tensor.avgPoolGradient(average, inputShape: shape, size: size, stride: stride, pad: pad), spread, path)
                var scattered = [Float](repeating: 0, count: x.count)
                for (i, at) in places.enumerated() { scattered[at] += largest[i] }
                expectBits(try Tensor.maxPoolGradient(values, indices!, inputShape: shape), scattered, path)
                expectBits(try Tensor.gather(t, indices!, shape: values.shape), largest, path)
            }
        }
    }

    /// Softmax and its kin have the same bits on every path, and are right to the last bit but one.
    @Test func softmax() throws {
        var source = Source(5)
        for round in 0..<(12 * testRounds) {
            let rows = 1 + source.upTo(70), cols = [1, 2, 7, 8, 9, 10, 16, 17, 100, 1024, 1030, 5000][round % 12]
            let height = cols > 100 ? 2 : rows
            let x = source.array(height * cols, Float.self).map { $0 * 20 }, t = try tensor(of: x, [height, cols]), wide = try Tensor.convert(t, to: .f64)
            let labels = try tensor((0..<height).map { Double($0 * 7 % cols) }, nil, .f32), smoothing = round % 2 == 0 ? 0 : 0.1
            var first: [[UInt64]] = []
            try everyPath { path in
                let entropy = try Tensor.crossEntropy(t, labels, smoothing: smoothing)
                let results = [try Tensor.softmax(t, axis: 1), try Tensor.softmax(wide, axis: 1), try Tensor.logSumExp(wide, axes: [1], keep: false),
                               try Tensor.logSoftmax(t, axis: 1), try Tensor.logSumExp(t, axes: [1], keep: false), entropy.loss, entropy.probabilities,
                               try Tensor.crossEntropyGradient(entropy.probabilities, labels, smoothing: smoothing)]
                let bits = results.map { y in y.dtype == .f32 ? (0..<y.count).map { UInt64(y.f32[$0].bitPattern) } : (0..<y.count).map { y.f64[$0].bitPattern } }
                if first.isEmpty { first = bits } else { #expect(first == bits, "\(path): \(height) rows of \(cols)") }
                #expect(bits[0] == bits[6])
            }
            for row in 0..<height {
                let values = x[(row * cols)..<((row + 1) * cols)].map(Double.init), top = values.max()!
                let powers = values.map { exp($0 - top) }, sum = Plain.run(.sum, powers[...])
                #expect(abs(Double(bitPattern: first[2][row]) - (top + log(sum))) <= 1e-14 * Swift.max(1, abs(top)))
                let wrong = powers.indices.filter { j in
                    let p = powers[j] / sum, single = Double(Float(bitPattern: UInt32(first[0][row * cols + j])))
                    return abs(single - p) > p * 0x1.01p-24 + 0x1p-149 || abs(Double(bitPattern: first[1][row * cols + j]) - p) > p * 1e-15 + 1e-300
                }
                #expect(wrong.isEmpty, "row \(row) of \(height) by \(cols)")
            }
        }
    }
}
