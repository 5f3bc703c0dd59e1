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
    open func backward(_ step: inout Step) throws { fatalError("a rule must say how it differentiates") }
    /// The sum of two cotangents, as a differentiable operation.
    open func add(_ a: Variable, _ b: Variable) throws -> Variable { fatalError("a rule must say how cotangents add") }
}

/// One recorded operation.
struct Entry {
    unowned(unsafe) var rule: Rule
    var inputs: Inputs
    var output: Tensor
    var saved: AnyObject?
}

/// The inputs of a recorded operation: three in place, any others (the parts of a `concat`) in an array.
public struct Inputs {
    var first: Tensor?, second: Tensor?, third: Tensor?
    var firstSerial: UInt64 = 0, secondSerial: UInt64 = 0, thirdSerial: UInt64 = 0
    var others: [Variable?] = []
    public private(set) var count = 0

    public init() {}

    @inline(__always) public mutating func append(_ variable: Variable?) {
        switch count {
        case 0: first = variable?.tensor; firstSerial = variable?.serial ?? 0
        case 1: second = variable?.tensor; secondSerial = variable?.serial ?? 0
        case 2: third = variable?.tensor; thirdSerial = variable?.serial ?? 0
        default: others.append(variable)
        }
        count &+= 1
    }

    @inline(__always) public func serial(_ i: Int) -> UInt64 {
        switch i {
        case 0: firstSerial
        case 1: secondSerial
        case 2: thirdSerial
        default: i - 3 < others.count ? others[i - 3]?.serial ?? 0 : 0
        }
    }

    public func variable(_ i: Int) -> Variable? {
        switch i {
        case 0: first.map { Variable($0, firstSerial) }
        case 1: second.map { Variable($0, secondSerial) }
        case 2: third.map { Variable($0, thirdSerial) }
        default: i - 3 < others.count ? others[i - 3] : nil
        }
    }
}

/// One recorded operation while its gradient is being computed.
public struct Step {
    public let inputs: Inputs
    /// The operation's result (recorded, so a rule may use it and still be differentiated again).
    public let output: Variable
    /// The gradient of the final value with respect to `output`; has its shape.
    public let cotangent: Variable
    /// What the operation kept for its gradient: arguments, indices.
    public let saved: AnyObject?
    unowned(unsafe) let tape: Tape
    let first: Int
    var given: [(serial: UInt64, cotangent: Variable)] = []

    /// True when the gradient of input `i` is asked for.
    @inline(__always) public func needs(_ i: Int) -> Bool {
        let serial = inputs.serial(i)
        guard serial != 0, let index = tape.index(of: serial) else { return false }
        return index >= first
    }

    /// Adds to the cotangent of input `i`; ignored where nobody needs it.
    public mutating func give(_ i: Int, _ cotangent: Variable) {
        if needs(i) { given.append((inputs.serial(i), cotangent)) }
    }
}

/// The recording of operations for reverse-mode differentiation: a flat array, in order of execution.
///
/// Goals: (1) nested recordings give right higher derivatives: there is one tape, an inner recording's
/// variables are fresh leaves whose parent is the outer variable, and the inner backward pass is itself
/// recorded; (2) a value that outlives its recording is a constant: serials are never used twice, and a
/// serial whose entry is gone is not live; (3) recording costs little: no dictionary, no closure per entry.
public final class Tape {
    private var entries: [Entry] = []
    /// Where serial numbers and indices run in step: a new run begins after entries were dropped.
    private var runs: [(serial: UInt64, index: Int)] = [(1, 0)]
    private var nextSerial: UInt64 = 1
    /// Recordings under way: the index where each begins, and whether anything in it depends on an outer one.
    private var recordings: [(start: Int, escapes: Bool)] = []
    private var paused = 0
    private var reservedBytes = 0

    public init() {}

    /// Number of nested recordings.
    public var depth: Int { recordings.count }
    /// True while operations on live variables must be recorded.
    @inline(__always) public var isRecording: Bool { !recordings.isEmpty && paused == 0 }

    /// The index of the entry that made a variable, nil for a constant.
    @inline(__always) func index(of serial: UInt64) -> Int? {
        let last = runs[runs.count - 1]
        if serial >= last.serial {
            let index = last.index + Int(serial - last.serial)
            return index < entries.count ? index : nil
        }
        return olderIndex(of: serial)
    }

    private func olderIndex(of serial: UInt64) -> Int? {
        var r = runs.count - 2
        while r >= 0, runs[r].serial > serial { r -= 1 }
        guard r >= 0 else { return nil }
        let index = runs[r].index + Int(serial - runs[r].serial)
        return index < runs[r + 1].index ? index : nil
    }

    /// True when a value with this serial belongs to a recording under way.
    @inline(__always) public func isLive(_ serial: UInt64) -> Bool {
        serial != 0 && !recordings.isEmpty && index(of: serial) != nil
    }

    /// Begins a recording; `end` must follow.
    public func begin() { recordings.append((entries.count, false)) }

    /// Ends the innermost recording. Its entries go, unless an outer recording depends on them.
    public func end() {
        let last = recordings.removeLast()
        if recordings.isEmpty || !last.escapes {
            entries.removeSubrange(last.start...)
            while let run = runs.last, run.index >= last.start, runs.count > 1 { runs.removeLast() }
            if runs[runs.count - 1].index >= last.start { runs[runs.count - 1] = (nextSerial, last.start) } else { runs.append((nextSerial, last.start)) }
        } else {
            recordings[recordings.count - 1].escapes = recordings[recordings.count - 1].escapes || dependsBefore(last.start, recordings[recordings.count - 1].start)
        }
        if recordings.isEmpty {
            Memory.release(reservedBytes)
            reservedBytes = 0
            if entries.capacity > 1 << 16 { entries = [] }
        }
    }

    /// True when an entry from `start` on has an input older than `limit`.
    private func dependsBefore(_ start: Int, _ limit: Int) -> Bool {
        for entry in entries[start...] {
            for i in 0..<entry.inputs.count {
                let serial = entry.inputs.serial(i)
                if serial != 0, let index = index(of: serial), index < limit { return true }
            }
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
    public func record(_ rule: Rule, _ inputs: Inputs, _ output: Tensor, _ saved: AnyObject?) throws -> UInt64 {
        if entries.count == entries.capacity {
            let bytes = max(64, entries.capacity) * MemoryLayout<Entry>.stride
            guard Memory.reserve(bytes) else { throw TensorError(.limit, "not enough memory for a recording of \(entries.count) operations") }
            reservedBytes += bytes
        }
        let start = recordings[recordings.count - 1].start
        if start > 0, !recordings[recordings.count - 1].escapes {
            for i in 0..<inputs.count {
                let serial = inputs.serial(i)
                if serial != 0, let index = index(of: serial), index < start { recordings[recordings.count - 1].escapes = true }
            }
        }
        entries.append(Entry(rule: rule, inputs: inputs, output: output, saved: saved))
        let serial = nextSerial
        nextSerial += 1
        return serial
    }

    /// A fresh variable with the value of `x`, to differentiate with respect to. `rule` passes its cotangent on.
    public func leaf(_ x: Variable, _ rule: Rule) throws -> Variable {
        var inputs = Inputs()
        inputs.append(x)
        return Variable(x.tensor, try record(rule, inputs, x.tensor, nil))
    }

    /// The gradients of `output` (weighted by `seed`, which has its shape) with respect to `leaves`; nil where
    /// it does not depend on one. Only entries of the innermost recording are visited.
    public func gradients(of output: Variable, seed: Variable, leaves: [UInt64]) throws -> [Variable?] {
        guard let last = index(of: output.serial) else { return leaves.map { _ in nil } }
        let first = recordings[recordings.count - 1].start
        guard last >= first else { return leaves.map { _ in nil } }
        if recordings.count == 1 {
            return try pausing { try walk(last, first, seed, leaves) }
        }
        return try walk(last, first, seed, leaves)
    }

    private func walk(_ last: Int, _ first: Int, _ seed: Variable, _ leaves: [UInt64]) throws -> [Variable?] {
        let lowest = leaves.lazy.compactMap { self.index(of: $0) }.min() ?? first
        var cotangents = [Variable?](repeating: nil, count: last - lowest + 1)
        cotangents[last - lowest] = seed
        var isLeaf = [Bool](repeating: false, count: last - lowest + 1)
        for serial in leaves { if let index = index(of: serial), index <= last { isLeaf[index - lowest] = true } }
        var index = last
        while index >= lowest {
            if let cotangent = cotangents[index - lowest] {
                let entry = entries[index]
                var step = Step(inputs: entry.inputs, output: Variable(entry.output, serial(at: index)), cotangent: cotangent,
                                saved: entry.saved, tape: self, first: lowest)
                // A cotangent that nobody asked for is spent here; its memory goes back at once.
                if !isLeaf[index - lowest] { cotangents[index - lowest] = nil }
                try entry.rule.backward(&step)
                for (serial, part) in step.given {
                    guard let target = self.index(of: serial) else { continue }
                    if let sum = cotangents[target - lowest] {
                        cotangents[target - lowest] = try entry.rule.add(sum, part)
                    } else {
                        cotangents[target - lowest] = part
                    }
                }
            }
            index -= 1
        }
        return leaves.map { serial in
            guard let index = self.index(of: serial), index <= last else { return nil }
            return cotangents[index - lowest]
        }
    }

    private func serial(at index: Int) -> UInt64 {
        var r = runs.count - 1
        while runs[r].index > index { r -= 1 }
        return runs[r].serial + UInt64(index - runs[r].index)
    }
}
