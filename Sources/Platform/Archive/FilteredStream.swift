internal import CArchive

/// A compressed file, decompressed by one of libarchive's filters.
final class FilteredStream: ByteStream {
    private let handle: ReadHandle
    private var isAtEnd = false

    init(_ input: SourceStream, _ compression: ArchiveCompression) throws {
        handle = try ReadHandle(input) { raw in
            switch compression {
            case .gzip: archive_read_support_filter_gzip(raw)
            case .bzip2: archive_read_support_filter_bzip2(raw)
            case .xz: archive_read_support_filter_xz(raw)
            case .zstd: archive_read_support_filter_zstd(raw)
            case .lz4: archive_read_support_filter_lz4(raw)
            }
            archive_read_support_format_raw(raw)
        }
        try handle.open()
        isAtEnd = try handle.nextHeader() == nil
    }

    func next() throws -> UnsafeRawBufferPointer {
        while !isAtEnd {
            guard let bytes = try handle.nextData(after: 0).bytes else {
                isAtEnd = true
                try handle.expectPaddingAfterEnd()
                break
            }
            if !bytes.isEmpty { return bytes }
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }
}
