internal import HOCON

extension S3Settings {
    init(_ reader: inout SettingsReader) {
        let s3 = "sdk.aws.s3."
        let boto3 = "sdk.aws.boto3."
        key = reader.setting(
            s3 + "key", SettingKind<String>.text.optional, default: nil, others: [.awsAccessKeyID])
        secret = reader.setting(
            s3 + "secret", SettingKind<Secret>.secret.optional, default: nil, others: [.awsSecretAccessKey])
        token = reader.setting(
            s3 + "token", SettingKind<Secret>.secret.optional, default: nil, others: [.awsSessionToken])
        region = reader.setting(
            s3 + "region", SettingKind<String>.text.optional, default: nil, others: [.awsDefaultRegion])
        profile = reader.setting(
            s3 + "profile", SettingKind<String>.text.optional, default: nil, others: [.awsProfile])
        useCredentialsChain = reader.setting(s3 + "use_credentials_chain", .bool, default: false)
        verify = reader.certificateCheck(s3 + "verify")
        secure = reader.setting(s3 + "secure", .bool, default: true)
        extraArguments = reader.extraArguments(reader.value(at: s3 + "extra_args"), key: s3 + "extra_args")
        credentials = reader.entries(of: s3 + "credentials").compactMap { S3Credentials($0, &reader) }
        multipartThreshold = reader.setting(boto3 + "multipart_threshold", .bytes, default: 8 << 20)
        multipartChunkSize = reader.setting(boto3 + "multipart_chunksize", .bytes, default: 8 << 20)
        maxMultipartConcurrency = reader.setting(
            boto3 + "max_multipart_concurrency", .integer(from: 1), default: 16)
        poolConnections = reader.setting(boto3 + "pool_connections", .integer(from: 1), default: 512)
    }
}

extension S3Credentials {
    init?(_ entry: EntryReader, _ reader: inout SettingsReader) {
        self.init(
            bucket: entry.value("bucket", .text, &reader).map(reader.withoutSlashes),
            host: entry.value("host", .text, &reader),
            subdir: entry.value("subdir", .text, &reader).map(reader.withoutSlashes), index: entry.index,
            origin: entry.origin)
        key = entry.value("key", .text, &reader)
        secret = entry.value("secret", .secret, &reader)
        token = entry.value("token", .secret, &reader)
        region = entry.value("region", .text, &reader)
        profile = entry.value("profile", .text, &reader)
        useCredentialsChain = entry.value("use_credentials_chain", .bool, &reader)
        multipart = entry.value("multipart", .bool, &reader)
        secure = entry.value("secure", .bool, &reader)
        verify = entry.value("verify", .certificateCheck, &reader).flatMap {
            reader.expanded($0, key: entry.name + ".verify", origin: entry.origin)
        }
        extraArguments = reader.extraArguments(entry.object["extra_args"], key: entry.name + ".extra_args")
        if bucket == nil && host == nil {
            reader.warnings.append(
                ConfigurationWarning(
                    "the entry is skipped: it names neither a bucket nor a host", key: entry.name, origin: entry.origin)
            )
            return nil
        }
    }
}

extension GoogleSettings {
    init(_ reader: inout SettingsReader) {
        let google = "sdk.google.storage."
        project = reader.setting(google + "project", SettingKind<String>.text.optional, default: nil)
        credentialsJSON = reader.setting(
            google + "credentials_json", SettingKind<Secret>.credentialsJSON.optional, default: nil,
            others: [.googleCredentials])
        credentials = []
        for entry in reader.entries(of: google + "credentials") {
            guard let bucket = entry.value("bucket", .text, &reader) else {
                reader.warnings.append(
                    ConfigurationWarning(
                        "the entry is skipped: it names no bucket", key: entry.name, origin: entry.origin))
                continue
            }
            credentials.append(
                GoogleCredentials(
                    bucket: reader.withoutSlashes(bucket),
                    subdir: entry.value("subdir", .text, &reader).map(reader.withoutSlashes),
                    project: entry.value("project", .text, &reader),
                    credentialsJSON: entry.value("credentials_json", .credentialsJSON, &reader), index: entry.index,
                    origin: entry.origin))
        }
    }
}

extension AzureSettings {
    init(_ reader: inout SettingsReader) {
        let azure = "sdk.azure.storage."
        maxConnections = reader.setting(
            azure + "max_connections", SettingKind<Int>.integer(from: 1).optional, default: nil)
        containers = []
        for entry in reader.entries(of: azure + "containers") {
            guard let account = entry.value("account_name", .text, &reader) else {
                reader.warnings.append(
                    ConfigurationWarning(
                        "the entry is skipped: it names no account", key: entry.name, origin: entry.origin))
                continue
            }
            containers.append(
                AzureContainer(
                    accountName: account, accountKey: entry.value("account_key", .secret, &reader),
                    containerName: entry.value("container_name", .text, &reader).map(reader.withoutSlashes),
                    endpoint: entry.value("endpoint", .url, &reader), index: entry.index, origin: entry.origin))
        }
        let account = reader.environment[EnvironmentVariable.azureAccount.name] ?? ""
        let key = reader.environment[EnvironmentVariable.azureKey.name] ?? ""
        if !account.isEmpty && !key.isEmpty {
            let origin = Origin.environment(EnvironmentVariable.azureAccount.name)
            containers.append(AzureContainer(accountName: account, accountKey: Secret(key), origin: origin))
            reader.list(azure + "containers[].account_name", .text(account), origin)
            reader.list(
                azure + "containers[].account_key", .secret, .environment(EnvironmentVariable.azureKey.name))
        }
    }
}

extension FileServerSettings {
    init(_ reader: inout SettingsReader) {
        url = reader.setting(
            "api.files_server", SettingKind<String>.url.optional, default: nil,
            clearML: [.filesHost, .formerFilesHost])
        apiServer = reader.setting(
            "api.api_server", SettingKind<String>.url.optional, default: nil, clearML: [.apiHost, .formerAPIHost])
        accessKey = reader.setting(
            "api.credentials.access_key", SettingKind<String>.text.optional, default: nil,
            clearML: [.accessKey, .formerAccessKey])
        secretKey = reader.setting(
            "api.credentials.secret_key", SettingKind<Secret>.secret.optional, default: nil,
            clearML: [.secretKey, .formerSecretKey])
        verify = reader.certificateCheck(
            "api.verify_certificate", clearML: [.verifyCertificate, .formerVerifyCertificate])
    }
}

extension SettingsReader {
    mutating func certificateCheck(_ key: String, clearML: [EnvironmentVariable] = []) -> Setting<CertificateCheck> {
        var check = setting(key, .certificateCheck, default: .system, clearML: clearML)
        check.value = expanded(check.value, key: key, origin: check.origin) ?? check.value
        return check
    }

    /// The check with its path made absolute.
    mutating func expanded(_ check: CertificateCheck, key: String, origin: Origin) -> CertificateCheck? {
        guard case .bundle(let path) = check else { return check }
        do {
            return .bundle(path: try paths.absolute(path))
        } catch {
            report(ConfigurationProblem(error.description, key: key, origin: origin))
            return nil
        }
    }

    mutating func extraArguments(_ value: HOCONValue?, key: String) -> [String: String] {
        guard let value, !value.isUnset else { return [:] }
        guard let object = value.object else {
            report(
                ConfigurationProblem("expected an object, found \(value.kind)", key: key, origin: .file(value.origin)))
            return [:]
        }
        var arguments: [String: String] = [:]
        for name in object.keys {
            guard let argument = object[name] else { continue }
            arguments[name] = argument.json()
            // Some of them are keys for encryption.
            list("\(key).\(name)", .secret, .file(argument.origin))
        }
        return arguments
    }

    func withoutSlashes(_ text: String) -> String {
        text.split(separator: "/", omittingEmptySubsequences: true).joined(separator: "/")
    }
}
