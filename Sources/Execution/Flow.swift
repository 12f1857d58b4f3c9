internal import Caching
internal import Planning
internal import Platform
internal import Remotes
internal import Synchronization

/// One object on its way from its server into the cache: a download and an intake, joined.
final class Flow: Sendable {
    private let intake: Intake
    private let link: Link
    let download: Download

    /// What both halves need to know of each other.
    private final class Link: Sendable {
        let facts = Mutex(Download.Facts(object: nil, bytes: 0, source: 0))
        let download = Mutex<Download?>(nil)
    }

    /// - Parameters:
    ///   - cached: the digest of what `order.cached` is the validator of.
    ///   - report: told once, on any thread, with what was taken in.
    init(
        _ order: Download.Order, _ intakeOrder: Intake.Order, transport: Transport, pool: WorkerPool,
        workers: WorkerPool,
        transfer: Progress.Transfer, cached: Digest?,
        report: @escaping @Sendable (Result<Acquired, Failure>, Blob?) -> Void
    ) {
        let link = Link()
        let cache = transport.cache
        /// The two halves hold each other until here.
        @Sendable func done(_ result: Result<Acquired, Failure>, _ blob: Blob?) {
            link.download.withLock { $0 = nil }
            report(result, blob)
        }
        @Sendable func acquired(_ taken: Intake.Taken) -> Acquired {
            let facts = link.facts.withLock { $0 }
            var acquired = Acquired(.network, digest: taken.blob.digest, size: taken.blob.size)
            acquired.tree = taken.tree
            acquired.validator = facts.object?.validator
            acquired.version = facts.object?.version
            acquired.transferred = facts.bytes
            acquired.source = facts.source
            return acquired
        }
        /// Wrong content may be right at another mirror; a failing disk is not.
        @Sendable func judged(_ result: Result<Intake.Taken, Failure>) {
            switch result {
            case .success(let taken): done(.success(acquired(taken)), taken.blob)
            case .failure(let failure):
                guard failure.kind == .integrity, let download = link.download.withLock({ $0 }) else {
                    return done(.failure(failure), nil)
                }
                download.rejectContent(failure)
            }
        }
        let intake = Intake(intakeOrder, cache: cache, pool: pool) { _, result in judged(result) }
        self.intake = intake
        self.link = link
        download = Download(order, over: transport, as: transfer, follow: { intake.follow($0, stated: $1) }) {
            result, facts in
            link.facts.withLock { $0 = facts }
            switch result {
            case .failure(let failure): done(.failure(failure), nil)
            case .success(.large(let body)): intake.arrived(body)
            case .success(.small(let bytes)):
                workers.submit {
                    judged(Result { try intake.take(bytes, stated: facts.object?.checksum) }.mapError { Failure($0) })
                }
            case .success(.unchanged):
                workers.submit {
                    done(
                        Result { try Flow.unchanged(intakeOrder, cached, cache: cache, intake) }.mapError {
                            Failure($0)
                        }, nil)
                }
            }
        }
    }

    func start() {
        link.download.withLock { $0 = download }
        download.start()
    }

    private static func unchanged(
        _ order: Intake.Order, _ cached: Digest?, cache: Cache, _ intake: Intake
    ) throws -> Acquired {
        guard let cached, let seen = cache.index.seen(order.identity) else {
            throw Failure(
                .other, "the cache lost what the server called unchanged", advice: "run the same command again")
        }
        var acquired = Acquired(.cache, digest: cached, size: seen.size)
        acquired.validator = seen.validator
        if case .version(let version) = seen.validator { acquired.version = version }
        if let expected = order.expectation.digest, expected != cached {
            throw Failure(
                .integrity, "the content is not what it should be", cause: "expected \(expected), found \(cached)")
        }
        if let recipe = order.recipe {
            acquired.tree =
                try cache.trees.tree(ofArchive: cached, recipe: recipe) ?? intake.unpack(cached: cached, recipe: recipe)
        }
        return acquired
    }
}
