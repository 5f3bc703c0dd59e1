import Glibc

/// Names of files that are no UTF-8. A string cannot hold one: it goes by what is shown for it, and its bytes are kept here.
public enum FileName {
    nonisolated(unsafe) private static var kept: [String: [CChar]] = [:]

    /// A name that the system gave, as a string that the functions of this module find the file by.
    public static func shown(_ name: UnsafePointer<CChar>) -> String {
        if let text = String(validatingCString: name) { return text }
        let text = String(cString: name)
        kept[text] = Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1))
        return text
    }

    /// Calls `body` with the name as the system knows it.
    public static func withBytes<R>(_ name: String, _ body: (UnsafePointer<CChar>) throws -> R) rethrows -> R {
        if let bytes = kept[name] { return try bytes.withUnsafeBufferPointer { try body($0.baseAddress!) } }
        return try name.withCString(body)
    }

    /// The name of a file in a folder.
    public static func joined(_ folder: String, _ name: UnsafePointer<CChar>) -> String {
        withBytes(folder) { folder in
            var path = Array(UnsafeBufferPointer(start: folder, count: strlen(folder)))
            if path.last != CChar(UInt8(ascii: "/")) { path.append(CChar(UInt8(ascii: "/"))) }
            path += UnsafeBufferPointer(start: name, count: strlen(name) + 1)
            return path.withUnsafeBufferPointer { shown($0.baseAddress!) }
        }
    }
}
