import Autodiff
import Syntax
import Tensors

/// One trained tensor of a network: where it is kept and the path it goes by (`0.W`).
struct ParameterPlace {
    let path: String
    let object: Object
    let field: Int
    /// Its place, level by level, where the field holds a list or a record.
    let inside: [Int]?

    /// The parameter's value (a tensor, a scalar or a number).
    var value: Value {
        let v = object[field: field] ?? .none
        return inside == nil ? v : part(of: v)
    }

    /// What stands at the parameter's place in a value of its field.
    func part(of whole: Value) -> Value {
        var v = whole
        for i in inside ?? [] {
            switch v {
            case .list(let l) where i < l.items.count: v = l.items[i]
            case .record(let r) where i < r.count: v = r.values[i]
            default: return .none
            }
        }
        return v
    }

    /// Sets the parameter: a number or tensor in place of another, or `none` while it is taken out.
    func set(_ newValue: Value) {
        let old = object.fields[field]
        object.fields[field] = Word(inside.map { Self.replaced(Value(old), $0[...], newValue) } ?? newValue)
        old.release()
    }

    /// A list or record with another value at a place inside.
    private static func replaced(_ whole: Value, _ path: ArraySlice<Int>, _ newValue: Value) -> Value {
        guard let i = path.first else { return newValue }
        switch whole {
        case .list(let l) where i < l.items.count:
            var items = l.items
            items[i] = replaced(items[i], path.dropFirst(), newValue)
            return Value(list: items)
        case .record(let r) where i < r.count:
            var values = r.values
            values[i] = replaced(values[i], path.dropFirst(), newValue)
            return .record(Record(r.keys, values))
        default: return whole
        }
    }

    /// True where both are one place, by whatever path it was reached.
    func isSame(as other: ParameterPlace) -> Bool { object === other.object && field == other.field && inside == other.inside }
}

/// The parameters that a walk from an object found, for the next one. They are the same as long as no structure
/// changed and the top-level names that the network's functions read hold what they held.
final class Network {
    private struct Place {
        let path: String
        unowned(unsafe) let object: Object
        let field: Int
        let inside: [Int]?
    }
    private let found: [Place]
    let keys: [String]
    private let globals: [(cell: UnsafeMutablePointer<Word>, word: Word)]
    private let structure = Object.structure

    init(_ places: [ParameterPlace], _ globals: [UnsafeMutablePointer<Word>]) {
        found = places.map { Place(path: $0.path, object: $0.object, field: $0.field, inside: $0.inside) }
        keys = places.map(\.path)
        self.globals = globals.map { ($0, $0.pointee) }
    }

    /// The places, or nil where the network may have changed.
    var places: [ParameterPlace]? {
        guard structure == Object.structure, globals.allSatisfy({ $0.cell.pointee.bits == $0.word.bits && $0.cell.pointee.meta == $0.word.meta }) else { return nil }
        return found.map { ParameterPlace(path: $0.path, object: $0.object, field: $0.field, inside: $0.inside) }
    }
}

// Networks: an object's parameters are its `param` fields, and those of the layers it holds in fields, lists, records, and
// functions: what these captured, and what they and the functions they call read at top level. A layer found twice counts
// once. What a `state` holds is kept but not trained: a walk for parameters leaves it out, one for objects does not.
extension Interpreter {
    /// Visits the parameters of a network in order. `unmade` is called with the path of a field not yet made.
    func parameters(of model: Value, unmade: ((String) throws -> Void)? = nil) throws -> [ParameterPlace] {
        guard case .object(let root) = model else { return try walk(model, unmade).places }
        if let places = root.network?.places { return places }
        var complete = true
        let (places, globals) = try walk(model) { path in
            complete = false
            try unmade?(path)
        }
        // A list or record at top level may change in place, unseen.
        let mayChange = globals.contains { $0.pointee.tag == Word.Tag.list || $0.pointee.tag == Word.Tag.record }
        root.network = complete && !mayChange ? Network(places, globals) : nil
        return places
    }

    private func walk(_ model: Value, _ unmade: ((String) throws -> Void)?) throws -> (places: [ParameterPlace], globals: [UnsafeMutablePointer<Word>]) {
        var places: [ParameterPlace] = [], globals: [UnsafeMutablePointer<Word>] = []
        var seen = Set<ObjectIdentifier>()
        try visit(model, "", &seen, 0, unmade, global: { globals.append($0) }) { places.append($0) }
        return (places, globals)
    }

    /// The keys of a network's parameters, in order.
    func parameterKeys(_ model: Value, _ places: [ParameterPlace]) -> [String] {
        if case .object(let root) = model, let network = root.network, network.keys.count == places.count { return network.keys }
        return places.map(\.path)
    }

    /// Visits every layer and object in a network once, in order, with its path.
    func objects(of model: Value) throws -> [(path: String, object: Object)] {
        var found: [(String, Object)] = []
        var seen = Set<ObjectIdentifier>()
        try visit(model, "", &seen, 0, nil, object: { found.append(($0, $1)) }) { _ in }
        return found
    }

    private func visit(_ value: Value, _ path: String, _ seen: inout Set<ObjectIdentifier>, _ depth: Int, _ unmade: ((String) throws -> Void)?,
                       object visitObject: ((String, Object) -> Void)? = nil, global: ((UnsafeMutablePointer<Word>) -> Void)? = nil,
                       _ found: (ParameterPlace) -> Void) throws {
        guard depth < 1_000 else { throw Diagnostic(.limit, "layers nested too deep") }
        try walk()
        func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        switch value {
        case .object(let o):
            guard seen.insert(ObjectIdentifier(o)).inserted else { return }
            o.isPartOfNetwork = true
            visitObject?(path, o)
            for (i, field) in o.declaration.fields.enumerated() where field.role != .state || visitObject != nil {
                let name = o.isSequential && field.name == "stages" ? path : join(field.name)
                guard let v = o[field: i] else {
                    if field.role == .param { try unmade?(name) }
                    continue
                }
                if field.role == .param {
                    func visitParameter(_ v: Value, _ name: String, _ inside: [Int]) throws {
                        guard inside.count < 1_000 else { throw Diagnostic(.limit, "parameters nested too deep") }
                        func join(_ part: String) -> String { name.isEmpty ? part : "\(name).\(part)" }
                        switch v {
                        case .tensor, .scalar, .number: found(ParameterPlace(path: name, object: o, field: i, inside: inside.isEmpty ? nil : inside))
                        case .list(let l): for (k, item) in l.items.enumerated() { try visitParameter(item, join("\(k)"), inside + [k]) }
                        case .record(let r): for k in r.keys.indices { try visitParameter(r.values[k], join(r.keys[k]), inside + [k]) }
                        default: try visit(v, name, &seen, depth + 1, unmade, object: visitObject, global: global, found)
                        }
                    }
                    try visitParameter(v, name, [])
                } else {
                    try visit(v, name, &seen, depth + 1, unmade, object: visitObject, global: global, found)
                }
            }
            for method in o.declaration.methods { try visitCaptures(method.closure, path, &seen, depth, unmade, visitObject, global, found) }
        case .list(let l):
            for (k, item) in l.items.enumerated() {
                switch item {
                case .object, .list, .function, .record: try visit(item, join("\(k)"), &seen, depth + 1, unmade, object: visitObject, global: global, found)
                default: break
                }
            }
        case .record(let r):
            for (key, item) in zip(r.keys, r.values) {
                switch item {
                case .object, .list, .function, .record: try visit(item, join(key), &seen, depth + 1, unmade, object: visitObject, global: global, found)
                default: break
                }
            }
        case .function(let f):
            if let closure = f as? Closure {
                guard seen.insert(ObjectIdentifier(closure)).inserted else { return }
                try visitCaptures(closure, path, &seen, depth, unmade, visitObject, global, found)
            } else if let gradient = f as? GradientFunction {
                try visit(gradient.function, path, &seen, depth + 1, unmade, object: visitObject, global: global, found)
            } else if let native = f as? NativeFunction {
                for item in native.captured { try visit(item, path, &seen, depth + 1, unmade, object: visitObject, global: global, found) }
            }
        default: break
        }
    }

    /// Layers that a function captured, or reads at top level, are the network's too; so are those of the program's own
    /// functions that it reads there.
    private func visitCaptures(_ closure: Closure, _ path: String, _ seen: inout Set<ObjectIdentifier>, _ depth: Int, _ unmade: ((String) throws -> Void)?,
                               _ visitObject: ((String, Object) -> Void)?, _ global: ((UnsafeMutablePointer<Word>) -> Void)?,
                               _ found: (ParameterPlace) -> Void) throws {
        func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        for (i, capture) in closure.code.captures.enumerated() where capture.name != "self" {
            let w = closure.captures[i]
            if w.isReference { try visit(Value(w), join(capture.name), &seen, depth + 1, unmade, object: visitObject, global: global, found) }
        }
        guard !closure.code.source.isStandardLibrary else { return }
        for (name, cell, field) in closure.code.globalsRead {
            global?(cell)
            switch cell.pointee.tag {
            case Word.Tag.object, Word.Tag.list, Word.Tag.record, Word.Tag.function: break
            default: continue
            }
            if let field, case .record(let r) = Value(cell.pointee) {
                if let part = r[field] { try visit(part, "\(join(name)).\(field)", &seen, depth + 1, unmade, object: visitObject, global: global, found) }
                continue
            }
            try visit(Value(cell.pointee), join(name), &seen, depth + 1, unmade, object: visitObject, global: global, found)
        }
    }

    /// Makes a field's word (and the items of its list) a leaf of the recording.
    func watch(_ word: inout Word) throws {
        let watched = try watched(Value(word))
        word.release()
        word = Word(watched)
    }

    /// The same value as fresh leaves: numbers and tensors, inside lists and records too. A range is no variable.
    func watched(_ value: Value) throws -> Value {
        switch value {
        case .tensor(let t, let serial):
            guard t.dtype != .bool else { return value }
            return Value(try tape.leaf(Variable(t, serial), Op.identity))
        case .number, .scalar: return Value(try tape.leaf(try value.variable(), Op.identity))
        case .list(let l):
            try walk()
            return Value(list: try l.items.map { try watched($0) })
        case .record(let r):
            try walk()
            return .record(Record(r.keys, try r.values.map { try watched($0) }))
        default: return value
        }
    }

    /// The stages of a chain, to be numbered.
    func numberedStages(_ o: Object) throws -> [Value] {
        guard let stages = o.stages else { throw unnumbered(o.declaration.name) }
        return stages
    }

    func unnumbered(_ name: String) -> Diagnostic {
        Diagnostic(.type, "\(name) has no numbered parts", help: ["`params(net)` lists its parameters"])
    }

    /// `net[0]`, `net["0.W"]`
    func objectIndex(_ o: Object, _ key: Value) throws -> Value {
        if let x = key.asDouble {
            let stages = try numberedStages(o)
            guard let i = Int(exactly: x) else { throw Diagnostic(.value, "an index must be a whole number, got \(numberText(x))") }
            return stages[try position(i, stages.count, "a chain of layers")]
        }
        guard let path = key.asString else { throw Diagnostic(.type, "a network is indexed by a number or a path such as \"0.W\"") }
        let places = try parameters(of: .object(o))
        if let place = places.first(where: { $0.path == path }) { return place.value }
        if let found = try objects(of: .object(o)).first(where: { $0.path == path }) { return .object(found.object) }
        throw noPath(path, o, places.map(\.path))
    }

    /// The error of a text by which no parameter goes.
    private func noPath(_ path: String, _ o: Object, _ paths: [String]) -> Diagnostic {
        var error = noField(path, of: o.declaration.isLayer ? "the network" : o.declaration.name, paths)
        if o.declaration.field(path) != nil { error.help = ["a text is the path of a parameter; a field is taken by its name: `‹x›.\(path)`"] }
        return error
    }

    /// `net["0.W"] = v`
    func setParameter(_ o: Object, _ path: String, _ newValue: Value) throws {
        let places = try parameters(of: .object(o))
        guard let place = places.first(where: { $0.path == path }) else { throw noPath(path, o, places.map(\.path)) }
        place.set(newValue)
    }
}
