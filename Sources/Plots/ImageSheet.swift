// Images in characters: one, or a sheet of them with titles.

/// One image or several of the same size, grey or of red, green and blue; largest values densest (brightest in colour and SVG).
public struct ImageSheet: Picture {
    /// The planes of each image: one, or red, green and blue.
    var images: [[Shading.Grid]]
    /// Images given.
    let count: Int
    public var titles: [String]
    /// The values shown as lowest and highest; nil: those of all images together.
    public var range: ClosedRange<Double>?
    public var options: PlotOptions
    public var kind: String { "images" }

    /// - Parameters:
    ///   - pixels: image by image, plane by plane, row by row; missing ones count as NaN.
    ///   - count: images; at most 10,000 are shown.
    ///   - inColor: an image has three planes, red, green and blue, instead of one.
    public init(pixels: [Double], count: Int = 1, inColor: Bool = false, height: Int, width: Int, titles: [String] = [],
                range: ClosedRange<Double>? = nil, options: PlotOptions = PlotOptions()) {
        let (area, overflow) = max(height, 0).multipliedReportingOverflow(by: max(width, 0))
        let size = overflow ? 0 : area, planes = inColor ? 3 : 1
        func plane(_ i: Int) -> Shading.Grid {
            let (start, far) = i.multipliedReportingOverflow(by: size)
            let begin = far ? pixels.count : min(start, pixels.count)
            return Shading.Grid(Array(pixels[begin..<min(begin + min(size, pixels.count), pixels.count)]), rows: height, columns: width)
        }
        images = size == 0 ? [] : (0..<min(max(count, 0), 10_000)).map { i in (0..<planes).map { plane(i * planes + $0) } }
            .filter { $0[0].rows > 0 }
        self.count = max(count, images.count)
        self.titles = titles
        self.range = range
        self.options = options
    }

    /// Lines of text that a sheet of several images takes at most.
    private static let mostLines = 100

    var extent: (low: Double, high: Double) {
        if let range, range.lowerBound.isFinite, range.upperBound.isFinite { return (range.lowerBound, range.upperBound) }
        return Shading.extent(images.flatMap { $0.flatMap(\.values) })
    }

    /// An image at another size.
    static func resized(_ image: [Shading.Grid], rows: Int, columns: Int) -> [Shading.Grid] {
        image.map { $0.resized(rows: rows, columns: columns) }
    }

    /// The planes' values at a place as parts of the range.
    static func fractions(_ image: [Shading.Grid], _ row: Int, _ column: Int, _ low: Double, _ high: Double) -> [Double] {
        image.map { Shading.fraction($0[row, column], low, high) }
    }

    public func text(width: Int, style: TextStyle, color: Bool) -> String {
        let width = min(max(width, 4), 10_000)
        guard let first = images.first?[0] else {
            return (Text.title(options.title, offset: 0, width: width) + ["(empty)"]).joined(separator: "\n")
        }
        let (low, high) = extent
        // A pixel is two characters wide, for characters are about twice as high as wide.
        let abreast = min(images.count, 3)
        let most = max(images.count == 1 ? width - 2 : 18, (width - 2 * (abreast - 1)) / abreast - 2)
        let columns = max(1, min(2 * first.columns, min(most, width - 2)))
        let rows = max(1, min(first.rows, Int((Double(first.rows) * Double(columns) / Double(2 * first.columns)).rounded())))
        let block = columns + 2, perLine = max(1, (width + 2) / (block + 2))
        let shownAcross = min(perLine, images.count)
        var lines = Text.title(options.title, offset: 0, width: shownAcross * (block + 2) - 2)
        lines += Text.wrap(Text.clean(options.ylabel), width)
        let fine = style == .braille
        let rule = String(repeating: fine ? "─" : "-", count: columns)
        let top = fine ? "┌\(rule)┐" : "+\(rule)+", bottom = fine ? "└\(rule)┘" : "+\(rule)+", bar = fine ? "│" : "|"
        // A screen or two: the first lines of a longer sheet.
        let shown = min(images.count, perLine * max(1, ImageSheet.mostLines / (rows + (titles.isEmpty ? 2 : 3))))
        for start in stride(from: 0, to: shown, by: perLine) {
            let row = start..<min(start + perLine, shown)
            if row.contains(where: { $0 < titles.count }) {
                lines.append(row.map { Text.center(Text.fit($0 < titles.count ? Text.clean(titles[$0]) : "", block), block) }.joined(separator: "  "))
            }
            lines.append(row.map { _ in top }.joined(separator: "  "))
            let small = row.map { ImageSheet.resized(images[$0], rows: rows, columns: min(columns, first.columns)) }
            for r in 0..<rows {
                lines.append(small.map { image in
                    var line = bar
                    for c in 0..<columns {
                        let parts = ImageSheet.fractions(image, r, c * image[0].columns / columns, low, high)
                        line += color ? Shading.painted(parts, style) : String(Shading.character(Shading.luminance(parts), style))
                    }
                    return line + bar
                }.joined(separator: "  "))
            }
            lines.append(row.map { _ in bottom }.joined(separator: "  "))
        }
        lines += Text.title(options.xlabel, offset: 0, width: shownAcross * (block + 2) - 2)
        if shown < images.count { lines += Text.wrap("(the first \(shown) of \(count) images; a slice such as [\(shown):\(min(2 * shown, count))] shows others)", width) }
        return lines.map(Text.trimmed).joined(separator: "\n")
    }
}
