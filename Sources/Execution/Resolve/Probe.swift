internal import Planning
internal import Platform
internal import Remotes
internal import Synchronization

/// Asks servers for the size and version of objects that no lock knows, without fetching them (HEAD).
///
/// Only `plan` does this. What a server will not tell stays unknown: a plan is no place to fail.
struct Probe {
    let sources: SourceRules
    let jobs: Int

    private struct Question {
        var entry: Int
        var object: Int
        var request: HTTPRequest
    }

    /// Waits for one head.
    private final class Answer: HTTPReceiver {
        let number: Int
        let board: Monitor<Board>

        init(number: Int, board: Monitor<Board>) {
            self.number = number
            self.board = board
        }

        func received(head: HTTPHead) -> HTTPDemand {
            if head.status == 200 {
                let size = HTTPSource.totalSize(head)
                let validator = HTTPSource.validator(head, size: size)
                board.withLock { $0.found[number] = (validator, size) }
            }
            return .more
        }
        func received(bytes: UnsafeRawBufferPointer) -> HTTPDemand { .more }
        func ended(_ result: Result<HTTPEnd, HTTPFailure>) { board.withLock { $0.open -= 1 } }
    }

    private struct Board {
        var open = 0
        var found: [Int: (validator: Validator, size: Int64?)] = [:]
    }

    func ask(_ entries: inout [ResolvedEntry]) throws {
        let questions = questions(entries)
        guard !questions.isEmpty else { return }
        let client = HTTPClient(sources.clientConfiguration)
        defer { client.shutdown() }
        let board = Monitor(Board())
        for (number, question) in questions.enumerated() {
            _ = board.wait { $0.open < jobs ? true : nil }
            board.withLock { $0.open += 1 }
            client.send(question.request, to: Answer(number: number, board: board))
        }
        _ = board.wait { $0.open == 0 ? true : nil }
        for (number, answer) in board.read({ $0.found }) {
            let question = questions[number]
            entries[question.entry].objects[question.object].validator = answer.validator
            entries[question.entry].objects[question.object].size = answer.size
        }
    }

    private func questions(_ entries: [ResolvedEntry]) -> [Question] {
        var questions: [Question] = []
        for (index, entry) in entries.enumerated() where entry.access == .cache {
            for (number, object) in entry.objects.enumerated() where object.locked == nil {
                guard
                    case .http(let source)? = try? sources.sources(object.url, mirrors: [], base: entry.entry.base)
                        .first
                else { continue }
                questions.append(Question(entry: index, object: number, request: source.headRequest()))
            }
        }
        return questions
    }
}
