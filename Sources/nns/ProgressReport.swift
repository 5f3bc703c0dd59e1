import Glibc
import Runtime

/// Training progress on standard error: one redrawn line at a terminal, at most a line an epoch elsewhere.
final class ProgressReport {
    private let isTerminal: Bool
    private var hasLine = false
    private var lastEpoch = 0

    init(isTerminal: Bool) { self.isTerminal = isTerminal }

    func show(_ progress: Progress?) {
        guard let progress else {
            if hasLine { writeError("\r\u{1B}[K") }
            hasLine = false
            lastEpoch = 0
            return
        }
        var text = "epoch \(progress.epoch)/\(progress.epochs)"
        if let loss = progress.loss.last { text += "  loss \(rounded(loss))" }
        if let loss = progress.validationLoss.last { text += "  validation \(rounded(loss))" }
        if isTerminal {
            let width = 20
            let done = Int((progress.fraction * Double(width)).rounded(.down))
            let bar = String(repeating: "=", count: max(0, min(width, done))) + String(repeating: " ", count: max(0, width - done))
            writeError("\r\u{1B}[K[\(bar)] \(text)  \(rounded(progress.seconds)) s")
            hasLine = true
        } else if progress.loss.count >= progress.epoch, progress.epoch != lastEpoch {
            lastEpoch = progress.epoch
            writeError(text + "\n")
        }
    }

    private func rounded(_ x: Double) -> String {
        guard x.isFinite, abs(x) < 1e9 else { return "\(x)" }
        let scaled = (x * 10000).rounded() / 10000
        return "\(scaled)"
    }
}
