import CStandardLibrary

extension Op {
    /// Every built-in, in the order of the help. Operators are documented but have no name to call.
    public static let all: [Operation] = [
        creation, randomness, elementwise, activations, reductions, norms, sorting, shapes, assembling, products, factorizations,
        neural, losses, lists, records, text, gradients, gradientChecks, networks, optimizerUpdates, session, machine, refusals, data, pictures,
    ].flatMap { (list: [Operation]) in list }
}

/// The embedded standard library.
enum StandardLibrary {
    /// The files of the library itself, as text.
    static var sources: [(name: String, text: String)] {
        files.filter { $0.name.hasSuffix(".nns") }.map { ($0.name, String(decoding: $0.bytes, as: UTF8.self)) }
    }

    /// Every embedded file, data sets included.
    static var files: [(name: String, bytes: UnsafeBufferPointer<UInt8>)] {
        var count: UInt = 0
        guard let table = nns_embedded_files(&count) else { return [] }
        return (0..<Int(count)).map { (String(cString: table[$0].name), UnsafeBufferPointer(start: table[$0].bytes, count: Int(table[$0].size))) }
    }
}
