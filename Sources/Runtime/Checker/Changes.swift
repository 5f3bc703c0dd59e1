import Syntax
import Tensors

/// The fields of objects that a program's text sets somewhere, by name: no code of the user's changes any other.
struct SetFields {
    private var names: Set<String> = []
    /// Some are set by a key that the text does not tell: `net[key] = …`.
    private var isAnySet = false

    func contains(_ name: String) -> Bool { isAnySet || names.contains(name) }

    mutating func add(_ tree: Tree) {
        let objects = tree.nodes.filter { $0.kind == .object }.map(\.span)
        // Inside an object a bare name may be a field.
        func isInObject(_ node: Node) -> Bool { objects.contains { $0.start <= node.span.start && node.span.end <= $0.end } }
        func path(_ index: Int32) {
            let node = tree[index]
            switch node.kind {
            case .listPattern, .recordPattern: for child in tree.children(node) { path(child) }
            case .parenthesized: path(node.a)
            case .name: if isInObject(node) { names.insert(tree.string(node.a)) }
            case .field:
                names.insert(tree.string(node.b))
                path(node.a)
            case .index:
                for child in tree.children(node) {
                    switch tree[child].kind {
                    case .string: names.formUnion(tree.string(tree[child].a).split(separator: ".").map(String.init))
                    case .number, .slice, .ellipsis, .unary: names.insert("stages")
                    default: isAnySet = true
                    }
                }
                path(node.a)
            default: break
            }
        }
        for node in tree.nodes {
            switch node.kind {
            case .assign, .update, .forClause: path(node.a)
            default: break
            }
        }
    }
}

/// A block under way that an error may leave anywhere: what it sets on the way counts behind it.
final class Attempt {
    let activation: Checker.Activation
    var slots: [(slot: Int, value: Abstract)] = []
    var globals: [(cell: UnsafeMutablePointer<Word>, value: Abstract)] = []
    var fields: [(object: Int, field: Int, value: Abstract)] = []
    init(_ activation: Checker.Activation) { self.activation = activation }
}

extension Abstract {
    /// The same knowledge, but for sizes that are not known either way.
    func isLike(_ other: Abstract) -> Bool {
        switch (self, other) {
        case (.tensor(let a?, let t), .tensor(let b?, let u)):
            return t == u && a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || !$0.isConstant && !$1.isConstant }
        case (.size(let a), .size(let b)): return !a.isConstant && !b.isConstant
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.isLike($1) }
        case (.many(let a), .many(let b)): return a.isLike(b)
        case (.record(let k, let a), .record(let l, let b)): return k == l && zip(a, b).allSatisfy { $0.isLike($1) }
        default: return isSame(other)
        }
    }

    /// What is left of a value after training: shapes and names, no number.
    var trained: Abstract {
        switch self {
        case .exact(let v):
            switch v {
            case .tensor(let t, _): .tensor(t.shape.map { Size($0) }, t.dtype)
            case .scalar(_, let type): .tensor([], type)
            case .number: .kind(.number)
            case .bool: .unknown
            default: self
            }
        case .size: .kind(.number)
        case .list(let items): .list(items.map(\.trained))
        case .many(let item): .many(item.trained)
        case .record(let keys, let values): .record(keys, values.map(\.trained))
        default: self
        }
    }
}

// Objects change behind the checker's back: what a network's parameters hold is known only until something trains it, and
// what any object holds only as long as every call was followed to its end.
extension Checker {
    /// Sets a field, wherever it is set.
    func set(_ object: Int, _ field: Int, _ value: Abstract) {
        state.heap[object]?.fields[field] = value
        for attempt in attempts { attempt.fields.append((object, field, value)) }
    }

    /// A field of an object that is not known: it may be that of any.
    func setEverywhere(_ name: String) {
        for (id, object) in state.heap {
            guard let i = object.declaration.field(name), let old = object.fields[i] else { continue }
            if case .unknown = old { continue }
            set(id, i, .unknown)
        }
    }

    /// Code ran that was not followed: it may have set whatever the program's text sets, and trained every network. It may
    /// also have made fields that are not made yet, but where `keepingUnmade`.
    func disturb(keepingUnmade: Bool = false) {
        for (id, object) in state.heap {
            for (i, field) in object.declaration.fields.enumerated() {
                guard let old = object.fields[i] else {
                    if !keepingUnmade { set(id, i, .unknown) }
                    continue
                }
                if case .unknown = old { continue }
                let new: Abstract
                if setFields.contains(field.name) { new = .unknown } else {
                    switch field.role {
                    case .param: new = old.trained
                    // The library's layers keep the shapes of their statistics, its other objects whatever they need.
                    case .state where object.declaration.isStandardLibrary: new = object.declaration.isLayer ? old.trained : .unknown
                    default: continue
                    }
                }
                if !new.isSame(old) { set(id, i, new) }
            }
        }
    }

    /// The objects that can be reached from a value; nil where they may be any.
    private func reached(from value: Abstract) -> Set<Int>? {
        var found: Set<Int> = []
        var codes: Set<ObjectIdentifier> = []
        /// False where something on the way is not known.
        func go(_ a: Abstract, _ depth: Int) -> Bool {
            switch a {
            case .unknown, .kind(.object), .kind(.function), .kind(.list), .kind(.record), .fields: return false
            case .object(let id):
                guard found.insert(id).inserted, let object = state.heap[id] else { return true }
                return object.fields.allSatisfy { $0.map { go($0, depth + 1) } ?? true }
            case .list(let items), .record(_, let items): return depth > 32 ? false : items.allSatisfy { go($0, depth + 1) }
            case .many(let item): return go(item, depth + 1)
            case .function(let f):
                guard case .closure(let code, let captures, let object) = f.body else { if case .declaration = f.body { return true } else { return false } }
                guard codes.insert(ObjectIdentifier(code)).inserted || !captures.isEmpty || object != nil else { return true }
                guard depth < 32 else { return false }
                let names = code.globalsRead.compactMap { state.globals[$0.cell] }
                return (captures.compactMap { $0 } + names + (object.map { [.object($0)] } ?? [])).allSatisfy { go($0, depth + 1) }
            default: return true
            }
        }
        return go(value, 0) ? found : nil
    }

    /// The parameters of a network get other values of the same shapes; with `states`, what it keeps besides does too.
    func train(_ network: Abstract, states: Bool = false) {
        let ids = reached(from: network)
        for (id, object) in state.heap where ids?.contains(id) ?? true {
            for (i, field) in object.declaration.fields.enumerated() {
                guard let old = object.fields[i] else { continue }
                let new: Abstract
                switch field.role {
                case .param: new = old.trained
                case .state where states: new = object.declaration.isLayer ? old.trained : .unknown
                default: continue
                }
                if !new.isSame(old) { set(id, i, new) }
            }
        }
    }

    /// An argument that a built-in may call, which is not followed.
    func calledUnseen(_ a: Abstract) {
        switch a {
        case .unknown, .kind(.function), .kind(.object): disturb()
        case .function(let f) where !f.isStandardLibrary: disturb()
        // The library's own layers keep what they hold.
        case .object where reached(from: a)?.allSatisfy({ state.heap[$0]?.declaration.isStandardLibrary ?? false }) != true: disturb()
        case .list(let items), .record(_, let items): items.forEach(calledUnseen)
        case .many(let item): calledUnseen(item)
        default: break
        }
    }

    /// Does what a run does any number of times: what it changes in objects is not known behind it.
    func repeating<R>(_ body: () throws -> R) rethrows -> R {
        let before = state.heap
        let result = try body()
        for (id, old) in before {
            guard let new = state.heap[id] else { continue }
            for i in new.fields.indices {
                guard let x = old.fields[i], let y = new.fields[i], !x.isSame(y) else { continue }
                if case .tensor = join(x, y) { set(id, i, join(x, y).trained) } else { set(id, i, .unknown) }
            }
        }
        return result
    }

    /// Whether anything is known otherwise than before. It is not known at all then, unless one is only looking.
    func forgetChanges(since before: State, onlyLooking: Bool) -> Bool {
        var isChanged = false
        func look(_ old: Abstract?, _ new: Abstract?, _ forget: () -> Void) {
            guard let old, let new, !new.isLike(old) else { return }
            isChanged = true
            if !onlyLooking { forget() }
        }
        if !state.slots.isShared(with: before.slots) { for i in state.slots.indices where i < before.slots.count { look(before.slots[i], state.slots[i]) { state.slots[i] = .unknown } } }
        for (cell, value) in state.globals { look(before.globals[cell], value) { state.globals[cell] = .unknown } }
        for (id, object) in before.heap {
            guard let now = state.heap[id], !now.fields.isShared(with: object.fields) else { continue }
            for i in now.fields.indices { look(object.fields[i], now.fields[i]) { set(id, i, .unknown) } }
        }
        return isChanged
    }

    /// Does what may fail anywhere, muted: nil where it does. `state` is then that of a run which was left at any place in it.
    func attempted<R>(_ body: () throws -> R) throws -> (result: R, state: State)? {
        let before = state, wasCertain = isCertain
        let attempt = Attempt(activation)
        attempts.append(attempt)
        isCertain = false
        muted += 1
        defer {
            muted -= 1
            isCertain = wasCertain
        }
        var end: (R, State)?
        do {
            defer { attempts.removeLast() }
            end = (try body(), state)
        } catch is Diagnostic {} catch is Stopped {}
        state = merged(before, state)
        for (slot, value) in attempt.slots { state.slots[slot] = join(state.slots[slot], value) }
        for (cell, value) in attempt.globals { state.globals[cell] = join(state.globals[cell], value) }
        for (id, field, value) in attempt.fields {
            guard let old = state.heap[id]?.fields[field] else { continue }
            state.heap[id]!.fields[field] = join(old, value)
        }
        return end
    }

    /// What `first` gives, or where that fails and `other` does not, what `other` gives.
    func tried(_ first: () throws -> Abstract, else other: () throws -> Abstract) throws -> Abstract {
        let before = state
        func isFine(_ body: () throws -> Abstract) throws -> Abstract? {
            let errors = silenced, end = try attempted(body)
            return silenced == errors ? end?.result : nil
        }
        if try isFine(first) == nil {
            state = before
            if let result = try isFine(other) { return result }
        }
        state = before
        return try first()
    }

    /// Whether a statement calls anything.
    func calls(in n: NodePointer) -> Bool {
        if n.pointee.op == .call { return true }
        for part in [n.pointee.a, n.pointee.b, n.pointee.c] { if let part, calls(in: part) { return true } }
        guard let list = n.pointee.list else { return false }
        return (0..<Int(n.pointee.count)).contains { calls(in: list[$0]) }
    }

    /// A condition is not what the program takes it for, so that nothing is known of what it reads.
    func doubt(_ condition: NodePointer) {
        switch condition.pointee.op {
        case .local: state.slots[Int(condition.pointee.slot)] = doubted(state.slots[Int(condition.pointee.slot)])
        case .global: if let value = state.globals[condition.pointee.cell] { state.globals[condition.pointee.cell] = doubted(value) }
        case .field:
            if case .object(let id)? = state.slots[Int(condition.pointee.count)] { set(id, Int(condition.pointee.slot), .unknown) }
        case .lambda: break
        default:
            for part in [condition.pointee.a, condition.pointee.b, condition.pointee.c] { if let part { doubt(part) } }
            if let list = condition.pointee.list { for i in 0..<Int(condition.pointee.count) { doubt(list[i]) } }
        }
    }

    private func doubted(_ value: Abstract?) -> Abstract? {
        switch value {
        case .object?:
            disturb(keepingUnmade: true)
            return value
        case .function?, .exact(.function)?, nil: return value
        default: return .unknown
        }
    }
}
