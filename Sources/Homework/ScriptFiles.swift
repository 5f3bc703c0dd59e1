import Files
import Glibc

/// The scripts that a command line names.
public enum ScriptFiles {
    /// The scripts at a path, in alphabetical order: the file itself, or every `.nns` file in a folder and those below it.
    public static func at(_ path: String) -> [String] {
        guard let folder = FileName.withBytes(path, { opendir($0) }) else {
            return FileName.withBytes(path) { access($0, R_OK) } == 0 ? [path] : []
        }
        defer { closedir(folder) }
        var paths: [String] = []
        while let entry = readdir(folder) {
            withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    if name[0] != CChar(UInt8(ascii: ".")) { paths.append(FileName.joined(path, name)) }
                }
            }
        }
        return paths.sorted().flatMap { path -> [String] in
            var status = stat()
            guard FileName.withBytes(path, { stat($0, &status) }) == 0 else { return [] }
            if status.st_mode & S_IFMT == S_IFDIR { return at(path) }
            return path.hasSuffix(".nns") ? [path] : []
        }
    }
}
