internal import Planning

/// The manifest of a mirror: the same entries, read from the mirror first and from where they were second.
struct MirrorManifest {
    /// One entry, and what it holds in the mirror.
    struct Item {
        /// As the manifest declares it.
        var entry: Entry
        /// Paths below the entry's own folder in the mirror.
        var objects: [Lock.Object]
        /// Absent from the mirror (it is optional and failed): it stays as it is.
        var isMirrored = true
    }

    let name: String?
    let items: [Item]
    let folder: PushTarget.Folder

    /// YAML whose strings are all quoted as JSON has it, which is YAML as well.
    func text() throws(Failure) -> String {
        var text = "version: 1\n"
        if let name { text += "name: \(MirrorManifest.quote(name))\n" }
        for kind in Entry.Kind.allCases {
            let ours = items.filter { $0.entry.id.kind == kind }
            guard !ours.isEmpty else { continue }
            text += "\(kind.plural):\n"
            for item in ours {
                let lines = try self.lines(item).map { "\($0.0): \($0.1)" }
                text += "  - " + lines.joined(separator: "\n    ") + "\n"
            }
        }
        return text
    }

    /// Where an entry's objects lie: `<kind>/<name>/`, then each object's path.
    static func path(_ id: Entry.ID, _ object: String) -> String { "\(id)/\(object)" }

    private func lines(_ item: Item) throws(Failure) -> [(String, String)] {
        let entry = item.entry
        var lines = [("name", MirrorManifest.quote(entry.id.name))]
        func add(_ key: String, _ value: String?) { if let value { lines.append((key, value)) } }
        let url = try item.isMirrored ? self.url(item) : nil
        add("url", MirrorManifest.quote(url ?? MirrorManifest.absolute(entry.url, base: entry.base)))
        var others = entry.mirrors
        if url != nil { others.insert(entry.url, at: 0) }
        let mirrors = others.map { MirrorManifest.absolute($0, base: entry.base) }.filter { $0 != url }
        if !mirrors.isEmpty { add("mirrors", MirrorManifest.list(mirrors)) }
        if url == nil { add("version", entry.version.map(MirrorManifest.quote)) }
        let single = entry.url.shape == .single && item.isMirrored ? item.objects.first : nil
        add(
            "checksum",
            single?.digest.map { MirrorManifest.quote("\($0)") } ?? entry.checksum.map { MirrorManifest.quote("\($0)") }
        )
        add("size", (single?.size ?? entry.size).map(String.init))
        add("path", entry.path.map(MirrorManifest.quote))
        if entry.link != .auto { add("link", entry.link.rawValue) }
        if entry.executable { add("executable", "true") }
        if !entry.include.isEmpty { add("include", MirrorManifest.list(entry.include.map(\.pattern))) }
        if !entry.exclude.isEmpty { add("exclude", MirrorManifest.list(entry.exclude.map(\.pattern))) }
        add("extract", MirrorManifest.extraction(entry.extract))
        add("keep_archive", entry.keepArchive.map { "\($0)" })
        if !entry.tags.isEmpty { add("tags", MirrorManifest.list(entry.tags)) }
        if entry.optional { add("optional", "true") }
        if entry.access != .auto { add("access", entry.access.rawValue) }
        return lines
    }

    /// Of the same form as the entry's own, so that this can stay as a mirror.
    private func url(_ item: Item) throws(Failure) -> String {
        let entry = item.entry
        switch entry.url.shape {
        case .single:
            guard let object = item.objects.first else {
                return try folder.member(MirrorManifest.path(entry.id, "")).identity
            }
            return try folder.member(MirrorManifest.path(entry.id, object.path)).identity
        case .prefix: return try folder.below("\(entry.id)/")
        case .glob(let glob): return try folder.below("\(entry.id)/") + glob.pattern
        case .range: return try folder.below("\(entry.id)/") + MirrorManifest.rangeText(entry.url)
        }
    }

    /// What a URL's text says behind its folder: `train-{000..123}.tar`.
    private static func rangeText(_ url: LogicalURL) -> String {
        let text = url.identity.utf8.prefix { $0 != UInt8(ascii: "?") }
        guard let brace = text.firstIndex(of: UInt8(ascii: "{")) else { return "" }
        let slash = text[..<brace].lastIndex(of: UInt8(ascii: "/"))
        return String(Substring(text[(slash.map { text.index(after: $0) } ?? text.startIndex)...]))
    }

    /// A relative path means something else in another folder.
    private static func absolute(_ url: LogicalURL, base: String) -> String {
        guard url.scheme == .path, !url.raw.hasPrefix("/") else { return url.identity }
        var text = url.raw[...]
        while text.hasPrefix("./") { text = text.dropFirst(2) }
        return base + "/" + text
    }

    private static func extraction(_ extraction: Entry.Extraction) -> String? {
        switch extraction {
        case .auto: return nil
        case .never: return "false"
        case .always(let recipe):
            var parts: [String] = []
            if recipe.stripComponents > 0 { parts.append("strip_components: \(recipe.stripComponents)") }
            if !recipe.include.isEmpty { parts.append("include: \(list(recipe.include.map(\.pattern)))") }
            if !recipe.exclude.isEmpty { parts.append("exclude: \(list(recipe.exclude.map(\.pattern)))") }
            return parts.isEmpty ? "true" : "{\(parts.joined(separator: ", "))}"
        }
    }

    private static func list(_ texts: [String]) -> String { "[\(texts.map(quote).joined(separator: ", "))]" }

    /// Quoted, with what would be a variable written as itself.
    private static func quote(_ text: String) -> String { JSON.string(text.replacing("${", with: "$${")).text }
}
