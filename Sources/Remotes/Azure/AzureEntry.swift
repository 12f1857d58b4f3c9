internal import Configuration
internal import Platform

/// One place where the user keeps access to an account: an entry of clearml.conf, or a variable.
struct AzureEntry: Sendable {
    /// As a user knows it: `sdk.azure.storage.containers[0]`.
    var name: String
    /// `nil`: not known to belong to any account.
    var account: String?
    /// `nil`: every container of the account.
    var container: String?
    var endpoint: AzureEndpoint?
    var credential: Credential?

    enum Credential: Sendable {
        case key(AzureSharedKey)
        /// A query without its `?`.
        case sas(Secret)
        /// Why what is written cannot be used.
        case unusable(String)
    }

    func isFor(account: String, container: String) -> Bool {
        self.account?.lowercased() == account.lowercased() && (self.container ?? container) == container
    }
}

extension AzureEntry.Credential {
    /// Reads what stands where a key is expected: some put a SAS token there, and Microsoft's SDK takes it.
    init(_ secret: Secret, account: String) {
        let text = secret.reveal()
        if let sas = Self(sas: text) {
            self = sas
        } else if let key = AzureSharedKey(account: account, base64: text) {
            self = .key(key)
        } else {
            self = .unusable("the account's key is not Base64")
        }
    }

    /// `nil` for a text without a signature.
    init?(sas text: String) {
        let query = text.hasPrefix("?") ? String(text.dropFirst()) : text
        guard query.split(separator: "&").contains(where: { $0.hasPrefix("sig=") }) else { return nil }
        self = .sas(Secret(query))
    }
}

// MARK: Where entries come from

extension AzureEntry {
    /// In the order in which they count: clearml.conf, then the variables as Microsoft's tools read them.
    static func all(_ settings: AzureSettings, environment: [String: String]) -> [AzureEntry] {
        func value(_ variable: EnvironmentVariable) -> String? {
            environment[variable.name].flatMap { $0.isEmpty ? nil : $0 }
        }
        var entries = settings.containers.filter { $0.index != nil }.map(AzureEntry.init)
        if let text = value(.azureConnectionString) {
            entries.append(AzureEntry(connectionString: text, name: EnvironmentVariable.azureConnectionString.name))
        }
        entries += settings.containers.filter { $0.index == nil }.map(AzureEntry.init)
        if let text = value(.azureSASToken) {
            let name = EnvironmentVariable.azureSASToken.name
            entries.append(
                AzureEntry(
                    name: name, account: value(.azureAccount),
                    credential: Credential(sas: text) ?? .unusable("\(name) holds no signature ('sig=')")))
        }
        return entries
    }

    init(_ container: AzureContainer) {
        name = container.name
        account = container.accountName
        self.container = container.containerName
        endpoint = container.endpoint.flatMap(AzureEndpoint.init)
        credential = container.accountKey.map { Credential($0, account: container.accountName) }
    }

    /// `Name=value;…` (Microsoft: "Configure Azure Storage connection strings").
    init(connectionString text: String, name: String) {
        self.name = name
        var values: [String: String] = [:]
        for part in text.split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { continue }
            let key = pair[0].drop { $0 == " " }.lowercased()
            values[key] = String(pair[1])
        }
        if values["usedevelopmentstorage"]?.lowercased() == "true" {
            // Published by Microsoft for every developer's own machine; a secret of nobody.
            values["accountname"] = "devstoreaccount1"
            values["accountkey"] =
                "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
            values["blobendpoint"] = values["blobendpoint"] ?? "http://127.0.0.1:10000/devstoreaccount1"
        }
        endpoint = values["blobendpoint"].flatMap(AzureEndpoint.init)
        account = values["accountname"] ?? endpoint.map(Self.account(of:))
        if endpoint == nil, let account, let suffix = values["endpointsuffix"] {
            endpoint = AzureEndpoint(
                isTLS: values["defaultendpointsprotocol"]?.lowercased() != "http",
                authority: "\(account).blob.\(suffix)")
        }
        if let key = values["accountkey"], let account {
            credential = Credential(Secret(key), account: account)
        } else if let sas = values["sharedaccesssignature"] {
            credential =
                Credential(sas: sas) ?? .unusable("SharedAccessSignature in \(name) holds no signature ('sig=')")
        } else {
            credential = .unusable("\(name) has neither AccountName with AccountKey nor SharedAccessSignature")
        }
    }

    private static func account(of endpoint: AzureEndpoint) -> String {
        endpoint.path.isEmpty ? AzureEndpoint.account(ofHost: endpoint.host) : String(endpoint.path.dropFirst())
    }
}
