internal import ArgumentParser
internal import Configuration
internal import Execution
internal import Planning
internal import Platform
internal import Remotes

struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Bring one URL through the cache and print its local path.",
        discussion: """
            What ClearML's StorageManager.get_local_copy does, for the shell: an archive is unpacked, a local path that \
            sdk.storage.direct_access covers is used where it lies. The path lies in the cache and is shared: use -o for a \
            copy of your own.
            """)

    @Argument(help: "The URL: one object, or a folder's prefix that ends in '/'.")
    var url: String

    @Option(name: [.short, .customLong("output")], help: "Put it here.", completion: .file())
    var output: String?

    @Flag(inversion: .prefixedNo, help: "Unpack what ends like an archive.")
    var extract = true

    @Flag(help: "Touch no network.")
    var offline = false

    @OptionGroup var cache: CacheOptions
    @OptionGroup(title: "Output options") var console: ConsoleOptions

    func run() throws {
        console.apply()
        let logical: LogicalURL
        do throws(LogicalURLError) { logical = try LogicalURL(url) } catch {
            throw Failure(.usage, "this is not a URL that can be fetched", cause: error.description)
        }
        let settings = try cache.settings()
        var options = LocalCopy.Options()
        options.extracts = extract
        options.offline = offline
        options.jobs = settings.sync.jobs.value
        options.limits = ExtractionLimits(settings)
        options.link = settings.sync.link.value
        options.keepsArchives = settings.sync.keepArchives.value
        let copy = LocalCopy(
            cache: try cache.openCache(settings), access: AccessRules(settings),
            sources: SourceRules(settings, environment: ProcessEnvironment.current), options: options, report: { _ in })
        let path = try console.during(copy.progress, copy.interruption) {
            try copy.get(logical, to: output.map { PathArgument.absolute($0) }, base: FileSystem.currentFolder)
        }
        Console.result(path)
    }
}

extension ExtractionLimits {
    init(_ settings: Settings) {
        self.init(
            maximumBytes: settings.sync.maxUnpackedBytes.value,
            maximumRatio: settings.sync.maxUnpackRatio.value.map { Int64($0) })
    }
}
