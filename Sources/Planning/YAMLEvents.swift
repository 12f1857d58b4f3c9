internal import CYaml

/// libyaml's parser (yaml_parser_parse): what a text says, one event after the other, each with its place.
///
/// Yams' own nodes take as long again as libyaml itself; all that is wanted here is the events, and Yams brings them along.
struct YAMLEvents: ManifestEvents, ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let event: UnsafeMutablePointer<yaml_event_t>

    /// - Parameter text: UTF-8 without a byte order mark; it must outlive the value.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        event = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        event.initialize(to: yaml_event_t())
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        event.deallocate()
    }

    mutating func next() throws(ManifestEventFailure) -> (event: ManifestEvent, mark: ManifestMark) {
        guard yaml_parser_parse(parser, event) == 1 else { throw failure }
        defer { yaml_event_delete(event) }
        return (Self.read(event), ManifestMark(event.pointee.start_mark))
    }

    private static func read(_ raw: UnsafeMutablePointer<yaml_event_t>) -> ManifestEvent {
        let data = raw.pointee.data
        switch raw.pointee.type {
        case YAML_SCALAR_EVENT:
            let scalar = data.scalar
            return .scalar(
                String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self),
                tag: text(scalar.tag), anchor: text(scalar.anchor), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
        case YAML_MAPPING_START_EVENT: return .mappingStart(anchor: text(data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_SEQUENCE_START_EVENT: return .sequenceStart(anchor: text(data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_ALIAS_EVENT: return .alias(anchor: text(data.alias.anchor) ?? "")
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        default: return .streamEnd
        }
    }

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        bytes.map { String(cString: $0) }
    }

    private var failure: ManifestEventFailure {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "out of memory"
        if parser.pointee.error == YAML_READER_ERROR {
            return .character(problem: problem, offset: Int(parser.pointee.problem_offset))
        }
        return .structure(
            problem: problem, context: parser.pointee.context.map { String(cString: $0) },
            mark: ManifestMark(parser.pointee.problem_mark))
    }
}

extension ManifestMark {
    fileprivate init(_ raw: yaml_mark_t) {
        self.init(line: Int(raw.line) + 1, column: Int(raw.column) + 1)
    }
}
