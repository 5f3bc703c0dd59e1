// What every picture offers: text for a terminal, SVG for a page; and the options and data they share.
// Goals: the same picture is the same text on every machine; no input can make one crash.

/// How text pictures are drawn.
public enum TextStyle: Sendable {
    /// Printable ASCII only: pastes and diffs anywhere.
    case ascii
    /// Braille dots for curves (2 by 4 to a character) and box and block characters for the rest.
    case braille
}

/// Something that can be shown in a terminal or on a page.
public protocol Picture: Sendable {
    /// The picture as lines joined by "\n" (none at the end, no trailing blanks).
    /// - Parameters:
    ///   - width: characters to a line; a width too small for the picture is exceeded, not an error.
    ///   - style: ASCII or finer characters.
    ///   - color: ANSI colour sequences; marks tell series apart without them.
    func text(width: Int, style: TextStyle, color: Bool) -> String

    /// What it is, in a word or two: `plot`, `bar chart`.
    var kind: String { get }
    /// Its title and labels.
    var options: PlotOptions { get }
    /// True where a logarithmic axis leaves out everything there is.
    var isEmptyByLog: Bool { get }

    /// The drawing without its `<svg>` element, laid out for the given pixels.
    /// Pictures of fixed proportions (tables, images) may take more or less height than offered.
    func svgContent(width: Int, height: Int) -> SVGContent
}

extension Picture {
    public var isEmptyByLog: Bool { false }

    /// What a screen reader says: the title, else what is shown.
    var spoken: String {
        if !options.title.isEmpty { return options.title }
        let axes = [options.ylabel, options.xlabel].filter { !$0.isEmpty }
        return axes.isEmpty ? kind : "\(kind): \(axes.joined(separator: " by "))"
    }

    /// The picture as ASCII text, 80 characters wide.
    public func text() -> String { text(width: 80, style: .ascii, color: false) }

    /// A self-contained SVG document: light and dark by the reader's preference, scaled by its `viewBox`.
    /// - Parameters:
    ///   - width: 120 to 10,000 pixels, clamped; - height: 80 to 10,000 pixels, clamped.
    public func svg(width: Int = 560, height: Int = 340) -> String {
        let content = svgContent(width: min(max(width, 120), 10_000), height: min(max(height, 80), 10_000))
        return SVG.document(content, title: spoken)
    }
}

/// The inside of an SVG picture and the size in pixels that it really takes.
public struct SVGContent: Sendable {
    public var elements: String
    public var width: Int
    public var height: Int
}

/// Titles, axes and size of a picture with axes. Every part may be left out.
public struct PlotOptions: Sendable {
    public var title: String
    public var xlabel: String
    public var ylabel: String
    /// Logarithmic axes show positive values only.
    public var logx: Bool
    public var logy: Bool
    /// Lines of the plotting area in text; nil: about 16, so that the ticks fall on whole lines.
    public var height: Int?
    /// What the axes show; nil: all the data.
    public var xRange: ClosedRange<Double>?
    public var yRange: ClosedRange<Double>?
    /// Vertical lines with a label, such as the best epoch.
    public var markers: [VerticalMarker]
    /// Asked now and then in long work: true ends it, and nobody looks at the picture.
    public var isStopped: @Sendable () -> Bool = { false }

    public init(title: String = "", xlabel: String = "", ylabel: String = "", logx: Bool = false, logy: Bool = false,
                height: Int? = nil, xRange: ClosedRange<Double>? = nil, yRange: ClosedRange<Double>? = nil,
                markers: [VerticalMarker] = []) {
        self.title = title
        self.xlabel = xlabel
        self.ylabel = ylabel
        self.logx = logx
        self.logy = logy
        self.height = height
        self.xRange = xRange
        self.yRange = yRange
        self.markers = markers
    }
}

/// A vertical line at `x`, named in the legend.
public struct VerticalMarker: Sendable {
    public var x: Double
    public var label: String

    public init(x: Double, label: String) {
        self.x = x
        self.label = label
    }
}

/// One named curve or cloud of points. NaN and infinite values are left out; a line breaks there.
public struct Series: Sendable {
    public enum Style: Sendable {
        case line, points
    }

    public enum ErrorStyle: Sendable {
        case band, bars
    }

    public var name: String
    /// nil: 0, 1, 2, …
    public var x: [Double]?
    public var y: [Double]
    /// Half-width of the error at each point, y ± error.
    public var error: [Double]?
    public var style: Style
    /// nil: bars for up to 20 points, otherwise a band.
    public var errorStyle: ErrorStyle?
    /// The character that draws it in ASCII; nil: `*`, `o`, `+`, … by position.
    public var mark: Character?

    /// If the lists differ in length, the common beginning is shown.
    public init(name: String = "", x: [Double]? = nil, y: [Double], error: [Double]? = nil, style: Style = .line,
                errorStyle: ErrorStyle? = nil, mark: Character? = nil) {
        self.name = name
        self.x = x
        self.y = y
        self.error = error
        self.style = style
        self.errorStyle = errorStyle
        self.mark = mark
    }

    /// Number of points with both coordinates.
    var count: Int { min(x?.count ?? y.count, y.count) }

    /// The x values of the points, counted from 0 where none are given.
    var xs: [Double] { x.map { Array($0.prefix(count)) } ?? (0..<count).map(Double.init) }
}

/// The characters that tell series and classes apart.
enum Marks {
    static let series: [Character] = ["*", "o", "+", "x", "#", "%", "=", "~"]
    static let classes: [Character] = ["o", "x", "+", "*", "#", "%", "&", "="]
    static let numbered: [Character] = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    /// Where several series meet in one character.
    static let several: Character = "@"

    /// The mark of a series: symbols, then letters, so that no two of sixty look alike whatever their colours.
    static func series(_ index: Int) -> Character {
        index < series.count ? series[index] : letters[(index - series.count) % letters.count]
    }
    /// Those that are not symbols too.
    private static let letters = numbered.filter { $0.isLetter && $0 != "o" && $0 != "x" }

    /// The mark of a class: symbols for few classes, the class's own number or a letter for many.
    static func forClass(_ index: Int, of count: Int) -> Character {
        let set = count <= classes.count ? classes : numbered
        return set[index % set.count]
    }
}
