@testable import Tensors
import Testing

// Convolutions with their gradients, and pooling, over random geometries.

@Suite(.serialized) struct ConvolutionBitsTests {
    @Test func convolutions() throws {
        try compareConvolutions(Float.self)
        try compareConvolutions(Double.self)
    }

    func compareConvolutions<T: Element>(_: T.Type) throws {
        var source = Source(3), cases = Cases(), done = 0
        while done < testShapes {
            source.special = done % 2 == 0
            let groups = source.upTo(3) == 0 ? 2 : 1
            var g = ConvolutionGeometry(stride: (1 + source.upTo(3), 1 + source.upTo(3)), pad: (source.upTo(3), source.upTo(3)),
                                        dilation: (1 + source.upTo(2), 1 + source.upTo(2)), groups: groups)
            if done % 2 == 0 { g.stride = (1, 1); g.dilation = (1, 1) }
            var p = Plain.Convolution(n: 1 + source.upTo(3), c: groups * (1 + source.upTo(5)), h: 1 + source.upTo(7), w: 1 + source.upTo(20),
                                      k: groups * (1 + source.upTo(done % 4 == 0 ? 15 : 4)), r: 1 + source.upTo(4), s: 1 + source.upTo(4), oh: 0, ow: 0, g: g)
            guard let oh = ConvolutionGeometry.places(p.h, p.r, g.stride.0, g.pad.0, g.dilation.0),
                  let ow = ConvolutionGeometry.places(p.w, p.s, g.stride.1, g.pad.1, g.dilation.1) else { continue }
            p.oh = oh; p.ow = ow
            done += 1
            let x = source.array(p.x.reduce(1, *), T.self), f = source.array(p.filters.reduce(1, *), T.self)
            let d = source.array(p.y.reduce(1, *), T.self), bias = source.array(p.k, T.self)
            let tx = try tensor(of: x, p.x), tf = try tensor(of: f, p.filters), td = try tensor(of: d, p.y), tb = try tensor(of: bias, [p.k])
            let inputs = p.x, filters = p.filters, geometry = g
            cases.add(p.forward(x, f, bias), "forward \(p)") { try Tensor.conv2d(tx, tf, tb, geometry) }
            cases.add(p.inputGradient(d, f), "input \(p)") { try Tensor.conv2dInputGradient(td, tf, inputShape: inputs, geometry) }
            cases.add(p.weightGradient(d, x), "weights \(p)") { try Tensor.conv2dWeightGradient(td, tx, weightShape: filters, geometry) }
        }
        try cases.compare("convolutions, \(T.dtype)")
    }

    @Test func pooling() throws {
        try comparePooling(Float.self)
        try comparePooling(Double.self)
    }

    func comparePooling<T: Element>(_: T.Type) throws {
        var source = Source(4, special: true), cases = Cases()
        for _ in 0..<testShapes {
            let size = (1 + source.upTo(3), 1 + source.upTo(3)), stride = (1 + source.upTo(3), 1 + source.upTo(3))
            let pad = (source.upTo(size.0 / 2 + 1), source.upTo(size.1 / 2 + 1))
            let shape = [1 + source.upTo(2), 1 + source.upTo(3), 3 + source.upTo(6), 3 + source.upTo(50)]
            let x = source.array(shape.reduce(1, *), T.self), t = try tensor(of: x, shape)
            let output = try Tensor.maxPool2d(t, size: size, stride: stride, pad: pad).values.shape, oh = output[2], ow = output[3]
            let area = T(size.0 * size.1), d = source.array(output.reduce(1, *), T.self), td = try tensor(of: d, output)
            var largest: [T] = [], places: [Int] = [], means: [T] = []
            var spread = [T](repeating: 0, count: x.count), scattered = spread
            for plane in 0..<(shape[0] * shape[1]) {
                for o in 0..<(oh * ow) {
                    var best: T?, place = 0, sum: T = 0, window: [Int] = []
                    for a in 0..<size.0 {
                        for b in 0..<size.1 {
                            let h = o / ow * stride.0 + a - pad.0, w = o % ow * stride.1 + b - pad.1
                            if h < 0 || h >= shape[2] || w < 0 || w >= shape[3] { continue }
                            let at = (plane * shape[2] + h) * shape[3] + w, v = x[at]
                            window.append(at)
                            sum += v
                            if best == nil || v > best! || (v.isNaN && !best!.isNaN) { best = v; place = at }
                        }
                    }
                    for at in window { spread[at] += d[largest.count] / area }
                    scattered[place] += d[largest.count]
                    largest.append(best!); places.append(place); means.append(sum / area)
                }
            }
            let what = "\(shape), windows \(size), stride \(stride), pad \(pad)"
            cases.add(largest, "largest of \(what)") { try Tensor.maxPool2d(t, size: size, stride: stride, pad: pad).values }
            cases.add(places.map { T($0) }, "places in \(what)") {
                let indices = try Tensor.maxPool2d(t, size: size, stride: stride, pad: pad).indices!
                return try tensor(of: (0..<places.count).map { T(indices[$0]) }, output)
            }
            cases.add(means, "mean of \(what)") { try Tensor.avgPool2d(t, size: size, stride: stride, pad: pad) }
            cases.add(spread, "gradient of the mean of \(what)") { try Tensor.avgPoolGradient(td, inputShape: shape, size: size, stride: stride, pad: pad) }
            let indices = try FlatIndices(places, sourceCount: x.count)
            cases.add(scattered, "gradient of the largest of \(what)") { try Tensor.maxPoolGradient(td, indices, inputShape: shape) }
            cases.add(largest, "gather from \(what)") { try Tensor.gather(t, indices, shape: output) }
        }
        try cases.compare("pooling, \(T.dtype)")
    }

    @Test func resampling() throws {
        try compareResampling(Float.self)
        try compareResampling(Double.self)
    }

    func compareResampling<T: Element>(_: T.Type) throws {
        var source = Source(5, special: true), cases = Cases()
        for i in 0..<testShapes {
            let (n, c, h, w) = (1 + source.upTo(3), 1 + source.upTo(3), 1 + source.upTo(9), 1 + source.upTo(9))
            let (rows, columns) = (1 + source.upTo(4), 1 + source.upTo(9)), places = rows * columns, isShared = i % 3 == 0, isNearest = i % 2 == 0
            let x = source.array(n * c * h * w, T.self), d = source.array(n * c * places, T.self)
            // Whole and half numbers, any others, and what is far outside or no number.
            let at: [T] = (0..<((isShared ? 1 : n) * places * 2)).map { _ in
                switch source.upTo(8) {
                case 0: return T(source.upTo(11) - 1)
                case 1: return T(source.upTo(20)) / 2 - 1
                case 2: return source.next(T.self) * 1e20
                default: return source.next(T.self) * 6 + 4
                }
            }
            var y: [T] = [], dx = [T](repeating: 0, count: x.count)
            for plane in 0..<(n * c) {
                for place in 0..<places {
                    let k = ((isShared ? 0 : plane / c * places) + place) * 2, r = at[k], s = at[k + 1]
                    var (tr, ts) = (r - r.rounded(.down), s - s.rounded(.down)), sum: T = -0.0, isInside = false
                    if isNearest { (tr, ts) = (tr >= 0.5 ? 1 : 0, ts >= 0.5 ? 1 : 0) }
                    for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        let p = r.rounded(.down) + T(a), q = s.rounded(.down) + T(b)
                        let weight = (a == 0 ? 1 - tr : tr) * (b == 0 ? 1 - ts : ts)
                        guard p >= 0, p <= T(h - 1), q >= 0, q <= T(w - 1), weight != 0 else { continue }
                        let pixel = (plane * h + Int(p)) * w + Int(q)
                        sum = T.fused(weight, x[pixel], sum)
                        dx[pixel] = T.fused(weight, d[y.count], dx[pixel])
                        isInside = true
                    }
                    y.append(r.isNaN || s.isNaN ? .nan : isInside ? sum : 0)
                }
            }
            let what = "\(n), \(c), \(h), \(w) at \(rows), \(columns), shared \(isShared), nearest \(isNearest)"
            let tx = try tensor(of: x, [n, c, h, w]), td = try tensor(of: d, [n, c, rows, columns])
            let tat = try tensor(of: at, (isShared ? [] : [n]) + [rows, columns, 2])
            cases.add(y, "resample \(what)") { try Tensor.resample(tx, tat, nearest: isNearest) }
            cases.add(dx, "gradient of resample \(what)") { try Tensor.resampleGradient(td, tat, inputShape: [n, c, h, w], nearest: isNearest) }
        }
        try cases.compare("resampling, \(T.dtype)")
    }
}
