/// A session as it was copied from a screen: `nns 3> ` before entries, `...> ` before their further lines, results between.
enum Transcript {
    /// The entries of a copied session, without prompts and results; nil where the text is none.
    static func entries(_ text: String) -> [String]? {
        var entries: [String] = []
        var isInEntry = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let rest = behindPrompt(line) {
                entries.append(String(rest))
                isInEntry = true
            } else if isInEntry, let rest = behindContinuation(line) {
                entries[entries.count - 1] += "\n" + rest
            } else {
                // What is pasted before the first prompt is code, later lines are results.
                if entries.isEmpty, !line.allSatisfy(\.isWhitespace) { return nil }
                isInEntry = false
            }
        }
        let written = entries.filter { !$0.allSatisfy(\.isWhitespace) }
        return entries.isEmpty ? nil : written
    }

    private static func behindPrompt(_ line: Substring) -> Substring? {
        guard line.hasPrefix("nns ") else { return nil }
        let digits = line.dropFirst(4).prefix { $0.isNumber }
        let rest = line.dropFirst(4 + digits.count)
        return !digits.isEmpty && rest.first == ">" ? rest.dropFirst(rest.hasPrefix("> ") ? 2 : 1) : nil
    }

    private static func behindContinuation(_ line: Substring) -> Substring? {
        let text = line.drop { $0 == " " }
        return text.hasPrefix("...>") ? text.dropFirst(text.hasPrefix("...> ") ? 5 : 4) : nil
    }
}
