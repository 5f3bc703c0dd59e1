@testable import Runtime
import Testing

/// The pages of the language's words and signs: their examples print what they say, every keyword has one.
@Suite struct SyntaxPageTests {
    @Test(arguments: SyntaxPage.pages.map { $0.names[0] }) func examplesPrintWhatTheySay(_ name: String) {
        let page = SyntaxPage.named(name)!
        let failures = TestSession.with { session in
            page.examples.compactMap { input, output -> String? in
                let got = session.enter(input)
                return got == (output.isEmpty ? "" : output + "\n") ? nil : "> \(input)\nexpected\n\(output)\ngot\n\(got)"
            }
        }
        for failure in failures { Issue.record("\(name)\n\(failure)") }
    }

    @Test func everyWordHasAPage() {
        let words = ["fn", "if", "else", "for", "in", "while", "break", "continue", "return", "try", "catch", "assert", "import", "as", "and", "or", "not",
                     "true", "false", "none", "object", "layer", "param", "state", "test", "main", "+", "-", "*", "/", "//", "%", "^", "@", "'", "|>", ">>",
                     "..", "..<", "=>", "==", "&", "|", "...", "#", "##", ";", "syntax"]
        #expect(words.filter { SyntaxPage.named($0) == nil } == [])
        let names = SyntaxPage.pages.flatMap(\.names)
        #expect(Set(names).count == names.count)
    }
}
