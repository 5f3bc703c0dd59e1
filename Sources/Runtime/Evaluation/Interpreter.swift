import Autodiff
import Syntax
import Glibc
import Plots
import Tensors

/// One running program: its modules, its stack, its tape, its random streams.
///
/// Single-threaded: everything happens on the thread that calls `run`, which must have a large stack (see
/// `onLargeStack`); only the kernels use other threads.
public final class Interpreter {
    /// The interpreter at work; gradient rules and operators on values reach it here.
    nonisolated(unsafe) public static var current: Interpreter!

    public var host: Host
    public let tape = Tape()
    /// `precision(f64)` switches it.
    public var defaultType: DType = .f32 { didSet { DType.ofBools = defaultType } }
    /// True inside `grad`, `backprop` and `fit`: dropout drops, batch normalisation uses the batch.
    public var isTraining = false
    /// True where the mode is evaluation whatever is differentiated: within `eval_mode` and the functions that evaluate.
    var onlyEvaluates = false
    /// True while `gradcheck` runs: what is differentiated is in f64.
    var isCheckingGradients = false
    /// The pictures shown so far inside `grid`, which takes them in place of the terminal.
    var collectedPictures: [any Picture]?
    /// The rows of the part of a batch that is under way and of the whole, of which errors speak.
    var batchPart: (rows: Int, whole: Int)?
    /// What the program has been warned of.
    var warned: Set<String> = []
    /// `nan_check(true)`.
    public var checksNaN = false { didSet { tape.inspector = checksNaN ? { [unowned self] in try checkGradient($0) } : nil } }
    /// What operations cost, while somebody measures it.
    var profile: Profile? {
        didSet {
            tape.profiler = profile.map { profile in { step in try profile.measureGradient(step.rule) { try step.rule.backward(step) } } }
        }
    }
    /// While it is on: where the recorded operations stand, by ascending serial of their results.
    var recordedPlaces: [(serial: UInt64, node: NodePointer)] = []

    /// Parameters made at their first call in a recording under way, as the leaves they began as.
    var madeWhileRecording: [(object: Object, field: Int, leaf: Value)] = []

    /// The seed of every random stream.
    public internal(set) var seed: UInt64 = 0
    /// The number that the next object's stream gets.
    var nextStream: UInt64 = 1
    /// The script's own stream.
    public var scriptRandom: RandomStream
    /// The object whose method or initialiser is running: its stream is the one drawn from.
    var randomOwner: Object?

    /// Calls under way, and their limit.
    var depth = 0
    public static let maxDepth = 20_000
    /// How deep inside lists `stacked` is.
    var stackingDepth = 0
    /// How many tree steps a program, an entry of the prompt or a test may take (`--max-steps`), and how many are left.
    var stepLimit = Int.max
    var stepsLeft = Int.max

    /// The stack of local slots.
    let stack: UnsafeMutablePointer<Word>
    let stackEnd: UnsafeMutablePointer<Word>
    /// The first slot of the running function.
    var frame: UnsafeMutablePointer<Word>
    /// The first free slot.
    var top: UnsafeMutablePointer<Word>
    /// The stack of built-ins' arguments.
    let argumentStack: UnsafeMutablePointer<Value>
    var argumentTop: UnsafeMutablePointer<Value>
    let argumentEnd: UnsafeMutablePointer<Value>

    /// The place of the item at which the loop over a list ended that an error left last.
    var failedItem = 0
    /// The value of a `return` on its way out.
    var returned = Word.unset
    /// Modules by canonical path, for `import`.
    var modules: [String: Module] = [:]
    /// Where Ctrl-C has ended trainings, and where it is to end them again.
    public var trainingStops = TrainingStops()
    /// The standard library's names and the built-ins, where a name of a module is looked up last.
    private(set) lazy var prelude = Prelude(self)
    /// The module whose statements run, for error messages.
    var currentModule: Module?
    /// While the prompt shows a value: long lists by their ends.
    var isBrief = false
    /// How many more values it shows of one that is nested: parts held many times over have no end.
    var valuesToShow = 0
    /// Tests declared so far, in order.
    public internal(set) var tests: [(title: String, body: Closure)] = []

    public init(host: Host) {
        self.host = host
        DType.ofBools = defaultType
        scriptRandom = RandomStream(seed: 0, stream: 0)
        let slots: UnsafeMutableBufferPointer<Word> = mapped(1 << 26)
        stack = slots.baseAddress!
        stackEnd = stack + slots.count
        let arguments: UnsafeMutableBufferPointer<Value> = mapped(1 << 22)
        argumentStack = arguments.baseAddress!
        argumentEnd = argumentStack + arguments.count
        frame = stack
        top = stack
        argumentTop = argumentStack
    }

    /// `seed(n)`: restarts the script's stream and the numbering of objects.
    public func setSeed(_ n: UInt64) {
        seed = n
        nextStream = 1
        scriptRandom = RandomStream(seed: n, stream: 0)
    }

    /// Puts the streams to where they were once: the number of the next object's among them.
    func setPlace(seed: UInt64, nextStream: UInt64, scriptRandom: RandomStream) {
        (self.seed, self.nextStream, self.scriptRandom) = (seed, nextStream, scriptRandom)
    }

    /// Draws from the running object's stream, or the script's.
    public func random<T>(_ draw: (inout RandomStream) throws -> T) rethrows -> T {
        if let owner = randomOwner { return try draw(&owner.random) }
        return try draw(&scriptRandom)
    }
}

/// Zeroed memory that is only taken from the system where it is touched: room for `most` items, or for fewer where the
/// process may not have as much.
private func mapped<T>(_ most: Int) -> UnsafeMutableBufferPointer<T> {
    var count = most
    while count >= most >> 8 {
        let bytes = count * MemoryLayout<T>.stride
        let block = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        if let block, block != MAP_FAILED { return UnsafeMutableBufferPointer(start: block.assumingMemoryBound(to: T.self), count: count) }
        count /= 4
    }
    fputs("error: no memory for the interpreter's stack\n", stderr)
    exit(1)
}
