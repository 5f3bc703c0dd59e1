import Glibc
@testable import Tensors

// The contract of DESIGN §3 as plain loops with C's fma, for comparison with the kernels to the bit.

// MARK: Reductions

enum Plain {
    static func identity<T: Element>(_ op: ReduceOperation) -> T {
        switch op { case .product: 1; case .max: -.infinity; case .min: .infinity; default: 0 }
    }

    static func term<T: Element>(_ op: ReduceOperation, _ x: T) -> T {
        switch op { case .sumOfSquares: x * x; case .sumOfAbs: abs(x); default: x }
    }

    static func combine<T: Element>(_ op: ReduceOperation, _ a: T, _ b: T) -> T {
        switch op {
        case .product: a * b
        case .max: b > a || b.isNaN ? b : a
        case .min: b < a || b.isNaN ? b : a
        default: a + b
        }
    }

    /// A contiguous run: 16 lanes in chunks of 1,024, a tree over the chunks, a tree over the lanes.
    static func run<T: Element>(_ op: ReduceOperation, _ x: ArraySlice<T>) -> T {
        let x = Array(x)
        let chunks = stride(from: 0, to: x.count, by: 1024).map { start in
            (0..<16).map { lane in
                stride(from: start + lane, to: min(start + 1024, x.count), by: 16)
                    .reduce(identity(op)) { combine(op, $0, term(op, x[$1])) }
            }
        }
        func tree(_ chunks: ArraySlice<[T]>) -> [T] {
            if chunks.count == 1 { return chunks.first! }
            var first = 1
            while first * 2 < chunks.count { first *= 2 }
            let a = tree(chunks.prefix(first)), b = tree(chunks.dropFirst(first))
            return (0..<16).map { combine(op, a[$0], b[$0]) }
        }
        if chunks.isEmpty { return identity(op) }
        var lanes = tree(chunks[...])
        for width in [8, 4, 2, 1] { for l in 0..<width { lanes[l] = combine(op, lanes[l], lanes[l + width]) } }
        return lanes[0]
    }

    /// Over axes: the trailing run first, then one accumulator for each output in ascending order.
    static func reduce<T: Element>(_ op: ReduceOperation, _ x: [T], _ shape: [Int], _ axes: Set<Int>) -> [T] {
        if op == .mean {
            let terms = axes.map { shape[$0] }.reduce(1, *)
            return reduce(.sum, x, shape, axes).map { $0 / T(terms) }
        }
        var split = shape.count
        while split > 0, axes.contains(split - 1) { split -= 1 }
        var values = x, op = op
        if split < shape.count {
            let cols = shape[split...].reduce(1, *), rows = shape[..<split].reduce(1, *)
            values = (0..<rows).map { run(op, x[($0 * cols)..<(($0 + 1) * cols)]) }
            let rest = axes.filter { $0 < split }
            if rest.isEmpty { return values }
            if op == .sumOfSquares || op == .sumOfAbs { op = .sum }
        }
        let kept = (0..<split).filter { !axes.contains($0) }
        var result = [T](repeating: identity(op), count: kept.map { shape[$0] }.reduce(1, *))
        for (i, value) in values.enumerated() {
            var rest = i, index = [Int](repeating: 0, count: split)
            for axis in stride(from: split - 1, through: 0, by: -1) { index[axis] = rest % shape[axis]; rest /= shape[axis] }
            let at = kept.reduce(0) { $0 * shape[$1] + index[$1] }
            result[at] = combine(op, result[at], term(op, value))
        }
        return result
    }

    // MARK: Products and convolution

    /// a [m, k] and b [k, n] by strides.
    static func product<T: Element>(_ a: [T], _ ars: Int, _ acs: Int, _ b: [T], _ brs: Int, _ bcs: Int, _ m: Int, _ n: Int, _ k: Int) -> [T] {
        var c: [T] = []
        for i in 0..<m {
            for j in 0..<n {
                var sum: T = 0
                for p in 0..<k { sum = T.fused(a[i * ars + p * acs], b[p * brs + j * bcs], sum) }
                c.append(sum)
            }
        }
        return c
    }

    struct Convolution {
        var n, c, h, w, k, r, s, oh, ow: Int
        var g: ConvolutionGeometry
        var x: [Int] { [n, c, h, w] }
        var filters: [Int] { [k, c / g.groups, r, s] }
        var y: [Int] { [n, k, oh, ow] }

        /// Calls `body` with the flat indices of (output, input, filter) for every term, ordered by output pixel last.
        func forEach(_ body: (_ y: Int, _ x: Int, _ f: Int) -> Void) {
            let cg = c / g.groups, kg = k / g.groups
            for image in 0..<n {
                for filter in 0..<k {
                    for i in 0..<oh {
                        for j in 0..<ow {
                            for channel in 0..<cg {
                                for a in 0..<r {
                                    for b in 0..<s {
                                        let u = i * g.stride.0 + a * g.dilation.0 - g.pad.0, v = j * g.stride.1 + b * g.dilation.1 - g.pad.1
                                        if u < 0 || u >= h || v < 0 || v >= w { continue }
                                        body(((image * k + filter) * oh + i) * ow + j,
                                             ((image * c + filter / kg * cg + channel) * h + u) * w + v,
                                             ((filter * cg + channel) * r + a) * s + b)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }

        func forward<T: Element>(_ x: [T], _ f: [T], _ bias: [T]?) -> [T] {
            var y = [T](repeating: 0, count: n * k * oh * ow)
            forEach { o, i, t in y[o] = T.fused(f[t], x[i], y[o]) }
            if let bias { for i in 0..<y.count { y[i] += bias[i / (oh * ow) % k] } }
            return y
        }

        /// The terms of one input element come by (output channel, kernel row, kernel column).
        func inputGradient<T: Element>(_ d: [T], _ f: [T]) -> [T] {
            var terms = [[(key: Int, d: Int, f: Int)]](repeating: [], count: n * c * h * w)
            forEach { o, i, t in terms[i].append((o / (oh * ow) % k * r * s + t % (r * s), o, t)) }
            return terms.map { $0.sorted { $0.key < $1.key }.reduce(T(0)) { T.fused(f[$1.f], d[$1.d], $0) } }
        }

        /// The terms of one weight come by (image, output row, output column).
        func weightGradient<T: Element>(_ d: [T], _ x: [T]) -> [T] {
            var w = [T](repeating: 0, count: k * c / g.groups * r * s)
            forEach { o, i, t in w[t] = T.fused(d[o], x[i], w[t]) }
            return w
        }
    }
}
