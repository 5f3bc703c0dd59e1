@testable import Tensors
import Testing

// Batch and layer normalisation: the fused passes have the bits of the formulas in elementwise operations.

@Suite(.serialized) struct NormalizationTests {
    func op(_ o: BinaryOperation, _ a: Tensor, _ b: Tensor) throws -> Tensor { try Tensor.binary(o, a, b) }
    func op(_ o: BinaryOperation, _ a: Tensor, _ b: Double) throws -> Tensor { try Tensor.binary(o, a, b, .number, reversed: false) }
    func same(_ a: Tensor, _ b: Tensor, _ what: String) {
        #expect(a.dtype == b.dtype && a.shape == b.shape && a.elements == b.elements, "\(what)")
    }

    @Test func batchNorm() throws {
        var numbers = Numbers(9)
        for (shape, type) in [([6, 3, 4, 5], DType.f32), ([2, 3, 40, 50], .f32), ([5, 2, 7], .f64), ([8, 4], .f32)] {
            let c = shape[1], axes = [0] + Array(2..<max(2, shape.count)), column = [c] + shape.dropFirst(2).map { _ in 1 }
            let x = try numbers.tensor(shape, type), g = try numbers.tensor(shape, type)
            let gamma = try numbers.tensor([c], type), beta = try numbers.tensor([c], type)
            func wide(_ t: Tensor) throws -> Tensor { try Tensor.view(of: t, column) }
            try everyPath { path in
                let (mean, variance) = try Tensor.batchNormStatistics(x)
                same(mean, try Tensor.reduce(.mean, x, axes: axes, keep: false), path)
                same(variance, try Tensor.variance(x, axes: axes, keep: false), path)
                let inverse = try Tensor.inverseDeviation(variance, eps: 1e-5)
                let normal = try op(.multiply, op(.subtract, x, wide(mean)), wide(inverse))
                let y = try Tensor.batchNormalize(x, mean: mean, variance: variance, gamma: gamma, beta: beta, eps: 1e-5)
                same(y, try op(.add, op(.multiply, normal, wide(gamma)), wide(beta)), path)
                let (dx, dgamma, dbeta) = try Tensor.batchNormBackward(g, x, mean: mean, variance: variance, gamma: gamma, eps: 1e-5)
                same(dbeta, try Tensor.reduce(.sum, g, axes: axes, keep: false), path)
                same(dgamma, try Tensor.reduce(.sum, op(.multiply, g, normal), axes: axes, keep: false), path)
                let m = Double(x.count / c)
                let centred = try op(.subtract, op(.subtract, g, wide(op(.divide, dbeta, m))), op(.multiply, normal, wide(op(.divide, dgamma, m))))
                same(dx, try op(.multiply, centred, wide(op(.multiply, gamma, inverse))), path)
            }
        }
        #expect(message { _ = try Tensor.batchNormStatistics(counting([3])) }.contains("batch_norm"))
    }

    /// The gradients agree with central differences in double.
    @Test func gradients() throws {
        var numbers = Numbers(10)
        let x = try numbers.tensor([4, 3, 2, 2]), weight = try numbers.tensor([4, 3, 2, 2]), gamma = try numbers.tensor([3])
        func loss(_ x: Tensor) throws -> Double {
            let (mean, variance) = try Tensor.batchNormStatistics(x)
            let y = try Tensor.batchNormalize(x, mean: mean, variance: variance, gamma: gamma, beta: nil, eps: 1e-3)
            return try Tensor.reduce(.sum, op(.multiply, y, weight), axes: nil, keep: false).element(0)
        }
        let (mean, variance) = try Tensor.batchNormStatistics(x)
        let dx = try Tensor.batchNormBackward(weight, x, mean: mean, variance: variance, gamma: gamma, eps: 1e-3).x
        let rows = try Tensor.view(of: x, [16, 3]), w = try Tensor.view(of: weight, [16, 3])
        func layerLoss(_ x: Tensor) throws -> Double {
            try Tensor.reduce(.sum, op(.multiply, Tensor.layerNorm(x, gamma: gamma, beta: nil, eps: 1e-3).y, w), axes: nil, keep: false).element(0)
        }
        let layer = try Tensor.layerNorm(rows, gamma: gamma, beta: nil, eps: 1e-3)
        let dlayer = try Tensor.layerNormBackward(w, rows, mean: layer.mean, inverse: layer.inverse, gamma: gamma).x
        for i in 0..<x.count {
            func moved(_ t: Tensor, _ by: Double) throws -> Tensor {
                let y = try Tensor.copy(t)
                y.f64[i] += by
                return y
            }
            let slope = try (loss(moved(x, 1e-5)) - loss(moved(x, -1e-5))) / 2e-5
            #expect(abs(slope - dx.f64[i]) < 1e-7)
            let layerSlope = try (layerLoss(moved(rows, 1e-5)) - layerLoss(moved(rows, -1e-5))) / 2e-5
            #expect(abs(layerSlope - dlayer.f64[i]) < 1e-7)
        }
    }
}
