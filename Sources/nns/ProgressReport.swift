import Glibc
import Plots
import Runtime

/// Training progress on standard error: at a terminal one block that is redrawn in place, elsewhere a line an epoch, of a
/// long training only some epochs'.
///
/// The block is a bar, the figures and the growing curves. Every frame is one write that goes over the one before, so
/// that nothing flickers; between frames the cursor rests at the start of the line below, where other output, an error
/// or the end of the program find it. Nothing of the terminal's state is changed, so nothing is left to undo.
final class ProgressReport {
    private let isTerminal: Bool
    private let color: Bool
    private let style: TextStyle
    /// Columns and lines of the terminal, asked before every frame.
    private let size: () -> (columns: Int, rows: Int)
    /// The widths of the block's lines on the screen; empty where there is none.
    private var shown: [Int] = []
    /// The training shown, by the time it began, and the epochs that were done before.
    private var begin = -1.0
    private var before = 0
    private var lastFrame = 0.0
    private var lastEpoch = 0
    /// Away from a terminal: the line of the last epoch, where it has not been written.
    private var unwritten: String?
    private var isInLine = false

    /// Trainings shorter than this show nothing at a terminal: among many of them a script's own lines would be lost.
    private static let patience = 0.25
    /// Away from a terminal a training writes about as many lines at most.
    private static let lines = 20

    init(isTerminal: Bool, color: Bool, style: TextStyle, size: @escaping () -> (columns: Int, rows: Int)) {
        self.isTerminal = isTerminal
        self.color = color
        self.style = style
        self.size = size
    }

    /// A state of the training under way; nil where an error has ended it: what is shown stays.
    func show(_ progress: Progress?) {
        guard let progress else {
            (begin, shown) = (-1, [])
            return
        }
        if progress.begin != begin {
            (begin, before, lastFrame, lastEpoch, unwritten, shown) = (progress.begin, progress.epoch - 1, 0, 0, nil, [])
        }
        guard isTerminal else {
            write(progress)
            return
        }
        if progress.isFinished {
            if progress.seconds >= Self.patience { draw(block(progress)) }
            shown = []
            begin = -1
        } else if progress.seconds >= Self.patience, progress.seconds - lastFrame >= 0.08 {
            lastFrame = progress.seconds
            draw(block(progress))
        }
    }

    /// Takes the block away before something else is written; the next frame comes below that.
    func makeWay(for text: String) {
        guard isTerminal else { return }
        draw([])
        if let last = text.utf8.last { isInLine = last != UInt8(ascii: "\n") }
    }

    // MARK: Lines

    /// The first epoch, the last one, and between them those of a round distance that leaves few enough.
    private func write(_ progress: Progress) {
        if progress.isFinished {
            if let unwritten { writeError(unwritten) }
            unwritten = nil
        } else if progress.fraction >= 1, progress.epoch != lastEpoch {
            lastEpoch = progress.epoch
            let line = figures(progress).joined(separator: "  ") + "\n"
            let isWritten = progress.epoch == before + 1 || progress.epoch % Self.distance(progress.epochs - before) == 0
            if isWritten { writeError(line) }
            unwritten = isWritten ? nil : line
        }
    }

    /// 1, 2, 5, 10, 20, …: the first that has no more than `lines` multiples among so many epochs.
    private static func distance(_ epochs: Int) -> Int {
        round(from: 1) { epochs / $0 <= lines }
    }

    /// Of n, 2 n, 5 n, 10 n, 20 n, … the first that is enough.
    private static func round(from n: Int, isEnough: (Int) -> Bool) -> Int {
        var n = n, factor = 0
        while !isEnough(n) {
            n = factor == 1 ? n / 2 * 5 : n * 2
            factor = (factor + 1) % 3
        }
        return n
    }

    // MARK: The screen

    private func draw(_ lines: [String]) {
        guard !lines.isEmpty || !shown.isEmpty else { return }
        fflush(stdout)
        var out = ""
        if !shown.isEmpty {
            // A terminal made narrower has broken the lines that no longer fit.
            let columns = max(size().columns, 1)
            let up = shown.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
            out = "\r\u{1B}[\(up)A"
        } else if isInLine {
            out = "\n"
        }
        for line in lines { out += line + "\u{1B}[K\n" }
        writeError(out + "\u{1B}[J")
        shown = lines.map(Self.width)
        isInLine = false
    }

    /// Columns of a line, colour sequences left out; every character of a block takes one.
    private static func width(_ line: String) -> Int {
        var width = 0, escape = false
        for c in line.unicodeScalars {
            if c == "\u{1B}" { escape = true } else if escape { if c == "m" { escape = false } } else { width += 1 }
        }
        return width
    }

    // MARK: The block

    private func block(_ progress: Progress) -> [String] {
        let (columns, rows) = size()
        // The last column stays free: what stands there makes some terminals begin a line.
        let room = columns - 1
        let heading = heading(progress, room)
        let (loss, validation) = progress.curves()
        let height = min(9, rows - 7 - heading.count)
        guard loss.count > 1, height >= 4, room >= 30 else { return heading }
        var series = [Series(name: "train", x: (0..<loss.count).map { Double($0 + 1) }, y: loss)]
        if !validation.isEmpty { series.append(Series(name: "validation", x: (0..<validation.count).map { Double($0 + 1) }, y: validation)) }
        let end = progress.isFinished ? loss.count : Self.horizon(loss.count, progress.epochs)
        let options = PlotOptions(xlabel: "epoch", height: height, xRange: 1...Double(end))
        let chart = LinePlot(series: series, options: options).text(width: min(room, 100), style: style, color: color)
        return heading + chart.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The epoch at which the axis ends: the last one, or for long trainings a round one not too far ahead.
    private static func horizon(_ done: Int, _ epochs: Int) -> Int {
        max(min(round(from: 10) { $0 >= min(2 * done, epochs) }, epochs), 2)
    }

    /// The bar with the epoch and the time, and the figures.
    private func heading(_ progress: Progress, _ room: Int) -> [String] {
        let whole = Double(max(progress.epochs - before, 1))
        let epochs = Double(progress.epoch - before - 1) + progress.fraction
        let done = min(max(epochs / whole, 0), 1)
        var figures = figures(progress)
        let epoch = figures.removeFirst()
        var time: [String] = []
        if progress.isFinished {
            time = [Self.duration(progress.seconds)]
        } else if done > 0, progress.seconds > 0 {
            time = [Self.duration(progress.seconds / done * (1 - done)) + " left"]
        }
        /// The parts that fit.
        func line(_ parts: [String]) -> String {
            parts.reduce("") { $0.count + $1.count + 2 > room ? $0 : $0 + ($0.isEmpty ? "" : "  ") + $1 }
        }
        if progress.seconds > 0, epochs > 0 { figures.append(Self.rate(epochs * Double(progress.examples) / progress.seconds)) }
        let first = line([epoch] + time)
        return [bar(done, room - first.count) + first, line(figures)]
    }

    /// At most 30 characters in brackets, for so many columns; empty where these are too few.
    private func bar(_ done: Double, _ room: Int) -> String {
        let width = min(room - 4, 30)
        guard width >= 6 else { return "" }
        let full = Int((done * Double(width)).rounded(.down)), fine = style == .braille
        let bar = String(repeating: fine ? "█" : "=", count: full), rest = String(repeating: fine ? "░" : " ", count: width - full)
        return "[" + (color ? "\u{1B}[32m\(bar)\u{1B}[0m" : bar) + rest + "]  "
    }

    private func figures(_ progress: Progress) -> [String] {
        var parts = ["epoch \(progress.epoch)/\(progress.epochs)"]
        if let loss = progress.loss { parts.append("loss \(Self.rounded(loss))") }
        if let loss = progress.validationLoss { parts.append("validation \(Self.rounded(loss))") }
        return parts
    }

    /// Four decimals; more for a loss near 0, which close to it is `3.4e-9`, none that say nothing for a large one.
    private static func rounded(_ x: Double) -> String {
        guard x.isFinite, abs(x) < 1e9 else { return "\(x)" }
        if x != 0, abs(x) < 1e-4 {
            var digits = x, exponent = 0
            while abs(digits) < 0.9995 { (digits, exponent) = (digits * 10, exponent - 1) }
            return "\((digits * 1000).rounded() / 1000)e\(exponent)"
        }
        let unit = x != 0 && abs(x) < 0.001 ? 1e7 : 1e4
        return "\((x * unit).rounded() / unit)"
    }

    private static func rate(_ perSecond: Double) -> String {
        guard perSecond.isFinite else { return "" }
        let (value, unit) = perSecond >= 1e6 ? (perSecond / 1e6, "M") : perSecond >= 1e4 ? (perSecond / 1e3, "k") : (perSecond, "")
        let number = value < 100 ? "\((value * 10).rounded() / 10)" : "\(Int(min(value, 1e9)))"
        return "\(number)\(unit) examples/s"
    }

    /// `0.4 s`, `12 s`, `3:05`, `1:02:03`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e7 else { return "long" }
        if seconds < 10 { return "\((seconds * 10).rounded() / 10) s" }
        let s = Int(seconds.rounded())
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        if s < 60 { return "\(s) s" }
        return s < 3_600 ? "\(s / 60):\(two(s % 60))" : "\(s / 3_600):\(two(s / 60 % 60)):\(two(s % 60))"
    }
}
