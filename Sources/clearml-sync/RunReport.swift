internal import ArgumentParser
internal import Execution
internal import Logging
internal import Planning
internal import Platform
internal import Synchronization

/// Tells one run to whoever listens: the person, the log, the reader of events, the receipt.
final class RunReport: Sendable {
    private let console: ConsoleOptions
    private let log: EventLog
    private let printsEvents: Bool
    private let receipt: Receipt?
    private let summary = Mutex<Summary?>(nil)

    init(_ command: String, _ options: OutputOptions) {
        console = options.console
        log = EventLog(logger: options.console.logger)
        printsEvents = options.json
        receipt = options.receipt.map { Receipt(path: PathArgument.absolute($0), command: command) }
    }

    /// stdout has events on it and can take nothing else.
    var ownsStandardOutput: Bool { printsEvents }

    /// For `HTTPConfiguration.observe`; `nil` when nobody wants to know.
    var observe: (@Sendable (HTTPObservation) -> Void)? {
        guard log.logger.logLevel <= .debug else { return nil }
        return { [log] request in log.heard(request) }
    }

    /// For a session's `report`. Called from several threads.
    var hear: @Sendable (Event) -> Void {
        { [self] event in
            if printsEvents { Console.result(EventJSON.line(event)) }
            log.heard(event)
            receipt?.hear(event)
            switch event {
            case .failed(let id, let failure, let isOptional):
                Console.show(failure.about(id), as: isOptional ? "warning" : "error")
            case .warning(let text): Console.warn(text)
            default: break
            }
        }
    }

    /// A session has begun, and this is its plan.
    func planned(_ plan: Plan, in session: Session) {
        log.planned(plan)
        if printsEvents { Console.result(EventJSON.line("plan", EventJSON.plan(plan))) }
        receipt?.begin(session, plan)
    }

    /// Carries out the plan with progress on the screen and signals going to the session.
    func execute(_ plan: Plan, in session: Session, settling basis: Settled.Basis?) throws -> Summary {
        planned(plan, in: session)
        let summary = try console.during(session.progress, session.interruption) {
            try session.execute(plan, settling: basis)
        }
        self.summary.withLock { $0 = summary }
        for path in summary.drift {
            let failure = Failure(
                .other, "somebody changed it; it stays as it is", subject: path, advice: "--force replaces it")
            Console.show(failure, as: "warning")
        }
        Console.note(SummaryText.line(summary))
        return summary
    }

    // MARK: The end

    /// A run that did what it had to.
    func close() throws {
        conclude(exitCode: 0, nil)
        try receipt?.write(exitCode: 0, summary: summary.withLock { $0 }, nil)
    }

    /// A run that ends with an error, which its caller shows.
    func close(failing error: any Error) {
        let failure: Failure? = error is ExitCode ? nil : Failure(error)
        let code = (error as? ExitCode)?.rawValue ?? failure.map { ExitCodes.code(for: $0) } ?? 1
        conclude(exitCode: code, failure)
        do {
            try receipt?.write(exitCode: code, summary: summary.withLock { $0 }, failure)
        } catch {
            // The run's own failure decides the exit code.
            Console.show(Failure(error), as: "warning")
        }
    }

    private func conclude(exitCode: Int32, _ failure: Failure?) {
        guard printsEvents else { return }
        var members = [JSON.Member("exit_code", .integer(Int64(exitCode)))]
        if let failure { members.append(JSON.Member("failure", EventJSON.failure(failure))) }
        if let summary = summary.withLock({ $0 }), case .object(let own) = EventJSON.summary(summary) { members += own }
        Console.result(EventJSON.line("summary", .object(members)))
    }
}
