import Platform
import TestSupport
import Testing

@testable import Execution

@Suite struct SourceFoldersTests {
    /// What cannot be looked at is waited for by many.
    @Test func eachFolderIsAskedAbout() throws {
        let folder = try TemporaryFolder()
        let isNetwork = try FileSystem.isNetwork(folder.path)
        var folders = SourceFolders()
        let answers = ["a", "b", "missing/a", "a"].map { folders.isNetwork(folder.path + "/" + $0) }
        #expect(answers == [isNetwork, isNetwork, true, isNetwork])
    }
}
