import CKernels
import Tensors

// What the program tells about the machine it runs on, for tests and benchmarks.
extension Op {
    static let instructionSet = Operation("_instruction_set()", .session, "The instruction set the kernels use: `baseline`, `avx2`, `avx512` or `neon`.",
        forward: { _ in Value(String(cString: nns_isa_name())) })

    static let memoryUsed = Operation("_memory()", .session, "Bytes held by tensors, strings, lists and recordings: `{used, peak}`.",
        forward: { _ in .record(Record(["used", "peak"], [Value(Memory.used), Value(Memory.peak)])) })

    static let machine = [instructionSet, memoryUsed]
}
