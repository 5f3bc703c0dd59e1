import Tensors

// PNG pictures: every colour type and depth, interlaced or not, checksums verified.
// Source: W3C, Portable Network Graphics (PNG) Specification.

let pngMark: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

private struct PNGHeader {
    var width = 0, height = 0, depth = 0, colour = 0
    var isInterlaced = false

    /// Samples of a pixel as stored.
    var channels: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][colour] ?? 0 }

    var isValid: Bool {
        switch colour {
        case 0: [1, 2, 4, 8, 16].contains(depth)
        case 3: [1, 2, 4, 8].contains(depth)
        case 2, 4, 6: depth == 8 || depth == 16
        default: false
        }
    }

    /// The passes: where each starts and how far apart its pixels are. Empty passes are left out.
    var passes: [(x: Int, y: Int, dx: Int, dy: Int, width: Int, height: Int)] {
        let all = isInterlaced
            ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
            : [(0, 0, 1, 1)]
        return all.map { ($0.0, $0.1, $0.2, $0.3, (width - $0.0 + $0.2 - 1) / $0.2, (height - $0.1 + $0.3 - 1) / $0.3) }
            .filter { $0.4 > 0 && $0.5 > 0 }
    }

    func rowBytes(_ width: Int) -> Int { (width * channels * depth + 7) / 8 }
}

func parsePNG(_ bytes: [UInt8], path: String) throws -> Picture {
    var reader = ByteReader(bytes, path: path)
    try reader.skip(8, "the mark")
    var header: PNGHeader?
    var palette: [UInt8] = [], transparency: [UInt8]?
    var packed: [UInt8] = []
    while true {
        let length = try reader.big(4, "a chunk's length")
        try reader.need(length + 8, "a chunk")
        let body = try reader.take(4 + length, "a chunk")
        let type = String(decoding: body.prefix(4), as: UTF8.self)
        guard try reader.big(4, "a checksum") == Int(checksum(body)) else { throw reader.fail("damaged: the checksum of chunk `\(type)` is wrong") }
        let data = body.dropFirst(4)
        if header == nil && type != "IHDR" { throw reader.fail("damaged: the picture does not begin with its header") }
        switch type {
        case "IHDR":
            guard length == 13, header == nil else { throw reader.fail("damaged: the header has \(length) bytes") }
            var fields = ByteReader(data, path: path)
            var h = PNGHeader()
            h.width = try fields.big(4, "the width")
            h.height = try fields.big(4, "the height")
            h.depth = try fields.u8("the depth")
            h.colour = try fields.u8("the colour type")
            let method = try fields.big(2, "the method"), interlace = try fields.u8("the interlacing")
            guard h.isValid, method == 0, interlace <= 1 else { throw reader.fail("damaged: colour type \(h.colour) with \(h.depth) bits") }
            h.isInterlaced = interlace == 1
            try checkPicture(h.width, h.height, 4, path)
            header = h
        case "PLTE":
            guard length % 3 == 0, length <= 768, length > 0 else { throw reader.fail("damaged: a palette of \(length) bytes") }
            palette = Array(data)
        case "tRNS": transparency = Array(data)
        case "IDAT": packed += data
        case "IEND": break
        default:
            // A capital first letter marks a chunk that one must understand.
            guard let first = body.first, first & 0x20 != 0 else { throw reader.fail("the chunk `\(type)` is unknown") }
        }
        if type == "IEND" { break }
    }
    guard let header else { throw reader.fail("damaged: there is no header") }
    if header.colour == 3 && palette.isEmpty { throw reader.fail("damaged: the palette is missing") }
    var size = 0
    for pass in header.passes { size += (header.rowBytes(pass.width) + 1) * pass.height }
    let data = try unpack(packed[...], .zlib, path: path, size: size)
    return try PNGDecoder(header: header, palette: palette, transparency: transparency, path: path).decode(data)
}

private struct PNGDecoder {
    let header: PNGHeader
    let palette: [UInt8]
    let transparency: [UInt8]?
    let path: String

    func decode(_ packed: [UInt8]) throws -> Picture {
        var data = packed
        let stored = header.channels, depth = header.depth
        let isIndexed = header.colour == 3
        let hasAlpha = isIndexed && transparency != nil
        let channels = isIndexed ? (hasAlpha ? 4 : 3) : stored
        var samples = [UInt16](repeating: 0, count: header.width * header.height * channels)
        var at = 0
        for pass in header.passes {
            let rowBytes = header.rowBytes(pass.width)
            try unfilter(&data, at, rowBytes, pass.height, max(1, stored * depth / 8))
            for y in 0..<pass.height {
                let row = at + y * (rowBytes + 1) + 1
                for x in 0..<pass.width {
                    let pixel = ((pass.y + y * pass.dy) * header.width + pass.x + x * pass.dx) * channels
                    for c in 0..<stored {
                        let value = sample(data, row, x * stored + c, depth)
                        if !isIndexed { samples[pixel + c] = value; continue }
                        let index = Int(value)
                        guard index * 3 + 2 < palette.count else { throw FileError(path, "damaged: colour \(index) of a palette of \(palette.count / 3)") }
                        for k in 0..<3 { samples[pixel + k] = UInt16(palette[index * 3 + k]) }
                        if let transparency, hasAlpha { samples[pixel + 3] = index < transparency.count ? UInt16(transparency[index]) : 255 }
                    }
                }
            }
            at += (rowBytes + 1) * pass.height
        }
        return Picture(width: header.width, height: header.height, channels: channels,
                       full: isIndexed ? 255 : (1 << depth) - 1, samples: samples)
    }

    @inline(__always)
    private func sample(_ data: [UInt8], _ row: Int, _ i: Int, _ depth: Int) -> UInt16 {
        if depth == 8 { return UInt16(data[row + i]) }
        if depth == 16 { return UInt16(data[row + 2 * i]) << 8 | UInt16(data[row + 2 * i + 1]) }
        let bit = i * depth
        return UInt16(data[row + bit / 8] >> UInt8(8 - depth - bit % 8)) & UInt16((1 << depth) - 1)
    }

    /// Undoes the row filters of one pass in place; `step` is the distance to the pixel on the left in bytes.
    private func unfilter(_ data: inout [UInt8], _ start: Int, _ rowBytes: Int, _ rows: Int, _ step: Int) throws {
        for y in 0..<rows {
            let filter = data[start + y * (rowBytes + 1)]
            guard filter <= 4 else { throw FileError(path, "damaged: row \(y) has the unknown filter \(filter)") }
            if filter == 0 { continue }
            let row = start + y * (rowBytes + 1) + 1
            for i in 0..<rowBytes {
                let left = i >= step ? Int(data[row + i - step]) : 0
                let up = y > 0 ? Int(data[row + i - rowBytes - 1]) : 0
                let prediction: Int
                switch filter {
                case 1: prediction = left
                case 2: prediction = up
                case 3: prediction = (left + up) / 2
                default:
                    let corner = y > 0 && i >= step ? Int(data[row + i - rowBytes - 1 - step]) : 0
                    let estimate = left + up - corner
                    let a = abs(estimate - left), b = abs(estimate - up), c = abs(estimate - corner)
                    prediction = a <= b && a <= c ? left : b <= c ? up : corner
                }
                data[row + i] = data[row + i] &+ UInt8(prediction)
            }
        }
    }
}
