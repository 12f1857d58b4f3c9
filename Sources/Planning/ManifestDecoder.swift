/// Reads a manifest and what it includes. The only way to the world is the closure that reads a file.
public struct ManifestDecoder {
    /// The version of the format that is read.
    public static let version: Int64 = 1

    private let currentDirectory: String
    private let read: (String) throws -> [UInt8]
    private var context: DecodingContext
    private var entries: [EntryDecoder.Decoded] = []
    private var files: [String] = []
    /// Files by absolute path, with the place that included them: none is read twice.
    private var included: [String: SourceLocation] = [:]

    /// - Parameters:
    ///   - path: the manifest's file; messages name it as it is given here.
    ///   - currentDirectory: absolute folder that a relative `path` is relative to.
    ///   - environment: for `${env.NAME}`.
    ///   - read: gives a file's content. What it throws for `path` is thrown on; for an included file it is a problem.
    /// - Throws: `ManifestProblems` with every problem of every file, or what `read` threw.
    public static func decode(
        path: String, currentDirectory: String, environment: [String: String] = [:], read: (String) throws -> [UInt8]
    ) throws -> Manifest {
        let text = try read(path)
        return try withoutActuallyEscaping(read) { read in
            var decoder = ManifestDecoder(currentDirectory: currentDirectory, environment: environment, read: read)
            return try decoder.run(path: path, text: text)
        }
    }

    private init(currentDirectory: String, environment: [String: String], read: @escaping (String) throws -> [UInt8]) {
        self.currentDirectory = currentDirectory
        self.read = read
        context = DecodingContext(variables: Variables(environment: environment))
    }

    private mutating func run(path: String, text: [UInt8]) throws(ManifestProblems) -> Manifest {
        let absolute = absolute(path)
        included[absolute] = SourceLocation(file: path, line: 1, column: 1)
        var manifest = Manifest(workspace: Self.normalized("workspace", below: Self.folder(of: absolute)))
        if let fields = decodeFile(path, absolute: absolute, text: text) {
            manifest.name = fields.string(.name, &context)
            if let name = manifest.name, !EntryName.isValid(name) {
                fields.report(.name, "'\(name)' \(EntryName.rule)", &context)
            }
            if let workspace = fields.string(.workspace, &context) {
                if workspace.isEmpty || workspace.utf8.contains(0) {
                    fields.report(.workspace, "expected the path of a folder", &context)
                }
                manifest.workspace = Self.normalized(workspace, below: Self.folder(of: absolute))
            }
        }
        EntryConflicts.report(among: entries, &context)
        guard context.problems.isEmpty else { throw ManifestProblems(context.problems) }
        manifest.vars = context.variables.vars
        manifest.environmentUsed = context.variables.environmentUsed
        manifest.files = files
        manifest.entries = entries.map(\.entry)
        return manifest
    }

    /// Decodes a file, those that it includes first. The file's own variables hold in both, an including file's before them.
    private mutating func decodeFile(_ path: String, absolute: String, text: [UInt8]) -> Fields<ManifestKey>? {
        files.append(path)
        let parsed = ManifestText(text, file: path)
        context.problems += parsed.problems
        guard let root = parsed.root else {
            if parsed.problems.isEmpty {
                context.report("the manifest is empty", at: SourceLocation(file: path, line: 1, column: 1))
            }
            return nil
        }
        guard case .mapping = root.content else {
            context.report("expected a manifest that begins with 'version: 1', found \(root.kind)", at: root.location)
            return nil
        }
        let known = context.problems.count
        let fields = Fields<ManifestKey>(root, owner: .manifest, &context)
        guard checkVersion(fields, knownProblems: known) else { return nil }
        decodeVars(fields)
        for item in fields.strings(.include, of: "files", &context) {
            include(item.text, at: item.node.location, from: absolute, path: path)
        }
        let decoder = EntryDecoder(base: Self.folder(of: absolute), defaults: decodeDefaults(fields))
        for kind in Entry.Kind.allCases {
            decodeEntries(fields, kind: kind, decoder: decoder)
        }
        return fields
    }

    /// Only a matching version lets the other keys be judged: what was said of them by then is taken back.
    private mutating func checkVersion(_ fields: Fields<ManifestKey>, knownProblems: Int) -> Bool {
        guard fields[.version] != nil else {
            context.report("the key 'version' is missing; begin with 'version: \(Self.version)'", at: fields.location)
            return true
        }
        guard let version = fields.integer(.version, &context), version != Self.version else { return true }
        context.problems.removeSubrange(knownProblems...)
        let hint = version > Self.version ? "; a newer clearml-sync may" : ""
        fields.report(.version, "this program reads version \(Self.version), not \(version)\(hint)", &context)
        return false
    }

    private mutating func decodeVars(_ fields: Fields<ManifestKey>) {
        guard let node = fields[.vars], !node.isNull else { return }
        guard case .mapping(let pairs) = node.content else {
            fields.report(.vars, "expected a mapping of names to strings, found \(node.kind)", &context)
            return
        }
        for pair in pairs {
            guard EntryName.isValid(pair.key) else {
                context.report("vars: '\(pair.key)' \(EntryName.rule)", at: pair.keyLocation)
                continue
            }
            let value = context.string(pair.value, "vars: \(pair.key)")
            // After a problem the name is known all the same: one mistake, one message.
            context.variables.define(pair.key, as: value ?? "")
        }
    }

    private mutating func decodeDefaults(_ fields: Fields<ManifestKey>) -> EntryDefaults {
        var defaults = EntryDefaults()
        guard let node = fields[.defaults] else { return defaults }
        let own = Fields<DefaultsKey>(node, owner: .text("defaults"), &context)
        defaults.link = own.choice(.link, &context) ?? defaults.link
        defaults.extract = ExtractDecoder.decode(own, .extract, &context) ?? defaults.extract
        defaults.access = own.choice(.access, &context) ?? defaults.access
        return defaults
    }

    private mutating func decodeEntries(_ fields: Fields<ManifestKey>, kind: Entry.Kind, decoder: EntryDecoder) {
        let key: ManifestKey =
            switch kind {
            case .artifact: .artifacts
            case .model: .models
            case .dataset: .datasets
            }
        let items = fields.items(key, of: "entries ('- name: …')", &context)
        entries.reserveCapacity(entries.count + items.count)
        for (number, node) in items.enumerated() {
            let decoded = decoder.decode(node, kind: kind, label: fields.label(key, number), &context)
            if let decoded { entries.append(decoded) }
        }
    }

    private mutating func include(_ text: String, at location: SourceLocation, from including: String, path: String) {
        let absolute = Self.normalized(text, below: Self.folder(of: including))
        guard !text.isEmpty, !text.utf8.contains(0) else {
            context.report("include: expected the path of a manifest", at: location)
            return
        }
        if let first = included[absolute] {
            let message =
                absolute == including || files.first.map(self.absolute) == absolute
                ? "includes itself by way of this line" : "is included already at \(first)"
            context.report("include: '\(text)' \(message)", at: location)
            return
        }
        included[absolute] = location
        // Named as the including file is: relative when that is.
        let shown = text.utf8.first == UInt8(ascii: "/") ? text : Self.join(Self.shownFolder(of: path), text)
        let bytes: [UInt8]
        do {
            bytes = try read(shown)
        } catch {
            context.report("include: '\(text)' cannot be read: \(error)", at: location)
            return
        }
        // An included file's variables are its own.
        let vars = context.variables.vars
        _ = decodeFile(shown, absolute: absolute, text: bytes)
        context.variables.vars = vars
    }

    // MARK: - Paths of manifests

    private func absolute(_ path: String) -> String { Self.normalized(path, below: currentDirectory) }

    private static func folder(of absolute: String) -> String {
        let end = absolute.utf8.lastIndex(of: UInt8(ascii: "/")) ?? absolute.startIndex
        return end == absolute.startIndex ? "/" : String(absolute[..<end])
    }

    private static func shownFolder(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
    }

    private static func join(_ folder: String, _ path: String) -> String {
        folder + (path.hasPrefix("./") ? String(path.dropFirst(2)) : path)
    }

    /// Absolute, without `.` and `..`: two names of one file are to be seen as one.
    private static func normalized(_ path: String, below folder: String) -> String {
        let whole = path.utf8.first == UInt8(ascii: "/") ? path : folder + "/" + path
        var components: [Substring] = []
        for component in whole.utf8.split(separator: UInt8(ascii: "/")).map({ Substring($0) }) where component != "." {
            if component == ".." { _ = components.popLast() } else { components.append(component) }
        }
        return "/" + components.joined(separator: "/")
    }
}
