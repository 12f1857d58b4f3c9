internal import ArgumentParser
internal import Caching
internal import Configuration
internal import Execution
internal import Planning
internal import Platform
internal import Remotes

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell how a URL would be reached, and which configuration entries decide it.")

    @Argument(help: "The URL.")
    var url: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var cache: CacheOptions

    func run() throws {
        let logical: LogicalURL
        do throws(LogicalURLError) { logical = try LogicalURL(url) } catch {
            throw Failure(.usage, "this is not a URL that can be fetched", cause: error.description)
        }
        let settings = try cache.settings()
        let facts = Explanation(logical, settings: settings, base: FileSystem.currentFolder)
        if json {
            Console.result(facts.json.prettyText)
        } else {
            for (name, value) in facts.lines { Console.result(name.padding(to: 18) + value) }
            for warning in facts.warnings { Console.say("warning: \(warning)") }
        }
    }
}

/// What `explain` says, in order.
private struct Explanation {
    var lines: [(name: String, value: String)] = []
    var warnings: [String]

    init(_ url: LogicalURL, settings: Settings, base: String) {
        let entry = Entry(
            id: Entry.ID(kind: .artifact, name: "explain"), url: url, base: base,
            location: SourceLocation(file: "command line", line: 1, column: 1))
        let decision = AccessRules(settings).decide(entry)
        let transport = decision.transport
        warnings = decision.warnings
        lines.append(("logical URL", url.identity))
        lines.append(("transport URL", transport.identity))
        lines.append(("substitution", decision.substitution ?? "none"))
        lines.append(("access", decision.isDirect ? "direct" : "cache"))
        lines.append(("because", decision.reason))
        lines.append(("store", Explanation.store(transport)))
        if let path = transport.localPath(base: base) {
            lines.append(("path", path))
            return
        }
        lines.append(("host", transport.authority.hostAndPort))
        if let name = transport.objectName(
            authorityIsHost: transport.authority.port != nil || transport.scheme == .azure)
        {
            lines.append(("bucket", name.bucket))
            lines.append(("key", name.key))
        }
        lines.append(("credentials", Explanation.credentials(transport, settings)))
    }

    private static func store(_ url: LogicalURL) -> String {
        switch url.scheme {
        case .file, .path: "local file system"
        case .http, .https: "HTTP"
        case .s3: "S3"
        case .gs: "Google Cloud Storage"
        case .azure: "Azure Blob Storage"
        }
    }

    private static func credentials(_ url: LogicalURL, _ settings: Settings) -> String {
        switch url.scheme {
        case .http, .https:
            let sources = SourceRules(settings, environment: ProcessEnvironment.current)
            do throws(Refusal) { return try sources.store(for: url).store.accessName } catch { return error.message }
        case .s3:
            let isHost = url.authority.port != nil
            guard let name = url.objectName(authorityIsHost: isHost) else { return "none" }
            let host = isHost ? url.authority.hostAndPort : nil
            return settings.s3.credentials(host: host, bucket: name.bucket, key: name.key)?.name ?? "none configured"
        case .gs:
            guard let name = url.objectName(authorityIsHost: false) else { return "none" }
            return settings.google.credentials(bucket: name.bucket, key: name.key)?.name ?? "none configured"
        case .azure:
            guard let name = url.objectName(authorityIsHost: true) else { return "none" }
            let account = String(url.authority.host.split(separator: ".").first ?? "")
            return settings.azure.container(account: account, container: name.bucket)?.name ?? "none configured"
        case .file, .path: return "none"
        }
    }

    var json: JSON {
        let members = lines.map { line in
            JSON.Member(String(line.name.map { $0 == " " ? "_" : $0 }).lowercased(), .string(line.value))
        }
        return .object([.init("schema", 1)] + members + [.init("warnings", .array(warnings.map { .string($0) }))])
    }
}
