import Foundation
@testable import Runtime
import Syntax

/// A session in this process: entries in, what a terminal would show out.
///
/// The interpreter is one a process, so sessions take turns.
final class TestSession {
    private var output = ""
    private let interpreter: Interpreter
    private let module: Module
    private var count = 0

    /// Runs `body` with a fresh session on a thread with the interpreter's stack.
    static func with<T>(_ body: @escaping (TestSession) -> T) -> T {
        lock.lock()
        defer { lock.unlock() }
        return onLargeStack { body(TestSession()) }
    }
    nonisolated(unsafe) private static let lock = NSLock()

    private init() {
        var write: (String) -> Void = { _ in }
        var host = Host(write: { write($0) }, writeError: { write($0) })
        host.width = { 80 }
        interpreter = try! Interpreter.start(host: host)
        module = interpreter.makeModule("session")
        write = { [unowned self] in self.output += $0 }
    }

    /// What an entry prints, echoes, or says is wrong with it.
    func enter(_ text: String) -> String {
        output = ""
        count += 1
        do {
            if let value = try interpreter.run(Source(name: "entry \(count)", text: text, isFile: false), in: module), !value.isNone {
                output += interpreter.echo(value) + "\n"
            }
        } catch let error as Diagnostic {
            output += error.rendered(color: false) + "\n"
        } catch let exit as ExitRequest {
            output += "exit \(exit.code)\n"
        } catch {
            output += "\(error)\n"
        }
        return output
    }

    /// What `nns check` says of a program.
    func check(_ text: String, name: String = "program.nns", path: String? = nil) -> [Diagnostic] {
        interpreter.check(Source(name: name, text: text), path: path)
    }

    /// What it says of the standard library, whose files are one program.
    func checkStandardLibrary() -> [Diagnostic] { interpreter.checkStandardLibrary() }

    /// The error that a program ends in; nil where it runs to its end.
    func failure(_ text: String, path: String) -> Diagnostic? {
        interpreter.limitSteps(to: 2_000_000)
        do { try interpreter.run(Source(name: path, text: text), in: module) } catch { return error as? Diagnostic }
        return nil
    }

    /// Runs a program and gives its last value; throws its error.
    func value(_ text: String, checkingFirst: Bool = false) throws -> Value? {
        try interpreter.run(Source(name: "test", text: text), in: module, checkingFirst: checkingFirst)
    }
}

/// A file or folder beside this one's folder under Tests/.
func testsFolder(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(name)
}
