@testable import Tensors
import Testing

// The gradients of batch and layer normalisation (the bits: Bits/NormalizationBitsTests.swift).

@Suite(.serialized) struct NormalizationTests {
    func op(_ o: BinaryOperation, _ a: Tensor, _ b: Tensor) throws -> Tensor { try Tensor.binary(o, a, b) }

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
