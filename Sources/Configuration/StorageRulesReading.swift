internal import HOCON
internal import Platform

extension PathSubstitution {
    /// The rules in their order. One that cannot be used is skipped with a warning, so that it does not fail every URL.
    static func read(_ reader: inout SettingsReader) -> [PathSubstitution] {
        var rules: [PathSubstitution] = []
        for entry in reader.ruleEntries(of: "sdk.storage.path_substitution") {
            var rule = PathSubstitution(registeredPrefix: "", localPrefix: "", key: entry.name, origin: entry.origin)
            var problem: String?
            for (key, path) in [
                ("registered_prefix", \PathSubstitution.registeredPrefix), ("local_prefix", \.localPrefix),
            ] {
                if let text = entry.object[key]?.text, !text.isEmpty {
                    rule[keyPath: path] = text
                } else {
                    problem = "it has no \(key)"
                }
            }
            for (key, path) in [
                ("replace_windows_sep", \PathSubstitution.replaceWindowsSeparator),
                ("replace_linux_sep", \.replaceLinuxSeparator),
            ] {
                guard let value = entry.object[key], !value.isUnset else { continue }
                if let flag = SettingKind<Bool>.bool.convert(.value(value)) {
                    rule[keyPath: path] = flag
                } else {
                    problem = "\(key) is neither true nor false"
                }
            }
            if rule.replaceWindowsSeparator && rule.replaceLinuxSeparator {
                problem = "only one of replace_windows_sep and replace_linux_sep may be set"
            }
            if let problem {
                reader.skip(entry, problem)
                continue
            }
            reader.list(
                entry.name + ".registered_prefix", .text(URLRedaction.redact(rule.registeredPrefix)), entry.origin)
            reader.list(entry.name + ".local_prefix", .text(URLRedaction.redact(rule.localPrefix)), entry.origin)
            if rule.replaceWindowsSeparator {
                reader.list(entry.name + ".replace_windows_sep", .bool(true), entry.origin)
            }
            if rule.replaceLinuxSeparator { reader.list(entry.name + ".replace_linux_sep", .bool(true), entry.origin) }
            rules.append(rule)
        }
        return rules
    }
}

extension DirectAccessRule {
    private static let section = "sdk.storage.direct_access"

    /// The rules in their order, or the default `file://*` where the list is not there. An empty list is no rule at all.
    static func read(_ reader: inout SettingsReader) -> [DirectAccessRule] {
        guard let list = reader.value(at: section), !list.isUnset else {
            let standard = DirectAccessRule(.url("file://*"))
            reader.list(standard.key + ".url", .text("file://*"), .defaultValue)
            return [standard]
        }
        var rules: [DirectAccessRule] = []
        for entry in reader.ruleEntries(of: section) {
            let url = entry.object["url"]?.text ?? ""
            let contentType = entry.object["content_type"]?.text ?? ""
            guard url.isEmpty != contentType.isEmpty else {
                reader.skip(entry, "it needs either url or content_type, a glob")
                continue
            }
            let pattern: Pattern = url.isEmpty ? .contentType(contentType) : .url(url)
            reader.list(
                entry.name + (url.isEmpty ? ".content_type" : ".url"), .text(url.isEmpty ? contentType : url),
                entry.origin)
            rules.append(DirectAccessRule(pattern, key: entry.name, origin: entry.origin))
        }
        return rules
    }
}

extension SettingsReader {
    mutating func skip(_ entry: EntryReader, _ problem: String) {
        warnings.append(
            ConfigurationWarning("the rule is skipped: \(problem)", key: entry.name, origin: entry.origin))
    }

    /// Like `entries(of:)`, except that what is no object is skipped with a warning.
    mutating func ruleEntries(of key: String) -> [EntryReader] {
        guard let value = value(at: key), !value.isUnset, value.object?.isEmpty != true else { return [] }
        guard let elements = value.array else {
            warnings.append(
                ConfigurationWarning(
                    "ignored: expected an array, found \(value.kind)", key: key, origin: .file(value.origin)))
            return []
        }
        return elements.enumerated().compactMap { index, element in
            let name = "\(key)[\(index)]"
            guard let object = element.object else {
                warnings.append(
                    ConfigurationWarning(
                        "the rule is skipped: expected an object, found \(element.kind)", key: name,
                        origin: .file(element.origin)))
                return nil
            }
            return EntryReader(name: name, index: index, object: object, origin: .file(element.origin))
        }
    }
}
