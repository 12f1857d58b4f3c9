internal import ArgumentParser
internal import Configuration
internal import Execution
internal import Glibc
internal import Planning
internal import Platform
internal import Remotes

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List what a URL holds: size, time, and key or path.",
        discussion: """
            Of a URL that ends in '/' one level, with what has more below it ending in '/'; of a glob everything that \
            matches. Ends with 3 when there is nothing.
            """)

    @Argument(help: "The URL: an object, a prefix that ends in '/', or a glob.")
    var url: String

    @Flag(name: .shortAndLong, help: "Everything below the prefix.")
    var recursive = false

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @OptionGroup var cache: CacheOptions

    func run() throws {
        let settings = try cache.settings()
        let sources = SourceRules(settings, environment: ProcessEnvironment.current)
        let logical = try ListCommand.parse(url)
        try RemoteListing(sources: sources, base: FileSystem.currentFolder).list(logical, recursive: recursive) {
            item in
            Console.result(json ? ListText.json(item).text : ListText.line(item))
        }
    }

    private static func parse(_ text: String) throws(Failure) -> LogicalURL {
        do throws(LogicalURLError) { return try LogicalURL(text) } catch {
            // A bucket alone is what it holds.
            if case .missingPath = error, let bucket = try? LogicalURL(text + "/") { return bucket }
            throw Failure(.usage, "this is not a URL that can be listed", cause: error.description)
        }
    }
}

/// What `ls` prints.
enum ListText {
    /// Size, time in UTC, key.
    static func line(_ item: RemoteListing.Item) -> String {
        switch item {
        case .prefix(_, let key):
            pad("-", 14) + "  " + pad("-", 19) + "  " + DisplayText.harmless(key, keepingLines: false)
        case .object(_, let key, let facts):
            pad(facts.size.map(String.init) ?? "-", 14) + "  "
                + pad(facts.modified.map { time($0, separator: " ") } ?? "-", 19) + "  "
                + DisplayText.harmless(key, keepingLines: false)
        }
    }

    static func json(_ item: RemoteListing.Item) -> JSON {
        switch item {
        case .prefix(let url, let key): .object(["prefix": .string(key), "url": .string(url)])
        case .object(let url, let key, let facts):
            .object([
                "url": .string(url), "key": .string(key), "size": facts.size.map { .integer($0) },
                "validator": .string(facts.validator.text), "version": facts.version.map { .string($0) },
                "checksum": facts.checksum.map { .string("\($0)") },
                "modified": facts.modified.map { .string(time($0, separator: "T") + "Z") },
            ])
        }
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }

    /// `2026-11-22 21:40:35`, in UTC.
    static func time(_ seconds: Int64, separator: String) -> String {
        var moment = time_t(seconds)
        var parts = tm()
        gmtime_r(&moment, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))\(separator)"
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }
}
