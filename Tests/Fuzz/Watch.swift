import CKernels
import Glibc

/// Says which program was running when the process dies, and ends what does not end: after `slow` seconds of
/// processor time a program is interrupted as by Ctrl-C; one that goes on for `hang` seconds in all is a finding.
enum Watch {
    static let slow = 4, hang = 40
    /// Which program runs.
    nonisolated(unsafe) private(set) static var label = ""
    nonisolated(unsafe) private static var text: UnsafeMutablePointer<UInt8>?
    nonisolated(unsafe) private static var count = 0
    nonisolated(unsafe) private static var seconds = 0
    private static let capacity = 1 << 20

    /// Call it on the thread that runs the programs.
    static func start() {
        text = .allocate(capacity: capacity)
        nns_interrupt_install(false)
        let handlerStack = 1 << 16
        var stack = stack_t()
        stack.ss_sp = malloc(handlerStack)
        stack.ss_size = handlerStack
        sigaltstack(&stack, nil)
        for number in [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE] { install(number) { Watch.died($0) } }
        install(SIGVTALRM) { _ in Watch.tick() }
        var timer = itimerval(it_interval: timeval(tv_sec: 1, tv_usec: 0), it_value: timeval(tv_sec: 1, tv_usec: 0))
        setitimer(__itimer_which_t(ITIMER_VIRTUAL.rawValue), &timer, nil)
    }

    private static func install(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = SA_ONSTACK | SA_RESTART
        sigaction(number, &action, nil)
    }

    /// The program that runs from here on.
    static func began(_ label: String, _ program: [UInt8]) {
        let line = Array("\(label)\n".utf8) + program
        count = min(line.count, capacity)
        line.withUnsafeBufferPointer { text!.update(from: $0.baseAddress!, count: count) }
        self.label = label
        seconds = 0
        nns_interrupt_clear()
    }

    /// True where the program had to be interrupted.
    static var wasSlow: Bool { seconds >= slow }

    private static func tick() {
        seconds += 1
        if seconds == slow { kill(getpid(), SIGINT) }
        if seconds >= hang { say("\nfinding: does not end, ") ; _exit(3) }
    }

    private static func died(_ number: Int32) {
        say("\nfinding: crash, ")
        signal(number, SIG_DFL)
        raise(number)
    }

    private static func say(_ headline: StaticString) {
        _ = write(2, headline.utf8Start, headline.utf8CodeUnitCount)
        _ = write(2, text, count)
        _ = write(2, "\n", 1)
    }
}
