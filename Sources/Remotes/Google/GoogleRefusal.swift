internal import Planning
internal import Platform

/// What an error of the JSON API says (Google: "HTTP status and error codes for JSON").
struct GoogleErrorText {
    var message: String?
    /// `forbidden`, `rateLimitExceeded`, `required`
    var reason: String?

    /// - Parameter body: `{"error": {"message": …, "errors": [{"reason": …}]}}`, or plain text as media requests get it.
    init(_ body: [UInt8]) {
        guard !body.isEmpty else { return }
        if let error = (try? body.withUnsafeBytes { try JSON(parsing: $0) })?["error"] {
            message = error["message"]?.string ?? error.string
            reason = error["errors"]?.array?.first?["reason"]?.string
            return
        }
        let line = String(decoding: body.prefix(400), as: UTF8.self).split(whereSeparator: \.isNewline).first
        // A page made for browsers says nothing that helps.
        if let line, !line.hasPrefix("<") { message = String(line) }
    }
}

extension GoogleStore {
    func refusal(_ head: HTTPHead, body: [UInt8], to request: HTTPRequest) -> Refusal {
        let error = GoogleErrorText(body)
        var cause = head.summary
        if let message = error.message { cause += ": \(message)" }
        func refused(_ kind: Refusal.Kind, _ message: String, advice: String? = nil) -> Refusal {
            Refusal(kind, message, cause: cause, advice: advice, retryAfter: head.retryAfter)
        }
        switch head.status {
        case 308: return refused(.transient, "the server kept only a part of the bytes that were sent")
        case 400 where error.message?.contains("doesn't match calculated") == true:
            return refused(.integrity, "the bytes did not arrive as they were sent")
        case 400 where error.message?.contains("requester pays") == true || error.reason == "required":
            guard project != nil else {
                return refused(
                    .permission, "the bucket '\(bucket)' wants the requester to pay",
                    advice: "name the project that pays: sdk.google.storage.project, or project in the bucket's entry")
            }
            return learnsRequesterPays() || !request.url.contains("userProject=")
                ? refused(.again, "the bucket '\(bucket)' wants the requester to pay")
                : refused(.permission, "the project '\(project ?? "")' cannot pay for the bucket '\(bucket)'")
        case 401:
            return access.mayRenew(after: request)
                ? refused(.again, "the token of \(accessName) is not accepted any more") : notAllowed(refused)
        case 403 where ["rateLimitExceeded", "userRateLimitExceeded"].contains(error.reason):
            return refused(.transient, "the server asks to slow down")
        case 403: return notAllowed(refused)
        case 404 where request.url.contains("ifGenerationMatch="), 412:
            return refused(.changed, "the object has changed")
        case 404, 410:
            if request.url.contains("upload_id=") {
                return refused(.malformed, "the upload's session has ended before the upload")
            }
            guard let key = endpoint.key(of: request.url), error.message?.contains("bucket does not exist") != true
            else {
                return refused(.notFound, "the bucket '\(bucket)' does not exist")
            }
            return refused(.notFound, "'\(key)' is not in the bucket '\(bucket)'")
        case let status where Refusal.isTransient(status: status):
            return refused(.transient, "the server cannot answer now")
        case 416: return refused(.range, "the server cannot give this range")
        case 400: return refused(.configuration, "the server does not take the request for the bucket '\(bucket)'")
        default: return refused(.malformed, "the server gave an answer that was not expected")
        }
    }

    private func notAllowed(_ refused: (Refusal.Kind, String, String?) -> Refusal) -> Refusal {
        access.isAnonymous
            ? refused(
                .permission, "the bucket '\(bucket)' is not open to everybody",
                "give credentials_json in clearml.conf (sdk.google.storage), or set GOOGLE_APPLICATION_CREDENTIALS")
            : refused(
                .permission, "\(accessName) may not do this in the bucket '\(bucket)'",
                "check that \(accessName) is meant for this bucket, and its roles there")
    }
}
