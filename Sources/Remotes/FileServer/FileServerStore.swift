internal import Planning
internal import Platform

/// ClearML's file server: a web server whose objects want a token, and that takes them as forms.
///
/// As ClearML's SDK does it (`_HttpDriver`): `Authorization: Bearer` with the API server's token to read, to write and to delete;
/// an upload is a form posted to the server's root, whose one field is named by the object's path.
struct FileServerStore: Sendable {
    private let web: WebStore
    private let server: FileServerAddress
    private let access: BearerAccess

    init(_ web: WebStore, server: FileServerAddress, access: BearerAccess) {
        self.web = web
        self.server = server
        self.access = access
    }
}

extension FileServerStore: Store {
    var accessName: String { access.name }
    var mayEncode: Bool { web.mayEncode }

    func get(_ object: ObjectID, range: Range<Int64>?, match: Validator?, unless cached: Validator?) -> HTTPRequest {
        web.get(object, range: range, match: match, unless: cached)
    }

    func head(_ object: ObjectID) -> HTTPRequest { web.head(object) }

    func facts(_ head: HTTPHead, of object: ObjectID) -> ObjectFacts {
        access.wasAccepted()
        return web.facts(head, of: object)
    }

    func authorize(_ request: HTTPRequest, then send: @escaping @Sendable (Result<HTTPRequest, Refusal>) -> Void) {
        // Where the whole URL is compared once more, no mistake in what leads here can send a token elsewhere.
        let isOurs = request.url == server.url + "/" || (try? LogicalURL(request.url)).map(server.holds) == true
        guard isOurs else { return web.authorize(request, then: send) }
        access.authorize(request, then: send)
    }

    func refusal(_ head: HTTPHead, body: [UInt8], to request: HTTPRequest) -> Refusal {
        switch head.status {
        case 401 where access.mayRenew(after: request):
            return Refusal(.again, "the file server does not accept the token any more", cause: head.summary)
        case 401, 403:
            return Refusal(
                .permission,
                access.isAnonymous ? "the file server wants a token" : "the file server refuses \(accessName)",
                cause: head.summary,
                advice: access.isAnonymous
                    ? "set api.api_server and api.credentials in clearml.conf"
                    : "check that api.credentials in clearml.conf are for this server")
        case 413:
            return Refusal(
                .unsupported, "the file server does not take objects of this size", cause: head.summary,
                advice: "raise fileserver.upload.max_upload_size_mb on the server")
        default: return web.refusal(head, body: body, to: request)
        }
    }
}

extension FileServerStore: WritableStore {
    /// One request whatever the size: the server knows nothing else.
    var uploadLimits: UploadLimits { web.uploadLimits }

    func put(_ key: String, body: [UInt8], content: UploadContent) -> HTTPRequest {
        let path = path(of: key) ?? ""
        let name = Self.quoted(path)
        var form = MultipartBody(capacity: body.count + 2 * name.utf8.count + 512)
        form.append(
            body,
            headers: [
                "Content-Disposition: form-data; name=\(name); filename=\(name)",
                "Content-Type: \(content.contentType ?? "application/octet-stream")",
            ])
        var request = web.request(
            .post, server.url + "/",
            [HTTPField("Content-Type", "multipart/form-data; boundary=\(form.boundary)")])
        request.body = .bytes(form.finished())
        return request
    }

    private func path(of key: String) -> String? { (try? LogicalURL(key)).flatMap(server.path) }

    /// A parameter's value as forms have it ("multipart/form-data" in the HTML standard), backslashes doubled for servers that
    /// read them as RFC 2183 says.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": quoted += "%22"
            case "\r": quoted += "%0D"
            case "\n": quoted += "%0A"
            case "\\": quoted += "\\\\"
            default: quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "\""
    }

    /// The answer lists the paths that were written.
    func stored(_ head: HTTPHead, body: [UInt8], key: String) throws(Refusal) -> StoredObject {
        access.wasAccepted()
        let written = (try? body.withUnsafeBytes { try JSON(parsing: $0) })?.array?.compactMap(\.string)
        guard let written, let path = path(of: key) else {
            throw Refusal(
                .malformed, "the answer to the upload is not that of ClearML's file server", cause: head.summary,
                advice: "check api.files_server in clearml.conf")
        }
        guard written.contains(String(path.drop { $0 == "/" })) else {
            throw Refusal(.malformed, "the file server has stored the object under another name", cause: head.summary)
        }
        return StoredObject()
    }

    func delete(_ key: String) -> HTTPRequest { web.delete(key) }

    func begin(_ key: String, size: Int64, content: UploadContent) -> HTTPRequest? { nil }
    func upload(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> String { try web.upload(head, body: body) }
    func part(
        _ key: String, upload: String, number: Int, offset: Int64, total: Int64, body: HTTPBody, content: UploadContent
    ) -> HTTPRequest {
        web.part(key, upload: upload, number: number, offset: offset, total: total, body: body, content: content)
    }
    func receipt(_ head: HTTPHead, body: [UInt8], part number: Int) throws(Refusal) -> String? {
        try web.receipt(head, body: body, part: number)
    }
    func complete(_ key: String, upload: String, parts: [UploadedPart], content: UploadContent) -> HTTPRequest? { nil }
    func abort(_ key: String, upload: String) -> HTTPRequest? { nil }
}
