// Draws charts as SVG: the same layers, axes and legend as in text.

extension Chart {
    func svg(width: Int, height: Int) -> SVGContent {
        let w = Double(width), h = Double(height)
        let (xRequest, yRequest) = requests()
        let title = SVG.title(options.title, x: w / 2, width: w - 20)
        let top = options.title.isEmpty ? 14 : title.bottom
        let legend = legendSVG(width: w - 28)
        let noteHeight = note == nil ? 0 : 22.0
        let below = 26 + noteHeight + (options.xlabel.isEmpty ? 0 : 20.0) + (legend.rows == 0 ? 4 : Double(legend.rows) * 20 + 8)
        // A long legend makes the picture higher, not its curves flat.
        let plotHeight = max(h - top - below, min(h / 2, 160))
        var y = yRequest.balancedAxis(maxIntervals: min(max(Int(plotHeight / 36), 1), 10))
        if y.ticks.count > Int(plotHeight / 16) + 1 { y.ticks = [] }
        let labels = y.ticks.map { SVG.width($0.label) }.max() ?? 0
        let left = 12 + (options.ylabel.isEmpty ? 0 : 20) + labels + 8
        let plotWidth = max(w - left - 16, 30)
        let x = xRequest.axis(maxIntervals: max(1, min(Int(plotWidth / 44), 20))) { axis in
            ChartSVG.fits(axis, width: plotWidth)
        }
        // Half of the last label may stand to the right of the area.
        var right = 16.0
        if let last = x.ticks.last {
            right = max(right, SVG.width(last.label) / 2 + 4 - (1 - x.position(last.value)) * plotWidth)
        }
        let area = ChartSVG(x: x, y: y, width: max(w - left - right, 30), height: plotHeight)
        var out = title.elements
        if !options.ylabel.isEmpty {
            let label = SVG.fit(options.ylabel, plotHeight + 20)
            out += SVG.text(label, 20, top + plotHeight / 2, .middle, rotated: -90)
        }
        out += area.frame(left: left, top: top)
        let clipped = options.xRange != nil || options.yRange != nil
        out += "<svg x=\"\(SVG.n(left))\" y=\"\(SVG.n(top))\" width=\"\(SVG.n(area.width))\" height=\"\(SVG.n(area.height))\" "
            + "overflow=\"\(clipped ? "hidden" : "visible")\">\n"
        out += area.draw(layers) + "</svg>\n"
        var at = top + plotHeight + 20
        if !options.xlabel.isEmpty {
            at += 20
            out += SVG.text(SVG.fit(options.xlabel, w - 16), min(max(left + area.width / 2, w / 4), w * 3 / 4), at, .middle)
        }
        if let note {
            at += noteHeight
            out += SVG.text(SVG.fit("(\(note))", w - 28), 14, at)
        }
        out += "<g transform=\"translate(14 \(SVG.n(at + 22)))\">\n\(legend.elements)</g>\n"
        return SVGContent(elements: out, width: width, height: max(height, Int(at + 12 + Double(legend.rows) * 20)))
    }

    /// Legend entries in rows; the first row's text stands at y 0.
    private func legendSVG(width: Double) -> (elements: String, rows: Int) {
        var out = "", x = 0.0, row = 0
        let labels = SVG.fit(legend.map(\.label), max(width - 40, 20))
        for (entry, label) in zip(legend, labels) {
            let needed = 34 + SVG.width(label)
            if x > 0, x + needed > width {
                x = 0
                row += 1
            }
            let y = Double(row) * 20
            out += ChartSVG.sample(entry, x, y - 4) + SVG.text(label, x + 28, y)
            x += needed + 14
        }
        return (out, legend.isEmpty ? 0 : row + 1)
    }
}

/// The plotting area of a chart in pixels, its upper left corner at 0, 0.
struct ChartSVG {
    let x: Axis
    let y: Axis
    let width: Double
    let height: Double

    static func fits(_ axis: Axis, width: Double) -> Bool {
        var end = -Double.infinity
        for tick in axis.ticks {
            let centre = axis.position(tick.value) * width, half = SVG.width(tick.label) / 2
            if centre - half < end + 10 { return false }
            end = centre + half
        }
        return true
    }

    private func px(_ v: Double) -> Double { min(max(x.position(v) * width, -1e6), 1e6) }
    private func py(_ v: Double) -> Double { min(max((1 - y.position(v)) * height, -1e6), 1e6) }
    /// NaN stays NaN in the limits above, for comparisons with it are false.
    private func point(_ a: Double, _ b: Double) -> (Double, Double)? {
        let p = x.position(a), q = y.position(b)
        return p.isNaN || q.isNaN ? nil : (px(a), py(b))
    }

    /// Axes, grid lines and tick labels.
    func frame(left: Double, top: Double) -> String {
        var grid = "", marks = "", labels = ""
        for tick in y.ticks {
            let at = top + (1 - y.position(tick.value)) * height
            grid += "M\(SVG.n(left)) \(SVG.n(at))h\(SVG.n(width))"
            marks += "M\(SVG.n(left)) \(SVG.n(at))h-5"
            labels += SVG.text(tick.label, left - 8, at + 4.5, .end)
        }
        for tick in x.ticks {
            let at = left + x.position(tick.value) * width
            grid += "M\(SVG.n(at)) \(SVG.n(top))v\(SVG.n(height))"
            marks += "M\(SVG.n(at)) \(SVG.n(top + height))v5"
            labels += SVG.text(tick.label, at, top + height + 20, .middle)
        }
        let axes = "M\(SVG.n(left)) \(SVG.n(top))v\(SVG.n(height))h\(SVG.n(width))"
        return SVG.path(grid, css: "grid") + SVG.path(axes + marks, css: "axis") + labels
    }

    func draw(_ layers: [Layer]) -> String {
        var under = "", middle = "", over = ""
        for layer in layers {
            switch layer {
            case .regions(let classes, let rows, let columns, let xs, let ys, _):
                under += regions(classes, rows, columns, xs, ys)
            case .band(let xs, let lows, let highs, let slot): under += band(xs, lows, highs, slot)
            case .vertical(let at, _):
                let t = x.position(at)
                if t > -1e-9, t < 1 + 1e-9 { middle += SVG.path("M\(SVG.n(px(at))) 0v\(SVG.n(height))", css: "vertical") }
            case .whiskers(let xs, let lows, let highs, let slot): middle += whiskers(xs, lows, highs, slot)
            case .boxes(let edges, let heights, let slot): middle += boxes(edges, heights, slot)
            case .segments(let segments, _, let shade): middle += self.segments(segments, shade)
            case .line(let xs, let ys, let slot, let mark): over += line(xs, ys, slot, mark)
            case .points(let xs, let ys, let slot, let mark): over += points(xs, ys, slot, mark)
            }
        }
        return under + middle + over
    }

    private func line(_ xs: [Double], _ ys: [Double], _ slot: Int, _ mark: Character) -> String {
        let (xs, ys) = Chart.reduced(xs, ys, columns: Int(width), along: x)
        var d = "", run = 0, lone: (Double, Double)?
        var marked: [(Double, Double)] = []
        var last = -Double.infinity, lastY = 0.0
        func end() {
            // A point without neighbours would be an invisible line.
            if run == 1, let lone { marked.append(lone) }
            run = 0
        }
        // Marks at least 30 pixels apart, those of different series at different places.
        let distance = min(xs.count, ys.count) <= 25 ? 8.0 : 42.0
        for i in 0..<min(xs.count, ys.count) {
            guard let p = point(xs[i], ys[i]) else {
                end()
                continue
            }
            d += (run == 0 ? "M" : "L") + SVG.n(p.0) + " " + SVG.n(p.1)
            run += 1
            lone = p
            if last == -.infinity { last = p.0 - distance + Double(slot % 3) * (distance - 8) / 3 }
            if abs(p.0 - last) + abs(p.1 - lastY) * (marked.isEmpty ? 0 : 1) >= distance {
                marked.append(p)
                (last, lastY) = p
            }
        }
        end()
        return SVG.path(d, css: "line \(SVG.color(slot))") + SVG.symbols(mark, marked, slot: slot)
    }

    private func points(_ xs: [Double], _ ys: [Double], _ slot: Int, _ mark: Character) -> String {
        let count = min(xs.count, ys.count)
        let finer = count > 20_000 ? 0.5 : 1
        var seen = Set<Int>(), kept: [(Double, Double)] = []
        for i in 0..<count {
            guard let p = point(xs[i], ys[i]) else { continue }
            // What falls on the same pixel is drawn once.
            if count > 2_000, !seen.insert(Int((p.0 * finer).rounded()) &* 4_000_003 &+ Int((p.1 * finer).rounded())).inserted { continue }
            kept.append(p)
        }
        return SVG.symbols(mark, kept, slot: slot, radius: count > 400 ? 2.6 : 3.5)
    }

    private func band(_ xs: [Double], _ lows: [Double], _ highs: [Double], _ slot: Int) -> String {
        var d = "", upper = "", lower: [String] = []
        func flush() {
            if !lower.isEmpty { d += "M" + upper + lower.reversed().map { "L" + $0 }.joined() + "z" }
            upper = ""
            lower = []
        }
        let count = min(xs.count, lows.count, highs.count)
        // Far more points than pixels add nothing to a band.
        let every = max(1, count / max(Int(width) * 4, 1))
        for i in stride(from: 0, to: count, by: every) {
            guard let a = point(xs[i], highs[i]), let b = point(xs[i], lows[i]) else {
                flush()
                continue
            }
            upper += (upper.isEmpty ? "" : "L") + "\(SVG.n(a.0)) \(SVG.n(a.1))"
            lower.append("\(SVG.n(b.0)) \(SVG.n(b.1))")
        }
        flush()
        return SVG.path(d, css: "band \(SVG.color(slot))")
    }

    private func whiskers(_ xs: [Double], _ lows: [Double], _ highs: [Double], _ slot: Int) -> String {
        var d = ""
        for i in 0..<min(xs.count, lows.count, highs.count) {
            guard let top = point(xs[i], highs[i]) else { continue }
            let bottom = point(xs[i], lows[i])?.1 ?? height
            d += "M\(SVG.n(top.0 - 4)) \(SVG.n(top.1))h8m-4 0V\(SVG.n(bottom))m-4 0h8"
        }
        return SVG.path(d, css: "open \(SVG.color(slot))")
    }

    private func boxes(_ edges: [Double], _ heights: [Double], _ slot: Int) -> String {
        var out = ""
        let ground = y.isLog ? height : py(0)
        for i in 0..<min(heights.count, max(edges.count - 1, 0)) {
            guard let a = point(edges[i], heights[i]), !x.position(edges[i + 1]).isNaN, heights[i] != 0 else { continue }
            let b = px(edges[i + 1]), gap = b - a.0 > 4 ? 1.0 : 0
            out += SVG.rect(a.0 + gap / 2, min(a.1, ground), b - a.0 - gap, abs(ground - a.1), css: "box \(SVG.color(slot))")
        }
        return out
    }

    private func segments(_ segments: [(Double, Double, Double, Double)], _ shade: Double) -> String {
        var d = "", last: (Double, Double)?
        for s in segments {
            guard let a = point(s.0, s.1), let b = point(s.2, s.3), s.0 != s.2 || s.1 != s.3 else { continue }
            if let l = last, l == a { d += "L\(SVG.n(b.0)) \(SVG.n(b.1))" } else {
                d += "M\(SVG.n(a.0)) \(SVG.n(a.1))L\(SVG.n(b.0)) \(SVG.n(b.1))"
            }
            last = b
        }
        return SVG.path(d, css: "level", style: " stroke=\"\(SVG.lineColor(shade))\"")
    }

    /// Runs of one class in a row as rectangles; a grid point stands for the half-way to its neighbours.
    private func regions(_ classes: [Int], _ rows: Int, _ columns: Int, _ xs: (Double, Double), _ ys: (Double, Double)) -> String {
        guard rows > 0, columns > 0, classes.count >= rows * columns,
              let a = point(xs.0, ys.0), let b = point(xs.1, ys.1) else { return "" }
        func edge(_ i: Int, _ n: Int, _ from: Double, _ to: Double) -> Double {
            n < 2 ? (i == 0 ? from : to) : from + min(max((Double(i) - 0.5) / Double(n - 1), 0), 1) * (to - from)
        }
        var paths: [Int: String] = [:]
        for r in 0..<rows {
            let y0 = edge(r, rows, a.1, b.1), y1 = edge(r + 1, rows, a.1, b.1)
            var start = 0
            for c in 1...columns where c == columns || classes[r * columns + c] != classes[r * columns + start] {
                let k = classes[r * columns + start]
                let x0 = edge(start, columns, a.0, b.0), x1 = edge(c, columns, a.0, b.0)
                paths[max(k, -1), default: ""] += "M\(SVG.n(x0)) \(SVG.n(y0))H\(SVG.n(x1))V\(SVG.n(y1))H\(SVG.n(x0))z"
                start = c
            }
        }
        return paths.keys.sorted().map { SVG.path(paths[$0]!, css: $0 < 0 ? "missing" : "area \(SVG.color($0))") }.joined()
    }

    /// The picture of a legend entry, 22 pixels wide around the line `y`.
    static func sample(_ entry: LegendEntry, _ x: Double, _ y: Double) -> String {
        switch entry.kind {
        case .line:
            return SVG.path("M\(SVG.n(x)) \(SVG.n(y))h22", css: "line \(SVG.color(entry.slot))") + SVG.symbols(entry.mark, [(x + 11, y)], slot: entry.slot)
        case .points:
            let area = entry.area == nil ? "" : SVG.rect(x + 1, y - 8, 20, 16, css: "area \(SVG.color(entry.slot))")
            return area + SVG.symbols(entry.mark, [(x + 11, y)], slot: entry.slot)
        case .vertical: return SVG.path("M\(SVG.n(x + 11)) \(SVG.n(y - 8))v16", css: "vertical")
        case .missing: return SVG.rect(x + 1, y - 8, 20, 16, css: "missing")
        case .region: return SVG.rect(x + 1, y - 8, 20, 16, css: "area \(SVG.color(entry.slot))")
        case .level(let shade):
            return SVG.path("M\(SVG.n(x)) \(SVG.n(y))h22", css: "level", style: " stroke=\"\(SVG.lineColor(shade))\"")
        }
    }
}

/// Pictures made of a chart draw it.
protocol ChartPicture: Picture {
    var chart: Chart { get }
}

extension ChartPicture {
    public func text(width: Int, style: TextStyle, color: Bool) -> String {
        chart.text(width: width, style: style, color: color)
    }

    public func svgContent(width: Int, height: Int) -> SVGContent { chart.svg(width: width, height: height) }

    public var isEmptyByLog: Bool { (options.logx || options.logy) && chart.isEmptyByLog }
}
