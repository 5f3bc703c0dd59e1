import Glibc
@testable import Tensors
import Testing

// Softmax, cross-entropy, batch and layer normalisation.

@Suite(.serialized) struct NormalizationBitsTests {
    @Test func softmax() throws {
        try compareSoftmax(Float.self)
        try compareSoftmax(Double.self)
    }

    /// f32: the formulas in double with C's exp and log, rounded once. f64: each row as it is alone; that it is right to
    /// the last bits is `softmaxIsAccurate`.
    func compareSoftmax<T: Element>(_: T.Type) throws {
        let single = T.dtype == .f32
        var source = Source(5), cases = Cases()
        for round in 0..<testShapes {
            source.special = round % 4 == 0
            let cols = round % 16 == 15 ? [1024, 1030, 5000][source.upTo(3)] : 1 + source.size(), rows = source.size(cols > 70 ? 2 : 40)
            let x = source.array(rows * cols, T.self).map { $0 * 20 }, t = try tensor(of: x, [rows, cols])
            let labels = (0..<rows).map { _ in T(source.upTo(cols)) }, tl = try tensor(of: labels, [rows]), smoothing = round % 2 == 0 ? 0 : 0.1
            var p: [T] = [], logP: [T] = [], sums: [T] = [], losses: [Double] = []
            for row in 0..<rows {
                let line = x[(row * cols)..<((row + 1) * cols)].map { Double($0) }
                if single {
                    let top = Plain.run(.max, line[...]), e = line.map { exp($0 - top) }, sum = Plain.run(.sum, e[...]), l = top + log(sum)
                    p += e.map { T($0 / sum) }
                    logP += line.map { T($0 - l) }
                    sums.append(T(top - top == 0 ? l : top))
                    let own = l - line[Int(labels[row])]
                    losses.append(smoothing == 0 ? own : (1 - smoothing) * own + smoothing * (Plain.run(.sum, line.map { l - $0 }[...]) / Double(cols)))
                } else {
                    let alone = try tensor(of: line, [1, cols])
                    p += elements(try Tensor.softmax(alone, axis: 1), T.self)
                    logP += elements(try Tensor.logSoftmax(alone, axis: 1), T.self)
                    sums += elements(try Tensor.logSumExp(alone, axes: [1], keep: false), T.self)
                    losses.append(try Tensor.crossEntropy(alone, tensor(of: [labels[row]], [1]), smoothing: smoothing).loss.element(0))
                }
            }
            let what = "[\(rows), \(cols)]"
            cases.add(p, "softmax of \(what)") { try Tensor.softmax(t, axis: 1) }
            cases.add(logP, "log softmax of \(what)") { try Tensor.logSoftmax(t, axis: 1) }
            cases.add(sums, "logsumexp of \(what)") { try Tensor.logSumExp(t, axes: [1], keep: false) }
            // Along the other axis: the same numbers transposed.
            let across = try Tensor.transpose(t)
            cases.add(p, "softmax of \(what) across") { try Tensor.transpose(Tensor.softmax(across, axis: 0)) }
            cases.add(sums, "logsumexp of \(what) across") { try Tensor.logSumExp(across, axes: [0], keep: false) }
            guard rows > 0 else { continue }
            cases.add([T(Plain.run(.sum, losses[...]) / Double(rows))], "cross-entropy of \(what)") { try Tensor.crossEntropy(t, tl, smoothing: smoothing).loss }
            let exact = try Tensor.crossEntropy(t, tl, smoothing: smoothing).probabilities, shares = elements(exact, Double.self)
            cases.add(p, "probabilities of \(what)") { try Tensor.convert(exact, to: T.dtype) }
            // From probabilities that are not rounded: where one is near 1, what is left of it is not lost.
            if single, source.special == false {
                for row in 0..<rows {
                    let line = x[(row * cols)..<((row + 1) * cols)].map { Double($0) }, top = line.max() ?? 0, e = line.map { exp($0 - top) }, sum = e.reduce(0, +)
                    for i in 0..<cols { #expect(abs(shares[row * cols + i] - e[i] / sum) <= e[i] / sum * 1e-12 + 1e-40) }
                }
            }
            let scale = 1 / Double(rows), other = smoothing / Double(cols)
            let gradient = shares.indices.map { i in
                T((shares[i] - (Int(labels[i / cols]) == i % cols ? 1 - smoothing + other : other)) * scale)
            }
            cases.add(gradient, "gradient of cross-entropy of \(what)") { try Tensor.crossEntropyGradient(exact, tl, T.dtype, smoothing: smoothing) }
        }
        try cases.compare("softmax and cross-entropy, \(T.dtype)")
    }

    @Test func softmaxIsAccurate() throws {
        var source = Source(17)
        for cols in [1, 2, 7, 16, 17, 100, 1030] {
            let x = source.array(3 * cols, Double.self).map { $0 * 20 }, t = try tensor(of: x, [3, cols])
            let p = elements(try Tensor.softmax(t, axis: 1), Double.self), l = elements(try Tensor.logSumExp(t, axes: [1], keep: false), Double.self)
            for row in 0..<3 {
                let line = x[(row * cols)..<((row + 1) * cols)], top = line.max()!, e = line.map { exp($0 - top) }, sum = Plain.run(.sum, e[...])
                #expect(abs(l[row] - (top + log(sum))) <= 1e-14 * Swift.max(1, abs(top)))
                #expect((0..<cols).allSatisfy { abs(p[row * cols + $0] - e[$0] / sum) <= e[$0] / sum * 1e-15 + 1e-300 })
            }
        }
    }

    @Test func batchNormalization() throws {
        try compareBatchNormalization(Float.self)
        try compareBatchNormalization(Double.self)
    }

    func compareBatchNormalization<T: Element>(_: T.Type) throws {
        var source = Source(9), cases = Cases()
        for round in 0..<testShapes {
            source.special = round % 4 == 0
            let c = 1 + source.upTo(5), rest = [[], [1 + source.size()], [1 + source.upTo(6), 1 + source.upTo(20)]][round % 3]
            let shape = [1 + source.upTo(6), c] + rest, axes = Set(shape.indices).subtracting([1]), n = shape.reduce(1, *), inner = rest.reduce(1, *)
            let x = source.array(n, T.self), g = source.array(n, T.self), gamma = source.array(c, T.self), beta = source.array(c, T.self)
            func channel(_ i: Int) -> Int { i / inner % c }
            let mean = Plain.reduce(.mean, x, shape, axes)
            let terms = T(n / c), variance = Plain.reduce(.sumOfSquares, x.indices.map { x[$0] - mean[channel($0)] }, shape, axes).map { $0 / terms }
            let inverse = variance.map { 1 / ($0 + T(1e-5)).squareRoot() }
            let normal = x.indices.map { (x[$0] - mean[channel($0)]) * inverse[channel($0)] }
            let tx = try tensor(of: x, shape), tg = try tensor(of: g, shape), tm = try tensor(of: mean, [c]), tv = try tensor(of: variance, [c])
            let scales = round % 5 != 1, shifts = round % 5 != 2, tgamma = scales ? try tensor(of: gamma, [c]) : nil, tbeta = shifts ? try tensor(of: beta, [c]) : nil
            cases.add(mean, "mean of \(shape)") { try Tensor.batchNormStatistics(tx).mean }
            cases.add(variance, "variance of \(shape)") { try Tensor.batchNormStatistics(tx).variance }
            let y = normal.indices.map { i -> T in
                let scaled = scales ? normal[i] * gamma[channel(i)] : normal[i]
                return shifts ? scaled + beta[channel(i)] : scaled
            }
            cases.add(y, "normalised \(shape)") { try Tensor.batchNormalize(tx, mean: tm, variance: tv, gamma: tgamma, beta: tbeta, eps: 1e-5) }
            let dbeta = Plain.reduce(.sum, g, shape, axes), dgamma = Plain.reduce(.sum, zip(g, normal).map { $0 * $1 }, shape, axes)
            let dx = x.indices.map { i -> T in
                let k = channel(i), scale = scales ? gamma[k] * inverse[k] : inverse[k]
                return (g[i] - dbeta[k] / terms - normal[i] * (dgamma[k] / terms)) * scale
            }
            for (part, expected) in [dx, dgamma, dbeta].enumerated() {
                cases.add(expected, "gradient \(part) of normalised \(shape)") {
                    let (x, gamma, beta) = try Tensor.batchNormBackward(tg, tx, mean: tm, variance: tv, gamma: tgamma, eps: 1e-5)
                    return [x, gamma, beta][part]
                }
            }
        }
        try cases.compare("batch normalisation, \(T.dtype)")
    }

    @Test func layerNormalization() throws {
        try compareLayerNormalization(Float.self)
        try compareLayerNormalization(Double.self)
    }

    func compareLayerNormalization<T: Element>(_: T.Type) throws {
        var source = Source(18), cases = Cases()
        for round in 0..<testShapes {
            source.special = round % 4 == 0
            let d = 1 + source.size(), shape = (0..<source.upTo(3)).map { _ in 1 + source.upTo(6) } + [d], n = shape.reduce(1, *), last = shape.count - 1
            let x = source.array(n, T.self), g = source.array(n, T.self), gamma = source.array(d, T.self), beta = source.array(d, T.self)
            func mean(_ v: [T]) -> [T] { Plain.reduce(.mean, v, shape, [last]) }
            let m = mean(x), variance = Plain.reduce(.sumOfSquares, x.indices.map { x[$0] - m[$0 / d] }, shape, [last]).map { $0 / T(d) }
            let inverse = variance.map { 1 / ($0 + T(1e-5)).squareRoot() }, normal = x.indices.map { (x[$0] - m[$0 / d]) * inverse[$0 / d] }
            let tx = try tensor(of: x, shape), tg = try tensor(of: g, shape), tgamma = try tensor(of: gamma, [d]), tbeta = try tensor(of: beta, [d])
            let rows = Array(shape.dropLast()) + [1], tm = try tensor(of: m, rows), ti = try tensor(of: inverse, rows)
            let outputs = [normal.indices.map { normal[$0] * gamma[$0 % d] + beta[$0 % d] }, m, inverse]
            for (part, expected) in outputs.enumerated() {
                cases.add(expected, "layer norm \(part) of \(shape)") {
                    let (y, mean, inverse) = try Tensor.layerNorm(tx, gamma: tgamma, beta: tbeta, eps: 1e-5)
                    return [y, mean, inverse][part]
                }
            }
            let h = g.indices.map { g[$0] * gamma[$0 % d] }, a = mean(h), b = mean(zip(h, normal).map { $0 * $1 }), leading = Set(0..<last)
            let products = zip(g, normal).map { $0 * $1 }
            let gradients = [
                x.indices.map { (h[$0] - a[$0 / d] - normal[$0] * b[$0 / d]) * inverse[$0 / d] },
                last == 0 ? products : Plain.reduce(.sum, products, shape, leading), last == 0 ? g : Plain.reduce(.sum, g, shape, leading),
            ]
            for (part, expected) in gradients.enumerated() {
                cases.add(expected, "gradient \(part) of layer norm of \(shape)") {
                    let (x, gamma, beta) = try Tensor.layerNormBackward(tg, tx, mean: tm, inverse: ti, gamma: tgamma)
                    return [x, gamma, beta][part]
                }
            }
        }
        try cases.compare("layer normalisation, \(T.dtype)")
    }
}
