// Tensors as text, as NumPy lays them out: `[1, 2.5, 3]`, matrices one row a line, columns aligned by the decimal point.

extension Tensor {
    /// An element as the language prints it: shortest digits in its own type, `true` and `false`.
    public static func elementText(_ x: Tensor, _ i: Int) -> String {
        switch x.dtype {
        case .bool: x.u8[i] != 0 ? "true" : "false"
        case .f32: numberText(x.f32[i])
        case .f64, .number: numberText(x.f64[i])
        }
    }

    /// The tensor as text, lines at most `width` characters where elements allow it. Above `most` elements only
    /// three at each end of an axis are shown, unless `full`.
    public static func description(of x: Tensor, width: Int, full: Bool = false, most: Int = 1000) -> String {
        (try? layOut(x, width, full || x.count <= most) { elementText(x, $0) }) ?? ""
    }

    /// The same with every element by Python's format mini-language.
    public static func formatted(_ x: Tensor, spec: String, width: Int) throws -> String {
        try layOut(x, width, x.count <= 1000) { i in
            switch x.dtype {
            case .bool: try Tensors.formatted(x.u8[i] != 0, spec: spec)
            case .f32: try Tensors.formatted(x.f32[i], spec: spec)
            case .f64, .number: try Tensors.formatted(x.f64[i], spec: spec)
            }
        }
    }

    private static func layOut(_ x: Tensor, _ width: Int, _ full: Bool, _ element: (Int) throws -> String) throws -> String {
        if x.rank == 0 { return try element(0) }
        if x.count == 0 { return x.rank == 1 ? "[]" : "[]  # of shape \(TensorError.text(x.shape))" }
        return TensorPrinter(x, width: max(width, 20), full: full, texts: try TensorPrinter.texts(x, full, element)).text()
    }
}

private struct TensorPrinter {
    let x: Tensor
    let width: Int
    /// The positions shown along each axis; -1 stands for the gap.
    let shown: [[Int]]
    /// The texts of the elements shown, in order.
    let texts: [String]
    private let rowLength: Int

    init(_ x: Tensor, width: Int, full: Bool, texts: [String]) {
        self.x = x
        self.width = width
        self.texts = texts
        shown = Self.positions(x, full)
        rowLength = shown[x.rank - 1].reduce(0) { $0 + ($1 >= 0 ? 1 : 0) }
    }

    private static func positions(_ x: Tensor, _ full: Bool) -> [[Int]] {
        x.shape.map { n in full || n <= 7 ? Array(0..<n) : [0, 1, 2, -1, n - 3, n - 2, n - 1] }
    }

    /// The texts of the elements that will be shown, each made once.
    static func texts(_ x: Tensor, _ full: Bool, _ element: (Int) throws -> String) throws -> [String] {
        let strides = Striding.rowMajor(x.shape)
        var offsets = [0]
        for (axis, shown) in positions(x, full).enumerated() {
            offsets = offsets.flatMap { base in shown.compactMap { $0 < 0 ? nil : base + $0 * strides[axis] } }
        }
        return try offsets.map(element)
    }

    /// One column: the widest part before the decimal point, and from it on.
    private struct Column {
        var before = 0, after = 0
        var width: Int { before + after }

        mutating func fit(_ text: String) {
            let split = Column.split(text)
            before = max(before, split.0)
            after = max(after, split.1)
        }

        /// Characters before the decimal point (or all of them), and from the point on.
        static func split(_ text: String) -> (Int, Int) {
            var before = 0, total = 0
            var seen = false
            for c in text.utf8 {
                if c == UInt8(ascii: ".") { seen = true }
                if !seen { before += 1 }
                total += 1
            }
            return (before, total - before)
        }
    }

    func text() -> String {
        var next = 0
        return x.rank == 1 ? vector() : block(axis: 0, &next, columns: columns())
    }

    /// The texts of one row of the last axis, the gap among them; `next` counts the texts used.
    private func cells(_ next: inout Int) -> [String] {
        shown[x.rank - 1].map { position in
            if position < 0 { return "..." }
            next += 1
            return texts[next - 1]
        }
    }

    /// A vector: on one line as it stands; where that is too long, in a grid.
    private func vector() -> String {
        var next = 0
        let cells = cells(&next)
        if cells.reduce(0, { $0 + $1.utf8.count + 2 }) <= width {
            return "[" + cells.joined(separator: ", ") + "]"
        }
        var column = Column()
        for t in texts { column.fit(t) }
        return row(cells, [Column](repeating: column, count: cells.count), indent: 1)
    }

    /// The widths of the last axis' columns, over the whole tensor.
    private func columns() -> [Column] {
        var narrow = [Column](repeating: Column(), count: rowLength)
        for (i, text) in texts.enumerated() { narrow[i % rowLength].fit(text) }
        var columns: [Column] = []
        var j = 0
        for position in shown[x.rank - 1] {
            if position < 0 { columns.append(Column()); continue }
            columns.append(narrow[j])
            j += 1
        }
        return columns
    }

    private func block(axis: Int, _ next: inout Int, columns: [Column]) -> String {
        let last = x.rank - 1
        if axis == last { return row(cells(&next), columns, indent: axis + 1) }
        let separator = "," + String(repeating: "\n", count: last - axis)
        let indent = String(repeating: " ", count: axis + 1)
        var out = "["
        for (i, position) in shown[axis].enumerated() {
            if i > 0 { out += separator + indent }
            out += position < 0 ? "..." : block(axis: axis + 1, &next, columns: columns)
        }
        return out + "]"
    }

    /// One row in brackets; the comma follows its number, the padding follows the comma.
    private func row(_ texts: [String], _ columns: [Column], indent: Int) -> String {
        var out = "["
        var at = indent
        let closing = x.rank  // brackets that may follow the last element
        for (i, text) in texts.enumerated() {
            let isLast = i == texts.count - 1
            let column = columns[i]
            let isGap = text == "..."
            let cell = isGap ? 3 : column.width
            if i > 0 {
                if at + cell + (isLast ? closing : 1) > width {
                    while out.last == " " { out.removeLast() }
                    out += "\n" + String(repeating: " ", count: indent)
                    at = indent
                }
            }
            let split = Column.split(text)
            let left = isGap ? 0 : column.before - split.0
            out += String(repeating: " ", count: max(0, left)) + text
            if isLast { break }
            let right = isGap ? 0 : max(0, column.after - split.1)
            out += "," + String(repeating: " ", count: right + 1)
            at += cell + 2
        }
        return out + "]"
    }
}
