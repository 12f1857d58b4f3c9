internal import Synchronization

/// Tells threads that work on their own that the run stops.
final class HaltFlag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
