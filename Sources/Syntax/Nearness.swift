/// How far apart two words are.

/// The number of insertions, deletions, replacements and swaps of neighbours between two words (letters' case
/// aside), or more than `limit`.
public func editDistance(_ a: String, _ b: String, limit: Int) -> Int {
    let x = Array(a.lowercased().unicodeScalars), y = Array(b.lowercased().unicodeScalars)
    if abs(x.count - y.count) > limit { return limit + 1 }
    var before = [Int](repeating: 0, count: y.count + 1)
    var previous = Array(0...y.count)
    for i in 1..<(x.count + 1) {
        var row = [i] + [Int](repeating: 0, count: y.count)
        for j in 1..<(y.count + 1) {
            row[j] = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (x[i - 1] == y[j - 1] ? 0 : 1))
            if i > 1, j > 1, x[i - 1] == y[j - 2], x[i - 2] == y[j - 1] { row[j] = min(row[j], before[j - 2] + 1) }
        }
        (before, previous) = (previous, row)
    }
    return previous[y.count]
}
