internal import ArgumentParser
internal import Execution
internal import Planning

struct LockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Write what the manifest's URLs hold into the lock.",
        discussion: """
            What is locked already stays, unless --upgrade asks for it. Content that no lock knows is brought into the cache, \
            since only its bytes tell its digest; the workspace is left alone.
            """)

    @OptionGroup var manifest: ManifestOptions
    @OptionGroup var options: RunOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup(title: "Output options") var console: ConsoleOptions

    @Flag(help: "Only check: end with 2 when the lock lacks an entry, or has one that does not fit the manifest.")
    var check = false

    @Flag(help: "Resolve the selected entries anew.")
    var upgrade = false

    @Flag(help: "Hash direct references, too.")
    var digestDirect = false

    @Flag(name: [.customShort("n"), .long], help: "Show old and new, and leave the lock as it is.")
    var dryRun = false

    func run() throws {
        console.apply()
        let runner = try Runner(
            manifest, options, cache, readsOnly: true, upgrading: upgrade,
            hashesDirect: digestDirect)
        if check {
            let stale = runner.session.staleLockEntries()
            for change in stale { Console.result(LockCommand.line(change)) }
            if !stale.isEmpty { throw ExitCode(ExitCodes.changes) }
            return
        }
        let session = runner.session
        let (changes, failure) = try console.during(session.progress, session.interruption) {
            try session.updateLock(writes: !dryRun)
        }
        for change in changes { LockCommand.show(change) }
        if changes.isEmpty { Console.note("the lock is up to date") }
        if let failure { throw ExitCode(ExitCodes.code(for: failure)) }
    }

    private static func line(_ change: LockChange) -> String {
        let word =
            switch change.kind {
            case .added: "missing"
            case .changed: "changed"
            case .removed: "stale"
            }
        return word.padding(to: 10) + "\(change.id)"
    }

    private static func show(_ change: LockChange) {
        Console.result(change.kind.rawValue.padding(to: 10) + "\(change.id)")
        let old = Dictionary((change.old?.objects ?? []).map { ($0.path, $0) }) { first, _ in first }
        let new = Dictionary((change.new?.objects ?? []).map { ($0.path, $0) }) { first, _ in first }
        for path in Set(old.keys).union(new.keys).sorted()
        where old[path]?.digest != new[path]?.digest || old[path] == nil {
            Console.result("  \(path): \(text(old[path])) -> \(text(new[path]))")
        }
    }

    private static func text(_ object: Lock.Object?) -> String {
        guard let object else { return "none" }
        let size = object.size.map { " (\(SummaryText.bytes($0)))" } ?? ""
        return (object.digest.map { "sha256:" + $0.hex.prefix(12) } ?? "direct") + size
    }
}
