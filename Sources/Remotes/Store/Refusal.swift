/// Why a store did not do what was asked, in a user's words. Nothing in it is secret.
public struct Refusal: Error, Sendable {
    public enum Kind: Hashable, Sendable {
        case notFound
        /// Credentials missing, wrong or expired, or not allowed to.
        case permission
        /// It may well go a little later (RFC 9110 section 15: 408, 429, 5xx; S3 `SlowDown`).
        case transient
        /// The store has learnt something from this answer (a region, a token's end): the same wish, asked for once more, may go.
        case again
        /// The object is not the one that `match` named.
        case changed
        /// The server cannot or will not give this range.
        case range
        /// The bytes that were sent did not arrive as they were.
        case integrity
        /// The configuration cannot be used as it is.
        case configuration
        /// The store does not offer this.
        case unsupported
        /// An answer that makes no sense.
        case malformed
    }

    public var kind: Kind
    /// One sentence without a full stop: `the bucket 'models' does not exist`.
    public var message: String
    /// The URL (redacted), the status, the store's own code: `http://127.0.0.1:9000/models answered 404 NoSuchBucket`.
    public var cause: String?
    /// What to do, naming the configuration's entry.
    public var advice: String?
    /// Seconds that the server asks to wait.
    public var retryAfter: Double?

    public init(
        _ kind: Kind, _ message: String, cause: String? = nil, advice: String? = nil, retryAfter: Double? = nil
    ) {
        self.kind = kind
        self.message = message
        self.cause = cause
        self.advice = advice
        self.retryAfter = retryAfter
    }
}
