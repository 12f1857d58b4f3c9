import Planning
import Testing

@Suite struct SelectionTests {
    private let entries: [Entry]

    init() throws {
        let text = """
            version: 1
            artifacts: [{name: bert, url: s3://b/a}, {name: vocab, url: s3://b/v, tags: [train]}]
            models: [{name: bert, url: s3://b/b, tags: [train, eval]}, {name: bert-large, url: s3://b/l}]
            datasets: [{name: coco, url: s3://b/c/, tags: [eval]}]
            """
        entries = try ManifestDecoder.decode(path: "m.yaml", currentDirectory: "/") { _ in Array(text.utf8) }.entries
    }

    @Test(
        "Names, kinds, tags and exclusions narrow the entries down",
        arguments: [
            (Selection(), ["artifacts/bert", "artifacts/vocab", "models/bert", "models/bert-large", "datasets/coco"]),
            (Selection(names: ["bert"]), ["artifacts/bert", "models/bert"]),
            (Selection(names: ["models/bert"]), ["models/bert"]),
            (Selection(names: ["coco", "models/*"]), ["models/bert", "models/bert-large", "datasets/coco"]),
            (Selection(names: ["*bert*"]), ["artifacts/bert", "models/bert", "models/bert-large"]),
            (Selection(kinds: [.model, .dataset]), ["models/bert", "models/bert-large", "datasets/coco"]),
            (Selection(tags: ["train"]), ["artifacts/vocab", "models/bert"]),
            (Selection(tags: ["train", "eval"]), ["artifacts/vocab", "models/bert", "datasets/coco"]),
            (Selection(kinds: [.model], tags: ["eval"]), ["models/bert"]),
            (Selection(exclude: ["models/*", "coco"]), ["artifacts/bert", "artifacts/vocab"]),
            (Selection(names: ["bert"], exclude: ["artifacts/bert"]), ["models/bert"]),
            (Selection(names: ["bert"], kinds: [.dataset]), []),
        ])
    func selection(selection: Selection, expected: [String]) throws {
        #expect(try selection.select(from: entries).map(\.id.description) == expected)
    }

    @Test(
        "A name or tag that no entry has is a mistake, with what was probably meant",
        arguments: [
            (Selection(names: ["bret"]), SelectionError.unknownName("bret", suggestion: "bert")),
            (Selection(names: ["model/bert"]), .unknownName("model/bert", suggestion: "models/bert")),
            (Selection(names: ["x*"]), .unknownName("x*", suggestion: nil)),
            (Selection(exclude: ["zzzz"]), .unknownName("zzzz", suggestion: nil)),
            (Selection(tags: ["trian"]), .unknownTag("trian", suggestion: "train")),
            (Selection(names: ["[x"]), .badPattern("[x", .unclosedSet)),
        ])
    func mistakes(selection: Selection, error: SelectionError) {
        #expect(throws: error) { try selection.select(from: entries) }
    }

    @Test("The message of a mistake names it and the suggestion")
    func messages() {
        #expect(
            SelectionError.unknownName("bret", suggestion: "bert").description
                == "no entry is called 'bret'; did you mean 'bert'?")
        #expect(SelectionError.unknownTag("x", suggestion: nil).description == "no entry has the tag 'x'")
    }
}
