internal import Configuration
internal import Glibc
internal import Planning
internal import Platform

/// The places of AWS's own chain, in boto3's order ("Credentials", boto3 guide).
struct CredentialSources: Sendable {
    typealias Found = AWSCredentialChain.Found

    let environment: [String: String]
    /// Where `~/.aws` is.
    let home: String?
    let network: Network

    /// - Parameters:
    ///   - profile: of the shared files; `nil`: `default`.
    ///   - isExplicit: the configuration names the profile: keys of the environment do not come first.
    func chain(profile: String?, isExplicit: Bool) -> AWSCredentialChain {
        AWSCredentialChain(title: profile.map { "the profile '\($0)'" } ?? "the AWS credentials chain") {
            () throws(Refusal) in
            // The files are read anew each time: other tools renew what is in them.
            let profiles = AWSProfiles(environment: environment, home: home)
            return try find(profile ?? "default", in: profiles, isNamed: profile != nil, isExplicit: isExplicit)
        }
    }

    /// The region that a profile names.
    func region(profile: String?) -> String? {
        AWSProfiles(environment: environment, home: home)[profile ?? "default"]?["region"]
    }

    private func find(
        _ name: String, in profiles: AWSProfiles, isNamed: Bool, isExplicit: Bool
    ) throws(Refusal) -> Found {
        var lookedIn: [String] = []
        if !isExplicit {
            if let found = environmentKeys() { return found }
            lookedIn.append("AWS_ACCESS_KEY_ID")
        }
        if let profile = profiles[name] {
            if let found = try role(of: profile, in: profiles, seen: []) { return found }
        } else if isNamed {
            throw Refusal(
                .configuration, "there is no profile '\(name)'",
                advice: "looked in \(profiles.files.joined(separator: " and "))")
        }
        if !isExplicit, let found = try environmentWebIdentity(region: profiles[name]?["region"]) { return found }
        if let profile = profiles[name], let found = try keys(of: profile) { return found }
        lookedIn += profiles.files.map { "\($0) (profile '\(name)')" }
        if let found = try containerCredentials() { return found }
        lookedIn.append("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        switch try instanceCredentials() {
        case .found(let found): return found
        case .none(let why): lookedIn.append("the EC2 metadata service (\(why))")
        }
        return Found(name: "no credentials", lookedIn: lookedIn)
    }

    // MARK: Environment and files

    func environmentKeys() -> Found? {
        guard let key = variable("AWS_ACCESS_KEY_ID"), let secret = variable("AWS_SECRET_ACCESS_KEY") else {
            return nil
        }
        let token = variable("AWS_SESSION_TOKEN").map { Secret($0) }
        return Found(
            credentials: AWSCredentials(accessKey: key, secretKey: Secret(secret), token: token),
            name: "AWS_ACCESS_KEY_ID")
    }

    /// Keys that stand in the files, or that a program of theirs prints.
    func keys(of profile: AWSProfiles.Profile) throws(Refusal) -> Found? {
        if let key = profile["aws_access_key_id"] {
            guard let secret = profile["aws_secret_access_key"] else {
                throw Refusal(
                    .configuration, "the profile '\(profile.name)' has aws_access_key_id and no aws_secret_access_key",
                    cause: profile.file)
            }
            let token = profile["aws_session_token"].map { Secret($0) }
            return Found(
                credentials: AWSCredentials(accessKey: key, secretKey: Secret(secret), token: token),
                name: "the profile '\(profile.name)' (\(profile.file))")
        }
        if let command = profile["credential_process"] { return try printed(by: command, profile) }
        if profile["sso_session"] ?? profile["sso_start_url"] != nil {
            throw Refusal(
                .configuration,
                "the profile '\(profile.name)' signs on through IAM Identity Center, which is not read here",
                advice:
                    "add credential_process = aws configure export-credentials --profile \(profile.name) to a profile of its own"
            )
        }
        return nil
    }

    private func printed(by command: String, _ profile: AWSProfiles.Profile) throws(Refusal) -> Found {
        let name = "credential_process of the profile '\(profile.name)' (\(profile.file))"
        let run: ProcessRun
        do throws(ProcessRun.Failure) { run = try ProcessRun(shell: command, environment: environment) } catch {
            throw Refusal(.permission, "\(name) \(error)")
        }
        guard run.status == 0 else {
            // Its words are for people; what it prints for us may be secret.
            let words = DisplayText.harmless(
                String(decoding: run.errors.prefix(500), as: UTF8.self), keepingLines: false)
            throw Refusal(
                .permission, "\(name) ended with status \(run.status)", cause: words.isEmpty ? nil : words)
        }
        let answer = try? run.output.withUnsafeBytes { try JSON(parsing: $0) }
        guard let answer, answer["Version"]?.integer == 1 else {
            throw Refusal(.permission, "\(name) printed no credentials of version 1")
        }
        return try found(answer, tokenName: "SessionToken", name: name)
    }

    // MARK: Parts

    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Credentials as JSON, in the spelling that programs, containers and instances share.
    func found(_ answer: JSON, tokenName: String, name: String) throws(Refusal) -> Found {
        guard let key = answer["AccessKeyId"]?.string, let secret = answer["SecretAccessKey"]?.string, !key.isEmpty
        else { throw Refusal(.permission, "\(name) gave no AccessKeyId and SecretAccessKey") }
        let credentials = AWSCredentials(
            accessKey: key, secretKey: Secret(secret), token: answer[tokenName]?.string.map { Secret($0) })
        return Found(credentials: credentials, name: name, end: Self.end(answer["Expiration"]?.string))
    }

    /// When a time of the calendar comes, by the clock that does not jump.
    static func end(_ text: String?) -> MonotonicTime? {
        guard let text, let time = CivilTime(iso: text) else { return nil }
        return MonotonicTime.now().adding(seconds: Double(time.seconds - Int64(Glibc.time(nil))))
    }

    /// Sends a request to whoever gives credentials.
    func ask(_ request: HTTPRequest, _ name: String) throws(Refusal) -> HTTPAnswer {
        do throws(HTTPFailure) { return try network.exchange(request) } catch {
            throw Refusal(.transient, "\(name) cannot be reached", cause: "\(error)")
        }
    }
}
