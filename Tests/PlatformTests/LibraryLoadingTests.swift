import CArchive
import CCurl
import Testing

/// Libraries that are loaded when they are first called.
@Suite struct LibraryLoadingTests {
    /// All functions are looked up at once, so this says it of each.
    @Test("Every function that calls are passed on to is in its library")
    func everyFunctionIsThere() {
        #expect(ccurl_problem() == nil, "\(ccurl_problem().map { String(cString: $0) } ?? "")")
        #expect(carchive_problem() == nil, "\(carchive_problem().map { String(cString: $0) } ?? "")")
    }
}
