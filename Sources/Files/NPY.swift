import CKernels
import Glibc
import Tensors

// NumPy's array files (.npy, format 1 to 3) and archives of them (.npz, a zip file).
// Source: numpy.lib.format; APPNOTE.TXT of PKWARE for zip.

/// Reads a .npy file. float32 stays float32, float64 stays float64, bool stays bool; integers become float32
/// where all are exact in it (up to 2^24), else float64 (up to 2^53).
public func loadNPY(_ path: String) throws -> Tensor {
    try parseNPY(readFile(path)[...], path: path)
}

/// Reads a .npz archive: its arrays by name, in the archive's order.
public func loadNPZ(_ path: String) throws -> [(name: String, array: Tensor)] {
    try parseNPZ(readRaw(path), path: path)
}

/// Parses a .npy file from bytes.
public func parseNPY(_ bytes: ArraySlice<UInt8>, path: String) throws -> Tensor {
    var reader = ByteReader(bytes, path: path)
    guard reader.begins([0x93] + Array("NUMPY".utf8)) else {
        throw FileError(path, "is not a NumPy array file: the mark \\x93NUMPY is missing",
                        help: reader.begins([0x50, 0x4b]) ? ["it is an archive: `load_npz` reads it"] : [])
    }
    try reader.skip(6, "the mark")
    let version = try reader.u8("the version")
    _ = try reader.u8("the version")
    guard (1...3).contains(version) else { throw reader.fail("version \(version) of the format is unknown: 1 to 3 are") }
    let length = try reader.little(version == 1 ? 2 : 4, "the header's length")
    let header = try NPYHeader(String(decoding: reader.take(length, "the header"), as: UTF8.self), reader)
    guard header.shape.count <= Tensor.maxRank, let size = product(header.shape, header.width) else {
        throw reader.fail("the shape \(header.shape) is too large")
    }
    guard size == reader.left else {
        throw reader.fail(size > reader.left
            ? "the file ends too soon: \(header.shape) of type \(header.descr) needs \(size) bytes, \(reader.left) are left"
            : "\(reader.left - size) bytes follow the array \(header.shape)")
    }
    let data = try reader.take(size, "the elements")
    return try header.tensor(data, path)
}

private struct NPYHeader {
    var descr = ""
    var fortran = false
    var shape: [Int] = []
    var kind: Character = "f"
    var width = 0
    var isBig = false

    /// Parses `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
    init(_ text: String, _ reader: ByteReader) throws {
        let s = Array(text.unicodeScalars)
        var i = 0
        func fail(_ what: String) -> FileError { reader.fail("the header is damaged: expected \(what)") }
        func blanks() { while i < s.count, s[i] == " " || s[i] == "\n" || s[i] == "\t" { i += 1 } }
        func expect(_ c: Unicode.Scalar) throws {
            blanks()
            guard i < s.count, s[i] == c else { throw fail("`\(c)`") }
            i += 1
        }
        func string() throws -> String {
            blanks()
            guard i < s.count, s[i] == "'" || s[i] == "\"" else { throw fail("a quoted word") }
            let quote = s[i]
            i += 1
            var out = String.UnicodeScalarView()
            while i < s.count, s[i] != quote { out.append(s[i]); i += 1 }
            guard i < s.count else { throw fail("a closing quote") }
            i += 1
            return String(out)
        }
        var seen = (false, false, false)
        try expect("{")
        while true {
            blanks()
            if i < s.count, s[i] == "}" { break }
            let key = try string()
            try expect(":")
            blanks()
            switch key {
            case "descr":
                if i < s.count, s[i] == "[" { throw reader.fail("holds records, not an array of numbers") }
                descr = try string()
                seen.0 = true
            case "fortran_order":
                let rest = String(String.UnicodeScalarView(s[i...].prefix(5)))
                if rest.hasPrefix("True") { fortran = true; i += 4 } else if rest == "False" { i += 5 } else { throw fail("True or False") }
                seen.1 = true
            case "shape":
                try expect("(")
                while true {
                    blanks()
                    if i < s.count, s[i] == ")" { i += 1; break }
                    var value = 0, digits = 0
                    while i < s.count, let d = s[i].properties.numericType == .decimal ? Int(s[i].value) - 48 : nil, (0...9).contains(d) {
                        let (p, o1) = value.multipliedReportingOverflow(by: 10)
                        let (q, o2) = p.addingReportingOverflow(d)
                        if o1 || o2 { throw reader.fail("a size in the shape is too large") }
                        value = q
                        digits += 1
                        i += 1
                    }
                    guard digits > 0 else { throw fail("a size") }
                    if i < s.count, s[i] == "L" { i += 1 }  // Python 2's long
                    shape.append(value)
                    blanks()
                    if i < s.count, s[i] == "," { i += 1 } else if i < s.count, s[i] == ")" { continue } else { throw fail("`,` or `)`") }
                }
                seen.2 = true
            default: throw reader.fail("the header has an unknown entry `\(key)`")
            }
            blanks()
            if i < s.count, s[i] == "," { i += 1 }
            if i >= s.count { throw fail("`}`") }
        }
        guard seen == (true, true, true) else { throw reader.fail("the header lacks descr, fortran_order or shape") }
        var name = descr[...]
        if let order = name.first, "<>|=".contains(order) { isBig = order == ">"; name = name.dropFirst() }
        guard let k = name.first, let w = Int(name.dropFirst()),
              (k == "f" && [2, 4, 8].contains(w)) || ((k == "i" || k == "u") && [1, 2, 4, 8].contains(w)) || (k == "b" && w == 1) else {
            throw reader.fail("elements of type `\(descr)` are not read: f2, f4, f8, i1 to i8, u1 to u8 and b1 are",
                              help: ["in Python: `numpy.save(path, array.astype('float32'))`"])
        }
        kind = k
        width = w
    }

    func tensor(_ data: ArraySlice<UInt8>, _ path: String) throws -> Tensor {
        let n = data.count / max(width, 1)
        let base = data.startIndex
        func bits(_ i: Int) -> UInt64 {
            var v: UInt64 = 0
            for k in 0..<width { v |= UInt64(data[base + i * width + k]) << UInt64(8 * (isBig ? width - 1 - k : k)) }
            return v
        }
        // A Fortran-ordered array is the transpose of a row-major one with the sizes reversed.
        let stored = fortran ? Array(shape.reversed()) : shape
        let result: Tensor
        switch (kind, width) {
        case ("f", 8):
            result = try Tensor.make(stored, .f64)
            for i in 0..<n { result.f64[i] = Double(bitPattern: bits(i)) }
        case ("f", 4):
            result = try Tensor.make(stored, .f32)
            for i in 0..<n { result.f32[i] = Float(bitPattern: UInt32(bits(i))) }
        case ("f", _):
            result = try Tensor.make(stored, .f32)
            for i in 0..<n { result.f32[i] = halfToFloat(UInt16(bits(i))) }
        case ("b", _):
            result = try Tensor.make(stored, .bool)
            for i in 0..<n { result.u8[i] = bits(i) != 0 ? 1 : 0 }
        default:
            let shift = UInt64(64 - 8 * width)
            func value(_ i: Int) -> (magnitude: UInt64, negative: Bool) {
                if kind == "u" { return (bits(i), false) }
                let v = Int64(bitPattern: bits(i) << shift) >> Int64(shift)
                return (v.magnitude, v < 0)
            }
            var largest: UInt64 = 0
            for i in 0..<n { largest = max(largest, value(i).magnitude) }
            guard largest <= 1 << 53 else { throw FileError(path, "holds the integer \(largest), which a float64 cannot hold exactly (the limit is 2^53)") }
            result = try Tensor.make(stored, largest <= 1 << 24 ? .f32 : .f64)
            for i in 0..<n {
                let (m, negative) = value(i)
                result.setElement(i, negative ? -Double(m) : Double(m))
            }
        }
        return fortran && shape.count > 1 ? try Tensor.permute(result, Array((0..<shape.count).reversed())) : result
    }
}

/// IEEE half precision, exactly.
private func halfToFloat(_ h: UInt16) -> Float {
    let sign = UInt32(h >> 15) << 31, exponent = UInt32(h >> 10) & 31, fraction = UInt32(h & 1023)
    if exponent == 31 { return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13) }
    if exponent == 0 {
        let value = Float(fraction) * 0x1p-24
        return sign != 0 ? -value : value
    }
    return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
}

// MARK: Archives

/// Parses a .npz archive from bytes; of what `save` wrote, the arrays.
public func parseNPZ(_ bytes: [UInt8], path: String) throws -> [(name: String, array: Tensor)] {
    try unzip(bytes, path: path).filter { $0.name != structureName }.map { member in
        guard member.name.hasSuffix(".npy") else { throw FileError(path, "the member `\(member.name)` is not a NumPy array") }
        return (String(member.name.dropLast(4)), try parseNPY(member.data[...], path: "\(path) (\(member.name))"))
    }
}

/// The members of a zip file, in the directory's order; stored or deflated.
func unzip(_ bytes: [UInt8], path: String) throws -> [(name: String, data: [UInt8])] {
    var reader = ByteReader(bytes, path: path)
    // The end record lies within the last 65,557 bytes; its comment may be anything.
    var end = bytes.count - 22
    let earliest = max(0, bytes.count - 65_557)
    let mark: [UInt8] = [0x50, 0x4b, 5, 6]
    while end >= earliest, !bytes[end...].starts(with: mark) { end -= 1 }
    guard end >= earliest, end >= 0 else {
        throw FileError(path, bytes.starts(with: [0x50, 0x4b]) ? "the file ends too soon: the archive's directory is missing" : "is not a zip archive")
    }
    try reader.seek(end + 10, "the end record")
    let count = try reader.little(2, "the number of members")
    let size = try reader.little(4, "the directory's size"), offset = try reader.little(4, "the directory's place")
    guard count < 0xffff, offset < 0xffff_ffff else { throw FileError(path, "archives above 4 GB are not read") }
    guard offset + size <= end else { throw FileError(path, "damaged: the archive's directory lies outside the file", .offset(end)) }
    try reader.seek(offset, "the directory")
    var members: [(String, [UInt8])] = []
    for _ in 0..<count {
        guard try reader.little(4, "a directory entry") == 0x0201_4b50 else { throw reader.fail("damaged: a directory entry lacks its mark") }
        try reader.skip(4, "a directory entry")
        let flags = try reader.little(2, "flags"), method = try reader.little(2, "the method")
        try reader.skip(4, "a directory entry")
        let crc = try reader.little(4, "the checksum")
        var packed = try reader.little(4, "a size"), size = try reader.little(4, "a size")
        let nameLength = try reader.little(2, "a length"), extraLength = try reader.little(2, "a length"), commentLength = try reader.little(2, "a length")
        try reader.skip(8, "a directory entry")
        var local = try reader.little(4, "an offset")
        let name = String(decoding: try reader.take(nameLength, "a name"), as: UTF8.self)
        var extra = ByteReader(try reader.take(extraLength, "extra fields"), path: path)
        try reader.skip(commentLength, "a comment")
        while extra.left >= 4 {
            let id = try extra.little(2, "an extra field"), length = try extra.little(2, "an extra field")
            var field = ByteReader(try extra.take(min(length, extra.left), "an extra field"), path: path)
            if id == 1 {  // 64-bit sizes, only those that did not fit
                if size == 0xffff_ffff { size = try field.little(8, "a size") }
                if packed == 0xffff_ffff { packed = try field.little(8, "a size") }
                if local == 0xffff_ffff { local = try field.little(8, "an offset") }
            }
        }
        if name.hasSuffix("/") { continue }
        guard flags & 1 == 0 else { throw FileError(path, "the member `\(name)` is encrypted") }
        var body = ByteReader(bytes, path: path)
        try body.seek(local, "the member `\(name)`")
        guard try body.little(4, "the member `\(name)`") == 0x0403_4b50 else { throw body.fail("damaged: the member `\(name)` lacks its mark") }
        try body.skip(22, "the member `\(name)`")
        let skip = try body.little(2, "a length") + body.little(2, "a length")
        try body.skip(skip, "the member `\(name)`")
        guard packed >= 0, size >= 0 else { throw body.fail("damaged: the member `\(name)` has a negative size") }
        let raw = try body.take(packed, "the member `\(name)`")
        let data: [UInt8]
        switch method {
        case 0:
            guard packed == size else { throw body.fail("damaged: the stored member `\(name)` has two sizes, \(packed) and \(size)") }
            data = Array(raw)
        case 8: data = try unpack(raw, .raw, path: "\(path) (\(name))", size: size)
        default: throw FileError(path, "the member `\(name)` is packed by method \(method): only stored and deflated ones are read")
        }
        guard checksum(data[...]) == UInt32(crc) else { throw FileError(path, "damaged: the checksum of `\(name)` is wrong") }
        members.append((name, data))
    }
    return members
}

// MARK: Writing

/// A tensor as a .npy file (format 1.0, little-endian, row-major).
public func npyBytes(_ x: Tensor) -> [UInt8] {
    let descr = x.dtype == .bool ? "|b1" : x.dtype == .f32 ? "<f4" : "<f8"
    let sizes = x.shape.map { "\($0)" }.joined(separator: ", ") + (x.rank == 1 ? "," : "")
    var header = Array("{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(sizes)), }".utf8)
    // The elements begin at a multiple of 64.
    while (10 + header.count + 1) % 64 != 0 { header.append(0x20) }
    header.append(0x0a)
    var out: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count & 255), UInt8(header.count >> 8)] + header
    let start = out.count
    append(UnsafeRawBufferPointer(start: x.data, count: x.byteCount), to: &out)
    canonicalizeNaN(&out, from: start, x.dtype)
    return out
}

/// Makes every NaN the same, so that saved files do not depend on the processor.
private func canonicalizeNaN(_ out: inout [UInt8], from start: Int, _ dtype: DType) {
    out.withUnsafeMutableBytes { buffer in
        guard let base = buffer.baseAddress else { return }
        let n = buffer.count - start
        if dtype == .f32 {
            for i in stride(from: 0, to: n, by: 4) where !nns_interrupted() && (base + start + i).loadUnaligned(as: Float.self).isNaN {
                (base + start + i).storeBytes(of: Float.nan.bitPattern, as: UInt32.self)
            }
        } else if dtype.isDouble {
            for i in stride(from: 0, to: n, by: 8) where !nns_interrupted() && (base + start + i).loadUnaligned(as: Double.self).isNaN {
                (base + start + i).storeBytes(of: Double.nan.bitPattern, as: UInt64.self)
            }
        }
    }
}

/// Arrays as a .npz archive, stored, without a date: the same arrays give the same bytes.
public func npzBytes(_ arrays: [(name: String, array: Tensor)]) throws -> [UInt8] {
    try zipBytes(arrays.map { ($0.name + ".npy", npyBytes($0.array)) })
}

/// A zip archive of stored members.
public func zipBytes(_ members: [(name: String, data: [UInt8])]) throws -> [UInt8] {
    var out: [UInt8] = [], directory: [UInt8] = []
    func little(_ value: Int, _ n: Int) -> [UInt8] { (0..<n).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    guard members.count < 0xffff else { throw FileError("archive", "\(members.count) members are too many for a zip archive: the limit is 65534") }
    for (name, data) in members {
        let label = Array(name.utf8)
        guard data.count < 0xffff_ffff, out.count < 0xffff_ffff, label.count < 0xffff else { throw FileError("archive", "a zip archive cannot hold more than 4 GB") }
        // Version 2.0, names in UTF-8, stored, 1 January 1980.
        let common = little(20, 2) + little(0x800, 2) + little(0, 2) + little(0, 2) + little(0x21, 2)
            + little(Int(checksum(data[...])), 4) + little(data.count, 4) + little(data.count, 4) + little(label.count, 2) + little(0, 2)
        directory += little(0x0201_4b50, 4) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(out.count, 4) + label
        out += little(0x0403_4b50, 4) + common + label
        data.withUnsafeBytes { append($0, to: &out) }
        if nns_interrupted() { throw FileError("archive", "was not written to its end") }
    }
    guard out.count < 0xffff_ffff else { throw FileError("archive", "a zip archive cannot hold more than 4 GB") }
    let start = out.count
    out += directory
    out += little(0x0605_4b50, 4) + little(0, 4) + little(members.count, 2) + little(members.count, 2) + little(directory.count, 4) + little(start, 4) + little(0, 2)
    return out
}

/// The members of a zip archive, by name.
public func zipMembers(_ bytes: [UInt8], path: String) throws -> [(name: String, data: [UInt8])] { try unzip(bytes, path: path) }
