import Tensors

/// What a function may change besides its result: random streams, the numbers of the objects to come, and the objects
/// that it reaches. Kept so that a trial, or an evaluation among several, leaves nothing behind.
struct Surroundings {
    private let script: RandomStream
    private let nextStream: UInt64
    private var objects: [(object: Object, random: RandomStream, pending: Int, fields: [Value?])] = []

    /// As they are now: the script's stream, and all objects inside the given values.
    init(_ interpreter: Interpreter, of values: [Value]) throws {
        script = interpreter.scriptRandom
        nextStream = interpreter.nextStream
        for value in values {
            for (_, object) in try interpreter.objects(of: value) where !objects.contains(where: { $0.object === object }) {
                objects.append((object, object.random, object.pending, (0..<object.declaration.fields.count).map { object[field: $0] }))
            }
        }
    }

    /// Puts everything back as it was.
    func restore(_ interpreter: Interpreter) {
        interpreter.scriptRandom = script
        interpreter.nextStream = nextStream
        for (object, random, pending, fields) in objects {
            object.random = random
            object.pending = pending
            for (i, value) in fields.enumerated() where !object.holds(value, i) { object[field: i] = value }
        }
    }

    /// Makes every parameter's numbers f64.
    func double(_ interpreter: Interpreter) throws {
        for (object, _, _, fields) in objects {
            for (i, field) in object.declaration.fields.enumerated() where field.role == .param {
                if let value = fields[i] { object[field: i] = try interpreter.doubled(value) }
            }
        }
    }
}

extension Object {
    /// True where field `i` is unchanged: it holds the very value.
    fileprivate func holds(_ value: Value?, _ i: Int) -> Bool {
        guard let value else { return fields[i].isUnset }
        let word = Word(value)
        defer { word.release() }
        return word.bits == fields[i].bits && word.meta == fields[i].meta
    }
}
