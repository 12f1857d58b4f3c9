import Remotes
import Testing

@testable import Execution

@Suite struct RetryPolicyTests {
    @Test("The bound doubles up to the cap, the jitter takes a part of it, and then it is time to give up")
    func backoff() {
        var policy = RetryPolicy(limit: 5, base: 1, cap: 5)
        var delays: [Double?] = []
        for _ in 0..<6 { delays.append(policy.delay(retryAfter: nil, madeProgress: false, jitter: 0.5)) }
        #expect(delays == [0.5, 1, 2, 2.5, 2.5, nil])
    }

    @Test("Progress begins the count anew")
    func progress() {
        var policy = RetryPolicy(limit: 2, base: 1, cap: 10)
        _ = policy.delay(retryAfter: nil, madeProgress: false)
        _ = policy.delay(retryAfter: nil, madeProgress: false)
        #expect(policy.delay(retryAfter: nil, madeProgress: true, jitter: 1) == 1)
        #expect(policy.failures == 1)
    }

    @Test("The server's word comes first, up to two minutes, but does not make more attempts")
    func retryAfter() {
        var policy = RetryPolicy(limit: 2)
        #expect(policy.delay(retryAfter: 7, madeProgress: false) == 7)
        #expect(policy.delay(retryAfter: 86_400, madeProgress: false) == 120)
        #expect(policy.delay(retryAfter: 1, madeProgress: false) == nil)
    }

    @Test("The jitter of the clock's own stays within the bound")
    func jitter() {
        for _ in 0..<200 {
            var policy = RetryPolicy(limit: 1, base: 0.25, cap: 20)
            let delay = policy.delay(retryAfter: nil, madeProgress: false) ?? -1
            #expect((0..<0.25).contains(delay))
        }
    }

    @Test("Only what may be another answer later is asked again")
    func transient() {
        let transient = (100..<600).filter { Refusal.isTransient(status: $0) }
        #expect(transient == [408, 425, 429, 500, 502, 503, 504] + Array(506...599))
    }
}
