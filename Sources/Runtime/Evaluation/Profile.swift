import Autodiff
import CKernels
import Glibc
import Tensors

// What a piece of work costs: time, memory, and the operations by cost. `time(f)` and the prompt tell it.
//
// Goals: nothing on the way of work that nobody measures but one test of a pointer; about 20 ns an operation where one does.

/// How often operations were called and how long they took themselves, without the operations that they called.
final class Profile {
    private struct Row {
        let name: String
        var calls = 0
        var ticks: UInt64 = 0
    }

    private var rows: [Row] = []
    private var forward: [ObjectIdentifier: Int] = [:], backward: [ObjectIdentifier: Int] = [:]
    /// Ticks of the operations that the running one has called.
    private var inner: UInt64 = 0
    private var isInGradient = false

    /// A forward pass. One that calls others is no kernel: what it takes itself is the program's.
    @inline(never) func measure(_ operation: Operation, _ body: () throws -> Value) rethrows -> Value {
        if isInGradient { return try body() }
        let before = inner, begin = nns_ticks()
        inner = 0
        defer {
            let ticks = nns_ticks() &- begin
            if inner == 0 { note(operation, ticks, &forward, operation.name) }
            inner = before &+ (inner == 0 ? ticks : inner)
        }
        return try body()
    }

    /// A gradient rule, with the operations that it is made of.
    @inline(never) func measureGradient(_ rule: Rule, _ body: () throws -> Void) rethrows {
        guard !isInGradient, let operation = rule as? Operation else { return try body() }
        isInGradient = true
        let begin = nns_ticks()
        defer {
            let ticks = nns_ticks() &- begin
            isInGradient = false
            note(operation, ticks, &backward, "gradient of \(operation.name)")
            inner &+= ticks
        }
        try body()
    }

    private func note(_ operation: Operation, _ ticks: UInt64, _ places: inout [ObjectIdentifier: Int], _ name: @autoclosure () -> String) {
        let key = ObjectIdentifier(operation)
        let i: Int
        if let known = places[key] { i = known } else {
            i = rows.count
            places[key] = i
            rows.append(Row(name: name()))
        }
        rows[i].calls += 1
        rows[i].ticks &+= ticks
    }

    /// A line for each of the costliest operations and one for the rest, where any was called; `ticks` in all took `seconds`.
    /// Times and calls are those of one of `repeats` repetitions.
    fileprivate func lines(_ ticks: UInt64, _ seconds: Double, _ repeats: Int) -> [String] {
        guard !rows.isEmpty, ticks > 0 else { return [] }
        let most = 8
        let sorted = rows.sorted { $0.ticks > $1.ticks }
        var shown = sorted.prefix(most).map { (cost: $0.ticks, calls: $0.calls, name: $0.name) }
        let others = sorted.dropFirst(most)
        if !others.isEmpty { shown.append((others.reduce(0) { $0 + $1.ticks }, others.reduce(0) { $0 + $1.calls }, "\(others.count) other operations")) }
        let spent = rows.reduce(0) { $0 + $1.ticks }
        shown.append((ticks > spent ? ticks - spent : 0, 0, "the program around them"))
        func padded(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
        let cells = shown.map { row in
            let share = Double(row.cost) / Double(ticks)
            let calls = row.calls == 0 ? "" : "\((row.calls + repeats - 1) / repeats)×"
            return ["\(Int((100 * share).rounded()))%", Measurement.duration(share * seconds / Double(repeats)), calls, row.name]
        }
        let widths = (0..<3).map { j in cells.map { $0[j].count }.max()! }
        return cells.map { row in "  " + (0..<3).map { padded(row[$0], widths[$0]) }.joined(separator: "  ") + "  " + row[3] }
    }
}

/// Time and memory of a piece of work, and its operations by cost where they are asked for.
public final class Measurement {
    private let interpreter: Interpreter
    private let profile: Profile?
    private let outer: Profile?
    private let begin = Measurement.now(), ticks = nns_ticks()
    private let blocks = nns_memory_taken(), peak = nns_memory_peak
    public private(set) var seconds = 0.0
    private var most = 0, taken = 0, spent: UInt64 = 0

    public init(_ interpreter: Interpreter, byOperation: Bool) {
        self.interpreter = interpreter
        outer = interpreter.profile
        profile = byOperation ? Profile() : nil
        if byOperation { interpreter.profile = profile }
        nns_memory_peak = nns_memory_used
    }

    /// The end of the work, at the first call.
    public func stop() {
        guard spent == 0 else { return }
        seconds = Self.now() - begin
        spent = max(nns_ticks() &- ticks, 1)
        (most, taken) = (nns_memory_peak, nns_memory_taken() - blocks)
        nns_memory_peak = max(peak, most)
        if profile != nil { interpreter.profile = outer }
    }

    /// What is told of it. `median`: the median time of `count` repetitions, which were measured before `repeats` others that
    /// this is the measurement of.
    public func report(median: (seconds: Double, count: Int)? = nil, repeats: Int = 1) -> String {
        let time = median.map { "\(Self.duration($0.seconds)) (median of \($0.count))" } ?? Self.duration(seconds)
        let memory = Double(most) / 1_048_576
        let size = memory < 0.05 ? "less than 0.1" : "at most \(memory < 100 ? numberText((memory * 10).rounded() / 10) : numberText(memory.rounded()))"
        let line = "\(time), \(size) MB of memory in use, " + (taken == 0 ? "no" : "\(taken)") + " new block\(taken == 1 ? "" : "s") from the system"
        return ([line] + (profile?.lines(spent, seconds, repeats) ?? [])).joined(separator: "\n") + "\n"
    }

    /// A time in a unit that suits it, to three digits.
    static func duration(_ seconds: Double) -> String {
        let (scale, unit) = seconds < 1e-6 ? (1e9, "ns") : seconds < 1e-3 ? (1e6, "µs") : seconds < 1 ? (1e3, "ms") : (1, "s")
        let x = seconds * scale
        let digits = x < 10 ? 100.0 : x < 100 ? 10.0 : 1.0
        return "\(numberText((x * digits).rounded() / digits)) \(unit)"
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
