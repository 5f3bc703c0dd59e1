// The parts of SVG that all pictures use: the document with its light and dark colours, text that is
// measured before it is placed, point symbols, colour scales, and small PNG images for pixels.

enum SVG {
    static let font = 14.0
    static let titleFont = 16.0

    /// Text for elements and attributes, without characters that XML forbids.
    static func escape(_ s: String) -> String {
        var out = ""
        for c in Text.clean(s) {
            switch c {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(c)
            }
        }
        return out
    }

    /// An upper estimate of a text's width in pixels, for any usual sans-serif font.
    static func width(_ s: String, size: Double = font, bold: Bool = false) -> Double {
        var ems = 0.0
        for c in s {
            switch c {
            case "i", "j", "l", "t", "f", "r", "I", ".", ",", ":", ";", "'", "|", "!", "(", ")", "[", "]", " ": ems += 0.4
            case "m", "w", "M", "W", "@", "%": ems += 0.98
            case "0"..."9", "a"..."z", "-", "+", "=": ems += 0.62
            case "A"..."Z": ems += 0.76
            default: ems += Text.width(c) == 2 ? 1.05 : Text.width(c) == 0 ? 0 : 0.72
            }
        }
        return ems * size * (bold ? 1.08 : 1)
    }

    /// The beginning of a text that fits into so many pixels.
    static func fit(_ s: String, _ limit: Double, size: Double = font, bold: Bool = false) -> String {
        let s = Text.clean(s)
        guard width(s, size: size, bold: bold) > limit else { return s }
        var out = ""
        for c in s {
            if width(out + String(c) + "…", size: size, bold: bold) > limit { break }
            out.append(c)
        }
        return out.isEmpty ? "" : out + "…"
    }

    /// Texts that fit into so many pixels; those that would look alike are cut in the middle, since they differ at the end.
    static func fit(_ texts: [String], _ limit: Double) -> [String] {
        let begins = texts.map { fit($0, limit) }
        return zip(texts, begins).map { text, begin in
            guard begins.filter({ $0 == begin }).count > 1, Text.clean(text) != begin else { return begin }
            let characters = Array(Text.clean(text))
            var head = 0, tail = 0, best = begin
            while head + tail < characters.count {
                if tail <= head { tail += 1 } else { head += 1 }
                let cut = String(characters[..<head]) + "…" + String(characters[(characters.count - tail)...])
                if width(cut) > limit { break }
                best = cut
            }
            return best
        }
    }

    /// Words broken into lines that fit.
    static func wrap(_ s: String, _ limit: Double, size: Double, bold: Bool) -> [String] {
        var lines: [String] = []
        for word in Text.clean(s).split(separator: " ") {
            let word = fit(String(word), limit, size: size, bold: bold)
            if let last = lines.last, width(last + " " + word, size: size, bold: bold) <= limit {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(word)
            }
        }
        return lines
    }

    static func n(_ v: Double) -> String { Numbers.coordinate(v) }

    enum Anchor: String {
        case start, middle, end
    }

    static func text(_ s: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start, css: String = "", rotated: Double? = nil) -> String {
        guard !s.isEmpty else { return "" }
        let turn = rotated.map { " transform=\"rotate(\(n($0)) \(n(x)) \(n(y)))\"" } ?? ""
        let anchor = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
        return "<text x=\"\(n(x))\" y=\"\(n(y))\"\(anchor)\(css.isEmpty ? "" : " class=\"\(css)\"")\(turn)>\(escape(s))</text>\n"
    }

    static func path(_ d: String, css: String, style: String = "") -> String {
        d.isEmpty ? "" : "<path class=\"\(css)\"\(style) d=\"\(d)\"/>\n"
    }

    static func rect(_ x: Double, _ y: Double, _ w: Double, _ h: Double, css: String = "", style: String = "") -> String {
        "<rect\(css.isEmpty ? "" : " class=\"\(css)\"")\(style) x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(w, 0)))\" height=\"\(n(max(h, 0)))\"/>\n"
    }

    /// Title lines centred at `x` from the top down, and where the rest begins.
    static func title(_ title: String, x: Double, width: Double) -> (elements: String, bottom: Double) {
        var out = "", y = 8.0
        for line in wrap(title, width, size: titleFont, bold: true) {
            y += 20
            out += text(line, x, y, .middle, css: "title")
        }
        return (out, y + 12)
    }

    // MARK: Point symbols

    /// Path data of a symbol and whether it is an outline; other marks are drawn as text.
    static func symbol(_ mark: Character, _ x: Double, _ y: Double, _ r: Double) -> (d: String, css: String)? {
        let w = n(2 * r), m = n(-2 * r), left = n(x - r), top = n(y - r)
        switch mark {
        case "*": return ("M\(n(x)) \(n(y))h0", "dot")
        case "o": return ("M\(left) \(n(y))a\(n(r)) \(n(r)) 0 1 0 \(w) 0a\(n(r)) \(n(r)) 0 1 0 \(m) 0z", "ring")
        case "+": return ("M\(left) \(n(y))h\(w)M\(n(x)) \(top)v\(w)", "open")
        case "x": return ("M\(left) \(top)l\(w) \(w)m0 \(m)l\(m) \(w)", "open")
        case "#": return ("M\(left) \(top)h\(w)v\(w)h\(m)z", "full")
        case "%": return ("M\(n(x)) \(n(y - r * 1.3))l\(n(r * 1.3)) \(n(r * 1.3))l\(n(-r * 1.3)) \(n(r * 1.3))l\(n(-r * 1.3)) \(n(-r * 1.3))z", "full")
        case "=": return ("M\(n(x)) \(n(y - r * 1.2))l\(n(r * 1.2)) \(n(r * 2.1))h\(n(-r * 2.4))z", "full")
        case "~": return ("M\(left) \(top)h\(w)v\(w)h\(m)z", "ring")
        case "&": return ("M\(n(x)) \(n(y - r * 1.2))l\(n(r * 1.2)) \(n(r * 2.1))h\(n(-r * 2.4))z", "ring")
        default: return nil
        }
    }

    /// Many symbols of one series as one element (or as letters, where the mark is one).
    static func symbols(_ mark: Character, _ points: [(Double, Double)], slot: Int, radius: Double = 3.5) -> String {
        var d = "", css = "", letters = ""
        for (x, y) in points {
            if let s = symbol(mark, x, y, radius) {
                d += s.d
                css = s.css
            } else {
                letters += text(String(mark), x, y + 4, .middle, css: "letter \(color(slot))")
            }
        }
        return path(d, css: "\(css) \(color(slot))") + letters
    }

    /// The class of a series' colour.
    static func color(_ slot: Int) -> String { "s\(max(slot, 0) % light.count)" }

    // MARK: Colours

    /// Okabe and Ito's palette for colour-blind readers, darkened where white paper needs it, and a lighter one for dark pages.
    static let light = ["#0072b2", "#d55e00", "#009e73", "#b8548f", "#8a6d00", "#3a9bdc", "#6b6b6b", "#7b3fbf"]
    static let dark = ["#56b4e9", "#ff8c42", "#2fd3a5", "#f09ac6", "#f0e442", "#8fc7ff", "#b8b8b8", "#c39bff"]

    typealias RGB = (Double, Double, Double)

    /// Viridis (van der Walt and Smith, 2015; public domain) at eighths.
    private static let viridis: [RGB] = [
        (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141), (39, 173, 129), (92, 200, 99), (170, 220, 50), (253, 231, 37),
    ]
    /// Of middling lightness throughout, so that thin lines show on white and on black.
    private static let lines: [RGB] = [(62, 110, 220), (134, 88, 205), (200, 75, 150), (222, 90, 70), (214, 130, 20)]

    private static func mix(_ stops: [RGB], _ t: Double) -> RGB {
        let at = min(max(t, 0), 1) * Double(stops.count - 1), i = min(Int(at), stops.count - 2), f = at - Double(i)
        let a = stops[i], b = stops[i + 1]
        return (a.0 + f * (b.0 - a.0), a.1 + f * (b.1 - a.1), a.2 + f * (b.2 - a.2))
    }

    static func heat(_ t: Double) -> [UInt8] {
        guard !t.isNaN else { return [150, 150, 150] }
        let c = mix(viridis, t)
        return [UInt8(c.0.rounded()), UInt8(c.1.rounded()), UInt8(c.2.rounded())]
    }

    static func lineColor(_ t: Double) -> String {
        let c = mix(lines, t)
        return hex([UInt8(c.0.rounded()), UInt8(c.1.rounded()), UInt8(c.2.rounded())])
    }

    static func hex(_ c: [UInt8]) -> String {
        "#" + c.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: Document

    static func document(_ content: SVGContent, title: String) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" class="nns-plot" role="img" width="\(content.width)" height="\(content.height)" \
        viewBox="0 0 \(content.width) \(content.height)">
        <title>\(escape(title))</title>
        <style>\(style)</style>
        <rect class="ground" width="\(content.width)" height="\(content.height)"/>
        \(content.elements)</svg>
        """
    }

    /// Every rule begins with the root's class, so that pictures pasted into one page leave the page alone.
    private static let style: String = {
        func series(_ palette: [String]) -> String {
            palette.enumerated().map { ".nns-plot .s\($0){color:\($1)}" }.joined(separator: "\n")
        }
        return """

        .nns-plot{max-width:100%;height:auto}
        .nns-plot .ground{fill:#fff}
        .nns-plot text{fill:#222;font:14px system-ui,'Helvetica Neue',Arial,sans-serif;font-variant-numeric:tabular-nums}
        .nns-plot .title{font-size:16px;font-weight:600}
        .nns-plot .head{font-weight:600}
        .nns-plot .letter{font:600 12px monospace;fill:currentColor}
        .nns-plot .bright{fill:#fff}
        .nns-plot .black{fill:#000}
        .nns-plot .axis{fill:none;stroke:#555;stroke-width:1}
        .nns-plot .grid{fill:none;stroke:#000;stroke-opacity:.1;stroke-width:1}
        .nns-plot .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
        .nns-plot .level{fill:none;stroke-width:1.6;stroke-linecap:round}
        .nns-plot .vertical{fill:none;stroke:#777;stroke-width:1.5;stroke-dasharray:5 4}
        .nns-plot .dot{fill:none;stroke:currentColor;stroke-width:7;stroke-linecap:round}
        .nns-plot .ring{fill:#fff;stroke:currentColor;stroke-width:1.8}
        .nns-plot .open{fill:none;stroke:currentColor;stroke-width:2}
        .nns-plot .full{fill:currentColor;stroke:none}
        .nns-plot .band{fill:currentColor;fill-opacity:.18;stroke:none}
        .nns-plot .area{fill:currentColor;fill-opacity:.22;stroke:none;shape-rendering:crispEdges}
        .nns-plot .missing{fill:#888;fill-opacity:.5;stroke:none;shape-rendering:crispEdges}
        .nns-plot .box{fill:currentColor;fill-opacity:.85;stroke:none}
        .nns-plot image{image-rendering:pixelated}
        \(series(light))
        @media (prefers-color-scheme:dark){
        .nns-plot .ground{fill:#17181a}
        .nns-plot text{fill:#ddd}
        .nns-plot .letter{fill:currentColor}
        .nns-plot .bright{fill:#fff}
        .nns-plot .black{fill:#000}
        .nns-plot .axis{stroke:#aaa}
        .nns-plot .grid{stroke:#fff;stroke-opacity:.13}
        .nns-plot .vertical{stroke:#aaa}
        .nns-plot .ring{fill:#17181a}
        \(series(dark))
        }

        """
    }()

    // MARK: Pixels

    /// Pixels as an `<image>` with a PNG inside. `rgb` holds three bytes a pixel, row by row.
    static func image(_ rgb: [UInt8], rows: Int, columns: Int, x: Double, y: Double, width: Double, height: Double) -> String {
        guard rows > 0, columns > 0, rgb.count == rows * columns * 3 else { return "" }
        return "<image x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\" preserveAspectRatio=\"none\" "
            + "href=\"data:image/png;base64,\(base64(PNG.encode(rgb, rows: rows, columns: columns)))\"/>\n"
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for i in stride(from: 0, to: bytes.count, by: 3) {
            let a = Int(bytes[i]), b = i + 1 < bytes.count ? Int(bytes[i + 1]) : 0, c = i + 2 < bytes.count ? Int(bytes[i + 2]) : 0
            let word = a << 16 | b << 8 | c
            out.append(alphabet[word >> 18])
            out.append(alphabet[word >> 12 & 63])
            out.append(i + 1 < bytes.count ? alphabet[word >> 6 & 63] : UInt8(ascii: "="))
            out.append(i + 2 < bytes.count ? alphabet[word & 63] : UInt8(ascii: "="))
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// A minimal PNG writer (ISO/IEC 15948): 8-bit RGB, stored without compression.
enum PNG {
    static func encode(_ rgb: [UInt8], rows: Int, columns: Int) -> [UInt8] {
        var raw: [UInt8] = []
        raw.reserveCapacity(rows * (columns * 3 + 1))
        for r in 0..<rows {
            raw.append(0)
            raw += rgb[r * columns * 3..<(r + 1) * columns * 3]
        }
        var zlib: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: raw.count, by: 65_535) {
            let end = min(start + 65_535, raw.count), length = end - start
            zlib += [end == raw.count ? 1 : 0, UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8 & 255)]
            zlib += raw[start..<end]
        }
        var a: UInt32 = 1, b: UInt32 = 0
        for byte in raw {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        zlib += bigEndian(b << 16 | a)
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file += chunk("IHDR", bigEndian(UInt32(columns)) + bigEndian(UInt32(rows)) + [8, 2, 0, 0, 0])
        file += chunk("IDAT", zlib)
        file += chunk("IEND", [])
        return file
    }

    private static func bigEndian(_ v: UInt32) -> [UInt8] { [UInt8(v >> 24), UInt8(v >> 16 & 255), UInt8(v >> 8 & 255), UInt8(v & 255)] }

    private static let table: [UInt32] = (0..<256).map { n in
        (0..<8).reduce(UInt32(n)) { c, _ in c & 1 == 1 ? 0xEDB8_8320 ^ c >> 1 : c >> 1 }
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        let crc = ~body.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 255)] ^ $0 >> 8 }
        return bigEndian(UInt32(data.count)) + body + bigEndian(crc)
    }
}
