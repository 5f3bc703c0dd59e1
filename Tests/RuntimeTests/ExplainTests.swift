import Foundation
@testable import Runtime
import Testing

/// What `explain` tells: every topic is found, fits on a screen, names what exists, and its check holds as it is pasted.
@Suite struct ExplainTests {
    /// A topic as it is printed.
    struct Page: CustomTestStringConvertible, Sendable {
        var row: Int
        var lines: [String]
        var testDescription: String { lines.first ?? "row \(row)" }

        init(row: Int) {
            self.row = row
            let text = TestSession.with { $0.enter("explain(\(row))") }
            lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        }

        /// The lines to paste.
        var check: String {
            guard let start = lines.firstIndex(where: { $0.hasPrefix("To check it, paste") }) else { return "" }
            return lines[(start + 1)...].joined(separator: "\n")
        }

        /// The names that do it.
        var names: [String] {
            guard let start = lines.firstIndex(where: { $0.hasPrefix("names ") }) else { return [] }
            let rest = lines[(start + 1)...].prefix { $0.hasPrefix("         ") }
            return ([String(lines[start].dropFirst(5))] + rest).joined().split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    static let rows = 1...30
    static let pages = rows.map { Page(row: $0) }

    @Test(arguments: pages) func aTopicFitsOnAScreen(_ page: Page) {
        #expect(page.lines.first?.hasPrefix("Row \(page.row). ") == true)
        #expect(page.lines.count <= 30)
        for line in page.lines where line.count > 80 { Issue.record("longer than 80: \(line)") }
    }

    @Test(arguments: pages) func aCheckHolds(_ page: Page) {
        #expect(page.check.split(separator: "\n").last?.contains("assert ") == true)
        // The picture of a check is no fault; an error is.
        let printed = TestSession.with { $0.enter(page.check) }
        if printed.contains("error: ") { Issue.record("\(printed)") }
    }

    @Test(arguments: pages) func itsNamesExist(_ page: Page) {
        #expect(!page.names.isEmpty)
        let missing = TestSession.with { session in page.names.filter { session.enter("x = \($0)").hasPrefix("error") } }
        #expect(missing == [])
    }

    @Test func theListHasEveryTopic() {
        let list = TestSession.with { $0.enter("explain()") }.split(separator: "\n").map(String.init)
        for page in Self.pages {
            let title = page.lines[0].drop { $0 != "." }.dropFirst(2)
            #expect(list.contains { $0.hasPrefix((page.row < 10 ? " " : "") + "\(page.row)  \(title) ") })
        }
        for line in list where line.count > 80 { Issue.record("longer than 80: \(line)") }
    }

    /// Whatever says that it serves a row of the lecture is among that topic's names.
    @Test func rowsAndTopicsAgree() {
        for operation in Op.all where operation.lecture > 0 {
            #expect(Self.pages[operation.lecture - 1].names.contains(operation.name), "row \(operation.lecture) does not name \(operation.name)")
        }
        TestSession.with { session in
            for name in Interpreter.current.prelude.libraryNames {
                let page = Interpreter.current.page(of: name) ?? ""
                guard let row = page.range(of: "see explain(").flatMap({ Int(page[$0.upperBound...].prefix { $0 != ")" }) }) else { continue }
                #expect(Self.pages[row - 1].names.contains(name), "row \(row) does not name \(name)")
            }
        }
    }

    static let asked: [(String, Int)] = [
        ("\"Dropout\"", 20), ("dropout", 20), ("dropout(0.5)", 20), ("\"row 20\"", 20), ("\"20\"", 20), ("\"weight decay\"", 5), ("\"weight-decay\"", 5),
        ("\"ridge\"", 6), ("\"lasso\"", 8), ("\"bagging\"", 21), ("\"conv\"", 26), ("conv2d", 30), ("convolve", 26), ("\"batch norm\"", 23), ("batch_norm", 23),
        ("\"patience\"", 19), ("early_stopping", 19), ("\"augmentation\"", 9), ("\"feature map\"", 30), ("\"backpropagation\"", 2), ("backprop", 2),
        ("\"map\"", 3), ("neg_log_prior", 3), ("\"toeplitz\"", 29), ("conv_matrix", 29), ("show", 27), ("saturation", 22), ("\"sparsity\"", 8),
        ("\"L2\"", 5), ("\"L1\"", 7), ("\"softmax\"", 2), ("\"elastic net\"", 8), ("\"image as input\"", 25), ("\"Bayesian view\"", 4), ("\"most don’t help\"", 11),
        ("\"noise\"", 17), ("globalpool", 25), ("\"back translation\"", 15), ("\"autoaugment\"", 12), ("\"uda\"", 16), ("tta", 10), ("\"thesaurus\"", 14),
    ]

    @Test func topicsAreFoundByWhatTheyAreAskedBy() {
        for (words, row) in Self.asked {
            let first = TestSession.with { $0.enter("explain(\(words))") }.split(separator: "\n").first.map(String.init)
            #expect(first == Self.pages[row - 1].lines[0], "explain(\(words))")
        }
    }

    /// The rows' names in the lecture, in order.
    static let headings = [
        "Forward pass, a^j and z^j",
        "Backward pass: chain rule, matrix form, recursion δ^{j−1} = (r^{j−1})′(W^j)ᵀδ^j, ∇W^j = δ^j(a^{j−1})ᵀ",
        "Regularization as MAP",
        "Soft constraint, hard constraint, Bayesian view",
        "L2's effect on gradient descent: weight decay",
        "L2's effect on the optimum",
        "L1's effect on gradient descent",
        "L1's effect on the optimum: soft threshold, sparsity",
        "Data augmentation: crop and zoom, colour (contrast, brightness), rotate, translate, stretch, shear; label kept",
        "Test time: transform, test, average",
        "Combining: every transformation and combination, most don't help",
        "AutoAugment (Cubuk): search for a policy",
        "Learning to compose (Ratner, TANDA): a generator of transformation sequences against a discriminator, unlabelled data",
        "Text: thesaurus substitution, word-embedding neighbours, language-model substitution",
        "Back-translation",
        "UDA consistency training (Xie)",
        "Noise: many separators, some noise picks a wide one, too much hurts",
        "Noise equals weight decay",
        "Early stopping: validation error, stored copy, patience, return the copy",
        "Dropout: masks, 0.2 on inputs, 0.5 on hidden",
        "Dropout as bagging",
        "Saturation",
        "Batch normalization, Algorithm 1, γ and β learned",
        "\"The last step can un-do the others\"",
        "Images as input: dense is big, and moves badly",
        "Convolution s_t = Σ u_a w_{t−a}, undefined is 0",
        "The worked example, step by step",
        "Stride",
        "Matrix version",
        "One kernel everywhere: same feature at other places",
    ]

    /// A row is found by its name in the lecture, in full or up to its first colon, comma or parenthesis, whatever its case, its
    /// quotes and a leading "the".
    @Test(arguments: rows) func aRowIsFoundByItsName(_ row: Int) {
        let heading = Self.headings[row - 1], stem = String(heading.prefix { !":,(".contains($0) })
        let bare = heading.replacing("\"", with: "")
        for asked in [heading, stem, bare, heading.lowercased(), bare.hasPrefix("The ") ? String(bare.dropFirst(4)) : "The " + bare] {
            let text = asked.replacing("\"", with: "\\\"").replacing("{", with: "{{").replacing("}", with: "}}")
            let first = TestSession.with { $0.enter("explain(\"\(text)\")") }.split(separator: "\n").first.map(String.init)
            #expect(first == Self.pages[row - 1].lines[0], "explain(\"\(asked)\")")
        }
    }

    @Test func anUnknownTopicOffersTheNearest() {
        TestSession.with { session in
            #expect(session.enter("explain(\"droput\")").contains("did you mean explain(\"dropout\")?"))
            #expect(session.enter("explain(31)").contains("no topic"))
            #expect(session.enter("explain(accuracy)").contains("`help(accuracy)`"))
            #expect(session.enter("explain([1, 2])").hasPrefix("error: explain(topic) expects"))
        }
    }

    @Test func pagesOfTheLibraryAndOfOnesOwn() {
        TestSession.with { session in
            let dense = session.enter("help(dense)")
            #expect(dense.hasPrefix("layer dense(units, bias=true, init=glorot)\n\n"))
            #expect(dense.contains("\n  > shape(dense(3)(ones(5, 4)))\n  (5, 3)\n"))
            #expect(session.enter("help(fit)").split(separator: "\n").allSatisfy { $0.count <= 80 })
            #expect(session.enter("help(l2)").contains("lecture: rows 3 to 6, see explain(3)\n"))
            // What a record or an object calls its fields is no other name to see.
            #expect(session.enter("help(policy_search)").contains("see also: policy, tanda\n"))
            #expect(session.enter("help(bigram)").contains("see also: nearest, "))
            #expect(session.enter("help(convolve)").contains("lecture: row 26, see explain(26)\n"))
            _ = session.enter("## Twice x.\n## > twice(2)\n## 4\nfn twice(x, n=2) = n * x")
            for asked in ["help(twice)", "help(\"twice\")"] { #expect(session.enter(asked) == "twice(x, n=2)\n\nTwice x.\n\n  > twice(2)\n  4\n") }
        }
    }
}
