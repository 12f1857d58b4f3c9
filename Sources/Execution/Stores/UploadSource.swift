internal import Planning
internal import Platform

/// A local file while it is pushed: opened once, and at the end it must be what it was at the beginning.
final class UploadSource: Sendable {
    let path: String
    /// Bytes when it was opened.
    let size: Int64
    private let file: File
    private let opened: FileStatus

    init(_ path: String) throws(Failure) {
        do {
            let file = try File(path)
            let status = try file.status()
            guard status.kind == .file else {
                throw Failure(.usage, "only files can be pushed, and what they hold", cause: path)
            }
            self.path = path
            self.file = file
            opened = status
            size = status.size
        } catch {
            throw Failure(error)
        }
    }

    /// Bytes of a range of the file; fewer than there were is a change.
    func read(_ range: Range<Int64>) throws(Failure) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            do throws(SystemError) {
                while count < range.count {
                    let rest = UnsafeMutableRawBufferPointer(
                        UnsafeMutableBufferPointer(rebasing: buffer[count..<range.count]))
                    let more = try file.read(into: rest, at: range.lowerBound + Int64(count))
                    if more == 0 { return }
                    count += more
                }
            } catch { failure = error }
        }
        if let failure { throw Failure(system: failure) }
        guard bytes.count == range.count else { throw changed() }
        return bytes
    }

    /// Hands over the bytes of a range, block by block; fewer than there were is a change.
    func read(_ range: Range<Int64>, _ take: (UnsafeRawBufferPointer) -> Void) throws(Failure) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = Int(min(Int64(buffer.count), range.upperBound - offset))
            let count: Int
            do throws(SystemError) {
                count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: offset)
            } catch { throw Failure(system: error) }
            guard count > 0 else { throw changed() }
            take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
    }

    /// A range of the file as it is sent.
    func body(_ range: Range<Int64>) -> HTTPBody {
        .source(length: range.count) { [self] buffer, offset in
            var filled = 0
            while filled < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                guard let count = try? file.read(into: rest, at: range.lowerBound + Int64(offset + filled)), count > 0
                else { break }
                filled += count
            }
            return filled
        }
    }

    /// Checksums of the whole content, or of a range of it, in the order of the functions.
    func hash(_ functions: [HashFunction], range: Range<Int64>? = nil) throws(Failure) -> [[UInt8]] {
        let range = range ?? 0..<size
        do {
            let (values, count) = try file.hash(functions, range: range)
            guard count == Int64(range.count) else { throw changed() }
            return values
        } catch {
            throw Failure(error)
        }
    }

    /// Makes `target`, an empty file, hold the same: shared where the file system can, otherwise copied.
    func copy(into target: borrowing File) throws(Failure) {
        do throws(SystemError) {
            if try file.clone(into: target) { return }
            try file.copy(into: target, length: size)
        } catch { throw Failure(system: error) }
    }

    /// - Throws: when somebody has written to the file since it was opened.
    func checkUnchanged() throws(Failure) {
        do {
            let now = try file.status()
            guard now.size == opened.size, now.modified == opened.modified else { throw changed() }
        } catch { throw Failure(error) }
    }

    private func changed() -> Failure {
        Failure(
            .other, "the file changed while it was pushed", cause: path,
            advice: "push it again when nobody writes to it")
    }
}
