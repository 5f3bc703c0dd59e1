import Glibc
import Tensors

/// Decompression of gzip files (RFC 1952) and raw deflate streams (RFC 1951).
///
/// Goals: no input can crash it or make it take more memory than `limit`; damaged input is an error, never wrong data.
public enum Gzip {
    /// The contents of a gzip file: all its members, checksums verified.
    /// - Parameter limit: the most bytes to produce.
    /// - Throws: `TensorError` (`value`) for damaged or truncated input, (`limit`) beyond the limit.
    public static func decompress(_ bytes: UnsafeRawBufferPointer, limit: Int = 1 << 31) throws -> [UInt8] {
        var output: [UInt8] = []
        var position = 0
        repeat {
            position = try header(bytes, position)
            let begin = output.count
            var inflate = Inflate(input: bytes, position: position, output: output, limit: limit)
            output = []
            try inflate.run()
            output = inflate.output
            position = inflate.position
            guard position + 8 <= bytes.count else { throw truncated }
            guard word(bytes, position) == crc(output[begin...]), word(bytes, position + 4) == UInt32(truncatingIfNeeded: output.count - begin) else {
                throw TensorError(.value, "the gzip data is damaged: its checksum does not fit")
            }
            position += 8
        } while position < bytes.count && bytes.count - position >= 18
        return output
    }

    static var truncated: TensorError { TensorError(.value, "the gzip data ends too early") }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
    }

    /// The position behind the header of the member at `start`.
    private static func header(_ bytes: UnsafeRawBufferPointer, _ start: Int) throws -> Int {
        guard bytes.count >= start + 18 else { throw truncated }
        guard bytes[start] == 0x1F, bytes[start + 1] == 0x8B, bytes[start + 2] == 8 else { throw TensorError(.value, "this is not gzip data") }
        let flags = bytes[start + 3]
        var at = start + 10
        if flags & 4 != 0 {
            guard at + 2 <= bytes.count else { throw truncated }
            at += 2 + Int(bytes[at]) + Int(bytes[at + 1]) << 8
        }
        for flag in [UInt8(8), 16] where flags & flag != 0 {
            while true {
                guard at < bytes.count else { throw truncated }
                at += 1
                if bytes[at - 1] == 0 { break }
            }
        }
        if flags & 2 != 0 { at += 2 }
        guard at < bytes.count else { throw truncated }
        return at
    }

    /// CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320).
    static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        let table: [UInt32] = (0..<256).map { i in (0..<8).reduce(UInt32(i)) { c, _ in c & 1 != 0 ? 0xEDB8_8320 ^ (c >> 1) : c >> 1 } }
        var c = UInt32.max
        bytes.withUnsafeBufferPointer { for b in $0 { c = table[Int(UInt8(truncatingIfNeeded: c) ^ b)] ^ (c >> 8) } }
        return ~c
    }
}

/// One deflate stream under way.
struct Inflate {
    let input: UnsafeRawBufferPointer
    var position: Int
    var output: [UInt8]
    let limit: Int
    private var bits: UInt64 = 0
    private var bitCount = 0

    init(input: UnsafeRawBufferPointer, position: Int, output: [UInt8], limit: Int) {
        self.input = input; self.position = position; self.output = output; self.limit = limit
    }

    private static var damaged: TensorError { TensorError(.value, "the compressed data is damaged") }

    mutating func run() throws {
        var last = false
        while !last {
            last = try take(1) == 1
            switch try take(2) {
            case 0: try stored()
            case 1: try block(Huffman.fixedLiterals, Huffman.fixedDistances)
            case 2:
                let (literals, distances) = try tables()
                try block(literals, distances)
            default: throw Self.damaged
            }
        }
        // Whole bytes that were read ahead go back.
        position -= bitCount / 8
    }

    private mutating func fill(_ n: Int) {
        while bitCount < n, position < input.count {
            bits |= UInt64(input[position]) << UInt64(bitCount)
            position += 1
            bitCount += 8
        }
    }

    /// The next n ≤ 16 bits.
    private mutating func take(_ n: Int) throws -> Int {
        fill(n)
        guard bitCount >= n else { throw Gzip.truncated }
        let value = Int(bits & (1 << UInt64(n) - 1))
        bits >>= UInt64(n)
        bitCount -= n
        return value
    }

    private func room(_ n: Int) throws {
        guard output.count <= limit - n else { throw TensorError(.limit, "the decompressed data is larger than \(limit) bytes") }
    }

    private mutating func stored() throws {
        _ = try take(bitCount % 8)
        let size = try take(16), complement = try take(16)
        guard size == ~complement & 0xFFFF else { throw Self.damaged }
        try room(size)
        for _ in 0..<size { output.append(UInt8(try take(8))) }
    }

    /// The next symbol of a canonical code.
    private mutating func symbol(_ code: Huffman) throws -> Int {
        fill(15)
        let entry = code.table[Int(bits & 0x7FFF)]
        let length = Int(entry & 15)
        guard length > 0 else { throw Self.damaged }
        guard bitCount >= length else { throw Gzip.truncated }
        bits >>= UInt64(length)
        bitCount -= length
        return Int(entry >> 4)
    }

    private static let lengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258]
    private static let lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
    private static let distanceBase = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
                                       4097, 6145, 8193, 12289, 16385, 24577]
    private static let distanceBits = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13]

    private mutating func block(_ literals: Huffman, _ distances: Huffman) throws {
        while true {
            let s = try symbol(literals)
            if s < 256 {
                try room(1)
                output.append(UInt8(s))
            } else if s == 256 {
                return
            } else {
                guard s - 257 < Self.lengthBase.count else { throw Self.damaged }
                let length = Self.lengthBase[s - 257] + (try take(Self.lengthBits[s - 257]))
                let d = try symbol(distances)
                guard d < Self.distanceBase.count else { throw Self.damaged }
                let distance = Self.distanceBase[d] + (try take(Self.distanceBits[d]))
                guard distance <= output.count else { throw Self.damaged }
                try room(length)
                for _ in 0..<length { output.append(output[output.count - distance]) }
            }
        }
    }

    /// The codes of a dynamic block.
    private mutating func tables() throws -> (Huffman, Huffman) {
        let literalCount = try take(5) + 257, distanceCount = try take(5) + 1, codeCount = try take(4) + 4
        var lengths = [UInt8](repeating: 0, count: 19)
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        for i in 0..<codeCount { lengths[order[i]] = UInt8(try take(3)) }
        let code = try Huffman(lengths)
        var all: [UInt8] = []
        while all.count < literalCount + distanceCount {
            switch try symbol(code) {
            case let s where s < 16: all.append(UInt8(s))
            case 16:
                guard let previous = all.last else { throw Self.damaged }
                all += Array(repeating: previous, count: 3 + (try take(2)))
            case 17: all += Array(repeating: 0, count: 3 + (try take(3)))
            default: all += Array(repeating: 0, count: 11 + (try take(7)))
            }
        }
        guard all.count == literalCount + distanceCount else { throw Self.damaged }
        return (try Huffman(Array(all[..<literalCount])), try Huffman(Array(all[literalCount...])))
    }

    /// A canonical code as a table over the next 15 bits: symbol · 16 + length, 0 where no code fits.
    struct Huffman {
        var table: [UInt16]

        init(_ lengths: [UInt8]) throws {
            table = Array(repeating: 0, count: 1 << 15)
            var counts = [Int](repeating: 0, count: 16)
            for l in lengths where l > 0 { counts[Int(l)] += 1 }
            var next = [Int](repeating: 0, count: 16)
            var code = 0
            for l in 1..<16 {
                code = (code + counts[l - 1]) << 1
                next[l] = code
                guard code + counts[l] <= 1 << l else { throw Inflate.damaged }
            }
            for (symbol, l) in lengths.enumerated() where l > 0 {
                var reversed = 0
                for bit in 0..<Int(l) where next[Int(l)] >> bit & 1 != 0 { reversed |= 1 << (Int(l) - 1 - bit) }
                next[Int(l)] += 1
                for index in stride(from: reversed, to: 1 << 15, by: 1 << Int(l)) { table[index] = UInt16(symbol) << 4 | UInt16(l) }
            }
        }

        static let fixedLiterals = try! Huffman((0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
        static let fixedDistances = try! Huffman(Array(repeating: 5, count: 30))
    }
}
