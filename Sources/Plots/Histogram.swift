// Histograms: how often values fall into equal bins.

/// A histogram of the finite values, in equal bins; with `logx` of those above 0, in bins of equal ratio.
public struct Histogram: ChartPicture {
    public var values: [Double]
    /// Number of bins, 1...10,000; nil: the rule of Freedman and Diaconis (1981), width 2 IQR / n^(1/3).
    public var bins: Int?
    public var options: PlotOptions
    public var kind: String { "histogram" }

    public init(values: [Double], bins: Int? = nil, options: PlotOptions = PlotOptions()) {
        self.values = values
        self.bins = bins
        self.options = options
    }

    /// The edges of the bins (one more than bins) and the counts. Each bin holds its left edge, the last both.
    public func counts() -> (edges: [Double], counts: [Double]) {
        options.logx ? logarithmicCounts() : equalCounts()
    }

    /// Bins that are equally wide on a logarithmic axis.
    private func logarithmicCounts() -> (edges: [Double], counts: [Double]) {
        var exponents = Histogram(values: [], bins: bins), low = Double.infinity, high = 0.0
        exponents.options.isStopped = options.isStopped
        exponents.values.reserveCapacity(values.count)
        forEachFinite { v in
            guard v > 0 else { return }
            (low, high) = (min(low, v), max(high, v))
            exponents.values.append(Numbers.log10(v))
        }
        // Equal values have one bin around them.
        if high > 0, high / 2 - low / 2 <= low * 1e-13 {
            return ([max(low * 0.8, .leastNonzeroMagnitude), min(high * 1.25, .greatestFiniteMagnitude)], [Double(exponents.values.count)])
        }
        let (edges, counts) = exponents.equalCounts()
        // The outermost values lie on their edges to the bit.
        func edge(_ exponent: Double) -> Double {
            let edge = min(max(Numbers.power10(exponent), .leastNonzeroMagnitude), .greatestFiniteMagnitude)
            return abs(edge - low) <= low * 1e-12 ? low : abs(edge - high) <= high * 1e-12 ? high : edge
        }
        return (exponents.values.isEmpty ? [1, 10] : edges.map(edge), counts)
    }

    private func equalCounts() -> (edges: [Double], counts: [Double]) {
        var low = Double.infinity, high = -Double.infinity, finite = 0, integral = true
        forEachFinite { v in
            (low, high, finite) = (min(low, v), max(high, v), finite + 1)
            if v != v.rounded() || abs(v) >= 1e15 { integral = false }
        }
        guard finite > 0 else { return ([0, 1], [0]) }
        var count = min(max(bins ?? 0, 0), 10_000)
        if count == 0 { (low, high, count) = automatic(finite, low, high, integral) }
        let tooNarrow = high / 4 - low / 4 <= max(abs(low), abs(high)) * 1e-13
        if tooNarrow {
            let pad = max(abs(low) * 0.1, low == 0 || integral ? 0.5 : Numbers.powerOfTen(-320))
            low = max(low - pad, -.greatestFiniteMagnitude)
            high = min(high + pad, .greatestFiniteMagnitude)
        }
        // Quarters keep the width of the largest ranges finite.
        let n = Double(count), quarter = high / 4 - low / 4
        let edges = (0...count).map { $0 == count ? high : low + Double($0) / n * quarter * 4 }
            .map { $0.isFinite ? $0 : 0 }
        let exact = edges.map { $0 / 4 }
        var counts = Array(repeating: 0.0, count: count)
        forEachFinite { v in
            var i = min(max(Int((v / 4 - low / 4) / quarter * n), 0), count - 1)
            if v / 4 < exact[i], i > 0 { i -= 1 } else if i + 1 < count, v / 4 >= exact[i + 1] { i += 1 }
            counts[i] += 1
        }
        return (edges, counts)
    }

    /// Calls `body` with each finite value, until the work is to stop.
    private func forEachFinite(_ body: (Double) -> Void) {
        values.withUnsafeBufferPointer { values in
            var at = 0
            while at < values.count, !options.isStopped() {
                let end = min(at + 1 << 16, values.count)
                for i in at..<end where values[i].isFinite { body(values[i]) }
                at = end
            }
        }
    }

    /// The finite value at place `k` of their ascending order, found by 12 bits at a time: a sort of millions takes seconds.
    private func ordered(_ k: Int) -> Double {
        var rank = k, prefix: UInt64 = 0, known = 64
        while known > 0, !options.isStopped() {
            let width = min(12, known), shift = UInt64(known - width)
            var counts = Array(repeating: 0, count: 1 << width)
            forEachFinite { v in
                let bits = (v == 0 ? 0 : v).bitPattern, key = bits >> 63 != 0 ? ~bits : bits | 1 << 63
                if known == 64 || key >> UInt64(known) == prefix { counts[Int(truncatingIfNeeded: key >> shift) & (1 << width - 1)] += 1 }
            }
            var bucket = 0
            while bucket + 1 < counts.count, rank >= counts[bucket] {
                rank -= counts[bucket]
                bucket += 1
            }
            prefix = prefix << UInt64(width) | UInt64(bucket)
            known -= width
        }
        return Double(bitPattern: prefix >> 63 != 0 ? prefix & ~(1 << 63) : ~prefix)
    }

    /// Range and number of bins by Freedman and Diaconis; whole numbers get bins around them, not between.
    private func automatic(_ n: Int, _ low: Double, _ high: Double, _ integral: Bool) -> (Double, Double, Int) {
        func quantile(_ p: Double) -> Double {
            let at = p * Double(n - 1), i = Int(at), value = ordered(i)
            return i + 1 < n ? value + (at - Double(i)) * (ordered(i + 1) - value) : value
        }
        var width = 2 * (quantile(0.75) - quantile(0.25)) / Numbers.cubeRoot(Double(n))
        if !(width > 0) || !width.isFinite {
            // Sturges: one more than log2 n.
            width = (high / 4 - low / 4) * 4 / Double(Int.bitWidth - n.leadingZeroBitCount)
        }
        let span = high / 4 - low / 4
        if integral, width < 1.5, high - low < 60 { return (low - 0.5, high + 0.5, Int(high - low) + 1) }
        guard width > 0, width.isFinite, span > 0 else { return (low, high, 1) }
        return (low, high, Int(min(max((span / width * 4).rounded(.up), 1), 60)))
    }

    var chart: Chart {
        var options = options
        if options.ylabel.isEmpty { options.ylabel = "count" }
        var chart = Chart(options)
        let (edges, counts) = counts()
        chart.startsAtZero = true
        chart.wholeY = true
        chart.wholeX = values.allSatisfy { !$0.isFinite || $0 == $0.rounded() }
        if options.logx { forEachFinite { if $0 <= 0 { chart.tooLow += 1 } } }
        chart.layers.append(.boxes(edges: edges, heights: counts, slot: 0))
        chart.addMarkers()
        return chart
    }
}
