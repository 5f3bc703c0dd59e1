/// The children of a node whatever its kind, for those who walk a tree without caring what it means.

extension Tree {
    /// Calls `body` with each child of a node: lists first, then `a`, `b`, `c` where they are nodes.
    @inlinable
    public func forEachChild(of index: Int32, _ body: (Int32) -> Void) {
        let node = nodes[Int(index)]
        for at in Int(node.first)..<Int(node.first + node.count) { body(lists[at]) }
        if node.kind.hasNodeA, node.a >= 0 { body(node.a) }
        if node.kind.hasNodeB, node.b >= 0 { body(node.b) }
        if node.kind.hasNodeC, node.c >= 0 { body(node.c) }
    }
}

extension Kind {
    /// `a` is a node (or -1), not the index of a string.
    public var hasNodeA: Bool {
        switch self {
        case .interpolation, .parenthesized, .comprehension, .forClause, .ifClause, .unary, .binary, .logical, .pipe,
             .compose, .range, .call, .index, .slice, .field, .transpose, .lambda, .if, .try, .expression, .assign,
             .update, .for, .while, .return, .main, .assert: return true
        default: return false
        }
    }

    public var hasNodeB: Bool {
        switch self {
        case .forClause, .entry, .binary, .logical, .pipe, .compose, .range, .keyword, .slice, .if, .assign, .update,
             .function, .parameter, .object, .param, .state, .while, .test, .assert: return true
        default: return false
        }
    }

    public var hasNodeC: Bool {
        switch self {
        case .slice, .if, .try, .function, .parameter: return true
        default: return false
        }
    }
}
