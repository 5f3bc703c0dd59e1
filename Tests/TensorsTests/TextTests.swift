@testable import Tensors
import Testing

@Suite struct NumberTextTests {
    @Test(arguments: [
        (3.0, "3"), (0.1, "0.1"), (-0.0, "-0"), (1e-4, "0.0001"), (1e-5, "1e-5"), (9.999e-5, "9.999e-5"), (1e15, "1000000000000000"),
        (1e16, "1e16"), (9007199254740994, "9007199254740994"), (1.5e-7, "1.5e-7"), (1.2345e20, "1.2345e20"), (.nan, "nan"), (-.infinity, "-inf"),
        (123456.789, "123456.789"), (5e-324, "5e-324"), (-2.5, "-2.5"),
    ]) func doubles(_ x: Double, _ text: String) { #expect(numberText(x) == text) }

    @Test func singles() {
        #expect(numberText(Float(0.1)) == "0.1")
        #expect(numberText(Float(0.0001)) == "0.0001")
        #expect(numberText(Float(3e10)) == "30000000000")
        #expect(numberText(Float(16777216)) == "16777216")
        #expect(numberText(Float(1e20)) == "1e20")
    }

    /// Printed by Python 3.11's format().
    @Test(arguments: [
        (3.14159, ".2f", "3.14"), (1234567, ",d", "1,234,567"), (1234.5, "012,.2f", "0,001,234.50"), (0.5, ".1%", "50.0%"),
        (255, "#x", "0xff"), (1e22, "d", "10000000000000000000000"), (0x1p70, "x", "400000000000000000"), (999999.5, "#g", "1.00000e+06"),
        (31.4159, ".2", "3.1e+01"), (255, "08b", "11111111"), (5, "+d", "+5"), (2.5, ".0f", "2"), (1e10, ".3g", "1e+10"), (3.5, "*^9.1f", "***3.5***"),
        (-3.5, "=8.1f", "-    3.5"), (-3.5, "08.1f", "-00003.5"), (-0.001, "z.1f", "0.0"), (.nan, "8.2f", "     nan"), (1e22, ".1f", "10000000000000000000000.0"),
        (1234567, "_d", "1_234_567"), (65535, "_x", "ffff"), (0.1, ".20f", "0.10000000000000000555"), (7, "<5d", "7    "),
    ] as [(Double, String, String)]) func numbers(_ x: Double, _ spec: String, _ text: String) throws { #expect(try formatted(x, spec: spec) == text) }

    @Test func strings() throws {
        #expect(try formatted("ab", spec: ">5") == "   ab")
        #expect(try formatted("abcdef", spec: "^8.3s") == "  abc   ")
        #expect(try formatted(Float(0.1), spec: "") == "0.1")
        #expect(try formatted(Float(0.1), spec: ".4f") == "0.1000")
    }

    @Test func errors() {
        #expect(message { _ = try formatted(2.5, spec: "d") } == "the format `d` needs an integer, not 2.5")
        #expect(message { _ = try formatted(2.5, spec: ".q") } == "expected digits after `.` in the format `.q`")
        #expect(message { _ = try formatted(2.5, spec: "3q") } == "unknown format `3q`: there is no type `q`")
        #expect(message { _ = try formatted(2.5, spec: "s") }.contains("is for strings"))
        #expect(message { _ = try formatted("a", spec: ".2f") } == "the format `.2f` is for numbers, not for a string")
        #expect(message { _ = try formatted(1.0, spec: "99999999999999999999d") }.contains("more than 10000 characters"))
        #expect(message { _ = try formatted(1.0, spec: "x x x") }.hasPrefix("unknown format"))
    }
}

@Suite struct PrintingTests {
    private func text(_ x: Tensor, _ width: Int = 80) -> String { Tensor.description(of: x, width: width) }

    @Test func vectorsAndNumbers() throws {
        #expect(text(try tensor([1, 2.5, 3])) == "[1, 2.5, 3]")
        #expect(text(try .scalar(0.1, .f32)) == "0.1")
        #expect(text(try tensor([1, 0], nil, .bool)) == "[true, false]")
        #expect(text(try tensor([])) == "[]")
        #expect(text(try tensor([0.1], nil, .f32)) == "[0.1]")
        #expect(text(try counting([0, 3])) == "[]  # of shape [0, 3]")
    }

    @Test func matricesAlign() throws {
        #expect(text(try tensor([1, 2, 3, 4], [2, 2])) == "[[1, 2],\n [3, 4]]")
        #expect(text(try tensor([1, 2.5, -3.25, 10], [2, 2])) == "[[ 1,     2.5],\n [-3.25, 10]]")
        #expect(text(try tensor([1, 0, 0, 1], [2, 2], .bool)) == "[[ true, false],\n [false,  true]]")
        #expect(text(try counting([2, 1, 2])) == "[[[0, 1]],\n\n [[2, 3]]]")
        #expect(text(try counting([1, 2, 2])) == "[[[0, 1],\n  [2, 3]]]")
    }

    @Test func formatsApplyToEveryElement() throws {
        let x = try tensor([1, -2.25, 1.0 / 3, 1000], [2, 2], .f32)
        #expect(try Tensor.formatted(x, spec: ".1f", width: 80) == "[[1.0,   -2.2],\n [0.3, 1000.0]]")
        #expect(try Tensor.formatted(tensor([0.1], nil, .f32), spec: "", width: 80) == "[0.1]")
        #expect(throws: TensorError.self) { try Tensor.formatted(x, spec: "d", width: 80) }
    }

    @Test func longLinesWrap() throws {
        #expect(text(try counting([12]), 20) == "[ 0,  1,  2,  3,  4,\n  5,  6,  7,  8,  9,\n 10, 11]")
        let wide = text(try counting([3, 60]), 40)
        #expect(wide.split(separator: "\n").allSatisfy { $0.count <= 40 })
    }

    @Test func largeOnesShowTheirCorners() throws {
        #expect(text(try counting([1001])) == "[0, 1, 2, ..., 998, 999, 1000]")
        let m = text(try counting([100, 100]))
        #expect(m == """
            [[   0,    1,    2, ...,   97,   98,   99],
             [ 100,  101,  102, ...,  197,  198,  199],
             [ 200,  201,  202, ...,  297,  298,  299],
             ...,
             [9700, 9701, 9702, ..., 9797, 9798, 9799],
             [9800, 9801, 9802, ..., 9897, 9898, 9899],
             [9900, 9901, 9902, ..., 9997, 9998, 9999]]
            """)
        #expect(Tensor.description(of: try counting([1001]), width: 80, full: true).contains("500"))
    }
}
