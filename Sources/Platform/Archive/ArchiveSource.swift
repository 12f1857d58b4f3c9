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
