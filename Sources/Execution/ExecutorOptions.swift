internal import Caching
internal import Planning

/// What a run is told, and what it came to.
extension Executor {
    struct Options: Sendable {
        /// Objects under way at once.
        var jobs = 64
        /// Go on after failures.
        var keepGoing = false
        var force = false
        /// Bring objects into the cache and leave the workspace alone.
        var fetchesOnly = false
        /// Touch no network; what an unlocked URL held the last time is believed.
        var offline = false
        var keepsArchives = false
        /// Where ClearML's SDK keeps its downloads.
        var sdkCache: SDKCache?
        var limits = ExtractionLimits()
        /// Seconds after which an object that another process seems to fetch is fetched here too.
        var patience: Double = 120
        /// Seconds without a byte after which a transfer is broken off and tried again.
        var stallTimeout: Double = 60
        /// Bytes a second that may come over the network.
        var limitRate: Int64?
    }

    /// What a run came to.
    struct Outcome: Sendable {
        /// The plan's, and what listings have added to them.
        var items: [Plan.Item] = []
        var placed: [Entry.ID: Placed]
        /// What is known of the objects of each item.
        var acquired: [[Acquired]] = []
        var failures: [(id: Entry.ID, failure: Failure, isOptional: Bool)] = []
        var removed: [String] = []
        var kept: [String] = []
        var interruption: Int32?
        /// What the index is still to be told.
        var rows: [Index.Row] = []
    }
}
