/// A diagnostic as the terminal shows it: headline, place, the user's line with carets, notes, help, calls.
///
/// Goals: carets stand under what is meant whatever the characters (tabs, combining marks, wide letters); a
/// control character in the text never reaches the terminal; no message grows without bound, neither by a
/// line of a million characters nor by a recursion of ten thousand calls.

extension Diagnostic {
    /// The text of DESIGN's layout, without a line end after its last line.
    ///
    /// An error inside the standard library is shown at the user's call that led there. `width`: columns of the terminal, which
    /// no line of source goes beyond, for carets would point at nothing below a broken one.
    public func rendered(color: Bool, width: Int? = nil) -> String {
        let paint = Paint(isOn: color)
        var out = paint.headline(severity, Self.shortened(message))
        var frames = self.frames[...]
        var source = self.source, span = self.span, marks = self.marks
        var inside: String?
        if let own = source, own.isStandardLibrary, let place = frames.firstIndex(where: { !$0.source.isStandardLibrary }) {
            source = frames[place].source
            span = frames[place].span
            marks = []
            inside = isToCaller ? nil : frames[place].function
            frames = frames[(place + 1)...]
        }
        var gutter = 2
        if let source {
            let excerpt = Excerpt(source: source, span: span, marks: marks, width: width)
            gutter = excerpt.gutter
            out += "\n" + excerpt.rendered(paint)
        }
        let margin = String(repeating: " ", count: gutter + 1)
        func line(_ label: String, _ text: String) {
            out += "\n" + margin + paint.gutter("=") + " " + label
            out += harmless(Self.shortened(text), breakIndent: gutter + 3)
        }
        if let inside, !inside.isEmpty { line("", "inside `\(inside)`") }
        for note in notes { line("", note) }
        for mend in help { line(paint.help("help:") + " ", Self.filled(mend) { name, _ in name }) }
        for call in calls(frames) { out += "\n" + margin + call }
        return out
    }

    /// A text that a reader can bear: what a script puts into a message may be megabytes long.
    private static func shortened(_ text: String) -> String {
        let most = 2000, scalars = text.unicodeScalars
        guard text.utf8.count > most, let end = scalars.index(scalars.startIndex, offsetBy: most, limitedBy: scalars.endIndex), end != scalars.endIndex else { return text }
        return "\(text[..<end])… (\(scalars.distance(from: end, to: scalars.endIndex)) more characters)"
    }

    /// One line per call outside the standard library; repetitions are counted.
    private func calls(_ frames: ArraySlice<Frame>) -> [String] {
        let shown = frames.filter { !$0.source.isStandardLibrary }
        func isEqual(_ a: Int, _ b: Int) -> Bool {
            shown[a].function == shown[b].function && shown[a].source === shown[b].source && shown[a].span == shown[b].span
        }
        var lines: [String] = []
        var at = 0
        while at < shown.count {
            // The shortest pattern of calls that repeats at least twice more here.
            var period = 0, repeated = 0
            for candidate in 1...8 where at + 3 * candidate <= shown.count {
                var same = 0
                while at + candidate + same < shown.count, isEqual(at + same, at + candidate + same) { same += 1 }
                // The outermost call is always printed.
                let whole = at + candidate + same == shown.count ? max(0, same - 1) : same
                if whole >= 2 * candidate { (period, repeated) = (candidate, whole); break }
            }
            for index in at..<(at + max(1, period)) { lines.append(text(of: shown[index])) }
            if repeated > 0 { lines.append("... \(repeated + omittedFrames) more") }
            at += max(1, period) + repeated
        }
        let limit = 16
        if lines.count > 2 * limit + 1 {
            lines.replaceSubrange(limit..<(lines.count - limit), with: ["... \(lines.count - 2 * limit) more"])
        }
        return lines
    }

    private func text(of frame: Frame) -> String {
        let place = frame.source.location(of: frame.span.start)
        let name = frame.function.isEmpty ? "a function" : frame.function
        return "in \(name), called at \(frame.source.name):\(place.line):\(place.column)"
    }
}

/// Control sequences, or none.
private struct Paint {
    let isOn: Bool
    private func wrap(_ code: String, _ text: String) -> String { isOn ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }
    func headline(_ severity: Diagnostic.Severity, _ message: String) -> String {
        let label = wrap(severity == .error ? "1;31" : "1;33", severity.rawValue)
        return label + wrap("1", ": " + harmless(message, breakIndent: severity.rawValue.utf8.count + 2))
    }
    func gutter(_ text: String) -> String { wrap("34", text) }
    func help(_ text: String) -> String { wrap("32", text) }
    func caret(_ text: String) -> String { wrap("1;31", text) }
    func mark(_ text: String) -> String { wrap("33", text) }
}

/// A text whose control characters are replaced; line breaks go on under its beginning.
private func harmless(_ text: String, breakIndent: Int) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f || $0 == 0xc2 }) else { return text }
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar.value {
        case 10:
            out.append("\n")
            out.append(contentsOf: String(repeating: " ", count: breakIndent).unicodeScalars)
        case 9: out.append(contentsOf: "    ".unicodeScalars)
        case 0..<0x20, 0x7f..<0xa0: out.append("\u{fffd}")
        default: out.append(scalar)
        }
    }
    return String(out)
}

/// The lines of the source that a diagnostic shows.
private struct Excerpt {
    let source: Source
    let span: Span
    let marks: [Span]
    let first: Int
    let last: Int
    /// The numbers of the lines that are shown: the first and the last of the span, and those near it where a mark begins.
    private let lines: [Int]
    /// Columns for the line numbers.
    let gutter: Int
    private let width: Int?

    init(source: Source, span: Span, marks: [Span], width: Int?) {
        self.source = source
        let size = Int32(source.bytes.count)
        let start = max(0, min(span.start, size))
        let end = max(start, min(span.end, size))
        self.span = Span(start, end)
        self.marks = marks
        first = source.line(at: start)
        // A span that ends with a line end does not reach into the next line.
        last = end > start ? source.line(at: end - 1) : first
        let (first, last) = (first, last), near = 8
        let marked = marks.filter { $0.end > $0.start && $0.start < size && !($0.start >= start && $0.start < end) }.map { source.line(at: $0.start) }
        var lines = marked.filter { ($0 < first ? first - $0 : $0 - last) <= near } + [first, last]
        lines.sort()
        self.lines = lines.indices.filter { $0 == 0 || lines[$0] != lines[$0 - 1] }.map { lines[$0] }
        gutter = String(lines.last ?? last).utf8.count
        self.width = width
    }

    func rendered(_ paint: Paint) -> String {
        let place = source.location(of: span.start)
        let blank = String(repeating: " ", count: gutter)
        var out = blank + paint.gutter("-->") + " \(source.name):\(place.line):\(place.column)\n"
        out += blank + " " + paint.gutter("|")
        var above: Int?
        for number in lines {
            if let above, number > above + 1 { out += "\n" + paint.gutter("...") }
            out += "\n" + line(number, paint)
            above = number
        }
        return out
    }

    /// A numbered line of the source and its underlining.
    private func line(_ number: Int, _ paint: Paint) -> String {
        let lineStart = Int(source.start(ofLine: number))
        let bytes = source.bytes(ofLine: number)
        let lineEnd = lineStart + bytes.count
        var cells: [Cell] = []
        var column = 0
        var offset = lineStart
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        while offset < lineEnd {
            let scalar: Unicode.Scalar, length: Int
            switch parser.parseScalar(from: &rest) {
            case .valid(let encoded): (scalar, length) = (UTF8.decode(encoded), encoded.count)
            case .error(let count): (scalar, length) = ("\u{fffd}", count)
            case .emptyInput: (scalar, length) = ("\u{fffd}", lineEnd - offset)
            }
            let cell = Cell(scalar, at: column, offset: offset)
            column += cell.width
            offset += length
            cells.append(cell)
        }
        func columns(_ span: Span) -> Range<Int> {
            let from = cells.first { $0.offset >= Int(span.start) }?.column ?? column
            let to = cells.first { $0.offset >= Int(span.end) }?.column ?? column
            return from..<max(to, from + 1)
        }
        var spanHere = Span(max(span.start, Int32(lineStart)), min(span.end, Int32(lineEnd)))
        if number > first {
            // The last line of several: from its first letter.
            let indent = bytes.prefix { $0 == 32 || $0 == 9 }.count
            spanHere.start = min(Int32(lineStart + indent), max(spanHere.end - 1, Int32(lineStart)))
        }
        let marksHere = marks.filter { Int($0.start) >= lineStart && Int($0.start) < lineEnd && $0.end > $0.start }
            .map { columns(Span($0.start, min($0.end, Int32(lineEnd)))) }
        // A line of marks alone has no carets.
        let isOfSpan = number >= first && number <= last
        let carets = isOfSpan ? columns(spanHere) : 0..<0
        let window = window(total: column, around: isOfSpan ? carets : marksHere.first ?? 0..<0)
        let shift = window.lowerBound > 0 ? 3 : 0
        var text = window.lowerBound > 0 ? "..." : ""
        var isCut = window.upperBound < column
        var shown = 0
        for cell in cells where cell.column >= window.lowerBound && cell.column + cell.width <= window.upperBound {
            // Thousands of combining marks take no column, yet the line must end.
            shown += 1
            if shown > 400 { isCut = true; break }
            text += cell.text
        }
        if isCut { text += "..." }
        let label = String(number)
        let pad = String(repeating: " ", count: max(0, gutter - label.utf8.count))
        var out = paint.gutter(pad + label + " |") + (text.isEmpty ? "" : " " + text) + "\n"
        out += String(repeating: " ", count: gutter + 1) + paint.gutter("|")
        var under = ""
        let reach = min(window.upperBound + 1, max(carets.upperBound, marksHere.map(\.upperBound).max() ?? 0))
        var at = window.lowerBound
        out += " " + String(repeating: " ", count: shift)
        // Runs of the same sign are painted together.
        func sign(_ column: Int) -> Character {
            carets.contains(column) ? "^" : marksHere.contains { $0.contains(column) } ? "~" : " "
        }
        while at < reach {
            let here = sign(at)
            var end = at + 1
            while end < reach, sign(end) == here { end += 1 }
            let run = String(repeating: here, count: end - at)
            under += here == "^" ? paint.caret(run) : here == "~" ? paint.mark(run) : run
            at = end
        }
        return out + under
    }

    /// The columns shown of a line: all, or as many around the carets as a terminal has room for beside the line's number and
    /// the dots at the cut ends, about 120 elsewhere.
    private func window(total: Int, around carets: Range<Int>) -> Range<Int> {
        let room = width.map { max($0 - gutter - 3, 20) } ?? 160
        guard total > room else { return 0..<total }
        let size = width == nil ? 120 : min(room - 6, 120)
        var start = max(0, carets.lowerBound - min(50, max(size / 3, size - carets.count)))
        if start < 8 { start = 0 }
        let end = min(total, start + size)
        if end == total { start = max(0, min(start, total - size)) }
        return start..<end
    }

    /// One scalar as shown.
    private struct Cell {
        var text: String
        var column: Int
        var width: Int
        var offset: Int
        init(_ scalar: Unicode.Scalar, at column: Int, offset: Int) {
            self.column = column
            self.offset = offset
            if scalar == "\t" {
                width = 4 - column % 4
                text = String(repeating: " ", count: width)
            } else if scalar.value < 0x20 || (scalar.value >= 0x7f && scalar.value < 0xa0) {
                width = 1
                text = "\u{fffd}"
            } else {
                text = String(scalar)
                width = displayWidth(scalar)
            }
        }
    }
}
