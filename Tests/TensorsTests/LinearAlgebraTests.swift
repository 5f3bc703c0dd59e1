@testable import Tensors
import Testing

@Suite struct LinearAlgebraTests {
    private func product(_ a: Tensor, _ b: Tensor) -> [Double] {
        let n = a.dims[0], k = a.dims[1], m = b.dims[1]
        return (0..<(n * m)).map { p in (0..<k).reduce(0) { $0 + a.element(p / m * k + $1) * b.element($1 * m + p % m) } }
    }
    private func worst(_ a: [Double], _ b: [Double]) -> Double {
        #expect(a.count == b.count)
        return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    private func identity(_ n: Int) -> [Double] { (0..<(n * n)).map { $0 / n == $0 % n ? 1 : 0 } }
    private func symmetric(_ x: Tensor) throws -> Tensor {
        let t = try Tensor.transpose(x)
        return try tensor(zip(x.elements, t.elements).map { $0 + $1 }, x.shape)
    }
    private func diagonalTimes(_ s: Tensor, _ vt: Tensor) throws -> Tensor {
        try tensor((0..<vt.count).map { s.element($0 / vt.dims[1]) * vt.element($0) }, vt.shape)
    }

    @Test(arguments: [1, 2, 3, 5, 17, 40]) func factorsMultiplyBack(_ n: Int) throws {
        var numbers = Numbers(UInt64(n))
        for m in [n, 2 * n, n + 3] {
            let wide = try numbers.tensor([n, m])
            for a in [wide, try Tensor.transpose(wide)] {
                let (q, r) = try Tensor.qr(a)
                #expect(worst(product(q, r), a.elements) < 1e-13)
                #expect(worst(product(try Tensor.transpose(q), q), identity(q.dims[1])) < 1e-13)
                #expect(try Tensor.diagonal(r).elements.allSatisfy { $0 >= 0 })
                let (u, s, v) = try Tensor.svd(a)
                #expect(worst(product(u, try diagonalTimes(s, Tensor.transpose(v))), a.elements) < 1e-13)
                #expect(worst(product(try Tensor.transpose(u), u), identity(n)) < 1e-13)
                #expect(worst(product(try Tensor.transpose(v), v), identity(n)) < 1e-13)
                #expect(zip(s.elements, s.elements.dropFirst()).allSatisfy { $0 >= $1 } && s.elements.allSatisfy { $0 >= 0 })
            }
        }
        let a = try numbers.tensor([n, n]), b = try numbers.tensor([n, 2])
        #expect(worst(product(a, try Tensor.solve(a, b)), b.elements) < 1e-11)
        #expect(worst(product(a, try Tensor.inverse(a)), identity(n)) < 1e-11)
        let s = try symmetric(a)
        let (values, vectors) = try Tensor.eigh(s)
        #expect(worst(product(vectors, try diagonalTimes(values, Tensor.transpose(vectors))), s.elements) < 1e-12)
        #expect(zip(values.elements, values.elements.dropFirst()).allSatisfy { $0 <= $1 })
        for j in 0..<n {
            let column = (0..<n).map { vectors.element($0 * n + j) }
            #expect(column.max { abs($0) < abs($1) }! > 0)
        }
        let positive = try tensor(product(a, Tensor.transpose(a)), [n, n])
        for i in 0..<n { positive.setElement(i * (n + 1), positive.element(i * (n + 1)) + 0.1) }
        let l = try Tensor.cholesky(positive)
        #expect(worst(product(l, try Tensor.transpose(l)), positive.elements) < 1e-12)
    }

    @Test func knownValues() throws {
        let a = try tensor([4, 3, 6, 3], [2, 2])
        #expect(abs(try Tensor.determinant(a).element(0) + 6) < 1e-14)
        #expect(try Tensor.trace(counting([2, 3])).element(0) == 4)
        let (values, vectors) = try Tensor.eigh(tensor([2, 1, 1, 2], [2, 2]))
        #expect(worst(values.elements, [1, 3]) < 1e-15)
        let h = 0.5.squareRoot()
        #expect(worst(vectors.elements.map(abs), [h, h, h, h]) < 1e-15)
        #expect(try Tensor.solve(tensor([2, 0, 0, 4], [2, 2]), tensor([2, 4])).elements == [1, 1])
        #expect(try Tensor.determinant(counting([0, 0])).element(0) == 1)
        // Hilbert's matrix of order 3.
        let hilbert = try tensor([1, 1.0 / 2, 1.0 / 3, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 3, 1.0 / 4, 1.0 / 5], [3, 3])
        #expect(worst(try Tensor.inverse(hilbert).elements, [9, -36, 30, -36, 192, -180, 30, -180, 180]) < 1e-11)
    }

    @Test func batchesAndTypes() throws {
        var numbers = Numbers(5)
        let a = try numbers.tensor([2, 3, 3], .f32), b = try numbers.tensor([3])
        let x = try Tensor.solve(a, b)
        #expect(x.shape == [2, 3] && x.dtype == .f64)
        #expect(try Tensor.inverse(a).dtype == .f32)
        #expect(try Tensor.determinant(a).shape == [2])
        let one = try Tensor.get(a, .resolve([.index(1)], shape: a.shape))
        #expect(try Tensor.solve(one, b).elements == Array(x.elements[3...]))
        #expect(try Tensor.svd(a).u.shape == [2, 3, 3])
    }

    @Test func clearErrors() throws {
        let singular = try tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3])
        #expect(message { _ = try Tensor.inverse(singular) }.hasPrefix("`inv`: the [3, 3] matrix is singular: column 2"))
        #expect(message { _ = try Tensor.solve(counting([2, 3]), tensor([1, 2])) } == "`solve` needs a square matrix, not [2, 3]")
        #expect(message { _ = try Tensor.solve(singular, tensor([1, 2])) } == "`solve`: the matrix is [3, 3], the right side [2]: it needs 3 rows")
        #expect(message { _ = try Tensor.cholesky(tensor([1, 2, 2, 1], [2, 2])) } == "`cholesky`: the matrix is not positive definite: pivot 1 is -3")
        #expect(message { _ = try Tensor.eigh(tensor([1, 2, 5, 1], [2, 2])) } == "`eigh` needs a symmetric matrix: [1, 0] is 5, [0, 1] is 2")
        #expect(message { _ = try Tensor.svd(tensor([.nan, 1], [1, 2])) }.contains("needs finite numbers"))
        #expect(message { _ = try Tensor.qr(tensor([1])) } == "`qr` needs a matrix, not [1]")
        // Badly scaled, but regular.
        #expect(try Tensor.inverse(tensor([1, 0, 0, 1e-200], [2, 2])).elements == [1, 0, 0, 1e200])
        #expect(throws: Never.self) { try Tensor.solve(tensor([1, 1, 1e-30, 2e-30], [2, 2]), tensor([1, 1e-30])) }
    }

    @Test func extremesConverge() throws {
        for scale in [1e-300, 1e300] {
            let x = try tensor([2, 1, 0, 1, 2, 1, 0, 1, 2].map { $0 * scale }, [3, 3])
            let (values, _) = try Tensor.eigh(x)
            #expect(abs(values.element(1) / scale - 2) < 1e-14)
            #expect(abs(try Tensor.svd(x).values.element(1) / scale - 2) < 1e-14)
        }
        let low = try Tensor.make([6, 4], .f64)
        for i in 0..<6 { for j in 0..<4 { low.setElement(i * 4 + j, Double((i + 1) * (j + 1))) } }
        let (u, s, v) = try Tensor.svd(low)
        #expect(s.element(1) < 1e-13)
        #expect(worst(product(try Tensor.transpose(v), v), identity(4)) < 1e-13)
        #expect(worst(product(try Tensor.transpose(u), u), identity(4)) < 1e-13)
        let zero = try tensor([Double](repeating: 0, count: 9), [3, 3])
        #expect(try Tensor.svd(zero).v.elements == identity(3))
        #expect(try Tensor.eigh(zero).vectors.elements == identity(3))
    }
}
