import Foundation
import Testing

/// Sessions pasted as they ran: `> ` begins an entry, `. ` continues it, what is printed stands below; `---` begins
/// a fresh session; other lines before the first entry of a session are prose.
///
/// With NNS_TRANSCRIPTS=update in the environment the files are rewritten with what is printed now.
@Suite struct TranscriptTests {
    static let files: [URL] = {
        let all = try! FileManager.default.contentsOfDirectory(at: testsFolder("Transcripts"), includingPropertiesForKeys: nil)
        return all.filter { $0.pathExtension == "transcript" }.sorted { $0.path < $1.path }
    }()

    @Test(arguments: files) func transcript(_ file: URL) throws {
        let text = try String(contentsOf: file, encoding: .utf8)
        let actual = replay(text)
        if ProcessInfo.processInfo.environment["NNS_TRANSCRIPTS"] == "update" {
            try actual.write(to: file, atomically: true, encoding: .utf8)
            return
        }
        let expected = text.split(separator: "\n", omittingEmptySubsequences: false), got = actual.split(separator: "\n", omittingEmptySubsequences: false)
        for i in 0..<max(expected.count, got.count) where (i < expected.count ? expected[i] : "∅") != (i < got.count ? got[i] : "∅") {
            Issue.record("\(file.lastPathComponent):\(i + 1): expected \(i < expected.count ? expected[i] : "the end"), got \(i < got.count ? got[i] : "the end")")
            return
        }
    }

    /// The text with every entry's output replaced by what it prints now.
    private func replay(_ text: String) -> String {
        text.components(separatedBy: "\n---\n").map { part in
            TestSession.with { session in
                var result: [String] = []
                var entry: [String] = []
                var started = false
                func finish() {
                    guard !entry.isEmpty else { return }
                    let printed = session.enter(entry.joined(separator: "\n"))
                    if !printed.isEmpty {
                        result += printed.split(separator: "\n", omittingEmptySubsequences: false).dropLast(printed.hasSuffix("\n") ? 1 : 0).map(String.init)
                    }
                    entry = []
                }
                for line in part.components(separatedBy: "\n") {
                    if line.hasPrefix("> ") {
                        finish()
                        started = true
                        result.append(line)
                        entry = [String(line.dropFirst(2))]
                    } else if !entry.isEmpty, line.hasPrefix(". ") || line == "." {
                        result.append(line)
                        entry.append(String(line.dropFirst(2)))
                    } else if !started {
                        result.append(line)
                    } else {
                        finish()
                    }
                }
                finish()
                return result.joined(separator: "\n")
            }
        }.joined(separator: "\n---\n") + "\n"
    }
}
