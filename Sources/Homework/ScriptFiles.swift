import Glibc

/// The scripts that a command line names.
public enum ScriptFiles {
    /// The scripts at a path, in alphabetical order: the file itself, or every `.nns` file in a folder and those below it.
    public static func at(_ path: String) -> [String] {
        guard let folder = opendir(path) else { return access(path, R_OK) == 0 ? [path] : [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        let base = path.hasSuffix("/") ? path : path + "/"
        return names.sorted().flatMap { name -> [String] in
            var status = stat()
            guard stat(base + name, &status) == 0 else { return [] }
            if status.st_mode & S_IFMT == S_IFDIR { return at(base + name) }
            return name.hasSuffix(".nns") ? [base + name] : []
        }
    }
}
