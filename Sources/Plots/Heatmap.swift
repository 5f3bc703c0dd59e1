// Heatmaps: a matrix as shades, with labels and, where they fit, its values.

/// A matrix of values as shaded cells; the first row is at the top.
public struct Heatmap: Picture {
    var grid: Shading.Grid
    public var rowLabels: [String]
    public var columnLabels: [String]
    /// Whether the values are written into the cells; nil: if the matrix is small enough for the width.
    public var showValues: Bool?
    public var options: PlotOptions
    public var kind: String { "heatmap" }

    /// - Parameters:
    ///   - values: row by row; missing ones count as NaN, shown as `?`.
    public init(values: [Double], rows: Int, columns: Int, rowLabels: [String] = [], columnLabels: [String] = [],
                showValues: Bool? = nil, options: PlotOptions = PlotOptions()) {
        grid = Shading.Grid(values, rows: rows, columns: columns)
        self.rowLabels = rowLabels
        self.columnLabels = columnLabels
        self.showValues = showValues
        self.options = options
    }

    public func text(width: Int, style: TextStyle, color: Bool) -> String {
        let width = min(max(width, 12), 10_000)
        let (low, high) = Shading.scale(grid.values)
        guard grid.rows > 0, grid.columns > 0 else {
            return (Text.title(options.title, offset: 0, width: width) + ["(empty)"]).joined(separator: "\n")
        }
        let names = rowLabels.map { Text.fit(Text.clean($0), max(width / 3, 4)) }
        // Without names the rows and columns are numbered, where there is room.
        let isNumbered = width >= 30
        let margin = names.isEmpty ? (isNumbered ? "\(grid.rows - 1)".count + 1 : 0) : (names.map { Text.width($0) }.max() ?? 0) + 1
        let heads = columnLabels.map { Text.fit(Text.clean($0), 12) }
        let room = width - margin - 2
        let numbers = grid.values.count <= 2_500 ? Numbers.alike(grid.values, significant: 3, most: 3) : []
        let numberWidth = (numbers.map(\.count).max() ?? 0) + 1
        // A value is preceded by two characters of its shade.
        let withValues = !numbers.isEmpty && (showValues ?? true) && (numberWidth + 2) * grid.columns <= room
        let longestHead = heads.map { Text.width($0) }.max() ?? 0
        var cell = withValues ? numberWidth + 2 : 2
        if longestHead + 1 > cell, (longestHead + 1) * grid.columns <= room { cell = longestHead + 1 }
        if cell * grid.columns > room, !withValues { cell = 1 }
        var shown = grid
        if !withValues, grid.columns > room {
            let columns = max(room, 1)
            // Characters are twice as high as wide.
            let rows = Double(grid.rows) * Double(columns) / Double(grid.columns) / 2
            shown = grid.resized(rows: min(grid.rows, max(Int(rows.rounded()), min(grid.rows, 8))), columns: columns)
            cell = 1
        } else if !withValues, cell == 1, grid.rows > 20 {
            shown = grid.resized(rows: (grid.rows + 1) / 2, columns: grid.columns)
        }
        if shown.rows > 400 { shown = shown.resized(rows: 400, columns: shown.columns) }
        var lines = Text.title(options.title, offset: margin + 1, width: cell * shown.columns)
        let whole = shown.rows == grid.rows && shown.columns == grid.columns
        if !options.ylabel.isEmpty { lines += Text.wrap(Text.clean(options.ylabel), width) }
        if whole, !heads.isEmpty { lines += heading(heads, margin: margin + 1, cell: cell) }
        if heads.isEmpty, isNumbered {
            lines.append(Text.blank(margin + 1) + Heatmap.numbers(grid.columns, places: shown.columns, cell: cell))
        }
        let every = Heatmap.step(grid.rows)
        var numbered: [Int: Int] = [:]
        for row in stride(from: 0, to: grid.rows, by: every) where numbered[row * shown.rows / grid.rows] == nil {
            numbered[row * shown.rows / grid.rows] = row
        }
        let rule = Text.blank(margin) + (style == .ascii ? "+" : "┌") + String(repeating: style == .ascii ? "-" : "─", count: cell * shown.columns)
        lines.append(rule + (style == .ascii ? "+" : "┐"))
        let bar = style == .ascii ? "|" : "│"
        for r in 0..<shown.rows {
            let name = names.isEmpty ? numbered[r].map { "\($0)" } : whole && r < names.count ? names[r] : nil
            var line = margin == 0 ? "" : Text.right(name ?? "", margin - 1) + " "
            line += bar
            for c in 0..<shown.columns {
                let t = Shading.fraction(shown[r, c], low, high)
                let shade = Shading.character(t, style)
                if withValues {
                    let number = Text.right(numbers[r * grid.columns + c], numberWidth)
                    let fill = Text.blank(cell - numberWidth - 2)
                    let body = String(repeating: shade, count: 2) + number + fill
                    line += color ? Shading.painted(body, t) : body
                } else {
                    let body = String(repeating: shade, count: cell)
                    line += color ? Shading.painted(body, t) : body
                }
            }
            lines.append(line + bar)
        }
        lines.append(Text.blank(margin) + (style == .ascii ? "+" : "└") + rule.dropFirst(margin + 1) + (style == .ascii ? "+" : "┘"))
        if !options.xlabel.isEmpty { lines += Text.title(options.xlabel, offset: margin + 1, width: cell * shown.columns) }
        lines += Shading.scaleLines(low, high, style, color: color, margin: margin + 1, width: width)
        if showValues == true, !withValues {
            let note = numbers.isEmpty ? "(too many cells for values)" : "(values left out: they need \((numberWidth + 2) * grid.columns + margin + 2) columns)"
            lines += Text.wrap(note, width - margin - 1).map { Text.blank(margin + 1) + $0 }
        }
        return lines.map(Text.trimmed).joined(separator: "\n")
    }

    /// How many of `count` rows go to a number, so that about ten are numbered.
    private static func step(_ count: Int) -> Int {
        count <= 12 ? 1 : max(1, Int(TickStep(atLeast: Double(count) / 10).size))
    }

    /// The numbers of `count` columns that are drawn in `places` of `cell` characters, as many as fit, at the middle of theirs.
    private static func numbers(_ count: Int, places: Int, cell: Int) -> String {
        let most = "\(count - 1)".count + 1
        var step = TickStep(atLeast: 1)
        while step.size * Double(places * cell) / Double(count) < Double(most) { step = step.next }
        var line = ""
        for column in stride(from: 0, to: count, by: Int(step.size)) {
            let text = "\(column)", start = column * places / count * cell + max(0, (cell - text.count) / 2)
            if start + text.count <= places * cell { line += Text.blank(start - line.count) + text }
        }
        return line
    }

    /// Column labels above their columns, or written downwards where they are longer than a column is wide.
    private func heading(_ heads: [String], margin: Int, cell: Int) -> [String] {
        guard !heads.isEmpty else { return [] }
        let shown = Array(heads.prefix(grid.columns))
        let longest = shown.map { Text.width($0) }.max() ?? 0
        if longest < cell || (longest <= cell && longest == 1) {
            return [Text.blank(margin) + shown.map { Text.center($0, cell) }.joined()]
        }
        return (0..<longest).map { row in
            Text.blank(margin) + shown.map { head in
                let letters = Array(head), at = row - (longest - letters.count)
                return Text.left(at >= 0 && at < letters.count ? String(letters[at]) : " ", cell)
            }.joined()
        }
    }
}
