import Tensors

/// A tensor and, while it is being recorded, its place on the tape. Serial 0 is a constant.
public struct Variable {
    public let tensor: Tensor
    public let serial: UInt64
    @inline(__always) public init(_ tensor: Tensor, _ serial: UInt64 = 0) { self.tensor = tensor; self.serial = serial }
}

/// How the gradient of one kind of operation is computed. The tape knows nothing more about it.
open class Rule {
    public init() {}
    /// Gives the inputs' cotangents for `step.cotangent`, in differentiable operations.
    open func backward(_ step: Step) throws { fatalError("a rule must say how it differentiates") }
    /// The sum of two cotangents, as a differentiable operation.
    open func add(_ a: Variable, _ b: Variable) throws -> Variable { fatalError("a rule must say how cotangents add") }
}

/// One input of a recorded operation: a variable, one number (which needs no tensor), or nothing.
///
/// It holds no reference of its own: the caller's arguments keep it until it is recorded, the tape from then on.
public struct Input {
    private let reference: Unmanaged<Tensor>?
    /// A variable's serial, or the number's bits.
    private let bits: UInt64
    /// The type of a number; nil for a variable and for nothing.
    public let numberType: DType?

    public static var nothing: Input { Input() }
    @inline(__always) private init() { reference = nil; bits = 0; numberType = nil }
    @inline(__always) public init(_ tensor: Tensor, _ serial: UInt64) { reference = .passUnretained(tensor); bits = serial; numberType = nil }
    @inline(__always) public init(number: Double, _ type: DType) { reference = nil; bits = number.bitPattern; numberType = type }

    /// The tensor of a variable; nil for a number and for nothing.
    @inline(__always) public var tensor: Tensor? { reference?.takeUnretainedValue() }
    @inline(__always) public var serial: UInt64 { reference == nil ? 0 : bits }
    @inline(__always) public var number: Double { Double(bitPattern: bits) }

    @inline(__always) func retain() { _ = reference?.retain() }
    @inline(__always) func release() { reference?.release() }
}

/// The inputs beyond the third of an operation over a list (the parts of a `concat`).
final class FurtherInputs {
    var list: [Input] = []
    deinit { for input in list { input.release() } }
}

/// One recorded operation: plain memory, whose references the tape counts by hand.
struct Entry {
    unowned(unsafe) let rule: Rule
    let serial: UInt64
    let output: Unmanaged<Tensor>
    let saved: Unmanaged<AnyObject>?
    var first = Input.nothing, second = Input.nothing, third = Input.nothing
    var further: Unmanaged<FurtherInputs>?
    var inputCount = 0
    // While a gradient is computed: what has been given to this entry so far, and whether it is asked for.
    var cotangent: Unmanaged<Tensor>?
    var cotangentSerial: UInt64 = 0
    var isLeaf = false

    @inline(__always) func input(_ i: Int) -> Input {
        switch i {
        case 0: first
        case 1: second
        case 2: third
        default: further.map { $0.takeUnretainedValue().list[i - 3] } ?? .nothing
        }
    }

    /// Takes up another input.
    @inline(__always) mutating func add(_ input: Input) {
        input.retain()
        switch inputCount {
        case 0: first = input
        case 1: second = input
        case 2: third = input
        default:
            if further == nil { further = .passRetained(FurtherInputs()) }
            further!.takeUnretainedValue().list.append(input)
        }
        inputCount &+= 1
    }

    /// Sets what has been given, or nothing.
    @inline(__always) mutating func setCotangent(_ variable: Variable?) {
        let old = cotangent
        cotangent = variable.map { .passRetained($0.tensor) }
        cotangentSerial = variable?.serial ?? 0
        old?.release()
    }

    func release() {
        output.release()
        saved?.release()
        first.release()
        second.release()
        third.release()
        further?.release()
        cotangent?.release()
    }
}

/// One recorded operation while its gradient is being computed. Valid only during `Rule.backward`.
public struct Step {
    let entry: UnsafeMutablePointer<Entry>
    let tape: Tape
    /// The first entry whose gradient is asked for.
    let lowest: Int
    /// The gradient of the final value with respect to `output`; has its shape.
    public let cotangent: Variable

    /// The operation's result (recorded, so a rule may use it and still be differentiated again).
    public var output: Variable { @inline(__always) get { Variable(entry.pointee.output.takeUnretainedValue(), entry.pointee.serial) } }
    /// What the operation kept for its gradient: arguments, indices.
    public var saved: AnyObject? { @inline(__always) get { entry.pointee.saved?.takeUnretainedValue() } }

    @inline(__always) public func input(_ i: Int) -> Input { entry.pointee.input(i) }

    /// True when the gradient of input `i` is asked for.
    @inline(__always) public func needs(_ i: Int) -> Bool { target(i) >= 0 }

    public var rule: Rule { entry.pointee.rule }
    /// Number of inputs.
    public var inputCount: Int { entry.pointee.inputCount }
    /// The serial of the operation's result.
    public var serial: UInt64 { entry.pointee.serial }

    /// What has been given to input `i` so far; nil where nobody asks for it.
    public func given(_ i: Int) -> Tensor? {
        let index = target(i)
        return index < 0 ? nil : tape.entry(index).pointee.cotangent?.takeUnretainedValue()
    }

    /// Adds to the cotangent of input `i`; ignored where nobody needs it.
    public func give(_ i: Int, _ cotangent: Variable) throws {
        let index = target(i)
        guard index >= 0 else { return }
        let target = tape.entry(index)
        if let sum = target.pointee.cotangent {
            target.pointee.setCotangent(try entry.pointee.rule.add(Variable(sum.takeUnretainedValue(), target.pointee.cotangentSerial), cotangent))
        } else {
            target.pointee.setCotangent(cotangent)
        }
    }

    /// The entry that made input `i`, or -1 where its gradient is not asked for.
    @inline(__always) private func target(_ i: Int) -> Int {
        let serial = entry.pointee.input(i).serial
        guard serial != 0 else { return -1 }
        let index = tape.index(of: serial)
        return index >= lowest ? index : -1
    }
}

/// The recording of operations for reverse-mode differentiation: a flat array, in order of execution.
///
/// Goals: (1) nested recordings give right higher derivatives: there is one tape, an inner recording's
/// variables are fresh leaves whose parent is the outer variable, and the inner backward pass is itself
/// recorded; (2) a value that outlives its recording is a constant: serials are never used twice, and a
/// serial whose entry is gone is not live; (3) recording costs little: no dictionary, no closure per entry;
/// entries stand in chunks that never move, so that a step reads its entry in place while others are recorded.
public final class Tape {
    private static let chunkSize = 256
    private var chunks: [UnsafeMutablePointer<Entry>] = []
    private var count = 0
    /// Where serial numbers and indices run in step: a new run begins after entries were dropped. The last run
    /// stands apart, as it is asked for most.
    private var olderRuns: [(serial: UInt64, index: Int)] = []
    private var run: (serial: UInt64, index: Int) = (1, 0)
    private var nextSerial: UInt64 = 1
    /// Recordings under way: the index where each begins, and whether anything in it depends on an outer one.
    private var recordings: [(start: Int, escapes: Bool)] = []
    private var paused = 0
    /// Looks at every step of a walk back once its rule has run; what it throws ends the walk.
    public var inspector: ((Step) throws -> Void)?
    /// Where set, it takes each step in place of the operation's rule, which it must call.
    public var profiler: ((Step) throws -> Void)?

    public init() {}

    deinit {
        drop(to: 0)
        for chunk in chunks { chunk.deallocate() }
    }

    /// Number of nested recordings.
    public var depth: Int { recordings.count }
    /// True while operations on live variables must be recorded.
    @inline(__always) public var isRecording: Bool { !recordings.isEmpty && paused == 0 }

    @inline(__always) func entry(_ index: Int) -> UnsafeMutablePointer<Entry> {
        chunks[index / Self.chunkSize] + index % Self.chunkSize
    }

    /// The index of the entry that made a variable, -1 for a constant.
    @inline(__always) func index(of serial: UInt64) -> Int {
        if serial >= run.serial {
            let index = run.index &+ Int(bitPattern: UInt(serial &- run.serial))
            return index < count ? index : -1
        }
        return olderIndex(of: serial)
    }

    private func olderIndex(of serial: UInt64) -> Int {
        var r = olderRuns.count - 1
        while r >= 0, olderRuns[r].serial > serial { r -= 1 }
        guard r >= 0 else { return -1 }
        let index = olderRuns[r].index + Int(serial - olderRuns[r].serial)
        return index < (r + 1 < olderRuns.count ? olderRuns[r + 1] : run).index ? index : -1
    }

    /// True when a value with this serial belongs to a recording under way.
    @inline(__always) public func isLive(_ serial: UInt64) -> Bool {
        serial != 0 && !recordings.isEmpty && index(of: serial) >= 0
    }

    /// Begins a recording; `end` must follow.
    public func begin() { recordings.append((count, false)) }

    /// Ends the innermost recording. Its entries go, unless an outer recording depends on them.
    public func end() {
        let last = recordings.removeLast()
        if recordings.isEmpty || !last.escapes {
            drop(to: last.start)
            while run.index >= last.start, let older = olderRuns.popLast() { run = older }
            if run.index < last.start { olderRuns.append(run) }
            run = (nextSerial, last.start)
        } else {
            let outer = recordings.count - 1
            recordings[outer].escapes = recordings[outer].escapes || dependsBefore(last.start, recordings[outer].start)
        }
        // A long recording's memory goes back; that of an ordinary one serves the next.
        while recordings.isEmpty, chunks.count > 64, let chunk = chunks.popLast() {
            chunk.deallocate()
            Memory.release(Self.chunkSize * MemoryLayout<Entry>.stride)
        }
    }

    private func drop(to start: Int) {
        while count > start {
            count -= 1
            entry(count).pointee.release()
        }
    }

    /// True when an entry from `start` on has an input older than `limit`.
    private func dependsBefore(_ start: Int, _ limit: Int) -> Bool {
        (start..<count).contains { index in
            (0..<entry(index).pointee.inputCount).contains { isBefore(limit, entry(index).pointee.input($0)) }
        }
    }

    /// True for a variable that was recorded before `limit`.
    private func isBefore(_ limit: Int, _ input: Input) -> Bool {
        guard input.serial != 0 else { return false }
        let index = index(of: input.serial)
        return index >= 0 && index < limit
    }

    /// Runs `body` with recording off: gradients of the outermost recording need no recording themselves.
    public func pausing<T>(_ body: () throws -> T) rethrows -> T {
        paused += 1
        defer { paused -= 1 }
        return try body()
    }

    /// Records an operation and returns its result's serial; `addInput` must follow for each of its inputs.
    public func record(_ rule: Rule, _ output: Tensor, saved: AnyObject? = nil) throws -> UInt64 {
        if count == chunks.count * Self.chunkSize {
            guard Memory.reserve(Self.chunkSize * MemoryLayout<Entry>.stride) else {
                throw TensorError(.limit, "not enough memory for a recording of \(count) operations")
            }
            chunks.append(.allocate(capacity: Self.chunkSize))
        }
        let serial = nextSerial
        entry(count).initialize(to: Entry(rule: rule, serial: serial, output: .passRetained(output), saved: saved.map { .passRetained($0) }))
        count &+= 1
        nextSerial &+= 1
        return serial
    }

    /// Adds an input to the operation recorded last.
    @inline(__always) public func addInput(_ input: Input) {
        entry(count &- 1).pointee.add(input)
        if recordings.count > 1 { noteEscape(input) }
    }

    private func noteEscape(_ input: Input) {
        let last = recordings.count - 1
        if !recordings[last].escapes, isBefore(recordings[last].start, input) { recordings[last].escapes = true }
    }

    /// A fresh variable with the value of `x`, to differentiate with respect to. `rule` passes its cotangent on.
    public func leaf(_ x: Variable, _ rule: Rule) throws -> Variable {
        let serial = try record(rule, x.tensor)
        addInput(Input(x.tensor, x.serial))
        return Variable(x.tensor, serial)
    }

    /// The gradients of `output` (weighted by `seed`, which has its shape) with respect to `leaves`; nil where
    /// it does not depend on one. Only entries of the innermost recording are visited.
    public func gradients(of output: Variable, seed: Variable, leaves: [UInt64]) throws -> [Variable?] {
        let last = position(of: output)
        var lowest = last + 1
        for serial in leaves { lowest = min(lowest, mark(serial, last)) }
        defer { clear(lowest, last) }
        try walk(last, lowest, seed)
        return leaves.map { cotangent($0, last) }
    }

    /// The same for one leaf.
    public func gradient(of output: Variable, seed: Variable, leaf: UInt64) throws -> Variable? {
        let last = position(of: output), lowest = min(last + 1, mark(leaf, last))
        defer { clear(lowest, last) }
        try walk(last, lowest, seed)
        return cotangent(leaf, last)
    }

    /// The index of a variable of the innermost recording, -1 for any other.
    private func position(of variable: Variable) -> Int {
        let index = variable.serial == 0 ? -1 : index(of: variable.serial)
        return index >= recordings[recordings.count - 1].start ? index : -1
    }

    /// Notes that a leaf's gradient is asked for and gives its index.
    private func mark(_ serial: UInt64, _ last: Int) -> Int {
        let index = serial == 0 ? -1 : index(of: serial)
        guard index >= 0, index <= last else { return Int.max }
        entry(index).pointee.isLeaf = true
        return index
    }

    private func cotangent(_ serial: UInt64, _ last: Int) -> Variable? {
        let index = serial == 0 ? -1 : index(of: serial)
        guard index >= 0, index <= last, let cotangent = entry(index).pointee.cotangent else { return nil }
        return Variable(cotangent.takeUnretainedValue(), entry(index).pointee.cotangentSerial)
    }

    /// Forgets what a walk left: the leaves' cotangents, and after an error those on the way.
    private func clear(_ lowest: Int, _ last: Int) {
        var index = lowest
        while index <= last {
            if entry(index).pointee.cotangent != nil { entry(index).pointee.setCotangent(nil) }
            entry(index).pointee.isLeaf = false
            index &+= 1
        }
    }

    /// Hands cotangents down from the entry `last` to `lowest`.
    private func walk(_ last: Int, _ lowest: Int, _ seed: Variable) throws {
        guard lowest <= last else { return }
        // Gradients of the outermost recording need no recording themselves.
        let pauses = recordings.count == 1
        if pauses { paused += 1 }
        defer { if pauses { paused -= 1 } }
        entry(last).pointee.setCotangent(seed)
        var index = last
        while index >= lowest {
            let entry = entry(index)
            if let cotangent = entry.pointee.cotangent {
                let step = Step(entry: entry, tape: self, lowest: lowest, cotangent: Variable(cotangent.takeUnretainedValue(), entry.pointee.cotangentSerial))
                // A cotangent that nobody asked for is spent here; its memory goes back at once.
                if !entry.pointee.isLeaf { entry.pointee.setCotangent(nil) }
                if let profiler { try profiler(step) } else { try entry.pointee.rule.backward(step) }
                if let inspector { try inspector(step) }
            }
            index &-= 1
        }
    }
}
