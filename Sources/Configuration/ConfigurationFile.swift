public import HOCON
internal import SystemPackage
internal import Platform

/// Files in HOCON, read from disk in the wider language that ClearML reads.
public enum ConfigurationFile {
    /// A file that is not there, or cannot be read.
    public struct Unreadable: Error, Sendable, CustomStringConvertible {
        public var path: String
        public var reason: String

        public var description: String { "\(path): \(reason)" }
    }

    /// How clearml.conf files are parsed: `https://host:8080` needs no quotes, includes come from disk.
    public static func options(readFile: @escaping @Sendable (String) -> HOCONDocument.FileContent = read)
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

    /// Reads a whole file. Configuration files are small: one of more than 64 MiB is refused.
    @Sendable
    public static func read(_ path: String) -> HOCONDocument.FileContent {
        do {
            let file = try File(path)
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                if count == 0 { return .bytes(bytes) }
                bytes += buffer[..<count]
                if bytes.count > 64 << 20 { return .failed(reason: "the file is larger than 64 MiB") }
            }
        } catch let error as SystemError {
            return error.code == .noSuchFileOrDirectory || error.code == .notDirectory ? .missing : .failed(reason: "\(error)")
        } catch {
            return .failed(reason: "\(error)")
        }
    }
}
