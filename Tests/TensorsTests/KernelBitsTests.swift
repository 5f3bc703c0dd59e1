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
        try everyPath { path in
            var source = Source(1, special: true)
            for round in 0..<(12 * testRounds) {
                source.special = round % 2 == 0
                let large = round % 6 == 5
                var m = source.upTo(large ? 70 : 20), n = source.upTo(large ? 90 : 50), k = source.upTo(large ? 300 : 40)
                if round % 7 == 1 { m = 1 }
                if round % 7 == 2 { n = 1 }
                if large && round % 4 == 1 { m = 160; n = 130; k = 130 }  // enough for threads
                let a = source.array(m * k, T.self), b = source.array(k * n, T.self)
                for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                    let x = try tensor(of: a, ta ? [k, m] : [m, k]), y = try tensor(of: b, tb ? [n, k] : [k, n])
                    let expected = Plain.product(a, ta ? 1 : k, ta ? m : 1, b, tb ? 1 : n, tb ? k : 1, m, n, k)
                    expectBits(try Tensor.matmul(x, y, transposeA: ta, transposeB: tb), expected, "\(path): [\(m), \(k)] @ [\(k), \(n)] \(ta) \(tb)")
                    if m * n * k > 100_000 { break }
                }
            }
        }
    }

    @Test func reductions() throws {
        try compareReductions(Float.self)
        try compareReductions(Double.self)
    }

    func compareReductions<T: Element>(_: T.Type) throws {
        let operations: [ReduceOperation] = [.sum, .mean, .product, .max, .min, .sumOfSquares, .sumOfAbs]
        try everyPath { path in
            var source = Source(2, special: true)
            for round in 0..<(8 * testRounds) {
                source.special = round % 2 == 0
                let rank = source.upTo(5)
                var shape = (0..<rank).map { _ in 1 + source.upTo(7) }
                if rank > 0, round % 2 == 1 { shape[rank - 1] = [1023, 1024, 1025, 5000, 17][source.upTo(5)] }
                if rank > 1, round % 3 == 1 { shape[0] = 40 }
                let axes = Set((0..<rank).filter { _ in source.upTo(2) == 0 })
                let values = source.array(shape.reduce(1, *), T.self), x = try tensor(of: values, shape)
                for op in operations {
                    expectBits(try Tensor.reduce(op, x, axes: axes.sorted(), keep: round % 2 == 0), Plain.reduce(op, values, shape, axes),
                               "\(path): \(op) of \(shape) over \(axes.sorted())")
                    expectBits(try Tensor.reduce(op, x, axes: nil, keep: false), Plain.reduce(op, values, shape, Set(0..<rank)),
                               "\(path): \(op) of \(shape)")
                }
                let kept = shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
                let mean = try tensor(of: Plain.reduce(.mean, values, shape, axes), kept)
                let deviations = try Tensor.binary(.subtract, x, mean).elements.map { T($0) }
                let terms = axes.map { shape[$0] }.reduce(1, *)
                let expected = Plain.reduce(.sumOfSquares, deviations, shape, axes).map { $0 / T(terms) }
                expectBits(try Tensor.variance(x, axes: axes.sorted(), keep: false), expected, "\(path): variance of \(shape) over \(axes.sorted())")
            }
            // Large enough for threads.
            let values = source.array(300_000, T.self)
            expectBits(try Tensor.reduce(.sum, tensor(of: values, [300, 1000]), axes: [1], keep: false), Plain.reduce(.sum, values, [300, 1000], [1]), path)
            expectBits(try Tensor.reduce(.sum, tensor(of: values, [300, 1000]), axes: [0], keep: false), Plain.reduce(.sum, values, [300, 1000], [0]), path)
        }
    }

    @Test func convolutions() throws {
        try compareConvolutions(Float.self)
        try compareConvolutions(Double.self)
    }

    func compareConvolutions<T: Element>(_: T.Type) throws {
        try everyPath { path in
            var source = Source(3, special: true)
            var done = 0
            while done < 6 * testRounds {
                source.special = done % 2 == 0
                let groups = source.upTo(3) == 0 ? 2 : 1
                var g = ConvolutionGeometry(stride: (1 + source.upTo(3), 1 + source.upTo(3)), pad: (source.upTo(3), source.upTo(3)),
                                            dilation: (1 + source.upTo(2), 1 + source.upTo(2)), groups: groups)
                if done % 2 == 0 { g.stride = (1, 1); g.dilation = (1, 1) }
                var p = Plain.Convolution(n: 1 + source.upTo(3), c: groups * (1 + source.upTo(5)), h: 1 + source.upTo(9), w: 1 + source.upTo(20),
                                          k: groups * (1 + source.upTo(15)), r: 1 + source.upTo(4), s: 1 + source.upTo(4), oh: 0, ow: 0, g: g)
                guard let oh = ConvolutionGeometry.places(p.h, p.r, g.stride.0, g.pad.0, g.dilation.0),
                      let ow = ConvolutionGeometry.places(p.w, p.s, g.stride.1, g.pad.1, g.dilation.1) else { continue }
                p.oh = oh; p.ow = ow
                done += 1
                let x = source.array(p.x.reduce(1, *), T.self), f = source.array(p.filters.reduce(1, *), T.self)
                let d = source.array(p.y.reduce(1, *), T.self), bias = source.array(p.k, T.self)
                let what = "\(path): \(p)"
                expectBits(try Tensor.conv2d(tensor(of: x, p.x), tensor(of: f, p.filters), tensor(of: bias, [p.k]), g), p.forward(x, f, bias), what)
                expectBits(try Tensor.conv2dInputGradient(tensor(of: d, p.y), tensor(of: f, p.filters), inputShape: p.x, g), p.inputGradient(d, f), what)
                expectBits(try Tensor.conv2dWeightGradient(tensor(of: d, p.y), tensor(of: x, p.x), weightShape: p.filters, g), p.weightGradient(d, x), what)
            }
        }
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

    /// Softmax and its kin have the same bits on every path, and agree with exact sums to the last bit but one.
    @Test func softmax() throws {
        var first: [String: [UInt64]] = [:]
        try everyPath { path in
            var source = Source(5)
            for round in 0..<(10 * testRounds) {
                let rows = 1 + source.upTo(70), cols = [1, 2, 7, 8, 9, 10, 16, 17, 100, 1024, 1030, 5000][source.upTo(12)]
                let x = source.array(rows * cols, Float.self).map { $0 * 20 }, t = try tensor(of: x, [rows, cols])
                let labels = try tensor((0..<rows).map { Double($0 * 7 % cols) }, nil, .f32)
                let entropy = try Tensor.crossEntropy(t, labels, smoothing: round % 2 == 0 ? 0 : 0.1)
                let results = [try Tensor.softmax(t, axis: 1), try Tensor.logSoftmax(t, axis: 1), try Tensor.logSumExp(t, axes: [1], keep: false),
                               entropy.loss, entropy.probabilities, try Tensor.crossEntropyGradient(entropy.probabilities, labels),
                               try Tensor.softmax(convert64(t), axis: 1), try Tensor.logSumExp(convert64(t), axes: [1], keep: false)]
                for (i, y) in results.enumerated() {
                    let bits = y.dtype == .f32 ? (0..<y.count).map { UInt64(y.f32[$0].bitPattern) } : (0..<y.count).map { y.f64[$0].bitPattern }
                    if let before = first["\(round) \(i)"] { #expect(before == bits, "\(path): round \(round), result \(i)") }
                    else { first["\(round) \(i)"] = bits }
                }
                #expect(results[0].elements == results[4].elements)
                for row in 0..<rows {
                    let values = x[(row * cols)..<((row + 1) * cols)].map(Double.init), top = values.max()!
                    let sum = values.reduce(0) { $0 + exp($1 - top) }
                    #expect(abs(results[7].f64[row] - (top + log(sum))) <= 1e-14 * Swift.max(1, abs(top)))
                    for (j, v) in values.enumerated() {
                        let p = exp(v - top) / sum
                        #expect(abs(Double(results[0].f32[row * cols + j]) - p) <= p * 0x1.01p-24 + 0x1p-149)
                        #expect(abs(results[6].f64[row * cols + j] - p) <= p * 1e-14 + 1e-300)
                    }
                }
            }
        }
    }

    func convert64(_ x: Tensor) throws -> Tensor { try Tensor.convert(x, to: .f64) }
}
