public import HOCON

/// Where a setting's value came from.
public enum Origin: Sendable, Hashable, CustomStringConvertible {
    /// `--name`
    case flag(String)
    case environment(String)
    /// `file:line:column`
    case manifest(String)
    /// A place in clearml.conf or in a file that it includes.
    case file(HOCONOrigin)
    case defaultValue

    public var description: String {
        switch self {
        case .flag(let name): "flag --\(name)"
        case .environment(let name): "environment \(name)"
        case .manifest(let place): "manifest \(place)"
        case .file(let origin):
            origin.environmentVariable.map { "environment \($0) (through \(origin))" } ?? "\(origin)"
        case .defaultValue: "default"
        }
    }
}

/// One value of the configuration, with its key in ClearML's notation and where it came from.
public struct Setting<Value: Sendable>: Sendable {
    public var value: Value
    public var key: String
    public var origin: Origin

    public init(_ value: Value, key: String, origin: Origin = .defaultValue) {
        self.value = value
        self.key = key
        self.origin = origin
    }
}

extension Setting: Equatable where Value: Equatable {}
