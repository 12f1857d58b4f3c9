internal import Glibc
internal import Synchronization

/// Small files that appear whole or not at all.
public enum AtomicFile {
    private static let counter = Atomic<UInt64>(0)

    /// A name for a temporary file beside `path` that no other process and no other call uses.
    public static func temporaryName(beside path: String) -> String {
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        let ending = ".\(getpid()).\(number).tmp"
        let name =
            path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8[path.utf8.index(after: $0)...] }
            ?? path.utf8[...]
        guard name.count + ending.utf8.count > 255 else { return path + ending }
        // A name may have 255 bytes, and the file's own may have them all.
        return path[..<name.startIndex] + String(decoding: name.prefix(255 - 3 - ending.utf8.count), as: UTF8.self)
            + ending
    }

    /// Writes beside `path`, then renames over it.
    /// - Parameter synchronizing: fsync(2) before the rename, so that a power loss leaves the old or the new content.
    public static func write(
        _ bytes: [UInt8], to path: String, mode: UInt32 = 0o644, synchronizing: Bool = false
    ) throws(SystemError) {
        let temporary = temporaryName(beside: path)
        do throws(SystemError) {
            let file = try File(temporary, flags: O_CREAT | O_EXCL | O_WRONLY, mode: mode)
            var failure: SystemError?
            bytes.withUnsafeBytes { buffer in
                do throws(SystemError) { try file.write(buffer) } catch { failure = error }
            }
            if let failure { throw failure }
            if synchronizing { try file.synchronize() }
            try file.close()
            try FileSystem.rename(temporary, to: path)
        } catch {
            try? FileSystem.remove(temporary)
            throw error
        }
    }
}
