// No values, sizes or names may crash a picture, widen it beyond reason, or give malformed SVG.

import FoundationXML
import Foundation
import Testing
@testable import Plots

private let nasty: [[Double]] = [
    [], [0], [5], [.nan], [.nan, .nan], [.infinity, -.infinity], [3, 3, 3], [1, .nan, 2], [.nan, 1, .infinity, 2, -.infinity],
    [1e300, -1e300], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude], [.greatestFiniteMagnitude], [1e-300, 2e-300],
    [.leastNonzeroMagnitude, 0], [.leastNonzeroMagnitude, .leastNonzeroMagnitude * 3], [1e10, 1e10 + 1e-4], [1, 1 + 1e-15],
    [0, 1e-5], [-1, 0, 1], [1e5, 3e6], [0.1, 0.2, 0.3], [2e-308, 1e300], [-0.0, 0.0], [1, 1e17, 3], [-5, -4, -3, -2],
    (0..<500).map { Double($0 * 7919 % 997) },
]
private let labels = ["", "a", "long label with words", "<&>\"'", "\u{1B}[31mred\u{1B}[0m\n\ttab", "日本語のラベル", "e\u{301}", "\u{0}\u{FFFE}", "🙂"]

/// Every kind of picture of the same values.
private func pictures(_ values: [Double], _ label: String) -> [any Picture] {
    let options = PlotOptions(title: label, xlabel: label, ylabel: label, markers: [VerticalMarker(x: values.first ?? 1, label: label)])
    var log = options, fixed = options
    log.logx = true
    log.logy = true
    log.height = 5
    fixed.xRange = 0.5...1.5
    fixed.yRange = -1...1
    fixed.height = 1
    let n = values.count, classes = (0..<n).map { $0 % 3 == 2 ? Int.max - $0 : $0 - 1 }
    let two = [Series(name: label, y: values, error: values), Series(name: label, x: values.reversed(), y: values, style: .points, mark: label.first)]
    let side = min(n, 6)
    let grid = (0..<side * side).map { values[$0 % n] }
    let lines: [any Picture] = [
        LinePlot(series: two, options: options), LinePlot(series: two, options: log), LinePlot(series: two, options: fixed),
        LinePlot(series: [Series(x: values, y: values, error: values, errorStyle: .band)], options: log),
        ScatterPlot(x: values, y: values.reversed(), classes: classes, names: [label], options: options),
        Histogram(values: values, options: options), Histogram(values: values, bins: 7, options: fixed), Histogram(values: values, options: log),
        BarChart(labels: [label, label], values: values, options: options),
    ]
    let matrices: [any Picture] = [
        Heatmap(values: grid, rows: side, columns: side, rowLabels: [label, label], columnLabels: [label, label], options: options),
        Heatmap(values: values, rows: 3, columns: 40, options: options), Heatmap(values: values, rows: .max, columns: 3, options: options),
        Heatmap(values: values, rows: -1, columns: 3), Heatmap(values: values, rows: n, columns: 1, showValues: true),
        ImageSheet(pixels: values, count: 3, height: 2, width: 2, titles: [label], options: options),
        ImageSheet(pixels: values, count: .max, height: .max, width: 7), ImageSheet(pixels: values, count: 2, height: 1, width: 300, range: 0...1),
        ImageSheet(pixels: values, count: 2, inColor: true, height: 2, width: 3, titles: [label], range: 0...1, options: options),
        ContourPlot(x: Array(values.prefix(side)), y: Array(values.prefix(side)), z: grid, overlays: two, options: options),
        ContourPlot(x: [0, 1, 2], y: [0, 1], z: values, levels: values, options: log),
        BoundaryPlot(xRange: 0...1, yRange: -1...1, rows: side, columns: side, predicted: Array(classes.prefix(side * side)) + Array(repeating: 1, count: 40),
                     points: (values, values, classes), names: [label], options: options),
        BoundaryPlot(xRange: 0...0, yRange: -.infinity...(.infinity), rows: .max, columns: 2, predicted: classes),
    ]
    let tables: [any Picture] = [
        ConfusionMatrix(counts: grid, names: [label], options: options),
        TextTable(header: [label, label, label], rows: values.prefix(40).map { [.number($0), .text(label), .empty, .number(-$0)] }, options: options),
        PictureGrid([LinePlot(series: two), TextTable(rows: [[.text(label)]])], title: label), PictureGrid([], columns: 0),
    ]
    return lines + matrices + tables
}

@Test(arguments: nasty.indices)
func noValuesCrash(_ index: Int) {
    let label = labels[index % labels.count]
    for picture in pictures(nasty[index], label) {
        for width in [-1, 7, 23, 80, 333] {
            let text = picture.text(width: width, style: .ascii, color: false)
            #expect(!text.hasSuffix(" ") && !text.contains(" \n"))
            let printable = text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 32 }
            #expect(printable)
            if width == 80 {
                let longest = text.split(separator: "\n").map { Text.width(String($0)) }.max() ?? 0
                #expect(longest <= 100, "\(text)")
            }
            _ = picture.text(width: width, style: .braille, color: true)
        }
        for (width, height) in [(0, 0), (720, 440)] {
            let svg = picture.svg(width: width, height: height)
            #expect(XMLParser(data: Data(svg.utf8)).parse(), "\(svg.prefix(2000))")
            #expect(!svg.contains("=\"nan\"") && !svg.contains("=\"inf\"") && !svg.contains("NaN"))
        }
    }
}

@Test(arguments: labels)
func noNamesCrash(_ label: String) {
    for picture in pictures([1, 2, 5], label) {
        let text = picture.text(width: 60, style: .ascii, color: false)
        #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
        #expect(XMLParser(data: Data(picture.svg().utf8)).parse())
    }
}

@Test func millionsOfPointsStaySmall() {
    var state: UInt64 = 1
    let y = (0..<1_000_000).map { _ -> Double in
        state = state &* 6364136223846793005 &+ 1442695040888963407
        return Double(state >> 40)
    }
    let plot = LinePlot(series: [Series(y: y)])
    #expect(plot.text().split(separator: "\n").count < 30)
    #expect(plot.svg().utf8.count < 200_000)
    #expect(ScatterPlot(x: y, y: y.reversed()).svg().utf8.count < 4_000_000)
    #expect(Histogram(values: y).svg().utf8.count < 100_000)
}

@Test func colourOnlyAddsSequences() {
    let series = [Series(name: "train", y: [3, 2, 1]), Series(name: "validation", y: [3, 2.5, 2])]
    let values = (0..<24).map { Double($0 * $0 % 7) }
    let all: [any Picture] = [
        LinePlot(series: series, options: PlotOptions(title: "Loss")),
        Heatmap(values: values, rows: 4, columns: 6), Heatmap(values: values, rows: 4, columns: 6, showValues: false),
        ImageSheet(pixels: values, count: 2, height: 3, width: 4), ImageSheet(pixels: values, count: 2, inColor: true, height: 2, width: 2),
    ]
    for picture in all {
        for style in [TextStyle.ascii, .braille] {
            var plain = "", escaped = false
            for c in picture.text(width: 60, style: style, color: true) {
                if c == "\u{1B}" { escaped = true } else if escaped { if c == "m" { escaped = false } } else { plain.append(c) }
            }
            #expect(plain == picture.text(width: 60, style: style, color: false))
        }
    }
}

@Test func noTwoOfManySeriesLookAlike() {
    let marks = (0..<48).map(Marks.series)
    #expect(Set(marks).count == marks.count && !marks.contains(Marks.several))
    #expect(Set(BoundaryPlot.areas).count == BoundaryPlot.areas.count && BoundaryPlot.areas.count >= 20)
    #expect(Shading.fine.count >= Shading.ascii.count && Set(Shading.fine).count == Shading.fine.count)
}

@Test func aLongSheetIsCutAndSaysSo() {
    let text = ImageSheet(pixels: Array(repeating: 0.5, count: 1_797 * 64), count: 1_797, height: 8, width: 8).text()
    #expect(text.split(separator: "\n").count <= 102 && text.hasSuffix("(the first 40 of 1797 images; a slice such as [40:80] shows others)"))
}

@Test func aHistogramOfManyBinsCountsThemAll() {
    let (edges, counts) = Histogram(values: [1, 2, 2, 3], bins: 1_000).counts()
    #expect(edges.count == 1_001 && counts.reduce(0, +) == 4)
    guard case .boxes(let joined, let heights, _) = Histogram(values: [1, 2, 2, 3], bins: 1_000).chart.joiningBoxes(most: 70).layers[0] else { return #expect(Bool(false)) }
    #expect(heights.count <= 70 && joined.count == heights.count + 1 && heights.reduce(0, +) == 4 && joined.last == 3)
}

/// The quartiles come from counting digits, as a sort would give them.
@Test func quartilesOfAHistogram() {
    let values = (0..<1_001).map { Double(($0 * 7919) % 1_001) / 10 - 50 } + [.nan, .infinity, -0.0]
    let sorted = values.filter(\.isFinite).sorted(), n = sorted.count
    func quantile(_ p: Double) -> Double {
        let at = p * Double(n - 1), i = Int(at)
        return sorted[i] + (at - Double(i)) * (sorted[i + 1] - sorted[i])
    }
    let width = 2 * (quantile(0.75) - quantile(0.25)) / Numbers.cubeRoot(Double(n))
    #expect(Histogram(values: values).counts().counts.count == Int((100 / width).rounded(.up)))
}

/// Collects the boxes of the upright texts of a picture.
private final class TextBoxes: NSObject, XMLParserDelegate {
    var boxes: [(left: Double, right: Double, y: Double, text: String)] = []
    private var current: (x: Double, y: Double, anchor: String, upright: Bool, size: Double)?
    private var content = "", depth = 0

    func parser(_ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?, attributes: [String: String]) {
        if name == "g" { depth += 1 }
        guard name == "text", let x = Double(attributes["x"] ?? ""), let y = Double(attributes["y"] ?? "") else { return }
        // The legend's group stands below everything else.
        current = (x, y + Double(depth) * 10_000, attributes["text-anchor"] ?? "start", attributes["transform"] == nil,
                   attributes["class"] == "title" ? SVG.titleFont : SVG.font)
        content = ""
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { content += string }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        if name == "g" { depth -= 1 }
        guard name == "text", let c = current, c.upright else { return }
        // Fonts are narrower than the estimate that lays them out.
        let width = SVG.width(content, size: c.size) * 0.9
        let left = c.anchor == "start" ? c.x : c.anchor == "end" ? c.x - width : c.x - width / 2
        boxes.append((left, left + width, c.y, content))
        current = nil
    }
}

@Test(arguments: [300, 400, 720, 1200])
func textsDoNotOverlap(width: Int) {
    let epochs = (1...40).map(Double.init), losses = epochs.map { 1e-4 / $0 }
    let names = ["training loss of the first model", "validation loss of the first model", "third", "fourth"]
    let options = PlotOptions(title: "A rather long title of a picture that has to be broken somewhere", xlabel: "epochs of training",
                              ylabel: "mean cross entropy", markers: [VerticalMarker(x: 12, label: "best epoch 12")])
    var log = options
    log.logx = true
    log.logy = true
    let all: [any Picture] = [
        LinePlot(series: names.map { Series(name: $0, x: epochs, y: losses) }, options: options),
        LinePlot(series: names.map { Series(name: $0, x: epochs, y: losses) }, options: log),
        LinePlot(series: [Series(x: [1e7, 1.234e7], y: [123456.5, 123457])], options: options),
        BarChart(labels: names, values: [-1e-7, 2, 123456, 7], options: options),
        Heatmap(values: losses, rows: 10, columns: 4, rowLabels: (0..<10).map { "row number \($0)" }, columnLabels: names, options: options),
        TextTable(header: names, rows: [[.text("a longer text"), .number(1), .number(2.25), .number(1e-9)]], options: options),
        ConfusionMatrix(counts: losses, names: names, options: options),
        ImageSheet(pixels: losses, count: 10, height: 2, width: 2, titles: names, options: options),
    ]
    for picture in all {
        let collector = TextBoxes(), parser = XMLParser(data: Data(picture.svg(width: width, height: width * 3 / 5).utf8))
        parser.delegate = collector
        #expect(parser.parse())
        let boxes = collector.boxes
        for i in boxes.indices {
            for j in boxes.indices where j > i && abs(boxes[i].y - boxes[j].y) < 11 {
                let apart = boxes[i].right <= boxes[j].left + 0.5 || boxes[j].right <= boxes[i].left + 0.5
                #expect(apart, "\(boxes[i]) and \(boxes[j])")
            }
        }
    }
}
