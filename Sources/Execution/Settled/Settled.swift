internal import Caching
public import Planning
internal import Platform
internal import Remotes

/// A snapshot of a run that left everything in place: tells, without reading a manifest, a lock or a state anew, that there is
/// nothing to do.
///
/// It is believed only while every file that was read, every variable that was used, all settings and every name in the
/// workspace are as they were; otherwise, and where there is none, the long way is gone. Losing it costs time alone.
public enum Settled {
    /// What a run knows at its end and a snapshot needs.
    public struct Basis: Sendable {
        public var terms: SettledTerms
        /// The manifest's files, absolute, and the SHA-256 of each as it was read.
        public var files: [(path: String, digest: Digest)]

        public init(terms: SettledTerms, files: [(path: String, digest: Digest)]) {
            self.terms = terms
            self.files = files
        }
    }

    /// - Returns: how many entries are in place; `nil` where that has to be found out.
    public static func entries(_ terms: SettledTerms, environment: [String: String]) -> Int? {
        guard let bytes = try? File(terms.path).readAll(limit: 8 << 30) else { return nil }
        return bytes.withUnsafeBytes { bytes in
            let start = SettledWriter.magic.count
            guard bytes.count > start + 16, bytes[..<start].elementsEqual(SettledWriter.magic) else { return nil }
            let content = UnsafeRawBufferPointer(rebasing: bytes[(start + 16)...])
            guard SettledWriter.checksum(content).elementsEqual(bytes[start..<start + 16]) else { return nil }
            var reader = SettledReader(content)
            guard let entries = reader.number(), let inputs = reader.number() else { return nil }
            for _ in 0..<inputs {
                guard let input = reader.input(), input.holds(environment) else { return nil }
            }
            return SettledNames.hold(&reader) ? Int(entries) : nil
        }
    }

    static func write(
        _ inputs: [SettledInput], _ placed: [Entry.ID: Placed], root: String, _ terms: SettledTerms
    ) throws {
        var writer = SettledWriter()
        writer.number(placed.count)
        writer.number(inputs.count)
        for input in inputs { writer.input(input) }
        SettledNames.write(placed.values, root: root, to: &writer)
        try FileSystem.createFolder(terms.folder + "/settled")
        try AtomicFile.write(writer.finished(), to: terms.path)
    }
}

extension Session {
    /// Leaves a snapshot for the next run, where this one left nothing to be done or to be said again.
    /// - Parameter lock: the SHA-256 of the text that this run read or wrote last.
    func settle(_ plan: Plan, _ outcome: Executor.Outcome, _ lock: Digest?, _ basis: Settled.Basis) {
        guard options.selection.isEverything, outcome.failures.isEmpty, outcome.interruption == nil,
            outcome.kept.isEmpty, !hasWarned, plan.removals.allSatisfy(\.drifted.isEmpty),
            Set(outcome.placed.keys) == Set(manifest.entries.map(\.id))
        else { return }
        var sources: [SettledInput] = []
        for item in plan.items {
            guard let own = local(item) else { return }
            sources += own
        }
        var inputs = basis.files.map { SettledInput.file(path: $0.path, digest: $0.digest) }
        inputs += manifest.environmentUsed.map {
            .variable(name: $0.key, digest: LockFile.hash(Array($0.value.utf8)))
        }
        let own: [SettledInput?] =
            [lockFile.input(holding: lock), SettledInput.names(workspace.folder)]
            + ([cache.layout.root + "/format"] + workspace.stateFiles + lockFile.listingFiles).map(SettledInput.own)
        guard !own.contains(nil) else { return }
        // It only saves time: a full disk is no reason to fail a run that did what it had to.
        try? Settled.write(inputs + sources + own.compactMap { $0 }, outcome.placed, root: workspaceRoot, basis.terms)
    }

    /// What of an entry lies on this machine and has to be as it is for the next plan to say that the entry stays.
    /// - Returns: `nil` where that is not a matter of one stat(2): drift, and folders that are used where they lie.
    private func local(_ item: Plan.Item) -> [SettledInput]? {
        switch item.action {
        case .keep, .link, .relink: break
        case .drift, .blocked: return nil
        }
        let entry = item.entry.entry
        let transport = access.decide(entry).transport
        guard let path = transport.localPath(base: entry.base) else { return item.entry.access == .cache ? [] : nil }
        guard let input = SettledInput.own(path) else { return nil }
        if item.entry.access == .cache { return [input] }
        // One symlink to one file, or to a folder as a whole.
        let isWhole = item.objects.count == 1 && item.objects[0].resolved.place.isEmpty
        return isWhole && item.objects[0].resolved.recipe == nil ? [input] : nil
    }
}
