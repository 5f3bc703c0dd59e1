import Files
import Glibc
import Runtime
import Syntax

// What begins with `:` or `?` at the prompt.
extension PromptLoop {
    private static let help = """
        :time ENTRY   run an entry, tell its time and memory        :vars        the names of the session
        :load FILE    run a script here                             :reset       forget everything
        :save FILE    write the session as a script                 :undo        take the last entry back
        :edit         write an entry in $EDITOR, the last to begin  :quit        leave, as Ctrl-D does

        ?name or name?   what a name is       Tab      complete names, arguments, fields, files
        ??name           its source           \\lambda  and Tab: λ; any Greek letter, \\nabla, x\\hat
        ?some words      names about them     Ctrl-R   search what was entered before
        ?                all names            Ctrl-C   clear an entry, stop what runs

        An entry echoes its value, which is `ans` from then on; `;` at its end silences it.

          a number                 3, 0.1                by the fewest digits that give it back
          a tensor, small          [[1, 2], [3, 4]]      whole, columns aligned
          a tensor, large          its shape, range, mean, sd, and its corners
          a string                 "as it is typed"      print(s) writes it plainly
          a list, a record         (1, "a")  {rate: 0.1}
          a network                its layers, each with its parameters' shapes
          a function               its signature
          none                     nothing

        """

    /// Runs a command; the exit status where it asks to leave.
    func command(_ text: String) -> Int32? {
        let parts = text.trimmingEnd().dropFirst().split(separator: " ", maxSplits: 1)
        let argument = parts.count > 1 ? parts[1].trimmingEnd() : ""
        switch parts.first.map(String.init) ?? "" {
        case "quit", "q", "exit": return 0
        case "help", "h", "?": print(Self.help, terminator: "")
        case "vars": showVariables()
        case "time":
            guard !argument.isEmpty else { fail(":time needs an entry to run", help: "write `:time fit(net, data)`"); break }
            return execute(argument, isTimed: true)
        case "load": return load(argument)
        case "save": save(argument)
        case "undo": undo()
        case "reset":
            interpreter.reset(module)
            log.removeAll()
            print("everything is forgotten")
        case "edit": return edit()
        case let other:
            let near = interpreter.nearest(other, Completion.commands)
            fail("unknown command `:\(other)`", help: near.map { "did you mean `:\($0)`?" } ?? ":help lists the commands")
        }
        return nil
    }

    private func showVariables() {
        let bindings = module.bindings
        let width = bindings.map(\.name.count).max() ?? 0
        for (name, value) in bindings { print(name + String(repeating: " ", count: width + 2 - name.count) + value.described) }
    }

    private func load(_ path: String) -> Int32? {
        guard !path.isEmpty else { fail(":load needs a file", help: "write `:load homework.nns`"); return nil }
        do { return execute(try Interpreter.readText(unquoted(path)), path: unquoted(path)) } catch { fail("\(message(error))") }
        return nil
    }

    private func save(_ path: String) {
        guard !path.isEmpty else { fail(":save needs a file", help: "write `:save session.nns`"); return }
        do {
            try Files.writeFile(unquoted(path), Array(log.script.utf8))
            print("saved \(unquoted(path))")
        } catch { fail("\(message(error))") }
    }

    private func undo() {
        guard let (text, before) = log.removeLast() else { fail("there is nothing to take back"); return }
        interpreter.restore(before, module)
        let first = text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        print("taken back: \(first)\(first.utf8.count < text.utf8.count ? " …" : "")")
    }

    /// Opens the last entry in the user's editor and runs what comes out of it.
    private func edit() -> Int32? {
        var editor = "vi"
        for name in ["EDITOR", "VISUAL"] {
            if let value = getenv(name), value.pointee != 0 { editor = String(cString: value) }
        }
        var path = Array("/tmp/nns-entry-XXXXXX.nns".utf8CString)
        let descriptor = mkstemps(&path, 4)
        guard descriptor != -1 else { fail("cannot make a file in /tmp to edit"); return nil }
        defer { unlink(path) }
        let begun = Array(((log.lastText ?? "") + "\n").utf8)
        let written = write(descriptor, begun, begun.count)
        close(descriptor)
        let name = String(cString: path)
        guard written == begun.count, system("\(editor) '\(name)'") == 0, let text = try? Interpreter.readText(name) else {
            fail("`\(editor)` ended without an entry", help: "$EDITOR names the program that edits")
            return nil
        }
        guard !text.allSatisfy(\.isWhitespace) else { return nil }
        print(text.trimmingEnd())
        return execute(text.trimmingEnd())
    }

    private func unquoted(_ path: String) -> String {
        path.count >= 2 && path.hasPrefix("\"") && path.hasSuffix("\"") ? String(path.dropFirst().dropLast()) : path
    }

    private func message(_ error: Error) -> String { (error as? Diagnostic)?.message ?? "\(error)" }

    // MARK: Questions

    /// `?name`, `??name`, `?some words`: a page, a topic of the lecture, or the names that the words are about.
    func answer(_ question: String, _ isSource: Bool) {
        if isSource, let text = interpreter.sourceText(of: question, in: module) {
            interpreter.host.write(text)
            return
        }
        if question.isEmpty || interpreter.page(of: question, in: module) != nil {
            interpreter.showHelp(for: question, in: module)
            return
        }
        if (try? interpreter.explain(question)) != nil { return }
        let found = interpreter.search(question, in: module)
        guard !found.isEmpty else { interpreter.showHelp(for: question, in: module); return }
        let shown = found.prefix(12)
        let width = shown.map(\.name.count).max() ?? 0
        let room = max(20, interpreter.host.width() - width - 2)
        for (name, summary) in shown {
            let brief = summary.count <= room ? summary : String(summary.prefix(room - 3)) + "..."
            interpreter.host.write(name + String(repeating: " ", count: width + 2 - name.count) + brief + "\n")
        }
        if found.count > shown.count { interpreter.host.write("and \(found.count - shown.count) more\n") }
    }
}
