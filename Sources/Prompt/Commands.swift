import Files
import Glibc
import Runtime
import Syntax

// What begins with `:` or `?` at the prompt.
extension PromptLoop {
    /// Runs a command; the exit status where it asks to leave.
    func command(_ text: String) -> Int32? {
        let parts = text.trimmingEnd().dropFirst().split(separator: " ", maxSplits: 1)
        let argument = parts.count > 1 ? parts[1].trimmingEnd() : ""
        switch parts.first.map(String.init) ?? "" {
        case "quit", "q", "exit": return 0
        case "help", "h", "?": print(PromptHelp.text(width: interpreter.host.width()), terminator: "")
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
            let script = SavedSession(log, at: unquoted(path), interpreter)
            try Files.writeFile(unquoted(path), Array(script.text.utf8))
            print("saved \(unquoted(path))")
            fflush(stdout)
            for warning in script.warnings { fputs("warning: \(warning)\n", stderr) }
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
        let begun = Array((lastBegun + "\n").utf8)
        let written = write(descriptor, begun, begun.count)
        close(descriptor)
        let name = String(cString: path)
        guard written == begun.count, self.editor.lending({ system("\(editor) '\(name)'") }) == 0, let text = try? Interpreter.readText(name) else {
            fail("`\(editor)` ended without an entry", help: "$EDITOR names the program that edits")
            return nil
        }
        let entry = text.trimmingEnd()
        guard !entry.allSatisfy(\.isWhitespace) else { return nil }
        guard entry != lastBegun.trimmingEnd() else {
            print("nothing was changed, so nothing runs")
            return nil
        }
        print(entry)
        self.editor.remember(entry)
        return execute(entry)
    }

    private func unquoted(_ path: String) -> String {
        path.count >= 2 && path.hasPrefix("\"") && path.hasSuffix("\"") ? String(path.dropFirst().dropLast()) : path
    }

    private func message(_ error: Error) -> String { (error as? Diagnostic)?.message ?? "\(error)" }

    // MARK: Questions

    /// `?name`, `??name`, `?some words`: a page, a topic of the lecture, or the names that the words are about.
    func answer(_ asked: String, _ isSource: Bool) {
        if asked.hasPrefix(":"), let line = PromptHelp.line(for: asked) {
            interpreter.host.write(line)
            return
        }
        // A call is asked about as its name.
        let question = asked.count > 2 && asked.hasSuffix("()") ? String(asked.dropLast(2)).trimmingEnd() : asked
        if isSource, let text = interpreter.sourceText(of: question, in: module) {
            interpreter.host.write(text)
            return
        }
        if question.isEmpty || interpreter.page(of: question, in: module) != nil {
            interpreter.showHelp(for: question, in: module)
            return
        }
        if let page = interpreter.page(ofPath: question.split(separator: ".", omittingEmptySubsequences: false).map(String.init), in: module) {
            interpreter.host.write(page)
            return
        }
        if interpreter.explainsTopic(question) { return }
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
