public import HOCON
internal import Platform
internal import SystemPackage

/// Files in HOCON, read from disk in the wider language that ClearML reads.
public enum ConfigurationFile {
    /// A file that is not there, or cannot be read.
    public struct Unreadable: Error, Sendable, CustomStringConvertible {
        public var path: String
        public var reason: String

        public var description: String { "\(path): \(reason)" }
    }

    /// How clearml.conf files are parsed: `https://host:8080` needs no quotes, includes come from disk.
    public static func options(
        readFile: @escaping @Sendable (String) -> HOCONDocument.FileContent = read
    )
        -> HOCONDocument.Options
    {
        HOCONDocument.Options(isWide: true, readFile: readFile)
    }

    /// Parses a file on disk.
    public static func parse(path: String) throws -> HOCONDocument {
        switch read(path) {
        case .bytes(let bytes): return try HOCONDocument(parsing: bytes, name: path, options: options())
        case .missing: throw Unreadable(path: path, reason: "there is no such file")
        case .failed(let reason): throw Unreadable(path: path, reason: reason)
        }
    }

    /// Reads a whole file. One of more than 64 MiB is no configuration and is refused.
    @Sendable
    public static func read(_ path: String) -> HOCONDocument.FileContent {
        do throws(SystemError) {
            return .bytes(try File(path).readAll(limit: 64 << 20))
        } catch {
            switch error.code {
            case .noSuchFileOrDirectory, .notDirectory: return .missing
            default: return .failed(reason: error.code.description)
            }
        }
    }
}
