/// What comments mean: `##` lines document the definition below them, `#%%` lines begin cells.

extension Tree {
    /// The text of the `##` lines directly above a definition, without their marks; nil when there are none.
    ///
    /// Any node may be asked (`.function`, `.object`, `.param`, `.state`, `.assign`): its first line counts.
    public func documentation(of index: Int32) -> String? {
        let span = self[index].span
        var line = source.line(at: span.start)
        // The first comment at or behind the definition; those above it come before.
        var low = 0, high = comments.count
        while low < high {
            let middle = (low + high) / 2
            if comments[middle].start < span.start { low = middle + 1 } else { high = middle }
        }
        var lines: [String] = []
        while low > 0 {
            let comment = comments[low - 1]
            guard source.line(at: comment.start) == line - 1, standsAlone(comment),
                  let text = documentationText(comment) else { break }
            lines.append(text)
            line -= 1
            low -= 1
        }
        return lines.isEmpty ? nil : lines.reversed().joined(separator: "\n")
    }

    /// A comment with nothing but white space before it on its line.
    private func standsAlone(_ comment: Span) -> Bool {
        let start = Int(source.start(ofLine: source.line(at: comment.start)))
        return source.bytes[start..<Int(comment.start)].allSatisfy { $0 == 32 || $0 == 9 }
    }

    private func documentationText(_ comment: Span) -> String? {
        let bytes = source.bytes[Int(comment.start)..<Int(comment.end)]
        guard bytes.count >= 2, bytes[bytes.startIndex + 1] == UInt8(ascii: "#") else { return nil }
        var rest = bytes.drop { $0 == UInt8(ascii: "#") }
        if rest.first == 32 { rest = rest.dropFirst() }
        return String(decoding: rest, as: UTF8.self).trimmedEnd
    }

    /// A stretch of a script in the percent format.
    public struct Cell {
        /// What follows `#%%` on its line; empty for the lines before the first cell.
        public var title: String
        /// `#%% [markdown]`: its comment lines are prose.
        public var isMarkdown: Bool
        /// From behind the title's line to the next cell, in bytes.
        public var span: Span
        /// Lines from 1, half-open: the body without the title's line.
        public var lines: Range<Int>
    }

    /// The cells in order; a script without `#%%` is one, and an empty beginning is none.
    public var cells: [Cell] {
        var result: [Cell] = []
        var title = "", isMarkdown = false, isFirst = true
        var firstLine = 1
        func close(before line: Int) {
            let start = firstLine <= source.lineCount ? source.start(ofLine: firstLine) : Int32(source.bytes.count)
            let end = line <= source.lineCount ? source.start(ofLine: line) : Int32(source.bytes.count)
            let isBlank = source.bytes[Int(start)..<Int(max(start, end))].allSatisfy { $0 <= 32 }
            if isFirst, isBlank { return }
            result.append(Cell(title: title, isMarkdown: isMarkdown, span: Span(start, max(start, end)),
                               lines: firstLine..<max(firstLine, line)))
        }
        for comment in comments where comment.end - comment.start >= 3 {
            let text = source.text(of: comment)
            guard text.hasPrefix("#%%") || text.hasPrefix("# %%"), standsAlone(comment) else { continue }
            let line = source.line(at: comment.start)
            close(before: line)
            isFirst = false
            title = String(text.drop { $0 != "%" }.dropFirst(2)).trimmed
            isMarkdown = title.hasPrefix("[markdown]")
            if isMarkdown { title = String(title.dropFirst(10)).trimmed }
            firstLine = line + 1
        }
        close(before: source.lineCount + 1)
        return result
    }

    /// The prose of a markdown cell: its comment lines without `# `, empty lines between them kept.
    public func prose(of cell: Cell) -> String {
        var lines: [String] = []
        for line in cell.lines where line <= source.lineCount {
            let text = source.text(ofLine: line).trimmed
            if text.hasPrefix("#") {
                let rest = text.dropFirst()
                lines.append(String(rest.hasPrefix(" ") ? rest.dropFirst() : rest))
            } else if text.isEmpty {
                lines.append("")
            }
        }
        while lines.last == "" { lines.removeLast() }
        while lines.first == "" { lines.removeFirst() }
        return lines.joined(separator: "\n")
    }
}

extension String {
    var trimmedEnd: String {
        var view = self[...]
        while let last = view.last, last.isWhitespace { view.removeLast() }
        return String(view)
    }
}
