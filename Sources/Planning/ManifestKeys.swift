/// The keys of a manifest, once: the decoder knows these and no others, and the JSON Schema in docs has the same.
enum ManifestKey: String, CaseIterable {
    case version, name, workspace, vars, include, defaults, artifacts, models, datasets
}

enum DefaultsKey: String, CaseIterable {
    case link, extract, access
}

enum EntryKey: String, CaseIterable {
    case name, url, mirrors, version, checksum, size, path, link, executable, include, exclude, extract
    case keepArchive = "keep_archive"
    case tags, optional, access
}

enum ExtractKey: String, CaseIterable {
    case stripComponents = "strip_components"
    case include, exclude
}
