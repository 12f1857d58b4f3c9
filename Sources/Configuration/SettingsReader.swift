internal import HOCON

/// Reads settings one by one in their precedence, and collects what is wrong with any of them.
struct SettingsReader {
    let flags: [String: String]
    let environment: [String: String]
    let manifest: [String: ManifestDefault]
    /// The resolved clearml.conf.
    let file: HOCONValue?
    let paths: PathExpansion
    private(set) var problems: [ConfigurationProblem] = []
    var warnings: [ConfigurationWarning] = []
    private(set) var listing: [ListedSetting] = []

    init(
        flags: [String: String], environment: [String: String], manifest: [String: ManifestDefault], file: HOCONValue?,
        paths: PathExpansion
    ) {
        self.flags = flags
        self.environment = environment
        self.manifest = manifest
        self.file = file
        self.paths = paths
    }

    mutating func report(_ problem: ConfigurationProblem) {
        if !problems.contains(problem) { problems.append(problem) }
    }

    mutating func list(_ key: String, _ value: ListedSetting.Shown, _ origin: Origin) {
        listing.append(ListedSetting(key: key, value: value, origin: origin))
    }

    // MARK: Settings

    /// A flag and its variable, ClearML's own variables, the manifest, clearml.conf, other programs' variables, default.
    ///
    /// An empty text and a null count as not set everywhere: ClearML's own files are full of `region: ""`.
    mutating func setting<Value>(
        _ key: String, alternatives: [String] = [], _ kind: SettingKind<Value>, default standard: Value,
        flag: String? = nil, clearML: [EnvironmentVariable] = [], manifest manifestKey: String? = nil,
        others: [EnvironmentVariable] = []
    ) -> Setting<Value> {
        var candidates: [(raw: RawSetting, origin: Origin, key: String)] = []
        func add(_ text: String?, _ origin: Origin) {
            if let text, !text.isEmpty { candidates.append((.text(text), origin, key)) }
        }
        if let flag {
            assert(Settings.flags.contains(flag), "--\(flag) is not in Settings.flags")
            add(flags[flag], .flag(flag))
            let variable = EnvironmentVariable(flag: flag).name
            add(environment[variable], .environment(variable))
        }
        for variable in clearML { add(environment[variable.name], .environment(variable.name)) }
        if let standard = manifestKey.flatMap({ manifest[$0] }) { add(standard.text, .manifest(standard.place)) }
        for place in [key] + alternatives {
            guard let value = value(at: place), !value.isUnset else { continue }
            candidates.append((.value(value), .file(value.origin), place))
        }
        for variable in others { add(environment[variable.name], .environment(variable.name)) }

        guard let first = candidates.first else {
            list(key, kind.show(standard), .defaultValue)
            return Setting(standard, key: key)
        }
        guard let value = kind.convert(first.raw) else {
            report(Self.mismatch(kind, first.raw, key: first.key, origin: first.origin))
            return Setting(standard, key: key)
        }
        list(first.key, kind.show(value), first.origin)
        return Setting(value, key: first.key, origin: first.origin)
    }

    /// The same for a path: `~`, variables and relative paths are resolved.
    mutating func path(
        _ key: String, default standard: String?, flag: String? = nil, clearML: [EnvironmentVariable] = []
    ) -> Setting<String?> {
        var setting = setting(
            key, SettingKind<String>.text.optional, default: standard, flag: flag, clearML: clearML)
        guard let path = setting.value else { return setting }
        do {
            setting.value = try paths.absolute(path)
        } catch {
            report(ConfigurationProblem(error.description, key: key, origin: setting.origin))
        }
        if let value = setting.value, let last = listing.indices.last, listing[last].key == setting.key {
            listing[last].value = .text(value)
        }
        return setting
    }

    static func mismatch<Value>(
        _ kind: SettingKind<Value>, _ raw: RawSetting, key: String, origin: Origin
    ) -> ConfigurationProblem {
        var found: String
        switch raw {
        case .text(let text): found = "\"\(text)\""
        case .value(let value):
            found = value.kind
            if let text = value.text { found += value.kind == "string" ? " \"\(text)\"" : " \(text)" }
            if kind.isSecret { found = value.kind }
        }
        if kind.isSecret, case .text = raw { found = "another text" }
        return ConfigurationProblem("expected \(kind.expectation), found \(found)", key: key, origin: origin)
    }

    // MARK: The file

    /// The value at a key path; a section that is no object is a problem, once.
    mutating func value(at key: String) -> HOCONValue? {
        guard var value = file else { return nil }
        var walked: [Substring] = []
        for name in key.split(separator: ".") {
            if value.isUnset { return nil }
            guard let object = value.object else {
                report(
                    ConfigurationProblem(
                        "expected an object, found \(value.kind)", key: walked.joined(separator: "."),
                        origin: .file(value.origin)))
                return nil
            }
            guard let next = object[String(name)] else { return nil }
            value = next
            walked.append(name)
        }
        return value
    }

    /// The objects of a list. Elements that are no objects are problems.
    mutating func entries(of key: String) -> [EntryReader] {
        guard let value = value(at: key), !value.isUnset else { return [] }
        // An empty object stands where ClearML's samples comment out every entry.
        if value.object?.isEmpty == true { return [] }
        guard let elements = value.array else {
            report(
                ConfigurationProblem("expected an array, found \(value.kind)", key: key, origin: .file(value.origin)))
            return []
        }
        var entries: [EntryReader] = []
        for (index, element) in elements.enumerated() {
            let name = "\(key)[\(index)]"
            guard let object = element.object else {
                report(
                    ConfigurationProblem(
                        "expected an object, found \(element.kind)", key: name, origin: .file(element.origin)))
                continue
            }
            entries.append(EntryReader(name: name, index: index, object: object, origin: .file(element.origin)))
        }
        return entries
    }
}

/// One object of a list of entries in clearml.conf.
struct EntryReader {
    /// `sdk.aws.s3.credentials[2]`
    let name: String
    let index: Int
    let object: HOCONObject
    let origin: Origin

    /// One of its members, listed; `nil` when it is not set, or of another kind, which is then a problem.
    func value<Value>(_ key: String, _ kind: SettingKind<Value>, _ reader: inout SettingsReader) -> Value? {
        guard let member = object[key], !member.isUnset else { return nil }
        guard let value = kind.convert(.value(member)) else {
            reader.report(
                SettingsReader.mismatch(
                    kind, .value(member), key: "\(name).\(key)", origin: .file(member.origin)))
            return nil
        }
        reader.list("\(name).\(key)", kind.show(value), .file(member.origin))
        return value
    }
}

extension HOCONValue {
    /// Null and the empty text.
    var isUnset: Bool {
        switch content {
        case .null: true
        case .string(let text): text.isEmpty
        default: false
        }
    }
}
