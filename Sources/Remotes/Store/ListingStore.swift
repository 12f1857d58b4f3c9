public import Platform

/// A store that can say which keys it holds.
public protocol ListingStore: Store {
    /// One page of the keys that begin with `prefix`, in the store's order.
    /// - Parameters:
    ///   - prefix: a literal beginning of keys, not a folder: `data/ab` finds `data/abc`.
    ///   - delimiter: keys that have it behind the prefix are told as one common prefix (`ls`); `nil` tells every key.
    ///   - token: `next` of the page before; `nil` for the first.
    ///   - limit: keys at most; the store may give fewer.
    func list(prefix: String, delimiter: String?, token: String?, limit: Int) -> HTTPRequest

    /// Reads one page.
    func page(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> ListingPage
}

/// One answer to `list`.
public struct ListingPage: Sendable {
    public var objects: [ListedObject]
    /// What stands for several keys: each ends with the delimiter.
    public var prefixes: [String]
    /// Where the next page begins; `nil` only when the store says that this was the last one.
    public var next: String?

    public init(objects: [ListedObject] = [], prefixes: [String] = [], next: String? = nil) {
        self.objects = objects
        self.prefixes = prefixes
        self.next = next
    }
}

/// One key of a listing.
public struct ListedObject: Hashable, Sendable {
    public var key: String
    public var facts: ObjectFacts

    public init(key: String, facts: ObjectFacts) {
        self.key = key
        self.facts = facts
    }
}
