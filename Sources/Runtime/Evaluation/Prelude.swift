import Syntax

/// The names that every module begins with: built-ins, constants, and those of the standard library.
///
/// A file of the library runs when one of its names is first mentioned, so that a start costs nothing for what a
/// program does not use. Its files only declare, hence their order does not matter: they share one module, and a name
/// that another file sets is a cell of that module which is filled when that file has run.
final class Prelude {
    private unowned let interpreter: Interpreter
    private var words: [String: Word] = [:]
    /// The files of the library that have not run, by the names that they set.
    private var waiting: [String: (name: String, bytes: UnsafeBufferPointer<UInt8>)] = [:]
    /// Every public name of the library, sorted.
    let libraryNames: [String]
    /// The library's files, each with the names that it sets.
    var libraryFiles: [(title: String, names: [String])] {
        StandardLibrary.files.filter { $0.name.hasSuffix(".nns") }.map { (String($0.name.dropLast(4)), Self.declared(in: $0.bytes)) }
    }
    /// Where the library's files run.
    let library = Module(name: "standard library", isLibrary: true)

    init(_ interpreter: Interpreter) {
        self.interpreter = interpreter
        for file in StandardLibrary.files where file.name.hasSuffix(".nns") {
            for name in Self.declared(in: file.bytes) { waiting[name] = file }
        }
        libraryNames = waiting.keys.filter { !$0.hasPrefix("_") }.sorted()
    }

    /// The value of a name: a built-in's, a constant's, or one of the library's public names.
    subscript(name: String) -> Word? {
        get {
            if let word = words[name] { return word }
            guard !name.hasPrefix("_") else { return nil }
            load(name)
            return words[name]
        }
        set { words[name] = newValue }
    }

    /// Whether a name stands for something; nothing runs.
    func has(_ name: String) -> Bool { words[name] != nil || !name.hasPrefix("_") && waiting[name] != nil }

    /// Every name, in no order.
    var names: Set<String> { Set(words.keys).union(libraryNames) }

    /// Runs the library's file that sets a name, a private one too, unless it has run.
    func load(_ name: String) {
        guard let file = waiting[name] else { return }
        let names = Self.declared(in: file.bytes)
        for name in names { waiting[name] = nil }
        let source = Source(name: "stdlib/\(file.name)", text: String(decoding: file.bytes, as: UTF8.self), isStandardLibrary: true)
        do { try interpreter.run(source, in: library) } catch {
            // Only what stops any code (an interrupt, no memory) ends here: the next mention tries again.
            for name in names { waiting[name] = file }
            return
        }
        for name in names where !name.hasPrefix("_") {
            if let word = library.existingCell(name)?.pointee { words[name] = Word(Value(word)) }
        }
    }

    /// Runs all that has not run.
    func loadAll() {
        while let name = waiting.keys.first {
            load(name)
            if waiting[name] != nil { return }
        }
    }

    /// The names that the lines of a file declare: `fn name(…)`, `layer name(…)`, `object name(…)`, `name = …` at their
    /// beginning.
    private static func declared(in bytes: UnsafeBufferPointer<UInt8>) -> [String] {
        var names: [String] = []
        var line = bytes.startIndex
        while line < bytes.endIndex {
            let end = bytes[line...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            if let name = declared(by: bytes[line..<end]) { names.append(name) }
            line = end + 1
        }
        return names
    }

    private static func declared(by line: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        // A comment, a line further in, a bracket that closes: no declaration.
        guard let first = line.first, first >= 128 || first == UInt8(ascii: "_") || UInt8(ascii: "a")...UInt8(ascii: "z") ~= first | 0x20 else { return nil }
        let words = line.prefix { $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: "=") }.split(separator: UInt8(ascii: " "))
        guard let name = words.last, words.count == (["fn", "layer", "object"].contains { words[0].elementsEqual($0.utf8) } ? 2 : 1) else { return nil }
        return String(decoding: name, as: UTF8.self)
    }
}
