import CKernels
import Tensors

// What the program tells about the machine it runs on, for tests and benchmarks.
extension Op {
    static let instructionSet = Operation("_instruction_set()", .session, "The instruction set the kernels use: `baseline`, `avx2`, `avx512` or `neon`.",
        forward: { _ in Value(String(cString: nns_isa_name())) })

    static let memoryUsed = Operation("_memory()", .session, """
        Bytes held by tensors, strings, lists and recordings, the most so far, and the number of blocks taken from the system so
        far (what is given back is kept for reuse): `{used, peak, taken}`.
        """,
        forward: { _ in
            .record(Record(["used", "peak", "taken"], [Value(Memory.used), Value(Memory.peak), Value(nns_memory_taken())]))
        })

    /// The instruction set and the number of threads that the program began with.
    private static let usual = (isa: String(cString: nns_isa_name()), threads: Threads.count)

    static let path = Operation("_path(isa=none, threads=none)", .session, """
        Computes with an instruction set and a number of threads from now on, small loops being divided among the threads too:
        false where this machine lacks the set. `_path()` goes back to what the program began with. Only the time changes, never
        a result: for tests.
        """,
        forward: { c in
            guard case .string(let isa) = c[0] else {
                _ = nns_isa_force(usual.isa)
                Threads.count = usual.threads
                Threads.shrink = 0
                return .bool(true)
            }
            _ = usual
            guard nns_isa_force(isa.string) else { return .bool(false) }
            Threads.count = try c.int(1)
            Threads.shrink = 40
            return .bool(true)
        })

    static let machine = [instructionSet, memoryUsed, path]
}
