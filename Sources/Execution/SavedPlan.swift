internal import Caching
internal import Glibc
public import Planning
internal import Platform

/// A plan in a file: what it was made from, so that `apply` can tell whether all of that still holds.
public struct SavedPlan: Sendable {
    /// The version of an object that no lock knows.
    public struct Pin: Hashable, Sendable {
        public var validator: Validator
        /// Bytes.
        public var size: Int64?
    }

    static let version: Int64 = 1

    public var manifest: String
    public var workspace: String
    public var selection: Selection
    public var force: Bool
    public var prune: Bool
    /// By what was read: manifest files, lock, settings.
    public var inputs: [String: String]
    /// By entry: the decision, and per object how it comes to be there.
    public var decisions: [String: [String]]
    public var pins: [ExactText: Pin]

    /// Why a saved plan cannot be applied.
    static func stale(_ what: String, subject: String? = nil) -> Failure {
        Failure(.other, "\(what) since the plan was made", subject: subject, advice: "make a new plan")
    }

    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileSystem.currentFolder + "/" + path
    }

    static func apply(_ pins: [ExactText: Pin], to entries: inout [ResolvedEntry]) {
        guard !pins.isEmpty else { return }
        for entry in entries.indices {
            for object in entries[entry].objects.indices where entries[entry].objects[object].locked == nil {
                guard let pin = pins[ExactText(entries[entry].objects[object].url.identity)] else { continue }
                entries[entry].objects[object].validator = pin.validator
                entries[entry].objects[object].size = pin.size
                entries[entry].objects[object].isPinned = true
            }
        }
    }

    // MARK: Text

    public var json: JSON {
        let pins = pins.sorted { $0.key.text < $1.key.text }.map { url, pin in
            JSON.object([
                "url": .string(url.text), "validator": .string(pin.validator.text),
                "size": pin.size.map { .integer($0) },
            ])
        }
        return .object([
            "clearml-sync-plan": .integer(SavedPlan.version), "manifest": .string(manifest),
            "workspace": .string(workspace),
            "selection": .object([
                "names": .array(selection.names.map { .string($0) }),
                "kinds": .array(selection.kinds.sorted().map { .string($0.rawValue) }),
                "tags": .array(selection.tags.map { .string($0) }),
                "exclude": .array(selection.exclude.map { .string($0) }),
            ]),
            "force": .bool(force), "prune": .bool(prune),
            "inputs": .object(inputs.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
            "decisions": .object(
                decisions.sorted { $0.key < $1.key }.map { .init($0.key, .array($0.value.map { .string($0) })) }),
            "pins": .array(pins),
        ])
    }

    init(
        manifest: String, workspace: String, selection: Selection, force: Bool, prune: Bool, inputs: [String: String],
        decisions: [String: [String]], pins: [ExactText: Pin]
    ) {
        self.manifest = manifest
        self.workspace = workspace
        self.selection = selection
        self.force = force
        self.prune = prune
        self.inputs = inputs
        self.decisions = decisions
        self.pins = pins
    }

    public init(parsing text: String, name: String) throws(Failure) {
        func problem(_ why: String) -> Failure { Failure(.usage, "\(name) is not a saved plan: \(why)") }
        let json: JSON
        do throws(JSON.ParseError) { json = try JSON(parsing: text) } catch { throw problem(error.description) }
        guard let version = json["clearml-sync-plan"]?.integer else { throw problem("it has another form") }
        guard version == SavedPlan.version else {
            throw problem("it is of version \(version), this program reads \(SavedPlan.version)")
        }
        func strings(_ value: JSON?) -> [String]? { value?.array?.compactMap(\.string) }
        guard let manifest = json["manifest"]?.string, let workspace = json["workspace"]?.string,
            let selection = json["selection"], let names = strings(selection["names"]),
            let kinds = strings(selection["kinds"]),
            let tags = strings(selection["tags"]), let exclude = strings(selection["exclude"]),
            let force = json["force"]?.bool,
            let prune = json["prune"]?.bool, case .object(let inputs)? = json["inputs"],
            case .object(let decisions)? = json["decisions"], let pins = json["pins"]?.array
        else { throw problem("something is missing in it") }
        self.manifest = manifest
        self.workspace = workspace
        self.selection = Selection(
            names: names, kinds: Set(kinds.compactMap { Entry.Kind(rawValue: $0) }), tags: tags, exclude: exclude)
        self.force = force
        self.prune = prune
        self.inputs = Dictionary(inputs.map { ($0.key, $0.value.string ?? "") }) { first, _ in first }
        self.decisions = Dictionary(decisions.map { ($0.key, strings($0.value) ?? []) }) { first, _ in first }
        self.pins = [:]
        for pin in pins {
            guard let url = pin["url"]?.string, let validator = pin["validator"]?.string.flatMap({ Validator($0) })
            else {
                throw problem("a pin is damaged")
            }
            self.pins[ExactText(url)] = Pin(validator: validator, size: pin["size"]?.integer)
        }
    }
}

extension Session {
    /// The plan with everything that it depends on.
    public func save(_ plan: Plan, settings: String) throws -> SavedPlan {
        var pins: [ExactText: SavedPlan.Pin] = [:]
        for item in plan.items {
            for object in item.objects where object.resolved.locked == nil {
                guard let validator = object.resolved.validator else { continue }
                let url = ExactText(object.resolved.url.identity)
                pins[url] = SavedPlan.Pin(validator: validator, size: object.resolved.size)
            }
        }
        return SavedPlan(
            manifest: manifestPath, workspace: workspaceRoot, selection: options.selection, force: options.force,
            prune: options.prune, inputs: try inputs(settings: settings), decisions: SavedPlan.decisions(plan),
            pins: pins)
    }

    /// Digests of everything that was read.
    private func inputs(settings: String) throws -> [String: String] {
        var inputs = ["settings": LockFile.hash(Array(settings.utf8)).description]
        for file in manifest.files {
            inputs["file \(SavedPlan.absolute(file))"] = LockFile.hash(try File(file).readAll()).description
        }
        for (name, value) in manifest.environmentUsed {
            // The value may be a secret: only its digest is kept.
            inputs["variable \(name)"] = LockFile.hash(Array(value.utf8)).description
        }
        inputs["lock"] =
            try FileSystem.status(lockFile.path, followSymlinks: true) == nil
            ? "none" : LockFile.hash(try File(lockFile.path).readAll()).description
        return inputs
    }

    /// Makes the plan again and refuses it unless it decides what the saved one decided.
    ///
    /// Content that has arrived in the cache meanwhile is used; content that has gone stops it.
    public func plan(following saved: SavedPlan, settings: String) throws -> Plan {
        let now = try inputs(settings: settings)
        for (name, digest) in saved.inputs.sorted(by: { $0.key < $1.key }) where now[name] != digest {
            throw SavedPlan.stale(name == "settings" ? "the configuration has changed" : "the \(name) has changed")
        }
        let plan = try plan(pins: saved.pins)
        let decisions = SavedPlan.decisions(plan)
        for (id, before) in saved.decisions.sorted(by: { $0.key < $1.key }) {
            guard let after = decisions[id], after.count == before.count else {
                throw SavedPlan.stale("what is declared or placed has changed", subject: id)
            }
            guard after[0] == before[0] else {
                throw SavedPlan.stale("its path in the workspace has changed", subject: id)
            }
            for (old, new) in zip(before.dropFirst(), after.dropFirst()) where old != new && new != "cached" {
                throw SavedPlan.stale("content that was in the cache is gone", subject: id)
            }
        }
        guard decisions.count == saved.decisions.count else {
            throw SavedPlan.stale("what is declared or placed has changed")
        }
        return plan
    }
}

extension SavedPlan {
    /// Per entry: what happens at its path, then how each object comes to be in the cache.
    fileprivate static func decisions(_ plan: Plan) -> [String: [String]] {
        var decisions: [String: [String]] = [:]
        for item in plan.items {
            decisions[item.entry.entry.id.description] =
                ["\(item.action.word) \(item.entry.path)"] + item.objects.map { $0.acquisition.word }
        }
        for removal in plan.removals { decisions["remove \(removal.id)"] = ["remove \(removal.placed.path)"] }
        return decisions
    }
}

extension Plan.Action {
    /// One word for tables, JSON and saved plans.
    public var word: String {
        switch self {
        case .keep: "unchanged"
        case .link: "link"
        case .relink: "relink"
        case .drift: "drift"
        case .blocked: "blocked"
        }
    }
}

extension Plan.Acquisition {
    /// One word for tables, JSON and saved plans.
    public var word: String {
        switch self {
        case .cached: "cached"
        case .unpack: "extract"
        case .fetch: "fetch"
        case .revalidate: "check"
        case .adopt: "adopt"
        case .direct: "direct"
        }
    }
}
