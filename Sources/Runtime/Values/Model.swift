import Autodiff
import Syntax
import Tensors

/// One trained tensor of a network: where it is kept and the path it goes by (`0.W`).
struct ParameterPlace {
    let path: String
    let object: Object
    let field: Int
    /// Its place where the field holds a list; -1 otherwise.
    let item: Int

    /// The parameter's value (a tensor, a scalar or a number).
    var value: Value {
        let v = object[field: field] ?? .none
        guard item >= 0, case .list(let l) = v else { return v }
        return l.items[item]
    }

    func set(_ newValue: Value) {
        guard item >= 0, case .list(let l)? = object[field: field] else {
            object[field: field] = newValue
            return
        }
        var items = l.items
        items[item] = newValue
        object[field: field] = Value(list: items)
    }
}


// Networks: an object's parameters are its `param` fields, and those of the layers it holds in fields, lists, and
// functions that captured them. A layer found twice counts once.
extension Interpreter {
    /// Visits the parameters of a network in order. `unmade` is called with the path of a field not yet made.
    func parameters(of model: Value, unmade: ((String) throws -> Void)? = nil) throws -> [ParameterPlace] {
        var places: [ParameterPlace] = []
        var seen = Set<ObjectIdentifier>()
        try visit(model, "", &seen, 0, unmade) { places.append($0) }
        return places
    }

    /// Visits every layer and object in a network once, in order, with its path.
    func objects(of model: Value) throws -> [(path: String, object: Object)] {
        var found: [(String, Object)] = []
        var seen = Set<ObjectIdentifier>()
        try visit(model, "", &seen, 0, nil, object: { found.append(($0, $1)) }) { _ in }
        return found
    }

    private func visit(_ value: Value, _ path: String, _ seen: inout Set<ObjectIdentifier>, _ depth: Int, _ unmade: ((String) throws -> Void)?,
                       object visitObject: ((String, Object) -> Void)? = nil, _ found: (ParameterPlace) -> Void) throws {
        guard depth < 1_000 else { throw Diagnostic(.limit, "layers nested too deep") }
        func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        switch value {
        case .object(let o):
            guard seen.insert(ObjectIdentifier(o)).inserted else { return }
            visitObject?(path, o)
            for (i, field) in o.declaration.fields.enumerated() {
                let name = o.isSequential && field.name == "stages" ? path : join(field.name)
                guard let v = o[field: i] else {
                    if field.role == .param { try unmade?(name) }
                    continue
                }
                if field.role == .param {
                    switch v {
                    case .tensor, .scalar, .number: found(ParameterPlace(path: name, object: o, field: i, item: -1))
                    case .list(let l):
                        for (k, item) in l.items.enumerated() {
                            let itemPath = name.isEmpty ? "\(k)" : "\(name).\(k)"
                            switch item {
                            case .tensor, .scalar, .number: found(ParameterPlace(path: itemPath, object: o, field: i, item: k))
                            default: try visit(item, itemPath, &seen, depth + 1, unmade, object: visitObject, found)
                            }
                        }
                    default: try visit(v, name, &seen, depth + 1, unmade, object: visitObject, found)
                    }
                } else {
                    try visit(v, name, &seen, depth + 1, unmade, object: visitObject, found)
                }
            }
            for name in o.declaration.methodOrder {
                if let method = o.declaration.methods[name] { try visitCaptures(method, path, &seen, depth, unmade, visitObject, found) }
            }
        case .list(let l):
            for (k, item) in l.items.enumerated() {
                switch item {
                case .object, .list, .function: try visit(item, join("\(k)"), &seen, depth + 1, unmade, object: visitObject, found)
                default: break
                }
            }
        case .record(let r):
            for (key, item) in zip(r.keys, r.values) {
                switch item {
                case .object, .list, .function, .record: try visit(item, join(key), &seen, depth + 1, unmade, object: visitObject, found)
                default: break
                }
            }
        case .function(let f):
            if let closure = f as? Closure {
                guard seen.insert(ObjectIdentifier(closure)).inserted else { return }
                try visitCaptures(closure, path, &seen, depth, unmade, visitObject, found)
            } else if let native = f as? NativeFunction {
                for item in native.captured { try visit(item, path, &seen, depth + 1, unmade, object: visitObject, found) }
            }
        default: break
        }
    }

    /// Layers that a function captured, or reads at top level, are the network's too.
    private func visitCaptures(_ closure: Closure, _ path: String, _ seen: inout Set<ObjectIdentifier>, _ depth: Int, _ unmade: ((String) throws -> Void)?,
                               _ visitObject: ((String, Object) -> Void)?, _ found: (ParameterPlace) -> Void) throws {
        func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        for (i, capture) in closure.code.captures.enumerated() where capture.name != "self" {
            let w = closure.captures[i]
            if w.isReference { try visit(Value(w), join(capture.name), &seen, depth + 1, unmade, object: visitObject, found) }
        }
        guard !closure.code.source.isStandardLibrary else { return }
        for (name, cell) in closure.code.globalsRead where cell.pointee.tag == Word.Tag.object || cell.pointee.tag == Word.Tag.list {
            try visit(Value(cell.pointee), join(name), &seen, depth + 1, unmade, object: visitObject, found)
        }
    }

    /// Makes a field's word (and the items of its list) a leaf of the recording.
    func watch(_ word: inout Word) throws {
        let watched = try watched(Value(word))
        word.release()
        word = Word(watched)
    }

    /// The same value as fresh leaves: numbers and tensors, inside lists and records too.
    func watched(_ value: Value) throws -> Value {
        switch value {
        case .tensor(let t, let serial):
            guard t.dtype != .bool else { return value }
            return Value(try tape.leaf(Variable(t, serial), Op.identity))
        case .number, .scalar: return Value(try tape.leaf(try value.variable(), Op.identity))
        case .list(let l): return Value(list: try l.items.map { try watched($0) })
        case .record(let r): return .record(Record(r.keys, try r.values.map { try watched($0) }))
        case .range: return try watched(try stacked(value, what: "the argument"))
        default: return value
        }
    }

    /// `net[0]`, `net["0.W"]`
    func objectIndex(_ o: Object, _ key: Value) throws -> Value {
        if let x = key.asDouble {
            guard let stages = o.stages else { throw Diagnostic(.type, "\(o.declaration.name) has no numbered parts", help: ["`params(net)` lists its parameters"]) }
            guard let i = Int(exactly: x) else { throw Diagnostic(.value, "an index must be a whole number, got \(numberText(x))") }
            return stages[try position(i, stages.count, "a chain of layers")]
        }
        guard let path = key.asString else { throw Diagnostic(.type, "a network is indexed by a number or a path such as \"0.W\"") }
        let places = try parameters(of: .object(o))
        if let place = places.first(where: { $0.path == path }) { return place.value }
        if let found = try objects(of: .object(o)).first(where: { $0.path == path }) { return .object(found.object) }
        throw noField(path, of: "the network", places.map(\.path))
    }

    /// `net["0.W"] = v`
    func setParameter(_ o: Object, _ path: String, _ newValue: Value) throws {
        let places = try parameters(of: .object(o))
        guard let place = places.first(where: { $0.path == path }) else { throw noField(path, of: "the network", places.map(\.path)) }
        place.set(newValue)
    }
}
