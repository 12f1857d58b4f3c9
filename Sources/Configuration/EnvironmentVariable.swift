/// Every environment variable that the configuration reads. Each flag has one more: `EnvironmentVariable(flag:)`.
public struct EnvironmentVariable: Sendable, Hashable {
    public var name: String
    /// What it holds, for the reference.
    public var meaning: String

    private init(_ name: String, _ meaning: String) {
        self.name = name
        self.meaning = meaning
    }

    /// `--cache-dir` is `CLEARML_SYNC_CACHE_DIR`.
    public init(flag: String) {
        let upper = flag.split(separator: "-").map { $0.uppercased() }.joined(separator: "_")
        self.init("CLEARML_SYNC_" + upper, "The same as --\(flag).")
    }

    // MARK: ClearML's own

    public static let configFile = EnvironmentVariable(
        "CLEARML_CONFIG_FILE", "The configuration file to read instead of ~/clearml.conf.")
    public static let formerConfigFile = EnvironmentVariable(
        "TRAINS_CONFIG_FILE", "The former name of CLEARML_CONFIG_FILE.")
    public static let cacheDir = EnvironmentVariable(
        "CLEARML_CACHE_DIR", "ClearML's cache folder; ours is clearml-sync/ in it.")
    public static let formerCacheDir = EnvironmentVariable("TRAINS_CACHE_DIR", "The former name of CLEARML_CACHE_DIR.")
    public static let apiHost = EnvironmentVariable("CLEARML_API_HOST", "The URL of ClearML's API server.")
    public static let formerAPIHost = EnvironmentVariable("TRAINS_API_HOST", "The former name of CLEARML_API_HOST.")
    public static let filesHost = EnvironmentVariable("CLEARML_FILES_HOST", "The URL of ClearML's file server.")
    public static let formerFilesHost = EnvironmentVariable(
        "TRAINS_FILES_HOST", "The former name of CLEARML_FILES_HOST.")
    public static let accessKey = EnvironmentVariable("CLEARML_API_ACCESS_KEY", "The access key for ClearML's servers.")
    public static let formerAccessKey = EnvironmentVariable(
        "TRAINS_API_ACCESS_KEY", "The former name of CLEARML_API_ACCESS_KEY.")
    public static let secretKey = EnvironmentVariable("CLEARML_API_SECRET_KEY", "The secret key for ClearML's servers.")
    public static let formerSecretKey = EnvironmentVariable(
        "TRAINS_API_SECRET_KEY", "The former name of CLEARML_API_SECRET_KEY.")
    public static let verifyCertificate = EnvironmentVariable(
        "CLEARML_API_HOST_VERIFY_CERT", "Whether the certificate of ClearML's servers is checked.")
    public static let formerVerifyCertificate = EnvironmentVariable(
        "TRAINS_API_HOST_VERIFY_CERT", "The former name of CLEARML_API_HOST_VERIFY_CERT.")

    // MARK: The stores' own: used where clearml.conf says nothing, as ClearML does

    public static let awsAccessKeyID = EnvironmentVariable("AWS_ACCESS_KEY_ID", "The default S3 access key.")
    public static let awsSecretAccessKey = EnvironmentVariable("AWS_SECRET_ACCESS_KEY", "The default S3 secret key.")
    public static let awsSessionToken = EnvironmentVariable("AWS_SESSION_TOKEN", "The default S3 session token.")
    public static let awsDefaultRegion = EnvironmentVariable("AWS_DEFAULT_REGION", "The default S3 region.")
    public static let awsProfile = EnvironmentVariable("AWS_PROFILE", "The default profile of ~/.aws.")
    public static let googleCredentials = EnvironmentVariable(
        "GOOGLE_APPLICATION_CREDENTIALS", "The default credentials file for Google Cloud Storage.")
    public static let azureAccount = EnvironmentVariable(
        "AZURE_STORAGE_ACCOUNT", "An Azure account for every container.")
    public static let azureKey = EnvironmentVariable("AZURE_STORAGE_KEY", "The key of AZURE_STORAGE_ACCOUNT.")
    public static let azureConnectionString = EnvironmentVariable(
        "AZURE_STORAGE_CONNECTION_STRING", "An Azure account with its key or SAS token, and where it is.")
    public static let azureSASToken = EnvironmentVariable(
        "AZURE_STORAGE_SAS_TOKEN", "A shared access signature for AZURE_STORAGE_ACCOUNT.")
    public static let azureTenant = EnvironmentVariable("AZURE_TENANT_ID", "The tenant of AZURE_CLIENT_ID.")
    public static let azureClient = EnvironmentVariable(
        "AZURE_CLIENT_ID", "An application of Microsoft Entra, or a managed identity of one's own.")
    public static let azureClientSecret = EnvironmentVariable("AZURE_CLIENT_SECRET", "The secret of AZURE_CLIENT_ID.")
    public static let azureFederatedTokenFile = EnvironmentVariable(
        "AZURE_FEDERATED_TOKEN_FILE", "The token that a workload identity (Kubernetes) proves itself with.")
    public static let azureAuthorityHost = EnvironmentVariable(
        "AZURE_AUTHORITY_HOST", "Where Entra's tokens come from: https://login.microsoftonline.com by default.")
    public static let azureIdentityEndpoint = EnvironmentVariable(
        "IDENTITY_ENDPOINT", "Where App Service and Container Apps give the tokens of a managed identity.")
    public static let azureIdentityHeader = EnvironmentVariable(
        "IDENTITY_HEADER", "What IDENTITY_ENDPOINT wants to be shown.")
    public static let azurePodIdentityHost = EnvironmentVariable(
        "AZURE_POD_IDENTITY_AUTHORITY_HOST", "Where a machine's metadata service is, if not at 169.254.169.254.")

    // MARK: The system's

    public static let home = EnvironmentVariable("HOME", "The folder that ~ stands for.")
}
