// A grid of characters with colours, drawn on by marks or braille dots, and the measuring of text.

/// Text helpers shared by the pictures.
enum Text {
    /// Columns that a terminal gives to a character: 0 for combining marks, 2 for East Asian wide forms.
    static func width(_ c: Character) -> Int {
        guard let s = c.unicodeScalars.first?.value else { return 0 }
        if s < 0x300 { return 1 }
        switch s {
        case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: return 0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
             0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
             0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    static func width(_ s: String) -> Int { s.reduce(0) { $0 + width($1) } }

    /// One line without control characters, so that labels cannot move the cursor or break the layout.
    static func clean(_ s: String) -> String {
        if s.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return s }
        var result = String.UnicodeScalarView()
        for scalar in s.unicodeScalars {
            switch scalar.value {
            case 0x09, 0x0A, 0x0D, 0x2028, 0x2029: result.append(" ")
            case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF, 0xFEFF: break
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// At most `limit` columns, the end replaced by ".." where it does not fit.
    static func fit(_ s: String, _ limit: Int) -> String {
        guard width(s) > limit else { return s }
        let dots = limit > 4 ? ".." : ""
        var used = 0, result = ""
        for c in s {
            used += width(c)
            if used > limit - dots.count { break }
            result.append(c)
        }
        return result + dots
    }

    static func blank(_ n: Int) -> String { String(repeating: " ", count: max(n, 0)) }
    static func left(_ s: String, _ n: Int) -> String { s + blank(n - width(s)) }
    static func right(_ s: String, _ n: Int) -> String { blank(n - width(s)) + s }
    static func center(_ s: String, _ n: Int) -> String {
        let before = max(0, (n - width(s)) / 2)
        return left(blank(before) + s, n)
    }

    static func trimmed(_ s: String) -> String {
        var s = Substring(s)
        while s.last == " " { s.removeLast() }
        return String(s)
    }

    /// Words broken into lines of at most `limit` columns; longer words are cut.
    static func wrap(_ s: String, _ limit: Int) -> [String] {
        var lines: [String] = [], line = ""
        for word in s.split(separator: " ") {
            let word = fit(String(word), max(limit, 1))
            if !line.isEmpty, width(line) + 1 + width(word) > limit {
                lines.append(line)
                line = word
            } else {
                line = line.isEmpty ? word : line + " " + word
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }

    /// Title lines, centred over `width` columns that begin at column `offset`.
    static func title(_ title: String, offset: Int, width: Int) -> [String] {
        wrap(clean(title), max(width, 10)).map { trimmed(blank(offset) + center($0, width)) }
    }
}

/// ANSI colours for series: the terminal's own palette, so that its theme decides about contrast.
enum Ansi {
    private static let slots: [UInt8] = [36, 33, 35, 32, 31, 34]
    static func code(slot: Int) -> UInt8 { slots[slot % slots.count] }
    static let faint: UInt8 = 90

    static func paint(_ s: String, _ code: UInt8, _ color: Bool) -> String {
        color && code != 0 && !s.isEmpty ? "\u{1B}[\(code)m\(s)\u{1B}[0m" : s
    }
}

/// Characters by rows and columns, each with a colour and the series that owns it.
struct TextCanvas {
    let columns: Int
    let rows: Int
    private var scalars: [UInt32]
    private var colors: [UInt8]
    private var owners: [Int16]
    private(set) var overlaps = 0

    static let nobody: Int16 = -1
    private static let many: Int16 = -2
    private static let space = UInt32(UInt8(ascii: " "))

    init(columns: Int, rows: Int) {
        self.columns = max(columns, 1)
        self.rows = max(rows, 1)
        let count = self.columns * self.rows
        scalars = Array(repeating: Self.space, count: count)
        colors = Array(repeating: 0, count: count)
        owners = Array(repeating: Self.nobody, count: count)
    }

    func contains(_ column: Int, _ row: Int) -> Bool { column >= 0 && column < columns && row >= 0 && row < rows }
    func isBlank(_ column: Int, _ row: Int) -> Bool { scalars[row * columns + column] == Self.space }

    /// Overwrites; positions outside are ignored.
    mutating func set(_ column: Int, _ row: Int, _ mark: Character, _ color: UInt8 = 0) {
        guard contains(column, row), let scalar = mark.unicodeScalars.first?.value else { return }
        let i = row * columns + column
        scalars[i] = scalar
        colors[i] = color
        owners[i] = Self.nobody
    }

    /// Draws only where nothing is yet.
    mutating func fill(_ column: Int, _ row: Int, _ mark: Character, _ color: UInt8 = 0) {
        guard contains(column, row), isBlank(column, row) else { return }
        set(column, row, mark, color)
    }

    /// Draws a series' mark, or the mark for several where another series is already.
    @inline(__always) mutating func plot(_ column: Int, _ row: Int, _ mark: UInt32, _ color: UInt8, owner: Int16) {
        guard column >= 0, column < columns, row >= 0, row < rows else { return }
        let i = row * columns + column
        let old = owners[i]
        if old == owner { return }
        if old == Self.nobody {
            scalars[i] = mark
            colors[i] = color
            owners[i] = owner
        } else if old != Self.many {
            scalars[i] = Marks.several.unicodeScalars.first!.value
            colors[i] = 0
            owners[i] = Self.many
            overlaps += 1
        }
    }

    /// Adds a braille dot at column `x` of 2 * columns and row `y` of 4 * rows.
    @inline(__always) mutating func dot(_ x: Int, _ y: Int, _ color: UInt8) {
        guard x >= 0, y >= 0, x < 2 * columns, y < 4 * rows else { return }
        let i = (y >> 2) * columns + (x >> 1)
        let bit: UInt32
        switch (x & 1, y & 3) {
        case (0, 3): bit = 0x40
        case (1, 3): bit = 0x80
        case (0, let k): bit = 1 << UInt32(k)
        case (_, let k): bit = 8 << UInt32(k)
        }
        if scalars[i] & ~0xFF == 0x2800 {
            scalars[i] |= bit
        } else {
            scalars[i] = 0x2800 | bit
        }
        colors[i] = color
    }

    /// One row as text; colour sequences only where colours change.
    func line(_ row: Int, color: Bool) -> String {
        var end = columns
        while end > 0, scalars[row * columns + end - 1] == Self.space { end -= 1 }
        var text = "", current: UInt8 = 0
        for column in 0..<end {
            let i = row * columns + column
            if color, scalars[i] != Self.space, colors[i] != current {
                if current != 0 { text += "\u{1B}[0m" }
                current = colors[i]
                if current != 0 { text += "\u{1B}[\(current)m" }
            }
            text.unicodeScalars.append(UnicodeScalar(scalars[i]) ?? " ")
        }
        return current != 0 ? text + "\u{1B}[0m" : text
    }
}

/// Straight lines on a raster.
enum Raster {
    /// Visits the cells of the segment between two points in cell coordinates, along its longer direction,
    /// within 0...width by 0...height.
    static func segment(_ x0: Double, _ y0: Double, _ x1: Double, _ y1: Double, width: Int, height: Int,
                        _ visit: (Int, Int) -> Void) {
        guard let (ax, ay, bx, by) = clip(x0, y0, x1, y1, Double(width) - 0.5, Double(height) - 0.5) else { return }
        let dx = bx - ax, dy = by - ay
        let c0 = Int(ax.rounded()), r0 = Int(ay.rounded()), c1 = Int(bx.rounded()), r1 = Int(by.rounded())
        if c0 == c1 && r0 == r1 { return visit(c0, r0) }
        if abs(dx) >= abs(dy) {
            let low = min(ay, by), high = max(ay, by)
            for c in stride(from: c0, through: c1, by: c1 >= c0 ? 1 : -1) {
                let y = ay + (Double(c) - ax) * dy / dx
                visit(c, Int(min(max(y, low), high).rounded()))
            }
        } else {
            let low = min(ax, bx), high = max(ax, bx)
            for r in stride(from: r0, through: r1, by: r1 >= r0 ? 1 : -1) {
                let x = ax + (Double(r) - ay) * dx / dy
                visit(Int(min(max(x, low), high).rounded()), r)
            }
        }
    }

    /// The part of a segment inside -0.5...right by -0.5...bottom (Liang and Barsky, 1984); nil if none.
    static func clip(_ x0: Double, _ y0: Double, _ x1: Double, _ y1: Double, _ right: Double, _ bottom: Double)
        -> (Double, Double, Double, Double)? {
        let left = -0.499, right = right - 0.001, bottom = bottom - 0.001
        if x0 >= left, x1 >= left, y0 >= left, y1 >= left, x0 <= right, x1 <= right, y0 <= bottom, y1 <= bottom {
            return (x0, y0, x1, y1)
        }
        let dx = x1 - x0, dy = y1 - y0
        var enter = 0.0, leave = 1.0
        for (p, q) in [(-dx, x0 - left), (dx, right - x0), (-dy, y0 - left), (dy, bottom - y0)] {
            if p == 0 {
                if q < 0 { return nil }
            } else if p < 0 {
                enter = max(enter, q / p)
            } else {
                leave = min(leave, q / p)
            }
        }
        guard enter <= leave else { return nil }
        let result = (x0 + enter * dx, y0 + enter * dy, x0 + leave * dx, y0 + leave * dy)
        guard result.0.isFinite, result.1.isFinite, result.2.isFinite, result.3.isFinite else { return nil }
        return (min(max(result.0, left), right), min(max(result.1, left), bottom),
                min(max(result.2, left), right), min(max(result.3, left), bottom))
    }
}
