/// Words of the language with a letter wrong: `retrun x`, `whlie i < 3 {`, `} esle {`.

extension Parsing {
    /// The word that is meant near the present token, and its place. What stands behind it must be what the word's
    /// statement goes on with: two values side by side are mostly something else.
    func misspeltWord(_ what: String) -> (place: Int, word: String)? {
        for place in [index, index - 1, statementStart] where place >= statementStart && tokens[place].kind == .name {
            let name = text(place)
            if let word = words(at: place, what).first(where: { isMisspelt(name, for: $0) }) { return (place, word) }
        }
        return nil
    }

    /// The words that could stand at a place, by what is around it.
    private func words(at place: Int, _ what: String) -> [String] {
        let next = tokens[min(place + 1, tokens.count - 1)], after = tokens[min(place + 2, tokens.count - 1)]
        guard !next.newlineBefore, next.kind != .end else { return [] }
        var words: [String] = []
        if place > 0, tokens[place - 1].kind == .closeBrace {
            if next.kind == .openBrace || next.kind == .if { words.append("else") }
            if next.kind == .openBrace || next.kind == .name && after.kind == .openBrace { words.append("catch") }
        }
        if place != statementStart {
            if place == index, beginsValue(next.kind) { words += ["and", "or", "in"] }
            return words
        }
        guard index <= place + 1 || kind == .openBrace && index == Int(next.payload) + 1 else { return words }
        let line = tokens[(place + 1)...].prefix { !$0.newlineBefore && $0.kind != .end }
        if what == memberExpectation {
            if next.kind == .name, after.kind == .assign { words += ["param", "state"] }
        } else {
            if beginsValue(next.kind) { words.append("return") }
            if next.kind == .name, after.kind == .openParen || after.kind == .openBrace { words += ["layer", "object"] }
            if next.kind == .string { words += after.kind == .openBrace ? ["test", "import"] : ["import"] }
            if next.kind == .openBrace { words += ["try", "main"] }
            if next.kind != .openBrace, line.contains(where: { $0.kind == .openBrace }) {
                words += line.contains { $0.kind == .in } ? ["for", "while", "if"] : ["while", "if"]
            }
        }
        if next.kind == .name, after.kind == .openParen { words.append("fn") }
        if beginsValue(next.kind) { words.append("assert") }
        return words
    }

    private func beginsValue(_ kind: TokenKind) -> Bool {
        switch kind {
        case .name, .number, .string, .stringStart, .openParen, .openBracket, .openBrace, .true, .false, .none, .not, .minus: true
        default: false
        }
    }

    private func isMisspelt(_ name: String, for word: String) -> Bool {
        // Words of two letters are near to too many names: only swapped letters and capitals count.
        if word.utf8.count == 2 { return name.lowercased().unicodeScalars.sorted { $0.value < $1.value } == word.unicodeScalars.sorted { $0.value < $1.value } }
        let limit = word.utf8.count > 4 ? 2 : 1
        return name.utf8.count <= 12 && editDistance(name, word, limit: limit) <= limit
    }
}
