import Files
import Glibc

/// Standard output. What is written there arrives, or the program says that it did not and ends with status 1.
///
/// At a terminal a line is shown when it ends. Elsewhere lines are gathered, and given out once a second at least, at the
/// end and when the program is told to end, so that a log grows while a program runs and nothing of it is lost.
enum Output {
    /// Before anything is opened: a standard stream that was closed must not become a file that the program opens.
    static func begin() {
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) == -1 { _ = open("/dev/null", mode) }
        if isatty(STDOUT_FILENO) == 0 { watch() }
    }

    static func write(_ text: String) {
        var text = text
        let isWritten = text.withUTF8 { $0.isEmpty || fwrite($0.baseAddress!, 1, $0.count, stdout) == $0.count }
        if !isWritten { fail() }
    }

    /// Gives out what is gathered.
    static func flush() {
        if fflush(stdout) != 0 || ferror(stdout) != 0 { fail() }
    }

    private static func fail() -> Never {
        // A reader that has seen enough, as `head` has, is no mistake.
        if errno != EPIPE { writeError("error: cannot write to standard output: \(String(cString: strerror(errno)))\n") }
        _exit(1)
    }

    /// Starts a thread that gives out what is gathered every second, and before a signal to end is obeyed.
    private static func watch() {
        var signals = sigset_t(), thread = pthread_t(), action = sigaction()
        sigemptyset(&signals)
        for signal in [SIGTERM, SIGHUP] {
            // One that is ignored, as under `nohup`, stays so.
            sigaction(signal, nil, &action)
            if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) != 1 { sigaddset(&signals, signal) }
        }
        // The threads started from here on leave them to that one.
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        watched = signals
        pthread_create(&thread, nil, { _ in
            var second = timespec(tv_sec: 1, tv_nsec: 0)
            while true {
                let signal = sigtimedwait(&Output.watched, nil, &second)
                Output.flush()
                guard signal > 0 else { continue }
                Glibc.signal(signal, SIG_DFL)
                pthread_sigmask(SIG_UNBLOCK, &Output.watched, nil)
                raise(signal)
            }
        }, nil)
    }

    nonisolated(unsafe) private static var watched = sigset_t()
}

func writeError(_ text: String) {
    fputs(text, stderr)
}
