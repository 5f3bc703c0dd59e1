import Files

/// What the runtime needs of its surroundings. The command, the prompt and the tests each wire their own.
public struct Host {
    /// Writes to standard output.
    public var write: (String) -> Void
    /// Writes diagnostics to standard error.
    public var writeError: (String) -> Void
    /// Shows how far a training has come; nil where an error has ended it.
    public var progress: (Progress?) -> Void = { _ in }
    /// Writes a whole file, for `save` and pictures.
    public var writeFile: (_ path: String, _ bytes: [UInt8]) throws -> Void = Files.writeFile
    /// Characters in a line of output.
    public var width: () -> Int = { 80 }
    /// Columns of the terminal that diagnostics go to; nil where they go to none.
    public var errorWidth: () -> Int? = { nil }
    /// Colours in pictures and echoes.
    public var color = false
    /// `braille` instead of plain ASCII for pictures.
    public var braille = false
    /// `args` of the script.
    public var arguments: [String] = []

    public init(write: @escaping (String) -> Void, writeError: @escaping (String) -> Void) {
        self.write = write
        self.writeError = writeError
    }
}

/// The state of a training under way, for display only: it holds on to no value of the program once it has been shown.
public struct Progress {
    public var epoch: Int
    public var epochs: Int
    /// Part of the epoch that is done, 0 … 1.
    public var fraction: Double
    /// Examples in an epoch.
    public var examples: Int
    /// When the training began, on some clock, and the seconds since.
    public var begin: Double
    public var seconds: Double
    /// The last report of the training.
    public var isFinished: Bool
    /// The last epoch's.
    public var loss: Double?
    public var validationLoss: Double?
    /// Those of all epochs.
    public var curves: () -> (loss: [Double], validation: [Double])
}
