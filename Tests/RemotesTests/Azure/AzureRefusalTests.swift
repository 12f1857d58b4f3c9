import Platform
import Testing

@testable import Remotes

@Suite struct AzureRefusalTests {
    private typealias Kind = Refusal.Kind

    @Test(
        "An error of the service is a kind of refusal",
        arguments: [
            (404, "BlobNotFound", Kind.notFound, "the blob does not exist"),
            (404, "ContainerNotFound", .notFound, "the container 'box' does not exist in the account 'acc'"),
            (400, "InvalidResourceName", .notFound, "'box' cannot be the name"),
            (412, "ConditionNotMet", .changed, "the blob has changed"),
            (416, "InvalidRange", .range, "no such range"),
            (400, "Md5Mismatch", .integrity, "did not arrive"),
            (400, "Crc64Mismatch", .integrity, "did not arrive"),
            (403, "AuthenticationFailed", .permission, "the key in sdk.azure.storage.containers[0] is not one of"),
            (403, "AuthorizationFailure", .permission, "network rules"),
            (403, "KeyBasedAuthenticationNotPermitted", .permission, "accepts no keys"),
            (403, "AccountIsDisabled", .permission, "is disabled"),
            (409, "BlobArchived", .unsupported, "archive tier"),
            (503, "ServerBusy", .transient, "not serve it now"),
            (500, "InternalError", .transient, "not serve it now"),
            (500, "OperationTimedOut", .transient, "not serve it now"),
            (429, "", .transient, "not serve it now"),
            (409, "SnapshotsPresent", .unsupported, "refuses the request"),
            (302, "", .malformed, "of no use"),
        ])
    fileprivate func kinds(status: Int, code: String, kind: Refusal.Kind, message: String) throws {
        let scene = try AzureScene()
        let refusal = try scene.refusal(status, code)
        #expect(refusal.kind == kind)
        #expect(refusal.message.contains(message), "\(refusal.message)")
        #expect(refusal.cause?.contains("http://\(scene.host)/acc/box/key answered \(status)") == true)
        #expect(code.isEmpty || refusal.cause?.contains(code) == true)
    }

    @Test("The code may come in a header alone, as it does for HEAD")
    func header() throws {
        let refusal = try AzureScene().refusal(404, headers: [("x-ms-error-code", "ContainerNotFound")])
        #expect(refusal.kind == .notFound && refusal.message.contains("container"))
    }

    @Test("A busy service says how long to wait")
    func retryAfter() throws {
        #expect(try AzureScene().refusal(503, "ServerBusy", headers: [("Retry-After", "7")]).retryAfter == 7)
    }

    @Test("A version that is missing or none is named as such")
    func versions() throws {
        let scene = try AzureScene()
        #expect(
            try scene.refusal(404, "BlobNotFound", version: "1:2").message
                == "the version '1:2' of the blob does not exist")
        #expect(
            try scene.refusal(400, "InvalidQueryParameterValue", version: "v").advice?.contains("'version'") == true)
    }

    @Test("A clock that is wrong is what is named")
    func skew() throws {
        let refusal = try AzureScene().refusal(
            403, "AuthenticationFailed", headers: [("Date", "Fri, 05 Jun 2015 07:08:09 GMT")],
            detail: "Request date header too old: 'Fri, 05 Jun 2026 07:08:09 GMT'")
        #expect(refusal.kind == .permission && refusal.message.contains("clock"))
        #expect(refusal.message.contains("ahead of"))
        #expect(refusal.cause?.contains("too old") == true)
    }

    @Test("Neither the signature nor what was signed is repeated")
    func secrets() throws {
        let detail = "The MAC signature found in the HTTP request 'c2VjcmV0' is not the same as any computed signature."
        let refusal = try AzureScene().refusal(403, "AuthenticationFailed", detail: detail)
        #expect(!"\(refusal)".contains("c2VjcmV0"))
        let sas = try AzureScene("").refusal(
            403, "AuthenticationFailed", detail: "sr=b", of: "azure://HOST/acc/box/key?sv=1&sig=c2VjcmV0")
        #expect(!"\(sas)".contains("c2VjcmV0"))
    }

    @Test(
        "A SAS token's terms explain the refusal",
        arguments: [
            ("se=2020-01-01T00%3A00%3A00Z", "AuthenticationFailed", "ended at 2020-01-01T00:00:00Z"),
            ("se=2020-01-01", "AuthenticationFailed", "ended at 2020-01-01"),
            ("st=2999-01-01T00:00Z&se=2999-02-01T00:00Z", "AuthenticationFailed", "begins at 2999-01-01T00:00Z only"),
            ("se=2999-01-01", "AuthenticationFailed", "the service does not accept the URL's own SAS token"),
            ("sp=w", "AuthorizationPermissionMismatch", "does not allow this"),
            ("sip=1.2.3.4", "AuthorizationSourceIPMismatch", "address"),
            ("spr=https", "AuthorizationProtocolMismatch", "https only"),
            ("srt=s", "AuthorizationResourceTypeMismatch", "not for blobs and containers"),
        ])
    func sas(terms: String, code: String, message: String) throws {
        let refusal = try AzureScene("").refusal(403, code, of: "azure://HOST/acc/box/key?sv=1&\(terms)&sig=x")
        #expect(refusal.kind == .permission)
        #expect(refusal.message.contains(message), "\(refusal.message)")
    }

    @Test(
        "Without credentials every way of saying no is a matter of permission",
        arguments: [
            (401, "NoAuthenticationInformation"), (404, "ResourceNotFound"), (409, "PublicAccessNotPermitted"),
            (403, "AuthorizationFailure"),
        ])
    func anonymous(status: Int, code: String) throws {
        let refusal = try AzureScene("").refusal(status, code)
        #expect(refusal.kind == .permission, "\(refusal)")
        #expect(code == "AuthorizationFailure" || refusal.advice?.contains("account_name: \"acc\"") == true)
    }

    @Test("With credentials a resource that is not there is not there")
    func resource() throws {
        #expect(try AzureScene().refusal(404, "ResourceNotFound").kind == .notFound)
    }

    @Test("A body that is no XML does no harm", arguments: ["", "<html>502</html>", "<Error>", "\u{0}"])
    func noXML(body: String) {
        let error = AzureError(Array(body.utf8))
        #expect(error.code == nil && error.sentence == nil)
    }
}
