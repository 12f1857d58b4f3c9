internal import CCrypto
internal import CXXHash

/// One hash function fed with content piece by piece. Reusable: `finishAndReset()` keeps the allocated context.
public struct ContentHasher: ~Copyable, @unchecked Sendable {
    private enum State {
        case messageDigest(context: OpaquePointer, digest: OpaquePointer)
        case xxh3(OpaquePointer)
        case crc32c(CRC32C)
    }

    public let function: HashFunction
    private var state: State

    public init(_ function: HashFunction) {
        self.function = function
        switch function {
        case .sha256: state = Self.start(MessageDigests.shared.sha256)
        case .sha512: state = Self.start(MessageDigests.shared.sha512)
        case .sha1: state = Self.start(MessageDigests.shared.sha1)
        case .md5: state = Self.start(MessageDigests.shared.md5)
        case .crc32c: state = .crc32c(CRC32C())
        case .xxh3:
            guard let context = XXH3_createState() else { preconditionFailure("no memory for an XXH3 state") }
            XXH3_128bits_reset(context)
            state = .xxh3(context)
        }
    }

    deinit {
        switch state {
        case .messageDigest(let context, _): EVP_MD_CTX_free(context)
        case .xxh3(let context): XXH3_freeState(context)
        case .crc32c: break
        }
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        switch state {
        case .messageDigest(let context, _): Self.check(EVP_DigestUpdate(context, base, bytes.count))
        case .xxh3(let context): xxh3_update(context, base, bytes.count)
        case .crc32c(var register):
            register.update(bytes)
            state = .crc32c(register)
        }
    }

    /// The value of all bytes so far, `function.byteCount` long.
    public consuming func finish() -> [UInt8] { value() }

    /// As `finish()`, and the hasher is as new.
    public mutating func finishAndReset() -> [UInt8] {
        let result = value()
        reset()
        return result
    }

    /// Forgets all bytes so far.
    public mutating func reset() {
        switch state {
        case .messageDigest(let context, let digest): Self.check(EVP_DigestInit_ex2(context, digest, nil))
        case .xxh3(let context): XXH3_128bits_reset(context)
        case .crc32c: state = .crc32c(CRC32C())
        }
    }

    private mutating func value() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: function.byteCount) { buffer, count in
            switch state {
            case .messageDigest(let context, _): Self.check(EVP_DigestFinal_ex(context, buffer.baseAddress, nil))
            case .xxh3(let context):
                Fingerprint(XXH3_128bits_digest(context)).write(into: UnsafeMutableRawBufferPointer(buffer))
            case .crc32c(let register):
                UnsafeMutableRawBufferPointer(buffer).storeBytes(of: register.value.bigEndian, as: UInt32.self)
            }
            count = function.byteCount
        }
    }

    private static func start(_ digest: OpaquePointer) -> State {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest context") }
        check(EVP_DigestInit_ex2(context, digest, nil))
        return .messageDigest(context: context, digest: digest)
    }

    /// EVP calls on a software digest fail only by misuse of the context: a wrong value must never come of it.
    private static func check(_ result: Int32) {
        precondition(result == 1, "libcrypto refused a digest operation")
    }
}
