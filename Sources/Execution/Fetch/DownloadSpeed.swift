internal import Caching
internal import Platform
internal import Synchronization

/// How many parts are asked for at once, and how long they are.
extension Download {
    /// Bytes of a part: of a slow connection few, so that they come nearly in the order in which they are hashed; of a fast one
    /// what comes in a quarter of a second, since each request costs the server some work.
    fileprivate static let partLengths: ClosedRange<Int64> = 16 << 20...32 << 20
    /// What may have been asked for beyond what has been hashed, where one connection brings enough: bytes that come much
    /// earlier have left the processor's cache by then, and in the end only hashing would be left to do.
    private static let mostAhead: Int64 = 64 << 20

    func partsAtOnce(_ state: State) -> Int {
        let parts = transport.pace.parts
        guard let rate = state.usualRate, rate > Pace.fast, let body = state.body, let next = state.pending.first,
            next.lowerBound - body.hashedLength > Download.mostAhead
        else { return parts }
        return min(parts, 1)
    }
}

extension Download.State {
    /// The next part that is to be asked for.
    mutating func takePart() -> Range<Int64>? {
        guard let gap = pending.first else { return nil }
        // Whole MiB, so that no page is written in two parts.
        let wished = Int64((usualRate ?? 0) / 4) & ~((1 << 20) - 1)
        let length = min(max(wished, Download.partLengths.lowerBound), Download.partLengths.upperBound)
        guard Int64(gap.count) > length else { return pending.removeFirst() }
        pending[0] = gap.lowerBound + length..<gap.upperBound
        return gap.lowerBound..<gap.lowerBound + length
    }
}

/// Parts that come much more slowly than others: what is left of one is asked for anew, over another connection.
extension Download {
    /// What a part must be slower than the usual by, and seconds that it is given first.
    private static let factor = 5.0
    private static let trial = 2.0
    /// Bytes that are not worth another request.
    private static let least: Int64 = 256 << 10

    /// A part came whole.
    func note(_ speed: (seconds: Double, bytes: Int64, rest: Int64)) {
        guard speed.bytes >= Download.least, speed.seconds > 0 else { return }
        let rate = Double(speed.bytes) / speed.seconds
        state.withLock { $0.usualRate = $0.usualRate.map { 0.75 * $0 + 0.25 * rate } ?? rate }
    }

    /// Looks again and again while the last parts are under way: then nothing else tells that one hangs behind.
    func watchForSlowParts() {
        let begins = state.withLock { state in
            guard !transport.pace.isLimited, !state.isWatched, !state.isEnded, !state.active.isEmpty,
                state.pending.isEmpty
            else { return false }
            state.isWatched = true
            return true
        }
        if begins { transport.schedule(Download.trial / 2) { [self] in restartSlowParts() } }
    }

    private func restartSlowParts() {
        let slow = state.withLock { state -> [HTTPTransfer] in
            state.isWatched = false
            guard !state.isEnded, state.pending.isEmpty, let usual = state.usualRate, state.body != nil else {
                return []
            }
            return state.active.compactMap { id, piece in
                let speed = piece.speed
                guard speed.seconds > Download.trial, speed.rest > Download.least, !piece.wasTooSlow,
                    Double(speed.bytes) / speed.seconds < usual / Download.factor,
                    state.restarts < Download.mostRestarts, let transfer = state.transfers[id]
                else { return nil }
                state.restarts += 1
                piece.giveUpAsTooSlow()
                return transfer
            }
        }
        for transfer in slow { transfer.cancel() }
        watchForSlowParts()
    }

    /// A slow part has ended; what it brought is kept.
    func restarted(_ piece: Piece) {
        guard retire(piece) else { return }
        state.withLock { state in
            guard let body = state.body, let range = piece.range else { return }
            state.pending += body.partial.gaps.compactMap { gap in
                let part = gap.clamped(to: range)
                return part.isEmpty ? nil : part
            }
        }
        launchPieces()
    }
}
