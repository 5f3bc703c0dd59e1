import Syntax
import Tensors

// `x[…]` and what stands left of `=`, on what is known.
extension Checker {
    /// One subscript of a tensor.
    private enum Part {
        /// Known, but for unknown sizes.
        case known((World) throws -> Subscript, sizes: [Size])
        /// As many positions as a tensor of this shape has elements, which are not known.
        case picked([Size])
        /// One position, which is not known.
        case position
        /// Some positions of an axis, of unknown number.
        case some
        /// Nothing is known.
        case unknown

        /// A subscript that selects as much in one world: which positions these are is not known.
        func tried(_ world: World) throws -> Subscript {
            switch self {
            case .known(let make, _): try make(world)
            case .picked(let shape): .indices(try Tensor.fill(shape.map(world.value), 0, .f32))
            case .position: .index(0)
            case .some, .unknown: .slice(start: nil, stop: nil, step: 1)
            }
        }
    }

    func index(_ n: NodePointer) throws -> Abstract {
        let base = try evaluate(n.pointee.a)
        switch base {
        case .list(let items): return try listIndex(n, items, "a list")
        case .many(let each):
            if n.pointee.count == 1, n.pointee.list[0].pointee.op == .slice { return base }
            let i = try evaluate(n.pointee.list[0])
            return i.isPlain ? each : .unknown
        case .record(let keys, let values):
            guard n.isOneValue else { throw interpreter.recordIndex(keys, n) }
            let index = try evaluate(n.pointee.list[0])
            guard let key = index.exact?.asString else {
                if index.isPlain { throw interpreter.recordIndex(keys, n) }
                return .unknown
            }
            if let i = keys.place(of: key) { return values[i] }
            throw interpreter.located(interpreter.noField(key, of: "the record", keys), n.pointee.list[0])
        case .object(let id):
            guard n.pointee.count == 1, n.pointee.list[0].pointee.op != .ellipsis else { return .unknown }
            if n.pointee.list[0].pointee.op == .slice {
                guard let object = state.heap[id] else { return .unknown }
                guard let stages = object.stages else {
                    if object.declaration.name == "sequential" { return .unknown }
                    return try located(n) { throw interpreter.unnumbered(object.declaration.name) }
                }
                guard case .list(let part) = try listIndex(n, stages, "a chain of layers"), let word = interpreter.prelude["sequential"] else { return .unknown }
                return try apply(lift(Value(word)), part, [], nil)
            }
            let key = try evaluate(n.pointee.list[0])
            guard let i = key.wholeNumber?.constant else { return .unknown }
            guard let stages = state.heap[id]?.stages else {
                // Stages that are not known, or a layer that has none.
                if state.heap[id]?.declaration.name != "sequential", case .object(let shown) = displayed(base), let key = key.exact {
                    return try located(n) { lift(try interpreter.objectIndex(shown, key)) }
                }
                return .unknown
            }
            return try located(n) { stages[try interpreter.position(i, stages.count, "a chain of layers")] }
        case .exact(.string(let s)) where s.string.utf8.count <= 256:
            switch try listIndex(n, s.string.unicodeScalars.map { .text(String($0)) }, "a string") {
            case .list(let part): return .text(part.compactMap { $0.exact?.asString }.joined())
            case .exact(let one): return .exact(one)
            default: return .kind(.string)
            }
        case .exact(.string):
            for i in 0..<Int(n.pointee.count) where n.pointee.list[i].pointee.op != .slice { _ = try evaluate(n.pointee.list[i]) }
            return .kind(.string)
        case .exact(.range(let r)):
            guard n.isOneValue, case let at = try evaluate(n.pointee.list[0]), at.isPlain else { return .many(.kind(.number)) }
            guard let i = at.wholeNumber?.constant else { return .kind(.number) }
            return try located(n.pointee.list[0]) { .number(r[try interpreter.position(i, r.count, "a range")]) }
        case .exact(.scalar) where n.isWhole: return try tensorIndex(n, base, [])
        case .exact(.number), .size, .exact(.scalar): throw interpreter.noParts(n)
        case .function, .exact(.function), .exact(.none), .exact(.bool): throw interpreter.notIndexed(displayed(base), n)
        case .kind(.number) where !n.isWhole: throw interpreter.noParts(n)
        case .fields(let keys):
            guard n.isOneValue else { throw interpreter.recordIndex(keys, n) }
            if let key = try evaluate(n.pointee.list[0]).exact?.asString, !keys.contains(key) {
                throw interpreter.located(interpreter.noField(key, of: "the record", keys), n.pointee.list[0])
            }
            return .unknown
        default: break
        }
        guard let shape = base.shape, base.isTensorLike, !base.isPlain else {
            for i in 0..<Int(n.pointee.count) where n.pointee.list[i].pointee.op != .slice && n.pointee.list[i].pointee.op != .ellipsis {
                _ = try evaluate(n.pointee.list[i])
            }
            return .unknown
        }
        return try tensorIndex(n, base, shape)
    }

    private func listIndex(_ n: NodePointer, _ items: [Abstract], _ what: String) throws -> Abstract {
        guard n.pointee.count == 1 else { return .unknown }
        let part = n.pointee.list[0]
        let any = items.dropFirst().reduce(items.first ?? .unknown) { join($0, $1) }
        if part.pointee.op == .ellipsis { return .list(items) }
        if part.pointee.op == .slice {
            func bound(_ p: NodePointer?) throws -> (known: Bool, value: Int?) {
                guard let p else { return (true, nil) }
                let v = try evaluate(p)
                if case .exact(.none) = v { return (true, nil) }
                return v.wholeNumber?.constant.map { (true, $0) } ?? (false, nil)
            }
            let start = try bound(part.pointee.a), stop = try bound(part.pointee.b), step = try bound(part.pointee.c)
            guard start.known, stop.known, step.known, step.value != 0 else { return .many(any) }
            return .list(Interpreter.sliceIndices(start.value, stop.value, step.value ?? 1, items.count).map { items[$0] })
        }
        let at = try evaluate(part)
        if case .exact(let v) = at, v.asString != nil || v.isNone { throw interpreter.notAnIndex(v, of: what, part) }
        guard let i = at.wholeNumber?.constant, at.isPlain else { return at.isPlain ? any : .unknown }
        return try located(part) { items[try interpreter.position(i, items.count, what)] }
    }

    // MARK: Tensors

    private func tensorIndex(_ n: NodePointer, _ base: Abstract, _ shape: [Size]) throws -> Abstract {
        let parts = try (0..<Int(n.pointee.count)).map { try part(n.pointee.list[$0]) }
        var involved = shape
        for part in parts {
            switch part {
            case .known(_, let sizes), .picked(let sizes): involved += sizes
            case .unknown: return .tensor(nil, base.dtype)
            default: break
            }
        }
        func subscripts(_ world: World) throws -> [Subscript] { try parts.map { try $0.tried(world) } }
        if let value = base.exact, parts.allSatisfy({ if case .known(_, let sizes) = $0 { sizes.allSatisfy(\.isConstant) } else { false } }) {
            do { return lift(try interpreter.getIndex(value, try subscripts(.first)).unboxed) } catch { throw interpreter.indexError(error, n, value) }
        }
        let samples: [[Int]]?
        do {
            samples = try inWorlds(involved) { world in try Selection.resolve(try subscripts(world), shape: shape.map(world.value)).shape }
        } catch {
            // Which index it was that an empty axis has not is for the run to say.
            let isGuessed = parts.contains { switch $0 { case .picked, .position: true; default: false } }
            guard !isGuessed || !shape.contains(Size(0)), let value = try madeUp(base, isWhole: false, .first) else { return .tensor(nil, base.dtype) }
            throw interpreter.indexError(error, n, value)
        }
        guard let samples, var result = self.shape(samples) else { return .tensor(nil, base.dtype) }
        // Axes of which some positions are taken.
        var axis = 0
        var consumed = 0
        let first = try subscripts(.first)
        for s in first {
            switch s {
            case .newAxis, .ellipsis: break
            case .mask(let t): consumed += t.rank
            default: consumed += 1
            }
        }
        var hasArrays = false
        for (part, s) in zip(parts, first) {
            if case .some = part {
                if hasArrays { return .tensor(nil, base.dtype) }
                if axis < result.count { result[axis] = sizes.fresh() }
            }
            switch s {
            case .index: break
            case .ellipsis: axis += max(0, shape.count - consumed)
            case .indices, .mask, .list: hasArrays = true; axis += 1
            default: axis += 1
            }
        }
        return .tensor(result, base.dtype)
    }

    private func part(_ n: NodePointer) throws -> Part {
        switch n.pointee.op {
        case .ellipsis: return .known({ _ in .ellipsis }, sizes: [])
        case .slice:
            var bounds: [Size?] = []
            for bound in [n.pointee.a, n.pointee.b, n.pointee.c] {
                guard let bound else { bounds.append(nil); continue }
                let v = try evaluate(bound)
                if case .exact(.none) = v { bounds.append(nil); continue }
                if case .exact(let value) = v, value.asDouble == nil || v.wholeNumber == nil {
                    _ = try interpreter.sliceBound(value, bound)
                }
                guard let whole = v.wholeNumber else { return .some }
                bounds.append(whole)
            }
            if bounds[2] == Size(0) { return .some }
            return .known({ world in .slice(start: bounds[0].map(world.value), stop: bounds[1].map(world.value), step: bounds[2].map(world.value) ?? 1) }, sizes: bounds.compactMap { $0 })
        default: break
        }
        let v = try evaluate(n)
        switch v {
        case .exact(let value):
            let s = try interpreter.tensorSubscript(value, n)
            var sizes: [Size] = []
            if case .index(let i) = s { sizes = [Size(i), Size(i + 1)] }
            return .known({ _ in s }, sizes: sizes)
        case .size(let s): return .known({ world in .index(world(s)) }, sizes: [s])
        case .kind(.number): return .position
        case .tensor(let shape?, let type):
            if shape.isEmpty { return .position }
            if type == .bool { return shape.count == 1 ? .some : .unknown }
            // Compared values are bools more often than not.
            guard type != nil || shape.allSatisfy(\.isConstant), shape.reduce(1.0, { $0 * Double($1.samples[0]) }) < 0x1p20 else { return .unknown }
            return .picked(shape)
        case .many(.kind(.number)): return .some
        case .list(let items):
            guard v.isExact, let made = try madeUp(v, isWhole: true, .first) else {
                return items.allSatisfy { $0.isPlain && $0.dtype != .bool } ? .picked([Size(items.count)]) : .unknown
            }
            let s = try interpreter.tensorSubscript(made, n)
            return .known({ _ in s }, sizes: [])
        default: return .unknown
        }
    }

    // MARK: Assigning

    func assign(_ target: NodePointer, _ value: Abstract) throws {
        let value = value.bounded
        switch target.pointee.op {
        case .local:
            state.slots[Int(target.pointee.slot)] = value
            for attempt in attempts where attempt.activation === activation { attempt.slots.append((Int(target.pointee.slot), value)) }
        case .global:
            state.globals[target.pointee.cell] = value
            for attempt in attempts { attempt.globals.append((target.pointee.cell, value)) }
        case .field:
            if case .object(let id)? = state.slots[Int(target.pointee.count)] { set(id, Int(target.pointee.slot), value) }
        case .listPattern:
            let count = Int(target.pointee.count)
            let parts: [Abstract]?
            switch value {
            case .list(let items): parts = items
            case .exact(let v):
                do { parts = try interpreter.items(of: v, what: "what is taken apart").map { lift($0) } } catch { throw interpreter.located(error, target) }
            case .many(let each): parts = Array(repeating: each, count: count)
            case .record(let keys, let values): throw interpreter.recordInListPattern(Record(keys, values.map { displayed($0) }), target)
            case .tensor(let shape?, let type) where !shape.isEmpty && (shape[0].constant ?? 1_000) < 64:
                parts = Array(repeating: .tensor(Array(shape.dropFirst()), type), count: shape[0].constant!)
            default: parts = nil
            }
            if let parts, parts.count != count { throw interpreter.wrongCount(count, parts.count, target) }
            for i in 0..<count { try assign(target.pointee.list[i], parts?[i] ?? .unknown) }
        case .recordPattern:
            for i in 0..<Int(target.pointee.count) {
                let name = target.pointee.list[i]
                switch value {
                case .record(let keys, let values):
                    guard let k = keys.place(of: name.pointee.name) else {
                        throw interpreter.located(interpreter.noField(name.pointee.name, of: "the record", keys), name)
                    }
                    try assign(name, values[k])
                case .fields(let keys) where !keys.contains(name.pointee.name):
                    throw interpreter.located(interpreter.noField(name.pointee.name, of: "the record", keys), name)
                case .list, .tensor(.some, _), .exact, .size, .function:
                    if let made = try madeUp(value, isWhole: false, .first) { throw interpreter.notTakenApart(made, target) }
                    try assign(name, .unknown)
                default: try assign(name, .unknown)
                }
            }
        case .index, .member:
            var parts: [NodePointer: Abstract] = [:]
            try hold(target, &parts)
            targetParts = parts
            defer { targetParts = [:] }
            if target.pointee.op == .index { try fit(value, into: target) }
            try change(target, makes: true) { _ in Change(value, rebinds: true) }
        default: break
        }
    }

    /// Evaluates what stands in a target, from left to right: a run does so once, however often it is looked at here.
    private func hold(_ n: NodePointer, _ parts: inout [NodePointer: Abstract]) throws {
        let base = n.pointee.a!
        switch base.pointee.op {
        case .index, .member: try hold(base, &parts)
        case .local, .global, .field: break
        default: parts[base] = try evaluate(base)
        }
        guard n.pointee.op == .index else { return }
        for i in 0..<Int(n.pointee.count) {
            let part = n.pointee.list[i]
            switch part.pointee.op {
            case .ellipsis: break
            case .slice: for bound in [part.pointee.a, part.pointee.b, part.pointee.c] { if let bound { parts[bound] = try evaluate(bound) } }
            default: parts[part] = try evaluate(part)
            }
        }
    }

    /// `x[…] = value`: refused where the value's shape does not fit the selection's.
    private func fit(_ value: Abstract, into n: NodePointer) throws {
        let base = try evaluate(n.pointee.a)
        guard base.isTensorLike, !base.isPlain, let shape = base.shape, let given = value.shape else { return }
        let parts = try (0..<Int(n.pointee.count)).map { try part(n.pointee.list[$0]) }
        var involved = shape + given
        for part in parts {
            switch part {
            case .known(_, let sizes): involved += sizes
            case .picked(let sizes) where !shape.contains(Size(0)): involved += sizes
            default: return
            }
        }
        func subscripts(_ world: World) throws -> [Subscript] { try parts.map { try $0.tried(world) } }
        do {
            _ = try inWorlds(involved) { world in
                let selected = try Selection.resolve(try subscripts(world), shape: shape.map(world.value)).shape
                // Leading axes of size 1 are of no account.
                var dims = given.map(world.value)
                while dims.count > selected.count, dims.first == 1 { dims.removeFirst() }
                guard try Tensor.broadcastShape(dims, selected) == selected else { throw TensorError(.shape, "") }
            }
        } catch {
            guard var whole = try madeUp(base, isWhole: true, .first), let part = try madeUp(value, isWhole: true, .first) else { return }
            let shown = whole
            do { try interpreter.setIndex(&whole, try subscripts(.first), part) } catch { throw interpreter.indexError(error, n, shown) }
        }
    }

    /// What becomes of a value by a change of a part of it.
    private struct Change {
        let value: Abstract
        /// True where the value itself is surely another one: no object on the path was changed in its place.
        let rebinds: Bool
        init(_ value: Abstract, rebinds: Bool) { self.value = value; self.rebinds = rebinds }
    }

    /// A record with one field changed or, where the field is itself assigned (`makes`), one more.
    private func changed(_ keys: [String], _ values: [Abstract], _ name: String, _ n: NodePointer, makes: Bool, _ new: (Abstract) throws -> Change) throws -> Change {
        var keys = keys, values = values
        let change: Change
        if let k = keys.place(of: name) {
            change = try new(values[k])
            values[k] = change.value
        } else {
            guard makes else { throw interpreter.located(interpreter.noField(name, of: "the record", keys), n) }
            change = try new(.none)
            keys.append(name)
            values.append(change.value)
        }
        return Change(.record(keys, values), rebinds: change.rebinds)
    }

    /// `net[key] = …` of a network that is not known, or by a key that is not.
    private func setByKey(_ key: Abstract?) {
        guard let name = key?.exact?.asString?.split(separator: ".").last else { return disturb() }
        setEverywhere(String(name))
    }

    /// Changes what stands at a path: `r.f[i]`. `makes`: it is what is itself assigned.
    private func change(_ n: NodePointer, makes: Bool = false, _ new: (Abstract) throws -> Change) throws {
        switch n.pointee.op {
        case .local, .global:
            let old = try evaluate(n), change = try new(old)
            if n.pointee.flag {
                // An outer name: an object may be changed through it.
                if change.rebinds { throw interpreter.outerName(n) }
                return
            }
            try assign(n, change.value)
        case .field: try assign(n, try new(try evaluate(n)).value)
        case .member:
            let name = n.pointee.name
            try change(n.pointee.a) { base in
                switch base {
                case .record(let keys, let values):
                    return try changed(keys, values, name, n, makes: makes, new)
                case .fields(let keys):
                    return Change(someOf(keys, [name]), rebinds: try new(.unknown).rebinds)
                case .object(let id):
                    guard let object = state.heap[id] else { return Change(base, rebinds: false) }
                    guard let i = object.declaration.field(name) else {
                        throw interpreter.noFieldToSet(of: object.declaration.name, object.declaration.fields.map(\.name), n)
                    }
                    set(id, i, try new(object.fields[i] ?? .unknown).value)
                    return Change(base, rebinds: false)
                case .unknown, .kind(.object):
                    _ = try new(.unknown)
                    setEverywhere(name)
                    return Change(base, rebinds: false)
                case .exact, .size, .list, .tensor(.some, _):
                    guard let made = try madeUp(base, isWhole: false, .first) else { return Change(base, rebinds: false) }
                    throw interpreter.noFieldToAssign(made, n)
                default: return Change(base, rebinds: false)
                }
            }
        case .index:
            let key = n.isOneValue ? try evaluate(n.pointee.list[0]) : nil
            try change(n.pointee.a) { base in
                switch base {
                case .record(let keys, let values):
                    guard let name = key?.exact?.asString else { return Change(.kind(.record), rebinds: try new(.unknown).rebinds) }
                    return try changed(keys, values, name, n, makes: makes, new)
                case .fields(let keys):
                    let rebinds = try new(.unknown).rebinds
                    guard let name = key?.exact?.asString else { return Change(.kind(.record), rebinds: rebinds) }
                    return Change(someOf(keys, [name]), rebinds: rebinds)
                case .exact(.string), .kind(.string), .wording: throw interpreter.unchangedString(n)
                case .list(let items):
                    guard let key, key.isPlain else {
                        // Several items: which ones, and to what they are set, is for the run to say.
                        return Change(.list(items.map { _ in .unknown }), rebinds: try new(.unknown).rebinds)
                    }
                    guard let i = key.wholeNumber?.constant else {
                        let change = try new(.unknown)
                        return Change(.many(items.reduce(change.value) { join($0, $1) }), rebinds: change.rebinds)
                    }
                    let k = try located(n) { try interpreter.position(i, items.count, "a list") }
                    var items = items
                    let change = try new(items[k])
                    items[k] = change.value
                    return Change(.list(items), rebinds: change.rebinds)
                case .exact(.number), .size: throw interpreter.noPartsToAssign(n)
                case .exact(.tensor(let t, _)):
                    _ = try new(.unknown)
                    return Change(.tensor(t.shape.map { Size($0) }, t.dtype), rebinds: true)
                case .exact(.scalar(_, let type)) where n.isWhole:
                    _ = try new(.unknown)
                    return Change(.tensor([], type), rebinds: true)
                case .object(let id):
                    // A stage, or a parameter replaced through its path.
                    let same = Change(base, rebinds: false)
                    guard let stages = state.heap[id]?.stages, let i = key?.wholeNumber?.constant, let field = state.heap[id]?.declaration.field("stages"), stages.indices.contains(i) else {
                        _ = try new(.unknown)
                        setByKey(key)
                        return same
                    }
                    var changed = stages
                    changed[i] = try new(stages[i]).value
                    set(id, field, .list(changed))
                    return same
                case .tensor:
                    _ = try new(.unknown)
                    return Change(base, rebinds: true)
                case .many(let each):
                    let change = try new(.unknown)
                    return Change(.many(key?.isPlain ?? false ? join(each, change.value) : .unknown), rebinds: change.rebinds)
                case .unknown, .kind(.object):
                    _ = try new(.unknown)
                    if key?.isTensorLike == false { setByKey(key) }
                    return Change(base, rebinds: false)
                default:
                    _ = try new(.unknown)
                    return Change(base, rebinds: false)
                }
            }
        default: _ = try new(try evaluate(n))
        }
    }
}
