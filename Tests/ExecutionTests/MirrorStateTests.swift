internal import Planning
internal import Remotes
internal import Testing

@testable internal import Execution

/// What a mirror remembers of itself.
@Suite struct MirrorStateTests {
    private let digest = LockFile.hash(Array("content".utf8))

    private func state() -> MirrorState {
        var state = MirrorState()
        state.lines["models/m/a \"b\".bin"] = .init(digest: digest, size: 7, validator: .strongETag("\"1\""))
        state.lines["artifacts/a/ü"] = .init(digest: digest, size: 0)
        return state
    }

    @Test func itsTextIsReadBack() {
        #expect(MirrorState(state().text) == state())
        #expect(MirrorState(MirrorState().text) == MirrorState())
    }

    @Test func whatIsNoSuchFileIsNotHalfRead() {
        #expect(MirrorState(Array("".utf8)) == nil)
        #expect(MirrorState(Array("{\"clearml-sync-mirror\":2}\n".utf8)) == nil)
        #expect(MirrorState(Array("<html>".utf8)) == nil)
        #expect(MirrorState(state().text + Array("{\"path\":\"x\"}\n".utf8)) == nil)
    }

    @Test func onlyWhatItsStoreConfirmsIsHeld() {
        let path = "models/m/a \"b\".bin"
        func facts(_ size: Int64, _ tag: String) -> [String: ObjectFacts] {
            [path: ObjectFacts(size: size, validator: .strongETag(tag))]
        }
        let state = state()
        #expect(state.holds(digest, at: path, there: facts(7, "\"1\"")))
        #expect(!state.holds(digest, at: path, there: facts(8, "\"1\"")))
        #expect(!state.holds(digest, at: path, there: facts(7, "\"2\"")))
        #expect(!state.holds(digest, at: path, there: [:]))
        #expect(!state.holds(LockFile.hash([]), at: path, there: facts(7, "\"1\"")))
        #expect(!state.holds(digest, at: "another", there: nil))
        #expect(state.holds(digest, at: path, there: nil))
    }
}
