public import Caching
public import Configuration
internal import Planning
internal import Platform
public import Remotes

/// Looks whether what the configuration names can be used: stores and hosts, the cache's folder, the way to a workspace.
///
/// Servers get one read-only request each; of folders, files that are made are removed again.
public struct Doctor: Sendable {
    /// One thing that was looked at.
    public struct Finding: Sendable {
        public enum State: String, Sendable {
            case ok, warning, failed
            /// There was nothing to ask.
            case skipped
        }

        public enum Area: String, Sendable { case store, host, cache, workspace, locks, links, clock }

        public var area: Area
        /// A URL or a path.
        public var subject: String
        public var state: State
        /// What was found, in words.
        public var text: String
        /// The configuration's entry that was used.
        public var access: String?
        public var cause: String?
        public var advice: String?
        /// What decides the exit code of a failed one.
        public var kind: Failure.Kind?
        /// Seconds until the server's whole answer.
        public var seconds: Double?

        init(_ area: Area, _ subject: String, _ state: State, _ text: String) {
            self.area = area
            self.subject = subject
            self.state = state
            self.text = text
        }

        init(_ area: Area, _ subject: String, _ failure: Failure) {
            self.init(area, subject, .failed, failure.message)
            cause = failure.cause
            advice = failure.advice
            kind = failure.kind
        }

        /// The cache could not even be opened.
        public init(unusableCache path: String, _ failure: Failure) { self.init(.cache, path, failure) }
    }

    private let settings: Settings
    private let sources: SourceRules
    private let base: String

    /// - Parameter base: absolute folder that a relative path is relative to.
    public init(_ settings: Settings, sources: SourceRules, base: String) {
        self.settings = settings
        self.sources = sources
        self.base = base
    }

    /// - Parameters:
    ///   - urls: asked as well.
    ///   - cache: `nil` when it could not be opened, which the caller tells.
    ///   - workspace: absolute; it need not be there yet.
    public func examine(_ urls: [String], cache: Cache?, workspace: String) -> [Finding] {
        let stores = DoctorStores(settings: settings, sources: sources, base: base)
        let questions = stores.questions(urls)
        let answers = Monitor<[Int: [Finding]]>([:])
        let pool = WorkerPool(threads: max(1, min(16, questions.count)))
        for (number, question) in questions.enumerated() {
            pool.submit {
                let findings = stores.ask(question)
                answers.withLock { $0[number] = findings }
            }
        }
        var folders: [Finding] = []
        if let cache { folders = DoctorFolders(cache: cache, workspace: workspace).examine() }
        pool.shutdown()
        return answers.read { $0 }.sorted { $0.key < $1.key }.flatMap(\.value) + folders
    }

    /// The failure that matters most: what has to be put right first.
    public static func worst(_ findings: [Finding]) -> Failure.Kind? {
        let order: [Failure.Kind] = [.configuration, .permission, .integrity, .network, .notFound, .noSpace]
        let kinds = findings.filter { $0.state == .failed }.map { $0.kind ?? .other }
        return order.first(where: kinds.contains) ?? kinds.first
    }
}
