import Runtime
import Syntax

/// What a session did, entry by entry: what `:save` writes and `:undo` takes back.
struct SessionLog {
    /// How an entry ended.
    enum Outcome { case done, failed, interrupted }

    private struct Entry {
        var text: String
        var outcome: Outcome
        /// Whether its value became `ans`.
        var setsAnswer: Bool
        /// Everything as it was before; dropped for entries long past.
        var before: SessionState?
    }

    private var entries: [Entry] = []
    /// How many entries `:undo` can take back.
    private static let reach = 20

    mutating func append(_ text: String, _ outcome: Outcome, setsAnswer: Bool, before: SessionState) {
        entries.append(Entry(text: text, outcome: outcome, setsAnswer: setsAnswer, before: before))
        if entries.count > Self.reach { entries[entries.count - 1 - Self.reach].before = nil }
    }

    /// Takes the last entry off; nil where there is none that can be taken back.
    mutating func removeLast() -> (text: String, before: SessionState)? {
        guard let last = entries.last, let before = last.before else { return nil }
        entries.removeLast()
        return (last.text, before)
    }

    var lastText: String? { entries.last?.text }

    mutating func removeAll() { entries = [] }

    /// Lets the states kept go, where memory is short.
    mutating func forgetStates() { for i in entries.indices { entries[i].before = nil } }

    /// The session as a script that does the same again.
    var script: String {
        var text = "# A session of nns: `nns FILE` does the same again, to the bit.\n"
        // `ans` is the prompt's own: a script sets it where a later entry asks for it.
        let uses = entries.map { Self.mentionsAnswer($0.text) }
        for (i, entry) in entries.enumerated() {
            var code = entry.text
            if entry.setsAnswer {
                let next = entries[(i + 1)...].firstIndex(where: \.setsAnswer) ?? entries.count - 1
                if i + 1 < entries.count, uses[(i + 1)...next].contains(true) { code = Self.namingAnswer(code) }
            }
            switch entry.outcome {
            case .done: text += code + "\n"
            // It changed something before it failed.
            case .failed: text += "try {\n\(code)\n} catch e { }\n"
            case .interrupted: text += "# Interrupted in the session; here it runs to its end.\n\(code)\n"
            }
        }
        return text
    }

    private static func mentionsAnswer(_ text: String) -> Bool {
        guard let tree = try? Parser.parse(Source(name: "entry", text: text, isFile: false)) else { return false }
        return tree.nodes.contains { $0.kind == .name && tree.string($0.a) == "ans" }
    }

    /// An entry whose last expression is kept as `ans`.
    private static func namingAnswer(_ text: String) -> String {
        guard let tree = try? Parser.parse(Source(name: "entry", text: text, isFile: false)),
              let last = tree.children(tree[tree.root]).last else { return text }
        let bytes = Array(text.utf8)
        let start = Int(tree[last].span.start)
        return String(decoding: bytes[..<start], as: UTF8.self) + "ans = " + String(decoding: bytes[start...], as: UTF8.self)
    }
}
