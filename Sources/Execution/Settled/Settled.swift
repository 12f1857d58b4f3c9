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
            return SettledChunk.allHold(&reader) ? Int(entries) : nil
        }
    }

    /// - Parameter names: all of them; what is left of them to be written is.
    static func write(
        _ inputs: [SettledInput], _ names: consuming SettledNames, entries: Int, _ terms: SettledTerms
    ) throws {
        var writer = SettledWriter()
        writer.number(entries)
        writer.number(inputs.count)
        for input in inputs { writer.input(input) }
        names.flush()
        writer.number(names.chunks)
        writer.append(names.writer)
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
            outcome.placed.count == manifest.entries.count,
            manifest.entries.allSatisfy({ outcome.placed[$0.id] != nil })
        else { return }
        var names = SettledNames()
        for path in [cache.layout.root + "/format"] + workspace.stateFiles + lockFile.listingFiles {
            guard let own = SettledName.source(at: path) else { return }
            names.add(path, own)
        }
        names.flush()
        for item in plan.items {
            guard let path = source(item) else { return }
            guard !path.isEmpty else { continue }
            guard let source = SettledName.source(at: path) else { return }
            names.add(path, source)
        }
        names.flush()
        for item in plan.items {
            if let placed = outcome.placed[item.entry.entry.id] { names.add(placed, below: workspaceRoot) }
        }
        var inputs = basis.files.map { SettledInput.file(path: $0.path, digest: $0.digest) }
        inputs += manifest.environmentUsed.map {
            .variable(name: $0.key, digest: LockFile.hash(Array($0.value.utf8)))
        }
        guard let locked = lockFile.input(holding: lock), let sections = SettledInput.names(workspace.folder) else {
            return
        }
        inputs += [locked, sections]
        // It only saves time: a full disk is no reason to fail a run that did what it had to.
        try? Settled.write(inputs, names, entries: outcome.placed.count, basis.terms)
    }

    /// The path of what of an entry lies on this machine and has to be as it is for the next plan to say that the entry stays; empty
    /// where nothing does.
    /// - Returns: `nil` where that is not a matter of one stat(2): drift, and folders that are used where they lie.
    private func source(_ item: Plan.Item) -> String? {
        switch item.action {
        case .keep, .link, .relink: break
        case .drift, .blocked: return nil
        }
        let decision = access.decide(item.entry.entry.value)
        guard let path = decision.transport.localPath(base: item.entry.entry.base) else {
            return item.entry.access == .cache ? "" : nil
        }
        if item.entry.access == .cache { return path }
        // One symlink to one file, or to a folder as a whole.
        let isWhole = item.objects.count == 1 && item.objects[0].resolved.place.isEmpty
        return isWhole && item.objects[0].resolved.recipe == nil ? path : nil
    }
}
