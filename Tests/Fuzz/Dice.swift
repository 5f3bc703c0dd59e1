/// Random choices that are the same for the same seed everywhere (SplitMix64).
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A whole number from 0 to `bound` - 1.
    mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(bits() % UInt64(bound)) }
    mutating func among(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }
    /// True in `part` of `whole` cases.
    mutating func chance(_ part: Int, in whole: Int = 100) -> Bool { below(whole) < part }
    mutating func pick<C: RandomAccessCollection>(_ items: C) -> C.Element where C.Index == Int {
        items[items.startIndex + below(items.count)]
    }
}
