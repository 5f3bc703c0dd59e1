@testable import Tensors
import Testing

// Linear algebra is computed in double by plain loops, whatever the path; these comparisons keep it so.

@Suite(.serialized) struct FactorizationBitsTests {
    @Test func factorizations() throws {
        try compareFactorizations(Float.self)
        try compareFactorizations(Double.self)
    }

    func compareFactorizations<T: Element>(_: T.Type) throws {
        var source = Source(20), cases = Cases()
        for _ in 0..<testShapes {
            let n = 1 + source.upTo(12), m = 1 + source.upTo(12), columns = 1 + source.upTo(4)
            let a = try tensor(of: source.array(n * n, T.self), [n, n]), b = try tensor(of: source.array(n * columns, T.self), [n, columns])
            let tall = try tensor(of: source.array(m * n, T.self), [m, n]), gram = try Tensor.matmul(a, a, transposeB: true)
            let regular = try Tensor.binary(.add, gram, Tensor.eye(n, nil, T.dtype))
            func add(_ what: String, _ compute: @escaping () throws -> Tensor) throws {
                cases.add(elements(try compute(), T.self), "\(what), \(n), \(m)", compute)
            }
            try add("solve") { try Tensor.solve(regular, b) }
            try add("inverse") { try Tensor.inverse(regular) }
            try add("determinant") { try Tensor.determinant(a) }
            try add("trace") { try Tensor.trace(a) }
            try add("cholesky") { try Tensor.cholesky(regular) }
            try add("q") { try Tensor.qr(tall).q }
            try add("r") { try Tensor.qr(tall).r }
            try add("eigenvalues") { try Tensor.eigh(gram).values }
            try add("eigenvectors") { try Tensor.eigh(gram).vectors }
            try add("u") { try Tensor.svd(tall).u }
            try add("singular values") { try Tensor.svd(tall).values }
            try add("v") { try Tensor.svd(tall).v }
        }
        try cases.compare("linear algebra, \(T.dtype)")
    }
}
