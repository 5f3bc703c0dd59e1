import Files
import Syntax
import Tensors

extension Op {
    /// A file that the binary carries with it.
    private static func embedded(_ name: String) throws -> [UInt8] {
        guard let file = StandardLibrary.files.first(where: { $0.name == name }) else {
            let names = StandardLibrary.files.map(\.name).filter { !$0.hasSuffix(".nns") }
            throw Diagnostic(.io, "there is no embedded file \"\(name)\"", help: ["there are: \(names.joined(separator: ", "))"])
        }
        return Array(file.bytes)
    }

    static let embeddedTable = Operation("_embedded_table(name)", .data, """
        A table of numbers that the program carries with it, a row a line: `digits.csv.gz`, `iris.csv`. The standard \
        library's `digits` and `iris` are made of it.
        """, examples: [("shape(_embedded_table(\"iris.csv\"))", "(150, 5)")], seeAlso: ["digits", "iris"],
        forward: { c in
            let name = try c.string(0)
            return Value(try parseCSV(try inflate(try embedded(name)), path: name).matrix(c.interpreter.defaultType))
        })

    static let data = [embeddedTable]
}
