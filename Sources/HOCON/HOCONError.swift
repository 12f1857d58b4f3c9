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
    static let nesting = 256
    /// Substitutions that lead to substitutions.
    static let chain = 128
    /// Values being resolved inside each other, by nesting and by substitution: what bounds the stack, in about 3 MiB of
    /// an unoptimised build.
    static let resolution = 640
    /// Substitutions looked up for one document, again and again where they run in circles: adversarial cycles of
    /// optional ones are factorial otherwise.
    static let lookUps = 200_000
    /// Values plus bytes of text in the result: ten lines that each repeat the line before ten times are 10¹⁰ values.
    static let weight = 1 << 26
    /// Files read for one document.
    static let includes = 1_000
}
