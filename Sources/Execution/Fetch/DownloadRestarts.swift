internal import Caching
internal import Platform
internal import Synchronization

/// Beginning an object anew: another version, no ranges, another source. Nothing of what came before is mixed in.
extension Download {
    func abandonBody(_ failure: Failure) {
        let (transfers, body) = state.withLock { state in
            state.generation += 1
            state.isWaiting = false
            defer {
                state.active = [:]
                state.transfers = [:]
                state.pending = []
                state.body = nil
                state.isFollowed = false
            }
            return (Array(state.transfers.values), state.body)
        }
        for transfer in transfers { transfer.cancel() }
        guard let body else { return }
        transport.pace.ended()
        body.abandon(failure)
        try? body.partial.discard()
    }

    /// The object is of another version than what came so far: nothing of it may be mixed.
    func changed() {
        let failure = Failure(
            .network, "the object changes while it is fetched", advice: "try again when nobody writes to it any more")
        let isOften = state.withLock { state in
            state.changes += 1
            return state.changes > 3
        }
        abandonBody(Failure(.other, "superseded"))
        if isOften { nextSource(failure) } else { probe() }
    }

    /// Asks for the whole object instead; where that has been tried, the piece's answer is a failure.
    func startAgainWithoutRanges(orFail piece: Piece, _ failure: Failure) -> Opening {
        let isNew = state.withLock { state in
            defer { state.avoidsRanges = true }
            return !state.avoidsRanges
        }
        guard isNew else {
            failed(piece, failure)
            return .stop
        }
        abandonBody(Failure(.other, "superseded"))
        probe()
        return .stop
    }

    /// The bytes were all there and were wrong: they are of no use to anybody.
    func rejectContent(_ failure: Failure) {
        state.withLock { state in
            state.isEnded = false
            if state.body != nil { transport.pace.began() }
        }
        nextSource(failure)
    }

    func nextSource(_ failure: Failure) {
        let hasNext = state.withLock { state -> Bool in
            state.firstFailure = state.firstFailure ?? failure
            guard state.source + 1 < order.sources.count else { return false }
            state.source += 1
            state.retry = RetryPolicy()
            state.keptAtFailure = 0
            state.avoidsRanges = false
            state.changes = 0
            state.lessons = 0
            return true
        }
        guard hasNext else {
            let (body, first) = state.withLock { ($0.body, $0.firstFailure ?? failure) }
            body?.abandon(first)
            return end(.failure(first))
        }
        abandonBody(Failure(.other, "superseded"))
        probe()
    }
}
