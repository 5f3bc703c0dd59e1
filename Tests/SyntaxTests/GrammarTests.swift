/// grammar.txt says what the parser does: its sentences are accepted, what it excludes is refused, and every script of
/// the project is a sentence of it.
import Foundation
import Testing
@testable import Syntax

/// Random numbers that are the same in every run.
private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct GrammarTests {
    static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let grammar = try! Grammar(String(contentsOf: project.appendingPathComponent("Sources/Syntax/grammar.txt"), encoding: .utf8))

    /// A text for terminals; names are all different.
    private func text(_ terminals: [String], _ dice: inout Dice) -> String {
        var out = ""
        var count = 0
        var previous: String?
        for terminal in terminals {
            count += 1
            let piece: String
            switch terminal {
            case "NAME": piece = "x\(count)"
            case "WORD": piece = Int.random(in: 0..<20, using: &dice) == 0 ? reservedWords.randomElement(using: &dice)! : "w\(count)"
            case "NUMBER": piece = ["1", "2.5", "1e-3", "0xff", "1_000"].randomElement(using: &dice)!
            case "STRING": piece = ["\"a\"", "\"\"", "\"{{\\n\"", "\"\"\"b\nc\"\"\""].randomElement(using: &dice)!
            case "TEXT": piece = ["\"a\"", "\"x = {x + 1:.2f}\"", "\"\"\"{[{k: 1}]}\n\"\"\""].randomElement(using: &dice)!
            case "NEWLINE": piece = "\n"
            case "BRACE": piece = "{"
            default: piece = terminal
            }
            // An index and a transpose stand right behind their value.
            let isBehindValue = previous.map { ["NAME", "WORD", "NUMBER", "STRING", "TEXT", ")", "]", "}", "'", "true", "false", "none"].contains($0) } ?? true
            out += (terminal == "'" || terminal == "[") && isBehindValue || out.isEmpty ? piece : " " + piece
            previous = terminal
        }
        return out
    }

    /// What the parser says beyond the rules, as the text's last section has it.
    private func isBeyondRules(_ message: String, _ text: String) -> Bool {
        ["expected each parameter once", "expected each keyword once", "expected a default for", "expected one parameter that collects", "expected `...` in the first place"]
            .contains { message.contains($0) } || message.contains("found `+`") && text.contains("\n +")
    }

    private func isSentence(_ words: GrammarWords) -> Bool {
        Self.grammar.recognises(words.words) && words.interpolations.allSatisfy { Self.grammar.recognises($0, as: "expression") }
    }

    @Test func theParserAcceptsSentences() {
        var dice = Dice(state: 1)
        var accepted = 0
        for budget in 0..<3000 {
            let terminals = Self.grammar.sentence(budget: budget % 60, using: &dice)
            let program = text(terminals, &dice)
            // The prose decides what a brace opens; sentences in which it decides otherwise are not meant.
            guard let words = GrammarWords(program)?.words, words.count == terminals.count,
                  zip(words, terminals).allSatisfy({ $0.contains($1) }) else { continue }
            let problem = message(program)
            guard !isBeyondRules(problem, program) else { continue }
            #expect(problem.isEmpty, "\(program)")
            accepted += 1
        }
        #expect(accepted > 1500)
    }

    @Test func theParserRefusesWhatTheGrammarExcludes() {
        var dice = Dice(state: 2)
        let others = ["NAME", "NUMBER", "STRING", "NEWLINE", "(", ")", "[", "]", "BRACE", "}", ",", ":", "=", "=>", "->", "+", "-", "not", "in", "..", "..<",
                      "==", "<", "'", ".", "...", "if", "else", "for", "fn", "while", "return", "try", "catch", "assert", "import", "and", "|>", ">>", "^", "+=", ";"]
        var refused = 0
        for round in 0..<4000 {
            var terminals = Self.grammar.sentence(budget: round % 40, using: &dice)
            guard let at = terminals.indices.randomElement(using: &dice) else { continue }
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: terminals.remove(at: at)
            case 1: terminals.insert(terminals[at], at: at)
            case 2: terminals[at] = others.randomElement(using: &dice)!
            default: terminals.swapAt(at, terminals.indices.randomElement(using: &dice)!)
            }
            let program = text(terminals, &dice)
            let problem = message(program)
            guard let words = GrammarWords(program), !isBeyondRules(problem, program) else { continue }
            let isRight = isSentence(words)
            #expect(problem.isEmpty == isRight, "\(isRight ? "a sentence is refused" : "no sentence, yet accepted"): \(program)\n\(problem)")
            if !isRight { refused += 1 }
        }
        #expect(refused > 1500)
    }

    static let scripts = (FileManager.default.enumerator(at: project, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])?
        .compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "nns" }.map(\.path).sorted()

    @Test(arguments: scripts) func scriptsAreSentences(_ path: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(message(text).isEmpty)
        #expect(isSentence(try #require(GrammarWords(text))))
    }
}
