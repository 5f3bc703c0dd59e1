import Foundation
import Testing

/// The examples in the standard library's documentation print what they say: `## > ` begins an entry, the `##` lines
/// below it are its output. Every public definition has one.
@Suite struct LibraryExamplesTests {
    struct Definition: CustomTestStringConvertible {
        var place: String
        var examples: [(input: String, output: String)]
        var testDescription: String { place }
    }

    static let definitions: [Definition] = {
        let folder = testsFolder("..").appendingPathComponent("stdlib")
        let files = try! FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return files.filter { $0.pathExtension == "nns" }.sorted { $0.path < $1.path }.flatMap { file in
            read(try! String(contentsOf: file, encoding: .utf8), file.lastPathComponent)
        }
    }()

    /// The documented public definitions of a file.
    private static func read(_ text: String, _ name: String) -> [Definition] {
        var result: [Definition] = []
        var block: [String] = []
        for (number, line) in text.components(separatedBy: "\n").enumerated() {
            if line.hasPrefix("##") {
                block.append(String(line.dropFirst(line.hasPrefix("## ") ? 3 : 2)))
                continue
            }
            let words = line.split(separator: " ")
            if !line.hasPrefix(" "), let kind = words.first, ["fn", "object", "layer"].contains(kind), words.count > 1, !words[1].hasPrefix("_") {
                var examples: [(input: String, output: String)] = []
                for doc in block {
                    if doc.hasPrefix("> ") { examples.append((String(doc.dropFirst(2)), "")) } else if !examples.isEmpty {
                        examples[examples.count - 1].output += doc + "\n"
                    }
                }
                result.append(Definition(place: "\(name):\(number + 1) \(words[1].prefix { $0 != "(" })", examples: examples))
            }
            block = []
        }
        return result
    }

    @Test(arguments: definitions) func examplesPrintWhatTheySay(_ definition: Definition) {
        #expect(!definition.examples.isEmpty, "\(definition.place) has no example")
        let failures = TestSession.with { session in
            definition.examples.compactMap { input, output -> String? in
                let got = session.enter(input)
                return got == output ? nil : "> \(input)\nexpected\n\(output)got\n\(got)"
            }
        }
        for failure in failures { Issue.record("\(definition.place)\n\(failure)") }
    }
}
