/// What `${…}` stands for in the strings of a manifest: `${vars.NAME}`, `${env.NAME}`, `${env.NAME:-default}`.
/// `$${` is the text `${`. Values are not expanded again.
struct Variables {
    var vars: [String: String]
    private let environment: [String: String]
    /// The environment's variables that some string used, with their values.
    private(set) var environmentUsed: [String: String] = [:]

    init(vars: [String: String] = [:], environment: [String: String]) {
        self.vars = vars
        self.environment = environment
    }

    /// Why a text cannot be expanded.
    enum Problem: Error, Hashable, CustomStringConvertible {
        case unclosed
        case unknownVariable(String, suggestion: String?)
        case unsetEnvironment(String)
        case unknownKind(String)

        var description: String {
            switch self {
            case .unclosed: "'${' has no '}'; write '$${' for the characters themselves"
            case .unknownVariable(let name, let suggestion):
                "unknown variable '${vars.\(name)}'" + (suggestion.map { "; did you mean '${vars.\($0)}'?" } ?? "")
            case .unsetEnvironment(let name):
                "the environment variable '\(name)' is not set; set it, or give a default: '${env.\(name):-default}'"
            case .unknownKind(let text):
                "unknown variable '${\(text)}'; there are '${vars.NAME}', '${env.NAME}' and '${env.NAME:-default}'"
            }
        }
    }

    /// Names a variable unless an including manifest named it already.
    mutating func define(_ name: String, as value: String) {
        if vars[name] == nil { vars[name] = value }
    }

    mutating func expand(_ text: String) throws(Problem) -> String {
        guard text.utf8.holds(UInt8(ascii: "$")) else { return text }
        var expanded: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "$") else {
                expanded.append(byte)
                continue
            }
            if rest.starts(with: "${".utf8) {
                expanded += "${".utf8
                rest = rest.dropFirst(2)
            } else if rest.first == UInt8(ascii: "{") {
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { throw .unclosed }
                expanded += try value(of: Substring(rest[..<end].dropFirst())).utf8
                rest = rest[end...].dropFirst()
            } else {
                expanded.append(byte)
            }
        }
        return String(decoding: expanded, as: UTF8.self)
    }

    private mutating func value(of reference: Substring) throws(Problem) -> String {
        if reference.hasPrefix("vars.") {
            let name = String(reference.dropFirst(5))
            guard let value = vars[name] else {
                throw .unknownVariable(name, suggestion: Suggestion.nearest(to: name, among: vars.keys.sorted()))
            }
            return value
        }
        guard reference.hasPrefix("env.") else { throw .unknownKind(String(reference)) }
        let expression = reference.dropFirst(4)
        let name: String
        var fallback: String?
        if let range = expression.firstRange(of: ":-") {
            name = String(expression[..<range.lowerBound])
            fallback = String(expression[range.upperBound...])
        } else {
            name = String(expression)
        }
        guard !name.isEmpty else { throw .unknownKind(String(reference)) }
        let value = environment[name]
        // As in a shell, `:-` also takes the place of an empty value; so one that is not set is as good as empty.
        environmentUsed[name] = value ?? ""
        if let fallback, value ?? "" == "" { return fallback }
        guard let value else { throw .unsetEnvironment(name) }
        return value
    }
}
