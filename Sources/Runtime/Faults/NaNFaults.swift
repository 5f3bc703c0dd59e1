import Autodiff
import Syntax
import Tensors

// `nan_check(true)`: the first operation that makes a NaN or an infinity out of finite numbers is an error at its
// place in the text, forward or backward.
extension Op {
    /// What `fit` asks of its data.
    static let checkFinite: Operation = Operation("_check_finite(data)", .session,
        "With `nan_check(true)`, an error where the x or y of a data set holds a NaN or an infinity: what comes of it is nobody else's fault.",
        result: Results.nothing,
        forward: { c in
            guard c.interpreter.checksNaN else { return .none }
            let data = try c.record(0)
            for name in ["x", "y"] {
                guard let value = data[name], let found = Interpreter.unfinite(value) else { continue }
                let isTable = name == "x" && value.tensorShape?.count == 2
                throw Refusal.of(argument: "data", "`\(name)` of the data holds \(found)", kind: ErrorKind.value.rawValue,
                                 help: isTable ? "to keep the rows without, write `take(‹data›, all(isfinite(‹x of data›), axis=1))`" : nil)
            }
            return .none
        })
}

extension Interpreter {
    /// What in a value is a NaN or an infinity, and where.
    static func unfinite(_ value: Value) -> String? {
        firstUnfinite(value).map { unfiniteText(value, $0) + (value.tensorShape.map { $0.isEmpty } ?? true ? "" : " at \(position($0, value))") }
    }

    /// Checks the result of an operation that stands at a node, and notes its place for the way back.
    func checkNaN(_ result: Value, _ operands: [Value], _ name: String, _ n: NodePointer) throws {
        notePlace(result, n)
        guard let place = Self.firstUnfinite(result), operands.allSatisfy({ Self.firstUnfinite($0) == nil }) else { return }
        var error = Diagnostic(.value, "`\(name)` made \(Self.unfiniteText(result, place)) out of finite numbers")
        error.notes = whereItHappened(result, operands, place, n)
        error.help = Self.advice[name].map { [$0] } ?? []
        // The whole call is meant, not its argument.
        if n.pointee.op == .call { error.argument = .init(function: name, name: "") }
        throw error
    }

    /// Checks one step of a walk back.
    func checkGradient(_ step: Step) throws {
        guard let input = (0..<step.inputCount).first(where: { i in step.given(i).map { Self.firstUnfinite(Value($0)) != nil } ?? false }) else { return }
        let seen = [Value(step.cotangent.tensor), Value(step.output.tensor)] + (0..<step.inputCount).map { Value(step.input($0)) }
        guard seen.allSatisfy({ Self.firstUnfinite($0) == nil }), let operation = (step.rule as? Operation) else { return }
        let gradient = Value(step.given(input)!), place = Self.firstUnfinite(gradient)!
        let what = input < operation.parameters.count ? "`\(operation.parameters[input].name)`" : "its argument"
        var error = Diagnostic(.value, "the gradient of `\(operation.name)` with respect to \(what) is \(Self.unfiniteText(gradient, place) == "a NaN" ? "a NaN" : "infinite"), though its value is finite")
        error.notes = ["found going backward\(gradient.tensorShape.map { $0.isEmpty ? "" : ", at \(Self.position(place, gradient))" } ?? ""): the gradient of the operation underlined"]
        error.help = Self.gradientAdvice[operation.name].map { [$0] } ?? []
        guard let n = recordedPlace(step.serial) else { throw error }
        throw located(error, n)
    }

    /// Notes where the operation stands whose result this is.
    func notePlace(_ result: Value, _ n: NodePointer) {
        guard tape.isLive(result.serial) else { return }
        recordedPlaces.append((result.serial, n))
    }

    /// The user's text of a recorded operation: of the innermost one noted, at it or after it, outside the standard library.
    private func recordedPlace(_ serial: UInt64) -> NodePointer? {
        var low = 0, high = recordedPlaces.count
        while low < high {
            let middle = (low + high) / 2
            if recordedPlaces[middle].serial < serial { low = middle + 1 } else { high = middle }
        }
        return recordedPlaces[low...].first { !$0.node.pointee.source.takeUnretainedValue().isStandardLibrary }?.node
    }

    // MARK: Words

    /// The index of the first element that is a NaN or an infinity.
    private static func firstUnfinite(_ v: Value) -> Int? {
        switch v {
        case .number(let x), .scalar(let x, _): return x.isFinite ? nil : 0
        case .tensor(let t, _): return t.dtype == .bool ? nil : (0..<t.count).first { !t.element($0).isFinite }
        case .list(let l): return l.items.contains { firstUnfinite($0) != nil } ? 0 : nil
        case .record(let r): return r.values.contains { firstUnfinite($0) != nil } ? 0 : nil
        default: return nil
        }
    }

    private static func element(_ v: Value, _ i: Int) -> Double? {
        if case .tensor(let t, _) = v { return i < t.count ? t.element(i) : nil }
        return v.asDouble
    }

    private static func unfiniteText(_ v: Value, _ i: Int) -> String {
        (element(v, i) ?? .nan).isNaN ? "a NaN" : "an infinity"
    }

    private static func position(_ i: Int, _ v: Value) -> String {
        guard let shape = v.tensorShape, !shape.isEmpty else { return "its only element" }
        var rest = i, place: [Int] = []
        for d in shape.reversed() {
            place.insert(rest % d, at: 0)
            rest /= d
        }
        return shapeText(place)
    }

    /// The elements of the operands that met at the place of the result.
    private func whereItHappened(_ result: Value, _ operands: [Value], _ place: Int, _ n: NodePointer) -> [String] {
        let shape = result.tensorShape ?? []
        let nodes: [NodePointer] = n.pointee.op == .call ? (n.pointee.count > 0 ? [n.pointee.list[0]] : []) : [n.pointee.a, n.pointee.b]
        guard n.pointee.op != .matmul else { return [] }
        var parts: [String] = []
        for (operand, node) in zip(operands, nodes) {
            let text: String
            switch operand {
            case .number(let x): text = numberText(x)
            case .scalar(let x, let type): text = Self.scalarText(x, type)
            case .tensor(let t, _):
                guard let whole = t.rank == shape.count && t.shape == shape ? t : try? Tensor.broadcast(t, to: shape), whole.count > place else {
                    // A reduction has no place in its operand.
                    return t.count <= 1 ? ["\(Operand(node, "the operand").name) holds \(t.count == 0 ? "no element" : "one element alone")"] : []
                }
                text = Self.scalarText(whole.element(place), t.dtype)
            default: return []
            }
            parts.append("\(Operand(node, "the operand").name) is \(text)")
        }
        guard !parts.isEmpty else { return [] }
        return [(shape.isEmpty ? "" : "at \(Self.position(place, result)): ") + parts.joined(separator: ", ")]
    }

    /// How to keep the usual culprits finite.
    private static let advice = [
        "/": "keep the divisor away from 0, as in `‹x› / (‹y› + 1e-8)`", "//": "keep the divisor away from 0", "%": "keep the divisor away from 0",
        "log": "keep the argument above 0, as in `log(maximum(‹x›, 1e-12))`; for class scores `log_softmax(x)` and `cross_entropy` are exact",
        "sqrt": "keep the argument from falling below 0, as in `sqrt(maximum(‹x›, 0))`",
        "exp": "large arguments overflow: `softmax(‹x›)`, `logsumexp(‹x›)` and `sigmoid(‹x›)` do not", "^": "large powers overflow; a power of a negative number needs a whole exponent",
        "*": "numbers this large mean divergence: a smaller rate?", "@": "numbers this large mean divergence: a smaller rate?",
        "+": "numbers this large mean divergence: a smaller rate?", "-": "numbers this large mean divergence: a smaller rate?",
    ]
    private static let gradientAdvice = [
        "sqrt": "the slope of a root is infinite at 0: add a small number, as in `sqrt(‹x› + 1e-12)`", "log": "the slope of a logarithm is infinite at 0: add a small number, as in `log(‹x› + 1e-12)`",
        "/": "keep the divisor away from 0, as in `‹x› / (‹y› + 1e-8)`", "^": "the slope of x^p is infinite at 0 for p below 1: add a small number to x",
        "abs": "the absolute value has no slope at 0", "norm": "the norm has no slope at 0: add a small number, as in `sqrt(sum(‹x›^2) + 1e-12)`", "std": "the deviation of equal numbers has no slope: add a small number to the variance",
    ]
}
