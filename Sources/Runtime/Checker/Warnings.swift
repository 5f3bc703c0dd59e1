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
            case .update:
                // `c += 1` alone is no use of `c`.
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

    /// A local that is set in a function and never read there, or a function that is defined in it and never used.
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
            if at != body, node.kind == .function, case let name = tree.string(node.a), !names.contains(name), !fields.contains(name), !name.hasPrefix("_"), told.insert(name).inserted {
                warn("`\(name)` is defined and never used", Span(node.span.start, tree.source.skippingSpaces(from: node.span.start + 2) + Int32(name.utf8.count)))
            }
            // Functions within are looked at for themselves; what they read counts here too.
            if at != body, node.kind == .function || node.kind == .lambda || node.kind == .object { continue }
            tree.forEachChild(of: at) { stack.append($0) }
        }
    }

    /// A value, not a function, whose name hides a built-in function: at top level, and in a function that calls the built-in.
    private mutating func hiddenBuiltins() {
        let functions = tree.nodes.filter { [.function, .lambda, .object].contains($0.kind) }
        func function(around node: Node) -> Span? {
            functions.filter { $0.span.start <= node.span.start && node.span.end <= $0.span.end }.map(\.span).max { $0.start < $1.start }
        }
        var told: Set<String> = []
        for node in tree.nodes where node.kind == .assign && tree[node.a].kind == .name {
            let name = tree.string(tree[node.a].a)
            guard let word = builtins[name], word.tag == Word.Tag.function, isPlain(node.b, name), told.insert(name).inserted else { continue }
            let around = function(around: node)
            let call = tree.nodes.first { other in
                other.kind == .call && tree[other.a].kind == .name && tree.string(tree[other.a].a) == name && other.span.start > node.span.end
                    && around.map { $0.start <= other.span.start && other.span.end <= $0.end } ?? true
            }
            guard around == nil || call != nil else { continue }
            let use = call.map { ", which is called in line \(tree.source.location(of: $0.span.start).line)" } ?? ""
            warn("`\(name)` hides the built-in `\(name)`\(use)", tree[node.a].span, help: ["use another name for the value"])
        }
    }

    /// An expression that surely gives no function.
    private func isPlain(_ index: Int32, _ name: String) -> Bool {
        switch tree[index].kind {
        case .call: tree[tree[index].a].kind == .name && tree.string(tree[tree[index].a].a) == name
        case .number, .string, .interpolated, .bool, .list, .bracket, .record, .binary, .unary, .range, .comprehension: true
        case .parenthesized: isPlain(tree[index].a, name)
        default: false
        }
    }
}
