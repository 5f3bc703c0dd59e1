/// Tokens to tree: the entry points, and what every part of the parser uses.
///
/// Goals: recursion only where the text has brackets, blocks or `=>` (counted, at most `Parser.maximumNesting`);
/// operators of any number on explicit stacks; one token of lookahead beyond matched brackets; no backtracking,
/// so that the time is linear whatever the text.
public enum Parser {
    /// Brackets, blocks, interpolations and functions within one another.
    public static let maximumNesting = 500
    /// The height of a tree: a sum of this many terms is one operation on another.
    public static let maximumHeight = 10_000

    /// The tree of a source text, or its first error in the order of the text.
    public static func parse(_ source: Source) throws(Diagnostic) -> Tree {
        var errors: [Diagnostic] = []
        let tree = run(source, &errors, limit: 1)
        if let error = errors.first { throw error }
        return tree
    }

    /// The tree of what can be read and, in `errors`, up to `limit` syntax errors in the order of the text.
    ///
    /// After an error reading goes on with the next statement; those in error are left out of the tree.
    public static func parse(_ source: Source, collecting errors: inout [Diagnostic], limit: Int = 20) -> Tree {
        var found: [Diagnostic] = []
        let tree = run(source, &found, limit: max(1, limit))
        errors += found
        return tree
    }

    private static func run(_ source: Source, _ errors: inout [Diagnostic], limit: Int) -> Tree {
        guard source.bytes.count < 1 << 30 else {
            errors.append(Diagnostic(.limit, "source text longer than 1 GiB", source: source))
            return emptyTree(source)
        }
        var parsing: Parsing? = nil
        source.bytes.withUnsafeBufferPointer { bytes in
            if let offset = firstInvalidUTF8(bytes) {
                let digits = String(bytes[offset], radix: 16)
                errors.append(Diagnostic(.syntax, "expected UTF-8 text, found the byte 0x\(digits)", source: source,
                                         span: Span(Int32(offset), Int32(offset + 1)),
                                         help: ["save the file as UTF-8"]))
                return
            }
            var lexer = Lexer(source: source, bytes: bytes)
            lexer.run()
            parsing = Parsing(lexer)
        }
        guard let parsing else { return emptyTree(source) }
        parsing.errorLimit = limit
        parsing.program()
        errors = parsing.errors
        return parsing.tree
    }

    private static func emptyTree(_ source: Source) -> Tree {
        var tree = Tree(source: source)
        tree.nodes.append(Node(.block, span: .none))
        return tree
    }
}

/// Thrown inside the parser; the diagnostic itself waits in `Parsing.failure` (a small error keeps frames small).
struct ParseFailure: Error {}

final class Parsing {
    /// What the surroundings make of line ends, braces and signs.
    struct Context {
        /// A line end ends the statement: true outside `( )` and `[ ]`.
        var newlines = true
        /// In the head of `if`, `for` and `while`: `{` opens the block.
        var isHead = false
        /// Directly inside a `[ ]` literal: `a -b` asks for a comma.
        var isBracket = false
    }

    struct PendingOperator {
        var kind: Kind
        var op: Operator
        var precedence: UInt8
        /// The unary ones; also `..<` and `not in`.
        var isPrefix = false
        var flag = false
        var start: Int32
    }

    let source: Source
    let tokens: [Token]
    let numbers: [Double]
    let lexicalErrors: [Diagnostic]
    var interner: Interner
    var tree: Tree
    var index = 0
    var context = Context()
    var depth = 0
    /// Children of unfinished nodes, and the operators and operands of unfinished expressions.
    var scratch: [Int32] = []
    var operators: [PendingOperator] = []
    var operands: [Int32] = []
    /// The first token of the statement that is being read, for the mends of common slips.
    var statementStart = 0
    var failure: Diagnostic?
    var errors: [Diagnostic] = []
    var errorLimit = 1

    init(_ lexer: Lexer) {
        source = lexer.source
        tokens = lexer.tokens
        numbers = lexer.numbers
        lexicalErrors = lexer.errors
        interner = lexer.interner
        tree = Tree(source: source)
        tree.comments = lexer.comments
        tree.nodes.reserveCapacity(tokens.count)
        tree.lists.reserveCapacity(tokens.count / 2)
    }

    func program() {
        statements(until: .end)
        let span = Span(0, Int32(source.bytes.count))
        tree.root = list(.block, span, from: 0)
        tree.strings = interner.strings
        if errors.isEmpty { checkHeight() }
    }

    // MARK: Tokens

    var token: Token { tokens[index] }
    var kind: TokenKind { tokens[index].kind }
    var next: Token { tokens[min(index + 1, tokens.count - 1)] }
    /// Where the last token taken ends.
    var lastEnd: Int32 { index > 0 ? tokens[index - 1].end : 0 }

    func advance() { if index < tokens.count - 1 { index += 1 } }

    func take(_ wanted: TokenKind) -> Bool {
        guard kind == wanted else { return false }
        advance()
        return true
    }

    /// A line end that ends the statement stands before this token.
    var isAtLineEnd: Bool { context.newlines && token.newlineBefore }

    // MARK: Nodes

    func add(_ node: Node) -> Int32 {
        tree.nodes.append(node)
        return Int32(tree.nodes.count - 1)
    }

    /// A node whose children are those in `scratch` from `base` on.
    func list(_ kind: Kind, _ span: Span, from base: Int) -> Int32 {
        var node = Node(kind, span: span)
        setList(&node, from: base)
        return add(node)
    }

    @inline(never)
    func setList(_ node: inout Node, from base: Int) {
        node.first = Int32(tree.lists.count)
        node.count = Int32(scratch.count - base)
        tree.lists.append(contentsOf: scratch[base...])
        scratch.removeSubrange(base...)
    }

    func span(_ node: Int32) -> Span { tree.nodes[Int(node)].span }

    func nameNode(_ token: Token) -> Int32 {
        var node = Node(.name, span: token.span)
        node.a = token.payload
        return add(node)
    }

    // MARK: Depth

    func enter() throws(ParseFailure) {
        depth += 1
        if depth > Parser.maximumNesting { throw nestedTooDeep(token.span, "\(Parser.maximumNesting) levels") }
    }

    @inline(never)
    func nestedTooDeep(_ span: Span, _ limit: String) -> ParseFailure {
        let help = ["give the inner parts names of their own"]
        failure = Diagnostic(.limit, "nested too deep: more than \(limit)", source: source, span: span, help: help)
        return ParseFailure()
    }

    /// Chains of operators are parsed without recursion, but whoever walks the tree recurses: their height is capped.
    private func checkHeight() {
        var heights = [Int32](repeating: 1, count: tree.nodes.count)
        for index in tree.nodes.indices {
            var height: Int32 = 0
            tree.forEachChild(of: Int32(index)) { height = max(height, heights[Int($0)]) }
            heights[index] = height + 1
            guard height < Parser.maximumHeight else {
                let span = tree.nodes[index].span
                _ = nestedTooDeep(Span(span.start, min(span.end, span.start + 1)),
                                  "\(Parser.maximumHeight) operations one on another")
                if let failure { errors.append(failure) }
                return
            }
        }
    }

    // MARK: Statement lists and recovery

    /// Statements (or the members of an object) up to a closing brace or the end, left in `scratch`.
    func statements(until end: TokenKind, areMembers: Bool = false) {
        while errors.count < errorLimit {
            while take(.semicolon) {}
            if kind == .end || kind == end { return }
            let before = (scratch.count, operators.count, operands.count, depth, context)
            let start = index
            statementStart = index
            do throws(ParseFailure) {
                let node = try areMembers ? member() : statement()
                // `(x) = 3` and `+x` begin before their first node.
                tree.nodes[Int(node)].span.start = tokens[start].start
                try endStatement(node)
                scratch.append(node)
            } catch {
                noteFailure()
                scratch.removeSubrange(before.0...)
                operators.removeSubrange(before.1...)
                operands.removeSubrange(before.2...)
                depth = before.3
                context = before.4
                if errors.count < errorLimit { recover(from: start) }
            }
        }
    }

    @inline(never)
    private func noteFailure() {
        guard let failure else { return }
        errors.append(failure)
        // Deeper text would only give the same error again.
        if failure.kind == ErrorKind.limit.rawValue { errorLimit = 0 }
        self.failure = nil
    }

    /// After an error: over the statement's brackets to the next line, `;` or closing brace behind the error.
    @inline(never)
    private func recover(from start: Int) {
        let failed = index
        index = start
        repeat {
            switch kind {
            case .openParen, .openBracket, .openBrace, .interpolationOpen:
                if token.payload > Int32(index) { index = Int(token.payload) }
            default: break
            }
            advance()
        } while kind != .end && (index < failed || !(token.newlineBefore || kind == .semicolon || kind == .closeBrace))
    }

    @inline(never)
    private func endStatement(_ node: Int32) throws(ParseFailure) {
        if kind == .semicolon, !token.newlineBefore {
            while kind == .semicolon, !token.newlineBefore { advance() }
            switch tree.nodes[Int(node)].kind {
            case .expression, .assign, .update:
                tree.nodes[Int(node)].flag = token.newlineBefore || kind == .end || kind == .closeBrace
            default: break
            }
            return
        }
        if token.newlineBefore || kind == .closeBrace || kind == .end { return }
        throw expected(statementEnd)
    }
}
