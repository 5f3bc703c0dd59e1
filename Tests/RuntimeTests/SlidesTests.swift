import Foundation
@testable import Runtime
import Testing

/// `show(convolve, u, w)` prints what the slides do: the products of each line sum to what stands behind its `=`, which is
/// the element of the result.
@Suite struct SlidesTests {
    static let calls = [
        "convolve, [1, 2, 3, 4, 5, 6], [1, 10, 100]", "convolve, [1, 2, 3], [1, 10], stride=2", "convolve, [1, -2, 3, 0.5], [-1, 0.25], mode=\"same\"",
        "correlate, [1, -2, 3, 0.5], [-1, 0.25], mode=\"valid\"", "convolve, [1, 2], [3, 4, 5, 6]", "convolve, [[1, 2, 3], [4, 5, 6]], [[1, -10], [100, 0]]",
        "correlate, [[1, 2, 3], [4, 5, 6]], [[1, -10], [100, 0]], mode=\"same\", stride=2",
    ]

    @Test(arguments: calls) func printedProductsSum(_ call: String) throws {
        let (printed, result) = TestSession.with { session in
            (session.enter("precision(f64); s = show(\(call))"), session.enter("print(join(reshape(s, -1), \" \"))"))
        }
        let lines = printed.split(separator: "\n").filter { $0.contains(" = ") }
        let product = try Regex(#"\(?(-?[0-9.]+)\)?\*\(?(-?[0-9.]+)\)?"#)
        var shown: [Double] = []
        for line in lines {
            let sides = line.components(separatedBy: " = ")
            let sum = sides[sides.count - 2].matches(of: product).reduce(0.0) { $0 + Double($1.output[1].substring!)! * Double($1.output[2].substring!)! }
            #expect(Double(sides.last!) == sum, "\(line)")
            shown.append(sum)
        }
        #expect(shown == result.split { $0 == " " || $0 == "\n" }.map { Double($0)! })
    }
}
