import CKernels

/// One step of an optimizer over one parameter, in a single pass, by PyTorch's conventions.
///
/// Every operation is rounded on its own, in the order of the formula, and numbers are rounded to the tensor's type
/// first: the same formula in elementwise operations gives the same bits. Tensors are changed in place where they are
/// unshared (move them out of their slots first), and replaced otherwise. All have the parameter's shape and type.
public enum Optimizers {
    /// The place to write: the tensor itself where nobody else has it, a new one otherwise.
    @inline(__always)
    private static func target(_ t: inout Tensor) throws -> Tensor {
        isKnownUniquelyReferenced(&t) && t.owner == nil ? t : try Tensor.make(like: t)
    }

    private static func check(_ p: Tensor, _ others: Tensor?...) throws {
        guard p.dtype == .f32 || p.dtype == .f64 else { throw TensorError(.type, "a parameter must be float32 or float64") }
        for case let t? in others where !t.hasShape(of: p) || t.dtype != p.dtype {
            throw TensorError(.shape, "the parameter is \(TensorError.text(p.shape)), its gradient or state \(TensorError.text(t.shape))")
        }
    }

    @inline(__always)
    private static func target(_ t: inout Tensor?) throws -> Tensor? {
        let unique = isKnownUniquelyReferenced(&t)
        guard let current = t else { return nil }
        return unique && current.owner == nil ? current : try Tensor.make(like: current)
    }

    /// d = g + l2 · p (g itself where l2 is 0); without momentum p ← p - rate · d.
    /// With it v ← momentum · v + d, then p ← p - rate · v, or p ← p - rate · (d + momentum · v) for Nesterov's.
    /// v starts at zeros; nil is no momentum.
    public static func sgd(_ p: inout Tensor, _ g: Tensor, velocity: inout Tensor?, rate: Double, momentum: Double = 0,
                           nesterov: Bool = false, l2: Double = 0) throws {
        try check(p, g, velocity)
        let newP = try target(&p), newV = try target(&velocity), n = p.count, look: Int32 = nesterov ? 1 : 0
        if p.dtype == .f32 {
            nns_sgd_f32(newP.f32, newV?.f32, p.f32, g.f32, velocity?.f32, n, Float(rate), Float(momentum), look, Float(l2))
        } else {
            nns_sgd_f64(newP.f64, newV?.f64, p.f64, g.f64, velocity?.f64, n, rate, momentum, look, l2)
        }
        p = newP; velocity = newV
    }

    /// With d = g + l2 · p and t the step, counted from 1: m ← β1 · m + (1 - β1) · d, v ← β2 · v + (1 - β2) · (d · d),
    /// p ← p - (rate / (1 - β1^t)) · (m / (sqrt(v) / sqrt(1 - β2^t) + eps)).
    /// `decay` first multiplies p by 1 - rate · decay (AdamW; d then sees the decayed p). m and v start at zeros.
    /// `power1` and `power2` are β1^t and β2^t.
    public static func adam(_ p: inout Tensor, _ g: Tensor, mean m: inout Tensor, square v: inout Tensor, rate: Double,
                            beta1: Double = 0.9, beta2: Double = 0.999, power1: Double, power2: Double, eps: Double = 1e-8,
                            l2: Double = 0, decay: Double = 0) throws {
        try check(p, g, m, v)
        let newP = try target(&p), newM = try target(&m), newV = try target(&v), n = p.count
        let step = rate / (1 - power1), root = (1 - power2).squareRoot(), keep = 1 - rate * decay
        if p.dtype == .f32 {
            nns_adam_f32(newP.f32, newM.f32, newV.f32, p.f32, g.f32, m.f32, v.f32, n, Float(step), Float(beta1), Float(1 - beta1),
                         Float(beta2), Float(1 - beta2), Float(root), Float(eps), Float(l2), Float(keep))
        } else {
            nns_adam_f64(newP.f64, newM.f64, newV.f64, p.f64, g.f64, m.f64, v.f64, n, step, beta1, 1 - beta1,
                         beta2, 1 - beta2, root, eps, l2, keep)
        }
        p = newP; m = newM; v = newV
    }

    /// With d = g + l2 · p: v ← alpha · v + (1 - alpha) · (d · d), u = d / (sqrt(v) + eps); p ← p - rate · u, or with a
    /// buffer b ← momentum · b + u and p ← p - rate · b. v and b start at zeros; b is nil without momentum.
    public static func rmsprop(_ p: inout Tensor, _ g: Tensor, square v: inout Tensor, buffer b: inout Tensor?, rate: Double,
                               alpha: Double = 0.99, eps: Double = 1e-8, momentum: Double = 0, l2: Double = 0) throws {
        try check(p, g, v, b)
        let newP = try target(&p), newV = try target(&v), newB = try target(&b), n = p.count
        if p.dtype == .f32 {
            nns_rmsprop_f32(newP.f32, newV.f32, newB?.f32, p.f32, g.f32, v.f32, b?.f32, n, Float(rate), Float(alpha),
                            Float(1 - alpha), Float(eps), Float(l2), Float(momentum))
        } else {
            nns_rmsprop_f64(newP.f64, newV.f64, newB?.f64, p.f64, g.f64, v.f64, b?.f64, n, rate, alpha, 1 - alpha, eps, l2, momentum)
        }
        p = newP; v = newV; b = newB
    }

    /// With d = g + l2 · p: s ← s + d · d, p ← p - rate · (d / (sqrt(s) + eps)). s starts at zeros; a decayed rate
    /// (rate / (1 + (t - 1) · decay)) is the caller's.
    public static func adagrad(_ p: inout Tensor, _ g: Tensor, sum s: inout Tensor, rate: Double, eps: Double = 1e-10, l2: Double = 0) throws {
        try check(p, g, s)
        let newP = try target(&p), newS = try target(&s), n = p.count
        if p.dtype == .f32 { nns_adagrad_f32(newP.f32, newS.f32, p.f32, g.f32, s.f32, n, Float(rate), Float(eps), Float(l2)) }
        else { nns_adagrad_f64(newP.f64, newS.f64, p.f64, g.f64, s.f64, n, rate, eps, l2) }
        p = newP; s = newS
    }
}
