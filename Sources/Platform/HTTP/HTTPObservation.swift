/// What became of one request, for a log: no header, no secret.
public struct HTTPObservation: Sendable {
    public var method: HTTPRequest.Method
    /// Redacted; each redirect is a request of its own.
    public var url: String
    public var range: Range<Int64>?
    /// 0 when no response came.
    public var status: Int
    /// The failure's words; `nil` for a complete response.
    public var failure: String?
    /// Body bytes.
    public var bytes: Int64
    public var seconds: Double
}

extension HTTPEngine {
    /// What to tell of a request that libcurl has ended.
    static func observation(_ job: HTTPJob, _ handle: EasyHandle, _ outcome: EasyHandle.Outcome) -> HTTPObservation {
        var observation = HTTPObservation(
            method: job.request.method, url: URLRedaction.redact(job.hop.url), range: job.request.range,
            status: handle.status, failure: nil, bytes: 0, seconds: handle.seconds)
        switch outcome {
        case .redirect: break
        case .ended(.success(let end)): observation.bytes = end.bodyLength
        case .ended(.failure(let failure)): observation.failure = failure.kind == .stopped ? nil : failure.detail
        }
        return observation
    }
}
