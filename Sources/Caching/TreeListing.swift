public import Planning
public struct TreeListing: Sendable { public init(parsing: [UInt8]) throws {}; public var encoded: [UInt8] {[]}; public var digest: Digest { Digest(bytes: [UInt8](repeating:0,count:32))! } }
