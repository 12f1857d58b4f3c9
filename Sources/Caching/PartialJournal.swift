internal import Glibc
internal import Planning
internal import Platform

/// The text beside a partial: what it is of, and which ranges hold right bytes, each with its fingerprint.
///
/// ```
/// clearml-sync-partial 1
/// <object's identity, escaped>
/// <validator>
/// <size in bytes>
/// <offset> <length> <XXH3-128 hex>
/// ```
/// Lines are appended after their bytes were written. A torn last line is no claim.
struct PartialJournal {
    struct Header: Sendable, Equatable {
        var identity: String
        var validator: Validator
        var size: Int64

        var text: String {
            let escaped = identity.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
            return "clearml-sync-partial 1\n\(escaped)\n\(validator.text)\n\(size)\n"
        }
    }

    struct Claim: Sendable {
        var range: Range<Int64>
        var fingerprint: String

        var text: String { "\(range.lowerBound) \(range.count) \(fingerprint)\n" }
    }

    var header: Header
    var claims: [Claim]

    /// - Returns: `nil` when nothing is there, or nothing that can be understood.
    static func read(_ path: String) throws(SystemError) -> PartialJournal? {
        guard try FileSystem.status(path) != nil else { return nil }
        let text = String(decoding: try File(path).readAll(limit: 256 << 20), as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()[...]
        guard lines.popFirst() == "clearml-sync-partial 1", let escaped = lines.popFirst(),
            let validator = lines.popFirst().flatMap({ Validator($0) }),
            let size = lines.popFirst().flatMap({ Int64($0) }),
            size >= 0
        else { return nil }
        var identity = ""
        var isEscaped = false
        for character in escaped {
            if isEscaped {
                identity.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                identity.append(character)
            }
        }
        let claims = lines.compactMap { line -> Claim? in
            let fields = line.split(separator: " ")
            guard fields.count == 3, let offset = Int64(fields[0]), let length = Int64(fields[1]), length > 0,
                offset >= 0,
                offset <= size - length, fields[2].utf8.count == 32
            else { return nil }
            return Claim(range: offset..<offset + length, fingerprint: String(fields[2]))
        }
        return PartialJournal(header: Header(identity: identity, validator: validator, size: size), claims: claims)
    }
}
