internal import Glibc

/// One accepted socket of a `FaultServer`: reads requests, writes responses and carries out their faults.
final class ServerConnection {
    private let socket: Int32
    private var unread: [UInt8] = []

    init(_ socket: Int32) {
        self.socket = socket
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// nil at the end of the connection, or on what is no request.
    func readRequest() -> FaultServer.Request? {
        var head: [UInt8] = []
        while !head.hasSuffix("\r\n\r\n") {
            guard head.count < 1 << 20, let byte = next() else { return nil }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        guard let words = lines.first?.split(separator: " "), words.count == 3 else { return nil }
        let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        var request = FaultServer.Request(
            method: String(words[0]), target: String(words[1]), headers: headers, body: [], number: 0, connection: 0)
        guard let body = read(request["Content-Length"].flatMap { Int($0) } ?? 0) else { return nil }
        request.body = body
        return request
    }

    /// That many bytes; nil when the connection ends before.
    private func read(_ length: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        while bytes.count < length {
            guard let first = next() else { return nil }
            bytes.append(first)
            let more = min(length - bytes.count, unread.count - position)
            bytes += unread[position..<position + more]
            position += more
        }
        return bytes
    }

    private var position = 0

    private func next() -> UInt8? {
        if position == unread.count {
            unread = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
                count = max(0, recv(socket, buffer.baseAddress, buffer.count, 0))
            }
            position = 0
            if unread.isEmpty { return nil }
        }
        defer { position += 1 }
        return unread[position]
    }

    /// - Parameters:
    ///   - sent: told how many body bytes went out, as they do.
    ///   - ending: told how it ends, before the client can notice.
    func send(
        _ response: FaultServer.Response, withBody: Bool, sent: (Int) -> Void,
        ending: (FaultServer.Exchange.Ending) -> Void
    ) -> FaultServer.Exchange.Ending {
        func ends(_ how: FaultServer.Exchange.Ending) -> FaultServer.Exchange.Ending {
            ending(how)
            return how
        }
        if case .noResponse = response.fault { return ends(.truncated) }
        if let garbage = response.garbage {
            ending(.complete)
            return write(garbage[...]) ? .complete : .clientGone
        }
        guard write(Array(head(of: response).utf8)[...]) else { return ends(.clientGone) }
        guard withBody, response.status != 304 else { return ends(.complete) }

        let isChunked = if case .chunked = response.framing { true } else { false }
        var (rest, end, step, pause) = (response.body[...], FaultServer.Exchange.Ending.complete, 64 << 10, 0)
        if case .declaring(let length) = response.framing, length > rest.count { end = .truncated }
        switch response.fault {
        case .closeAfter(let count): (rest, end) = (rest.prefix(count), .truncated)
        case .resetAfter(let count): (rest, end) = (rest.prefix(count), .reset)
        case .stallAfter(let count): (rest, end) = (rest.prefix(count), .stalled)
        case .trickle(let rate): (step, pause) = (max(1, rate / 20), 50_000)
        case .noResponse, nil: break
        }
        while !rest.isEmpty {
            let piece = rest.prefix(step)
            rest = rest.dropFirst(step)
            if rest.isEmpty, end == .complete, !isChunked { ending(.complete) }
            let size = isChunked ? Array((String(piece.count, radix: 16) + "\r\n").utf8) : []
            guard write((size + piece + (isChunked ? [13, 10] : []))[...]) else { return ends(.clientGone) }
            sent(piece.count)
            if pause > 0 { usleep(UInt32(pause)) }
        }
        ending(end)
        switch end {
        case .reset: reset()
        case .stalled: waitForEnd()
        case .complete where isChunked:
            let trailers = response.trailers.map { "\($0.name): \($0.value)\r\n" }.joined()
            guard write(Array("0\r\n\(trailers)\r\n".utf8)[...]) else { return ends(.clientGone) }
        default: break
        }
        return end
    }

    private func head(of response: FaultServer.Response) -> String {
        var head = response.interim.map { $0 + "\r\n\r\n" }.joined()
        head += "HTTP/1.1 \(response.status) Status\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        switch response.framing {
        case .contentLength where response.status == 304: break
        case .contentLength: head += "Content-Length: \(response.body.count)\r\n"
        case .declaring(let length): head += "Content-Length: \(length)\r\n"
        case .chunked: head += "Transfer-Encoding: chunked\r\n"
        case .untilClose: head += "Connection: close\r\n"
        }
        return head + "\r\n"
    }

    private func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// A close that sends RST instead of FIN: SO_LINGER with no time (socket(7)).
    private func reset() {
        // What was written must have arrived, or the reset would overtake it.
        var pending: Int32 = 1
        _ = waitUntil(.seconds(2)) {
            _ = ioctl(socket, UInt(TIOCOUTQ), &pending)
            return pending == 0
        }
        var off = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &off, socklen_t(MemoryLayout<linger>.size))
    }

    /// Until the client hangs up, or `stop()` shuts the socket; at most two minutes.
    private func waitForEnd() {
        var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        poll(&watched, 1, 120_000)
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
