import Planning
import Testing

/// The planner's decision table, row by row, and how objects come to be in the cache.
@Suite struct PlannerTests {
    static let id = Entry.ID(kind: .artifact, name: "a")
    static let wanted = Digest(hex: String(repeating: "11", count: 32))!
    static let other = Digest(hex: String(repeating: "22", count: 32))!

    /// An entry of one file; its lock line holds `wanted`.
    static func entry(
        locked: Digest? = wanted, tree: Digest? = nil, size: Int64? = 100, recipe: Recipe? = nil,
        access: ResolvedEntry.Access = .cache
    ) throws -> ResolvedEntry {
        let url = try LogicalURL("https://h/a.bin")
        let entry = Entry(id: id, url: url, base: "/", location: SourceLocation(file: "m.yaml", line: 1, column: 1))
        var object = ResolvedObject(url: url, path: "a.bin", place: "", recipe: recipe)
        if let locked {
            object.locked = Lock.Object(url: url.identity, path: "a.bin")
            object.locked?.digest = locked
            object.locked?.tree = tree
            object.locked?.size = size
        } else {
            object.size = size
        }
        return ResolvedEntry(
            entry: entry, path: "data/a.bin", access: access, isFolder: recipe != nil, objects: [object])
    }

    static func placed(_ digest: Digest) -> Placed {
        Placed(
            path: "data/a.bin", mode: .copy, isFolder: false, executable: false,
            objects: [Placed.Object(path: "", digest: digest, tree: nil)], files: [])
    }

    private func action(_ inventory: Inventory, force: Bool = false) throws -> Plan.Action {
        var options = PlanOptions()
        options.force = force
        return try plan([Self.entry()], inventory: inventory, options: options).items[0].action
    }

    private func inventory(placed: Digest?, _ observed: Observed?) -> Inventory {
        var inventory = Inventory()
        inventory.placed[Self.id] = placed.map { Self.placed($0) }
        inventory.observed[Self.id] = observed
        return inventory
    }

    // MARK: The table

    @Test("Never placed, nothing there: link")
    func nothing() throws {
        #expect(try action(inventory(placed: nil, .absent)) == .link)
        #expect(try action(inventory(placed: nil, nil)) == .link)
    }

    @Test("Never placed, the wanted bytes lie there: adopt and relink")
    func adoption() throws {
        var inventory = inventory(placed: nil, .foreign)
        inventory.adoptable = [Self.id]
        let item = try plan([Self.entry()], inventory: inventory).items[0]
        #expect(item.action == .relink)
        #expect(item.objects[0].acquisition == .adopt)
    }

    @Test("Never placed, anything else lies there: blocked, even by force", arguments: [false, true])
    func foreign(force: Bool) throws {
        guard case .blocked(let why) = try action(inventory(placed: nil, .foreign), force: force) else {
            Issue.record("it would have been replaced")
            return
        }
        #expect(why.contains("data/a.bin"))
    }

    @Test("Another manifest's path: blocked, whether placed or not", arguments: [nil, wanted])
    func otherManifest(placed: Digest?) throws {
        for force in [false, true] {
            guard case .blocked(let why) = try action(inventory(placed: placed, .otherManifest("bert")), force: force)
            else {
                Issue.record("it would have been replaced")
                return
            }
            #expect(why.contains("'bert'"))
        }
    }

    @Test("As placed and as wanted: keep")
    func clean() throws {
        #expect(try action(inventory(placed: Self.wanted, .clean)) == .keep)
        #expect(try action(inventory(placed: Self.wanted, .clean), force: true) == .keep)
    }

    @Test("As placed, but something else is wanted now: relink")
    func outdated() throws {
        #expect(try action(inventory(placed: Self.other, .clean)) == .relink)
    }

    @Test("Placed and gone: link again")
    func gone() throws {
        #expect(try action(inventory(placed: Self.other, .absent)) == .link)
        #expect(try action(inventory(placed: Self.wanted, .absent)) == .link)
    }

    @Test("Some of it gone: relink")
    func incomplete() throws {
        #expect(try action(inventory(placed: Self.wanted, .changed(missing: ["data/a.bin"], drifted: []))) == .relink)
    }

    @Test("Changed by a user: drift; relink by force", arguments: [wanted, other])
    func drift(placed: Digest) throws {
        let changed = inventory(placed: placed, .changed(missing: ["x"], drifted: ["data/a.bin"]))
        #expect(try action(changed) == .drift(["data/a.bin"]))
        #expect(try action(changed, force: true) == .relink)
    }

    @Test("Without a lock line nothing is known to be right, so it is placed anew")
    func unlocked() throws {
        let item = try plan([Self.entry(locked: nil)], inventory: inventory(placed: Self.wanted, .clean)).items[0]
        #expect(item.action == .relink)
    }

    // MARK: Where the content comes from

    private func acquisition(_ entry: ResolvedEntry, _ change: (inout Inventory) -> Void = { _ in }) -> Plan.Acquisition
    {
        var inventory = Inventory()
        change(&inventory)
        return plan([entry], inventory: inventory).items[0].objects[0].acquisition
    }

    @Test("A blob that is there is not fetched")
    func cached() throws {
        #expect(try acquisition(Self.entry()) { $0.blobs = [Self.wanted] } == .cached)
        #expect(try acquisition(Self.entry()) { $0.blobs = [Self.other] } == .fetch(bytes: 100))
    }

    @Test("What a partial holds is not fetched again")
    func partial() throws {
        let identity: ExactText = "https://h/a.bin"
        #expect(try acquisition(Self.entry()) { $0.partials[identity] = 40 } == .fetch(bytes: 60))
        #expect(try acquisition(Self.entry()) { $0.partials[identity] = 400 } == .fetch(bytes: 0))
        #expect(try acquisition(Self.entry(size: nil)) { $0.partials[identity] = 40 } == .fetch(bytes: nil))
    }

    @Test("An archive wants its tree, not its bytes")
    func archives() throws {
        let archive = try Self.entry(tree: Self.other, recipe: Recipe())
        #expect(acquisition(archive) { $0.trees = [Self.other] } == .cached)
        #expect(acquisition(archive) { $0.blobs = [Self.wanted] } == .unpack)
        #expect(acquisition(archive) == .fetch(bytes: 100))
    }

    @Test("A manifest's SHA-256 finds its blob without a lock")
    func byChecksum() throws {
        var entry = try Self.entry(locked: nil)
        entry.entry.checksum = Checksum("sha256:" + Self.wanted.hex)
        #expect(acquisition(entry) { $0.blobs = [Self.wanted] } == .cached)
        entry.entry.checksum = Checksum("md5:" + String(repeating: "0", count: 32))
        #expect(acquisition(entry) { $0.blobs = [Self.wanted] } == .fetch(bytes: 100))
    }

    @Test("What was seen behind a URL is asked about; a server that said so already costs nothing")
    func revalidation() throws {
        let seen = Inventory.Seen(validator: .strongETag("\"1\""), digest: Self.other, size: 100)
        var entry = try Self.entry(locked: nil)
        #expect(acquisition(entry) { $0.seen["https://h/a.bin"] = seen } == .revalidate(cached: Self.other, bytes: nil))
        entry.objects[0].validator = .strongETag("\"1\"")
        #expect(acquisition(entry) { $0.seen["https://h/a.bin"] = seen } == .revalidate(cached: Self.other, bytes: 0))
        entry.objects[0].validator = .strongETag("\"2\"")
        #expect(acquisition(entry) { $0.seen["https://h/a.bin"] = seen } == .revalidate(cached: Self.other, bytes: nil))
    }

    @Test("A lock line is never replaced by what was seen")
    func lockWins() throws {
        let seen = Inventory.Seen(validator: .strongETag("\"1\""), digest: Self.other, size: 100)
        #expect(try acquisition(Self.entry()) { $0.seen["https://h/a.bin"] = seen } == .fetch(bytes: 100))
    }

    @Test("A direct reference stays where it is; an archive there is read")
    func direct() throws {
        #expect(try acquisition(Self.entry(access: .direct("/mnt/a"))) == .direct)
        let archive = try Self.entry(tree: Self.other, recipe: Recipe(), access: .direct("/mnt/a"))
        #expect(acquisition(archive) == .fetch(bytes: 0))
        #expect(acquisition(archive) { $0.trees = [Self.other] } == .cached)
    }

    // MARK: Removals and space

    @Test("What the manifest no longer declares is removed; what a user changed of it stays unless forced")
    func removals() throws {
        var inventory = Inventory()
        let gone = Entry.ID(kind: .model, name: "gone")
        inventory.orphans[gone] = (Self.placed(Self.wanted), .changed(missing: [], drifted: ["data/a.bin"]))
        inventory.orphans[Self.id] = (Self.placed(Self.wanted), .clean)
        let planned = plan([], inventory: inventory)
        #expect(planned.removals.map(\.id) == [Self.id, gone])
        #expect(planned.removals.map(\.drifted) == [[], ["data/a.bin"]])
        #expect(planned.hasChanges)
        var options = PlanOptions()
        options.force = true
        #expect(plan([], inventory: inventory, options: options).removals[1].drifted == [])
        options.prune = false
        #expect(plan([], inventory: inventory, options: options).removals.isEmpty)
    }

    @Test("Only a run that would do something has changes")
    func changes() throws {
        #expect(try !plan([Self.entry()], inventory: inventory(placed: Self.wanted, .clean)).hasChanges)
        #expect(try plan([Self.entry()], inventory: inventory(placed: nil, .absent)).hasChanges)
        #expect(try plan([Self.entry()], inventory: inventory(placed: nil, .foreign)).hasChanges)
        #expect(!plan([], inventory: Inventory()).hasChanges)
    }

    @Test("The same content needs its space once in the cache, and once per place in a workspace of its own")
    func space() throws {
        var inventory = Inventory()
        let entries = [try Self.entry(), try Self.entry()]
        #expect(plan(entries, inventory: inventory).cacheNeeded == 100)
        #expect(plan(entries, inventory: inventory).workspaceNeeded == 0)
        inventory.isOneFileSystem = false
        #expect(plan(entries, inventory: inventory).workspaceNeeded == 200)
        #expect(plan(entries, inventory: inventory).download.bytes == 200)
        inventory.blobs = [Self.wanted]
        #expect(plan(entries, inventory: inventory).cacheNeeded == 0)
    }

    @Test("Sizes that cannot be true add up to too much, and not to an end of the program")
    func hugeSizes() throws {
        var inventory = Inventory()
        inventory.isOneFileSystem = false
        let entries = [try Self.entry(size: .max), try Self.entry(locked: Self.other, size: .max)]
        let planned = plan(entries, inventory: inventory)
        #expect(planned.cacheNeeded > 1 << 61)
        #expect(planned.cacheNeeded + planned.workspaceNeeded > 1 << 61)
        #expect(planned.download.bytes > 1 << 61)
    }

    @Test("Bytes that nobody knows make the sum inexact")
    func inexact() throws {
        let entries = [try Self.entry(), try Self.entry(locked: nil, size: nil)]
        let download = plan(entries, inventory: Inventory()).download
        #expect(download.bytes == 100)
        #expect(!download.isExact)
    }
}

@Suite struct PlacedTests {
    @Test("What was placed is enough only while path, shape, mode and content are the wanted ones")
    func satisfies() throws {
        let wanted = try PlannerTests.entry()
        let placed = PlannerTests.placed(PlannerTests.wanted)
        #expect(placed.satisfies(wanted))
        func differs(_ change: (inout Placed, inout ResolvedEntry) -> Void) -> Bool {
            var (placed, wanted) = (placed, wanted)
            change(&placed, &wanted)
            return !placed.satisfies(wanted)
        }
        #expect(differs { placed, _ in placed.path = "elsewhere" })
        #expect(differs { placed, _ in placed.isFolder = true })
        #expect(differs { placed, _ in placed.executable = true })
        #expect(differs { placed, _ in placed.objects = [] })
        #expect(differs { placed, _ in placed.objects[0].digest = PlannerTests.other })
        #expect(differs { placed, _ in placed.objects[0].path = "x" })
        #expect(differs { placed, _ in placed.objects[0].tree = PlannerTests.other })
        #expect(differs { _, wanted in wanted.entry.link = .symlink })
        #expect(differs { _, wanted in wanted.objects[0].locked = nil })
        #expect(differs { _, wanted in wanted.objects[0].recipe = Recipe() })
        #expect(!differs { _, wanted in wanted.entry.link = .copy })
    }

    @Test("A direct reference is enough while it is the one symlink to the same place")
    func direct() throws {
        let wanted = try PlannerTests.entry(locked: nil, access: .direct("/mnt/a"))
        var placed = PlannerTests.placed(PlannerTests.wanted)
        #expect(!placed.satisfies(wanted))
        placed.files = [Placed.File(path: "", kind: .symlink(target: "/mnt/a"))]
        placed.mode = .symlink
        #expect(placed.satisfies(wanted))
        placed.files = [Placed.File(path: "", kind: .symlink(target: "/mnt/b"))]
        #expect(!placed.satisfies(wanted))
    }
}
