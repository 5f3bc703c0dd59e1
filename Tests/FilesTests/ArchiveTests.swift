import Files
import Tensors
import Testing

@Suite struct ArchiveTests {
    private func everything() throws -> StoredValue {
        let w = try Tensor.make([2, 2], .f32)
        for i in 0..<4 { w.f32[i] = Float(i) / 3 }
        let layer = StoredValue.object(id: 0, name: "dense", isLibrary: true,
                                       fields: [("units", .number(2)), ("W", .tensor(name: "0.W", w)), ("b", .none)],
                                       stream: RandomStream(seed: .max, stream: 7, call: 3))
        return .record([
            ("net", .list([layer, .reference(0), .function("relu")])), ("same", .tensor(name: "0.W", w)),
            ("numbers", .list([.number(0.1), .number(.nan), .number(-.infinity), .number(-0.0), .number(5e-324), .number(1e300)])),
            ("x", .scalar(Double(Float(0.1)), .f32)), ("text", .string("a \"λ\"\n\t\\ \u{1}")), ("flag", .bool(true)),
            ("r", .range(start: 1, step: 0.5, count: 3)), ("stream", .stream(RandomStream(seed: 1, stream: 2, call: 3))),
        ])
    }

    @Test func readsBackToTheBit() throws {
        let bytes = try archiveBytes(everything())
        let back = try parseArchive(bytes, path: "x")
        #expect(try archiveBytes(back) == bytes)
        guard case .record(let fields) = back, case .list(let numbers) = fields[2].value, case .number(let zero) = numbers[3] else {
            Issue.record("another structure")
            return
        }
        #expect(zero.sign == .minus && fields.map(\.key) == ["net", "same", "numbers", "x", "text", "flag", "r", "stream"])
        if case .string(let s) = fields[4].value { #expect(s == "a \"λ\"\n\t\\ \u{1}") }
    }

    @Test func numpyReadsTheTensors() throws {
        let members = try zipMembers(archiveBytes(everything()), path: "x").map(\.name)
        #expect(members == ["nns.json", "0.W.npy", "0.W~2.npy"])
        guard case .record(let arrays) = try parseArchive(Fixture.npz, path: "x") else { Issue.record("not a record"); return }
        #expect(arrays.map(\.key) == ["W", "b"])
    }

    @Test func damageIsAnError() throws {
        let bytes = try archiveBytes(everything())
        for n in 0..<bytes.count { #expect(throws: FileError.self) { try parseArchive(Array(bytes[..<n]), path: "x") } }
        func structure(_ text: String) -> [UInt8] { (try? zipBytes([("nns.json", Array(text.utf8))])) ?? [] }
        for text in ["", "{", "[1,", "{\"format\": 1}", "{\"format\": 2, \"value\": 1}", "{\"format\": 1, \"value\": {\"tensor\": \"W\"}}",
                     "{\"format\": 1, \"value\": {\"range\": [0, 1, -5]}}", "{\"format\": 1, \"value\": {\"object\": 1e99}}",
                     "{\"format\": 1, \"value\": {\"record\": [[\"a\", 1], [\"a\", 2]]}}", "{\"format\": 1, \"value\": \"\\ud800\"}",
                     String(repeating: "[", count: 100_000)] {
            #expect(throws: FileError.self, "\(text.prefix(60))") { try parseArchive(structure(text), path: "x") }
        }
        // Every byte of the structure changed, checksums made right again.
        let members = try zipMembers(bytes, path: "x")
        for i in members[0].data.indices {
            var damaged = members
            damaged[0].data[i] ^= 2
            _ = try? parseArchive(zipBytes(damaged), path: "x")
        }
    }

    @Test func depthIsBounded() {
        var deep = StoredValue.none
        for _ in 0..<150 { deep = .list([deep]) }
        #expect(throws: FileError.self) { try archiveBytes(deep) }
    }
}
