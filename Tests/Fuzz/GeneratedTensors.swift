// Expressions for tensors of a given shape.
extension Generator {
    mutating func tensor(_ shape: [Int]) -> String {
        let x = Form.tensor(shape)
        switch dice.below(26) {
        case 0...3: return "(\(expression(x)) \(dice.pick(["+", "-", "*", "/", "%", "//"])) \(broadcast(shape)))"
        case 4: return "(\(broadcast(shape)) \(dice.pick(["+", "-", "*"])) \(expression(x)))"
        case 5: return "(\(expression(x)) ^ \(dice.pick(["2", "0.5", "-1", "3"])))"
        case 6, 7: return "\(value(.elementwise))(\(expression(x)))"
        case 8: return "-\(expression(x))"
        case 9 where shape.count == 2:
            let inner = dice.among(1...4)
            return "(\(expression(.tensor([shape[0], inner]))) @ \(expression(.tensor([inner, shape[1]]))))"
        case 9 where shape.count == 1: return "(\(expression(.tensor([shape[0], 3]))) @ \(expression(.tensor([3]))))"
        case 10 where shape.count >= 2:
            var turned = shape
            turned.swapAt(turned.count - 1, turned.count - 2)
            return "(\(expression(.tensor(turned))))'"
        case 11:
            let axis = dice.below(shape.count + 1)
            var more = shape
            more.insert(dice.among(1...3), at: axis)
            return "\(dice.pick(["sum", "mean", "max", "min", "prod", "norm", "var", "std", "logsumexp", "median"]))(\(expression(.tensor(more))), \(axis))"
        case 12:
            var longer = shape
            longer[0] += dice.among(0...2)
            return "(\(expression(.tensor(longer))))[\(dice.pick([":\(shape[0])", "0:\(shape[0])", ":\(shape[0]):1"]))]"
        case 13: return "(\(expression(.tensor([dice.among(1...3)] + shape))))[\(dice.pick(["0", "-1"]))]"
        case 14: return "where(\(expression(x)) > \(expression(.number)), \(expression(x)), \(broadcast(shape)))"
        case 15: return "reshape(\(expression(.tensor([shape.reduce(1, *)]))), \(shape.map(String.init).joined(separator: ", ")))"
        case 16: return "clip(\(expression(x)), -1, \(expression(.number)))"
        case 17 where shape[0] > 1 && shape[0] < 6: return "concat(\(expression(.tensor([1] + shape.dropFirst()))), \(expression(.tensor([shape[0] - 1] + shape.dropFirst()))))"
        case 17 where shape[0] > 0 && shape[0] < 5: return "stack(" + commas(shape[0]) { $0.expression(shape.count > 1 ? .tensor(Array(shape.dropFirst())) : .number) } + ")"
        case 18 where shape.count == 1: return "[\(withName("i", .count) { $0.expression(.number) }) for i in 0..<\(shape[0])]"
        case 18 where shape.count == 2: return "[row * 2 for row in \(expression(x))]"
        case 19: return "grad(x => sum(\(value(.elementwise))(x)))(\(expression(x)))"
        case 20: return "\(dice.pick(["maximum", "minimum"]))(\(expression(x)), \(broadcast(shape)))"
        case 21: return "(\(expression(x)) |> \(expression(.elementwise)))"
        case 22 where shape.count == 2: return "dense(\(shape[1]))(\(expression(.tensor([shape[0], dice.among(1...4)]))))"
        case 22 where shape == [3]: return "\(value(.record)).v"
        case 23: return "\(dice.pick(["roll", "tile"]))(\(expression(x)), \(dice.pick(["1", "1"])))"
        case 24 where shape.count == 2 && shape[1] == 2: return "\(value(.network))(\(expression(.tensor([shape[0], 3]))))"
        case 25: return "\(dice.pick(["softmax", "cumsum", "sort", "argsort", "flip"]))(\(expression(x)))"
        default: return atom(x)
        }
    }

    /// A tensor or number that broadcasts to a shape.
    private mutating func broadcast(_ shape: [Int]) -> String {
        switch dice.below(5) {
        case 0: return expression(.number)
        case 1 where shape.count > 1: return expression(.tensor(Array(shape.dropFirst())))
        case 2: return expression(.tensor(shape.map { dice.chance(50) ? 1 : $0 }))
        default: return expression(.tensor(shape))
        }
    }
}
