/// A value in one place of memory: a copy is one reference, however many texts the value has. Its properties are read as if they were
/// this one's own; to set one makes a new value and leaves other copies alone.
@dynamicMemberLookup
public struct Shared<Value: Sendable>: Sendable {
    @usableFromInline
    final class Box: Sendable {
        @usableFromInline let value: Value

        @usableFromInline init(_ value: Value) { self.value = value }
    }

    @usableFromInline var box: Box

    public init(_ value: Value) { box = Box(value) }

    @inlinable public var value: Value { box.value }

    @inlinable public subscript<Member>(dynamicMember member: KeyPath<Value, Member>) -> Member {
        box.value[keyPath: member]
    }

    @inlinable public subscript<Member>(dynamicMember member: WritableKeyPath<Value, Member>) -> Member {
        get { box.value[keyPath: member] }
        set {
            var changed = box.value
            changed[keyPath: member] = newValue
            box = Box(changed)
        }
    }
}
