/// The tables of programs, and what holds of every tree.
import Testing
@testable import Syntax

/// The entries of a table: program and expectation.
func entries(_ table: String) -> [(program: String, expected: String)] {
    table.split(separator: "\n----\n").map { entry in
        let parts = entry.split(separator: "\n=>\n", maxSplits: 1)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
}

extension String {
    /// Non-overlapping parts between occurrences of a separator.
    fileprivate func split(separator: String, maxSplits: Int = .max) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while parts.count < maxSplits, let found = rest.firstRange(of: separator) {
            parts.append(rest[..<found.lowerBound])
            rest = rest[found.upperBound...]
        }
        return parts + [rest]
    }
}

extension Substring {
    fileprivate func firstRange(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}

func parse(_ text: String, isFile: Bool = true) throws -> Tree {
    try Parser.parse(Source(name: "try.nns", text: text, isFile: isFile))
}

/// The message of a wrong program; empty for a right one.
func message(_ text: String) -> String {
    do {
        _ = try parse(text)
        return ""
    } catch let error as Diagnostic {
        return error.rendered(color: false) + (error.isIncomplete ? "\n(incomplete)" : "")
    } catch {
        return "\(error)"
    }
}

@Suite struct ParserTests {
    @Test func programsHaveTheseTrees() throws {
        for (program, expected) in entries(programsAndTrees) {
            #expect(try parse(program).description == expected, "\(program)")
        }
    }

    @Test func wrongProgramsHaveTheseMessages() {
        for (program, expected) in entries(wrongExpressions) + entries(wrongStatements) {
            let tree = try? parse(program)
            #expect((tree?.description ?? message(program)) == expected, "\(program)")
        }
    }

    /// Children come before their parents in the array and lie within their spans.
    @Test func spansNest() throws {
        for (program, _) in entries(programsAndTrees) {
            let tree = try parse(program)
            for index in tree.nodes.indices {
                let span = tree.nodes[index].span
                #expect(span.start <= span.end && Int(span.end) <= tree.source.bytes.count)
                tree.forEachChild(of: Int32(index)) { child in
                    let inner = tree[child].span
                    #expect(Int(child) < index)
                    // `(x) = 3` sets x: the parentheses belong to no node.
                    #expect(span.start <= inner.start && inner.end <= span.end,
                            "\(tree.source.text(of: inner)) in \(tree.source.text(of: span))")
                }
            }
        }
    }

    @Test func spansAreExact() throws {
        let tree = try parse("x = f(a, k=b)[1:2].c' + \"{d:.2f}\"\nfn g(p: [n], q=1) = p")
        let texts = Set(tree.nodes.map { "\($0.kind) " + tree.source.text(of: $0.span) })
        for expected in ["call f(a, k=b)", "keyword k=b", "index f(a, k=b)[1:2]", "slice 1:2", "field f(a, k=b)[1:2].c",
                         "transpose f(a, k=b)[1:2].c'", "interpolation {d:.2f}", "interpolated \"{d:.2f}\"", "parameter p: [n]",
                         "parameter q=1", "shape [n]", "function fn g(p: [n], q=1) = p"] {
            #expect(texts.contains(expected), "\(expected)")
        }
    }

    @Test func binaryNodesKnowTheirOperator() throws {
        let tree = try parse("a  @ b")
        let node = tree.nodes.first { $0.kind == .binary }
        #expect(node?.c == 3)
    }

    @Test func numbersAreRoundedCorrectly() throws {
        let texts = ["0", "1", "0.1", "3.14159265358979323846", "1e22", "1e23", "9007199254740993", "123456789.123456789",
                     "4.9e-324", "2.2250738585072011e-308", "1.7976931348623157e308", "0.000001", "1234567890123456",
                     "0.1234567890123456", "100000000000000000000000", "5e-324", "8.5", "299792458"]
        for text in texts {
            let number = try parse(text).nodes.first { $0.kind == .number }?.number
            #expect(number == Double(text), "\(text)")
        }
        #expect(try parse("0xFFff_ffff").nodes[0].number == 4294967295)
        #expect(try parse("0x20000000000001").nodes[0].number == 9007199254740992)
    }

    @Test func namesAreComposed() throws {
        let tree = try parse("e\u{301} = 1; \u{e9} = 2; \"e\u{301}\"")
        #expect(tree.strings.filter { $0 == "\u{e9}" }.map { $0.unicodeScalars.count }.sorted() == [1, 2])
        let names = tree.nodes.filter { $0.kind == .name }.map(\.a)
        #expect(names.count == 2 && names[0] == names[1])
    }

    @Test func lineEndsOfEverySystem() throws {
        #expect(try parse("x = 1\r\ny = \"\"\"a\r\nb\"\"\"\r\n").description
                == "(block (assign x 1) (assign y \"a\\nb\"))")
        #expect(try parse("\u{feff}x = 1\n").description == "(block (assign x 1))")
        #expect(try parse("\tx\t=\t1\u{c}").description == "(block (assign x 1))")
    }

    @Test func aLeadingPointContinuesOnlyInFiles() throws {
        #expect(try parse("x\n|> f").description == "(block (do (pipe x f)))")
        #expect(throws: Diagnostic.self) { try parse("x\n|> f", isFile: false) }
        #expect(throws: Diagnostic.self) { try parse("x\n.f", isFile: false) }
    }

    @Test func thePromptGoesOnReading() {
        func isIncomplete(_ text: String) -> Bool { message(text).hasSuffix("(incomplete)") }
        for text in ["f(", "[1,", "{a: ", "x =", "x +", "x => ", "if c {", "if c { } else", "fn f(x)", "fn f(x) {", "for x in xs",
                     "\"\"\"a", "\"\"\"{a", "x and", "not", "x @", "assert a,", "try { }", "x |>", "x >>", "x[1:", "-", "layer a {",
                     "layer a { param W = 1", "object a", "while x {\ny"] {
            #expect(isIncomplete(text), "\(text)")
        }
        for text in ["", "x", "x = 1", "f(1)", "\"a", "\"{a", "\"{a + \"", ")", "x = )", "if c { }", "x.", "import", "2x", "'a"] {
            #expect(!isIncomplete(text), "\(text)")
        }
    }

    @Test func bytesThatAreNotUTF8() {
        for bytes: [UInt8] in [[0xff], [0x78, 0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x22, 0x80, 0x22],
                               [0x78, 0xef, 0x2e, 0x35, 0xef], [0xef, 0xbf, 0xe2, 0x82, 0x0a, 0xef]] {
            do throws(Diagnostic) {
                _ = try Parser.parse(Source(name: "b", bytes: bytes))
                Issue.record("\(bytes)")
            } catch {
                #expect(error.message.hasPrefix("expected UTF-8"))
                #expect(!error.rendered(color: true).isEmpty)
            }
        }
    }
}
