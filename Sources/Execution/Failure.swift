internal import Planning
public import Platform
internal import SystemPackage

/// Why something did not work, in the parts that a message is made of.
public struct Failure: Error, Sendable {
    /// The classes that exit codes stand for.
    public enum Kind: String, Sendable {
        case other, notFound, permission, network, integrity, noSpace, lockTimeout, usage, manifest, configuration
        case interrupted
        /// `--keep-going` finished with failed entries.
        case incomplete
    }

    public var kind: Kind
    /// The entry, command or file that it is about.
    public var subject: String?
    /// What happened: one sentence without its full stop.
    public var message: String
    /// Where it comes from: redacted URL, HTTP status, errno, path.
    public var cause: String?
    /// What to do.
    public var advice: String?

    public init(
        _ kind: Kind, _ message: String, subject: String? = nil, cause: String? = nil, advice: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.subject = subject
        self.cause = cause
        self.advice = advice
    }

    /// The same, about an entry, unless it says already what it is about.
    public func about(_ subject: some CustomStringConvertible) -> Failure {
        var failure = self
        failure.subject = failure.subject ?? subject.description
        return failure
    }

    /// Any error that reached the top, as a failure.
    public init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as SystemError: self.init(system: error)
        default: self.init(.other, "\(error)")
        }
    }

    public init(system error: SystemError) {
        switch error.code {
        case .noSpace, .fileTooLarge, .diskQuotaExceeded:
            self.init(
                .noSpace, "there is no space left", cause: error.description,
                advice: "free some space, or choose another cache folder or workspace")
        case .permissionDenied, .notPermitted, .readOnlyFileSystem:
            self.init(
                .permission, "the system does not permit this", cause: error.description,
                advice: "check who owns the path and whether its file system is writable")
        case .noSuchFileOrDirectory:
            self.init(.notFound, "a file or folder is not there", cause: error.description)
        default: self.init(.other, "a system call failed", cause: error.description)
        }
    }
}

extension Errno {
    static var diskQuotaExceeded: Errno { Errno(rawValue: 122) }
}
