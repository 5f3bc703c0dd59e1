// Draws charts as text: y labels at the left, the plotting area, x labels, and the legend below.

extension Chart {
    func text(width: Int, style: TextStyle, color: Bool) -> String {
        let width = min(max(width, 1), 10_000)
        return joiningBoxes(most: max(width - 10, 4)).drawn(width: width, style: style, color: color)
    }

    private func drawn(width: Int, style: TextStyle, color: Bool) -> String {
        let (xRequest, yRequest) = requests()
        let wanted = min(max(options.height ?? 16, 2), 2_000)
        var y = yRequest.balancedAxis(maxIntervals: max(1, (wanted - 1) / 2))
        var rows = wanted
        if y.intervals > 0 {
            // Whole lines between ticks, so that equal steps look equal.
            let each = options.height == nil ? (Double(wanted - 1) / Double(y.intervals)).rounded()
                : (Double(wanted - 1) / Double(y.intervals)).rounded(.down)
            rows = max(1, Int(each)) * y.intervals + 1
        }
        var labelWidth = y.ticks.map(\.label.count).max() ?? 0
        if width - labelWidth < 12 {
            y.ticks = []
            labelWidth = 0
        }
        let margin = labelWidth > 0 ? labelWidth + 1 : 0
        let room = max(width - margin - 2, 6)
        let even = evenBoxes(room: room)
        var x = (even?.request ?? xRequest).axis(maxIntervals: max(1, room / 5)) { axis in
            let places = ChartText.place(even?.placed(axis) ?? axis, columns: even?.columns ?? ChartText.columns(axis, room: room), before: margin)
            return places.count == axis.ticks.count && axis.ticks.count <= max(2, room / 5 + 1)
        }
        if let even { x = even.placed(x) }
        let columns = even?.columns ?? ChartText.columns(x, room: room)
        var canvas = ChartText(canvas: TextCanvas(columns: columns, rows: rows), x: x, y: y, style: style, isStopped: options.isStopped)
        canvas.draw(layers)
        return assemble(canvas, margin: margin, labelWidth: labelWidth, width: width, color: color)
    }

    /// An axis along which every box takes equally many whole columns.
    private struct EvenBoxes {
        var request: AxisRequest
        var columns: Int
        /// The middles of the first and the last column.
        var low: Double
        var high: Double

        /// An axis of the request between the columns' middles; ticks at its ends stand in the outermost columns.
        func placed(_ axis: Axis) -> Axis {
            Axis(low: low, high: high, isLog: false, ticks: axis.ticks.map { Tick(value: min(max($0.value, low), high), label: $0.label) })
        }
    }

    /// nil where there are no boxes, or too many.
    private func evenBoxes(room: Int) -> EvenBoxes? {
        guard layers.count == 1, case .boxes(let edges, let heights, _) = layers[0], !options.logx, options.xRange == nil,
              !heights.isEmpty, heights.count <= room else { return nil }
        let each = room / heights.count, columns = each * heights.count
        // A column stands for its middle.
        let half = (edges[heights.count] / 2 - edges[0] / 2) / Double(columns), low = edges[0] + half, high = edges[heights.count] - half
        guard columns > 1, low < high, high.isFinite, half > max(abs(low), abs(high)) * 1e-13 else { return nil }
        let (whole, _) = requests()
        let request = AxisRequest(range: (edges[0], edges[heights.count]), integral: whole.integral, fixed: edges[0]...edges[heights.count])
        return EvenBoxes(request: request, columns: columns, low: low, high: high)
    }

    private func assemble(_ drawn: ChartText, margin: Int, labelWidth: Int, width: Int, color: Bool) -> String {
        let fine = drawn.style == .braille
        let canvas = drawn.canvas, columns = canvas.columns, rows = canvas.rows
        var lines = Text.title(options.title, offset: margin + 1, width: columns)
        if !options.ylabel.isEmpty { lines += Text.wrap(Text.clean(options.ylabel), max(width - 1, 8)) }
        var tickRows: [Int: String] = [:]
        for tick in drawn.y.ticks {
            let row = drawn.row(tick.value)
            if row >= 0, row < rows, tickRows[row] == nil { tickRows[row] = tick.label }
        }
        for row in 0..<rows {
            let label = tickRows[row]
            let axis = label == nil ? (fine ? "│" : "|") : (fine ? "┤" : "+")
            let head = labelWidth > 0 ? Text.right(label ?? "", labelWidth) + " " : ""
            lines.append(head + axis + canvas.line(row, color: color))
        }
        let places = ChartText.place(drawn.x, columns: columns, before: margin)
        var rule = Array(repeating: Character(fine ? "─" : "-"), count: columns)
        for place in places where place.column > 0 { rule[place.column] = fine ? "┬" : "+" }
        lines.append(Text.blank(margin) + (fine ? "└" : "+") + String(rule))
        if !places.isEmpty {
            var labels = ""
            for place in places {
                // A label may begin before the corner where the margin allows it.
                let start = margin + 1 + place.start
                labels += Text.blank(start - labels.count) + place.label
            }
            lines.append(labels)
        }
        if !options.xlabel.isEmpty { lines += Text.title(options.xlabel, offset: margin + 1, width: columns) }
        lines += legendLines(margin: margin, width: width, style: drawn.style, color: color, overlaps: canvas.overlaps > 0)
        if let note { lines += Text.wrap("(\(note))", max(width - margin - 1, 8)).map { Text.blank(margin + 1) + $0 } }
        return lines.map(Text.trimmed).joined(separator: "\n")
    }

    private func legendLines(margin: Int, width: Int, style: TextStyle, color: Bool, overlaps: Bool) -> [String] {
        var entries = legend
        if overlaps, style == .ascii, entries.count > 1 {
            let label = entries.filter { if case .vertical = $0.kind { false } else { true } }.count == 2 ? "both" : "several"
            entries.append(LegendEntry(mark: Marks.several, label: label, slot: -1, kind: .points))
        }
        guard !entries.isEmpty else { return [] }
        let room = max(width - margin - 1, 8)
        var lines: [String] = [], line = "", used = 0
        for entry in entries {
            let sample = ChartText.sample(entry, style)
            let label = Text.fit(Text.clean(entry.label) + (entry.area.map { " (area \($0))" } ?? ""), max(room - Text.width(sample) - 1, 4))
            let length = Text.width(sample) + 1 + Text.width(label)
            if used > 0, used + 3 + length > room {
                lines.append(line)
                line = ""
                used = 0
            }
            if used > 0 {
                line += "   "
                used += 3
            }
            line += Ansi.paint(sample, ChartText.color(entry), color) + " " + label
            used += length
        }
        lines.append(line)
        return lines.map { Text.blank(margin + 1) + $0 }
    }
}

/// The plotting area of a chart while it is drawn.
struct ChartText {
    var canvas: TextCanvas
    let x: Axis
    let y: Axis
    let style: TextStyle
    let isStopped: @Sendable () -> Bool

    /// Where a tick label goes: its tick's column, and the column at which it starts (may be negative).
    struct Place {
        var column: Int
        var start: Int
        var label: String
    }

    /// Columns of the area, at most `room`: whole columns between ticks where that costs little, and space for
    /// the half of the last label that stands to the right of the area.
    static func columns(_ axis: Axis, room: Int) -> Int {
        if axis.intervals > 0 {
            let even = (room - 1) / axis.intervals * axis.intervals + 1
            if even >= room * 9 / 10 { return even }
        }
        guard let last = axis.ticks.last else { return room }
        let at = Int((axis.position(last.value) * Double(room - 1)).rounded())
        let overhang = at + (last.label.count + 1) / 2 + 1 - room
        return overhang > 0 && room - overhang > 10 ? room - overhang : room
    }

    /// Labels centred under their ticks, those left out that would touch another; `before` columns are free left of the frame.
    static func place(_ axis: Axis, columns: Int, before: Int = 0) -> [Place] {
        var places: [Place] = [], end = Int.min / 2
        for tick in axis.ticks {
            let t = axis.position(tick.value)
            guard t > -1e-9, t < 1 + 1e-9 else { continue }
            let column = min(max(Int((t * Double(columns - 1)).rounded()), 0), columns - 1)
            // The first column's tick is the corner of the frame.
            let centre = column == 0 ? -1 : column
            let start = min(max(centre - (tick.label.count - 1) / 2, -1 - before), max(columns + 1 - tick.label.count, -1 - before))
            if start < end + 2 { continue }
            places.append(Place(column: column, start: start, label: tick.label))
            end = start + tick.label.count
        }
        return places
    }

    static func color(_ entry: LegendEntry) -> UInt8 {
        switch entry.kind {
        case .vertical, .missing: return Ansi.faint
        case .level(let shade): return shadeColor(shade)
        default: return entry.slot < 0 ? 0 : Ansi.code(slot: entry.slot)
        }
    }

    /// Colours of contour levels, from low to high.
    static func shadeColor(_ shade: Double) -> UInt8 {
        let codes: [UInt8] = [34, 36, 32, 33, 31, 35]
        return codes[min(max(Int(shade * Double(codes.count)), 0), codes.count - 1)]
    }

    /// How a legend shows its entry.
    static func sample(_ entry: LegendEntry, _ style: TextStyle) -> String {
        guard style == .braille else { return String(entry.mark) }
        switch entry.kind {
        case .line: return ["⠤⠤⠤⠤", "⠤ ⠤ ", "⠄⠄⠄⠄"][max(entry.slot, 0) % 3]
        case .points: return String(symbol(entry.slot))
        case .vertical: return "┊"
        default: return String(entry.mark)
        }
    }

    /// Point symbols of the braille style.
    static func symbol(_ slot: Int) -> Character {
        let symbols: [Character] = ["•", "×", "+", "◦", "▪", "▫", "▴", "▵"]
        return symbols[max(slot, 0) % symbols.count]
    }

    /// Dots drawn and left out in turn: curves are told apart without colour too.
    static func dash(_ slot: Int) -> (on: Int, off: Int) {
        switch slot % 3 {
        case 0: return (Int.max, 0)
        case 1: return (3, 3)
        default: return (1, 2)
        }
    }

    /// Cell coordinates of a value; NaN if it cannot be shown.
    @inline(__always) private func px(_ v: Double) -> Double { limit(x.position(v) * Double(canvas.columns - 1)) }
    @inline(__always) private func py(_ v: Double) -> Double { limit((1 - y.position(v)) * Double(canvas.rows - 1)) }
    /// Far away is far enough: keeps integer conversion safe.
    @inline(__always) private func limit(_ p: Double) -> Double { p > 1e7 ? 1e7 : p < -1e7 ? -1e7 : p }

    private func column(_ v: Double) -> Int {
        let p = px(v)
        return p.isNaN ? Int.min / 4 : Int(p.rounded())
    }

    func row(_ v: Double) -> Int {
        let p = py(v)
        return p.isNaN ? Int.min / 4 : Int(p.rounded())
    }

    /// The row of a value, or the nearest edge's for an infinite or unshowable end of a bar.
    private func clampedRow(_ v: Double) -> Int {
        let p = py(v)
        return p.isNaN ? canvas.rows - 1 : min(max(Int(p.rounded()), 0), canvas.rows - 1)
    }

    mutating func draw(_ layers: [Layer]) {
        for layer in layers {
            switch layer {
            case .regions(let classes, let rows, let columns, let xs, let ys, let marks):
                regions(classes, rows, columns, xs, ys, marks)
            case .band(let xs, let lows, let highs, let slot): band(xs, lows, highs, slot)
            default: break
            }
        }
        for case .vertical(let at, _) in layers {
            let c = column(at)
            for row in 0..<canvas.rows { canvas.fill(c, row, style == .braille ? "┊" : ":", Ansi.faint) }
        }
        for layer in layers {
            switch layer {
            case .whiskers(let xs, let lows, let highs, let slot): whiskers(xs, lows, highs, slot)
            case .boxes(let edges, let heights, let slot): boxes(edges, heights, slot)
            case .segments(let segments, let mark, let shade): self.segments(segments, mark, shade)
            default: break
            }
        }
        for layer in layers {
            switch layer {
            case .line(let xs, let ys, let slot, let mark): line(xs, ys, slot, mark)
            case .points(let xs, let ys, let slot, let mark): points(xs, ys, slot, mark)
            default: break
            }
        }
    }

    private mutating func line(_ xs: [Double], _ ys: [Double], _ slot: Int, _ mark: Character) {
        let fine = style == .braille
        let (xs, ys) = Chart.reduced(xs, ys, columns: canvas.columns * (fine ? 2 : 1), along: x)
        let scalar = mark.unicodeScalars.first!.value, color = Ansi.code(slot: slot), owner = Int16(truncatingIfNeeded: slot)
        var previous: (Double, Double)?, run = 0
        let dash = ChartText.dash(slot), period = dash.on == Int.max ? 1 : dash.on + dash.off
        var target = canvas
        canvas = TextCanvas(columns: 1, rows: 1)
        for i in 0..<min(xs.count, ys.count) {
            var p = (limit(x.position(xs[i]) * Double(target.columns - 1)),
                     limit((1 - y.position(ys[i])) * Double(target.rows - 1)))
            guard !p.0.isNaN, !p.1.isNaN else {
                previous = nil
                continue
            }
            if fine { p = (p.0 * 2 + 0.5, p.1 * 4 + 1.5) }
            let from = previous ?? p
            Raster.segment(from.0, from.1, p.0, p.1, width: target.columns * (fine ? 2 : 1), height: target.rows * (fine ? 4 : 1)) {
                if fine {
                    if run % period < dash.on { target.dot($0, $1, color) }
                    run += 1
                } else {
                    target.plot($0, $1, scalar, color, owner: owner)
                }
            }
            previous = p
        }
        canvas = target
    }

    private mutating func points(_ xs: [Double], _ ys: [Double], _ slot: Int, _ mark: Character) {
        let scalar = style == .braille ? ChartText.symbol(slot).unicodeScalars.first!.value : mark.unicodeScalars.first!.value
        let color = Ansi.code(slot: slot)
        for i in 0..<min(xs.count, ys.count) {
            canvas.plot(column(xs[i]), row(ys[i]), scalar, color, owner: Int16(truncatingIfNeeded: slot))
        }
    }

    private mutating func segments(_ segments: [(Double, Double, Double, Double)], _ mark: Character, _ shade: Double) {
        let fine = style == .braille, color = ChartText.shadeColor(shade)
        for (i, s) in segments.enumerated() {
            if i % 4096 == 0, isStopped() { break }
            var a = (px(s.0), py(s.1)), b = (px(s.2), py(s.3))
            guard !a.0.isNaN, !a.1.isNaN, !b.0.isNaN, !b.1.isNaN else { continue }
            if fine {
                a = (a.0 * 2 + 0.5, a.1 * 4 + 1.5)
                b = (b.0 * 2 + 0.5, b.1 * 4 + 1.5)
            }
            var target = canvas
            canvas = TextCanvas(columns: 1, rows: 1)
            Raster.segment(a.0, a.1, b.0, b.1, width: target.columns * (fine ? 2 : 1), height: target.rows * (fine ? 4 : 1)) {
                if fine { target.dot($0, $1, color) } else { target.set($0, $1, mark, color) }
            }
            canvas = target
        }
        // Dots all look alike: the level's mark stands once on its line.
        if fine, mark != " ", !segments.isEmpty {
            let s = segments[segments.count / 2]
            canvas.set(column(s.0), row(s.1), mark, color)
        }
    }

    private mutating func band(_ xs: [Double], _ lows: [Double], _ highs: [Double], _ slot: Int) {
        var previous: (x: Double, low: Double, high: Double)?
        for i in 0..<min(xs.count, lows.count, highs.count) {
            let at = px(xs[i]), low = py(lows[i]), high = py(highs[i])
            guard !at.isNaN, !low.isNaN, !high.isNaN else {
                previous = nil
                continue
            }
            let from = previous ?? (at, low, high)
            let first = max(Int(min(from.x, at).rounded(.up)), 0), last = min(Int(max(from.x, at).rounded(.down)), canvas.columns - 1)
            for c in first...max(first, last) where c <= last || previous == nil {
                let t = at == from.x ? 1 : (Double(c) - from.x) / (at - from.x)
                let top = from.high + t * (high - from.high), bottom = from.low + t * (low - from.low)
                let start = max(Int(min(top, bottom).rounded()), 0), end = min(Int(max(top, bottom).rounded()), canvas.rows - 1)
                guard start <= end else { continue }
                for r in start...end { canvas.fill(c, r, style == .braille ? "░" : ".", Ansi.code(slot: slot)) }
            }
            previous = (at, low, high)
        }
    }

    private mutating func whiskers(_ xs: [Double], _ lows: [Double], _ highs: [Double], _ slot: Int) {
        for i in 0..<min(xs.count, lows.count, highs.count) {
            let c = column(xs[i])
            guard c >= 0, c < canvas.columns, lows[i].isFinite, highs[i].isFinite else { continue }
            let top = clampedRow(max(lows[i], highs[i])), bottom = clampedRow(min(lows[i], highs[i]))
            for r in top...max(top, bottom) {
                let end = r == top || r == bottom
                canvas.fill(c, r, style == .braille ? (end ? "┼" : "│") : (end ? "-" : "|"), Ansi.code(slot: slot))
            }
        }
    }

    private mutating func boxes(_ edges: [Double], _ heights: [Double], _ slot: Int) {
        guard edges.count > 1 else { return }
        let ground = y.isLog ? canvas.rows - 1 : clampedRow(0), color = Ansi.code(slot: slot)
        // The bin at each column's centre.
        let last = min(heights.count, edges.count - 1) - 1, borders = edges.map { x.position($0) }
        var bin = 0
        var bins: [Int] = []
        for c in 0..<canvas.columns {
            let t = canvas.columns > 1 ? Double(c) / Double(canvas.columns - 1) : 0.5
            while bin < last, !(t < borders[bin + 1] - 1e-9) { bin += 1 }
            bins.append(bin <= last && t >= borders[bin] - 1e-9 && t <= borders[bin + 1] + 1e-9 ? bin : -1)
        }
        // Wide boxes stand apart.
        let apart = last > 0 && canvas.columns / (last + 1) >= 4
        for c in 0..<canvas.columns {
            let bin = bins[c]
            guard bin >= 0, heights[bin].isFinite, heights[bin] != 0 else { continue }
            if apart, c + 1 == canvas.columns || bins[c + 1] != bin { continue }
            let exact = py(heights[bin])
            guard !exact.isNaN else { continue }
            let top = clampedRow(heights[bin])
            for r in min(top, ground)...max(top, ground) { canvas.set(c, r, style == .braille ? "█" : "#", color) }
            if style == .braille, exact < Double(ground) {
                // The uppermost cell in eighths; its centre is the row's value.
                let eighths = min(max(Int(((Double(top) + 0.5 - exact) * 8).rounded()), 1), 8)
                canvas.set(c, top, Array("▁▂▃▄▅▆▇█")[eighths - 1], color)
            }
        }
    }

    private mutating func regions(_ classes: [Int], _ rows: Int, _ columns: Int, _ xs: (Double, Double), _ ys: (Double, Double),
                                  _ marks: [Character]) {
        guard rows > 0, columns > 0, classes.count >= rows * columns, !marks.isEmpty else { return }
        let x0 = px(xs.0), x1 = px(xs.1), y0 = py(ys.0), y1 = py(ys.1)
        guard x1 != x0, y1 != y0, !x0.isNaN, !x1.isNaN, !y0.isNaN, !y1.isNaN else { return }
        for r in 0..<canvas.rows {
            for c in 0..<canvas.columns {
                let s = (Double(c) - x0) / (x1 - x0), t = (Double(r) - y0) / (y1 - y0)
                guard s >= -1e-9, s <= 1 + 1e-9, t >= -1e-9, t <= 1 + 1e-9 else { continue }
                let i = min(max(Int((t * Double(rows - 1)).rounded()), 0), rows - 1)
                let j = min(max(Int((s * Double(columns - 1)).rounded()), 0), columns - 1)
                let k = classes[i * columns + j]
                canvas.set(c, r, k < 0 ? Shading.missing : marks[k % marks.count], k < 0 ? Ansi.faint : Ansi.code(slot: k))
            }
        }
    }
}
