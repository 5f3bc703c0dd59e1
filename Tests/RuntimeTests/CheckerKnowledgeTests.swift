@testable import Runtime
import Syntax
import Testing

/// The check computes with nothing that it made up itself: programs that run, of whose values it knows only kinds and shapes.
@Suite struct CheckerKnowledgeTests {
    private static let preamble = """
        object ledger() { state entries = list() }
        {train, test} = split(iris(), [0.7, 0.3])
        k = count(normal(3) > -9)
        late = count(normal(5) > -9)

        """

    @Test(arguments: [
        // Elements picked by indices that are not known.
        "{train, test} = split(moons(60), [0.7, 0.3]); train.x[train.y == 1][0]",
        "y = [0, 0, 1, 1]; z = y[permutation(4)]; x = normal(4, 2); x[z == 1][0]",
        "y = [0, 0, 1, 1]; v = normal(4); z = y[argsort(v)]; normal(4, 2)[z == 1][0]; len(y[[argmax(v), 1]]); y[(argmax(v), 1)] + [1, 2]",
        "d = take(iris(), permutation(150)); max(d.x[d.y == 2])", "{train, test} = split(xor(40), [0.7, 0.3]); train.x[train.y == 1][0]",
        "x2 = train.x[train.y == 2]; max(x2)", "f = kfold(iris(), 5)[0].train; max(f.x[f.y == 2])",
        "w = zeros(3); w[[argmax(normal(3)), 1]] = [1, 2]; ones(3)[w == 0]",
        // Counts, amounts and axes that are not known.
        "s = [4, 2][argmax(normal(2))]; reshape(arange(16), s, s, -1)", "reshape(arange(12), k, -1)", "k = integers(2, 4, 1)[0]; expand([1, 2], [k, 2])",
        "m = [2, 2]; s = m[normal(2) > -99]; expand([1, 2], s)", "a = [0, 1][argmax(normal(2))]; expand(ones(2), a) + ones(2, 1) * 0; permute(ones(2, 3), a, 1 - a); tile([1, 2], a + 1, 2)",
        "k = [1, 3, 5][argmax(normal(3))]; conv(4, k, pad=2)(ones(2, 1, 8, 8)); conv_transpose(3, k, stride=2)(ones(2, 1, 8, 8)); maxpool(k)(ones(2, 1, 8, 8))",
        "k = integers(2, 3, 1)[0]; pad(ones(3, 4), [[0, 0], [k, k]]) @ ones(8); pad(ones(3, 4), ((0, 0), (k, k))) @ ones(8)",
        "x = normal(5); p = x[x > -9]; zeros([len(p), 3]) @ ones(3)", "sum(ones(2, 3), [argmax(normal(2)), 1])",
        "m = (\"full\", \"same\")[argmax(normal(2))]; convolve([1, 2, 3], [1, 10], mode=m); conv_matrix([1, 2], 5, mode=m); correlate([1, 2, 3], [1, 10], m)",
        // Texts of sizes that are not known.
        "x = normal(10); pos = x[x > -9]; r = {n10: 5}; r[\"n{len(pos)}\"]; {a10: 1}[\"a\" + string(len(pos))]", "z = normal(3); z = z[z > -9]; {\"3\": \"three\"}[\"{len(z)}\"]",
        "xs = [1 for i in 0..<k]; zeros(5)[number(\"{len(xs)}\")]",
        // Counts are numbers; records that hold some of several fields.
        "{number: 1}[kind(count(normal(3) > 0))]; {number: 1}[kind(argmax(normal(3)))]", "b = {v: 2}; if k > 2 { b = {w: 1} }; b.w; b.u = 3; b.u",
        "xs = [[1, 2], [3, 4]]; filter(r => r[0] > 1, xs); reduce((a, b) => a + b, normal(3)); map(x => x + 1, normal(3)); sorted(normal(3), key=x => -x)",
        "run = fit(dense(3), train, epochs=1, validate=test, metrics={own: (n, d) => 1}); run.history.own; run.history.validation_own; run.history.accuracy; run.history.extra = 1; run.history.extra",
        // Conditions of which one side decides.
        "x = normal(5); for i in 0..<5 { if x[i] > -9 and i + 1 < 5 { x[i + 1] } }",
        "x = abs(normal(5)); n = 0; for i in 0..<5 { if x[i] < 0 or i == 4 { continue }; n += x[i + 1] }", "x = normal(5); [x[i + 1] for i in 0..<5 if x[i] > -9 and i < 4]",
        "h = list(); g = none; for v in normal(5) { if v > -9 and len(h) > 0 { h[-1] }; if v > -9 and g != none { g.a }; h = append(h, v); g = {a: 1} }",
        // Conditions that exclude the first rounds of a loop.
        "best = {loss: inf}; for e in 1..3 { loss = mean(uniform(5)); if loss < best.loss { best = {loss: loss, epoch: e} } else { best.epoch } }",
        "best = {loss: inf}; h = list(); for e in 1..20 { loss = mean(uniform(5)); if loss < get(best, \"loss\", -1) { best = {loss: loss, epoch: e}; h = append(h, e) } else { (h[-1], best.epoch) } }",
        "kept = none; best = -1; for e in 1..3 { net = dense(3); build(net, test.x); acc = accuracy(net, test); if acc > best { best = acc; kept = net } else { accuracy(kept, test) } }",
        "h = list(); for i in 1..10 { if i > late { h[-1] }; h = append(h, i) }", "b = list(); for i in 1..10 { if len(b) >= late { b[0]; b = b[1:] }; b = append(b, i) }",
        "l = list(); for i in 1..10 { l = append(l, i); if len(l) >= late { l[-2] } }", "h = list(); i = 0; while i < 9 { if i > late { h[-1] }; h = append(h, i); i += 1 }",
        "l = ledger(); for i in 1..10 { if i > late { l.entries[-1] }; l.entries = append(l.entries, i) }",
        "x = normal(5); for i in 0..<5 { if x[i] > -9 { break }; x[i + 1] }", "x = normal(5); [x[i + 1] for i in 0..<5 if x[i] > 9]",
        "fn last(h) = h[-1]; h = list(); for i in 1..10 { if i > late { last(h) }; h = append(h, i) }",
    ])
    func saysNothingOfWhatRuns(_ text: String) throws {
        let program = Self.preamble + text
        let failure = TestSession.with { session -> String in
            do { _ = try session.value(program, checkingFirst: true) } catch { return (error as? Diagnostic)?.rendered(color: false) ?? "\(error)" }
            return ""
        }
        #expect(failure == "")
        #expect(Self.reports(program) == [])
    }

    /// What fails whatever the condition says is still found.
    @Test(arguments: [
        ("for e in 1..3 { loss = mean(uniform(5)); if loss < 0.5 { ones(3) @ ones(4) } }", "shapes do not fit"),
        ("for e in 1..3 { for i in 0..<9 { if mean(uniform(5)) < 0.5 { continue }; lenn(train) } }", "unknown name `lenn`"),
        ("for f in (relu, tanh) { if k > 2 { f(ones(2)) @ ones(3) } }", "shapes do not fit"),
        ("while mean(uniform(5)) < 0.5 { if k > 2 and train.z == 3 { } }", "the record has no field `z`"),
        ("[ones(3) @ ones(4) for i in 0..<5 if i < k]", "shapes do not fit"), ("if k > 1 and train.z { }", "the record has no field `z`"),
        ("fn fact(n) = if n == 0 { onez } else { n * fact(n - 1) }; fact(10)", "unknown name `onez`"),
        ("fn grow(y, d) { if d == 0 or mean(y) < 0.01 { return 0 }; quantilez(y) }; grow(train.y, 3)", "unknown name `quantilez`"),
    ])
    func findsWhatFailsAnyway(_ text: String, _ message: String) { #expect(Self.reports(Self.preamble + text).first == message) }

    /// Kinds, keys and values that are known without a run.
    @Test(arguments: [
        ("run.history.acuracy", "the record has no field `acuracy`"), ("run.history.validation_loss", "the record has no field `validation_loss`"),
        ("\"acc \" + accuracy(net, test)", "`+` does not take string \"acc \" and number"), ("accuracy(net, test)[0]", "a number has no parts to index"),
        ("evaluate(net, test).acc", "the record has no field `acc`"), ("params(net).V", "the record has no field `V`"), ("params(net)[\"1.w\"]", "the record has no field `1.w`"),
        ("\"{accuracy(net, test):.2z}\"", "unknown format `.2z`: there is no type `z`"), ("sgd(0.1).step(ones(3), ones(4))", "sgd: the parameter is [3], its gradient [4]"),
        ("append(3, normal(2))", "append adds to a list or a tensor, got number 3"), ("3 in {a: 1}", "`in` looks for a key in a record, got number 3"), ("none[0]", "cannot index none"),
        ("s = \"abc\"; s[0] = \"x\"", "a string cannot be changed in place"), ("layer_norm(ones(4, 6), ones(4), zeros(4))", "`gamma` of layer_norm must have the shape of the last axes, [6], got [4]: x is [4, 6]"),
        ("topk(normal(3), 5)", "topk cannot take 5 elements along axis 0, which has 3"), ("topk(normal(3), 2).vlaues", "the record has no field `vlaues`"),
        ("embedding([1, 12], ones(5, 3))", "index 12 is outside the embedding's table of 5 rows, 0 to 4"), ("max(normal(2, 3, 4, 5), (3, 3))", "`axis` of max names axis 3 twice"),
        ("hessian(x => x^2)([1, 2])", "hessian needs a function that gives one number, got a tensor [2]"), ("z = permutation(0..<10); z @ ones(9)", "shapes do not fit"),
        ("where(0, normal(3) != 0, 1)", "the condition of where must hold bools, got number"), ("r = if k > 2 { {a: 1} } else { {b: 1} }; r.c", "the record has no field `c`"),
    ])
    func knowsKinds(_ text: String, _ message: String) {
        let trained = "net = dense(8) >> relu >> dense(3)\nrun = fit(net, train, epochs=1)\n"
        #expect(Self.reports(Self.preamble + trained + text).first == message)
    }

    private static func reports(_ program: String) -> [String] {
        TestSession.with { session in session.check(program, name: "program.nns", path: "program.nns") }.filter { $0.severity == .error }.map(\.message)
    }
}
