import Syntax
import Tensors

// Batch, layer and group normalisation.
//
// The first gradient runs in fused kernels; while it is itself recorded, the same formula in differentiable operations.

extension Op {
    // MARK: Batches

    public static let batchNorm: Operation = Operation("batch_norm(x, gamma, beta, mean=none, var=none, eps=1e-5)", .neural, """
        Batch normalization: γ·(x − mean) / √(var + ε) + β for each channel (axis 1 of [n, channels] or \
        [n, channels, …]). Without `mean` and `var` they are the batch's own over all other axes (the variance divides by \
        the count), and the gradient goes through them. γ and β are [channels]; none leaves them out.
        """,
        examples: [("batch_norm([[1], [3]], [1], [0], eps=0)", "[[-1],\n [ 1]]")], seeAlso: ["batchnorm", "layer_norm", "group_norm"], lecture: 23,
        shape: { shapes, _ in
            let x = try Rules.known(shapes, 0)
            guard x.count >= 2 else { throw TensorError(.shape, "batch_norm needs [n, channels] or [n, channels, …], got shape \(shapeText(x))") }
            for i in 1..<5 { if let p = shapes[i], !p.isEmpty, p != [x[1]] { throw TensorError(.shape, "batch_norm needs [\(x[1])], one for each channel of \(shapeText(x)), got \(shapeText(p))") } }
            return x
        },
        forward: { c in
            let eps = try c.epsilon(5)
            let x = try c.channels(0)
            let gamma = try c.channelParameter(1, x), beta = try c.channelParameter(2, x)
            guard c.isNone(3) == c.isNone(4) else {
                throw Diagnostic(.value, "batch_norm takes `mean` and `var` together, or neither")
            }
            if c.isNone(3) {
                let (mean, variance) = try Tensor.batchNormStatistics(x)
                return try batchNormalize(try c.value(0), gamma, beta, Value(mean), Value(variance), .number(eps))
            }
            let mean = try c.channelParameter(3, x), variance = try c.channelParameter(4, x)
            if !c.interpreter.tape.isRecording {
                return Value(try Tensor.batchNormalize(x, mean: try mean.tensor(), variance: try variance.tensor(), gamma: gamma.isNone ? nil : try gamma.tensor(),
                                                       beta: beta.isNone ? nil : try beta.tensor(), eps: eps))
            }
            func column(_ v: Value) throws -> Value { try reshape(v, Value(shape: [x.dims[1]] + Array(repeating: 1, count: x.rank - 2))) }
            let inverse = try .number(1) / sqrt(variance + .number(eps))
            var y = try (try c.value(0) - column(mean)) * column(inverse)
            if !gamma.isNone { y = try y * column(gamma) }
            if !beta.isNone { y = try y + column(beta) }
            return y
        })

    /// As batch_norm with the batch's own statistics, which it gives too: `{y, mean, var}`, the last two constants.
    static let batchNormStatistics: Operation = Operation("batch_norm_statistics(x, gamma, beta, eps=1e-5)", .neural,
        "Batch normalization by the batch's own statistics, and these: {y, mean, var}.",
        result: Results.batchStatistics,
        forward: { c in
            let x = try c.channels(0)
            let (mean, variance) = try Tensor.batchNormStatistics(x)
            let y = try batchNormalize(try c.value(0), try c.channelParameter(1, x), try c.channelParameter(2, x), Value(mean), Value(variance), .number(try c.epsilon(3)))
            return .record(Record(["y", "mean", "var"], [y, Value(mean), Value(variance)]))
        })

    /// Normalises by mean and var, which are those of x and follow it in the gradient.
    static let batchNormalize: Operation = Operation("batch_normalize(x, gamma, beta, mean, var, eps)", .neural, "Normalises by the batch's own statistics.",
        forward: { c in
            let same = try sameType(try c.tensor(0), c.isNone(1) ? nil : try c.tensor(1), c.isNone(2) ? nil : try c.tensor(2))
            return Value(try Tensor.batchNormalize(same[0]!, mean: try c.tensor(3), variance: try c.tensor(4), gamma: same[1], beta: same[2], eps: try c.double(5)))
        },
        backward: { b in
            let eps = b.argument(5)
            if !b.isRecorded, let e = eps.asDouble {
                let x = try b.x(0).tensor(), type = try b.g.tensor().dtype
                func matched(_ v: Value) throws -> Tensor { try Tensor.convert(try v.tensor(), to: type) }
                let (dx, dgamma, dbeta) = try Tensor.batchNormBackward(try b.g.tensor(), try matched(Value(x)), mean: try matched(b.x(3)), variance: try matched(b.x(4)),
                                                                       gamma: b.x(1).isNone ? nil : try matched(b.x(1)), eps: e)
                try b.give(0, typed(Value(dx), like: b.x(0)))
                try b.give(1, typed(Value(dgamma), like: b.x(1)))
                try b.give(2, typed(Value(dbeta), like: b.x(2)))
                return
            }
            let shape = b.shape(0), channels = shape[1]
            let axes = Value(shape: [0] + Array(2..<Swift.max(2, shape.count))), keep = Value.bool(true)
            let centred = try b.x(0) - (try mean(b.x(0), axes, keep))
            let inverse = try .number(1) / sqrt((try mean(centred * centred, axes, keep)) + eps)
            let normal = try centred * inverse
            if b.needs(0) {
                var h = b.g
                if !b.x(1).isNone { h = try h * reshape(b.x(1), Value(shape: [channels] + Array(repeating: 1, count: shape.count - 2))) }
                let slope = try normal * (try mean(h * normal, axes, keep))
                let flat = try h - (try mean(h, axes, keep))
                try b.give(0, typed(try inverse * (flat - slope), like: b.x(0)))
            }
            try b.give(1, typed(try sum(b.g * normal, axes), like: b.x(1)))
            try b.give(2, typed(try sum(b.g, axes), like: b.x(2)))
        })

    // MARK: Single examples

    public static let layerNorm: Operation = Operation("layer_norm(x, gamma, beta, eps=1e-5)", .neural, """
        Layer normalization: γ·(x − mean) / √(var + ε) + β with mean and variance of each row, over the last axes, as many \
        as γ has (the last one where γ and β are none).
        """,
        examples: [("layer_norm([[1, 3]], [1, 1], [0, 0], eps=0)", "[[-1, 1]]")], seeAlso: ["layernorm", "batch_norm", "group_norm"],
        shape: Rules.same,
        forward: { c in
            let x = try c.tensor(0)
            let eps = try c.epsilon(3)
            guard x.rank >= 1, x.count > 0 else { throw Diagnostic(.shape, "layer_norm needs rows of features, got shape \(shapeText(x.shape))") }
            let axes = try (1...2).map { c.isNone($0) ? 1 : try c.tensor($0).rank }.max()!
            let tail = Array(x.shape.suffix(Swift.max(1, axes)))
            for i in 1...2 where !c.isNone(i) {
                let t = try c.tensor(i)
                guard t.shape == tail || t.rank == 0 else {
                    throw c.fault(.shape, i, "\(c.label(i)) must have the shape of the last axes, \(shapeText(tail)), got \(shapeText(t.shape)): x is \(shapeText(x.shape))")
                }
            }
            let width = tail.reduce(1, *)
            func flat(_ i: Int) throws -> Value {
                if c.isNone(i) { return .none }
                let v = try c.value(i), t = try v.tensor()
                if t.rank == 0 { return try broadcastTo(try cast(v, Value(x.dtype.name)), Value(shape: [width])) }
                return t.rank == 1 ? v : try reshape(v, Value(shape: [width]))
            }
            if tail.count == 1 { return try normalizeRows(try c.value(0), try flat(1), try flat(2), .number(eps)) }
            let rows = try reshape(try c.value(0), Value(shape: [x.count / width, width]))
            return try reshape(try normalizeRows(rows, try flat(1), try flat(2), .number(eps)), Value(shape: x.shape))
        })

    public static let groupNorm: Operation = Operation("group_norm(x, gamma, beta, groups=1, eps=1e-5)", .neural, """
        Group normalization: the channels (axis 1 of [n, channels, …]) of each example fall into `groups`, each normalized \
        by its own mean and variance; then γ·… + β for each channel.
        """,
        examples: [("group_norm([[1, 3, 10, 30]], none, none, groups=2, eps=0)", "[[-1, 1, -1, 1]]")], seeAlso: ["groupnorm", "layer_norm", "batch_norm"],
        shape: Rules.same,
        forward: { c in
            let x = try c.channels(0)
            let groups = try c.int(3), channels = x.dims[1]
            let eps = try c.epsilon(4)
            guard groups >= 1, channels % groups == 0 else {
                throw Diagnostic(.value, "`groups` of group_norm must divide the \(channels) channels, got \(groups)")
            }
            let gamma = try c.channelParameter(1, x), beta = try c.channelParameter(2, x)
            let rows = try reshape(try c.value(0), Value(shape: [x.dims[0] * groups, x.count / (x.dims[0] * groups)]))
            var y = try reshape(try normalizeRows(rows, .none, .none, .number(eps)), Value(shape: x.shape))
            let column = Value(shape: [channels] + Array(repeating: 1, count: x.rank - 2))
            if !gamma.isNone { y = try y * reshape(gamma, column) }
            if !beta.isNone { y = try y + reshape(beta, column) }
            return y
        })

    /// What the gradient of a normalisation needs of its forward pass: each row's mean and 1/√(variance + ε).
    private final class Moments {
        let mean: Tensor, inverse: Tensor
        init(mean: Tensor, inverse: Tensor) { self.mean = mean; self.inverse = inverse }
    }

    /// Normalises along the last axis, then scales and shifts by γ and β of its length.
    static let normalizeRows: Operation = Operation("normalize_rows(x, gamma, beta, eps)", .neural, "Normalises along the last axis.",
        forward: { c in
            let same = try sameType(try c.tensor(0), c.isNone(1) ? nil : try c.tensor(1), c.isNone(2) ? nil : try c.tensor(2))
            let (y, mean, inverse) = try Tensor.layerNorm(same[0]!, gamma: same[1], beta: same[2], eps: try c.double(3))
            c.kept = Moments(mean: mean, inverse: inverse)
            return Value(y)
        },
        backward: { b in
            guard let moments = b.kept as? Moments else { return }
            if !b.isRecorded {
                let type = try b.g.tensor().dtype
                func matched(_ v: Value) throws -> Tensor { try Tensor.convert(try v.tensor(), to: type) }
                let (dx, dgamma, dbeta) = try Tensor.layerNormBackward(try b.g.tensor(), try matched(b.x(0)), mean: moments.mean, inverse: moments.inverse,
                                                                       gamma: b.x(1).isNone ? nil : try matched(b.x(1)))
                try b.give(0, typed(Value(dx), like: b.x(0)))
                try b.give(1, typed(Value(dgamma), like: b.x(1)))
                try b.give(2, typed(Value(dbeta), like: b.x(2)))
                return
            }
            let last = Value.number(-1), keep = Value.bool(true)
            let centred = try b.x(0) - (try mean(b.x(0), last, keep))
            let inverse = try .number(1) / sqrt((try mean(centred * centred, last, keep)) + b.argument(3))
            let normal = try centred * inverse
            if b.needs(0) {
                let h = b.x(1).isNone ? b.g : try b.g * b.x(1)
                let slope = try normal * (try mean(h * normal, last, keep))
                let flat = try h - (try mean(h, last, keep))
                try b.give(0, typed(try inverse * (flat - slope), like: b.x(0)))
            }
            try b.give(1, unbroadcast(b.g * normal, like: b.x(1)))
            try b.give(2, unbroadcast(b.g, like: b.x(2)))
        })

    static let normalizations = [batchNorm, batchNormStatistics, layerNorm, groupNorm]
}

extension Call {
    /// A tensor [n, channels, …] of floats that is not empty.
    func channels(_ i: Int) throws -> Tensor {
        let x = try tensor(i)
        guard x.rank >= 2 else {
            throw fault(.shape, i, "\(label(i)) must be [n, channels] or [n, channels, …], got \(shapeText(x.shape))",
                             help: x.rank == 1 ? ["for one feature in every row, write `‹\(operation.parameters[i].name)›[:, none]`"] : [])
        }
        guard x.count > 0 else { throw Diagnostic(.value, "\(operation.name) of an empty batch has no mean: the shape is \(shapeText(x.shape))") }
        return x
    }

    /// A value for each channel of x: [channels], one number for all, or none.
    func channelParameter(_ i: Int, _ x: Tensor) throws -> Value {
        if isNone(i) { return .none }
        let t = try tensor(i)
        let type = x.dtype == .bool ? interpreter.defaultType : x.dtype
        if t.rank == 0 { return try Op.broadcastTo(try Op.cast(try value(i), Value(type.name)), Value(shape: [x.dims[1]])) }
        guard t.shape == [x.dims[1]] else {
            throw fault(.shape, i, "\(label(i)) must be [\(x.dims[1])], one for each channel of x \(shapeText(x.shape)), got \(shapeText(t.shape))")
        }
        return try value(i)
    }

    func epsilon(_ i: Int) throws -> Double {
        let eps = try double(i)
        guard eps >= 0 else { throw fault(.value, i, "\(label(i)) must not be negative, got \(numberText(eps))") }
        return eps
    }
}
