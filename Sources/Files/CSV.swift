import CKernels
import Glibc
import Tensors

// Tables of numbers and words as text: comma, semicolon, tab or blanks between the fields.
//
// Goals: no silent guess about a number (a column is numeric only if every cell is a number or missing);
// every complaint names line and column; one pass and no allocation per cell for numeric tables.

/// A table read from text.
public struct CSVTable {
    /// Column names from the header, or nil.
    public let names: [String]?
    public let rows: Int
    public let columns: Int
    /// The cells as numbers, row-major; nan where missing or not a number.
    public let numbers: [Double]
    /// The cells of the columns that hold words; nil for a numeric column.
    public let texts: [[String]?]
    /// The first cell that is no number, by column.
    let firstWord: [FileError?]

    /// True when every cell of the column is a number or missing.
    public func isNumeric(_ column: Int) -> Bool { texts[column] == nil }

    /// The whole table [rows, columns]; throws at the first cell that is no number.
    public func matrix(_ dtype: DType) throws -> Tensor {
        if let error = firstWord.compactMap({ $0 }).min(by: { Self.line($0) < Self.line($1) }) { throw error }
        let x = try Tensor.make([rows, columns], dtype)
        for i in 0..<numbers.count { x.setElement(i, numbers[i]) }
        return x
    }

    /// A numeric column [rows].
    public func column(_ j: Int, _ dtype: DType) throws -> Tensor {
        if let error = firstWord[j] { throw error }
        let x = try Tensor.make([rows], dtype)
        for i in 0..<rows { x.setElement(i, numbers[i * columns + j]) }
        return x
    }

    private static func line(_ e: FileError) -> Int { if case .line(let n, _) = e.place { n } else { 0 } }
}

/// Reads a table. `header` nil: detected (the first row holds words above numbers); `delimiter` nil: detected.
public func loadCSV(_ path: String, header: Bool? = nil, delimiter: Character? = nil) throws -> CSVTable {
    try parseCSV(readFile(path), path: path, header: header, delimiter: delimiter)
}

/// Parses a table from bytes; `path` is for messages.
public func parseCSV(_ bytes: [UInt8], path: String, header: Bool? = nil, delimiter: Character? = nil) throws -> CSVTable {
    try bytes.withUnsafeBufferPointer { try parseTable($0, path, header, delimiter) }
}

private func parseTable(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String, _ header: Bool?, _ delimiter: Character?) throws -> CSVTable {
    if let delimiter, delimiter.asciiValue == nil || delimiter == "\"" || delimiter == "\n" {
        throw FileError(path, "a delimiter is one ASCII character other than a quote or a line end, not `\(delimiter)`")
    }
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
        throw FileError(path, "is UTF-16 text", help: ["save it as UTF-8"])
    }
    let scanner = CSVScanner(bytes, path, delimiter?.asciiValue ?? CSVScanner(bytes, path, 0).guessDelimiter())

    // First pass: everything as numbers; which columns hold words.
    var first: [(text: String, value: Double?, error: FileError?)] = []
    try checkMemory(bytes.count * 4, path)  // at least a digit and a delimiter for each double
    var numbers: [Double] = []
    numbers.reserveCapacity(bytes.count / 4)
    var columns = 0
    var words: [FileError?] = []  // below the first row
    var rows = 0
    try scanner.scan { row, column, cell, line, place in
        if row == 0 {
            let value = scanner.number(cell)
            first.append((scanner.text(cell), value, value == nil ? scanner.notANumber(cell, line, place) : nil))
            numbers.append(value ?? .nan)
            columns = column + 1
        } else {
            if column >= columns { return }
            if let value = scanner.number(cell) {
                numbers.append(value)
            } else {
                numbers.append(.nan)
                if words[column] == nil { words[column] = scanner.notANumber(cell, line, place) }
            }
        }
    } endOfRow: { row, count, line in
        if nns_interrupted() { throw FileError(path, "was not read to its end") }
        if row == 0 { words = [FileError?](repeating: nil, count: count) }
        rows = row + 1
        guard count == columns else {
            throw FileError(path, "\(count) field\(count == 1 ? "" : "s"), but the first row has \(columns)", .line(line, column: nil),
                            help: scanner.hasQuote ? ["is a closing quote missing?"] : [])
        }
    }
    guard rows > 0 else { throw FileError(path, "the table is empty") }
    if header == nil, rows == 1, columns > 1, first.allSatisfy({ $0.value == nil }) { throw FileError(path, "the table has a header but no rows") }

    let hasHeader: Bool
    if let header {
        hasHeader = header
    } else {
        // Words above numbers make a header; a first row of nothing but words does too.
        var evidence = false, allWords = true
        for (j, cell) in first.enumerated() {
            if let value = cell.value { if !value.isNaN { allWords = false } } else if words[j] == nil && rows > 1 { evidence = true }
        }
        hasHeader = evidence || (allWords && rows > 1 && first.contains { $0.value == nil })
    }
    if hasHeader {
        numbers.removeFirst(columns)
    } else {
        for j in 0..<columns { if let error = first[j].error { words[j] = error } }
    }
    let skipped = hasHeader ? 1 : 0
    var texts = [[String]?](repeating: nil, count: columns)
    if words.contains(where: { $0 != nil }) {
        for j in 0..<columns where words[j] != nil { texts[j] = [] }
        try scanner.scan { row, column, cell, _, _ in
            if row >= skipped, texts[column] != nil { texts[column]!.append(scanner.text(cell)) }
        } endOfRow: { _, _, _ in
            if nns_interrupted() { throw FileError(path, "was not read to its end") }
        }
    }
    return CSVTable(names: hasHeader ? first.map(\.text) : nil, rows: rows - skipped, columns: columns,
                    numbers: numbers, texts: texts, firstWord: words)
}

/// Finds the fields of a table's text.
private final class CSVScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    let path: String
    let delimiter: UInt8  // blank stands for any run of blanks
    var hasQuote: Bool { bytes.contains(quote) }

    private var quote: UInt8 { UInt8(ascii: "\"") }
    private var newline: UInt8 { UInt8(ascii: "\n") }
    private var carriage: UInt8 { UInt8(ascii: "\r") }
    private var blank: UInt8 { UInt8(ascii: " ") }
    private var tab: UInt8 { UInt8(ascii: "\t") }

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String, _ delimiter: UInt8) {
        self.bytes = bytes; self.path = path; self.delimiter = delimiter
    }

    private var start: Int { bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0 }

    /// Positions of lines that hold neither nothing nor a comment.
    private func skipBlank(_ at: inout Int, _ line: inout Int) {
        while at < bytes.count {
            var i = at
            while i < bytes.count, bytes[i] == blank || bytes[i] == carriage || (bytes[i] == tab && delimiter != tab) { i += 1 }
            if i < bytes.count, bytes[i] == UInt8(ascii: "#"), i == at {
                while i < bytes.count, bytes[i] != newline { i += 1 }
            }
            guard i == bytes.count || bytes[i] == newline else { return }
            at = min(i + 1, bytes.count)
            line += 1
        }
    }

    /// Semicolon, tab or comma, whichever the first line holds, in this order; else blanks between numbers.
    func guessDelimiter() -> UInt8 {
        var at = start, line = 1
        skipBlank(&at, &line)
        var counts = [0, 0, 0]
        var quoted = false
        var end = at
        while end < bytes.count, quoted || bytes[end] != newline {
            switch bytes[end] {
            case quote: quoted.toggle()
            case UInt8(ascii: ";") where !quoted: counts[0] += 1
            case tab where !quoted: counts[1] += 1
            case UInt8(ascii: ",") where !quoted: counts[2] += 1
            default: break
            }
            end += 1
        }
        if counts[0] > 0 { return UInt8(ascii: ";") }
        if counts[1] > 0 { return tab }
        if counts[2] > 0 { return UInt8(ascii: ",") }
        let fields = bytes[at..<end].split(whereSeparator: { $0 == blank || $0 == carriage })
        return fields.count > 1 && fields.allSatisfy({ parseNumber(bytes, $0.startIndex, $0.endIndex) != nil }) ? blank : UInt8(ascii: ",")
    }

    /// Calls `cell` for each field (without its outer quotes; `place` is the byte it begins at) and `endOfRow` after each row with its number of fields.
    @inline(__always)
    func scan(_ cell: (_ row: Int, _ column: Int, _ cell: Range<Int>, _ line: Int, _ place: Int) throws -> Void,
              endOfRow: (_ row: Int, _ count: Int, _ line: Int) throws -> Void) throws {
        let bytes = bytes, delimiter = delimiter
        var at = start, line = 1, row = 0
        while true {
            // A line that begins with a digit is neither blank nor a comment.
            if at >= bytes.count || bytes[at] &- 48 > 9 { skipBlank(&at, &line) }
            if at >= bytes.count { return }
            let rowLine = line
            var column = 0
            while true {
                // Blanks around a field do not belong to it.
                while at < bytes.count, bytes[at] == blank || (bytes[at] == tab && delimiter != tab) { at += 1 }
                let place = at, fieldLine = line
                var range: Range<Int>
                if at < bytes.count, bytes[at] == quote {
                    let open = at
                    at += 1
                    while true {
                        guard at < bytes.count else { throw FileError(path, "a quote is not closed", .line(fieldLine, column: columnNumber(place))) }
                        if bytes[at] == quote {
                            if at + 1 < bytes.count, bytes[at + 1] == quote { at += 2; continue }
                            break
                        }
                        if bytes[at] == newline { line += 1 }
                        at += 1
                    }
                    range = (open + 1)..<at
                    at += 1
                    while at < bytes.count, bytes[at] == blank || bytes[at] == carriage || (bytes[at] == tab && delimiter != tab) { at += 1 }
                    guard at == bytes.count || bytes[at] == delimiter || bytes[at] == newline || (delimiter == blank) else {
                        throw FileError(path, "text follows a closing quote", .line(line, column: columnNumber(at)), help: ["a quote within quotes is written twice"])
                    }
                } else {
                    let from = at
                    while at < bytes.count, bytes[at] != delimiter, bytes[at] != newline { at += 1 }
                    var to = at
                    while to > from, bytes[to - 1] == blank || bytes[to - 1] == carriage || bytes[to - 1] == tab { to -= 1 }
                    range = from..<to
                }
                try cell(row, column, range, fieldLine, place)
                column += 1
                if delimiter == blank {
                    while at < bytes.count, bytes[at] == blank || bytes[at] == carriage { at += 1 }
                    if at < bytes.count, bytes[at] != newline { continue }
                }
                if at >= bytes.count { break }
                if bytes[at] == newline { at += 1; line += 1; break }
                at += 1  // the delimiter
            }
            try endOfRow(row, column, rowLine)
            row += 1
        }
    }

    /// A cell's text, doubled quotes made single.
    func text(_ cell: Range<Int>) -> String {
        let s = String(decoding: bytes[cell], as: UTF8.self)
        guard cell.lowerBound > 0, bytes[cell.lowerBound - 1] == quote, bytes[cell].contains(quote) else { return s }
        var out = String.UnicodeScalarView()
        var pending = false
        for c in s.unicodeScalars {
            if c == "\"" && !pending { pending = true; continue }
            pending = false
            out.append(c)
        }
        return String(out)
    }

    /// A cell's number, nan where it is missing, nil where it is a word.
    @inline(__always)
    func number(_ cell: Range<Int>) -> Double? {
        if let value = parseNumber(bytes, cell.lowerBound, cell.upperBound) { return value }
        return odd(cell)
    }

    private func odd(_ cell: Range<Int>) -> Double? {
        if cell.count > 40 { return nil }
        switch String(decoding: bytes[cell], as: UTF8.self).lowercased() {
        case "", "na", "n/a", "nan", "null", "none", "?", "-nan": return .nan
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default: break
        }
        // Where the comma does not separate, it may be a decimal comma.
        if delimiter != UInt8(ascii: ","), bytes[cell].filter({ $0 == UInt8(ascii: ",") }).count == 1 {
            let point = bytes[cell].map { $0 == UInt8(ascii: ",") ? UInt8(ascii: ".") : $0 }
            return point.withUnsafeBufferPointer { parseNumber($0, 0, $0.count) }
        }
        return nil
    }

    func notANumber(_ cell: Range<Int>, _ line: Int, _ place: Int) -> FileError {
        var shown = text(cell)
        if shown.unicodeScalars.count > 30 { shown = String(String.UnicodeScalarView(shown.unicodeScalars.prefix(30))) + "..." }
        return FileError(path, "expected a number, not \"\(shown)\"", .line(line, column: columnNumber(place)))
    }

    /// The column of a byte, counted in characters from 1.
    private func columnNumber(_ at: Int) -> Int {
        var i = at, n = 1
        while i > start, bytes[i - 1] != newline {
            i -= 1
            if bytes[i] & 0xc0 != 0x80 { n += 1 }
        }
        return n
    }
}

private let powersOfTen: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22]

/// The decimal number in bytes[from..<to], correctly rounded; nil if it is none.
func parseNumber(_ bytes: UnsafeBufferPointer<UInt8>, _ from: Int, _ to: Int) -> Double? {
    var i = from
    // The commonest cell first: a few digits.
    if to &- from <= 3, to > from {
        var small = 0
        while i < to, bytes[i] &- 48 < 10 { small = small &* 10 &+ Int(bytes[i] &- 48); i &+= 1 }
        if i == to { return Double(small) }
        i = from
    }
    var negative = false
    if i < to, bytes[i] == UInt8(ascii: "-") || bytes[i] == UInt8(ascii: "+") { negative = bytes[i] == UInt8(ascii: "-"); i += 1 }
    var mantissa: UInt64 = 0
    var digits = 0, significant = 0, exponent = 0
    var seenPoint = false
    while i < to {
        let c = bytes[i] &- 48
        if c < 10 {
            if significant < 19 {
                mantissa = mantissa &* 10 &+ UInt64(c)
                if mantissa > 0 { significant += 1 }
            } else {
                significant += 1
            }
            digits += 1
            if seenPoint { exponent -= 1 }
        } else if bytes[i] == UInt8(ascii: "."), !seenPoint {
            seenPoint = true
        } else {
            break
        }
        i += 1
    }
    guard digits > 0 else { return nil }
    if i < to, bytes[i] | 0x20 == UInt8(ascii: "e") {
        i += 1
        var minus = false
        if i < to, bytes[i] == UInt8(ascii: "-") || bytes[i] == UInt8(ascii: "+") { minus = bytes[i] == UInt8(ascii: "-"); i += 1 }
        guard i < to else { return nil }
        var e = 0
        while i < to, bytes[i] &- 48 < 10 {
            if e < 100_000 { e = e * 10 + Int(bytes[i] &- 48) }
            i += 1
        }
        exponent += minus ? -e : e
    }
    guard i == to else { return nil }
    // Both factors are exact here, so that one rounding gives the right double.
    if significant <= 19, mantissa <= 1 << 53, exponent >= -22, exponent <= 22 {
        let m = Double(mantissa)
        let value = exponent < 0 ? m / powersOfTen[-exponent] : m * powersOfTen[exponent]
        return negative ? -value : value
    }
    return Double(String(decoding: bytes[from..<to], as: UTF8.self))
}
