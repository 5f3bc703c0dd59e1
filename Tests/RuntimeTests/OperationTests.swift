import Foundation
import Testing
@testable import Runtime
import Tensors

/// One test for all built-ins: what their declarations say is so.
@Suite struct OperationTests {
    static let named = Op.all.filter { $0.name.first!.isLetter }
    /// Its example depends on the clock.
    static let timed = ["time"]

    /// Examples print as shown. An example whose output is empty must only succeed.
    @Test(arguments: named.map(\.name).filter { !timed.contains($0) }) func examplesPrintAsShown(_ name: String) {
        let operation = Self.named.first { $0.name == name }!
        // What the examples of `save` and `load` write.
        defer { for file in ["save": ["record.npz"], "load": ["net.npz"]][name] ?? [] { try? FileManager.default.removeItem(atPath: file) } }
        for example in operation.examples {
            let printed = TestSession.with { session -> String in
                let lines = example.input.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                return session.enter(lines.joined(separator: "\n"))
            }
            let got = printed.trimmingCharacters(in: .newlines), expected = example.output.trimmingCharacters(in: .newlines)
            #expect(got == expected, "\(name): \(example.input)")
        }
    }

    /// Every built-in says what it does in a sentence, and its signature begins with its name.
    @Test func declarationsAreWhole() {
        for operation in Self.named {
            #expect(operation.documentation.count > 10, "\(operation.name)")
            #expect(operation.signature.hasPrefix(operation.name + "("), "\(operation.signature)")
        }
        #expect(Set(Op.all.map(\.name)).count == Op.all.count)
    }

    /// Every built-in that computes numbers is among those whose bits are compared on every path.
    @Test func bitsAreCompared() throws {
        let compared = try String(contentsOf: testsFolder("Operations/paths.nns"), encoding: .utf8)
        let computing: [Runtime.Operation.Group] = [.create, .elementwise, .reduce, .shape, .linearAlgebra, .neural, .losses, .random]
        // No arithmetic, or made of nothing but others in that file.
        let others = ["rank", "size", "zeros", "ones", "tensor", "read"]
        for operation in Self.named where computing.contains(operation.group) && !others.contains(operation.name) {
            #expect(compared.contains("\(operation.name)("), "\(operation.name) is missing in Tests/Operations/paths.nns")
        }
    }

    /// Elementwise functions and others of one tensor: gradients match central differences to second order.
    static let smooth = [
        "exp", "log", "log1p", "expm1", "sqrt", "square", "sin", "cos", "tan", "tanh", "sigmoid", "gelu", "silu", "softplus", "erf", "elu",
        "sum", "mean", "var", "std", "prod", "norm", "logsumexp", "softmax", "log_softmax", "cumsum", "max", "min", "median", "sort", "abs",
        "relu", "transpose", "flatten", "trace", "diag", "inv", "det", "flip", "square",
    ]

    @Test(arguments: smooth) func gradientsMatchDifferences(_ name: String) {
        let printed = TestSession.with { session -> String in
            _ = session.enter("precision(f64)\nx = 0.5 + uniform(3, 3) + eye(3)\nw = normal(3, 3)")
            // Weights break symmetries; a square makes the second derivative of linear functions visible.
            _ = session.enter("first = x => { y = \(name)(x); sum(y * y * (1 + sum(w * x))) }")
            _ = session.enter("second = x => { g = grad(first)(x); sum(g * w) }")
            _ = session.enter("a = gradcheck(first, x)\nb = gradcheck(second, x)")
            return session.enter("a.relative < 1e-6 and (b.relative < 1e-5 or b.absolute < 1e-8)") + session.enter("(a, b)")
        }
        #expect(printed.hasPrefix("true"), "\(name): \(printed)")
    }

    /// Operations of several tensors, as expressions of a record r.
    static let several = [
        "r.a + r.b", "r.a - r.v", "r.a * r.v", "r.a / r.b", "r.a ^ r.b", "r.a % r.b", "maximum(r.a, r.b)", "minimum(r.a, r.b)", "r.a @ r.b", "r.a @ r.v", "r.v @ r.b",
        "dot(r.v, r.v)", "outer(r.v, r.v)", "where(r.a > 1, r.a, r.b)", "linear(r.a, r.b, r.v)", "concat(r.a, r.b)", "stack(r.v, r.v)", "solve(r.a, r.v)",
        "r.a[1]", "r.a[:, 1:]", "r.a[[0, 2, 0]]", "[x * x for x in r.v]", "append(r.a, r.v)", "pad(r.a, [[1, 0], [0, 2]])", "tile(r.v, 2)", "roll(r.v, 1)",
        "clip(r.a, 0.7, 1.2)", "reshape(r.a, 9)", "expand(r.v, 0)", "cholesky(r.a @ r.a' + eye(3))", "eigh(r.a @ r.a').values", "svd(r.a).values", "qr(r.a).r",
        "conv2d(reshape(r.a, 1, 1, 3, 3), reshape(r.b[0:2, 0:2], 1, 1, 2, 2))", "conv1d(reshape(r.v, 1, 1, 3), reshape(r.v[0:2], 1, 1, 2), pad=1)",
        "conv_transpose2d(reshape(r.a, 1, 1, 3, 3), reshape(r.b[0:2, 0:2], 1, 1, 2, 2), stride=2)", "max_pool2d(reshape(r.a, 1, 1, 3, 3), 2, stride=1)",
        "avg_pool2d(reshape(r.a, 1, 1, 3, 3), 2, stride=1)", "resample(reshape(r.a, 1, 1, 3, 3), reshape(r.b[:2] + [0.3, 0.1, 0.4], 1, 3, 2))", "batch_norm(r.a, r.v, r.v)", "layer_norm(r.a, r.v, r.v)", "convolve(r.v, r.v)", "correlate(r.a, r.b)",
        "embedding([0, 2], r.a)", "cross_entropy(r.a, [0, 1, 2])", "cross_entropy(r.a, [0, 1, 2], smoothing=0.1)", "mse(r.a, r.b)", "huber(r.a, r.b)",
        "binary_cross_entropy(r.a, sigmoid(r.b))", "kl(softmax(r.a), softmax(r.b))", "nll(log_softmax(r.a), [0, 1, 2])", "2 * {p: r.a, q: r.v} |> values |> (x => x[0])",
    ]

    @Test(arguments: several) func gradientsOfSeveralMatchDifferences(_ expression: String) {
        let printed = TestSession.with { session -> String in
            _ = session.enter("precision(f64)\nr0 = {a: 0.5 + uniform(3, 3) + eye(3), b: 0.6 + uniform(3, 3) + eye(3), v: 0.5 + uniform(3)}\nu = normal(3)")
            _ = session.enter("first = r => { y = \(expression); sum(y * y) * (1 + sum(u * r.v)) }")
            _ = session.enter("second = r => { g = grad(first)(r); sum(g.a * r0.b) + sum(g.b * g.b) + sum(g.v * u) }")
            _ = session.enter("a = gradcheck(first, r0)\nb = gradcheck(second, r0)")
            return session.enter("a.relative < 1e-6 and (b.relative < 1e-5 or b.absolute < 1e-8)") + session.enter("(a, b)")
        }
        #expect(printed.hasPrefix("true"), "\(expression): \(printed)")
    }

    /// A shape rule gives the shape of what the operation computes, for the examples of one tensor.
    @Test func shapeRulesMatchResults() throws {
        let shapes: [[Int]] = [[3], [2, 3], [3, 3], [1, 3], [2, 1, 3]]
        for operation in Self.named where operation.shape != nil && operation.parameters.filter({ $0.defaultValue == nil }).count == 1 && operation.restIndex < 0 {
            for shape in shapes {
                let text = TestSession.with { session -> (rule: [Int], result: [Int])? in
                    guard let x = try? session.value("0.5 + uniform(\(shape.map(String.init).joined(separator: ", ")))") else { return nil }
                    var arguments = operation.parameters.map { $0.defaultValue ?? .none }
                    arguments[0] = x
                    guard let rule = try? operation.shape!(arguments.map { v in if case .tensor(let t, _) = v { t.shape } else { nil } }, arguments),
                          let result = try? operation.apply([x]) else { return nil }
                    if case .tensor(let t, _) = result { return (rule, t.shape) }
                    if case .scalar = result { return (rule, []) }
                    return nil
                }
                if let text { #expect(text.rule == text.result, "\(operation.name) of \(shape)") }
            }
        }
    }
}
