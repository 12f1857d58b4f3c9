internal import CArchive
internal import Glibc

/// libarchive's `struct archive` for reading, over a stream of bytes. Errors thrown by the stream come out unchanged.
final class ReadHandle {
    let raw: OpaquePointer
    private let stream: any ByteStream
    /// The last block that libarchive was given, and where it ends in the stream.
    private var block = UnsafeRawBufferPointer(start: nil, count: 0)
    private var blockEnd: Int64 = 0
    private var failure: (any Error)?
    private var hasReachedEnd = false
    private var isOpen = false

    /// - Parameter configure: enables formats and filters.
    init(_ stream: any ByteStream, configure: (OpaquePointer) -> Void) throws {
        guard let raw = archive_read_new() else { throw ArchiveError.outOfMemory }
        self.raw = raw
        self.stream = stream
        configure(raw)
        archive_read_set_callback_data(raw, Unmanaged.passUnretained(self).toOpaque())
        archive_read_set_read_callback(raw) { _, context, block in
            ReadHandle.from(context).read(into: block)
        }
        archive_read_set_skip_callback(raw) { _, context, count in
            ReadHandle.from(context).skip(count)
        }
    }

    deinit { archive_read_free(raw) }

    /// Lets libarchive seek in a source that is complete.
    func allowSeeking(size: Int64) {
        self.size = size
        archive_read_set_seek_callback(raw) { _, context, offset, whence in
            ReadHandle.from(context).seek(offset, whence)
        }
    }
    private var size: Int64 = 0

    func open() throws {
        let result = withUTF8Locale { archive_read_open1(raw) }
        guard result == ARCHIVE_OK else { throw error() }
        isOpen = true
    }

    /// The next member's header, or `nil` after the last.
    func nextHeader() throws -> OpaquePointer? {
        var entry: OpaquePointer?
        let result = withUTF8Locale { archive_read_next_header(raw, &entry) }
        switch result {
        // A warning is about a name's characters or an attribute that is not used here.
        case ARCHIVE_OK, ARCHIVE_WARN: return entry
        case ARCHIVE_EOF:
            if let failure { throw failure }
            return nil
        default: throw error()
        }
    }

    /// The next piece of the member's data and its place in the file; `nil` bytes at the end, where `offset` is the size.
    func nextData(after position: Int64) throws -> (bytes: UnsafeRawBufferPointer?, offset: Int64) {
        var start: UnsafeRawPointer?
        var count = 0
        var offset = position
        switch archive_read_data_block(raw, &start, &count, &offset) {
        case ARCHIVE_OK: return (UnsafeRawBufferPointer(start: start, count: count), offset)
        case ARCHIVE_EOF: return (nil, offset)
        default: throw error()
        }
    }

    /// After the last header: what follows the archive in the stream may only be padding.
    func expectPaddingAfterEnd() throws {
        let unread = Int(clamping: blockEnd - archive_filter_bytes(raw, -1))
        try stream.expectPadding(after: UnsafeRawBufferPointer(rebasing: block.suffix(max(0, unread))))
    }

    /// The failure of the stream, or what libarchive says, sorted.
    func error() -> any Error {
        if let failure { return failure }
        // What fails without a word is a seek past the end.
        guard let message = archive_error_string(raw).map({ String(cString: $0) }) else {
            return ArchiveError.truncated
        }
        func says(_ words: String...) -> Bool {
            let lowered = message.lowercased()
            return words.contains { lowered.contains($0) }
        }
        if archive_errno(raw) == ENOMEM { return ArchiveError.outOfMemory }
        // Before a format has been chosen the question would follow a wild pointer (libarchive 3.6).
        let isEncrypted = isOpen && archive_read_has_encrypted_entries(raw) == 1
        if isEncrypted || says("encrypt", "passphrase") { return ArchiveError.encrypted }
        if says("unrecognized archive format") { return ArchiveError.notAnArchive }
        if says("too much memory") { return ArchiveError.windowTooLarge }
        if says("unsupported", "not supported", "unknown compression") { return ArchiveError.unsupported(message) }
        return hasReachedEnd || says("truncated") ? ArchiveError.truncated : ArchiveError.corrupt(message)
    }

    // MARK: Callbacks

    private static func from(_ context: UnsafeMutableRawPointer?) -> ReadHandle {
        Unmanaged<ReadHandle>.fromOpaque(context!).takeUnretainedValue()
    }

    private func read(into result: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
        do {
            let next = try stream.next()
            result?.pointee = next.baseAddress
            if next.isEmpty {
                hasReachedEnd = true  // The last block stays, for what follows the archive.
            } else {
                block = next
                blockEnd += Int64(next.count)
            }
            return next.count
        } catch {
            failure = error
            return Int(ARCHIVE_FATAL)
        }
    }

    private func skip(_ count: Int64) -> Int64 {
        do {
            let skipped = try stream.skip(count)
            if skipped > 0 {
                block = UnsafeRawBufferPointer(start: nil, count: 0)
                blockEnd += skipped
            }
            return skipped
        } catch {
            failure = error
            return Int64(ARCHIVE_FATAL)
        }
    }

    private func seek(_ offset: Int64, _ whence: Int32) -> Int64 {
        guard let source = stream as? SourceStream else { return Int64(ARCHIVE_FATAL) }
        let base =
            switch whence {
            case SEEK_SET: Int64(0)
            case SEEK_CUR: blockEnd
            default: size
            }
        let (position, overflow) = base.addingReportingOverflow(offset)
        guard !overflow, position >= 0, position <= size else { return Int64(ARCHIVE_FATAL) }
        source.seek(to: position)
        block = UnsafeRawBufferPointer(start: nil, count: 0)
        blockEnd = position
        return position
    }
}

/// libarchive converts names to the character set of the calling thread's locale: for the call, that is UTF-8, whatever the
/// process has. (The `hdrcharset` option names the other side of that conversion.)
func withUTF8Locale<Result>(_ body: () -> Result) -> Result {
    guard let locale = UTF8Locale.shared.locale else { return body() }
    let previous = uselocale(locale)
    defer { uselocale(previous) }
    return body()
}

/// glibc has C.UTF-8 built in since 2.35, and distributions installed it long before.
private struct UTF8Locale: @unchecked Sendable {
    static let shared = UTF8Locale()
    let locale: locale_t?

    private init() {
        locale = newlocale(1 << LC_CTYPE, "C.UTF-8", nil) ?? newlocale(1 << LC_CTYPE, "en_US.UTF-8", nil)
    }
}
