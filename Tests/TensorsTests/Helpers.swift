@testable import Tensors
import Testing

// Short forms for tests.

/// A tensor from numbers, row-major.
func tensor(_ values: [Double], _ shape: [Int]? = nil, _ dtype: DType = .f64) throws -> Tensor {
    let x = try Tensor.make(shape ?? [values.count], dtype)
    #expect(x.count == values.count)
    for i in 0..<x.count { x.setElement(i, values[i]) }
    return x
}

/// 0, 1, 2, … in a shape.
func counting(_ shape: [Int], _ dtype: DType = .f64) throws -> Tensor {
    let x = try Tensor.make(shape, dtype)
    for i in 0..<x.count { x.setElement(i, Double(i)) }
    return x
}

extension Tensor {
    /// The elements as doubles.
    var elements: [Double] { (0..<count).map { element($0) } }
}

/// The message of the error that `body` throws.
func message(_ body: () throws -> Void) -> String {
    do { try body() } catch let e as TensorError { return e.message } catch { return "\(error)" }
    return "no error"
}

/// Deterministic numbers in -1..<1.
struct Numbers {
    var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> Double {
        state = state &* 6364136223846793005 &+ 1442695040888963407
        return Double(state >> 11) / 0x1p53 * 2 - 1
    }
    mutating func tensor(_ shape: [Int], _ dtype: DType = .f64) throws -> Tensor {
        let x = try Tensor.make(shape, dtype)
        for i in 0..<x.count { x.setElement(i, next()) }
        return x
    }
}
