internal import Configuration

/// Settings that are read and checked, but that nothing of this version acts on: whoever sets one should know.
enum UnusedSettings {
    static func warnings(_ settings: Settings) -> [ConfigurationWarning] {
        let sync = settings.sync
        let set: [(isSet: Bool, key: String, origin: Origin)] = [
            (sync.sdkCache.value, sync.sdkCache.key, sync.sdkCache.origin),
            (sync.upstream.value != nil, sync.upstream.key, sync.upstream.origin),
        ]
        return set.filter(\.isSet).map {
            ConfigurationWarning("\($0.key) has no effect in this version", origin: $0.origin)
        }
    }
}
