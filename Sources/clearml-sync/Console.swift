internal import Execution
internal import Glibc
internal import Platform
internal import Synchronization

/// What goes to the person: results to stdout, everything else to stderr. Both belong to the process, so this does too:
/// one lock makes lines whole and keeps the live lines of a progress display below all others.
enum Console {
    private struct State {
        /// Live lines on the screen. The cursor stands at the beginning of the first: so it does whatever the terminal
        /// makes of longer lines when it becomes narrower, and wherever a `^C` is echoed.
        var live: [String] = []
        var usesColor = ColorChoice.auto.usesColor(on: STDERR_FILENO)
        var showsNotes = true
    }

    private static let state = Mutex(State())

    /// - Parameter quiet: only errors and warnings are shown.
    static func configure(color: ColorChoice, quiet: Bool) {
        state.withLock { state in
            state.usesColor = color.usesColor(on: STDERR_FILENO)
            state.showsNotes = !quiet
        }
    }

    // MARK: Lines

    static func result(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    /// A line on stderr, whatever the options.
    static func say(_ line: String) { write(DisplayText.harmless(line) + "\n", to: STDERR_FILENO) }

    /// What is good to know and not for `--quiet`.
    static func note(_ line: String) { if state.withLock(\.showsNotes) { say(line) } }

    static func warn(_ text: String) { show(Failure(.other, text), as: "warning") }

    /// `error: <entry>: <what happened>`, then one indented line each for the cause and what to do.
    static func show(_ failure: Failure, as label: String = "error") {
        var text = styled(label + ":", label == "error" ? .red : .yellow) + " "
        if let subject = failure.subject { text += DisplayText.harmless(subject) + ": " }
        text += DisplayText.harmless(failure.message)
        if let cause = failure.cause { text += "\n  " + styled("cause:", .cyan) + " " + DisplayText.harmless(cause) }
        if let advice = failure.advice { text += "\n  " + styled("help:", .cyan) + " " + DisplayText.harmless(advice) }
        write(text + "\n", to: STDERR_FILENO)
    }

    /// A line of the log: dimmed where there are colors.
    static func log(_ line: String) { write(styled(DisplayText.harmless(line), .dim) + "\n", to: STDERR_FILENO) }

    static func styled(_ text: String, _ style: ControlSequence.Style) -> String {
        state.withLock(\.usesColor) ? style.applied(to: text) : text
    }

    // MARK: Live lines

    /// Replaces the live lines; none ends the display and leaves nothing of it.
    static func draw(_ lines: [String]) {
        state.withLock { state in
            guard !lines.isEmpty || !state.live.isEmpty else { return }
            state.live = lines
            put(drawing(lines), STDERR_FILENO)
        }
    }

    /// Written over what stands there, rather than after erasing it: that would flicker.
    private static func drawing(_ lines: [String]) -> String {
        let text = lines.map { $0 + ControlSequence.eraseToEndOfLine }.joined(separator: "\n")
        return "\r" + text + ControlSequence.eraseToEndOfScreen + ControlSequence.up(lines.count - 1) + "\r"
    }

    private static func write(_ text: String, to descriptor: Int32) {
        state.withLock { state in
            guard !state.live.isEmpty else { return put(text, descriptor) }
            let erased = "\r" + ControlSequence.eraseToEndOfScreen
            if descriptor == STDERR_FILENO { return put(erased + text + drawing(state.live), descriptor) }
            put(erased, STDERR_FILENO)
            put(text, descriptor)
            put(drawing(state.live), STDERR_FILENO)
        }
    }

    private static func put(_ text: String, _ descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                // Nobody reads any more: there is nobody to tell.
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
