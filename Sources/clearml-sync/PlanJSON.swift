internal import Execution
internal import Planning

/// A plan for programs: `plan --json`.
enum PlanJSON {
    static func json(_ plan: Plan) -> JSON {
        let download = plan.download
        return .object([
            "schema": 1,
            "entries": .array(plan.items.map(item)),
            "removals": .array(
                plan.removals.map { removal in
                    .object([
                        "entry": .string("\(removal.id)"), "path": .string(removal.placed.path),
                        "kept": .array(removal.drifted.map { .string($0) }),
                    ])
                }),
            "download_bytes": .integer(download.bytes), "download_is_exact": .bool(download.isExact),
            "disk_needed_bytes": .integer(plan.cacheNeeded + plan.workspaceNeeded),
            "cache_free_bytes": .integer(plan.cacheFree), "workspace_free_bytes": .integer(plan.workspaceFree),
            "has_changes": .bool(plan.hasChanges),
        ])
    }

    private static func item(_ item: Plan.Item) -> JSON {
        var drifted: JSON?
        var reason: JSON?
        if case .drift(let paths) = item.action { drifted = .array(paths.map { .string($0) }) }
        if case .blocked(let why) = item.action { reason = .string(why) }
        var access: JSON = "cache"
        if case .direct(let path) = item.entry.access { access = .object(["direct": .string(path)]) }
        return .object([
            "entry": .string("\(item.entry.entry.id)"), "path": .string(item.entry.path),
            "action": .string(item.action.word), "access": access, "drifted": drifted, "reason": reason,
            "unlocked_because": item.entry.unlockedReason.map { .string($0) },
            "objects": .array(item.objects.map(object)),
        ])
    }

    private static func object(_ object: Plan.Object) -> JSON {
        var bytes: JSON?
        switch object.acquisition {
        case .fetch(let count?), .revalidate(_, let count?): bytes = .integer(count)
        default: break
        }
        return .object([
            "url": .string(object.resolved.url.identity), "path": .string(object.resolved.path),
            "acquisition": .string(object.acquisition.word), "download_bytes": bytes,
            "size": object.resolved.knownSize.map { .integer($0) },
            "digest": object.resolved.locked?.digest.map { .string($0.description) },
            "validator": (object.resolved.locked?.validator ?? object.resolved.validator).map { .string($0.text) },
        ])
    }
}
