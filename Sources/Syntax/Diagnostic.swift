/// What went wrong, as `e.kind` tells it in a script.
public enum ErrorKind: String, CaseIterable {
    case syntax, name, type, shape, value, io, limit, interrupt
}

/// One call on the way to an error, innermost first.
public struct Frame {
    public var function: String
    public var source: Source
    public var span: Span
    public init(function: String, source: Source, span: Span) {
        self.function = function; self.source = source; self.span = span
    }
}

/// An error with its place, what is the matter in the user's own names, and a mend.
///
///     error: shapes do not fit
///       --> hw4.nns:12:13
///        |
///     12 |     h = relu(W @ x + b)
///        |              ~ ^ ~
///        = W is [16, 784], x is [32, 64]: `@` needs 784 and 32 to be equal
///        = help: for a batch in rows, write `x @ W'` (then W must be [16, 64])
public struct Diagnostic: Error {
    public enum Severity: String { case error, warning }
    public var severity: Severity = .error
    /// `e.kind`; a script's own `error("…", kind="mine")` may carry any word.
    public var kind: String
    /// The headline, in lower case and without a full stop.
    public var message: String
    public var source: Source?
    /// Underlined with `^`.
    public var span: Span
    /// Underlined with `~`, on lines of their own too where those are near (operands, arguments).
    public var marks: [Span] = []
    /// Lines after `= `.
    public var notes: [String] = []
    /// Lines after `= help: `.
    public var help: [String] = []
    /// The calls that led here, innermost first.
    public var frames: [Frame] = []
    /// How many further calls between the last two frames are not listed (an endless recursion).
    public var omittedFrames = 0
    /// The argument that is wrong, by its parameter's name, until the call is known whose text it stands in.
    public var argument: Argument?
    /// A layer's text with which the message begins: a chain says which of its layers it is.
    public var subject: String?
    /// What a built-in was given where it wants a tensor, in words: a layer that handed it on says so in its own name.
    public var notTensor: String?
    /// True where the message speaks to whoever called the standard library, not of the place in it.
    public var isToCaller = false
    /// True when the text ended where more was expected: at the prompt, a continuation line follows.
    public var isIncomplete = false

    public init(_ kind: ErrorKind, _ message: String, source: Source? = nil, span: Span = .none,
                marks: [Span] = [], notes: [String] = [], help: [String] = []) {
        self.kind = kind.rawValue; self.message = message; self.source = source; self.span = span
        self.marks = marks; self.notes = notes; self.help = help
    }

    /// An argument of a call. In `help`, `‹name›` stands for the text of the argument of that name.
    public struct Argument {
        /// The function whose parameter it is; nil: of whichever is called.
        public var function: String?
        public var name: String
        /// Which of the arguments, where the parameter collects several.
        public var item: Int?
        /// The names by which callers within the standard library handed it on, the innermost first.
        public var origins: [String] = []
        public init(function: String?, name: String, item: Int? = nil) {
            self.function = function; self.name = name; self.item = item
        }
    }

    /// Puts the text of arguments into the help. `text` gives it, fit to stand before `'`, `[` or `.` where asked.
    public mutating func fillHelp(_ text: (_ name: String, _ isPostfixed: Bool) -> String?) {
        help = help.map { Self.filled($0, text) }
    }

    static func filled(_ help: String, _ text: (_ name: String, _ isPostfixed: Bool) -> String?) -> String {
        guard help.unicodeScalars.contains("‹") else { return help }
        var result = ""
        var rest = help[...]
        while let open = rest.firstIndex(of: "‹"), let close = rest[open...].firstIndex(of: "›") {
            let name = String(rest[rest.index(after: open)..<close]), next = rest.index(after: close)
            let isPostfixed = next < rest.endIndex && "[.'".contains(rest[next])
            result += rest[..<open] + (text(name, isPostfixed) ?? "‹\(name)›")
            rest = rest[next...]
        }
        return result + rest
    }
}
