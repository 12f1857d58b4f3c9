import TestSupport
import Testing

@testable import Platform

@Suite struct HTTPHeadTests {
    private func head(_ lines: String...) throws -> HTTPHead {
        let text = (["HTTP/1.1 200 OK"] + lines).map { $0 + "\r\n" }.joined() + "\r\n"
        return try #require(HTTPHead(raw: Array(text.utf8), effectiveURL: "http://h/"))
    }

    @Test func fieldsAreFoundInAnyCaseAndTheLastWins() throws {
        let head = try head("X-A: 1", "x-a:2 ", "X-B:\t three ", "X-Empty:")
        #expect(head["X-a"] == "2")
        #expect(head.values("X-A") == ["1", "2"])
        #expect(head["X-B"] == "three")
        #expect(head["X-Empty"] == "")
        #expect(head["X"] == nil)
        #expect(head.fields.map(\.name) == ["X-A", "x-a", "X-B", "X-Empty"])
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n\r\n", 200, "1.1"), ("HTTP/1.0 404\r\n\r\n", 404, "1.0"),
        ("HTTP/2 206 \r\n\r\n", 206, "2"),
    ]) func theStatusLineGivesStatusAndVersion(text: String, status: Int, version: String) throws {
        let head = try #require(HTTPHead(raw: Array(text.utf8), effectiveURL: ""))
        #expect(head.status == status)
        #expect(head.httpVersion == version)
    }

    @Test(arguments: ["", "HTTP/1.1\r\n", "HTTP/1.1 OK\r\n", "ICY 200 OK\r\n"])
    func whatIsNoStatusLineIsNoHead(text: String) { #expect(HTTPHead(raw: Array(text.utf8), effectiveURL: "") == nil) }

    @Test(
        arguments: [
            ("0", 0), ("9223372036854775807", Int64.max), ("9223372036854775808", nil), ("-1", nil), ("1 2", nil),
            ("+1", nil),
            ("", nil),
        ] as [(String, Int64?)])
    func contentLengthIsDigitsOnly(text: String, length: Int64?) throws {
        #expect(try head("Content-Length: \(text)").contentLength == length)
    }

    @Test(
        arguments: [
            ("bytes 0-99/100", 0..<100, 100), ("BYTES 5-5/*", 5..<6, nil), ("bytes */77", nil, 77),
            ("bytes 5-4/100", nil, nil),
            ("bytes 0-100/100", nil, nil), ("bytes 0-99", nil, nil), ("items 0-1/2", nil, nil),
            ("bytes a-b/c", nil, nil),
        ] as [(String, Range<Int64>?, Int64?)])
    func contentRange(text: String, range: Range<Int64>?, total: Int64?) throws {
        let parsed = try head("Content-Range: \(text)").contentRange
        #expect(parsed?.range == range)
        #expect(parsed?.total == total)
    }

    @Test func entityTagsKeepTheirWordingAndTellWeakness() throws {
        #expect(try head("ETag: W/\"a\"").eTag == HTTPETag(field: "W/\"a\""))
        #expect(try head("ETag: W/\"a\"").eTag?.isWeak == true)
        #expect(try head("etag: \"W/a\"").eTag?.isWeak == false)
        #expect(try head("ETag:").eTag == nil)
    }

    @Test func retryAfterIsSecondsFromEitherForm() throws {
        #expect(try head("Retry-After: 120").retryAfter == 120)
        #expect(try head("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT").retryAfter == 0)
        let far = try #require(try head("Retry-After: Thu, 01 Jan 2099 00:00:00 GMT").retryAfter)
        #expect(far > 86_400)
        #expect(try head("Retry-After: soon").retryAfter == nil)
    }

    @Test func aContentEncodingOfIdentityIsNone() throws {
        #expect(try head("Content-Encoding: identity").contentEncoding == nil)
        #expect(try head("Content-Encoding: BR").contentEncoding == "br")
    }
}
