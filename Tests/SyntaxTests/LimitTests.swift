/// Deep, long and broken programs: an error or a tree, never a crash, and in linear time.
import Glibc
import Testing
@testable import Syntax

/// Runs on a thread with a stack of a main thread's usual size; returns what the body found wrong.
/// (An expectation on a bare thread would not know its test.)
func onEightMegabytes(_ body: @escaping (_ check: (Bool, String) -> Void) -> Void) -> [String] {
    final class Box {
        let body: (_ check: (Bool, String) -> Void) -> Void
        var failures: [String] = []
        init(_ body: @escaping (_ check: (Bool, String) -> Void) -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, 8 << 20)
    var thread = pthread_t()
    let box = Box(body)
    pthread_create(&thread, &attributes, { raw in
        let box = Unmanaged<Box>.fromOpaque(raw!).takeUnretainedValue()
        box.body { isRight, what in if !isRight { box.failures.append(what) } }
        return nil
    }, Unmanaged.passUnretained(box).toOpaque())
    pthread_join(thread, nil)
    return box.failures
}

#if DEBUG
private let length = 20_000
#else
private let length = 100_000
#endif

private func times(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

@Suite struct LimitTests {
    @Test func endlessNestingIsAnError() {
        let many = length
        let programs = [
            times("(", many), times("[", many), times("{", many), "x = " + times("{a:", many), times("f(", many), times("x[", many),
            times("(", many) + "x" + times(")", many), times("[", many) + times("]", many),
            times("if a { ", many) + times("}", many), times("while a {", many), times("for i in a { ", many),
            times("try { ", many), times("fn f() { ", many), times("layer a { fn f() { ", many), times("x = if a { ", many),
            times("-", many) + "x", times("not ", many) + "x", "x" + times("^x", many), "x" + times(" + x", many),
            times("\"{", many), times("\"{", many) + "1" + times("}\"", many), times("x => ", many) + "x",
            times("(x) => ", many) + "x", "f" + times("(1)", many), "x" + times("[0]", many), "x" + times(".a", many),
            "x" + times("'", many), "f" + times(" >> f", many), "x" + times(" |> f", many), "x" + times(" and x", many),
            "for " + times("(", many), times("(", many) + "a" + times(",)", many) + " = 3", times("[a for x in ", many),
            times("f(a=", many), "if a { }" + times(" else if a { }", many), times("(", many) + times("]", many),
        ]
        let failures = onEightMegabytes { check in
            for program in programs {
                let text = message(program)
                check(text.contains("nested too deep"), "\(program.prefix(20)): \(text)")
                check(text.utf8.count < 1000, text)
            }
        }
        #expect(failures == [])
    }

    @Test func whatIsAllowedIsParsed() {
        let programs = [
            times("(", 499) + "x" + times(")", 499), times("if a { ", 499) + times("}", 499), times("x => ", 499) + "x",
            times("\"{", 499) + "1" + times("}\"", 499), "x" + times(" + x", 9_000), "f" + times(" >> f", 9_000),
            "if a { 1 }" + times(" else if a { 1 }", 5_000), "[" + times("1, ", 100_000) + "]", "(" + times("1, ", 100_000) + ")",
            "f(" + times("a, ", 100_000) + ")", "[a " + times("for x in y ", 100_000) + "]", times("x = 1\n", 100_000),
            times("x;", 100_000), times("# x\n", 100_000), "x = \"" + times("a", 1_000_000) + "\"", "fn f(" + (0..<10_000).map { "a\($0)" }.joined(separator: ", ") + ") = 1",
        ]
        let failures = onEightMegabytes { check in
            for program in programs { check(message(program) == "", "\(program.prefix(20))") }
        }
        #expect(failures == [])
    }

    @Test func longRubbishIsAnError() {
        let many = length
        let programs = [times(")", many), times(".", many), times("'", many), times("\"", many - 1), times("×", many), times("\\", many),
                        times("else ", many), times("\"{a:", many), times("= ", many), times("}", many), times(", ", many), times("1.", many),
                        times("\u{302}", many), times("\u{0}", many), "\"" + times("\\u{", many), times("=> ", many),
                        "x " + times("a", many), "'" + times("a", many) + "'", "1" + times("a", many), "." + times("5", many),
                        times("5", many) + ".", times("a", many) + " < b < " + times("c", many), "fn " + times("f", many),
                        "[x -" + times("a", many) + "]", "f(x=1, " + times("é", many) + "=2, b c)", times("a", many) + "(x) = 1"]
        let failures = onEightMegabytes { check in
            for program in programs {
                let text = message(program)
                check(!text.isEmpty && text.utf8.count < 2000, "\(program.prefix(20)): \(text.prefix(3000))")
            }
        }
        #expect(failures == [])
    }

    /// Seeded changes of bytes in right programs; the sequence is the same in every run.
    @Test func mutatedProgramsNeverCrash() {
        let failures = onEightMegabytes { check in
            var state: UInt64 = 42
            func random(_ below: Int) -> Int {
                state = state &* 6364136223846793005 &+ 1442695040888963407
                return Int((state >> 33) % UInt64(below))
            }
            let sample = Array(programsAndTrees.utf8)
            let alphabet = Array("(){}[]\"'\\=>.,:;#\n +-*/^@|&<>!xλif0123".utf8)
            for round in 0..<4_000 {
                let start = random(sample.count - 400)
                var bytes = Array(sample[start..<(start + 50 + random(350))])
                for _ in 0...random(6) {
                    let at = random(bytes.count)
                    switch random(5) {
                    case 0: bytes[at] = UInt8(random(256))
                    case 1: bytes.remove(at: at)
                    case 2: bytes.insert(alphabet[random(alphabet.count)], at: at)
                    case 3: bytes[at] = alphabet[random(alphabet.count)]
                    default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + random(20))], at: random(bytes.count))
                    }
                    if bytes.isEmpty { bytes = [120] }
                }
                let source = Source(name: "m", bytes: bytes, isFile: round % 2 == 0)
                do throws(Diagnostic) {
                    let tree = try Parser.parse(source)
                    check(!tree.description.isEmpty, "no tree")
                    _ = tree.cells.map { tree.prose(of: $0) }
                    for index in tree.nodes.indices { _ = tree.documentation(of: Int32(index)) }
                } catch {
                    check(error.span.start >= 0 && Int(error.span.end) <= bytes.count && error.span.start <= error.span.end, "\(error.span)")
                    check(error.rendered(color: true).utf8.count < 10_000, error.message)
                }
            }
        }
        #expect(failures == [])
    }
}
