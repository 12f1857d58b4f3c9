internal import CCurl
internal import Glibc

/// A libcurl easy handle with the state of the job that it carries; used for one job after another.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    let trust: HTTPRequest.TLSTrust
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let hasNetrc: Bool
    private var hasBody = false
    /// Knew a password: it is not used again, since libcurl keeps credentials in places that no option clears.
    private(set) var isSpent = false

    private(set) var job: HTTPJob?
    private(set) var isPaused = false
    /// When bytes last came or went, as far as the engine has looked.
    var lastActivity = MonotonicTime.now()
    private(set) var hasActivity = false

    private var head: [UInt8] = []
    private var hasFinalHead = false
    private var redirect: (status: Int, location: String)?
    private var bodyLength: Int64 = 0
    private var bodySent = 0
    /// Why we made libcurl give up, when we did.
    private var verdict: (kind: HTTPFailure.Kind, detail: String)?

    init?(
        _ configuration: HTTPConfiguration, _ trust: HTTPRequest.TLSTrust, _ sockets: HTTPSockets, usesFileAlone: Bool,
        hasNetrc: Bool
    ) {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        self.trust = trust
        self.hasNetrc = hasNetrc
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        setConstants(configuration)
        sockets.attach(toEasy: pointer)
        setTrust(configuration, usesFileAlone)
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    private func setConstants(_ configuration: HTTPConfiguration) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        set(CURLOPT_PRIVATE, context)
        set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
        ccurl_setopt_data_callback(pointer, CURLOPT_HEADERFUNCTION, receiveHeader)
        set(CURLOPT_HEADERDATA, context)
        ccurl_setopt_data_callback(pointer, CURLOPT_WRITEFUNCTION, receiveBody)
        set(CURLOPT_WRITEDATA, context)
        ccurl_setopt_data_callback(pointer, CURLOPT_READFUNCTION, supplyBody)
        set(CURLOPT_READDATA, context)
        ccurl_setopt_seek_callback(pointer, rewindBody)
        set(CURLOPT_SEEKDATA, context)

        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_NOPROGRESS, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_TCP_KEEPIDLE, 30)
        set(CURLOPT_TCP_KEEPINTVL, 15)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Bytes as they are stored: no coding asked for, and none undone if a server uses one all the same.
        set(CURLOPT_ACCEPT_ENCODING, "identity")
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        set(CURLOPT_USERAGENT, configuration.userAgent)
        if let file = configuration.netrcFile { set(CURLOPT_NETRC_FILE, file) }
    }

    private func setTrust(_ configuration: HTTPConfiguration, _ usesFileAlone: Bool) {
        switch trust {
        case .system:
            if let file = configuration.certificateFile { set(CURLOPT_CAINFO, file) }
            if let folder = configuration.certificateFolder { set(CURLOPT_CAPATH, folder) }
            if usesFileAlone { ccurl_setopt_string(pointer, CURLOPT_CAPATH, nil) }
        case .off:
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        case .certificateFile(let path):
            let isFolder = (try? FileSystem.status(path, followSymlinks: true)?.kind) == .folder
            // Nothing but these: libcurl's own authorities are set otherwise (CURLOPT_CAPATH(3)).
            ccurl_setopt_string(pointer, CURLOPT_CAINFO, isFolder ? nil : path)
            ccurl_setopt_string(pointer, CURLOPT_CAPATH, isFolder ? path : nil)
        }
    }

    /// Bytes that are read from a socket at once, for one response of any length and for one that is known to be long. libcurl makes
    /// the buffer anew for each response, and freeing 64 KiB or more makes the allocator tidy up all that it has.
    private static let receiveBufferSize = (any: 32 << 10, bulk: 256 << 10)

    // MARK: One job

    /// Sets everything that the job's present hop needs.
    func begin(_ job: HTTPJob) throws(HTTPFailure) {
        let (request, hop) = (job.request, job.hop)
        self.job = job
        head.removeAll(keepingCapacity: true)
        (hasFinalHead, isPaused, redirect, verdict) = (false, false, nil, nil)
        (bodyLength, bodySent) = (0, 0)
        errorText.pointee = 0

        let multiplexes = hop.isTLS && request.version == .http2OverTLS
        set(CURLOPT_HTTP_VERSION, multiplexes ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        // Waits whether the first connection to a host turns out to be one that can be shared.
        set(CURLOPT_PIPEWAIT, multiplexes ? 1 : 0)
        set(CURLOPT_BUFFERSIZE, request.expectsBulk ? Self.receiveBufferSize.bulk : Self.receiveBufferSize.any)
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(max(1, request.connectTimeout.milliseconds)))
        set(CURLOPT_URL, hop.url)
        setMethod(hop.method, body: hop.sendsBody ? request.body : nil)
        try setHeaders(hop.fields(of: request), request, hop)
        if request.usesNetrc, hasNetrc {
            let hasOwn = request.headers.contains { $0.name.utf8.equalsIgnoringCase("authorization".utf8) }
            set(
                CURLOPT_NETRC,
                Int((hop.carriesCredentials && !hasOwn ? CURL_NETRC_OPTIONAL : CURL_NETRC_IGNORED).rawValue))
            isSpent = true
        }
        if hop.url.utf8.contains(UInt8(ascii: "@")) { isSpent = true }
    }

    /// Lets go of the job; the handle must not be in a multi handle any more.
    func finish() { job = nil }

    private func setMethod(_ method: HTTPRequest.Method, body: HTTPBody?) {
        let length = body?.count ?? 0
        switch method {
        case .get, .delete: set(CURLOPT_HTTPGET, 1)
        case .head: set(CURLOPT_NOBODY, 1)
        case .put:
            set(CURLOPT_UPLOAD, 1)
            ccurl_setopt_offset(pointer, CURLOPT_INFILESIZE_LARGE, length)
        case .post:
            set(CURLOPT_POST, 1)
            ccurl_setopt_offset(pointer, CURLOPT_POSTFIELDSIZE_LARGE, length)
        }
        ccurl_setopt_string(pointer, CURLOPT_CUSTOMREQUEST, method == .delete ? method.rawValue : nil)
        hasBody = method == .put || method == .post
    }

    private func setHeaders(_ fields: [HTTPField], _ request: HTTPRequest, _ hop: HTTPHop) throws(HTTPFailure) {
        curl_slist_free_all(headerList)
        headerList = nil
        for field in fields {
            guard field.isWellFormed else {
                throw HTTPFailure(.invalidRequest, "The header field \"\(field.name)\" cannot be sent", url: hop.url)
            }
            // A semicolon is how libcurl wants a field without a value (CURLOPT_HTTPHEADER(3)).
            addHeader(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        if let range = request.range {
            guard !range.isEmpty, range.lowerBound >= 0 else {
                throw HTTPFailure(.invalidRequest, "An empty range cannot be asked for", url: hop.url)
            }
            let last = range.upperBound == .max ? "" : String(range.upperBound - 1)
            addHeader("Range: bytes=\(range.lowerBound)-\(last)")
        }
        if hasBody {
            addHeader("Expect:")
            // libcurl would call a POST body a form.
            if hop.method == .post, !fields.contains(where: { $0.name.utf8.equalsIgnoringCase("content-type".utf8) }) {
                addHeader("Content-Type:")
            }
        }
        set(CURLOPT_HTTPHEADER, headerList.map { UnsafeMutableRawPointer($0) })
    }

    private func addHeader(_ line: String) { headerList = curl_slist_append(headerList, line) ?? headerList }

    private func set(_ option: CURLoption, _ value: Int) { ccurl_setopt_long(pointer, option, value) }
    private func set(_ option: CURLoption, _ value: String) { ccurl_setopt_string(pointer, option, value) }
    private func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
        ccurl_setopt_pointer(pointer, option, value)
    }
}

// MARK: - What libcurl calls

extension EasyHandle {
    private static let headLimit = 256 << 10
    /// The body of a redirect is read up to here, to keep the connection; then it is cut.
    private static let redirectBodyLimit: Int64 = 64 << 10

    /// One header line, its end included; an empty one ends a head (CURLOPT_HEADERFUNCTION(3)).
    fileprivate func received(line: UnsafeRawBufferPointer) -> Bool {
        hasActivity = true
        if hasFinalHead { return true }  // trailers
        if line.starts(with: "HTTP/".utf8) { head.removeAll(keepingCapacity: true) }
        head.append(contentsOf: line)
        guard head.count <= Self.headLimit else {
            verdict = (.protocolViolation, "The response's header is longer than \(Self.headLimit) bytes")
            return false
        }
        guard line.first == UInt8(ascii: "\r") || line.first == UInt8(ascii: "\n") else { return true }
        return receivedHead()
    }

    private func receivedHead() -> Bool {
        guard let job else { return false }
        let url = job.hop.number == 0 && !isSpent ? job.request.url : CurlURL(job.hop.url)?.withoutCredentials() ?? ""
        guard let head = HTTPHead(raw: head, effectiveURL: url) else {
            verdict = (.protocolViolation, "The response has no status line")
            return false
        }
        if head.status < 200 { return true }
        hasFinalHead = true
        if job.hop.isTLS, head.httpVersion == "2" { job.host?.multiplexes = true }
        if job.request.followsRedirects, [301, 302, 303, 307, 308].contains(head.status),
            let location = head["Location"]
        {
            redirect = (head.status, location)
            return true
        }
        return obey(job.receiver.received(head: head))
    }

    fileprivate func received(body: UnsafeRawBufferPointer) -> Int {
        hasActivity = true
        guard let job, !body.isEmpty else { return body.count }
        // libcurl goes on with what is left of its buffer: kept by it until the pause is over.
        if isPaused { return Int(CURL_WRITEFUNC_PAUSE) }
        bodyLength += Int64(body.count)
        if redirect != nil { return bodyLength <= Self.redirectBodyLimit ? body.count : 0 }
        return obey(job.receiver.received(bytes: body)) ? body.count : 0
    }

    private func obey(_ demand: HTTPDemand) -> Bool {
        switch demand {
        case .more: return true
        case .pause:
            isPaused = true
            return true
        case .stop:
            verdict = (.stopped, "The receiver wants no more")
            return false
        }
    }

    fileprivate func sendBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        hasActivity = true
        guard let body = job?.request.body else { return 0 }
        guard let count = body.read(into: buffer, at: bodySent) else {
            verdict = (.unreadableBody, "What is to be sent cannot be read any more")
            return Int(CURL_READFUNC_ABORT)
        }
        bodySent += count
        return count
    }

    /// libcurl sends a request again when a connection from the pool turns out to be dead.
    fileprivate func seekBody(_ offset: Int64) -> Bool {
        guard let body = job?.request.body, offset >= 0, offset <= body.count else { return false }
        bodySent = Int(offset)
        return true
    }
}

// MARK: - What the engine asks

extension EasyHandle {
    /// Whether bytes came or went since the last call.
    func takeActivity() -> Bool {
        defer { hasActivity = false }
        return hasActivity
    }

    /// Whether the request is on its way, so that silence is the server's.
    var hasSentRequest: Bool { offset(CURLINFO_PRETRANSFER_TIME_T) > 0 }

    /// - Returns: an error when that broke the transfer: curl_easy_pause(3) calls the receiver from within.
    func resume() -> CURLcode {
        guard isPaused else { return CURLE_OK }
        isPaused = false
        return curl_easy_pause(pointer, CURLPAUSE_CONT)
    }

    enum Outcome {
        case redirect(HTTPHop)
        case ended(Result<HTTPEnd, HTTPFailure>)
    }

    /// What a transfer that libcurl is done with came to.
    func outcome(_ code: CURLcode) -> Outcome {
        guard let job else { return .ended(.failure(HTTPFailure(.cancelled, "No request", url: ""))) }
        if let redirect {
            do throws(HTTPFailure) {
                return .redirect(try job.hop.following(status: redirect.status, location: redirect.location))
            } catch { return .ended(.failure(error)) }
        }
        if let verdict { return .ended(.failure(HTTPFailure(verdict.kind, verdict.detail, url: job.hop.url))) }
        guard code == CURLE_OK else { return .ended(.failure(failure(code, job))) }
        guard hasFinalHead else {
            return .ended(.failure(HTTPFailure(.protocolViolation, "The response has no header", url: job.hop.url)))
        }
        return .ended(
            .success(
                HTTPEnd(
                    bodyLength: bodyLength, seconds: seconds,
                    secondsToFirstByte: Double(offset(CURLINFO_STARTTRANSFER_TIME_T)) / 1e6, redirects: job.hop.number,
                    reusedConnection: connectionsOpened == 0)))
    }

    /// Of the last response; 0 when none came.
    var status: Int {
        var status = 0
        ccurl_getinfo_long(pointer, CURLINFO_RESPONSE_CODE, &status)
        return status
    }

    /// That the last request took.
    var seconds: Double { Double(offset(CURLINFO_TOTAL_TIME_T)) / 1e6 }

    private func failure(_ code: CURLcode, _ job: HTTPJob) -> HTTPFailure {
        var verification = 0
        ccurl_getinfo_long(pointer, CURLINFO_SSL_VERIFYRESULT, &verification)
        var kind = HTTPFailure.Kind(code, verification: verification, wasConnected: hasSentRequest)
        // What a server sends beyond a declared length is left in the connection by libcurl (7.88), and comes first when
        // that connection is used again: not this response's fault.
        if kind == .protocolViolation, connectionsOpened == 0 { kind = .reset }
        let words = errorText.pointee == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
        return HTTPFailure(kind, words, url: job.hop.url)
    }

    /// For the last request.
    private var connectionsOpened: Int {
        var count = 0
        ccurl_getinfo_long(pointer, CURLINFO_NUM_CONNECTS, &count)
        return count
    }

    private func offset(_ info: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        ccurl_getinfo_offset(pointer, info, &value)
        return Int64(value)
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

// MARK: - C callbacks

private func easyHandle(_ context: UnsafeMutableRawPointer?) -> EasyHandle? {
    context.map { Unmanaged<EasyHandle>.fromOpaque($0).takeUnretainedValue() }
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let handle = easyHandle(context) else { return 0 }
    return handle.received(line: UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    easyHandle(context)?.received(body: UnsafeRawBufferPointer(start: bytes, count: count)) ?? 0
}

private func supplyBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    easyHandle(context)?.sendBody(UnsafeMutableRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private func rewindBody(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    guard origin == SEEK_SET, easyHandle(context)?.seekBody(Int64(offset)) == true else {
        return CURL_SEEKFUNC_CANTSEEK
    }
    return CURL_SEEKFUNC_OK
}
