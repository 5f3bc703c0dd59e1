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
public struct Input {
    /// The tensor of a variable; nil for a number and for nothing.
    public let tensor: Tensor?
    /// A variable's serial, or the number's bits.
    private let bits: UInt64
    /// The type of a number; nil for a variable and for nothing.
    public let numberType: DType?

    public static let nothing = Input()
    @inline(__always) private init() { tensor = nil; bits = 0; numberType = nil }
    @inline(__always) public init(_ tensor: Tensor, _ serial: UInt64) { self.tensor = tensor; bits = serial; numberType = nil }
    @inline(__always) public init(number: Double, _ type: DType) { tensor = nil; bits = number.bitPattern; numberType = type }

    @inline(__always) public var serial: UInt64 { tensor == nil ? 0 : bits }
    @inline(__always) public var number: Double { Double(bitPattern: bits) }
}

/// The inputs of a recorded operation: three in place, any others (the parts of a `concat`) in an array.
public struct Inputs {
    var first = Input.nothing, second = Input.nothing, third = Input.nothing
    var others: [Input] = []
    public private(set) var count = 0

    @inline(__always) public init() {}

    @inline(__always) public mutating func append(_ input: Input) {
        switch count {
        case 0: first = input
        case 1: second = input
        case 2: third = input
        default: others.append(input)
        }
        count &+= 1
    }

    /// Input `i`; nothing beyond the last.
    @inline(__always) public subscript(_ i: Int) -> Input {
        switch i {
        case 0: first
        case 1: second
        case 2: third
        default: i - 3 < others.count ? others[i - 3] : .nothing
        }
    }

    @inline(__always) func serial(_ i: Int) -> UInt64 {
        switch i {
        case 0: first.serial
        case 1: second.serial
        case 2: third.serial
        default: i - 3 < others.count ? others[i - 3].serial : 0
        }
    }
}

/// One recorded operation.
struct Entry {
    unowned(unsafe) let rule: Rule
    let serial: UInt64
    let inputs: Inputs
    let output: Tensor
    let saved: AnyObject?
    // While a gradient is computed: what has been given to this entry so far, and whether it is asked for.
    var cotangent: Tensor?
    var cotangentSerial: UInt64 = 0
    var isLeaf = false
}

/// One recorded operation while its gradient is being computed. Valid only during `Rule.backward`.
public struct Step {
    let entry: UnsafeMutablePointer<Entry>
    unowned(unsafe) let tape: Tape
    /// The first entry whose gradient is asked for.
    let lowest: Int
    /// The gradient of the final value with respect to `output`; has its shape.
    public let cotangent: Variable

    public var inputs: Inputs { @inline(__always) get { entry.pointee.inputs } }
    /// The operation's result (recorded, so a rule may use it and still be differentiated again).
    public var output: Variable { @inline(__always) get { Variable(entry.pointee.output, entry.pointee.serial) } }
    /// What the operation kept for its gradient: arguments, indices.
    public var saved: AnyObject? { @inline(__always) get { entry.pointee.saved } }

    @inline(__always) public func input(_ i: Int) -> Input { entry.pointee.inputs[i] }

    /// True when the gradient of input `i` is asked for.
    @inline(__always) public func needs(_ i: Int) -> Bool { target(i) >= 0 }

    /// Adds to the cotangent of input `i`; ignored where nobody needs it.
    public func give(_ i: Int, _ cotangent: Variable) throws {
        let index = target(i)
        guard index >= 0 else { return }
        let target = tape.entry(index)
        if let sum = target.pointee.cotangent {
            let total = try entry.pointee.rule.add(Variable(sum, target.pointee.cotangentSerial), cotangent)
            target.pointee.cotangent = total.tensor
            target.pointee.cotangentSerial = total.serial
        } else {
            target.pointee.cotangent = cotangent.tensor
            target.pointee.cotangentSerial = cotangent.serial
        }
    }

    /// The entry that made input `i`, or -1 where its gradient is not asked for.
    @inline(__always) private func target(_ i: Int) -> Int {
        let serial = entry.pointee.inputs.serial(i)
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
            entry(count).deinitialize(count: 1)
        }
    }

    /// True when an entry from `start` on has an input older than `limit`.
    private func dependsBefore(_ start: Int, _ limit: Int) -> Bool {
        (start..<count).contains { reaches(entry($0).pointee.inputs, before: limit) }
    }

    private func reaches(_ inputs: borrowing Inputs, before limit: Int) -> Bool {
        for i in 0..<inputs.count {
            let serial = inputs.serial(i)
            if serial != 0, case let index = index(of: serial), index >= 0, index < limit { return true }
        }
        return false
    }

    /// Runs `body` with recording off: gradients of the outermost recording need no recording themselves.
    public func pausing<T>(_ body: () throws -> T) rethrows -> T {
        paused += 1
        defer { paused -= 1 }
        return try body()
    }

    /// Records an operation and returns its result's serial.
    public func record(_ rule: Rule, _ inputs: consuming Inputs, _ output: Tensor, _ saved: AnyObject?) throws -> UInt64 {
        if count == chunks.count * Self.chunkSize {
            guard Memory.reserve(Self.chunkSize * MemoryLayout<Entry>.stride) else {
                throw TensorError(.limit, "not enough memory for a recording of \(count) operations")
            }
            chunks.append(.allocate(capacity: Self.chunkSize))
        }
        let last = recordings.count - 1, start = recordings[last].start
        if start > 0, !recordings[last].escapes, reaches(inputs, before: start) { recordings[last].escapes = true }
        let serial = nextSerial
        entry(count).initialize(to: Entry(rule: rule, serial: serial, inputs: inputs, output: output, saved: saved))
        count &+= 1
        nextSerial &+= 1
        return serial
    }

    /// A fresh variable with the value of `x`, to differentiate with respect to. `rule` passes its cotangent on.
    public func leaf(_ x: Variable, _ rule: Rule) throws -> Variable {
        var inputs = Inputs()
        inputs.append(Input(x.tensor, x.serial))
        return Variable(x.tensor, try record(rule, inputs, x.tensor, nil))
    }

    /// The gradients of `output` (weighted by `seed`, which has its shape) with respect to `leaves`; nil where
    /// it does not depend on one. Only entries of the innermost recording are visited.
    public func gradients(of output: Variable, seed: Variable, leaves: [UInt64]) throws -> [Variable?] {
        let last = output.serial == 0 ? -1 : index(of: output.serial)
        guard last >= recordings[recordings.count - 1].start else { return leaves.map { _ in nil } }
        if recordings.count == 1 {
            return try pausing { try walk(last, seed, leaves) }
        }
        return try walk(last, seed, leaves)
    }

    private func walk(_ last: Int, _ seed: Variable, _ leaves: [UInt64]) throws -> [Variable?] {
        var lowest = last + 1
        for serial in leaves {
            let index = serial == 0 ? -1 : index(of: serial)
            guard index >= 0, index <= last else { continue }
            entry(index).pointee.isLeaf = true
            lowest = min(lowest, index)
        }
        defer {
            // What is left: the leaves' cotangents, and after an error those on the way.
            for index in lowest..<max(lowest, last + 1) where entry(index).pointee.cotangent != nil || entry(index).pointee.isLeaf {
                entry(index).pointee.cotangent = nil
                entry(index).pointee.isLeaf = false
            }
        }
        if lowest <= last {
            entry(last).pointee.cotangent = seed.tensor
            entry(last).pointee.cotangentSerial = seed.serial
        }
        var index = last
        while index >= lowest {
            let entry = entry(index)
            if let cotangent = entry.pointee.cotangent {
                let step = Step(entry: entry, tape: self, lowest: lowest, cotangent: Variable(cotangent, entry.pointee.cotangentSerial))
                // A cotangent that nobody asked for is spent here; its memory goes back at once.
                if !entry.pointee.isLeaf { entry.pointee.cotangent = nil }
                try entry.pointee.rule.backward(step)
            }
            index &-= 1
        }
        return leaves.map { serial in
            let index = serial == 0 ? -1 : self.index(of: serial)
            guard index >= 0, index <= last, let cotangent = entry(index).pointee.cotangent else { return nil }
            return Variable(cotangent, entry(index).pointee.cotangentSerial)
        }
    }
}
