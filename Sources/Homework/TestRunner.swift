import Runtime
import Syntax

/// `nns test PATH…`: runs scripts and then each `test "title" { … }` they declare.
public final class TestRunner {
    private let host: Host
    private let color: Bool
    public var maxSteps: Int?

    public init(host: Host, color: Bool) {
        self.host = host
        self.color = color
    }

    /// Runs every script; 0 where all tests passed, 130 after an interrupt, 1 otherwise.
    public func run(paths: [String]) -> Int32 {
        var passed = 0, failed = 0
        for path in paths {
            let files = ScriptFiles.at(path)
            if files.isEmpty {
                host.writeError("error: no script at \(path)\n")
                failed += 1
            }
            for file in files {
                do {
                    let (good, failures) = try runTests(of: file)
                    passed += good
                    failed += failures.count
                    for (title, line, error) in failures {
                        host.write("FAILED \(file):\(line): \(title)\n")
                        host.writeError(error.rendered(color: color, width: host.errorWidth()) + "\n")
                    }
                } catch {
                    if let diagnostic = error as? Diagnostic, diagnostic.kind == ErrorKind.interrupt.rawValue {
                        host.writeError(diagnostic.rendered(color: color) + "\n")
                        return 130
                    }
                    failed += 1
                    host.write("FAILED \(file)\n")
                    host.writeError(((error as? Diagnostic)?.rendered(color: color, width: host.errorWidth()) ?? "error: \(error)") + "\n")
                }
            }
        }
        host.write("\(passed) passed, \(failed) failed\n")
        return failed == 0 ? 0 : 1
    }

    private func runTests(of file: String) throws -> (Int, [(title: String, line: Int, error: Diagnostic)]) {
        let source = Source(name: file, text: try Interpreter.readText(file))
        let interpreter = try Interpreter.start(host: host)
        if let maxSteps { interpreter.limitSteps(to: maxSteps) }
        // `main { }` belongs to a run of the program, not to its tests.
        let module = interpreter.makeModule("main", isMain: false)
        interpreter.registerMain(module, path: file)
        do { try interpreter.run(source, in: module) } catch let exit as ExitRequest {
            // A script that leaves is done, but not where it has tests.
            let declared = try Parser.parse(source).nodes.filter { $0.kind == .test }.count
            guard exit.code != 0 || declared > 0 else { return (0, []) }
            throw Diagnostic(.value, "exit(\(exit.code)) ended the script before its tests")
        }
        return try interpreter.runTests(in: module)
    }
}
