/// What a URL's path means to a store, to a file system and to a workspace.
extension LogicalURL {
    /// A bucket (or container) and the key in it.
    public struct ObjectName: Hashable, Sendable {
        public var bucket: String
        /// Without a `/` in front, unless the key itself begins with one; empty for a whole bucket.
        public var key: String
    }

    /// The bucket and the key, or for a prefix, glob or range the key of its folder.
    ///
    /// Whether the authority of an `s3` URL is a host or a bucket is for the configuration to say; with a port it is a host.
    /// - Parameter authorityIsHost: the bucket is the first component of the path (always so for azure).
    /// - Returns: `nil` when there is no bucket, and for local and http URLs.
    public func objectName(authorityIsHost: Bool) -> ObjectName? {
        guard !scheme.isLocal, !scheme.isHTTP else { return nil }
        let rest = path.utf8.first == UInt8(ascii: "/") ? path[path.utf8.index(after: path.startIndex)...] : path[...]
        guard authorityIsHost else { return ObjectName(bucket: authority.host, key: String(rest)) }
        let bucket = rest.prefixBefore(UInt8(ascii: "/"))
        guard !bucket.isEmpty else { return nil }
        return ObjectName(bucket: String(bucket), key: String(rest.suffixAfter(UInt8(ascii: "/")) ?? ""))
    }

    /// The path of a `file:` URL or a plain path; of a prefix, glob or range: its folder. `nil` for a remote URL.
    ///
    /// Only `.` components and doubled slashes are removed: `..` behind a symlink is not what it looks like.
    /// - Parameter base: absolute folder that a relative path is relative to.
    public func localPath(base: String) -> String? {
        guard scheme.isLocal else { return nil }
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        let whole = isAbsolute ? path : base + "/" + path
        guard !whole.isNormalPath else { return whole }
        let components = whole.utf8.split(separator: UInt8(ascii: "/")).map { Substring($0) }.filter { $0 != "." }
        return "/" + components.joined(separator: "/")
    }

    /// The last component of a single object's path, decoded for http, as the name of a local file.
    ///
    /// `nil` for a prefix, glob or range, and when the name cannot be one: empty, `.`, `..`, or with a slash or NUL in it.
    public var fileName: String? {
        guard shape == .single else { return nil }
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let last = path[(slash.map { path.utf8.index(after: $0) } ?? path.startIndex)...]
        let name = scheme.isHTTP ? PercentEncoding.decode(last) ?? String(last) : String(last)
        guard !name.isEmpty, name != ".", name != "..", !name.utf8.holds(0), !name.utf8.holds(UInt8(ascii: "/")) else {
            return nil
        }
        return name
    }

    /// The URL of one object below `path`, with this URL's credentials and query.
    /// - Parameter name: the object's path relative to `path`, in the form of `path`: a literal key, or http's written text.
    public func member(_ name: String) throws(LogicalURLError) -> LogicalURL {
        let text = scheme == .file ? PercentEncoding.encode(path + name) : Self.escape(path + name)
        guard !scheme.isLocal else { return try LogicalURL(scheme == .file ? "file://" + text : text) }
        let user = authority.userInfo.map { $0 + "@" } ?? ""
        let query = query.map { "?" + $0 } ?? ""
        return try LogicalURL("\(scheme.rawValue)://\(user)\(authority.hostAndPort)\(text)\(query)")
    }

    /// The URL of what lies below `path` at a relative path, decoded: `relativePath(ofMember:)` backwards.
    public func member(atRelativePath path: String) throws(LogicalURLError) -> LogicalURL {
        try member(scheme.isHTTP ? PercentEncoding.encode(path) : path)
    }

    /// Where a member goes below the entry's folder: its name, decoded for http.
    public func relativePath(ofMember name: String) -> String {
        scheme.isHTTP ? PercentEncoding.decode(name[...]) ?? name : name
    }

    /// Literal text as a URL has to write it: `*` always, `{` before a digit, would mean something.
    private static func escape(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "{") }) else { return text }
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            if byte == UInt8(ascii: "*") || byte == UInt8(ascii: "{") { escaped.append(UInt8(ascii: "\\")) }
            escaped.append(byte)
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}

extension String {
    /// Whether an absolute path has no empty and no `.` component, as nearly all have none.
    fileprivate var isNormalPath: Bool {
        var before = UInt8(ascii: "x")
        var last = before
        for byte in utf8 {
            if byte == UInt8(ascii: "/"), last == byte || last == UInt8(ascii: ".") && before == byte { return false }
            (before, last) = (last, byte)
        }
        return last != UInt8(ascii: "/") && (last != UInt8(ascii: ".") || before != UInt8(ascii: "/"))
    }
}
