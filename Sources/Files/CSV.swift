import CKernels
import Glibc
import Tensors

// Tables of numbers and words as text: comma, semicolon, tab, bar or blanks between the fields.
//
// Goals: no silent guess about a number (a column is numeric only if every cell is a number or missing), and no row left
// out in silence; every complaint names line and column; one pass and no allocation per cell for numeric tables.

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

    /// True when every cell of the column is missing.
    public func isEmpty(_ column: Int) -> Bool { (0..<rows).allSatisfy { numbers[$0 * columns + column].isNaN } && isNumeric(column) }

    /// The whole table [rows, columns]; throws at the first cell that is no number.
    public func matrix(_ dtype: DType) throws -> Tensor {
        if let error = firstWord.compactMap({ $0 }).min(by: { Self.line($0) < Self.line($1) }) { throw error }
        let x = try Tensor.make([rows, columns], dtype)
        for i in 0..<numbers.count { x.setElement(i, numbers[i]) }
        return x
    }

    /// A numeric column [rows]; one of nothing but true and false, in any case, counts as 1 and 0.
    public func column(_ j: Int, _ dtype: DType) throws -> Tensor {
        let truths = texts[j].map { $0.map(Self.truth) }
        if let error = firstWord[j], truths?.contains(where: { $0 == nil }) != false { throw error }
        let x = try Tensor.make([rows], dtype)
        for i in 0..<rows { x.setElement(i, truths.map { $0[i]! } ?? numbers[i * columns + j]) }
        return x
    }

    /// 1 for true, 0 for false, nan where missing, nil for any other word.
    private static func truth(_ word: String) -> Double? {
        switch word.lowercased() {
        case "true": 1
        case "false": 0
        case let other: CSVScanner.missing.contains(other) ? .nan : nil
        }
    }

    private static func line(_ e: FileError) -> Int { if case .line(let n, _) = e.place { n } else { 0 } }
}

/// Reads a table. `header` nil: detected (the first row holds words above numbers); `delimiter` nil: detected. Lines that begin
/// with # are comments above the first row, and nowhere else.
public func loadCSV(_ path: String, header: Bool? = nil, delimiter: Character? = nil) throws -> CSVTable {
    try parseCSV(readFile(path), path: path, header: header, delimiter: delimiter)
}

/// Parses a table from bytes; `path` is for messages.
public func parseCSV(_ bytes: [UInt8], path: String, header: Bool? = nil, delimiter: Character? = nil) throws -> CSVTable {
    // The line ends of old spreadsheets.
    let newline = UInt8(ascii: "\n"), carriage = UInt8(ascii: "\r")
    let bytes = bytes.contains(newline) ? bytes : bytes.map { $0 == carriage ? newline : $0 }
    return try bytes.withUnsafeBufferPointer { try parseTable($0, path, header, delimiter) }
}

private func parseTable(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String, _ header: Bool?, _ delimiter: Character?) throws -> CSVTable {
    if let delimiter, delimiter.asciiValue == nil || delimiter == "\"" || delimiter == "\n" {
        throw FileError(path, "a delimiter is one ASCII character other than a quote or a line end, not `\(delimiter)`")
    }
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
        throw FileError(path, "is UTF-16 text", help: ["save it as UTF-8"])
    }
    let scanner = CSVScanner(bytes, path, try delimiter?.asciiValue ?? CSVScanner.guessDelimiter(bytes, path))

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
            let help = scanner.beginsWithHash(line) ? ["lines that begin with # are comments above the first row only"]
                : scanner.hasQuote ? ["is a closing quote missing?"] : []
            throw FileError(path, "\(count) field\(count == 1 ? "" : "s"), but the first row has \(columns)", .line(line, column: nil), help: help)
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
    // A delimiter at the end of every line begins no column.
    if columns > 1, first[columns - 1].text.isEmpty, words[columns - 1] == nil, scanner.everyLineEndsOpen() {
        var kept: [Double] = []
        kept.reserveCapacity(numbers.count)
        for i in numbers.indices where i % columns != columns - 1 { kept.append(numbers[i]) }
        numbers = kept
        first.removeLast()
        words.removeLast()
        columns -= 1
    }
    var texts = [[String]?](repeating: nil, count: columns)
    if words.contains(where: { $0 != nil }) {
        for j in 0..<columns where words[j] != nil { texts[j] = [] }
        try scanner.scan { row, column, cell, _, _ in
            if row >= skipped, column < columns, texts[column] != nil { texts[column]!.append(scanner.text(cell)) }
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
    private var hash: UInt8 { UInt8(ascii: "#") }

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String, _ delimiter: UInt8) {
        self.bytes = bytes; self.path = path; self.delimiter = delimiter
    }

    private var start: Int { bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0 }

    /// Where the first row begins: behind empty lines and comments.
    private lazy var top: (at: Int, line: Int) = {
        var at = start, line = 1
        while true {
            skipBlank(&at, &line)
            guard at < bytes.count, bytes[at] == hash, !nns_interrupted(), isComment(at) else { return (at, line) }
            at = min(endOfLine(at) + 1, bytes.count)
            line += 1
        }
    }()

    /// A line that begins with # is a comment, but for one whose # stands close before a word and that has as many fields, more
    /// than one, as the next that does not begin so: that is a row, as of colours, or a header.
    private func isComment(_ at: Int) -> Bool {
        let end = endOfLine(at)
        guard end - at > 1, bytes[at + 1] != hash, bytes[at + 1] != blank, bytes[at + 1] != tab || delimiter == tab else { return true }
        let count = fields(at..<end).count
        return count < 2 || fieldsBelowHashes > 0 && fieldsBelowHashes != count
    }

    /// The number of fields of the first line that does not begin with #; 0 where there is none.
    private lazy var fieldsBelowHashes: Int = {
        var next = start, line = 0
        skipBlank(&next, &line)
        while next < bytes.count, bytes[next] == hash {
            next = min(endOfLine(next) + 1, bytes.count)
            skipBlank(&next, &line)
        }
        return next < bytes.count ? fields(next..<endOfRow(next)).count : 0
    }()

    /// The end of the line in which a byte stands: its newline or the end of all.
    private func endOfLine(_ at: Int) -> Int {
        var end = at
        while end < bytes.count, bytes[end] != newline { end += 1 }
        return end
    }

    /// The same of a row, whose quotes may hold newlines.
    private func endOfRow(_ at: Int) -> Int {
        var end = at, quoted = false
        while end < bytes.count, quoted || bytes[end] != newline {
            if bytes[end] == quote { quoted.toggle() }
            end += 1
        }
        return end
    }

    /// Passes over lines that hold nothing.
    private func skipBlank(_ at: inout Int, _ line: inout Int) {
        while at < bytes.count {
            var i = at
            while i < bytes.count, bytes[i] == blank || bytes[i] == carriage || (bytes[i] == tab && delimiter != tab) { i += 1 }
            guard i == bytes.count || bytes[i] == newline else { return }
            at = min(i + 1, bytes.count)
            line += 1
        }
    }

    /// The fields of one line, roughly: with their quotes and the blanks around them.
    private func fields(_ line: Range<Int>) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var from = line.lowerBound, quoted = false
        for i in line {
            if bytes[i] == quote { quoted.toggle() }
            guard !quoted, bytes[i] == delimiter || delimiter == blank && (bytes[i] == tab || bytes[i] == carriage) else { continue }
            if delimiter != blank || i > from { found.append(from..<i) }
            from = i + 1
        }
        if delimiter != blank || line.upperBound > from { found.append(from..<line.upperBound) }
        return found
    }

    private func trimmed(_ field: Range<Int>) -> Range<Int> {
        var from = field.lowerBound, to = field.upperBound
        while from < to, bytes[from] == blank || bytes[from] == tab { from += 1 }
        while to > from, bytes[to - 1] == blank || bytes[to - 1] == tab || bytes[to - 1] == carriage { to -= 1 }
        return from..<to
    }

    private func isNumber(_ field: Range<Int>) -> Bool {
        let cell = trimmed(field)
        return !cell.isEmpty && number(cell) != nil
    }

    /// The fields of the first two rows, and the line of the second.
    private func firstRows() -> (first: [Range<Int>], second: [Range<Int>], line: Int) {
        var (at, line) = top
        let end = endOfRow(at), first = fields(at..<end)
        line += 1 + bytes[at..<end].count { $0 == newline }
        at = min(end + 1, bytes.count)
        skipBlank(&at, &line)
        return (first, at < bytes.count ? fields(at..<endOfRow(at)) : [], line)
    }

    /// Semicolon, tab or comma, whichever the first row holds, in this order; else a bar or blanks where they divide the first two
    /// rows alike, and blanks some number off.
    static func guessDelimiter(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String) throws -> UInt8 {
        let comma = UInt8(ascii: ",")
        for delimiter in [UInt8(ascii: ";"), UInt8(ascii: "\t"), comma] {
            let scanner = CSVScanner(bytes, path, delimiter), rows = scanner.firstRows()
            guard rows.first.count > 1 else { continue }
            // `b,c` above `2,3`: a name and a decimal comma, or two columns?
            if delimiter != comma, let (name, cell) = zip(rows.first, rows.second).first(where: { name, cell in
                !scanner.isNumber(name) && bytes[name].contains(comma) && bytes[cell].contains(comma) && scanner.isNumber(cell)
            }) {
                let (name, cell) = (scanner.text(scanner.trimmed(name)), scanner.text(scanner.trimmed(cell)))
                throw FileError(path, "is `\(cell)` below `\(name)` one field or two?", .line(rows.line, column: nil),
                                help: ["say what stands between the fields: `delimiter=\"\(delimiter == 9 ? "\\t" : ";")\"` or `delimiter=\",\"`"])
            }
            return delimiter
        }
        for delimiter in [UInt8(ascii: "|"), UInt8(ascii: " ")] {
            let scanner = CSVScanner(bytes, path, delimiter), rows = scanner.firstRows()
            guard rows.first.count > 1, rows.second.isEmpty || rows.second.count == rows.first.count else { continue }
            if delimiter != 32 { return delimiter }
            if rows.second.isEmpty ? rows.first.allSatisfy(scanner.isNumber) : rows.second.contains(where: scanner.isNumber) { return delimiter }
        }
        return comma
    }

    /// True where the last field of every row is empty, not even quoted.
    func everyLineEndsOpen() -> Bool {
        var open = true, last = false
        try? scan { _, _, cell, _, place in
            last = cell.isEmpty && (place == bytes.count || bytes[place] != quote)
        } endOfRow: { _, _, _ in
            open = last && !nns_interrupted()
            // Nothing more to ask; what is wrong with the rows, the reading itself tells.
            if !open { throw FileError(path, "") }
        }
        return open
    }

    /// True where a line, counted from 1, begins with #.
    func beginsWithHash(_ line: Int) -> Bool {
        var at = start
        for _ in 1..<line { at = min(endOfLine(at) + 1, bytes.count) }
        return at < bytes.count && bytes[at] == hash
    }

    /// Calls `cell` for each field (without its outer quotes; `place` is the byte it begins at) and `endOfRow` after each row with its number of fields.
    @inline(__always)
    func scan(_ cell: (_ row: Int, _ column: Int, _ cell: Range<Int>, _ line: Int, _ place: Int) throws -> Void,
              endOfRow: (_ row: Int, _ count: Int, _ line: Int) throws -> Void) throws {
        let bytes = bytes, delimiter = delimiter
        var (at, line) = top
        var row = 0
        while true {
            // A line that begins with a digit is not blank.
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

    /// What stands for a missing number.
    static let missing = ["", "na", "n/a", "nan", "null", "none", "?", "-nan"]

    private func odd(_ cell: Range<Int>) -> Double? {
        if cell.count > 40 { return nil }
        let word = String(decoding: bytes[cell], as: UTF8.self).lowercased()
        switch word {
        case _ where Self.missing.contains(word): return .nan
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
