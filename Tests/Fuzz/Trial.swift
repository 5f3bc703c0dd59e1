import CKernels
import Glibc
import Runtime
import Syntax
import Tensors

/// Runs one text through the parser, the formatter, `check` and the evaluator, and says what should not have happened.
final class Trial {
    private var interpreter: Interpreter
    private var output = ""
    /// Programs run by the present interpreter.
    private var age = 0
    private(set) var findings = 0
    /// The last error, as it is shown.
    private(set) var lastError = ""
    private(set) var parsed = 0, accepted = 0
    /// Programs that ran, and those that ended without an error.
    struct Count {
        var all = 0, whole = 0
        static func += (a: inout Count, b: Count) { a = Count(all: a.all + b.all, whole: a.whole + b.whole) }
    }
    private(set) var damaged = Count(), generated = Count()
    private(set) var interrupted = 0
    private(set) var kinds: [String: Int] = [:]
    /// A digest (FNV-1a) of everything printed and every error, for comparing runs.
    private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    var reach = Reach()

    static let maxSteps = 20_000
    /// Bytes that a program may take above those in use when it starts.
    static let memory = 96 << 20

    init() throws {
        interpreter = try Interpreter.start(host: Host(write: { _ in }, writeError: { _ in }))
        Threads.count = 1
        try renew()
    }

    /// A fresh interpreter in a closed world: nothing is written to files, nothing is read from a terminal.
    private func renew() throws {
        var host = Host(write: { [unowned self] text in if output.utf8.count < 1 << 20 { output += text } }, writeError: { _ in })
        host.writeFile = { _, _ in }
        interpreter = try Interpreter.start(host: host)
        age = 0
    }

    func finding(_ headline: String, _ program: [UInt8]) {
        findings += 1
        print("\nfinding: \(headline)\n--- \(Watch.label)\n\(String(decoding: program, as: UTF8.self))\n--- end of the program")
        fflush(stdout)
    }

    // MARK: Text

    /// Lexer and parser; with `thorough` also the formatter. The tree where the text is a program.
    @discardableResult
    func read(_ bytes: [UInt8], thorough: Bool) -> Tree? {
        let source = Source(name: "try.nns", bytes: bytes)
        parsed += 1
        do throws(Diagnostic) {
            let tree = try Parser.parse(source)
            accepted += 1
            if thorough { checkLayout(source, bytes) }
            return tree
        } catch {
            checkPlace(error, of: [source], bytes)
            lastError = error.rendered(color: false)
            if thorough {
                var errors: [Diagnostic] = []
                _ = Parser.parse(source, collecting: &errors)
                if errors.isEmpty { finding("an error is forgotten when errors are collected", bytes) }
                for each in errors { checkPlace(each, of: [source], bytes) }
            }
            return nil
        }
    }

    /// The layout has the same tree and is its own layout.
    private func checkLayout(_ source: Source, _ bytes: [UInt8]) {
        do throws(Diagnostic) {
            let once = try Formatter.format(source)
            let twice = try Formatter.format(Source(name: "try.nns", text: once))
            if once != twice { finding("formatting twice differs from formatting once", bytes) }
        } catch {
            finding("cannot format: \(error.message)", bytes)
        }
    }

    /// An error has one of the kinds and a place inside the user's own text.
    private func checkPlace(_ error: Diagnostic, of sources: [Source], _ bytes: [UInt8]) {
        guard let source = error.source else { return finding("an error without a place: \(error.message)", bytes) }
        let spans = [(source, error.span)] + error.marks.map { (source, $0) } + error.frames.map { ($0.source, $0.span) }
        for (source, span) in spans where span.start < 0 || span.start > span.end || Int(span.end) > source.bytes.count {
            finding("a place \(span) outside of the text: \(error.message)", bytes)
        }
        if source.isStandardLibrary, !error.frames.contains(where: { !$0.source.isStandardLibrary }) { finding("an error in the standard library's text: \(error.message)", bytes) }
        if ErrorKind(rawValue: error.kind) == nil, !contains(bytes, "error(") {
            finding("an error of the kind `\(error.kind)`: \(error.message)", bytes)
        }
        if error.rendered(color: false).isEmpty { finding("an error without a text", bytes) }
    }

    private func contains(_ bytes: [UInt8], _ text: String) -> Bool { String(decoding: bytes, as: UTF8.self).contains(text) }

    // MARK: Evaluation

    enum Ending: Equatable { case value, failed(String), interrupted }

    /// What a program printed and how it ended.
    struct Result: Equatable {
        var output: String
        var ending: Ending
    }

    private func run(_ source: Source, in module: Module, _ bytes: [UInt8], checkingFirst: Bool = false) -> Result {
        output = ""
        interpreter.limitSteps(to: Self.maxSteps)
        Memory.limit = Memory.used + Self.memory
        defer { interpreter.limitSteps(to: Int.max); Memory.limit = Int.max }
        let ending: Ending
        do {
            if let value = try interpreter.run(source, in: module, checkingFirst: checkingFirst) { output += interpreter.echo(value) }
            ending = .value
        } catch let error as Diagnostic {
            checkPlace(error, of: [source], bytes)
            lastError = error.rendered(color: false)
            if error.kind == ErrorKind.interrupt.rawValue {
                if !Watch.wasSlow { finding("interrupted without an interrupt", bytes) }
                ending = .interrupted
            } else {
                ending = .failed(error.kind)
            }
        } catch is ExitRequest {
            ending = .value
        } catch {
            finding("an error without a diagnostic: \(error)", bytes)
            ending = .failed("\(error)")
        }
        // A caught error knows its line, and a function shows as it was written: the formatter moves both.
        return Result(output: output.replacing(#/line: \d+/#, with: "line: …").filter { !$0.isWhitespace }, ending: ending)
    }

    /// A module in an interpreter as it is at the start of a program.
    private func freshModule() -> Module {
        age += 1
        if age > 1000 { try! renew() }
        interpreter.setSeed(0)
        interpreter.defaultType = .f32
        interpreter.isTraining = false
        interpreter.checksNaN = false
        interpreter.trainingStops = TrainingStops()
        return interpreter.makeModule("try")
    }

    /// Tries one text in every way, and shows what `check` says of it, what it prints and how it ends.
    func show(_ bytes: [UInt8]) {
        guard let tree = read(bytes, thorough: true) else { return print(lastError) }
        for report in interpreter.check(tree.source, path: nil) { print("check: \(report.rendered(color: false))") }
        let result = run(tree.source, in: freshModule(), bytes)
        print("\(result.output)\(result.ending == .value ? "" : lastError)")
        evaluate(bytes, tree, isGenerated: false, thorough: true)
    }

    /// Evaluates a program; with `thorough` all its checks.
    func evaluate(_ bytes: [UInt8], _ tree: Tree, isGenerated: Bool, thorough: Bool) {
        let source = tree.source, resident = mostResident()
        let result = run(source, in: freshModule(), bytes)
        if mostResident() - resident > 6 * Self.memory { finding("takes \((mostResident() - resident) >> 20) MiB beyond the limit", bytes) }
        let isWhole = result.ending == .value, count = Count(all: 1, whole: isWhole ? 1 : 0)
        if isGenerated { generated += count } else { damaged += count }
        if isWhole { reach.note(tree) }
        if case .failed(let kind) = result.ending { kinds[kind, default: 0] += 1 }
        if result.ending == .interrupted { interrupted += 1; return }
        // What depends on the clock, on what ran before, or on the layout.
        guard !tree.strings.contains(where: { ["time", "_stopwatch", "seconds", "_memory", "line"].contains($0) }) else { return }
        mix(result.output)
        if case .failed(let kind) = result.ending { mix(kind) }
        if thorough { repeatOtherwise(source, result, tree, bytes) }
    }

    /// `check` must report nothing that the program passed without an error; the check before a run must not end a program
    /// that runs; and the program's layout, on two threads however small the work is, must do the same as the program.
    private func repeatOtherwise(_ source: Source, _ result: Result, _ tree: Tree, _ bytes: [UInt8]) {
        let isWhole = result.ending == .value
        compareWithCheck(source, isWhole ? Conditions(tree) : nil, bytes)
        guard let text = try? Formatter.format(source) else { return }
        let layout = Source(name: source.name, text: text)
        let again = onTwoThreads { run(layout, in: freshModule(), bytes, checkingFirst: isWhole) }
        guard again.ending != .interrupted, again != result else { return }
        let others: [(String, Result)] = [
            ("a second time", run(source, in: freshModule(), bytes)),
            ("on two threads", onTwoThreads { run(source, in: freshModule(), bytes) }),
            ("formatted", run(layout, in: freshModule(), bytes)),
            ("behind the check", run(source, in: freshModule(), bytes, checkingFirst: isWhole)),
        ]
        guard !others.contains(where: { $0.1.ending == .interrupted }) else { return }
        let names = others.filter { $0.1 != result }.map(\.0), other = others.first { $0.1 != result }?.1 ?? again
        finding("the program does something else \(names.isEmpty ? "sometimes" : names.joined(separator: ", ")):\n"
            + "\(result.ending) \(result.output.prefix(2000))\n--- otherwise\n\(other.ending) \(other.output.prefix(2000))", bytes)
    }

    private func onTwoThreads(_ body: () -> Result) -> Result {
        (Threads.count, Threads.shrink) = (2, 30)
        defer { (Threads.count, Threads.shrink) = (1, 0) }
        return body()
    }

    private func compareWithCheck(_ source: Source, _ passed: Conditions?, _ bytes: [UInt8]) {
        _ = freshModule()
        let reports = interpreter.check(source, path: nil)
        for report in reports { checkPlace(report, of: [source], bytes) }
        guard let passed else { return }
        for error in reports where error.severity == .error {
            // What the standard library does for the caller is its own affair: its errors are the caller's.
            let places = ([(error.source ?? source, error.span)] + error.frames.map { ($0.source, $0.span) }).filter { !$0.0.isStandardLibrary }.map(\.1)
            guard let outermost = places.last, passed.isCertain(outermost, isOutermost: true),
                  places.dropLast().allSatisfy({ passed.isCertain($0, isOutermost: false) }) else { continue }
            finding("`check` reports what runs without an error: \(error.rendered(color: false))", bytes)
        }
    }

    /// The most memory that the process had so far, in bytes.
    private func mostResident() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss << 10
    }

    private func mix(_ text: String) {
        for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    /// A session at the prompt: after an entry that fails and sets nothing else than one name, the others are whole.
    func session(_ setUp: String, _ entries: [String]) {
        let module = freshModule()
        let whole = Array((setUp + "\n" + entries.joined(separator: "\n")).utf8)
        _ = run(Source(name: "entry 1", text: setUp, isFile: false), in: module, whole)
        for (number, entry) in entries.enumerated() {
            let before = values(module)
            let source = Source(name: "entry \(number + 2)", text: entry, isFile: false)
            let result = run(source, in: module, whole)
            guard case .failed = result.ending, let tree = try? Parser.parse(source), tree[tree.root].count == 1 else { continue }
            let statement = tree[tree.lists[Int(tree[tree.root].first)]].kind
            guard [.expression, .assign, .update].contains(statement), values(module) != before else { continue }
            // A block or a function that was called may have set more before it failed.
            let isSimple = !tree.nodes.contains { [.block, .listPattern, .lambda].contains($0.kind) }
            if isSimple { finding("a failed entry changed a variable: \(entry)", whole) }
        }
    }

    private func values(_ module: Module) -> [String] {
        module.bindings.compactMap { name, value in
            if case .object = value { return nil }
            if case .function = value { return nil }
            return "\(name) = \(interpreter.echo(value))"
        }
    }
}
