import Syntax

/// Turns a syntax tree into code: every name becomes a slot, a field or a top-level cell.
///
/// Scope is by function: a name assigned anywhere in a function is its local; other names are looked up in the
/// functions around (captured by value when the inner function is made), then among the object's fields, then at
/// top level. A comprehension's variable is its own.
final class Resolver {
    let tree: Tree
    let module: Module
    let prelude: [String: Word]
    private let source: Unmanaged<Source>
    private var scope: FunctionScope
    /// The fields of the object whose members are being resolved.
    private var fields: FieldScope?
    /// How deep inside an expression we are: a `return` there must be thrown.
    private var expressionDepth = 0
    private var loopDepth = 0
    private var strings: [Int32: UnsafeMutableRawPointer] = [:]

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
        func newSlot(_ name: String) -> Int32 {
            code.slotCount += 1
            code.slotNames.append(name)
            return Int32(code.slotCount - 1)
        }
    }

    final class FieldScope {
        var names: [String: Int32] = [:]
        var methods: Set<String> = []
        /// Reads of fields seen while an initialiser is resolved.
        var read: Set<String> = []
    }

    init(tree: Tree, module: Module, prelude: [String: Word]) {
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

    private func node(_ op: OpCode, _ span: Span) -> NodePointer {
        let pointer = NodePointer.allocate(capacity: 1)
        pointer.initialize(to: CodeNode(op: op, span: span, source: source))
        return pointer
    }

    private func setList(_ node: NodePointer, _ children: [NodePointer]) {
        let list = UnsafeMutablePointer<NodePointer>.allocate(capacity: max(1, children.count))
        for (i, child) in children.enumerated() { (list + i).initialize(to: child) }
        node.pointee.list = list
        node.pointee.count = Int32(children.count)
    }

    private func hold(_ node: NodePointer, _ object: AnyObject) {
        node.pointee.object = Unmanaged.passRetained(object).toOpaque()
    }

    private func holdString(_ node: NodePointer, _ index: Int32) {
        if let known = strings[index] { node.pointee.object = known; return }
        hold(node, Text(tree.string(index)))
        strings[index] = node.pointee.object
    }

    private func error(_ kind: ErrorKind, _ message: String, _ span: Span, help: [String] = []) -> Diagnostic {
        Diagnostic(kind, message, source: tree.source, span: span, help: help)
    }

    // MARK: Names

    /// Notes the names that top-level statements assign (also inside their blocks), so that they are the module's.
    private func collectTopLevel(_ index: Int32) {
        for name in assignedNames(index) { module.noteAssigned(name); _ = module.cell(name, prelude: prelude) }
    }

    /// The names a statement assigns, its blocks included, functions inside it not.
    private func assignedNames(_ index: Int32) -> [String] {
        var names: [String] = []
        collect(index, &names)
        return names
    }

    private func collect(_ index: Int32, _ names: inout [String]) {
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

    private enum Place { case local(Int32), field(Int32), global(UnsafeMutablePointer<Word>), selfValue }

    /// The slot of a name in a function's own scope.
    private func ownSlot(_ name: String, _ scope: FunctionScope) -> Int32? {
        for names in scope.inner.reversed() { if let slot = names[name] { return slot } }
        return scope.locals[name]
    }

    /// The slot through which `scope` reaches a local of a function around it, captured on the way.
    private func captured(_ name: String, _ scope: FunctionScope) -> Int32? {
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
    private var captureSlots: [ObjectIdentifier: [Int32]] = [:]

    private func selfSlot(_ scope: FunctionScope) -> Int32 {
        if scope.code.selfSlot >= 0 { return Int32(scope.code.selfSlot) }
        return captured("self", scope)!
    }

    private func place(_ name: String) -> Place {
        if let slot = ownSlot(name, scope) { return .local(slot) }
        if let fields = scope.fields, let field = fields.names[name] {
            // A local of a function inside the method hides the field; a name outside the object does not.
            if let slot = shadowing(name, scope, fields) { return .local(slot) }
            fields.read.insert(name)
            return .field(field)
        }
        if let slot = captured(name, scope) { return .local(slot) }
        let cell = module.cell(name, prelude: prelude)
        scope.code.globalsRead.append((name, cell))
        return .global(cell)
    }

    /// A local of an enclosing function that is still inside the same object.
    private func shadowing(_ name: String, _ scope: FunctionScope, _ fields: FieldScope) -> Int32? {
        var outer = scope.outer
        while let s = outer, s.fields === fields {
            if ownSlot(name, s) != nil { return captured(name, scope) }
            outer = s.outer
        }
        return nil
    }

    private func name(_ name: String, _ span: Span) -> NodePointer {
        switch place(name) {
        case .local(let slot):
            let n = node(.local, span)
            n.pointee.slot = slot
            hold(n, Text(name))
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
            return n
        case .selfValue:
            return node(.selfValue, span)
        }
    }

    // MARK: Functions

    /// The code of a function: parameters, then body.
    private func function(_ name: String, parameters: ArraySlice<Int32>, body: Int32, span: Span, fields: FieldScope?,
                          extra: [String] = [], selfName: Bool = false, isLocal: Bool = false) throws -> FunctionCode {
        let code = FunctionCode(name: name, source: tree.source, span: span)
        let inner = FunctionScope(outer: scope, code: code, isTopLevel: false)
        inner.fields = fields ?? scope.fields
        let saved = (scope, expressionDepth, loopDepth, blockInExpression)
        scope = inner
        (expressionDepth, loopDepth, blockInExpression) = (0, 0, 0)
        defer { (scope, expressionDepth, loopDepth, blockInExpression) = saved }

        try addParameters(parameters)
        for name in extra { inner.locals[name] = inner.newSlot(name) }
        if selfName {
            code.selfSlot = Int(inner.newSlot("self"))
            inner.locals["self"] = Int32(code.selfSlot)
        }
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

    private func addParameters(_ parameters: ArraySlice<Int32>) throws {
        for index in parameters {
            let p = tree[index]
            let name = tree.string(p.a)
            guard scope.locals[name] == nil else { throw error(.syntax, "parameter `\(name)` stands twice", p.span) }
            scope.locals[name] = scope.newSlot(name)
        }
        for index in parameters {
            let p = tree[index]
            let defaultValue = p.b >= 0 ? try expression(p.b) : nil
            scope.code.parameters.append(CodeParameter(name: tree.string(p.a), defaultValue: defaultValue, isRest: p.flag,
                                                       shape: p.c >= 0 ? shape(p.c) : nil, span: p.span))
        }
        let code = scope.code
        code.hasRest = code.parameters.contains { $0.isRest }
        code.isSimple = !code.hasRest && code.parameters.allSatisfy { $0.shape == nil }
        code.simpleCount = code.isSimple ? code.parameters.count : -1
    }

    private func finish(_ code: FunctionCode) {
        code.captureSlots = captureSlots[ObjectIdentifier(code)] ?? []
    }

    private func shape(_ index: Int32) -> ShapeAnnotation {
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

    // MARK: Statements

    private func block(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        let result = node(.block, n.span)
        setList(result, try tree.children(n).map { try statement($0) })
        return result
    }

    func statement(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        switch n.kind {
        case .expression:
            let result = node(.expression, n.span)
            result.pointee.flag = n.flag
            let inner = tree[n.a]
            // `if` and `try` as statements run their blocks as statements.
            result.pointee.a = inner.kind == .if || inner.kind == .try ? try statement(n.a) : try expression(n.a)
            return result
        case .if:
            let result = node(.conditional, n.span)
            result.pointee.a = try expression(n.a)
            result.pointee.b = try block(n.b)
            if n.c >= 0 { result.pointee.c = tree[n.c].kind == .block ? try block(n.c) : try statement(n.c) }
            return result
        case .try:
            let result = node(.attempt, n.span)
            result.pointee.a = try block(n.a)
            if n.b >= 0 { result.pointee.b = try target(n.b, n.span) }
            result.pointee.c = try block(n.c)
            return result
        case .block: return try block(index)
        case .assign:
            let result = node(.assign, n.span)
            result.pointee.flag = n.flag
            result.pointee.b = try expression(n.b)
            result.pointee.a = try pattern(n.a)
            markMove(result)
            return result
        case .update:
            let result = node(.update, n.span)
            result.pointee.flag = n.flag
            result.pointee.a = try pattern(n.a)
            // The same place read, as the left operand.
            let binary = node(opcode(n.op), n.span)
            binary.pointee.a = try expression(n.a)
            binary.pointee.b = try expression(n.b)
            binary.pointee.number = Double(tree[n.a].span.end)
            result.pointee.b = binary
            return result
        case .function: return try functionStatement(n, index)
        case .object: return try objectStatement(n, index)
        case .for: return try forStatement(n)
        case .while:
            let result = node(.whileLoop, n.span)
            result.pointee.a = try expression(n.a)
            loopDepth += 1
            defer { loopDepth -= 1 }
            let saved = expressionDepth
            expressionDepth = 0
            defer { expressionDepth = saved }
            result.pointee.b = try block(n.b)
            return result
        case .break, .continue:
            guard loopDepth > 0 else { throw error(.syntax, "`\(n.kind == .break ? "break" : "continue")` outside a loop", n.span) }
            if expressionDepth > 0 { scope.code.throwsSignals = true }
            return node(n.kind == .break ? .breakLoop : .continueLoop, n.span)
        case .return:
            guard !scope.isTopLevel else { throw error(.syntax, "`return` outside a function", n.span) }
            let result = node(.returnValue, n.span)
            if n.a >= 0 { result.pointee.a = try expression(n.a) }
            scope.code.throwsSignals = scope.code.throwsSignals || insideExpressionBlock
            return result
        case .import:
            let result = node(.importModule, n.span)
            holdString(result, n.a)
            let name = n.b >= 0 ? tree.string(n.b) : Self.moduleName(tree.string(n.a))
            result.pointee.a = try targetName(name, n.span)
            return result
        case .main:
            let result = node(.main, n.span)
            result.pointee.a = try block(n.a)
            return result
        case .test:
            let result = node(.test, n.span)
            holdString(result, n.a)
            let code = try function(tree.string(n.a), parameters: [], body: n.b, span: n.span, fields: nil)
            let holder = node(.lambda, n.span)
            hold(holder, code)
            result.pointee.a = holder
            return result
        case .assert:
            let result = node(.assert, n.span)
            result.pointee.a = try expression(n.a)
            if n.b >= 0 { result.pointee.b = try expression(n.b) }
            return result
        default: throw error(.syntax, "expected a statement", n.span)
        }
    }

    /// True where the block being resolved is part of an expression.
    private var insideExpressionBlock: Bool { blockInExpression > 0 }
    private var blockInExpression = 0

    private func functionStatement(_ n: Node, _ index: Int32) throws -> NodePointer {
        let result = node(.function, n.span)
        let name = tree.string(n.a)
        let code = try function(name, parameters: tree.children(n), body: n.b, span: n.span, fields: nil, isLocal: !scope.isTopLevel)
        if n.c >= 0 { code.returnShape = shape(n.c) }
        code.documentation = tree.documentation(of: index) ?? ""
        result.pointee.a = try targetName(name, n.span)
        hold(result, code)
        return result
    }

    private func forStatement(_ n: Node) throws -> NodePointer {
        let result = node(.forLoop, n.span)
        var clauses: [NodePointer] = []
        for index in tree.children(n) {
            let clause = tree[index]
            let part = node(.clause, clause.span)
            part.pointee.b = try expression(clause.b)
            part.pointee.a = try pattern(clause.a)
            clauses.append(part)
        }
        setList(result, clauses)
        loopDepth += 1
        defer { loopDepth -= 1 }
        let saved = expressionDepth
        expressionDepth = 0
        defer { expressionDepth = saved }
        result.pointee.a = try block(n.a)
        return result
    }

    private func objectStatement(_ n: Node, _ index: Int32) throws -> NodePointer {
        let declaration = DeclarationCode()
        declaration.name = tree.string(n.a)
        declaration.isLayer = n.flag
        declaration.documentation = tree.documentation(of: index) ?? ""
        let fieldScope = FieldScope()
        let members = tree.children(tree[n.b])
        var forwardParameters: ArraySlice<Int32> = []
        func addField(_ name: String, _ span: Span) throws {
            guard fieldScope.names[name] == nil else { throw error(.syntax, "field `\(name)` stands twice", span) }
            fieldScope.names[name] = Int32(fieldScope.names.count)
        }
        for p in tree.children(n) {
            try addField(tree.string(tree[p].a), tree[p].span)
            declaration.fields.append((tree.string(tree[p].a), .argument, nil, false))
        }
        for m in members {
            let member = tree[m]
            switch member.kind {
            case .param, .state: try addField(tree.string(member.a), member.span)
            case .function:
                let name = tree.string(member.a)
                guard fieldScope.methods.insert(name).inserted else { throw error(.syntax, "method `\(name)` stands twice", member.span) }
                if name == "forward" { forwardParameters = tree.children(member) }
            default: break
            }
        }
        let forwardNames = forwardParameters.map { tree.string(tree[$0].a) }.filter { fieldScope.names[$0] == nil }
        // The constructor binds the header arguments; their defaults may use one another.
        declaration.constructor = try function(declaration.name, parameters: tree.children(n), body: -1, span: n.span, fields: nil)
        var lazyFields: Set<String> = []
        for m in members {
            let member = tree[m]
            switch member.kind {
            case .param, .state:
                let name = tree.string(member.a)
                fieldScope.read = []
                let code = try function("\(declaration.name).\(name)", parameters: [], body: member.b, span: member.span, fields: fieldScope,
                                        extra: forwardNames, selfName: true)
                code.forwardNames = forwardNames
                let mentioned = mentions(member.b)
                let isLazy = forwardNames.contains { mentioned.contains($0) } || !fieldScope.read.isDisjoint(with: lazyFields)
                if isLazy { lazyFields.insert(name) }
                declaration.fields.append((name, member.kind == .param ? .param : .state, code, isLazy))
            case .function:
                let code = try function(tree.string(member.a), parameters: tree.children(member), body: member.b, span: member.span,
                                        fields: fieldScope, selfName: true)
                if member.c >= 0 { code.returnShape = shape(member.c) }
                code.documentation = tree.documentation(of: m) ?? ""
                declaration.methods.append(code)
            default:
                declaration.asserts.append(try assertion(m, fieldScope))
            }
        }
        let result = node(.object, n.span)
        result.pointee.a = try targetName(declaration.name, n.span)
        hold(result, declaration)
        return result
    }

    /// An `assert` in an object's body as a function of `self`.
    private func assertion(_ index: Int32, _ fields: FieldScope) throws -> FunctionCode {
        let code = FunctionCode(name: "assert", source: tree.source, span: tree[index].span)
        let inner = FunctionScope(outer: scope, code: code, isTopLevel: false)
        inner.fields = fields
        let saved = scope
        scope = inner
        defer { scope = saved }
        code.selfSlot = Int(inner.newSlot("self"))
        inner.locals["self"] = Int32(code.selfSlot)
        let body = node(.block, tree[index].span)
        setList(body, [try statement(index)])
        code.body = body
        finish(code)
        return code
    }

    /// Every name that an expression mentions.
    private func mentions(_ index: Int32) -> Set<String> {
        guard index >= 0 else { return [] }
        let span = tree[index].span
        var names: Set<String> = []
        for n in tree.nodes where n.span.start >= span.start && n.span.end <= span.end {
            if n.kind == .name { names.insert(tree.string(n.a)) }
            if n.kind == .entry, n.flag { names.insert(tree.string(n.a)) }
        }
        return names
    }

    // MARK: Targets

    private func targetName(_ name: String, _ span: Span) throws -> NodePointer {
        if scope.isTopLevel, ownSlot(name, scope) == nil {
            let n = node(.global, span)
            n.pointee.cell = module.cell(name, prelude: prelude)
            module.noteAssigned(name)
            hold(n, Text(name))
            return n
        }
        if ownSlot(name, scope) == nil, let fields = scope.fields, let field = fields.names[name] {
            let n = node(.field, span)
            n.pointee.slot = field
            n.pointee.count = selfSlot(scope)
            hold(n, Text(name))
            return n
        }
        let slot: Int32
        if let own = ownSlot(name, scope) { slot = own } else {
            slot = scope.newSlot(name)
            scope.locals[name] = slot
        }
        let n = node(.local, span)
        n.pointee.slot = slot
        hold(n, Text(name))
        return n
    }

    private func target(_ string: Int32, _ span: Span) throws -> NodePointer { try targetName(tree.string(string), span) }

    /// What may stand left of `=` or after `for`.
    private func pattern(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        switch n.kind {
        case .name: return try target(n.a, n.span)
        case .parenthesized: return try pattern(n.a)
        case .listPattern, .recordPattern:
            let result = node(n.kind == .listPattern ? .listPattern : .recordPattern, n.span)
            setList(result, try tree.children(n).map { try pattern($0) })
            return result
        case .index, .field: return try path(index)
        default: throw error(.syntax, "cannot assign to this", n.span)
        }
    }

    /// `x[i].f[j]` to the left of `=`: the root is a name that may be rebound.
    private func path(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        switch n.kind {
        case .index:
            let result = node(.index, n.span)
            result.pointee.a = try path(n.a)
            setList(result, try tree.children(n).map { try subscriptNode($0) })
            return result
        case .field:
            let result = node(.member, n.span)
            result.pointee.a = try path(n.a)
            holdString(result, n.b)
            return result
        case .name:
            // Reading the root decides where it lives; in a function an outer name cannot be changed, but an
            // object it refers to can.
            let root = name(tree.string(n.a), n.span)
            switch root.pointee.op {
            case .global: root.pointee.flag = !scope.isTopLevel
            case .local: root.pointee.flag = captureSlots[ObjectIdentifier(scope.code)]?.contains(root.pointee.slot) ?? false
            default: break
            }
            return root
        case .parenthesized: return try path(n.a)
        default: return try expression(index)
        }
    }

    /// `x = append(x, …)` and the like may change x in place: its value moves into the call.
    private func markMove(_ assign: NodePointer) {
        let target = assign.pointee.a!, value = assign.pointee.b!
        guard value.pointee.op == .call, value.pointee.a.pointee.op == .global, value.pointee.count >= 1,
              target.pointee.op == .local || target.pointee.op == .global else { return }
        let first = value.pointee.list[0]
        guard first.pointee.op == target.pointee.op, first.pointee.slot == target.pointee.slot, first.pointee.cell == target.pointee.cell else { return }
        for i in 1..<max(1, Int(value.pointee.count)) where !isSimpleWithout(value.pointee.list[i], target) { return }
        value.pointee.flag = true
    }

    /// True for an argument that cannot read the target: a constant, or another name.
    private func isSimpleWithout(_ argument: NodePointer, _ target: NodePointer) -> Bool {
        switch argument.pointee.op {
        case .number, .constant: return true
        case .local: return target.pointee.op != .local || argument.pointee.slot != target.pointee.slot
        case .global: return target.pointee.op != .global || argument.pointee.cell != target.pointee.cell
        case .add, .subtract, .multiply, .divide, .power, .negate, .list, .bracket, .record, .index, .member, .keyword:
            for part in [argument.pointee.a, argument.pointee.b] {
                if let part, !isSimpleWithout(part, target) { return false }
            }
            for i in 0..<Int(argument.pointee.count) where argument.pointee.list != nil {
                if !isSimpleWithout(argument.pointee.list[i], target) { return false }
            }
            return true
        default: return false
        }
    }

    // MARK: Expressions

    private func opcode(_ op: Operator) -> OpCode {
        switch op {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: .divide
        case .floorDivide: .floorDivide
        case .modulo: .modulo
        case .matmul: .matmul
        case .power: .power
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessEqual: .lessEqual
        case .greater: .greater
        case .greaterEqual: .greaterEqual
        case .isIn: .isIn
        case .elementOr: .elementOr
        case .elementAnd: .elementAnd
        case .and: .and
        case .or: .or
        default: .add
        }
    }

    func expression(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        switch n.kind {
        case .number:
            let result = node(.number, n.span)
            result.pointee.number = n.number
            return result
        case .string:
            let result = node(.constant, n.span)
            holdString(result, n.a)
            result.pointee.slot = Int32(Word.Tag.string)
            return result
        case .bool:
            let result = node(.constant, n.span)
            result.pointee.slot = Int32(Word.Tag.bool)
            result.pointee.flag = n.flag
            return result
        case .none:
            let result = node(.constant, n.span)
            result.pointee.slot = Int32(Word.Tag.none)
            return result
        case .name: return name(tree.string(n.a), n.span)
        case .parenthesized: return try expression(n.a)
        case .interpolated:
            let result = node(.interpolated, n.span)
            setList(result, try tree.children(n).map { child in
                let part = tree[child]
                guard part.kind == .interpolation else { return try expression(child) }
                let piece = node(.interpolation, part.span)
                piece.pointee.a = try expression(part.a)
                if part.b >= 0 { holdString(piece, part.b) }
                return piece
            })
            return result
        case .list, .bracket:
            let result = node(n.kind == .list ? .list : .bracket, n.span)
            setList(result, try tree.children(n).map { try expression($0) })
            return result
        case .comprehension: return try comprehension(n)
        case .record:
            let result = node(.record, n.span)
            setList(result, try tree.children(n).map { child in
                let entry = tree[child]
                let part = node(.keyword, entry.span)
                holdString(part, entry.a)
                part.pointee.a = entry.b >= 0 ? try expression(entry.b) : name(tree.string(entry.a), entry.span)
                return part
            })
            return result
        case .unary:
            let result = node(n.op == .not ? .not : .negate, n.span)
            let operand = try expression(n.a)
            if n.op == .negate, operand.pointee.op == .number {
                operand.pointee.number = -operand.pointee.number
                operand.pointee.span = n.span
                return operand
            }
            result.pointee.a = operand
            return result
        case .binary, .logical: return try binary(index)
        case .pipe:
            // `x |> f` is `f(x)`.
            let result = node(.call, n.span)
            let argument = try expression(n.a)
            result.pointee.a = try expression(n.b)
            setList(result, [argument])
            return result
        case .compose:
            var parts: [NodePointer] = []
            var current = n
            while true {
                parts.append(try expression(current.b))
                let left = tree[current.a]
                if left.kind == .compose { current = left } else { parts.append(try expression(current.a)); break }
            }
            let result = node(.compose, n.span)
            setList(result, parts.reversed())
            return result
        case .range:
            let result = node(.range, n.span)
            result.pointee.flag = n.flag
            result.pointee.a = try expression(n.a)
            result.pointee.b = try expression(n.b)
            return result
        case .call:
            let result = node(.call, n.span)
            result.pointee.a = try expression(n.a)
            setList(result, try tree.children(n).map { child in
                let argument = tree[child]
                guard argument.kind == .keyword else { return try expression(child) }
                let part = node(.keyword, argument.span)
                holdString(part, argument.a)
                part.pointee.a = try expression(argument.b)
                return part
            })
            return result
        case .index:
            let result = node(.index, n.span)
            result.pointee.a = try expression(n.a)
            setList(result, try tree.children(n).map { try subscriptNode($0) })
            return result
        case .field:
            let result = node(.member, n.span)
            result.pointee.a = try expression(n.a)
            holdString(result, n.b)
            return result
        case .transpose:
            let result = node(.transpose, n.span)
            result.pointee.a = try expression(n.a)
            return result
        case .lambda:
            let result = node(.lambda, n.span)
            hold(result, try function("function", parameters: tree.children(n), body: n.a, span: n.span, fields: nil))
            return result
        case .if, .try, .block:
            blockInExpression += 1
            expressionDepth += 1
            defer { blockInExpression -= 1; expressionDepth -= 1 }
            return try statement(index)
        default: throw error(.syntax, "expected an expression", n.span)
        }
    }

    private func subscriptNode(_ index: Int32) throws -> NodePointer {
        let n = tree[index]
        switch n.kind {
        case .slice:
            let result = node(.slice, n.span)
            if n.a >= 0 { result.pointee.a = try expression(n.a) }
            if n.b >= 0 { result.pointee.b = try expression(n.b) }
            if n.c >= 0 { result.pointee.c = try expression(n.c) }
            return result
        case .ellipsis: return node(.ellipsis, n.span)
        default: return try expression(index)
        }
    }

    /// Left-deep chains of operators are built without recursion.
    private func binary(_ index: Int32) throws -> NodePointer {
        var chain: [Int32] = [index]
        while true {
            let left = tree[chain.last!].a
            let kind = tree[left].kind
            if kind == .binary || kind == .logical { chain.append(left) } else { break }
        }
        var left = try expression(tree[chain.last!].a)
        for index in chain.reversed() {
            let n = tree[index]
            let result = node(opcode(n.op), n.span)
            result.pointee.a = left
            result.pointee.b = try expression(n.b)
            result.pointee.number = Double(n.c)
            left = result
        }
        return left
    }

    private func comprehension(_ n: Node) throws -> NodePointer {
        let result = node(.comprehension, n.span)
        var clauses: [NodePointer] = []
        let depth = scope.inner.count
        defer { scope.inner.removeSubrange(depth...) }
        for index in tree.children(n) {
            let clause = tree[index]
            if clause.kind == .ifClause {
                let part = node(.condition, clause.span)
                part.pointee.a = try expression(clause.a)
                clauses.append(part)
            } else {
                let part = node(.clause, clause.span)
                part.pointee.b = try expression(clause.b)
                var names: [String] = []
                patternNames(clause.a, &names)
                var slots: [String: Int32] = [:]
                for name in names { slots[name] = scope.newSlot(name) }
                scope.inner.append(slots)
                part.pointee.a = try pattern(clause.a)
                clauses.append(part)
            }
        }
        setList(result, clauses)
        result.pointee.a = try expression(n.a)
        return result
    }

    private func patternNames(_ index: Int32, _ names: inout [String]) {
        let n = tree[index]
        switch n.kind {
        case .name: names.append(tree.string(n.a))
        case .listPattern, .recordPattern: for child in tree.children(n) { patternNames(child, &names) }
        case .parenthesized: patternNames(n.a, &names)
        default: break
        }
    }
}
