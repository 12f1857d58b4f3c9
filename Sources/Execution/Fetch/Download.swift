internal import Caching
internal import Glibc
internal import Planning
internal import Platform
internal import Remotes
internal import Synchronization

/// Brings one object here from a store: probe, ranges, retries, mirrors. What becomes of the bytes is the intake's business.
///
/// The first GET asks for the beginning; its own headers are the validators. A small object is then already here. A large
/// one goes on as parallel ranges of the same version into a `GrowingBody`; a server that knows no ranges gives one stream.
final class Download: Sendable {
    /// What to bring.
    struct Order: Sendable {
        /// The object: logical URL and pinned version.
        var identity: String
        /// The object itself, then its mirrors.
        var sources: [RemoteObject]
        var expectation: Expectation
        /// Bytes, where a lock, a listing or the manifest says so.
        var knownSize: Int64?
        /// What the cache holds for this URL, if that is still right.
        var cached: Validator?
        /// The version that a saved plan was made for: another one stops it.
        var pinned: Validator?
    }

    /// What the transport brought.
    enum Arrival: Sendable {
        /// The server says that the cached version is the current one.
        case unchanged
        case small([UInt8])
        /// Complete; its followers run already.
        case large(GrowingBody)
    }

    /// Where the bytes came from and how many had to move.
    struct Facts: Sendable {
        /// What the store said of the object.
        var object: ObjectFacts?
        var bytes: Int64
        var source: Int
    }

    static let probeLength: Int64 = 16 << 20
    static let smallLimit: Int64 = 256 << 10
    /// How often slow parts of one object are asked for anew.
    static let mostRestarts = 8

    let order: Order
    let transport: Transport
    let transfer: Progress.Transfer
    let state = Mutex(State())
    /// Told once for each large body, when the store has said what it is: hashing and unpacking start then.
    let follow: @Sendable (GrowingBody, _ stated: Checksum?) -> Void
    let finished: @Sendable (Result<Arrival, Failure>, Facts) -> Void

    struct State {
        var source = 0
        /// Responses of an earlier attempt carry an older number and are ignored.
        var generation = 0
        var retry = RetryPolicy()
        var body: GrowingBody?
        var facts: ObjectFacts?
        /// What parts of one version are joined by.
        var validator: Validator?
        /// Whether the body's followers run.
        var isFollowed = false
        /// How often the store has asked to be asked again.
        var lessons = 0
        /// What still has to be asked for, part by part.
        var pending: [Range<Int64>] = []
        /// Requests whose answer has not ended.
        var active: [ObjectIdentifier: Piece] = [:]
        /// Bytes a second of the parts that came whole; what a slow one is compared with.
        var usualRate: Double?
        var restarts = 0
        var isWatched = false
        var transfers: [ObjectIdentifier: HTTPTransfer] = [:]
        var isWaiting = false
        var bytes: Int64 = 0
        /// Bytes that were kept at the last failure.
        var keptAtFailure: Int64 = 0
        var changes = 0
        var avoidsRanges = false
        var isEnded = false
        var firstFailure: Failure?
    }

    init(
        _ order: Order, over transport: Transport, as transfer: Progress.Transfer,
        follow: @escaping @Sendable (GrowingBody, Checksum?) -> Void,
        finished: @escaping @Sendable (Result<Arrival, Failure>, Facts) -> Void
    ) {
        self.order = order
        self.transport = transport
        self.transfer = transfer
        self.follow = follow
        self.finished = finished
    }

    func start() {
        if let partial = resumable() {
            let body = GrowingBody(partial: partial)
            var missing = partial.gaps
            // All bytes of yesterday's version may be here: asking for the last one again tells whether it is today's.
            if missing.isEmpty, !order.expectation.isDecisive, let size = partial.size { missing = [size - 1..<size] }
            if let size = partial.size {
                transport.progress.learn(
                    size, for: transfer, alreadyHere: size - missing.reduce(0) { $0 + Int64($1.count) })
            }
            let isWanted = state.withLock { state -> Bool in
                guard !state.isEnded else { return false }
                state.body = body
                state.validator = partial.validator
                state.pending = missing
                state.isFollowed = missing.isEmpty
                return true
            }
            guard isWanted else { return }
            transport.pace.began()
            guard missing.isEmpty else { return launchPieces() }
            follow(body, nil)
            return completeBody()
        }
        probe()
    }

    /// What an earlier run left, when its bytes may be joined with what the server has now.
    func resumable() -> Partial? {
        guard order.cached == nil, let partial = try? transport.cache.partials.resume(identity: order.identity),
            let validator = partial.validator, validator.isStrong || order.expectation.isDecisive
        else { return nil }
        return partial
    }

    /// Ends everything; the bytes that came stay for the next run.
    func cancel(_ failure: Failure) {
        let (transfers, body) = state.withLock { state in
            state.generation += 1
            return (Array(state.transfers.values), state.body)
        }
        for transfer in transfers { transfer.cancel() }
        body?.abandon(failure)
        end(.failure(failure))
    }

    // MARK: Asking

    func probe() {
        let (generation, source, avoidsRanges) = state.withLock {
            ($0.generation, order.sources[$0.source], $0.avoidsRanges)
        }
        let isSmall = order.knownSize.map { $0 <= Download.probeLength } ?? false
        let range = isSmall || avoidsRanges ? nil : 0..<Download.probeLength
        let piece = Piece(self, generation: generation, range: range, isProbe: true)
        state.withLock { $0.active[ObjectIdentifier(piece)] = piece }
        send(source, range: range, to: piece)
    }

    func launchPieces() {
        while true {
            let next = state.withLock { state -> (Piece, RemoteObject, Validator?)? in
                guard !state.isEnded, !state.isWaiting, state.active.count < partsAtOnce(state),
                    let range = state.takePart()
                else { return nil }
                let piece = Piece(self, generation: state.generation, range: range, isProbe: false)
                state.active[ObjectIdentifier(piece)] = piece
                return (piece, order.sources[state.source], state.validator)
            }
            guard let (piece, source, validator) = next else { return }
            send(source, range: piece.range, match: validator, to: piece)
        }
    }

    private func send(_ source: RemoteObject, range: Range<Int64>?, match: Validator? = nil, to piece: Piece) {
        let request = source.store.get(
            source.id, range: range, match: match, unless: piece.isProbe ? order.cached : nil)
        source.store.authorize(request) { [self] result in
            switch result {
            case .success(var request):
                request.stallTimeout = transport.stallTimeout
                request.expectsBulk = !piece.isProbe
                send(request, to: piece)
            case .failure(let refusal): failed(piece, Failure(refusal: refusal))
            }
        }
    }

    private func send(_ request: HTTPRequest, to piece: Piece) {
        piece.request.withLock { $0 = request }
        let transfer = transport.client.send(request, to: piece)
        // The answer may have ended before `send` returned.
        let isStale = state.withLock { state -> Bool in
            if state.active[ObjectIdentifier(piece)] != nil { state.transfers[ObjectIdentifier(piece)] = transfer }
            return piece.generation != state.generation
        }
        if isStale { transfer.cancel() }
    }

    // MARK: What pieces tell

    /// Called often: more bytes of this object have been written.
    func received(_ count: Int) {
        transport.progress.add(count, to: transfer)
        let mayLaunch = state.withLock { state in
            state.bytes += Int64(count)
            return !state.pending.isEmpty && !state.isWaiting
        }
        guard mayLaunch else { return }
        transport.pace.moved(count)
        // The window may have grown since the parts under way were asked for.
        if state.withLock({ $0.active.count < partsAtOnce($0) }) { launchPieces() }
    }

    func small(_ piece: Piece, _ bytes: [UInt8]) {
        guard retire(piece) else { return }
        end(.success(.small(bytes)))
    }

    /// A piece came to its end; `at` is the offset behind its last byte.
    func ended(_ piece: Piece, at offset: Int64, isWhole: Bool) {
        guard retire(piece) else { return }
        note(piece.speed)
        let isComplete = state.withLock { state -> Bool in
            guard let body = state.body else { return false }
            if body.partial.size == nil { return isWhole }
            return state.pending.isEmpty && state.active.isEmpty && body.partial.gaps.isEmpty
        }
        if isComplete { return completeBody(size: offset) }
        launchPieces()
        reclaimGaps()
        watchForSlowParts()
    }

    /// Nothing is under way, but something is missing: a server ended a range early.
    func reclaimGaps() {
        let again = state.withLock { state -> Bool in
            guard let body = state.body, state.active.isEmpty, state.pending.isEmpty, !state.isWaiting, !state.isEnded
            else { return false }
            state.pending = body.partial.gaps
            return !state.pending.isEmpty
        }
        if again { retryLater(Failure(.network, "the server ended a range early"), retryAfter: nil) }
    }

    func completeBody(size: Int64? = nil) {
        guard let body = state.withLock({ $0.body }) else { return }
        body.complete(size: body.partial.size ?? size ?? 0)
        end(.success(.large(body)))
    }

    /// - Returns: false for a piece of an attempt that is over.
    func retire(_ piece: Piece) -> Bool {
        state.withLock { state in
            let wasActive = state.active.removeValue(forKey: ObjectIdentifier(piece)) != nil
            state.transfers[ObjectIdentifier(piece)] = nil
            return wasActive && piece.generation == state.generation && !state.isEnded
        }
    }

    func transfer(of piece: Piece) -> HTTPTransfer? { state.withLock { $0.transfers[ObjectIdentifier(piece)] } }

    func failed(_ piece: Piece, _ failure: Failure, retryAfter: Double? = nil, isTransient: Bool = false) {
        guard retire(piece) else { return }
        guard isTransient else { return nextSource(failure) }
        let resumes = state.withLock { state -> Bool in
            guard let body = state.body, let size = body.partial.size, body.partial.validator != nil,
                !state.avoidsRanges
            else { return false }
            guard let range = piece.range ?? Optional(0..<size) else { return false }
            let missing = body.partial.gaps.compactMap { gap -> Range<Int64>? in
                let part = gap.clamped(to: range)
                return part.isEmpty ? nil : part
            }
            // A probe without a range was to bring everything: what others are asked for is not asked for again.
            let others = state.pending
            state.pending = missing.filter { part in !others.contains { $0.overlaps(part) } } + others
            return true
        }
        if !resumes { abandonBody(failure) }
        retryLater(failure, retryAfter: retryAfter)
    }

    /// Only bytes that are kept are progress: a server that always breaks off what cannot be resumed is not asked for ever.
    func retryLater(_ failure: Failure, retryAfter: Double?) {
        let generation = state.withLock { $0.generation }
        let delay = state.withLock { state -> Double?? in
            // One timer serves all pieces that fail meanwhile.
            if state.isWaiting { return .some(nil) }
            let kept = state.body?.partial.byteCount ?? 0
            let madeProgress = kept > state.keptAtFailure
            state.keptAtFailure = kept
            guard let delay = state.retry.delay(retryAfter: retryAfter, madeProgress: madeProgress) else { return nil }
            state.isWaiting = true
            return .some(delay)
        }
        guard let delay else { return nextSource(failure) }
        guard let delay else { return }
        transport.retried(order.identity, failure, delay)
        transport.schedule(delay) { [self] in goOn(generation) }
    }

    /// Asks for what is missing after a failure, unless something else began the object anew meanwhile.
    func goOn(_ generation: Int) {
        enum Step { case nothing, ask, askForRest, complete }
        let step = state.withLock { state -> Step in
            guard state.generation == generation, !state.isEnded else { return .nothing }
            state.isWaiting = false
            guard let body = state.body else { return .ask }
            // A whole answer to a range may have broken off behind that range: then nobody was asked for the rest.
            if state.pending.isEmpty, state.active.isEmpty { state.pending = body.partial.gaps }
            return state.pending.isEmpty && state.active.isEmpty ? .complete : .askForRest
        }
        switch step {
        case .nothing: break
        case .ask: probe()
        case .askForRest: launchPieces()
        case .complete: completeBody()
        }
    }

    func end(_ result: Result<Arrival, Failure>) {
        let facts = state.withLock { state -> Facts? in
            guard !state.isEnded else { return nil }
            state.isEnded = true
            if state.body != nil { transport.pace.ended() }
            return Facts(object: state.facts, bytes: state.bytes, source: state.source)
        }
        if let facts { finished(result, facts) }
    }
}
