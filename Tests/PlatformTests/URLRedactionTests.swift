import Platform
import TestSupport
import Testing

@Suite struct URLRedactionTests {
    @Test(arguments: [
        ("https://host/path?page=2", "https://host/path?page=2"),
        ("https://alice:hush@host/path", "https://***@host/path"),
        ("https://hush@host", "https://***@host"),
        ("https://alice:hu@sh@host:8080/a@b", "https://***@host:8080/a@b"),
        ("https://host/a@b?mail=c@d", "https://host/a@b?mail=c@d"),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=hush&X-Amz-Signature=hush&X-Amz-Security-Token=hush",
            "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=***&X-Amz-Signature=***&X-Amz-Security-Token=***"
        ),
        (
            "https://h/k?AWSAccessKeyId=hush&Signature=hush&Expires=1",
            "https://h/k?AWSAccessKeyId=***&Signature=***&Expires=1"
        ),
        (
            "https://h/k?X-Goog-Credential=hush&x-goog-signature=hush",
            "https://h/k?X-Goog-Credential=***&x-goog-signature=***"
        ),
        ("https://h/k?sv=2022&sr=b&sig=hush%3D", "https://h/k?sv=2022&sr=b&sig=***"),
        ("https://h/k?access_token=hush;token=hush&key=hush#t", "https://h/k?access_token=***;token=***&key=***#t"),
        ("https://h/k#access_token=hush&x=1", "https://h/k#access_token=***&x=1"),
        ("https://h/k?X%2DAmz%2DSignature=hush", "https://h/k?X%2DAmz%2DSignature=***"),
        (
            "https://h/k?my_password=hush&PassWord=hush&keyboard=1",
            "https://h/k?my_password=***&PassWord=***&keyboard=1"
        ),
        ("https://h/k?token=&flag&a=b=c", "https://h/k?token=&flag&a=b=c"),
        ("s3://alice:hush@bucket/key?versionId=1", "s3://***@bucket/key?versionId=1"),
        ("/plain/path?token=hush", "/plain/path?token=***"),
        ("", ""),
    ]) func secretsAreHiddenAndAllElseStays(url: String, redacted: String) {
        #expect(URLRedaction.redact(url) == redacted)
    }

    @Test func urlsWithinATextAreRedacted() {
        let text = "could not get  https://u:hush@h/?sig=hush from h: see http://h/?a=b"
        #expect(URLRedaction.redact(text: text) == "could not get  https://***@h/?sig=*** from h: see http://h/?a=b")
    }

    @Test func secretHeaderFieldsDoNotPrint() {
        #expect("\(HTTPField("Authorization", "Bearer hush"))" == "Authorization: ***")
        #expect("\(HTTPField("X-Key", "hush", isSecret: true))" == "X-Key: ***")
        #expect("\(HTTPField("Accept", "text/html"))" == "Accept: text/html")
    }
}
