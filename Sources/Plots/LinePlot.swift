// Line plots: several named curves or clouds of points over common axes.

/// Curves over common axes, with a legend if there is more than one or any has a name.
public struct LinePlot: ChartPicture {
    public var series: [Series]
    public var options: PlotOptions
    public var kind: String { "plot" }

    public init(series: [Series], options: PlotOptions = PlotOptions()) {
        self.series = series
        self.options = options
    }

    var chart: Chart {
        var chart = Chart(options)
        for (slot, s) in series.enumerated() {
            let xs = s.xs, ys = Array(s.y.prefix(s.count))
            let mark = Marks.usable(s.mark) ?? Marks.series(slot)
            if let error = s.error {
                let n = min(ys.count, error.count)
                let lows = (0..<n).map { ys[$0] - abs(error[$0]) }, highs = (0..<n).map { ys[$0] + abs(error[$0]) }
                switch s.errorStyle ?? (n <= 20 ? .bars : .band) {
                case .band: chart.layers.append(.band(xs: xs, lows: lows, highs: highs, slot: slot))
                case .bars: chart.layers.append(.whiskers(xs: xs, lows: lows, highs: highs, slot: slot))
                }
            }
            switch s.style {
            case .line: chart.layers.append(.line(xs: xs, ys: ys, slot: slot, mark: mark))
            case .points: chart.layers.append(.points(xs: xs, ys: ys, slot: slot, mark: mark))
            }
            if series.count > 1 || !s.name.isEmpty {
                chart.legend.append(LegendEntry(mark: mark, label: s.name.isEmpty ? "series \(slot + 1)" : s.name, slot: slot,
                                                kind: s.style == .line ? .line : .points))
            }
        }
        chart.addMarkers()
        return chart
    }
}

extension Chart {
    /// The options' vertical markers, with their legend.
    mutating func addMarkers() {
        for marker in options.markers where marker.x.isFinite {
            layers.append(.vertical(x: marker.x, label: marker.label))
            if !marker.label.isEmpty {
                legend.append(LegendEntry(mark: ":", label: marker.label, slot: 0, kind: .vertical))
            }
        }
    }
}

extension Marks {
    /// A mark chosen by the user, if it takes exactly one column.
    static func usable(_ mark: Character?) -> Character? {
        guard let mark, mark.unicodeScalars.count == 1, Text.width(mark) == 1, mark != " ",
              Text.clean(String(mark)) == String(mark) else { return nil }
        return mark
    }
}

/// Points, optionally of several classes, each with its own mark.
public struct ScatterPlot: ChartPicture {
    public var x: [Double]
    public var y: [Double]
    /// The class of each point, counted from 0; nil: all alike. Points of negative class are left out.
    public var classes: [Int]?
    /// Names of the classes for the legend; missing ones are called by their number.
    public var names: [String]
    public var options: PlotOptions
    public var kind: String { "points" }

    public init(x: [Double], y: [Double], classes: [Int]? = nil, names: [String] = [], options: PlotOptions = PlotOptions()) {
        self.x = x
        self.y = y
        self.classes = classes
        self.names = names
        self.options = options
    }

    var chart: Chart {
        var chart = Chart(options)
        chart.addPoints(x, y, classes, names)
        chart.addMarkers()
        return chart
    }
}

extension Chart {
    /// Points by class, in ascending order of class.
    mutating func addPoints(_ x: [Double], _ y: [Double], _ classes: [Int]?, _ names: [String], total: Int = 0) {
        let count = min(x.count, y.count, classes?.count ?? Int.max)
        guard let classes else {
            layers.append(.points(xs: x, ys: y, slot: 0, mark: Marks.classes[0]))
            return
        }
        // Classes by content, not by number: labels may be sparse.
        let present = Set(classes.prefix(count).filter { $0 >= 0 }).sorted()
        let known = max(names.count, total, min(present.last ?? -1, 999) + 1)
        var members: [Int: Int] = [:]
        for (i, k) in present.enumerated() { members[k] = i }
        var xs = Array(repeating: [Double](), count: present.count), ys = xs
        for i in 0..<count {
            guard let at = members[classes[i]] else { continue }
            xs[at].append(x[i])
            ys[at].append(y[i])
        }
        for (i, k) in present.enumerated() {
            let mark = Marks.forClass(k, of: known)
            layers.append(.points(xs: xs[i], ys: ys[i], slot: k, mark: mark))
            legend.append(LegendEntry(mark: mark, label: k < names.count ? names[k] : "\(k)", slot: k, kind: .points))
        }
    }
}
