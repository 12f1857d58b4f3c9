internal import Platform
internal import Remotes

/// The keys below a prefix, page after page, from a server that may lie.
struct Listing {
    private let store: any ListingStore
    private let caller: StoreCaller
    private let prefix: String
    private let delimiter: String?
    private let limit: Int

    private var token: String?
    private var isAtEnd = false
    /// Tokens that were given already: one that comes again would lead in a circle.
    private var tokens: Set<String> = []
    private var firstKey: String?
    private var emptyPages = 0

    init(
        _ store: any ListingStore, prefix: String, delimiter: String? = nil, limit: Int = 1000, caller: StoreCaller
    ) {
        self.store = store
        self.prefix = prefix
        self.delimiter = delimiter
        self.limit = limit
        self.caller = caller
    }

    /// - Returns: the next page; `nil` behind the last one.
    mutating func next() throws(Failure) -> ListingPage? {
        guard !isAtEnd else { return nil }
        let (store, prefix, delimiter, token, limit) = (store, prefix, delimiter, token, limit)
        let answer = try caller.ask(store) {
            store.list(prefix: prefix, delimiter: delimiter, token: token, limit: limit)
        }
        let page: ListingPage
        do throws(Refusal) { page = try store.page(answer.head, body: answer.body) } catch {
            throw Failure(refusal: error)
        }
        try check(page)
        self.token = page.next
        isAtEnd = page.next == nil
        return page
    }

    /// Pages without keys are allowed (a store may skip over what was deleted), but not for ever.
    static let mostEmptyPages = 1000

    private mutating func check(_ page: ListingPage) throws(Failure) {
        guard let next = page.next else { return }
        let first = page.objects.first?.key ?? page.prefixes.first
        emptyPages = first == nil ? emptyPages + 1 : 0
        let isCircle = !tokens.insert(next).inserted || first != nil && first == firstKey
        guard !isCircle, emptyPages < Listing.mostEmptyPages else {
            throw Failure(
                .network, "the server's listing leads in a circle", cause: "below the key '\(prefix)'",
                advice: "ask who runs the server; nothing of an incomplete listing was used")
        }
        firstKey = first
    }
}
