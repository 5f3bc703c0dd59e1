import Tensors

// What the prompt shows of a value: as it prints, but large things in brief, and networks as trees.
extension Interpreter {
    /// A large tensor by its shape, range, mean, standard deviation and corners; a long list by its ends; a network by its
    /// layers and the shapes of their parameters; everything else as `print` shows it.
    public func briefEcho(_ value: Value) -> String {
        isBrief = true
        valuesToShow = Self.mostValues
        defer { isBrief = false }
        switch value {
        case .tensor(let t, _) where t.count > Self.largeTensor: return largeTensor(t)
        case .object(let o):
            let lines = tree(o, "", 0)
            return lines.isEmpty ? echo(value) : ([echo(value)] + lines + [parameterCount(value)]).joined(separator: "\n")
        default: return echo(value)
        }
    }

    /// A list of many items by its ends.
    func briefList(_ l: List, _ depth: Int, _ column: Int) -> String {
        let items = (l.items.prefix(3) + l.items.suffix(1)).map { written($0, depth: depth + 1, column: column + 1) }
        let room = host.width() - column
        // As many of the first as fit into the line, one at least.
        for first in [3, 2, 1] {
            let parts = items[..<first] + ["...", items[3]]
            let line = "(\(parts.joined(separator: ", ")))"
            guard line.count < room || first == 1 else { continue }
            return (line.count < room || line.contains("\n") ? line : filled(Array(parts), column)) + (depth == 0 ? "  # \(l.items.count) items" : "")
        }
        return ""
    }

    /// Elements from which on a tensor is shown by its corners at the prompt.
    private static let largeTensor = 200
    /// Values, nested ones counted, after which the prompt shows no more.
    private static let mostValues = 1000
    /// How deep in each other it shows values.
    static let mostLevels = 20
    /// Items from which on a list is shown by its ends at the prompt.
    static let longList = 20

    private func largeTensor(_ t: Tensor) -> String {
        var line = "\(t.dtype.name) [\(t.shape.map(String.init).joined(separator: ", "))]"
        if t.dtype == .bool {
            line += ", \((0..<t.count).reduce(0) { $0 + Int(t.u8[$1]) }) true"
        } else {
            var low = Double.infinity, high = -Double.infinity, sum = 0.0, square = 0.0, finite = 0
            for i in 0..<t.count {
                let x = t.element(i)
                guard x.isFinite else { continue }
                (low, high, sum, finite) = (min(low, x), max(high, x), sum + x, finite + 1)
            }
            let mean = sum / Double(finite)
            for i in 0..<t.count where t.element(i).isFinite { square += (t.element(i) - mean) * (t.element(i) - mean) }
            let text = { (x: Double) in (try? Tensors.formatted(x, spec: ".4g")) ?? "" }
            if finite > 0 { line += ", \(text(low)) to \(text(high)), mean \(text(mean)), sd \(text((square / Double(finite)).squareRoot()))" }
            if finite < t.count { line += ", \(t.count - finite) not finite" }
        }
        guard t.rank > 2, let first = firstMatrix(t) else { return line + "\n" + Tensor.description(of: t, width: host.width(), most: Self.largeTensor) }
        return line + "\n[\(String(repeating: "0, ", count: t.rank - 2)):, :] is\n" + Tensor.description(of: first, width: host.width(), most: Self.largeTensor)
    }

    /// The matrix at the beginning of a tensor of higher rank.
    private func firstMatrix(_ t: Tensor) -> Tensor? {
        var matrix: Tensor? = t
        while let m = matrix, m.rank > 2 { matrix = try? Tensor.row(m, 0) }
        return matrix
    }

    /// The lines of an object's parameters and of the layers in its fields; empty for an object that has neither.
    private func tree(_ o: Object, _ indent: String, _ depth: Int) -> [String] {
        guard depth < 20 else { return [] }
        let inner = indent + "  "
        if let stages = o.stages {
            return stages.enumerated().flatMap { i, stage -> [String] in
                guard case .object(let layer) = stage else { return ["\(inner)\(i)  \(plainName(stage))"] }
                return branch("\(inner)\(i)  ", layer, depth)
            }
        }
        var lines: [String] = []
        for (i, field) in o.declaration.fields.enumerated() {
            switch o[field: i] {
            case .object(let layer)?: lines += branch("\(inner)\(field.name)  ", layer, depth)
            case .list(let l)?:
                for (k, item) in l.items.enumerated() { if case .object(let layer) = item { lines += branch("\(inner)\(field.name).\(k)  ", layer, depth) } }
            default: break
            }
        }
        if depth == 0, !own(o).isEmpty { lines.insert("\(inner)\(own(o))", at: 0) }
        return lines
    }

    /// A layer's line, with its own parameters, and the lines below it.
    private func branch(_ label: String, _ layer: Object, _ depth: Int) -> [String] {
        let indent = String(label.prefix { $0 == " " })
        let name = layer.stages == nil ? echo(.object(layer)) : "chain"
        return [label + name + (own(layer).isEmpty ? "" : "  " + own(layer))] + tree(layer, indent, depth + 1)
    }

    /// `W [32, 64], b [32]`: the tensors among an object's own parameters.
    private func own(_ o: Object) -> String {
        o.declaration.fields.enumerated().compactMap { i, field -> String? in
            guard field.role == .param else { return nil }
            guard let value = o[field: i] else { return "\(field.name) not made yet" }
            guard let shape = value.tensorShape else { return nil }
            return "\(field.name) [\(shape.map(String.init).joined(separator: ", "))]"
        }.joined(separator: ", ")
    }

    private func plainName(_ value: Value) -> String {
        if case .function(let f) = value { return f.name }
        return echo(value)
    }

    private func parameterCount(_ model: Value) -> String {
        let count = (try? parameters(of: model))?.reduce(0) { $0 + ($1.value.tensorShape?.reduce(1, *) ?? 1) } ?? 0
        return "  \(count) parameter\(count == 1 ? "" : "s")"
    }
}
