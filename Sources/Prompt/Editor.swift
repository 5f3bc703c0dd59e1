import CEditLine
import CKernels
import Glibc

/// A line editor on the terminal, with history: libedit.
final class Editor {
    enum Line { case text(String), interrupted, end }

    /// What Tab does: replaces some characters before the cursor, or shows what could stand there.
    enum Completed { case insertion(removed: Int, String), listing(String), nothing }

    private let editor: OpaquePointer
    private let historyPath: String?
    /// What is offered at Tab for the text before the cursor; libedit's callback has no other way to it.
    nonisolated(unsafe) private static var complete: (String) -> Completed = { _ in .nothing }

    /// nil where there is no terminal to edit on.
    init?(complete: @escaping (String) -> Completed) {
        Self.complete = complete
        guard let editor = nns_editor_open("nns", { before, removed, listing in
            switch Editor.complete(String(cString: before)) {
            case .nothing: return nil
            case .insertion(let count, let text):
                removed.pointee = Int32(count)
                return strdup(text)
            case .listing(let text):
                listing.pointee = strdup(text)
                return nil
            }
        }, nns_interrupt_address()) else { return nil }
        self.editor = editor
        historyPath = Self.makeHistoryPath()
        if let historyPath { _ = nns_editor_load(editor, historyPath) }
    }

    deinit { nns_editor_close(editor) }

    /// Reads a line; the cursor is below it then.
    func read(prompt: String) -> Line {
        var line: UnsafePointer<CChar>?
        switch nns_editor_read(editor, prompt, &line) {
        case Int32(NNS_LINE): return .text(line.map { String(cString: $0) } ?? "")
        case Int32(NNS_INTERRUPTED): return .interrupted
        default: return .end
        }
    }

    /// Whether what waits behind the last line continues it.
    var continues: Bool { nns_editor_continues(editor) }

    /// Writes to the terminal, also where standard output is a file.
    func write(_ text: String) { nns_editor_write(editor, text) }

    /// The columns of the terminal.
    var width: Int { Int(nns_editor_columns(editor)) }

    /// Runs a program that needs the terminal as it was.
    func lending<T>(_ body: () throws -> T) rethrows -> T {
        nns_editor_quiet(editor, false)
        defer { nns_editor_quiet(editor, true) }
        return try body()
    }

    /// Adds an entry to the history, of this session and those to come.
    func remember(_ entry: String) { _ = nns_editor_remember(editor, entry, historyPath) }

    /// `$XDG_STATE_HOME/nns/history`; its folders are made. nil where there is no home. A relative path counts as none, as XDG
    /// has it.
    private static func makeHistoryPath() -> String? {
        let base: String
        if let state = getenv("XDG_STATE_HOME"), state.pointee == CChar(UInt8(ascii: "/")) {
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
