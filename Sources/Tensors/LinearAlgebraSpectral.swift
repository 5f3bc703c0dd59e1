// Eigenvalues of symmetric matrices and singular values.
//
// Goals: robust on every finite matrix (scaled, bounded iterations), accurate to rounding, deterministic in order
// and sign. Symmetric: Householder tridiagonalisation, then implicit QL with Wilkinson's shift (Golub & Van Loan,
// 8.3; Parlett, The Symmetric Eigenvalue Problem, 8). Singular values: QR, then one-sided Jacobi rotations
// (Demmel & Veselić 1992), which finds small singular values to high relative accuracy.

import CKernels

extension Tensor {
    /// Eigenvalues [..., n] ascending and eigenvectors in the columns of [..., n, n] of each symmetric matrix; the
    /// largest component of an eigenvector (the first of equal ones) is positive.
    public static func eigh(_ a: Tensor) throws -> (values: Tensor, vectors: Tensor) {
        let n = try squareSize(a, "eigh")
        let dtype = algebraType(a), batch = batchShape(a)
        let values = try make(batch + [n], dtype), vectors = try make(like: a, dtype)
        try checkWorkspace(3 * n * n, a)
        guard a.count > 0 else { return (values, vectors) }
        for k in 0..<(a.count / (n * n)) {
            var (d, v) = try symmetricEigen(symmetricPart(a, k * n * n, n, "eigh"))
            for j in 0..<n where signOfLargest(v, column: j, dtype) < 0 { for i in 0..<n { v[i, j] = -v[i, j] } }
            for i in v.a.indices { v.a[i] += 0 }
            for j in 0..<n { values.setElement(k * n + j, d[j]) }
            store(v, vectors, k * n * n)
        }
        return (values, vectors)
    }

    /// U [..., n, k], singular values [..., k] descending and V [..., m, k], k = min(n, m): A = U diag(values) V'.
    /// The largest component of each column of U (the first of equal ones) is positive.
    public static func svd(_ a: Tensor) throws -> (u: Tensor, values: Tensor, v: Tensor) {
        let (n, m) = try matrixSize(a, "svd")
        let k = min(n, m), dtype = algebraType(a), batch = batchShape(a)
        let u = try make(batch + [n, k], dtype), values = try make(batch + [k], dtype), v = try make(batch + [m, k], dtype)
        try checkWorkspace(3 * n * m + 4 * k * k, a)
        for b in 0..<batch.reduce(1, *) where n * m > 0 {
            let matrix = Matrix(a, b * n * m, n, m)
            try checkFinite(matrix, "svd")
            var left: Matrix, right: Matrix, s: [Double]
            if n >= m { (left, s, right) = try singularValues(matrix) } else { (right, s, left) = try singularValues(matrix.transposed) }
            for j in 0..<k where signOfLargest(left, column: j, dtype) < 0 {
                for i in 0..<n { left[i, j] = -left[i, j] }
                for i in 0..<m { right[i, j] = -right[i, j] }
            }
            for i in left.a.indices { left.a[i] += 0 }
            for i in right.a.indices { right.a[i] += 0 }
            store(left, u, b * n * k)
            store(right, v, b * m * k)
            for j in 0..<k { values.setElement(b * k + j, s[j]) }
        }
        return (u, values, v)
    }

    /// The sign of a column's largest component as it will be stored: equal ones count by the first.
    private static func signOfLargest(_ m: Matrix, column: Int, _ dtype: DType) -> Double {
        var best = 0.0
        for i in 0..<m.rows {
            let x = dtype == .f32 ? Double(Float(m[i, column])) : m[i, column]
            if x.magnitude > best.magnitude { best = x }
        }
        return best
    }
}

/// sqrt(x² + y²) without overflow.
@inline(__always)
private func hypotenuse(_ x: Double, _ y: Double) -> Double {
    let a = max(x.magnitude, y.magnitude), b = min(x.magnitude, y.magnitude)
    if a == 0 { return 0 }
    let ratio = b / a
    return a * (1 + ratio * ratio).squareRoot()
}

/// Eigenvalues ascending and eigenvectors in columns of a finite symmetric matrix.
func symmetricEigen(_ symmetric: Matrix) throws -> ([Double], Matrix) {
    let n = symmetric.rows
    var a = symmetric
    let scale = powerScale(a.largest)
    for i in a.a.indices { a.a[i] *= scale }
    var diagonal = [Double](repeating: 0, count: n), off = [Double](repeating: 0, count: n)

    // A = Q T Q': reflections from the first column on; each is applied from both sides.
    var reflectors: [Reflector?] = []
    for k in 0..<max(0, n - 2) {
        // Scaled by a power of two once more: a column may be far smaller than the matrix.
        var largest = 0.0
        for i in (k + 1)..<n { largest = max(largest, a[i, k].magnitude) }
        let own = powerScale(largest)
        var head = 0.0
        try TensorError.throwIfInterrupted()
        let reflector = Reflector(((k + 1)..<n).map { a[$0, k] * own }, head: &head)
        reflectors.append(reflector)
        guard let reflector else { continue }
        a[k + 1, k] = head / own
        let v = reflector.v, beta = reflector.beta
        // With p = beta A v and w = p - (beta p'v / 2) v the two-sided reflection is A - v w' - w v'.
        let size = v.count, first = k + 1
        a.a.withUnsafeMutableBufferPointer { buffer in
            let base = buffer.baseAddress!
            var p = [Double](repeating: 0, count: size)
            for i in 0..<size {
                let row = base + (first + i) * n + first
                let x = v[i]
                for j in 0..<size { p[j] += x * row[j] }
            }
            for i in 0..<size { p[i] *= beta }
            var half = 0.0
            for i in 0..<size { half += p[i] * v[i] }
            half *= beta / 2
            for i in 0..<size { p[i] -= half * v[i] }
            for i in 0..<size {
                let row = base + (first + i) * n + first
                let x = v[i], y = p[i]
                for j in 0..<size { row[j] -= x * p[j] + y * v[j] }
            }
        }
    }
    for i in 0..<n { diagonal[i] = a[i, i] }
    for i in 0..<max(0, n - 1) { off[i] = a[i + 1, i] }
    var q = Matrix.identity(n)
    var work = [Double](repeating: 0, count: n)
    for k in reflectors.indices.reversed() { reflectors[k]?.apply(&q, fromRow: k + 1, fromColumn: k + 1, &work) }

    try TensorError.throwIfInterrupted()
    // The rotations act on columns of Q: on rows of its transpose, which lie together in memory.
    var z = q.transposed
    try implicitQL(&diagonal, &off, &z)
    let order = (0..<n).sorted { diagonal[$0] != diagonal[$1] ? diagonal[$0] < diagonal[$1] : $0 < $1 }
    var vectors = Matrix(n, n)
    for (j, from) in order.enumerated() { for i in 0..<n { vectors[i, j] = z[from, i] } }
    return (order.map { diagonal[$0] / scale }, vectors)
}

/// Diagonalises a symmetric tridiagonal matrix (off[i] couples i and i + 1), rotating the rows of `z` along.
private func implicitQL(_ d: inout [Double], _ e: inout [Double], _ z: inout Matrix) throws {
    let n = d.count
    for l in 0..<n {
        var rounds = 0
        while true {
            try TensorError.throwIfInterrupted()
            // The first negligible coupling at or after l ends the block.
            var m = l
            while m < n - 1 {
                let size = d[m].magnitude + d[m + 1].magnitude
                if e[m].magnitude <= Double.ulpOfOne / 2 * size || e[m].magnitude < 0x1p-1000 { break }
                m += 1
            }
            if m == l { break }
            rounds += 1
            guard rounds <= 100 else { throw TensorError(.value, "`eigh` did not converge for eigenvalue \(l)") }
            var g = (d[l + 1] - d[l]) / (2 * e[l])
            var r = hypotenuse(g, 1)
            g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r))
            var s = 1.0, c = 1.0, p = 0.0
            var early = false
            var i = m - 1
            while i >= l {
                let f = s * e[i], b = c * e[i]
                r = hypotenuse(f, g)
                e[i + 1] = r
                if r == 0 {
                    d[i + 1] -= p
                    e[m] = 0
                    early = true
                    break
                }
                s = f / r
                c = g / r
                g = d[i + 1] - p
                r = (d[i] - g) * s + 2 * c * b
                p = s * r
                d[i + 1] = g + p
                g = c * r - b
                z.a.withUnsafeMutableBufferPointer { buffer in
                    let x = buffer.baseAddress! + i * n, y = x + n
                    for k in 0..<n {
                        let t = y[k]
                        y[k] = s * x[k] + c * t
                        x[k] = c * x[k] - s * t
                    }
                }
                i -= 1
            }
            if early { continue }
            d[l] -= p
            e[l] = g
            e[m] = 0
        }
    }
}

/// U (n × m), values descending and V (m × m) of a finite n × m matrix, n ≥ m.
func singularValues(_ matrix: Matrix) throws -> (Matrix, [Double], Matrix) {
    let n = matrix.rows, m = matrix.columns
    var a = matrix
    let scale = powerScale(a.largest)
    for i in a.a.indices { a.a[i] *= scale }
    let (q, r) = try householderQR(a)
    // R' = W: orthogonalising the columns of R' (rows of R) converges faster than those of R.
    // Rotations J on rows of R: J R has orthogonal rows, so R = J' diag(s) Y with Y's rows orthonormal.
    var rows = r  // row i becomes s_i · (column i of V)'
    var turns = Matrix.identity(m)  // row i becomes column i of R's left factor, transposed
    var squares = [Double](repeating: 0, count: m)
    var rounds = 0
    let negligible = 1e-150  // beside 1: the squares of smaller rows vanish, so their directions mean nothing
    while true {
        var rotated = false
        // A computed product of orthogonal rows is rounding noise of about this size.
        let noise = Double.ulpOfOne * Double(m).squareRoot() * (rounds < 30 ? 1 : 100)
        rows.a.withUnsafeMutableBufferPointer { rowBuffer in
            // Squared lengths are kept up by each rotation and measured anew in each round.
            for i in 0..<m { squares[i] = dot(rowBuffer.baseAddress! + i * m, rowBuffer.baseAddress! + i * m, m) }
            turns.a.withUnsafeMutableBufferPointer { turnBuffer in
                for i in 0..<m where !nns_interrupted() {
                    for j in (i + 1)..<max(m, i + 1) {
                        let x = rowBuffer.baseAddress! + i * m, y = rowBuffer.baseAddress! + j * m
                        let xx = squares[i], yy = squares[j], xy = dot(x, y, m)
                        // Of a matrix without full rank rows shrink to rounding noise, to the noise of noise, and so on, until
                        // their squares vanish: no rotation would ever leave them orthogonal.
                        if min(xx, yy) < negligible * negligible { continue }
                        if xy.magnitude <= noise * xx.squareRoot() * yy.squareRoot() || xy == 0 { continue }
                        rotated = true
                        let zeta = (yy - xx) / (2 * xy)
                        let t = (zeta >= 0 ? 1.0 : -1.0) / (zeta.magnitude + hypotenuse(1, zeta))
                        let c = 1 / (1 + t * t).squareRoot(), s = c * t, tau = s / (1 + c)
                        squares[i] = max(0, xx - t * xy)
                        squares[j] = yy + t * xy
                        rotate(x, y, s, tau, m)
                        rotate(turnBuffer.baseAddress! + i * m, turnBuffer.baseAddress! + j * m, s, tau, m)
                    }
                }
            }
        }
        rounds += 1
        try TensorError.throwIfInterrupted()
        if !rotated { break }
        guard rounds <= 100 else { throw TensorError(.value, "`svd` did not converge") }
    }
    var size = [Double](repeating: 0, count: m), stretch = size
    for i in 0..<m {
        let row = Array(rows.a[(i * m)..<((i + 1) * m)])
        let own = powerScale(row.reduce(0) { max($0, $1.magnitude) })
        var square = 0.0
        for x in row { square += (x * own) * (x * own) }
        size[i] = square.squareRoot() / own
        // Rounding stretches a row and its turns alike: measuring the turns takes that out of both.
        var turned = 0.0
        for k in 0..<m { turned += turns[i, k] * turns[i, k] }
        stretch[i] = turned.squareRoot()
    }
    let order = (0..<m).sorted { size[$0] != size[$1] ? size[$0] > size[$1] : $0 < $1 }
    try TensorError.throwIfInterrupted()
    var v = Matrix(m, m), left = Matrix(m, m)
    for (j, from) in order.enumerated() {
        for k in 0..<m {
            left[k, j] = turns[from, k] / stretch[from]
            if size[from] > negligible { v[k, j] = rows[from, k] / size[from] }
        }
    }
    completeBasis(&v, from: order.firstIndex { size[$0] <= negligible } ?? m)
    var u = Matrix(n, m)
    u.a.withUnsafeMutableBufferPointer { buffer in
        for i in 0..<n where !nns_interrupted() {
            let row = buffer.baseAddress! + i * m
            for k in 0..<m {
                let x = q[i, k]
                for j in 0..<m { row[j] += x * left.a[k * m + j] }
            }
        }
    }
    try TensorError.throwIfInterrupted()
    return (u, order.map { size[$0] / stretch[$0] / scale }, v)
}

/// The inner product in 8 lanes, combined pairwise: one order on every machine.
@inline(__always)
private func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ n: Int) -> Double {
    var lanes = SIMD8<Double>(repeating: 0)
    var k = 0
    while k &+ 8 <= n {
        let a = UnsafeRawPointer(x + k).loadUnaligned(as: SIMD8<Double>.self)
        let b = UnsafeRawPointer(y + k).loadUnaligned(as: SIMD8<Double>.self)
        lanes += a * b
        k &+= 8
    }
    let four = lanes.lowHalf + lanes.highHalf
    var sum = (four[0] + four[2]) + (four[1] + four[3])
    while k < n { sum += x[k] * y[k]; k &+= 1 }
    return sum
}

/// x' = c x - s y, y' = s x + c y with c = 1 - s tau, which for small angles loses nothing to rounding.
@inline(__always)
private func rotate(_ x: UnsafeMutablePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ s: Double, _ tau: Double, _ n: Int) {
    for k in 0..<n {
        let p = x[k], q = y[k]
        x[k] = p - s * (q + tau * p)
        y[k] = q + s * (p - tau * q)
    }
}

/// Fills the columns from `start` with unit vectors orthogonal to all before (Gram-Schmidt on the axes, twice).
private func completeBasis(_ v: inout Matrix, from start: Int) {
    let n = v.rows
    var axis = 0
    for j in start..<max(v.columns, start) {
        while axis < n {
            var candidate = [Double](repeating: 0, count: n)
            candidate[axis] = 1
            axis += 1
            for _ in 0..<2 {
                for k in 0..<j {
                    var dot = 0.0
                    for i in 0..<n { dot += v[i, k] * candidate[i] }
                    for i in 0..<n { candidate[i] -= dot * v[i, k] }
                }
            }
            var square = 0.0
            for x in candidate { square += x * x }
            if square > 0.5 / Double(n) {
                for i in 0..<n { v[i, j] = candidate[i] / square.squareRoot() }
                break
            }
        }
    }
}
