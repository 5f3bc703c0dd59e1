import Foundation
import Runtime

/// The texts that are mutated, and the examples that generated programs borrow from.
struct Corpus {
    /// Every script, the standard library, the entries of every transcript.
    var texts: [[UInt8]] = []
    /// Entries that the documentation shows: they run as they stand.
    var examples: [String] = []

    /// Reads a checkout of the project.
    init(project: String) throws {
        let root = URL(fileURLWithPath: project)
        let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
        let paths = (files?.compactMap { ($0 as? URL)?.path } ?? []).sorted()
        for path in paths where path.hasSuffix(".nns") || path.hasSuffix(".transcript") {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            if path.hasSuffix(".nns") { texts.append(Array(text.utf8)) } else { addSessions(text) }
            if path.contains("/stdlib/") { addExamples(text) }
        }
        guard !texts.isEmpty else { throw CocoaError(.fileNoSuchFile) }
        for operation in Op.all { examples += operation.examples.map(\.input) }
        texts += examples.map { Array($0.utf8) }
    }

    private mutating func addSessions(_ text: String) {
        var session = ""
        for line in text.components(separatedBy: "\n") {
            if line.hasPrefix("> ") || line.hasPrefix(". ") { session += line.dropFirst(2) + "\n" }
            if line == "---" || session.utf8.count > 2000 {
                texts.append(Array(session.utf8))
                session = ""
            }
        }
        texts.append(Array(session.utf8))
    }

    private mutating func addExamples(_ library: String) {
        for line in library.components(separatedBy: "\n") where line.hasPrefix("## > ") { examples.append(String(line.dropFirst(5))) }
    }
}

/// Damages texts byte by byte and piece by piece.
struct Mutator {
    let corpus: Corpus
    var dice: Dice

    private static let words = [
        "fn ", "if ", "else ", "for ", "in ", "while ", "break", "continue", "return ", "try ", "catch e ", "assert ", "import ", "and ", "or ",
        "not ", "true", "false", "none", "test ", "object ", "layer ", "param ", "state ", "as ", "main ", "=>", "->", "|>", ">>", "..", "..<",
        "...", "==", "!=", "<=", ">=", "//", "@", "^", "'", "\"", "\"\"\"", "{", "}", "{{", "[", "]", "(", ")", ",", ";", ":", "\n", "\t", "#",
        "##", "#%%", "\\u{1F600}", "\\", "λ", "x\u{302}", "₀", "∇", "\u{feff}", "\r\n", "0x", "1e", "1_0", "1e308", "9007199254740993", "-0",
        "inf", "nan", "0.1", ".5", "2147483648", "1e18", ":.3f}", "{x:", "self", "=", "+=", "-", "+", "*", "/", "%", "&", "|", "!",
    ]

    mutating func next() -> [UInt8] {
        var text = window(400)
        for _ in 0..<dice.among(1...6) { mutate(&text) }
        return text
    }

    /// Some consecutive bytes of a text, mostly whole lines.
    private mutating func window(_ size: Int) -> [UInt8] {
        let text = dice.pick(corpus.texts)
        guard text.count > size else { return text }
        let count = dice.chance(2) ? text.count : dice.among(20...size)
        var start = dice.below(text.count - count + 1)
        if dice.chance(80) { while start > 0, text[start - 1] != 10 { start -= 1 } }
        return Array(text[start..<min(text.count, start + count)])
    }

    private mutating func mutate(_ text: inout [UInt8]) {
        let at = dice.below(text.count + 1), end = min(text.count, at + dice.among(1...12))
        switch dice.below(12) {
        case 0: text.insert(UInt8(dice.below(256)), at: at)
        case 1 where at < text.count: text[at] ^= 1 << UInt8(dice.below(8))
        case 2: text.removeSubrange(at..<end)
        case 3: text.insert(contentsOf: Array(text[at..<end]), at: at)
        case 4...7: text.insert(contentsOf: Array(dice.pick(Self.words).utf8), at: at)
        case 8: text.replaceSubrange(at..<end, with: window(40))
        case 9 where dice.chance(5): text.insert(contentsOf: (0..<dice.among(400...1500)).flatMap { [piece = Array(dice.pick(Self.words).utf8)] _ in piece }, at: at)
        case 10:
            // A number becomes another.
            guard let digit = text[at...].firstIndex(where: { $0 >= 48 && $0 <= 57 }) else { return }
            text.replaceSubrange(digit...digit, with: Array(dice.pick(["0", "-1", "3", "7", "1e9", "0.5", "1e308", "nan", "65536", "none"]).utf8))
        default:
            // Two pieces change places.
            let other = dice.below(text.count + 1), otherEnd = min(text.count, other + dice.among(1...12))
            guard end <= other else { return }
            let moved = Array(text[at..<end])
            text.replaceSubrange(at..<end, with: text[other..<otherEnd])
            text.insert(contentsOf: moved, at: min(other, text.count))
        }
    }
}
