import Glibc
import Runtime
import Syntax

/// What a session did, entry by entry: what `:save` writes and `:undo` takes back.
struct SessionLog {
    /// How an entry ended. One that an interrupt ended has set the names, which nothing can compute again.
    enum Outcome { case done, failed, interrupted(set: [String]) }

    /// A value that an entry gave: of which of its statements (nil: the last one), and whether it was shown.
    struct Answer {
        var statement: Int?
        var isShown: Bool
    }

    struct Entry {
        var number: Int
        var text: String
        /// The path of the script that was loaded.
        var path: String?
        var outcome: Outcome
        /// The values that became `ans`.
        var answers: [Answer]
        /// After how many epochs an interrupt ended a training, counted over all of the entry.
        var trainingEnds: [Int]
        /// Everything as it was before; dropped for entries long past.
        var before: SessionState?
    }

    private var entries: [Entry] = []
    /// How many entries `:undo` can take back.
    private static let reach = 20

    mutating func append(_ entry: Entry) {
        entries.append(entry)
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

    /// Entries that no script can do again, with the names that these had set.
    var lost: [(number: Int, names: [String])] {
        entries.compactMap { entry in
            if case .interrupted(let names) = entry.outcome { (entry.number, names) } else { nil }
        }
    }

    /// The session as a script, to stand at a path, that does the same again and shows what the session showed. Where
    /// `canShow` is false, the name `show` means something else.
    func script(at path: String, canShow: Bool) -> String {
        var text = "# A session of nns: `nns FILE` does the same again, to the bit.\n"
        if !lost.isEmpty { text = "# A session of nns, but for what Ctrl-C stopped: `nns FILE` does the rest again.\n" }
        // `ans` is the prompt's own: a script sets it where a later entry, or statement, asks for it.
        let uses = entries.map { Self.mentionsAnswer($0.text) }
        for (i, entry) in entries.enumerated() {
            let next = entries[(i + 1)...].firstIndex { !$0.answers.isEmpty } ?? entries.count - 1
            let keepsAnswer = uses[i] || (i + 1 < entries.count && uses[(i + 1)...next].contains(true))
            let code = Self.rewritten(entry, keepsAnswer: keepsAnswer, shows: canShow, for: path)
            if !entry.trainingEnds.isEmpty {
                text += "# Ctrl-C ended a training here; it ends at the same epoch again.\n"
                text += "_interrupt_after(\(entry.trainingEnds.map(String.init).joined(separator: ", ")))\n"
            }
            switch entry.outcome {
            case .done: text += code + "\n"
            // It changed something before it failed.
            case .failed: text += "try {\n\(code)\n} catch e { }\n"
            case .interrupted(let names):
                let set = names.isEmpty ? "" : "; what it had set until then is missing here: \(names.joined(separator: ", "))"
                text += "# Ctrl-C stopped this, which cannot be done again\(set).\n"
                text += code.split(separator: "\n", omittingEmptySubsequences: false).map { "# \($0)\n" }.joined()
            }
        }
        return text
    }

    private static func mentionsAnswer(_ text: String) -> Bool {
        guard let tree = try? Parser.parse(Source(name: "entry", text: text)) else { return false }
        return tree.nodes.contains { $0.kind == .name && tree.string($0.a) == "ans" }
    }

    /// An entry's text in a script at a path: values that were shown are shown, those that are asked for later become `ans`,
    /// imports are relative to the script.
    private static func rewritten(_ entry: Entry, keepsAnswer: Bool, shows: Bool, for path: String) -> String {
        guard let tree = try? Parser.parse(Source(name: "entry", text: entry.text)) else { return entry.text }
        let bytes = Array(entry.text.utf8)
        let statements = Array(tree.children(tree[tree.root]))
        var edits: [(start: Int, end: Int, text: String)] = []
        for answer in entry.answers {
            guard let statement = answer.statement ?? statements.indices.last, statements.indices.contains(statement) else { continue }
            let node = tree[statements[statement]]
            guard node.kind == .expression else { continue }
            let span = tree[node.a].span, isShown = answer.isShown && shows
            guard keepsAnswer || isShown else { continue }
            edits.append((Int(span.start), Int(span.start), keepsAnswer ? "ans = " : "show("))
            edits.append((Int(span.end), Int(span.end), keepsAnswer ? isShown ? "; show(ans)" : "" : ")"))
        }
        let folder = Folders.containing(entry.path ?? ""), target = Folders.containing(path)
        for node in tree.nodes where node.kind == .import && folder != target {
            guard let start = bytes[Int(node.span.start)...].firstIndex(of: UInt8(ascii: "\"")),
                  let end = bytes[(start + 1)...].firstIndex(of: UInt8(ascii: "\"")) else { continue }
            let written = String(decoding: bytes[(start + 1)..<end], as: UTF8.self)
            guard !written.hasPrefix("/") else { continue }
            edits.append((start + 1, end, Folders.path(of: Folders.normal(folder + "/" + written), from: target)))
        }
        var result = bytes
        for edit in edits.sorted(by: { ($0.start, $0.end) > ($1.start, $1.end) }) { result.replaceSubrange(edit.start..<edit.end, with: edit.text.utf8) }
        return String(decoding: result, as: UTF8.self)
    }
}

/// Folders by their absolute paths, as texts.
private enum Folders {
    /// The folder in which a file stands.
    static func containing(_ path: String) -> String {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        if folder.hasPrefix("/") { return normal(folder) }
        guard let here = getcwd(nil, 0) else { return normal(folder) }
        defer { free(here) }
        return normal(String(cString: here) + "/" + folder)
    }

    /// Without `.`, `..` and what is twice.
    static func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// A path as it is written from a folder.
    static func path(of path: String, from folder: String) -> String {
        let to = path.split(separator: "/"), from = folder.split(separator: "/")
        let common = zip(to, from).prefix { $0 == $1 }.count
        return (Array(repeating: "..", count: from.count - common) + to[common...].map(String.init)).joined(separator: "/")
    }
}
