import Glibc
import Testing

@testable import Platform

@Suite struct HTTPDateTests {
    private static func text(_ seconds: Int) -> String {
        var (seconds, parts) = (seconds, tm())
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(cString: text)
    }

    @Test func theUsualForm() {
        // Each day around leap days and turns of centuries, then strides through all that four digits can say.
        let days = [0, 58, 59, 60, 789, 790, 791, 10_956, 10_957, 11_016, 47_540, 47_541, 157_112, 157_113, 157_114]
        for seconds in days.map({ $0 * 86_400 + 86_399 }) + stride(from: 0, to: 253_402_300_799, by: 97_654_321) {
            #expect(HTTPDate.parse(Self.text(seconds)) == Int64(seconds))
        }
    }

    @Test(arguments: [
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777), ("Sun Nov  6 08:49:37 1994", 784_111_777),
        ("Sun, 06 Nov 1994 08:49:37 +0100", 784_108_177), ("06 Nov 1994 08:49:37", 784_111_777),
    ]) func otherForms(text: String, seconds: Int64) {
        #expect(HTTPDate.parse(text) == seconds)
    }

    @Test(arguments: [
        "", "yesterday", "Sun, 06 Nov 1994 08:61:37 GMT", "Sun, 06 Nix 1994 08:49:37 GMT",
        "Sun, 0x Nov 1994 08:49:37 GMT",
    ]) func noDate(text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }
}
