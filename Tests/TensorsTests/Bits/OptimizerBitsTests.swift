import Glibc
@testable import Tensors
import Testing

// One fused pass of an optimizer against its formula, element by element, every operation rounded.

@Suite(.serialized) struct OptimizerBitsTests {
    @Test func steps() throws {
        try compareSteps(Float.self)
        try compareSteps(Double.self)
    }

    func compareSteps<T: Element>(_: T.Type) throws {
        var source = Source(8), cases = Cases()
        for round in 0..<testShapes {
            source.special = round % 4 == 0
            let shape = source.shape(rank: 3, most: 300), n = shape.reduce(1, *), each = 0..<n
            let p = source.array(n, T.self), g = source.array(n, T.self), m = source.array(n, T.self), v = source.array(n, T.self).map { $0.magnitude }
            let tp = try tensor(of: p, shape), tg = try tensor(of: g, shape), tm = try tensor(of: m, shape), tv = try tensor(of: v, shape)
            /// Adds a case for each result of a step, taken by `results`.
            func add(_ what: String, _ expected: [[T]], _ results: @escaping () throws -> [Tensor]) {
                for (part, values) in expected.enumerated() { cases.add(values, "\(what), result \(part), of \(shape)") { try results()[part] } }
            }
            let l2 = round % 3 == 0 ? 0 : 0.01, decay = round % 3 == 1 ? 0.01 : 0
            func slope(_ i: Int, _ p: T) -> T { l2 == 0 ? g[i] : g[i] + T(l2) * p }

            add("sgd", [each.map { p[$0] - T(0.1) * slope($0, p[$0]) }]) {
                var q = tp, none: Tensor?
                try Optimizers.sgd(&q, tg, velocity: &none, rate: 0.1, l2: l2)
                return [q]
            }
            for nesterov in [false, true] {
                let u = each.map { T(0.9) * m[$0] + slope($0, p[$0]) }
                add("sgd, momentum, nesterov \(nesterov)", [each.map { p[$0] - T(0.1) * (nesterov ? slope($0, p[$0]) + T(0.9) * u[$0] : u[$0]) }, u]) {
                    var q = tp, velocity: Tensor? = tm
                    try Optimizers.sgd(&q, tg, velocity: &velocity, rate: 0.1, momentum: 0.9, nesterov: nesterov, l2: l2)
                    return [q, velocity!]
                }
            }
            let power1 = pow(0.9, 3), power2 = pow(0.999, 3), step = T(0.01 / (1 - power1)), root = T((1 - power2).squareRoot())
            let w = p.map { decay == 0 ? $0 : $0 * T(1 - 0.01 * decay) }
            let mean = each.map { T(0.9) * m[$0] + T(1 - 0.9) * slope($0, w[$0]) }
            let square = each.map { T(0.999) * v[$0] + T(1 - 0.999) * (slope($0, w[$0]) * slope($0, w[$0])) }
            add("adam", [each.map { w[$0] - step * (mean[$0] / (square[$0].squareRoot() / root + T(1e-8))) }, mean, square]) {
                var q = tp, m = tm, v = tv
                try Optimizers.adam(&q, tg, mean: &m, square: &v, rate: 0.01, power1: power1, power2: power2, l2: l2, decay: decay)
                return [q, m, v]
            }
            let power = each.map { T(0.99) * v[$0] + T(1 - 0.99) * (slope($0, p[$0]) * slope($0, p[$0])) }
            let move = each.map { slope($0, p[$0]) / (power[$0].squareRoot() + T(1e-8)) }
            add("rmsprop", [each.map { p[$0] - T(0.01) * move[$0] }, power]) {
                var q = tp, v = tv, none: Tensor?
                try Optimizers.rmsprop(&q, tg, square: &v, buffer: &none, rate: 0.01, l2: l2)
                return [q, v]
            }
            let buffer = each.map { T(0.5) * m[$0] + move[$0] }
            add("rmsprop, momentum", [each.map { p[$0] - T(0.01) * buffer[$0] }, power, buffer]) {
                var q = tp, v = tv, b: Tensor? = tm
                try Optimizers.rmsprop(&q, tg, square: &v, buffer: &b, rate: 0.01, momentum: 0.5, l2: l2)
                return [q, v, b!]
            }
            let sum = each.map { v[$0] + slope($0, p[$0]) * slope($0, p[$0]) }
            add("adagrad", [each.map { p[$0] - T(0.01) * (slope($0, p[$0]) / (sum[$0].squareRoot() + T(1e-10))) }, sum]) {
                var q = tp, s = tv
                try Optimizers.adagrad(&q, tg, sum: &s, rate: 0.01, l2: l2)
                return [q, s]
            }
        }
        try cases.compare("optimizer steps, \(T.dtype)")
    }
}
