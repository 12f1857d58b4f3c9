internal import Platform
public import Remotes
internal import Synchronization

/// What stores say of objects (HEAD), many at once.
public struct FactFinder: Sendable {
    let caller: StoreCaller
    let jobs: Int

    public init(caller: StoreCaller, jobs: Int) {
        self.caller = caller
        self.jobs = jobs
    }

    /// Blocks until all have answered.
    /// - Returns: in the order of `objects`.
    public func find(_ objects: [RemoteObject]) -> [Result<ObjectFacts, Failure>] {
        guard !objects.isEmpty else { return [] }
        let answers = Mutex([Result<ObjectFacts, Failure>?](repeating: nil, count: objects.count))
        let next = Atomic(0)
        let threads = (0..<min(jobs, objects.count)).map { _ in
            OwnedThread {
                while true {
                    let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard number < objects.count else { return }
                    let answer = Result { () throws(Failure) in try find(objects[number]) }
                    answers.withLock { $0[number] = answer }
                }
            }
        }
        for thread in threads { thread.join() }
        return answers.withLock { $0 }.map { $0 ?? .failure(Failure(.interrupted, "interrupted")) }
    }

    public func find(_ object: RemoteObject) throws(Failure) -> ObjectFacts {
        let answer = try caller.ask(object.store) { object.store.head(object.id) }
        return object.store.facts(answer.head, of: object.id)
    }
}
