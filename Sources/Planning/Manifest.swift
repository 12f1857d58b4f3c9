/// What a manifest declares, includes and variables resolved: values only.
public struct Manifest: Sendable {
    /// Names this manifest's section in a workspace.
    public var name: String?
    /// Absolute path of the folder that the manifest asks for; `workspace` beside the manifest when it asks for none.
    public var workspace: String
    public var vars: [String: String] = [:]
    /// Those of included manifests first, then by kind, then as written.
    public var entries: [Entry] = []
    /// Every file that was read, in the order of reading, as it was named to `read`; the manifest itself comes first.
    public var files: [String] = []
    /// The environment's variables that the text used, with their values: they may be secrets.
    public var environmentUsed: [String: String] = [:]
}
