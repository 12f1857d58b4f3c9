internal import Execution
internal import Glibc
internal import Planning

/// Events as JSON (docs/events.md).
enum EventJSON {
    /// Grows when a reader of the former shape would be wrong; new members and new events do not count.
    static let schema: Int64 = 1

    /// One line: schema, event, time, then the event's own members.
    static func line(_ name: String, _ members: JSON) -> String {
        var all: [JSON.Member] = [
            JSON.Member("schema", .integer(schema)), JSON.Member("event", .string(name)),
            JSON.Member("time", .string(timestamp())),
        ]
        if case .object(let own) = members { all += own }
        return JSON.object(all).text
    }

    static func line(_ event: Event) -> String {
        switch event {
        case .fetching(let id, let url, let bytes):
            line("fetching", .object(["entry": entry(id), "url": .string(url), "bytes": bytes.map { .integer($0) }]))
        case .acquired(let id, let url, let acquired): line("acquired", object(id, url, acquired))
        case .retrying(let url, let failure, let seconds):
            line(
                "retrying",
                .object(["url": .string(url), "seconds": .number(seconds), "failure": self.failure(failure)]))
        case .waiting(let id, let url): line("waiting", .object(["entry": entry(id), "url": .string(url)]))
        case .placed(let id, let path, let mode):
            line("placed", .object(["entry": entry(id), "path": .string(path), "link": .string(mode.rawValue)]))
        case .removed(let id, let path): line("removed", .object(["entry": entry(id), "path": .string(path)]))
        case .failed(let id, let failure, let isOptional):
            line(
                "failed",
                .object(["entry": entry(id), "optional": .bool(isOptional), "failure": self.failure(failure)]))
        case .warning(let text): line("warning", .object(["message": .string(text)]))
        }
    }

    static func plan(_ plan: Plan) -> JSON {
        let download = plan.download
        let entries = plan.items.map { item in
            JSON.object([
                "entry": entry(item.entry.entry.id), "action": .string(EventLog.word(item.action)),
                "path": .string(item.entry.path), "objects": .integer(Int64(item.objects.count)),
                "download_bytes": .integer(item.download.bytes), "download_exact": .bool(item.download.isExact),
            ])
        }
        let removals = plan.removals.map { JSON.object(["entry": entry($0.id), "path": .string($0.placed.path)]) }
        return .object([
            "download_bytes": .integer(download.bytes), "download_exact": .bool(download.isExact),
            "entries": .array(entries), "removals": .array(removals),
        ])
    }

    private static func object(_ id: Entry.ID, _ url: String, _ acquired: Acquired) -> JSON {
        .object([
            "entry": entry(id), "url": .string(url), "origin": .string(acquired.origin.rawValue),
            "digest": acquired.digest.map { .string("\($0)") }, "tree": acquired.tree.map { .string("\($0)") },
            "bytes": acquired.size.map { .integer($0) }, "transferred_bytes": .integer(acquired.transferred),
            "source": .integer(Int64(acquired.source)),
        ])
    }

    static func failure(_ failure: Failure) -> JSON {
        .object([
            "kind": .string(failure.kind.rawValue), "exit_code": .integer(Int64(ExitCodes.code(for: failure))),
            "subject": failure.subject.map { .string($0) }, "message": .string(failure.message),
            "cause": failure.cause.map { .string($0) }, "advice": failure.advice.map { .string($0) },
        ])
    }

    /// The last event's members, and a part of the receipt.
    static func summary(_ summary: Summary) -> JSON {
        let modes = summary.linkModes.sorted { $0.key.rawValue < $1.key.rawValue }
        return .object([
            "entries": .integer(Int64(summary.entries)), "unchanged": .integer(Int64(summary.unchanged)),
            "objects": .integer(Int64(summary.objects)),
            "objects_transferred": .integer(Int64(summary.objectsTransferred)),
            "objects_from_cache": .integer(Int64(summary.objectsFromCache)),
            "bytes": .integer(summary.bytesTotal), "transferred_bytes": .integer(summary.bytesTransferred),
            "seconds": .number(summary.seconds),
            "link_modes": .object(modes.map { JSON.Member($0.key.rawValue, .integer(Int64($0.value))) }),
            "removed": .array(summary.removed.map { .string($0) }),
            "drift": .array(summary.drift.map { .string($0) }),
            "failed": .array(summary.failures.map { entry($0.id) }),
        ])
    }

    static func entry(_ id: Entry.ID) -> JSON { .string("\(id)") }

    /// Now, as RFC 3339 in UTC with milliseconds.
    static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func digits(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)].map { digits($0, 2) }
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int($0), 2) }
        return date.joined(separator: "-") + "T" + time.joined(separator: ":") + "."
            + digits(now.tv_nsec / 1_000_000, 3) + "Z"
    }
}
