internal import CArchive

/// Reads an archive member by member, in the order of the archive, from a source that may still be arriving.
///
/// The content decides the format: tar (ustar, pax, GNU), plain or compressed with gzip, bzip2, xz, zstd or lz4, is read as it
/// arrives; zip and 7z wait for the whole source, since their modes and symlinks stand at the end. After the last member of a
/// tar the source is read to its end, so that checksums there are verified and other data is noticed; of a zip or 7z some
/// bytes may never be read.
///
/// A name in a zip that has backslashes and no slash is taken for one made on Windows: libarchive makes them slashes.
public struct ArchiveReader: ~Copyable {
    /// The largest dictionary of an xz or 7z that is decompressed. zstd's own limit for decoders, 128 MiB, is below it.
    public static let maximumWindow: Int64 = 256 << 20

    public let format: ArchiveFormat
    /// `nil` for a plain tar, and for zip and 7z, which compress each member.
    public let compression: ArchiveCompression?
    /// `nil` for a zip with no members, which libarchive takes for no archive.
    private let handle: ReadHandle?
    private let source: SourceStream
    private let completeSize: Int64?
    private var isAtEnd = false
    private var data = MemberData()

    /// - Throws: `ArchiveError`, or what the source throws.
    public init(_ source: ArchiveSource) throws {
        let stream = SourceStream(source)
        let opened = try Self.open(stream)
        self.source = stream
        (format, compression, handle, completeSize) = opened
    }

    private static func open(
        _ stream: SourceStream
    ) throws -> (ArchiveFormat, ArchiveCompression?, ReadHandle?, completeSize: Int64?) {
        let head = try stream.peek(ArchiveSignature.length)
        guard !head.isEmpty else { throw ArchiveError.empty }
        switch ArchiveSignature(of: head) {
        case .seekable(let format):
            let size = try stream.waitUntilComplete()
            if ArchiveSignature.isEmptyZip(head, size: size) { return (format, nil, nil, size) }
            if format == .sevenZip, let window = try SevenZipWindow(stream, size: size)?.largest, window > maximumWindow
            {
                throw ArchiveError.windowTooLarge
            }
            return (format, nil, try openSeekable(stream, size: size), size)
        case .compressed(let compression):
            return (.tar, compression, try openTar(compressed: compression, stream, head: head), nil)
        case .unknown:
            return (.tar, nil, try openTar(in: stream), nil)
        }
    }

    private static func openSeekable(_ stream: SourceStream, size: Int64) throws -> ReadHandle {
        let handle = try ReadHandle(stream) { raw in
            archive_read_support_format_zip_seekable(raw)
            archive_read_support_format_7zip(raw)
        }
        handle.allowSeeking(size: size)
        do {
            try handle.open()
        } catch ArchiveError.notAnArchive {
            throw ArchiveError.truncated  // It begins as one, and its table of contents is not there.
        }
        return handle
    }

    private static func openTar(in stream: any ByteStream) throws -> ReadHandle {
        let handle = try ReadHandle(stream) { archive_read_support_format_tar($0) }
        try handle.open()
        return handle
    }

    private static func openTar(
        compressed compression: ArchiveCompression, _ stream: SourceStream, head: [UInt8]
    ) throws -> ReadHandle {
        let content = try decompress(stream, compression, head: head)
        do {
            return try openTar(in: content)
        } catch ArchiveError.notAnArchive {
            // It may be one whose first block is damaged: a checksum that stands after the block would tell.
            var seen = 0
            while seen < 4 << 20 {
                let block = try content.next()
                if block.isEmpty { break }
                seen += block.count
            }
            throw ArchiveError.notAnArchive
        }
    }

    private static func decompress(
        _ stream: SourceStream, _ compression: ArchiveCompression, head: [UInt8]
    ) throws -> any ByteStream {
        if compression == .gzip { return try GzipStream(stream) }
        if compression == .xz, let window = ArchiveSignature.xzDictionarySize(head), window > maximumWindow {
            throw ArchiveError.windowTooLarge
        }
        return try FilteredStream(stream, compression)
    }

    /// Bytes of the source that have been read; for zip and 7z its size.
    public var sourcePosition: Int64 { completeSize ?? source.offset }

    /// The next member, or `nil` after the last. What is left of the previous member's data is passed over.
    public mutating func next() throws -> ArchiveMember? {
        guard !isAtEnd else { return nil }
        guard let handle, let entry = try handle.nextHeader() else {
            isAtEnd = true
            if let handle, format == .tar { try handle.expectPaddingAfterEnd() }
            return nil
        }
        guard archive_entry_is_encrypted(entry) == 0 else { throw ArchiveError.encrypted }
        data = MemberData()
        return withUTF8Locale { ArchiveMember(entry, format: format) }
    }

    /// The next bytes of the current member's data, never empty, valid until the next call; `nil` at the member's end. A hole
    /// of a sparse file comes as zeros.
    public mutating func readBlock() throws -> UnsafeRawBufferPointer? {
        guard let handle, !isAtEnd else { return nil }
        return try data.next(from: handle)
    }
}

/// Puts the pieces of a member's data in a row, zeros where the archive has nothing.
private struct MemberData {
    private var position: Int64 = 0
    private var pending: (bytes: UnsafeRawBufferPointer, offset: Int64)?
    private var end: Int64?

    mutating func next(from handle: ReadHandle) throws -> UnsafeRawBufferPointer? {
        while true {
            if let (bytes, offset) = pending {
                if let zeros = takeZeros(until: offset) { return zeros }
                guard offset == position else { throw ArchiveError.corrupt("the pieces of a sparse file overlap") }
                pending = nil
                position += Int64(bytes.count)
                if !bytes.isEmpty { return bytes }
            } else if let end {
                return takeZeros(until: end)
            } else {
                let (bytes, offset) = try handle.nextData(after: position)
                if let bytes { pending = (bytes, offset) } else { end = offset }
            }
        }
    }

    private mutating func takeZeros(until offset: Int64) -> UnsafeRawBufferPointer? {
        guard offset > position else { return nil }
        let count = min(offset - position, Int64(Zeros.shared.bytes.count))
        position += count
        return UnsafeRawBufferPointer(rebasing: Zeros.shared.bytes[..<Int(count)])
    }
}

/// A page of zeros for every reader.
private struct Zeros: @unchecked Sendable {
    static let shared = Zeros()
    let bytes: UnsafeRawBufferPointer

    private init() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 4096)
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        bytes = UnsafeRawBufferPointer(buffer)
    }
}
