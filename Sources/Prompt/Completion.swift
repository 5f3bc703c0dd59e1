import Glibc
import Runtime

/// What Tab offers at a place of an entry: what replaces the last `typed` characters before the cursor.
struct Completion: Equatable {
    var typed = 0
    var candidates: [String] = []
    /// Whether the only candidate is a whole word behind which something else may follow.
    var isWhole = true

    /// Offers for the text of an entry up to the cursor.
    init(before text: String, interpreter: Interpreter, module: Module) { find(text, interpreter, module) }

    private mutating func find(_ text: String, _ interpreter: Interpreter, _ module: Module) {
        if text.hasPrefix(":") {
            let parts = text.dropFirst().split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return offer(String(parts.first ?? ""), Self.commands) }
            let rest = String(parts[1])
            switch parts[0] {
            case "load", "save": files(rest.hasPrefix("\"") ? String(rest.dropFirst()) : rest)
            case "time": find(rest, interpreter, module)
            default: break
            }
            return
        }
        let place = EntryScanner(text)
        guard !place.isComment else { return }
        let characters = Array(text)
        var start = characters.count
        while start > 0, Self.isWordCharacter(characters[start - 1]) { start -= 1 }
        let word = String(characters[start...])
        if start > 0, characters[start - 1] == "\\" {
            symbol(word, behind: start > 1 ? characters[start - 2] : nil)
        } else if let string = place.string {
            if let holder = place.asked { offer(String(string), Self.path(holder[...]).map { interpreter.keys(of: $0, in: module) } ?? []) } else { files(String(string)) }
        } else if start > 0, characters[start - 1] == ".", let path = Self.path(characters[..<(start - 1)]) {
            offer(word, interpreter.members(of: path, in: module))
        } else if !word.isEmpty || place.callee != nil {
            var names: [String] = []
            if let callee = place.callee, place.isArgumentBegun(word), let path = Self.path(callee[...]) {
                names = interpreter.parameters(of: path, in: module).filter { !place.keywords.contains($0) }.map { $0 + "=" }
            }
            if !word.isEmpty { names += (place.words + interpreter.names(in: module) + Self.reserved).filter { !$0.hasPrefix("_") || word.hasPrefix("_") } }
            offer(word, names)
        }
    }

    /// What all candidates have in common behind what is typed.
    var insertion: String {
        guard let first = candidates.first else { return "" }
        let common = candidates.dropFirst().reduce(first) { String(zip($0, $1).prefix { $0 == $1 }.map(\.0)) }
        return common
    }

    static let commands = ["edit", "help", "load", "quit", "reset", "save", "time", "undo", "vars"]
    private static let reserved = ["fn", "if", "else", "for", "in", "while", "break", "continue", "return", "try", "catch", "assert", "import",
                                   "and", "or", "not", "true", "false", "none", "object", "layer", "param", "state"]

    private mutating func offer(_ word: String, _ names: [String]) {
        typed = word.unicodeScalars.count
        var seen = Set<String>()
        candidates = names.filter { $0.hasPrefix(word) && seen.insert($0).inserted }
        // What is a name as it stands needs nothing, but where others begin with it.
        if candidates == [word] { candidates = [] }
        if let own = candidates.firstIndex(of: word) { candidates.insert(candidates.remove(at: own), at: 0) }
    }

    private mutating func symbol(_ word: String, behind letter: Character?) {
        if let sign = Symbols.sign(word) {
            typed = word.unicodeScalars.count + 1
            candidates = [sign]
            // One character where there is one: the line editor cannot draw a mark apart from its letter again.
            if let letter, let joined = Symbols.joined(letter, sign) {
                typed += letter.unicodeScalars.count
                candidates = [joined]
            }
        } else {
            offer(word, Symbols.names(word))
        }
    }

    /// Files and folders (with `/` behind) whose path begins with some text.
    private mutating func files(_ path: String) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? ""
        let begin = String(path[(slash.map { path.index(after: $0) } ?? path.startIndex)...])
        var shown = folder.isEmpty ? "." : folder
        if shown.hasPrefix("~/"), let home = getenv("HOME") { shown = String(cString: home) + shown.dropFirst() }
        guard let directory = opendir(shown) else { return }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard name.hasPrefix(begin), name != ".", name != "..", !name.hasPrefix(".") || begin.hasPrefix(".") else { continue }
            var status = stat()
            let isFolder = stat(shown + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            names.append(name + (isFolder ? "/" : ""))
        }
        offer(begin, names.sorted())
    }

    static func isWordCharacter(_ c: Character) -> Bool { c.isLetter || c.isNumber || c == "_" || c == "∇" || c == "∂" }

    /// The names of `a.b[0].c` at the end of some text; nil where something else stands there.
    private static func path(_ text: ArraySlice<Character>) -> [String]? {
        var parts: [String] = []
        var rest = text
        while true {
            if rest.dropLast().last == "\"", rest.last == "]" {
                let key = rest.dropLast(2).reversed().prefix { $0 != "\"" && $0 != "{" }
                guard rest.dropLast(2 + key.count).suffix(2) == ["[", "\""] else { return nil }
                parts.append(String(key.reversed()))
                rest = rest.dropLast(4 + key.count)
                continue
            }
            if rest.last == "]" {
                let digits = rest.dropLast().reversed().prefix { $0.isNumber }
                guard !digits.isEmpty, rest.dropLast(1 + digits.count).last == "[" else { return nil }
                parts.append(String(digits.reversed()))
                rest = rest.dropLast(2 + digits.count)
                continue
            }
            let name = String(rest.reversed().prefix(while: isWordCharacter).reversed())
            guard !name.isEmpty else { return nil }
            parts.append(name)
            rest = rest.dropLast(name.count)
            guard rest.last == "." else { return parts.reversed() }
            rest = rest.dropLast()
        }
    }
}

/// Where the end of an unfinished entry stands: in a string, in the arguments of a call, in a comment.
struct EntryScanner {
    /// The text behind the quote of a string that is open at the end.
    var string: Substring?
    /// What stands before the innermost open `(`.
    var callee: [Character]?
    /// The keywords that this call has been given, and what stands in it behind the last comma.
    var keywords: Set<String> = []
    private var argument: Substring = ""
    /// What stands before the `[` in which the open string is.
    var asked: [Character]?
    var isComment = false
    /// The words of the entry but for its last: parameters and names to be.
    var words: [String] = []

    /// Whether the call's last argument is this word as yet: a keyword may begin there.
    func isArgumentBegun(_ word: String) -> Bool { argument.filter { $0 != " " && $0 != "\n" } == word }

    init(_ text: String) {
        enum Open { case index([Character]), brace, call([Character], argument: String.Index, keywords: Set<String>), string(String.Index), hole }
        var open: [Open] = []
        var index = text.startIndex, word = ""
        while index < text.endIndex {
            let c = text[index]
            isComment = false
            var next = text.index(after: index)
            if case .string? = open.last {
                if c == "\\" { if next < text.endIndex { next = text.index(after: next) } }
                else if c == "\"" { open.removeLast() }
                else if c == "{" {
                    if next < text.endIndex, text[next] == "{" { next = text.index(after: next) } else { open.append(.hole) }
                }
            } else if Completion.isWordCharacter(c) {
                word.append(c)
            } else {
                if let first = word.first, !first.isNumber { words.append(word) }
                word = ""
                switch c {
                case "\"": open.append(.string(next))
                case "#":
                    while next < text.endIndex, text[next] != "\n" { next = text.index(after: next) }
                    isComment = next == text.endIndex
                case "(": open.append(.call(Array(text[..<index]), argument: next, keywords: []))
                case ",":
                    if case .call(let callee, _, let keywords)? = open.last { open[open.count - 1] = .call(callee, argument: next, keywords: keywords) }
                case "=":
                    if case .call(let callee, let argument, let keywords)? = open.last, next == text.endIndex || !"=>".contains(text[next]) {
                        let name = text[argument..<index].filter { $0 != " " && $0 != "\n" }
                        guard !name.isEmpty, name.allSatisfy(Completion.isWordCharacter) else { break }
                        open[open.count - 1] = .call(callee, argument: argument, keywords: keywords.union([name]))
                    }
                case "[": open.append(.index(Array(text[..<index])))
                case "{": open.append(.brace)
                case ")", "]", "}": if !open.isEmpty { open.removeLast() }
                default: break
                }
            }
            index = next
        }
        switch open.last {
        case .string(let begin)?:
            string = text[begin...]
            if case .index(let before)? = open.dropLast().last, text[..<begin].dropLast().last == "[" { asked = before }
        case .call(let before, let begin, let given)?:
            (callee, keywords, argument) = (before, given, text[begin...])
        default: break
        }
    }
}
