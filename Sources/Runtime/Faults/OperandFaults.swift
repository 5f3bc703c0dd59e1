import Syntax
import Tensors

// Errors of binary operators: the operator and its operands underlined, each named by its own text with its shape,
// and a mend that would run. A mend is the whole operation written anew: what stands underlined may be replaced by it.
extension Interpreter {
    /// An error of a binary operator (nil: the matrix product).
    func operandError(_ error: Error, _ n: NodePointer, _ a: Value, _ b: Value, _ op: BinaryOperation?) -> Error {
        if error is ControlSignal || error is ExitRequest { return error }
        var diagnostic = diagnosed(error)
        guard diagnostic.source == nil else { return diagnostic }
        diagnostic.source = n.pointee.source.takeUnretainedValue()
        let left = Operand(n.pointee.a, "the left operand"), right = Operand(n.pointee.b, "the right operand")
        let symbol = op.map { Self.symbol($0) } ?? "@"
        let offset = n.pointee.source.takeUnretainedValue().skippingSpaces(from: n.pointee.place)
        // `x += y` is `x = x + y` to the evaluator, but not to its reader.
        let isUpdate = ["+", "-", "*", "/"].contains(symbol) && n.pointee.source.takeUnretainedValue().text(of: Span(offset, offset + 2)) == symbol + "="
        let operation = OperationText(left: left, right: right, symbol: symbol, isUpdate: isUpdate)
        diagnostic.span = Span(offset, offset + Int32(operation.written.utf8.count))
        diagnostic.marks = [left.span, right.span]
        if diagnostic.kind == ErrorKind.type.rawValue, op == nil, !takesPart(a) || !takesPart(b) {
            // What `matmul` says speaks of its parameters.
            diagnostic.message = Self.notTaken("@", a, b)
            diagnostic.help = []
        }
        if isUpdate, diagnostic.message.hasPrefix("`\(symbol)`") { diagnostic.message = "`\(operation.written)`" + diagnostic.message.dropFirst(symbol.utf8.count + 2) }
        // What advice calls x and y.
        diagnostic.fillHelp { name, isPostfixed in
            let operand: Operand? = name == "x" ? left : name == "y" ? right : nil
            return operand.map { isPostfixed ? $0.postfixed : $0.operand }
        }
        if diagnostic.kind == ErrorKind.shape.rawValue, let x = sizes(of: a), let y = sizes(of: b) {
            diagnostic.message = "shapes do not fit"
            let shapes = "\(left.name) is \(shapeText(x)), \(right.name) is \(shapeText(y))"
            if op != nil {
                diagnostic.notes = ["\(shapes): `\(operation.written)` needs equal sizes, or 1, counted from the last axis"]
                diagnostic.help = cutSlice(n.pointee.a, x, y).map { [$0] } ?? cutSlice(n.pointee.b, y, x).map { [$0] }
                    ?? broadcastMends(x, y, left, right, operation.written).filter { !isUpdate || $0.contains("`\(left.operand) \(operation.written)") }
            } else if x.isEmpty || y.isEmpty {
                diagnostic.notes = ["\(shapes): `@` needs vectors or matrices"]
                diagnostic.help = ["`*` multiplies by a number: write `\(left.factor) * \(right.factor)`"]
            } else {
                let inner = x[x.count - 1], outer = y[max(0, y.count - 2)]
                diagnostic.notes = [inner == outer ? "\(shapes): `@` needs the axes before the last two to be equal, or 1"
                                        : "\(shapes): `@` needs \(inner) and \(outer) to be equal"]
                diagnostic.help = inner == outer ? [] : productMends(x, y, left, right)
            }
        } else if diagnostic.kind == ErrorKind.type.rawValue, [a, b].contains(where: { if case .list = $0 { true } else { false } }) {
            // A list that does not stack: how lists are written is no help here.
            diagnostic.help = kindMends(a, b, operation)
        } else if diagnostic.kind == ErrorKind.type.rawValue, diagnostic.help.isEmpty {
            diagnostic.help = isUpdate ? unsetMend(n.pointee.a, a) ?? kindMends(a, b, operation) : kindMends(a, b, operation)
        }
        return diagnostic
    }

    /// The message of an operator that does not take values of these kinds.
    static func notTaken(_ symbol: String, _ a: Value, _ b: Value) -> String { "`\(symbol)` does not take \(a.described) and \(b.described)" }

    /// Whether a value is a tensor to `@`, or a list that may stack to one.
    private func takesPart(_ value: Value) -> Bool {
        switch value {
        case .tensor, .number, .scalar, .bool, .list, .range: true
        default: false
        }
    }

    /// What to write for `count += 1` where count is only the built-in function.
    private func unsetMend(_ n: NodePointer, _ value: Value) -> [String]? {
        guard case .function = value, n.pointee.op == .global, prelude.has(n.pointee.name) else { return nil }
        let name = n.pointee.name
        return ["`\(name)` is still the built-in function: set it first, `\(name) = …`"]
    }

    /// A slice that is shorter than the other operand where it was cut off at the edge, as a window that runs over it.
    private func cutSlice(_ n: NodePointer, _ shape: [Int], _ other: [Int]) -> String? {
        guard n.pointee.op == .index, shape.count == other.count, Int(n.pointee.count) <= shape.count else { return nil }
        for axis in 0..<Int(n.pointee.count) where shape[axis] < other[axis] {
            let part = n.pointee.list[axis]
            guard (0..<axis).allSatisfy({ [.slice, .range].contains(n.pointee.list[$0].pointee.op) }), part.pointee.op == .slice,
                  let start = part.pointee.a, let end = part.pointee.b else { return nil }
            let text = part.pointee.text
            if start.pointee.op == .number, end.pointee.op == .number {
                // `0:3` of an axis of two.
                guard start.pointee.number >= 0, Int(exactly: end.pointee.number - start.pointee.number) == other[axis] else { continue }
            } else {
                // `i:i+3`, `i:i+k`
                guard end.pointee.op == .add, let from = end.pointee.a, let length = end.pointee.b, from.pointee.text == start.pointee.text else { continue }
                guard length.pointee.op == .number else { return "a slice ends at the edge: does `\(text)` reach beyond it?" }
                guard Int(exactly: length.pointee.number) == other[axis] else { continue }
            }
            return "a slice ends at the edge: `\(text)` reaches beyond it, where only \(shape[axis]) of \(other[axis]) are left"
        }
        return nil
    }

    /// The error of `assert a == b` where the shapes differ: there nothing is broadcast.
    func unequalSides(_ n: NodePointer, _ x: [Int], _ y: [Int]) -> Diagnostic {
        let left = Operand(n.pointee.a, "the left side"), right = Operand(n.pointee.b, "the right side")
        let offset = n.pointee.place
        var help: [String] = []
        if x == y + [1] { help = ["write `\(left.postfixed)[\(String(repeating: ":, ", count: y.count))0] == \(right.operand)`"] }
        if y == x + [1] { help = ["write `\(left.operand) == \(right.postfixed)[\(String(repeating: ":, ", count: x.count))0]`"] }
        return Diagnostic(.shape, "`assert` compares equal shapes", source: n.pointee.source.takeUnretainedValue(), span: Span(offset, offset + 2),
                          marks: [left.span, right.span], notes: ["\(left.name) is \(shapeText(x)), \(right.name) is \(shapeText(y))"], help: help)
    }

    /// The shape of what an operator took as a tensor; nil for anything else.
    private func sizes(of value: Value) -> [Int]? {
        switch value {
        case .tensor(let t, _): t.shape
        case .number, .scalar: []
        case .list, .range: (try? stacked(value, what: ""))?.tensorShape
        default: nil
        }
    }

    /// An error of `for x in n`.
    func notGoneThrough(_ error: Error, _ n: NodePointer, _ value: Value) -> Diagnostic {
        var diagnostic = located(error, n)
        guard diagnostic.help.isEmpty else { return diagnostic }
        let operand = Operand(n, "n")
        switch value {
        case .number, .scalar: diagnostic.help = ["to count, write `0..<\(operand.postfixed)`, or `1..\(operand.postfixed)` to its end"]
        case .object(let o) where o.declaration.field("x") == nil: diagnostic.help = ["its parameters are `params(\(operand.text))`"]
        default: break
        }
        return diagnostic
    }

    /// An error of `x'`.
    func transposeError(_ error: Error, _ n: NodePointer, _ x: Value) -> Diagnostic {
        var diagnostic = located(error, n)
        if case .function = x { diagnostic.help = ["for the derivative, write `grad(\(Operand(n.pointee.a, "f").text))`"] }
        return diagnostic
    }

    // MARK: Matrix products

    private func productMends(_ x: [Int], _ y: [Int], _ left: Operand, _ right: Operand) -> [String] {
        let inner = x[x.count - 1]
        switch (x.count, y.count) {
        case (2, 2):
            if x[1] == y[1] {
                // Both hold features in their columns: the data stand in rows, the weights on the right.
                return left.isWeight && !right.isWeight ? ["for a batch in rows, write `\(right.factor) @ \(left.transposed)`"]
                    : ["write `\(left.factor) @ \(right.transposed)`"]
            }
            if x[0] == y[1] { return ["write `\(right.factor) @ \(left.factor)`"] }
            // Weights that do not fit have the wrong size; data that do not fit are turned.
            if right.isWeight, !left.isWeight { return ["with \(left.name) as it is, \(right.name) must be [\(inner), \(y[1])]"] }
            if x[0] == y[0] { return ["write `\(left.transposed) @ \(right.factor)`"] }
            if left.isWeight, !right.isWeight {
                return ["for a batch in rows, write `\(right.factor) @ \(left.transposed)` (then \(left.name) must be [\(x[0]), \(y[1])])"]
            }
            return ["with \(left.name) as it is, \(right.name) must be [\(inner), \(y[1])]"]
        case (2, 1):
            if x[0] == y[0], !right.isWeight { return ["write `\(left.transposed) @ \(right.factor)`"] }
            return ["\(right.name) needs one number for each of the \(inner) columns of \(left.name): [\(inner)]"]
        case (1, 2):
            if inner == y[1] { return ["write `\(right.factor) @ \(left.factor)`"] }
            return ["\(left.name) needs one number for each of the \(y[0]) rows of \(right.name): [\(y[0])]"]
        case (1, 1): return ["two vectors need one length; for all products of their elements write `outer(\(left.text), \(right.text))`"]
        case (3..., 2):
            let features = x.dropFirst().reduce(1, &*)
            if features == y[0] { return ["write `flatten(\(left.text)) @ \(right.factor)`"] }
            if features == y[1] { return ["write `flatten(\(left.text)) @ \(right.transposed)`"] }
            if inner == y[1] { return ["write `\(left.factor) @ \(right.transposed)`"] }
            return ["`flatten(\(left.text))` makes rows of what is behind the first axis: [\(x[0]), \(features)]"]
        default:
            if y.count >= 2, y[y.count - 1] == inner, x.count >= 2 {
                return y.count == 2 ? ["write `\(left.factor) @ \(right.transposed)`"]
                    : ["write `\(left.factor) @ \(right.transposed)`, which transposes the last two axes"]
            }
            return []
        }
    }

    // MARK: Elementwise

    private func broadcastMends(_ x: [Int], _ y: [Int], _ left: Operand, _ right: Operand, _ symbol: String) -> [String] {
        let count = x.reduce(1, &*), other = y.reduce(1, &*)
        func rewritten(_ l: String, _ r: String) -> String { "`\(l) \(symbol) \(r)`" }
        // The vector's one place among the other operand's axes.
        func place(_ size: Int, _ shape: [Int]) -> Int? {
            let places = shape.indices.filter { shape[$0] == size }
            return places.count == 1 || places.first == 0 ? places.first : nil
        }
        func axis(_ i: Int) -> String { i == 0 ? "row" : i == 1 ? "channel" : "entry of axis \(i)" }
        if y.count == 1, x.count > 1, let i = place(y[0], x) {
            let added = String(repeating: ", none", count: x.count - 1 - i)
            return ["to use one number for each \(x.count == 2 ? "row" : axis(i)), write \(rewritten(left.operand, "\(right.postfixed)[:\(added)]"))"]
        }
        if x.count == 1, y.count > 1, let i = place(x[0], y) {
            let added = String(repeating: ", none", count: y.count - 1 - i)
            return ["to use one number for each \(y.count == 2 ? "row" : axis(i)), write \(rewritten("\(left.postfixed)[:\(added)]", right.operand))"]
        }
        if x.count == 2, y.count == 1 { return ["\(right.name) needs one number for each column, [\(x[1])], or for each row, [\(x[0]), 1]"] }
        if x.count == 1, y.count == 2 { return ["\(left.name) needs one number for each column, [\(y[1])], or for each row, [\(y[0]), 1]"] }
        if x.count == 2, y.count == 2 {
            if symbol == "*" {
                if x[1] == y[0] { return ["for the matrix product, write `\(left.factor) @ \(right.factor)`"] }
                if x[1] == y[1] { return ["for the matrix product, write `\(left.factor) @ \(right.transposed)`"] }
                if x[0] == y[0] { return ["for the matrix product, write `\(left.transposed) @ \(right.factor)`"] }
            }
            if x[0] == y[1], x[1] == y[0] { return ["write \(rewritten(left.operand, right.transposed))"] }
            if x[1] == y[1] { return ["for every pair of rows, write \(rewritten("\(left.postfixed)[:, none]", right.operand)): [\(x[0]), \(y[0]), \(x[1])]"] }
        }
        if count == other, x.count != y.count {
            if x.count > 2, y.count == 2, x[0] == y[0] { return ["write \(rewritten("flatten(\(left.text))", right.operand))"] }
            if y.count > 2, x.count == 2, x[0] == y[0] { return ["write \(rewritten(left.operand, "flatten(\(right.text))"))"] }
            return ["write \(rewritten(left.operand, "reshape(\(right.text), \(x.map(String.init).joined(separator: ", ")))"))"]
        }
        if x.count == 1, y.count == 1, ["+", "-", "*", "/", "^", "%", "//"].contains(symbol) {
            return ["for every pair of elements, write \(rewritten("\(left.postfixed)[:, none]", right.operand)): [\(x[0]), \(y[0])]"]
        }
        return []
    }

    // MARK: Kinds

    /// The one penalty for the sum of `l1(…)` and `l2(…)`.
    private func elasticNet(_ x: Object, _ y: Object) -> String? {
        guard x.declaration.isFromStandardLibrary, y.declaration.isFromStandardLibrary else { return nil }
        let pair = [x, y].sorted { $0.declaration.name < $1.declaration.name }
        guard pair.map(\.declaration.name) == ["l1", "l2"] else { return nil }
        let strengths = pair.map { o in o.declaration.field("strength").flatMap { o[field: $0]?.asDouble }.map(numberText) ?? "…" }
        return "elastic(\(strengths.joined(separator: ", ")))"
    }

    /// What may stand behind a layer in a chain.
    private func isStage(_ value: Value) -> Bool {
        switch value {
        case .function: true
        case .object(let o): o.declaration.isLayer
        default: false
        }
    }

    /// What to write where the operator does not take these kinds of values.
    private func kindMends(_ a: Value, _ b: Value, _ operation: OperationText) -> [String] {
        let left = operation.left, right = operation.right, symbol = operation.symbol
        switch (a, b) {
        case (.list, .list) where symbol == "+":
            return ["lists are joined by `\(operation.isUpdate ? "\(left.text) = " : "")concat(\(left.text), \(right.text))`"]
        case (.record(let x), .record(let y)) where x.keys == y.keys && (symbol == "+" || symbol == "-"): return []
        case (.string, _) where symbol == "%": return ["write values into a string by `\"loss: {loss:.4f}\"`"]
        case (.string, .number), (.string, .scalar), (.string, .bool), (.string, .tensor), (.string, .list), (.string, .none):
            if symbol == "+" { return ["write `\(operation.text(left.text, "string(\(right.text))"))`, or the value in braces: `\"… {\(right.text)}\"`"] }
            if ["-", "/", "<", ">", "<=", ">="].contains(symbol) { return ["a number of it: write `\(operation.text("number(\(left.text))", right.operand))`"] }
        case (.number, .string), (.scalar, .string), (.bool, .string), (.tensor, .string), (.list, .string):
            if symbol == "+" { return ["write `\(operation.text("string(\(left.text))", right.text))`, or the value in braces: `\"{\(left.text)} …\"`"] }
            if ["-", "/", "<", ">", "<=", ">="].contains(symbol) { return ["a number of it: write `\(operation.text(left.operand, "number(\(right.text))"))`"] }
        case (.object(let net), .record) where net.declaration.isLayer && (symbol == "-" || symbol == "+"):
            // A step along a gradient.
            return ["a network is changed by `update`: write `update(\(left.text), (w, g) => w \(symbol) g, \(right.text))`"]
        case (.object(let first), _) where first.declaration.isLayer && isStage(b):
            return ["layers are joined by `>>`: write `\(left.operand) >> \(right.operand)`"]
        case (.function(let f), .object(let second)) where second.declaration.isLayer && !(f is ObjectDeclaration):
            return ["layers are joined by `>>`: write `\(left.operand) >> \(right.operand)`"]
        case (.function(let f), _), (_, .function(let f)):
            let operand = if case .function = a { left } else { right }
            return ["\(operand.name) is a function: call it, `\(operand.text)(\(f is Closure || f is BuiltinFunction ? "…" : ""))`"]
        case (.number, .object(let o)) where symbol == "*" && o.declaration.field("strength") != nil:
            return ["a penalty takes its strength: write `\(o.declaration.name)(\(left.text))`"]
        case (.object(let o), _), (_, .object(let o)):
            let operand = if case .object = a { left } else { right }
            if symbol == "+", case .object(let x) = a, case .object(let y) = b, let both = elasticNet(x, y) {
                return ["both together are `\(both)`"]
            }
            if symbol == "+", case .object(let x) = a, case .object(let y) = b, x.declaration.forward != nil, y.declaration.forward != nil {
                return ["their sum is a function: write `net => \(left.postfixed)(net) + \(right.postfixed)(net)`"]
            }
            if o.declaration.isLayer { return ["\(operand.name) is a layer: call it, `\(operand.text)(x)`; layers are joined by `>>`"] }
        case (.none, _), (_, .none):
            let operand = if case .none = a { left } else { right }
            return operand.name == "none" ? [] : ["\(operand.name) is none: nothing was given to it"]
        case (.record(let r), _) where symbol == "@" && !r.keys.isEmpty, (_, .record(let r)) where symbol == "@" && !r.keys.isEmpty:
            let operand = if case .record = a { left } else { right }
            return ["\(operand.name) is a record: take the field that is meant, as in `\(operand.postfixed).\(r.keys[0])`"]
        case (.record, .record): return []
        case (.record, _), (_, .record): return ["records of equal keys add and subtract, and are scaled by a number"]
        default: break
        }
        return []
    }
}

/// A binary operation as it is written, for mends.
private struct OperationText {
    let left: Operand
    let right: Operand
    /// The operator alone: `+`, also of `+=`.
    let symbol: String
    /// It stands in `x += y`.
    let isUpdate: Bool

    /// The operator as it stands there.
    var written: String { isUpdate ? symbol + "=" : symbol }

    /// The whole written anew with other operands.
    func text(_ l: String, _ r: String) -> String {
        if isUpdate, l != left.operand { return "\(left.text) = \(l) \(symbol) \(r)" }
        return "\(l) \(written) \(r)"
    }
}

/// An operand as the user wrote it, for messages and mends.
struct Operand {
    /// Its text, where that is short; otherwise `fallback`.
    let name: String
    /// Its text, without parentheses around it; `…` where it is too long to be repeated.
    let text: String
    /// With the parentheses around it, if any.
    let span: Span
    private let op: OpCode
    private let isSimple: Bool

    init(_ n: NodePointer, _ fallback: String) {
        let source = n.pointee.source.takeUnretainedValue(), whole = n.pointee.text
        let isOneLine = !whole.contains("\n")
        span = source.withParentheses(n.pointee.span)
        name = whole.utf8.count <= 40 && isOneLine ? whole : fallback
        text = whole.utf8.count <= 60 && isOneLine ? whole : "…"
        op = n.pointee.op
        isSimple = switch op {
        case .number: !whole.hasPrefix("-")
        case .local, .global, .constant, .field, .held, .interpolated, .bracket, .list, .comprehension, .call, .index, .member, .transpose: true
        default: false
        }
    }

    /// Fit to stand before `'`, `[` or `.`.
    var postfixed: String { isSimple ? text : "(\(text))" }
    /// Fit to stand beside `@` or `*`.
    var factor: String { postfixed }
    /// Fit to stand beside the operator it stands beside now.
    var operand: String { isSimple || span.end - span.start == text.utf8.count ? text : "(\(text))" }
    /// The transpose; of a transpose, what was transposed.
    var transposed: String { op == .transpose && text.hasSuffix("'") ? String(text.dropLast()) : "\(postfixed)'" }

    /// True for the usual names of weights, so that the other operand is the data: `W`, `w1`, `net[0].W`, `theta`, `weights`.
    var isWeight: Bool {
        let last = text.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") }).last ?? ""
        return last.first == "W" || last == "w" || last.hasPrefix("w_") || last.first == "w" && last.dropFirst().allSatisfy(\.isNumber)
            || ["theta", "Theta", "θ", "Θ", "weight", "weights", "A", "M", "K"].contains(String(last))
    }
}

extension Source {
    /// Where something stands again from here on in its line.
    func skippingSpaces(from offset: Int32) -> Int32 {
        var at = offset
        while at < bytes.count, bytes[Int(at)] == 32 { at += 1 }
        return at
    }

    /// A span with the parentheses that stand directly around it.
    func withParentheses(_ span: Span) -> Span {
        var start = Int(span.start), end = Int(span.end)
        while true {
            var before = start - 1, after = end
            while before >= 0, bytes[before] == 32 { before -= 1 }
            while after < bytes.count, bytes[after] == 32 { after += 1 }
            guard before >= 0, after < bytes.count, bytes[before] == UInt8(ascii: "("), bytes[after] == UInt8(ascii: ")") else { break }
            start = before
            end = after + 1
        }
        return Span(Int32(start), Int32(end))
    }
}

extension Value {
    /// The shape of a tensor.
    var tensorShape: [Int]? { if case .tensor(let t, _) = self { t.shape } else { nil } }
}
