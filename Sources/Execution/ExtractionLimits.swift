/// How much an archive may unpack to: what stops a decompression bomb before it fills the disk.
public struct ExtractionLimits: Hashable, Sendable {
    /// Bytes of all files together that are taken from one archive (`max_unpacked_bytes`); `nil` is no limit.
    public var maximumBytes: Int64?
    /// Unpacked bytes per byte of the archive read so far (`max_unpack_ratio`); `nil` is no limit. Deflate cannot exceed
    /// 1032; only sparse files, long runs of one byte and bombs come near.
    public var maximumRatio: Int64?
    /// Members of any kind, taken or not: their names are held in memory.
    public var maximumMembers = 20_000_000

    /// What the ratio is not asked about: little archives of zeros do no harm.
    static let ratioAllowance: Int64 = 64 << 20

    public init(maximumBytes: Int64? = nil, maximumRatio: Int64? = 1000) {
        self.maximumBytes = maximumBytes
        self.maximumRatio = maximumRatio
    }

    /// - Parameters:
    ///   - unpacked: bytes so far.
    ///   - packed: bytes of the archive that they came from.
    func check(unpacked: Int64, packed: Int64) throws(ExtractionError) {
        if let maximumBytes, unpacked > maximumBytes { throw .tooManyBytes(limit: maximumBytes) }
        guard let maximumRatio, unpacked > Self.ratioAllowance else { return }
        let (allowed, overflow) = max(1, packed).multipliedReportingOverflow(by: maximumRatio)
        if !overflow, unpacked > allowed { throw .ratioTooHigh(limit: maximumRatio) }
    }
}
