internal import Glibc
internal import Planning

/// A listing's text form, on its way in: line by line, strictly, without a `String` per field.
struct TreeListingParser {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// Where the line ends that is being read.
    private var lineEnd = 0
    private(set) var line = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Appends the next line's path, and target, to `text`.
    /// - Returns: the line's record, or `nil` after the last.
    mutating func next(into text: inout [UInt8]) throws(TreeListingError) -> TreeListing.Record? {
        guard position < bytes.count else { return nil }
        line += 1
        guard let end = find(TreeListingText.newline, before: bytes.count) else { throw .malformed(line: line) }
        lineEnd = end
        defer { position = end + 1 }
        var record = TreeListing.Record(
            digest: nil, size: 0, start: text.count, pathLength: 0, targetLength: 0, kind: .file)
        let kind = try field()
        guard kind.count == 1 else { throw .malformed(line: line) }
        var target = UnsafeRawBufferPointer(start: nil, count: 0)
        switch kind[0] {
        case UInt8(ascii: "f"), UInt8(ascii: "x"):
            record.kind = kind[0] == UInt8(ascii: "x") ? .executable : .file
            record.digest = Self.digest(try field())
            guard record.digest != nil, let size = Self.size(try field()) else { throw .malformed(line: line) }
            record.size = size
        case UInt8(ascii: "l"):
            record.kind = .symlink
            target = try field()
            guard !target.isEmpty else { throw .malformed(line: line) }
        case UInt8(ascii: "d"): record.kind = .folder
        default: throw .malformed(line: line)
        }
        let path = UnsafeRawBufferPointer(rebasing: bytes[position..<lineEnd])
        guard find(TreeListingText.tab, before: lineEnd) == nil, Self.unescape(path, into: &text) else {
            throw .malformed(line: line)
        }
        record.pathLength = UInt32(text.count - record.start)
        guard Self.unescape(target, into: &text) else { throw .malformed(line: line) }
        record.targetLength = UInt32(text.count - record.start) - record.pathLength
        return record
    }

    /// The bytes up to the line's next tab, which is passed over.
    private mutating func field() throws(TreeListingError) -> UnsafeRawBufferPointer {
        guard let end = find(TreeListingText.tab, before: lineEnd) else { throw .malformed(line: line) }
        defer { position = end + 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<end])
    }

    private func find(_ byte: UInt8, before end: Int) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base + position, Int32(byte), end - position) else {
            return nil
        }
        return UnsafeRawPointer(found) - base
    }

    /// 64 lowercase hexadecimal digits.
    private static func digest(_ hex: UnsafeRawBufferPointer) -> Digest? {
        guard hex.count == 64 else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { value in
            for index in 0..<32 {
                guard let high = digit(hex[index * 2]), let low = digit(hex[index * 2 + 1]) else { return nil }
                value[index] = high << 4 | low
            }
            return Digest(bytes: UnsafeRawBufferPointer(value))
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// Decimal digits without a leading zero.
    private static func size(_ digits: UnsafeRawBufferPointer) -> Int64? {
        guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard let digit = digit(byte), digit < 10 else { return nil }
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(Int64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// - Returns: false when the bytes are not UTF-8 or not what `TreeListingText.escape` gives.
    private static func unescape(_ bytes: UnsafeRawBufferPointer, into text: inout [UInt8]) -> Bool {
        var (isPlain, isASCII) = (true, true)
        for byte in bytes {
            if byte < 0x20 || byte == TreeListingText.backslash || byte == 0x7F { isPlain = false }
            if byte >= 0x80 { isASCII = false }
        }
        guard isASCII || String(validating: bytes, as: UTF8.self) != nil else { return false }
        if isPlain {
            text.append(contentsOf: bytes)
            return true
        }
        let start = text.count
        var index = 0
        func character(_ offset: Int) -> UInt8? { index + offset < bytes.count ? bytes[index + offset] : nil }
        while index < bytes.count {
            guard bytes[index] == TreeListingText.backslash else {
                text.append(bytes[index])
                index += 1
                continue
            }
            switch character(1) {
            case TreeListingText.backslash: text.append(TreeListingText.backslash)
            case UInt8(ascii: "n"): text.append(TreeListingText.newline)
            case UInt8(ascii: "t"): text.append(TreeListingText.tab)
            case UInt8(ascii: "x"):
                guard let high = character(2).flatMap(digit), let low = character(3).flatMap(digit) else {
                    return false
                }
                text.append(high << 4 | low)
                index += 2
            default: return false
            }
            index += 2
        }
        var again: [UInt8] = []
        TreeListingText.escape(text[start...], into: &again)
        return again.elementsEqual(bytes)
    }
}
