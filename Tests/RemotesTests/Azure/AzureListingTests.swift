import Planning
import Platform
import Testing

@testable import Remotes

@Suite struct AzureListingTests {
    private func page(_ blobs: String, marker: String = "<NextMarker />") throws -> ListingPage {
        let text =
            "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ContainerName=\"box\">"
            + "<Prefix>a</Prefix><Blobs>\(blobs)</Blobs>\(marker)</EnumerationResults>"
        return try AzureStore.page(Array(text.utf8))
    }

    private func blob(_ name: String, _ properties: String = "<Content-Length>1</Content-Length>") -> String {
        "<Blob>\(name)<Properties>\(properties)</Properties><OrMetadata /></Blob>"
    }

    @Test("Blobs and their facts, prefixes, and where the next page begins")
    func whole() throws {
        let page = try page(
            blob(
                "<Name>a b/&lt;&amp;&gt;ü</Name><VersionId>v</VersionId>",
                """
                <Creation-Time>Fri, 05 Jun 2026 07:08:09 GMT</Creation-Time>
                <Last-Modified>Fri, 05 Jun 2026 07:08:09 GMT</Last-Modified><Etag>0x8DC</Etag>
                <Content-Length>5</Content-Length><Content-MD5>XUFAKrxLKna5cZ2REBfFkg==</Content-MD5>
                """) + "<BlobPrefix><Name>a/</Name></BlobPrefix>" + blob("<Name>z</Name>"),
            marker: "<NextMarker>2!abc==</NextMarker>")
        #expect(page.objects.map(\.key) == ["a b/<&>ü", "z"])
        #expect(
            page.objects[0].facts
                == ObjectFacts(
                    size: 5, validator: .strongETag("\"0x8DC\""),
                    checksum: Checksum("md5:5d41402abc4b2a76b9719d911017c592"),
                    modified: 1_780_643_289))
        #expect(page.objects[1].facts.validator == .weak(eTag: nil, size: 1, modified: nil))
        #expect(page.prefixes == ["a/"] && page.next == "2!abc==")
    }

    @Test("The validator of a listing is the validator of a GET")
    func validators() throws {
        let scene = try AzureScene()
        let head = try scene.head([("ETag", "\"0x8DC\""), ("x-ms-version-id", "v1")], body: "x")
        let listed = try page(blob("<Name>k</Name>", "<Etag>0x8DC</Etag><Content-Length>1</Content-Length>"))
        #expect(try scene.store().facts(head, of: ObjectID("k")).validator == listed.objects[0].facts.validator)
    }

    @Test("A name that XML cannot hold comes encoded; any other is literal")
    func names() throws {
        let page = try page(
            blob(#"<Name Encoded="true">ctrl%01char%EF%BF%BF</Name>"#) + blob("<Name>ctrl%01char</Name>")
                + blob("<Name> spaces </Name>") + blob("<Name>cr&#xD;lf&#10;</Name>"))
        #expect(page.objects.map(\.key) == ["ctrl\u{1}char\u{FFFF}", "ctrl%01char", " spaces ", "cr\rlf\n"])
    }

    @Test("Folders of an account with a hierarchy are no blobs")
    func folders() throws {
        let page = try page(
            blob("<Name>dir</Name>", "<ResourceType>directory</ResourceType><Content-Length>0</Content-Length>")
                + blob("<Name>dir/x</Name>", "<ResourceType>file</ResourceType><Content-Length>3</Content-Length>"))
        #expect(page.objects.map(\.key) == ["dir/x"] && page.next == nil)
    }

    @Test(
        "A listing that is cut off, malformed or lies about its form is refused and never taken as whole",
        arguments: [
            "", "<html>", "no xml", "<EnumerationResults>", "<EnumerationResults><Blobs></Blobs></EnumerationResults>",
            "<EnumerationResults><Blobs><Blob><Name>a</Name>",
            "<EnumerationResults><Blobs><Blob></Blob></Blobs><NextMarker/></EnumerationResults>",
            "<EnumerationResults><Blobs><Blob><Name>a</Name></Blob></Blobs><NextMarker/></EnumerationResults>",
            "<EnumerationResults><Blobs><Blob><Name></Name><Properties><Content-Length>1</Content-Length></Properties>"
                + "</Blob></Blobs><NextMarker/></EnumerationResults>",
            "<EnumerationResults><Blobs><Blob><Name>a</Name><Properties><Content-Length>-1</Content-Length></Properties>"
                + "</Blob></Blobs><NextMarker/></EnumerationResults>",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><EnumerationResults><Blobs/><NextMarker>&a;</NextMarker></EnumerationResults>",
            "<Error><Code>ServerBusy</Code></Error>",
        ])
    func hostile(text: String) throws {
        #expect(throws: XMLError.self) { try AzureStore.page(Array(text.utf8)) }
        let scene = try AzureScene()
        let head = try scene.head()
        let refusal = try #require(throws: Refusal.self) { try scene.store().page(head, body: Array(text.utf8)) }
        #expect(refusal.kind == .malformed && refusal.message.contains("'box'"))
    }

    @Test("Bytes that are not UTF-8 are no name")
    func notText() {
        let text =
            Array("<EnumerationResults><Blobs><Blob><Name>".utf8) + [0xC3, 0x28]
            + Array(
                "</Name><Properties><Content-Length>1</Content-Length></Properties></Blob></Blobs><NextMarker/>".utf8)
            + Array("</EnumerationResults>".utf8)
        #expect(throws: XMLError.self) { try AzureStore.page(text) }
    }
}
