internal import CCurl

/// A transfer that gave no complete response. An HTTP status, whichever, is a response and not a failure.
public struct HTTPFailure: Error, Hashable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        case invalidURL
        /// Neither http nor https.
        case unsupportedScheme
        /// A header name or value that cannot be sent, or a range that is empty.
        case invalidRequest
        case resolve
        case connect
        case proxy
        case tls(TLSProblem)
        /// No byte for the request's `stallTimeout`.
        case stalled
        /// The connection broke before or within the response.
        case reset
        /// The body ended before the length that the server had declared.
        case truncated
        /// What came is not HTTP.
        case protocolViolation
        case tooManyRedirects
        /// From https to http, or with a request body to another origin.
        case redirectRefused
        /// The source of the request's body gave fewer bytes than it has.
        case unreadableBody
        /// The receiver said `.stop`.
        case stopped
        /// `HTTPTransfer.cancel()` or `HTTPClient.shutdown()`.
        case cancelled
        /// Anything else, with libcurl's number (libcurl-errors(3)).
        case other(Int32)
    }

    public enum TLSProblem: Hashable, Sendable {
        case unknownAuthority, expired, wrongHost, badCertificateFile, handshake, other
    }

    public var kind: Kind
    /// libcurl's own words, or ours; secrets redacted.
    public var detail: String
    /// The URL of the request that failed, after redirects, redacted.
    public var effectiveURL: String

    init(_ kind: Kind, _ detail: String, url: String) {
        self.kind = kind
        self.detail = URLRedaction.redact(text: detail)
        self.effectiveURL = URLRedaction.redact(url)
    }

    /// Whether the same request may well succeed a little later.
    public var isRetryable: Bool {
        switch kind {
        case .resolve, .connect, .proxy, .stalled, .reset, .truncated, .tls(.handshake): true
        default: false
        }
    }

    public var description: String { "\(detail) (\(effectiveURL))" }
}

extension HTTPFailure.Kind {
    /// - Parameters:
    ///   - verification: CURLINFO_SSL_VERIFYRESULT, OpenSSL's X509_V_ERR_ number (x509_vfy.h).
    ///   - wasConnected: whether the request went out, as far as libcurl knows.
    init(_ code: CURLcode, verification: Int, wasConnected: Bool) {
        self =
            switch code {
            case CURLE_UNSUPPORTED_PROTOCOL: wasConnected ? .protocolViolation : .unsupportedScheme  // HTTP/0.9
            case CURLE_URL_MALFORMAT: .invalidURL
            case CURLE_COULDNT_RESOLVE_HOST: .resolve
            case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxy
            case CURLE_COULDNT_CONNECT: .connect
            case CURLE_OPERATION_TIMEDOUT: wasConnected ? .stalled : .connect
            case CURLE_PARTIAL_FILE: .truncated
            case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM: .reset
            case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: .protocolViolation
            case CURLE_SSL_CACERT_BADFILE: .tls(.badCertificateFile)
            case CURLE_SSL_CONNECT_ERROR: .tls(.handshake)
            case CURLE_PEER_FAILED_VERIFICATION:
                switch verification {
                case 0, 1, 62, 64: .tls(.wrongHost)  // libcurl compares names itself; 1 is what it starts with
                case 9, 10: .tls(.expired)
                case 2, 18, 19, 20, 21, 27: .tls(.unknownAuthority)
                default: .tls(.other)
                }
            default: .other(Int32(bitPattern: code.rawValue))
            }
    }
}
