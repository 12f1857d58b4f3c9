internal import CZlib

#if ISAL
    internal import CISAL
#endif

/// What one call of `Inflater.inflate` came to.
struct Inflated {
    /// Bytes that were written.
    var count: Int
    /// The member has ended; in a gzip its CRC-32 and length are right.
    var isEnd: Bool
    /// At the end: bytes that were given and do not belong to the member.
    var unread: Int
}

/// What deflated bytes are wrapped in.
enum DeflateWrapper { case gzip, none }

#if ISAL
    /// Members of a gzip or zip file, inflated by ISA-L in a half of zlib's time. Of a gzip it verifies CRC-32 and length.
    struct Inflater: ~Copyable {
        private let state: UnsafeMutablePointer<inflate_state>
        /// Given to the next `inflate`; what it leaves stays here.
        var input = UnsafeRawBufferPointer(start: nil, count: 0)

        init(_ wrapper: DeflateWrapper) throws(ArchiveError) {
            state = .allocate(capacity: 1)
            isal_inflate_init(state)
            state.pointee.crc_flag = UInt32(wrapper == .gzip ? ISAL_GZIP : ISAL_DEFLATE)
        }

        deinit { state.deallocate() }

        /// Begins the next member.
        mutating func reset() { isal_inflate_reset(state) }

        /// - Returns: no bytes and no end when it needs more input.
        mutating func inflate(into output: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Inflated {
            state.pointee.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
            state.pointee.avail_in = UInt32(input.count)
            state.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            state.pointee.avail_out = UInt32(output.count)
            let result = isal_inflate(state)
            guard result >= 0 else { throw .corrupt("gzip: " + Self.words(result)) }
            input = UnsafeRawBufferPointer(rebasing: input.suffix(Int(state.pointee.avail_in)))
            // Whole bytes that it took in and did not need.
            let taken = Int(max(0, state.pointee.read_in_length)) / 8
            return Inflated(
                count: output.count - Int(state.pointee.avail_out),
                isEnd: state.pointee.block_state == ISAL_BLOCK_FINISH, unread: input.count + taken)
        }

        private static func words(_ code: Int32) -> String {
            switch code {
            case ISAL_INCORRECT_CHECKSUM: "incorrect data check"
            case ISAL_INVALID_WRAPPER: "incorrect header"
            case ISAL_UNSUPPORTED_METHOD: "unknown compression method"
            case ISAL_INVALID_LOOKBACK: "invalid distance too far back"
            case ISAL_INVALID_SYMBOL: "invalid code"
            default: "invalid block"
            }
        }
    }
#else
    /// Members of a gzip or zip file, inflated by zlib. Of a gzip it verifies CRC-32 and length.
    struct Inflater: ~Copyable {
        private let stream: UnsafeMutablePointer<z_stream>
        /// Given to the next `inflate`; what it leaves stays here.
        var input = UnsafeRawBufferPointer(start: nil, count: 0)

        init(_ wrapper: DeflateWrapper) throws(ArchiveError) {
            stream = .allocate(capacity: 1)
            stream.initialize(to: z_stream())
            let opened = wrapper == .gzip ? czlib_inflate_init_gzip(stream) : czlib_inflate_init_raw(stream)
            guard opened == Z_OK else { throw .outOfMemory }
        }

        deinit {
            inflateEnd(stream)
            stream.deallocate()
        }

        /// Begins the next member.
        mutating func reset() { inflateReset(stream) }

        /// - Returns: no bytes and no end when it needs more input.
        mutating func inflate(into output: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Inflated {
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = UInt32(input.count)
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(output.count)
            let result = CZlib.inflate(stream, Z_NO_FLUSH)
            switch result {
            case Z_OK, Z_BUF_ERROR, Z_STREAM_END: break
            case Z_MEM_ERROR: throw .outOfMemory
            default:
                let words = stream.pointee.msg.map { String(cString: $0) } ?? "invalid data"
                throw .corrupt("gzip: " + words)
            }
            input = UnsafeRawBufferPointer(rebasing: input.suffix(Int(stream.pointee.avail_in)))
            return Inflated(
                count: output.count - Int(stream.pointee.avail_out), isEnd: result == Z_STREAM_END,
                unread: input.count)
        }
    }
#endif
