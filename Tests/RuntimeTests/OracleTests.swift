import Foundation
import Runtime
import Testing

/// PyTorch's values and gradients, to 1e-10 in f64 and 1e-5 in f32: max|a−b| ≤ tol·max(1, max|b|).
@Suite struct OracleTests {
    struct Array: Decodable {
        var shape: [Int]
        var data: [Double]
        /// The tensor as a program writes it.
        func text(_ type: String) -> String {
            let list = data.map { "\($0)" }.joined(separator: ", ")
            return shape.isEmpty ? "\(type)(\(list))" : "reshape(\(type)([\(list)]), [\(shape.map(String.init).joined(separator: ", "))])"
        }
    }

    struct Case: Decodable, CustomStringConvertible {
        var op: String
        var args: [String: JSON]
        var inputs: [String: Array]
        var output: Array
        var cotangent: Array?
        var gradients: [String: Array]?
        var description: String { "\(op) \(args.keys.sorted()) \(inputs.keys.sorted())" }
    }

    enum JSON: Decodable {
        case number(Double), bool(Bool), string(String), list([JSON]), null
        init(from decoder: Decoder) throws {
            let c = try decoder.singleValueContainer()
            if c.decodeNil() { self = .null } else if let b = try? c.decode(Bool.self) { self = .bool(b) } else if let x = try? c.decode(Double.self) { self = .number(x) } else if let s = try? c.decode(String.self) { self = .string(s) } else { self = .list(try c.decode([JSON].self)) }
        }
        var text: String {
            switch self {
            case .number(let x): x == x.rounded() && abs(x) < 1e15 ? "\(Int(x))" : "\(x)"
            case .bool(let b): "\(b)"
            case .string(let s): "\"\(s)\""
            case .list(let l): "[\(l.map(\.text).joined(separator: ", "))]"
            case .null: "none"
            }
        }
    }

    static let cases: [(file: String, cases: [Case])] = ["conv_pool", "elementwise", "linalg", "norm_loss", "reduce_shape"].map { name in
        let data = try! Data(contentsOf: testsFolder("Oracle/\(name).json"))
        return (name, try! JSONDecoder().decode([Case].self, from: data))
    }

    /// The case as an expression of the language over the fields of `r`.
    private func expression(_ c: Case, _ field: (String) -> String) -> String {
        let a = field("a"), b = field("b")
        let keywords = c.args.keys.sorted().filter { !(c.op == "batch_norm" && $0 == "training") && !(c.op == "pad" && $0 == "pad") }
            .map { ", \($0)=\(c.args[$0]!.text)" }.joined()
        switch c.op {
        case "add": return "\(a) + \(b)"
        case "sub": return "\(a) - \(b)"
        case "mul": return "\(a) * \(b)"
        case "div": return "\(a) / \(b)"
        case "pow": return "\(a) ^ \(b)"
        case "matmul": return "\(a) @ \(b)"
        case "transpose": return "\(field("x"))'"
        case "gather_rows": return "\(field("x"))[\(field("i"))]"
        case "eigh_values": return "eigh(\(field("A"))).values"
        case "svd_values": return "svd(\(field("A"))).values"
        case "maximum", "minimum": return "\(c.op)(\(a), \(b))"
        case "concat", "stack": return "\(c.op)(\(a), \(b)\(keywords))"
        case "pad": return "pad(\(field("x")), \(c.args["pad"]!.text))"
        case "reshape": return "reshape(\(field("x")), \(c.args["shape"]!.text))"
        case "permute": return "permute(\(field("x")), \(c.args["axes"]!.text))"
        default:
            let order = ["x", "u", "p", "logits", "A", "w", "W", "q", "gamma", "beta", "b", "y", "labels", "mean", "var"]
            let names = order.filter { c.inputs[$0] != nil }
            return "\(c.op)(\(names.map(field).joined(separator: ", "))\(keywords))"
        }
    }

    private func check(_ c: Case, type: String, tolerance: Double) throws {
        try TestSession.with { session -> Result<Void, Error> in
            Result {
                let differentiable = (c.gradients ?? [:]).keys.sorted()
                var program = "precision(\(type))\n"
                for (name, array) in c.inputs.sorted(by: { $0.key < $1.key }) { program += "in_\(name) = \(array.text(type))\n" }
                _ = try session.value(program)
                let output = try session.value(expression(c) { "in_\($0)" }) ?? .none
                try compare(output, c.output, tolerance, "\(c.op): output")
                guard !differentiable.isEmpty, let cotangent = c.cotangent else { return }
                _ = try session.value("cotangent = \(cotangent.text(type))")
                let inside = expression(c) { differentiable.contains($0) ? "r.\($0)" : "in_\($0)" }
                let record = differentiable.map { "\($0): in_\($0)" }.joined(separator: ", ")
                _ = try session.value("grads = grad(r => sum((\(inside)) * cotangent))({\(record)})")
                for name in differentiable {
                    try compare(try session.value("grads.\(name)") ?? .none, c.gradients![name]!, tolerance, "\(c.op): gradient of \(name)")
                }
            }
        }.get()
    }

    struct Mismatch: Error, CustomStringConvertible { var description: String }

    private func compare(_ value: Value, _ expected: Array, _ tolerance: Double, _ what: String) throws {
        let tensor = try value.tensor()
        guard tensor.shape == expected.shape else { throw Mismatch(description: "\(what): shape \(tensor.shape), expected \(expected.shape)") }
        let scale = max(1, expected.data.map(abs).max() ?? 1)
        for (i, y) in expected.data.enumerated() {
            let x = tensor.element(i)
            guard abs(x - y) <= tolerance * scale else { throw Mismatch(description: "\(what)[\(i)]: \(x), expected \(y)") }
        }
    }

    @Test(arguments: cases.flatMap(\.cases))
    func agreesInF64(_ c: Case) throws { try check(c, type: "f64", tolerance: 1e-10) }

    @Test(arguments: cases.flatMap(\.cases))
    func agreesInF32(_ c: Case) throws { try check(c, type: "f32", tolerance: 1e-5) }
}
