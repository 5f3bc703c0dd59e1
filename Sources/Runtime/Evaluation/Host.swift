import Files

/// What the runtime needs of its surroundings. The command, the prompt and the tests each wire their own.
public struct Host {
    /// Writes to standard output.
    public var write: (String) -> Void
    /// Writes diagnostics to standard error.
    public var writeError: (String) -> Void
    /// Shows one line of training progress: off a terminal a line, at a terminal redrawn in place. nil ends it.
    public var progress: (Progress?) -> Void = { _ in }
    /// Writes a whole file, for `save` and pictures.
    public var writeFile: (_ path: String, _ bytes: [UInt8]) throws -> Void = Files.writeFile
    /// Characters in a line of output.
    public var width: () -> Int = { 80 }
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

/// The state of a training under way, for display only.
public struct Progress {
    public var epoch: Int
    public var epochs: Int
    /// Part of the epoch that is done, 0 … 1.
    public var fraction: Double
    public var loss: [Double]
    public var validationLoss: [Double]
    public var seconds: Double
    public init(epoch: Int, epochs: Int, fraction: Double, loss: [Double], validationLoss: [Double], seconds: Double) {
        self.epoch = epoch; self.epochs = epochs; self.fraction = fraction
        self.loss = loss; self.validationLoss = validationLoss; self.seconds = seconds
    }
}
