import Platform
import Testing

@testable import Remotes

/// The signatures here were made with Microsoft's Python SDK (azure-storage-blob 12.31, SharedKeyCredentialPolicy) from the same
/// requests, key and date.
@Suite struct AzureSharedKeyTests {
    /// 2026-06-05 07:08:09 UTC
    private let now: Int64 = 1_780_643_289
    private let key = AzureSharedKey(account: "myaccount", base64: AzureScene.key)!
    private let version = HTTPField("x-ms-version", "2021-12-02")
    private let host = "https://myaccount.blob.core.windows.net"

    private func signature(_ request: HTTPRequest) -> String? { key.signed(request, now: now).field("Authorization") }
    private func text(_ request: HTTPRequest) -> String { String(decoding: key.stringToSign(request), as: UTF8.self) }

    @Test("A GET of an awkward name is signed as it is sent")
    func awkwardName() {
        let request = HTTPRequest(
            .get, host + "/models/a%20b/%C3%BC%2Bx%252F.bin", headers: [version, HTTPField("If-Match", "\"0x8DC\"")])
        #expect(signature(request) == "SharedKey myaccount:yth1bBPD268PvhPEynpwfBVXq0gDF8quqLVWb/sMXqk=")
        #expect(key.signed(request, now: now).field("x-ms-date") == "Fri, 05 Jun 2026 07:08:09 GMT")
    }

    @Test("Parameters are signed decoded and in order")
    func parameters() {
        let request = HTTPRequest(
            .get,
            host + "/models?restype=container&comp=list&maxresults=5000&prefix=a%20b%2F%C3%BC%2B&marker=2%21abc%3D%3D",
            headers: [version])
        #expect(signature(request) == "SharedKey myaccount:NWT1WSAThG7v9eXvebh4rDAD93MJKrwvo2ZQYYdSuuE=")
    }

    @Test("A PUT is signed with its length, its checksum and its own headers")
    func put() {
        let request = HTTPRequest(
            .put, host + "/models/w.bin",
            headers: [
                version, HTTPField("x-ms-blob-type", "BlockBlob"), HTTPField("x-ms-blob-content-type", "text/plain"),
                HTTPField("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="),
            ], body: HTTPBody("hello"))
        #expect(signature(request) == "SharedKey myaccount:gnlDQH6dXTPWPjRv+zQkOVuz9srqzCUAajA2pWdg488=")
    }

    @Test("In path style the account stands in the resource twice")
    func pathStyle() {
        let request = HTTPRequest(
            .get, "http://127.0.0.1:10000/myaccount/models/w.bin?versionid=2026-01-31T12%3A00%3A00.1234567Z",
            headers: [version])
        #expect(signature(request) == "SharedKey myaccount:h2eLTwbgv62s8XUAkJuPsjj5aJb/ZpDEH2rKDp1hCYg=")
    }

    /// Microsoft, "Authorize with Shared Key": Range is the last of the standard headers; a length of zero is an empty line.
    @Test("A range is signed as it is sent; a body of no bytes has no length")
    func rangeAndEmptyBody() {
        let lines = { (request: HTTPRequest) in text(request).split(separator: "\n", omittingEmptySubsequences: false) }
        #expect(lines(HTTPRequest(.get, host + "/c/k", range: 5..<10))[11] == "bytes=5-9")
        #expect(lines(HTTPRequest(.get, host + "/c/k", range: 5..<Int64.max))[11] == "bytes=5-")
        #expect(lines(HTTPRequest(.put, host + "/c/k", body: []))[3] == "")
        #expect(lines(HTTPRequest(.put, host + "/c/k", body: [1, 2]))[3] == "2")
    }

    @Test(
        "The date is HTTP's",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"), (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"),
        ] as [(Int64, String)])
    func date(seconds: Int64, text: String) { #expect(AzureSharedKey.date(seconds) == text) }

    @Test("A key that is not Base64 is none, and a key never shows itself")
    func secrecy() {
        #expect(AzureSharedKey(account: "a", base64: "not base64!") == nil)
        #expect(AzureSharedKey(account: "a", base64: "") == nil)
        #expect("\(key)" == "the key of myaccount")
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("63") && !dumped.contains("AAEC"), "\(dumped)")
        let signed = key.signed(HTTPRequest(.get, host + "/c/k"), now: now)
        #expect(!"\(signed.headers)".contains("SharedKey"))
    }
}
