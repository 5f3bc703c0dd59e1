import Runtime
import Syntax

/// Which top-level names an entry of the session needs, and which it sets.
struct EntryNames {
    /// The names that it reads before it has set them itself, in functions that it makes too; with each those set by then.
    private(set) var reads: [String: Set<String>] = [:]
    /// The names that it sets whatever happens, loops taken to run.
    private(set) var sets: Set<String> = []
    /// The names that it sets in some case.
    private(set) var maySet: Set<String> = []
    /// The names that functions made here read, at some later time.
    private(set) var readsLater: Set<String> = []
    /// Whether `ans` stands in it.
    private(set) var mentionsAnswer = false

    init(_ text: String, _ interpreter: Interpreter) {
        guard let tree = try? Parser.parse(Source(name: "entry", text: text)) else { return }
        var known: Set<String> = []
        visit(tree.root, tree, interpreter, &known)
        sets = known
        mentionsAnswer = tree.nodes.contains { $0.kind == .name && tree.string($0.a) == "ans" }
    }

    /// `known`: the names set by then.
    private mutating func visit(_ index: Int32, _ tree: Tree, _ interpreter: Interpreter, _ known: inout Set<String>) {
        guard index >= 0 else { return }
        let node = tree[index]
        switch node.kind {
        case .name:
            note([tree.string(node.a)], known)
        case .assign:
            visit(node.b, tree, interpreter, &known)
            bind(node.a, tree, interpreter, &known)
        case .update:
            visit(node.b, tree, interpreter, &known)
            visit(node.a, tree, interpreter, &known)
        case .function, .object, .lambda:
            var names = interpreter.topLevelNames(in: tree.source.text(of: node.span))
            if node.kind != .lambda { names.remove(tree.string(node.a)) }
            note(names, known)
            readsLater.formUnion(names)
            if node.kind != .lambda { set(tree.string(node.a), &known) }
        case .comprehension:
            var inner = known
            for clause in tree.children(node) { visit(clause, tree, interpreter, &inner) }
            visit(node.a, tree, interpreter, &inner)
        case .forClause:
            visit(node.b, tree, interpreter, &known)
            bind(node.a, tree, interpreter, &known)
        case .if:
            visit(node.a, tree, interpreter, &known)
            var one = known, other = known
            visit(node.b, tree, interpreter, &one)
            visit(node.c, tree, interpreter, &other)
            known = one.intersection(other)
        case .try:
            var one = known, other = known
            visit(node.a, tree, interpreter, &one)
            if node.b >= 0 { set(tree.string(node.b), &other) }
            visit(node.c, tree, interpreter, &other)
            known = one.intersection(other)
        case .import: for name in interpreter.topLevelNames(in: tree.source.text(of: node.span)) { set(name, &known) }
        case .test: break
        default:
            var children: [Int32] = []
            tree.forEachChild(of: index) { children.append($0) }
            for child in children { visit(child, tree, interpreter, &known) }
        }
    }

    private mutating func note(_ names: Set<String>, _ known: Set<String>) {
        for name in names where !known.contains(name) && reads[name] == nil { reads[name] = known }
    }

    private mutating func set(_ name: String, _ known: inout Set<String>) {
        known.insert(name)
        maySet.insert(name)
    }

    /// What stands to the left of `=`, or after `for`.
    private mutating func bind(_ index: Int32, _ tree: Tree, _ interpreter: Interpreter, _ known: inout Set<String>) {
        let node = tree[index]
        switch node.kind {
        case .name: set(tree.string(node.a), &known)
        case .listPattern, .recordPattern: for child in tree.children(node) { bind(child, tree, interpreter, &known) }
        case .parenthesized: bind(node.a, tree, interpreter, &known)
        default: visit(index, tree, interpreter, &known)
        }
    }
}
