// Pictures as SVG.

extension Picture {
    /// The picture's text in a fixed-width font, for pictures without a drawing of their own.
    public func svgContent(width: Int, height: Int) -> SVGContent {
        let size = 12.0, advance = size * 0.62
        let lines = text(width: max(20, Int(Double(width - 16) / advance)), style: .ascii, color: false).split(separator: "\n", omittingEmptySubsequences: false)
        var out = ""
        for (i, line) in lines.enumerated() {
            out += "<text class=\"mono\" x=\"8\" y=\"\(20 + i * 15)\" xml:space=\"preserve\">\(SVG.escape(String(line)))</text>\n"
        }
        return SVGContent(elements: out, width: width, height: 30 + lines.count * 15)
    }
}

enum SVG {
    /// Text for elements and attributes.
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

    static func document(_ content: SVGContent) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" class="nns-plot" width="\(content.width)" height="\(content.height)" \
        viewBox="0 0 \(content.width) \(content.height)">
        <style>
        .nns-plot { background: #fff; max-width: 100%; height: auto }
        .nns-plot text { fill: #222; font: 12px system-ui, sans-serif }
        .nns-plot text.mono { font: 12px monospace }
        @media (prefers-color-scheme: dark) {
        .nns-plot { background: #161616 }
        .nns-plot text { fill: #ddd }
        }
        </style>
        \(content.elements)</svg>
        """
    }
}
