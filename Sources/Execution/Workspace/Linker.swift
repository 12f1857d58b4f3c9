internal import Caching
internal import Glibc
internal import Planning
internal import Platform
internal import Synchronization
internal import SystemPackage

/// Brings single files out of the cache: reflink, hard link or copy, whichever was asked for or works first.
///
/// What does not work on this pair of file systems is tried once and remembered.
final class Linker: Sendable {
    private let blobs: BlobStore
    /// Bits of modes.
    private let impossible = Atomic<UInt8>(0)

    init(blobs: BlobStore) { self.blobs = blobs }

    /// Makes `name`, which must not exist, hold a content of the cache.
    /// - Returns: the mode that was used, and what is to be remembered of the new file.
    func place(
        _ digest: Digest, executable: Bool, at name: String, in directory: Int32 = AT_FDCWD, mode: Entry.LinkMode
    ) throws -> (mode: Entry.LinkMode, kind: Placed.File.Kind) {
        guard let blob = try blobs.verified(digest, executable: executable) ?? twin(of: digest, executable: executable)
        else {
            throw Failure(
                .other, "content that was in the cache is not there any more", cause: digest.description,
                advice: "run the same command again")
        }
        let (used, status) = try link(
            digest, executable: executable, blob: blob, to: name, in: directory, mode: mode)
        guard used == .symlink else { return (used, .file(status, digest, executable)) }
        return (used, .symlink(target: blobs.layout.blob(digest, executable: executable)))
    }

    private func twin(of digest: Digest, executable: Bool) throws -> FileStatus? {
        guard try blobs.verified(digest, executable: !executable) != nil else { return nil }
        try blobs.ensureTwin(digest, executable: executable)
        return try blobs.verified(digest, executable: executable)
    }

    /// Makes `name`, which must not exist, hold the content of a blob.
    /// - Parameters:
    ///   - directory: an open folder that `name` is relative to.
    ///   - blob: the blob's status, as `BlobStore.presence` gave it.
    /// - Returns: the mode that was used, and the status of the new file.
    /// - Throws: `Failure`; `EEXIST` as `SystemError` when something is there.
    func link(
        _ digest: Digest, executable: Bool, blob: FileStatus, to name: String, in directory: Int32, mode: Entry.LinkMode
    ) throws -> (mode: Entry.LinkMode, status: FileStatus) {
        for candidate in mode == .auto ? Linker.ladder : [mode] {
            if mode == .auto, !isPossible(candidate) { continue }
            do {
                if let status = try attempt(candidate, digest, executable, blob, name, directory) {
                    return (candidate, status)
                }
                impossible.bitwiseOr(Linker.bit(candidate), ordering: .relaxed)
            } catch let error as SystemError where error.code == .tooManyLinks && mode == .auto {
                // This one blob can have no further name (ext4: 65,000); others can.
            }
        }
        throw Failure(
            .other, "the cache and the workspace cannot be joined by '\(mode.rawValue)'", cause: name,
            advice: "use 'link: auto', or put cache and workspace on one file system that can")
    }

    private static let ladder: [Entry.LinkMode] = [.reflink, .hardlink, .copy]

    /// Only the modes above the ladder's last step have a bit.
    private static func bit(_ mode: Entry.LinkMode) -> UInt8 { mode == .reflink ? 1 : mode == .hardlink ? 2 : 0 }

    private func isPossible(_ mode: Entry.LinkMode) -> Bool {
        impossible.load(ordering: .relaxed) & Linker.bit(mode) == 0
    }

    /// - Returns: `nil` when this mode is impossible here.
    private func attempt(
        _ mode: Entry.LinkMode, _ digest: Digest, _ executable: Bool, _ blob: FileStatus, _ name: String,
        _ directory: Int32
    ) throws -> FileStatus? {
        let source = Layout.blobName(digest, executable: executable)
        switch mode {
        case .hardlink:
            do throws(SystemError) {
                try FileSystem.hardlink(source, in: blobs.descriptor, to: name, in: directory)
            } catch {
                // Another file system; another user's file (fs.protected_hardlinks); no links at all.
                if [.improperLink, .notPermitted, .notSupported, .notSupportedOnSocket].contains(error.code) {
                    return nil
                }
                throw error
            }
            return blob
        case .symlink:
            try FileSystem.symlink(to: blobs.layout.blob(digest, executable: executable), at: name, in: directory)
            return try FileSystem.status(name, in: directory)
        case .reflink, .copy, .auto:
            let from = try blobs.open(digest, executable: executable)
            let to = try File(name, in: directory, flags: O_CREAT | O_EXCL | O_WRONLY, mode: executable ? 0o755 : 0o644)
            do {
                if mode == .reflink {
                    guard try from.clone(into: to) else {
                        try FileSystem.remove(name, in: directory)
                        return nil
                    }
                } else {
                    try from.copy(into: to, length: blob.size)
                }
                let status = try to.status()
                try to.close()
                return status
            } catch {
                try? FileSystem.remove(name, in: directory)
                throw error
            }
        }
    }
}
