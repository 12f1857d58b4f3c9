internal import Logging

extension ConsoleOptions {
    /// The command's log: `-v` shows decisions, retries and waits (info), `-vv` also objects and requests (debug).
    var logger: Logger {
        let level: Logger.Level = verbose >= 2 ? .debug : verbose == 1 ? .info : .critical
        return Logger(label: "clearml-sync") { _ in ConsoleLogHandler(logLevel: level) }
    }
}

/// The log goes to stderr through the console, so that live progress stays below it.
///
/// One line a message, `retry: …`; metadata as `key=value` after it.
struct ConsoleLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "\(event.message)"
        for (key, value) in (event.metadata ?? [:]).merging(metadata, uniquingKeysWith: { given, _ in given }).sorted(
            by: { $0.key < $1.key })
        {
            line += " \(key)=\(value)"
        }
        Console.log(line)
    }
}
