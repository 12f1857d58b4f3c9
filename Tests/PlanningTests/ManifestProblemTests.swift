import Planning
import Testing

/// Every kind of problem, with the line and column that an editor jumps to.
@Suite struct ManifestProblemTests {
    struct Row: CustomTestStringConvertible {
        var text: String
        var problems: [String]

        init(_ text: String, _ problems: String...) {
            self.text = text
            self.problems = problems
        }

        var testDescription: String { text }
    }

    static func problems(
        _ text: String, files: [String: String] = [:], environment: [String: String] = [:]
    ) -> [String] {
        var files = files
        files["m.yaml"] = text
        do {
            _ = try decode(files: files, environment: environment)
            return []
        } catch let error as ManifestProblems {
            return error.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    static func decode(files: [String: String], environment: [String: String] = [:]) throws -> Manifest {
        try ManifestDecoder.decode(path: "m.yaml", currentDirectory: "/here", environment: environment) { path in
            guard let text = files[path] else { throw Missing() }
            return Array(text.utf8)
        }
    }

    struct Missing: Error, CustomStringConvertible {
        var description: String { "no such file" }
    }

    /// One entry of each line, in a manifest whose line 3 it begins on.
    static func entry(_ lines: String..., kind: String = "models") -> String {
        "version: 1\n\(kind):\n  - " + lines.joined(separator: "\n    ")
    }

    @Test(
        "What is wrong with the document as a whole is said once",
        arguments: [
            Row("", "m.yaml:1:1: the manifest is empty"),
            Row("# nothing\n", "m.yaml:1:1: the manifest is empty"),
            Row("- a\n", "m.yaml:1:1: expected a manifest that begins with 'version: 1', found a list"),
            Row("name: x\n", "m.yaml:1:1: the key 'version' is missing; begin with 'version: 1'"),
            Row(
                "version: 2\nfuture: 1\n",
                "m.yaml:1:10: version: this program reads version 1, not 2; a newer clearml-sync may"),
            Row("version: \"1\"\n", "m.yaml:1:10: version: expected a whole number, found the string \"1\""),
            Row(
                "version: 1\n---\nversion: 1\n",
                "m.yaml:2:1: the text is not YAML: but found another document (expected a single document in the stream)"
            ),
            Row(
                "version: 1\nmodels: [\n",
                "m.yaml:3:1: the text is not YAML: did not find expected node content (while parsing a flow node)"),
            Row("version: 1\nmodels:\n\t- name: x\n", "m.yaml:3:1: a tab cannot indent YAML; use spaces"),
            Row("version: 1\nname: a\u{1}b\n", "m.yaml:2:8: the text is not YAML: control characters are not allowed"),
            Row("version: 1\nmodels: *missing\n", "m.yaml:2:9: the text is not YAML: found undefined alias"),
            Row(
                "version: 1\nmodel: []\nworkspce: x\nzebra: 1\n",
                "m.yaml:2:1: unknown key 'model'; did you mean 'models'?",
                "m.yaml:3:1: unknown key 'workspce'; did you mean 'workspace'?", "m.yaml:4:1: unknown key 'zebra'"),
            Row(
                "version: 1\nname: a b\nworkspace: ''\ninclude: x\n",
                "m.yaml:2:7: name: 'a b' is not a name: up to 200 letters, digits, '.', '_' and '-' (and not '.' or '..')",
                "m.yaml:3:12: workspace: expected the path of a folder",
                "m.yaml:4:10: include: expected a list of files, found a string"),
            Row("version: 1\nname: 2026\n", "m.yaml:2:7: name: expected a string, found a number; quote it: \"2026\""),
            Row("version: 1\nname:\n", "m.yaml:2:6: name: has no value"),
            Row(
                "version: 1\nmodels: {bert: {url: x}}\n",
                "m.yaml:2:9: models: expected a list of entries ('- name: …'), found a mapping"),
            Row(
                "version: 1\nmodels: [bert, [x]]\n",
                "m.yaml:2:10: models[0]: expected an entry with 'name' and 'url', found a string",
                "m.yaml:2:16: models[1]: expected an entry with 'name' and 'url', found a list"),
            Row("version: 1\n? [a]\n: b\n", "m.yaml:2:3: a key is a plain word, not a list or a mapping"),
            Row("version: 1\nname: !odd x\n", "m.yaml:2:7: the tag '!odd' has no meaning here"),
            Row(
                "version: 1\ndefaults: {link: soft, extract: maybe, access: 1, tags: x}\n",
                "m.yaml:2:18: defaults: link: 'soft' is not one of auto, reflink, hardlink, symlink, copy",
                "m.yaml:2:33: defaults: extract: expected auto, true, false, or a mapping of what to unpack",
                "m.yaml:2:48: defaults: access: '1' is not one of auto, cache, direct",
                "m.yaml:2:51: defaults: unknown key 'tags'"),
        ])
    func document(row: Row) {
        #expect(Self.problems(row.text) == row.problems)
    }

    @Test("Text that is not UTF-8 is refused where it stops being so")
    func notUTF8() {
        let bytes = Array("version: 1\nname: é".utf8) + [0xFF, 0x0A]
        #expect {
            try ManifestDecoder.decode(path: "m.yaml", currentDirectory: "/") { _ in bytes }
        } throws: { "\($0)" == "m.yaml:2:8: the file is not UTF-8 text" }
    }

    @Test(
        "An entry's keys are checked for presence, spelling and type",
        arguments: [
            Row(entry("name: a"), "m.yaml:3:5: models/a: the key 'url' is missing"),
            Row(entry("url: s3://b/k"), "m.yaml:3:5: models[0]: the key 'name' is missing"),
            Row(
                entry("nam: a", "uri: s3://b/k", "keep_archives: true"),
                "m.yaml:3:5: models[0]: the key 'name' is missing", "m.yaml:3:5: models[0]: the key 'url' is missing",
                "m.yaml:3:5: models[0]: unknown key 'nam'; did you mean 'name'?",
                "m.yaml:4:5: models[0]: unknown key 'uri'; did you mean 'url'?",
                "m.yaml:5:5: models[0]: unknown key 'keep_archives'; did you mean 'keep_archive'?"),
            Row(
                entry("name: ..", "url: s3://b/k"),
                "m.yaml:3:11: models[0]: name: '..' is not a name: up to 200 letters, digits, '.', '_' and '-' (and not '.' or '..')"
            ),
            Row(
                entry("name: 2026", "url: s3://b/k", "version: 12e4567", "tags: [1.0, true, ~]"),
                "m.yaml:3:11: models[0]: name: expected a string, found a number; quote it: \"2026\"",
                "m.yaml:5:14: models[0]: version: expected a string, found a number; quote it: \"12e4567\"",
                "m.yaml:6:12: models[0]: tags[0]: expected a string, found a number; quote it: \"1.0\"",
                "m.yaml:6:17: models[0]: tags[1]: expected a string, found a boolean; quote it: \"true\"",
                "m.yaml:6:23: models[0]: tags[2]: has no value"),
            Row(
                entry(
                    "name: a", "url: [s3://b/k]", "size: big", "executable: yes", "optional: \"true\"", "tags: train"),
                "m.yaml:4:10: models/a: url: expected a string, found a list",
                "m.yaml:5:11: models/a: size: expected a whole number, found 'big'",
                "m.yaml:6:17: models/a: executable: expected true or false, found 'yes'",
                "m.yaml:7:15: models/a: optional: expected true or false, found the string \"true\"",
                "m.yaml:8:11: models/a: tags: expected a list of words, found a string"),
            Row(
                entry("name: a", "url: s3://b/k", "size: -1", "link: hard", "access: [cache]"),
                "m.yaml:5:11: models/a: size: a size in bytes is not negative",
                "m.yaml:6:11: models/a: link: 'hard' is not one of auto, reflink, hardlink, symlink, copy",
                "m.yaml:7:13: models/a: access: expected one of auto, cache, direct, found a list"),
            Row(
                entry("name: a", "url: s3://b/k", "tags: [a b, 'x,y', ok, ok]"),
                "m.yaml:5:12: models/a: tags: 'a b' is not a word without spaces and commas",
                "m.yaml:5:17: models/a: tags: 'x,y' is not a word without spaces and commas",
                "m.yaml:5:28: models/a: tags: 'ok' is listed already"),
            Row(
                entry("name: a", "url: ftp://h/x"),
                "m.yaml:4:10: models/a: url: unknown scheme 'ftp' (known: file, http, https, s3, gs, azure)"),
            Row(
                entry("name: a", "url: s3://b/k", "mirrors: [s3://b/k, https://h/k, s3://b/p/, nope://x]"),
                "m.yaml:5:15: models/a: mirrors: 's3://b/k' is listed already",
                "m.yaml:5:38: models/a: mirrors: a mirror has the form of 'url': one object, prefix, glob or range",
                "m.yaml:5:49: models/a: mirrors: unknown scheme 'nope' (known: file, http, https, s3, gs, azure)"),
            Row(
                entry("name: a", "name: b", "url: s3://b/k"),
                "m.yaml:4:5: duplicate key 'name', first given at line 3, column 5"),
        ])
    func entryKeys(row: Row) {
        #expect(Self.problems(row.text) == row.problems)
    }

    @Test(
        "What pins one object is refused where the URL names many, or has no such thing",
        arguments: [
            Row(
                entry("name: a", "url: s3://b/p/", "version: v", "checksum: \"crc32c:00000000\"", "size: 1"),
                "m.yaml:5:14: models/a: version: is of one object, and the URL names many; the lock records it for each",
                "m.yaml:6:15: models/a: checksum: is of one object, and the URL names many; the lock records it for each",
                "m.yaml:7:11: models/a: size: is of one object, and the URL names many; the lock records it for each"),
            Row(
                entry("name: a", "url: https://h/x-{0..3}.tar", "size: 1"),
                "m.yaml:5:11: models/a: size: is of one object, and the URL names many; the lock records it for each"),
            Row(
                entry("name: a", "url: https://h/x", "version: v"),
                "m.yaml:5:14: models/a: version: 'https' URLs have no versions; pin the bytes with 'checksum'"),
            Row(
                entry("name: a", "url: ./x", "version: v"),
                "m.yaml:5:14: models/a: version: 'path' URLs have no versions; pin the bytes with 'checksum'"),
            Row(
                entry("name: a", "url: gs://b/k", "version: v1"),
                "m.yaml:5:14: models/a: version: a generation of Google Cloud Storage is a number"),
            Row(
                entry("name: a", "url: s3://b/k", "include: ['*.bin']", "exclude: ['**.x']"),
                "m.yaml:5:14: models/a: include: selects below a prefix or glob; for an archive write 'extract: {include: […]}'",
                "m.yaml:6:14: models/a: exclude: selects below a prefix or glob; for an archive write 'extract: {exclude: […]}'",
                "m.yaml:6:15: models/a: exclude: '**' stands alone between slashes; within a name write '*'"),
            Row(
                entry("name: a", "url: s3://b/k", "checksum: sha256:abc"),
                "m.yaml:5:15: models/a: checksum: sha256 has 64 hexadecimal digits, found 3"),
            Row(
                entry("name: a", "url: s3://b/k", "checksum: \"md5:0123456789abcdef0123456789abcdeg\""),
                "m.yaml:5:15: models/a: checksum: holds a character that is not hexadecimal"),
            Row(
                entry("name: a", "url: s3://b/k", "checksum: \"0123456789abcdef0123456789abcdef\""),
                "m.yaml:5:15: models/a: checksum: name the algorithm in front: 'md5:…'"),
            Row(
                entry("name: a", "url: s3://b/k", "checksum: blake3:00"),
                "m.yaml:5:15: models/a: checksum: unknown algorithm 'blake3' (known: sha256, sha512, sha1, md5, crc32c, xxh3)"
            ),
            Row(
                entry("name: a", "url: s3://b/k", "checksum: zzz"),
                "m.yaml:5:15: models/a: checksum: expected '<algorithm>:<hexadecimal digits>' (sha256, sha512, sha1, md5, crc32c, xxh3)"
            ),
        ])
    func pins(row: Row) {
        #expect(Self.problems(row.text) == row.problems)
    }

    @Test(
        "Access, link and unpacking have to agree",
        arguments: [
            Row(
                entry("name: a", "url: s3://b/k", "access: direct"),
                "m.yaml:5:13: models/a: access: only a local file or folder can be used where it lies; this is 's3'"),
            Row(
                entry("name: a", "url: /nfs/k", "access: direct", "link: copy"),
                "m.yaml:5:13: models/a: access: 'link: copy' needs a copy in the cache, 'access: direct' has none"),
            Row(
                "version: 1\ndefaults: {access: direct}\nmodels:\n  - {name: a, url: /nfs/k, link: hardlink}\n  - {name: b, url: s3://b/k}",
                "m.yaml:4:34: models/a: link: 'link: hardlink' needs a copy in the cache, 'access: direct' has none"),
            Row(
                entry("name: a", "url: /nfs/k", "access: direct", "executable: true"),
                "m.yaml:6:17: models/a: executable: what is used where it lies keeps the mode it has there"),
            Row(
                entry("name: a", "url: s3://b/k.zip", "executable: true", kind: "artifacts"),
                "m.yaml:5:17: artifacts/a: executable: an archive says itself which of its files are executable"),
            Row(
                entry("name: a", "url: s3://b/k.zip", "keep_archive: true"),
                "m.yaml:5:19: models/a: keep_archive: says what becomes of an archive, and this entry unpacks none"),
            Row(
                entry("name: a", "url: s3://b/k.zip", "extract: false", "keep_archive: true", kind: "datasets"),
                "m.yaml:6:19: datasets/a: keep_archive: says what becomes of an archive, and this entry unpacks none"),
            Row(
                entry(
                    "name: a", "url: s3://b/k.zip",
                    "extract: {strip: 1, strip_components: -1, include: x, exclude: ['/a']}"),
                "m.yaml:5:15: models/a: extract: unknown key 'strip'",
                "m.yaml:5:43: models/a: extract: strip_components: expected a number from 0 to 1000",
                "m.yaml:5:56: models/a: extract: include: expected a list of patterns, found a string",
                "m.yaml:5:69: models/a: extract: exclude: a pattern is a relative path: it cannot begin with '/' or hold '//'"
            ),
            Row(
                entry("name: a", "url: s3://b/k.zip", "extract: \"yes\""),
                "m.yaml:5:14: models/a: extract: expected auto, true, false, or a mapping of what to unpack"),
        ])
    func agreement(row: Row) {
        #expect(Self.problems(row.text) == row.problems)
    }

    @Test(
        "A path stays below the workspace",
        arguments: [
            ("/etc/passwd", "the path is absolute; it is relative to the workspace"),
            ("a/../b", "'..' leads out of the place where entries may write"), ("a//b", "the path holds '//'"),
            ("./", "the path names the workspace itself; name something in it"),
            ("", "the path names the workspace itself; name something in it"),
            (".clearml-sync/x", "'.clearml-sync' holds the workspace's own state"),
            ("./.clearml-sync", "'.clearml-sync' holds the workspace's own state"),
            ("a\\0b", "a path cannot hold a NUL character"),
            ("weights/", "ends in '/', but the entry is one file: name the file"),
            (String(repeating: "n", count: 256), "a name may have 255 bytes, a path 4,000"),
        ])
    func paths(path: String, problem: String) {
        let text = Self.entry("name: a", "url: s3://b/k", "path: \"\(path)\"")
        #expect(Self.problems(text) == ["m.yaml:5:11: models/a: path: \(problem)"])
    }

    @Test("A URL that gives no file name needs a path")
    func fileName() {
        #expect(
            Self.problems(Self.entry("name: a", "url: https://h/a%2Fb"))
                == ["m.yaml:4:10: models/a: url: does not end in a usable file name; give a 'path'"])
        #expect(Self.problems(Self.entry("name: a", "url: https://h/a%2Fb", "path: x")) == [])
    }

    @Test("Two entries do not write one path, and none lies inside another's folder")
    func conflicts() {
        let text = """
            version: 1
            artifacts:
              - {name: a, url: s3://b/one, path: x/y}
              - {name: b, url: s3://b/two, path: ./x/y/}
              - {name: c, url: s3://b/two, path: x/y/z/w}
              - {name: d, url: s3://b/two, path: x/yy}
              - {name: a, url: s3://b/two}
            models:
              - {name: a, url: s3://b/k}
              - {name: e, url: s3://b/k, path: models/a}
              - {name: f, url: s3://b/p/, path: café}
              - {name: g, url: s3://b/k, path: cafe\u{301}/g}
            """
        #expect(
            Self.problems(text) == [
                "m.yaml:4:38: artifacts/b: path: 'x/y' is written by artifacts/a (m.yaml:3:38); give one of them another 'path'",
                "m.yaml:4:38: artifacts/b: path: ends in '/', but the entry is one file: name the file",
                "m.yaml:5:38: artifacts/c: path: 'x/y/z/w' lies inside: 'x/y' is written by artifacts/a (m.yaml:3:38); "
                    + "give one of them another 'path'",
                "m.yaml:7:5: artifacts/a: the name is taken already at m.yaml:3:5",
                "m.yaml:9:12: models/a: path: 'models/a/k' lies inside: 'models/a' is written by models/e (m.yaml:10:36); "
                    + "give one of them another 'path'",
            ])
    }

    @Test(
        "A variable that is not there is a problem",
        arguments: [
            ("${vars.relese}", "unknown variable '${vars.relese}'; did you mean '${vars.release}'?"),
            (
                "${env.NOPE}",
                "the environment variable 'NOPE' is not set; set it, or give a default: '${env.NOPE:-default}'"
            ),
            (
                "${HOME}",
                "unknown variable '${HOME}'; there are '${vars.NAME}', '${env.NAME}' and '${env.NAME:-default}'"
            ),
            (
                "${env.}",
                "unknown variable '${env.}'; there are '${vars.NAME}', '${env.NAME}' and '${env.NAME:-default}'"
            ),
            ("${vars.release", "'${' has no '}'; write '$${' for the characters themselves"),
        ])
    func variables(text: String, problem: String) {
        let manifest = "version: 1\nvars: {release: r}\nmodels:\n  - name: a\n    url: \"s3://b/\(text)\"\n"
        #expect(Self.problems(manifest) == ["m.yaml:5:10: models/a: url: \(problem)"])
    }

    @Test("Variables are strings, and one of a wrong type is reported once, not at each use")
    func vars() {
        let text = "version: 1\nvars: {a: 1, b c: x, d: [x]}\nname: ${vars.a}x${vars.d}\n"
        #expect(
            Self.problems(text) == [
                "m.yaml:2:11: vars: a: expected a string, found a number; quote it: \"1\"",
                "m.yaml:2:14: vars: 'b c' is not a name: up to 200 letters, digits, '.', '_' and '-' (and not '.' or '..')",
                "m.yaml:2:25: vars: d: expected a string, found a list",
            ])
    }

    @Test("Every duplicate key is found, in any style, along with the other problems")
    func duplicateKeys() {
        let text = """
            version: 1
            'name': a
            name: b
            models:
              - {"name": m, "url": s3://b/k, "name": n, "url": s3://b/k}
              - name: é
                url: s3://b/k
                url: s3://b/l
                url: s3://b/m
            """
        #expect(
            Self.problems(text) == [
                "m.yaml:3:1: duplicate key 'name', first given at line 2, column 1",
                "m.yaml:5:34: duplicate key 'name', first given at line 5, column 6",
                "m.yaml:5:45: duplicate key 'url', first given at line 5, column 17",
                "m.yaml:6:11: models[1]: name: 'é' is not a name: up to 200 letters, digits, '.', '_' and '-' (and not '.' or '..')",
                "m.yaml:8:5: duplicate key 'url', first given at line 7, column 5",
                "m.yaml:9:5: duplicate key 'url', first given at line 7, column 5",
            ])
    }

    @Test("Every further line of a key is a problem, among few keys and among many")
    func manyDuplicates() {
        let text = "version: 1\nvars:\n" + String(repeating: "  a: x\n", count: 40)
        #expect(Self.problems(text).count == 39)
        let keys = (0..<40).map { "  v\($0): x\n" }.joined()
        let problems = Self.problems("version: 1\nvars:\n" + keys + "  v0: y\n  v39: y\n")
        #expect(
            problems == [
                "m.yaml:43:3: duplicate key 'v0', first given at line 3, column 3",
                "m.yaml:44:3: duplicate key 'v39', first given at line 42, column 3",
            ])
    }

    @Test("After a mistake in the text's structure nothing else is said: it may all follow from that")
    func structureFirst() {
        let problems = Self.problems("version: 1\nversion: 1\nname: !odd x\nmodels: [\n")
        #expect(problems.count == 1 && problems[0].contains("the text is not YAML"))
    }

    @Test("Aliases cannot make a short text enormous")
    func aliasBomb() {
        var text = "version: 1\nvars:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let aliases = repeatElement("*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "  a\(level): &a\(level) [\(aliases)]\n"
        }
        let problems = Self.problems(text)
        #expect(
            problems.count == 1 && problems[0].hasSuffix("aliases make this document enormous; write it without them"))
    }

    @Test("A document nested a hundred thousand deep is refused, not a crash")
    func nesting() {
        let problems = Self.problems("version: 1\nvars: " + String(repeating: "[", count: 100_000))
        #expect(problems.count == 1)
        let shallower = Self.problems(
            "version: 1\nvars: {a: \(String(repeating: "[", count: 500))\(String(repeating: "]", count: 500))}")
        #expect(shallower.contains { $0.hasSuffix("the value is nested too deeply") })
    }

    @Test("All problems of all files come at once, sorted")
    func allFiles() {
        let problems = Self.problems(
            "version: 1\ninclude: [b.yaml, gone.yaml, b.yaml, m.yaml]\nmodels:\n  - {name: m, url: ''}\n",
            files: [
                "b.yaml": "version: 1\ninclude: [sub/c.yaml]\nbad: 1\n",
                "sub/c.yaml": "version: 1\ninclude: [../b.yaml, d.yaml]\n", "sub/d.yaml": "[",
            ])
        #expect(
            problems == [
                "b.yaml:3:1: unknown key 'bad'",
                "m.yaml:2:19: include: 'gone.yaml' cannot be read: no such file",
                "m.yaml:2:30: include: 'b.yaml' is included already at m.yaml:2:11",
                "m.yaml:2:38: include: 'm.yaml' includes itself by way of this line",
                "m.yaml:4:20: models/m: url: a URL cannot be empty",
                "sub/c.yaml:2:11: include: '../b.yaml' is included already at m.yaml:2:11",
                "sub/d.yaml:2:1: the text is not YAML: did not find expected node content (while parsing a flow node)",
            ])
    }

    @Test("The same kind and name in two files is an error")
    func nameInTwoFiles() {
        let entry = "version: 1\nmodels: [{name: m, url: s3://b/k}]\n"
        #expect(
            Self.problems(entry + "include: [b.yaml]\n", files: ["b.yaml": entry])
                == ["m.yaml:2:10: models/m: the name is taken already at b.yaml:2:10"])
    }
}
