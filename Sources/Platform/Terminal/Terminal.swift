internal import CLinux
internal import Glibc

/// What is behind a descriptor, as far as showing things to a person goes.
public enum Terminal {
    /// isatty(3).
    public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Columns at this moment (TIOCGWINSZ); `nil` when there is no terminal or it does not say.
    public static func columns(_ descriptor: Int32) -> Int? {
        let columns = Int(linux_terminal_columns(descriptor))
        return columns > 0 ? columns : nil
    }
}

/// The few control sequences that we use (ECMA-48).
public enum ControlSequence {
    /// CSI A, CUU; nothing for zero rows.
    public static func up(_ rows: Int) -> String { rows > 0 ? "\u{1B}[\(rows)A" : "" }
    /// CSI K, EL: from the cursor to the end of the line.
    public static let eraseToEndOfLine = "\u{1B}[K"
    /// CSI J, ED: from the cursor to the end of the screen.
    public static let eraseToEndOfScreen = "\u{1B}[J"

    /// CSI m, SGR.
    public enum Style: String, Sendable {
        case bold = "1", dim = "2", red = "1;31", yellow = "1;33", green = "32", cyan = "36"

        public func applied(to text: String) -> String { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
    }
}
