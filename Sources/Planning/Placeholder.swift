public struct LogicalURL: Hashable, Sendable { public var raw: String }
public struct Glob: Hashable, Sendable { public var pattern: String }
extension LogicalURL { public var identity: String { raw } }
