import Remotes
import Testing

@Suite struct XMLReaderTests {
    /// Every text below the root as `path=text`.
    private static func texts(_ xml: String) throws -> [String] { try texts(Array(xml.utf8)) }

    private static func texts(_ bytes: [UInt8]) throws -> [String] {
        var found: [String] = []
        var reader = try XMLReader(bytes)
        _ = try reader.root()
        try reader.children { reader, name throws(XMLError) in found.append("\(name)=\(try reader.text())") }
        return found
    }

    @Test func textComesWithItsReferencesReplaced() throws {
        #expect(
            try Self.texts("<r><a>x &amp; &lt;y&gt; &quot;&apos; &#65;&#x1F600;</a><b> as it is\n</b><c/><d></d></r>")
                == ["a=x & <y> \"' A😀", "b= as it is\n", "c=", "d="])
    }

    @Test func prologueCommentsInstructionsAndCDATAArePassed() throws {
        let xml = """
            <?xml version="1.0" encoding="UTF-8"?><!-- a --b -> -->
            <r xmlns="http://example.org/"> <!-- <a>no</a> --> <?pi ?><a>1<!-- x -->2</a><b><![CDATA[<&]]>3</b></r>
            """
        #expect(try Self.texts([0xEF, 0xBB, 0xBF] + Array(xml.utf8)) == ["a=12", "b=<&3"])
    }

    @Test func whatIsNotAskedForIsSkippedAndPrefixesAreDropped() throws {
        var reader = try XMLReader(Array("<x:r><o><i>1</i><i/></o><x:k>key</x:k ></x:r>".utf8))
        #expect(try reader.root() == "r")
        var key: String?
        try reader.children { reader, name throws(XMLError) in if name == "k" { key = try reader.text() } }
        #expect(key == "key")
    }

    @Test func attributesAreRead() throws {
        var reader = try XMLReader(Array("<r><n Encoded='true' x:y = \"a&lt;b\" >%20</n><n/></r>".utf8))
        _ = try reader.root()
        var found: [String?] = []
        try reader.children { reader, _ throws(XMLError) in
            found += [try reader.attribute("Encoded"), try reader.attribute("y"), try reader.attribute("z")]
        }
        #expect(found == ["true", "a<b", nil, nil, nil, nil])
    }

    @Test(arguments: [
        "", "   ", "text", "<", "<r", "<r>", "<r><a></r>", "<r><a></b></r>", "<r><a>x</r></a>", "<r><a>&nbsp;</a></r>",
        "<r><a>&amp</a></r>", "<r><a>&#0;</a></r>", "<r><a>&#xD800;</a></r>", "<r><a>&#+65;</a></r>",
        "<r><a>x<b/></a></r>",
        "<r><a b></a></r>", "<r><a b=c></a></r>", "<r><a b='<'></a></r>", "<r><!-- </r>", "<r><![CDATA[ </r>",
        "<!DOCTYPE r [<!ENTITY a 'b'>]><r><a>&a;</a></r>", "<r><!ELEMENT a></r>", "<r></r", "<r><></></r>",
    ])
    func whatIsNoXMLOrMoreThanItIsAnError(_ xml: String) {
        #expect(throws: XMLError.self) { try Self.texts(xml) }
    }

    @Test func depthSizeAndEncodingAreBounded() throws {
        let deep = String(repeating: "<a>", count: 33) + String(repeating: "</a>", count: 33)
        #expect(throws: XMLError.self) { try Self.texts(deep) }
        #expect(throws: XMLError.self) { try XMLReader(Array("<r></r>".utf8), limit: 6) }
        #expect(throws: XMLError.self) { try Self.texts(Array("<r><a>".utf8) + [0xFF, 0xFE] + Array("</a></r>".utf8)) }
    }

    @Test func aListingOfAThousandKeysIsReadWhole() throws {
        var xml = "<L>"
        for index in 0..<1000 { xml += "<C><K>data/\(index)&amp;</K><S>\(index)</S></C>" }
        var reader = try XMLReader(Array((xml + "</L>").utf8))
        _ = try reader.root()
        var keys: [String] = []
        try reader.children { reader, _ throws(XMLError) in
            try reader.children { reader, name throws(XMLError) in if name == "K" { keys.append(try reader.text()) } }
        }
        #expect(keys.count == 1000 && keys.last == "data/999&")
    }
}
