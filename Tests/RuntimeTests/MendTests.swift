import Foundation
import Runtime
import Syntax
import Testing

/// Mends that are code: each is taken out of the message's help, put in its place, and the program runs.
///
/// The help says ``write `code` `` or ``did you mean `code`?``: the code replaces what stands underlined (an operator
/// with its operands, or the carets alone). ``… `code` in place of `text` `` replaces that text where it stands.
@Suite struct MendTests {
    /// A wrong program and what a line of it must be once it is mended.
    static let programs: [(wrong: String, mended: String)] = [
        // Matrix products.
        ("x = normal(32, 64)\nW = normal(16, 64)\nb = zeros(16)\nh = relu(W @ x + b)", "h = relu(x @ W' + b)"),
        ("x = normal(32, 64)\nW = normal(16, 64)\nh = x @ W", "h = x @ W'"),
        ("x = normal(32, 64)\nW = normal(64, 16)\nh = W @ x", "h = x @ W"),
        ("X = normal(100, 3)\nr = normal(100)\ng = X @ r", "g = X' @ r"),
        ("X = normal(100, 3)\nY = normal(100, 2)\nC = X @ Y", "C = X' @ Y"),
        ("W = normal(5, 3)\nx = normal(3)\ny = x @ W", "y = W @ x"),
        ("A = normal(3, 4)\nB = normal(4, 5)\nC = A' @ B", "C = A @ B"),
        ("d = normal(3, 4)\ne = normal(2, 4)\nC = (d - 1) @ (e + 1)", "C = (d - 1) @ (e + 1)'"),
        ("images = normal(10, 1, 8, 8)\nW = normal(64, 5)\ns = images @ W", "s = flatten(images) @ W"),
        ("c = 3\nx = normal(4)\ny = c @ x", "y = c * x"),
        // Elementwise.
        ("X = normal(4, 3)\nn = normal(4)\nY = X / n", "Y = X / n[:, none]"),
        ("n = normal(4)\nX = normal(4, 3)\nY = n * X", "Y = n[:, none] * X"),
        ("X = normal(4, 3)\nX -= mean(X, 1)", "X -= mean(X, 1)[:, none]"),
        ("A = normal(3, 4)\nB = normal(4, 3)\nS = A + B", "S = A + B'"),
        ("images = normal(10, 3, 8, 8)\nm = mean(images, [0, 2, 3])\nc = images - m", "c = images - m[:, none, none]"),
        ("X = normal(100, 2)\ncentres = normal(3, 2)\nD = X - centres", "D = X[:, none] - centres"),
        ("a = [1, 2, 3]\nb = [1, 2]\nt = a * b", "t = a[:, none] * b"),
        ("p = normal(10, 1, 8, 8)\nq = normal(10, 64)\nd = p - q", "d = flatten(p) - q"),
        ("X = normal(4, 3)\nY = X - sum(X, 1) / 3", "Y = X - (sum(X, 1) / 3)[:, none]"),
        // Kinds.
        ("s = \"a\"\ns += 1", "s += string(1)"),
        ("n = 1\nn += \"a\"", "n = string(n) + \"a\""),
        ("x = [1, 2, 3] |> reshape(3, 1)", "x = [1, 2, 3] |> x => reshape(x, 3, 1)"),
        ("s = \"a,b\"\nt = s.split(\",\")", "t = words(s, \",\")"),
        ("t = \", \".join((\"a\", \"b\"))", "t = join((\"a\", \"b\"), \", \")"),
        ("x = ones(2)\ny = x.astype(\"float64\")", "y = f64(x)"),
        // Losses.
        ("p = normal(50, 1)\ny = normal(50)\nl = mse(p, y)", "l = mse(p[:, 0], y)"),
        ("p = normal(50)\ny = normal(50, 1)\nl = mse(p, y)", "l = mse(p, y[:, 0])"),
        ("p = normal(4, 3)\ny = normal(3, 4)\nl = mae(p, y)", "l = mae(p, y')"),
        ("s = normal(5, 3)\ny = [0, 1, 2, 0, 1]\nl = mse(s, y)", "l = mse(s, one_hot(y, 3))"),
        ("s = normal(5, 3)\ny = [1, 2, 3, 1, 2]\nl = cross_entropy(s, y)", "l = cross_entropy(s, y - 1)"),
        ("s = normal(5, 3)\ny = [[0], [1], [2], [0], [1]]\nl = cross_entropy(s, y)", "l = cross_entropy(s, y[:, 0])"),
        // Arguments of built-ins.
        ("x = normal(28, 28)\nw = normal(4, 1, 3, 3)\ny = conv2d(x, w)", "y = conv2d(x[none, none], w)"),
        ("x = normal(3, 28, 28)\nw = normal(4, 3, 3, 3)\ny = conv2d(x, w)", "y = conv2d(x[none], w)"),
        ("x = normal(5, 28, 28)\nw = normal(4, 1, 3, 3)\ny = conv2d(x, w)", "y = conv2d(x[:, none], w)"),
        ("x = ones(4, 3)\nW = ones(3, 2)\ny = linear(x, W)", "y = linear(x, W')"),
        ("x = ones(4, 1, 8, 8)\nW = ones(3, 64)\ny = linear(x, W)", "y = linear(flatten(x), W)"),
        ("x = arange(12)\ny = reshape(x, 3, 5)", "y = reshape(x, 3, -1)"),
        ("A = eye(3)\nb = ones(1, 3)\nx = solve(A, b)", "x = solve(A, b')"),
        ("A = ones(2, 3)\nB = ones(3, 2)\nd = dot(A, B)", "d = A @ B"),
        ("x = ones(5)\ng = ones(5)\ny = batch_norm(x, 1, 0)", "y = batch_norm(x[:, none], 1, 0)"),
        ("x = normal(6, 4)\nkeep = normal(6) > 0\ny = where(keep, x, 0)", "y = where(keep[:, none], x, 0)"),
        ("b = zeros(10)\nB = expand(b, 10, 32)", "B = expand(b[:, none], 10, 32)"),
        ("object counter() {\nstate n = 0\nfn inc() { n += 1 }\nfn twice() { inc(); self.inc() }\n}\ncounter().twice()", "fn twice() { self.inc(); self.inc() }"),
        ("d = moons(50)\nscatter(d.x, d.y)", "scatter(d.x, labels=d.y)"),
        ("d = iris()\nboundary(x => x, d)", "boundary(x => x, {x: d.x[:, [0, 1]], y: d.y})"),
        // Layers.
        ("net = conv(4, 3) >> relu >> dense(10)\ny = net(ones(2, 1, 8, 8))", "net = conv(4, 3) >> relu >> flatten >> dense(10)"),
        ("image = ones(1, 8, 8)\ny = conv(4, 3)(image)", "y = conv(4, 3)(image[none])"),
        ("images = ones(7, 8, 8)\nnet = conv(4, 3) >> flatten >> dense(2)\ny = net(images)", "y = net(images[:, none])"),
        ("rows = ones(7, 64)\nnet = conv(4, 3) >> flatten >> dense(2)\ny = net(rows)", "y = net(reshape(rows, -1, 1, 8, 8))"),
        ("x = ones(5, 3)\ny = lstm(4)(x)", "y = lstm(4)(x[none])"),
        ("net = dense(8) >> batchnorm >> relu", "net = dense(8) >> batchnorm() >> relu"),
        ("net = dense(3)\nfit(net, iris(), epochs=1, penalty=0.01)", "fit(net, iris(), epochs=1, penalty=l2(0.01))"),
        ("net = dense(3)\nfit(net, iris(), epochs=1, penalty=0.01 * l2(1))", "fit(net, iris(), epochs=1, penalty=l2(0.01))"),
        ("net = dense(3)\nfit(net, iris(), epochs=1, loss=mse)", "fit(net, iris(), epochs=1, loss=cross_entropy)"),
        ("net = dense(8) >> dropout(50) >> dense(3)", "net = dense(8) >> dropout(0.5) >> dense(3)"),
        ("opt = sgd(step_decay(0.1, 10, gamma=0.5))", "opt = sgd(step_decay(0.1, 10, factor=0.5))"),
        ("net = dense(2)\nfit(net, iris(), epochs=1)", "net = dense(3)"),
        ("net = dense(1)\nfit(net, moons(50), loss=binary_cross_entropy, epochs=1)", "fit(net >> (s => s[:, 0]), moons(50), loss=binary_cross_entropy, epochs=1)"),
        ("net = dense(3)\nfit(net, iris(), epoch=1)", "fit(net, iris(), epochs=1)"),
        ("opt = sgd(lr=0.1)", "opt = sgd(rate=0.1)"),
        ("opt = adam(1e-3, weight_decay=0.01)", "opt = adam(1e-3, l2=0.01)"),
        ("net = dense(3)\nevaluate(net, iris(), \"cross_entropy\")", "evaluate(net, iris(), cross_entropy)"),
        ("for (x, y) in batches(iris(), 50) { print(shape(x)) }", "for {x, y} in batches(iris(), 50)"),
        ("d = iris()\nl = cross_entropy(d.y, dense(3)(d.x))", "l = cross_entropy(dense(3)(d.x), d.y)"),
        ("f = x => sum(x^2)\ng = grad(f, [1, 2])", "g = grad(f)([1, 2])"),
        ("n = 3\nfor i in n { print(i) }", "for i in 0..<n { print(i) }"),
        ("x = max(1, 2)", "x = maximum(1, 2)"),
        ("x = sum(1, 2)", "x = sum([1, 2])"),
        ("f = x => x^2\ny = f'(2)", "y = grad(f)(2)"),
        ("x = 1\nif x { print(x) }", "if x != 0 { print(x) }"),
        // Names.
        ("x = sofmax([1, 2])", "x = softmax([1, 2])"),
        ("length = 3\ny = lenght + 1", "y = length + 1"),
        ("fn f(alpha, beta) { alpha + btea }\nf(1, 2)", "fn f(alpha, beta) { alpha + beta }"),
        ("r = {rate: 1, beta: 2}\ny = r.bata", "y = r.beta"),
        ("r = {rate: 1, beta: 2}\ny = r.lr", "y = r.rate"),
        ("r = {rate: 1, beta: 2}\ny = r[1]", "y = r[\"beta\"]"),
        ("d = digits()\ny = d.images", "y = d.x"),
        ("x = np.random.randn(3)", "x = normal(3)"),
        ("x = torch.zeros(3)", "x = zeros(3)"),
        ("net = Linear(3)", "net = dense(3)"),
        ("x = ones(2, 3)\ny = x.T", "y = x'"),
        ("x = ones(2, 3)\ns = x.shape", "s = shape(x)"),
        ("x = ones(2, 3)\ns = x.sum(1)", "s = sum(x, 1)"),
        ("x = ones(2, 3)\ns = x.reshape(3, 2)", "s = reshape(x, 3, 2)"),
        ("A = ones(2, 3)\nB = ones(3, 2)\nC = A.dot(B)", "C = A @ B"),
        ("s = \"abc\"\nt = s.upper()", "t = upper(s)"),
        ("net = dense(2)\nbuild(net, ones(1, 3))\np = net.params()", "p = params(net)"),
        ("x = sum([1, 2], dim=0)", "x = sum([1, 2], axis=0)"),
        ("xs = [1, 2]\nxs.append(3)", "xs = append(xs, 3)"),
        // Other languages.
        ("x = 1\nif x > 0 && x < 2 { x = 2 }", "if x > 0 and x < 2 { x = 2 }"),
        ("x = 1\nif x > 2 || x < 0 { x = 2 }", "if x > 2 or x < 0 { x = 2 }"),
        ("x = false\nif !x { x = true }", "if not x { x = true }"),
        ("x = 1\nif x > 1 { x = 1 } elif x < 1 { x = 2 }", "if x > 1 { x = 1 } else if x < 1 { x = 2 }"),
        ("x = [1, 2]\ny = x.^2", "y = x^2"),
        ("x = [1, 2]\ny = x .* x", "y = x * x"),
        ("x = None", "x = none"),
        ("x = 3 − 1", "x = 3 - 1"),
        ("s = 'hello'", "s = \"hello\""),
        ("x = 1\nx++", "x += 1"),
        ("y = 2 ** 3", "y = 2 ^ 3"),
        ("s = \"a\" + 1", "s = \"a\" + string(1)"),
    ]

    @Test(arguments: programs.indices) func mend(_ index: Int) throws {
        let (wrong, line) = Self.programs[index]
        let error = TestSession.with { session in Self.failure(of: wrong, session) }
        guard let error else { Issue.record("no error in\n\(wrong)"); return }
        guard let mended = Self.mended(wrong, error) else { Issue.record("no mend in\n\(error.rendered(color: false))"); return }
        #expect(mended.contains(line), "\(error.rendered(color: false))\n\nbecame\n\(mended)")
        let left = TestSession.with { session in Self.failure(of: mended, session)?.rendered(color: false) }
        #expect(left == nil, "\(mended)\n\(left ?? "")")
    }

    private static func failure(of program: String, _ session: TestSession) -> Diagnostic? {
        do {
            _ = try session.value(program)
            return nil
        } catch { return error as? Diagnostic }
    }

    /// The program with the mend of the help in place; nil where the help holds no code.
    static func mended(_ program: String, _ error: Diagnostic) -> String? {
        for help in error.help {
            if let parts = help.firstMatch(of: #/`([^`]*)` in place of `([^`]*)`/#) {
                guard let place = program.range(of: String(parts.2)) else { return nil }
                return program.replacingCharacters(in: place, with: String(parts.1))
            }
            guard let code = help.firstMatch(of: #/(?:write|did you mean) `([^`]*)`/#).map({ String($0.1) }) else { continue }
            let place = underlined(error)
            let bytes = Array(program.utf8)
            return String(decoding: bytes[..<Int(place.start)] + Array(code.utf8) + bytes[Int(place.end)...], as: UTF8.self)
        }
        return nil
    }

    /// What stands underlined: the carets, and with an operator both its operands. An error inside the standard library
    /// is shown at the call that led there.
    private static func underlined(_ error: Diagnostic) -> Span {
        if let source = error.source, source.isStandardLibrary, let call = error.frames.first(where: { !$0.source.isStandardLibrary }) { return call.span }
        let text = error.source?.text(of: error.span) ?? ""
        let isOperator = !text.isEmpty && text.allSatisfy { "+-*/@%^<>=&|".contains($0) }
        return isOperator ? error.marks.reduce(error.span) { $0.union($1) } : error.span
    }
}
