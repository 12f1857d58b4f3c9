internal import CLinux
internal import Glibc

/// SIGINT and SIGTERM, blocked everywhere and taken by a thread of their own (sigwait(3)), so that what they cause is
/// ordinary code and no signal handler.
public enum SignalWatch {
    /// To be called once, before any other thread exists: threads inherit the mask. Signals that the process was started
    /// with ignored stay ignored.
    /// - Parameter heard: told on the watching thread, each time.
    public static func begin(_ heard: @escaping @Sendable (Int32) -> Void) {
        let wanted = [SIGINT, SIGTERM].filter { !linux_signal_is_ignored($0) }
        guard !wanted.isEmpty else { return }
        var set = sigset_t()
        sigemptyset(&set)
        for signal in wanted { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // It lives as long as the process: nobody joins it.
        _ = OwnedThread { [set] in
            var set = set
            while true {
                var signal: Int32 = 0
                if sigwait(&set, &signal) == 0 { heard(signal) }
            }
        }
    }
}
