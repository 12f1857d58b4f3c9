internal import Planning
internal import Platform

/// The shared `config` and `credentials` files of AWS's tools ("Shared config and credentials files", AWS SDKs and Tools Reference).
struct AWSProfiles {
    /// One profile: keys in lower case.
    struct Profile {
        var name: String
        var values: [String: String] = [:]
        /// The file that its keys stand in, for messages.
        var file: String

        /// A value that is not empty.
        subscript(key: String) -> String? { values[key].flatMap { $0.isEmpty ? nil : $0 } }
    }

    private var profiles: [String: Profile] = [:]
    /// The files that were looked at, whether they are there or not.
    private(set) var files: [String] = []

    subscript(name: String) -> Profile? { profiles[name] }

    /// Reads both files; one that is missing has no profiles.
    /// - Parameter home: where `~` is.
    init(environment: [String: String], home: String?) {
        func path(_ variable: String, _ name: String) -> String? {
            if let path = environment[variable], !path.isEmpty {
                return path.hasPrefix("~/") ? home.map { $0 + path.dropFirst() } : path
            }
            return home.map { "\($0)/.aws/\(name)" }
        }
        // What the credentials file says comes before what the config file says.
        for (file, isConfig) in [
            (path("AWS_CONFIG_FILE", "config"), true), (path("AWS_SHARED_CREDENTIALS_FILE", "credentials"), false),
        ] {
            guard let file else { continue }
            files.append(file)
            guard let bytes = try? File(file).readAll(limit: 4 << 20) else { continue }
            add(String(decoding: bytes, as: UTF8.self), file: file, isConfig: isConfig)
        }
    }

    init(_ text: String, file: String = "config", isConfig: Bool = true) {
        add(text, file: file, isConfig: isConfig)
    }

    private mutating func add(_ text: String, file: String, isConfig: Bool) {
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let trimmed = line.trimmed
            guard let first = trimmed.first, first != "#", first != ";" else { continue }
            if first == "[" {
                guard let end = trimmed.firstIndex(of: "]") else { continue }
                current = Self.profileName(trimmed[trimmed.index(after: trimmed.startIndex)..<end], isConfig: isConfig)
                guard let name = current else { continue }
                let hasKeys = !isConfig
                profiles[name] = profiles[name] ?? Profile(name: name, file: file)
                if hasKeys { profiles[name]?.file = file }
                continue
            }
            // An indented line belongs to a nested setting (`s3 =`), none of which is read here.
            guard let name = current, line.first?.isWhitespace == false, let equals = trimmed.firstIndex(of: "=") else {
                continue
            }
            let key = trimmed[..<equals].trimmed.lowercased()
            profiles[name]?.values[key] = String(Self.withoutComment(trimmed[trimmed.index(after: equals)...].trimmed))
        }
    }

    /// `default`, `profile x` and `profile "x y"` in the config file, `x` in the credentials file; `nil` for other sections.
    private static func profileName(_ section: Substring, isConfig: Bool) -> String? {
        let section = section.trimmed
        guard isConfig else { return String(section) }
        if section == "default" { return "default" }
        guard section.hasPrefix("profile"), let next = section.dropFirst(7).first, next.isWhitespace else { return nil }
        let name = section.dropFirst(7).trimmed
        let isQuoted = name.count >= 2 && name.first == name.last && (name.first == "\"" || name.first == "'")
        return String(isQuoted ? name.dropFirst().dropLast() : name)
    }

    /// A comment begins with `#` or `;` behind white space.
    private static func withoutComment(_ value: Substring) -> Substring {
        var previous: Character?
        for index in value.indices {
            if value[index] == "#" || value[index] == ";", previous?.isWhitespace ?? true {
                return value[..<index].trimmed
            }
            previous = value[index]
        }
        return value
    }
}

extension Substring {
    /// Without white space around it.
    fileprivate var trimmed: Substring {
        var rest = drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest = rest.dropLast() }
        return rest
    }
}
