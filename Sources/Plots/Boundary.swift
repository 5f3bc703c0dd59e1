// Decision boundaries: which class a model gives to each place, with the data over it.

/// Regions of the classes that a model predicts on a grid, and labelled points over them.
public struct BoundaryPlot: ChartPicture {
    /// The rectangle that the grid covers, edges included.
    public var xRange: ClosedRange<Double>
    public var yRange: ClosedRange<Double>
    public var rows: Int
    public var columns: Int
    /// The predicted class at each grid point, row by row, rows from low y to high y; negative: none, for the model gives nan.
    public var predicted: [Int]
    public var points: (x: [Double], y: [Double], classes: [Int])
    public var names: [String]
    public var options: PlotOptions
    public var kind: String { "decision boundary" }

    public init(xRange: ClosedRange<Double>, yRange: ClosedRange<Double>, rows: Int, columns: Int, predicted: [Int],
                points: (x: [Double], y: [Double], classes: [Int]) = ([], [], []), names: [String] = [],
                options: PlotOptions = PlotOptions()) {
        self.xRange = xRange
        self.yRange = yRange
        self.rows = rows
        self.columns = columns
        self.predicted = predicted
        self.points = points
        self.names = names
        self.options = options
    }

    /// Light characters for the areas, so that the points stand out.
    static let areas: [Character] = Array(". :'-,`~;_\"^!/\\|()<>=[]{}")

    var chart: Chart {
        var chart = Chart(options)
        chart.exactRange = true
        let (size, overflow) = max(rows, 0).multipliedReportingOverflow(by: max(columns, 0))
        let whole = !overflow && predicted.count >= size && size > 0
        let used = whole ? predicted.prefix(size) : []
        let largest = min(max(used.max() ?? 0, points.classes.max() ?? 0, names.count - 1, 0), 999)
        if whole {
            chart.layers.append(.regions(classes: Array(used), rows: rows, columns: columns, xs: (xRange.lowerBound, xRange.upperBound),
                                         ys: (yRange.lowerBound, yRange.upperBound), marks: BoundaryPlot.areas))
        }
        chart.addPoints(points.x, points.y, points.classes, names, total: largest + 1)
        let shown = Set(used.filter { $0 >= 0 }).sorted()
        for k in shown {
            let area = BoundaryPlot.areas[k % BoundaryPlot.areas.count]
            let name = k < names.count ? names[k] : "\(k)"
            let description = area == " " ? "blank" : "\(area)"
            if let i = chart.legend.firstIndex(where: { $0.slot == k }) {
                chart.legend[i].area = description
            } else {
                chart.legend.append(LegendEntry(mark: area, label: name, slot: k, kind: .region, area: area == " " ? "blank" : nil))
            }
        }
        if used.contains(where: { $0 < 0 }) {
            chart.legend.append(LegendEntry(mark: Shading.missing, label: "nan", slot: -1, kind: .missing))
        }
        chart.addMarkers()
        return chart
    }
}
