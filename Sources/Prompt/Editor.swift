import CEditLine
import CKernels
import Glibc

/// A line editor on the terminal, with history: libedit.
final class Editor {
    enum Line { case text(String), interrupted, end }

    private let editor: OpaquePointer
    private let historyPath: String?
    /// What is offered at Tab for the text before the cursor; libedit's callback has no other way to it.
    nonisolated(unsafe) private static var complete: (String) -> (removed: Int, inserted: String)? = { _ in nil }

    /// nil where there is no terminal to edit on.
    init?(complete: @escaping (String) -> (removed: Int, inserted: String)?) {
        Self.complete = complete
        guard let editor = nns_editor_open("nns", { before, removed in
            guard let (count, text) = Editor.complete(String(cString: before)) else { return nil }
            removed.pointee = Int32(count)
            return strdup(text)
        }, nns_interrupt_address()) else { return nil }
        self.editor = editor
        historyPath = Self.makeHistoryPath()
        if let historyPath { _ = nns_editor_load(editor, historyPath) }
    }

    deinit { nns_editor_close(editor) }

    func read(prompt: String) -> Line {
        var line: UnsafePointer<CChar>?
        switch nns_editor_read(editor, prompt, &line) {
        case Int32(NNS_LINE): return .text(line.map { String(cString: $0) } ?? "")
        case Int32(NNS_INTERRUPTED): return .interrupted
        default: return .end
        }
    }

    /// Adds an entry to the history, of this session and those to come.
    func remember(_ entry: String) {
        nns_editor_remember(editor, entry)
        if let historyPath { _ = nns_editor_save(editor, historyPath) }
    }

    /// `$XDG_STATE_HOME/nns/history`; its folders are made. nil where there is no home.
    private static func makeHistoryPath() -> String? {
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
