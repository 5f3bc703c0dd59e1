import Files
import Foundation
import Tensors
import Testing

private func elements(_ x: Tensor) -> [Double] { (0..<x.count).map { x.element($0) } }
private func problem(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no error"
}

@Suite struct NumPyTests {
    private func parse(_ bytes: [UInt8]) throws -> Tensor { try parseNPY(bytes[...], path: "x.npy") }

    @Test func typesAndOrders() throws {
        let a = try parse(Fixture.npyFloat)
        #expect(a.dtype == .f32 && a.shape == [2, 2] && elements(a) == [1.5, 2, 3, -4])
        let f = try parse(Fixture.npyFortran)
        #expect(f.dtype == .f64 && f.shape == [2, 3] && elements(f) == [0, 1, 2, 3, 4, 5])
        let i = try parse(Fixture.npyInts)
        #expect(i.dtype == .f32 && elements(i) == [-3, 70000, 1])
        #expect(elements(try parse(Fixture.npyBig)) == [1, 258])
        let b = try parse(Fixture.npyBool)
        #expect(b.dtype == .bool && b.rank == 0 && elements(b) == [1])
        #expect(elements(try parse(Fixture.npyHalf)) == [0.5, -2, 5.960464477539063e-08, .infinity])
    }

    @Test func archives() throws {
        for bytes in [Fixture.npz, Fixture.npzPacked] {
            let arrays = try parseNPZ(bytes, path: "x.npz")
            #expect(arrays.map(\.name) == ["W", "b"] && elements(arrays[1].array) == [0, 1, 2])
        }
    }

    @Test func writtenFilesReadBack() throws {
        for (dtype, shape) in [(DType.f32, [2, 3]), (.f64, [4]), (.bool, []), (.f32, [0, 2])] {
            let x = try Tensor.make(shape, dtype)
            for i in 0..<x.count { x.setElement(i, dtype == .bool ? 1 : Double(i) / 3) }
            let y = try parse(npyBytes(x))
            #expect(y.dtype == dtype && y.shape == shape && elements(y) == elements(x))
            let z = try parseNPZ(npzBytes([("α", x), ("b", x)]), path: "x")
            #expect(z.map(\.name) == ["α", "b"] && elements(z[1].array) == elements(x))
        }
    }

    @Test func errors() {
        #expect(problem { _ = try parse([1, 2, 3]) } == "x.npy: is not a NumPy array file: the mark \\x93NUMPY is missing")
        #expect(problem { _ = try parse(Array(Fixture.npyFloat.dropLast())) }.contains("the file ends too soon: [2, 2] of type <f4 needs 16 bytes, 15 are left"))
        #expect(problem { _ = try parse(Fixture.npyFloat + [0]) }.contains("1 bytes follow the array"))
        #expect(problem { _ = try parseNPZ([1, 2], path: "x") } == "x: is not a zip archive")
    }
}

@Suite struct ImageTests {
    private func samples(_ bytes: [UInt8], _ full: Double = 255) throws -> [Int] {
        elements(try parseImage(bytes, path: "x", .f64)).map { Int(($0 * full).rounded()) }
    }

    @Test func png() throws {
        #expect(try parseImage(Fixture.pngGrey, path: "x").shape == [1, 2, 3])
        #expect(try samples(Fixture.pngGrey) == [0, 51, 255, 10, 20, 30])
        #expect(try samples(Fixture.pngFilters) == Fixture.pngFiltersSamples)
        #expect(try samples(Fixture.pngInterlaced) == Fixture.pngInterlacedSamples)
        #expect(try samples(Fixture.pngPalette) == [255, 0, 0, 0, 255, 0, 0, 0, 255])
        #expect(try samples(Fixture.pngAlpha16, 65535) == [0x8000, 0xffff])
    }

    @Test func netpbmAndBMP() throws {
        #expect(try samples(Array("P2 # grey\n2 1\n5\n0 5".utf8), 5) == [0, 5])
        #expect(try samples(Array("P6\n1 1\n255\n".utf8) + [1, 2, 3]) == [1, 2, 3])
        #expect(try samples(Array("P5\n1 1\n65535\n".utf8) + [1, 2], 65535) == [258])
        #expect(try samples(Array("P1\n3 1\n101".utf8), 1) == [0, 1, 0])
        #expect(try samples(Array("P4\n3 1\n".utf8) + [0b1010_0000], 1) == [0, 1, 0])
        #expect(try samples(Fixture.bmp) == [255, 255, 0, 0, 0, 255, 0, 255, 0, 255, 255, 0])
    }

    @Test func errors() {
        #expect(problem { _ = try parseImage([0xff, 0xd8, 0xff], path: "x.jpg") } == "x.jpg: is a JPEG picture, which is not read")
        #expect(problem { _ = try parseImage(Array("hello".utf8), path: "x") }.hasPrefix("x: is not a picture in a known format"))
        #expect(problem { _ = try parseImage(Array("P5\n9 9\n255\nabc".utf8), path: "x") }.contains("81 bytes are needed, 3 are left"))
        #expect(problem { _ = try parseImage(Array("P5 9999999 9999999 255 ".utf8), path: "x") }.contains("sizes are 1 to 1048576"))
    }
}

@Suite struct ImageSetTests {
    private func idx(_ type: UInt8, _ sizes: [Int], _ data: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0, 0, type, UInt8(sizes.count)]
        for size in sizes { for shift in [24, 16, 8, 0] { out.append(UInt8(truncatingIfNeeded: size >> shift)) } }
        return out + data
    }
    private func inFolder(_ files: [String: [UInt8]], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nns-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, bytes) in files { try writeFile(folder + "/" + name, bytes) }
        try body(folder)
    }

    @Test func idxFiles() throws {
        let images = idx(8, [2, 1, 2], [0, 255, 51, 0]), labels = idx(8, [2], [1, 0])
        try inFolder(["i": deflateGzip(images), "l": labels, "short": idx(8, [1], [1])]) { folder in
            let set = try loadIDX(images: folder + "/i", labels: folder + "/l")
            #expect(set.x.shape == [2, 1, 1, 2] && elements(set.x) == [0, 1, Double(Float(0.2)), 0] && elements(set.y) == [1, 0])
            #expect(set.classes == ["0", "1"])
            #expect(problem { _ = try loadIDX(images: folder + "/i", labels: folder + "/short") }.hasSuffix("short: holds 1 labels, but \(folder)/i holds 2 images"))
            #expect(problem { _ = try loadIDX(images: folder + "/l", labels: folder + "/i") }.contains("holds [2], not images [n, height, width]"))
        }
        #expect(elements(try parseIDX(idx(0x0b, [2], [0xff, 0xfe, 1, 0]), path: "x")) == [-2, 256])
        #expect(problem { _ = try parseIDX(idx(8, [5], [1]), path: "x") } == "x: the sizes [5] do not fit the file: 1 bytes follow the header, 5 are needed (at byte 8)")
        #expect(problem { _ = try parseIDX(idx(8, [1 << 31, 1 << 31, 1 << 31], []), path: "x") }.contains("do not fit the file"))
    }

    /// The header of a packed file is read first: sizes that do not fit are refused before anything more is unfolded.
    @Test func packedSizes() throws {
        let zeros = [UInt8](repeating: 0, count: 5_000_000)
        let files = ["more": idx(8, [1000, 28, 28], zeros), "less": idx(8, [60000, 28, 28], zeros), "huge": idx(8, [1 << 31, 1 << 31, 1 << 31], zeros),
                     "many": idx(8, [1 << 31, 28, 28], [0]), "cut": Array(idx(8, [7, 9], []).prefix(7)), "mark": [1, 2, 3, 4] + zeros]
        let expected = ["more": "unfolds to more than the 784016 bytes announced", "less": "cannot unfold to 47040016", "huge": "the sizes [2147483648, 2147483648, 2147483648] are too large",
                        "many": "cannot unfold to 1683627180048", "cut": "the file ends too soon", "mark": "is not an IDX file"]
        try inFolder(files.mapValues { try deflateGzip($0) }) { folder in
            for (name, message) in expected { #expect(problem { _ = try loadIDX(folder + "/" + name) }.contains(message), "\(name)") }
        }
    }

    @Test func cifar() throws {
        let record = { (label: UInt8) -> [UInt8] in
            var out = [UInt8](repeating: 0, count: 3073)
            out[0] = label
            for i in 1...1024 { out[i] = 255 }
            return out
        }
        var files = ["test_batch.bin": record(9)]
        for i in 1...5 { files["data_batch_\(i).bin"] = record(UInt8(i)) }
        try inFolder(files) { folder in
            let (train, test) = try loadCIFAR10(folder)
            #expect(train.x.shape == [5, 3, 32, 32] && train.x.element(0) == 1 && train.x.element(1024) == 0)
            #expect(elements(train.y) == [1, 2, 3, 4, 5] && test?.y.element(0) == 9 && train.classes[9] == "truck")
            #expect(try loadCIFAR10(folder + "/test_batch.bin").train.x.shape == [1, 3, 32, 32])
        }
        #expect(problem { _ = try loadCIFAR10("/nonexistent") } == "/nonexistent: cannot open: there is no such file or directory")
    }

    @Test func filesAndFolders() throws {
        #expect(problem { _ = try readFile("/") } == "/: is a directory, not a file")
        try inFolder(["a": [1, 2, 3]]) { folder in
            #expect(try readFile(folder + "/a") == [1, 2, 3])
            try writeFile(folder + "/a", [4])
            #expect(try readFile(folder + "/a") == [4])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a"])
            #expect(problem { try writeFile(folder + "/no/a", [1]) }.hasSuffix("cannot write: there is no such file or directory"))
        }
    }
}

/// Files cut off or damaged anywhere: an error or a value, never a crash.
@Suite struct DamageTests {
    @Test(arguments: Fixture.all.indices) func truncations(_ k: Int) {
        let (name, bytes, parse) = Fixture.all[k]
        for n in 0..<bytes.count {
            #expect(throws: (any Error).self, "\(name) cut to \(n) bytes") { try parse(Array(bytes[..<n])) }
        }
    }

    @Test(arguments: Fixture.all.indices) func damagedBytes(_ k: Int) {
        let (_, bytes, parse) = Fixture.all[k]
        for i in bytes.indices {
            for change: UInt8 in [1, 0x80, 0xff] {
                var damaged = bytes
                damaged[i] ^= change
                try? parse(damaged)
            }
        }
    }

    @Test func packedData() throws {
        var text: [UInt8] = []
        for i in 0..<20_000 { text.append(UInt8(i * i % 251)) }
        let packed = try deflateGzip(text)
        #expect(try inflate(packed) == text)
        #expect(try inflate(packed + packed) == text + text)
        #expect(try inflate(deflateGzip([])) == [])
        for n in stride(from: 0, to: packed.count, by: 7) { #expect(throws: FileError.self) { try inflate(Array(packed[..<n])) } }
        for i in stride(from: 0, to: packed.count, by: 5) {
            var damaged = packed
            damaged[i] ^= 0x10
            _ = try? inflate(damaged)
        }
        let zeros = try deflateGzip([UInt8](repeating: 0, count: 3_000_000))
        #expect(try inflate(zeros).count == 3_000_000)
    }
}
