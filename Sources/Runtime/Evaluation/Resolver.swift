import Syntax

/// Turns a syntax tree into code: every name becomes a slot, a field or a top-level cell.
///
/// Scope is by function: a name assigned anywhere in a function is its local; other names are looked up in the
/// functions around (captured by value when the inner function is made), then among the object's fields, then at
/// top level. A comprehension's variable is its own.
final class Resolver {
    let tree: Tree
    let module: Module
    let prelude: Prelude
    let source: Unmanaged<Source>
    var scope: FunctionScope
    /// The fields of the object whose members are being resolved.
    var fields: FieldScope?
    /// How deep inside an expression we are: a `return` there must be thrown.
    var expressionDepth = 0
    var loopDepth = 0
    /// How many blocks around are part of an expression.
    var blockInExpression = 0
    var strings: [Int32: UnsafeMutableRawPointer] = [:]

    final class FunctionScope {
        let outer: FunctionScope?
        let code: FunctionCode
        var locals: [String: Int32] = [:]
        /// Comprehension variables, innermost last.
        var inner: [[String: Int32]] = []
        let isTopLevel: Bool
        /// The field scope in force inside this function (methods and functions within them).
        var fields: FieldScope?
        init(outer: FunctionScope?, code: FunctionCode, isTopLevel: Bool) {
            self.outer = outer; self.code = code; self.isTopLevel = isTopLevel
        }
        /// A local of this function's own that a function around it has too.
        func hidesLocal(_ name: String) -> Bool {
            guard !code.captures.contains(where: { $0.name == name }) else { return false }
            var around = outer
            while let function = around, !function.isTopLevel {
                if function.locals[name] != nil { return true }
                around = function.outer
            }
            return false
        }
        func newSlot(_ name: String) -> Int32 {
            code.slotNames.append(name)
            return unnamedSlot()
        }

        /// A slot that no name of the program stands for.
        func unnamedSlot() -> Int32 {
            code.slotCount += 1
            return Int32(code.slotCount - 1)
        }
    }

    final class FieldScope {
        var names: [String: Int32] = [:]
        var methods: Set<String> = []
        /// Reads of fields seen while an initialiser is resolved.
        var read: Set<String> = []
    }

    init(tree: Tree, module: Module, prelude: Prelude) {
        self.tree = tree
        self.module = module
        self.prelude = prelude
        source = Unmanaged.passRetained(tree.source)
        scope = FunctionScope(outer: nil, code: FunctionCode(name: module.name, source: tree.source, span: .none), isTopLevel: true)
    }

    /// The whole file or entry as code that takes no arguments.
    func resolve() throws -> FunctionCode {
        let root = tree[tree.root]
        scope.code.span = root.span
        for child in tree.children(root) { collectTopLevel(child) }
        let block = node(.block, root.span)
        setList(block, try tree.children(root).map { try statement($0) })
        scope.code.body = block
        return scope.code
    }

    // MARK: Nodes

    func node(_ op: OpCode, _ span: Span) -> NodePointer {
        let pointer = NodePointer.allocate(capacity: 1)
        pointer.initialize(to: CodeNode(op: op, span: span, source: source))
        return pointer
    }

    func setList(_ node: NodePointer, _ children: [NodePointer]) {
        let list = UnsafeMutablePointer<NodePointer>.allocate(capacity: max(1, children.count))
        for (i, child) in children.enumerated() { (list + i).initialize(to: child) }
        node.pointee.list = list
        node.pointee.count = Int32(children.count)
    }

    func hold(_ node: NodePointer, _ object: AnyObject) {
        node.pointee.object = Unmanaged.passRetained(object).toOpaque()
    }

    func holdString(_ node: NodePointer, _ index: Int32) {
        if let known = strings[index] { node.pointee.object = known; return }
        hold(node, Text(tree.string(index)))
        strings[index] = node.pointee.object
    }

    func error(_ kind: ErrorKind, _ message: String, _ span: Span, help: [String] = []) -> Diagnostic {
        Diagnostic(kind, message, source: tree.source, span: span, help: help)
    }

    // MARK: Names

    /// Notes the names that top-level statements assign (also inside their blocks), so that they are the module's.
    func collectTopLevel(_ index: Int32) {
        for name in assignedNames(index) { module.noteAssigned(name); _ = module.cell(name, prelude: prelude) }
    }

    /// The names a statement assigns, its blocks included, functions inside it not.
    func assignedNames(_ index: Int32) -> [String] {
        var names: [String] = []
        collect(index, &names)
        return names
    }

    func collect(_ index: Int32, _ names: inout [String]) {
        guard index >= 0 else { return }
        let n = tree[index]
        func collectTarget(_ index: Int32) {
            let target = tree[index]
            switch target.kind {
            case .name: names.append(tree.string(target.a))
            case .listPattern, .recordPattern: for child in tree.children(target) { collectTarget(child) }
            case .parenthesized: collectTarget(target.a)
            default: break
            }
        }
        switch n.kind {
        case .assign: collectTarget(n.a); collect(n.b, &names)
        case .update: collectTarget(n.a); collect(n.b, &names)
        case .function, .object: names.append(tree.string(n.a))
        case .import:
            names.append(n.b >= 0 ? tree.string(n.b) : Self.moduleName(tree.string(n.a)))
        case .for:
            for clause in tree.children(n) { collectTarget(tree[clause].a); collect(tree[clause].b, &names) }
            collect(n.a, &names)
        case .while: collect(n.a, &names); collect(n.b, &names)
        case .if: collect(n.a, &names); collect(n.b, &names); collect(n.c, &names)
        case .try:
            collect(n.a, &names)
            if n.b >= 0 { names.append(tree.string(n.b)) }
            collect(n.c, &names)
        case .block: for child in tree.children(n) { collect(child, &names) }
        case .main: collect(n.a, &names)
        case .expression, .return, .parenthesized, .unary, .field, .transpose, .interpolation: collect(n.a, &names)
        case .keyword, .entry: collect(n.b, &names)
        case .binary, .logical, .pipe, .compose, .range, .assert:
            // Blocks in operands (`x = if c { y = 1 … }`) assign too; long chains are walked without recursion.
            var current = n
            while true {
                collect(current.b, &names)
                let left = current.a
                guard left >= 0 else { break }
                let next = tree[left]
                if next.kind == .binary || next.kind == .logical || next.kind == .pipe || next.kind == .compose { current = next } else { collect(left, &names); break }
            }
        case .call, .index, .list, .bracket, .record, .interpolated:
            collect(n.kind == .call || n.kind == .index ? n.a : -1, &names)
            for child in tree.children(n) { collect(child, &names) }
        default: break
        }
    }

    static func moduleName(_ path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return file.hasSuffix(".nns") ? String(file.dropLast(4)) : file
    }

    enum Place { case local(Int32), field(Int32), global(UnsafeMutablePointer<Word>) }

    /// The slot of a name in a function's own scope.
    func ownSlot(_ name: String, _ scope: FunctionScope) -> Int32? {
        for names in scope.inner.reversed() { if let slot = names[name] { return slot } }
        return scope.locals[name]
    }

    /// The slot through which `scope` reaches a local of a function around it, captured on the way.
    func captured(_ name: String, _ scope: FunctionScope) -> Int32? {
        if let slot = ownSlot(name, scope) { return slot }
        guard let outer = scope.outer, scope.fields == nil || scope.fields!.names[name] == nil || scope.fields === outer.fields,
              let slot = captured(name, outer) else { return nil }
        scope.code.captures.append(.init(name: name, outerSlot: slot))
        let own = scope.newSlot(name)
        scope.locals[name] = own
        captureSlots[ObjectIdentifier(scope.code), default: []].append(own)
        return own
    }
    /// The slots of captures, in the order of `code.captures`.
    var captureSlots: [ObjectIdentifier: [Int32]] = [:]

    func selfSlot(_ scope: FunctionScope) -> Int32 {
        if scope.code.selfSlot >= 0 { return Int32(scope.code.selfSlot) }
        return captured("self", scope)!
    }

    func place(_ name: String) -> Place {
        if let slot = ownSlot(name, scope) { return .local(slot) }
        if let fields = scope.fields, let field = fields.names[name] {
            // A local of a function inside the method hides the field; a name outside the object does not.
            if let slot = shadowing(name, scope, fields) { return .local(slot) }
            fields.read.insert(name)
            return .field(field)
        }
        if let slot = captured(name, scope) { return .local(slot) }
        let cell = module.cell(name, prelude: prelude)
        noteRead(name, cell)
        return .global(cell)
    }

    private func noteRead(_ name: String, _ cell: UnsafeMutablePointer<Word>) {
        var reader: FunctionScope? = scope
        while let function = reader, !function.isTopLevel {
            function.code.globalsRead.append((name, cell, nil))
            reader = function.outer
        }
    }

    /// Notes that of the top-level name read last only a field is used.
    func noteFieldRead(_ field: String) {
        var reader: FunctionScope? = scope
        while let function = reader, !function.isTopLevel {
            function.code.globalsRead[function.code.globalsRead.count - 1].field = field
            reader = function.outer
        }
    }

    /// A local of an enclosing function that is still inside the same object.
    func shadowing(_ name: String, _ scope: FunctionScope, _ fields: FieldScope) -> Int32? {
        var outer = scope.outer
        while let s = outer, s.fields === fields {
            if ownSlot(name, s) != nil { return captured(name, scope) }
            outer = s.outer
        }
        return nil
    }

    func name(_ name: String, _ span: Span) -> NodePointer {
        switch place(name) {
        case .local(let slot):
            let n = node(.local, span)
            n.pointee.slot = slot
            hold(n, Text(name))
            noteHiding(n, isUpdate: false)
            return n
        case .field(let field):
            let n = node(.field, span)
            n.pointee.slot = field
            n.pointee.count = selfSlot(scope)
            hold(n, Text(name))
            return n
        case .global(let cell):
            let n = node(.global, span)
            n.pointee.cell = cell
            hold(n, Text(name))
            if cell.pointee.isUnset, !module.assigned.contains(name) { module.noteDoubtful(n, in: scope) }
            return n
        }
    }

    /// Notes where a local of a function stands that may be read before it is set: an updated one, or one that hides a local of
    /// a function around it.
    func noteHiding(_ n: NodePointer, isUpdate: Bool) {
        guard !scope.isTopLevel, !tree.source.isStandardLibrary, isUpdate || scope.hidesLocal(n.pointee.name) else { return }
        module.noteDoubtful(n, in: scope)
    }

    // MARK: Functions

    /// The code of a function: parameters, then body.
    func function(_ name: String, parameters: ArraySlice<Int32>, body: Int32, span: Span, fields: FieldScope?,
                          extra: [String] = [], selfName: Bool = false, isLocal: Bool = false) throws -> FunctionCode {
        let code = FunctionCode(name: name, source: tree.source, span: span)
        let inner = FunctionScope(outer: scope, code: code, isTopLevel: false)
        inner.fields = fields ?? scope.fields
        let saved = (scope, expressionDepth, loopDepth, blockInExpression)
        scope = inner
        (expressionDepth, loopDepth, blockInExpression) = (0, 0, 0)
        defer { (scope, expressionDepth, loopDepth, blockInExpression) = saved }

        try nameParameters(parameters)
        for name in extra { inner.locals[name] = inner.newSlot(name) }
        // Before the defaults: they see the object and its fields as the body does.
        if selfName {
            code.selfSlot = Int(inner.newSlot("self"))
            inner.locals["self"] = Int32(code.selfSlot)
        }
        try addParameters(parameters)
        if body >= 0 {
            for local in assignedNames(body) where inner.locals[local] == nil && inner.fields?.names[local] == nil {
                inner.locals[local] = inner.newSlot(local)
            }
            if isLocal, inner.locals[name] == nil {
                code.ownSlot = Int(inner.newSlot(name))
                inner.locals[name] = Int32(code.ownSlot)
            }
            let n = tree[body]
            if n.kind == .block {
                code.body = try block(body)
            } else {
                code.isExpression = true
                code.body = try expression(body)
            }
        }
        finish(code)
        return code
    }

    /// Gives the parameters the first slots of the function being resolved.
    func nameParameters(_ parameters: ArraySlice<Int32>) throws {
        for index in parameters {
            let p = tree[index]
            let name = tree.string(p.a)
            guard scope.locals[name] == nil else { throw error(.syntax, "parameter `\(name)` stands twice", p.span) }
            scope.locals[name] = scope.newSlot(name)
        }
    }

    func addParameters(_ parameters: ArraySlice<Int32>) throws {
        for index in parameters {
            let p = tree[index], name = tree.string(p.a)
            // In `k=k` the default is the k outside.
            let slot = scope.locals.removeValue(forKey: name)
            let defaultValue = p.b >= 0 ? try expression(p.b) : nil
            scope.locals[name] = slot
            scope.code.parameters.append(CodeParameter(name: name, defaultValue: defaultValue, isRest: p.flag,
                                                       shape: p.c >= 0 ? shape(p.c) : nil, span: p.span))
        }
        let code = scope.code
        code.hasRest = code.parameters.contains { $0.isRest }
        code.isSimple = !code.hasRest && code.parameters.allSatisfy { $0.shape == nil }
        code.simpleCount = code.isSimple ? code.parameters.count : -1
    }

    func finish(_ code: FunctionCode) {
        code.captureSlots = captureSlots[ObjectIdentifier(code)] ?? []
    }

    func shape(_ index: Int32) -> ShapeAnnotation {
        let n = tree[index]
        let parts: [ShapeAnnotation.Part] = tree.children(n).map {
            let part = tree[$0]
            switch part.kind {
            case .number: return .size(Int(exactly: part.number) ?? -1)
            case .name: return .name(tree.string(part.a))
            default: return .rest
            }
        }
        return ShapeAnnotation(parts: parts, text: tree.source.text(of: n.span))
    }
}
