import Platform
import Testing

@Suite struct ProcessRunTests {
    @Test func bothOutputsAndTheStatusAreTold() throws {
        let run = try ProcessRun(shell: "echo \"$WORD\"; echo wrong >&2; exit 7", environment: ["WORD": "a b"])
        #expect(run.status == 7)
        #expect(String(decoding: run.output, as: UTF8.self) == "a b\n")
        #expect(String(decoding: run.errors, as: UTF8.self) == "wrong\n")
    }

    @Test func nothingIsInheritedAndStandardInputIsEmpty() throws {
        let run = try ProcessRun(shell: "cat; echo \"[$HOME]\"; kill -TERM $$", environment: ["PATH": "/usr/bin:/bin"])
        #expect(String(decoding: run.output, as: UTF8.self) == "[]\n")
        #expect(run.status == 128 + 15)
    }

    @Test func itIsKilledWhenItsTimeIsOver() {
        #expect(throws: ProcessRun.Failure.self) {
            try ProcessRun(shell: "sleep 600 & sleep 600", environment: ["PATH": "/usr/bin:/bin"], seconds: 0.2)
        }
    }

    @Test func endlessOutputIsCut() {
        #expect(throws: ProcessRun.Failure.self) {
            try ProcessRun(
                shell: "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", environment: [:], limit: 100_000)
        }
    }

    @Test func outputLongerThanAPipeIsWhole() throws {
        let run = try ProcessRun(
            shell: "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2", environment: ["PATH": "/usr/bin:/bin"])
        #expect(run.output.count == 300_000 && run.errors.count == 300_000 && run.status == 0)
    }
}
