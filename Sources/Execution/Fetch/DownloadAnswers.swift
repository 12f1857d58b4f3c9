internal import Caching
internal import Glibc
internal import Planning
internal import Platform
internal import Remotes
internal import Synchronization

/// What a response's head decides: whether its body is the object, a part of it, or nothing of use.
extension Download {
    /// What a piece does with its body.
    enum Opening {
        case small(Int64)
        case large(GrowingBody, at: Int64, end: Int64?)
        /// The store's own words on why not.
        case refusal(HTTPHead)
        case stop
    }

    func opened(_ piece: Piece, _ head: HTTPHead) -> Opening {
        let isCurrent = state.withLock { $0.generation == piece.generation && !$0.isEnded }
        guard isCurrent else { return .stop }
        switch head.status {
        case 304 where piece.isProbe && order.cached != nil:
            end(.success(.unchanged))
            return .stop
        case 200, 206:
            return content(piece, head)
        case 416 where piece.isProbe && head.contentRange?.total == 0:
            // No range of an empty object can be satisfied; the body is the server's words on that, and no content.
            let source = source
            var facts = source.store.facts(head, of: source.id)
            facts.size = 0
            state.withLock { $0.facts = facts }
            end(.success(.small([])))
            return .stop
        default: return .refusal(head)
        }
    }

    /// The store's words on why not are here.
    func refused(_ piece: Piece, _ head: HTTPHead, _ body: [UInt8]) {
        guard let request = piece.request.withLock({ $0 }) else { return }
        let refusal = source.store.refusal(head, body: body, to: request)
        let failure = Failure(refusal: refusal)
        switch refusal.kind {
        case .again: again(piece, orFail: failure)
        case .transient:
            transport.wasBusy()
            failed(piece, failure, retryAfter: refusal.retryAfter, isTransient: true)
        case .changed where !piece.isProbe: changed()
        case .range where piece.range != nil: _ = startAgainWithoutRanges(orFail: piece, failure)
        default: failed(piece, failure)
        }
    }

    /// The store has learnt something from its answer: the same is asked for once more, at once.
    private func again(_ piece: Piece, orFail failure: Failure) {
        let lessons = state.withLock { state in
            state.lessons += 1
            return state.lessons
        }
        // Pieces under way together may all bring the same lesson.
        guard lessons <= StoreCaller.mostLessons * Pace.most else { return failed(piece, failure) }
        guard retire(piece) else { return }
        if let range = piece.range, !piece.isProbe {
            state.withLock { $0.pending.insert(range, at: 0) }
            launchPieces()
        } else {
            probe()
        }
    }

    var source: RemoteObject { state.withLock { order.sources[$0.source] } }

    func content(_ piece: Piece, _ head: HTTPHead) -> Opening {
        let source = source
        if source.store.mayEncode, let encoding = head.contentEncoding, !order.acceptsEncoded {
            failed(
                piece,
                Failure(
                    .other, "the server sent it compressed (\(encoding)), which is not the object's own content",
                    cause: head.summary,
                    advice: "give its 'checksum' in the manifest: then the bytes as sent are checked against it"))
            return .stop
        }
        let facts = source.store.facts(head, of: source.id)
        let start = head.contentRange?.range?.lowerBound ?? 0
        if piece.isProbe { return probeAnswered(piece, head, facts, start: start) }
        guard let wanted = piece.range,
            let (body, expected) = state.withLock({ state in state.body.map { ($0, state.validator) } })
        else { return .stop }
        guard expected == facts.validator || order.expectation.isDecisive, body.partial.size == facts.size else {
            changed()
            return .stop
        }
        guard start == wanted.lowerBound, head.contentRange != nil else {
            // The server gave the whole object instead of a range: take it as one stream.
            return startAgainWithoutRanges(orFail: piece, useless(head))
        }
        // Only now does anybody know what a download that goes on from an earlier run has to be.
        let isFirst = state.withLock { state in
            defer { state.isFollowed = true }
            if state.facts == nil { state.facts = facts }
            return !state.isFollowed
        }
        if isFirst { follow(body, facts.checksum) }
        return .large(body, at: start, end: wanted.upperBound)
    }

    func probeAnswered(_ piece: Piece, _ head: HTTPHead, _ facts: ObjectFacts, start: Int64) -> Opening {
        let (total, validator) = (facts.size, facts.validator)
        // A part that does not say where it belongs, or of how much, must not be taken for the whole.
        guard start == 0, head.status == 200 || head.contentRange?.range != nil && total != nil else {
            return startAgainWithoutRanges(orFail: piece, useless(head))
        }
        // Not every store can be asked for changes alone; its answer tells all the same.
        if validator.isStrong, validator == order.cached {
            end(.success(.unchanged))
            return .stop
        }
        do {
            if let pinned = order.pinned, !facts.agree(with: pinned) {
                throw Failure(
                    .integrity, "the object has changed since the plan was made", cause: head.summary,
                    advice: "make a new plan")
            }
            if let total {
                transport.progress.learn(total, for: transfer)
                try order.expectation.check(size: total)
                if total <= Download.smallLimit {
                    state.withLock { $0.facts = facts }
                    return .small(total)
                }
            }
            let firstEnd = head.contentRange?.range?.upperBound ?? total
            let mayJoin = validator.isStrong || order.expectation.isDecisive
            if firstEnd != total, !mayJoin {
                // Nothing tells whether two ranges would be of one version.
                return startAgainWithoutRanges(orFail: piece, useless(head))
            }
            let partial = try openPartial(validator: validator, total: total, mayJoin: mayJoin)
            let body = GrowingBody(partial: partial)
            let isWanted = state.withLock { state -> Bool in
                // Cancelled since we looked: nobody would ever tell the followers of this body.
                guard state.generation == piece.generation, !state.isEnded else { return false }
                state.body = body
                state.facts = facts
                state.validator = validator
                state.isFollowed = true
                if let firstEnd, let total {
                    state.pending = firstEnd < total ? [firstEnd..<total] : []
                }
                return true
            }
            guard isWanted else { return .stop }
            transport.pace.began()
            follow(body, facts.checksum)
            launchPieces()
            return .large(body, at: 0, end: firstEnd)
        } catch {
            failed(piece, Failure(error))
            return .stop
        }
    }

    func openPartial(validator: Validator, total: Int64?, mayJoin: Bool) throws -> Partial {
        if let total, mayJoin,
            let partial = try transport.cache.partials.open(identity: order.identity, validator: validator, size: total)
        {
            return partial
        }
        return try transport.cache.partials.openPrivate(path: transport.cache.blobs.newTemporaryPath(), size: total)
    }

    func useless(_ head: HTTPHead) -> Failure {
        Failure(.network, Refusal.useless, cause: head.summary, advice: Refusal.uselessAdvice)
    }
}

extension Download.Order {
    /// Whether a body with a Content-Encoding is the content all the same: the bytes decide, or the object is itself a
    /// compressed file that a server labels so.
    var acceptsEncoded: Bool {
        if expectation.isDecisive { return true }
        let path = identity.prefix { $0 != "?" && $0 != "#" }.lowercased()
        return [".gz", ".tgz", ".bz2", ".xz", ".zst", ".br", ".lz4"].contains { path.hasSuffix($0) }
    }
}
