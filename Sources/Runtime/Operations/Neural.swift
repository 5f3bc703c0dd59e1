import Syntax
import Tensors

// Dropout, embeddings, and what the neural operations share.

/// A shape as it is printed: `[2, 3]`.
func shapeText(_ shape: [Int]) -> String { "[" + shape.map(String.init).joined(separator: ", ") + "]" }

extension Op {
    public static let drop: Operation = Operation("drop(x, p)", .neural, """
        Dropout: while training each element is 0 with probability p, the others are divided by 1 − p; otherwise x itself. \
        The mask comes from the running object's random stream, or the script's.
        """,
        examples: [("drop([1, 2, 3], 0.5)", "[1, 2, 3]"), ("train_mode(() => sum(drop(ones(1000), 0.5)) / 1000 > 0.8)", "true")],
        seeAlso: ["dropout", "training", "noise"], lecture: 20, shape: Rules.same,
        forward: { c in
            let x = try c.tensor(0)
            let p = try c.double(1)
            guard p >= 0, p <= 1 else {
                throw Diagnostic(.value, "`p` of drop must be between 0 and 1, got \(numberText(p))", help: p > 1 && p <= 100 ? ["\(numberText(p)) percent is \(numberText(p / 100))"] : [])
            }
            if p == 0 || !c.interpreter.isTraining { return try c.value(0) }
            let type = x.dtype == .bool || x.dtype == .number ? c.interpreter.defaultType : x.dtype
            let kept = try Tensor.convert(try c.interpreter.random { try $0.bernoulli(x.shape, p: 1 - p) }, to: type)
            let mask = p == 1 ? kept : try Tensor.binary(.multiply, kept, 1 / (1 - p), .number, reversed: false)
            return try (try c.value(0)) * Value(mask)
        })

    public static let embedding: Operation = Operation("embedding(x, W)", .neural,
        "The rows of the table W [count, d] at the indices x, of any shape: [x's shape, d].",
        examples: [("embedding([1, 0], [[1, 2], [3, 4]])", "[[3, 4],\n [1, 2]]")], seeAlso: ["embed", "one_hot"],
        shape: { shapes, _ in
            let x = try Rules.known(shapes, 0), w = try Rules.known(shapes, 1)
            guard w.count == 2 else { throw TensorError(.shape, "embedding needs indices and a table [count, d]") }
            return x + [w[1]]
        },
        forward: { c in
            let x = try c.tensor(0)
            let table = try c.floats(1, rank: 2, "a table [count, d]")
            for i in 0..<x.count {
                let v = x.element(i)
                guard v == v.rounded(.towardZero), v >= 0, v < Double(table.dims[0]) else {
                    throw c.fault(.value, 0, v == v.rounded(.towardZero) ? "index \(numberText(v)) is outside the embedding's table of \(table.dims[0]) rows, 0 to \(table.dims[0] - 1)"
                                                                         : "embedding needs whole numbers, but element \(i) is \(numberText(v))")
                }
            }
            return try c.interpreter.getIndex(try c.value(1), [.indices(x.dtype == .number ? try Tensor.convert(x, to: .f64) : x)])
        })

    static let neural = [drop, embedding] + convolutions + poolings + resamplings + slides + normalizations
}
