internal import ArgumentParser
internal import Caching
internal import Configuration
internal import Execution
internal import Planning
internal import Remotes

/// Options of commands that carry out a plan.
struct RunOptions: ParsableArguments {
    @Flag(help: "Fail (65) rather than change the lock.")
    var locked = false

    @Flag(help: "Touch no network; fail when something is not in the cache.")
    var offline = false

    @Flag(help: "Replace files that somebody changed.")
    var force = false

    @Flag(help: "Go on after failures; end with 9 when there were any.")
    var keepGoing = false

    @Flag(
        inversion: .prefixedNo, help: "Remove what this manifest placed for entries that it does not declare any more.")
    var prune = true

    @Flag(help: "Make everything durable before the run ends (syncfs).")
    var sync = false

    @Option(name: [.customShort("j"), .long], help: .init("Objects under way at once.", valueName: "count"))
    var jobs: Int?

    @Option(help: .init("Bytes a second that may come over the network: 500K, 20M.", valueName: "rate"))
    var limitRate: String?

    @Option(
        help: .init(
            "How files come into the workspace, whatever the manifest says: auto, reflink, hardlink, symlink, copy.",
            valueName: "mode"))
    var link: String?

    @Flag(inversion: .prefixedNo, help: "Keep archives in the cache beside what they hold.")
    var keepArchives: Bool?

    @Option(help: .init("Seconds to wait for another process that changes the workspace.", valueName: "seconds"))
    var lockTimeout: Double = 600

    @Option(help: "Seconds without a byte after which a transfer is broken off and tried again.")
    var stallTimeout: Double = 60

    var flags: [String: String] {
        var flags: [String: String] = [:]
        flags["jobs"] = jobs.map(String.init)
        flags["link"] = link
        flags["limit-rate"] = limitRate
        flags["keep-archives"] = keepArchives.map(String.init)
        return flags
    }
}
