import Glibc
import Homework
import Runtime
import Syntax

// `nns check` and `nns fmt`: what is done with the text of scripts without running them.
extension Session {
    /// The scripts that some paths name; `-` is standard input. Says which paths name none.
    private static func scripts(_ paths: [String], _ failed: inout Bool) -> [String] {
        paths.flatMap { path -> [String] in
            if path == "-" { return [path] }
            let files = ScriptFiles.at(path)
            if files.isEmpty {
                writeError("error: no script at \(path)\n")
                failed = true
            }
            return files
        }
    }

    private static func text(_ file: String) throws -> String { file == "-" ? try Interpreter.readInput() : try Interpreter.readText(file) }

    private static func show(_ error: Error, _ color: ColorChoice) {
        guard let diagnostic = error as? Diagnostic else { return writeError("error: \(error)\n") }
        writeError(diagnostic.rendered(color: usesColor(color, descriptor: STDERR_FILENO), width: errorWidth()) + "\n")
    }

    static func check(_ command: Check) -> Int32 {
        var failed = false
        for file in scripts(command.paths, &failed) {
            do {
                let source = Source(name: file == "-" ? "stdin" : file, text: try text(file))
                let interpreter = try Interpreter.start(host: Host(write: { _ in }, writeError: { _ in }))
                for diagnostic in interpreter.check(source, path: file == "-" ? nil : file) {
                    if diagnostic.severity == .error { failed = true }
                    show(diagnostic, command.color)
                }
            } catch {
                failed = true
                show(error, command.color)
            }
        }
        return failed ? 1 : 0
    }

    static func format(_ command: Format) -> Int32 {
        var failed = false
        for file in scripts(command.paths, &failed) {
            do {
                let before = try text(file)
                let source = Source(name: file == "-" ? "stdin" : file, text: before)
                var errors: [Diagnostic] = []
                _ = Parser.parse(source, collecting: &errors)
                guard errors.isEmpty else {
                    failed = true
                    errors.forEach { show($0, command.color) }
                    continue
                }
                let after = try Formatter.format(source)
                if command.check {
                    guard after != before else { continue }
                    failed = true
                    Output.write((file == "-" ? "stdin" : file) + "\n")
                } else if file == "-" {
                    Output.write(after)
                } else if after != before {
                    try Interpreter.writeText(after, to: file)
                }
            } catch {
                failed = true
                show(error, command.color)
            }
        }
        return failed ? 1 : 0
    }
}
