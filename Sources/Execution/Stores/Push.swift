public import Planning
internal import Platform
public import Remotes
internal import Synchronization

/// Brings a local file, or a folder's files, to a URL: ClearML's `upload_file` and `upload_folder`.
public final class Push: Sendable {
    public struct Options: Sendable {
        /// Which files of a folder; all without any.
        public var matches: [Glob] = []
        public var skipsUnchanged = false
        /// Files under way at once.
        public var jobs = 64
        /// Seconds without a byte after which a transfer is broken off and tried again.
        public var stallTimeout: Double = 60

        public init() {}
    }

    /// What happens, for whoever shows it. Delivered from several threads.
    public enum Event: Sendable {
        case pushed(File)
        /// The same bytes were there already.
        case unchanged(File)
        case retrying(url: String, Failure, seconds: Double)
    }

    /// One file and where it is now.
    public struct File: Sendable {
        public var path: String
        public var url: String
        public var size: Int64
        public var checksum: Checksum?
        public var eTag: String?
        public var version: String?
    }

    public struct Outcome: Sendable {
        /// What was pushed to: the URL of the file, or of the folder.
        public var url: String
        public var pushed = 0
        public var unchanged = 0
        /// Bytes of the files that were pushed.
        public var bytes: Int64 = 0
        public var seconds: Double = 0
    }

    public let progress = Progress()
    public let interruption = Interruption()
    private let sources: SourceRules
    private let options: Options
    private let report: @Sendable (Event) -> Void
    private let uploader: Uploader
    private let isCancelled: Flag

    /// - Parameters:
    ///   - cacheRoot: our folder in ClearML's cache, where uploads in parts are noted.
    public init(
        sources: SourceRules, cacheRoot: String, options: Options, report: @escaping @Sendable (Event) -> Void
    ) {
        self.sources = sources
        self.options = options
        self.report = report
        let isCancelled = Flag()
        self.isCancelled = isCancelled
        let caller = StoreCaller(
            sources.network, stallTimeout: .seconds(options.stallTimeout), isCancelled: { isCancelled.isSet },
            retried: { report(.retrying(url: $0, $1, seconds: $2)) })
        uploader = Uploader(
            caller: caller, journal: UploadJournal(cacheRoot: cacheRoot), memory: Allowance(Uploader.memoryLimit),
            isCancelled: { isCancelled.isSet })
        interruption.reach { _ in isCancelled.set() }
    }

    /// - Parameters:
    ///   - path: a file or a folder.
    ///   - url: as the user wrote it.
    ///   - base: absolute folder that a relative path is relative to.
    /// - Throws: the first failure, when all that was under way has ended.
    public func run(_ path: String, to url: String, base: String) throws(Failure) -> Outcome {
        let began = MonotonicTime.now()
        let path = path.hasPrefix("/") ? path : base + "/" + path
        let selection = try PushSelection(path: path, to: PushTarget(url), matches: options.matches, base: base)
        progress.expect(objects: selection.items.count, bytes: selection.items.reduce(0) { $0 + $1.size }, unsized: 0)
        let there = options.skipsUnchanged ? StoredFacts(selection, sources, uploader.caller, base: base) : nil
        let state = Monitor(State(outcome: Outcome(url: selection.identity)))
        let pool = WorkerPool(threads: max(1, min(options.jobs, selection.items.count)))
        for item in selection.items {
            pool.submit { [self] in
                guard !isCancelled.isSet, state.read({ $0.failure == nil }) else { return }
                do throws(Failure) {
                    let (file, isNew) = try push(item, there, base: base)
                    state.withLock { $0.outcome.add(file, isNew: isNew) }
                    report(isNew ? .pushed(file) : .unchanged(file))
                } catch {
                    let failure = error.about(item.url.identity)
                    state.withLock { state in state.failure = state.failure ?? failure }
                }
            }
        }
        pool.shutdown()
        if isCancelled.isSet { throw Failure(.interrupted, "interrupted") }
        if let failure = state.read({ $0.failure }) { throw failure }
        var outcome = state.read { $0.outcome }
        outcome.seconds = MonotonicTime.now().seconds(since: began)
        return outcome
    }

    private struct State {
        var outcome: Outcome
        var failure: Failure?
    }

    /// - Returns: the file, and whether it had to be pushed.
    private func push(
        _ item: PushSelection.Item, _ there: StoredFacts?, base: String
    ) throws(Failure) -> (File, isNew: Bool) {
        let transfer = progress.begin(item.name, size: item.size)
        defer { progress.end(transfer) }
        let source = try UploadSource(item.path)
        let place: SourceRules.Source
        do throws(Refusal) { place = try sources.source(item.url, base: base) } catch { throw Failure(refusal: error) }
        var file = File(path: item.path, url: item.url.identity, size: source.size)
        if let there, let match = try there.match(source, at: place) {
            progress.add(Int(source.size), to: transfer)
            file.checksum = match.checksum
            file.eTag = match.eTag
            return (file, false)
        }
        let uploaded = try uploader.put(source, at: place, url: item.url) { [progress] in progress.add($0, to: transfer)
        }
        file.checksum = uploaded.checksum
        file.eTag = uploaded.stored.eTag
        file.version = uploaded.stored.version
        return (file, true)
    }
}

extension Push.Outcome {
    fileprivate mutating func add(_ file: Push.File, isNew: Bool) {
        if isNew {
            pushed += 1
            bytes += file.size
        } else {
            unchanged += 1
        }
    }
}

/// Something that happens once and is seen by all threads from then on.
final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
