internal import HOCON
internal import Planning

extension SyncSettings {
    private static let section = "sdk.storage.sync"
    private static let keys = [
        "keep_archives", "link", "jobs", "connections_per_host", "limit_rate", "headers", "sdk_cache", "upstream",
        "index_dir", "max_unpacked_bytes", "max_unpack_ratio", "verify",
    ]

    init(_ reader: inout SettingsReader) {
        let section = Self.section + "."
        keepArchives = reader.setting(section + "keep_archives", .bool, default: false, flag: "keep-archives")
        link = reader.setting(section + "link", .linkMode, default: .auto, flag: "link", manifest: "link")
        jobs = reader.setting(section + "jobs", .integer(from: 1), default: 64, flag: "jobs")
        connectionsPerHost = reader.setting(
            section + "connections_per_host", .integer(from: 1), default: 64, flag: "connections-per-host")
        limitRate = reader.setting(section + "limit_rate", .unlimitedBytes, default: nil, flag: "limit-rate")
        sdkCache = reader.setting(section + "sdk_cache", .bool, default: false, flag: "sdk-cache")
        upstream = reader.setting(
            section + "upstream", SettingKind<String>.url.optional, default: nil, flag: "upstream")
        indexDirectory = reader.path(section + "index_dir", default: nil, flag: "index-dir")
        maxUnpackedBytes = reader.setting(
            section + "max_unpacked_bytes", .unlimitedBytes, default: nil, flag: "max-unpacked-bytes")
        maxUnpackRatio = reader.setting(
            section + "max_unpack_ratio", .unlimitedRatio, default: 1000, flag: "max-unpack-ratio")
        headers = HeaderRule.read(&reader)
        verify = reader.certificateCheck(section + "verify")
        reader.warnUnknown(in: Self.section, known: Self.keys)
    }
}

extension HeaderRule {
    static func read(_ reader: inout SettingsReader) -> [HeaderRule] {
        var rules: [HeaderRule] = []
        for entry in reader.entries(of: "sdk.storage.sync.headers") {
            reader.warnUnknown(entry, known: ["host", "header", "header_file", "header_env"])
            let host = entry.value("host", .text, &reader)
            var sources: [Source] = []
            if let text = entry.value("header", .secret, &reader) { sources.append(.text(text)) }
            if let path = entry.value("header_file", .text, &reader) {
                do {
                    sources.append(.file(try reader.paths.absolute(path)))
                } catch {
                    reader.report(
                        ConfigurationProblem(error.description, key: entry.name + ".header_file", origin: entry.origin))
                }
            }
            if let name = entry.value("header_env", .text, &reader) { sources.append(.environment(name)) }
            guard let host, sources.count == 1 else {
                reader.report(
                    ConfigurationProblem(
                        "a header needs host, and one of header, header_file and header_env", key: entry.name,
                        origin: entry.origin))
                continue
            }
            if case .text(let text) = sources[0], !text.reveal().contains(":") {
                reader.report(
                    ConfigurationProblem(
                        "a header is written as \"Name: value\"", key: entry.name + ".header", origin: entry.origin))
                continue
            }
            rules.append(
                HeaderRule(host: host.lowercased(), source: sources[0], key: entry.name, origin: entry.origin))
        }
        return rules
    }
}

extension SettingsReader {
    /// Warns of members that a section of ours does not have.
    mutating func warnUnknown(in section: String, known: [String]) {
        guard let object = value(at: section)?.object else { return }
        warnUnknown(object, in: section, known: known)
    }

    mutating func warnUnknown(_ entry: EntryReader, known: [String]) {
        warnUnknown(entry.object, in: entry.name, known: known)
    }

    private mutating func warnUnknown(_ object: HOCONObject, in section: String, known: [String]) {
        for key in object.keys where !known.contains(key) {
            guard let value = object[key] else { continue }
            let hint =
                Suggestion.nearest(to: key, among: known).map { "did you mean \($0)?" }
                ?? "known are " + known.joined(separator: ", ")
            warnings.append(
                ConfigurationWarning(
                    "unknown key, ignored; \(hint)", key: "\(section).\(key)", origin: .file(value.origin)))
        }
    }
}
