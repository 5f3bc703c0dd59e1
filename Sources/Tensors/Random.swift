// Random tensors, reproducible on every machine and with any number of threads.

import CKernels

/// A stream of random numbers: Philox4x32-10 keyed by seed, stream and call, counted by element index.
///
/// Every draw takes the next `call`, whatever its size, so that a draw's numbers depend on the three fields
/// and on nothing else. The value is copied with the object that owns it.
public struct RandomStream: Equatable {
    public var seed: UInt64
    /// Which of the seed's streams: the script's own or an object's.
    public var stream: UInt64
    /// The number of draws so far.
    public var call: UInt64

    public init(seed: UInt64 = 0, stream: UInt64 = 0, call: UInt64 = 0) {
        self.seed = seed; self.stream = stream; self.call = call
    }

    /// Elements worth a thread of their own.
    private static let grain = 32_768

    private mutating func next() -> UInt64 {
        defer { call &+= 1 }
        return call
    }

    /// Uniform numbers in [low, high): the result is never `high`, whatever the rounding. f32 and f64 only
    /// (24 and 53 random bits). Throws unless both are finite and low <= high; where they are equal, so are all numbers.
    public mutating func uniform(_ shape: [Int], _ dtype: DType, low: Double = 0, high: Double = 1) throws -> Tensor {
        guard low <= high, (high - low).isFinite else {
            throw TensorError(.value, "`low` must be at most `high` and both finite, but low is \(numberText(low)) and high is \(numberText(high))",
                              help: low > high ? ["exchange them: `low=\(numberText(high)), high=\(numberText(low))`"] : [])
        }
        if dtype == .f32, Float(low).isInfinite || Float(high).isInfinite {
            throw TensorError(.value, "\(numberText(low)) to \(numberText(high)) is beyond the range of f32", help: ["use f64"])
        }
        let result = try Self.make(shape, dtype)
        let (seed, stream, call) = (seed, stream, next())
        if dtype == .f32 {
            let p = result.f32
            Threads.runUnlessInterrupted(count: result.count, grain: Self.grain) {
                nns_random_uniform_f32(p + $0, $1 - $0, $0, seed, stream, call, low, high)
            }
        } else {
            let p = result.f64
            Threads.runUnlessInterrupted(count: result.count, grain: Self.grain) {
                nns_random_uniform_f64(p + $0, $1 - $0, $0, seed, stream, call, low, high)
            }
        }
        return result
    }

    /// Normal numbers (Box and Muller). f32 and f64 only. Throws where `sd` is negative or nan.
    public mutating func normal(_ shape: [Int], _ dtype: DType, mean: Double = 0, sd: Double = 1) throws -> Tensor {
        guard sd >= 0 else { throw TensorError(.value, "`sd` must not be negative, but is \(numberText(sd))") }
        let result = try Self.make(shape, dtype)
        let (seed, stream, call) = (seed, stream, next())
        if dtype == .f32 {
            let p = result.f32
            Threads.runUnlessInterrupted(count: result.count, grain: Self.grain) {
                nns_random_normal_f32(p + $0, $1 - $0, $0, seed, stream, call, mean, sd)
            }
        } else {
            let p = result.f64
            Threads.runUnlessInterrupted(count: result.count, grain: Self.grain) {
                nns_random_normal_f64(p + $0, $1 - $0, $0, seed, stream, call, mean, sd)
            }
        }
        return result
    }

    /// Integers in low..<high, all equally likely, as floats. f32 and f64 only. Throws where there is none,
    /// or where the type cannot hold them exactly (2^24 in f32, 2^53 in f64).
    public mutating func integers(_ shape: [Int], _ dtype: DType, low: Int, high: Int) throws -> Tensor {
        guard low < high else {
            throw TensorError(.value, "there is no integer from \(low) up to, but not including, \(high)",
                              help: ["`high` is exclusive: it must be above `low`"])
        }
        let exact = dtype == .f32 ? 1 << 24 : 1 << 53
        guard low >= -exact, high - 1 <= exact else {
            throw TensorError(.value, "integers from \(low) to \(high - 1) are not exact in \(dtype), which holds them up to \(exact)",
                              help: dtype == .f32 ? ["use f64, exact up to \(1 << 53)"] : [])
        }
        let result = try Self.make(shape, dtype)
        let (seed, stream, call, low64, range) = (seed, stream, next(), Int64(low), UInt64(high - low))
        if dtype == .f32 {
            let p = result.f32
            Threads.runUnlessInterrupted(count: result.count, grain: Self.grain) {
                nns_random_integers_f32(p + $0, $1 - $0, $0, seed, stream, call, low64, range)
            }
        } else {
            let p = result.f64
            Threads.runUnlessInterrupted(count: result.count, grain: Self.grain) {
                nns_random_integers_f64(p + $0, $1 - $0, $0, seed, stream, call, low64, range)
            }
        }
        return result
    }

    /// A bool tensor, true with probability p (in steps of 2^-32). Throws where p is not in 0...1.
    public mutating func bernoulli(_ shape: [Int], p: Double) throws -> Tensor {
        guard p >= 0, p <= 1 else { throw TensorError(.value, "a probability lies in 0..1, but p is \(numberText(p))") }
        let result = try Self.make(shape, .bool)
        let (seed, stream, call) = (seed, stream, next())
        let b = result.u8
        Threads.runUnlessInterrupted(count: result.count, grain: Self.grain) {
            nns_random_bernoulli(b + $0, $1 - $0, $0, seed, stream, call, p)
        }
        return result
    }

    /// A permutation of 0..<n, all equally likely (Fisher and Yates).
    public mutating func permutation(_ n: Int) throws -> [Int] {
        guard n >= 0 else { throw TensorError(.value, "a permutation has a size of at least 0, not \(n)") }
        guard n <= (Memory.limit - Memory.used) / 8 else { throw TensorError(.limit, "not enough memory for [\(n)]") }
        let (seed, stream, call) = (seed, stream, next())
        let places = [Int](unsafeUninitializedCapacity: n) { buffer, count in
            if let start = buffer.baseAddress, n > 0 { nns_random_permutation(start, n, seed, stream, call) }
            count = nns_interrupted() ? 0 : n
        }
        // What an interrupt leaves are no places.
        try TensorError.throwIfInterrupted()
        return places
    }

    /// Sizes come from scripts: none may be negative.
    private static func make(_ shape: [Int], _ dtype: DType) throws -> Tensor {
        if let bad = shape.first(where: { $0 < 0 }) { throw TensorError(.shape, "a size must not be negative, but is \(bad)") }
        return try Tensor.make(shape, dtype)
    }
}
