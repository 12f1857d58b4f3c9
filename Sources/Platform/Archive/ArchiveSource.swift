/// Where an archive's bytes come from. They may still be arriving: reading blocks until they are there. Several threads may
/// read at once.
public struct ArchiveSource: Sendable {
    /// Fills the buffer, or a part of it, from the byte at `offset` on; 0 only at or past the end.
    public var read: @Sendable (_ buffer: UnsafeMutableRawBufferPointer, _ offset: Int64) throws -> Int
    /// Blocks until every byte has arrived and returns their count. Called before the first read of a format whose table
    /// of contents stands at its end (zip, 7z), and never for the others.
    public var waitUntilComplete: @Sendable () throws -> Int64

    public init(
        read: @escaping @Sendable (UnsafeMutableRawBufferPointer, Int64) throws -> Int,
        waitUntilComplete: @escaping @Sendable () throws -> Int64
    ) {
        self.read = read
        self.waitUntilComplete = waitUntilComplete
    }

    /// So many bytes; `nil` where there are fewer.
    func bytes(at offset: Int64, count: Int) throws -> [UInt8]? {
        var failure: (any Error)?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do {
                while filled < count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    let more = try read(rest, offset + Int64(filled))
                    if more == 0 { break }
                    filled += more
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes.count == count ? bytes : nil
    }

    /// A file that is complete.
    public init(_ file: consuming File) {
        final class Owner: Sendable {
            let file: File
            init(_ file: consuming File) { self.file = file }
        }
        let owner = Owner(file)
        self.init(
            read: { try owner.file.read(into: $0, at: $1) },
            waitUntilComplete: { try owner.file.status().size })
    }
}
