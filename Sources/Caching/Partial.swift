internal import Glibc
public import Planning
public import Platform
internal import Synchronization

/// One object's bytes on their way, locked by this process. Writers put bytes at offsets; readers follow the frontier.
public final class Partial: Sendable {
    /// Bytes after which a growing range is claimed in the journal: at most this is lost per connection when killed.
    public static let claimLength: Int64 = 1 << 20

    /// Bytes of the whole object; `nil` while the remote has not said.
    public let size: Int64?
    /// The version that the bytes are of; `nil` for a private partial.
    public let validator: Validator?
    private let path: String
    private let file: File
    /// `nil` for a private partial, which nobody resumes.
    private let journal: File?
    /// Ranges that hold right bytes.
    private let written: Mutex<ByteRanges>

    init(file: consuming File, header: PartialJournal.Header) throws {
        path = file.path
        size = header.size
        validator = header.validator
        let journalPath = path + ".journal"
        var ranges = ByteRanges()
        var claims: [PartialJournal.Claim] = []
        if let found = try PartialJournal.read(journalPath), found.header == header {
            for claim in found.claims where try Partial.holds(claim, in: file) {
                claims.append(claim)
                ranges.insert(claim.range)
            }
        }
        // Begin the journal anew with what proved right, so that a torn line cannot swallow the next.
        let text = header.text + claims.map(\.text).joined()
        try AtomicFile.write(Array(text.utf8), to: journalPath)
        journal = try File(journalPath, flags: O_WRONLY | O_APPEND)
        try file.preallocate(header.size)
        if try file.status().size > header.size { try file.truncate(to: header.size) }
        self.file = file
        written = Mutex(ranges)
    }

    init(path: String, size: Int64?) throws(SystemError) {
        self.path = path
        self.size = size
        validator = nil
        journal = nil
        file = try File(path, flags: O_CREAT | O_EXCL | O_RDWR, mode: 0o644)
        if let size { try file.preallocate(size) }
        written = Mutex(ByteRanges())
    }

    /// Invariant 4: claimed ranges are re-hashed before they are believed.
    private static func holds(_ claim: PartialJournal.Claim, in file: borrowing File) throws(SystemError) -> Bool {
        let (values, size) = try file.hash([.xxh3], range: claim.range)
        return size == Int64(claim.range.count) && Hex.encode(values[0]) == claim.fingerprint
    }

    /// How far from the start the bytes are there without a gap.
    public var frontier: Int64 { written.withLock { $0.frontier } }
    /// Bytes that are there already, wherever.
    public var byteCount: Int64 { written.withLock { $0.count } }
    /// What is still to be fetched, in order.
    public var gaps: [Range<Int64>] { written.withLock { $0.gaps(upTo: size ?? .max) } }

    /// Writes bytes at their offset; on return followers may read them.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
        try file.write(bytes, at: offset)
        written.withLock { $0.insert(offset..<offset + Int64(bytes.count)) }
    }

    /// Bytes below the frontier; 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    /// Records that `range` was written whole, so that a later process may believe it after re-hashing.
    public func claim(_ range: Range<Int64>, fingerprint: Fingerprint) throws(SystemError) {
        guard !range.isEmpty, journal != nil else { return }
        var text = PartialJournal.Claim(range: range, fingerprint: Hex.encode(fingerprint.bytes)).text
        var failure: SystemError?
        text.withUTF8 { bytes in
            do throws(SystemError) { try journal!.write(UnsafeRawBufferPointer(bytes)) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Publishes the complete, verified bytes as a blob and ends the partial.
    ///
    /// The descriptor stays open for reading until the value goes, but nothing writes through it any more.
    public func publish(to store: BlobStore, as digest: Digest) throws(SystemError) {
        try store.willPublish()
        if store.synchronizesEachFile { try file.synchronize() }
        try file.setMode(0o444)
        try file.setModificationTime(Seal.time(digest))
        try store.publish(path, as: digest, executable: false)
        if journal != nil { try FileSystem.remove(path + ".journal") }
    }

    /// Removes what was fetched: it is of a version that nobody wants.
    public func discard() throws(SystemError) {
        if journal != nil { try FileSystem.remove(path + ".journal") }
        try FileSystem.remove(path)
    }
}
