/// A TextMate grammar at work, as an editor runs it: line by line; of all matches the earliest wins, then the rule that
/// stands first, and the end of the innermost open rule before all. What `Sources/Syntax/nns.tmLanguage.json` uses of the
/// format and no more.
import Foundation

final class TextMate {
    private final class Rule: Decodable {
        struct Capture: Decodable { let name: String }
        let name: String?
        let match: String?
        let begin: String?
        let end: String?
        let captures: [String: Capture]?
        let beginCaptures: [String: Capture]?
        let endCaptures: [String: Capture]?
        let patterns: [Rule]?
        let include: String?
    }

    private struct File: Decodable {
        let patterns: [Rule]
        let repository: [String: Rule]
    }

    struct Flaw: Error, CustomStringConvertible { let description: String }

    private let file: File
    private let excluded: String?
    private var root: [Rule] = []
    private var expressions: [String: NSRegularExpression] = [:]
    /// What may stand inside of a rule, with the includes followed.
    private var insides: [ObjectIdentifier: [Rule]] = [:]

    /// `without`: a rule whose includes are passed over.
    init(_ url: URL, without: String? = nil) throws {
        excluded = without
        file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
        root = try followed(file.patterns)
    }

    private func followed(_ rules: [Rule]) throws -> [Rule] {
        try rules.flatMap { rule -> [Rule] in
            if let name = rule.include {
                if name == "$self" { return root }
                if name == excluded { return [] }
                guard let target = file.repository[String(name.dropFirst())] else { throw Flaw(description: "no rule \(name)") }
                return try followed([target])
            }
            return rule.match == nil && rule.begin == nil ? try followed(rule.patterns ?? []) : [rule]
        }
    }

    private func inside(_ rule: Rule?) throws -> [Rule] {
        guard let rule else { return root }
        if let known = insides[ObjectIdentifier(rule)] { return known }
        let rules = try followed(rule.patterns ?? [])
        insides[ObjectIdentifier(rule)] = rules
        return rules
    }

    private func expression(_ pattern: String) throws -> NSRegularExpression {
        if let known = expressions[pattern] { return known }
        let made = try NSRegularExpression(pattern: pattern)
        expressions[pattern] = made
        return made
    }

    /// The innermost scope of each UTF-16 unit of a text.
    func scopes(of text: String) throws -> [String] {
        var result: [String] = []
        var open: [Rule] = []
        for line in text.components(separatedBy: "\n") {
            result += try scopes(ofLine: line, &open)
            result.append(Self.scope(open))
        }
        return result
    }

    private static func scope(_ open: [Rule]) -> String { open.last { $0.name != nil }?.name ?? "" }

    /// `open` are the rules that began and have not ended, outermost first.
    private func scopes(ofLine line: String, _ open: inout [Rule]) throws -> [String] {
        var scopes = [String](repeating: "", count: line.utf16.count)
        func paint(_ range: NSRange, _ name: String?) {
            guard let name, range.location != NSNotFound else { return }
            for place in range.location..<NSMaxRange(range) { scopes[place] = name }
        }
        func paint(_ match: NSTextCheckingResult, _ captures: [String: Rule.Capture]?) {
            for (number, capture) in (captures ?? [:]).sorted(by: { $0.key < $1.key }) { paint(match.range(at: Int(number)!), capture.name) }
        }
        var at = 0
        /// Where each expression matches next, or that it does not.
        var found: [String: NSTextCheckingResult?] = [:]
        func next(_ pattern: String) throws -> NSTextCheckingResult? {
            if let known = found[pattern], known.map({ $0.range.location >= at }) ?? true { return known }
            let match = try expression(pattern).firstMatch(in: line, options: [.withTransparentBounds, .withoutAnchoringBounds],
                                                           range: NSRange(location: at, length: scopes.count - at))
            found.updateValue(match, forKey: pattern)
            return match
        }
        // Each round takes some of the line or closes a rule, so that there is an end.
        while true {
            var best: (match: NSTextCheckingResult, rule: Rule?)?
            if let end = open.last?.end, let match = try next(end) { best = (match, nil) }
            for rule in try inside(open.last) {
                guard let match = try next(rule.match ?? rule.begin!), best.map({ match.range.location < $0.match.range.location }) ?? true else { continue }
                best = (match, rule)
            }
            paint(NSRange(location: at, length: (best?.match.range.location ?? scopes.count) - at), Self.scope(open))
            guard let (match, rule) = best else { return scopes }
            at = NSMaxRange(match.range)
            paint(match.range, rule?.name ?? Self.scope(open))
            guard let rule else {
                paint(match, open.removeLast().endCaptures)
                continue
            }
            guard match.range.length > 0 else { throw Flaw(description: "\(rule.match ?? rule.begin!) matches nothing in \(line)") }
            if rule.match != nil {
                paint(match, rule.captures)
            } else {
                paint(match, rule.beginCaptures)
                open.append(rule)
            }
        }
    }
}
