import Glibc
import Runtime
import Syntax

/// What a session did, entry by entry: what `:save` writes and `:undo` takes back.
struct SessionLog {
    /// How an entry ended. One that an interrupt ended cannot be done again.
    enum Outcome { case done, failed, interrupted }

    /// A value that an entry gave: of which of its statements (nil: the last one), and whether it was shown.
    struct Answer {
        var statement: Int?
        var isShown: Bool
    }

    struct Entry {
        var number: Int
        var text: String
        /// The path of the script that was loaded.
        var path: String?
        var outcome: Outcome
        /// The values that became `ans`.
        var answers: [Answer]
        /// After how many epochs an interrupt ended a training, counted over all of the entry.
        var trainingEnds: [Int]
        /// What it changed, where a script may have to tell.
        var changes: SessionChanges?
        /// The random streams and switches before and after.
        var places: (before: SessionPlace, after: SessionPlace)
        /// Everything as it was before; dropped for entries long past.
        var before: SessionState?
    }

    private(set) var entries: [Entry] = []
    /// How many entries `:undo` can take back.
    private static let reach = 20

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        if entries.count > Self.reach { entries[entries.count - 1 - Self.reach].before = nil }
    }

    /// Takes the last entry off; nil where there is none that can be taken back.
    mutating func removeLast() -> (text: String, before: SessionState)? {
        guard let last = entries.last, let before = last.before else { return nil }
        entries.removeLast()
        return (last.text, before)
    }

    /// Whether an entry was stopped that no script can do again.
    var hasInterrupted: Bool { entries.contains { $0.outcome == .interrupted } }

    mutating func removeAll() { entries = [] }

    /// Lets the states kept go, where memory is short.
    mutating func forgetStates() { for i in entries.indices { entries[i].before = nil } }
}
