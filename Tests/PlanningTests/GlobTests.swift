import Planning
import Testing

@Suite struct GlobTests {
    @Test(
        "A pattern matches whole relative paths, component by component",
        arguments: [
            ("a.txt", "a.txt", true), ("a.txt", "b/a.txt", false), ("a.txt", "a.txt.bak", false),
            ("*.txt", "a.txt", true), ("*.txt", ".txt", true), ("*.txt", "d/a.txt", false), ("*", ".hidden", true),
            ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false), ("*ab", "aab", true), ("a*", "a", true),
            ("**", "a", true), ("**", "a/b/c", true), ("**/*.jpg", "x.jpg", true), ("**/*.jpg", "a/b/x.jpg", true),
            ("**/*.jpg", "a/b/x.png", false), ("train/**", "train/a/b", true), ("train/**", "train", false),
            ("train/**", "trainer/a", false), ("train/", "train/a/b", true), ("train/", "train", false),
            ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true), ("a/**/b", "a/x/y/c", false), ("a/**/b", "a", false),
            ("a/**/b/**/c", "a/b/x/b/y/c", true), ("**/a/**/a/b", "a/x/a/a/b", true), ("**/**/x", "x", true),
            ("**/b/*", "a/b/c/b/d", true), ("**/b/*", "a/b/c/d", false), ("*/b", "a/b", true), ("*/b", "b", false),
            ("?.txt", "é.txt", true), ("??.txt", "é.txt", false), ("*?", "é", true), ("?", "日", true),
            ("???", "日", false),
            ("[abc].x", "b.x", true), ("[abc].x", "d.x", false), ("[a-c]x", "cx", true), ("[!a-c]x", "cx", false),
            ("[^a]", "b", true), ("[]a]", "]", true), ("[a-]", "-", true), ("[é]", "é", true), ("[\\]]", "]", true),
            ("part-[0-9]*", "part-7-of-9", true), ("*[0-9]", "añ7", true), ("[a-zé]*", "étude", true),
            ("\\*", "*", true), ("\\*", "a", false), ("a\\?b", "a?b", true), ("\\[a]", "[a]", true),
            ("\\{a}", "{a}", true),
            ("\\\\", "\\", true), ("a b%20", "a b%20", true), ("a\nb/*", "a\nb/c\r\nd", true), ("日本/*", "日本/語", true),
        ])
    func matching(pattern: String, path: String, expected: Bool) throws {
        #expect(try Glob(pattern).matches(path) == expected)
    }

    @Test("Names are compared as bytes, not by canonical equivalence")
    func bytes() throws {
        let composed = try Glob("caf\u{E9}")
        #expect(!composed.matches("cafe\u{301}"))
        #expect(try composed != Glob("cafe\u{301}"))
    }

    @Test(
        "A listing is bounded by what the pattern says literally",
        arguments: [
            ("train/**/*.jpg", "train/"), ("train/img-*.jpg", "train/img-"), ("**", ""), ("a/b.txt", "a/b.txt"),
            ("a/", "a/"),
            ("a\\*b/c?", "a*b/c"), ("[ab]/c", ""),
        ])
    func literalPrefix(pattern: String, prefix: String) throws {
        #expect(try Glob(pattern).literalPrefix == prefix)
    }

    @Test(
        "What cannot match, or means something else elsewhere, is refused",
        arguments: [
            ("", GlobError.empty), ("/a", .emptyComponent), ("a//b", .emptyComponent), ("./a", .dotComponent),
            ("a/..", .dotComponent), ("**.jpg", .doubleStar), ("***", .doubleStar), ("a[bc", .unclosedSet),
            ("[]", .unclosedSet),
            ("[\\", .unclosedSet), ("[c-a]", .descendingSet), ("a\\", .trailingBackslash), ("*.{jpg,png}", .braces),
            ("a\0b", .nulCharacter),
        ])
    func refused(pattern: String, error: GlobError) {
        #expect(throws: error) { try Glob(pattern) }
    }

    @Test("A pattern of many stars against a long name that almost matches ends")
    func noBlowUp() throws {
        let stars = String(repeating: "*a", count: 200) + "*b"
        #expect(try !Glob(stars).matches(String(repeating: "a", count: 4_000)))
        let deep = String(repeating: "**/a/", count: 100) + "b"
        #expect(try !Glob(deep).matches(String(repeating: "a/", count: 1_000) + "c"))
    }

    @Test("Escaped text matches itself and nothing else", arguments: ["a*b", "[x]", "{0..1}", "q?", "back\\slash"])
    func escaping(text: String) throws {
        let glob = try Glob(Glob.escape(text))
        #expect(glob.matches(text))
        #expect(glob.literalPrefix == text)
    }
}
