internal import Configuration
internal import Planning
internal import Platform

/// Web servers, each with the headers that the configuration has for its host.
struct WebStores: StoreFamily {
    private let headers: HeaderRules
    private let tls: HTTPRequest.TLSTrust

    init(_ settings: Settings, environment: [String: String]) {
        headers = HeaderRules(settings.sync.headers, environment: environment)
        switch settings.sync.verify.value {
        case .system: tls = .system
        case .off: tls = .off
        case .bundle(let path): tls = .certificateFile(path)
        }
    }

    func object(at url: LogicalURL) throws(Refusal) -> (store: any Store, key: String) {
        let names = headers.keys(for: url)
        let store = WebStore(
            headers: try headers.fields(for: url), tls: tls,
            accessName: names.isEmpty
                ? "none configured (a netrc entry for the host is used)" : names.joined(separator: ", "))
        return (store, url.raw)
    }
}
