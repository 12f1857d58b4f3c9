import Planning
import Testing

@Suite struct ManifestDecoderTests {
    private func decode(
        _ text: String, path: String = "/m/manifest.yaml", environment: [String: String] = [:],
        files: [String: String] = [:]
    ) throws -> Manifest {
        try ManifestDecoder.decode(path: path, currentDirectory: "/here", environment: environment) { name in
            Array((name == path ? text : files[name] ?? "").utf8)
        }
    }

    @Test("A manifest that uses every key means what it says")
    func everyKey() throws {
        let manifest = try decode(
            """
            version: 1
            name: bert-repro
            workspace: ../ws/./x
            vars: {release: "2026-10"}
            defaults: {link: hardlink, extract: false, access: cache}
            artifacts:
              - name: vocab
                url: https://files.example.org/${vars.release}/vocab.txt
                checksum: md5:0123456789abcdef0123456789ABCDEF
                size: 231508
            models:
              - name: bert
                url: s3://minio.example.org:9000/models/bert/model.safetensors
                mirrors: [https://mirror.example.org/bert/model.safetensors]
                version: 3HL4kqCxf3vjVBH40Nrjfkd
                path: ./weights//../weights
                link: copy
                executable: true
            datasets:
              - name: coco
                url: gs://bucket/coco/
                include: ["train/**"]
                exclude: ["**/*.tmp"]
              - name: mini
                url: azure://account.blob.core.windows.net/container/mini.tar.zst
                extract: {strip_components: 1, include: ["train/**"], exclude: [x]}
                keep_archive: false
                tags: [train, "2026"]
                optional: true
                access: auto
                link: auto
            """.replacing("./weights//../weights", with: "./weights/bert.safetensors"))
        #expect(manifest.name == "bert-repro")
        #expect(manifest.workspace == "/ws/x")
        #expect(manifest.vars == ["release": "2026-10"])
        #expect(manifest.files == ["/m/manifest.yaml"])
        #expect(
            manifest.entries.map(\.id.description) == [
                "artifacts/vocab", "models/bert", "datasets/coco", "datasets/mini",
            ])
        let vocab = manifest.entries[0]
        #expect(vocab.url.raw == "https://files.example.org/2026-10/vocab.txt")
        #expect(vocab.checksum?.description == "md5:0123456789abcdef0123456789abcdef")
        #expect(vocab.size == 231_508)
        #expect(vocab.link == .hardlink && vocab.extract == .never && vocab.access == .cache)
        #expect(vocab.base == "/m" && vocab.location.description == "/m/manifest.yaml:7:5")
        #expect(vocab.workspacePath(isFolder: vocab.isFolder) == "artifacts/vocab/vocab.txt")
        let bert = manifest.entries[1]
        #expect(bert.version == "3HL4kqCxf3vjVBH40Nrjfkd" && bert.executable && bert.link == .copy)
        #expect(try bert.mirrors == [LogicalURL("https://mirror.example.org/bert/model.safetensors")])
        #expect(bert.path == "weights/bert.safetensors")
        let coco = manifest.entries[2]
        #expect(try coco.include == [Glob("train/**")] && coco.exclude == [Glob("**/*.tmp")])
        #expect(coco.isFolder && coco.workspacePath(isFolder: true) == "datasets/coco")
        let mini = manifest.entries[3]
        #expect(
            try mini.extract == .always(Recipe(stripComponents: 1, include: [Glob("train/**")], exclude: [Glob("x")])))
        #expect(mini.keepArchive == false && mini.optional && mini.tags == ["train", "2026"])
        #expect(mini.access == .auto && mini.link == .auto)
        #expect(mini.isFolder && mini.workspacePath(isFolder: true) == "datasets/mini")
    }

    @Test("Left out keys take their defaults; a key without value is an empty list")
    func defaults() throws {
        let manifest = try decode(
            "version: 1\nartifacts:\nmodels: [{name: m, url: s3://b/k}]\ndefaults:\nvars:\ninclude:\n")
        let entry = manifest.entries[0]
        #expect(entry.link == .auto && entry.extract == .auto && entry.access == .auto)
        #expect(entry.mirrors.isEmpty && entry.version == nil && entry.checksum == nil && entry.size == nil)
        #expect(!entry.executable && !entry.optional && entry.keepArchive == nil && entry.tags.isEmpty)
        #expect(manifest.name == nil && manifest.workspace == "/m/workspace")
    }

    @Test("A default of direct access is for those entries that are local")
    func directDefault() throws {
        let manifest = try decode(
            "version: 1\ndefaults: {access: direct}\nmodels: [{name: a, url: s3://b/k}, {name: b, url: ./k}, {name: c, url: 'file:///k'}]"
        )
        #expect(manifest.entries.map(\.access) == [.auto, .direct, .direct])
    }

    @Test("JSON is read: tabs, escaped slashes, surrogate pairs, a byte order mark, CRLF")
    func json() throws {
        let text =
            "\u{FEFF}{\r\n\t\"version\": 1,\r\n\t\"models\":[\r\n\t\t{\"name\":\"m\",\t\"url\":\"s3:\\/\\/b\\/\\ud83d\\ude00\\u00e9\\\\ud83d\",\"size\":1}\r\n\t]\r\n}\r\n"
        let entry = try decode(text).entries[0]
        #expect(entry.url.raw == "s3://b/😀é\\ud83d")
        #expect(entry.size == 1)
    }

    @Test("Paths and URLs keep spaces, newlines, percent signs and any script")
    func unusualText() throws {
        let manifest = try decode("version: 1\nmodels: [{name: m, url: \"s3://b/a b%20\\n日本\", path: \"x y%/é\\n語\"}]")
        #expect(manifest.entries[0].url.path == "/a b%20\n日本")
        #expect(manifest.entries[0].path == "x y%/é\n語")
    }

    @Test("Anchors, aliases and merge keys are YAML as usual; what an entry says itself wins")
    func anchors() throws {
        let manifest = try decode(
            """
            version: 1
            models:
              - &base {name: a, url: s3://b/k, tags: [x], optional: true}
              - {<<: *base, name: b, optional: false}
              - <<: [{tags: [y]}, *base]
                name: c
            """)
        #expect(manifest.entries.map(\.id.name) == ["a", "b", "c"])
        #expect(manifest.entries.map(\.optional) == [true, false, true])
        #expect(manifest.entries.map(\.tags) == [["x"], ["x"], ["y"]])
    }

    @Test(
        "A text is unpacked by kind, shape and name, or as it is told",
        arguments: [
            ("artifacts", "s3://b/x.tar.gz", "", true), ("datasets", "https://h/x.ZIP?q=.txt", "", true),
            ("models", "s3://b/x.zip", "", false), ("models", "s3://b/x.zip", "extract: true", true),
            ("datasets", "s3://b/x.zip", "extract: false", false), ("datasets", "s3://b/x.npz", "", false),
            ("datasets", "s3://b/x.whl", "", false), ("datasets", "s3://b/x", "extract: true", true),
            ("datasets", "s3://b/.zip", "", false), ("datasets", "s3://b/x-{0..3}.tar", "", false),
            ("datasets", "s3://b/*.tar", "", false), ("datasets", "s3://b/*.tar", "extract: true", true),
            ("datasets", "./x.7z", "", true), ("datasets", "s3://b/x.tar.lz4", "extract: auto", true),
            ("datasets", "s3://b/x.tar", "extract: \"${vars.no}\"", false),
        ])
    func recipes(kind: String, url: String, extract: String, unpacks: Bool) throws {
        let manifest = try decode(
            "version: 1\nvars: {no: \"false\"}\n\(kind):\n  - name: e\n    url: \(url)\n    \(extract)\n")
        let entry = manifest.entries[0]
        #expect((entry.recipe(for: entry.url.fileName ?? "x.tar") != nil) == unpacks)
    }

    @Test("The members of a local folder are not unpacked by themselves")
    func members() throws {
        let entry = try decode("version: 1\ndatasets: [{name: d, url: /mnt/folder}]").entries[0]
        #expect(entry.recipe(for: "x.tar", isMember: true) == nil)
        #expect(entry.recipe(for: "x.tar") != nil)
    }

    // MARK: - Variables

    @Test("Variables fill strings, and what numbers and booleans are written as")
    func variables() throws {
        let manifest = try decode(
            """
            version: 1
            vars: {host: "h", dir: "${env.ROOT}/d", size: "12", plain: $5}
            models:
              - name: m-${vars.host}
                url: https://${vars.host}/${vars.dir}/${env.UNSET:-x.bin}?$${a}&${vars.plain}
                size: ${vars.size}
                optional: ${env.OPTIONAL:-true}
                link: ${env.LINK}
                tags: ["${env.EMPTY:-filled}"]
            """, environment: ["ROOT": "r", "LINK": "copy", "EMPTY": "", "OTHER": "o"])
        let entry = manifest.entries[0]
        #expect(entry.id.name == "m-h")
        #expect(entry.url.raw == "https://h/r/d/x.bin?${a}&$5")
        #expect(entry.size == 12 && entry.optional && entry.link == .copy && entry.tags == ["filled"])
        #expect(manifest.environmentUsed == ["ROOT": "r", "LINK": "copy", "EMPTY": "", "UNSET": "", "OPTIONAL": ""])
    }

    @Test("A value is not expanded again")
    func noSecondExpansion() throws {
        let manifest = try decode(
            "version: 1\nmodels: [{name: m, url: \"https://h/${env.X}\"}]", environment: ["X": "${vars.y}"])
        #expect(manifest.entries[0].url.raw == "https://h/${vars.y}")
    }

    // MARK: - Included files

    @Test("Included entries come first, keep their own folder and defaults, and see the variables of who includes them")
    func includes() throws {
        let base = """
            version: 1
            name: ignored
            workspace: ignored
            vars: {bucket: fallback, own: o}
            defaults: {link: copy}
            models: [{name: base, url: "./${vars.bucket}/${vars.own}"}]
            """
        let manifest = try decode(
            """
            version: 1
            vars: {bucket: chosen}
            include: [./sub/base.yaml, /abs/other.json]
            artifacts: [{name: own, url: ./x}]
            """, path: "conf/m.yaml",
            files: [
                "conf/sub/base.yaml": base,
                "/abs/other.json": "{\"version\": 1, \"datasets\": [{\"name\": \"d\", \"url\": \"y\"}]}",
            ])
        #expect(manifest.entries.map(\.id.description) == ["models/base", "datasets/d", "artifacts/own"])
        #expect(manifest.entries.map(\.base) == ["/here/conf/sub", "/abs", "/here/conf"])
        #expect(manifest.entries[0].url.raw == "./chosen/o")
        #expect(manifest.entries.map(\.link) == [.copy, .auto, .auto])
        #expect(manifest.name == nil && manifest.workspace == "/here/conf/workspace")
        #expect(manifest.files == ["conf/m.yaml", "conf/sub/base.yaml", "/abs/other.json"])
        #expect(manifest.vars == ["bucket": "chosen"])
    }

    @Test("A manifest that cannot be read is the reader's error, not a problem of the manifest")
    func unreadable() {
        #expect(throws: ManifestProblemTests.Missing.self) {
            try ManifestDecoder.decode(path: "x", currentDirectory: "/") { _ in throw ManifestProblemTests.Missing() }
        }
    }

    @Test("Ten thousand entries with paths of their own decode, and one clash among them is found")
    func manyEntries() throws {
        var text = "version: 1\nmodels:\n"
        for index in 0..<10_000 {
            text += "  - name: m\(index)\n    url: s3://b/k\(index)\n    path: a/b/c/d/\(index)/x.bin\n"
        }
        #expect(try decode(text).entries.count == 10_000)
        text += "  - {name: last, url: s3://b/k, path: a/b/c/d/9999/x.bin}\n"
        #expect { try decode(text) } throws: { ($0 as? ManifestProblems)?.problems.map(\.location.line) == [30_003] }
    }
}
