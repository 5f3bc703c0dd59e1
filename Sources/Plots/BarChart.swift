// Bar charts: one labelled horizontal bar for each value.

/// Labelled horizontal bars from zero, with their values.
public struct BarChart: Picture {
    public var labels: [String]
    /// A value that is not finite is written without a bar.
    public var values: [Double]
    /// How many there were, of which the first 10,000 are shown.
    let count: Int
    public var options: PlotOptions
    public var kind: String { "bar chart" }

    /// Missing labels are the values' numbers, counted from 0.
    public init(labels: [String] = [], values: [Double], options: PlotOptions = PlotOptions()) {
        self.labels = labels
        self.values = Array(values.prefix(10_000))
        count = values.count
        self.options = options
    }

    func label(_ i: Int) -> String { i < labels.count ? Text.clean(labels[i]) : "\(i)" }

    var written: [String] { Numbers.alike(values) }

    /// The ends of the bars, with zero among them.
    var extent: (low: Double, high: Double) {
        let finite = values.filter(\.isFinite)
        return (min(finite.min() ?? 0, 0), max(finite.max() ?? 0, 0))
    }

    public func text(width: Int, style: TextStyle, color: Bool) -> String {
        let width = min(max(width, 20), 10_000)
        let numbers = written
        let (low, high) = extent
        // Numbers stand at the bars' ends, on both sides of zero.
        func widest(_ isBelow: Bool) -> Int { (values.indices.filter { (values[$0] < 0 && values[$0].isFinite) == isBelow }.map { numbers[$0].count + 1 }).max() ?? 0 }
        let most = widest(true), beside = most + widest(false)
        let names = values.indices.map { Text.fit(label($0), max(min(width / 2, width - 6 - beside), 4)) }
        let nameWidth = names.map { Text.width($0) }.max() ?? 0
        let room = max(width - nameWidth - 2 - beside, 4)
        // Halves keep the sum of the largest values finite.
        let span = high / 2 - low / 2
        func cells(_ v: Double) -> Double { span > 0 ? v / 2 / span * Double(room) : 0 }
        let below = low < 0 ? Int((-cells(low)).rounded()) + most : 0
        let fine = style == .braille, paint = Ansi.code(slot: 0)
        var lines = Text.title(options.title, offset: nameWidth + 1, width: width - nameWidth - 1)
        if !options.ylabel.isEmpty { lines.append(Text.fit(Text.clean(options.ylabel), width)) }
        if values.isEmpty { lines.append("(empty)") }
        for (i, value) in values.enumerated() {
            var head = Text.right(names[i], nameWidth) + " "
            let length = value.isFinite ? abs(cells(value)) : 0
            if value < 0, value.isFinite {
                let whole = max(Int(length.rounded()), 1)
                let bar = String(repeating: fine ? "█" : "#", count: whole)
                head += Text.right(numbers[i] + " ", below - whole) + Ansi.paint(bar, paint, color) + (fine ? "│" : "|")
            } else {
                head += Text.blank(below) + (fine ? "│" : "|") + Ansi.paint(BarChart.bar(length, fine), paint, color)
                head += " " + numbers[i]
            }
            lines.append(head)
        }
        if !options.xlabel.isEmpty { lines += Text.title(options.xlabel, offset: nameWidth + 1, width: width - nameWidth - 1) }
        if count > values.count { lines += Text.wrap("(the first \(values.count) of \(count) values)", width) }
        return lines.map(Text.trimmed).joined(separator: "\n")
    }

    /// A bar of so many cells; eighths of blocks in the finer style.
    private static func bar(_ length: Double, _ fine: Bool) -> String {
        guard length > 0 else { return "" }
        if !fine { return String(repeating: "#", count: max(Int(length.rounded()), 1)) }
        let eighths = max(Int((length * 8).rounded()), 1)
        let parts: [String] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }
}
