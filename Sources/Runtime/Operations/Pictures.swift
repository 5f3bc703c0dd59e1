import Glibc
import Plots
import Syntax
import Tensors

// Pictures: values of the language as series, grids and labels for the module Plots, shown in the terminal or written
// to an SVG file.
extension Op {
    /// What every picture takes besides its data.
    private static let common = "title=\"\", xlabel=\"\", ylabel=\"\", logx=false, logy=false, height=none, style=none, file=none"
    private static let commonHelp = """
         `title`, `xlabel`, `ylabel` name what is shown; `logx`, `logy` make an axis logarithmic; `style="braille"` draws finer \
        than plain ASCII; `file="name.svg"` writes a picture for a page instead.
        """

    static let plot = Operation("plot(data=none, y=none, x=none, error=none, \(common))", .pictures, """
        Curves in the terminal: `plot(y)` over 0, 1, 2, …, `plot(x, y)`, `plot(run)` for the losses of a training with its \
        best epoch, `plot({name: series or run, …})` for several. A matrix has a curve in every column. `error` is half the \
        width of a band around a curve (a record by name for several).
        """ + commonHelp, seeAlso: ["scatter", "fit"], lecture: 19,
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            var options = try reader.options()
            var series: [Series] = []
            let given = reader["x"], y = reader["y"]
            let x = y.isNone || reader["data"].isNone ? given : reader["data"]
            let what = y.isNone ? reader["data"] : y
            guard !what.isNone else { throw Diagnostic(.type, "plot needs something to show", notes: ["plot(y), plot(x, y), plot(run) or plot({name: series, …})"]) }
            let xs = x.isNone ? nil : try reader.doubles(x, "x")
            if case .record(let r) = what {
                if let run = Curves(run: r) {
                    series = run.series
                    options.markers += run.markers
                    if options.xlabel.isEmpty { options.xlabel = "epoch" }
                    if options.ylabel.isEmpty { options.ylabel = "loss" }
                } else {
                    series = try reader.series(r, xs, &options)
                }
            } else {
                series = try reader.columns(what, "", xs)
            }
            try reader.errors(&series)
            try reader.present(LinePlot(series: series, options: options))
            return .none
        })

    static let scatter = Operation("scatter(x, y=none, labels=none, names=none, \(common))", .pictures, """
        Points: `scatter(x, y)`, `scatter(X)` for rows [x, y], `scatter(data)` for a data set of two features, a mark for each \
        class. `labels` are class numbers, `names` their names.
        """ + commonHelp, seeAlso: ["plot", "boundary"],
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let points = try reader.points()
            try reader.present(ScatterPlot(x: points.x, y: points.y, classes: points.classes, names: points.names, options: try reader.options()))
            return .none
        })

    static let hist = Operation("hist(values, bins=none, \(common))", .pictures, """
        A histogram: how often values fall into equal bins (`bins` of them; by default after Freedman and Diaconis).
        """ + commonHelp, seeAlso: ["plot", "bars"],
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let bins = c.isNone(1) ? nil : try c.size(1)
            try reader.present(Histogram(values: try reader.doubles(c[0], "values"), bins: bins, options: try reader.options()))
            return .none
        })

    static let heatmap = Operation("heatmap(matrix, rows=none, columns=none, values=none, \(common))", .pictures, """
        A matrix as shaded cells, the first row at the top. `rows` and `columns` are lists of names; `values=true` writes the \
        numbers into the cells, which happens by itself where there is room.
        """ + commonHelp, seeAlso: ["imshow", "confusion"],
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let t = try c.tensor(0)
            guard t.rank == 2 else { throw Diagnostic(.shape, "heatmap needs a matrix, got \(Value(t).described)") }
            try reader.present(Heatmap(values: (0..<t.count).map { t.element($0) }, rows: t.dims[0], columns: t.dims[1],
                                       rowLabels: try reader.names("rows"), columnLabels: try reader.names("columns"),
                                       showValues: reader["values"].asBool, options: try reader.options()))
            return .none
        })

    static let imshow = Operation("imshow(images, titles=none, low=none, high=none, \(common))", .pictures, """
        Grey images: one [height, width], or several [n, height, width] or [n, 1, height, width] side by side. `low` and `high` \
        are the values shown as darkest and brightest.
        """ + commonHelp, seeAlso: ["heatmap"], lecture: 30,
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let t = try c.tensor(0)
            guard t.rank == 2 || t.rank == 3 || t.rank == 4 && t.dims[1] == 1 || t.rank == 4 && t.dims[0] == 1 else {
                throw Diagnostic(.shape, "imshow needs [height, width], [n, height, width] or [n, 1, height, width], got \(Value(t).described)")
            }
            let height = t.dims[t.rank - 2], width = t.dims[t.rank - 1]
            let count = height * width == 0 ? 0 : t.count / (height * width)
            var range: ClosedRange<Double>?
            if !c.isNone(2) || !c.isNone(3) {
                let low = c.isNone(2) ? 0 : try c.double(2), high = c.isNone(3) ? 1 : try c.double(3)
                guard low < high else { throw Diagnostic(.value, "imshow needs low < high, got \(numberText(low)) and \(numberText(high))") }
                range = low...high
            }
            try reader.present(ImageSheet(pixels: (0..<t.count).map { t.element($0) }, count: count, height: height, width: width,
                                          titles: try reader.names("titles"), range: range, options: try reader.options()))
            return .none
        })

    static let contour = Operation("contour(f, x, y, levels=none, path=none, \(common))", .pictures, """
        Lines of equal height. `f` is a matrix with a row for every y and a column for every x, or a function of (x, y) or of \
        the vector [x, y], drawn over the ranges of x and y. `path` is a matrix of rows [x, y] drawn over it, or a record of \
        several.
        """ + commonHelp, seeAlso: ["boundary", "heatmap"], lecture: 6,
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let (xs, ys, z) = try reader.grid()
            let levels = reader["levels"].isNone ? nil : try reader.doubles(reader["levels"], "levels")
            try reader.present(ContourPlot(x: xs, y: ys, z: z, levels: levels, overlays: try reader.paths(), options: try reader.options()))
            return .none
        })

    static let boundary = Operation("boundary(net, data, \(common))", .pictures, """
        The classes that a network gives to the plane of its two features, with the data over them. The network is evaluated, \
        never trained.
        """ + commonHelp, seeAlso: ["scatter", "contour"], lecture: 17,
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            try reader.present(try reader.boundary())
            return .none
        })

    static let bars = Operation("bars(values, labels=none, \(common))", .pictures, """
        Horizontal bars: of a list or vector (`labels` names them), or of a record's numbers by name.
        """ + commonHelp, seeAlso: ["hist"],
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            var labels = try reader.names("labels")
            let values: [Double]
            if case .record(let r) = c[0] {
                if labels.isEmpty { labels = r.keys }
                values = try Swift.zip(r.keys, r.values).map { key, value in
                    guard let x = value.asDouble else { throw Diagnostic(.type, "bars needs numbers, but `\(key)` is \(value.described)") }
                    return x
                }
            } else {
                values = try reader.doubles(c[0], "values")
            }
            try reader.present(BarChart(labels: labels, values: values, options: try reader.options()))
            return .none
        })

    static let table = Operation("table(rows, header=none, title=\"\", style=none, file=none)", .pictures, """
        A table: of a list of records (a column for every key), a record of columns, a matrix or a list of lists. `header` \
        names the columns.
        """, seeAlso: ["print", "heatmap"],
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let (header, rows) = try reader.cells()
            var options = PlotOptions()
            options.title = try reader.text("title")
            try reader.present(TextTable(header: header, rows: rows, options: options))
            return .none
        })

    static let pictures = [plot, scatter, hist, heatmap, imshow, contour, boundary, bars, table]
}

/// The curves of a training.
struct Curves {
    var series: [Series] = []
    var markers: [VerticalMarker] = []
    /// The curve that stands for the run among others: validation loss where there is one.
    var main: Series?

    /// nil where the record is neither a run nor a history.
    init?(run r: Record) {
        let history: Record
        if case .record(let h)? = r["history"] { history = h } else if r["epoch"] != nil, r["loss"] != nil { history = r } else { return nil }
        guard let loss = history["loss"].flatMap(Self.numbers) else { return nil }
        let epochs = history["epoch"].flatMap(Self.numbers)
        series.append(Series(name: "train", x: epochs, y: loss))
        if let validation = history["validation_loss"].flatMap(Self.numbers) { series.append(Series(name: "validation", x: epochs, y: validation)) }
        main = series.last
        if let best = r["best_epoch"]?.asDouble { markers.append(VerticalMarker(x: best, label: "best epoch \(numberText(best))")) }
    }

    static func numbers(_ value: Value) -> [Double]? {
        switch value {
        case .list(let l):
            let xs = l.items.compactMap(\.asDouble)
            return xs.count == l.items.count ? xs : nil
        case .tensor(let t, _): return (0..<t.count).map { t.element($0) }
        case .range(let r): return (0..<r.count).map { r[$0] }
        default: return nil
        }
    }
}
