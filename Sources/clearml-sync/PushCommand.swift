internal import ArgumentParser
internal import Caching
internal import Configuration
internal import Execution
internal import Planning
internal import Platform
internal import Remotes

struct PushCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Bring a file, or what a folder holds, to a URL, and print the URL.",
        discussion: """
            To s3, gs, azure, file and http(s) URLs. A folder's files keep their relative paths below the URL. A file goes to \
            the URL itself, or below it when it ends in '/'. What the store computed of the bytes is compared with the file.
            """)

    @Argument(help: "A file or a folder.", completion: .file())
    var path: String

    @Argument(help: "Where it goes.")
    var url: String

    @Option(
        help: .init(
            "Of a folder, only files that match: a name ('*.pt') at any depth, or a path ('train/**'). Repeatable.",
            valueName: "glob"))
    var match: [String] = []

    @Flag(help: "Leave out files that are there already with the same size and checksum.")
    var skipUnchanged = false

    @Option(name: [.customShort("j"), .long], help: .init("Files under way at once.", valueName: "count"))
    var jobs: Int?

    @Flag(help: "Print one JSON object a line for each file, the last one a summary.")
    var json = false

    @Option(help: "Seconds without a byte after which a transfer is broken off and tried again.")
    var stallTimeout: Double = 60

    @OptionGroup var cache: CacheOptions
    @OptionGroup(title: "Output options") var console: ConsoleOptions

    func run() throws {
        console.apply()
        var options = Push.Options()
        options.matches = try match.map { pattern in
            do throws(GlobError) { return try Glob(pattern) } catch {
                throw Failure(.usage, "'--match \(pattern)' is no pattern", cause: error.description)
            }
        }
        let settings = try cache.settings(flags: jobs.map { ["jobs": String($0)] } ?? [:])
        options.skipsUnchanged = skipUnchanged
        options.jobs = settings.sync.jobs.value
        options.stallTimeout = stallTimeout
        let (json, verbose) = (json, console.verbose)
        let push = Push(
            sources: SourceRules(settings, environment: ProcessEnvironment.current),
            cacheRoot: settings.cache.directory, options: options
        ) { event in
            if json { Console.result(PushText.line(event)) } else { PushText.log(event, verbose: verbose) }
        }
        do {
            let outcome = try console.during(push.progress, push.interruption) {
                try push.run(path, to: url, base: FileSystem.currentFolder)
            }
            Console.result(json ? PushText.line(outcome) : outcome.url)
            Console.note(PushText.summary(outcome))
        } catch {
            let failure = Failure(error)
            if json { Console.result(PushText.line(failing: failure)) }
            if failure.kind == .interrupted { throw ExitCode(128 + (push.interruption.received ?? 2)) }
            throw failure
        }
    }
}

/// What `push` prints.
private enum PushText {
    static func log(_ event: Push.Event, verbose: Int) {
        switch event {
        case .pushed(let file): if verbose > 1 { Console.log("pushed \(file.path) to \(file.url)") }
        case .unchanged(let file): if verbose > 0 { Console.log("unchanged \(file.url)") }
        case .retrying(let url, let failure, let seconds):
            if verbose > 0 {
                Console.log("\(url): \(failure.message); again in \(SummaryText.seconds(seconds))")
            }
        }
    }

    static func line(_ event: Push.Event) -> String {
        switch event {
        case .pushed(let file): EventJSON.line("pushed", members(file))
        case .unchanged(let file): EventJSON.line("unchanged", members(file))
        case .retrying(let url, let failure, let seconds):
            EventJSON.line(
                "retrying",
                .object(["url": .string(url), "seconds": .number(seconds), "failure": EventJSON.failure(failure)]))
        }
    }

    private static func members(_ file: Push.File) -> JSON {
        .object([
            "path": .string(file.path), "url": .string(file.url), "bytes": .integer(file.size),
            "checksum": file.checksum.map { .string("\($0)") }, "etag": file.eTag.map { .string($0) },
            "version": file.version.map { .string($0) },
        ])
    }

    static func line(_ outcome: Push.Outcome) -> String {
        EventJSON.line(
            "summary",
            .object([
                "exit_code": 0, "url": .string(outcome.url), "pushed": .integer(Int64(outcome.pushed)),
                "unchanged": .integer(Int64(outcome.unchanged)), "bytes": .integer(outcome.bytes),
                "seconds": .number(outcome.seconds),
            ]))
    }

    static func line(failing failure: Failure) -> String {
        EventJSON.line(
            "summary",
            .object([
                "exit_code": .integer(Int64(ExitCodes.code(for: failure))), "failure": EventJSON.failure(failure),
            ]))
    }

    static func summary(_ outcome: Push.Outcome) -> String {
        var text = "done in \(SummaryText.seconds(outcome.seconds)): "
        text += SummaryText.count(outcome.pushed, "file", "files") + " pushed, \(SummaryText.bytes(outcome.bytes))"
        if outcome.unchanged > 0 { text += ", \(outcome.unchanged) unchanged" }
        return text
    }
}
