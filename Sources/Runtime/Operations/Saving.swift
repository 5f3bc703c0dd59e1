import Files
import Syntax
import Tensors

// `save` and `load`: any value but functions made in place, networks and optimizers included. The file's form is
// the module Files'; here values become what it stores, and back. Nothing in a file is run: functions, layers and
// objects are stored by name and looked up in the program that loads them.

extension Op {
    static let save = Operation("save(path, x)", .data, """
        Writes a value to a file for `load`: numbers, strings, tensors, lists, records, and networks and optimizers with \
        their parameters, states and random streams, to the bit. The file is a NumPy archive, whose tensors Python reads \
        as `numpy.load(path)["0.W"]`; a tensor saved under a name that ends in `.npy` becomes a plain NumPy file. \
        Functions are saved by their top-level name. A vector or matrix saved under a name that ends in `.csv` becomes a table \
        without a header, of which `load_csv(path, target=none).x` is the matrix.
        """, examples: [("save(\"record.npz\", {w: [1, 2], name: \"first\"})\nload(\"record.npz\").w", "[1, 2]")], seeAlso: ["load", "load_npy", "load_npz", "copy"],
        result: Results.nothing,
        forward: { c in
            let write = c.interpreter.host.writeFile
            // Either order: other languages differ.
            let isSwapped = c[0].asString == nil && c[1].asString != nil
            let path = try c.string(isSwapped ? 1 : 0), value = c[isSwapped ? 0 : 1]
            if path.hasSuffix(".npy"), let x = try tensor(value) {
                try reading { try write(path, npyBytes(x)) }
                return .none
            }
            if let ending = foreignEndings.first(where: path.lowercased().hasSuffix) {
                guard ending == ".csv", let x = try tensor(value), x.rank <= 2 else {
                    throw c.fault(.value, isSwapped ? 1 : 0, "save writes no \(ending) files" + (ending == ".csv" ? " but of a vector or a matrix" : ""),
                                  help: ["a name that ends in .npz or .bin holds any value, one in .npy a tensor, one in .csv a vector or a matrix"])
                }
                try reading { try write(path, Array(csvText(x).utf8)) }
                return .none
            }
            let saver = Saver(c.interpreter)
            let stored = try saver.stored(value, "", 0)
            try saver.checkLayers(of: value)
            try reading { try write(path, archiveBytes(stored)) }
            return .none
        })

    static let load = Operation("load(path)", .data, """
        Reads what `save` wrote; NumPy's own `.npy` and `.npz` files too. A network's layers must be known to the program: \
        those of the library are, your own must be declared (or imported) before.
        """, examples: [("save(\"net.npz\", dense(2))\nload(\"net.npz\")", "dense(2)")], seeAlso: ["save", "load_npy", "load_npz", "load_csv"],
        forward: { c in
            let path = try c.string(0)
            let stored = try reading { () -> StoredValue in
                let bytes = try readRaw(path)
                if bytes.first == 0x93 { return .tensor(name: "", try parseNPY(bytes[...], path: path)) }
                guard bytes.starts(with: [0x50, 0x4b]) else {
                    if path.lowercased().hasSuffix(".csv") {
                        throw FileError(path, "is a table, which `load` does not read", help: ["write `load_csv(\"\(path)\", target=none).x` for the matrix of its numbers"])
                    }
                    throw FileError(path, "was not written by `save`", help: ["`load_csv` reads tables, `load_image` pictures, `read` text"])
                }
                return try parseArchive(bytes, path: path)
            }
            return try Loader(c.interpreter, path).value(stored)
        })

    /// Endings that promise another format.
    private static let foreignEndings = [".csv", ".tsv", ".txt", ".json", ".png", ".jpg", ".jpeg", ".svg", ".pdf", ".xls", ".xlsx", ".pkl", ".pt", ".pth", ".h5", ".mat"]

    /// The rows of a matrix, or the elements of a vector, a line each; numbers as they print in their type.
    private static func csvText(_ x: Tensor) -> String {
        let columns = x.rank == 2 ? x.dims[1] : 1, rows = columns == 0 ? 0 : x.count / columns
        return (0..<rows).map { i in (0..<columns).map { elementText(x, i * columns + $0) }.joined(separator: ",") + "\n" }.joined()
    }

    private static func elementText(_ x: Tensor, _ i: Int) -> String {
        x.dtype == .bool ? (x.u8[i] != 0 ? "1" : "0") : tensorElementText(x, i)
    }

    private static func tensor(_ value: Value) throws -> Tensor? {
        switch value {
        case .tensor(let t, _): t.dtype == .number ? try Tensor.convert(t, to: .f64) : t
        case .scalar, .number, .bool: try tensor(Value(value.variable()))
        default: nil
        }
    }
}

/// The top-level values that a program knows by name: its own, those of its imports, the library's.
private struct KnownNames {
    let interpreter: Interpreter

    private var places: [[(name: String, value: Value)]] {
        var places: [[(name: String, value: Value)]] = []
        if let own = interpreter.currentModule?.bindings {
            places.append(own)
            for case (_, .record(let r)) in own { places.append(Swift.zip(r.keys, r.values).map { ($0, $1) }) }
        }
        places.append(interpreter.prelude.library.bindings)
        return places
    }

    func name(of f: Function) -> String? {
        if let builtin = f as? BuiltinFunction { return builtin.operation.name }
        for place in places {
            for case (let name, .function(let g)) in place where g === f { return name }
        }
        return nil
    }

    func function(_ name: String) -> Function? {
        interpreter.prelude.load(name)
        for place in places {
            for case (name, .function(let f)) in place { return f }
        }
        if let word = interpreter.prelude[name], case .function(let f) = Value(word) { return f }
        return nil
    }

    func declaration(_ name: String, isLibrary: Bool) -> ObjectDeclaration? {
        if isLibrary { interpreter.prelude.load(name) }
        for place in places {
            for case (_, .function(let f as ObjectDeclaration)) in place where f.name == name && f.isFromStandardLibrary == isLibrary { return f }
        }
        return nil
    }
}

private final class Saver {
    private let names: KnownNames
    private var numbers: [ObjectIdentifier: Int] = [:]

    init(_ interpreter: Interpreter) { names = KnownNames(interpreter: interpreter) }

    /// Refuses networks whose functions read layers, at top level or captured: a file with functions by name would lose them.
    func checkLayers(of value: Value) throws {
        switch value {
        case .function(let f as Closure) where !f.code.source.isStandardLibrary: break
        case .object(let o) where o.declaration.isLayer: break
        case .list(let l): return try l.items.forEach { try checkLayers(of: $0) }
        case .record(let r): return try r.values.forEach { try checkLayers(of: $0) }
        default: return
        }
        guard let lost = try names.interpreter.parameters(of: value).first(where: { numbers[ObjectIdentifier($0.object)] == nil }) else { return }
        throw Diagnostic(.value, "the network's parameter `\(lost.path)` belongs to a layer that a function reads, and a file holds functions by name alone",
                         help: ["save the parameters: `save(path, params(net))`; `update(net, (old, new) => new, load(path))` sets them again"])
    }

    /// `path` names the tensors inside as `params` would: `0.W`.
    func stored(_ value: Value, _ path: String, _ depth: Int) throws -> StoredValue {
        guard depth < 1_000 else { throw Diagnostic(.limit, "values nested too deep to save") }
        try names.interpreter.walk()
        func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        switch value {
        case .none: return .none
        case .bool(let b): return .bool(b)
        case .number(let x): return .number(x)
        case .scalar(let x, let type): return .scalar(x, type)
        case .tensor(let t, _):
            if t.rank == 0 { return t.dtype == .number ? .number(t.f64[0]) : .scalar(t.element(0), t.dtype) }
            return .tensor(name: path, t)
        case .string(let s): return .string(s.string)
        case .list(let l): return .list(try l.items.enumerated().map { try stored($0.element, join("\($0.offset)"), depth + 1) })
        case .record(let r): return .record(try Swift.zip(r.keys, r.values).map { ($0, try stored($1, join($0), depth + 1)) })
        case .range(let g): return .range(start: g.start, step: g.step, count: g.count)
        case .object(let o):
            if let n = numbers[ObjectIdentifier(o)] { return .reference(n) }
            let n = numbers.count
            numbers[ObjectIdentifier(o)] = n
            var fields: [(key: String, value: StoredValue)] = []
            for (i, field) in o.declaration.fields.enumerated() {
                guard let v = o[field: i] else { continue }
                fields.append((field.name, try stored(v, o.isSequential && field.name == "stages" ? path : join(field.name), depth + 1)))
            }
            return .object(id: n, name: o.declaration.name, isLibrary: o.declaration.isFromStandardLibrary, fields: fields, stream: o.random)
        case .function(let f):
            if let saved = f as? SavedStream { return .stream(saved.stream) }
            guard let name = names.name(of: f) else {
                throw Diagnostic(.value, path.isEmpty ? "a function cannot be saved" : "\(path.allSatisfy(\.isNumber) ? "item \(path)" : "`\(path)`") is a function made in place, which cannot be saved",
                                 help: ["give it a name at top level, `fn name(x) = ...`, and use that: functions are saved by name"])
            }
            return .function(name)
        }
    }
}

private final class Loader {
    private let names: KnownNames
    private let path: String
    private var objects: [Int: Object] = [:]

    init(_ interpreter: Interpreter, _ path: String) {
        names = KnownNames(interpreter: interpreter)
        self.path = path
    }

    func value(_ stored: StoredValue) throws -> Value {
        switch stored {
        case .none: return .none
        case .bool(let b): return .bool(b)
        case .number(let x): return .number(x)
        case .scalar(let x, let type): return .scalar(x, type)
        case .tensor(_, let t): return Value(t).unboxed
        case .string(let s): return Value(s)
        case .list(let items): return Value(list: try items.map { try value($0) })
        case .record(let items): return .record(Record(items.map(\.key), try items.map { try value($0.value) }))
        case .range(let start, let step, let count): return .range(RangeValue(start: start, step: step, count: count))
        case .reference(let n):
            guard let o = objects[n] else { throw Diagnostic(.io, "\(path): damaged: object \(n) is used before it is described") }
            return .object(o)
        case .object(let n, let name, let isLibrary, let fields, let stream): return .object(try object(n, name, isLibrary, fields, stream))
        case .stream(let s): return .function(SavedStream(s))
        case .function(let name):
            guard let f = names.function(name) else {
                throw Diagnostic(.name, "\(path) needs a function `\(name)`, which this program does not have", help: ["define it, or import its file, before `load`"])
            }
            return .function(f)
        }
    }

    private func object(_ n: Int, _ name: String, _ isLibrary: Bool, _ fields: [(key: String, value: StoredValue)], _ stream: RandomStream) throws -> Object {
        guard let declaration = names.declaration(name, isLibrary: isLibrary) else {
            throw Diagnostic(.name, "\(path) holds a `\(name)`, which this program does not declare",
                             help: [isLibrary ? "a newer version of nns may have it" : "declare it, or import its file, before `load`"])
        }
        let o = Object(declaration, random: stream)
        objects[n] = o
        for (key, stored) in fields {
            guard let i = declaration.field(key) else {
                throw Diagnostic(.value, "\(path): the saved `\(name)` has a field `\(key)`, the one declared here has not", help: ["load it with the declaration that saved it"])
            }
            o[field: i] = try value(stored)
        }
        for (i, field) in declaration.fields.enumerated() where o[field: i] == nil {
            guard field.isLazy else {
                throw Diagnostic(.value, "\(path): the saved `\(name)` lacks the field `\(field.name)` declared here", help: ["load it with the declaration that saved it"])
            }
            o.pending += 1
        }
        return o
    }
}
