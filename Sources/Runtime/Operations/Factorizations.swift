import Autodiff
import Syntax
import Tensors

// Linear systems and factorisations of matrices, computed in f64 and rounded once, with their gradients
// (formulas: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
// differentiation", 2008; J. Townsend, "Differentiating the singular value decomposition", 2016).
//
// A factorisation with several results is one internal operation for each, which takes all results as arguments:
// nothing is computed twice, and a gradient rule has every factor as a function of the input, so that it can be
// differentiated again. All work on stacks of matrices [..., n, m].

extension Op {
    // MARK: Systems

    public static let solve: Operation = Operation("solve(A, b)", .linearAlgebra,
        "The x with A @ x == b, for square A [n, n] and b a vector [n] or a matrix [n, m] of several right-hand sides.",
        examples: [("solve([[2, 0], [0, 4]], [2, 4])", "[1, 1]")], seeAlso: ["inv", "cholesky", "det"],
        shape: { shapes, _ in
            let a = try Rules.known(shapes, 0), b = try Rules.known(shapes, 1)
            guard a.count >= 2, a[a.count - 1] == a[a.count - 2] else { throw TensorError(.shape, "solve needs a square matrix, got \(a)") }
            if b.count == 1 { return a.dropLast(2) + b }
            return try Tensor.broadcastShape(a.dropLast(2) + [1, 1], b)
        },
        forward: { c in
            let a = try c.tensor(0), b = try c.tensor(1)
            if a.rank == 2, a.dims[0] > a.dims[1], b.rank > 0, b.dims[0] == a.dims[0] {
                throw Diagnostic(.shape, "solve needs a square matrix, got \(shapeText(a.shape))",
                                 help: ["for the least-squares solution, write `solve(‹A›' @ ‹A›, ‹A›' @ ‹b›)`"], of: c)
            }
            let isSquare = a.rank >= 2 && a.dims[a.rank - 1] == a.dims[a.rank - 2]
            return Value(try c.blaming(isSquare ? 1 : 0, help: b.rank == 2 && b.dims[1] == a.dims[0] ? ["write `‹b›'`"] : []) { try Tensor.solve(a, b) })
        },
        backward: { b in
            // db = A'⁻¹ g, dA = -db x'.
            let a = b.x(0), vector = b.shape(1).count == 1
            let db = try solve(transposed(a), try asColumns(b.g, vector))
            if b.needs(0) { try b.give(0, unbroadcast(-(matmul(db, try asColumns(b.y, vector), .bool(false), .bool(true))), like: a)) }
            if b.needs(1) {
                let shape = try b.g.tensor().shape
                try b.give(1, unbroadcast(vector ? reshape(db, Value(shape: shape)) : db, like: b.x(1)))
            }
        })

    /// A vector (or a stack of them) as a one-column matrix.
    private static func asColumns(_ x: Value, _ vector: Bool) throws -> Value {
        vector ? try reshape(x, Value(shape: x.tensor().shape + [1])) : x
    }

    public static let inv: Operation = Operation("inv(A)", .linearAlgebra, "The inverse of a square matrix. To solve a system, `solve(A, b)` is faster and more accurate.",
        examples: [("inv([[2, 0], [0, 4]])", "[[0.5, 0],\n [0,   0.25]]")], seeAlso: ["solve", "det"], shape: Rules.same,
        forward: { c in try c.blaming(0) { Value(try Tensor.inverse(try c.tensor(0))) } },
        backward: { b in
            guard b.needs(0) else { return }
            let y = b.y
            try b.give(0, -(matmul(matmul(y, b.g, .bool(true), .bool(false)), y, .bool(false), .bool(true))))
        })

    public static let det: Operation = Operation("det(A)", .linearAlgebra, "The determinant of a square matrix; of an empty one 1.",
        examples: [("det([[1, 2], [3, 4]])", "-2")], seeAlso: ["inv", "trace"],
        shape: { shapes, _ in
            let a = try Rules.known(shapes, 0)
            guard a.count >= 2, a[a.count - 1] == a[a.count - 2] else { throw TensorError(.shape, "det needs a square matrix, got \(a)") }
            return Array(a.dropLast(2))
        },
        forward: { c in try c.blaming(0) { Value(try Tensor.determinant(try c.tensor(0))) } },
        backward: { b in
            guard b.needs(0) else { return }
            let a = b.x(0), shape = b.shape(0), n = shape[shape.count - 1], y = try b.y.tensor()
            guard n > 0 else { return }
            let outer = Value(shape: shape.dropLast(2) + [1, 1])
            var singular = false
            for i in 0..<y.count where y.element(i) == 0 { singular = true }
            // det(A) A'⁻¹; where there is no inverse, the cofactors themselves.
            let slope = singular ? try cofactors(a, shape) : try reshape(b.y, outer) * transposed(inv(a))
            try b.give(0, reshape(b.g, outer) * slope)
        })

    /// The matrix of cofactors, from the determinants of all minors.
    private static func cofactors(_ a: Value, _ shape: [Int]) throws -> Value {
        let n = shape[shape.count - 1], lead = shape.count - 2
        func without(_ x: Value, _ axis: Int, _ k: Int) throws -> Value {
            let axis = Value(lead + axis)
            return try join(Value(list: [narrow(x, axis, .number(0), Value(k)), narrow(x, axis, Value(k + 1), Value(n - k - 1))]), axis)
        }
        var entries: [Value] = []
        for i in 0..<n {
            let rows = try without(a, 0, i)
            for j in 0..<n {
                let minor = try det(without(rows, 1, j))
                entries.append((i + j) % 2 == 0 ? minor : try -minor)
            }
        }
        let last = try stackList(Value(list: entries), Value(lead))
        return try reshape(last, Value(shape: shape))
    }

    // MARK: Cholesky

    public static let cholesky: Operation = Operation("cholesky(A)", .linearAlgebra,
        "The lower triangular L with L @ L' == A of a symmetric positive definite matrix.",
        examples: [("cholesky([[4, 2], [2, 5]])", "[[2, 0],\n [1, 2]]")], seeAlso: ["solve", "eigh"], shape: Rules.same,
        forward: { c in Value(try Tensor.cholesky(try c.tensor(0))) },
        backward: { b in
            guard b.needs(0) else { return }
            // L'⁻¹ Φ(L' g) L⁻¹, made symmetric; Φ keeps the lower triangle and halves the diagonal.
            let l = b.y, upper = try transposed(l)
            let phi = try matmul(l, b.g, .bool(true), .bool(false)) * triangle(b.shape(0), b.g.tensor().dtype, diagonal: 0.5)
            let half = try solve(upper, transposed(solve(upper, phi)))
            try b.give(0, (half + transposed(half)) * .number(0.5))
        })

    /// Ones below the diagonal of square matrices, `diagonal` on it, zeros above.
    private static func triangle(_ shape: [Int], _ type: DType, diagonal: Double) throws -> Value {
        let n = shape[shape.count - 1]
        let mask = try Tensor.fill([n, n], 0, type)
        for i in 0..<n {
            for j in 0..<i { mask.setElement(i * n + j, 1) }
            mask.setElement(i * n + i, diagonal)
        }
        return Value(mask)
    }

    // MARK: QR

    public static let qr: Operation = Operation("qr(A)", .linearAlgebra,
        "The record {q, r} with q @ r == A: q has orthonormal columns, r is upper triangular with no negative number on its diagonal. For A of [n, m] and k = min(n, m), q is [n, k] and r [k, m].",
        examples: [("qr([[0, 2], [3, 0]]).q", "[[0, 1],\n [1, 0]]"), ("qr([[0, 2], [3, 0]]).r", "[[3, 0],\n [0, 2]]")], seeAlso: ["svd", "solve"],
        result: Results.qr,
        forward: { c in
            let (q, r) = try Tensor.qr(try c.tensor(0)), a = try c.value(0)
            return .record(Record(["q": try qrQ(a, Value(q), Value(r)), "r": try qrR(a, Value(q), Value(r))]))
        })

    private static let qrQ: Operation = Operation("qr_q(A, q, r)", .operators, "The first factor of qr.",
        forward: { c in c[1] }, backward: { b in if b.needs(0) { try b.give(0, qrGradient(b, toQ: b.g, toR: nil)) } })
    private static let qrR: Operation = Operation("qr_r(A, q, r)", .operators, "The second factor of qr.",
        forward: { c in c[2] }, backward: { b in if b.needs(0) { try b.give(0, qrGradient(b, toQ: nil, toR: b.g)) } })

    /// For n ≥ m: (gQ + Q copyltu(R gR' - gQ' Q)) R'⁻¹, where copyltu copies the lower triangle onto the upper. A wide
    /// matrix [X | Y] has R = [U | V] with V = Q' Y: the rule for X, and Q gV for Y.
    private static func qrGradient(_ b: Backward, toQ: Value?, toR: Value?) throws -> Value {
        let a = b.x(0), q = try qrQ(a, b.argument(1), b.argument(2)), r = try qrR(a, b.argument(1), b.argument(2))
        let shape = b.shape(0), n = shape[shape.count - 2], m = shape[shape.count - 1], lead = shape.count - 2
        var gq = toQ, gr = toR, u = r, gy: Value?
        if m > n {
            u = try columns(r, 0, n)
            if let toR {
                let gv = try columns(toR, n, m), y = try columns(a, n, m)
                gr = try columns(toR, 0, n)
                gq = try matmul(y, gv, .bool(false), .bool(true))
                gy = try matmul(q, gv)
            } else {
                gy = Value(try Tensor.fill(shape.dropLast() + [m - n], 0, a.tensor().dtype))
            }
        }
        var middle: Value?
        if let gr { middle = try matmul(u, gr, .bool(false), .bool(true)) }
        if let gq {
            let part = try matmul(gq, q, .bool(true), .bool(false))
            middle = try middle.map { try $0 - part } ?? -part
        }
        guard let middle else { return a }
        let square = try middle.tensor().shape, type = try middle.tensor().dtype
        let lower = try middle * triangle(square, type, diagonal: 1)
        let strict = try middle * triangle(square, type, diagonal: 0)
        var right = try matmul(q, lower + transposed(strict))
        if let gq { right = try right + gq }
        let gx = try transposed(solve(u, transposed(right)))
        return try gy.map { try join(Value(list: [gx, $0]), Value(lead + 1)) } ?? gx
    }

    // MARK: Eigenvalues

    public static let eigh: Operation = Operation("eigh(A)", .linearAlgebra,
        "The record {values, vectors} of a symmetric matrix: its eigenvalues in ascending order and the eigenvectors as columns, of length 1, the largest component positive. A == vectors @ diag(values) @ vectors'.",
        examples: [("eigh([[2, 0], [0, 1]]).values", "[1, 2]"), ("eigh([[2, 0], [0, 1]]).vectors", "[[0, 1],\n [1, 0]]")], seeAlso: ["svd", "cholesky", "det"], lecture: 6,
        result: Results.eigh,
        forward: { c in
            let (values, vectors) = try Tensor.eigh(try c.tensor(0)), a = try c.value(0)
            return .record(Record(["values": try eighValues(a, Value(values), Value(vectors)), "vectors": try eighVectors(a, Value(values), Value(vectors))]))
        })

    private static let eighValues: Operation = Operation("eigh_values(A, values, vectors)", .operators, "The eigenvalues of eigh.",
        forward: { c in c[1] },
        backward: { b in
            guard b.needs(0) else { return }
            // V diag(g) V'.
            let v = try eighVectors(b.x(0), b.argument(1), b.argument(2))
            try b.give(0, matmul(v * rowwise(b.g), v, .bool(false), .bool(true)))
        })

    private static let eighVectors: Operation = Operation("eigh_vectors(A, values, vectors)", .operators, "The eigenvectors of eigh.",
        forward: { c in c[2] },
        backward: { b in
            guard b.needs(0) else { return }
            // V (V' g / (λj - λi)) V', made symmetric; equal eigenvalues have no gradient between them.
            let v = b.y, values = try eighValues(b.x(0), b.argument(1), b.argument(2))
            let inner = try matmul(v, b.g, .bool(true), .bool(false)) * inverseGaps(values)
            let whole = try matmul(matmul(v, inner), v, .bool(false), .bool(true))
            try b.give(0, (whole + transposed(whole)) * .number(0.5))
        })

    /// [..., k] as [..., 1, k], to scale columns.
    private static func rowwise(_ x: Value) throws -> Value {
        let shape = try x.tensor().shape
        return try reshape(x, Value(shape: shape.dropLast() + [1, shape[shape.count - 1]]))
    }

    /// 1 / (x[j] - x[i]) at [i, j], and 0 where they are equal.
    private static func inverseGaps(_ x: Value) throws -> Value {
        let shape = try x.tensor().shape
        let gaps = try rowwise(x) - reshape(x, Value(shape: shape + [1]))
        let same = try equal(gaps, .number(0))
        return try `where`(same, .number(0), .number(1) / `where`(same, .number(1), gaps))
    }

    // MARK: Singular values

    public static let svd: Operation = Operation("svd(A)", .linearAlgebra,
        "The record {u, values, v} with A == u @ diag(values) @ v': the singular values in descending order, the columns of u and v orthonormal, the largest component of each column of u positive. For A of [n, m] and k = min(n, m), u is [n, k] and v [m, k].",
        examples: [("svd([[0, 2], [3, 0]]).values", "[3, 2]")], seeAlso: ["eigh", "qr", "norm"],
        result: Results.svd,
        forward: { c in
            let (u, s, v) = try Tensor.svd(try c.tensor(0)), all = [try c.value(0), Value(u), Value(s), Value(v)]
            return .record(Record(["u": try svdU.apply(all), "values": try svdValues.apply(all), "v": try svdV.apply(all)]))
        })

    private static let svdU: Operation = Operation("svd_u(A, u, values, v)", .operators, "The left singular vectors of svd.",
        forward: { c in c[1] },
        backward: { b in
            guard b.needs(0) else { return }
            let (u, s, v) = try svdFactors(b)
            // U (F ∘ (U'g - g'U)) S V' + (1 - U U') g S⁻¹ V', F[i, j] = 1 / (s[j]² - s[i]²).
            let inner = try matmul(u, b.g, .bool(true), .bool(false))
            let turn = try (inner - transposed(inner)) * inverseGaps(square(s))
            var left = try matmul(u, turn * rowwise(s))
            let shape = b.shape(0)
            if shape[shape.count - 2] > shape[shape.count - 1] { left = try left + (b.g - matmul(u, inner)) / rowwise(s) }
            try b.give(0, matmul(left, v, .bool(false), .bool(true)))
        })

    private static let svdValues: Operation = Operation("svd_values(A, u, values, v)", .operators, "The singular values of svd.",
        forward: { c in c[2] },
        backward: { b in
            guard b.needs(0) else { return }
            let (u, _, v) = try svdFactors(b)
            try b.give(0, matmul(u * rowwise(b.g), v, .bool(false), .bool(true)))
        })

    private static let svdV: Operation = Operation("svd_v(A, u, values, v)", .operators, "The right singular vectors of svd.",
        forward: { c in c[3] },
        backward: { b in
            guard b.needs(0) else { return }
            let (u, s, v) = try svdFactors(b)
            // U S (F ∘ (V'g - g'V)) V' + U S⁻¹ g' (1 - V V').
            let inner = try matmul(v, b.g, .bool(true), .bool(false))
            let turn = try (inner - transposed(inner)) * inverseGaps(square(s))
            var whole = try matmul(matmul(u * rowwise(s), turn), v, .bool(false), .bool(true))
            let shape = b.shape(0)
            if shape[shape.count - 1] > shape[shape.count - 2] {
                whole = try whole + matmul(u / rowwise(s), b.g - matmul(v, inner), .bool(false), .bool(true))
            }
            try b.give(0, whole)
        })

    private static func svdFactors(_ b: Backward) throws -> (u: Value, values: Value, v: Value) {
        let all = [b.x(0), b.argument(1), b.argument(2), b.argument(3)]
        return (try svdU.apply(all), try svdValues.apply(all), try svdV.apply(all))
    }

    static let factorizations: [Operation] = [solve, inv, det, cholesky, qr, eigh, svd]
}
