import Runtime
import Syntax

/// Which names programs are certain to have called when they ended without an error.
struct Reach {
    private(set) var called: Set<String> = []

    /// Notes the calls of a program that ended without an error.
    mutating func note(_ tree: Tree) {
        Self.walk(tree) { node in
            switch node.kind {
            case .call where tree[node.a].kind == .name: called.insert(tree.string(tree[node.a].a))
            case .pipe where tree[node.b].kind == .name: called.insert(tree.string(tree[node.b].a))
            default: break
            }
        }
    }

    /// Visits the nodes that are evaluated in every run: not bodies of functions, nor what is behind a condition.
    /// Of a `try` only the first statement is certain to begin.
    private static func walk(_ tree: Tree, _ visit: (Node) -> Void) {
        var waiting = [tree.root]
        while let index = waiting.popLast() {
            guard index >= 0 else { continue }
            let node = tree[index]
            visit(node)
            switch node.kind {
            case .lambda, .function, .object, .main, .test, .comprehension: break
            case .if, .logical, .while: waiting.append(node.a)
            case .for: waiting.append(tree[tree.lists[Int(node.first)]].b)
            case .try:
                let body = tree[node.a]
                if body.count > 0 { waiting.append(tree.lists[Int(body.first)]) }
            default: tree.forEachChild(of: index) { waiting.append($0) }
            }
        }
    }

    /// The public names of built-ins and of the standard library that were not called.
    func missing(_ names: [String]) -> [String] { names.filter { !called.contains($0) } }
}

/// Which places of a program are passed whenever the function around them is called: those behind no condition and behind
/// nothing that may leave. In doubt a place is taken to be behind one.
struct Conditions {
    /// A function's text, or the program's, and the pieces of it that may be passed over.
    private struct Body {
        let span: Span
        var skippable: [Span] = []
    }
    private var bodies: [Body]

    init(_ tree: Tree) {
        bodies = [Body(span: Span(0, Int32(tree.source.bytes.count)))]
        visit(tree, tree.root, 0)
    }

    private mutating func visit(_ tree: Tree, _ index: Int32, _ body: Int) {
        guard index >= 0 else { return }
        let node = tree[index]
        func skippable(_ child: Int32) { if child >= 0 { bodies[body].skippable.append(tree[child].span) } }
        var inner = body
        switch node.kind {
        case .lambda, .function:
            bodies.append(Body(span: node.span))
            inner = bodies.count - 1
            // A default is used where the argument is missing.
            for parameter in tree.children(node) where tree[parameter].b >= 0 { bodies[inner].skippable.append(tree[tree[parameter].b].span) }
        case .if: skippable(node.b); skippable(node.c)
        case .logical, .while, .assert: skippable(node.b)
        case .try: skippable(node.a); skippable(node.c)
        case .for, .comprehension:
            skippable(node.a)
            for clause in tree.children(node).dropFirst() { skippable(clause) }
        case .object, .test: bodies[body].skippable.append(node.span)
        case .break, .continue, .return: bodies[body].skippable.append(Span(node.span.end, bodies[body].span.end))
        case .name where tree.string(node.a) == "exit": bodies[0].skippable.append(Span(node.span.start, bodies[0].span.end))
        default: break
        }
        tree.forEachChild(of: index) { visit(tree, $0, inner) }
    }

    private static func contains(_ outer: Span, _ inner: Span) -> Bool { outer.start <= inner.start && inner.end <= outer.end }

    /// Whether each run of the innermost function around a place passes it; with `isOutermost`, each run of the program.
    func isCertain(_ place: Span, isOutermost: Bool) -> Bool {
        let around = isOutermost ? 0 : bodies.lastIndex { Self.contains($0.span, place) }!
        if isOutermost, bodies.dropFirst().contains(where: { Self.contains($0.span, place) }) { return false }
        return !bodies[around].skippable.contains { Self.contains($0, place) }
    }
}
