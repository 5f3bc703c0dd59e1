import CKernels
import Glibc

/// The variables that force a path of the kernels, or a limit. A value that forces nothing is a mistake, and is said to be one.
enum Environment {
    /// What is wrong with them, nil where nothing is.
    static func fault() -> String? {
        if let name = value("NNS_ISA"), !nns_isa_force(name) {
            let names = ["baseline", "avx2", "avx512", "neon"]
            return names.contains(name) ? "NNS_ISA=\(name): this processor does not have it"
                : "NNS_ISA=\(name): it must be one of \(names.joined(separator: ", "))"
        }
        if let count = value("NNS_THREADS"), Int(count).map({ $0 < 1 }) ?? true {
            return "NNS_THREADS=\(count): it must be a whole number from 1"
        }
        if let bytes = value("NNS_MEMORY"), Int(bytes).map({ $0 < 1 }) ?? true {
            return "NNS_MEMORY=\(bytes): it must be a whole number of bytes, written out"
        }
        return nil
    }

    private static func value(_ name: String) -> String? {
        guard let text = getenv(name), text[0] != 0 else { return nil }
        return String(cString: text)
    }
}
