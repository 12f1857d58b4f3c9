internal import ArgumentParser
internal import Execution
internal import Planning
internal import Remotes

struct OutdatedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outdated",
        abstract: "Tell what has changed behind the locked URLs, downloading nothing.",
        discussion: """
            Ends with 2 when something has. 'lock --upgrade' takes the changes over. Servers are asked for sizes and \
            versions alone; local files are read.
            """)

    @OptionGroup var manifest: ManifestOptions
    @OptionGroup var cache: CacheOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let runner = try Runner(manifest, RunOptions.parse([]), cache, readsOnly: true)
        let found = try runner.session.outdated()
        let isOutdated = found.contains(where: \.isChange)
        if json {
            Console.result(
                JSON.object([
                    "schema": 1, "outdated": .bool(isOutdated), "objects": .array(found.map(OutdatedText.json)),
                ]).prettyText)
        } else {
            for object in found { Console.result(OutdatedText.line(object)) }
            if !isOutdated { Console.say("everything is as locked") }
        }
        if isOutdated { throw ExitCode(ExitCodes.changes) }
    }
}

/// What `outdated` prints.
private enum OutdatedText {
    /// `changed   models/bert  model.bin: etag:"1" (12 B) -> etag:"2" (15 B)`
    static func line(_ object: OutdatedObject) -> String {
        var text = object.kind.rawValue.padding(to: 10) + "\(object.id)"
        if !object.path.isEmpty { text += "  \(object.path)" }
        switch object.kind {
        case .unlocked: return text + "  (run 'clearml-sync lock')"
        case .new: return text + ": " + facts(object.new)
        case .gone: return text + ": " + locked(object.old)
        case .changed, .unknown: return text + ": " + locked(object.old) + " -> " + facts(object.new)
        }
    }

    private static func locked(_ object: Lock.Object?) -> String {
        words(object?.validator?.text, object?.size)
    }

    private static func facts(_ facts: ObjectFacts?) -> String { words(facts?.validator.text, facts?.size) }

    private static func words(_ validator: String?, _ size: Int64?) -> String {
        let size = size.map(SummaryText.bytes)
        guard let validator else { return size ?? "none" }
        return validator + (size.map { " (\($0))" } ?? "")
    }

    static func json(_ object: OutdatedObject) -> JSON {
        .object([
            "entry": .string("\(object.id)"), "kind": .string(object.kind.rawValue),
            "path": object.path.isEmpty ? nil : .string(object.path), "url": .string(object.url),
            "old": object.old.map { old in
                .object([
                    "validator": old.validator.map { .string($0.text) }, "version": old.version.map { .string($0) },
                    "size": old.size.map { .integer($0) }, "digest": old.digest.map { .string("\($0)") },
                ])
            },
            "new": object.new.map { new in
                .object([
                    "validator": .string(new.validator.text), "version": new.version.map { .string($0) },
                    "size": new.size.map { .integer($0) }, "checksum": new.checksum.map { .string("\($0)") },
                ])
            },
        ])
    }
}
