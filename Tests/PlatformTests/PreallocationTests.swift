import Glibc
import Testing

@testable import Platform

/// Files on tmpfs, which keeps its files in memory; Linux mounts it at /dev/shm.
@Suite(.enabled(if: access("/dev/shm", W_OK) == 0)) struct PreallocationTests {
    private func withFile(_ body: (borrowing File) throws -> Void) throws {
        let path = "/dev/shm/clearml-sync-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let file = try File(path, flags: O_CREAT | O_EXCL | O_RDWR)
        defer { unlink(path) }
        try body(file)
    }

    private func blocks(_ file: borrowing File) -> Int {
        var status = stat()
        return fstat(file.descriptor, &status) == 0 ? Int(status.st_blocks) : -1
    }

    @Test func aFileInMemoryTakesNoPagesBeforeItsBytesCome() throws {
        try withFile { file in
            try file.preallocate(64 << 20)
            #expect(try file.status().size == 64 << 20)
            #expect(blocks(file) == 0)
        }
    }

    @Test func aFileThatDoesNotFitIsRefusedBeforeItsFirstByte() throws {
        try withFile { file in
            do {
                // A file may be this long; no machine has the memory.
                try file.preallocate(1 << 50)
                Issue.record("there is no such space")
            } catch let error as SystemError { #expect("\(error)".hasSuffix("No space left on device (fallocate)")) }
            #expect(try file.status().size == 0)
        }
    }
}
