import Testing

@testable import Platform

@Suite struct CRC32CTests {
    @Test func theTableGivesWhatTheInstructionGives() {
        let content = (0..<4099).map { UInt8(truncatingIfNeeded: $0 &* 17) }
        for count in [0, 1, 7, 8, 9, 255, 4099] {
            var (byDefault, byTable) = (CRC32C(), CRC32C())
            content.prefix(count).withUnsafeBytes {
                byDefault.update($0)
                byTable.updateByTable($0)
            }
            #expect(byDefault.value == byTable.value, "\(count) bytes")
        }
    }
}
