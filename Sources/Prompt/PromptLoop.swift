import CEditLine
import CKernels
import Glibc
import Runtime
import Syntax

/// The prompt: numbered entries, continuation lines until an entry is complete, history, Tab completion.
public final class PromptLoop {
    private let interpreter: Interpreter
    private let module: Module
    private let color: Bool
    private var count = 0
    /// The prompt at work; libedit's callback has no other way to it.
    nonisolated(unsafe) fileprivate static var current: PromptLoop?

    public init(_ interpreter: Interpreter, color: Bool) {
        self.interpreter = interpreter
        self.color = color
        module = interpreter.makeModule("session")
    }

    /// Reads and runs entries until the end of input; gives the exit status.
    public func run() -> Int32 {
        Self.current = self
        guard let editor = nns_editor_open("nns", { before in
            PromptLoop.current?.completion(String(cString: before)).flatMap { strdup($0) }
        }) else {
            fputs("error: cannot open the terminal\n", stderr)
            return 1
        }
        defer { nns_editor_close(editor) }
        let history = historyPath()
        if let history { _ = nns_editor_load(editor, history) }
        print("nns: ?name explains a name, Ctrl-D leaves")
        while true {
            switch readEntry(editor) {
            case .end:
                print("")
                return 0
            case .cleared: continue
            case .entry(let text):
                if text.allSatisfy({ (c: Character) in c.isWhitespace }) { continue }
                nns_editor_remember(editor, text)
                if let history { _ = nns_editor_save(editor, history) }
                if let status = execute(text) { return status }
            }
        }
    }

    private enum Input { case entry(String), cleared, end }

    /// Lines until they form a complete entry. Ctrl-C clears them, an empty line ends an entry that cannot go on.
    private func readEntry(_ editor: OpaquePointer) -> Input {
        var text = ""
        while true {
            let label = "nns \(count + 1)> "
            let prompt = text.isEmpty ? label : String(repeating: " ", count: label.count - 5) + "...> "
            var line: UnsafePointer<CChar>?
            switch nns_editor_read(editor, prompt, &line) {
            case Int32(NNS_LINE):
                let piece = line.map { String(cString: $0) } ?? ""
                if !text.isEmpty, piece.isEmpty { return .entry(text) }
                text += text.isEmpty ? piece : "\n" + piece
                if text.hasPrefix("?") || text.hasPrefix(":") { return .entry(text) }
                if isComplete(text) { return .entry(text) }
            case Int32(NNS_INTERRUPTED):
                nns_interrupt_clear()
                print("")
                return .cleared
            default:
                return text.isEmpty ? .end : .entry(text)
            }
        }
    }

    private func isComplete(_ text: String) -> Bool {
        do {
            _ = try Parser.parse(Source(name: "entry", text: text, isFile: false))
            return true
        } catch {
            return !error.isIncomplete
        }
    }

    /// Runs an entry; the exit status where it asked to leave.
    private func execute(_ text: String) -> Int32? {
        count += 1
        nns_interrupt_clear()
        defer { nns_interrupt_clear() }
        do {
            if text.hasPrefix("?") {
                let name = text.drop { $0 == "?" || $0 == " " }
                interpreter.showHelp(for: String(name), in: module)
                fflush(stdout)
                return nil
            }
            let command = text.split(separator: " ").first.map(String.init) ?? ""
            if command == ":quit" || command == ":q" { return 0 }
            if command == ":vars" {
                for (name, value) in module.bindings { print("\(name)  \(value.described)") }
                return nil
            }
            if command.hasPrefix(":") {
                fputs("error: unknown command \(command)\n  = help: there are :vars and :quit; ?name explains a name\n", stderr)
                return nil
            }
            let value = try interpreter.run(Source(name: "entry \(count)", text: text, isFile: false), in: module)
            if let value, !value.isNone {
                interpreter.host.write(interpreter.echo(value) + "\n")
                interpreter.setAnswer(value, in: module)
            }
            fflush(stdout)
        } catch let exit as ExitRequest {
            return exit.code
        } catch let error as Diagnostic {
            fflush(stdout)
            fputs(error.rendered(color: color) + "\n", stderr)
        } catch {
            fputs("error: \(error)\n", stderr)
        }
        return nil
    }

    /// What Tab inserts behind the text before the cursor: the rest of the only name that fits, or what all that
    /// fit have in common; where that is nothing, they are listed.
    fileprivate func completion(_ before: String) -> String? {
        let word = String(before.reversed().prefix { $0.isLetter || $0.isNumber || $0 == "_" }.reversed())
        guard !word.isEmpty else { return before.allSatisfy({ $0.isWhitespace }) ? "    " : nil }
        let fitting = interpreter.names(in: module).filter { $0.hasPrefix(word) }
        guard let first = fitting.first else { return nil }
        let common = fitting.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        if common.count > word.count { return String(common.dropFirst(word.count)) }
        if fitting.count > 1 { print("\n" + fitting.joined(separator: "  ")) }
        return ""
    }

    /// `$XDG_STATE_HOME/nns/history`; its folders are made. nil where there is no home.
    private func historyPath() -> String? {
        let base: String
        if let state = getenv("XDG_STATE_HOME"), state.pointee != 0 {
            base = String(cString: state)
        } else if let home = getenv("HOME"), home.pointee != 0 {
            base = String(cString: home) + "/.local/state"
        } else { return nil }
        var path = ""
        for part in (base + "/nns").split(separator: "/", omittingEmptySubsequences: false) {
            path += part
            if !path.isEmpty { mkdir(path, 0o700) }
            path += "/"
        }
        return base + "/nns/history"
    }
}

extension String {
    fileprivate func commonPrefix(with other: String) -> String {
        String(zip(self, other).prefix { $0 == $1 }.map(\.0))
    }
}
