internal import Configuration
internal import Planning
internal import Platform

/// Finds the credential for a bucket: clearml.conf as ClearML reads it, then Google's own places.
///
/// | nth | place | name in messages |
/// |---|---|---|
/// | 1 | `credentials_json` of the entry for the bucket and folder | `sdk.google.storage.credentials[N]` |
/// | 2 | `sdk.google.storage.credentials_json` | the same |
/// | 3 | the file in `GOOGLE_APPLICATION_CREDENTIALS` | the same |
/// | 4 | gcloud's `application_default_credentials.json` | the file |
/// | 5 | the metadata server, where there is one | `the metadata server` |
/// | 6 | nothing: what is open to everybody | `no credentials` |
///
/// An emulator is given only what was meant for it: 1 to 3, and a metadata server that `GCE_METADATA_HOST` names.
struct GoogleCredentialSearch: Sendable {
    enum Source: Sendable {
        /// A path or a JSON text.
        case configured(Secret, name: String)
        case file(String)
        case metadataServer(host: String)
        case nobody

        var name: String {
            switch self {
            case .configured(_, let name): name
            case .file(let path): path
            case .metadataServer: "the metadata server"
            case .nobody: "no credentials"
            }
        }
    }

    let settings: GoogleSettings
    let environment: [String: String]
    let home: String?
    let isEmulator: Bool

    func source(_ entry: GoogleCredentials?) -> Source {
        if let entry, let json = entry.credentialsJSON { return .configured(json, name: entry.name) }
        if let json = settings.credentialsJSON.value {
            if case .environment(let variable) = settings.credentialsJSON.origin {
                return .configured(json, name: variable)
            }
            return .configured(json, name: settings.credentialsJSON.key)
        }
        if !isEmulator, let path = gcloudFile { return .file(path) }
        if let host = environment["GCE_METADATA_HOST"], !host.isEmpty { return .metadataServer(host: host) }
        if !isEmulator, isOnGoogle { return .metadataServer(host: "metadata.google.internal") }
        return .nobody
    }

    /// What `gcloud auth application-default login` writes.
    private var gcloudFile: String? {
        let folder: String
        if let configured = environment["CLOUDSDK_CONFIG"], !configured.isEmpty {
            folder = configured
        } else if let home {
            folder = home + "/.config/gcloud"
        } else {
            return nil
        }
        let path = folder + "/application_default_credentials.json"
        let status = try? FileSystem.status(path, followSymlinks: true)
        return status?.kind == .file ? path : nil
    }

    /// Whether this machine is one of Google's, without asking a network that may not know the name
    /// ("Detecting if a VM is running in Compute Engine").
    private var isOnGoogle: Bool {
        if environment["NO_GCE_CHECK"]?.lowercased() == "true" { return false }
        if environment["K_SERVICE"] != nil || environment["CLOUD_RUN_JOB"] != nil { return true }
        guard let product = try? File("/sys/class/dmi/id/product_name").readAll(limit: 4096) else { return false }
        return product.starts(with: "Google".utf8)
    }

    /// - Returns: `nil` for access without one.
    func credential(_ source: Source) throws(Refusal) -> GoogleCredential? {
        switch source {
        case .nobody: return nil
        case .metadataServer(let host): return .metadataServer(host: host)
        case .file(let path): return try credential(file: path, place: "the file \(path)")
        case .configured(let secret, let name):
            let text = secret.reveal()
            if text.first(where: { !$0.isWhitespace }) == "{" { return try credential(text: text, place: name) }
            let path = text.hasPrefix("~/") ? (home ?? "~") + text.dropFirst() : text
            return try credential(file: path, place: "the file \(path) (\(name))")
        }
    }

    private func credential(file path: String, place: String) throws(Refusal) -> GoogleCredential {
        let bytes: [UInt8]
        do {
            bytes = try File(path).readAll(limit: 1 << 20)
        } catch {
            throw Refusal(
                .configuration, "\(place) with Google credentials cannot be read", cause: "\(error)",
                advice: "name a readable file, or give its JSON itself")
        }
        return try credential(text: String(decoding: bytes, as: UTF8.self), place: place)
    }

    private func credential(text: String, place: String) throws(Refusal) -> GoogleCredential {
        guard let json = try? JSON(parsing: text) else {
            throw Refusal(.configuration, "\(place) cannot be used as Google credentials: it is no JSON")
        }
        return try GoogleCredential(json, place: place)
    }
}
