/// Text for a terminal: how wide it is, how to shorten it, and how to keep it from steering the terminal.
public enum DisplayText {
    /// Columns that the text takes. Combining marks take none, East Asian wide characters and emoji two (UAX #11).
    public static func columns(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + columns($1) }
    }

    private static func columns(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.value < 0x300 { return 1 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if first.properties.isEmojiPresentation || character.unicodeScalars.contains(where: { $0.value == 0xFE0F }) {
            return 2
        }
        return wide.contains { $0.contains(first.value) } ? 2 : 1
    }

    /// Blocks of East Asian wide and fullwidth characters.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x20000...0x3FFFD,
    ]

    /// At most that many columns; what is too long loses its middle, since names differ at their ends.
    public static func shortened(_ text: String, to width: Int, ellipsis: String = "…") -> String {
        guard columns(text) > width else { return text }
        let room = width - columns(ellipsis)
        guard room > 0 else { return prefix(text, width) }
        let tail = suffix(text, room - room / 2)
        return prefix(text, room / 2) + ellipsis + tail
    }

    /// The text and blanks up to a width.
    public static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - columns(text)))
    }

    private static func prefix(_ text: String, _ width: Int) -> String {
        var (result, used) = ("", 0)
        for character in text {
            used += columns(character)
            guard used <= width else { break }
            result.append(character)
        }
        return result
    }

    private static func suffix(_ text: String, _ width: Int) -> String {
        var (result, used) = ([Character](), 0)
        for character in text.reversed() {
            used += columns(character)
            guard used <= width else { break }
            result.append(character)
        }
        return String(result.reversed())
    }

    /// The text with control characters made visible (`\u{1b}`): file names and servers' words must not steer a terminal.
    /// - Parameter keepingLines: line feeds and tabs stay.
    public static func harmless(_ text: String, keepingLines: Bool = true) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            if keepingLines, scalar == "\n" || scalar == "\t" { return false }
            return scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
