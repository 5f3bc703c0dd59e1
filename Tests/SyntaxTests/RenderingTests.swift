/// Messages as the terminal shows them, to the column.
import Foundation
import Testing
@testable import Syntax

@Suite struct RenderingTests {
    private let source = Source(name: "hw4.nns", text: String(repeating: "\n", count: 11) + "    h = relu(W @ x + b)\n")

    private func rendered(_ text: String, _ span: Span, marks: [Span] = []) -> String {
        Diagnostic(.value, "m", source: Source(name: "f", text: text), span: span, marks: marks).rendered(color: false)
    }

    @Test func theLayoutOfTheDesign() {
        let start = source.start(ofLine: 12)
        let error = Diagnostic(.shape, "shapes do not fit", source: source, span: Span(start + 15, start + 16),
                               marks: [Span(start + 13, start + 14), Span(start + 17, start + 18)],
                               notes: ["W is [16, 784], x is [32, 64]: `@` needs 784 and 32 to be equal"],
                               help: ["for a batch in rows, write `x @ W'` (then W must be [16, 64])"])
        #expect(error.rendered(color: false) == """
            error: shapes do not fit
              --> hw4.nns:12:16
               |
            12 |     h = relu(W @ x + b)
               |              ~ ^ ~
               = W is [16, 784], x is [32, 64]: `@` needs 784 and 32 to be equal
               = help: for a batch in rows, write `x @ W'` (then W must be [16, 64])
            """)
        let coloured = error.rendered(color: true)
        #expect(coloured.contains("\u{1b}[1;31merror\u{1b}[0m"))
        var plain = "", isCode = false
        for scalar in coloured.unicodeScalars {
            if scalar == "\u{1b}" { isCode = true } else if isCode { isCode = scalar != "m" } else { plain.unicodeScalars.append(scalar) }
        }
        #expect(plain == error.rendered(color: false))
    }

    @Test func caretsStandUnderWhatIsShown() {
        // A combining mark takes no column, a wide letter two, a tab goes to the next multiple of four.
        #expect(rendered("x\u{302} + y", Span(6, 7)) == "error: m\n --> f:1:6\n  |\n1 | x\u{302} + y\n  |     ^")
        #expect(rendered("漢字 + y", Span(9, 10)) == "error: m\n --> f:1:6\n  |\n1 | 漢字 + y\n  |        ^")
        #expect(rendered("漢字 + y", Span(0, 6)) == "error: m\n --> f:1:1\n  |\n1 | 漢字 + y\n  | ^^^^")
        #expect(rendered("\ta\tb", Span(3, 4)) == "error: m\n --> f:1:4\n  |\n1 |     a   b\n  |         ^")
        #expect(rendered("a\u{1b}[31m", Span(1, 2)) == "error: m\n --> f:1:2\n  |\n1 | a\u{fffd}[31m\n  |  ^")
        #expect(rendered("abc", Span(3, 3)) == "error: m\n --> f:1:4\n  |\n1 | abc\n  |    ^")
        #expect(rendered("", Span(0, 0)) == "error: m\n --> f:1:1\n  |\n1 |\n  | ^")
        #expect(rendered("a\r\nb", Span(0, 1)) == "error: m\n --> f:1:1\n  |\n1 | a\n  | ^")
    }

    @Test(arguments: [24, 40, 60, 100, 300]) func excerptsFitTheTerminal(_ width: Int) {
        let text = (0..<30).map { "name\($0)" }.joined(separator: " + ")
        for name in ["name0", "name12 ", "name29"] {
            let start = Int32(text.utf8.count - text[text.range(of: name)!.lowerBound...].utf8.count)
            let error = Diagnostic(.name, "m", source: Source(name: "f", text: text), span: Span(start, start + 5))
            let lines = error.rendered(color: false, width: width).split(separator: "\n").map(Array.init)
            #expect(lines.allSatisfy { $0.count <= width })
            let carets = lines[4].indices.filter { lines[4][$0] == "^" }
            #expect(carets.count == 5 && String(carets.map { lines[3][$0] }) == String(name.prefix(5)))
            // Where something is left out the dots say so.
            #expect(lines[3].contains(".") == (width < 300))
        }
    }

    @Test func severalLines() {
        #expect(rendered("x = f(\n  a,\n  b)\ny", Span(4, 16)) == """
            error: m
             --> f:1:5
              |
            1 | x = f(
              |     ^^
            ...
            3 |   b)
              |   ^^
            """)
        #expect(rendered("f(\n\tb)", Span(0, 6)) == "error: m\n --> f:1:1\n  |\n1 | f(\n  | ^^\n2 |     b)\n  |     ^^")
    }

    @Test func longLinesAreCut() {
        let text = String(repeating: "a", count: 100_000) + " + " + String(repeating: "b", count: 100_000)
        let lines = rendered(text, Span(100_001, 100_002)).split(separator: "\n")
        #expect(lines[3].utf8.count < 140 && lines[3].contains("a + b"))
        let column = lines[4].utf8.count
        #expect(Array(lines[3].utf8)[column - 1] == UInt8(ascii: "+"))
    }

    @Test func spansOutOfRangeAreClamped() {
        #expect(rendered("ab", Span(-5, 900)).hasSuffix("1 | ab\n  | ^^"))
        #expect(rendered("ab", Span(900, 3)).hasSuffix("1 | ab\n  |   ^"))
    }

    @Test func callsFoldWhenTheyRepeat() {
        let text = "fn f(n) = f(n - 1)\nf(3)\n"
        let user = Source(name: "a.nns", text: text)
        var error = Diagnostic(.limit, "calls nested too deep", source: user, span: Span(10, 18))
        error.frames = Array(repeating: Frame(function: "f", source: user, span: Span(10, 18)), count: 9_999)
        error.frames.append(Frame(function: "f", source: user, span: Span(19, 23)))
        #expect(error.rendered(color: false).hasSuffix("""
            1 | fn f(n) = f(n - 1)
              |           ^^^^^^^^
              in f, called at a.nns:1:11
              ... 9998 more
              in f, called at a.nns:2:1
            """))
        let even = Frame(function: "even", source: user, span: Span(0, 2)), odd = Frame(function: "odd", source: user, span: Span(3, 4))
        error.frames = (0..<1000).map { $0 % 2 == 0 ? even : odd }
        #expect(error.rendered(color: false).hasSuffix("""
              in even, called at a.nns:1:1
              in odd, called at a.nns:1:4
              ... 997 more
              in odd, called at a.nns:1:4
            """))
    }

    @Test func errorsOfTheLibraryShowTheUsersCall() {
        let library = Source(name: "layers.nns", text: "fn forward(x) = x @ W'\n", isStandardLibrary: true)
        let user = Source(name: "a.nns", text: "net(x)\ng()\n")
        var error = Diagnostic(.shape, "shapes do not fit", source: library, span: Span(16, 22))
        error.frames = [Frame(function: "linear", source: library, span: Span(3, 10)),
                        Frame(function: "net", source: user, span: Span(0, 6)),
                        Frame(function: "h", source: library, span: Span(0, 2)),
                        Frame(function: "g", source: user, span: Span(7, 10))]
        #expect(error.rendered(color: false) == """
            error: shapes do not fit
             --> a.nns:1:1
              |
            1 | net(x)
              | ^^^^^^
              = inside `net`
              in g, called at a.nns:2:1
            """)
    }

    @Test func withoutAPlace() {
        var error = Diagnostic(.io, "no file\nb\u{1b}", notes: ["a\nb"])
        error.severity = .warning
        #expect(error.rendered(color: false) == "warning: no file\n         b\u{fffd}\n   = a\n     b")
    }

    @Test func documentationAndCells() throws {
        let tree = try parse("""
            # lead
            x = 1
            #%% First  part
            ## Adds.
            ##
            ##   and more
            fn f(a) = a   # not
            # no
            ## Layer.
            layer g() {
                ## Weights.
                param W = 1
                state v = 2 ## not above
                fn h() = 1
            }
            #%% [markdown] Prose
            # Some *text*.
            #
            # More.
            """)
        func documentation(_ kind: Kind) -> [String?] {
            tree.nodes.indices.filter { tree.nodes[$0].kind == kind }.map { tree.documentation(of: Int32($0)) }
        }
        #expect(documentation(.function) == ["Adds.\n\n  and more", nil])
        #expect(documentation(.object) == ["Layer."])
        #expect(documentation(.param) == ["Weights."])
        #expect(documentation(.state) == [nil])
        #expect(tree.cells.map(\.title) == ["", "First  part", "Prose"])
        #expect(tree.cells.map(\.isMarkdown) == [false, false, true])
        #expect(tree.cells.map(\.lines) == [1..<3, 4..<16, 17..<20])
        #expect(tree.prose(of: tree.cells[2]) == "Some *text*.\n\nMore.")
        #expect(tree.source.text(of: tree.cells[0].span) == "# lead\nx = 1\n")
    }
}
