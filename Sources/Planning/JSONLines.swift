/// Writes JSON objects, one a line, member by member: a lock of a million lines makes no values first.
struct JSONLines {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// Room for so many bytes.
    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    /// Writes one object with the members that `body` writes.
    mutating func line(_ body: (inout JSONLines) -> Void) {
        isFirst = true
        bytes.append(UInt8(ascii: "{"))
        body(&self)
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func member(_ key: StaticString, _ value: String) {
        begin(key)
        JSON.write(value, to: &bytes)
    }

    mutating func member(_ key: StaticString, _ value: Int64) {
        begin(key)
        bytes.append(contentsOf: String(value).utf8)
    }

    /// `null` for no digest.
    mutating func member(_ key: StaticString, _ value: Digest?) {
        begin(key)
        guard let value else { return bytes.append(contentsOf: "null".utf8) }
        bytes.append(contentsOf: "\"sha256:".utf8)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
            value.write(hexInto: buffer)
            bytes.append(contentsOf: UnsafeBufferPointer(buffer))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// - Parameter key: of letters that need no escape.
    private mutating func begin(_ key: StaticString) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        bytes.append(UInt8(ascii: "\""))
        key.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }
}
