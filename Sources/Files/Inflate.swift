import CKernels
import Glibc
import Tensors

// Unpacking by zlib, with bounds on what a small file may unfold to.

enum Packing: Int32 {
    case raw = -15, zlib = 15, gzip = 31
}

/// Unpacks gzip data, all members of it.
public func inflate(_ bytes: [UInt8], path: String = "data") throws -> [UInt8] {
    try unpack(bytes[...], .gzip, path: path, size: nil)
}

/// The first `count` bytes of gzip data, fewer where it has fewer.
func inflate(_ bytes: [UInt8], first count: Int, path: String) throws -> [UInt8] {
    var stream = z_stream()
    guard nns_inflate_init(&stream, Packing.gzip.rawValue) == Z_OK else { throw FileError(path, "cannot unpack: zlib failed to start") }
    defer { inflateEnd(&stream) }
    var status = Z_OK
    let out = [UInt8](unsafeUninitializedCapacity: count) { buffer, produced in
        bytes.withUnsafeBufferPointer { input in
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress!)
            stream.avail_in = UInt32(min(input.count, 1 << 30))
            stream.next_out = buffer.baseAddress!
            stream.avail_out = UInt32(count)
            status = inflate(&stream, Z_NO_FLUSH)
        }
        produced = count - Int(stream.avail_out)
    }
    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
        throw FileError(path, "damaged: the packed data cannot be unfolded", .offset(Int(stream.total_in)))
    }
    return out
}

/// Unpacks deflated data. With `size` the result must have exactly that many bytes.
func unpack(_ bytes: ArraySlice<UInt8>, _ packing: Packing, path: String, size: Int?) throws -> [UInt8] {
    // Deflate cannot do better than 1032 : 1: a larger claim is refused before memory is taken.
    let most = bytes.count > Int.max / 1100 ? Int.max : bytes.count * 1032 + 64
    if let size, size > most { throw FileError(path, "damaged: \(bytes.count) packed bytes cannot unfold to \(size)") }
    var capacity = size ?? min(most, max(bytes.count * 4, 1 << 12))
    if size == nil, packing == .gzip, bytes.count >= 18 {
        // gzip ends with the size modulo 2³²: usually right, never trusted.
        let hint = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        if hint > 0 && hint <= most { capacity = hint + 1 }
    }
    try checkMemory(capacity, path)
    var stream = z_stream()
    guard nns_inflate_init(&stream, packing.rawValue) == Z_OK else { throw FileError(path, "cannot unpack: zlib failed to start") }
    defer { inflateEnd(&stream) }
    var out = [UInt8]()
    var consumed = 0
    var status = Z_OK
    while true {
        var produced = 0
        let room = capacity - out.count
        let chunk = [UInt8](unsafeUninitializedCapacity: max(room, 1)) { buffer, count in
            bytes.withUnsafeBufferPointer { input in
                while true {
                    let available = min(input.count - consumed, 1 << 30), free = min(max(room, 1) - produced, 1 << 30)
                    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + consumed)
                    stream.avail_in = UInt32(available)
                    stream.next_out = buffer.baseAddress! + produced
                    stream.avail_out = UInt32(free)
                    status = inflate(&stream, Z_NO_FLUSH)
                    consumed += available - Int(stream.avail_in)
                    produced += free - Int(stream.avail_out)
                    if status == Z_STREAM_END, packing == .gzip, input.count - consumed >= 2,
                       input[input.startIndex + consumed] == 0x1f, input[input.startIndex + consumed + 1] == 0x8b {
                        inflateReset(&stream)  // another member follows
                        status = Z_OK
                        continue
                    }
                    if status != Z_OK || produced == max(room, 1) || (stream.avail_in == 0 && consumed == input.count && stream.avail_out > 0) { break }
                }
            }
            count = produced
        }
        if out.isEmpty { out = chunk } else { out += chunk }
        if status == Z_STREAM_END { break }
        guard status == Z_OK || status == Z_BUF_ERROR else {
            throw FileError(path, "damaged: the packed data cannot be unfolded", .offset(consumed))
        }
        if produced < max(room, 1) { throw FileError(path, "the file ends too soon: the packed data is cut off", .offset(consumed)) }
        if let size, out.count > size { throw FileError(path, "damaged: unfolds to more than the \(size) bytes announced") }
        capacity = out.count + max(out.count, 1 << 12)
        if size != nil { capacity = out.count + 1 }
        try checkMemory(capacity, path)
    }
    if let size, out.count != size { throw FileError(path, "damaged: unfolds to \(out.count) bytes, \(size) were announced") }
    return out
}

/// Packs bytes as gzip.
public func deflateGzip(_ bytes: [UInt8]) throws -> [UInt8] {
    var stream = z_stream()
    guard nns_deflate_init(&stream, Packing.gzip.rawValue) == Z_OK else { throw FileError("data", "cannot pack: zlib failed to start") }
    defer { deflateEnd(&stream) }
    var out = [UInt8](repeating: 0, count: 1 << 16), result: [UInt8] = []
    var consumed = 0
    var status = Z_OK
    bytes.withUnsafeBufferPointer { input in
        repeat {
            let available = min(input.count - consumed, 1 << 30)
            out.withUnsafeMutableBufferPointer { buffer in
                stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + consumed) }
                stream.avail_in = UInt32(available)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                status = deflate(&stream, consumed + available == input.count ? Z_FINISH : Z_NO_FLUSH)
                consumed += available - Int(stream.avail_in)
                result += buffer.prefix(buffer.count - Int(stream.avail_out))
            }
        } while status == Z_OK
    }
    return result
}

/// CRC-32 as in zip, gzip and PNG.
func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { bytes in
        var sum = crc32_z(0, nil, 0), done = 0
        // Until an interrupt, behind which nobody asks for it.
        while done < bytes.count, !nns_interrupted() {
            let end = min(bytes.count, done + 1 << 22)
            sum = crc32_z(sum, bytes.baseAddress! + done, end - done)
            done = end
        }
        return UInt32(truncatingIfNeeded: sum)
    }
}
