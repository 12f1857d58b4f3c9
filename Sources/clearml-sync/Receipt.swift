internal import ArgumentParser
internal import Execution
internal import Planning
internal import Platform
internal import Synchronization

/// The record of one run that `--receipt` writes (docs/events.md): what it was given, what it did, what came of it.
final class Receipt: Sendable {
    static let schema: Int64 = 1

    private struct ObjectKey: Hashable {
        var entry: Entry.ID
        var url: String
    }

    private struct State {
        var began = EventJSON.timestamp()
        /// What the session said of itself when it had planned.
        var session: [JSON.Member] = []
        var lockPath: String?
        var plan: Plan?
        var placedBefore: [Entry.ID: Placed] = [:]
        var started: [ObjectKey: MonotonicTime] = [:]
        var acquired: [ObjectKey: (Acquired, seconds: Double)] = [:]
        var modes: [Entry.ID: Entry.LinkMode] = [:]
        var failures: [(id: Entry.ID, failure: Failure, isOptional: Bool)] = []
        var warnings: [String] = []
    }

    private let path: String
    private let command: String
    private let state = Mutex(State())

    init(path: String, command: String) {
        self.path = path
        self.command = command
    }

    func begin(_ session: Session, _ plan: Plan) {
        let members = [
            JSON.Member("manifest", Receipt.file(session.manifestPath)),
            JSON.Member("workspace", .string(session.workspaceRoot)),
            JSON.Member("cache", .string(session.cacheRoot)),
        ]
        let placed = session.placedBefore
        let lockPath = session.lockFile.path
        state.withLock { state in
            state.session = members
            state.lockPath = lockPath
            state.plan = plan
            state.placedBefore = placed
        }
    }

    func hear(_ event: Event) {
        state.withLock { state in
            switch event {
            case .fetching(let id, let url, _): state.started[ObjectKey(entry: id, url: url)] = .now()
            case .acquired(let id, let url, let acquired):
                let key = ObjectKey(entry: id, url: url)
                state.acquired[key] = (acquired, state.started[key].map { MonotonicTime.now().seconds(since: $0) } ?? 0)
            case .placed(let id, _, let mode): state.modes[id] = mode
            case .failed(let id, let failure, let isOptional): state.failures.append((id, failure, isOptional))
            case .warning(let text): state.warnings.append(text)
            case .retrying, .waiting, .removed: break
            }
        }
    }

    /// Writes the file, whole or not at all.
    func write(exitCode: Int32, summary: Summary?, _ failure: Failure?) throws {
        let text = state.withLock { record($0, exitCode, summary, failure) }.prettyText + "\n"
        do throws(SystemError) { try AtomicFile.write(Array(text.utf8), to: path) } catch {
            var failure = Failure(system: error)
            failure.subject = "--receipt \(path)"
            throw failure
        }
    }

    private func record(_ state: State, _ exitCode: Int32, _ summary: Summary?, _ failure: Failure?) -> JSON {
        var members: [JSON.Member] = [
            JSON.Member("schema", .integer(Receipt.schema)),
            JSON.Member(
                "tool", .object(["name": "clearml-sync", "version": .string(ClearMLSync.configuration.version)])),
            JSON.Member("command", .string(command)),
            JSON.Member("began", .string(state.began)), JSON.Member("ended", .string(EventJSON.timestamp())),
            JSON.Member("exit_code", .integer(Int64(exitCode))),
        ]
        members += state.session
        if let lockPath = state.lockPath { members.append(JSON.Member("lock", Receipt.file(lockPath))) }
        members.append(JSON.Member("entries", .array((state.plan?.items ?? []).map { Receipt.entry($0, state) })))
        let removals = summary?.removed ?? []
        members.append(JSON.Member("removed", .array(removals.map { .string($0) })))
        members.append(
            JSON.Member(
                "failures",
                .array(
                    state.failures.map { failed in
                        .object([
                            "entry": EventJSON.entry(failed.id), "optional": .bool(failed.isOptional),
                            "failure": EventJSON.failure(failed.failure),
                        ])
                    })))
        members.append(JSON.Member("warnings", .array(state.warnings.map { .string($0) })))
        if let failure { members.append(JSON.Member("failure", EventJSON.failure(failure))) }
        members.append(JSON.Member("summary", summary.map(EventJSON.summary) ?? .null))
        return .object(members)
    }

    private static func entry(_ item: Plan.Item, _ state: State) -> JSON {
        let id = item.entry.entry.id
        let mode = state.modes[id] ?? (item.action == .keep ? state.placedBefore[id]?.mode : nil)
        return .object([
            "entry": EventJSON.entry(id), "path": .string(item.entry.path),
            "action": .string(EventLog.word(item.action)),
            "link": mode.map { .string($0.rawValue) } ?? .null,
            "objects": .array(item.objects.map { object($0, of: id, state) }),
        ])
    }

    private static func object(_ planned: Plan.Object, of id: Entry.ID, _ state: State) -> JSON {
        let resolved = planned.resolved
        let taken = state.acquired[ObjectKey(entry: id, url: resolved.url.identity)]
        let isInPlace = planned.acquisition == .cached || planned.acquisition == .direct
        let origin = taken?.0.origin ?? (!isInPlace ? nil : planned.acquisition == .direct ? .direct : .cache)
        let digest = taken?.0.digest ?? resolved.locked?.digest
        let tree = taken?.0.tree ?? resolved.locked?.tree
        let bytes = taken?.0.size ?? resolved.knownSize
        func text(_ text: String?) -> JSON { text.map { JSON.string($0) } ?? .null }
        func number(_ number: Int64?) -> JSON { number.map { JSON.integer($0) } ?? .null }
        return .object([
            JSON.Member("url", .string(resolved.url.identity)), JSON.Member("path", .string(resolved.path)),
            JSON.Member("origin", text(origin?.rawValue)), JSON.Member("digest", text(digest?.description)),
            JSON.Member("tree", text(tree?.description)), JSON.Member("bytes", number(bytes)),
            JSON.Member("transferred_bytes", number(taken?.0.transferred ?? 0)),
            JSON.Member("source", number(taken.map { Int64($0.0.source) })),
            JSON.Member("seconds", taken.map { JSON.number($0.seconds) } ?? .null),
        ])
    }

    /// A file's path and the digest of what it holds now; `null` where there is no file.
    private static func file(_ path: String) -> JSON {
        guard let file = try? File(path), let (values, _) = try? file.hash([.sha256]),
            let digest = Digest(bytes: values[0])
        else { return .object(["path": .string(path), "digest": .null]) }
        return .object(["path": .string(path), "digest": .string("\(digest)")])
    }
}
