import Testing

@testable import Planning

@Suite struct SharedTests {
    private struct Pair {
        var left: String
        var right: [Int]
        var count: Int { right.count }
    }

    @Test func whatIsSetInOneCopyIsNotInOthers() {
        let first = Shared(Pair(left: "a", right: [1]))
        var second = first
        second.left = "b"
        second.right.append(2)
        #expect(first.left == "a" && first.right == [1] && first.count == 1)
        #expect(second.left == "b" && second.right == [1, 2] && second.value.count == 2)
    }
}
