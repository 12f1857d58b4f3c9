internal import Configuration
internal import Glibc
internal import Planning
public import Platform

extension S3Store {
    public func refusal(_ head: HTTPHead, body: [UInt8], to request: HTTPRequest) -> Refusal {
        let error = error(head, body)
        if let region = head["x-amz-bucket-region"] ?? error.region, Self.meansOtherRegion(head.status, error.code) {
            if learn(region: region, from: request) {
                return Refusal(
                    .again, "the bucket '\(bucket)' is in the region \(region)", cause: cause(head, error, request.url))
            }
        }
        // An answer to HEAD has no body: it may be about the token.
        if Self.expired.contains(error.code) || head.status == 400 && error.code.isEmpty && request.method == .head {
            let token = request.headers.first { $0.name == "x-amz-security-token" }?.value
            if access.renew(after: token) {
                return Refusal(.again, "the credentials have expired", cause: cause(head, error, request.url))
            }
        }
        if head.status == 400, request.url.hasPrefix("http://"), Self.speaksOfTLS(body) {
            return Refusal(
                .configuration, "the server wants https, and was asked over http",
                cause: cause(head, error, request.url),
                advice: "set secure: true\(inEntry)")
        }
        return refusal(error, head, url: request.url)
    }

    public func advice(on failure: HTTPFailure) -> String? {
        switch failure.kind {
        case .tls(.unknownAuthority):
            return "name the file with the authority's certificate as 'verify' in \(entryName ?? "sdk.aws.s3")"
        case .tls(.badCertificateFile): return "check the file that 'verify' names in \(entryName ?? "sdk.aws.s3")"
        case .tls(.handshake) where endpoint != .aws, .tls(.other) where endpoint != .aws:
            return "if the server speaks http, set secure: false\(inEntry)"
        case .protocolViolation where !failure.effectiveURL.hasPrefix("https://"):
            return "if the server speaks https, set secure: true\(inEntry)"
        default: return nil
        }
    }

    /// What the server says; MinIO says it in a field where an answer has no body.
    private func error(_ head: HTTPHead, _ body: [UInt8]) -> S3Error {
        S3Error(body) ?? head["x-minio-error-code"].map { S3Error(code: $0) } ?? S3Error(status: head.status)
    }

    /// - Parameter url: that was asked for.
    func refusal(_ error: S3Error, _ head: HTTPHead, url: String) -> Refusal {
        let cause = cause(head, error, url)
        func refuse(_ kind: Refusal.Kind, _ message: String, _ advice: String? = nil) -> Refusal {
            Refusal(kind, message, cause: cause, advice: advice, retryAfter: head.retryAfter)
        }
        let isList = url.contains("list-type=2")
        switch error.code {
        case "NoSuchBucket": return refuse(.notFound, "the bucket '\(bucket)' does not exist")
        case "NoSuchKey": return refuse(.notFound, "there is no such object in the bucket '\(bucket)'")
        case "NoSuchVersion":
            return refuse(.notFound, "there is no such version of the object in the bucket '\(bucket)'")
        case "InvalidArgument" where url.contains("versionId="):
            return refuse(.notFound, "there is no such version: the server does not take its id")
        case "NoSuchUpload": return refuse(.notFound, "the upload in parts is not known any more", "start it again")
        case "MethodNotAllowed" where url.contains("versionId="):
            return refuse(.notFound, "this version of the object is a mark of its deletion")
        case "InvalidAccessKeyId":
            return refuse(.permission, "the access key of \(accessName) is not known to the server", access.advice)
        case "SignatureDoesNotMatch":
            return refuse(.permission, "the secret key of \(accessName) does not fit its access key", access.advice)
        case "InvalidToken", "InvalidClientTokenId":
            return refuse(.permission, "the session token of \(accessName) is not valid", access.advice)
        case _ where Self.expired.contains(error.code):
            return refuse(.permission, "the session token of \(accessName) has expired", access.advice)
        case "RequestTimeTooSkewed", "RequestExpired":
            return refuse(.permission, "this machine's clock is \(Self.skew(head)) the server's", "set the clock")
        case "AccessDenied", "AllAccessDisabled", "Forbidden", "AccountProblem", "NotSignedUp", "InvalidSecurity":
            return denied(refuse, isList: isList)
        case "InvalidObjectState":
            let name = error.storageClass ?? head["x-amz-storage-class"] ?? "an archive class"
            return refuse(
                .unsupported, "the object is archived (\(name)) and cannot be read", "restore it first, then run again")
        case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "Redirect":
            return refuse(
                .configuration, "the bucket '\(bucket)' is not in the region \(region)",
                "state its region\(inEntry.isEmpty ? " in sdk.aws.s3.credentials" : inEntry)")
        case "PreconditionFailed", "ConditionalRequestConflict":
            return refuse(.changed, "the object has changed meanwhile")
        case "InvalidRange": return refuse(.range, "the object has no bytes in this range")
        case "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody":
            return refuse(.integrity, "the bytes did not arrive as they were sent")
        case "SlowDown", "ServiceUnavailable", "Busy", "InternalError", "RequestTimeout", "OperationAborted",
            "TooManyRequests", "RequestThrottled", "Throttling", "ThrottlingException", "RequestLimitExceeded":
            return refuse(.transient, "the server is busy or failed")
        case "NotImplemented", "XNotImplemented":
            return refuse(.unsupported, "the server does not offer this")
        case "EntityTooLarge", "EntityTooSmall", "InvalidPart", "InvalidPartOrder":
            return refuse(
                .unsupported, "the server does not take an upload in these parts",
                "see sdk.aws.boto3.multipart_chunksize")
        default: return byStatus(head.status, error, refuse)
        }
    }

    private func byStatus(
        _ status: Int, _ error: S3Error, _ refuse: (Refusal.Kind, String, String?) -> Refusal
    ) -> Refusal {
        switch status {
        case 404: refuse(.notFound, "there is no such object, or no bucket '\(bucket)'", nil)
        case 401, 403: denied(refuse, isList: false)
        case 408, 429, 500...: refuse(.transient, "the server is busy or failed", nil)
        case 200..<300: refuse(.malformed, "the answer is not what was asked for", nil)
        case 300..<400: refuse(.configuration, "the server sends the request elsewhere, where it is not followed", nil)
        default: refuse(.unsupported, "the server refuses the request\(error.message.map { ": \($0)" } ?? "")", nil)
        }
    }

    private func denied(_ refuse: (Refusal.Kind, String, String?) -> Refusal, isList: Bool) -> Refusal {
        let what = isList ? "listing the bucket '\(bucket)'" : "access to the object in the bucket '\(bucket)'"
        if access.lookedIn != nil {
            return refuse(.permission, "\(what) is not public, and there are no credentials for it", access.advice)
        }
        let advice =
            isList
            ? "\(accessName) needs s3:ListBucket; an object that is named whole can be read without it"
            : "\(accessName) needs s3:GetObject or s3:PutObject; an object that does not exist is denied, too, to those who may not list"
        return refuse(.permission, "\(what) is denied to \(accessName)", advice)
    }

    // MARK: Parts of it

    private static let expired: Set<String> = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]

    private static func meansOtherRegion(_ status: Int, _ code: String) -> Bool {
        switch code {
        case "PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException", "IncorrectEndpoint":
            true
        // HEAD has no body; AWS answers one for another region so.
        default: [301, 307, 308].contains(status) || status == 400 && code.isEmpty
        }
    }

    /// What nginx, Go and MinIO say on a TLS port that is spoken to without TLS.
    private static func speaksOfTLS(_ body: [UInt8]) -> Bool {
        let text = String(decoding: body.prefix(1024), as: UTF8.self).lowercased()
        return text.contains("http request") && text.contains("https")
    }

    /// `312 s ahead of`, by the answer's Date field.
    private static func skew(_ head: HTTPHead) -> String {
        guard let server = head.date else { return "not that of" }
        let difference = Int64(time(nil)) - server
        return "\(abs(difference)) s \(difference < 0 ? "behind" : "ahead of")"
    }

    private var inEntry: String { entryName.map { " in \($0)" } ?? "" }

    /// The URL, the status and the store's own words, none of which is a secret: it never repeats a secret key.
    private func cause(_ head: HTTPHead, _ error: S3Error, _ url: String) -> String {
        let words = [error.code.isEmpty ? nil : error.code, error.message].compactMap { $0 }
        return "\(URLRedaction.redact(url)) answered \(head.status)"
            + (words.isEmpty ? "" : " " + words.joined(separator: ": "))
    }
}
