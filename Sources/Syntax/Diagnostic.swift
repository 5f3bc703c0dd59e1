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
    /// Underlined with `~` where they stand on the same line (operands, arguments).
    public var marks: [Span] = []
    /// Lines after `= `.
    public var notes: [String] = []
    /// Lines after `= help: `.
    public var help: [String] = []
    /// The calls that led here, innermost first.
    public var frames: [Frame] = []
    /// How many further calls between the last two frames are not listed (an endless recursion).
    public var omittedFrames = 0
    /// True when the text ended where more was expected: at the prompt, a continuation line follows.
    public var isIncomplete = false

    public init(_ kind: ErrorKind, _ message: String, source: Source? = nil, span: Span = .none,
                marks: [Span] = [], notes: [String] = [], help: [String] = []) {
        self.kind = kind.rawValue; self.message = message; self.source = source; self.span = span
        self.marks = marks; self.notes = notes; self.help = help
    }
}
