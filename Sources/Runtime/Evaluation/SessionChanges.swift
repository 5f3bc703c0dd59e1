import Syntax
import Tensors

/// What an entry changed in a session: what a script that cannot do it again has to tell, or to write out.
public struct SessionChanges {
    /// The names that are bound otherwise than before, or to something that was changed in place, sorted.
    public let names: [String]
    /// Of these, the values that a script can write, as it would.
    public let written: [String: String]
    /// The top-level names that functions read, by the names of a session that hold such functions.
    public let readers: [String: Set<String>]
}

extension Interpreter {
    /// What is other than in that state.
    public func changes(since state: SessionState, in module: Module) -> SessionChanges {
        let bindings = module.bindings
        let before = Dictionary(state.bindings.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        var then: [ObjectIdentifier: (fields: [Value?], random: RandomStream, pending: Int)] = [:]
        for (object, fields, random, pending) in state.objects { then[ObjectIdentifier(object)] = (fields, random, pending) }
        var names: [String] = [], written: [String: String] = [:], readers: [String: Set<String>] = [:]
        for (name, value) in bindings {
            var isChanged = !Self.isSame(value, before[name])
            func note(_ f: Function) { for read in module.names(readBy: f) { readers[name, default: []].insert(read) } }
            SessionState.visit([value], function: note, object: { object, fields in
                note(object.declaration)
                // An object made since then is in a name bound since then, or in an object changed since then.
                guard let old = then[ObjectIdentifier(object)] else { return }
                if !fields.elementsEqual(old.fields, by: Self.isSame) || object.random != old.random || object.pending != old.pending { isChanged = true }
            })
            guard isChanged else { continue }
            names.append(name)
            if let text = literal(value, room: 400) { written[name] = text }
        }
        return SessionChanges(names: names.sorted(), written: written, readers: readers)
    }

    /// The top-level names that a text of the language mentions, inside functions too where they are not the function's own.
    public func topLevelNames(in text: String) -> Set<String> {
        let module = Module(name: "names")
        guard let tree = try? Parser.parse(Source(name: "entry", text: text)),
              (try? Resolver(tree: tree, module: module, prelude: prelude).resolve()) != nil else { return [] }
        return Set(module.names)
    }

    /// A value as a script would write it to have the same to the bit; nil for what no short text can say.
    private func literal(_ value: Value, room: Int) -> String? {
        func texts(_ items: [Value]) -> [String]? {
            var texts: [String] = [], left = room
            for item in items {
                guard left >= 0, let text = literal(item, room: left) else { return nil }
                texts.append(text)
                left -= text.utf8.count + 2
            }
            return texts
        }
        let text: String
        switch value {
        case .none, .bool, .number, .range: text = echo(value)
        case .scalar(_, .number): text = echo(value)
        case .scalar(_, let type): text = "\(type.name)(\(echo(value)))"
        case .tensor(let t, _):
            guard t.rank > 0, t.count > 0, t.count <= room else { return nil }
            let rows = nested(t, axis: 0, from: 0)
            text = t.dtype == .bool ? rows : "\(t.dtype.name)(\(rows))"
        case .string(let s):
            guard s.string.utf8.count <= room else { return nil }
            text = Self.quoted(s.string)
        case .list(let l):
            guard let items = texts(l.items) else { return nil }
            text = items.count == 1 ? "(\(items[0]),)" : "(\(items.joined(separator: ", ")))"
        case .record(let r):
            guard let values = texts(r.values) else { return nil }
            text = "{" + zip(r.keys, values).map { "\(Self.quoted($0)): \($1)" }.joined(separator: ", ") + "}"
        case .function, .object: return nil
        }
        return text.utf8.count <= room ? text : nil
    }

    private func nested(_ t: Tensor, axis: Int, from offset: Int) -> String {
        let shape = t.shape
        guard axis < shape.count else { return Self.scalarText(t.element(offset), t.dtype) }
        let step = shape[(axis + 1)...].reduce(1, *)
        return "[" + (0..<shape[axis]).map { nested(t, axis: axis + 1, from: offset + $0 * step) }.joined(separator: ", ") + "]"
    }
}

extension Module {
    /// The top-level names of this module that a function reads when it runs.
    fileprivate func names(readBy function: Function) -> [String] {
        func read(_ closure: Closure?) -> [String] {
            guard let closure, !closure.code.source.isStandardLibrary else { return [] }
            return closure.code.globalsRead.filter { existingCell($0.name) == $0.cell }.map(\.name)
        }
        guard let declaration = function as? ObjectDeclaration else { return read(function as? Closure) }
        return ([declaration.constructor] + declaration.methods.map(\.closure) + declaration.asserts + declaration.fields.map(\.initializer)).flatMap(read)
    }
}
