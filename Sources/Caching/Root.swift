public import Planning
public import Platform

/// A workspace (or a pinned lock) that keeps content alive: a file that every host sharing the cache can read.
///
/// ```
/// clearml-sync-root 1
/// <workspace, absolute, as this host names it>
/// <host>
/// <state: what the digests below were computed from>
/// <64 hex>            one line per blob or tree
/// ```
public struct Root: Sendable {
    /// Names the root file: one per workspace and manifest.
    public let key: String
    public var workspace: String
    /// Changes whenever the digests do; an equal state need not be written again.
    public var state: String

    /// - Parameter section: the manifest's section in the workspace.
    public init(workspace: String, section: String, state: String) {
        var hasher = ContentHasher(.sha256)
        var identity = Lease.hostName + "\n" + workspace + "\n" + section
        identity.withUTF8 { hasher.update(UnsafeRawBufferPointer($0)) }
        key = Hex.encode(hasher.finish().prefix(16))
        self.workspace = workspace
        self.state = state
    }

    private var header: String {
        let escaped = workspace.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return "clearml-sync-root 1\n\(escaped)\n\(Lease.hostName)\n\(state)\n"
    }

    /// Writes the root unless the one on disk is of this state already.
    public func save(in cache: Cache, digests: some Sequence<Digest>) throws(SystemError) {
        guard cache.isWritable else { return }
        let path = cache.layout.roots + "/" + key
        let header = Array(header.utf8)
        if let file = try? File(path), (try? file.startsWith(header)) == true { return }
        var bytes = header
        bytes.reserveCapacity(bytes.count + 65 * digests.underestimatedCount)
        for digest in digests {
            bytes += digest.hex.utf8
            bytes.append(UInt8(ascii: "\n"))
        }
        try AtomicFile.write(bytes, to: path)
    }
}

extension File {
    fileprivate func startsWith(_ expected: [UInt8]) throws(SystemError) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: expected.count, alignment: 1)
        defer { buffer.deallocate() }
        return try read(into: buffer, at: 0) == expected.count && buffer.elementsEqual(expected)
    }
}
