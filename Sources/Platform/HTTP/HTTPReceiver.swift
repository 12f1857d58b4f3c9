/// What a receiver wants next.
public enum HTTPDemand: Sendable {
    case more
    /// The bytes just given were taken; no more until `HTTPTransfer.resume()`. A body whose last bytes were
    /// given may end all the same.
    case pause
    /// Ends the transfer with `.stopped`.
    case stop
}

/// Takes a response. Called on the client's own thread, which serves every other transfer too, so it must not
/// block: first the head, then bytes as often as they come, then `ended` exactly once (possibly alone).
public protocol HTTPReceiver: AnyObject, Sendable {
    /// The final response: 1xx responses and followed redirects are not seen.
    func received(head: HTTPHead) -> HTTPDemand
    /// Raw body bytes, whatever Content-Encoding says, never empty; valid only during the call.
    func received(bytes: UnsafeRawBufferPointer) -> HTTPDemand
    func ended(_ result: Result<HTTPEnd, HTTPFailure>)
}

/// A response that came completely.
public struct HTTPEnd: Sendable {
    /// Body bytes given to the receiver.
    public var bodyLength: Int64
    /// Seconds since the (last) request was started, and until its first byte of response.
    public var seconds: Double
    public var secondsToFirstByte: Double
    public var redirects: Int
    /// No connection had to be opened for the (last) request.
    public var reusedConnection: Bool
}
