import Files
import Foundation

// Small files as other programs write them (NumPy 2, zlib, PNG encoders), in base64.

enum Fixture {
    static func bytes(_ text: String) -> [UInt8] { [UInt8](Data(base64Encoded: text)!) }

    static let npyFloat = bytes(
        "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAg"
            + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAQAAAQEAAAIDA")
    static let npyFortran = bytes(
        "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAg"
            + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAAhAAAAAAAAA8D8AAAAAAAAQQAAAAAAAAABAAAAAAAAAFEA=")
    static let npyInts = bytes(
        "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAg"
            + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr9/////////3ARAQAAAAAAAQAAAAAAAAA=")
    static let npyBig = bytes(
        "k05VTVBZAQB2AHsnZGVzY3InOiAnPnUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAg"
            + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAQEC")
    static let npyBool = bytes(
        "k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAg"
            + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoB")
    static let npyHalf = bytes(
        "k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDQsKSwgfSAgICAgICAgICAgICAgICAgICAgICAg"
            + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAOADAAQAAfA==")
    static let npz = bytes(
        "UEsDBC0AAAAAAAAAIQDBxqM8//////////8FABQAVy5ucHkBABAAkAAAAAAAAACQAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFu"
            + "X29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCAyKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "ICAKAACAPwAAAAAAAAAAAACAP1BLAwQtAAAAAAAAACEAJCHhK///////////BQAUAGIubnB5AQAQAJgAAAAAAAAAmAAAAAAAAACTTlVNUFkBAHYAeydkZXNj"
            + "cic6ICc8ZjgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
            + "ICAgICAgICAgICAgICAgICAgICAgCgAAAAAAAAAAAAAAAAAA8D8AAAAAAAAAQFBLAQItAy0AAAAAAAAAIQDBxqM8kAAAAJAAAAAFAAAAAAAAAAAAAACAAQAA"
            + "AABXLm5weVBLAQItAy0AAAAAAAAAIQAkIeErmAAAAJgAAAAFAAAAAAAAAAAAAACAAccAAABiLm5weVBLBQYAAAAAAgACAGYAAACWAQAAAAA=")
    static let npzPacked = bytes(
        "UEsDBC0AAAAIAAAAIQD5JdHB//////////8FABQAVy5ucHkBABAAwAYAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSY"
            + "F59flJIKEndLzClOBYoXZyQWpAL5GkYGOgpGBpo6CrUKZAIuhlEwCkbBKBgFo4AMAABQSwMELQAAAAgAAAAhACQh4Sv//////////wUAFABiLm5weQEAEACY"
            + "AAAAAAAAAEwAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNmoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaxjqaOgq1ChQALgYU8MEeynAA"
            + "AFBLAQItAy0AAAAIAAAAIQD5JdHBVQAAAMAGAAAFAAAAAAAAAAAAAACAAQAAAABXLm5weVBLAQItAy0AAAAIAAAAIQAkIeErTAAAAJgAAAAFAAAAAAAAAAAA"
            + "AACAAYwAAABiLm5weVBLBQYAAAAAAgACAGYAAAAPAQAAAAA=")
    static let pngGrey = bytes(
        "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR42mNgMP7PyMXFBQAGdQFSrawNJwAAAABJRU5ErkJggg==")
    static let pngFilters = bytes(
        "iVBORw0KGgoAAAANSUhEUgAAAAMAAAAFCAIAAAAPE8H1AAAAPUlEQVR42gEyAM3/AP/kInnzvQaDZgGoUsETRJA4N8cCRLY16VHT36KUA1yqNR8oP5wdlQTO"
            + "gSSvmpwplgY5dhV9SVFVwwAAAABJRU5ErkJggg==")
    static let pngFiltersSamples: [Int] = [255, 121, 6, 168, 187, 243, 236, 164, 210, 210, 218, 114, 160, 79, 120, 228, 243, 131, 82, 150, 205, 8, 231, 111, 174, 242, 205, 47, 72, 222, 34, 189, 102, 193, 81, 24, 246, 36, 172, 176, 169, 63, 212, 112, 69]
    static let pngInterlaced = bytes(
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAAAAAEJWqqyAAAAHklEQVR42mNQYTBmeMdwyucgQ64rg6MbQ+CTy6esAEUrB2IftPlMAAAAAElFTkSuQmCC")
    static let pngInterlacedSamples: [Int] = [36, 109, 238, 69, 51, 81, 228, 211, 202, 58, 202, 65, 76, 70, 193]
    static let pngPalette = bytes(
        "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgMAAABmjvwnAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAACklEQVR42mOQAAAAGgAZgACOuwAAAABJRU5ErkJggg==")
    static let pngAlpha16 = bytes(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABEAQAAADljNBBAAAADUlEQVR42mNoYPj/HwAFAgJ/yQDWdQAAAABJRU5ErkJggg==")
    static let bmp = bytes(
        "Qk1GAAAAAAAAADYAAAAoAAAAAgAAAAIAAAABABgAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAA/wAAAP8AAAAAAP////8AAA==")

    /// Every binary fixture with the parser that reads it.
    static let all: [(name: String, bytes: [UInt8], parse: ([UInt8]) throws -> Void)] = [
        ("npyFloat", npyFloat, { _ = try parseNPY($0[...], path: "x") }),
        ("npyFortran", npyFortran, { _ = try parseNPY($0[...], path: "x") }),
        ("npyInts", npyInts, { _ = try parseNPY($0[...], path: "x") }),
        ("npyBig", npyBig, { _ = try parseNPY($0[...], path: "x") }),
        ("npyBool", npyBool, { _ = try parseNPY($0[...], path: "x") }),
        ("npyHalf", npyHalf, { _ = try parseNPY($0[...], path: "x") }),
        ("npz", npz, { _ = try parseNPZ($0, path: "x") }),
        ("npzPacked", npzPacked, { _ = try parseNPZ($0, path: "x") }),
        ("pngGrey", pngGrey, { _ = try parseImage($0, path: "x") }),
        ("pngFilters", pngFilters, { _ = try parseImage($0, path: "x") }),
        ("pngInterlaced", pngInterlaced, { _ = try parseImage($0, path: "x") }),
        ("pngPalette", pngPalette, { _ = try parseImage($0, path: "x") }),
        ("pngAlpha16", pngAlpha16, { _ = try parseImage($0, path: "x") }),
        ("bmp", bmp, { _ = try parseImage($0, path: "x") }),
    ]
}
