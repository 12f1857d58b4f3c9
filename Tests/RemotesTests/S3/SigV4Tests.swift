import Configuration
import Planning
import Platform
import Testing

@testable import Remotes

/// The examples of "Authenticating Requests: Using the Authorization Header" (Amazon S3 API Reference).
@Suite struct SigV4Tests {
    private static let signer = SigV4(
        AWSCredentials(
            accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
        region: "us-east-1")
    /// 2013-05-24T00:00:00Z
    private static let time: Int64 = 1_369_353_600

    private static func authorization(
        _ method: HTTPRequest.Method = .get, _ url: String, _ headers: [HTTPField] = [],
        payload: String = SigV4.emptyPayload
    ) -> String? {
        var request = HTTPRequest(method, "https://examplebucket.s3.amazonaws.com" + url, headers: headers)
        var key: SigV4.SigningKey?
        signer.sign(&request, payload: payload, at: time, key: &key)
        return request.headers.first { $0.name == "Authorization" }?.value
    }

    @Test func aGetIsSignedAsAWSDoes() {
        #expect(
            Self.authorization(.get, "/test.txt", [HTTPField("Range", "bytes=0-9")])
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test func aPutIsSignedWithItsPayloadAndItsOwnEscapes() {
        let fields = [
            HTTPField("Date", "Fri, 24 May 2013 00:00:00 GMT"), HTTPField("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ]
        let payload = Hex.encode(HashFunction.sha256.hash(Array("Welcome to Amazon S3.".utf8)))
        for path in ["/test$file.text", "/test%24file.text"] {
            #expect(
                Self.authorization(.put, path, fields, payload: payload)?
                    .hasSuffix("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd") == true)
        }
    }

    @Test(arguments: [
        ("/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ("/?prefix=J&max-keys=2", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ])
    func parametersAreSignedInTheirOrder(url: String, signature: String) {
        #expect(Self.authorization(.get, url)?.hasSuffix(signature) == true)
    }

    @Test(arguments: [
        ("//a//b", "//a//b"), ("/a/../b/./c", "/a/../b/./c"), ("/a%20b%2Bc", "/a%20b%2Bc"), ("", "/"),
        ("/ü a", "/%C3%BC%20a"),
    ])
    func aPathIsSignedAsItIsSent(path: String, canonical: String) {
        let request = HTTPRequest(.get, "http://h:9000" + path)
        let (bytes, signed) = SigV4.canonicalRequest(request, payload: "p")
        #expect(String(decoding: bytes, as: UTF8.self) == "GET\n\(canonical)\n\nhost:h:9000\n\nhost\np")
        #expect(signed == "host")
    }

    @Test func fieldsAreTrimmedAndJoined() {
        let fields = [
            HTTPField("X-B", "  two   words "), HTTPField("x-a", "1"), HTTPField("X-b", "x"), HTTPField("x-c", ""),
        ]
        let (bytes, _) = SigV4.canonicalRequest(HTTPRequest(.get, "http://h/", headers: fields), payload: "p")
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "GET\n/\n\nhost:h\nx-a:1\nx-b:two words,x\nx-c:\n\nhost;x-a;x-b;x-c\np")
    }

    @Test func aKeyServesOneDayOneRegionAndOneSecret() {
        var key: SigV4.SigningKey?
        var request = HTTPRequest(.get, "https://h/")
        Self.signer.sign(&request, payload: SigV4.emptyPayload, at: Self.time, key: &key)
        #expect(key?.serves(Self.signer, at: Self.time + 86_399) == true)
        #expect(key?.serves(Self.signer, at: Self.time + 86_400) == false)
        var other = Self.signer
        other.region = "eu-west-1"
        #expect(key?.serves(other, at: Self.time) == false)
        other = Self.signer
        other.credentials.secretKey = Secret("another")
        #expect(key?.serves(other, at: Self.time) == false)
    }

    @Test func signedWithAKeyThatIsKeptItIsTheSame() {
        var (key, kept): (SigV4.SigningKey?, SigV4.SigningKey?) = (nil, nil)
        var first = HTTPRequest(.get, "https://h/x")
        var second = first
        Self.signer.sign(&first, payload: SigV4.emptyPayload, at: Self.time, key: &key)
        kept = key
        Self.signer.sign(&second, payload: SigV4.emptyPayload, at: Self.time, key: &kept)
        #expect(first.headers.map(\.value) == second.headers.map(\.value))
    }

    @Test func noSecretIsPrinted() {
        var signer = Self.signer
        signer.credentials.token = Secret("the-session-token")
        var request = HTTPRequest(.get, "https://h/x")
        var key: SigV4.SigningKey?
        signer.sign(&request, payload: SigV4.emptyPayload, at: Self.time, key: &key)
        let printed = "\(signer) \(request.headers)"
        #expect(!printed.contains("wJalr") && !printed.contains("the-session-token") && !printed.contains("Signature="))
    }

    /// Printed and not asserted: a machine's speed is no property of the code.
    @Test func theTimeOfASignatureIsPrinted() {
        var key: SigV4.SigningKey?
        let clock = ContinuousClock()
        var times: [Duration] = []
        for index in 0..<2000 {
            var request = HTTPRequest(
                .get, "https://bucket.s3.eu-west-1.amazonaws.com/data/train/\(index).jpg",
                headers: [HTTPField("x-amz-checksum-mode", "ENABLED")])
            times.append(
                clock.measure { Self.signer.sign(&request, payload: SigV4.emptyPayload, at: Self.time, key: &key) })
        }
        times.sort()
        print("SigV4: median \(times[times.count / 2]), 99th percentile \(times[times.count * 99 / 100])")
        #expect(key != nil)
    }
}

@Suite struct CivilTimeTests {
    @Test(
        arguments: [
            (0, "19700101T000000Z"), (1_440_938_160, "20150830T123600Z"), (951_782_400, "20000229T000000Z"),
            (4_107_542_399, "21000228T235959Z"), (-1, "19691231T235959Z"),
        ] as [(Int64, String)])
    func secondsBecomeDates(seconds: Int64, text: String) {
        #expect(BasicTime(seconds).text == text)
        #expect(CivilTime(seconds).seconds == seconds)
    }

    @Test(
        arguments: [
            ("2015-08-30T12:36:00Z", 1_440_938_160), ("2015-08-30T12:36:00.123Z", 1_440_938_160),
            ("2015-08-30T12:36:00+00:00", 1_440_938_160), ("2015-08-30T12:36:00+01:00", nil),
            ("2015-13-30T12:36:00Z", nil),
            ("yesterday", nil), ("2015-08-30T12:36:00", nil),
        ] as [(String, Int64?)])
    func listingsTimesAreRead(text: String, seconds: Int64?) {
        #expect(CivilTime(iso: text)?.seconds == seconds)
    }
}

@Suite struct HMACTests {
    /// RFC 4231, test cases 2, 1 and 6.
    @Test func itIsThatOfTheRFC() {
        #expect(
            Hex.encode(HMAC.sha256("what do ya want for nothing?".utf8, key: Array("Jefe".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            Hex.encode(HMAC.sha256("Hi There".utf8, key: [UInt8](repeating: 0x0B, count: 20)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            Hex.encode(
                HMAC.sha256(
                    "Test Using Larger Than Block-Size Key - Hash Key First".utf8,
                    key: [UInt8](repeating: 0xAA, count: 131)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }
}
