/// One thing that is wrong with a manifest, and where.
public struct ManifestProblem: Error, Hashable, Sendable {
    public var location: SourceLocation
    /// A sentence that names the entry and the key.
    public var message: String

    public init(_ message: String, at location: SourceLocation) {
        self.location = location
        self.message = message
    }
}

extension ManifestProblem: Comparable, CustomStringConvertible {
    public static func < (left: ManifestProblem, right: ManifestProblem) -> Bool {
        let (one, other) = (left.location, right.location)
        return (one.file, one.line, one.column, left.message) < (other.file, other.line, other.column, right.message)
    }

    public var description: String { "\(location): \(message)" }
}

/// Everything that is wrong with a manifest and what it includes: sorted by file, line and column, never empty.
public struct ManifestProblems: Error, Sendable, CustomStringConvertible {
    public let problems: [ManifestProblem]

    init(_ problems: some Sequence<ManifestProblem>) { self.problems = Set(problems).sorted() }

    /// One line for each problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
