@testable import Caching
import Glibc
import Planning
import Platform
import TestSupport

/// A cache folder of a test's own. Each `open()` is one more process, as far as locks and leases can tell.
struct CacheFixture {
    let folder: TemporaryFolder
    let layout: Layout

    init() throws {
        folder = try TemporaryFolder()
        layout = Layout(root: folder["cache"])
    }

    func open() throws -> Cache { try Cache(root: layout.root) }

    /// Names below a folder of the cache, folders left out.
    func files(below path: String, prefix: String = "") throws -> [String] {
        try FileSystem.list(path).flatMap { item in
            let child = path + "/" + item.name
            return try FileSystem.status(child)?.kind == .folder
                ? files(below: child, prefix: prefix + item.name + "/") : [prefix + item.name]
        }.sorted()
    }

    /// Writes bytes into a blob behind the cache's back, as root does through a hard link.
    /// - Parameter sealed: leaves the mtime as if nothing had happened, as a power loss does.
    func overwrite(_ digest: Digest, with text: String, sealed: Bool = false) throws {
        let path = layout.blob(digest)
        let before = try status(digest)
        chmod(path, 0o644)
        do {
            let file = try File(path, flags: O_WRONLY | O_TRUNC)
            try Array(text.utf8).withUnsafeBytes { try file.write($0) }
            if sealed { try file.setModificationTime(before.modified) }
        }
        chmod(path, 0o444)
    }

    func status(_ digest: Digest, executable: Bool = false) throws -> FileStatus {
        guard let status = try FileSystem.status(layout.blob(digest, executable: executable)) else {
            throw TestSupportError("there is no blob \(digest)")
        }
        return status
    }

    func setModified(_ digest: Digest, seconds: Int, nanoseconds: Int? = nil) throws {
        try File(layout.blob(digest)).setModificationTime(
            FileTime(seconds: seconds, nanoseconds: nanoseconds ?? Seal.nanoseconds(digest)))
    }

    /// A mark that a run of another boot left, as a machine that lost its power does.
    func leaveMark(since seconds: Int, boot: String = "00000000-0000-0000-0000-000000000000") throws {
        try folder.write("cache/unsynced/\(boot).host-1-a", "\(seconds)\n")
    }

    var quarantined: [String] { get throws { try files(below: layout.quarantine) } }
}

extension Cache {
    @discardableResult
    func put(_ text: String, executable: Bool = false) throws -> Digest {
        try putBlob(Array(text.utf8), executable: executable).digest
    }

    func putBlob(_ bytes: [UInt8], executable: Bool = false, checksums: [HashFunction] = []) throws -> Blob {
        var writer = try blobs.newBlob(executable: executable, checksums: checksums)
        try writer.append(bytes)
        return try writer.commit()
    }
}

extension BlobWriter {
    mutating func append(_ bytes: [UInt8]) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: bytes)
        try write(UnsafeRawBufferPointer(buffer))
    }
}

extension BlobStore.Presence {
    var isPresent: Bool { if case .present = self { true } else { false } }
    var isAbsent: Bool { if case .absent = self { true } else { false } }
    var isDoubtful: Bool { if case .doubtful = self { true } else { false } }
}

func digest(of text: String) -> Digest {
    var hasher = ContentHasher(.sha256)
    Array(text.utf8).withUnsafeBytes { hasher.update($0) }
    return Digest(bytes: hasher.finish())!
}
