// From values to shades: characters of growing density, terminal greys and colours, and averages over areas.

enum Shading {
    static let ascii: [Character] = Array(" .:-=+*#%@")
    /// Braille of one dot to eight, and the densest blocks.
    static let fine: [Character] = Array(" ⠂⠢⠕⠭⠽⡽⣽⣿▓█")
    /// Where a value is NaN.
    static let missing: Character = "?"
    /// The terminal's 256-colour numbers nearest to a dark-to-light perceptual scale.
    private static let colors: [UInt8] = [53, 54, 55, 61, 25, 31, 37, 36, 35, 71, 77, 113, 149, 191, 227]

    /// A row-major grid of values.
    struct Grid {
        var values: [Double]
        var rows: Int
        var columns: Int

        /// Cuts or fills up with NaN whatever does not fit the sizes.
        init(_ values: [Double], rows: Int, columns: Int) {
            var rows = max(rows, 0), columns = max(columns, 0)
            let (size, overflow) = rows.multipliedReportingOverflow(by: columns)
            // Sizes far beyond the values given are an empty grid, not a request for memory.
            if overflow || size - values.count > 1 << 20 { (rows, columns) = (0, 0) }
            let count = rows * columns
            self.rows = rows
            self.columns = columns
            self.values = values.count == count ? values
                : Array(values.prefix(count)) + Array(repeating: .nan, count: max(0, count - values.count))
        }

        subscript(_ row: Int, _ column: Int) -> Double { values[row * columns + column] }

        /// The grid at another size: each new cell is the mean of what it covers, or the value at its centre.
        func resized(rows newRows: Int, columns newColumns: Int) -> Grid {
            guard newRows > 0, newColumns > 0, rows > 0, columns > 0 else { return Grid([], rows: 0, columns: 0) }
            if newRows == rows && newColumns == columns { return self }
            var out: [Double] = []
            out.reserveCapacity(newRows * newColumns)
            for r in 0..<newRows {
                let r0 = r * rows / newRows, r1 = max((r + 1) * rows / newRows, r0 + 1)
                for c in 0..<newColumns {
                    let c0 = c * columns / newColumns, c1 = max((c + 1) * columns / newColumns, c0 + 1)
                    var sum = 0.0, count = 0.0
                    for i in r0..<min(r1, rows) {
                        for j in c0..<min(c1, columns) where self[i, j].isFinite {
                            sum += self[i, j] / 4
                            count += 1
                        }
                    }
                    out.append(count > 0 ? sum / count * 4 : .nan)
                }
            }
            return Grid(out, rows: newRows, columns: newColumns)
        }
    }

    /// Smallest and largest finite value; 0...1 if there is none.
    static func extent(_ values: [Double]) -> (low: Double, high: Double) {
        var low = Double.infinity, high = -Double.infinity
        for v in values where v.isFinite {
            if v < low { low = v }
            if v > high { high = v }
        }
        return low <= high ? (low, high) : (0, 1)
    }

    /// Where a value lies between low and high: 0...1; NaN for NaN; a constant picture is in the middle.
    static func fraction(_ v: Double, _ low: Double, _ high: Double) -> Double {
        guard !v.isNaN else { return .nan }
        guard high > low, v.isFinite else { return v < low ? 0 : v > high ? 1 : 0.5 }
        // The difference of distinct doubles is not zero, but it may be infinite.
        let t = (high - low).isFinite ? (v - low) / (high - low) : (v / 4 - low / 4) / (high / 4 - low / 4)
        return min(max(t, 0), 1)
    }

    static func character(_ t: Double, _ style: TextStyle) -> Character {
        guard !t.isNaN else { return missing }
        let ramp = style == .ascii ? ascii : fine
        return ramp[min(Int(t * Double(ramp.count)), ramp.count - 1)]
    }

    /// `text` on a background of the shade, black or white by contrast.
    static func painted(_ text: String, _ t: Double) -> String {
        guard !t.isNaN else { return text }
        let code = colors[min(Int(t * Double(colors.count)), colors.count - 1)]
        let ink = t > 0.6 ? 16 : 231
        return "\u{1B}[38;5;\(ink);48;5;\(code)m\(text)\u{1B}[0m"
    }

    /// The lightness of a grey value or of red, green and blue (ITU-R BT.601).
    static func luminance(_ parts: [Double]) -> Double {
        parts.count == 3 ? 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] : parts[0]
    }

    /// A pixel of an image: one of 24 greys, or of 216 colours. Its mark has the same colour, so that the eye sees the image
    /// and a copy of the screen still holds it.
    static func painted(_ parts: [Double], _ style: TextStyle) -> String {
        let t = luminance(parts), mark = character(t, style)
        guard !t.isNaN else { return String(mark) }
        let levels = parts.map { min(Int(($0 * 5).rounded()), 5) }
        let code = parts.count == 3 ? 16 + 36 * levels[0] + 6 * levels[1] + levels[2] : greyCode(t)
        return "\u{1B}[38;5;\(code);48;5;\(code)m\(mark)\u{1B}[0m"
    }

    private static func greyCode(_ t: Double) -> Int { 232 + min(Int(t * 24), 23) }

    /// The range of a scale of shades: the values' own, but with round ends, at most a tenth wider.
    static func scale(_ values: [Double]) -> (low: Double, high: Double) {
        let (low, high) = extent(values), span = high - low
        guard span > 0, span.isFinite else { return (low, high) }
        let step = TickStep(atLeast: span / 20), first = low / step.size, last = high / step.size
        guard max(abs(first), abs(last)) < 1e12, step.size.isFinite else { return (low, high) }
        return (min(step.value(Int((first + 1e-9).rounded(.down))), low), max(step.value(Int((last - 1e-9).rounded(.up))), high))
    }

    /// The legend of the shades, behind `margin` columns where there is room; in two lines where it is too long for one.
    static func scaleLines(_ low: Double, _ high: Double, _ style: TextStyle, color: Bool, margin: Int, width: Int) -> [String] {
        let marks = style == .ascii ? ascii : fine
        let ramp = marks.enumerated().map { i, mark in
            color ? painted(String(mark), (Double(i) + 0.5) / Double(marks.count)) : String(mark)
        }.joined()
        let (least, most) = (Numbers.short(low), Numbers.short(high))
        let length = least.count + marks.count + most.count + 4
        if length > width { return [Text.fit("\(least) to \(most)", width), "[\(ramp)]"] }
        return [Text.blank(min(margin, width - length)) + "\(least) [\(ramp)] \(most)"]
    }
}
