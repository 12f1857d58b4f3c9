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
            state.withLock { $0.validator = HTTPSource.validator(head, size: 0) }
            end(.success(.small([])))
        case 412 where !piece.isProbe:
            changed()
        case 400, 405, 416, 501:
            if piece.range != nil { return startAgainWithoutRanges(orFail: piece, status(head)) }
            fallthrough
        default:
            failed(
                piece, status(head), retryAfter: head.retryAfter,
                isTransient: RetryPolicy.isTransient(status: head.status))
        }
        return .stop
    }

    func content(_ piece: Piece, _ head: HTTPHead) -> Opening {
        if let encoding = head.contentEncoding, !order.acceptsEncoded {
            failed(
                piece,
                Failure(
                    .other, "the server sent it compressed (\(encoding)), which is not the object's own content",
                    cause: describe(head),
                    advice: "give its 'checksum' in the manifest: then the bytes as sent are checked against it"))
            return .stop
        }
        let total = HTTPSource.totalSize(head)
        let validator = HTTPSource.validator(head, size: total)
        let start = head.contentRange?.range?.lowerBound ?? 0
        if piece.isProbe { return probeAnswered(piece, head, total: total, validator: validator, start: start) }
        guard let wanted = piece.range,
            let (body, expected) = state.withLock({ state in state.body.map { ($0, state.validator) } })
        else { return .stop }
        guard expected == validator || order.expectation.isDecisive, body.partial.size == total else {
            changed()
            return .stop
        }
        if start == wanted.lowerBound, head.contentRange != nil {
            return .large(body, at: start, end: wanted.upperBound)
        }
        // The server gave the whole object instead of a range: take it as one stream.
        return startAgainWithoutRanges(orFail: piece, useless(head))
    }

    func probeAnswered(
        _ piece: Piece, _ head: HTTPHead, total: Int64?, validator: Validator, start: Int64
    ) -> Opening {
        // A part that does not say where it belongs, or of how much, must not be taken for the whole.
        guard start == 0, head.status == 200 || head.contentRange?.range != nil && total != nil else {
            return startAgainWithoutRanges(orFail: piece, useless(head))
        }
        do {
            if let pinned = order.pinned, pinned != validator {
                throw Failure(
                    .integrity, "the object has changed since the plan was made", cause: describe(head),
                    advice: "make a new plan")
            }
            if let total {
                transport.progress.learn(total, for: transfer)
                try order.expectation.check(size: total)
                if total <= Download.smallLimit {
                    state.withLock { $0.validator = validator }
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
                state.validator = validator
                if let firstEnd, let total {
                    state.pending = Download.pieces(firstEnd < total ? [firstEnd..<total] : [])
                }
                return true
            }
            guard isWanted else { return .stop }
            follow(body)
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

    // MARK: Words

    func describe(_ head: HTTPHead) -> String {
        "\(URLRedaction.redact(head.effectiveURL)) answered \(head.status)"
    }

    func status(_ head: HTTPHead) -> Failure {
        let cause = describe(head)
        switch head.status {
        case 401, 403:
            return Failure(
                .permission, "the server refuses access", cause: cause,
                advice: "check the credentials for this host (~/.netrc, or sdk.storage.sync.headers in clearml.conf)")
        case 404, 410:
            return Failure(
                .notFound, "nothing is there", cause: cause, advice: "correct the 'url', or make the entry 'optional'")
        case 408, 429, 500...599:
            return Failure(.network, "the server does not serve it now", cause: cause, advice: "try again later")
        default:
            return useless(head)
        }
    }

    func useless(_ head: HTTPHead) -> Failure {
        Failure(
            .network, "the server gave an answer that is of no use", cause: describe(head),
            advice: "correct the 'url', or ask who runs the server")
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
