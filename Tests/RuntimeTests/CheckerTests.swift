import Foundation
import Syntax
import Testing
@testable import Runtime

/// `nns check`: it finds what is planted, in the words of the run, and says nothing of what is right.
@Suite struct CheckerTests {
    /// The scripts under some folders of the project.
    private static func scripts(_ folders: String...) -> [URL] {
        let root = testsFolder("").deletingLastPathComponent()
        return folders.flatMap { folder -> [URL] in
            let all = FileManager.default.enumerator(at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
            return all.filter { $0.pathExtension == "nns" }.sorted { $0.path < $1.path }
        }
    }

    private static func errors(_ text: String, _ path: String) -> [Diagnostic] {
        // A name with its folder, so that what it imports is found.
        TestSession.with { session in session.check(text, name: path, path: path) }.filter { $0.severity == .error }
    }

    // MARK: Nothing false

    @Test(arguments: scripts("scripts", "Tests/Samples", "Tests/Lecture", "Tests/Operations", "Tests/StandardLibrary"))
    func saysNothingOfWhatIsRight(_ file: URL) throws {
        for error in Self.errors(try String(contentsOf: file, encoding: .utf8), file.path) { Issue.record("\(error.rendered(color: false))") }
    }

    @Test func saysNothingOfTheStandardLibrary() {
        let errors = TestSession.with { session in session.checkStandardLibrary() }
        for error in errors { Issue.record("\(error.rendered(color: false))") }
    }

    /// The check before a run ends no program for an error that this run passes over.
    @Test(arguments: [
        "known = u == 1 and max(ones(0)) > 1", "known = u == 6 or max(ones(0)) > 1", "if u == 1 and max(ones(0)) > 1 { }",
        "[max(ones(0)) for i in 0..<3 if i > u]", "xs = [i for i in 0..<3 if i > u]; [max(ones(0)) for x in xs]",
        "xs = [i for i in 0..<3 if i > u]; map(x => max(ones(0)), xs)", "xs = filter(x => x > u, (1, 2)); map(x => max(ones(0)), xs)",
        "xs = filter(x => x > u, (1, 2)); filter(x => max(ones(0)) > 1, xs)", "while u == 1 and max(ones(0)) > 1 { }",
        "f = () => u == 1 and max(ones(0)) > 1; f()", "arange(-1e308)",
    ])
    func endsNoProgramThatRuns(_ text: String) throws {
        let failure = TestSession.with { session -> String in
            do { _ = try session.value("u = grad(square)(3)\n" + text, checkingFirst: true) } catch { return (error as? Diagnostic)?.rendered(color: false) ?? "\(error)" }
            return ""
        }
        #expect(failure == "")
    }

    private static let fresh = FileManager.default.temporaryDirectory.appendingPathComponent("fresh-\(UUID().uuidString).svg").path

    /// Neither check knows better than the run what an object holds once something that may change it was called.
    @Test(arguments: [
        // Training: parameters move, and what layers and optimizers keep.
        "fit(n, d, loss=mse, optimizer=sgd(0.1), epochs=100); ones(3)[round(n.w[0])]",
        "opt = sgd(0.1); for k in 1..100 { opt.step(n, g(n)) }; ones(3)[round(n.w[0])]",
        "for k in 1..100 { update(n, (w, g) => w - 0.1 * g, g(n)) }; ones(3)[round(n.w[0])]",
        "fn train(m) { for k in 1..100 { update(m, (w, g) => w - 0.1 * g, g(m)) } }; train(n); ones(3)[round(n.w[0])]",
        "c = copy(n); fit(c, d, loss=mse, optimizer=sgd(0.1), epochs=100); ones(3)[round(c.w[0])]; ones(6)[n.w[0]]",
        "h = n >> (s => s); fit(h, d, loss=mse, optimizer=sgd(0.1), epochs=100); ones(3)[round(n.w[0])]",
        "f = x => n(x); fit(f, d, loss=mse, optimizer=sgd(0.1), epochs=100); ones(3)[round(n.w[0])]",
        "p = l2(5, biases=true); for k in 1..100 { p.prox(n, 0.1) }; ones(3)[round(n.w[0])]",
        "saved = copy(n); saved.w = [1]; restore(n, saved); ones(3)[round(n.w[0])]",
        "w = [5]; opt = sgd(0.1); for k in 1..100 { w = opt.step(w, grad(w => sum((w - 2)^2))(w)) }; ones(3)[round(w[0])]",
        "m = dense(3); fit(m, iris(), epochs=2); max(m.b[m.b != 0])",
        "m = dense(1); build(m, ones(1, 2)); m.W = 5 * ones(1, 2); opt = sgd(0.5); opt.step(m, {W: 8 * ones(1, 2), b: [0]}); ones(3)[m.W[0, 0]]",
        "m = batchnorm() >> dense(3); fit(m, iris(), epochs=2); max(m[0].mean[m[0].mean != 0])",
        "m = batchnorm(); build(m, ones(4, 2)); for k in 1..100 { train_mode(() => m(9 * ones(4, 2))) }; ones(10)[round(m.mean[0])]; [7][[i for i in 0..0 if m.mean[0] > 5][0]]",
        "opt = adam(); m = dense(3); fit(m, iris(), optimizer=opt, epochs=1); ones(6)[[i for i in 0..5 if opt.steps > 0][0]]",
        // Functions that are not followed to their end.
        "fn deep(l, k) { if k == 0 { l.value = 0 } else { deep(l, k - 1) } }; deep(q, 5); ones(3)[q.value]",
        "sorted((1, 2), k => { q.value = k; k }); ones(3)[q.value]", "raises(() => { q.value = 1; error(\"x\") }); ones(3)[q.value]",
        "raises(() => { q.value = 1; error(\"x\"); q.value = 9 }); ones(3)[q.value]",
        "c = box(0); map(x => { c.value = c.value + 1; 0 }, ones(100)); ones(200)[[i for i in 0..0 if c.value > 50][0]]",
        "jacobian(x => { q.value = 1; x * x })(ones(2)); ones(3)[q.value]", "contour((x, y) => { q.value = 1; x + y }, [0, 1], [0, 1]); ones(3)[q.value]",
        "grid(() => { q.value = 1; plot([1, 2]) }); ones(3)[q.value]", "time(() => { q.value = 1 }); ones(3)[q.value]",
        "either = if u > 5 { q } else { box(8) }; either.value = 1; ones(3)[q.value]", "either = if u > 5 { q } else { box(8) }; either.put(1); ones(3)[q.value]",
        "s = slope(); h = (n.forward, s.forward); f = x => h[0](x) + h[1](x); fit(f, d, loss=mse, optimizer=sgd(0.1), epochs=100); ones(3)[round(s.w[0])]",
        "either = if u > 5 { q.put } else { box(8).put }; either(1); ones(3)[q.value]", "xs = [q for i in 0..3 if i < u]; for x in xs { x.value = 1 }; ones(3)[q.value]",
        "try { q.value = 1; error(\"x\"); q.value = 9 } catch e { }; ones(3)[q.value]", "k = 9; try { k = 1; error(\"x\"); k = 9 } catch e { }; ones(3)[k]",
        // What a target evaluates, it evaluates once.
        "v = ones(3); for k in 0..<1 { q.value = 0 }; v[q.next()] = 2; v[q.next()] += 2; (v[q.next()], k) = (2, 3); ones(4)[q.value]",
        "xs = (q, 1, 2); q.value = 1; xs[q.next()] += 5; xs[q.next()] = 5; ones(4)[q.value]",
        "fn it() = q; it().value = 1; ones(3)[q.value]", "fn it() = q; it().value -= 8; ones(3)[q.value]",
        // What needs several rounds of a loop.
        "(a, b, c) = (5, 5, 5); for i in 0..<9 { a = b; b = c; c = 1 }; ones(3)[a]",
        // Files that the program writes itself.
        "plot([1, 2], file=\"\(fresh)\"); len(read(\"\(fresh)\"))",
    ])
    func forgetsWhatMayHaveChanged(_ text: String) throws {
        let program = """
            layer slope() {
                param w = 5 * ones(1)
                fn forward(x) = x * w[0]
            }
            object box(v) {
                state value = v
                fn put(x) { value = x }
                fn next() {
                    value += 1
                    value - 1
                }
            }
            u = grad(square)(3)
            n = slope()
            q = box(9)
            d = {x: linspace(-1, 2, 50), y: 2 * linspace(-1, 2, 50)}
            g = grad(m => mse(m(d.x), d.y))
            \(text)
            """
        let failure = TestSession.with { session -> String in
            do { _ = try session.value(program, checkingFirst: true) } catch { return (error as? Diagnostic)?.rendered(color: false) ?? "\(error)" }
            return ""
        }
        #expect(failure == "")
        let reports = Self.errors(program, "program.nns").map { $0.rendered(color: false) }
        #expect(reports == [])
    }

    /// What an imported file holds goes by the file's name; a failed import is no import in vain.
    @Test func looksIntoImportedFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("imports-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "fn affine(x, W) = x @ W'".write(to: folder.appendingPathComponent("util.nns"), atomically: true, encoding: .utf8)
        let program = "import \"util.nns\"\nutil.affine(ones(1, 2), ones(3, 2))\nimport \"missing.nns\"\naffine(ones(1, 2), ones(3, 2))"
        let path = folder.appendingPathComponent("main.nns").path
        let found = TestSession.with { session in session.check(program, name: path, path: path) }
        #expect(found.count == 2)
        #expect(found.first?.message.hasPrefix("cannot open") == true)
        #expect(found.last?.help == ["did you mean `util.affine`?"])
    }

    // MARK: Whole reports

    /// What is printed for each script in Tests/Reports stands in the `.report` beside it.
    @Test(arguments: scripts("Tests/Reports")) func reportsAsShown(_ file: URL) throws {
        let text = try String(contentsOf: file, encoding: .utf8)
        let found = TestSession.with { session in session.check(text, name: file.lastPathComponent, path: file.path) }
        let printed = found.map { $0.rendered(color: false) + "\n" }.joined()
        let expected = file.deletingPathExtension().appendingPathExtension("report")
        if ProcessInfo.processInfo.environment["NNS_TRANSCRIPTS"] == "update" {
            try printed.write(to: expected, atomically: true, encoding: .utf8)
            return
        }
        #expect(printed == (try String(contentsOf: expected, encoding: .utf8)))
    }

    // MARK: One wording

    /// Where the check reports the error that a wrong program of the transcripts ends in, it says the same to the last word,
    /// but for what only values tell.
    @Test(arguments: TranscriptTests.files.filter { $0.lastPathComponent.hasPrefix("errors_") }) func speaksAsTheRunDoes(_ file: URL) throws {
        var compared = 0
        for part in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n---\n") {
            let program = part.components(separatedBy: "\n").filter { $0.hasPrefix("> ") || $0.hasPrefix(". ") }.map { String($0.dropFirst(2)) }.joined(separator: "\n")
            guard let failure = TestSession.with({ session in session.failure(program, path: "program.nns") }), failure.kind != "syntax" else { continue }
            let said = TestSession.with { session in session.check(program) }.filter { $0.severity == .error }
            guard let same = said.first(where: { Self.place($0) == Self.place(failure) }) else { continue }
            compared += 1
            #expect(same.rendered(color: false) == failure.rendered(color: false), "\(program)")
        }
        #expect(compared > 0 || file.lastPathComponent.contains("syntax"))
    }

    /// Where an error is shown.
    private static func place(_ error: Diagnostic) -> Span {
        error.source?.isStandardLibrary ?? true ? error.frames.first { !$0.source.isStandardLibrary }?.span ?? .none : error.span
    }

    // MARK: Planted errors

    /// Of thirty mutants that fail with a shape or a name error when they run, at least twenty-eight are found; nothing is
    /// said of those that run to their end.
    @Test func findsPlantedErrors() throws {
        // Other mutants with NNS_MUTANTS=number in the environment.
        var random = Generator(state: ProcessInfo.processInfo.environment["NNS_MUTANTS"].flatMap { UInt64($0) } ?? 7)
        var candidates: [(script: URL, mutant: Mutant)] = []
        for script in Self.scripts("scripts", "Tests/Lecture") where !script.path.contains("benchmarks") && !script.path.contains("homework") {
            let text = try String(contentsOf: script, encoding: .utf8)
            // Of the lecture those that train nothing: each mutant is run.
            if script.path.contains("scripts/lecture"), !text.contains("#! exact") { continue }
            var mutants = Mutant.all(of: Self.shortened(text))
            mutants.shuffle(using: &random)
            candidates += mutants.prefix(24).map { (script, $0) }
        }
        candidates.shuffle(using: &random)
        var planted = 0, missed: [String] = [], reworded: [String] = []
        for (script, mutant) in candidates where planted < 30 {
            let name = "\(script.lastPathComponent): \(mutant.line)"
            let failure = TestSession.with { session in session.failure(mutant.text, path: script.path) }
            let found = Self.errors(mutant.text, script.path)
            guard let failure else {
                #expect(found.isEmpty, "false report on \(name): \(found.first?.message ?? "")")
                continue
            }
            guard ["shape", "name"].contains(failure.kind) else { continue }
            planted += 1
            if found.isEmpty { missed.append("\(name): \(failure.message)") } else if !found.contains(where: { failure.message.hasSuffix($0.message) }) {
                reworded.append("\(name): \(failure.message), not \(found[0].message)")
            }
        }
        #expect(planted == 30)
        #expect(missed.count <= 2, "\(missed)")
        // The run also says which layer of a chain it was.
        #expect(reworded.count <= 3, "\(reworded)")
    }

    /// Fewer epochs: errors show in the first.
    private static func shortened(_ text: String) -> String {
        text.replacingOccurrences(of: #"epochs=\d+"#, with: "epochs=1", options: .regularExpression)
    }
}

/// A script with one small slip.
private struct Mutant {
    let text: String
    /// The line as it is now.
    let line: String

    /// Every mutant: a whole number changed, a transposition lost or gained, a letter of a name dropped or doubled.
    static func all(of script: String) -> [Mutant] {
        let lines = script.components(separatedBy: "\n")
        var result: [Mutant] = []
        for (index, line) in lines.enumerated() {
            let code = line.firstIndex(of: "#").map { String(line[..<$0]) } ?? line
            // Texts would only print otherwise.
            guard !code.contains("\"") else { continue }
            func add(_ pattern: String, _ replacement: (String) -> String) {
                let expression = try! NSRegularExpression(pattern: pattern)
                for match in expression.matches(in: code, range: NSRange(code.startIndex..., in: code)) {
                    let range = Range(match.range, in: code)!
                    let changed = code.replacingCharacters(in: range, with: replacement(String(code[range])))
                    var copy = lines
                    copy[index] = changed
                    result.append(Mutant(text: copy.joined(separator: "\n"), line: changed))
                }
            }
            add(#"(?<![\w.])\d+(?![\w.])"#) { "\(Int($0)! + 1)" }
            add(#"(?<![\w.])\d+(?![\w.])"#) { "\(Int($0)! * 2 + 3)" }
            add(#"(?<=[\w)\]])'"#) { _ in "" }
            add(#"@ \w+(?!['\w.])"#) { $0 + "'" }
            add(#"\b(?!(?:fn|for|if|in|else|layer|object|param|state|and|or|not|none|true|false|assert|return)\b)[a-zA-Z_]\w\w+"#) {
                let letters = Array($0)
                return String([letters[0]] + letters[2...] + [letters[letters.count - 1]])
            }
        }
        return result
    }
}

/// The same sequence on every machine (SplitMix64).
private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
