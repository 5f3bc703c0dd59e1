import Glibc
import Tensors

// Pictures as tensors [channels, height, width] in 0..1: PNG, PGM/PPM/PBM and BMP.

/// Reads a picture: 1 channel (grey), 2 (grey with alpha), 3 (red, green, blue) or 4 (with alpha), as the file has them.
public func loadImage(_ path: String, _ dtype: DType = .f32) throws -> Tensor {
    try parseImage(readFile(path), path: path, dtype)
}

/// Parses a picture from bytes.
public func parseImage(_ bytes: [UInt8], path: String, _ dtype: DType = .f32) throws -> Tensor {
    if bytes.starts(with: pngMark) { return try parsePNG(bytes, path: path).tensor(path, dtype) }
    if bytes.starts(with: Array("BM".utf8)) { return try parseBMP(bytes, path: path).tensor(path, dtype) }
    if bytes.count > 2, bytes[0] == UInt8(ascii: "P"), (49...54).contains(bytes[1]) { return try parsePNM(bytes, path: path).tensor(path, dtype) }
    if bytes.starts(with: [0xff, 0xd8]) { throw FileError(path, "is a JPEG picture, which is not read", help: ["convert it to PNG"]) }
    if bytes.starts(with: Array("GIF8".utf8)) { throw FileError(path, "is a GIF picture, which is not read", help: ["convert it to PNG"]) }
    throw FileError(path, "is not a picture in a known format: PNG, PPM, PGM, PBM or BMP")
}

/// Samples as read: row by row, channels together.
struct Picture {
    var width: Int, height: Int, channels: Int
    /// The sample that stands for 1.
    var full: Int
    var samples: [UInt16]

    func tensor(_ path: String, _ dtype: DType) throws -> Tensor {
        let x = try Tensor.make([channels, height, width], dtype)
        let plane = width * height
        for c in 0..<channels {
            for i in 0..<plane { x.setElement(c * plane + i, Double(samples[i * channels + c]) / Double(full)) }
        }
        return x
    }
}

/// Sizes that make sense and fit into memory.
func checkPicture(_ width: Int, _ height: Int, _ channels: Int, _ path: String) throws {
    guard width > 0, height > 0, width <= 1 << 20, height <= 1 << 20 else {
        throw FileError(path, "a picture of \(width) × \(height) is not read: sizes are 1 to 1048576")
    }
    try checkMemory(width * height * channels * 4, path)
}

// MARK: Portable any-map (netpbm)

/// P1 to P6: bitmap, grey or colour, as text or bytes.
private func parsePNM(_ bytes: [UInt8], path: String) throws -> Picture {
    let kind = Int(bytes[1]) - 48
    var at = 2
    func fail(_ message: String) -> FileError { FileError(path, message, .offset(at)) }
    func isBlank(_ c: UInt8) -> Bool { c == 32 || (9...13).contains(c) }
    /// The next number of the header or of a text picture; comments run from # to the end of the line.
    func number(_ what: String, digits most: Int = 7) throws -> Int {
        while at < bytes.count, isBlank(bytes[at]) || bytes[at] == UInt8(ascii: "#") {
            if bytes[at] == UInt8(ascii: "#") { while at < bytes.count, bytes[at] != 10 { at += 1 } } else { at += 1 }
        }
        var value = 0, digits = 0
        while at < bytes.count, digits < most, (48...57).contains(bytes[at]) {
            value = value * 10 + Int(bytes[at] - 48)
            digits += 1
            at += 1
        }
        guard digits > 0 else { throw fail(at >= bytes.count ? "the file ends too soon: \(what) is missing" : "expected \(what)") }
        return value
    }
    let width = try number("the width"), height = try number("the height")
    let isBitmap = kind == 1 || kind == 4
    let full = isBitmap ? 1 : try number("the largest value")
    guard full >= 1, full <= 65535 else { throw fail("the largest value is \(full), not in 1 … 65535") }
    let channels = kind == 3 || kind == 6 ? 3 : 1
    try checkPicture(width, height, channels, path)
    let count = width * height * channels
    var samples: [UInt16] = []
    if kind <= 3 {
        guard count <= bytes.count - at else { throw fail("the file ends too soon: \(count) values are needed") }
        samples.reserveCapacity(count)
        for _ in 0..<count {
            let v = try number("a value", digits: kind == 1 ? 1 : 7)
            guard v <= full else { throw fail("the value \(v) is above the largest, \(full)") }
            samples.append(UInt16(kind == 1 ? 1 - v : v))
        }
        return Picture(width: width, height: height, channels: channels, full: full, samples: samples)
    }
    guard at < bytes.count, isBlank(bytes[at]) else { throw fail("expected a blank after the header") }
    at += 1
    let rowBytes = isBitmap ? (width + 7) / 8 : width * channels * (full > 255 ? 2 : 1)
    guard rowBytes * height <= bytes.count - at else {
        throw fail("the file ends too soon: \(rowBytes * height) bytes are needed, \(bytes.count - at) are left")
    }
    samples.reserveCapacity(count)
    for y in 0..<height {
        let row = at + y * rowBytes
        for i in 0..<(width * channels) {
            if isBitmap {
                samples.append(UInt16(1 - (bytes[row + i / 8] >> UInt8(7 - i % 8)) & 1))
            } else {
                let v = full > 255 ? UInt16(bytes[row + 2 * i]) << 8 | UInt16(bytes[row + 2 * i + 1]) : UInt16(bytes[row + i])
                guard v <= full else { throw FileError(path, "the value \(v) is above the largest, \(full)", .offset(row + i)) }
                samples.append(v)
            }
        }
    }
    return Picture(width: width, height: height, channels: channels, full: full, samples: samples)
}

// MARK: Windows bitmap

/// Uncompressed BMP with 1, 4, 8 (palette), 24 or 32 bits.
private func parseBMP(_ bytes: [UInt8], path: String) throws -> Picture {
    var reader = ByteReader(bytes, path: path)
    try reader.skip(10, "the header")
    let start = try reader.little(4, "the header")
    let size = try reader.little(4, "the header")
    guard size >= 40 else { throw reader.fail("this kind of BMP (header of \(size) bytes) is not read") }
    let width = Int(Int32(truncatingIfNeeded: try reader.little(4, "the width")))
    let signedHeight = Int(Int32(truncatingIfNeeded: try reader.little(4, "the height")))
    try reader.skip(2, "the header")
    let depth = try reader.little(2, "the depth"), packing = try reader.little(4, "the packing")
    try reader.skip(12, "the header")
    let used = try reader.little(4, "the palette's size")
    guard packing == 0 || (packing == 3 && depth == 32) else { throw reader.fail("packed BMP pictures (method \(packing)) are not read", help: ["convert it to PNG"]) }
    guard [1, 4, 8, 24, 32].contains(depth) else { throw reader.fail("BMP pictures of \(depth) bits are not read", help: ["convert it to PNG"]) }
    let height = abs(signedHeight)
    try checkPicture(width, height, 3, path)
    var palette: [[UInt16]] = []
    if depth <= 8 {
        let entries = used == 0 ? 1 << depth : used
        guard entries <= 256 else { throw reader.fail("damaged: a palette of \(entries) colours") }
        try reader.seek(14 + size, "the palette")
        for _ in 0..<entries {
            let entry = Array(try reader.take(4, "the palette"))
            palette.append([UInt16(entry[2]), UInt16(entry[1]), UInt16(entry[0])])
        }
    }
    let rowBytes = (width * depth + 31) / 32 * 4
    try reader.seek(start, "the picture")
    try reader.need(rowBytes * height, "the picture")
    let isGrey = depth <= 8 && palette.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] }
    let channels = isGrey ? 1 : 3
    var samples: [UInt16] = []
    samples.reserveCapacity(width * height * channels)
    for y in 0..<height {
        let row = start + (signedHeight > 0 ? height - 1 - y : y) * rowBytes
        for x in 0..<width {
            if depth >= 24 {
                let p = row + x * depth / 8
                samples += [UInt16(bytes[p + 2]), UInt16(bytes[p + 1]), UInt16(bytes[p])]
            } else {
                let index = Int(bytes[row + x * depth / 8] >> UInt8(8 - depth - x * depth % 8)) & ((1 << depth) - 1)
                guard index < palette.count else { throw FileError(path, "damaged: colour \(index) of a palette of \(palette.count)", .offset(row)) }
                if isGrey { samples.append(palette[index][0]) } else { samples += palette[index] }
            }
        }
    }
    return Picture(width: width, height: height, channels: channels, full: 255, samples: samples)
}
