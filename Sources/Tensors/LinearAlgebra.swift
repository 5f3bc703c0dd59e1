// Systems of linear equations, inverses, determinants, Cholesky and QR factors.
//
// Goals, in this order: backward stable (partial pivoting, Householder reflections); the same bits everywhere
// (a fixed order of plain additions and multiplications in f64, no library functions but sqrt); clear errors
// for singular matrices. Everything is computed in f64 and rounded once to the input's type.
// Leading axes are batches. Algorithms: Golub & Van Loan, Matrix Computations, 4th ed., chapters 3 to 5.

import CKernels

/// A matrix in f64, row-major, for the algorithms here.
struct Matrix {
    let rows: Int, columns: Int
    var a: [Double]

    init(_ rows: Int, _ columns: Int) {
        self.rows = rows; self.columns = columns
        a = [Double](repeating: 0, count: rows * columns)
    }

    /// The matrix at flat position `offset` of a tensor.
    init(_ x: Tensor, _ offset: Int, _ rows: Int, _ columns: Int) {
        self.rows = rows; self.columns = columns
        a = (0..<(rows * columns)).map { x.element(offset + $0) }
    }

    static func identity(_ n: Int) -> Matrix {
        var m = Matrix(n, n)
        for i in 0..<n { m[i, i] = 1 }
        return m
    }

    @inline(__always) subscript(i: Int, j: Int) -> Double {
        get { a[i &* columns &+ j] }
        set { a[i &* columns &+ j] = newValue }
    }

    var transposed: Matrix {
        var t = Matrix(columns, rows)
        for i in 0..<rows { for j in 0..<columns { t[j, i] = self[i, j] } }
        return t
    }

    var isFinite: Bool { a.allSatisfy(\.isFinite) }
    var largest: Double { a.reduce(0) { max($0, $1.magnitude) } }
}

/// row[j] -= factor · other[j] for j in from..<to, in a flat array.
@inline(__always)
func subtractRow(_ a: UnsafeMutablePointer<Double>, _ row: Int, _ factor: Double, _ b: UnsafePointer<Double>, _ other: Int, _ n: Int) {
    let x = a + row, y = b + other
    for j in 0..<n { x[j] = x[j] - factor * y[j] }
}

/// LU factors with row exchanges: P A = L U, both in one matrix.
struct LUFactors {
    var lu: Matrix
    /// Row i of P A is row `order[i]` of A.
    var order: [Int]
    var exchangesAreOdd = false
    /// The first column without a pivot that stands out from rounding errors.
    var singularAt: Int?

    init(_ matrix: Matrix) {
        let n = matrix.rows
        lu = matrix
        order = Array(0..<n)
        // Scaling the rows by powers of two is exact and keeps the choice of pivots, and the test for
        // singularity, free of the units of single equations.
        let scale = (0..<n).map { i -> Double in
            var largest = 0.0
            for j in 0..<n { largest = max(largest, matrix[i, j].magnitude) }
            return powerScale(largest)
        }
        var size = [Double](repeating: 0, count: n)  // the largest scaled element of each column
        for i in 0..<n { for j in 0..<n { size[j] = max(size[j], matrix[i, j].magnitude * scale[i]) } }
        var odd = false
        var rank: Int?
        lu.a.withUnsafeMutableBufferPointer { buffer in
            guard let a = buffer.baseAddress else { return }
            for k in 0..<n {
                if nns_interrupted() { return }
                var p = k
                var best = -1.0
                for i in k..<n {
                    let candidate = a[i * n + k].magnitude * scale[order[i]]
                    if candidate > best { best = candidate; p = i }
                }
                if p != k {
                    for j in 0..<n { (a[p * n + j], a[k * n + j]) = (a[k * n + j], a[p * n + j]) }
                    order.swapAt(p, k)
                    odd.toggle()
                }
                if rank == nil, !(best > Double(n) * Double.ulpOfOne * size[k]) { rank = k }
                let pivot = a[k * n + k]
                if pivot == 0 { continue }
                for i in (k + 1)..<max(n, k + 1) {
                    let factor = a[i * n + k] / pivot
                    a[i * n + k] = factor
                    if factor != 0 { subtractRow(a, i * n + k + 1, factor, a, k * n + k + 1, n - k - 1) }
                }
            }
        }
        exchangesAreOdd = odd
        singularAt = rank
    }

    var determinant: Double {
        var product = exchangesAreOdd ? -1.0 : 1.0
        for i in 0..<lu.rows { product *= lu[i, i] }
        return product
    }

    /// X with A X = B.
    func solve(_ b: Matrix) -> Matrix {
        let n = lu.rows, m = b.columns
        var x = Matrix(n, m)
        for i in 0..<n { for j in 0..<m { x[i, j] = b[order[i], j] } }
        lu.a.withUnsafeBufferPointer { luBuffer in
            x.a.withUnsafeMutableBufferPointer { xBuffer in
                guard let l = luBuffer.baseAddress, let x = xBuffer.baseAddress else { return }
                for i in 0..<n {
                    if nns_interrupted() { return }
                    for k in 0..<i where l[i * n + k] != 0 { subtractRow(x, i * m, l[i * n + k], x, k * m, m) }
                }
                for i in (0..<n).reversed() {
                    if nns_interrupted() { return }
                    for k in (i + 1)..<max(n, i + 1) { subtractRow(x, i * m, l[i * n + k], x, k * m, m) }
                    for j in 0..<m { x[i * m + j] /= l[i * n + i] }
                }
            }
        }
        return x
    }
}

extension Tensor {
    /// What linear algebra gives back: the input's own float type.
    static func algebraType(_ xs: Tensor...) -> DType {
        var dtype = DType.number
        for x in xs { dtype = promoted(dtype, x.dtype == .bool ? .number : x.dtype) }
        return dtype == .number ? .f32 : dtype
    }

    /// The last two sizes, checked to be there.
    static func matrixSize(_ x: Tensor, _ name: String) throws -> (rows: Int, columns: Int) {
        guard x.rank >= 2 else { throw TensorError(.shape, "`\(name)` needs a matrix, not \(x.rank == 0 ? "a single number" : TensorError.text(x.shape))") }
        return (x.dims[x.rank - 2], x.dims[x.rank - 1])
    }

    static func squareSize(_ x: Tensor, _ name: String) throws -> Int {
        let (n, m) = try matrixSize(x, name)
        guard n == m else { throw TensorError(.shape, "`\(name)` needs a square matrix, not \(TensorError.text(x.shape))") }
        return n
    }

    static func checkFinite(_ m: Matrix, _ name: String) throws {
        guard m.isFinite else { throw TensorError(.value, "`\(name)` needs finite numbers: the matrix holds nan or inf") }
    }

    /// Refuses factors whose f64 working copies would not fit.
    static func checkWorkspace(_ elements: Int, _ x: Tensor) throws {
        let (bytes, over) = elements.multipliedReportingOverflow(by: 8)
        guard !over, bytes <= Memory.limit - Memory.used else { throw outOfMemory(x.shape) }
    }

    static func store(_ m: Matrix, _ x: Tensor, _ offset: Int) {
        switch x.dtype {
        case .f32: for i in 0..<m.a.count { x.f32[offset + i] = Float(m.a[i]) }
        default: for i in 0..<m.a.count { x.setElement(offset + i, m.a[i]) }
        }
    }

    /// The batch axes of a stack of matrices.
    static func batchShape(_ x: Tensor) -> [Int] { Array(x.shape.dropLast(2)) }

    private static func singular(_ name: String, _ at: Int, _ n: Int) -> TensorError {
        TensorError(.value, "`\(name)`: the [\(n), \(n)] matrix is singular: column \(at) is a combination of the columns before it, up to rounding",
                    help: ["a small multiple of the identity makes it regular: `‹A› + 1e-6 * eye(\(n))`"])
    }

    /// X with A X = B: A [..., n, n], B [n], [n, m] or [..., n, m]; one of the batches may be missing.
    public static func solve(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        let n = try squareSize(a, "solve")
        let isVector = b.rank == 1
        guard b.rank >= 1, b.dims[isVector ? 0 : b.rank - 2] == n else {
            throw TensorError(.shape, "`solve`: the matrix is \(TensorError.text(a.shape)), the right side \(TensorError.text(b.shape)): it needs \(n) rows")
        }
        let m = isVector ? 1 : b.dims[b.rank - 1]
        let batchA = batchShape(a), batchB = isVector ? [] : batchShape(b)
        guard batchA == batchB || batchA.isEmpty || batchB.isEmpty else {
            throw TensorError(.shape, "`solve`: the batches \(TensorError.text(batchA)) and \(TensorError.text(batchB)) differ")
        }
        let batch = batchA.isEmpty ? batchB : batchA
        let result = try make(batch + (isVector ? [n] : [n, m]), algebraType(a, b))
        try checkWorkspace(2 * n * n + 2 * n * m, a)
        guard result.count > 0 else { return result }
        var factors: LUFactors?
        for k in 0..<batch.reduce(1, *) {
            if k == 0 || !batchA.isEmpty {
                let matrix = Matrix(a, batchA.isEmpty ? 0 : k * n * n, n, n)
                try checkFinite(matrix, "solve")
                factors = LUFactors(matrix)
                try TensorError.throwIfInterrupted()
                if let at = factors!.singularAt { throw singular("solve", at, n) }
            }
            store(factors!.solve(Matrix(b, batchB.isEmpty ? 0 : k * n * m, n, m)), result, k * n * m)
        }
        return result
    }

    /// The inverse of each matrix of [..., n, n].
    public static func inverse(_ a: Tensor) throws -> Tensor {
        let n = try squareSize(a, "inv")
        let result = try make(like: a, algebraType(a))
        try checkWorkspace(3 * n * n, a)
        guard result.count > 0 else { return result }
        for k in 0..<(a.count / (n * n)) {
            let matrix = Matrix(a, k * n * n, n, n)
            try checkFinite(matrix, "inv")
            let factors = LUFactors(matrix)
            try TensorError.throwIfInterrupted()
            if let at = factors.singularAt { throw singular("inv", at, n) }
            let inverse = factors.solve(.identity(n))
            try TensorError.throwIfInterrupted()
            store(inverse, result, k * n * n)
        }
        return result
    }

    /// The determinant of each matrix of [..., n, n]; of an empty one 1.
    public static func determinant(_ a: Tensor) throws -> Tensor {
        let n = try squareSize(a, "det")
        let result = try make(batchShape(a), algebraType(a))
        try checkWorkspace(2 * n * n, a)
        for k in 0..<result.count { result.setElement(k, LUFactors(Matrix(a, k * n * n, n, n)).determinant) }
        return result
    }

    /// The sum of the diagonal of each matrix of [..., n, m], ascending, in f64.
    public static func trace(_ a: Tensor) throws -> Tensor {
        let (n, m) = try matrixSize(a, "trace")
        let result = try make(batchShape(a), algebraType(a))
        for k in 0..<result.count {
            var sum = 0.0
            for i in 0..<min(n, m) { sum += a.element(k * n * m + i * (m + 1)) }
            result.setElement(k, sum)
        }
        return result
    }

    /// (A + A') / 2, after a check that A is symmetric but for rounding or a small trial step.
    static func symmetricPart(_ a: Tensor, _ offset: Int, _ n: Int, _ name: String) throws -> Matrix {
        var matrix = Matrix(a, offset, n, n)
        try checkFinite(matrix, name)
        let slack = 1e-3 * matrix.largest
        for i in 0..<n {
            for j in 0..<i {
                let p = matrix[i, j], q = matrix[j, i]
                guard (p - q).magnitude <= slack else {
                    throw TensorError(.value, "`\(name)` needs a symmetric matrix: [\(i), \(j)] is \(elementText(a, offset + i * n + j)), [\(j), \(i)] is \(elementText(a, offset + j * n + i))",
                                      help: ["`(‹A› + ‹A›') / 2` is the symmetric part"])
                }
                let mean = p / 2 + q / 2
                matrix[i, j] = mean
                matrix[j, i] = mean
            }
        }
        return matrix
    }

    /// The lower triangular L with L L' = A for each symmetric positive definite matrix of [..., n, n].
    public static func cholesky(_ a: Tensor) throws -> Tensor {
        let n = try squareSize(a, "cholesky")
        let result = try make(like: a, algebraType(a))
        try checkWorkspace(2 * n * n, a)
        guard result.count > 0 else { return result }
        for k in 0..<(a.count / (n * n)) {
            let matrix = try symmetricPart(a, k * n * n, n, "cholesky")
            var l = Matrix(n, n)
            for i in 0..<n where !nns_interrupted() {
                for j in 0...i {
                    var sum = matrix[i, j]
                    for p in 0..<j { sum -= l[i, p] * l[j, p] }
                    if i == j {
                        guard sum > 0 else {
                            throw TensorError(.value, "`cholesky`: the matrix is not positive definite: pivot \(i) is \(formattedPivot(sum))",
                                              help: ["a small multiple of the identity may make it so: `‹A› + 1e-6 * eye(\(n))`"])
                        }
                        l[i, i] = sum.squareRoot()
                    } else {
                        l[i, j] = sum / l[j, j]
                    }
                }
            }
            store(l, result, k * n * n)
        }
        return result
    }

    private static func formattedPivot(_ x: Double) -> String { (try? Tensors.formatted(x, spec: ".3g")) ?? numberText(x) }

    /// Q [..., n, k] with orthonormal columns and upper triangular R [..., k, m], k = min(n, m), Q R = A; the diagonal of R is not negative.
    public static func qr(_ a: Tensor) throws -> (q: Tensor, r: Tensor) {
        let (n, m) = try matrixSize(a, "qr")
        let k = min(n, m), dtype = algebraType(a), batch = batchShape(a)
        let q = try make(batch + [n, k], dtype), r = try make(batch + [k, m], dtype)
        try checkWorkspace(2 * n * m + n * k, a)
        for b in 0..<batch.reduce(1, *) where n * m > 0 {
            let matrix = Matrix(a, b * n * m, n, m)
            try checkFinite(matrix, "qr")
            let factors = try householderQR(matrix)
            store(factors.q, q, b * n * k)
            store(factors.r, r, b * k * m)
        }
        return (q, r)
    }
}

/// A reflection I - beta v v'.
struct Reflector {
    var v: [Double]
    var beta: Double

    /// The reflection that turns `x` into a multiple of the first axis; nil where x is one already. The new first
    /// component is `head`. `x` must be scaled so that its squares neither overflow nor vanish.
    init?(_ x: [Double], head: inout Double) {
        var tail = 0.0
        for i in x.indices.dropFirst() { tail += x[i] * x[i] }
        guard tail > 0 else { return nil }
        let norm = (x[0] * x[0] + tail).squareRoot()
        // Away from cancellation: the first component and the norm are added with the same sign.
        v = x
        v[0] = x[0] >= 0 ? x[0] + norm : x[0] - norm
        beta = 1 / (norm * (norm + x[0].magnitude))
        head = x[0] >= 0 ? -norm : norm
    }

    /// A := (I - beta v v') A on the rows from `row` and the columns from `column`.
    func apply(_ matrix: inout Matrix, fromRow row: Int, fromColumn column: Int, _ work: inout [Double]) {
        let m = matrix.columns, width = m - column
        guard width > 0, !nns_interrupted() else { return }
        matrix.a.withUnsafeMutableBufferPointer { buffer in
            work.withUnsafeMutableBufferPointer { work in
                for j in 0..<width { work[j] = 0 }
                let a = buffer.baseAddress! + row * m + column
                for i in v.indices {
                    let row = a + i * m, x = v[i]
                    for j in 0..<width { work[j] += x * row[j] }
                }
                for i in v.indices {
                    let row = a + i * m, x = beta * v[i]
                    for j in 0..<width { row[j] -= x * work[j] }
                }
            }
        }
    }
}

/// A power of two that brings `largest` near 1: scaling by it is exact.
func powerScale(_ largest: Double) -> Double {
    largest > 0 && largest.isFinite ? Double(sign: .plus, exponent: max(-1000, min(1000, -largest.exponent)), significand: 1) : 1
}

/// Reduced QR factors by Householder reflections, R's diagonal made non-negative.
func householderQR(_ matrix: Matrix) throws -> (q: Matrix, r: Matrix) {
    let n = matrix.rows, m = matrix.columns, k = min(n, m)
    var a = matrix
    var reflectors: [Reflector?] = []
    var work = [Double](repeating: 0, count: max(m, k))
    for j in 0..<k {
        var largest = 0.0
        for i in j..<n { largest = max(largest, a[i, j].magnitude) }
        let scale = powerScale(largest)
        var head = 0.0
        try TensorError.throwIfInterrupted()
        let reflector = Reflector((j..<n).map { a[$0, j] * scale }, head: &head)
        reflectors.append(reflector)
        guard let reflector else { continue }
        a[j, j] = head / scale
        for i in (j + 1)..<max(n, j + 1) { a[i, j] = 0 }
        reflector.apply(&a, fromRow: j, fromColumn: j + 1, &work)
    }
    var q = Matrix(n, k)
    for i in 0..<k { q[i, i] = 1 }
    for j in (0..<k).reversed() { reflectors[j]?.apply(&q, fromRow: j, fromColumn: j, &work) }
    try TensorError.throwIfInterrupted()
    var r = Matrix(k, m)
    for i in 0..<k {
        let sign = a[i, i] < 0 ? -1.0 : 1.0
        for j in i..<m { r[i, j] = sign * a[i, j] + 0 }  // + 0 turns -0 into 0
        if sign < 0 { for p in 0..<n { q[p, i] = -q[p, i] } }
    }
    for i in q.a.indices { q.a[i] += 0 }
    return (q, r)
}
