internal import Execution
internal import Planning

/// A plan for a person: one line per entry that is not simply right, then the sums.
enum PlanTable {
    static func print(_ plan: Plan) {
        for item in plan.items {
            let (word, note) = describe(item)
            Console.result(word.padding(to: 10) + "\(item.entry.entry.id)".padding(to: 32) + " " + note)
        }
        for removal in plan.removals {
            Console.result("remove".padding(to: 10) + "\(removal.id)".padding(to: 32) + " " + removal.placed.path)
        }
        let download = plan.download
        Console.result("")
        Console.result(
            "download  \(SummaryText.bytes(download.bytes))\(download.isExact ? "" : " or more (some sizes are not known yet)")"
        )
        Console.result(
            "disk      \(SummaryText.bytes(plan.cacheNeeded + plan.workspaceNeeded)) needed, \(SummaryText.bytes(plan.cacheFree)) free"
        )
    }

    private static func describe(_ item: Plan.Item) -> (String, String) {
        switch item.action {
        case .keep: return ("unchanged", item.entry.path)
        case .drift(let paths): return ("drift", "\(paths.count) changed by somebody: \(paths[0])")
        case .blocked(let reason): return ("blocked", reason)
        case .link, .relink: break
        }
        if case .direct = item.entry.access, item.objects.allSatisfy({ $0.acquisition == .direct }) {
            return ("direct", item.entry.path)
        }
        let fetched = item.objects.filter { if case .fetch = $0.acquisition { true } else { false } }.count
        let asked = item.objects.filter { if case .revalidate = $0.acquisition { true } else { false } }.count
        let unpacked = item.objects.filter { $0.acquisition == .unpack }.count
        if fetched > 0 {
            let size = item.download
            return (
                "fetch",
                item.entry.path + " (" + (size.isExact ? SummaryText.bytes(size.bytes) : "size not known") + ")"
            )
        }
        if asked > 0 { return ("check", item.entry.path) }
        if unpacked > 0 { return ("extract", item.entry.path) }
        return ("link", item.entry.path)
    }
}

extension String {
    func padding(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
