import CStandardLibrary
import Files
import Syntax
import Tensors

/// The files that the binary carries with it.
public enum EmbeddedFile {
    /// All of them: the standard library's modules (`*.nns`) first, in the order in which they run. The bytes stay
    /// for the life of the process.
    public static let all: [(name: String, bytes: UnsafeRawBufferPointer)] = {
        var count: UInt = 0
        guard let files = nns_embedded_files(&count) else { return [] }
        return (0..<Int(count)).map { i in
            (String(cString: files[i].name), UnsafeRawBufferPointer(start: files[i].bytes, count: Int(files[i].size)))
        }
    }()

    /// The bytes of one file, decompressed where its name ends in `.gz`.
    static func contents(_ name: String) throws -> [UInt8] {
        guard let file = all.first(where: { $0.name == name }) else {
            throw Diagnostic(.io, "there is no embedded file \"\(name)\"", help: ["there are: \(all.map(\.name).filter { !$0.hasSuffix(".nns") }.joined(separator: ", "))"])
        }
        return name.hasSuffix(".gz") ? try Gzip.decompress(file.bytes) : Array(file.bytes)
    }
}

extension Op {
    /// Reads rows of comma-separated decimal numbers; lines with anything else (a header) are left out.
    private static func table(_ bytes: [UInt8], _ dtype: DType) throws -> Tensor {
        var values: [Double] = []
        var columns = 0, rows = 0
        for line in bytes.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            let begin = values.count
            for field in line.split(separator: 44, omittingEmptySubsequences: false) {
                guard let x = Double(String(decoding: field, as: UTF8.self)) else { break }
                values.append(x)
            }
            let width = line.reduce(1) { $0 + ($1 == 44 ? 1 : 0) }
            guard values.count - begin == width, rows == 0 || width == columns else {
                values.removeSubrange(begin...)
                continue
            }
            columns = width
            rows += 1
        }
        let result = try Tensor.make([rows, columns], dtype)
        for (i, x) in values.enumerated() { result.setElement(i, x) }
        return result
    }

    static let embeddedTable = Operation("_embedded_table(name)", .data, """
        A table of numbers that the program carries with it, a row a line: `digits.csv.gz`, `iris.csv`. The standard \
        library's `digits` and `iris` are made of it.
        """, examples: [("shape(_embedded_table(\"iris.csv\"))", "(150, 5)")], seeAlso: ["digits", "iris"],
        forward: { c in Value(try table(try EmbeddedFile.contents(try c.string(0)), c.interpreter.defaultType)) })

    static let dataOperations = [embeddedTable]
}
