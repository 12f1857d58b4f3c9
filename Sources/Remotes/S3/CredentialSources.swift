internal import Configuration
internal import Planning
internal import Platform

/// The places of AWS's own chain, in its order.
struct CredentialSources: Sendable {
    let environment: [String: String]
    /// Where `~/.aws` is.
    let home: String?
    let network: Network

    /// - Parameters:
    ///   - profile: of the shared files; `nil`: `default`.
    ///   - isExplicit: the configuration names the profile: keys of the environment do not come first.
    func chain(profile: String?, isExplicit: Bool) -> AWSCredentialChain {
        AWSCredentialChain(title: "the AWS credentials chain") { () throws(Refusal) in
            try find(profile: profile, isExplicit: isExplicit)
        }
    }

    func region(profile: String?) -> String? { nil }

    private func find(profile: String?, isExplicit: Bool) throws(Refusal) -> AWSCredentialChain.Found {
        if !isExplicit, let key = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"],
            !key.isEmpty, !secret.isEmpty
        {
            let token = environment["AWS_SESSION_TOKEN"].map { Secret($0) }
            return AWSCredentialChain.Found(
                credentials: AWSCredentials(accessKey: key, secretKey: Secret(secret), token: token),
                name: "AWS_ACCESS_KEY_ID")
        }
        return AWSCredentialChain.Found(name: "no credentials", lookedIn: ["AWS_ACCESS_KEY_ID"])
    }
}
