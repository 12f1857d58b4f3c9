/// How a server's certificate is checked.
public enum CertificateCheck: Sendable, Hashable {
    /// Against the system's authorities.
    case system
    /// Against the authorities in this file.
    case bundle(path: String)
    case off
}

/// `sdk.aws`: S3 and what speaks its protocol.
public struct S3Settings: Sendable {
    /// Used where no entry matches, on AWS only.
    public var key: Setting<String?>
    public var secret: Setting<Secret?>
    public var token: Setting<Secret?>
    public var region: Setting<String?>
    public var profile: Setting<String?>
    public var useCredentialsChain: Setting<Bool>
    public var verify: Setting<CertificateCheck>
    public var secure: Setting<Bool>
    /// Further arguments for uploads, each value as JSON text.
    public var extraArguments: [String: String]
    public var credentials: [S3Credentials]

    // `sdk.aws.boto3`
    /// Bytes from which an object is transferred in parts.
    public var multipartThreshold: Setting<Int64>
    /// Bytes of a part.
    public var multipartChunkSize: Setting<Int64>
    public var maxMultipartConcurrency: Setting<Int>
    public var poolConnections: Setting<Int>
}

/// One of `sdk.aws.s3.credentials`. A value that is `nil` is not set there.
public struct S3Credentials: Sendable, Hashable {
    /// At least one of `bucket` and `host` is set.
    public var bucket: String?
    /// Host of a server other than AWS, with its port where it has one.
    public var host: String?
    /// Without slashes at its ends.
    public var subdir: String?
    public var key: String?
    public var secret: Secret?
    public var token: Secret?
    public var region: String?
    public var profile: String?
    public var useCredentialsChain: Bool?
    public var multipart: Bool?
    public var secure: Bool?
    public var verify: CertificateCheck?
    /// Each value as JSON text.
    public var extraArguments: [String: String] = [:]
    /// From 0: the entry is `sdk.aws.s3.credentials[index]`.
    public var index: Int
    public var origin: Origin

    public var name: String { "sdk.aws.s3.credentials[\(index)]" }

    public init(
        bucket: String? = nil, host: String? = nil, subdir: String? = nil, index: Int, origin: Origin = .defaultValue
    ) {
        self.bucket = bucket
        self.host = host
        self.subdir = subdir
        self.index = index
        self.origin = origin
    }
}

/// `sdk.google.storage`
public struct GoogleSettings: Sendable {
    public var project: Setting<String?>
    /// Path of a credentials file, or its JSON text.
    public var credentialsJSON: Setting<Secret?>
    public var credentials: [GoogleCredentials]
}

/// One of `sdk.google.storage.credentials`.
public struct GoogleCredentials: Sendable, Hashable {
    public var bucket: String
    public var subdir: String?
    public var project: String?
    public var credentialsJSON: Secret?
    public var index: Int
    public var origin: Origin

    public var name: String { "sdk.google.storage.credentials[\(index)]" }
}

/// `sdk.azure.storage`
public struct AzureSettings: Sendable {
    public var maxConnections: Setting<Int?>
    /// The last one may come from the environment: it is for every container of its account.
    public var containers: [AzureContainer]
}

/// One of `sdk.azure.storage.containers`.
public struct AzureContainer: Sendable, Hashable {
    public var accountName: String
    public var accountKey: Secret?
    /// `nil` for every container of the account.
    public var containerName: String?
    /// The service's URL where it is not `https://<account>.blob.core.windows.net`.
    public var endpoint: String?
    /// `nil` when it comes from the environment.
    public var index: Int?
    public var origin: Origin

    public var name: String {
        index.map { "sdk.azure.storage.containers[\($0)]" } ?? EnvironmentVariable.azureAccount.name
    }
}

/// `api`: ClearML's own file server.
public struct FileServerSettings: Sendable {
    public var url: Setting<String?>
    /// Where a token for the file server is had.
    public var apiServer: Setting<String?>
    public var accessKey: Setting<String?>
    public var secretKey: Setting<Secret?>
    public var verify: Setting<CertificateCheck>
}
