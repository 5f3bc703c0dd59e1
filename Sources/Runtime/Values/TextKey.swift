import Glibc

// Strings of the language are sequences of Unicode scalars: they are equal, ordered and found by these. Swift's own
// `==`, hashes and `contains` go by characters instead, and take "é" and "e\u{301}" for the same.

extension String {
    /// Whether both are the same scalars.
    @inline(__always) public func isSame(as other: String) -> Bool {
        // The same bytes in the same place, or short ones: equal for certain.
        let mine = unsafeBitCast(self, to: (UInt64, UInt64).self), theirs = unsafeBitCast(other, to: (UInt64, UInt64).self)
        if mine == theirs { return true }
        // Swift tells quickly what differs, even by its rules.
        return utf8.count == other.utf8.count && self == other && hasBytes(of: other)
    }

    @inline(never) private func hasBytes(of other: String) -> Bool {
        withBytes { a in other.withBytes { b in a.count == b.count && (a.count == 0 || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0) } }
    }

    /// Whether the scalars of `part` stand together somewhere in it.
    func holds(_ part: String) -> Bool {
        withBytes { whole in
            part.withBytes { part in
                guard let first = part.first else { return true }
                var start = 0
                while start + part.count <= whole.count,
                      let found = memchr(whole.baseAddress! + start, Int32(first), whole.count - part.count - start + 1) {
                    if memcmp(found, part.baseAddress!, part.count) == 0 { return true }
                    start = UnsafeRawPointer(found) - whole.baseAddress! + 1
                }
                return false
            }
        }
    }

    /// Whether its scalars come before those of another.
    func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }

    fileprivate func withBytes<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T {
        utf8.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) } ?? Array(utf8).withUnsafeBytes(body)
    }
}

/// A string where Swift hashes and compares it: as a dictionary's key, in a set.
struct TextKey: Hashable {
    let string: String
    init(_ string: String) { self.string = string }

    static func == (a: TextKey, b: TextKey) -> Bool { a.string.isSame(as: b.string) }
    func hash(into hasher: inout Hasher) { string.withBytes { hasher.combine(bytes: $0) } }
}

extension [String] {
    /// Where a key stands.
    func place(of key: String) -> Int? {
        for i in indices where self[i].isSame(as: key) { return i }
        return nil
    }
}
