public import Planning

/// The whole configuration as one typed value: flags, environment, the manifest's defaults and clearml.conf, in this
/// precedence. Every value knows where it came from.
public struct Settings: Sendable {
    /// The configuration file that was read; `nil` when there is none.
    public var file: Setting<String?>
    public var cache: CacheSettings
    /// `sdk.storage.path_substitution`: the first that matches is applied.
    public var pathSubstitutions: [PathSubstitution]
    /// `sdk.storage.direct_access`
    public var directAccess: [DirectAccessRule]
    /// `sdk.storage.sync`: what ClearML itself has no key for.
    public var sync: SyncSettings
    /// `sdk.aws`
    public var s3: S3Settings
    /// `sdk.google.storage`
    public var google: GoogleSettings
    /// `sdk.azure.storage`
    public var azure: AzureSettings
    /// `api`
    public var fileServer: FileServerSettings
    /// What was skipped or is unknown, in the order of the file.
    public var warnings: [ConfigurationWarning]
    /// Every key with its value as it may be shown, for `config show`.
    public var listing: [ListedSetting]

    /// Flags that are settings, without their dashes: `load` reads their variables itself.
    public static let flags: Set<String> = [
        "cache-dir", "keep-archives", "link", "jobs", "connections-per-host", "limit-rate", "sdk-cache", "upstream",
        "index-dir",
        "max-unpacked-bytes", "max-unpack-ratio",
    ]
}

/// `sdk.storage.cache`
public struct CacheSettings: Sendable {
    /// ClearML's cache folder, absolute, `~` and variables expanded.
    public var baseDirectory: Setting<String>
    /// Entries that ClearML keeps in a context folder; `nil` without a limit.
    public var maxEntries: Setting<Int?>
    /// Bytes the cache may use; `nil` without a limit.
    public var maxUsedBytes: Setting<Int64?>
    /// Bytes to leave free on the file system; `nil` without a limit.
    public var minFreeBytes: Setting<Int64?>
    /// How far below the limits a cleanup goes, as a fraction of them (0.05 for `5%`).
    public var cleanupMargin: Setting<Double>

    /// Our own folder in it.
    public var directory: String {
        baseDirectory.value + (baseDirectory.value.hasSuffix("/") ? "" : "/") + "clearml-sync"
    }
}

/// `sdk.storage.sync`
public struct SyncSettings: Sendable {
    /// Whether an extracted archive stays in the cache as well.
    public var keepArchives: Setting<Bool>
    public var link: Setting<Entry.LinkMode>
    /// Objects worked on at once.
    public var jobs: Setting<Int>
    public var connectionsPerHost: Setting<Int>
    /// Bytes per second over all transfers; `nil` without a limit.
    public var limitRate: Setting<Int64?>
    public var headers: [HeaderRule]
    /// Whether downloads are put where ClearML's SDK finds them, too.
    public var sdkCache: Setting<Bool>
    /// Another cache to ask before the remote.
    public var upstream: Setting<String?>
    /// Where the index lives; `nil` for the cache itself, or local disk where the cache is on a network.
    public var indexDirectory: Setting<String?>
    /// Bytes that one archive may unpack to; `nil` without a limit.
    public var maxUnpackedBytes: Setting<Int64?>
    /// Unpacked bytes per packed byte of one archive; `nil` without a limit.
    public var maxUnpackRatio: Setting<Double?>
    /// Which certificates https servers may show.
    public var verify: Setting<CertificateCheck>
}

/// A request header for one host: one of `headers` in `sdk.storage.sync`.
public struct HeaderRule: Sendable {
    public enum Source: Sendable {
        /// `Name: value`
        case text(Secret)
        /// A file whose first line is the header.
        case file(String)
        /// A variable that holds the header.
        case environment(String)
    }

    /// Host, with a port where the URL has one; in lower case.
    public var host: String
    public var source: Source
    /// `sdk.storage.sync.headers[0]`
    public var key: String
    public var origin: Origin
}

/// One line of `config show`.
public struct ListedSetting: Sendable, Hashable {
    public enum Shown: Sendable, Hashable {
        case unset
        case bool(Bool)
        case integer(Int64)
        case number(Double)
        case text(String)
        case secret
    }

    public var key: String
    public var value: Shown
    public var origin: Origin
}

extension ListedSetting.Shown: CustomStringConvertible {
    /// Of no two values the same.
    public var description: String {
        switch self {
        case .unset: "unset"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): "integer \(value)"
        case .number(let value): "number \(value)"
        case .text(let value): "text of \(value.utf8.count) bytes: \(value)"
        case .secret: "secret"
        }
    }
}
