import CKernels

/// Parallel loops over independent outputs.
///
/// The pool's threads sleep while there is nothing to do and are started by the first loop that is large enough.
/// No result depends on the number of threads (`NNS_THREADS`, or the processor's cores).
public enum Threads {
    /// The number of threads in use, the caller's included.
    public static var count: Int {
        get { Int(nns_threads()) }
        set { nns_threads_set(Int32(clamping: newValue)) }
    }

    /// Calls `body(first, last)` for pieces of 0..<count and returns when all are done. `grain` is about 20 µs of work: no
    /// piece is shorter, and loops of fewer than `leastGrains` stay on one thread.
    ///
    /// The body must not allocate tensors, throw, or touch anything another piece writes.
    @inline(__always)
    public static func run(count: Int, grain: Int, body: (Int, Int) -> Void) {
        runPieces(count: count, grain: isWorthwhile(count, grain) ? Swift.max(1, grain >> shrink) : count, body: body)
    }

    /// True where threads pay.
    @inline(__always) static func isWorthwhile(_ count: Int, _ grain: Int) -> Bool { count / leastGrains >= Swift.max(1, grain >> shrink) }

    /// Grains from which on threads pay. Waking one costs up to 10 µs, which is lost where the machine is busy and it comes
    /// too late: ten grains of 20 µs keep the loss below 5%.
    private static let leastGrains = 10
    /// All grains are divided by two to this power: tests set it, so that small loops take several threads too.
    public static var shrink = 0

    /// The same without a least number of grains.
    @inline(__always)
    static func runPieces(count: Int, grain: Int, body: (Int, Int) -> Void) {
        if count <= grain { if count > 0 { body(0, count) }; return }
        withoutActuallyEscaping(body) { body in
            var box = Body(call: body)
            withUnsafeMutablePointer(to: &box) { pointer in
                nns_parallel(count, grain, { context, first, last in
                    context!.assumingMemoryBound(to: Body.self).pointee.call(first, last)
                }, pointer)
            }
        }
    }

    /// The same for long work whose result nobody uses after an interrupt: what is not done when one comes is left out. The
    /// evaluator looks for an interrupt behind every operation, before its result is used.
    @inline(__always)
    public static func runUnlessInterrupted(count: Int, grain: Int, body: (Int, Int) -> Void) {
        guard count / interruptGrains > grain else { return run(count: count, grain: grain, body: body) }
        let span = grain &* interruptGrains
        run(count: count, grain: grain) { first, last in
            var at = first
            while at < last, !nns_interrupted() {
                let end = Swift.min(last, at &+ span)
                body(at, end)
                at = end
            }
        }
    }

    /// Calls `body` with parts of 0..<count in order, on this thread, until an interrupt.
    @inline(__always)
    public static func untilInterrupted(count: Int, body: (Range<Int>) throws -> Void) rethrows {
        var at = 0
        while at < count, !nns_interrupted() {
            let end = Swift.min(count, at &+ 1 << 16)
            try body(at..<end)
            at = end
        }
    }

    /// Grains between two looks: well below a millisecond of work.
    private static let interruptGrains = 16

    private struct Body { var call: (Int, Int) -> Void }
}
