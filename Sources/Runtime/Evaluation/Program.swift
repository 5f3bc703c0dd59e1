import CKernels
import CStandardLibrary
import Files
import Glibc
import Syntax
import Tensors

// Running a program: its text, the modules it imports, its tests; and the names that every module begins with.
extension Interpreter {
    /// A running interpreter: built-ins and standard library in place, `current` set.
    public static func start(host: Host) throws -> Interpreter {
        let interpreter = Interpreter(host: host)
        current = interpreter
        for operation in Op.all {
            interpreter.prelude[operation.name] = Word(.function(BuiltinFunction(operation)))
        }
        interpreter.prelude["pi"] = Word(number: 3.141592653589793)
        interpreter.prelude["inf"] = Word(number: .infinity)
        interpreter.prelude["nan"] = Word(number: .nan)
        interpreter.prelude["args"] = Word(Value(list: host.arguments.map { Value($0) }))
        return interpreter
    }

    /// A module for a program of its own.
    public func makeModule(_ name: String, isMain: Bool = true) -> Module {
        let module = Module(name: name)
        module.isMain = isMain
        return module
    }

    /// Parses, resolves and runs a text in a module. Gives the value of the last statement where that is an
    /// expression whose echo is not silenced by `;`. With `checkingFirst`, an error in which every run would end is thrown
    /// before anything runs. `result` is told the value of each statement of the text that is an expression, with the
    /// statement's number and whether a `;` stands behind it.
    @discardableResult
    public func run(_ source: Source, in module: Module, checkingFirst: Bool = false,
                    result: ((_ statement: Int, _ value: Value, _ isSilent: Bool) throws -> Void)? = nil) throws -> Value? {
        // Where nothing runs, no memory is wanted any more for what ended.
        if currentModule == nil {
            _ = nns_interrupt_was_for_memory()
            stepsLeft = stepLimit
        }
        let tree = try Parser.parse(source)
        let code = try Resolver(tree: tree, module: module, prelude: prelude).resolve()
        module.source = module.source ?? source
        if checkingFirst, let failure = Checker.certainFailure(self, code, module, tree) { throw failure }
        let savedModule = currentModule
        currentModule = module
        let savedTop = top, savedFrame = frame, savedDepth = depth, savedArguments = argumentTop
        defer {
            currentModule = savedModule
            // Slots of the top level (comprehension variables) go back; an error may have left others.
            var slot = savedTop
            while slot < savedTop + code.slotCount { slot.pointee.release(); slot.pointee = .unset; slot += 1 }
            top = savedTop
            frame = savedFrame
            depth = savedDepth
            argumentTop = savedArguments
        }
        frame = top
        top += code.slotCount
        var last: Value?
        do {
            let body = code.body!
            for i in 0..<Int(body.pointee.count) {
                let statement = body.pointee.list[i]
                last = nil
                let isLast = i == Int(body.pointee.count) - 1 && !statement.pointee.flag
                if statement.pointee.op == .expression, isLast || result != nil {
                    returned = .none
                    _ = try execute(statement, tail: true)
                    let value = Value(taking: returned)
                    returned = .unset
                    try result?(i, value, source.hasSemicolon(behind: statement.pointee.a.pointee.span.end))
                    if isLast { last = value }
                } else {
                    _ = try execute(statement, tail: false)
                }
            }
        } catch let error where !(error is ExitRequest) {
            throw diagnosed(error)
        }
        return last
    }

    /// `import "file.nns"`: relative to the importing file, run once, its names in a record.
    func importModule(_ n: NodePointer) throws -> Value {
        let (written, path, canonical) = try importedFile(n)
        if let known = modules[canonical] {
            if known.isRunning { throw importCycle(written, n) }
            return Self.record(of: known)
        }
        let text: String
        do { text = try Self.readText(path) } catch { throw located(error, n) }
        let module = Module(name: Resolver.moduleName(path))
        modules[canonical] = module
        module.isRunning = true
        defer { module.isRunning = false }
        let savedTests = tests
        defer { tests = savedTests }
        do {
            try run(Source(name: path, text: text), in: module)
        } catch {
            modules[canonical] = nil
            throw framed(error, n, "import", nil, isStandardLibrary: false)
        }
        return Self.record(of: module)
    }

    /// The file that an `import` names: as written, from here, and without links.
    func importedFile(_ n: NodePointer) throws -> (written: String, path: String, canonical: String) {
        let written = n.pointee.name
        let importer = n.pointee.source.takeUnretainedValue().name
        let folder = importer.lastIndex(of: "/").map { String(importer[...$0]) } ?? ""
        let path = written.hasPrefix("/") ? written : folder + written
        guard let canonical = Self.canonicalPath(path) else {
            // The path alone is wrong.
            var error = located(Diagnostic(.io, "cannot open \(path)", help: ["an import is relative to the file it stands in"]), n)
            let text = n.pointee.text
            if let quote = text.utf8.firstIndex(of: UInt8(ascii: "\"")) {
                error.span.start += Int32(text.utf8.distance(from: text.utf8.startIndex, to: quote))
                error.span.end = error.span.start + Int32(written.utf8.count) + 2
            }
            if Self.canonicalPath(path + ".nns") != nil { error.help = ["write `import \"\(written).nns\"`"] }
            throw error
        }
        return (written, path, canonical)
    }

    func importCycle(_ written: String, _ n: NodePointer) -> Diagnostic {
        located(Diagnostic(.value, "\(written) imports itself, directly or through others"), n)
    }

    private static func record(of module: Module) -> Value {
        let bindings = module.bindings
        return .record(Record(bindings.map(\.name), bindings.map(\.value)))
    }

    /// Notes the program's own file, so that an import of it is a cycle.
    public func registerMain(_ module: Module, path: String) {
        guard let canonical = Self.canonicalPath(path) else { return }
        modules[canonical] = module
        module.isRunning = true
    }

    static func canonicalPath(_ path: String) -> String? {
        guard let resolved = FileName.withBytes(path, { realpath($0, nil) }) else { return nil }
        defer { free(resolved) }
        return FileName.shown(resolved)
    }

    /// A file's text; throws `io` where it cannot be read or is no UTF-8.
    public static func readText(_ path: String) throws -> String { try text(named: path) { try readRaw(path) } }

    /// The text on standard input.
    public static func readInput() throws -> String { try text(named: "standard input") { try readRaw(STDIN_FILENO, "standard input") } }

    private static func text(named name: String, _ bytes: () throws -> [UInt8]) throws -> String {
        do {
            guard let text = String(validating: try bytes(), as: UTF8.self) else { throw Diagnostic(.io, "\(name) is not text in UTF-8") }
            return text
        } catch let error as FileError {
            // A file may wait for who writes it, so that an interrupt is what ended the reading.
            if nns_interrupted() { throw Diagnostic(.interrupt, "interrupted") }
            throw Diagnostic(.io, error.description, help: error.help)
        }
    }

    /// Writes a file's text: beside it first, so that a file is never left half written.
    public static func writeText(_ text: String, to path: String) throws {
        do { try writeFile(canonicalPath(path) ?? path, Array(text.utf8)) } catch let error as FileError { throw Diagnostic(.io, error.description) }
    }

    /// Runs the tests that the program of a module declared, each with all the steps that a program may take; gives the
    /// number passed and the failures, each with its test's line. Throws an interrupt.
    public func runTests(in module: Module) throws -> (passed: Int, failures: [(title: String, line: Int, error: Diagnostic)]) {
        let savedModule = currentModule
        currentModule = module
        defer { currentModule = savedModule }
        var passed = 0
        var failures: [(String, Int, Diagnostic)] = []
        var next = 0
        // A test may declare others.
        while next < tests.count {
            let (title, closure) = tests[next]
            next += 1
            let line = closure.code.source.line(at: closure.code.span.start)
            stepsLeft = stepLimit
            do {
                _ = try callClosure(closure, [], [])
                passed += 1
            } catch let exit as ExitRequest {
                failures.append((title, line, Diagnostic(.value, "exit(\(exit.code)) left the test", source: closure.code.source, span: closure.code.span)))
            } catch {
                let diagnostic = diagnosed(error)
                if diagnostic.kind == ErrorKind.interrupt.rawValue { throw diagnostic }
                failures.append((title, line, diagnostic))
            }
        }
        return (passed, failures)
    }
}

/// Runs `body` on a thread with a stack of 1 GiB, or of less where the process may not have as much: ten thousand nested
/// calls must work.
public func onLargeStack<T>(_ body: @escaping () -> T) -> T {
    var result: T?
    let runner = Unmanaged.passRetained(Runner { result = body() })
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    // An interrupt goes to the new thread: handed on from here it would come after what was typed behind it.
    var interrupt = sigset_t(), before = sigset_t()
    sigemptyset(&interrupt)
    sigaddset(&interrupt, SIGINT)
    pthread_sigmask(SIG_BLOCK, &interrupt, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let isStarted = [1 << 30, 1 << 28, 1 << 26].contains { size in
        pthread_attr_setstacksize(&attributes, size)
        return pthread_create(&thread, &attributes, { context in
            var interrupt = sigset_t()
            sigemptyset(&interrupt)
            sigaddset(&interrupt, SIGINT)
            pthread_sigmask(SIG_UNBLOCK, &interrupt, nil)
            Unmanaged<Runner>.fromOpaque(context!).takeRetainedValue().body()
            return nil
        }, runner.toOpaque()) == 0
    }
    guard isStarted else {
        runner.release()
        return body()
    }
    pthread_join(thread, nil)
    return result!
}

private final class Runner {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}
