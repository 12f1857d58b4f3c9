internal import Planning
internal import Remotes

/// Asks stores for the size and version of objects that no lock knows, without fetching them (HEAD).
///
/// Only `plan` does this. What a store will not tell stays unknown: a plan is no place to fail.
struct Probe {
    let sources: SourceRules
    let facts: FactFinder

    func ask(_ entries: inout [ResolvedEntry]) {
        var places: [(entry: Int, object: Int)] = []
        var objects: [RemoteObject] = []
        for (index, entry) in entries.enumerated() where entry.access == .cache {
            for (number, object) in entry.objects.enumerated() where object.locked == nil && object.validator == nil {
                guard
                    case .remote(let remote)? = try? sources.source(
                        object, of: entry.entry, version: entry.entry.version)
                else { continue }
                places.append((index, number))
                objects.append(remote)
            }
        }
        for (place, answer) in zip(places, facts.find(objects)) {
            guard case .success(let facts) = answer else { continue }
            entries[place.entry].objects[place.object].validator = facts.validator
            entries[place.entry].objects[place.object].size = facts.size
        }
    }
}
