internal import HOCON
internal import Planning
internal import Platform

/// A value before its type is known.
enum RawSetting {
    /// From a flag, the environment or a manifest.
    case text(String)
    case value(HOCONValue)

    var text: String? {
        switch self {
        case .text(let text): text
        case .value(let value): value.text
        }
    }
}

/// How one type of value is read, from text or from clearml.conf, and shown.
struct SettingKind<Value: Sendable>: Sendable {
    /// What a user is told that the value has to be: `a whole number from 1`.
    let expectation: String
    var isSecret = false
    /// `nil` when the raw value is none of this kind.
    let convert: @Sendable (RawSetting) -> Value?
    let show: @Sendable (Value) -> ListedSetting.Shown

    /// The same where a value may be missing.
    var optional: SettingKind<Value?> {
        let (convert, show) = (convert, show)
        return .init(
            expectation: expectation, isSecret: isSecret,
            convert: { raw in
                guard let value = convert(raw) else { return nil }
                return .some(value)
            },
            show: { value in value.map(show) ?? .unset })
    }
}

extension SettingKind<String> {
    static var text: Self {
        Self(expectation: "a text") {
            $0.text
        } show: {
            .text($0)
        }
    }
}

extension SettingKind<String> {
    /// A URL, or a path: shown without the password or signature it may hold.
    static var url: Self {
        Self(expectation: "a URL") {
            $0.text
        } show: {
            .text(URLRedaction.redact($0))
        }
    }
}

extension SettingKind<Secret> {
    static var secret: Self {
        Self(expectation: "a text", isSecret: true) {
            $0.text.map(Secret.init)
        } show: { _ in
            .secret
        }
    }

    /// A path or a JSON text; an object in clearml.conf is the latter.
    static var credentialsJSON: Self {
        Self(expectation: "a path or a JSON object", isSecret: true) { raw in
            if case .value(let value) = raw, value.object != nil { return Secret(value.json()) }
            return raw.text.map(Secret.init)
        } show: { _ in
            .secret
        }
    }
}

extension SettingKind<Bool> {
    static var bool: Self {
        Self(expectation: "true or false") {
            $0.text.flatMap(boolean)
        } show: {
            .bool($0)
        }
    }

    /// HOCON.md's words, ClearML's `True` and `False`, and 1 and 0, which its environment variables take.
    static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }
}

extension SettingKind<Int> {
    static func integer(from least: Int) -> Self {
        Self(expectation: "a whole number from \(least)") { raw in
            guard let number = raw.text.flatMap(whole), number >= least else { return nil }
            return number
        } show: {
            .integer(Int64($0))
        }
    }

    /// `16` and, as a JSON tool may write it, `16.0`.
    private static func whole(_ text: String) -> Int? {
        Int(text) ?? Double(text).flatMap(Int.init(exactly:))
    }
}

extension SettingKind<Int?> {
    /// -1 stands for no limit.
    static var unlimitedCount: Self {
        Self(expectation: "a whole number, or -1 for no limit") { raw in
            guard let number = raw.text.flatMap(Int.init), number >= -1 else { return nil }
            return .some(number == -1 ? nil : number)
        } show: {
            .integer(Int64($0 ?? -1))
        }
    }
}

extension SettingKind<Int64> {
    static var bytes: Self {
        Self(expectation: "a number of bytes, such as 8388608 or 8 MiB") { raw in
            guard let bytes = raw.text.flatMap(HOCONUnits.bytes), bytes > 0 else { return nil }
            return bytes
        } show: {
            .integer($0)
        }
    }
}

extension SettingKind<Int64?> {
    /// -1 stands for no limit.
    static var unlimitedBytes: Self {
        Self(expectation: "a number of bytes, such as 10 GiB, or -1 for no limit") { raw in
            guard let bytes = raw.text.flatMap(HOCONUnits.bytes), bytes >= -1 else { return nil }
            return .some(bytes == -1 ? nil : bytes)
        } show: {
            .integer($0 ?? -1)
        }
    }
}

extension SettingKind<Double> {
    /// ClearML's `5%` and `0.05`.
    static var fraction: Self {
        Self(expectation: "a fraction from 0 to 1, or a percentage such as 5%") { raw in
            guard let text = raw.text else { return nil }
            let isPercentage = text.hasSuffix("%")
            guard let number = Double(isPercentage ? String(text.dropLast()) : text) else { return nil }
            let fraction = isPercentage ? number / 100 : number
            return (0...1).contains(fraction) ? fraction : nil
        } show: {
            .number($0)
        }
    }
}

extension SettingKind<Double?> {
    /// -1 stands for no limit.
    static var unlimitedRatio: Self {
        Self(expectation: "a number from 1, or -1 for no limit") { raw in
            guard let number = raw.text.flatMap(Double.init), number == -1 || number >= 1 else { return nil }
            return .some(number == -1 ? nil : number)
        } show: {
            $0.map { .number($0) } ?? .integer(-1)
        }
    }
}

extension SettingKind<Entry.LinkMode> {
    static var linkMode: Self {
        let modes = Entry.LinkMode.allCases.map(\.rawValue)
        return Self(expectation: "one of " + modes.joined(separator: ", ")) { raw in
            raw.text.flatMap { Entry.LinkMode(rawValue: $0.lowercased()) }
        } show: {
            .text($0.rawValue)
        }
    }
}

extension SettingKind<CertificateCheck> {
    static var certificateCheck: Self {
        Self(expectation: "true, false or the path of a file of authorities") { raw in
            guard let text = raw.text else { return nil }
            switch SettingKind<Bool>.boolean(text) {
            case true?: return .system
            case false?: return .off
            case nil: return .bundle(path: text)
            }
        } show: { check in
            switch check {
            case .system: .bool(true)
            case .off: .bool(false)
            case .bundle(let path): .text(path)
            }
        }
    }
}
