/// What is wrong with a file, and where.
public struct FileError: Error, CustomStringConvertible {
    /// A place in the file: a line and column counted from 1, or a byte offset.
    public enum Place: Equatable {
        case whole
        case line(Int, column: Int?)
        case offset(Int)
    }

    public var path: String
    public var message: String
    public var place: Place
    public var help: [String]

    public init(_ path: String, _ message: String, _ place: Place = .whole, help: [String] = []) {
        self.path = path; self.message = message; self.place = place; self.help = help
    }

    /// `data.csv:3:7: expected a number, not "abc"`, the form editors jump to.
    public var description: String {
        switch place {
        case .whole: "\(path): \(message)"
        case .line(let line, nil): "\(path):\(line): \(message)"
        case .line(let line, let column?): "\(path):\(line):\(column): \(message)"
        case .offset(let offset): "\(path): \(message) (at byte \(offset))"
        }
    }
}
