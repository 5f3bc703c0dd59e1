import Files
import Glibc
import Runtime
import Syntax

/// The folder in which programs run: empty but for some files to read, gone at the end.
struct World {
    private let folder: String
    private static let files = ["x.npy", "records.npz", "table.csv", "picture.ppm", "images.idx", "labels.idx", "cifar.bin"]

    init() throws {
        var template = Array("/tmp/nns-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil, chdir(template) == 0 else { throw FileError("/tmp", "no folder could be made") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let interpreter = try Interpreter.start(host: Host(write: { _ in }, writeError: { _ in }))
        let text = "save(\"x.npy\", ones(2, 3)); save(\"records.npz\", {net: dense(2)(ones(1, 3)), rate: 0.5, names: (\"a\", \"b\")})"
        try interpreter.run(Source(name: "world", text: text), in: interpreter.makeModule("world"))
        try writeFile("table.csv", Array("width,height,kind\n1,2,a\n3,4.5,b\n".utf8))
        try writeFile("picture.ppm", Array("P3 2 1 255  255 0 0  0 0 255\n".utf8))
        // Two pictures of 2 x 2, their labels; one picture of 32 x 32 in three colours behind its label.
        try writeFile("images.idx", [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8])
        try writeFile("labels.idx", [0, 0, 8, 1, 0, 0, 0, 2, 3, 1])
        try writeFile("cifar.bin", [7] + (0..<3072).map { UInt8($0 & 255) })
    }

    func remove() {
        for name in Self.files { unlink(folder + "/" + name) }
        rmdir(folder)
    }
}
