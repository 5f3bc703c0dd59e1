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

    /// Calls `body(first, last)` for pieces of 0..<count, each at least `grain` long, and returns when all are done.
    ///
    /// The body must not allocate tensors, throw, or touch anything another piece writes.
    @inline(__always)
    public static func run(count: Int, grain: Int, body: (Int, Int) -> Void) {
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

    private struct Body { var call: (Int, Int) -> Void }
}
