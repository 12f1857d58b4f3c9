/// Decodes the entries of one manifest file and checks each by itself.
struct EntryDecoder {
    /// Absolute folder of the file.
    let base: String
    let defaults: EntryDefaults

    /// An entry, and where messages about its path point.
    struct Decoded {
        var entry: Entry
        var pathLocation: SourceLocation
    }

    func decode(
        _ node: ManifestNode, kind: Entry.Kind, label: @autoclosure () -> String, _ context: inout DecodingContext
    ) -> Decoded? {
        guard case .mapping = node.content else {
            context.report("\(label()): expected an entry with 'name' and 'url', found \(node.kind)", at: node.location)
            return nil
        }
        let name = self.name(in: node, label: label(), &context)
        let id = Entry.ID(kind: kind, name: name ?? "")
        let fields = Fields<EntryKey>(node, owner: name == nil ? .text(label()) : .entry(id), &context)
        if fields[.name] == nil { fields.reportMissing(.name, &context) }
        if fields[.url] == nil { fields.reportMissing(.url, &context) }
        let url = fields.string(.url, &context).flatMap {
            parse($0, fields.label(.url), fields.location(of: .url), &context)
        }

        // Without a URL the other keys are still read, so that their problems show as well.
        var entry = Entry(id: id, url: url ?? .unreadable, base: base, location: fields.location)
        decodeContent(fields, &entry, &context)
        decodePlace(fields, &entry, &context)
        guard url != nil, name != nil else { return nil }
        let hasPath = fields[.path] != nil
        return Decoded(entry: entry, pathLocation: fields.location(of: hasPath ? .path : .name))
    }

    private func name(
        in node: ManifestNode, label: @autoclosure () -> String, _ context: inout DecodingContext
    ) -> String? {
        guard case .mapping(let pairs) = node.content,
            let value = pairs.first(where: { $0.key == EntryKey.name.rawValue })?.value,
            let name = context.string(value, "\(label()): name")
        else { return nil }
        guard EntryName.isValid(name) else {
            context.report("\(label()): name: '\(name)' \(EntryName.rule)", at: value.location)
            return nil
        }
        return name
    }

    private func parse(
        _ text: String, _ label: @autoclosure () -> String, _ location: SourceLocation,
        _ context: inout DecodingContext
    ) -> LogicalURL? {
        do {
            return try LogicalURL(text)
        } catch {
            context.report("\(label()): \(error)", at: location)
            return nil
        }
    }

    // MARK: - What the bytes are

    private func decodeContent(
        _ fields: Fields<EntryKey>, _ entry: inout Entry, _ context: inout DecodingContext
    ) {
        let hasURL = entry.url.isReadable
        let isOne = entry.url.shape == .single
        entry.mirrors = mirrors(fields, of: hasURL ? entry.url : nil, &context)
        entry.version = fields.string(.version, &context)
        if let version = entry.version, hasURL { check(version: version, fields, entry.url, &context) }
        if let text = fields.string(.checksum, &context) {
            entry.checksum = Checksum(text)
            if entry.checksum == nil { fields.report(.checksum, Checksum.problem(in: text), &context) }
        }
        entry.size = fields.integer(.size, &context)
        if let size = entry.size, size < 0 { fields.report(.size, "a size in bytes is not negative", &context) }
        for key in [EntryKey.version, .checksum, .size] where !isOne && fields[key] != nil {
            fields.report(key, "is of one object, and the URL names many; the lock records it for each", &context)
        }
        entry.include = globs(fields, .include, &context)
        entry.exclude = globs(fields, .exclude, &context)
        // A local path may turn out to be a folder.
        for key in [EntryKey.include, .exclude] where isOne && hasURL && !entry.url.scheme.isLocal && fields[key] != nil
        {
            fields.report(
                key, "selects below a prefix or glob; for an archive write 'extract: {\(key.rawValue): […]}'", &context)
        }
    }

    private func mirrors(
        _ fields: Fields<EntryKey>, of url: LogicalURL?, _ context: inout DecodingContext
    ) -> [LogicalURL] {
        guard fields[.mirrors] != nil else { return [] }
        var seen: Set<LogicalURL> = url.map { [$0] } ?? []
        var mirrors: [LogicalURL] = []
        let label = fields.label(.mirrors)
        for (text, node) in fields.strings(.mirrors, of: "URLs", &context) {
            guard let mirror = parse(text, label, node.location, &context) else { continue }
            if let url, !mirror.names(asManyAs: url) {
                context.report(
                    "\(label): a mirror has the form of 'url': one object, prefix, glob or range", at: node.location)
            } else if !seen.insert(mirror).inserted {
                context.report("\(label): '\(mirror)' is listed already", at: node.location)
            }
            mirrors.append(mirror)
        }
        return mirrors
    }

    private func check(
        version: String, _ fields: Fields<EntryKey>, _ url: LogicalURL, _ context: inout DecodingContext
    ) {
        switch url.scheme {
        case .file, .path, .http, .https:
            fields.report(
                .version, "'\(url.scheme.rawValue)' URLs have no versions; pin the bytes with 'checksum'", &context)
        case .gs where !version.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }:
            fields.report(.version, "a generation of Google Cloud Storage is a number", &context)
        case .gs, .s3, .azure:
            if version.isEmpty { fields.report(.version, "is empty", &context) }
        }
    }

    private func globs(_ fields: Fields<EntryKey>, _ key: EntryKey, _ context: inout DecodingContext) -> [Glob] {
        guard fields[key] != nil else { return [] }
        return Self.globs(fields.strings(key, of: "patterns", &context), fields.label(key), &context)
    }

    static func globs(
        _ texts: [(text: String, node: ManifestNode)], _ label: String, _ context: inout DecodingContext
    ) -> [Glob] {
        texts.compactMap { text, node in
            do {
                return try Glob(text)
            } catch {
                context.report("\(label): \(error)", at: node.location)
                return nil
            }
        }
    }

    // MARK: - Where and how it comes to stand

    private func decodePlace(
        _ fields: Fields<EntryKey>, _ entry: inout Entry, _ context: inout DecodingContext
    ) {
        let hasURL = entry.url.isReadable
        entry.optional = fields.boolean(.optional, &context) ?? false
        entry.executable = fields.boolean(.executable, &context) ?? false
        entry.extract = ExtractDecoder.decode(fields, .extract, &context) ?? defaults.extract
        entry.link = fields.choice(.link, &context) ?? defaults.link
        entry.tags = tags(fields, &context)
        decodeAccess(fields, &entry, &context)
        decodeKeepArchive(fields, &entry, &context)
        if entry.executable, hasURL, entry.recipe(for: entry.url.fileName ?? "") != nil {
            fields.report(.executable, "an archive says itself which of its files are executable", &context)
        }
        if let text = fields.string(.path, &context) {
            do {
                entry.path = try EntryPath.normalized(text)
            } catch {
                fields.report(.path, "\(error)", &context)
            }
            if hasURL, entry.path != nil, text.utf8.last == UInt8(ascii: "/"), !entry.isFolder,
                !entry.url.scheme.isLocal
            {
                fields.report(.path, "ends in '/', but the entry is one file: name the file", &context)
            }
        } else if hasURL, fields[.path] == nil, entry.url.shape == .single {
            let isNameUsable = entry.url.fileName.map { $0.utf8.count <= 255 } ?? entry.url.scheme.isLocal
            if !isNameUsable { fields.report(.url, "does not end in a usable file name; give a 'path'", &context) }
        }
    }

    private func decodeAccess(
        _ fields: Fields<EntryKey>, _ entry: inout Entry, _ context: inout DecodingContext
    ) {
        if let access: Entry.Access = fields.choice(.access, &context) {
            entry.access = access
        } else if defaults.access != .direct || entry.url.scheme.isLocal {
            // A default of `direct` means those entries that can be.
            entry.access = defaults.access
        }
        guard entry.url.isReadable, entry.access == .direct else { return }
        let key = fields[.access] == nil ? EntryKey.link : .access
        if !entry.url.scheme.isLocal {
            fields.report(
                .access,
                "only a local file or folder can be used where it lies; this is '\(entry.url.scheme.rawValue)'",
                &context)
        } else if entry.link != .auto, entry.link != .symlink {
            fields.report(
                key, "'link: \(entry.link.rawValue)' needs a copy in the cache, 'access: direct' has none", &context)
        } else if entry.executable {
            fields.report(.executable, "what is used where it lies keeps the mode it has there", &context)
        }
    }

    private func decodeKeepArchive(
        _ fields: Fields<EntryKey>, _ entry: inout Entry, _ context: inout DecodingContext
    ) {
        entry.keepArchive = fields.boolean(.keepArchive, &context)
        guard entry.url.isReadable, entry.keepArchive != nil,
            fields[.extract] == nil || entry.extract == .auto || entry.extract == .never,
            entry.recipe(for: entry.url.fileName ?? "") == nil
        else { return }
        fields.report(.keepArchive, "says what becomes of an archive, and this entry unpacks none", &context)
    }

    private func tags(_ fields: Fields<EntryKey>, _ context: inout DecodingContext) -> [String] {
        var tags: [String] = []
        for (tag, node) in fields.strings(.tags, of: "words", &context) {
            if !EntryName.isValidTag(tag) {
                context.report(
                    "\(fields.label(.tags)): '\(tag)' is not a word without spaces and commas", at: node.location)
            } else if tags.contains(tag) {
                context.report("\(fields.label(.tags)): '\(tag)' is listed already", at: node.location)
            } else {
                tags.append(tag)
            }
        }
        return tags
    }
}

/// What `defaults` gives to the entries of its file.
struct EntryDefaults {
    var link: Entry.LinkMode = .auto
    var extract: Entry.Extraction = .auto
    var access: Entry.Access = .auto
}

/// What a manifest, an entry and a tag may be called.
enum EntryName {
    static let rule = "is not a name: up to 200 letters, digits, '.', '_' and '-' (and not '.' or '..')"

    static func isValid(_ name: String) -> Bool {
        (1...200).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "._-".utf8.contains(byte)
            }
    }

    static func isValidTag(_ tag: String) -> Bool {
        !tag.isEmpty && tag.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ",") }
    }
}

extension Checksum {
    /// Why a text is not a checksum.
    static func problem(in text: String) -> String {
        let names = Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
        guard let colon = text.firstIndex(of: ":") else {
            let fitting = Hex.decode(text).flatMap { bytes in Algorithm.allCases.first { $0.byteCount == bytes.count } }
            return fitting.map { "name the algorithm in front: '\($0.rawValue):…'" }
                ?? "expected '<algorithm>:<hexadecimal digits>' (\(names))"
        }
        let name = String(text[..<colon])
        guard let algorithm = Algorithm(rawValue: name) else { return "unknown algorithm '\(name)' (known: \(names))" }
        let digits = text[text.index(after: colon)...]
        if Hex.decode(digits) == nil, digits.utf8.count == algorithm.byteCount * 2 {
            return "holds a character that is not hexadecimal"
        }
        return "\(name) has \(algorithm.byteCount * 2) hexadecimal digits, found \(digits.count)"
    }
}

extension LogicalURL {
    /// Whether both name one object, a prefix, a glob, or equally long ranges.
    func names(asManyAs other: LogicalURL) -> Bool {
        switch (shape, other.shape) {
        case (.single, .single), (.prefix, .prefix), (.glob, .glob): true
        case (.range(let range), .range(let others)): range.count == others.count
        default: false
        }
    }
}
