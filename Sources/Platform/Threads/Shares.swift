/// Work on many like things that several threads share.
public enum Shares {
    /// Does parts of `0..<count` side by side, a thread for each, the caller's among them.
    /// - Parameter least: how many things make a part that is worth a thread.
    /// - Returns: what the parts gave, in their order.
    /// - Throws: what the first of the parts that threw did throw.
    public static func map<Value: Sendable>(
        _ count: Int, least: Int, _ body: @escaping @Sendable (Range<Int>) throws -> Value
    ) throws -> [Value] {
        let shares = max(1, min(Processors.count, 8, count / least))
        guard shares > 1 else { return [try body(0..<count)] }
        let bounds = (0...shares).map { count * $0 / shares }
        let others = Monitor<[Int: Result<Value, any Error>]>([:])
        let threads = (1..<shares).map { share in
            OwnedThread {
                let result = Result { try body(bounds[share]..<bounds[share + 1]) }
                others.withLock { $0[share] = result }
            }
        }
        let first = Result { try body(0..<bounds[1]) }
        for thread in threads { thread.join() }
        let results = others.read { $0 }
        return try [first.get()] + (1..<shares).compactMap { try results[$0]?.get() }
    }
}
