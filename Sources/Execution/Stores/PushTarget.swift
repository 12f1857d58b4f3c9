internal import Planning
internal import Platform

/// Where a push puts files: at one URL, or below a folder's.
struct PushTarget {
    /// As given.
    private let text: String
    private let url: LogicalURL

    /// - Throws: for what names many objects by a pattern, or nothing at all.
    init(_ text: String) throws(Failure) {
        var text = text
        do throws(LogicalURLError) {
            // A bucket or a web server alone is a folder, too; as one object it would be an error.
            if text.isEmpty {
                // With a slash behind it, nothing would become the root of this machine.
                throw LogicalURLError.empty
            } else if let url = try? LogicalURL(text) {
                self.url = url
            } else {
                if !text.hasSuffix("/") { text += "/" }
                url = try LogicalURL(PushTarget.isWebFolder(text) ? text + "x" : text)
            }
            self.text = text
        } catch {
            throw Failure(.usage, "nothing can be pushed to this URL", cause: error.description)
        }
        switch url.shape {
        case .single, .prefix: break
        case .glob, .range:
            throw Failure(
                .usage, "a push needs one URL, and this one names many", cause: url.identity,
                advice: "write '\\*' and '\\{' for the characters themselves")
        }
    }

    private static func isWebFolder(_ text: String) -> Bool {
        let text = text.lowercased()
        return (text.hasPrefix("http://") || text.hasPrefix("https://")) && text.hasSuffix("/")
    }

    /// Whether the URL itself says that it is a folder.
    var isFolder: Bool { url.shape == .prefix || PushTarget.isWebFolder(text) }

    /// The URL itself, for one file.
    func file() -> LogicalURL { url }

    /// Where a folder's files go.
    func folder() throws(Failure) -> Folder { try Folder(text, url) }

    /// A folder's URL, below which each file has its own.
    struct Folder {
        /// What stands in front of a web address's names, and behind them.
        private let web: (head: String, tail: String)?
        private let base: LogicalURL
        /// The folder itself, where a store knows of such; `nil` on the web.
        var url: LogicalURL? { web == nil ? base : nil }
        /// For people.
        let identity: String

        fileprivate init(_ text: String, _ url: LogicalURL) throws(Failure) {
            var (head, tail) = (text, "")
            if url.query != nil, let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) {
                (head, tail) = (String(text[..<mark]), String(text[mark...]))
            }
            if !head.hasSuffix("/") { head += "/" }
            if url.scheme.isHTTP {
                web = (head, tail)
                base = url
                identity = PushTarget.isWebFolder(text) ? String(url.identity.dropLast()) : url.identity
                return
            }
            web = nil
            do throws(LogicalURLError) { base = try LogicalURL(head + tail) } catch {
                throw Failure(.usage, "nothing can be pushed to this URL", cause: error.description)
            }
            identity = base.identity
        }

        /// The URL's text of a folder below, which more can be put behind.
        /// - Parameter name: a relative path that ends in `/`.
        func below(_ name: String) throws(Failure) -> String {
            guard web == nil else {
                // A web folder has no URL of its own; that of a file in it begins with it.
                let file = try member(name + "x").identity
                return String(file.dropLast())
            }
            return try member(name).identity
        }

        /// - Parameter name: a relative path, `/` between its parts.
        func member(_ name: String) throws(Failure) -> LogicalURL {
            do throws(LogicalURLError) {
                guard let web else { return try base.member(name) }
                return try LogicalURL(web.head + PushTarget.encode(name) + web.tail)
            } catch {
                throw Failure(.usage, "this file can have no URL", subject: name, cause: error.description)
            }
        }
    }

    /// Percent-encodes what is not unreserved (RFC 3986 section 2.3) or `/`.
    private static func encode(_ name: String) -> String {
        var encoded: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.append(byte)
            default: encoded += "%\(Hex.encode([byte]).uppercased())".utf8
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
