/// The rules of `Sources/Syntax/grammar.txt`, read from the text itself: makes sentences of them and recognises them.
import Foundation

struct Grammar {
    enum Symbol {
        /// The index of a terminal: `NAME`, or a quoted text.
        case terminal(Int)
        /// The index of a rule.
        case rule(Int)
    }
    /// Some terminals, a bit each.
    typealias Terminals = UInt128

    private(set) var names: [String] = []
    /// The alternatives of each rule; those of brackets are rules without a name in the text.
    private(set) var alternatives: [[[Symbol]]] = []
    private var places: [String: Int] = [:]
    private var terminals: [String] = []
    private var terminalPlaces: [String: Int] = [:]
    /// The fewest terminals of each rule.
    private var lengths: [Int] = []
    /// Terminals with which a rule begins, and whether it may be empty.
    private var first: [Terminals] = []
    private var isNullable: [Bool] = []
    /// The same of each alternative.
    private var starts: [[(terminals: Terminals, isNullable: Bool)]] = []

    struct Fault: Error { var message: String }

    /// Reads the rules above the section about characters.
    init(_ text: String) throws {
        let rules = text.components(separatedBy: "\nWords, numbers and text")[0].components(separatedBy: "\nPrograms and statements")
        guard rules.count == 2 else { throw Fault(message: "the headings are not where they were") }
        var definition = ""
        for line in rules[1].components(separatedBy: "\n") + [""] {
            if line.hasPrefix(" ") { definition += line; continue }
            try define(definition)
            definition = line
        }
        for (index, name) in names.enumerated() where alternatives[index].isEmpty { throw Fault(message: "no rule for \(name)") }
        guard terminals.count <= Terminals.bitWidth else { throw Fault(message: "more terminals than bits") }
        findBeginnings()
        findLengths()
    }

    private mutating func define(_ text: String) throws {
        let sides = text.components(separatedBy: " = ")
        guard sides.count > 1, !sides[0].trimmingCharacters(in: .whitespaces).contains(" ") else { return }
        let index = rule(sides[0].trimmingCharacters(in: .whitespaces))
        var words = sides.dropFirst().joined(separator: " = ").split(separator: " ").map(String.init)[...]
        alternatives[index] = try choice(&words, until: nil)
    }

    private mutating func rule(_ name: String) -> Int {
        if let known = places[name] { return known }
        names.append(name)
        alternatives.append([])
        places[name] = names.count - 1
        return names.count - 1
    }

    private mutating func terminal(_ name: String) -> Symbol {
        if let known = terminalPlaces[name] { return .terminal(known) }
        terminals.append(name)
        terminalPlaces[name] = terminals.count - 1
        return .terminal(terminals.count - 1)
    }

    /// `x y | z` up to a closing bracket.
    private mutating func choice(_ words: inout ArraySlice<String>, until close: String?) throws -> [[Symbol]] {
        var result: [[Symbol]] = [[]]
        while let word = words.popFirst() {
            if word == close { return result }
            switch word {
            case "|": result.append([])
            case "(", "[", "{", "<":
                let ends = ["(": ")", "[": "]", "{": "}", "<": ">"]
                let index = rule("\(names.count): \(word)")
                let inner = try choice(&words, until: ends[word])
                switch word {
                case "(": alternatives[index] = inner
                case "[": alternatives[index] = [[]] + inner
                case "{": alternatives[index] = [[]] + inner.map { [.rule(index)] + $0 }
                default:
                    let several = rule("\(names.count): several")
                    let comma = terminal(",")
                    alternatives[several] = inner + inner.map { [.rule(several), comma] + $0 }
                    alternatives[index] = [[.rule(several)], [.rule(several), comma]]
                }
                result[result.count - 1].append(.rule(index))
            default:
                if word.hasPrefix("'") || word.hasPrefix("\"") { result[result.count - 1].append(terminal(String(word.dropFirst().dropLast()))) }
                else if word == word.uppercased() { result[result.count - 1].append(terminal(word)) }
                else { result[result.count - 1].append(.rule(rule(word))) }
            }
        }
        guard close == nil else { throw Fault(message: "`\(close!)` is missing") }
        return result
    }

    private mutating func findBeginnings() {
        first = names.map { _ in 0 }
        isNullable = names.map { _ in false }
        var changed = true
        while changed {
            changed = false
            for index in names.indices {
                for alternative in alternatives[index] {
                    let (terminals, empty) = beginnings(of: alternative[...])
                    if first[index] | terminals != first[index] { first[index] |= terminals; changed = true }
                    if empty, !isNullable[index] { isNullable[index] = true; changed = true }
                }
            }
        }
        starts = alternatives.map { $0.map { beginnings(of: $0[...]) } }
    }

    private func beginnings(of symbols: ArraySlice<Symbol>) -> (terminals: Terminals, isNullable: Bool) {
        var terminals: Terminals = 0
        for symbol in symbols {
            switch symbol {
            case .terminal(let place): return (terminals | 1 << Terminals(place), false)
            case .rule(let index):
                terminals |= first[index]
                if !isNullable[index] { return (terminals, false) }
            }
        }
        return (terminals, true)
    }

    private mutating func findLengths() {
        lengths = names.map { _ in 1 << 20 }
        var changed = true
        while changed {
            changed = false
            for index in names.indices {
                let least = alternatives[index].map { length($0) }.min()!
                if least < lengths[index] { lengths[index] = least; changed = true }
            }
        }
    }

    private func length(_ symbols: [Symbol]) -> Int {
        symbols.reduce(0) { sum, symbol in if case .rule(let index) = symbol { sum + lengths[index] } else { sum + 1 } }
    }

    // MARK: Sentences

    /// A sentence of a rule as terminals; random choices, the shortest ones once `budget` is used up.
    func sentence(_ name: String = "program", budget: Int, using dice: inout some RandomNumberGenerator) -> [String] {
        var out: [String] = []
        var waiting: [Symbol] = [.rule(places[name]!)]
        while let symbol = waiting.popLast() {
            switch symbol {
            case .terminal(let place): out.append(terminals[place])
            case .rule(let index):
                var choices = alternatives[index]
                if out.count + waiting.count > budget {
                    choices = choices.filter { length($0) == lengths[index] }
                }
                waiting += choices.randomElement(using: &dice)!.reversed()
            }
        }
        return out
    }

    // MARK: Recognition

    /// True where the words, each with the terminals it can stand for, are a sentence of a rule (Earley's algorithm;
    /// an alternative is begun only where the next word can begin it).
    func recognises(_ words: [Set<String>], as name: String = "program") -> Bool {
        /// A rule's alternative, read up to `dot`, begun at word `origin`; packed into a number for speed.
        struct Item {
            var code: Int
            init(_ rule: Int, _ alternative: Int, _ dot: Int, _ origin: Int) { code = origin << 32 | rule << 16 | alternative << 8 | dot }
            var rule: Int { code >> 16 & 0xffff }
            var alternative: Int { code >> 8 & 0xff }
            var dot: Int { code & 0xff }
            var origin: Int { code >> 32 }
            var further: Item { var next = self; next.code += 1; return next }
        }
        let start = places[name]!
        let words = words.map { $0.reduce(Terminals(0)) { set, word in terminalPlaces[word].map { set | 1 << Terminals($0) } ?? set } }
        /// For each word the items that wait for a rule there.
        var waiting: [[Int: [Item]]] = []
        var items = alternatives[start].indices.map { Item(start, $0, 0, 0) }
        for position in 0...words.count {
            let word = position < words.count ? words[position] : 0
            var seen = Set(items.map(\.code))
            var next: [Item] = []
            waiting.append([:])
            func add(_ item: Item) { if seen.insert(item.code).inserted { items.append(item) } }
            var at = 0
            while at < items.count {
                let item = items[at]
                at += 1
                let symbols = alternatives[item.rule][item.alternative]
                guard item.dot < symbols.count else {
                    for parent in waiting[item.origin][item.rule] ?? [] { add(parent.further) }
                    continue
                }
                switch symbols[item.dot] {
                case .terminal(let place): if word & 1 << Terminals(place) != 0 { next.append(item.further) }
                case .rule(let wanted):
                    if waiting[position][wanted] == nil {
                        for (alternative, begin) in starts[wanted].enumerated() where begin.isNullable || begin.terminals & word != 0 {
                            add(Item(wanted, alternative, 0, position))
                        }
                    }
                    waiting[position][wanted, default: []].append(item)
                    // An empty rule may have been completed before this item came to wait for it.
                    if isNullable[wanted] { add(item.further) }
                }
            }
            if position == words.count { break }
            if next.isEmpty { return false }
            items = next
        }
        return items.contains { $0.rule == start && $0.origin == 0 && $0.dot == alternatives[start][$0.alternative].count }
    }
}
