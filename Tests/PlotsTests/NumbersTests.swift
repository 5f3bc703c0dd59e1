// Decimal arithmetic and ticks: exact labels at every scale.

import Testing
@testable import Plots

@Test func logarithmsAndDecades() {
    for e in -323...308 {
        #expect(Numbers.decade(Numbers.powerOfTen(e)) == e)
        if e > -300 { #expect(abs(Numbers.log10(Numbers.powerOfTen(e)) - Double(e)) < 1e-12) }
    }
    #expect(Numbers.decade(9.99999999999999e22) == 22)
    #expect(abs(Numbers.log10(2) - 0.3010299956639812) < 1e-15)
    #expect(abs(Numbers.log10(0.7) - -0.15490195998574317) < 1e-15)
    #expect(abs(Numbers.cubeRoot(27) - 3) < 1e-12)
}

@Test func numbersAsText() {
    #expect(Numbers.fixed(2.5, 2) == "2.50")
    #expect(Numbers.fixed(0.9996, 3) == "1.000")
    #expect(Numbers.fixed(-0.0004, 3) == "0.000")
    #expect(Numbers.fixed(1e-300, 3) == "0.000")
    #expect(Numbers.fixed(123456, 1) == "123456.0")
    #expect(Numbers.short(0.123456) == "0.1235")
    #expect(Numbers.short(1797) == "1797")
    #expect(Numbers.short(123456) == "123456")
    #expect(Numbers.short(1.5e-7) == "1.5e-7")
    #expect(Numbers.short(-2e30) == "-2e30")
    #expect(Numbers.short(.nan) == "nan")
    #expect(Numbers.coordinate(-3.105) == "-3.11" || Numbers.coordinate(-3.105) == "-3.1")
    #expect(Numbers.coordinate(12.5) == "12.5")
}

@Test(arguments: [
    (0.0, 2.4, "0.0 0.5 1.0 1.5 2.0 2.5"),
    (0.0, 1.0, "0.0 0.2 0.4 0.6 0.8 1.0"),
    (-3.0, 5.0, "-4 -2 0 2 4 6"),
    (0.0, 1e-5, "0 2e-6 4e-6 6e-6 8e-6 1e-5"),
    (0.0, 4e6, "0 1e6 2e6 3e6 4e6"),
    (1e300, -1e300, "-1e300 -5e299 0 5e299 1e300"),
    (100.0, 100.5, "100.0 100.1 100.2 100.3 100.4 100.5"),
])
func ticksAreRound(low: Double, high: Double, labels: String) {
    let axis = AxisRequest(range: (min(low, high), max(low, high))).balancedAxis(maxIntervals: 7)
    #expect(axis.ticks.map(\.label).joined(separator: " ") == labels)
}

@Test func logarithmicTicks() {
    func labels(_ low: Double, _ high: Double) -> String {
        AxisRequest(range: (low, high), isLog: true).balancedAxis(maxIntervals: 7).ticks.map(\.label).joined(separator: " ")
    }
    #expect(labels(0.002, 800) == "0.001 0.01 0.1 1 10 100 1000")
    #expect(labels(3e-6, 2) == "1e-6 1e-5 1e-4 1e-3 1e-2 1e-1 1e0 1e1")
    #expect(labels(0.06, 2) == "0.05 0.1 0.2 0.5 1 2")
    #expect(labels(1e-300, 1e300) == "1e-300 1e-200 1e-100 1e0 1e100 1e200 1e300")
}
