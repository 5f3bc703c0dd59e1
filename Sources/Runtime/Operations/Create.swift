import Autodiff
import Syntax
import Tensors

// Makers of tensors with known elements, and conversions between element types.

extension Op {
    public static let zeros: Operation = Operation("zeros(shape...)", .create, "A tensor of zeros; the shape as arguments or as one list.",
        examples: [("zeros(3)", "[0, 0, 0]"), ("zeros([2, 2])", "[[0, 0],\n [0, 0]]")], seeAlso: ["ones", "full"], shape: Rules.sizes(0),
        forward: { c in Value(try Tensor.fill(try c.shape(0), 0, c.interpreter.defaultType)) })

    public static let ones: Operation = Operation("ones(shape...)", .create, "A tensor of ones; the shape as arguments or as one list.",
        examples: [("ones(3)", "[1, 1, 1]")], seeAlso: ["zeros", "full"], shape: Rules.sizes(0),
        forward: { c in Value(try Tensor.fill(try c.shape(0), 1, c.interpreter.defaultType)) })

    public static let full: Operation = Operation("full(shape..., value=none)", .create,
        "A tensor with one value everywhere; the shape as arguments or as one list, the value behind it or by its name.",
        examples: [("full(3, 7)", "[7, 7, 7]"), ("full(2, 2, value=7)", "[[7, 7],\n [7, 7]]"), ("full([2, 2], true)", "[[true, true],\n [true, true]]")],
        seeAlso: ["zeros", "ones", "expand"],
        shape: { _, arguments in
            guard arguments[1].isNone, case .list(let given) = arguments[0], given.items.count > 1 else { return try Rules.sizes(arguments[0]) }
            return try Rules.sizes(Value(list: given.items.dropLast()))
        },
        forward: { c in
            if c.isNone(1) {
                // The last argument is the value.
                guard case .list(let given) = c[0], given.items.count > 1 else {
                    throw Diagnostic(.type, "full needs a shape and a value", notes: ["it is `\(c.operation.signature)`"])
                }
                c.arguments[1] = given.items[given.items.count - 1]
                c.arguments[0] = Value(list: given.items.dropLast())
            }
            let shape = try c.shape(0)
            if case .number(let x) = c[1] { return Value(try Tensor.fill(shape, x, c.interpreter.defaultType)) }
            var value = try c.value(1)
            if try value.tensor().dtype == .number { value = try cast(value, Value(c.interpreter.defaultType.name)) }
            return try broadcastTo(value, Value(shape: shape))
        })

    public static let eye: Operation = Operation("eye(n, m=none)", .create, "The identity matrix [n, n], or [n, m] with ones on its diagonal.",
        examples: [("eye(2)", "[[1, 0],\n [0, 1]]")], seeAlso: ["diag", "zeros"],
        shape: { _, arguments in
            let n = try Rules.ints(arguments[0], "`n` of eye")
            return arguments[1].isNone ? n + n : try n + Rules.ints(arguments[1], "`m` of eye")
        },
        forward: { c in Value(try Tensor.eye(try c.size(0), try c.isNone(1) ? nil : c.size(1), c.interpreter.defaultType)) })

    public static let arange: Operation = Operation("arange(start, stop=none, step=1)", .create,
        "The numbers from start up to but not including stop, by step; with one argument from 0 up to it.",
        examples: [("arange(4)", "[0, 1, 2, 3]"), ("arange(1, 2, 0.25)", "[1, 1.25, 1.5, 1.75]")], seeAlso: ["linspace", "range"],
        result: Results.arange,
        forward: { c in
            let first = try c.double(0)
            let (start, stop) = try c.isNone(1) ? (0, first) : (first, c.double(1))
            return Value(try Tensor.arange(start, stop, try c.double(2), c.interpreter.defaultType))
        })

    public static let linspace: Operation = Operation("linspace(start, stop, count=50)", .create, "`count` numbers evenly spaced from start to stop, both included.",
        examples: [("linspace(0, 1, 5)", "[0, 0.25, 0.5, 0.75, 1]")], seeAlso: ["arange"],
        shape: { _, arguments in try Rules.ints(arguments[2], "`count` of linspace") },
        forward: { c in Value(try Tensor.linspace(try c.double(0), try c.double(1), try c.size(2), c.interpreter.defaultType)) })

    public static let tensor: Operation = Operation("tensor(x)", .create,
        "A list, a range or nested lists as a tensor; a number as a 0-d tensor of the default type. A tensor stays as it is.",
        examples: [("tensor((1, 2, 3))", "[1, 2, 3]"), ("shape(tensor(0..<5))", "(5,)")], seeAlso: ["f32", "f64", "bool"], shape: Rules.same,
        forward: { c in
            try refuseText(c)
            let x = try c.value(0)
            return try x.tensor().dtype == .number ? cast(x, Value(c.interpreter.defaultType.name)) : x
        })

    /// Text is no number; `number` reads it.
    private static func refuseText(_ c: Call) throws {
        if case .string = c[0] {
            throw Diagnostic(.type, "\(c.operation.name) takes numbers, got \(c[0].described)", help: ["`number(\"1.5\")` reads a number from text"])
        }
    }

    /// A conversion to floats; lists are stacked in the target type, so that no digit is lost on the way.
    private static func conversion(_ type: DType, _ documentation: String, _ examples: [Operation.Example], _ seeAlso: [String]) -> Operation {
        Operation("\(type.name)(x)", .create, documentation, examples: examples, seeAlso: seeAlso, shape: Rules.same,
            forward: { c in
                try refuseText(c)
                let usual = c.interpreter.defaultType
                c.interpreter.defaultType = type
                defer { c.interpreter.defaultType = usual }
                return try cast(c.value(0), Value(type.name))
            })
    }

    public static let f32: Operation = conversion(.f32, "The same elements as 32-bit floats, rounded to nearest; differentiable.",
                                       [("f32(0.1) == 0.1", "true"), ("f32([true, false])", "[1, 0]")], ["f64", "precision", "tensor"])
    public static let f64: Operation = conversion(.f64, "The same elements as 64-bit floats; differentiable. Digits that 32 bits had rounded away do not come back.",
                                       [("f64(1) / 3", "0.3333333333333333")], ["f32", "precision", "tensor"])

    public static let bool: Operation = Operation("bool(x)", .create, "False where an element is 0, true elsewhere (nan too): a bool of a number, a bool tensor of a tensor.",
        examples: [("bool([0, 1, 2])", "[false, true, true]"), ("bool(0)", "false")], seeAlso: ["f32", "where"], shape: Rules.same,
        forward: { c in
            switch c[0] {
            case .bool: return c[0]
            case .number(let x): return .bool(x != 0)
            default:
                try refuseText(c)
                let t = try c.tensor(0)
                return t.dtype == .number ? .bool(t.element(0) != 0) : Value(try Tensor.convert(t, to: .bool))
            }
        })

    static let creation: [Operation] = [zeros, ones, full, eye, arange, linspace, tensor, f32, f64, bool]
}
