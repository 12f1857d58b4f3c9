import Planning
import Platform
import TestSupport
import Testing

@testable import Remotes

@Suite struct S3ListingTests {
    private static func page(_ content: String) throws -> ListingPage {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("*") { _ in .text("<ListBucketResult>\(content)</ListBucketResult>") }
        let answer = try scene.send(store.list(prefix: "", delimiter: nil, token: nil, limit: 10), store)
        return try store.page(answer.head, body: answer.body)
    }

    @Test func aPageIsAskedForWithItsParametersInOrder() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        _ = try scene.send(store.list(prefix: "a b/", delimiter: "/", token: "t+/=", limit: 5000), store)
        let sent = try #require(scene.server.exchanges.first?.request)
        #expect(
            sent.target
                == "/bucket?continuation-token=t%2B%2F%3D&delimiter=%2F&encoding-type=url&list-type=2&max-keys=1000&prefix=a%20b%2F"
        )
        let virtual = try S3Scene("sdk.aws.s3 { key: k, secret: s }").store("s3://bucket/")
        #expect(
            virtual.list(prefix: "", delimiter: nil, token: nil, limit: 1).url
                == "https://bucket.s3.us-east-1.amazonaws.com/?encoding-type=url&list-type=2&max-keys=1")
    }

    @Test func keysSizesAndTagsAreRead() throws {
        let page = try Self.page(
            """
            <IsTruncated>true</IsTruncated><Contents><Key>a+b%2Bc%20%C3%BC&amp;</Key><LastModified>2015-08-30T12:36:00.000Z</LastModified>
            <ETag>&quot;e-2&quot;</ETag><Size>12</Size><StorageClass>STANDARD</StorageClass></Contents>
            <CommonPrefixes><Prefix>dir%2F</Prefix></CommonPrefixes>
            <NextContinuationToken>next+token</NextContinuationToken><EncodingType>url</EncodingType>
            """)
        #expect(page.objects.map(\.key) == ["a b+c ü&"])
        #expect(page.objects.first?.facts.size == 12 && page.objects.first?.facts.modified == 1_440_938_160)
        #expect(page.objects.first?.facts.validator == .strongETag("\"e-2\""))
        #expect(page.prefixes == ["dir/"] && page.next == "next+token")
    }

    @Test func withoutEncodingKeysAreLiteral() throws {
        let page = try Self.page("<IsTruncated>false</IsTruncated><Contents><Key>a+b%20</Key></Contents>")
        #expect(page.objects.map(\.key) == ["a+b%20"] && page.next == nil)
    }

    @Test(arguments: [
        "<IsTruncated>true</IsTruncated>",
        "<IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken>",
        "", "<IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents>",
        "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Contents><Key>%zz</Key></Contents>",
        "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Contents><Key>%FF</Key></Contents>",
        "<IsTruncated>false</IsTruncated><Contents>",
    ])
    func aListingThatMayNotBeWholeIsNotTaken(content: String) throws {
        let refusal = try #require(throws: Refusal.self) { try Self.page(content) }
        #expect(refusal.kind == .malformed)
    }
}
