internal import Glibc
internal import Platform

/// An empty folder of a test's own, removed with everything in it when the value goes away.
public final class TemporaryFolder: Sendable {
    public let path: String

    /// Below `$TMPDIR` or /tmp; the path has no symlink in it.
    public init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(FileSystem.canonicalPath(base) ?? base)/clearml-sync-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestSupportError("mkdtemp in \(base): errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // A test may have taken write permission away from folders.
        try? Self.makeWritable(path)
        try? FileSystem.removeAll(path)
    }

    private static func makeWritable(_ path: String) throws {
        chmod(path, 0o700)
        for item in try FileSystem.list(path) {
            let child = path + "/" + item.name
            if try FileSystem.status(child)?.kind == .folder { try makeWritable(child) }
        }
    }

    /// The path of something in it.
    public subscript(name: String) -> String { path + "/" + name }

    /// Writes a file, with the folders that it needs.
    /// - Returns: its path.
    @discardableResult
    public func write(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws -> String {
        let target = self[name]
        if let slash = target.lastIndex(of: "/") { try FileSystem.createFolder(String(target[..<slash])) }
        let file = try File(target, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
        try bytes.withUnsafeBytes { try file.write($0) }
        try file.close()
        return target
    }

    @discardableResult
    public func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    public func read(_ name: String) throws -> [UInt8] { try File(self[name]).readAll() }

    public func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }
}

/// Why a test could not be set up.
public struct TestSupportError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Bytes that look random and are the same for the same seed (splitmix64).
public func pseudorandomBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        for index in 0..<count {
            if index % 8 == 0 { state &+= 0x9E37_79B9_7F4A_7C15 }
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            buffer[index] = UInt8(truncatingIfNeeded: (word ^ (word >> 31)) >> UInt64(index % 8 * 8))
        }
        filled = count
    }
}

/// Waits until the condition holds, looking every millisecond.
/// - Returns: false when it did not within the limit.
public func waitUntil(_ limit: Duration = .seconds(20), _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        usleep(1000)
    }
    return try condition()
}

/// Descriptors that this process has open now.
public func openDescriptorCount() throws -> Int { try FileSystem.list("/proc/self/fd").count }
