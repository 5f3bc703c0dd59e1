// Tables: columns of text and numbers, numbers aligned on their decimal points.

/// One entry of a table.
public enum TableCell: Sendable, Equatable {
    case number(Double)
    case text(String)
    case empty

    /// Whole numbers in full, others to six significant digits.
    var shown: String {
        switch self {
        case .number(let v): return Numbers.short(v, significant: 6)
        case .text(let s): return Text.clean(s)
        case .empty: return ""
        }
    }

    var isText: Bool { if case .text = self { true } else { false } }
}

/// Rows under a header. Shorter rows are filled up with empty cells.
public struct TextTable: Picture {
    public var header: [String]
    public var rows: [[TableCell]]
    public var options: PlotOptions
    public var kind: String { "table" }

    public init(header: [String] = [], rows: [[TableCell]], options: PlotOptions = PlotOptions()) {
        self.header = header
        self.rows = rows
        self.options = options
    }

    /// A column ready to print: cells aligned among themselves.
    struct Column {
        var head: String
        var cells: [String]
        var isText: Bool
        var width: Int

        /// One cell, padded to the column's width.
        func padded(_ text: String) -> String { isText ? Text.left(text, width) : Text.right(text, width) }
    }

    var columnCount: Int { max(header.count, rows.map(\.count).max() ?? 0) }

    func column(_ index: Int) -> Column {
        if options.isStopped() { return Column(head: "", cells: [], isText: false, width: 1) }
        let cells = rows.map { index < $0.count ? $0[index] : .empty }
        let isText = cells.contains(where: \.isText)
        var shown: [String] = []
        shown.reserveCapacity(cells.count)
        for (i, cell) in cells.enumerated() {
            if i % 1024 == 0, options.isStopped() { break }
            shown.append(cell.shown)
        }
        if options.isStopped() { return Column(head: "", cells: [], isText: isText, width: 1) }
        if !isText {
            // Behind the point, or where it would stand, all are as long as the longest.
            let tails = shown.map { text in text.firstIndex(where: { $0 == "." || $0 == "e" }).map { text.distance(from: $0, to: text.endIndex) } ?? 0 }
            let longest = tails.max() ?? 0
            for i in shown.indices where shown[i].first.map({ $0.isNumber || $0 == "-" }) == true { shown[i] += Text.blank(longest - tails[i]) }
        }
        let head = index < header.count ? Text.clean(header[index]) : ""
        let width = max(Text.width(head), shown.map { Text.width($0) }.max() ?? 0)
        return Column(head: head, cells: shown, isText: isText, width: max(width, 1))
    }

    public func text(width: Int, style: TextStyle, color: Bool) -> String {
        let width = min(max(width, 8), 10_000)
        var columns = (0..<columnCount).map(column)
        if options.isStopped() { return "" }
        // Long texts give way until all columns fit, as long as that helps.
        let gap = 2
        func total() -> Int { columns.reduce(0) { $0 + $1.width } + gap * max(columns.count - 1, 0) }
        func least(_ column: Column) -> Int { column.isText ? 16 : max(16, column.cells.map { Text.width($0) }.max() ?? 0) }
        while total() > width, let i = columns.indices.filter({ columns[$0].width > least(columns[$0]) })
            .max(by: { columns[$0].width < columns[$1].width }) {
            columns[i].width = max(least(columns[i]), columns[i].width - (total() - width))
        }
        var parts: [[Int]] = [], line: [Int] = [], used = 0
        for (i, column) in columns.enumerated() {
            if !line.isEmpty, used + gap + column.width > width {
                parts.append(line)
                // The first column names the rows in each part.
                line = columns[0].isText && columns[0].width + gap + column.width <= width ? [0] : []
                used = line.isEmpty ? 0 : columns[0].width
            }
            used += (line.isEmpty ? 0 : gap) + column.width
            line.append(i)
        }
        if !line.isEmpty { parts.append(line) }
        let all = parts.first.map { $0.reduce(0) { $0 + columns[$1].width } + gap * ($0.count - 1) } ?? 0
        var lines = Text.title(options.title, offset: 0, width: all)
        if rows.isEmpty, parts.isEmpty { lines.append("(empty)") }
        for (n, part) in parts.enumerated() {
            if n > 0 { lines.append("") }
            if !header.isEmpty {
                lines.append(part.map { columns[$0].padded(Text.fit(columns[$0].head, columns[$0].width)) }.joined(separator: "  "))
                lines.append(part.map { String(repeating: style == .ascii ? "-" : "─", count: columns[$0].width) }.joined(separator: "  "))
            }
            for r in rows.indices where r % 1024 != 0 || !options.isStopped() {
                lines.append(part.map { columns[$0].padded(Text.fit(columns[$0].cells[r], columns[$0].width)) }.joined(separator: "  "))
            }
        }
        return lines.map(Text.trimmed).joined(separator: "\n")
    }
}

/// Counts of true classes (rows) against predicted ones (columns), with totals, recall, precision and accuracy.
public struct ConfusionMatrix: Picture {
    public var counts: [Double]
    public var names: [String]
    public var options: PlotOptions
    public var kind: String { "confusion matrix" }

    /// - Parameters:
    ///   - counts: n × n row by row, true class by predicted class; n is the root of their number, rounded down.
    ///   - names: of the classes; missing ones are called by their number.
    public init(counts: [Double], names: [String] = [], options: PlotOptions = PlotOptions()) {
        self.counts = counts
        self.names = names
        self.options = options
    }

    var classes: Int {
        var n = 0
        while (n + 1) * (n + 1) <= counts.count { n += 1 }
        return n
    }

    func name(_ k: Int) -> String { k < names.count ? Text.clean(names[k]) : "\(k)" }

    /// Share of the diagonal; NaN without counts.
    public var accuracy: Double {
        let n = classes
        var right = 0.0, all = 0.0
        for i in 0..<n {
            right += counts[i * n + i]
            for j in 0..<n { all += counts[i * n + j] }
        }
        return right / all
    }

    var summary: String {
        let n = classes
        let right = (0..<n).reduce(0.0) { $0 + counts[$1 * n + $1] }, all = counts.prefix(n * n).reduce(0, +)
        guard all > 0 else { return "accuracy - (0 of 0)" }
        return "accuracy \(Numbers.fixed(right / all, 4)) (\(Numbers.short(right, significant: 15)) of \(Numbers.short(all, significant: 15)))"
    }

    /// The matrix as a table with totals.
    var table: TextTable {
        let n = classes
        func share(_ part: Double, _ whole: Double) -> TableCell { whole > 0 ? .text(Numbers.fixed(part / whole, 2)) : .text("-") }
        var rows: [[TableCell]] = []
        for i in 0..<n {
            let row = (0..<n).map { counts[i * n + $0] }, sum = row.reduce(0, +)
            rows.append([.text(name(i))] + row.map { .number($0) } + [.number(sum), share(row[i], sum)])
        }
        let columnSums = (0..<n).map { j in (0..<n).reduce(0.0) { $0 + counts[$1 * n + j] } }
        rows.append([.text("total")] + columnSums.map { .number($0) } + [.number(columnSums.reduce(0, +)), .text("")])
        return TextTable(header: ["true \\ predicted"] + (0..<n).map(name) + ["total", "recall"], rows: rows, options: options)
    }

    public func text(width: Int, style: TextStyle, color: Bool) -> String {
        ([table.text(width: width, style: style, color: color)] + Text.wrap(summary, max(width, 8))).joined(separator: "\n")
    }
}
