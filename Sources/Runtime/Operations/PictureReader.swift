import CKernels
import Plots
import Syntax
import Tensors

/// Reads a picture's arguments into what the module Plots wants, and shows the picture.
struct PictureReader {
    let call: Call

    init(_ call: Call) { self.call = call }

    /// The argument of a parameter, `none` where the operation has no such parameter.
    subscript(name: String) -> Value {
        call.operation.parameters.firstIndex { $0.name == name }.map { call[$0] } ?? .none
    }

    private func wrong(_ name: String, _ expected: String) -> Diagnostic {
        fault(.type, name, "`\(name)` of \(call.operation.name) must be \(expected), got \(self[name].described)")
    }

    /// An error that points at the argument of a parameter.
    private func fault(_ kind: ErrorKind, _ name: String, _ message: String, help: [String] = []) -> Diagnostic {
        var error = Diagnostic(kind, message, help: help)
        error.argument = .init(function: call.operation.name, name: name)
        return error
    }

    /// Runs `body`, whose errors are about the argument of a parameter.
    private func pointing<T>(_ name: String, _ body: () throws -> T) throws -> T {
        do { return try body() } catch var error as Diagnostic where error.source == nil && error.argument == nil {
            error.argument = .init(function: call.operation.name, name: name)
            throw error
        }
    }

    func text(_ name: String) throws -> String {
        guard let s = self[name].asString else { throw wrong(name, "a string") }
        return s
    }

    private func flag(_ name: String) throws -> Bool {
        if self[name].isNone { return false }
        guard let b = self[name].asBool else { throw wrong(name, "true or false") }
        return b
    }

    /// Of the pictures without axes.
    func plainOptions() throws -> PlotOptions {
        var options = PlotOptions(title: try text("title"))
        options.isStopped = { nns_interrupted() }
        return options
    }

    func options() throws -> PlotOptions {
        var options = PlotOptions(title: try text("title"), xlabel: try text("xlabel"), ylabel: try text("ylabel"),
                                  logx: try flag("logx"), logy: try flag("logy"))
        options.isStopped = { nns_interrupted() }
        if self["file"].isNone { options.height = try count("height", 2...1_000, "lines") }
        return options
    }

    /// A whole number among `range`; nil where none is given.
    private func count(_ name: String, _ range: ClosedRange<Int>, _ unit: String) throws -> Int? {
        if self[name].isNone { return nil }
        guard let n = self[name].asDouble.flatMap({ Int(exactly: $0) }), range.contains(n) else {
            throw wrong(name, "\(range.lowerBound) to \(range.upperBound) \(unit)")
        }
        return n
    }

    /// Any numbers in one row: a tensor's elements, a list's, a range's.
    func doubles(_ value: Value, _ name: String) throws -> [Double] {
        if let xs = Curves.numbers(value) { return xs }
        if let x = value.asDouble { return [x] }
        if case .range(let r) = value { try pointing(name) { try Interpreter.checkMemory(r.count, Curves.bytesOfNumber) } }
        guard case .list = value else { throw fault(.type, name, "`\(name)` of \(call.operation.name) must be numbers, got \(value.described)") }
        let t = try pointing(name) { try call.interpreter.stacked(value, what: "`\(name)` of \(call.operation.name)").tensor() }
        return (0..<t.count).map { t.element($0) }
    }

    /// A list of names, numbers or whatever prints short; empty where none are given.
    func names(_ name: String) throws -> [String] {
        if self[name].isNone { return [] }
        return try pointing(name) { try call.interpreter.items(of: self[name], what: "`\(name)` of \(call.operation.name)") }.map(label)
    }

    /// The names of so many things, or none.
    func names(_ name: String, count: Int, of thing: String) throws -> [String] {
        let names = try names(name)
        return names.isEmpty ? [] : try checked(names, name, count: count, of: thing)
    }

    func checked(_ names: [String], _ name: String, count: Int, of thing: String) throws -> [String] {
        guard names.count == count else {
            throw fault(.shape, name, "\(call.operation.name) shows \(counted(count, thing)), but `\(name)` has \(counted(names.count, "name"))")
        }
        return names
    }

    private func label(_ value: Value) -> String {
        value.asString ?? value.asDouble.map { numberText($0) } ?? value.asBool.map { $0 ? "true" : "false" } ?? value.kind
    }

    // MARK: Curves

    /// One curve, or one for each column of a matrix.
    func columns(_ value: Value, _ name: String, _ xs: [Double]?) throws -> [Series] {
        if case .tensor(let t, _) = value, t.rank == 2 {
            return try (0..<t.dims[1]).map { j in
                let y = (0..<t.dims[0]).map { t.element($0 * t.dims[1] + j) }
                return try curve(name.isEmpty ? "\(j)" : "\(name) \(j)", xs, y)
            }
        }
        if case .tensor(let t, _) = value, t.rank > 2 {
            throw Diagnostic(.shape, "\(call.operation.name) needs a vector, or a matrix with a curve in every column, got \(value.described)")
        }
        // A pair of x and y.
        if case .list(let l) = value, l.items.count == 2, let x = Curves.numbers(l.items[0]), let y = Curves.numbers(l.items[1]) {
            return [try curve(name, x, y)]
        }
        return [try curve(name, xs, try doubles(value, name.isEmpty ? "y" : name))]
    }

    private func curve(_ name: String, _ xs: [Double]?, _ y: [Double]) throws -> Series {
        if let xs, xs.count != y.count {
            throw fault(.shape, "y", "x has \(xs.count) values, \(name.isEmpty ? "y" : name) has \(y.count)")
        }
        return Series(name: name, x: xs, y: y)
    }

    /// The curves of a record of series and runs.
    func series(_ record: Record, _ xs: [Double]?, _ options: inout PlotOptions) throws -> [Series] {
        guard record.count > 0 else { throw Diagnostic(.value, "\(call.operation.name) needs at least one series, got an empty record") }
        var result: [Series] = []
        for (name, value) in zip(record.keys, record.values) {
            if case .record(let r) = value {
                guard var main = Curves(run: r)?.main else { throw Diagnostic(.type, "`\(name)` of \(call.operation.name) must be a series or a run, got a record") }
                if options.xlabel.isEmpty { options.xlabel = "epoch" }
                if options.ylabel.isEmpty { options.ylabel = main.name == "validation" ? "validation loss" : "loss" }
                main.name = name
                result.append(main)
            } else {
                result += try columns(value, name, xs)
            }
        }
        return result
    }

    /// Gives the curves the half-widths of `error`.
    func errors(_ series: inout [Series]) throws {
        switch self["error"] {
        case .none: return
        case .record(let r):
            for (name, value) in zip(r.keys, r.values) {
                guard let i = series.firstIndex(where: { $0.name == name }) else { throw Diagnostic(.value, "`error` names `\(name)`, which is no series") }
                series[i].error = try half(value, series[i].y.count)
            }
        default:
            for i in series.indices { series[i].error = try half(self["error"], series[i].y.count) }
        }
    }

    /// Draws the series that `points` names, or all, as points.
    func points(_ series: inout [Series]) throws {
        if let all = self["points"].asBool {
            if all { for i in series.indices { series[i].style = .points } }
            return
        }
        let chosen = try self["points"].asString.map { [$0] } ?? names("points")
        for name in chosen {
            guard let i = series.firstIndex(where: { $0.name == name }) else { throw fault(.value, "points", "`points` names `\(name)`, which is no series") }
            series[i].style = .points
        }
    }

    private func half(_ value: Value, _ count: Int) throws -> [Double] {
        let e = try doubles(value, "error")
        if e.count == 1, count != 1 { return Array(repeating: e[0], count: count) }
        guard e.count == count else { throw Diagnostic(.shape, "`error` has \(e.count) values, y has \(count)") }
        return e
    }

    // MARK: Points

    struct Points { var x: [Double], y: [Double], classes: [Int]?, names: [String] }

    /// The points of `scatter`: (x, y), rows [x, y], or a data set.
    func points() throws -> Points {
        if case .record(let r) = self["x"] { return try points(of: r) }
        var names = try self.names("names")
        var classes: [Int]?
        if !self["labels"].isNone { (classes, names) = try self.classes(self["labels"], names) }
        let x: [Double], y: [Double]
        if self["y"].isNone {
            let t = try call.tensor(0)
            guard t.rank == 2, t.dims[1] == 2 else { throw Diagnostic(.shape, "\(call.operation.name) needs rows [x, y], got \(Value(t).described)", help: ["scatter(x, y) takes two vectors"]) }
            x = (0..<t.dims[0]).map { t.element(2 * $0) }
            y = (0..<t.dims[0]).map { t.element(2 * $0 + 1) }
        } else {
            x = try doubles(self["x"], "x")
            y = try doubles(self["y"], "y")
        }
        guard x.count == y.count else {
            let isMatrix = self["x"].tensorShape == [y.count, 2]
            throw fault(.shape, isMatrix ? "" : "y", "x has \(x.count) values, y has \(y.count)",
                        help: isMatrix ? ["for points [x, y] and their classes, write `scatter(‹x›, labels=‹y›)`"] : [])
        }
        if let classes, classes.count != x.count { throw fault(.shape, "labels", "there are \(x.count) points and \(classes.count) labels") }
        return Points(x: x, y: y, classes: classes, names: names)
    }

    /// The points of a data set with two features (or one feature and a number to predict).
    func points(of data: Record) throws -> Points {
        guard let x = data["x"], let y = data["y"] else { throw Diagnostic(.type, "\(call.operation.name) needs a record with x and y") }
        let t = try x.tensor()
        if t.rank == 2, t.dims[1] == 2 {
            var names: [String] = []
            if case .list(let l)? = data["classes"] { names = l.items.map(label) }
            let (classes, all) = try classes(y, names)
            guard classes.count == t.dims[0] else { throw Diagnostic(.shape, "there are \(t.dims[0]) points and \(classes.count) labels") }
            return Points(x: (0..<t.dims[0]).map { t.element(2 * $0) }, y: (0..<t.dims[0]).map { t.element(2 * $0 + 1) }, classes: classes, names: all)
        }
        let ys = try doubles(y, "y")
        guard t.count == ys.count else {
            let name = call.operation.parameters.contains { $0.name == "data" } ? "data" : "x"
            throw fault(.shape, name, "\(call.operation.name) shows two features, but x is \(Value(t).described)",
                        help: t.rank == 2 && t.dims[1] > 2 ? ["for its first two, write `{x: ‹\(name)›.x[:, [0, 1]], y: ‹\(name)›.y}`"] : [])
        }
        return Points(x: (0..<t.count).map { t.element($0) }, y: ys, classes: nil, names: [])
    }

    private func classes(_ value: Value, _ names: [String]) throws -> ([Int], [String]) {
        if case .list(let l) = value, l.items.contains(where: { if case .string = $0 { true } else { false } }) {
            var mend = "numbers from 0 in `labels`, the names in that order in `names`"
            if l.items.count <= 12 {
                // Each name's number is its place among the different ones.
                var different: [String] = [], numbers: [String] = []
                for text in l.items.map(label) {
                    if different.place(of: text) == nil { different.append(text) }
                    numbers.append("\(different.place(of: text)!)")
                }
                mend = "`labels=[\(numbers.joined(separator: ", "))], names=(\(different.map(Interpreter.quoted).joined(separator: ", "))\(different.count == 1 ? "," : ""))`"
            }
            throw fault(.type, "labels", "`labels` of \(call.operation.name) are class numbers, got names", help: ["write \(mend)"])
        }
        return (try doubles(value, "labels").map { x in
            guard let k = Int(exactly: x), k >= 0, k < 1_000_000 else { throw Diagnostic(.value, "labels must be whole numbers from 0, got \(numberText(x))") }
            return k
        }, names)
    }

    // MARK: Grids

    /// Coordinates and values for `contour`.
    func grid() throws -> (x: [Double], y: [Double], z: [Double]) {
        var xs = try doubles(self["x"], "x"), ys = try doubles(self["y"], "y")
        let f = call[0]
        switch f {
        case .function, .object:
            // Two numbers are the ends of a range.
            func spread(_ v: [Double], _ count: Int) -> [Double] {
                v.count == 2 ? (0..<count).map { v[0] + (v[1] - v[0]) * Double($0) / Double(count - 1) } : v
            }
            (xs, ys) = (spread(xs, 61), spread(ys, 41))
            let takesVector = (f.asClosure?.code.parameters.count ?? 2) == 1
            var z: [Double] = []
            for y in ys {
                for x in xs {
                    var arguments: [Value] = [.number(x), .number(y)]
                    if takesVector { arguments = [try call.interpreter.stack(arguments, what: "a point")] }
                    let value = try call.interpreter.apply(f, arguments)
                    guard let height = value.asDouble else { throw Diagnostic(.type, "contour needs a function that gives a number, got \(value.described)") }
                    z.append(height)
                }
            }
            return (xs, ys, z)
        default:
            let t = try call.tensor(0)
            guard t.rank == 2 else { throw Diagnostic(.shape, "contour needs a matrix or a function, got \(Value(t).described)") }
            guard t.dims[0] == ys.count, t.dims[1] == xs.count else {
                throw Diagnostic(.shape, "the matrix is [\(t.dims[0]), \(t.dims[1])], but there are \(ys.count) values of y and \(xs.count) of x", help: ["a row for every y, a column for every x"])
            }
            return (xs, ys, (0..<t.count).map { t.element($0) })
        }
    }

    /// `levels` of a contour plot: the heights of its lines, or their number.
    func levels() throws -> (heights: [Double]?, count: Int?) {
        if self["levels"].isNone { return (nil, nil) }
        guard let x = self["levels"].asDouble else { return (try doubles(self["levels"], "levels"), nil) }
        guard let count = Int(exactly: x), (1...35).contains(count) else {
            throw fault(.value, "levels", "`levels` is the number of lines, 1 to 35, or a list of their heights, got \(numberText(x))",
                        help: ["for one line at this height, write `levels=[\(numberText(x))]`"])
        }
        return (nil, count)
    }

    /// The curves of `path`.
    func paths() throws -> [Series] {
        func one(_ name: String, _ value: Value) throws -> Series {
            let t = try call.interpreter.stacked(value, what: "`path` of \(call.operation.name)").tensor()
            guard t.rank == 2, t.dims[1] == 2 else { throw Diagnostic(.shape, "`path` must be rows [x, y], got \(Value(t).described)") }
            return Series(name: name, x: (0..<t.dims[0]).map { t.element(2 * $0) }, y: (0..<t.dims[0]).map { t.element(2 * $0 + 1) },
                          style: t.dims[0] == 1 ? .points : .line)
        }
        switch self["path"] {
        case .none: return []
        case .record(let r): return try zip(r.keys, r.values).map { try one($0, $1) }
        default: return [try one("path", self["path"])]
        }
    }

    /// A network's classes over the plane of the data's two features, a tenth wider than the data on every side.
    func boundary() throws -> BoundaryPlot {
        guard case .record(let data) = self["data"] else { throw wrong("data", "a record with x and y") }
        let points = try points(of: data)
        guard let classes = points.classes else { throw Diagnostic(.shape, "boundary needs data with two features in the columns of x") }
        func range(_ v: [Double]) -> ClosedRange<Double> {
            let finite = v.filter(\.isFinite)
            let low = finite.min() ?? 0, high = finite.max() ?? 1
            let margin = high > low ? (high - low) / 10 : 1
            return (low - margin)...(high + margin)
        }
        let xs = range(points.x), ys = range(points.y)
        let columns = 121, rows = 81
        let type = try data["x"]!.tensor().dtype
        let grid = try Tensor.make([rows * columns, 2], type == .f64 ? .f64 : .f32)
        for i in 0..<rows {
            for j in 0..<columns {
                grid.setElement(2 * (i * columns + j), xs.lowerBound + (xs.upperBound - xs.lowerBound) * Double(j) / Double(columns - 1))
                grid.setElement(2 * (i * columns + j) + 1, ys.lowerBound + (ys.upperBound - ys.lowerBound) * Double(i) / Double(rows - 1))
            }
        }
        let interpreter = call.interpreter
        let out = try interpreter.inMode(training: false) { try interpreter.apply(self["net"], [Value(grid)]).tensor() }
        let cells = rows * columns
        guard out.rank >= 1, out.rank <= 2, out.dims[0] == cells else {
            throw Diagnostic(.shape, "boundary needs one row of outputs for each of \(cells) points, got \(Value(out).described)")
        }
        let width = out.count / cells
        let predicted = (0..<cells).map { i -> Int in
            // Of nan there is no class.
            for k in 0..<width where out.element(i * width + k).isNaN { return -1 }
            // One output is a logit: class 1 above 0.
            if width == 1 { return out.element(i) > 0 ? 1 : 0 }
            var best = 0
            for k in 0..<width where out.element(i * width + k) > out.element(i * width + best) { best = k }
            return best
        }
        return BoundaryPlot(xRange: xs, yRange: ys, rows: rows, columns: columns, predicted: predicted,
                            points: (points.x, points.y, classes), names: points.names, options: try options())
    }

    // MARK: Tables

    /// The header and rows of `table`.
    func cells() throws -> ([String], [[TableCell]]) {
        var header = try names("header")
        func cell(_ value: Value) -> TableCell {
            if value.isNone { return .empty }
            if let x = value.asDouble { return .number(x) }
            return .text(label(value))
        }
        let interpreter = call.interpreter
        switch call[0] {
        case .record(let columns):
            if header.isEmpty { header = columns.keys }
            let lists = try zip(columns.keys, columns.values).map { key, value -> [Value] in
                switch value {
                case .list, .range, .tensor: return try interpreter.items(of: value, what: "column `\(key)`")
                default: return [value]
                }
            }
            let count = lists.map(\.count).max() ?? 0
            return (header, (0..<count).map { i in lists.map { i < $0.count ? cell($0[i]) : .empty } })
        default:
            let rows = try interpreter.items(of: call[0], what: "`rows` of table")
            var keys: [String] = []
            for case .record(let r) in rows { for key in r.keys where !keys.contains(key) { keys.append(key) } }
            if header.isEmpty { header = keys }
            return (header, try rows.map { row in
                if nns_interrupted() { throw Diagnostic(.interrupt, "interrupted") }
                switch row {
                case .record(let r): return keys.map { r[$0].map(cell) ?? .empty }
                case .list, .range: return try interpreter.items(of: row, what: "a row of table").map(cell)
                case .tensor(let t, _) where t.rank == 1: return (0..<t.count).map { .number(t.element($0)) }
                default: return [cell(row)]
                }
            })
        }
    }

    // MARK: Showing

    /// The pictures that the functions show while `grid` calls them.
    func collected(_ functions: Value) throws -> [any Picture] {
        let interpreter = call.interpreter, outer = interpreter.collectedPictures
        defer { interpreter.collectedPictures = outer }
        interpreter.collectedPictures = []
        func run(_ value: Value) throws {
            switch value {
            case .function: _ = try interpreter.apply(value, [])
            case .list(let l): for item in l.items { try run(item) }
            default: throw Diagnostic(.type, "grid needs functions that show pictures, got \(value.described)", help: ["write `() => ` before each picture: grid(() => plot(a), () => plot(b))"])
            }
        }
        try run(functions)
        return interpreter.collectedPictures ?? []
    }

    /// Prints the picture, writes it to the file that `file` names, or hands it to the `grid` under way.
    func present(_ picture: any Picture) throws {
        let interpreter = call.interpreter, host = interpreter.host
        if picture.isEmptyByLog {
            let options = picture.options, names = options.logx ? options.logy ? "x and y" : "x" : "y", axis = options.logy ? "logy" : "logx"
            throw fault(.value, axis, "no point has \(names) above 0, and a logarithmic axis shows no other",
                        help: ["leave out `\(axis)=true`"])
        }
        if !self["file"].isNone {
            let path = try text("file")
            guard path.hasSuffix(".svg") else { throw Diagnostic(.value, "pictures are written as SVG, but `file` is \"\(path)\"", help: ["file=\"run.svg\""]) }
            let width = try count("width", 120...10_000, "pixels") ?? 560
            let height = try count("height", 80...10_000, "pixels") ?? min(max(width * 11 / 18, 260), 800)
            let svg = Array(picture.svg(width: width, height: height).utf8)
            if nns_interrupted() { return }
            try Op.reading { try host.writeFile(path, svg) }
            return
        }
        var style: TextStyle = host.braille ? .braille : .ascii
        switch self["style"] {
        case .none: break
        case .string(let s) where s.string == "braille": style = .braille
        case .string(let s) where s.string == "ascii": style = .ascii
        default: throw Diagnostic(.value, "`style` of \(call.operation.name) is \"ascii\" or \"braille\", got \(self["style"].described)")
        }
        if interpreter.collectedPictures != nil {
            interpreter.collectedPictures?.append(picture)
            return
        }
        let width = try count("width", 20...10_000, "characters") ?? host.width()
        guard width >= 20 else {
            // Narrower pictures could not be read; the words themselves break where they must.
            host.write(width < 12 ? "(too\nnarrow)\n" : "(the terminal\nis too narrow)\n")
            return
        }
        let text = picture.text(width: width, style: style, color: host.color)
        if !nns_interrupted() { host.write(text + "\n") }
    }
}

extension Value {
    var asClosure: Closure? { if case .function(let f as Closure) = self { f } else { nil } }
}
