/// What is taken from an archive, and where it goes: with the archive's digest it determines a tree.
public struct Recipe: Hashable, Sendable {
    /// Leading path components removed from each member; a member with no more than these is left out.
    public var stripComponents: Int
    /// Globs over the member's path after stripping; an empty list selects everything.
    public var include: [Glob]
    public var exclude: [Glob]

    public init(stripComponents: Int = 0, include: [Glob] = [], exclude: [Glob] = []) {
        self.stripComponents = stripComponents
        self.include = include
        self.exclude = exclude
    }

    /// Canonical text: equal for equal recipes; the lock's and the cache's key.
    public var description: String {
        var parts = ["strip=\(stripComponents)"]
        parts += include.map { "+" + $0.pattern }
        parts += exclude.map { "-" + $0.pattern }
        return parts.map { $0.replacing("\\", with: "\\\\").replacing("\n", with: "\\n") }.joined(separator: "\n")
    }

    private static let suffixes = [
        ".zip", ".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".tzst", ".tar.zst", ".tar.lz4",
        ".7z",
    ]

    /// The file name without its archive suffix, or `nil` when `auto` would not unpack such a name.
    public static func stem(ofArchive fileName: String) -> String? {
        let lowered = fileName.lowercased()
        guard let suffix = suffixes.filter({ lowered.hasSuffix($0) }).max(by: { $0.count < $1.count }),
            lowered.count > suffix.count
        else { return nil }
        return String(fileName.dropLast(suffix.count))
    }
}
