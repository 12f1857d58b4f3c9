/// A value from the `defaults` of a manifest, which stands between ClearML's environment and clearml.conf.
public struct ManifestDefault: Sendable, Hashable {
    public var text: String
    /// `manifest.yaml:3:9`
    public var place: String

    public init(_ text: String, place: String) {
        self.text = text
        self.place = place
    }
}
