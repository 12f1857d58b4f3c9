internal import Configuration
internal import Planning
public import Platform

/// The service's errors in a user's words (Microsoft: "Common REST API error codes", "Blob service error codes").
extension AzureStore {
    public func refusal(_ head: HTTPHead, body: [UInt8], to request: HTTPRequest) -> Refusal {
        // An answer to HEAD has no body.
        let error = AzureError(body)
        let code = head["x-ms-error-code"] ?? error.code ?? ""
        let cause = "\(Refusal.location(head)) answered \(head.status)" + (code.isEmpty ? "" : " \(code)")
        switch (head.status, code) {
        case (304, _), (412, _): return Refusal(.changed, "the blob has changed", cause: cause)
        case (_, "Md5Mismatch"), (_, "Crc64Mismatch"):
            return Refusal(
                .integrity, "the bytes did not arrive as they were sent", cause: cause,
                advice: "try again; if it stays so, something between here and the store changes them")
        case (416, _): return Refusal(.range, "the blob has no such range", cause: cause)
        case (401, _), (403, _), (_, "PublicAccessNotPermitted"):
            return permission(head, code, error, request, cause)
        // To those without credentials the service does not tell a private container from one that is not there.
        case (404, "ResourceNotFound") where isAnonymous(request):
            return permission(head, code, error, request, cause)
        case (404, _): return notFound(code, request, cause)
        case (409, "BlobArchived"), (409, "BlobBeingRehydrated"):
            return Refusal(
                .unsupported, "the blob is in the archive tier and cannot be read", cause: cause,
                advice: "rehydrate it to the hot or cool tier first; that takes hours")
        case (400, "InvalidQueryParameterValue") where version(request) != nil:
            return Refusal(
                .notFound, "'\(version(request) ?? "")' is no version of a blob", cause: cause,
                advice: "correct 'version' in the manifest: a version id is a time, 2026-01-31T12:00:00.1234567Z")
        case (400, "InvalidResourceName"), (400, "OutOfRangeInput"), (400, "InvalidUri"):
            return Refusal(
                .notFound, "'\(place.container)' cannot be the name of a container, or the key not one of a blob",
                cause: cause, advice: "correct the 'url'")
        case (409, "ContainerBeingDeleted"), (409, "SnapshotOperationRateExceeded"): return transient(head, cause)
        case (let status, _) where Refusal.isTransient(status: status): return transient(head, cause)
        case (400..<500, _):
            return Refusal(
                .unsupported, "the service refuses the request", cause: cause + (error.sentence.map { ": \($0)" } ?? "")
            )
        default: return Refusal(.malformed, Refusal.useless, cause: cause, advice: Refusal.uselessAdvice)
        }
    }

    private func transient(_ head: HTTPHead, _ cause: String) -> Refusal {
        Refusal(
            .transient, "the service does not serve it now", cause: cause, advice: "try again later",
            retryAfter: head.retryAfter)
    }

    private func notFound(_ code: String, _ request: HTTPRequest, _ cause: String) -> Refusal {
        if code == "ContainerNotFound" {
            return Refusal(
                .notFound, "the container '\(place.container)' does not exist in the account '\(place.account)'",
                cause: cause, advice: "correct the 'url'")
        }
        let what = version(request).map { "version '\($0)' of the blob" } ?? "blob"
        return Refusal(
            .notFound, "the \(what) does not exist", cause: cause,
            advice: "correct the 'url', or make the entry 'optional'")
    }

    /// The version that was asked for.
    private func version(_ request: HTTPRequest) -> String? {
        URLParts(request.url).query.split(separator: UInt8(ascii: "&")).first { $0.starts(with: "versionid=".utf8) }
            .map { PercentDecoding.text($0.dropFirst("versionid=".utf8.count)) }
    }

    private func isAnonymous(_ request: HTTPRequest) -> Bool {
        if case .none = access.kind { !request.headers.contains { $0.name == "Authorization" } } else { false }
    }

    // MARK: Access

    private func permission(
        _ head: HTTPHead, _ code: String, _ error: AzureError, _ request: HTTPRequest, _ cause: String
    ) -> Refusal {
        let isWithdrawn = head.status == 401 || isAnonymous(request)
        if isWithdrawn, learns(from: request) { return Refusal(.again, "another credential is tried", cause: cause) }
        let (message, advice) = explained(head, code, error)
        return Refusal(.permission, message, cause: cause + error.reason, advice: advice)
    }

    private func explained(_ head: HTTPHead, _ code: String, _ error: AzureError) -> (message: String, advice: String?)
    {
        let name = accessName
        switch code {
        case "AuthorizationPermissionMismatch":
            if case .token(let tokens) = access.kind {
                return (
                    "\(name) has no role that allows it on the account '\(place.account)'",
                    "give it 'Storage Blob Data Reader' (to push: 'Contributor'); \(tokens.identity.advice)"
                )
            }
            return ("\(name) does not allow this", "make a token whose permissions ('sp') cover it")
        case "AuthorizationFailure": return ("the account's network rules or \(name) do not allow this", nil)
        case "AuthorizationSourceIPMismatch": return ("\(name) is not for this machine's address ('sip')", nil)
        case "AuthorizationProtocolMismatch": return ("\(name) is for https only ('spr')", nil)
        case "AuthorizationResourceTypeMismatch", "AuthorizationServiceMismatch":
            return (
                "\(name) is not for blobs and containers",
                "make a token with 'ss=b' and the resource types 'co' ('srt')"
            )
        case "KeyBasedAuthenticationNotPermitted":
            return (
                "the account '\(place.account)' accepts no keys",
                "remove \(name) and use a client secret, a workload identity or a managed identity"
            )
        case "AccountIsDisabled": return ("the account '\(place.account)' is disabled", nil)
        default: break
        }
        switch access.kind {
        case .none: return (notPublic, access.hint)
        case .token(let tokens): return ("the service does not accept the token of \(name)", tokens.identity.advice)
        case .sas(let query): return explained(sas: query.reveal(), name)
        case .key:
            // Signatures are good for 15 minutes.
            if let skew = skew(head), abs(skew) > 14 * 60 {
                return (
                    "this machine's clock is \(abs(skew) / 60) minutes \(skew > 0 ? "ahead of" : "behind") the service's",
                    "set the clock: signatures are made with its time"
                )
            }
            return (
                "the key in \(name) is not one of the account '\(place.account)'",
                "correct \(name == "AZURE_STORAGE_ACCOUNT" ? "AZURE_STORAGE_KEY" : name)"
            )
        }
    }

    private func explained(sas: String, _ name: String) -> (message: String, advice: String?) {
        var times: [String: String] = [:]
        for parameter in sas.split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { times[String(pair[0])] = PercentDecoding.text(pair[1].utf8) }
        }
        if let end = times["se"], let time = CivilTime(sas: end), time.seconds <= now {
            return ("\(name) ended at \(end)", "make a new one")
        }
        if let start = times["st"], let time = CivilTime(sas: start), time.seconds > now {
            return ("\(name) begins at \(start) only", "wait, or make a new one; check this machine's clock")
        }
        return ("the service does not accept \(name)", "check that it is whole and for this container")
    }
}

extension Refusal {
    /// The URL of an answer without its query, in which a signature may stand.
    static func location(_ head: HTTPHead) -> String {
        URLRedaction.redact(String(head.effectiveURL.prefix { $0 != "?" }))
    }
}

extension CivilTime {
    /// A SAS token's time: with seconds, without, or a day alone ("Create an account SAS").
    fileprivate init?(sas text: String) {
        switch text.utf8.count {
        case 10: self.init(iso: text + "T00:00:00Z")
        case 17: self.init(iso: text.dropLast() + ":00Z")
        default: self.init(iso: text)
        }
    }
}

/// The service's error document.
struct AzureError {
    var code: String?
    private var message: String?
    private var detail: String?

    init(_ body: [UInt8]) {
        guard var reader = try? XMLReader(body), (try? reader.root()) == "Error" else { return }
        var (code, message, detail) = (String?.none, String?.none, String?.none)
        try? reader.children { reader, name throws(XMLError) in
            switch name {
            case "Code": code = try reader.text()
            case "Message": message = try reader.text()
            case "AuthenticationErrorDetail": detail = try reader.text()
            default: break
            }
        }
        (self.code, self.message, self.detail) = (code, message, detail)
    }

    /// The message without the request's number and time, which follow on lines of their own.
    var sentence: String? { message.map { String($0.prefix { $0 != "\n" }.prefix(300)) } }

    /// Why exactly access was refused, where the service says so and nothing secret is in it: it repeats signatures.
    var reason: String {
        guard let detail, !detail.contains("ignature"), !detail.contains("sig=") else { return "" }
        return ": " + String(detail.prefix { $0 != "\n" }.prefix(200))
    }
}
