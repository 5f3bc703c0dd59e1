import ArgumentParser
import CKernels
import Files
import Glibc
import Homework
import Plots
import Prompt
import Runtime
import Syntax

@main
enum Main {
    static func main() {
        Output.begin()
        if let fault = Environment.fault() {
            writeError("nns: \(fault)\n")
            exit(2)
        }
        var command: ParsableCommand
        do {
            command = try Command.parseAsRoot(ArgumentList.prepared(ArgumentList.given))
            // What is not ours is the argument parser's own help, which it throws.
            if !(command is any SessionCommand) { try command.run() }
        } catch {
            let code = Command.exitCode(for: error)
            let text = Command.fullMessage(for: error)
            if code == .success {
                Output.write(text + "\n")
                Output.flush()
            } else { writeError(text + "\n") }
            exit(code == .success ? 0 : 2)
        }
        let status = onLargeStack { Session.run(command) }
        Output.flush()
        exit(status)
    }
}

/// Command lines as users write them.
enum ArgumentList {
    /// What stands behind the program's name. A name of a file that is no UTF-8 is among them as it is shown.
    static var given: [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { CommandLine.unsafeArgv[$0].map { FileName.shown($0) } }
    }

    static let commands = ["run", "check", "fmt", "test", "doc", "help"]

    /// Everything behind the script's name belongs to the script, options of `nns` stand before it.
    static func prepared(_ arguments: [String]) -> [String] {
        var index = 0
        if let first = arguments.first, commands.contains(first) {
            guard first == "run" else { return arguments }
            index = 1
        }
        while index < arguments.count {
            let argument = arguments[index]
            if argument == "--" { return arguments }
            if argument == "-e" || argument == "--max-steps" || argument == "--color" { index += 2; continue }
            if argument.hasPrefix("-"), argument != "-" { index += 1; continue }
            break
        }
        guard index < arguments.count else { return arguments }
        // The rest is passed on untouched.
        return Array(arguments[..<index]) + ["--"] + Array(arguments[index...])
    }
}

/// A command that a session runs.
protocol SessionCommand: ParsableCommand {}

extension Run: SessionCommand {}
extension Check: SessionCommand {}
extension Format: SessionCommand {}
extension Test: SessionCommand {}
extension Doc: SessionCommand {}

/// One run of the program, on the interpreter's thread.
enum Session {
    nonisolated static func run(_ command: ParsableCommand) -> Int32 {
        switch command {
        case let run as Run: return self.run(run)
        case let check as Check: return self.check(check)
        case let format as Format: return self.format(format)
        case let test as Test: return self.test(test)
        case let doc as Doc: return self.doc(doc)
        default: return 2
        }
    }

    /// The surroundings of a program at this terminal.
    static func host(_ color: ColorChoice, arguments: [String] = []) -> Host {
        var host = Host(write: Output.write, writeError: { Output.flush(); writeError($0) })
        host.arguments = arguments
        host.color = usesColor(color, descriptor: STDOUT_FILENO)
        host.braille = plotStyle() == .braille
        let isTerminal = isatty(STDOUT_FILENO) == 1
        host.width = { isTerminal ? terminalSize(STDOUT_FILENO).columns : 80 }
        host.errorWidth = errorWidth
        let progress = ProgressReport(isTerminal: isatty(STDERR_FILENO) == 1 && !isDumb, color: usesColor(color, descriptor: STDERR_FILENO),
                                      style: plotStyle(), size: { terminalSize(STDERR_FILENO) })
        host.progress = progress.show
        if isTerminal {
            host.write = {
                progress.makeWay(for: $0)
                show($0)
            }
        }
        host.writeError = {
            progress.makeWay(for: $0)
            Output.flush()
            writeError($0)
        }
        return host
    }

    /// Writes to the terminal, which may take minutes for megabytes: an interrupt ends it.
    private static func show(_ text: String) {
        if text.utf8.count < 1 << 16 { return Output.write(text) }
        var rest = text[...]
        while !rest.isEmpty, !nns_interrupted() {
            Output.write(String(rest.prefix(1 << 12)))
            Output.flush()
            rest = rest.dropFirst(1 << 12)
        }
    }

    /// `NNS_PLOT`: how pictures are drawn in the terminal.
    private static func plotStyle() -> TextStyle {
        switch getenv("NNS_PLOT").map({ String(cString: $0) }) ?? "" {
        case "", "ascii": return .ascii
        case "braille": return .braille
        case let other:
            writeError("error: NNS_PLOT is \"ascii\" or \"braille\", got \"\(other)\"\n")
            exit(2)
        }
    }

    /// A terminal that knows no cursor movement.
    private static var isDumb: Bool { getenv("TERM").map { String(cString: $0) == "dumb" } ?? false }

    static func usesColor(_ color: ColorChoice, descriptor: Int32) -> Bool {
        switch color {
        case .always: return true
        case .never: return false
        case .auto:
            if let value = getenv("NO_COLOR"), value.pointee != 0 { return false }
            if isDumb { return false }
            return isatty(descriptor) == 1
        }
    }

    /// Columns of the terminal that diagnostics go to, nil where they go to none.
    static func errorWidth() -> Int? { isatty(STDERR_FILENO) == 1 ? terminalSize(STDERR_FILENO).columns : nil }

    private static func terminalSize(_ descriptor: Int32) -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
        return (Int(size.ws_col), size.ws_row > 0 ? Int(size.ws_row) : 24)
    }

    private static func report(_ error: Error, _ color: ColorChoice) -> Int32 {
        Output.flush()
        if let exit = error as? ExitRequest { return exit.code }
        guard let diagnostic = error as? Diagnostic else {
            writeError("error: \(error)\n")
            return 1
        }
        writeError(diagnostic.rendered(color: usesColor(color, descriptor: STDERR_FILENO), width: errorWidth()) + "\n")
        return diagnostic.kind == ErrorKind.interrupt.rawValue ? 130 : 1
    }

    /// A script; where there is none, a bare word may have been meant for a command.
    private static func script(_ file: String) throws -> Source {
        do { return Source(name: file, text: try Interpreter.readText(file)) } catch var error as Diagnostic {
            if error.help.isEmpty, !file.contains("."), !file.contains("/") {
                error.help = ["the commands are \(ArgumentList.commands.map { "`\($0)`" }.joined(separator: ", ")); any other word is a script's name"]
            }
            throw error
        }
    }

    private static func run(_ command: Run) -> Int32 {
        let options = command.options
        let arguments = command.arguments
        nns_interrupt_install(true)
        do {
            let source: Source
            var scriptArguments = arguments
            if let code = command.code {
                source = Source(name: "-e", text: code)
            } else if let file = arguments.first {
                scriptArguments = Array(arguments.dropFirst())
                source = file == "-" ? Source(name: "stdin", text: try Interpreter.readInput()) : try script(file)
            } else if isatty(STDIN_FILENO) == 1 {
                nns_interrupt_install(false)
                let interpreter = try Interpreter.start(host: host(options.color))
                if let limit = options.maxSteps { interpreter.limitSteps(to: limit) }
                return PromptLoop(interpreter, color: usesColor(options.color, descriptor: STDERR_FILENO)).run()
            } else {
                source = Source(name: "stdin", text: try Interpreter.readInput())
            }
            let interpreter = try Interpreter.start(host: host(options.color, arguments: scriptArguments))
            if let limit = options.maxSteps { interpreter.limitSteps(to: limit) }
            let module = interpreter.makeModule("main")
            if command.code == nil, let file = arguments.first, file != "-" { interpreter.registerMain(module, path: file) }
            let value = try interpreter.run(source, in: module, checkingFirst: true)
            if command.code != nil, let value, !value.isNone {
                let text = interpreter.echo(value)
                try interpreter.goOn()
                interpreter.host.write(text + "\n")
            }
            return 0
        } catch {
            return report(error, options.color)
        }
    }

    private static func doc(_ command: Doc) -> Int32 {
        let name = command.words.joined(separator: " ")
        do {
            let interpreter = try Interpreter.start(host: host(.never))
            if name.isEmpty {
                interpreter.host.write(interpreter.namesByGroup() + "\nThe lecture, row by row:\n")
                try interpreter.explain("")
            } else if let page = interpreter.page(of: name) {
                interpreter.host.write(page)
            } else {
                do { try interpreter.explain(name) } catch let error as Diagnostic {
                    // What is neither a name nor a topic may be near to one.
                    let near = interpreter.nearestName(to: name).map { ["did you mean `\($0)`?"] } ?? error.help
                    throw Diagnostic(.name, "nothing is known about `\(name)`", help: near)
                }
            }
            return 0
        } catch {
            return report(error, .auto)
        }
    }

    private static func test(_ command: Test) -> Int32 {
        nns_interrupt_install(true)
        let runner = TestRunner(host: host(command.options.color), color: usesColor(command.options.color, descriptor: STDERR_FILENO))
        runner.maxSteps = command.options.maxSteps
        return runner.run(paths: command.paths)
    }
}
