/// A request under way.
///
/// `@unchecked Sendable`: any thread may hold it; only the client's own thread touches what is `var`.
final class HTTPJob: @unchecked Sendable {
    enum State { case waiting, active, ended }

    let request: HTTPRequest
    let receiver: any HTTPReceiver
    var hop: HTTPHop
    var state = State.waiting
    var handle: EasyHandle?
    var host: HTTPHostQueue?

    init(_ request: HTTPRequest, _ receiver: any HTTPReceiver) {
        self.request = request
        self.receiver = receiver
        hop = HTTPHop(request)
    }

    /// Tells the receiver, once.
    func end(_ result: Result<HTTPEnd, HTTPFailure>) {
        guard state != .ended else { return }
        state = .ended
        handle = nil
        receiver.ended(result)
    }

    func end(_ kind: HTTPFailure.Kind, _ detail: String) { end(.failure(HTTPFailure(kind, detail, url: hop.url))) }
}

/// Jobs for one host in the order of submission, and how many of them are under way.
final class HTTPHostQueue {
    /// Those before `first` are gone: a job's request may hold megabytes to send.
    private var jobs: [HTTPJob?] = []
    private var first = 0
    var active = 0
    /// Known to speak HTTP/2: many jobs share a connection.
    var multiplexes = false

    func append(_ job: HTTPJob) { jobs.append(job) }

    /// The next job that was not cancelled meanwhile.
    func next() -> HTTPJob? {
        while first < jobs.count {
            let job = jobs[first]
            jobs[first] = nil
            first += 1
            if first > 1024, first * 2 > jobs.count {
                jobs.removeFirst(first)
                first = 0
            }
            if let job, job.state == .waiting { return job }
        }
        jobs.removeAll(keepingCapacity: true)
        first = 0
        return nil
    }
}
