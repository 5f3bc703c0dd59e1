/// The syntax tree: one flat array of plain structs, children by index.
///
/// Goals, in this order: nothing to retain or free while it is walked (a deep tree cannot overflow the
/// stack when it is dropped); every node knows its span to the byte; easy to print back (`nns fmt`).
public struct Tree {
    public let source: Source
    public var nodes: [Node] = []
    /// Children of nodes with a varying number of them: `Node.first ..< first + count` index this.
    public var lists: [Int32] = []
    /// Names and string literals, each once; nodes refer to them by index.
    public var strings: [String] = []
    /// The root: a `.block`.
    public var root: Int32 = 0
    /// Comments in source order, for `fmt` and documentation: the span of each from its `#` to the line's end.
    public var comments: [Span] = []

    public init(source: Source) { self.source = source }

    public subscript(_ index: Int32) -> Node { nodes[Int(index)] }
    public func children(_ node: Node) -> ArraySlice<Int32> { lists[Int(node.first)..<Int(node.first + node.count)] }
    public func string(_ index: Int32) -> String { strings[Int(index)] }
}

/// One node. What `a`, `b`, `c` and the list mean depends on the kind and is said there; absent children are -1.
public struct Node {
    public var kind: Kind
    public var op: Operator = .none
    /// A yes or no whose meaning the kind gives.
    public var flag = false
    public var a: Int32 = -1
    public var b: Int32 = -1
    public var c: Int32 = -1
    public var first: Int32 = 0
    public var count: Int32 = 0
    public var span: Span
    /// The value of a `.number`.
    public var number: Double = 0
    public init(_ kind: Kind, span: Span) { self.kind = kind; self.span = span }
}

public enum Operator: UInt8 {
    case none
    case add, subtract, multiply, divide, floorDivide, modulo, matmul, power
    case equal, notEqual, less, lessEqual, greater, greaterEqual, isIn
    case and, or, elementOr, elementAnd
    case negate, not, elementNot
    case pipe, compose
}

public enum Kind: UInt8 {
    // Expressions
    /// `number`
    case number
    /// A plain string literal; a = string index.
    case string
    /// `"…{e}…"`; list: `.string` and `.interpolation` nodes in turn.
    case interpolated
    /// `{expr:format}` in a string; a = expression, b = string index of the format or -1.
    case interpolation
    /// flag = the value
    case bool
    case none
    /// a = string index
    case name
    /// `(a, b)`, `()`, `(x,)`; list: elements. (`(x)` alone is x itself, `.parenthesized`.)
    case list
    /// `(x)`; a = expression. Kept for spans and `fmt`; means a.
    case parenthesized
    /// `[a, b]`; list: elements
    case bracket
    /// `[e for p in xs if c …]`; a = element; list: `.forClause` and `.ifClause` nodes in order
    case comprehension
    /// a = pattern (`.name`, `.listPattern`, `.recordPattern`), b = iterable
    case forClause
    /// a = condition
    case ifClause
    /// `{k: v, z}`; list: `.entry` nodes
    case record
    /// a = string index of the key, b = value; flag = shorthand `{z}`
    case entry
    /// op = negate or not; a = operand
    case unary
    /// op; a, b = operands; c = byte offset of the operator. Arithmetic, comparison, `in`, `|`, `&`.
    case binary
    /// `and`, `or`: op; a, b
    case logical
    /// `x |> f`: a, b
    case pipe
    /// `f >> g`: a, b
    case compose
    /// `a..b` (flag = false) closed, `a..<b` (flag = true) half-open
    case range
    /// a = callee; list: expressions and `.keyword` nodes in written order
    case call
    /// `name=value` in a call; a = string index, b = value
    case keyword
    /// `x[…]`; a = base; list: subscripts: expressions (`none` is a new axis), `.slice`, `.ellipsis`
    case index
    /// `a:b:c` in an index, each may be -1
    case slice
    /// `...` in an index
    case ellipsis
    /// `x.name`; a = base, b = string index; c: byte offset of the name
    case field
    /// `x'`; a
    case transpose
    /// `x => e`, `(x, y) => { … }`; list: `.parameter` nodes; a = body (an expression or a `.block`)
    case lambda
    /// a = condition, b = `.block`, c = `.block`, another `.if`, or -1
    case `if`
    /// `try { } catch e { }`: a = block, b = string index of the name (or -1), c = block
    case `try`
    /// `{ … }`; list: statements. Its value is that of the last expression statement.
    case block

    // Patterns
    /// `(a, b)` to the left of `=` or after `for`; list: patterns or assignable expressions
    case listPattern
    /// `{train, test}`; list: `.name` nodes
    case recordPattern

    // Statements
    /// a = expression; flag = a `;` follows it on its line and nothing after (silences the echo)
    case expression
    /// a = target (`.name`, `.index`, `.field`, a pattern), b = value; flag: silent as above
    case assign
    /// `x += e`: op = add, subtract, multiply, divide; a = target, b = value; flag: silent
    case update
    /// a = string index of the name; b = body (expression or `.block`); c = return annotation (`.shape`) or -1;
    /// list: `.parameter` nodes. Documentation: `Tree.documentation(of:)`.
    case function
    /// a = string index, b = default or -1, c = annotation (`.shape`) or -1; flag = collects the rest (`rest...`)
    case parameter
    /// `[n, d]` after `:` or `->`; list: `.number`, `.name`, `.ellipsis`
    case shape
    /// `object` (flag = false) or `layer` (flag = true): a = string index of the name, b = `.members`;
    /// list: `.parameter` nodes
    case object
    /// list: `.param`, `.state`, `.function`, `.assert`
    case members
    /// `param W = e`, `state v = e`: a = string index, b = initialiser
    case param, state
    /// list: `.forClause` nodes, outermost first; a = body `.block`
    case `for`
    /// a = condition, b = body
    case `while`
    case `break`, `continue`
    /// a = value or -1
    case `return`
    /// a = string index of the path, b = string index of the `as` name or -1
    case `import`
    /// a = `.block`
    case main
    /// a = string index of the title, b = `.block`
    case test
    /// a = condition, b = message or -1
    case assert
}
