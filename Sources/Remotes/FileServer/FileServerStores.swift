public import Configuration
public import Planning
internal import Platform

/// The objects below `api.files_server`, with a token; all other web servers as they are.
public final class FileServerStores: StoreFamily {
    private let web: any StoreFamily
    private let server: FileServerAddress?
    private let access: BearerAccess
    private let tls: HTTPRequest.TLSTrust?
    /// Said of every object, for it would be said of each anyway.
    private let problem: Refusal?

    /// - Parameter web: makes the stores of http and https URLs.
    public init(_ settings: Settings, web: any StoreFamily, network: Network) {
        let api = settings.fileServer
        self.web = web
        server = api.url.value.flatMap(FileServerAddress.init)
        tls =
            switch (api.verify.origin, api.verify.value) {
            case (.defaultValue, _): nil
            case (_, .system): .system
            case (_, .off): .off
            case (_, .bundle(let path)): .certificateFile(path)
            }
        var name = "api.credentials"
        if case .environment(let variable) = api.accessKey.origin { name = variable }
        var apiServer = api.apiServer.value
        if apiServer == nil, server?.isHosted == true { apiServer = FileServerAddress.hostedAPI }
        while apiServer?.utf8.last == UInt8(ascii: "/") { apiServer?.removeLast() }
        switch (api.accessKey.value, api.secretKey.value, apiServer) {
        case (let accessKey?, let secretKey?, let apiServer?):
            let login = FileServerLogin(
                network: network, tls: tls ?? .system, apiServer: apiServer, accessKey: accessKey, secretKey: secretKey,
                name: name)
            access = BearerAccess(name: name) { () throws(Refusal) in try login.lease() }
            problem = nil
        case (nil, nil, _):
            access = BearerAccess(name: "no credentials", obtain: nil)
            problem = nil
        case (_?, _?, nil):
            access = BearerAccess(name: "no credentials (api.api_server is not set)", obtain: nil)
            problem = nil
        case (_, nil, _), (nil, _, _):
            access = BearerAccess(name: name, obtain: nil)
            problem = Refusal(
                .configuration, "\(name) is only half given",
                advice: "set both access_key and secret_key of api.credentials in clearml.conf")
        }
    }

    public func object(at url: LogicalURL) throws(Refusal) -> (store: any Store, key: String) {
        let (store, key) = try web.object(at: url)
        guard let server, server.holds(url), let store = store as? WebStore else { return (store, key) }
        // Who configures a header of his own for this server knows better than we.
        guard !store.headers.contains(where: { $0.name.lowercased() == "authorization" }) else { return (store, key) }
        if let problem { throw problem }
        let trusting = tls.map { WebStore(headers: store.headers, tls: $0, accessName: store.accessName) } ?? store
        return (FileServerStore(trusting, server: server, access: access), key)
    }
}
