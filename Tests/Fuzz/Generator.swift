import Runtime

/// What the generator knows of a value.
enum Form: Equatable {
    case number
    /// A whole number from 0 to 4.
    case count
    case bool
    case text
    case tensor([Int])
    /// A list of so many numbers.
    case list(Int)
    /// A record with the numbers `a` and `b` and a vector `v` of three.
    case record
    /// A function of a tensor that gives one of the same shape.
    case elementwise
    /// A function of one number.
    case function
    /// A network from [n, 3] to [n, 2].
    case network
    /// Six examples of three features and two classes.
    case data
}

/// Writes programs that are right as the grammar goes, and mostly right in their kinds and shapes.
///
/// Goals: every rule of the grammar and every built-in is used; names are set before they are used; a known part of
/// the programs ends without an error. A program is sweet or sour: in a sour one some expressions are of any kind.
struct Generator {
    var dice: Dice
    /// Entries that run as they stand.
    let examples: [String]
    var scope: [(name: String, form: Form)] = []
    var nextName = 0
    /// Percent of expressions whose kind is left to chance.
    var sourness = 0
    /// How much more may be nested here.
    var fuel = 0
    var isInFunction = false
    var isInLoop = false

    init(dice: Dice, examples: [String]) {
        self.dice = dice
        self.examples = examples
    }

    /// The public names of the built-ins and the standard library.
    static let names = Interpreter.current.names(in: Interpreter.current.makeModule("none"))
        .filter { $0.first!.isLetter && !["args", "pi", "inf", "nan"].contains($0) }

    mutating func program() -> String {
        sourness = dice.chance(60) ? 0 : dice.among(1...12)
        var lines: [String] = []
        for _ in 0..<dice.among(1...5) {
            fuel = dice.among(2...4)
            lines.append(setUp())
        }
        for _ in 0..<dice.among(1...6) {
            fuel = dice.among(2...5)
            lines.append(statement(isTop: true))
        }
        if dice.chance(50) { lines.append(contentsOf: scope.suffix(3).map { "print(\($0.name))" }) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Entries of a session: one that sets names, and others that may fail.
    mutating func session() -> (setUp: String, entries: [String]) {
        var first: [String] = []
        for _ in 0..<6 { fuel = 2; first.append(setUp()) }
        sourness = 30
        let entries = (0..<6).map { _ in
            fuel = 3
            return dice.chance(60) ? assignment() : expression(form())
        }
        return (first.joined(separator: "\n"), entries)
    }

    // MARK: Names

    mutating func fresh(_ form: Form) -> String {
        nextName += 1
        let name = dice.pick(["a", "b", "x", "θ", "w_", "net", "Δ", "x̂"]) + (dice.chance(10) ? "₁" : "") + "\(nextName)"
        return name
    }

    /// A name is known from here on.
    mutating func declare(_ name: String, _ form: Form) { scope.append((name, form)) }

    mutating func variable(_ form: Form) -> String? {
        let fitting = scope.filter { $0.form == form }
        return fitting.isEmpty ? nil : dice.pick(fitting).name
    }

    // MARK: Forms

    mutating func shape(maximumRank: Int = 3) -> [Int] {
        (0..<dice.among(1...maximumRank)).map { _ in dice.chance(3) ? dice.pick([0, 1, 17, 40]) : dice.among(1...4) }
    }

    mutating func form() -> Form {
        switch dice.below(20) {
        case 0...2: .number
        case 3: .count
        case 4, 5: .bool
        case 6: .text
        case 7...12: .tensor(shape())
        case 13: .list(dice.among(0...4))
        case 14: .record
        case 15: .elementwise
        case 16: .function
        case 17: .network
        case 18: .data
        default: .tensor([3])
        }
    }

    /// A statement that sets a new name to a simple value.
    mutating func setUp() -> String {
        let form = form()
        let name = fresh(form)
        let value = expression(form)
        declare(name, form)
        return "\(name) = \(value)"
    }
}
