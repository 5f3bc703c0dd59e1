import Glibc
import Runtime
import Syntax

/// A session as a script that does the same again and shows what the session showed.
///
/// What Ctrl-C stopped cannot be done again, nor what needs the values that this left: such entries are comments, with what is
/// missing. Values that are easily written are written there, and the random streams put to where they were.
struct SavedSession {
    private(set) var text = ""
    /// What the script cannot do again, for who saves it.
    private(set) var warnings: [String] = []

    private let path: String
    private let entries: [SessionLog.Entry]
    private let names: [EntryNames]
    /// By what name values are shown.
    private let show: String
    /// The names whose values the script does not have at this place.
    private var missing: Set<String> = []
    /// The top-level names that functions held by a name read.
    private var readers: [String: Set<String>] = [:]

    /// `path`: where the script is to stand.
    init(_ log: SessionLog, at path: String, _ interpreter: Interpreter) {
        self.path = path
        entries = log.entries
        names = entries.map { EntryNames($0.text, interpreter) }
        // Where the session has another `show`, the built-in one keeps a name of its own.
        let isShadowed = names.contains { $0.maySet.contains("show") }
        var other = "_show"
        while names.contains(where: { $0.maySet.contains(other) || $0.reads[other] != nil }) { other += "_" }
        show = isShadowed ? other : "show"
        let claim = log.hasInterrupted ? "A session of nns, but for what Ctrl-C stopped: `nns FILE` does the rest again." : "A session of nns: `nns FILE` does the same again, to the bit."
        text = "# \(claim)\n" + (isShadowed ? "\(show) = show\n" : "")
        // A function that reads `ans` may be called at any time.
        var keepsAll = false
        // `ans` is the prompt's own: a script sets it where a later entry, or statement, asks for it, up to the next answer.
        var isAsked = [Bool](repeating: false, count: entries.count + 1)
        for i in entries.indices.reversed() { isAsked[i] = names[i].mentionsAnswer || entries[i].answers.isEmpty && isAsked[i + 1] }
        for (i, entry) in entries.enumerated() {
            keepsAll = keepsAll || names[i].readsLater.contains("ans")
            add(entry, names[i], keepsAnswer: keepsAll || names[i].mentionsAnswer || isAsked[i + 1])
        }
    }

    private mutating func add(_ entry: SessionLog.Entry, _ names: EntryNames, keepsAnswer: Bool) {
        let needed = names.reads.filter { isMissing($0.key, but: $0.value) }.map(\.key).sorted()
        guard entry.outcome != .interrupted, needed.isEmpty else { return comment(entry, needed, keepsAnswer: keepsAnswer) }
        if !entry.trainingEnds.isEmpty {
            text += "# Ctrl-C ended a training here; it ends at the same epoch again.\n"
            text += "_interrupt_after(\(entry.trainingEnds.map(String.init).joined(separator: ", ")))\n"
        }
        let code = rewritten(entry, keepsAnswer: keepsAnswer)
        // What failed changed something before.
        text += entry.outcome == .failed ? "try {\n\(code)\n} catch { }\n" : code + "\n"
        // One that failed may not have come as far as to set them all.
        missing.subtract(entry.outcome == .failed ? names.sets.intersection(entry.changes?.names ?? []) : names.sets)
        if !entry.answers.isEmpty { missing.remove("ans") }
    }

    /// Whether the script lacks what a name stood for, or what a function behind it reads, but for names set meanwhile.
    private func isMissing(_ name: String, but set: Set<String>) -> Bool {
        var seen = set, waiting = [name]
        while let name = waiting.popLast() {
            guard seen.insert(name).inserted else { continue }
            if missing.contains(name) { return true }
            waiting += readers[name] ?? []
        }
        return false
    }

    /// An entry that the script cannot do again, with what of it can be written.
    private mutating func comment(_ entry: SessionLog.Entry, _ needed: [String], keepsAnswer: Bool) {
        let written = entry.changes?.written ?? [:], changed = entry.changes?.names ?? []
        let lost = changed.filter { written[$0] == nil && ($0 != "ans" || keepsAnswer) }
        let list = lost.joined(separator: ", ")
        var warning: String
        if entry.outcome == .interrupted {
            text += "# Ctrl-C stopped this, which cannot be done again\(lost.isEmpty ? "" : "; what it had set until then is missing here: \(list)").\n"
            warning = "Ctrl-C stopped entry \(entry.number), which cannot be done again: it is a comment in the script"
            if !lost.isEmpty { warning += "; what it had set is missing there: \(list)" }
        } else {
            let need = needed.joined(separator: ", "), also = lost.filter { !needed.contains($0) }.joined(separator: ", ")
            text += "# This needs what is missing: \(need)\(also.isEmpty ? "" : "; with it is missing: \(also)").\n"
            warning = "entry \(entry.number) needs what is missing, \(need): it is a comment too"
            if !also.isEmpty { warning += "; with it is missing: \(also)" }
        }
        warnings.append(warning)
        text += entry.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { "# \($0)\n" }.joined()
        missing.formUnion(changed)
        missing.subtract(written.keys)
        if let changes = entry.changes { readers = changes.readers }
        let values = changed.filter { $0 != "ans" || keepsAnswer }.compactMap { name in written[name].map { "\(name) = \($0)" } }
        let statements = values + entry.places.after.statements(from: entry.places.before)
        if !statements.isEmpty { text += "# As things were after it:\n" + statements.map { $0 + "\n" }.joined() }
    }

    /// An entry's text in the script: values that were shown are shown, those that are asked for later become `ans`, imports are
    /// relative to the script.
    private func rewritten(_ entry: SessionLog.Entry, keepsAnswer: Bool) -> String {
        guard let tree = try? Parser.parse(Source(name: "entry", text: entry.text)) else { return entry.text }
        let bytes = Array(entry.text.utf8)
        let statements = Array(tree.children(tree[tree.root]))
        var edits: [(start: Int, end: Int, text: String)] = []
        for answer in entry.answers {
            guard let statement = answer.statement ?? statements.indices.last, statements.indices.contains(statement) else { continue }
            guard keepsAnswer || answer.isShown, let span = Self.value(of: statements[statement], tree) else { continue }
            edits.append((Int(span.start), Int(span.start), keepsAnswer ? "ans = " : "\(show)("))
            edits.append((Int(span.end), Int(span.end), keepsAnswer ? answer.isShown ? "; \(show)(ans)" : "" : ")"))
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

    /// Where the expression stands whose value is a statement's: of a block its last one, since elsewhere than at the beginning of
    /// a statement its brace would open a record.
    private static func value(of statement: Int32, _ tree: Tree) -> Span? {
        var node = tree[statement]
        while node.kind == .expression {
            let inner = tree[node.a]
            guard inner.kind == .block else { return inner.span }
            guard let last = tree.children(inner).last else { return nil }
            node = tree[last]
        }
        return nil
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
