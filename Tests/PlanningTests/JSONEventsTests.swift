import Testing

@testable import Planning

/// Simple JSON has the events that libyaml finds in it; what is not simple is left to libyaml.
@Suite struct JSONEventsTests {
    static let simple = [
        #"{}"#, #"{"a":1}"#, #"{"a": [], "b": {}, "c": [[], {}, ""]}"#,
        #"{"version": 1, "artifacts": [{"name": "e0", "url": "http://h:8080/a.bin"}, {"name":"e1","url":"s3://b/k"}]}"#,
        "{\n  \"version\": 1,\n  \"artifacts\": [\n    {\n      \"name\": \"x\",\n      \"optional\": true\n    }\n  ]\n}\n",
        #"{"a": [1, -2, 3.5, 1e5, -1.5E-3, true, false, null], "<<": "x", "": ""}"#,
        "{\"a\":\n1\n,\n\"b\" :2}", #"  {"spaces in front": "are libyaml's"}"#,
        ##"{"a": "b: c", "d": "# e", "f": "{g}", "h": "*i"}"##,
    ]

    static let other = [
        "", "{", "[", "}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1 "b":2}"#, #"{"a":1}}"#, #"{"a":1} x"#,
        #"{a: 1}"#,
        #"{'a': 1}"#, #"{"a": b}"#, #"{"a": 01}"#, #"{"a": 1.}"#, #"{"a": "\n"}"#, #"{"a": "ä"}"#, "{\"a\":\t1}",
        "{\"a\"\n:1}",
        "{\"a\": 1}\r\n",
        "{\"a\": \"b\nc\"}", "{\"a\": \"\u{7F}\"}", #"{"a": 1} # said"#, #"{"a": &x 1}"#, #"{"a": nul}"#,
        "{\"a\": 1}\0", #"{1: 2}"#,
        #"{"a": [1}"#, #"{"a": 1]"#, #"{[1]: 2}"#, "{\"\(String(repeating: "k", count: 1000))\": 1}",
        String(repeating: "[", count: 600) + String(repeating: "]", count: 600),
    ]

    private struct Seen: Equatable {
        var event: String
        var line = 0, column = 0
    }

    /// Every event to the end; `nil` where there is a failure.
    private func events<Events: ManifestEvents & ~Copyable>(_ events: consuming Events) -> [Seen]? {
        var all: [Seen] = []
        while true {
            guard let (event, mark) = try? events.next() else { return nil }
            switch event {
            case .scalar, .mappingStart, .sequenceStart:
                all.append(Seen(event: "\(event)", line: mark.line, column: mark.column))
            case .streamEnd: return all
            default: all.append(Seen(event: "\(event)"))
            }
        }
    }

    private func both(_ text: String) -> (json: [Seen]?, yaml: [Seen]?) {
        var text = text
        return text.withUTF8 { (events(JSONEvents($0)), events(YAMLEvents($0))) }
    }

    @Test(arguments: simple) func simpleJSONIsReadAsLibyamlReadsIt(_ text: String) throws {
        let (json, yaml) = both(text)
        #expect(try #require(json) == #require(yaml))
    }

    @Test(arguments: other) func whatIsNotSimpleIsLeftToLibyaml(_ text: String) {
        #expect(both(text).json == nil)
    }

    @Test("A byte changed anywhere makes no text that the two understand differently") func mutations() {
        let bytes: [UInt8] = Array("{}[]\",: \n1-.etx\\#'&*!|>%@".utf8)
        for text in Self.simple {
            for position in text.utf8.indices {
                let offset = text.utf8.distance(from: text.utf8.startIndex, to: position)
                for byte in bytes {
                    var changed = Array(text.utf8)
                    changed[offset] = byte
                    let (json, yaml) = both(String(decoding: changed, as: UTF8.self))
                    if let json { #expect(json == yaml, "\(String(decoding: changed, as: UTF8.self))") }
                }
            }
        }
    }
}
