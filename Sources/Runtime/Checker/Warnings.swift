import Syntax

// What is no error but hardly meant: names that are set and never read, and names that hide a built-in which is called.
extension Interpreter {
    func warnings(_ tree: Tree, _ module: Module) -> [Diagnostic] {
        var finder = WarningFinder(tree: tree, builtins: prelude)
        finder.walk()
        return finder.found.sorted { $0.span.start < $1.span.start }
    }
}

private struct WarningFinder {
    let tree: Tree
    let builtins: Prelude
    var found: [Diagnostic] = []

    mutating func walk() {
        imports()
        hiddenBuiltins()
        for (index, node) in tree.nodes.enumerated() where node.kind == .function || node.kind == .lambda {
            unusedLocals(Int32(index))
        }
    }

    private mutating func warn(_ message: String, _ span: Span, help: [String] = []) {
        var warning = Diagnostic(.name, message, source: tree.source, span: span, help: help)
        warning.severity = .warning
        found.append(warning)
    }

    /// Every name that is read within a node: uses, and `{z}` for `{z: z}`.
    private func reads(_ index: Int32, into names: inout Set<String>) {
        var stack = [index]
        while let at = stack.popLast() {
            let node = tree[at]
            switch node.kind {
            case .name: names.insert(tree.string(node.a))
            case .entry where node.flag: names.insert(tree.string(node.a))
            case .assign:
                stack.append(node.b)
                targets(node.a) { if tree[$0].kind != .name { stack.append($0) } }
                continue
            case .for, .comprehension:
                for clause in tree.children(node) {
                    let part = tree[clause]
                    if part.kind == .forClause { stack.append(part.b) } else { stack.append(clause) }
                }
                stack.append(node.a)
                continue
            default: break
            }
            tree.forEachChild(of: at) { stack.append($0) }
        }
    }

    /// The names and other places that a target sets.
    private func targets(_ index: Int32, _ body: (Int32) -> Void) {
        let node = tree[index]
        switch node.kind {
        case .listPattern, .recordPattern: for child in tree.children(node) { targets(child, body) }
        case .parenthesized: targets(node.a, body)
        default: body(index)
        }
    }

    /// `import "lib.nns"` whose name is never mentioned.
    private mutating func imports() {
        var names: Set<String> = []
        reads(tree.root, into: &names)
        for index in tree.children(tree[tree.root]) where tree[index].kind == .import {
            let node = tree[index]
            let name = node.b >= 0 ? tree.string(node.b) : Resolver.moduleName(tree.string(node.a))
            if !names.contains(name) { warn("`\(name)` is imported and never used", node.span) }
        }
    }

    /// A local that is set in a function and never read there.
    private mutating func unusedLocals(_ index: Int32) {
        let function = tree[index]
        let body = function.kind == .lambda ? function.a : function.b
        guard body >= 0, tree[body].kind == .block else { return }
        var names: Set<String> = []
        reads(index, into: &names)
        var fields: Set<String> = []
        // Inside an object a name may be a field.
        for node in tree.nodes where node.kind == .object && node.span.start <= function.span.start && node.span.end >= function.span.end {
            for p in tree.children(node) { fields.insert(tree.string(tree[p].a)) }
            for m in tree.children(tree[node.b]) where tree[m].kind == .param || tree[m].kind == .state { fields.insert(tree.string(tree[m].a)) }
        }
        var told: Set<String> = []
        var stack = [body]
        while let at = stack.popLast() {
            let node = tree[at]
            if node.kind == .assign, tree[node.a].kind == .name {
                let name = tree.string(tree[node.a].a)
                if !names.contains(name), !fields.contains(name), !name.hasPrefix("_"), told.insert(name).inserted {
                    warn("`\(name)` is set and never used", tree[node.a].span)
                }
            }
            // Functions within are looked at for themselves; what they read counts here too.
            if at != body, node.kind == .function || node.kind == .lambda || node.kind == .object { continue }
            tree.forEachChild(of: at) { stack.append($0) }
        }
    }

    /// A name at top level that hides a built-in function and is not a function, where the built-in is called as well.
    private mutating func hiddenBuiltins() {
        var called: [String: Int32] = [:]
        for node in tree.nodes where node.kind == .call && tree[node.a].kind == .name {
            let name = tree.string(tree[node.a].a)
            if called[name] == nil { called[name] = node.span.start }
        }
        var told: Set<String> = []
        for node in tree.nodes where node.kind == .assign && tree[node.a].kind == .name {
            let name = tree.string(tree[node.a].a)
            guard let word = builtins[name], word.tag == Word.Tag.function, let use = called[name], isPlain(node.b), told.insert(name).inserted else { continue }
            let line = tree.source.location(of: use).line
            warn("`\(name)` hides the built-in `\(name)`, which is called in line \(line)", tree[node.a].span, help: ["use another name for the value"])
        }
    }

    /// An expression that surely gives no function.
    private func isPlain(_ index: Int32) -> Bool {
        switch tree[index].kind {
        case .number, .string, .interpolated, .bool, .list, .bracket, .record, .binary, .unary, .range, .comprehension: true
        case .parenthesized: isPlain(tree[index].a)
        default: false
        }
    }
}
