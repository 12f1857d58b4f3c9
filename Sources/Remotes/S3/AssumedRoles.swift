internal import Configuration
internal import Glibc
internal import Planning
internal import Platform

/// Roles: temporary credentials that AWS's Security Token Service gives for others (AWS STS API Reference).
extension CredentialSources {
    /// The role that a profile names, with the credentials of its `source_profile` or `credential_source`.
    /// - Parameter seen: profiles that led here.
    func role(of profile: AWSProfiles.Profile, in profiles: AWSProfiles, seen: [String]) throws(Refusal) -> Found? {
        guard let role = profile["role_arn"] else { return nil }
        let name = "the role of the profile '\(profile.name)' (\(profile.file))"
        if let file = profile["web_identity_token_file"] {
            return try withWebIdentity(
                role: role, tokenFile: file, session: profile["role_session_name"], region: profile["region"],
                name: name)
        }
        guard profile["mfa_serial"] == nil else {
            throw Refusal(
                .configuration, "\(name) asks for a code of a device (mfa_serial), which cannot be asked for here",
                advice: "put temporary credentials into the environment")
        }
        let source: Found
        if let other = profile["source_profile"] {
            source = try self.source(other, of: profile, in: profiles, seen: seen, name: name)
        } else if let place = profile["credential_source"] {
            source = try self.source(place, name: name)
        } else {
            throw Refusal(.configuration, "\(name) has neither source_profile nor credential_source")
        }
        guard let credentials = source.credentials else { throw Refusal(.permission, "\(name): no credentials for it") }
        var form = [
            ("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", profile["role_session_name"] ?? Self.sessionName),
        ]
        if let id = profile["external_id"] { form.append(("ExternalId", id)) }
        if let seconds = profile["duration_seconds"] { form.append(("DurationSeconds", seconds)) }
        return try assume(form, with: credentials, region: profile["region"], name: name)
    }

    private func source(
        _ other: String, of profile: AWSProfiles.Profile, in profiles: AWSProfiles, seen: [String], name: String
    ) throws(Refusal) -> Found {
        guard let source = profiles[other] else {
            throw Refusal(.configuration, "\(name): there is no profile '\(other)' (source_profile)")
        }
        // A profile may be its own source: then its keys are meant.
        if other != profile.name {
            guard !seen.contains(other) else {
                throw Refusal(.configuration, "\(name): its source profiles lead back to '\(other)'")
            }
            if let found = try role(of: source, in: profiles, seen: seen + [profile.name]) { return found }
        }
        guard let found = try keys(of: source) else {
            throw Refusal(.configuration, "\(name): the profile '\(other)' has no credentials")
        }
        return found
    }

    private func source(_ place: String, name: String) throws(Refusal) -> Found {
        switch place.lowercased() {
        case "environment": if let found = environmentKeys() { return found }
        case "ecscontainer": if let found = try containerCredentials() { return found }
        case "ec2instancemetadata": if case .found(let found) = try instanceCredentials() { return found }
        default: throw Refusal(.configuration, "\(name): credential_source '\(place)' is not known")
        }
        throw Refusal(.permission, "\(name): credential_source '\(place)' gives no credentials")
    }

    /// AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN: a service account in Kubernetes.
    func environmentWebIdentity(region: String?) throws(Refusal) -> Found? {
        guard let file = variable("AWS_WEB_IDENTITY_TOKEN_FILE"), let role = variable("AWS_ROLE_ARN") else {
            return nil
        }
        return try withWebIdentity(
            role: role, tokenFile: file, session: variable("AWS_ROLE_SESSION_NAME"), region: region,
            name: "AWS_WEB_IDENTITY_TOKEN_FILE")
    }

    /// The token's file is read anew each time: it is replaced while a run lasts.
    private func withWebIdentity(
        role: String, tokenFile: String, session: String?, region: String?, name: String
    ) throws(Refusal) -> Found {
        let path = tokenFile.hasPrefix("~/") ? (home ?? "") + tokenFile.dropFirst() : tokenFile
        var token: String
        do throws(SystemError) { token = String(decoding: try File(path).readAll(limit: 1 << 20), as: UTF8.self) } catch
        {
            throw Refusal(.configuration, "\(name): the token's file cannot be read", cause: "\(error)")
        }
        while token.last?.isWhitespace == true { token.removeLast() }
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", session ?? Self.sessionName), ("WebIdentityToken", token),
        ]
        return try assume(form, with: nil, region: region, name: name)
    }

    private static let sessionName = "clearml-sync"

    // MARK: The request

    /// - Parameter credentials: `nil` where the token in the form is the proof.
    private func assume(
        _ form: [(String, String)], with credentials: AWSCredentials?, region: String?, name: String
    ) throws(Refusal) -> Found {
        let region = region ?? variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION")
        let body = form.map { "\(URIEncoding.parameter($0))=\(URIEncoding.parameter($1))" }.joined(separator: "&")
        var request = HTTPRequest(
            .post, try tokenService(region), headers: [HTTPField("Content-Type", "application/x-www-form-urlencoded")],
            body: HTTPBody(body), followsRedirects: false, connectTimeout: .seconds(10), stallTimeout: .seconds(20))
        if let credentials {
            var key: SigV4.SigningKey?
            SigV4(credentials, region: region ?? "us-east-1", service: "sts").sign(
                &request, payload: Hex.encode(HashFunction.sha256.hash(Array(body.utf8))), sendsPayload: false,
                at: Int64(time(nil)), key: &key)
        }
        let answer = try ask(request, "the token service (\(name))")
        guard answer.head.status == 200 else {
            let error = S3Error(answer.body)
            let isBusy = answer.head.status >= 500 || answer.head.status == 429
            throw Refusal(
                isBusy ? .transient : .permission, "\(name) is not given",
                cause: "\(request.url) answered \(answer.head.status)"
                    + (error.map { " \($0.code)" + ($0.message.map { ": " + $0 } ?? "") } ?? ""),
                retryAfter: answer.head.retryAfter)
        }
        do throws(XMLError) { return try Self.assumed(answer.body, name) } catch {
            throw Refusal(.malformed, "the token service's answer cannot be read", cause: "\(error)")
        }
    }

    private func tokenService(_ region: String?) throws(Refusal) -> String {
        for name in ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"] {
            guard let text = variable(name) else { continue }
            guard case .server(let base) = S3Endpoint(override: text) else {
                throw Refusal(.configuration, "\(name) is not an http or https URL")
            }
            return base + "/"
        }
        guard let region, S3Endpoint.isRegion(region) else { return "https://sts.amazonaws.com/" }
        return "https://sts.\(region).\(S3Endpoint.domain(of: region))/"
    }

    /// `AssumeRoleResponse/AssumeRoleResult/Credentials`, and the same with web identity.
    private static func assumed(_ body: [UInt8], _ name: String) throws(XMLError) -> Found {
        var texts: [String: String] = [:]
        var reader = try XMLReader(body)
        _ = try reader.root()
        try reader.children { reader, name throws(XMLError) in
            guard name.hasSuffix("Result") else { return }
            try reader.children { reader, name throws(XMLError) in
                guard name == "Credentials" else { return }
                try reader.children { reader, name throws(XMLError) in texts[name] = try reader.text() }
            }
        }
        guard let key = texts["AccessKeyId"], let secret = texts["SecretAccessKey"], let token = texts["SessionToken"]
        else { throw XMLError("no credentials", at: body.count) }
        return Found(
            credentials: AWSCredentials(accessKey: key, secretKey: Secret(secret), token: Secret(token)), name: name,
            end: end(texts["Expiration"]))
    }
}
