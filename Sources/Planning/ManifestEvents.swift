/// What the text of a manifest says, one event after the other, each with its place: YAML's events, whoever reads them.
protocol ManifestEvents: ~Copyable {
    mutating func next() throws(ManifestEventFailure) -> (event: ManifestEvent, mark: ManifestMark)
}

enum ManifestEvent {
    case streamStart, streamEnd, documentStart, documentEnd
    case alias(anchor: String)
    case scalar(String, tag: String?, anchor: String?, isPlain: Bool)
    case sequenceStart(anchor: String?)
    case sequenceEnd
    case mappingStart(anchor: String?)
    case mappingEnd
}

/// Lines and columns from 1; a column counts Unicode scalars.
struct ManifestMark {
    var line: Int
    var column: Int
}

/// Where and why a text cannot be read: libyaml's words.
enum ManifestEventFailure: Error {
    /// Bytes from the start: a character that YAML does not have.
    case character(problem: String, offset: Int)
    case structure(problem: String, context: String?, mark: ManifestMark)
}
