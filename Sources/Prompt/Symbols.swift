import Syntax

/// `\lambda` and Tab: what is hard to type. LaTeX's names for the letters of formulas, and marks above a letter.
enum Symbols {
    /// The sign for what stands behind the backslash.
    static func sign(_ name: String) -> String? { table[name] }

    /// A letter with a mark as the one character that Unicode has for both; nil where it has none.
    static func joined(_ letter: Character, _ mark: String) -> String? {
        guard letter.isLetter, mark.unicodeScalars.allSatisfy({ $0.properties.generalCategory == .nonspacingMark }) else { return nil }
        let joined = composed(String(letter) + mark)
        return joined.unicodeScalars.count == 1 ? joined : nil
    }

    /// The names that begin with some text, sorted.
    static func names(_ prefix: String) -> [String] { table.keys.filter { $0.hasPrefix(prefix) }.sorted() }

    private static let table: [String: String] = {
        var table: [String: String] = [
            "nabla": "∇", "partial": "∂", "T": "'", "transpose": "'",
            // Marks go behind the letter that carries them: x\hat.
            "hat": "\u{302}", "bar": "\u{304}", "tilde": "\u{303}", "dot": "\u{307}", "ddot": "\u{308}", "vec": "\u{20D7}",
            "varepsilon": "ε", "epsilon": "ε", "vartheta": "ϑ", "varphi": "φ", "phi": "φ", "varsigma": "ς", "varrho": "ϱ", "varkappa": "ϰ",
        ]
        let lower = ["alpha", "beta", "gamma", "delta", "", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi",
                     "rho", "", "sigma", "tau", "upsilon", "", "chi", "psi", "omega"]
        for (i, name) in lower.enumerated() where !name.isEmpty { table[name] = String(Character(Unicode.Scalar(0x3B1 + UInt32(i))!)) }
        let upper = ["Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta", "Theta", "Iota", "Kappa", "Lambda", "Mu", "Nu", "Xi", "Omicron",
                     "Pi", "Rho", "", "Sigma", "Tau", "Upsilon", "Phi", "Chi", "Psi", "Omega"]
        for (i, name) in upper.enumerated() where !name.isEmpty { table[name] = String(Character(Unicode.Scalar(0x391 + UInt32(i))!)) }
        for digit in 0...9 { table["_\(digit)"] = String(Character(Unicode.Scalar(0x2080 + UInt32(digit))!)) }
        return table
    }()
}
