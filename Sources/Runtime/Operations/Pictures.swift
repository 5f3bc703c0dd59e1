import Glibc
import Plots
import Syntax
import Tensors

// Pictures: values of the language as series, grids and labels for the module Plots, shown in the terminal or written
// to an SVG file.
extension Op {
    /// What the pictures with axes take besides their data, and the others.
    private static let common = "title=\"\", xlabel=\"\", ylabel=\"\", logx=false, logy=false, width=none, height=none, style=none, file=none"
    private static let plain = "title=\"\", xlabel=\"\", ylabel=\"\", width=none, height=none, style=none, file=none"
    private static let commonHelp = """
         `title`, `xlabel`, `ylabel` name what is shown; `logx`, `logy` make an axis logarithmic, where values at or below 0 are \
        left out, as nan and infinities are everywhere; where none is left that is an error. `style="braille"` draws finer than plain ASCII (`NNS_PLOT=braille` in the \
        environment: always). `file="name.svg"` writes a picture for a page instead. `width` is in characters and `height` in \
        lines of the plotting area; in a file both are pixels.
        """
    private static let plainHelp = """
         `title`, `xlabel`, `ylabel` name what is shown. `style="braille"` draws with finer characters than ASCII \
        (`NNS_PLOT=braille` in the environment: always). `file="name.svg"` writes a picture for a page instead. `width` is in \
        characters; in a file it and `height` are pixels.
        """
    private static let tableHelp = """
         `style="braille"` draws lines that ASCII does not have; `file="name.svg"` writes a picture for a page instead; `width` is in \
        characters, in a file in pixels.
        """

    static let plot = Operation("plot(data=none, y=none, x=none, error=none, points=false, \(common))", .pictures, """
        Curves in the terminal: `plot(y)` over 0, 1, 2, …, `plot(x, y)`, `plot(run)` for the losses of a training with its \
        best epoch, `plot({name: series or run, …})` for several. A matrix has a curve in every column. `error` is half the \
        width of a band around a curve (a record by name for several). `points=true` draws points instead of lines, a list of \
        names those of some series.
        """ + commonHelp, examples: [
            ("plot([3, 1, 2], width=30, height=5)", """
                3 +**
                  |  ***
                2 +     ***              ***
                  |        ***     ******
                1 +           *****
                  +------------+-----------+
                  0            1           2
                """),
            ("plot({a: [3, 1, 2], b: [1, 2, 3]}, points=\"b\", width=30, height=5)", """
                3 +**                      o
                  |  ***
                2 +     ***    o         ***
                  |        ***     ******
                1 +o          *****
                  +------------+-----------+
                  0            1           2
                   * a   o b
                """),
            ("plot([1, 10, 100], logy=true, title=\"steps\", width=30, height=5)", """
                              steps
                100 +                    ***
                    |              ******
                 10 +         *****
                    |   ******
                  1 +***
                    +-----------+----------+
                    0           1          2
                """),
        ], seeAlso: ["scatter", "fit"], lecture: 19,
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
            try reader.points(&series)
            try reader.present(LinePlot(series: series, options: options))
            return .none
        })

    static let scatter = Operation("scatter(x, y=none, labels=none, names=none, \(common))", .pictures, """
        Points: `scatter(x, y)`, `scatter(X)` for rows [x, y], `scatter(data)` for a data set of two features, a mark for each \
        class. `labels` are class numbers, `names` their names.
        """ + commonHelp, examples: [
            ("scatter([0, 1, 2], [1, 0, 1], labels=[0, 1, 1], names=(\"cat\", \"dog\"), width=30, height=3)", """
                1 +o                       x
                  |
                0 +            x
                  +------------+-----------+
                  0            1           2
                   o cat   x dog
                """),
        ], seeAlso: ["plot", "boundary"],
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let points = try reader.points()
            try reader.present(ScatterPlot(x: points.x, y: points.y, classes: points.classes, names: points.names, options: try reader.options()))
            return .none
        })

    static let hist = Operation("hist(values, bins=none, \(common))", .pictures, """
        A histogram: how often values fall into equal bins (`bins` of them; by default after Freedman and Diaconis), \
        with `logx` of equal ratio. Where the terminal is too narrow for all, neighbours are added up.
        """ + commonHelp, examples: [
            ("hist([1, 2, 2, 3], xlabel=\"size\", width=30, height=3)", """
                count
                2 +        #######
                  |####### ####### #######
                0 +####### ####### #######
                  +----+-------+-------+---
                       1       2       3
                             size
                """),
        ], seeAlso: ["plot", "bars"],
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let bins = c.isNone(1) ? nil : try c.size(1)
            if bins == 0 { throw Diagnostic(.value, "`bins` of hist must be at least 1, got 0") }
            try reader.present(Histogram(values: try reader.doubles(c[0], "values"), bins: bins, options: try reader.options()))
            return .none
        })

    static let heatmap = Operation("heatmap(matrix, rows=none, columns=none, values=none, \(plain))", .pictures, """
        A matrix as shaded cells, the first row at the top. `rows` and `columns` are lists of names; `values=true` writes the \
        numbers into the cells where there is room, which happens by itself. Rows and columns without names are numbered.
        """ + plainHelp, examples: [
            ("heatmap([[1, 2], [3, 4]], rows=(\"a\", \"b\"), columns=(\"c\", \"d\"))", """
                    c   d
                  +--------+
                a |   1-- 2|
                b |** 3@@ 4|
                  +--------+
                   1 [ .:-=+*#%@] 4
                """),
        ], seeAlso: ["imshow", "confusion"],
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let t = try c.tensor(0)
            guard t.rank == 2 else { throw Diagnostic(.shape, "heatmap needs a matrix, got \(Value(t).described)") }
            let rows = try reader.names("rows", count: t.dims[0], of: "row"), columns = try reader.names("columns", count: t.dims[1], of: "column")
            try reader.present(Heatmap(values: Curves.numbers(Value(t)) ?? [], rows: t.dims[0], columns: t.dims[1],
                                       rowLabels: rows, columnLabels: columns,
                                       showValues: reader["values"].asBool, options: try reader.options()))
            return .none
        })

    static let imshow = Operation("imshow(images, titles=none, low=none, high=none, color=none, \(plain))", .pictures, """
        Images: a grey one [height, width], several [n, height, width] or [n, 1, height, width] side by side; three channels, \
        [3, height, width] or [n, 3, height, width], are red, green and blue (`color=false`: every channel is a grey image of its own). `low` \
        and `high` are the values shown as darkest and brightest, by default the least and the largest; of colours 0 and 1. A \
        terminal shows the first of many images, as many as fit into about 100 lines.
        """ + plainHelp, examples: [
            ("imshow(eye(3))", """
                +------+
                |@@    |
                |  @@  |
                |    @@|
                +------+
                """),
            ("imshow(stack(eye(2), 1 - eye(2)), titles=(\"one\", \"two\"))", """
                 one     two
                +----+  +----+
                |@@  |  |  @@|
                |  @@|  |@@  |
                +----+  +----+
                """),
        ], seeAlso: ["heatmap"], lecture: 30,
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let t = try c.tensor(0)
            let channels = t.rank < 3 ? 1 : t.dims[t.rank - 3]
            guard c.isNone(4) || c[4].asBool != nil else { throw Diagnostic(.type, "`color` of imshow must be true or false, got \(c[4].described)") }
            let inColor = channels == 3 && c[4].asBool != false
            if c[4].asBool == true, !inColor {
                throw Diagnostic(.shape, "an image in colour has three channels, [3, height, width], got \(Value(t).described)")
            }
            guard t.rank == 2 || t.rank == 3 || t.rank == 4 && (channels == 1 || inColor || t.dims[0] == 1 || c[4].asBool == false) else {
                throw Diagnostic(.shape, "imshow needs [height, width], [n, height, width], [n, 1, height, width] or [n, 3, height, width], got \(Value(t).described)",
                                 help: t.rank == 4 ? ["`color=false` shows every channel as a grey image of its own"] : [])
            }
            let height = t.dims[t.rank - 2], width = t.dims[t.rank - 1]
            let count = height * width == 0 ? 0 : t.count / (height * width * (inColor ? 3 : 1))
            var range: ClosedRange<Double>?
            if !c.isNone(2) || !c.isNone(3) {
                let low = c.isNone(2) ? 0 : try c.double(2), high = c.isNone(3) ? 1 : try c.double(3)
                guard low < high else { throw Diagnostic(.value, "imshow needs low < high, got \(numberText(low)) and \(numberText(high))") }
                range = low...high
            } else if inColor {
                range = 0...1
            }
            try reader.present(ImageSheet(pixels: Curves.numbers(Value(t)) ?? [], count: count, inColor: inColor, height: height, width: width,
                                          titles: try reader.names("titles"), range: range, options: try reader.options()))
            return .none
        })

    static let contour = Operation("contour(f, x, y, levels=none, path=none, \(common))", .pictures, """
        Lines of equal height. `f` is a matrix with a row for every y and a column for every x, or a function of (x, y) or of \
        the vector [x, y], drawn over the ranges of x and y. `levels` are the heights of the lines, or how many. `path` is a matrix of rows [x, y] drawn over it, or a record of \
        several.
        """ + commonHelp, examples: [
            ("contour((x, y) => x * y, [0, 1], [0, 1], levels=[0.1, 0.5], width=30, height=5)", """
                1.0 +  1        22
                    |   1         22222
                0.5 +    111           22222
                    |      1111111111111
                0.0 +                  11111
                    +-----------+----------+
                   0.0         0.5        1.0
                     1 0.1   2 0.5
                """),
        ], seeAlso: ["boundary", "heatmap"], lecture: 6,
        result: Results.shown,
        forward: { c in
            let reader = PictureReader(c)
            let (xs, ys, z) = try reader.grid()
            let (levels, count) = try reader.levels()
            try reader.present(ContourPlot(x: xs, y: ys, z: z, levels: levels, count: count, overlays: try reader.paths(), options: try reader.options()))
            return .none
        })

    static let boundary = Operation("boundary(net, data, \(common))", .pictures, """
        The classes that a network gives to the plane of its two features, with the data over them. The network is evaluated, \
        never trained.
        """ + commonHelp, examples: [
            ("boundary(x => x[:, 0] - x[:, 1], {x: [[0, 1], [1, 0]], y: [0, 1]}, width=30, height=4)", """
                  |..o.......................
                  |.................
                  |.........
                0 +.                      x
                  +--+---------+----------+--
                    0.0       0.5        1.0
                   o 0 (area .)
                   x 1 (area blank)
                """),
        ], seeAlso: ["scatter", "contour"], lecture: 17,
        result: Results.shown,
        forward: { c in
            let reader = PictureReader(c)
            try reader.present(try reader.boundary())
            return .none
        })

    static let bars = Operation("bars(values, labels=none, \(plain))", .pictures, """
        Horizontal bars: of a list or vector (`labels` names them), or of a record's numbers by name.
        """ + plainHelp, examples: [
            ("bars({sgd: 0.91, adam: 0.96}, width=30)", """
                 sgd |################## 0.91
                adam |################### 0.96
                """),
        ], seeAlso: ["hist"],
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
            if !labels.isEmpty { labels = try reader.checked(labels, "labels", count: values.count, of: "value") }
            try reader.present(BarChart(labels: labels, values: values, options: try reader.options()))
            return .none
        })

    static let table = Operation("table(rows, header=none, title=\"\", width=none, style=none, file=none)", .pictures, """
        A table: of a list of records (a column for every key), a record of columns, a matrix or a list of lists. `header` \
        names the columns.
        """ + tableHelp, examples: [
            ("table(({rate: 0.1, loss: 0.25}, {rate: 0.01, loss: 1.5}))", """
                rate  loss
                ----  ----
                0.1   0.25
                0.01  1.5
                """),
        ], seeAlso: ["print", "heatmap"],
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            let (header, rows) = try reader.cells()
            try reader.present(TextTable(header: header, rows: rows, options: try reader.plainOptions()))
            return .none
        })

    static let confusionMatrix = Operation("confusion_matrix(counts, names=none, title=\"\", width=none, style=none, file=none)", .pictures, """
        The counts that `confusion(net, data)` gives as a table: a row for every true class, a column for every predicted one, \
        with totals, the recall of each class and the accuracy. `names` are the classes' names, such as `data.classes`.
        """ + tableHelp, examples: [
            ("confusion_matrix([[5, 1], [0, 4]], names=(\"cat\", \"dog\"))", """
                true \\ predicted  cat  dog  total  recall
                ----------------  ---  ---  -----  ------
                cat                 5    1      6  0.83
                dog                 0    4      4  1.00
                total               5    5     10
                accuracy 0.9000 (9 of 10)
                """),
        ], seeAlso: ["confusion", "heatmap"],
        result: Results.nothing,
        forward: { c in
            let reader = PictureReader(c)
            if case .object = c[0] { throw Diagnostic(.type, "confusion_matrix needs the counts of `confusion`", help: ["confusion_matrix(confusion(net, data))"]) }
            let t = try c.tensor(0)
            guard t.rank == 2, t.dims[0] == t.dims[1] else { throw Diagnostic(.shape, "confusion_matrix needs a square matrix of counts, got \(Value(t).described)") }
            try reader.present(ConfusionMatrix(counts: (0..<t.count).map { t.element($0) }, names: try reader.names("names"), options: try reader.plainOptions()))
            return .none
        })

    static let grid = Operation("grid(pictures..., columns=none, title=\"\", width=none, style=none, file=none)", .pictures, """
        Several pictures in rows and columns, on the terminal or in one file: `grid(() => plot(a), () => hist(b))`. Each is a \
        function that shows one or more pictures, or a list of such functions. `columns` is the number abreast, where the \
        width allows it: 30 characters each, or 260 pixels.
        """ + tableHelp, examples: [
            ("grid(() => bars([1, 2]), () => imshow(eye(2)), width=63)", """
                0 |############# 1               +----+
                1 |######################### 2   |@@  |
                                                 |  @@|
                                                 +----+
                """),
        ], seeAlso: ["plot", "imshow"],
        result: Results.shown,
        forward: { c in
            let reader = PictureReader(c)
            let columns = c.isNone(1) ? nil : try c.size(1)
            if columns == 0 { throw Diagnostic(.value, "`columns` of grid must be at least 1, got 0") }
            let pictures = try reader.collected(c[0])
            guard !pictures.isEmpty else { throw Diagnostic(.value, "grid needs at least one picture", help: ["grid(() => plot(a), () => plot(b))"]) }
            try reader.present(PictureGrid(pictures, columns: columns, title: try reader.text("title")))
            return .none
        })

    static let pictures = [plot, scatter, hist, heatmap, imshow, contour, boundary, bars, table, confusionMatrix, grid]
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

    /// So many numbers, fewer after an interrupt.
    private static func filled(_ count: Int, _ element: (Int) -> Double) -> [Double] {
        var xs: [Double] = []
        xs.reserveCapacity(count)
        Threads.untilInterrupted(count: count) { for i in $0 { xs.append(element(i)) } }
        return xs
    }

    /// The bytes that a picture takes for each of its numbers, about.
    static let bytesOfNumber = 64

    /// The numbers of a list, a tensor, or a range that memory has room for; nil for anything else.
    static func numbers(_ value: Value) -> [Double]? {
        switch value {
        case .list(let l):
            let xs = l.items.compactMap(\.asDouble)
            return xs.count == l.items.count ? xs : nil
        case .tensor(let t, _): return Self.filled(t.count) { t.element($0) }
        case .range(let r):
            guard (try? Interpreter.checkMemory(r.count, bytesOfNumber)) != nil else { return nil }
            return Self.filled(r.count) { r[$0] }
        default: return nil
        }
    }
}
