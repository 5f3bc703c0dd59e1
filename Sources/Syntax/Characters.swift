/// What the characters of a script are: which may stand in a name, how wide one shows, what a stray one meant.
@_spi(_Unicode) import Swift

/// Letters begin a name, and so do `_`, `∇` and `∂`.
func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
        return scalar == "_" || (scalar >= "a" && scalar <= "z") || (scalar >= "A" && scalar <= "Z")
    }
    if scalar == "∇" || scalar == "∂" { return true }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber: return true
    default: return false
    }
}

/// Letters, digits, subscript digits and combining marks continue it.
func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
    if isNameStart(scalar) { return true }
    if scalar.isASCII { return scalar >= "0" && scalar <= "9" }
    if scalar.value >= 0x2080 && scalar.value <= 0x2089 { return true }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .decimalNumber: return true
    default: return false
    }
}

/// The canonical composed form, so that `é` typed as one character or as two names the same thing.
public func composed(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: text._nfc)
    return String(scalars)
}

/// Columns a terminal uses for a scalar: 0 for combining marks and controls, 2 for East Asian wide ones and
/// pictures (Unicode Standard Annex 11, classes W and F), else 1.
public func displayWidth(_ scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 { return value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0xad ? 0 : 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator, .paragraphSeparator: return 0
    default: break
    }
    switch value {
    case 0x1100...0x115f, 0x231a...0x231b, 0x2329...0x232a, 0x23e9...0x23ec, 0x23f0, 0x23f3, 0x25fd...0x25fe,
         0x2614...0x2615, 0x2648...0x2653, 0x267f, 0x2693, 0x26a1, 0x26aa...0x26ab, 0x26bd...0x26be,
         0x26c4...0x26c5, 0x26ce, 0x26d4, 0x26ea, 0x26f2...0x26f3, 0x26f5, 0x26fa, 0x26fd, 0x2705,
         0x270a...0x270b, 0x2728, 0x274c, 0x274e, 0x2753...0x2755, 0x2757, 0x2795...0x2797, 0x27b0, 0x27bf,
         0x2b1b...0x2b1c, 0x2b50, 0x2b55, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff,
         0xa000...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f,
         0xff01...0xff60, 0xffe0...0xffe6, 0x16fe0...0x18aff, 0x1b000...0x1b2ff, 0x1f004, 0x1f0cf, 0x1f18e,
         0x1f191...0x1f19a, 0x1f200...0x1f320, 0x1f32d...0x1f335, 0x1f337...0x1f37c, 0x1f37e...0x1f393,
         0x1f3a0...0x1f3ca, 0x1f3cf...0x1f3d3, 0x1f3e0...0x1f3f0, 0x1f3f4, 0x1f3f8...0x1f43e, 0x1f440,
         0x1f442...0x1f4fc, 0x1f4ff...0x1f53d, 0x1f54b...0x1f54e, 0x1f550...0x1f567, 0x1f57a,
         0x1f595...0x1f596, 0x1f5a4, 0x1f5fb...0x1f64f, 0x1f680...0x1f6c5, 0x1f6cc, 0x1f6d0...0x1f6d2,
         0x1f6d5...0x1f6d7, 0x1f6dc...0x1f6df, 0x1f6eb...0x1f6ec, 0x1f6f4...0x1f6fc, 0x1f7e0...0x1f7eb,
         0x1f7f0, 0x1f90c...0x1f93a, 0x1f93c...0x1f945, 0x1f947...0x1f9ff, 0x1fa70...0x1faff,
         0x20000...0x3fffd: return 2
    default: return 1
    }
}

/// Columns a terminal uses for a text without tabs.
public func displayWidth(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + displayWidth($1) }
}

/// The mend for a character that no token begins with, or nil. `endsLine`: it is the last of its line.
func help(forStray scalar: Unicode.Scalar, endsLine: Bool) -> String? {
    switch scalar {
    case "×", "·", "⋅", "∗", "∙": return "write `*` for the elementwise product, `@` for the matrix product"
    case "÷": return "write `/`"
    case "−", "–", "—": return "write `-`, the ASCII minus"
    case "≤": return "write `<=`"
    case "≥": return "write `>=`"
    case "≠": return "write `!=`"
    case "≈": return "write `close(a, b)`"
    case "∈": return "write `in`"
    case "∧": return "write `and`"
    case "∨": return "write `or`"
    case "¬": return "write `not`"
    case "→", "⇒", "↦": return "write `=>`"
    case "∘": return "write `g >> f` for f ∘ g"
    case "“", "”", "„", "«", "»": return "write `\"`, the ASCII quotation mark"
    case "‘", "’", "′", "`": return "strings are written with `\"`, the transpose with the ASCII `'`"
    case "²": return "write `^2`"
    case "³": return "write `^3`"
    case "⁰", "¹", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹": return "write a power with `^`"
    case "√": return "write `sqrt(x)`"
    case "∑": return "write `sum(x)`"
    case "∏": return "write `prod(x)`"
    case "∞": return "write `inf`"
    case "…": return "write three points, `...`"
    case "（", "）", "，", "：", "；", "＝": return "use the ASCII punctuation mark"
    case "\u{a0}", "\u{2002}", "\u{2003}", "\u{2009}", "\u{202f}", "\u{3000}": return "this is not an ordinary space: type it anew"
    case "\u{200b}", "\u{200c}", "\u{200d}", "\u{2060}", "\u{feff}": return "an invisible character stands here: delete it"
    case "!": return "write `not `, as in `not x`; unequal is `!=`"
    case "~": return "write `not x`, also for bool tensors"
    case "?": return "write `if c { a } else { b }` for a choice; at the prompt, `?name` asks for help"
    case "\\" where !endsLine: return "linear equations are solved by `solve(A, b)`"
    case "‖": return "write `norm(x)`"
    case "\\": return "a line goes on after an operator, a comma, `=` or inside brackets; no `\\` is needed"
    case "$": return "a name is written without `$`"
    default: return nil
    }
}

/// How a message shows a character: itself, or its number when it cannot be seen.
func shown(_ scalar: Unicode.Scalar) -> String {
    let invisible: Bool
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .nonspacingMark,
         .enclosingMark: invisible = true
    case .spaceSeparator: invisible = scalar != " "
    default: invisible = false
    }
    guard invisible else { return "`\(scalar)`" }
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}

/// The offset of the first byte that is not UTF-8 (overlong forms and surrogates included), or nil.
func firstInvalidUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var at = 0
    let count = bytes.count
    func isTail(_ index: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xbf) -> Bool {
        index < count && bytes[index] >= low && bytes[index] <= high
    }
    while at < count {
        switch bytes[at] {
        case 0...0x7f: at += 1
        case 0xc2...0xdf where isTail(at + 1): at += 2
        case 0xe0 where isTail(at + 1, 0xa0) && isTail(at + 2): at += 3
        case 0xed where isTail(at + 1, 0x80, 0x9f) && isTail(at + 2): at += 3
        case 0xe1...0xec where isTail(at + 1) && isTail(at + 2): at += 3
        case 0xee...0xef where isTail(at + 1) && isTail(at + 2): at += 3
        case 0xf0 where isTail(at + 1, 0x90) && isTail(at + 2) && isTail(at + 3): at += 4
        case 0xf1...0xf3 where isTail(at + 1) && isTail(at + 2) && isTail(at + 3): at += 4
        case 0xf4 where isTail(at + 1, 0x80, 0x8f) && isTail(at + 2) && isTail(at + 3): at += 4
        default: return at
        }
    }
    return nil
}

/// A piece of the source as a message quotes it: its beginning when it is long or runs over lines.
func clipped(_ text: String) -> String {
    let limit = 40
    let line = text.unicodeScalars.prefix { $0 != "\n" }.prefix(limit + 1)
    if line.count <= limit, line.endIndex == text.unicodeScalars.endIndex { return text }
    return String(String.UnicodeScalarView(line.prefix(limit))) + "…"
}

/// True for a text that a program can use as a name.
public func isName(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, isNameStart(first), !reservedWords.contains(text) else { return false }
    return text.unicodeScalars.allSatisfy(isNamePart)
}
