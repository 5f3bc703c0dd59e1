// Several pictures side by side.

/// Pictures in rows and columns.
public struct PictureGrid: Picture {
    public var pictures: [any Picture]
    /// Pictures abreast, if the width allows 30 characters for each; nil: two, or three for narrow many.
    public var columns: Int?
    public var title: String
    public var kind: String { "\(pictures.count) pictures" }
    public var options: PlotOptions { PlotOptions(title: title) }

    public init(_ pictures: [any Picture], columns: Int? = nil, title: String = "") {
        self.pictures = pictures
        self.columns = columns
        self.title = title
    }

    /// Pictures abreast in `width` units of which each needs `least`.
    func abreast(_ width: Int, least: Int) -> Int {
        let wanted = columns ?? (pictures.count > 4 ? 3 : 2)
        return max(1, min(wanted, pictures.count, max(1, width / least)))
    }

    public func text(width: Int, style: TextStyle, color: Bool) -> String {
        let width = min(max(width, 10), 10_000), gap = 3
        let across = abreast(width, least: 30)
        let each = (width - gap * (across - 1)) / across
        var lines = Text.title(title, offset: 0, width: width)
        for start in stride(from: 0, to: pictures.count, by: across) {
            let blocks = pictures[start..<min(start + across, pictures.count)].map {
                $0.text(width: each, style: style, color: color).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            }
            if !lines.isEmpty { lines.append("") }
            for row in 0..<(blocks.map(\.count).max() ?? 0) {
                var line = "", used = 0
                for (i, block) in blocks.enumerated() {
                    let text = row < block.count ? block[row] : ""
                    let start = i * (each + gap)
                    if !text.isEmpty {
                        line += Text.blank(max(start - used, used > 0 ? 1 : 0)) + text
                        used = max(start, used > 0 ? used + 1 : 0) + PictureGrid.visibleWidth(text)
                    }
                }
                lines.append(Text.trimmed(line))
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Columns that a line takes in a terminal, colour sequences left out.
    static func visibleWidth(_ line: String) -> Int {
        var width = 0, escape = false
        for c in line {
            if c == "\u{1B}" { escape = true } else if escape { if c.isLetter { escape = false } } else { width += Text.width(c) }
        }
        return width
    }
}
