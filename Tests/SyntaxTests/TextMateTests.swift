/// The editor grammar sees in every script of the project what the lexer sees.
import Foundation
import Testing
@testable import Syntax

@Suite struct TextMateTests {
    static let file = GrammarTests.project.appendingPathComponent("Sources/Syntax/nns.tmLanguage.json")

    /// The scope that each unit of a token has in an editor, or one of several.
    private func expected(_ tokens: [Token], _ index: Int, _ source: Source) -> [String] {
        func text(_ index: Int) -> String { tokens.indices.contains(index) ? source.text(of: tokens[index].span) : "" }
        let token = tokens[index], before = index > 0 ? tokens[index - 1] : Token(kind: .end, newlineBefore: true, spaceBefore: true, start: 0, end: 0)
        let next = index + 1 < tokens.count ? tokens[index + 1] : token
        let isCalled = next.kind == .openParen && !next.spaceBefore
        if before.kind == .dot { return [isCalled ? "entity.name.function.member" : "variable.other.member"] }
        switch token.kind {
        case .number: return ["constant.numeric"]
        case .string, .stringStart, .stringPart, .stringEnd: return ["string.quoted", "constant.character.escape"]
        case .interpolationOpen: return ["punctuation.section.interpolation.begin"]
        case .interpolationClose: return ["punctuation.section.interpolation.end", "constant.other.format"]
        case .and, .or, .not, .in: return ["keyword.operator.word"]
        case .if, .else, .for, .while, .break, .continue, .return, .try, .catch, .assert, .import: return ["keyword.control"]
        case .fn: return ["storage.type.function"]
        case .true, .false, .none: return ["constant.language"]
        case .name:
            switch text(index - 1) {
            case "fn": return ["entity.name.function"]
            case "layer" where before.kind == .name && !token.newlineBefore, "object" where before.kind == .name && !token.newlineBefore: return ["entity.name.type"]
            case "param" where before.kind == .name && !token.newlineBefore, "state" where before.kind == .name && !token.newlineBefore: return ["variable.other.member"]
            case "as" where before.kind == .name && !token.newlineBefore: return ["entity.name.namespace"]
            default: break
            }
            switch text(index) {
            case "pi", "inf", "nan": return ["constant.language"]
            case "self": return ["variable.language"]
            case "layer" where next.kind == .name && !next.newlineBefore, "object" where next.kind == .name && !next.newlineBefore: return ["storage.type.class"]
            case "param" where next.kind == .name && !next.newlineBefore, "state" where next.kind == .name && !next.newlineBefore: return ["storage.modifier"]
            case "as" where before.kind == .string && next.kind == .name: return ["keyword.control.import"]
            case "test" where next.kind == .string && token.newlineBefore: return ["keyword.control.test"]
            case "main" where next.kind == .openBrace && token.newlineBefore: return ["keyword.control.main"]
            default: return [isCalled ? "entity.name.function.call" : "variable.other"]
            }
        case .openParen, .closeParen, .openBracket, .closeBracket, .openBrace, .closeBrace: return ["punctuation.bracket"]
        case .comma, .semicolon, .colon: return ["punctuation.separator"]
        case .dot: return ["punctuation.accessor"]
        default: return ["keyword.operator"]
        }
    }

    /// A comment's scope: cell lines and documentation are known by how their line begins.
    private func expected(comment: Span, _ source: Source) -> String {
        let text = source.text(of: comment), start = Int(source.start(ofLine: source.line(at: comment.start)))
        let standsAlone = source.bytes[start..<Int(comment.start)].allSatisfy { $0 == 32 }
        if standsAlone, text.hasPrefix("#%%") { return "comment.line.cell" }
        return standsAlone && text.hasPrefix("##") ? "comment.line.documentation" : "comment.line.number-sign"
    }

    /// What has other scopes than it should.
    private func wrong(_ text: String, _ grammar: TextMate) throws -> [String] {
        let source = Source(name: "script", text: text)
        let scopes = try grammar.scopes(of: text)
        // Places in UTF-16 of places in UTF-8.
        var places: [Int] = []
        var place = 0
        for scalar in text.unicodeScalars {
            places += repeatElement(place, count: UTF8.width(scalar))
            place += UTF16.width(scalar)
        }
        places.append(place)
        var lexed: ([Token], [Span]) = ([], [])
        source.bytes.withUnsafeBufferPointer { bytes in
            var lexer = Lexer(source: source, bytes: bytes)
            lexer.run()
            lexed = (lexer.tokens.filter { $0.kind != .end }, lexer.comments)
        }
        let (tokens, comments) = lexed
        var wrong: [String] = []
        func check(_ span: Span, _ wanted: [String]) {
            let line = source.line(at: span.start)
            for place in places[Int(span.start)]..<places[Int(span.end)] where !wanted.contains(where: { scopes[place].hasPrefix($0) }) {
                // The ends of lines inside of a string have the scope of what is open there.
                wrong.append("line \(line): \(source.text(of: span)) has \(scopes[place]), expected \(wanted.joined(separator: " or "))")
                return
            }
        }
        for (index, token) in tokens.enumerated() { check(token.span, expected(tokens, index, source)) }
        for comment in comments { check(comment, [expected(comment: comment, source)]) }
        return wrong
    }

    @Test func scopesAreWhatTheLexerSees() throws {
        let grammar = try TextMate(Self.file)
        #expect(GrammarTests.scripts.count > 30)
        for path in GrammarTests.scripts {
            let wrong = try wrong(try String(contentsOfFile: path, encoding: .utf8), grammar)
            #expect(wrong.isEmpty, "\(path), \(wrong.count) places\n\(wrong.prefix(5).joined(separator: "\n"))")
        }
    }

    static let sample = """
    #%% Every kind of token
    ## Of three.
    layer scaled(rate=0x1f) { param w = rate; state calls = 1_000 # so many
        fn forward(x) = self.w * x'
    }
    import "lib.nns" as lib
    test "strings" { assert "a {{b}} \\\\ \\u{3b1} {x̂₁:.3f} {[r["k"] for r in {k: "}}"}.rows()][0]}" == \"""
    two {1 + {a: 2}.a:>8} "lines"
    \""" }
    main { print(θ, -1.5e-3, x[..., 1:2] |> f >> g, 0..<n, not true and pi in xs); λ -= 2 // 3 }
    """

    @Test func aSampleOfEveryToken() throws {
        let wrong = try wrong(Self.sample, try TextMate(Self.file))
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    /// The comparison finds each of the grammar's parts missing.
    @Test(arguments: ["comments", "strings", "numbers", "declarations", "members", "keywords", "names", "operators", "punctuation", "escapes", "interpolation"])
    func aMissingPartIsSeen(_ part: String) throws {
        #expect(try !wrong(Self.sample, try TextMate(Self.file, without: "#" + part)).isEmpty)
    }
}
