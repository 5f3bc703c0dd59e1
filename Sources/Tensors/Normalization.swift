import CKernels

extension Tensor {
    // MARK: Softmax

    /// exp(x - max) / sum along an axis: computed in double, each result rounded once.
    public static func softmax(_ x: Tensor, axis: Int) throws -> Tensor { try softmax(Int32(NNS_SOFTMAX), x, axis) }

    /// x - max - log(sum of exp(x - max)) along an axis: computed in double, each result rounded once.
    public static func logSoftmax(_ x: Tensor, axis: Int) throws -> Tensor { try softmax(Int32(NNS_LOG_SOFTMAX), x, axis) }

    private static func softmax(_ op: Int32, _ x: Tensor, _ axis: Int) throws -> Tensor {
        let x = x.dtype == .bool ? try convert(x, to: .ofBools) : x
        if x.rank > 0, axis != x.rank - 1 { return try swapped(softmax(op, swapped(x, axis), x.rank - 1), axis) }
        let y = try make(like: x)
        let cols = x.rank == 0 ? 1 : x.dims[x.rank - 1]
        guard x.count > 0 else { return y }
        let scratch = cols > NNS_SOFTMAX_LOCAL ? try make([cols], .f64) : nil
        Threads.runUnlessInterrupted(count: x.count / cols, grain: scratch == nil ? Swift.max(1, 16384 / cols) : Int.max) { first, last in
            if x.dtype == .f32 { nns_softmax_f32(op, y.f32 + first &* cols, x.f32 + first &* cols, last - first, cols, scratch?.f64) }
            else { nns_softmax_f64(op, y.f64 + first &* cols, x.f64 + first &* cols, last - first, cols, scratch?.f64) }
        }
        return y
    }

    /// The tensor with one axis and the last exchanged.
    private static func swapped(_ x: Tensor, _ axis: Int) throws -> Tensor {
        let last = x.rank - 1
        var order = Array(0...last)
        order.swapAt(axis, last)
        return try rearranged(x, order)
    }

    /// The tensor with its axes in the given order, copied.
    private static func rearranged(_ x: Tensor, _ order: [Int]) throws -> Tensor {
        let y = try make(order.map { x.dims[$0] }, x.dtype)
        guard y.count > 0 else { return y }
        var step = [Int](repeating: 1, count: x.rank)
        for i in stride(from: x.rank - 2, through: 0, by: -1) { step[i] = step[i + 1] * x.dims[i + 1] }
        let strides = order.map { step[$0] }, last = x.rank - 1, cols = y.dims[last]
        var index = [Int](repeating: 0, count: x.rank), from = 0, to = 0
        while true {
            if x.dtype.size == 4 { for j in 0..<cols { y.f32[to + j] = x.f32[from + j * strides[last]] } }
            else { for j in 0..<cols { y.f64[to + j] = x.f64[from + j * strides[last]] } }
            to += cols
            var axis = last - 1
            while axis >= 0 {
                index[axis] += 1; from += strides[axis]
                if index[axis] < y.dims[axis] { break }
                from -= strides[axis] * y.dims[axis]; index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return y }
        }
    }

    /// log(sum of exp(x)) over axes (all where nil): max + log(sum of exp(x - max)) in double, rounded once.
    /// -inf of no elements.
    public static func logSumExp(_ x: Tensor, axes: [Int]?, keep: Bool) throws -> Tensor {
        var x = x.dtype == .bool ? try convert(x, to: .ofBools) : x
        let axes = axes ?? Array(0..<x.rank)
        let kept = (0..<x.rank).filter { !axes.contains($0) }
        let shape: [Int] = keep ? (0..<x.rank).map { axes.contains($0) ? 1 : x.dims[$0] } : kept.map { x.dims[$0] }
        var cols = 1
        for axis in axes { cols *= x.dims[axis] }
        let order = kept + axes.sorted()
        if order != Array(0..<x.rank) { x = try rearranged(x, order) }
        let wide = try make(shape, .f64)
        if cols == 0 { return try fill(shape, -.infinity, x.dtype) }
        let scratch = cols > NNS_SOFTMAX_LOCAL ? try make([cols], .f64) : nil
        let type = x.dtype, data = x.data
        Threads.run(count: wide.count, grain: scratch == nil ? Swift.max(1, 16384 / cols) : Int.max) { first, last in
            if type == .f32 {
                nns_log_sum_exp_f32(wide.f64 + first, data.assumingMemoryBound(to: Float.self) + first &* cols, last - first, cols, scratch?.f64)
            } else {
                nns_log_sum_exp_f64(wide.f64 + first, data.assumingMemoryBound(to: Double.self) + first &* cols, last - first, cols, scratch?.f64)
            }
        }
        return type == .f64 ? wide : try convert(wide, to: type)
    }

    // MARK: Cross-entropy

    /// Labels as whole numbers 0..<classes, or an error that names the first that is not.
    private static func checkLabels(_ labels: Tensor, _ n: Int, _ classes: Int, _ type: DType, _ logits: Tensor) throws -> Tensor {
        guard labels.rank == 1, labels.count == n else {
            throw TensorError(.shape, "cross_entropy: logits \(TensorError.text(logits.shape)) need labels [\(n)], not \(TensorError.text(labels.shape))",
                              help: labels.hasShape(of: logits) ? ["for one-hot labels take `argmax(y, 1)`"] : [])
        }
        for i in 0..<n {
            let label = labels.element(i)
            guard label >= 0, label < Double(classes), Double(Int(label)) == label else {
                throw TensorError(.value, "label \(i) is \(label.rounded() == label && abs(label) < 1e15 ? "\(Int(label))" : "\(label)"): with \(classes) classes labels are whole numbers from 0 to \(classes - 1)")
            }
        }
        return try convert(labels, to: type)
    }

    /// The mean cross-entropy of logits [n, classes] against labels [n], and the probabilities.
    ///
    /// A row's loss is (1 - smoothing) · (-log p[label]) + smoothing · mean(-log p), in double; the rows' losses are
    /// summed in double in the order of `reduce`, divided by n and rounded once. The probabilities are `softmax`'s before they
    /// are rounded: doubles whatever the logits are.
    public static func crossEntropy(_ logits: Tensor, _ labels: Tensor, smoothing: Double = 0) throws -> (loss: Tensor, probabilities: Tensor) {
        guard logits.rank == 2, logits.dtype != .bool else {
            throw TensorError(.shape, "cross_entropy takes logits [n, classes], not \(TensorError.text(logits.shape))")
        }
        let n = logits.dims[0], k = logits.dims[1]
        guard n > 0, k > 0 else { throw TensorError(.value, "cross_entropy of no examples: the logits are \(TensorError.text(logits.shape))") }
        guard smoothing >= 0, smoothing <= 1 else { throw TensorError(.value, "smoothing must be from 0 to 1, not \(smoothing)") }
        let labels = try checkLabels(labels, n, k, logits.dtype, logits)
        let p = try make(like: logits, .f64), losses = try make(CollectionOfOne(n), .f64)
        let scratch = k > NNS_SOFTMAX_LOCAL ? try make([k], .f64) : nil
        Threads.run(count: n, grain: scratch == nil ? Swift.max(1, 16384 / k) : Int.max) { first, last in
            if logits.dtype == .f32 {
                nns_cross_entropy_f32(losses.f64 + first, p.f64 + first &* k, logits.f32 + first &* k, labels.f32 + first, last - first, k, smoothing, scratch?.f64)
            } else {
                nns_cross_entropy_f64(losses.f64 + first, p.f64 + first &* k, logits.f64 + first &* k, labels.f64 + first, last - first, k, smoothing, scratch?.f64)
            }
        }
        var total = 0.0
        nns_reduce_rows_f64(Int32(NNS_SUM), &total, losses.f64, 1, n)
        return (try scalar(total / Double(n), logits.dtype), p)
    }

    /// The gradient of the mean cross-entropy for its logits, times `scale`: (p - target) · (scale / n), in double, rounded
    /// once to `type`; the target is 1 - smoothing at the label, plus smoothing / classes everywhere.
    public static func crossEntropyGradient(_ probabilities: Tensor, _ labels: Tensor, _ type: DType, smoothing: Double = 0, scale: Double = 1) throws -> Tensor {
        let n = probabilities.dims[0], k = probabilities.dims[1]
        let labels = try checkLabels(labels, n, k, type, probabilities)
        let g = try make(like: probabilities, type)
        if g.dtype == .f32 { nns_cross_entropy_gradient_f32(g.f32, probabilities.f64, labels.f32, n, k, smoothing, scale / Double(n)) }
        else { nns_cross_entropy_gradient_f64(g.f64, probabilities.f64, labels.f64, n, k, smoothing, scale / Double(n)) }
        return g
    }

    // MARK: Batch normalisation

    /// Channels are axis 1 ([n, c] or [n, c, ...]); the statistics run over all other axes.
    private static func statisticsAxes(_ x: Tensor) throws -> [Int] {
        guard x.rank >= 2 else { throw TensorError(.shape, "batch_norm takes [n, channels, ...], not \(TensorError.text(x.shape))") }
        return [0] + Array(2..<Swift.max(2, x.rank))
    }

    /// Mean and variance (divided by the count) of each channel: [c] each, as `reduce(.mean)` and `variance` over all
    /// axes but 1.
    public static func batchNormStatistics(_ x: Tensor) throws -> (mean: Tensor, variance: Tensor) {
        let axes = try statisticsAxes(x)
        guard x.count > 0 else { throw TensorError(.value, "batch_norm of no elements: the tensor is \(TensorError.text(x.shape))") }
        let x = x.dtype == .bool ? try convert(x, to: .ofBools) : x
        let mean = try reduce(.mean, x, axes: axes, keep: true)
        let variance = try variance(x, mean: mean, axes: axes, keep: false, correction: 0)
        return (try view(of: mean, [x.dims[1]]), variance)
    }

    private static func checkChannels(_ name: String, _ t: Tensor?, _ n: Int, _ x: Tensor, _ what: String) throws {
        if let t, t.rank != 1 || t.dims[0] != n {
            throw TensorError(.shape, "\(what): x is \(TensorError.text(x.shape)), so \(name) must be [\(n)], not \(TensorError.text(t.shape))")
        }
    }

    /// 1 / sqrt(variance + eps), each operation rounded.
    public static func inverseDeviation(_ variance: Tensor, eps: Double) throws -> Tensor {
        let y = try make(like: variance)
        if y.dtype == .f32 { let e = Float(eps); for i in 0..<y.count { y.f32[i] = 1 / (variance.f32[i] + e).squareRoot() } }
        else { for i in 0..<y.count { y.f64[i] = 1 / (variance.f64[i] + eps).squareRoot() } }
        return y
    }

    /// ((x - mean) · (1 / sqrt(variance + eps))) · gamma + beta by channel (axis 1), each operation rounded.
    public static func batchNormalize(_ x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor?, beta: Tensor?, eps: Double) throws -> Tensor {
        _ = try statisticsAxes(x)
        let c = x.dims[1]
        for (name, t) in [("mean", mean), ("var", variance)] { try checkChannels(name, t, c, x, "batch_norm") }
        try checkChannels("gamma", gamma, c, x, "batch_norm")
        try checkChannels("beta", beta, c, x, "batch_norm")
        let type: DType = x.dtype == .bool ? .ofBools : x.dtype
        let x = try convert(x, to: type), m = try convert(mean, to: type), v = try inverseDeviation(convert(variance, to: type), eps: eps)
        let a = try gamma.map { try convert($0, to: type) }, b = try beta.map { try convert($0, to: type) }
        if x.rank == 2 {
            // One column each: the same operations, broadcast.
            var y = try binary(.multiply, binary(.subtract, x, m), v)
            if let a { y = try binary(.multiply, y, a) }
            if let b { y = try binary(.add, y, b) }
            return y
        }
        let y = try make(like: x)
        guard y.count > 0 else { return y }
        let cols = x.count / (x.dims[0] * c)
        Threads.run(count: x.dims[0], grain: Swift.max(1, elementGrain / Swift.max(1, c * cols))) { first, last in
            let at = first &* c &* cols, rows = (last - first) &* c
            if type == .f32 { nns_normalize_rows_f32(y.f32 + at, x.f32 + at, m.f32, v.f32, a?.f32, b?.f32, rows, c, cols) }
            else { nns_normalize_rows_f64(y.f64 + at, x.f64 + at, m.f64, v.f64, a?.f64, b?.f64, rows, c, cols) }
        }
        return y
    }

    /// The gradients of batch normalisation with the batch's own statistics, given that of its output:
    /// dbeta = sum g, dgamma = sum g x̂, dx = (gamma / sd) (g - dbeta / m - x̂ dgamma / m), over the m elements of a channel.
    public static func batchNormBackward(_ g: Tensor, _ x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor?, eps: Double) throws -> (x: Tensor, gamma: Tensor, beta: Tensor) {
        let axes = try statisticsAxes(x)
        if x.rank > 2, x.dtype == g.dtype, x.dtype != .bool, g.hasShape(of: x), mean.dtype == x.dtype, variance.dtype == x.dtype,
           gamma == nil || gamma!.dtype == x.dtype, x.count > 0 {
            return try batchNormBackwardByRows(g, x, mean, variance, gamma, eps)
        }
        let ones = [Int](repeating: 1, count: x.rank - 2), c = x.dims[1]
        func column(_ t: Tensor) throws -> Tensor { try view(of: t, [c] + ones) }
        let normal = try batchNormalize(x, mean: mean, variance: variance, gamma: nil, beta: nil, eps: eps)
        let dbeta = try reduce(.sum, g, axes: axes, keep: false)
        let dgamma = try reduce(.sum, binary(.multiply, g, normal), axes: axes, keep: false)
        let m = Double(x.count / c)
        var scale = try inverseDeviation(variance, eps: eps)
        if let gamma { scale = try binary(.multiply, gamma, scale) }
        let centre = try column(binary(.divide, dbeta, m, .number, reversed: false))
        let slope = try column(binary(.divide, dgamma, m, .number, reversed: false))
        let dx = try binary(.multiply, binary(.subtract, binary(.subtract, g, centre), binary(.multiply, normal, slope)), column(scale))
        return (dx, dgamma, dbeta)
    }

    /// The same, one image's channel after the other, in two passes.
    private static func batchNormBackwardByRows(_ g: Tensor, _ x: Tensor, _ mean: Tensor, _ variance: Tensor, _ gamma: Tensor?,
                                                _ eps: Double) throws -> (x: Tensor, gamma: Tensor, beta: Tensor) {
        let n = x.dims[0], c = x.dims[1], cols = x.count / (n * c), single = x.dtype == .f32
        let inverse = try inverseDeviation(variance, eps: eps)
        let sums = try make([n, c], x.dtype), slopes = try make([n, c], x.dtype), scratch = try make([Threads.count * 4 + 1, cols], x.dtype)
        // Pieces of the batch, each with a row of scratch.
        let pieces = !Threads.isWorthwhile(x.count, elementGrain) ? 1 : Swift.min(n, Threads.count * 4)
        Threads.runPieces(count: pieces, grain: 1) { first, last in
            for piece in first..<last {
                let from = n * piece / pieces, to = n * (piece + 1) / pieces, at = from &* c &* cols
                if single {
                    nns_normal_sums_f32(sums.f32 + from &* c, slopes.f32 + from &* c, g.f32 + at, x.f32 + at, mean.f32, inverse.f32,
                                        (to - from) &* c, c, cols, scratch.f32 + piece &* cols)
                } else {
                    nns_normal_sums_f64(sums.f64 + from &* c, slopes.f64 + from &* c, g.f64 + at, x.f64 + at, mean.f64, inverse.f64,
                                        (to - from) &* c, c, cols, scratch.f64 + piece &* cols)
                }
            }
        }
        let dbeta = try leadingSum(sums, 1), dgamma = try leadingSum(slopes, 1), m = Double(n * cols)
        let scale = try gamma.map { try binary(.multiply, $0, inverse) } ?? inverse
        let centre = try binary(.divide, dbeta, m, .number, reversed: false), slope = try binary(.divide, dgamma, m, .number, reversed: false)
        let dx = try make(like: x)
        Threads.run(count: n, grain: Swift.max(1, elementGrain / Swift.max(1, c &* cols))) { first, last in
            let at = first &* c &* cols, rows = (last - first) &* c
            if single { nns_normal_gradient_f32(dx.f32 + at, g.f32 + at, x.f32 + at, mean.f32, inverse.f32, centre.f32, slope.f32, scale.f32, rows, c, cols) }
            else { nns_normal_gradient_f64(dx.f64 + at, g.f64 + at, x.f64 + at, mean.f64, inverse.f64, centre.f64, slope.f64, scale.f64, rows, c, cols) }
        }
        return (dx, dgamma, dbeta)
    }

    // MARK: Layer normalisation

    /// Normalises over the last axis: ((x - mean) · (1 / sqrt(variance + eps))) · gamma + beta, each operation rounded;
    /// gamma and beta are [d]. Also gives the mean and 1 / sqrt(variance + eps) of each row, with the last axis kept as 1.
    public static func layerNorm(_ x: Tensor, gamma: Tensor?, beta: Tensor?, eps: Double) throws -> (y: Tensor, mean: Tensor, inverse: Tensor) {
        guard x.rank >= 1 else { throw TensorError(.shape, "layer_norm takes [..., features], not a single number") }
        try checkChannels("gamma", gamma, x.dims[x.rank - 1], x, "layer_norm")
        try checkChannels("beta", beta, x.dims[x.rank - 1], x, "layer_norm")
        let x = x.dtype == .bool ? try convert(x, to: .ofBools) : x
        let axes = [x.rank - 1]
        let mean = try reduce(.mean, x, axes: axes, keep: true)
        let inverse = try inverseDeviation(variance(x, mean: mean, axes: axes, keep: true, correction: 0), eps: eps)
        var y = try binary(.multiply, binary(.subtract, x, mean), inverse)
        if let gamma { y = try binary(.multiply, y, gamma) }
        if let beta { y = try binary(.add, y, beta) }
        return (y, mean, inverse)
    }

    /// The gradients of layer normalisation, given that of its output, with the mean and inverse that `layerNorm` gave:
    /// with h = g gamma, dx = inverse (h - mean h - x̂ mean(h x̂)) over the last axis.
    public static func layerNormBackward(_ g: Tensor, _ x: Tensor, mean: Tensor, inverse: Tensor, gamma: Tensor?) throws -> (x: Tensor, gamma: Tensor, beta: Tensor) {
        let axes = [x.rank - 1], d = x.dims[x.rank - 1]
        let normal = try binary(.multiply, binary(.subtract, x, mean), inverse)
        let h = try gamma.map { try binary(.multiply, g, $0) } ?? g
        let a = try reduce(.mean, h, axes: axes, keep: true), b = try reduce(.mean, binary(.multiply, h, normal), axes: axes, keep: true)
        let dx = try binary(.multiply, binary(.subtract, binary(.subtract, h, a), binary(.multiply, normal, b)), inverse)
        return (dx, try sum(binary(.multiply, g, normal), to: [d]), try sum(g, to: [d]))
    }
}
