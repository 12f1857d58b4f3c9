internal import CCurl

/// Scheme, host and port (RFC 6454): where credentials belong.
struct HTTPOrigin: Hashable {
    var scheme: String
    var host: String
    var port: String
}

/// A URL taken apart by libcurl, which will use it: so that both always see the same host (curl_url(3)).
struct CurlURL: ~Copyable {
    private let handle: OpaquePointer

    /// Fails on what libcurl would not take as an absolute URL.
    init?(_ url: String) {
        guard let handle = curl_url() else { return nil }
        let flags = UInt32(CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME)
        guard curl_url_set(handle, CURLUPART_URL, url, flags) == CURLUE_OK else {
            curl_url_cleanup(handle)
            return nil
        }
        self.handle = handle
    }

    deinit { curl_url_cleanup(handle) }

    /// Lowercased scheme and host; the scheme's own port where none is written.
    var origin: HTTPOrigin? {
        guard let scheme = part(CURLUPART_SCHEME) else { return nil }
        let host = part(CURLUPART_HOST) ?? ""
        let port = part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)) ?? ""
        return HTTPOrigin(scheme: scheme.lowercased(), host: host.lowercased(), port: port)
    }

    /// Goes where a Location field says (RFC 9110, 10.2.2): relative to here, dot segments removed (RFC 3986, 5.2.4), and
    /// with bytes that no URL may hold encoded.
    /// - Returns: false when it is no URL.
    mutating func follow(_ location: String) -> Bool {
        let (user, password, before) = (part(CURLUPART_USER), part(CURLUPART_PASSWORD), origin)
        let flags = UInt32(CURLU_URLENCODE | CURLU_ALLOW_SPACE | CURLU_NON_SUPPORT_SCHEME)
        guard curl_url_set(handle, CURLUPART_URL, location, flags) == CURLUE_OK, let after = origin else {
            return false
        }
        // Like every credential: for the same origin only. Those that a server writes into a Location are not ours.
        let stays = before == after
        curl_url_set(handle, CURLUPART_USER, stays ? user : nil, 0)
        curl_url_set(handle, CURLUPART_PASSWORD, stays ? password : nil, 0)
        curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
        return true
    }

    var text: String? { part(CURLUPART_URL) }

    /// Without user, password and fragment.
    consuming func withoutCredentials() -> String? {
        curl_url_set(handle, CURLUPART_USER, nil, 0)
        curl_url_set(handle, CURLUPART_PASSWORD, nil, 0)
        curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
        return part(CURLUPART_URL)
    }

    private func part(_ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}

extension String {
    /// Bytes that a URL cannot hold (space, controls, beyond ASCII) percent-encoded, behind the authority.
    var encodedForRequest: String {
        let isFine = { (byte: UInt8) in byte > 0x20 && byte < 0x7F }
        if utf8.allSatisfy(isFine) { return self }
        var (slashes, result) = (0, [UInt8]())
        for byte in utf8 {
            if byte == UInt8(ascii: "/") { slashes += 1 }
            if isFine(byte) || slashes < 3 {
                result.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `scheme://authority` as written: names a queue, decides nothing about trust.
    var schemeAndAuthority: Substring {
        var slashes = 0
        for index in utf8.indices {
            switch utf8[index] {
            case UInt8(ascii: "/"):
                slashes += 1
                if slashes == 3 { return self[..<index] }
            case UInt8(ascii: "?") where slashes == 2, UInt8(ascii: "#") where slashes == 2: return self[..<index]
            default: break
            }
        }
        return self[...]
    }
}
