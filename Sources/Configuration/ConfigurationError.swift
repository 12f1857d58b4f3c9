internal import HOCON

/// One thing that is wrong with the configuration.
public struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
    /// Key path in ClearML's notation, such as `sdk.aws.s3.credentials[2].key`; `nil` where the text itself is broken.
    public var key: String?
    public var message: String
    public var origin: Origin

    public init(_ message: String, key: String? = nil, origin: Origin) {
        self.message = message
        self.key = key
        self.origin = origin
    }

    /// `clearml.conf:3:9: sdk.storage.sync.jobs: what is wrong`.
    public var description: String { "\(origin): " + (key.map { $0 + ": " } ?? "") + message }
}

extension Sequence<ConfigurationProblem> {
    /// Flags and variables first, then each file from its beginning: the order in which one mends them.
    func inReadingOrder() -> [ConfigurationProblem] {
        func place(_ problem: ConfigurationProblem) -> (String, Int, Int) {
            guard case .file(let origin) = problem.origin else { return ("", 0, 0) }
            return (origin.file, origin.line, origin.column)
        }
        return sorted { place($0) < place($1) }
    }
}

/// The configuration cannot be used (exit code 78): everything that is wrong with it, at once.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    public var problems: [ConfigurationProblem]

    public init(_ problems: [ConfigurationProblem]) { self.problems = problems }

    /// One problem a line.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Something in the configuration that is skipped or unknown, and that the user should hear of.
public typealias ConfigurationWarning = ConfigurationProblem
