internal import Glibc
internal import Platform

/// Runs `body` as somebody who may not write where its folders are read-only.
///
/// Root may write everywhere, so root becomes `nobody` meanwhile, for the file system calls of this one thread
/// (setfsuid(2)). For anybody else permission bits are enough.
public func asStranger<Value>(_ body: () throws -> Value) throws -> Value {
    guard geteuid() == 0 else { return try body() }
    typealias SetIdentity = @convention(c) (UInt32) -> Int32
    guard let user = dlsym(nil, "setfsuid"), let group = dlsym(nil, "setfsgid") else {
        throw TestSupportError("this C library has no setfsuid")
    }
    let setUser = unsafeBitCast(user, to: SetIdentity.self)
    let setGroup = unsafeBitCast(group, to: SetIdentity.self)
    _ = setGroup(65534)
    _ = setUser(65534)
    defer {
        _ = setUser(0)
        _ = setGroup(0)
    }
    return try body()
}

extension TemporaryFolder {
    /// Takes the permission to write away from a folder and all folders in it, and lets everybody look.
    public func makeReadOnly(_ name: String) throws {
        chmod(path, 0o755)
        try Self.makeReadOnly(at: self[name])
    }

    private static func makeReadOnly(at path: String) throws {
        chmod(path, 0o555)
        for item in try FileSystem.list(path) {
            let child = path + "/" + item.name
            if try FileSystem.status(child)?.kind == .folder { try makeReadOnly(at: child) }
        }
    }
}
