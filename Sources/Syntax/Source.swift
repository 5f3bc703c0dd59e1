/// A script, an entry at the prompt or a module: its text and where it came from.
public final class Source {
    /// The name shown in diagnostics: a path as the user wrote it, `entry 3`, `-e` or `stdin`.
    public let name: String
    /// The text in UTF-8.
    public let bytes: [UInt8]
    /// True for files and pastes, where a line that begins with `|>`, `>>` or `.name` continues the one above.
    public let isFile: Bool
    /// True for the embedded standard library: its frames fold into the user's call.
    public let isStandardLibrary: Bool
    /// Byte offset of the first byte of each line.
    private let lineStarts: [Int32]

    public convenience init(name: String, text: String, isFile: Bool = true, isStandardLibrary: Bool = false) {
        self.init(name: name, bytes: Array(text.utf8), isFile: isFile, isStandardLibrary: isStandardLibrary)
    }

    /// Bytes as they were read; the parser reports the first that is not UTF-8.
    public init(name: String, bytes: [UInt8], isFile: Bool = true, isStandardLibrary: Bool = false) {
        self.name = name
        self.bytes = bytes
        self.isFile = isFile
        self.isStandardLibrary = isStandardLibrary
        var starts: [Int32] = [0]
        for (offset, byte) in bytes.enumerated() where byte == 10 { starts.append(Int32(clamping: offset + 1)) }
        lineStarts = starts
    }

    public var lineCount: Int { lineStarts.count }

    /// The line (from 1) that holds a byte offset.
    public func line(at offset: Int32) -> Int {
        var low = 0, high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// Line and column, both from 1; the column counts Unicode scalars.
    public func location(of offset: Int32) -> (line: Int, column: Int) {
        let line = line(at: offset)
        let start = Int(lineStarts[line - 1])
        let end = min(Int(offset), bytes.count)
        var column = 1
        if end > start { for byte in bytes[start..<end] where byte & 0xC0 != 0x80 { column += 1 } }
        return (line, column)
    }

    /// The text of a line (from 1) without its line end.
    public func text(ofLine line: Int) -> String { String(decoding: bytes(ofLine: line), as: UTF8.self) }

    /// The same as it was read, which may be no UTF-8.
    func bytes(ofLine line: Int) -> ArraySlice<UInt8> {
        let start = Int(lineStarts[line - 1])
        var end = line < lineStarts.count ? Int(lineStarts[line]) - 1 : bytes.count
        if end > start, bytes[end - 1] == 13 { end -= 1 }
        return bytes[start..<max(start, end)]
    }

    /// The byte offset where a line (from 1) begins.
    public func start(ofLine line: Int) -> Int32 { lineStarts[line - 1] }

    /// Whether a `;` is the next thing behind an offset on its line.
    public func hasSemicolon(behind offset: Int32) -> Bool {
        bytes[min(Int(offset), bytes.count)...].first { $0 != 32 && $0 != 9 } == UInt8(ascii: ";")
    }

    /// The source text of a span.
    public func text(of span: Span) -> String {
        let start = max(0, min(Int(span.start), bytes.count)), end = max(start, min(Int(span.end), bytes.count))
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}

/// A half-open range of byte offsets in a `Source`.
public struct Span: Equatable {
    public var start: Int32
    public var end: Int32
    public init(_ start: Int32, _ end: Int32) { self.start = start; self.end = end }
    /// The smallest span that covers both.
    public func union(_ other: Span) -> Span { Span(min(start, other.start), max(end, other.end)) }
    public static let none = Span(0, 0)
}
