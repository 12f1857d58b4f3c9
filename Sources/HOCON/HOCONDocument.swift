/// A parsed HOCON text with its includes, its substitutions not yet resolved.
///
/// The language is that of HOCON.md in lightbend/config. This module does no I/O: includes are read through a closure.
public struct HOCONDocument {
    /// What a closure answers that is asked for a file.
    public enum FileContent: Sendable {
        case bytes([UInt8])
        /// There is no such file: an include of it is skipped unless it is `required`.
        case missing
        case failed(reason: String)
    }

    public struct Options: Sendable {
        /// Reads an included file. A relative path is one of `include file("…")` and is relative to whatever the caller
        /// takes such paths to be relative to; a bare name was already put beside the including file's name.
        public var readFile: @Sendable (_ path: String) -> FileContent
        /// Reads a little more than the specification: `host:8080` and `https://host` without quotes are text in a
        /// value, where the specification has an error, and the words `True` and `False` are booleans whatever their
        /// case. A file that begins with a byte order mark is read by the letter all the same.
        public var isWide: Bool

        public init(
            isWide: Bool = false, readFile: @escaping @Sendable (_ path: String) -> FileContent = { _ in .missing }
        ) {
            self.isWide = isWide
            self.readFile = readFile
        }
    }

    private let root: Node
    private let source: SourceText

    /// Parses a text.
    /// - Parameter name: what messages call it, and what its includes are found beside.
    public init(parsing bytes: [UInt8], name: String, options: Options = Options()) throws(HOCONError) {
        source = SourceText(name: name, bytes: bytes)
        let includer = Includer(options: options, root: name)
        var parser = Parser(source, options: options, prefix: [], depth: 0, includer: includer)
        root = try parser.root()
    }

    public init(parsing text: String, name: String, options: Options = Options()) throws(HOCONError) {
        try self.init(parsing: Array(text.utf8), name: name, options: options)
    }

    /// Replaces every substitution.
    /// - Parameter environment: where a substitution looks that finds nothing in the document.
    public func resolved(environment: [String: String]) throws(HOCONError) -> HOCONValue {
        let resolver = Resolver(root: root, environment: environment)
        return try resolver.resolveRoot()
    }

    /// Whether the text is an object, as a configuration has to be, and not an array.
    public var isObject: Bool {
        if case .object = root { true } else { false }
    }
}
