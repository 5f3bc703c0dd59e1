// Contour lines of a function given on a grid, by marching squares, with paths or points over them.

/// Lines of equal height of values on a grid, optionally with series (a descent's path, a minimum) over them.
public struct ContourPlot: ChartPicture {
    /// Coordinates of the grid's columns and rows, ascending or descending.
    public var x: [Double]
    public var y: [Double]
    /// Values row by row: z[i * x.count + j] belongs to y[i] and x[j]. Cells with a NaN corner have no lines.
    public var z: [Double]
    /// Heights of the lines; nil: about seven round ones, or `count` at equal distances.
    public var levels: [Double]?
    /// How many lines, 1...35.
    public var count: Int?
    public var overlays: [Series]
    public var options: PlotOptions
    public var kind: String { "contour plot" }

    /// `z` has x.count times y.count values; `levels`, or else `count`, tells the lines.
    public init(x: [Double], y: [Double], z: [Double], levels: [Double]? = nil, count: Int? = nil, overlays: [Series] = [],
                options: PlotOptions = PlotOptions()) {
        self.x = x
        self.y = y
        self.z = z
        self.levels = levels
        self.count = count
        self.overlays = overlays
        self.options = options
    }

    /// The levels shown, ascending, and their labels. At most 35, one for each digit and letter that marks them.
    func shownLevels() -> [(value: Double, label: String)] {
        if let levels {
            return Set(levels.filter(\.isFinite)).sorted().prefix(35).map { ($0, Numbers.short($0)) }
        }
        let (low, high) = Shading.extent(z)
        guard high > low else { return [] }
        if let count {
            let step = (high / 4 - low / 4) / Double(count + 1) * 4
            return (1...count).map { low + Double($0) * step }.map { ($0, Numbers.short($0)) }
        }
        let axis = AxisRequest(range: (low, high), slack: 0).candidates(maxIntervals: 8)[0]
        return axis.ticks.filter { $0.value > low && $0.value < high }.map { ($0.value, $0.label) }
    }

    var chart: Chart {
        var chart = Chart(options)
        chart.exactRange = true
        let grid = Shading.Grid(z, rows: y.count, columns: x.count)
        let levels = shownLevels()
        for (i, level) in levels.enumerated() {
            let shade = levels.count > 1 ? Double(i) / Double(levels.count - 1) : 0.5
            let mark = Marks.numbered[1 + i], lines = segments(grid, level.value)
            // The legend names what there is.
            if lines.isEmpty { continue }
            chart.layers.append(.segments(lines, mark: mark, shade: shade))
            chart.legend.append(LegendEntry(mark: mark, label: level.label, slot: i, kind: .level(shade)))
        }
        // A logarithmic axis has no place for some of the grid.
        let outside = (options.logx ? x.filter { $0 <= 0 }.count : 0, options.logy ? y.filter { $0 <= 0 }.count : 0)
        chart.tooLow = outside.0 * y.count + (x.count - outside.0) * outside.1
        // The axes show the grid, whatever the lines cover.
        chart.layers.append(.points(xs: [], ys: [], slot: 0, mark: " "))
        let (left, right) = Shading.extent(x), (bottom, top) = Shading.extent(y)
        if !x.isEmpty, !y.isEmpty { chart.layers.append(.segments([(left, bottom, left, bottom), (right, top, right, top)], mark: " ", shade: 0)) }
        for (i, s) in overlays.enumerated() {
            // Green and what follows stand out from the levels' colours.
            let slot = i + 2, mark = Marks.usable(s.mark) ?? Marks.series(i)
            let ys = Array(s.y.prefix(s.count))
            chart.layers.append(s.style == .line ? .line(xs: s.xs, ys: ys, slot: slot, mark: mark)
                : .points(xs: s.xs, ys: ys, slot: slot, mark: mark))
            if !s.name.isEmpty {
                chart.legend.append(LegendEntry(mark: mark, label: s.name, slot: slot, kind: s.style == .line ? .line : .points))
            }
        }
        chart.addMarkers()
        return chart
    }

    /// Marching squares: in each cell the straight pieces between the points where the edges reach the level.
    private func segments(_ grid: Shading.Grid, _ level: Double) -> [(Double, Double, Double, Double)] {
        var result: [(Double, Double, Double, Double)] = []
        guard grid.rows > 1, grid.columns > 1 else { return [] }
        // Where between a and b the level lies; both are finite and on different sides.
        func cross(_ p: Double, _ q: Double, _ a: Double, _ b: Double) -> Double {
            let t = (level / 4 - a / 4) / (b / 4 - a / 4)
            return p + (t.isFinite ? t : 0.5) * (q - p)
        }
        for i in 0..<grid.rows - 1 where !options.isStopped() {
            for j in 0..<grid.columns - 1 {
                let a = grid[i, j], b = grid[i, j + 1], c = grid[i + 1, j + 1], d = grid[i + 1, j]
                guard a.isFinite, b.isFinite, c.isFinite, d.isFinite else { continue }
                let (x0, x1, y0, y1) = (x[j], x[j + 1], y[i], y[i + 1])
                var points: [(Double, Double)] = []
                if (a >= level) != (b >= level) { points.append((cross(x0, x1, a, b), y0)) }
                if (b >= level) != (c >= level) { points.append((x1, cross(y0, y1, b, c))) }
                if (c >= level) != (d >= level) { points.append((cross(x1, x0, c, d), y1)) }
                if (d >= level) != (a >= level) { points.append((x0, cross(y1, y0, d, a))) }
                if points.count == 2 {
                    result.append((points[0].0, points[0].1, points[1].0, points[1].1))
                } else if points.count == 4 {
                    // A saddle: the mean of the corners decides which are joined.
                    let joined = (a / 4 + b / 4 + c / 4 + d / 4 >= level) == (a >= level)
                    let pairs = joined ? [(0, 1), (2, 3)] : [(0, 3), (1, 2)]
                    for (p, q) in pairs { result.append((points[p].0, points[p].1, points[q].0, points[q].1)) }
                }
            }
        }
        return result
    }
}
