internal import Glibc
public import SystemPackage

/// A system call that failed: which call, on what path, and the errno it left.
public struct SystemError: Error, Sendable, CustomStringConvertible {
    public let call: String
    public let path: String
    public let code: Errno

    public init(_ call: String, _ path: String, _ code: Errno) {
        self.call = call
        self.path = path
        self.code = code
    }

    /// Captures the current `errno`.
    static func last(_ call: String, _ path: String) -> SystemError {
        SystemError(call, path, Errno(rawValue: errno))
    }

    /// As a sentence: `<path>: <what errno says> (<call>)`.
    public var description: String { "\(path): \(code.description) (\(call))" }
}

/// Repeats a call that a signal interrupted (EINTR), as `TEMP_FAILURE_RETRY` does.
@inline(__always)
func retryingInterrupts<Value: FixedWidthInteger>(_ call: () -> Value) -> Value {
    while true {
        let value = call()
        if value != -1 || errno != EINTR { return value }
    }
}
