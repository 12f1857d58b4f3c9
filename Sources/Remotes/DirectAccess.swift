public import Configuration
public import Planning

/// What `sdk.storage.direct_access` says of a URL.
public enum DirectAccess: Sendable, Equatable {
    /// Used where it lies: the absolute path of a file, or of the folder of a prefix, glob or range.
    case direct(path: String, rule: DirectAccessRule)
    /// The rule matches, and there is no local path to use: worth a warning.
    case noLocalPath(rule: DirectAccessRule)
    case noRule

    /// - Parameters:
    ///   - logical: the manifest's URL: every rule is tried on it before any is on `transport`.
    ///   - transport: the URL after substitution: its path is what is used.
    ///   - base: absolute folder that a relative path is relative to.
    public init(logical: LogicalURL, transport: LogicalURL, base: String, rules: [DirectAccessRule]) {
        self.init(logical: logical, transport: transport, base: base, patterns: DirectAccessPatterns(rules))
    }

    init(logical: LogicalURL, transport: LogicalURL, base: String, patterns: DirectAccessPatterns) {
        let rule = patterns.match(logical, base: base) ?? patterns.match(transport, base: base)
        guard let rule else {
            self = .noRule
            return
        }
        self = transport.localPath(base: base).map { .direct(path: $0, rule: rule) } ?? .noLocalPath(rule: rule)
    }
}

/// The rules with their patterns taken apart: a manifest asks them once for each of its entries.
struct DirectAccessPatterns: Sendable {
    private let rules: [(rule: DirectAccessRule, glob: FlatGlob)]
    private let asksForTypes: Bool

    init(_ rules: [DirectAccessRule]) {
        self.rules = rules.map { rule in
            switch rule.pattern {
            case .url(let pattern), .contentType(let pattern): (rule, FlatGlob(pattern))
            }
        }
        asksForTypes = rules.contains { if case .contentType = $0.pattern { true } else { false } }
    }

    func match(_ url: LogicalURL, base: String) -> DirectAccessRule? {
        guard !rules.isEmpty else { return nil }
        let text = url.localPath(base: base).map { "file://" + $0 } ?? url.comparable
        let type = asksForTypes ? url.fileName.flatMap(ContentType.init(fileName:)) : nil
        return rules.first { rule, glob in
            switch rule.pattern {
            case .url: glob.matches(text)
            case .contentType: type.map { glob.matches($0.text) } ?? false
            }
        }?.rule
    }
}

/// A pattern as ClearML's matcher has it (Python's `fnmatch`): `*` crosses slashes; `?`, `[abc]`, `[!abc]`.
///
/// A pattern without wildcards, or with stars at its end alone, is a prefix; without a star it ends with a component.
struct FlatGlob: Sendable {
    private let pattern: [Unicode.Scalar]
    private let prefix: String?
    private let hasStar: Bool

    init(_ text: String) {
        pattern = Array(text.unicodeScalars)
        let literal = String(text.unicodeScalars.reversed().drop { $0 == "*" }.reversed().map(Character.init))
        prefix = literal.contains { $0 == "*" || $0 == "?" } ? nil : literal
        hasStar = text.hasSuffix("*")
    }

    func matches(_ text: String) -> Bool {
        if let prefix {
            guard text.utf8.starts(with: prefix.utf8) else { return false }
            let next = text.utf8.dropFirst(prefix.utf8.count).first
            return hasStar || next == nil || next == UInt8(ascii: "/") || prefix.utf8.last == UInt8(ascii: "/")
        }
        return matches(Array(text.unicodeScalars))
    }

    // As in `Glob`: only the latest star is ever retried.
    private func matches(_ text: [Unicode.Scalar]) -> Bool {
        var index = 0
        var position = 0
        var retry: (index: Int, position: Int)?
        while true {
            if index == pattern.count {
                if position == text.count { return true }
            } else if pattern[index] == "*" {
                index += 1
                retry = (index, position)
                continue
            } else if position < text.count, let next = step(index, text[position]) {
                index = next
                position += 1
                continue
            }
            guard let from = retry, from.position < text.count else { return false }
            retry = (from.index, from.position + 1)
            index = from.index
            position = from.position + 1
        }
    }

    /// The index behind the pattern's element, if that takes the scalar. A `[` without `]` is itself.
    private func step(_ index: Int, _ scalar: Unicode.Scalar) -> Int? {
        if pattern[index] == "?" { return index + 1 }
        guard pattern[index] == "[" else { return pattern[index] == scalar ? index + 1 : nil }
        let isNegated = index + 1 < pattern.count && pattern[index + 1] == "!"
        let start = index + (isNegated ? 2 : 1)
        // A `]` that comes first is a member.
        guard start < pattern.count, let close = pattern[(start + 1)...].firstIndex(of: "]") else {
            return scalar == "[" ? index + 1 : nil
        }
        var isMember = false
        var member = start
        while member < close {
            if member + 2 < close, pattern[member + 1] == "-" {
                if pattern[member] <= scalar, scalar <= pattern[member + 2] { isMember = true }
                member += 3
            } else {
                if pattern[member] == scalar { isMember = true }
                member += 1
            }
        }
        return isMember != isNegated ? close + 1 : nil
    }
}

/// The content type that a file name stands for, as Python's `mimetypes` has it, for the types that data and models come in.
struct ContentType: Hashable {
    let text: String

    init?(fileName: String) {
        var name = fileName.lowercased()[...]
        // A compression is an encoding of what it compresses: `x.tar.gz` is a tar.
        for suffix in [".gz", ".bz2", ".xz", ".br"] where name.hasSuffix(suffix) {
            name = name.dropLast(suffix.count)
            break
        }
        name = ["tgz", "tbz2", "txz"].contains(name.split(separator: ".").last ?? "") ? "x.tar" : name
        guard let dot = name.lastIndex(of: "."), let text = Self.byExtension[String(name[name.index(after: dot)...])]
        else {
            return nil
        }
        self.text = text
    }

    private static let byExtension: [String: String] = [
        "txt": "text/plain", "log": "text/plain", "csv": "text/csv", "tsv": "text/tab-separated-values",
        "html": "text/html",
        "htm": "text/html", "xml": "text/xml", "md": "text/markdown", "py": "text/x-python", "json": "application/json",
        "js": "text/javascript", "css": "text/css", "pdf": "application/pdf", "zip": "application/zip",
        "tar": "application/x-tar",
        "h5": "application/x-hdf5", "hdf": "application/x-hdf", "bin": "application/octet-stream",
        "so": "application/octet-stream", "o": "application/octet-stream", "pickle": "application/octet-stream",
        "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "bmp": "image/bmp",
        "webp": "image/webp", "tif": "image/tiff", "tiff": "image/tiff", "svg": "image/svg+xml",
        "pgm": "image/x-portable-graymap",
        "ppm": "image/x-portable-pixmap", "pbm": "image/x-portable-bitmap", "mp4": "video/mp4",
        "avi": "video/x-msvideo",
        "mov": "video/quicktime", "webm": "video/webm", "mpg": "video/mpeg", "mpeg": "video/mpeg",
        "mkv": "video/x-matroska",
        "mp3": "audio/mpeg", "wav": "audio/x-wav", "aac": "audio/aac", "aif": "audio/x-aiff", "aiff": "audio/x-aiff",
    ]
}
