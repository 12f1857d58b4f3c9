internal import CLinux

/// The processors that this process may run on: what a job of a cluster was given, not what the machine has.
public enum Processors {
    public static let count = max(1, Int(linux_processor_count()))
}
