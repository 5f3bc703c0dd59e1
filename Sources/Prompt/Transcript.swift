/// A session as it was copied from a screen: `nns 3> ` before entries, `...> ` before their further lines, results between.
enum Transcript {
    /// The entries of a copied session, without prompts and results; nil where the text is none.
    ///
    /// Other lines may come first: the banner, or the end of a result.
    static func entries(_ text: String) -> [String]? {
        var entries: [String] = []
        var isInEntry = false
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines {
            if let rest = behindPrompt(line) {
                entries.append(String(rest))
                isInEntry = true
            } else if isInEntry, let rest = behindContinuation(line) {
                entries[entries.count - 1] += "\n" + rest
            } else {
                isInEntry = false
            }
        }
        return entries.isEmpty ? nil : entries.filter { !$0.allSatisfy(\.isWhitespace) }
    }

    private static func behindPrompt(_ line: Substring) -> Substring? {
        let text = line.drop { $0 == " " }
        guard text.hasPrefix("nns ") else { return nil }
        let digits = text.dropFirst(4).prefix { $0.isNumber }
        let rest = text.dropFirst(4 + digits.count)
        return !digits.isEmpty && rest.first == ">" ? rest.dropFirst(rest.hasPrefix("> ") ? 2 : 1) : nil
    }

    private static func behindContinuation(_ line: Substring) -> Substring? {
        let text = line.drop { $0 == " " }
        return text.hasPrefix("...>") ? text.dropFirst(text.hasPrefix("...> ") ? 5 : 4) : nil
    }
}
