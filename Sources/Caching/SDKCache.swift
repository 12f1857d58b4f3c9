internal import Planning
internal import Platform

/// The cache of ClearML's own SDK: read, never written here.
///
/// As the SDK 2.1 lays it out: `<root>/storage_manager/<context>/<MD5 of the URL as passed>.<text after its last slash>`;
/// a name longer than NAME_MAX - 32 is shortened from its end, keeping the last two suffixes.
public struct SDKCache: Sendable {
    private let folder: String

    /// - Parameter root: the cache's base folder (`sdk.storage.cache.default_base_dir`), in which ours lies too.
    public init(root: String) { folder = root + "/storage_manager" }

    /// Files that the SDK fetched from this URL, in whichever context; none for a name that it would have shortened.
    public func copies(of url: String) -> [String] {
        guard let contexts = try? FileSystem.list(folder) else { return [] }
        var hasher = ContentHasher(.md5)
        var text = url
        text.withUTF8 { hasher.update(UnsafeRawBufferPointer($0)) }
        let last = url.utf8.lastIndex(of: UInt8(ascii: "/")).map { url[url.utf8.index(after: $0)...] } ?? url[...]
        guard last.utf8.count <= 255 - 32 else { return [] }
        let name = Hex.encode(hasher.finish()) + "." + last
        return contexts.map { "\(folder)/\($0.name)/\(name)" }.filter { FileSystem.exists($0) }
    }
}
