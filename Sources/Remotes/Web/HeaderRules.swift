internal import Configuration
internal import Glibc
internal import Planning
internal import Platform

/// `sdk.storage.sync.headers`: what is sent to one host and to no other.
struct HeaderRules: Sendable {
    private let rules: [HeaderRule]
    private let environment: [String: String]

    init(_ rules: [HeaderRule], environment: [String: String]) {
        self.rules = rules
        self.environment = environment
    }

    /// Whether a rule is for the URL's host, by whole host and, where the rule has one, by port.
    private func applies(_ rule: HeaderRule, to url: LogicalURL) -> Bool {
        let host = url.authority.host.lowercased()
        let port = url.authority.port ?? (url.scheme == .https ? 443 : 80)
        return rule.host == host && url.authority.port == nil || rule.host == "\(host):\(port)"
    }

    func keys(for url: LogicalURL) -> [String] { rules.filter { applies($0, to: url) }.map(\.key) }

    func fields(for url: LogicalURL) throws(Refusal) -> [HTTPField] {
        var fields: [HTTPField] = []
        for rule in rules where applies(rule, to: url) { fields.append(try field(rule)) }
        return fields
    }

    private func field(_ rule: HeaderRule) throws(Refusal) -> HTTPField {
        let text: String
        switch rule.source {
        case .text(let secret): text = secret.reveal()
        case .environment(let name):
            guard let value = environment[name] else {
                throw rule.problem("the variable \(name) is not set")
            }
            text = value
        case .file(let path):
            // Only the first line: a file usually ends with a newline, and a header cannot hold one.
            guard let bytes = try? File(path).readAll(limit: 64 << 10) else {
                throw rule.problem("the file \(path) cannot be read")
            }
            text = String(decoding: bytes.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
        }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex else {
            throw rule.problem("a header is written 'Name: value'")
        }
        let value = text[text.utf8.index(after: colon)...].drop { $0 == " " }
        return HTTPField(String(text[..<colon]), String(value), isSecret: true)
    }
}

extension HeaderRule {
    /// A header of the configuration that cannot be had.
    fileprivate func problem(_ reason: String) -> Refusal { Refusal(.configuration, "\(key): \(reason)") }
}
