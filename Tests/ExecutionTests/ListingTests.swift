internal import Remotes
internal import Synchronization
internal import TestSupport
internal import Testing

@testable internal import Execution

/// Listings from servers that tell the truth, and from some that do not.
@Suite struct ListingTests {
    /// All keys of a listing whose pages the server makes by token.
    private func keys(_ page: @escaping @Sendable (String) -> String) throws -> [String] {
        let scene = try StoreScene()
        scene.state.withLock { state in
            state.fault = { request in
                let token = request.target.split(separator: "token=").last?.prefix { $0 != "&" } ?? ""
                return .text(page(request.target.contains("token=&") ? "" : String(token)))
            }
        }
        var listing = Listing(scene.store(), prefix: "p/", caller: StoreCaller(scene.network))
        var keys: [String] = []
        while let page = try listing.next() { keys += page.objects.map(\.key) }
        return keys
    }

    @Test func allPagesAreRead() throws {
        let found = try keys { token in
            switch token {
            case "": "1 p/a\n= t1"
            case "t1": "= t2"
            case "t2": "1 p/b\n2 p/c\n= t3"
            default: "1 p/d"
            }
        }
        #expect(found == ["p/a", "p/b", "p/c", "p/d"])
    }

    @Test func aTokenThatComesAgainIsAnError() throws {
        #expect(throws: Failure.self) {
            try keys { token in "1 p/\(token)x\n= \(token == "t1" ? "t2" : "t1")" }
        }
    }

    @Test func theSamePageAgainIsAnErrorWhateverItsToken() throws {
        #expect(throws: Failure.self) { try keys { token in "1 p/a\n= \(token)x" } }
    }

    @Test func emptyPagesWithoutEndAreAnError() throws {
        let failure = #expect(throws: Failure.self) { try keys { token in "= \((Int(token) ?? 0) + 1)" } }
        #expect(failure?.kind == .network)
    }

    @Test func aMalformedPageIsAnErrorAndNotTheEnd() throws {
        #expect(throws: Failure.self) { try keys { token in token.isEmpty ? "1 p/a\n= t1" : "nonsense" } }
    }
}
