import Autodiff
import Syntax
import Tensors

// Products of vectors and matrices, the fully connected layer, traces and diagonals.

extension Op {
    private static func sizes(_ shape: [Int]) -> String { "[\(shape.map(String.init).joined(separator: ", "))]" }

    /// `a @ b`. With the flags, the last two axes of an operand count as swapped, without a copy.
    public static let matmul: Operation = Operation("matmul(a, b, transpose_a=false, transpose_b=false)", .linearAlgebra,
        "The matrix product, `a @ b`: [n, k] with [k, m] gives [n, m]; a vector counts as a row on the left and as a column on the right; leading axes broadcast. `transpose_a` and `transpose_b` use the transpose of a matrix.",
        examples: [("[[1, 2], [3, 4]] @ [1, 1]", "[3, 7]"), ("matmul([[1, 2], [3, 4]], [[0, 1], [1, 0]])", "[[2, 1],\n [4, 3]]")], seeAlso: ["dot", "outer", "linear", "transpose"], lecture: 1,
        shape: { shapes, arguments in
            try productShape(Rules.known(shapes, 0), Rules.known(shapes, 1), arguments[2].asBool ?? false, arguments[3].asBool ?? false)
        },
        forward: { c in Value(try Tensor.matmul(try c.tensor(0), try c.tensor(1), transposeA: try c.bool(2), transposeB: try c.bool(3))) },
        backward: { b in
            // Vectors count as matrices; then, with A and B as they enter the product, dA = g B' and dB = A' g.
            let a = b.x(0), w = b.x(1), shapeA = b.shape(0), shapeB = b.shape(1)
            let ta = (b.argument(2).asBool ?? false) && shapeA.count > 1, tb = (b.argument(3).asBool ?? false) && shapeB.count > 1
            let a2 = shapeA.count == 1 ? try reshape(a, Value(shape: [1, shapeA[0]])) : a
            let b2 = shapeB.count == 1 ? try reshape(w, Value(shape: [shapeB[0], 1])) : w
            var g = b.g
            if shapeA.count == 1 || shapeB.count == 1 {
                var shape = try g.tensor().shape
                if shapeA.count == 1 { shape.insert(1, at: shapeB.count == 1 ? shape.count : shape.count - 1) }
                if shapeB.count == 1 { shape.append(1) }
                g = try reshape(g, Value(shape: shape))
            }
            if b.needs(0) {
                let part = ta ? try matmul(b2, g, .bool(tb), .bool(true)) : try matmul(g, b2, .bool(false), .bool(!tb))
                let whole = try unbroadcast(part, like: a2)
                try b.give(0, shapeA.count == 1 ? reshape(whole, Value(shape: shapeA)) : whole)
            }
            if b.needs(1) {
                let part: Value
                if shapeB.count == 2, !ta, !tb, shapeA.count > 2 {
                    // A batch against one matrix is one tall product.
                    let k = shapeA[shapeA.count - 1], n = shapeB[1], rows = shapeA.dropLast().reduce(1, &*)
                    part = try matmul(reshape(a2, Value(shape: [rows, k])), reshape(g, Value(shape: [rows, n])), .bool(true), .bool(false))
                } else {
                    part = tb ? try matmul(g, a2, .bool(true), .bool(ta)) : try matmul(a2, g, .bool(!ta), .bool(false))
                }
                let whole = try unbroadcast(part, like: b2)
                try b.give(1, shapeB.count == 1 ? reshape(whole, Value(shape: shapeB)) : whole)
            }
        })

    /// The shape of a matrix product.
    private static func productShape(_ a: [Int], _ b: [Int], _ transposeA: Bool, _ transposeB: Bool) throws -> [Int] {
        guard !a.isEmpty, !b.isEmpty else { throw TensorError(.shape, "`@` needs vectors or matrices, got \(sizes(a)) and \(sizes(b))", help: ["`*` multiplies by a number"]) }
        var left = a.count == 1 ? [1, a[0]] : a, right = b.count == 1 ? [b[0], 1] : b
        if transposeA, a.count > 1 { left.swapAt(left.count - 1, left.count - 2) }
        if transposeB, b.count > 1 { right.swapAt(right.count - 1, right.count - 2) }
        let k = left[left.count - 1], m = right[right.count - 2]
        guard k == m else { throw TensorError(.shape, "\(sizes(a)) and \(sizes(b)) do not fit: `@` needs \(k) and \(m) to be equal") }
        var result = try Tensor.broadcastShape(Array(left.dropLast(2)), Array(right.dropLast(2)))
        if a.count > 1 { result.append(left[left.count - 2]) }
        if b.count > 1 { result.append(right[right.count - 1]) }
        return result
    }

    public static let dot: Operation = Operation("dot(a, b)", .linearAlgebra, "The inner product Σ a[i] · b[i] of two vectors of one length.",
        examples: [("dot([1, 2], [3, 4])", "11")], seeAlso: ["matmul", "outer", "norm"],
        shape: { shapes, _ in
            let a = try Rules.known(shapes, 0), b = try Rules.known(shapes, 1)
            guard a.count == 1, b == a else { throw TensorError(.shape, "dot needs two vectors of one length, got \(sizes(a)) and \(sizes(b))") }
            return []
        },
        forward: { c in
            let a = try c.tensor(0), b = try c.tensor(1)
            guard a.rank == 1, b.rank == 1, a.count == b.count else {
                guard a.rank == 1, b.rank == 1 else {
                    throw Diagnostic(.shape, "dot needs two vectors of one length, got \(shapeText(a.shape)) and \(shapeText(b.shape))",
                                     help: a.rank > 0 && b.rank > 0 ? ["for a product of matrices, write `‹a› @ ‹b›`"] : ["`*` multiplies by a number"], of: c)
                }
                throw c.fault(.shape, 1, "dot needs two vectors of one length, got \(shapeText(a.shape)) and \(shapeText(b.shape))")
            }
            return Value(try Tensor.dot(a, b))
        },
        backward: { b in
            try b.give(0, typed(b.g * b.x(1), like: b.x(0)))
            try b.give(1, typed(b.g * b.x(0), like: b.x(1)))
        })

    public static let linear: Operation = Operation("linear(x, W, b=none)", .linearAlgebra,
        "A fully connected layer, x @ W' + b, for x of shape [features], [n, features] or [n, steps, features], W of [units, features] and b of [units].",
        examples: [("linear([1, 2], [[1, 1], [0, 3]], [10, 20])", "[13, 26]")], seeAlso: ["dense", "matmul"], lecture: 1,
        shape: { shapes, _ in
            let x = try Rules.known(shapes, 0), w = try Rules.known(shapes, 1)
            guard w.count == 2, !x.isEmpty, x[x.count - 1] == w[1] else { throw TensorError(.shape, "linear: x \(sizes(x)) does not fit W \(sizes(w)), which needs \(w.last ?? 0) features") }
            if let b = shapes[2], b != [w[0]] { throw TensorError(.shape, "linear: the bias \(sizes(b)) does not fit W \(sizes(w))") }
            return x.dropLast() + [w[0]]
        },
        forward: { c in
            let x = try c.tensor(0), w = try c.tensor(1), b = try c.isNone(2) ? nil : c.tensor(2)
            do { return Value(try Tensor.linear(x, w, b)) } catch { throw c.linearFault(error, x, w, b) }
        },
        backward: { b in
            let x = b.x(0), w = b.x(1), g = b.g
            try b.give(0, typed(matmul(g, w), like: x))
            guard b.needs(1) || b.needs(2) else { return }
            var g2 = g, x2 = x
            if try x.tensor().rank != 2 {
                // All but the last axis are rows.
                let shape = b.shape(0), rows = Value(shape.dropLast().reduce(1, &*))
                g2 = try reshape(g, Value(list: [rows, Value(b.shape(1)[0])]))
                x2 = try reshape(x, Value(list: [rows, Value(shape[shape.count - 1])]))
            }
            try b.give(1, typed(matmul(g2, x2, .bool(true), .bool(false)), like: w))
            if b.needs(2) { try b.give(2, typed(sum(g2, .number(0)), like: b.x(2))) }
        })

    /// The identity, zeros elsewhere, as large as the matrices of a shape.
    static func identity(_ shape: [Int], _ type: DType) throws -> Value {
        Value(try Tensor.eye(shape[shape.count - 2], shape[shape.count - 1], type))
    }

    public static let trace: Operation = Operation("trace(x)", .linearAlgebra, "The sum of a matrix's diagonal; of [..., n, m] one for each matrix.",
        examples: [("trace([[1, 2], [3, 4]])", "5")], seeAlso: ["diag", "det"],
        shape: { shapes, _ in
            let x = try Rules.known(shapes, 0)
            guard x.count >= 2 else { throw TensorError(.shape, "trace needs a matrix, got \(sizes(x))") }
            return Array(x.dropLast(2))
        },
        forward: { c in Value(try Tensor.trace(try c.tensor(0))) },
        backward: { b in
            guard b.needs(0) else { return }
            let shape = b.shape(0)
            let g = try reshape(b.g, Value(shape: shape.dropLast(2) + [1, 1]))
            try b.give(0, typed(g * identity(shape, b.g.tensor().dtype), like: b.x(0)))
        })

    public static let diag: Operation = Operation("diag(x)", .linearAlgebra, "Of a vector the square matrix with that diagonal, of a matrix its diagonal.",
        examples: [("diag([1, 2])", "[[1, 0],\n [0, 2]]"), ("diag([[1, 2], [3, 4]])", "[1, 4]")], seeAlso: ["eye", "trace"],
        shape: { shapes, _ in
            let x = try Rules.known(shapes, 0)
            guard x.count == 1 || x.count == 2 else { throw TensorError(.shape, "diag needs a vector or a matrix, not \(sizes(x))") }
            return x.count == 1 ? [x[0], x[0]] : [Swift.min(x[0], x[1])]
        },
        forward: { c in Value(try Tensor.diagonal(try c.tensor(0))) },
        backward: { b in
            guard b.needs(0) else { return }
            let shape = b.shape(0), back = try diag(b.g)
            guard shape.count == 2, shape[0] != shape[1] else { return try b.give(0, back) }
            // The square that the diagonal makes, with the rest of the matrix around it.
            let n = Swift.min(shape[0], shape[1])
            try b.give(0, pad(back, Value(list: [Value(shape: [0, shape[0] - n]), Value(shape: [0, shape[1] - n])]), .number(0)))
        })

    static let products: [Operation] = [dot, matmul, linear, trace, diag]
}

extension Call {
    /// What is wrong with the arguments of `linear`: the one to change, and how.
    fileprivate func linearFault(_ error: Error, _ x: Tensor, _ w: Tensor, _ b: Tensor?) -> Error {
        guard let error = error as? TensorError, error.kind == .shape else { return error }
        if w.rank == 2, x.rank >= 1, x.rank <= 3 {
            let features = x.dims[x.rank - 1]
            if features == w.dims[1], let b {
                return fault(.shape, 2, error.message, help: b.count == w.dims[0] ? ["write `flatten(‹b›, 0)`"] : [])
            }
            let message = "linear needs x and W to have equally many features: \(features) against \(w.dims[1])"
            if features == w.dims[0] { return fault(.shape, 1, message, help: ["W is [units, features]: write `‹W›'`"]) }
            return fault(.shape, 1, message, help: ["W must be [\(w.dims[0]), \(features)]"])
        }
        if w.rank == 2, x.rank > 3, x.shape.dropFirst().reduce(1, &*) == w.dims[1] { return fault(.shape, 0, error.message, help: ["write `flatten(‹x›)`"]) }
        return fault(.shape, w.rank == 2 ? 0 : 1, error.message, help: error.help)
    }
}
