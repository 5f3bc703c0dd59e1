/// What `:help` shows, for a terminal's width.
enum PromptHelp {
    static func text(width: Int) -> String {
        let echo = "An entry echoes its value, which is `ans` from then on; `;` at its end silences it."
        return [table(commands, width), table(keys, width), folded(echo, width, indent: 0), table(echoes, width)].joined(separator: "\n")
    }

    /// The line of a command, such as `:save`.
    static func line(for command: String) -> String? {
        commands.first { $0.0.split(separator: " ")[0] == command.split(separator: " ")[0] }.map { "\($0.0)   \($0.1)\n" }
    }

    private static let commands = [
        (":time ENTRY", "run an entry, tell its time and memory"),
        (":load FILE", "run a script here"),
        (":save FILE", "write the session as a script"),
        (":edit", "write an entry in $EDITOR, the last to begin"),
        (":vars", "the names of the session"),
        (":undo", "take the last entry back"),
        (":reset", "forget everything"),
        (":quit", "leave, as Ctrl-D does"),
    ]

    private static let keys = [
        ("?name or name?", "what a name is; ?for, ?@ the language's own, ?syntax lists them"),
        ("??name", "its source"),
        ("?some words", "names about them"),
        ("?", "all names"),
        ("Tab", "complete names, arguments, fields, keys, files"),
        ("\\lambda and Tab", "λ; any Greek letter, \\nabla, x\\hat"),
        ("Up, Down", "the lines of an entry, then the entries before and after"),
        ("Ctrl-R", "search what was entered before"),
        ("Ctrl-C", "clear an entry, stop what runs"),
    ]

    private static let echoes = [
        ("number", "3, 0.1: by the fewest digits that give it back"),
        ("bool", "true, false"),
        ("tensor", "[[1, 2], [3, 4]]: whole, columns aligned; a large one by its shape, range, mean, sd and corners"),
        ("string", "\"as it is typed\"; print(s) writes it plainly"),
        ("list", "(1, \"a\"); a long one by its ends"),
        ("record", "{rate: 0.1}"),
        ("range", "0..<5"),
        ("function", "fn f(x, k=2), its signature; x => x + 1, its text"),
        ("object", "counter(2), as it was made"),
        ("layer", "dense(3), as it was made; below it its parameters' shapes, of a network layer by layer"),
        ("none", "nothing"),
    ]

    /// Two columns; what is too long goes on below itself. Where that leaves little room, the second is below the first.
    private static func table(_ rows: [(String, String)], _ width: Int) -> String {
        let left = rows.map(\.0.count).max()! + 3
        if width - left < 16 { return rows.map { folded($0.0, width, indent: 0) + "  " + folded($0.1, width, indent: 2) }.joined() }
        return rows.map { name, text in
            name + String(repeating: " ", count: left - name.count) + folded(text, width, indent: left)
        }.joined()
    }

    private static func folded(_ text: String, _ width: Int, indent: Int) -> String {
        var lines = "", column = indent
        for word in text.split(separator: " ") {
            if column > indent, column + 1 + word.count > width {
                lines += "\n" + String(repeating: " ", count: indent)
                column = indent
            }
            if column > indent { lines += " "; column += 1 }
            lines += word
            column += word.count
        }
        return lines + "\n"
    }
}
