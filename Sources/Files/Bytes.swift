import CKernels
import Glibc
import Tensors

// Whole files as bytes: reading, writing, and a cursor that never runs past the end.

/// Reads a whole file; one that begins with gzip's mark is unpacked.
public func readFile(_ path: String) throws -> [UInt8] {
    let bytes = try readRaw(path)
    return isGzip(bytes) ? try inflate(bytes, path: path) : bytes
}

/// True for bytes that begin with gzip's mark.
func isGzip(_ bytes: [UInt8]) -> Bool { bytes.count > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b }

/// Refuses a buffer that the memory limit would not allow.
func checkMemory(_ bytes: Int, _ path: String) throws {
    guard bytes <= Memory.limit - Memory.used else {
        throw FileError(path, "not enough memory for \(bytes) bytes")
    }
}

/// Reads a whole file as it is. Anything but a directory will do; pipes are read to their end.
public func readRaw(_ path: String) throws -> [UInt8] {
    guard !path.utf8.contains(0) else { throw FileError(path, "a file name cannot contain a zero byte") }
    // A pipe would be waited for though the program is to end.
    if nns_interrupted() { throw FileError(path, "was not read") }
    let file = FileName.withBytes(path) { open($0, O_RDONLY | O_CLOEXEC) }
    guard file >= 0 else { throw systemError(path, "cannot open") }
    defer { close(file) }
    return try readRaw(file, path)
}

/// Reads what an open file still holds; `path` names it in errors.
public func readRaw(_ file: Int32, _ path: String) throws -> [UInt8] {
    var info = stat()
    guard fstat(file, &info) == 0 else { throw systemError(path, "cannot read") }
    if info.st_mode & S_IFMT == S_IFDIR { throw FileError(path, "is a directory, not a file") }
    var capacity = info.st_mode & S_IFMT == S_IFREG ? Int(info.st_size) + 1 : 1 << 16
    var bytes: [UInt8] = []
    while true {
        if nns_interrupted() { throw FileError(path, "was not read to its end") }
        try checkMemory(capacity, path)
        var failed = false
        let more = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            count = 0
            while count < buffer.count {
                let n = read(file, buffer.baseAddress! + count, buffer.count - count)
                if nns_interrupted() { return }
                if n < 0 && errno == EINTR { continue }
                if n < 0 { failed = true }
                if n <= 0 { return }
                count += n
            }
        }
        if failed { throw systemError(path, "cannot read") }
        let ended = more.count < capacity && !nns_interrupted()
        if bytes.isEmpty { bytes = more } else { bytes += more }
        if ended { return bytes }
        capacity = max(bytes.count, 1 << 16)
        // Joining the parts takes room for all of them more than once, and a text is made of them.
        try checkMemory(6 * (bytes.count + capacity), path)
    }
}

/// Writes a whole file: under a temporary name first, so that a write cut short leaves the old file as it was.
public func writeFile(_ path: String, _ bytes: [UInt8]) throws {
    guard !path.utf8.contains(0) else { throw FileError(path, "a file name cannot contain a zero byte") }
    var info = stat()
    // A device or a pipe is written to, not replaced.
    let exists = FileName.withBytes(path) { stat($0, &info) } == 0, direct = exists && info.st_mode & S_IFMT != S_IFREG
    let target = direct ? path : path + ".\(getpid()).part"
    let file = FileName.withBytes(target) { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) }
    guard file >= 0 else { throw systemError(path, "cannot write") }
    var done = 0
    // An interrupt in the middle leaves the old file too.
    let wasInterrupted = nns_interrupted()
    var isStopped: Bool { nns_interrupted() && !wasInterrupted }
    var ok = bytes.withUnsafeBytes { buffer -> Bool in
        while done < buffer.count {
            if isStopped { return false }
            let n = write(file, buffer.baseAddress! + done, min(buffer.count - done, 1 << 22))
            if n < 0 && errno == EINTR { continue }
            if n <= 0 { return false }
            done += n
        }
        return true
    }
    // What takes the place of a file may be read and run by whom that was.
    if ok, exists, !direct { ok = fchmod(file, info.st_mode & 0o7777) == 0 }
    var reason = errno
    if close(file) != 0 && ok { ok = false; reason = errno }
    if ok && !direct && FileName.withBytes(path, { rename(target, $0) }) != 0 { ok = false; reason = errno }
    if !ok {
        if !direct { unlink(target) }
        if isStopped { throw FileError(path, "was not written to its end") }
        errno = reason
        throw systemError(path, "cannot write")
    }
}

/// The operating system's reason in words.
private func systemError(_ path: String, _ what: String) -> FileError {
    let reason: String
    switch errno {
    case ENOENT: reason = "there is no such file or directory"
    case EACCES, EPERM: reason = "permission denied"
    case EISDIR: reason = "it is a directory"
    case ENOTDIR: reason = "a part of the path is not a directory"
    case ENOSPC: reason = "the disk is full"
    case EMFILE, ENFILE: reason = "too many files are open"
    case ENAMETOOLONG: reason = "the name is too long"
    case EROFS: reason = "the file system is read-only"
    case ELOOP: reason = "too many symbolic links"
    case EIO: reason = "the device reports an error"
    default: reason = "error \(errno) of the operating system"
    }
    return FileError(path, "\(what): \(reason)")
}

/// Adds bytes at the end, until an interrupt.
func append(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
    out.reserveCapacity(out.count + bytes.count)
    var done = 0
    while done < bytes.count, !nns_interrupted() {
        let end = min(bytes.count, done + 1 << 22)
        out += bytes[done..<end]
        done = end
    }
}

/// A cursor over bytes whose every step is checked.
struct ByteReader {
    let bytes: ArraySlice<UInt8>
    let path: String
    private(set) var at: Int

    init(_ bytes: [UInt8], path: String) { self.init(bytes[...], path: path) }

    init(_ bytes: ArraySlice<UInt8>, path: String) {
        self.bytes = bytes
        self.path = path
        at = bytes.startIndex
    }

    var left: Int { bytes.endIndex - at }

    func fail(_ message: String, help: [String] = []) -> FileError { FileError(path, message, .offset(at - bytes.startIndex), help: help) }

    /// Throws unless `n` more bytes are there.
    func need(_ n: Int, _ what: String) throws {
        guard n <= left else { throw fail("the file ends too soon: \(what) needs \(n) bytes, \(left) are left") }
    }

    mutating func skip(_ n: Int, _ what: String) throws {
        try need(n, what)
        at += n
    }

    mutating func take(_ n: Int, _ what: String) throws -> ArraySlice<UInt8> {
        try need(n, what)
        defer { at += n }
        return bytes[at..<(at + n)]
    }

    mutating func u8(_ what: String) throws -> Int { Int(try take(1, what).first!) }
    mutating func little(_ n: Int, _ what: String) throws -> Int { try take(n, what).reversed().reduce(0) { $0 << 8 | Int($1) } }
    mutating func big(_ n: Int, _ what: String) throws -> Int { try take(n, what).reduce(0) { $0 << 8 | Int($1) } }

    mutating func seek(_ offset: Int, _ what: String) throws {
        guard offset >= 0, offset <= bytes.count else { throw fail("\(what) lies at byte \(offset), outside the file of \(bytes.count) bytes") }
        at = bytes.startIndex + offset
    }

    /// The bytes begin with this mark.
    func begins(_ mark: [UInt8]) -> Bool { bytes.starts(with: mark) }
}

/// Product of sizes, each of which fits the file: nil on overflow.
func product(_ sizes: [Int], _ element: Int) -> Int? {
    var n = element
    for s in sizes {
        let (p, over) = n.multipliedReportingOverflow(by: s)
        if over || s < 0 { return nil }
        n = p
    }
    return n
}
