/// Why a document cannot be read: one sentence and the place it is about.
public struct HOCONError: Error, Sendable, CustomStringConvertible {
    public var message: String
    public var origin: HOCONOrigin

    init(_ message: String, at origin: HOCONOrigin) {
        self.message = message
        self.origin = origin
    }

    /// `file:line:column: message`.
    public var description: String { "\(origin): \(message)" }
}

/// What keeps a hostile document from taking the process down; a document beyond them is an error, never a crash or a hang.
enum Limit {
    /// Objects, arrays and path elements inside each other.
    static let nesting = 1_000
    /// Values being resolved inside each other: nesting plus chains of substitutions.
    static let resolution = 2_000
    /// Values visited to resolve one document: adversarial cycles of optional substitutions are factorial otherwise.
    static let steps = 5_000_000
    /// Values plus bytes of text in the result: ten lines that each repeat the line before ten times are 10¹⁰ values.
    static let weight = 1 << 26
    /// Files read for one document.
    static let includes = 1_000
}
