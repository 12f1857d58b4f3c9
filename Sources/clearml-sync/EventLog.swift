internal import Execution
internal import Logging
internal import Planning
internal import Platform

/// A run's events as lines of the log. URLs are identities or redacted: no secret is in them.
struct EventLog: Sendable {
    let logger: Logger

    func planned(_ plan: Plan) {
        guard logger.logLevel <= .info else { return }
        for item in plan.items {
            let entry = item.entry.entry
            if let reason = item.entry.unlockedReason { logger.info("lock: \(entry.id) is resolved anew: \(reason)") }
            if case .keep = item.action {
                logger.debug("plan: \(entry.id) is in place")
            } else {
                logger.info("plan: \(entry.id): \(EventLog.word(item.action)) at \(item.entry.path)")
            }
        }
        for removal in plan.removals { logger.info("plan: \(removal.id): remove \(removal.placed.path)") }
    }

    func heard(_ event: Event) {
        guard logger.logLevel <= .info else { return }
        switch event {
        case .fetching(let id, let url, let bytes):
            logger.debug("object: \(id): fetching \(url)\(bytes.map { " (\(SummaryText.bytes($0)))" } ?? "")")
        case .acquired(let id, let url, let acquired):
            let digest = acquired.digest.map { " \($0)" } ?? ""
            logger.debug("object: \(id): \(url) from \(acquired.origin.rawValue)\(digest)")
        case .retrying(let url, let failure, let seconds):
            let cause = failure.cause.map { " (\($0))" } ?? ""
            logger.info("retry: \(url): \(failure.message)\(cause); again in \(SummaryText.seconds(seconds))")
        case .waiting(let id, let url): logger.info("wait: \(id): another process fetches \(url)")
        case .placed(let id, let path, let mode): logger.debug("placed: \(id) at \(path) (\(mode.rawValue))")
        case .removed(let id, let path): logger.info("removed: \(id): \(path)")
        // Shown to the person as they are.
        case .failed, .warning: break
        }
    }

    func heard(_ request: HTTPObservation) {
        let range =
            request.range.map { " bytes \($0.lowerBound)-" + ($0.upperBound == .max ? "" : "\($0.upperBound - 1)") }
            ?? ""
        let outcome = request.failure ?? "\(request.status), \(SummaryText.bytes(request.bytes))"
        logger.debug(
            "http: \(request.method.rawValue) \(request.url)\(range): \(outcome) in \(SummaryText.seconds(request.seconds))"
        )
    }

    /// An action's name in events, receipts and logs.
    static func word(_ action: Plan.Action) -> String {
        switch action {
        case .keep: "keep"
        case .link: "link"
        case .relink: "relink"
        case .drift: "drift"
        case .blocked: "blocked"
        }
    }
}
