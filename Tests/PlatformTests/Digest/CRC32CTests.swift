import Testing

@testable import Platform

@Suite struct CRC32CTests {
    @Test func theTableGivesWhatTheInstructionGives() {
        let content = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
        for count in [0, 1, 7, 8, 9, 255, 4099, 16_367, 16_368, 16_369, 50_000] {
            var (byDefault, byTable) = (CRC32C(), CRC32C())
            content.prefix(count).withUnsafeBytes {
                byDefault.update($0)
                byTable.updateByTable($0)
            }
            #expect(byDefault.value == byTable.value, "\(count) bytes")
        }
    }

    @Test(arguments: [[], [0], [5], [1, 1, 1], [4096, 3, 0, 1000], [100_000, 1, 65_536]])
    func thoseOfPartsGiveThatOfTheWhole(lengths: [Int]) {
        var joined = CRC32C.Joined()
        var whole: [UInt8] = []
        for (number, length) in lengths.enumerated() {
            let part = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
            joined.append(HashFunction.crc32c.hash(part), length: Int64(length))
            whole += part
        }
        #expect(joined.value == HashFunction.crc32c.hash(whole))
    }
}
