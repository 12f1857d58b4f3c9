import Platform
import Testing

@testable import Execution

@Suite struct InboxTests {
    private let inbox = Inbox()

    private func busy(_ count: Int) { for _ in 0..<count { inbox.post(.busy) } }

    @Test("Messages that are there come at once, all of them")
    func takesAll() {
        busy(3)
        #expect(inbox.next().count == 3)
    }

    @Test("A few messages wait for more until the limit, and no longer")
    func gathers() {
        busy(1)
        let limit = MonotonicTime.now().adding(seconds: 0.05)
        #expect(inbox.next(until: limit).count == 1)
        #expect(MonotonicTime.now() >= limit)
    }

    @Test("A handful does not wait for the limit", .timeLimit(.minutes(1)))
    func handful() {
        busy(8)
        #expect(inbox.next(until: MonotonicTime.now().adding(seconds: 3600)).count == 8)
    }

    @Test("A handful that comes while the loop gathers wakes it", .timeLimit(.minutes(1)))
    func wakes() {
        let thread = OwnedThread { [inbox] in
            for _ in 0..<8 { inbox.post(.busy) }
        }
        #expect(inbox.next(until: MonotonicTime.now().adding(seconds: 3600)).count >= 8)
        thread.join()
    }

    @Test("Nothing came before the limit: nothing is given")
    func endsEmpty() { #expect(inbox.next(until: MonotonicTime.now().adding(seconds: 0.01)).isEmpty) }

    @Test("A timer that is due does not wait for messages", .timeLimit(.minutes(1)))
    func timers() {
        inbox.schedule(after: 0.01) {}
        let messages = inbox.next(until: MonotonicTime.now().adding(seconds: 3600))
        guard case .timer = messages.first else { return #expect(Bool(false), "no timer came") }
    }
}
