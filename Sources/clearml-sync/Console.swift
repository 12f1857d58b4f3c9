internal import Execution
internal import Glibc

/// What goes to the person: results to stdout, everything else to stderr.
enum Console {
    static func write(_ text: String, to descriptor: Int32) {
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

    static func result(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }
    static func say(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// `error: <entry>: <what happened>`, then one indented line each for the cause and what to do.
    static func show(_ failure: Failure, as label: String = "error") {
        var text = "\(label): "
        if let subject = failure.subject { text += subject + ": " }
        text += failure.message
        if let cause = failure.cause { text += "\n  cause: " + cause }
        if let advice = failure.advice { text += "\n  help: " + advice }
        say(text)
    }
}
