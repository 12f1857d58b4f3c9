/// A text that is never printed: not by `print`, not by interpolation, not by a debugger's dump.
public struct Secret: Hashable, Sendable {
    private let text: String

    public init(_ text: String) { self.text = text }

    /// The text itself, for signing a request or writing a header, and for nothing else.
    public func reveal() -> String { text }

    /// What is shown instead.
    public static let redacted = "********"
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { Secret.redacted }
    public var debugDescription: String { Secret.redacted }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
