internal import ArgumentParser
internal import Configuration
internal import Glibc
internal import Planning

/// `config show`: every key with its value and, with `--origin`, where it came from.
struct ConfigShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print every setting and its value; secrets are redacted.",
        discussion: "A configuration that cannot be used ends with its problems on stderr, and exit code 78.")

    @Flag(help: "Say where each value came from.")
    var origin = false

    @Flag(help: "Print JSON, origins included.")
    var json = false

    func run() throws {
        let settings: Settings
        do {
            settings = try Settings.load(
                environment: ProcessEnvironment.current, workingDirectory: ProcessEnvironment.workingDirectory)
        } catch {
            ConfigFailure.report(error)
            throw ExitCode(ConfigFailure.exitCode)
        }
        for warning in settings.warnings { ConfigFailure.report(ConfigurationError([warning]), as: "warning") }
        print(json ? Self.json(settings).prettyText : Self.table(settings.listing, origins: origin))
    }

    /// Columns padded to their widest cell. A value of unusual width pushes its own origin out, not everybody's.
    private static func table(_ listing: [ListedSetting], origins: Bool) -> String {
        let keyWidth = listing.map(\.key.count).max() ?? 0
        let valueWidth = min(listing.map { text($0.value).count }.max() ?? 0, 40)
        return listing.map { setting in
            var line = padded(setting.key, keyWidth) + "  "
            line += origins ? padded(text(setting.value), valueWidth) + "  " + "\(setting.origin)" : text(setting.value)
            return line
        }.joined(separator: "\n")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func text(_ value: ListedSetting.Shown) -> String {
        switch value {
        case .unset: "-"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): JSON.number(value).text
        case .text(let value): value.unicodeScalars.contains { $0.value < 0x20 } ? JSON.string(value).text : value
        case .secret: Secret.redacted
        }
    }

    private static func json(_ settings: Settings) -> JSON {
        let rows = settings.listing.map { setting in
            JSON.object([
                "key": .string(setting.key), "value": json(setting.value), "origin": .string("\(setting.origin)"),
            ])
        }
        let warnings = settings.warnings.map { JSON.string("\($0)") }
        return .object(["version": 1, "settings": .array(rows), "warnings": .array(warnings)])
    }

    private static func json(_ value: ListedSetting.Shown) -> JSON {
        switch value {
        case .unset: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .text(let value): .string(value)
        case .secret: .string(Secret.redacted)
        }
    }
}
