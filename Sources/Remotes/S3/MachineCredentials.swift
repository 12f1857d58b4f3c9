internal import Configuration
internal import Planning
internal import Platform

/// Credentials that the machine itself has: a container's (ECS, EKS Pod Identity) and an EC2 instance's.
extension CredentialSources {
    /// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI ("Container credential provider", AWS SDKs and Tools Reference).
    func containerCredentials() throws(Refusal) -> Found? {
        let url: String
        let name: String
        if let path = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            (url, name) = ("http://169.254.170.2\(path)", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        } else if let full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            (url, name) = (full, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
            guard Self.mayHoldCredentials(url) else {
                throw Refusal(
                    .configuration, "\(name) is neither https nor an address of this machine or its container service",
                    cause: URLRedaction.redact(url))
            }
        } else {
            return nil
        }
        var fields: [HTTPField] = []
        if let token = try containerToken() { fields.append(HTTPField("Authorization", token, isSecret: true)) }
        let answer = try ask(
            HTTPRequest(
                .get, url, headers: fields, followsRedirects: false, connectTimeout: .seconds(2),
                stallTimeout: .seconds(5)), name)
        guard answer.head.status == 200, let json = try? answer.body.withUnsafeBytes({ try JSON(parsing: $0) }) else {
            throw Refusal(
                .permission, "\(name) gives no credentials",
                cause: "\(URLRedaction.redact(url)) answered \(answer.head.status)")
        }
        return try found(json, tokenName: "Token", name: name)
    }

    private func containerToken() throws(Refusal) -> String? {
        guard let path = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
            return variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        }
        do throws(SystemError) {
            let text = String(decoding: try File(path).readAll(limit: 1 << 20), as: UTF8.self)
            return text.last?.isNewline == true ? String(text.dropLast()) : text
        } catch {
            throw Refusal(.configuration, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read", cause: "\(error)")
        }
    }

    /// A token goes over http only to this machine and to the addresses of ECS and EKS.
    private static func mayHoldCredentials(_ url: String) -> Bool {
        let lowered = url.lowercased()
        if lowered.hasPrefix("https://") { return true }
        guard lowered.hasPrefix("http://") else { return false }
        let host = String(Substring(URLParts(lowered).host))
        let bare =
            host.hasPrefix("[") ? String(host.prefix { $0 != "]" }.dropFirst()) : String(host.prefix { $0 != ":" })
        return ["localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(bare)
            || bare.hasPrefix("127.") && bare.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    }

    // MARK: EC2

    enum Instance {
        case found(Found)
        case none(String)
    }

    /// The instance's role by IMDSv2 ("Retrieve instance metadata", Amazon EC2 User Guide): a token first, then the role.
    func instanceCredentials() throws(Refusal) -> Instance {
        if variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" { return .none("AWS_EC2_METADATA_DISABLED") }
        let isIPv6 = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.lowercased() == "ipv6"
        var base =
            variable("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            ?? (isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254")
        while base.hasSuffix("/") { base.removeLast() }
        let seconds = variable("AWS_METADATA_SERVICE_TIMEOUT").flatMap { Double($0) } ?? 1
        func ask(_ method: HTTPRequest.Method, _ path: String, _ field: HTTPField) -> HTTPAnswer? {
            let timeout = Duration.milliseconds(Int(min(max(0.1, seconds), 60) * 1000))
            let request = HTTPRequest(
                method, base + path, headers: [field], followsRedirects: false, connectTimeout: timeout,
                stallTimeout: max(timeout, .seconds(2)))
            for _
                in 0..<(variable("AWS_METADATA_SERVICE_NUM_ATTEMPTS").flatMap { Int($0) }.map { min(max(1, $0), 10) }
                ?? 1)
            {
                if let answer = try? network.exchange(request), answer.head.status < 500 { return answer }
            }
            return nil
        }
        let lifetime = HTTPField("X-aws-ec2-metadata-token-ttl-seconds", "21600")
        guard let first = ask(.put, "/latest/api/token", lifetime) else { return .none("no answer") }
        guard first.head.status == 200 else { return .none("it gives no token: status \(first.head.status)") }
        let token = HTTPField(
            "X-aws-ec2-metadata-token", String(decoding: first.body, as: UTF8.self), isSecret: true)
        let folder = "/latest/meta-data/iam/security-credentials/"
        guard let roles = ask(.get, folder, token), roles.head.status == 200,
            let role = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isNewline).first
        else { return .none("the instance has no role") }
        let name = "the EC2 instance's role '\(role)'"
        guard let answer = ask(.get, folder + URIEncoding.parameter(String(role)), token), answer.head.status == 200,
            let json = try? answer.body.withUnsafeBytes({ try JSON(parsing: $0) })
        else { throw Refusal(.transient, "\(name) gives no credentials") }
        if let code = json["Code"]?.string, code != "Success" {
            throw Refusal(.permission, "\(name) gives no credentials", cause: code)
        }
        return .found(try found(json, tokenName: "Token", name: name))
    }
}
