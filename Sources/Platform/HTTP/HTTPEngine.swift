internal import CCurl

/// The client's thread: admits jobs, lets libcurl move bytes (curl_multi_socket_action(3)), hands out results. All of it runs on that
/// one thread.
final class HTTPEngine {
    private let configuration: HTTPConfiguration
    private let usesFileAlone: Bool
    private let hasNetrc: Bool
    private let mailbox: HTTPMailbox
    private let multi: UnsafeMutableRawPointer
    private let sockets = HTTPSockets()

    private var hosts: [Substring: HTTPHostQueue] = [:]
    private var waiting = 0
    /// Handles in use, and those that wait for the next job: by what they trust.
    private var active: [ObjectIdentifier: EasyHandle] = [:]
    private var idle: [HTTPRequest.TLSTrust: [EasyHandle]] = [:]
    private var now = MonotonicTime.now()
    private var nextStallCheck = MonotonicTime.now()

    init(_ configuration: HTTPConfiguration, _ mailbox: HTTPMailbox) {
        self.configuration = configuration
        usesFileAlone = configuration.usesFileAlone()
        hasNetrc = configuration.hasNetrc()
        self.mailbox = mailbox
        multi = curl_multi_init()
        set(CURLMOPT_MAX_HOST_CONNECTIONS, configuration.connectionsPerHost)
        set(CURLMOPT_MAX_TOTAL_CONNECTIONS, configuration.connections)
        set(CURLMOPT_MAXCONNECTS, configuration.connections)
        set(CURLMOPT_MAX_CONCURRENT_STREAMS, configuration.streamsPerHost)
        set(CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        sockets.attach(to: multi)
        mailbox.open(sockets.waker)
    }

    private func set(_ option: CURLMoption, _ value: Int) { ccurl_multi_setopt_long(multi, option, value) }

    func run() {
        var commands: [HTTPMailbox.Command] = []
        while mailbox.take(&commands) {
            for command in commands { obey(command) }
            commands.removeAll(keepingCapacity: true)
            now = .now()
            sockets.actOnReady(multi)
            collect()
            // What has ended makes room for what waits, and that is sent at once.
            startWaiting()
            sockets.actOnTimer(multi)
            collect()
            startWaiting()
            endStalled()
            sockets.wait(milliseconds: mailbox.fallAsleep() ? active.isEmpty ? 600_000 : 250 : 0)
        }
        for command in commands { obey(command) }
        close()
    }

    // MARK: Admission

    private func obey(_ command: HTTPMailbox.Command) {
        switch command {
        case .send(let job):
            enqueue(job)
        case .resume(let job):
            guard let handle = job.handle else { return }
            handle.lastActivity = now
            let code = handle.resume()
            if code != CURLE_OK { settle(handle, code) }
        case .cancel(let job):
            if let handle = job.handle { release(handle) } else if job.state == .waiting { waiting -= 1 }
            job.end(.cancelled, "The transfer was cancelled")
        }
    }

    private func enqueue(_ job: HTTPJob) {
        let name = job.hop.url.schemeAndAuthority
        let host: HTTPHostQueue
        if let known = hosts[name] {
            host = known
        } else {
            host = HTTPHostQueue()
            hosts[name] = host
        }
        job.state = .waiting
        job.host = host
        host.append(job)
        waiting += 1
    }

    /// libcurl is given only those that may have a connection.
    private func startWaiting() {
        guard waiting > 0 else { return }
        for host in hosts.values {
            let limit = host.multiplexes ? configuration.streamsPerHost : configuration.connectionsPerHost
            while waiting > 0, host.active < limit, host.multiplexes || active.count < configuration.connections,
                let job = host.next()
            {
                waiting -= 1
                start(job, host)
            }
        }
    }

    private func start(_ job: HTTPJob, _ host: HTTPHostQueue) {
        let trust = job.hop.isTLS ? job.request.tls : .system
        guard
            let handle = idle[trust]?.popLast()
                ?? EasyHandle(configuration, trust, sockets, usesFileAlone: usesFileAlone, hasNetrc: hasNetrc)
        else {
            return job.end(.other(Int32(bitPattern: CURLE_OUT_OF_MEMORY.rawValue)), "Out of memory")
        }
        handle.lastActivity = now
        do throws(HTTPFailure) { try handle.begin(job) } catch {
            handle.finish()
            return job.end(.failure(error))
        }
        job.state = .active
        job.handle = handle
        host.active += 1
        active[ObjectIdentifier(handle)] = handle
        curl_multi_add_handle(multi, handle.pointer)
    }

    // MARK: Endings

    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let code = message.pointee.data.result
            var context: UnsafeMutableRawPointer?
            ccurl_getinfo_pointer(easy, CURLINFO_PRIVATE, &context)
            guard let context else { continue }
            settle(Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue(), code)
        }
    }

    private func settle(_ handle: EasyHandle, _ code: CURLcode) {
        guard let job = handle.job else { return }
        let outcome = handle.outcome(code)
        if let observe = configuration.observe { observe(HTTPEngine.observation(job, handle, outcome)) }
        release(handle)
        switch outcome {
        case .ended(let result): job.end(result)
        case .redirect(let hop):
            job.hop = hop
            enqueue(job)
        }
    }

    /// Takes the handle from its job and from libcurl; an unfinished response costs its connection.
    private func release(_ handle: EasyHandle) {
        curl_multi_remove_handle(multi, handle.pointer)
        active[ObjectIdentifier(handle)] = nil
        handle.job?.host?.active -= 1
        handle.job?.handle = nil
        handle.finish()
        if !handle.isSpent { idle[handle.trust, default: []].append(handle) }
    }

    private func endStalled() {
        guard now >= nextStallCheck else { return }
        nextStallCheck = now.adding(seconds: 0.25)
        for handle in active.values {
            guard let job = handle.job else { continue }
            if handle.takeActivity() || handle.isPaused || !handle.hasSentRequest { handle.lastActivity = now }
            let limit = job.request.stallTimeout
            guard now.seconds(since: handle.lastActivity) >= Double(limit.milliseconds) / 1000 else { continue }
            release(handle)
            job.end(.stalled, "No byte came for \(limit)")
        }
    }

    private func close() {
        for handle in active.values {
            let job = handle.job
            release(handle)
            job?.end(.cancelled, "The client is shut down")
        }
        for host in hosts.values {
            while let job = host.next() { job.end(.cancelled, "The client is shut down") }
        }
        idle = [:]
        mailbox.detach()
        curl_multi_cleanup(multi)
    }
}
