/// One of `sdk.storage.path_substitution`: what begins with the registered prefix is found below the local one.
public struct PathSubstitution: Sendable, Hashable {
    public var registeredPrefix: String
    public var localPrefix: String
    /// `replace_windows_sep`: `\` in what follows the prefix becomes `/`.
    public var replaceWindowsSeparator = false
    /// `replace_linux_sep`: `/` in what follows the prefix becomes the system's separator: nothing on Linux.
    public var replaceLinuxSeparator = false
    /// `sdk.storage.path_substitution[0]`
    public var key: String
    public var origin: Origin

    public init(
        registeredPrefix: String, localPrefix: String, replaceWindowsSeparator: Bool = false,
        replaceLinuxSeparator: Bool = false, key: String = "sdk.storage.path_substitution[0]",
        origin: Origin = .defaultValue
    ) {
        self.registeredPrefix = registeredPrefix
        self.localPrefix = localPrefix
        self.replaceWindowsSeparator = replaceWindowsSeparator
        self.replaceLinuxSeparator = replaceLinuxSeparator
        self.key = key
        self.origin = origin
    }
}

/// One of `sdk.storage.direct_access`: what matches is used where it lies.
public struct DirectAccessRule: Sendable, Hashable {
    public enum Pattern: Sendable, Hashable {
        /// A glob over the whole URL, in which `*` crosses slashes, as in Python's `fnmatch`.
        case url(String)
        /// A glob over the content type that the file name stands for.
        case contentType(String)
    }

    public var pattern: Pattern
    /// `sdk.storage.direct_access[0]`
    public var key: String
    public var origin: Origin

    public init(_ pattern: Pattern, key: String = "sdk.storage.direct_access[0]", origin: Origin = .defaultValue) {
        self.pattern = pattern
        self.key = key
        self.origin = origin
    }
}
