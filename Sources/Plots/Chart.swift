// Pictures with an x and a y axis, as layers that both renderers (text and SVG) draw over the same axes.
// Line plots, scatter plots, histograms, contours and decision boundaries are all built of these layers.

/// One thing drawn within the axes. `slot` chooses the colour.
enum Layer {
    /// A curve, broken at points that cannot be shown.
    case line(xs: [Double], ys: [Double], slot: Int, mark: Character)
    case points(xs: [Double], ys: [Double], slot: Int, mark: Character)
    /// The area between two curves.
    case band(xs: [Double], lows: [Double], highs: [Double], slot: Int)
    /// A vertical bar through each point.
    case whiskers(xs: [Double], lows: [Double], highs: [Double], slot: Int)
    case vertical(x: Double, label: String)
    /// Histogram boxes standing on zero, one fewer than the edges.
    case boxes(edges: [Double], heights: [Double], slot: Int)
    /// Areas of classes over a rectangle; rows from low y to high y, row by row; negative classes stay blank.
    case regions(classes: [Int], rows: Int, columns: Int, xs: (Double, Double), ys: (Double, Double), marks: [Character])
    /// Separate straight segments (x0, y0, x1, y1); `shade` in 0...1 chooses the colour of a level.
    case segments([(Double, Double, Double, Double)], mark: Character, shade: Double)
}

/// A line of the legend: a mark or a swatch, and what it stands for.
struct LegendEntry {
    enum Kind {
        /// `missing`: the model gives no class.
        case line, points, vertical, region, missing, level(Double)
    }
    var mark: Character
    var label: String
    var slot: Int
    var kind: Kind
    /// How the class's area is drawn in text, where it has one.
    var area: String?
}

struct Chart {
    var options: PlotOptions
    var layers: [Layer] = []
    var legend: [LegendEntry] = []
    /// The y axis includes zero, and begins there if nothing lies below.
    var startsAtZero = false
    /// The axes end where the layers do, not at the next tick.
    var exactRange = false
    /// x, or y, counts something: no ticks between whole numbers.
    var wholeX = false
    var wholeY = false
    /// Values at or below 0 that went into no layer, since a logarithmic axis has no place for them.
    var tooLow = 0
    /// Said below the picture.
    var remark: String?

    init(_ options: PlotOptions) {
        self.options = options
    }

    /// With the boxes of a histogram joined until there are at most `most`, each as high as its parts together.
    func joiningBoxes(most: Int) -> Chart {
        var chart = self
        for (i, layer) in layers.enumerated() {
            guard case .boxes(let edges, let heights, let slot) = layer, heights.count > most else { continue }
            let each = (heights.count - 1) / most + 1
            let starts = Array(stride(from: 0, to: heights.count, by: each))
            chart.layers[i] = .boxes(edges: starts.map { edges[$0] } + [edges[heights.count]],
                                     heights: starts.map { heights[$0..<min($0 + each, heights.count)].reduce(0, +) }, slot: slot)
            chart.remark = "each box is \(each) of the \(heights.count) bins"
        }
        return chart
    }

    /// What the two axes have to show.
    func requests() -> (x: AxisRequest, y: AxisRequest) {
        var x = Extent(positive: options.logx), y = Extent(positive: options.logy), hasWhiskers = false, wholeX = wholeX
        for layer in layers {
            switch layer {
            case .line(let xs, let ys, _, _), .points(let xs, let ys, _, _):
                for i in 0..<min(xs.count, ys.count) where x.accepts(xs[i]) && y.accepts(ys[i]) {
                    x.add(xs[i])
                    y.add(ys[i])
                }
            case .band(let xs, let lows, let highs, _), .whiskers(let xs, let lows, let highs, _):
                if case .whiskers = layer, !xs.isEmpty { hasWhiskers = true }
                for i in 0..<min(xs.count, lows.count, highs.count) where x.accepts(xs[i]) {
                    if y.accepts(lows[i]) { y.add(lows[i]) }
                    if y.accepts(highs[i]) { y.add(highs[i]) }
                }
            case .vertical(let at, _):
                if x.accepts(at) { x.add(at) }
            case .boxes(let edges, let heights, _):
                for e in edges where x.accepts(e) { x.add(e) }
                for h in heights where y.accepts(h) { y.add(h) }
            case .regions(_, _, _, let xs, let ys, _):
                for e in [xs.0, xs.1] where x.accepts(e) { x.add(e) }
                for e in [ys.0, ys.1] where y.accepts(e) { y.add(e) }
            case .segments(let segments, _, _):
                for (i, s) in segments.enumerated() where i % 4096 != 0 || !options.isStopped() {
                    for e in [s.0, s.2] where x.accepts(e) { x.add(e) }
                    for e in [s.1, s.3] where y.accepts(e) { y.add(e) }
                }
            }
        }
        if startsAtZero && !options.logy {
            y.add(0)
            if wholeY, y.range! == (0, 0) { y.add(1) }
        }
        if hasWhiskers, !options.logx, let range = x.range, (range.high - range.low).isFinite {
            // Error bars on the axis itself could not be read.
            let margin = (range.high - range.low) * 0.04
            if margin > 0 {
                let whole = x.integral
                for end in [range.low - margin, range.high + margin] where x.accepts(end) { x.add(end) }
                if whole { wholeX = true }
            }
        }
        var xRequest = AxisRequest(range: x.range, isLog: options.logx, integral: (x.integral || wholeX) && !options.logx,
                                   fixed: options.xRange, slack: 0.06)
        var yRequest = AxisRequest(range: y.range, isLog: options.logy, integral: wholeY && !options.logy, fixed: options.yRange, slack: 1)
        if exactRange {
            xRequest.slack = 0
            yRequest.slack = 0
        }
        return (xRequest, yRequest)
    }

    /// What a reader might look for in vain: that there is nothing to show, what a logarithmic axis leaves out, or `remark`.
    var note: String? {
        let (seen, tooLow) = counted()
        if tooLow > 0 { return "\(tooLow) \(tooLow == 1 ? "point" : "points") at or below 0 left out" }
        return seen == 0 ? "nothing to show" : remark
    }

    var isEmptyByLog: Bool {
        let (seen, tooLow) = counted()
        return seen == 0 && tooLow > 0
    }

    /// Things that can be seen, and points that a logarithmic axis leaves out.
    private func counted() -> (seen: Int, tooLow: Int) {
        var seen = 0, tooLow = tooLow
        func low(_ v: Double, _ isLog: Bool) -> Bool { isLog && v <= 0 && v.isFinite }
        for layer in layers {
            switch layer {
            case .line(let xs, let ys, _, _), .points(let xs, let ys, _, _):
                for (x, y) in zip(xs, ys) where x.isFinite && y.isFinite {
                    if low(x, options.logx) || low(y, options.logy) { tooLow += 1 } else { seen += 1 }
                }
            case .boxes(_, let heights, _): seen += heights.filter { $0 > 0 }.count
            // Those without a mark only stretch the axes.
            case .segments(let lines, let mark, _): if mark != " " { seen += lines.count }
            case .regions(let classes, _, _, _, _, _): seen += classes.count
            case .band, .whiskers, .vertical: break
            }
        }
        return (seen, tooLow)
    }

    /// Smallest and largest of the values that an axis can show.
    struct Extent {
        let positive: Bool
        private var low = Double.infinity
        private var high = -Double.infinity
        private(set) var integral = true

        init(positive: Bool) { self.positive = positive }

        func accepts(_ v: Double) -> Bool { v.isFinite && (!positive || v > 0) }

        mutating func add(_ v: Double) {
            if v < low { low = v }
            if v > high { high = v }
            if integral && v != v.rounded() { integral = false }
        }

        var range: (low: Double, high: Double)? { low <= high ? (low, high) : nil }
    }

    /// Keeps of many points in ascending x only what can be seen: per column the first, lowest, highest and last.
    static func reduced(_ xs: [Double], _ ys: [Double], columns: Int, along axis: Axis) -> ([Double], [Double]) {
        let count = min(xs.count, ys.count)
        guard count > 8 * columns else { return (xs, ys) }
        for i in 1..<count where !(xs[i] >= xs[i - 1]) { return (xs, ys) }
        var keptX: [Double] = [], keptY: [Double] = []
        var column = Int.min, first = -1, lowest = -1, highest = -1, last = -1, broken = false
        func flush() {
            guard first >= 0 else {
                if broken {
                    keptX.append(.nan)
                    keptY.append(.nan)
                }
                return
            }
            var previous = -1
            for i in [first, min(lowest, highest), max(lowest, highest), last] where i != previous {
                keptX.append(xs[i])
                keptY.append(ys[i])
                previous = i
            }
        }
        for i in 0..<count {
            let t = axis.position(xs[i])
            guard t.isFinite, abs(t) < 1e6 else { continue }
            let c = Int((t * Double(columns)).rounded(.down))
            if c != column {
                flush()
                (column, first, lowest, highest, last, broken) = (c, -1, -1, -1, -1, false)
            }
            guard ys[i].isFinite, !(axis.isLog && xs[i] <= 0) else {
                broken = true
                continue
            }
            if first < 0 { (first, lowest, highest) = (i, i, i) }
            if ys[i] < ys[lowest] { lowest = i }
            if ys[i] > ys[highest] { highest = i }
            last = i
        }
        flush()
        return (keptX, keptY)
    }
}
