import CKernels
import Glibc
import Runtime
import Syntax

/// The prompt: numbered entries, continuation lines until an entry is complete, history, Tab completion, `:commands`.
///
/// An entry that fails keeps what it did until then, as anywhere else; `:undo` takes it back.
public final class PromptLoop {
    let interpreter: Interpreter
    let module: Module
    var log = SessionLog()
    /// Open while `run` reads.
    private(set) var editor: Editor!
    private let color: Bool
    private var count = 0
    /// The text of the entry that began last, failed or not.
    private(set) var lastBegun = ""
    /// Entries that wait to be run: those of a pasted session.
    private var waiting: [String] = []
    /// The text of the entry at hand before the line that is being edited, for completion.
    private var begun = ""

    public init(_ interpreter: Interpreter, color: Bool) {
        self.interpreter = interpreter
        self.color = color
        module = interpreter.makeModule("session")
    }

    /// Reads and runs entries until the end of input; gives the exit status.
    public func run() -> Int32 {
        editor = Editor(complete: { [unowned self] in complete($0) })
        guard let editor else {
            fputs("error: cannot open the terminal\n", stderr)
            return 1
        }
        defer { self.editor = nil }
        // Ctrl-\ is too near to other keys to end a session.
        signal(SIGQUIT, SIG_IGN)
        editor.write(interpreter.wrapped("nns: ?name explains a name, ? lists them, :help the commands, Ctrl-D leaves", indent: 2, width: editor.width))
        while true {
            if !waiting.isEmpty {
                let text = waiting.removeFirst()
                editor.write(shown(text) + "\n")
                editor.remember(text)
                if let status = perform(text) { return status }
                continue
            }
            switch readEntry(editor) {
            case .end: return 0
            case .cleared: continue
            case .entry(let text):
                if text.allSatisfy({ (c: Character) in c.isWhitespace }) { continue }
                if let entries = Transcript.entries(text) {
                    waiting = entries
                    continue
                }
                editor.remember(text)
                if let status = perform(text) { return status }
            }
        }
    }

    // MARK: Reading

    private enum Input { case entry(String), cleared, end }

    private var label: String { "nns \(count + 1)> " }
    private var continuation: String { String(repeating: " ", count: label.count - 5) + "...> " }

    /// An entry that nobody typed here, as if it had been.
    private func shown(_ text: String) -> String { label + text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n" + continuation) }

    /// Lines until they form a complete entry. Ctrl-C clears them, an empty line ends an entry that cannot go on.
    private func readEntry(_ editor: Editor) -> Input {
        var text = ""
        nns_interrupt_clear()
        while true {
            begun = text.isEmpty ? "" : text + "\n"
            switch editor.read(prompt: text.isEmpty ? label : continuation) {
            case .text(let piece):
                if !text.isEmpty, piece.isEmpty { return .entry(text) }
                text += text.isEmpty ? piece : "\n" + piece
                if text.hasPrefix("?") || text.hasPrefix(":") || isComplete(text), !editor.continues { return .entry(text) }
            case .interrupted:
                nns_interrupt_clear()
                return .cleared
            case .end: return text.isEmpty ? .end : .cleared
            }
        }
    }

    private func isComplete(_ text: String) -> Bool {
        if Transcript.entries(text) != nil || Self.question(text) != nil { return true }
        // Documentation waits for what it documents.
        let lines = text.split(separator: "\n")
        if !lines.isEmpty, lines.allSatisfy({ $0.drop { $0 == " " }.hasPrefix("##") }) { return false }
        do {
            _ = try Parser.parse(Source(name: "entry", text: text))
            return true
        } catch {
            return !error.isIncomplete
        }
    }

    /// What Tab does with the text before the cursor.
    private func complete(_ before: String) -> Editor.Completed {
        let text = begun + before, place = EntryScanner(text)
        if text.last.map({ $0 == "\n" || $0 == " " }) ?? true, place.callee == nil, place.string == nil, !text.hasPrefix(":") {
            return .insertion(removed: 0, "    ")
        }
        let offer = Completion(before: text, interpreter: interpreter, module: module)
        guard !offer.candidates.isEmpty else { return .nothing }
        let insertion = offer.insertion
        if offer.candidates.count > 1, insertion.unicodeScalars.count <= offer.typed { return .listing(columns(offer.candidates)) }
        return .insertion(removed: offer.typed, insertion)
    }

    private func columns(_ names: [String]) -> String {
        let width = (names.map(\.count).max() ?? 0) + 2
        let perLine = max(1, editor.width / width)
        let rows = (names.count + perLine - 1) / perLine
        var text = ""
        for row in 0..<rows {
            let line = stride(from: row, to: names.count, by: rows).map { names[$0] + String(repeating: " ", count: width - names[$0].count) }.joined()
            text += line.trimmingEnd() + "\n"
        }
        return text
    }

    // MARK: Running

    /// `?name`, `??name`, `name?`: what is asked, and whether the source is wanted.
    private static func question(_ text: String) -> (String, isSource: Bool)? {
        let line = text.trimmingEnd()
        if line.hasPrefix("?") {
            let marks = line.prefix { $0 == "?" }.count
            return (String(line.dropFirst(marks).drop { $0 == " " }), marks > 1)
        }
        guard line.hasSuffix("?") else { return nil }
        let name = line.reversed().drop { $0 == "?" }.reversed()
        let asked = String(name).trimmingEnd()
        let path = asked.hasSuffix("()") ? String(asked.dropLast(2)) : asked
        guard !path.isEmpty, path.allSatisfy({ Completion.isWordCharacter($0) || $0 == "." }), path.first != ".", path.last != "." else { return nil }
        return (asked, line.hasSuffix("??"))
    }

    /// Runs what was entered; the exit status where it asked to leave.
    private func perform(_ text: String) -> Int32? {
        defer { fflush(stdout) }
        if text.hasPrefix(":") { return command(text) }
        if let (name, isSource) = Self.question(text) {
            answer(name, isSource)
            return nil
        }
        if let name = Self.farewell(text), !module.bindings.contains(where: { $0.name == name }) {
            editor.write(":quit or Ctrl-D leaves; exit(status) does with a status of its own\n")
            return nil
        }
        return execute(text)
    }

    /// The word by which other prompts are left: `quit`, `quit()`, `exit`.
    private static func farewell(_ text: String) -> String? {
        switch text.trimmingEnd() {
        case "quit", "quit()": "quit"
        case "exit": "exit"
        case "q": "q"
        default: nil
        }
    }

    /// Runs an entry of the language, or a script with its path. With `isTimed` time and memory are told however short it was.
    func execute(_ text: String, isTimed: Bool = false, path: String? = nil) -> Int32? {
        count += 1
        lastBegun = text
        // An interrupt that came since the entry was read is meant for it.
        defer { nns_interrupt_clear() }
        let before = interpreter.state(of: module)
        let clock = Measurement(interpreter, byOperation: isTimed)
        defer { clock.stop() }
        interpreter.trainingStops = TrainingStops()
        var answers: [SessionLog.Answer] = []
        func answer(_ statement: Int?, _ value: Value, isSilent: Bool) throws {
            guard !value.isNone else { return }
            if !isSilent {
                let text = interpreter.briefEcho(value)
                try interpreter.goOn()
                interpreter.host.write(text + "\n")
            }
            interpreter.setAnswer(value, in: module)
            if case .function = value { answers.append(.init(statement: statement, isShown: false)) } else {
                answers.append(.init(statement: statement, isShown: !isSilent))
            }
        }
        func note(_ outcome: SessionLog.Outcome) {
            let mayTell = outcome == .interrupted || log.hasInterrupted
            log.append(.init(number: count, text: text, path: path, outcome: outcome, answers: answers,
                             trainingEnds: interpreter.trainingStops.ends, changes: mayTell ? interpreter.changes(since: before, in: module) : nil,
                             places: (before.place, interpreter.place), before: before))
        }
        do {
            let source = Source(name: path ?? "entry \(count)", text: text)
            if path != nil {
                // Of a script the last value alone, as where it runs as a program with `-e`.
                if let value = try interpreter.run(source, in: module) { try answer(nil, value, isSilent: false) }
            } else {
                try interpreter.run(source, in: module) { try answer($0, $1, isSilent: $2) }
            }
            note(.done)
            endOfInterrupt()
            fflush(stdout)
            report(clock, always: isTimed)
        } catch let exit as ExitRequest {
            return exit.code
        } catch let error as Diagnostic {
            endOfInterrupt()
            nns_interrupt_clear()
            fflush(stdout)
            fputs(error.rendered(color: color, width: interpreter.host.errorWidth()) + "\n", stderr)
            report(clock, always: isTimed)
            module.forgetUnset()
            if !interpreter.isUnchanged(since: before, module) {
                note(error.kind == ErrorKind.interrupt.rawValue ? .interrupted : .failed)
            }
            if error.kind == ErrorKind.limit.rawValue { log.forgetStates() }
        } catch {
            fputs("error: \(error)\n", stderr)
        }
        return nil
    }

    /// Tells time and memory on standard error, where the entry took over a second or it is asked for.
    private func report(_ clock: Measurement, always: Bool) {
        clock.stop()
        if always || clock.seconds > 1 { fputs(clock.report(), stderr) }
    }

    /// An interrupt ends what was pasted with the entry too, also where that was done by then.
    private func endOfInterrupt() {
        if nns_interrupted() { waiting = [] }
    }

    func fail(_ message: String, help: String? = nil) {
        fflush(stdout)
        fputs("error: \(message)\n" + (help.map { "  = help: \($0)\n" } ?? ""), stderr)
    }
}

extension StringProtocol {
    func trimmingEnd() -> String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
