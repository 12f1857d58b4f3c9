public import Planning

/// What a run came to, in numbers and names.
public struct Summary: Sendable {
    public var entries: Int
    public var objects: Int
    /// Bytes that moved, over the network or from local paths.
    public var bytesTransferred: Int64
    public var objectsTransferred: Int
    /// Bytes of all objects that are in place now, where known.
    public var bytesTotal: Int64
    public var objectsFromCache: Int
    public var linkModes: [Entry.LinkMode: Int]
    public var removed: [String]
    /// Paths that stay although they are not as planned, since somebody changed them.
    public var drift: [String]
    public var failures: [(id: Entry.ID, failure: Failure, isOptional: Bool)]
    /// Entries that were already as they should be.
    public var unchanged: Int
    public var seconds: Double
    /// The signal that ended the run.
    public var interruption: Int32?

    init(plan: Plan, outcome: Executor.Outcome, seconds: Double) {
        entries = plan.items.count
        objects = 0
        bytesTransferred = 0
        objectsTransferred = 0
        bytesTotal = 0
        objectsFromCache = 0
        linkModes = [:]
        unchanged = 0
        removed = outcome.removed
        drift = outcome.kept
        failures = outcome.failures
        interruption = outcome.interruption
        self.seconds = seconds
        for (index, item) in plan.items.enumerated() {
            if case .drift(let paths) = item.action { drift += paths }
            if item.action == .keep { unchanged += 1 }
            if item.action == .link || item.action == .relink, let placed = outcome.placed[item.entry.entry.id] {
                linkModes[placed.mode, default: 0] += placed.files.count
            }
            for acquired in outcome.acquired[index] {
                objects += 1
                if acquired.isAwaited { continue }
                bytesTotal += acquired.size ?? 0
                bytesTransferred += acquired.transferred
                switch acquired.origin {
                case .network, .local: objectsTransferred += 1
                case .cache, .adopted: if item.action != .keep { objectsFromCache += 1 }
                case .direct: break
                }
            }
        }
    }

    /// The failure that decides the exit code; `nil` for a run that did all it had to.
    public var decisive: Failure? {
        let needed = failures.filter { !$0.isOptional }
        guard let first = needed.first else { return nil }
        return first.failure
    }
}
