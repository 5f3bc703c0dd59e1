import Glibc
import Tensors

// Labelled image sets: MNIST's IDX files and CIFAR-10's binary batches.

/// Images with labels: x is [n, channels, height, width] in 0..1, y [n] holds 0 ..< classes.count.
public struct ImageSet {
    public var x: Tensor
    public var y: Tensor
    public var classes: [String]
}

/// Reads an IDX file (MNIST's format), packed by gzip or not, as it is: [sizes…], values unscaled.
/// Source: Y. LeCun, The MNIST database, "the IDX file format".
public func loadIDX(_ path: String, _ dtype: DType = .f32) throws -> Tensor {
    try parseIDX(readIDX(path), path: path, dtype)
}

/// An IDX file's bytes. A packed one is unfolded only if its header's sizes are what it can unfold to, and no further.
private func readIDX(_ path: String) throws -> [UInt8] {
    let bytes = try readRaw(path)
    guard isGzip(bytes) else { return bytes }
    var reader = ByteReader(try inflate(bytes, first: IDXHeader.longest, path: path), path: path)
    let header = try IDXHeader(&reader)
    guard let size = product(header.shape, header.width), size < Int.max / 2 else { throw reader.fail("the sizes \(header.shape) are too large") }
    return try unpack(bytes[...], .gzip, path: path, size: reader.at + size)
}

private struct IDXHeader {
    /// In bytes: the mark, the type, the number of axes, and eight sizes.
    static let longest = 4 + 4 * 8
    let type: Int
    /// Bytes of one element.
    let width: Int
    let shape: [Int]

    init(_ reader: inout ByteReader) throws {
        let path = reader.path
        guard try reader.big(2, "the mark") == 0 else { throw FileError(path, "is not an IDX file: it does not begin with two zero bytes") }
        type = try reader.u8("the type")
        let rank = try reader.u8("the number of axes")
        let widths = [0x08: 1, 0x09: 1, 0x0b: 2, 0x0c: 4, 0x0d: 4, 0x0e: 8]
        guard let width = widths[type] else { throw FileError(path, "is not an IDX file: it has no element type \(type)", .offset(2)) }
        guard rank <= 8 else { throw FileError(path, "is not an IDX file: \(rank) axes", .offset(3)) }
        self.width = width
        var shape: [Int] = []
        for _ in 0..<rank { shape.append(try reader.big(4, "a size")) }
        self.shape = shape
    }
}

/// Parses an IDX file from bytes.
public func parseIDX(_ bytes: [UInt8], path: String, _ dtype: DType = .f32) throws -> Tensor {
    var reader = ByteReader(bytes, path: path)
    let header = try IDXHeader(&reader)
    let (type, width, shape) = (header.type, header.width, header.shape)
    guard let size = product(shape, width), size == reader.left else {
        throw reader.fail("the sizes \(shape) do not fit the file: \(reader.left) bytes follow the header" + (product(shape, width).map { ", \($0) are needed" } ?? ""))
    }
    let x = try Tensor.make(shape, dtype)
    let data = try reader.take(size, "the elements")
    if type == 0x08 {
        data.withUnsafeBufferPointer { data in
            if dtype == .f32 { for i in 0..<data.count { x.f32[i] = Float(data[i]) } } else { for i in 0..<data.count { x.setElement(i, Double(data[i])) } }
        }
        return x
    }
    var at = data.startIndex
    for i in 0..<x.count {
        var bits: UInt64 = 0
        for _ in 0..<width { bits = bits << 8 | UInt64(data[at]); at += 1 }
        let value: Double
        switch type {
        case 0x09: value = Double(Int8(truncatingIfNeeded: bits))
        case 0x0b: value = Double(Int16(truncatingIfNeeded: bits))
        case 0x0c: value = Double(Int32(truncatingIfNeeded: bits))
        case 0x0d: value = Double(Float(bitPattern: UInt32(bits)))
        default: value = Double(bitPattern: bits)
        }
        x.setElement(i, value)
    }
    return x
}

/// Reads images and labels from two IDX files: [n, 1, height, width] in 0..1 and labels.
public func loadIDX(images: String, labels: String, _ dtype: DType = .f32) throws -> ImageSet {
    let imageBytes = try readIDX(images)
    let raw = try parseIDX(imageBytes, path: images, dtype)
    let y = try parseIDX(readIDX(labels), path: labels, dtype)
    guard raw.rank == 3 || raw.rank == 4 else {
        throw FileError(images, "holds \(raw.shape), not images [n, height, width]", help: raw.rank == 1 ? ["are the two files exchanged? the images come first"] : [])
    }
    guard y.rank == 1 else { throw FileError(labels, "holds \(y.shape), not labels [n]") }
    guard raw.dims[0] == y.count else {
        throw FileError(labels, "holds \(y.count) labels, but \(images) holds \(raw.dims[0]) images")
    }
    var most = -1
    for i in 0..<y.count {
        let label = y.element(i)
        guard label >= 0, label < 65536, label == label.rounded(.down) else { throw FileError(labels, "label \(numberText(label)) of image \(i) is not a class number") }
        most = max(most, Int(label))
    }
    if imageBytes[2] == 0x08 {
        if dtype == .f32 { for i in 0..<raw.count { raw.f32[i] /= 255 } } else { for i in 0..<raw.count { raw.setElement(i, raw.element(i) / 255) } }
    }
    let shape = raw.rank == 3 ? [raw.dims[0], 1, raw.dims[1], raw.dims[2]] : raw.shape
    return ImageSet(x: try Tensor.reshape(raw, shape), y: y, classes: (0..<(most + 1)).map { String($0) })
}

/// CIFAR-10's names, in the order of its labels.
private let cifarNames = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

/// Reads CIFAR-10's binary version from its folder, its `cifar-10-binary.tar.gz`, or single batch files
/// (then `test` is nil): images [n, 3, 32, 32] in 0..1. Source: A. Krizhevsky, cs.toronto.edu/~kriz/cifar.html.
public func loadCIFAR10(_ path: String, _ dtype: DType = .f32) throws -> (train: ImageSet, test: ImageSet?) {
    var info = stat()
    let isFolder = stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    let batches = (1...5).map { "data_batch_\($0).bin" }
    if isFolder {
        let inner = path + "/cifar-10-batches-bin"
        let folder = stat(inner, &info) == 0 ? inner : path
        guard stat(folder + "/" + batches[0], &info) == 0 else {
            throw FileError(path, "holds no data_batch_1.bin", help: ["the binary version is read: cifar-10-binary.tar.gz, packed or unpacked"])
        }
        return (try cifar(batches.map { (folder + "/" + $0, try readFile(folder + "/" + $0)) }, dtype),
                try cifar([(folder + "/test_batch.bin", try readFile(folder + "/test_batch.bin"))], dtype))
    }
    let bytes = try readFile(path)
    guard bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) else { return (try cifar([(path, bytes)], dtype), nil) }
    let members = try untar(bytes, path: path)
    func member(_ name: String) throws -> (String, [UInt8]) {
        guard let found = members.first(where: { $0.name == name || $0.name.hasSuffix("/" + name) }) else {
            throw FileError(path, "holds no \(name)", help: ["the binary version is read, not the one for Python or MATLAB"])
        }
        return ("\(path) (\(name))", Array(found.data))
    }
    return (try cifar(batches.map(member), dtype), try cifar([member("test_batch.bin")], dtype))
}

/// Records of a label and 3 planes of 32 × 32.
private func cifar(_ files: [(path: String, bytes: [UInt8])], _ dtype: DType) throws -> ImageSet {
    let record = 3073
    var n = 0
    for (path, bytes) in files {
        guard bytes.count > 0, bytes.count % record == 0 else {
            throw FileError(path, "is not a CIFAR-10 batch: \(bytes.count) bytes are not a multiple of \(record)")
        }
        n += bytes.count / record
    }
    let x = try Tensor.make([n, 3, 32, 32], dtype), y = try Tensor.make([n], dtype)
    var i = 0
    for (path, bytes) in files {
        for start in stride(from: 0, to: bytes.count, by: record) {
            guard bytes[start] < 10 else { throw FileError(path, "is not a CIFAR-10 batch: label \(bytes[start])", .offset(start)) }
            y.setElement(i, Double(bytes[start]))
            let base = i * 3072
            bytes.withUnsafeBufferPointer { bytes in
                if dtype == .f32 {
                    for k in 0..<3072 { x.f32[base + k] = Float(bytes[start + 1 + k]) / 255 }
                } else {
                    for k in 0..<3072 { x.setElement(base + k, Double(bytes[start + 1 + k]) / 255) }
                }
            }
            i += 1
        }
    }
    return ImageSet(x: x, y: y, classes: cifarNames)
}

/// The plain files of a tar archive.
private func untar(_ bytes: [UInt8], path: String) throws -> [(name: String, data: ArraySlice<UInt8>)] {
    var reader = ByteReader(bytes, path: path)
    var members: [(String, ArraySlice<UInt8>)] = []
    while reader.left >= 512 {
        let header = Array(try reader.take(512, "a header"))
        if header.allSatisfy({ $0 == 0 }) { break }
        var size = 0
        for c in header[124..<136] where c >= 48 && c < 56 { size = size << 3 | Int(c - 48) }
        let name = String(decoding: header[..<100].prefix { $0 != 0 }, as: UTF8.self)
        let data = try reader.take(size, "the member `\(name)`")
        if header[156] == 0 || header[156] == 48 { members.append((name, data)) }
        try reader.skip(min(reader.left, (512 - size % 512) % 512), "padding")
    }
    return members
}
