import Tensors

// What is made up must never be computed with as if it were known. A number that stands for one that only a run knows carries a
// mark, the bits of a NaN that no calculation gives; where whole numbers are read of it, that is the end of the question.

/// An argument's value decides, and it is not known.
struct NotKnown: Error {}

extension Double {
    /// Stands for a number that is not known; the mark outlives the way to f32 and back.
    static let notKnown = Double(Float(nan: 0x5EED, signaling: false))
    /// Whether it is the mark.
    var isNotKnown: Bool { bitPattern == Double.notKnown.bitPattern }
}

extension Abstract {
    /// Whether a number, a bool or a text stands in it that only a run knows. The elements of tensors do not count.
    var holdsGuess: Bool {
        switch self {
        case .kind(.number), .kind(.bool), .kind(.string), .wording: true
        case .tensor(let shape?, _): shape.isEmpty
        case .list(let items), .record(_, let items): items.contains(where: \.holdsGuess)
        default: false
        }
    }

    /// A string as messages show it: known, or with sizes in it that are not.
    var shownText: String? {
        if case .wording(let text) = self { text } else { exact?.asString }
    }

    /// The same with texts and sizes as they read in the first world: for messages only. nil where more than sizes is not known.
    var worded: Abstract? {
        switch self {
        case .wording(let text): return .text(text)
        case .size(let s): return .number(Double(World.first(s)))
        case .exact: return self
        case .list(let items):
            let all = items.compactMap(\.worded)
            return all.count == items.count ? .list(all) : nil
        case .record(let keys, let items):
            let all = items.compactMap(\.worded)
            return all.count == items.count ? .record(keys, all) : nil
        default: return nil
        }
    }
}
