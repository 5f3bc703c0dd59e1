// Axes: the range shown, ticks at round numbers, and where a value falls.
// Ticks are integers times 1, 2 or 5 times a power of ten, so their labels are exact text, never printed floats.

/// A labelled place on an axis.
struct Tick {
    var value: Double
    var label: String
}

struct Axis {
    let low: Double
    let high: Double
    let isLog: Bool
    var ticks: [Tick]
    /// Equal intervals between ticks if both ends are ticks, otherwise 0.
    var intervals = 0
    private let scale: Double
    private let origin: Double
    private let span: Double

    init(low: Double, high: Double, isLog: Bool, ticks: [Tick]) {
        self.low = low
        self.high = high
        self.isLog = isLog
        self.ticks = ticks
        // Halving before subtracting keeps the largest doubles from overflowing.
        scale = max(abs(low), abs(high)) > 1e300 ? 0.125 : 1
        origin = isLog ? Numbers.log10(low) : low * scale
        span = (isLog ? Numbers.log10(high) : high * scale) - origin
    }

    /// The fraction of the axis at which `value` lies: 0 at `low`, 1 at `high`; NaN if it cannot be shown.
    @inline(__always) func position(_ value: Double) -> Double {
        guard value.isFinite else { return .nan }
        if isLog { return value > 0 ? (Numbers.log10(value) - origin) / span : .nan }
        return (value * scale - origin) / span
    }
}

/// A tick distance: 1, 2 or 5 times 10^exponent.
struct TickStep {
    var factor: Int
    var exponent: Int

    /// The smallest step of at least `size` (finite, > 0).
    init(atLeast size: Double) {
        exponent = Numbers.decade(size)
        let unit = Numbers.powerOfTen(exponent), limit = size * (1 - 1e-12)
        factor = unit >= limit ? 1 : unit * 2 >= limit ? 2 : unit * 5 >= limit ? 5 : 10
        if factor == 10 {
            factor = 1
            exponent += 1
        }
    }

    var next: TickStep {
        var step = self
        switch factor {
        case 1: step.factor = 2
        case 2: step.factor = 5
        default:
            step.factor = 1
            step.exponent += 1
        }
        return step
    }

    var size: Double { value(1) }

    /// k steps, correctly rounded wherever doubles allow.
    func value(_ k: Int) -> Double {
        let n = Double(k * factor)
        if exponent >= 0 { return n * Numbers.powerOfTen(exponent) }
        return exponent >= -22 ? n / Numbers.powerOfTen(-exponent) : n * Numbers.powerOfTen(exponent)
    }

    /// Exact labels of the ticks k: plain decimals alike in length, or `2e-7` if that is shorter for large or small.
    func labels(_ ks: [Int]) -> [String] {
        let plain = ks.map { k in TickStep.plain(k * factor, exponent) }
        if plain.allSatisfy({ $0.count <= 6 || ($0.count == 7 && $0.first == "-") }) { return plain }
        let scientific = ks.map { k in TickStep.scientific(k * factor, exponent) }
        let longestPlain = plain.map(\.count).max() ?? 0, longest = scientific.map(\.count).max() ?? 0
        return longest < longestPlain ? scientific : plain
    }

    /// n × 10^e in plain digits (`e` of a step whose plain text is wanted lies within a few hundred).
    private static func plain(_ n: Int, _ e: Int) -> String {
        if n == 0 && e >= 0 { return "0" }
        let sign = n < 0 ? "-" : ""
        let digits = String(abs(n))
        if e >= 0 { return sign + digits + String(repeating: "0", count: e) }
        let padded = String(repeating: "0", count: max(0, 1 - e - digits.count)) + digits
        return sign + padded.dropLast(-e) + "." + padded.suffix(-e)
    }

    private static func scientific(_ n: Int, _ e: Int) -> String {
        if n == 0 { return "0" }
        var digits = String(abs(n)), e = e
        while digits.last == "0" {
            digits.removeLast()
            e += 1
        }
        e += digits.count - 1
        let rest = digits.dropFirst()
        return (n < 0 ? "-" : "") + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest) + "e\(e)"
    }
}

/// What an axis has to show, and how far it may reach beyond to end at a tick.
struct AxisRequest {
    /// Extent of the data; nil: nothing to show.
    var range: (low: Double, high: Double)?
    var isLog = false
    /// Whole numbers only, such as epochs: no ticks between.
    var integral = false
    /// A range set by the user is kept as it is.
    var fixed: ClosedRange<Double>?
    /// The largest part of the range that may be added at each end.
    var slack = 1.0

    /// Axes with at most `maxIntervals` intervals, finest first; never empty.
    func candidates(maxIntervals: Int) -> [Axis] {
        var (low, high) = usableRange()
        let slack = fixed == nil ? self.slack : 0
        if isLog {
            let decades = Numbers.log10(high) - Numbers.log10(low)
            if decades > 0.7 { return logarithmic(low, high, maxIntervals, slack) }
        }
        let span = high / 8 - low / 8
        var size = span / Double(max(maxIntervals, 1)) * 8
        size = size.isFinite ? min(size, 1e308) : 1e308
        if integral { size = max(size, 1) }
        var step = TickStep(atLeast: max(size, Numbers.powerOfTen(-322)))
        var result: [Axis] = []
        let floorOfLog = low
        for _ in 0..<7 {
            let unit = step.size
            guard unit.isFinite else { break }
            var first = ceiling(low / unit), last = -ceiling(-high / unit)
            var from = low, to = high
            let below = first - (step.value(first) > low + unit * 1e-9 ? 1 : 0)
            let above = last + (step.value(last) < high - unit * 1e-9 ? 1 : 0)
            let begin = step.value(below), end = step.value(above)
            if begin.isFinite, (low / 8 - begin / 8) <= span * slack, !(isLog && begin <= 0) {
                first = below
                from = min(begin, low)
            }
            if end.isFinite, (end / 8 - high / 8) <= span * slack {
                last = above
                to = max(end, high)
            }
            if last >= first, last - first <= 1000 {
                let ks = Array(first...last), labels = step.labels(ks)
                var axis = Axis(low: from, high: to, isLog: isLog,
                                ticks: zip(ks, labels).map { Tick(value: step.value($0), label: $1) })
                if !isLog, step.value(first) <= from, step.value(last) >= to { axis.intervals = last - first }
                if axis.intervals <= max(maxIntervals, 1) || result.isEmpty { result.append(axis) }
            }
            step = step.next
        }
        low = floorOfLog
        if result.isEmpty { result.append(Axis(low: low, high: high, isLog: isLog, ticks: [])) }
        return result
    }

    /// The finest axis whose labels fit.
    func axis(maxIntervals: Int, fits: (Axis) -> Bool) -> Axis {
        let all = candidates(maxIntervals: maxIntervals)
        if let first = all.first(where: fits) { return first }
        var last = all[all.count - 1]
        last.ticks = []
        return last
    }

    /// The axis that covers its range best with about five intervals.
    func balancedAxis(maxIntervals: Int) -> Axis {
        let (low, high) = usableRange()
        var best: Axis?, bestScore = -Double.infinity
        for axis in candidates(maxIntervals: maxIntervals) {
            let covered = axis.position(high) - axis.position(low)
            let count = axis.ticks.count - 1
            var score = covered - 0.04 * Double(abs(count - 5))
            if count > max(maxIntervals, 1) { score -= 10 }
            if count < 1 { score -= 1 }
            if score > bestScore {
                best = axis
                bestScore = score
            }
        }
        return best!
    }

    /// A proper interval: finite, not empty, positive for a logarithmic axis, wide enough for ticks to differ.
    private func usableRange() -> (Double, Double) {
        var (low, high) = range ?? (isLog ? (1, 10) : (0, 1))
        if let fixed, fixed.lowerBound.isFinite, fixed.upperBound.isFinite, !isLog || fixed.lowerBound > 0 {
            (low, high) = (fixed.lowerBound, fixed.upperBound)
        }
        let size = max(abs(low), abs(high))
        if isLog {
            if high / low < 1 + 1e-9 {
                low = max(low / 2, .leastNonzeroMagnitude)
                high = min(high * 2, .greatestFiniteMagnitude)
            }
            return (low, high)
        }
        if high / 8 - low / 8 < size * 1.25e-13 || high - low < Numbers.powerOfTen(-320) {
            let pad = integral && size < 1e12 ? 1 : size == 0 ? 1 : max(size * 0.1, Numbers.powerOfTen(-320))
            low = max(low - pad, -.greatestFiniteMagnitude)
            high = min(high + pad, .greatestFiniteMagnitude)
        }
        return (low, high)
    }

    /// The least integer >= q, taking q as the integer it misses by rounding only.
    private func ceiling(_ q: Double) -> Int {
        let nearest = q.rounded()
        let value = abs(q - nearest) <= 1e-9 + abs(q) * 4e-16 ? nearest : q.rounded(.up)
        return Int(min(max(value, -1e17), 1e17))
    }

    /// Ticks at powers of ten, or at 1, 2 and 5 times them where these are few.
    private func logarithmic(_ low: Double, _ high: Double, _ maxIntervals: Int, _ slack: Double) -> [Axis] {
        let below = Numbers.decade(low)
        let top = Numbers.decade(high), above = Numbers.powerOfTen(top) < high ? top + 1 : top
        let position = (Numbers.log10(low), Numbers.log10(high))
        let allowed = max(position.1 - position.0, 0.3) * slack
        var result: [Axis] = []
        if position.1 - position.0 < 2.5 {
            var all: [(Int, Int)] = []
            for e in below...max(above, below) { all += [(1, e), (2, e), (5, e)] }
            let values = all.map { Double($0.0) * Numbers.powerOfTen($0.1) }
            let exponents = all.map(\.1)
            let start = values.lastIndex { $0 <= low * (1 + 1e-12) } ?? 0
            let end = values.firstIndex { $0 >= high * (1 - 1e-12) } ?? values.count - 1
            if values[start] > 0, values[end].isFinite, start < end {
                let from = position.0 - Numbers.log10(values[start]) <= allowed ? min(values[start], low) : low
                let to = Numbers.log10(values[end]) - position.1 <= allowed ? max(values[end], high) : high
                let shown = (start...end).filter { values[$0] >= from * (1 - 1e-12) && values[$0] <= to * (1 + 1e-12) }
                let plain = exponents[start] >= -3 && exponents[end] <= 4
                let ticks = shown.map { i -> Tick in
                    let text = plain ? Numbers.Digits(values[i]).plain() : "\(all[i].0)e\(all[i].1)"
                    return Tick(value: values[i], label: text)
                }
                if ticks.count - 1 <= max(maxIntervals, 1) {
                    result.append(Axis(low: from, high: to, isLog: true, ticks: ticks))
                }
            }
        }
        let begin = position.0 - Double(below) <= allowed && Numbers.powerOfTen(below) <= low ? below : below + 1
        let finish = Double(above) - position.1 <= allowed && above <= 308 ? above : above - 1
        guard finish >= begin else { return result.isEmpty ? [Axis(low: low, high: high, isLog: true, ticks: [])] : result }
        let from = min(low, Numbers.powerOfTen(begin)), to = max(high, Numbers.powerOfTen(finish))
        for every in [1, 2, 3, 5, 10, 20, 50, 100, 200] where (finish - begin) / every <= max(maxIntervals, 1) {
            let exponents = (begin...finish).filter { $0 % every == 0 }
            guard !exponents.isEmpty else { continue }
            let plain = exponents.allSatisfy { $0 >= -3 && $0 <= 4 }
            let ticks = exponents.map {
                Tick(value: Numbers.powerOfTen($0), label: plain ? Numbers.Digits(Numbers.powerOfTen($0)).plain() : "1e\($0)")
            }
            var axis = Axis(low: from, high: to, isLog: true, ticks: ticks)
            if ticks[0].value == from, ticks[ticks.count - 1].value == to { axis.intervals = ticks.count - 1 }
            result.append(axis)
        }
        return result.isEmpty ? [Axis(low: low, high: high, isLog: true, ticks: [])] : result
    }
}
