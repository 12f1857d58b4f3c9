internal import Glibc
public import Planning
internal import Platform

/// The lock beside its manifest, on disk.
public struct LockFile: Sendable {
    /// `manifest.lock` for `manifest.yaml`.
    public let path: String

    public init(manifest: String) {
        let slash =
            manifest.utf8.lastIndex(of: UInt8(ascii: "/")).map { manifest.utf8.index(after: $0) } ?? manifest.startIndex
        let dot = manifest[slash...].utf8.lastIndex(of: UInt8(ascii: "."))
        let isExtension = dot.map { [".yaml", ".yml", ".json"].contains(manifest[$0...]) } ?? false
        path = (isExtension ? String(manifest[..<dot!]) : manifest) + ".lock"
    }

    private var listings: String { path + ".d" }
    private func listingPath(_ digest: Digest) -> String { "\(listings)/\(digest.hex).jsonl.gz" }

    /// - Returns: an empty lock where there is no file.
    /// - Throws: `Failure` (manifest) for a file that cannot be read.
    public func load() throws -> Lock { try loadText().lock }

    /// The lock, and the SHA-256 of the text that says so; `nil` where there is no file.
    func loadText() throws -> (lock: Lock, text: Digest?) {
        guard try FileSystem.status(path, followSymlinks: true) != nil else { return (Lock(), nil) }
        do {
            let text = try File(path).readAll()
            let lock = try LockText.decode(text, file: path) { digest in try listing(digest) }
            return (lock, LockFile.hash(text))
        } catch let problem as LockText.Problem {
            throw Failure(
                .manifest, "the lock cannot be read", subject: nil, cause: problem.description,
                advice: "restore the file, or delete it to resolve everything anew")
        }
    }

    /// A listing's text. One that is damaged is as good as none: it is made again and compared with its digest.
    private func listing(_ digest: Digest) throws -> [UInt8]? {
        guard let status = try FileSystem.status(listingPath(digest)) else { return nil }
        let packed = try File(listingPath(digest)).readAll(limit: Int(status.size))
        guard let text = try? Gzip.decompress(packed, limit: 4 << 30), LockFile.hash(text) == digest else { return nil }
        return text
    }

    /// Whether writing this lock would change the file.
    public func differs(from lock: Lock) throws -> Bool {
        guard try FileSystem.status(path, followSymlinks: true) != nil else { return !lock.entries.isEmpty }
        return try File(path).readAll() != LockText.encode(lock, hash: LockFile.hash).text
    }

    /// The file as something that a snapshot depends on; `nil` where it holds another text: another process may have written it,
    /// and the workspace does not follow that one.
    func input(holding text: Digest?) -> SettledInput? {
        guard let text, let bytes = try? File(path).readAll(), LockFile.hash(bytes) == text else { return nil }
        return .file(path: path, digest: text)
    }

    /// Writes the lock, unless the file says the same already; listings first, so that no lock names a missing one.
    /// - Returns: the SHA-256 of its text.
    @discardableResult
    public func save(_ lock: Lock) throws -> Digest {
        let encoded = LockText.encode(lock, hash: LockFile.hash)
        for (digest, text) in encoded.listings where try listing(digest) == nil {
            try FileSystem.createFolder(listings)
            try AtomicFile.write(Gzip.compress(text), to: listingPath(digest))
        }
        if let status = try FileSystem.status(path, followSymlinks: true), status.size == Int64(encoded.text.count),
            try File(path).readAll() == encoded.text
        {
            return LockFile.hash(encoded.text)
        }
        // A lock that is a symlink stays one.
        let target = FileSystem.canonicalPath(path) ?? path
        try AtomicFile.write(encoded.text, to: target, synchronizing: true)
        try removeUnusedListings(keeping: Set(encoded.listings.keys))
        return LockFile.hash(encoded.text)
    }

    /// The listings beside the lock.
    var listingFiles: [String] {
        guard let items = try? FileSystem.list(listings) else { return [] }
        return items.map { listings + "/" + $0.name }
    }

    private func removeUnusedListings(keeping used: Set<Digest>) throws {
        guard try FileSystem.status(listings) != nil else { return }
        for item in try FileSystem.list(listings) where item.name.hasSuffix(".jsonl.gz") {
            guard let digest = Digest(hex: item.name.dropLast(9)), !used.contains(digest) else { continue }
            try FileSystem.remove(listings + "/" + item.name)
        }
        try FileSystem.removeEmptyFolder(listings)
    }

    /// SHA-256 of a text.
    public static func hash(_ text: [UInt8]) -> Digest {
        guard let digest = Digest(bytes: HashFunction.sha256.hash(text)) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        return digest
    }
}
