/// Which entry of a list gives the credentials for an object: the one that says most about it, by whole components.
extension S3Settings {
    /// - Parameters:
    ///   - host: the URL's host, with its port; `nil` for AWS. An entry with a host is for that host alone, and one
    ///     without for AWS alone: AWS keys are never sent to another server.
    ///   - key: the object's key, or a prefix.
    public func credentials(host: String?, bucket: String, key: String) -> S3Credentials? {
        credentials
            .filter { entry in
                entry.hostMatches(host) && (entry.bucket == nil || entry.bucket == bucket)
                    && CredentialScope.contains(entry.subdir, key)
            }
            .max { left, right in
                // Of two that say the same, the first counts: `max` returns the last of equals.
                (left.bucket == nil ? 0 : 1, CredentialScope.depth(left.subdir), -left.index)
                    < (right.bucket == nil ? 0 : 1, CredentialScope.depth(right.subdir), -right.index)
            }
    }
}

extension S3Credentials {
    fileprivate func hostMatches(_ other: String?) -> Bool {
        guard let host, let other else { return host == nil && other == nil }
        return withoutDefaultPort(host) == withoutDefaultPort(other)
    }

    private func withoutDefaultPort(_ host: String) -> String {
        let port = secure ?? true ? ":443" : ":80"
        let lowered = host.lowercased()
        return lowered.hasSuffix(port) ? String(lowered.dropLast(port.count)) : lowered
    }
}

extension GoogleSettings {
    public func credentials(bucket: String, key: String) -> GoogleCredentials? {
        credentials
            .filter { $0.bucket == bucket && CredentialScope.contains($0.subdir, key) }
            .max { left, right in
                (CredentialScope.depth(left.subdir), -left.index) < (CredentialScope.depth(right.subdir), -right.index)
            }
    }
}

extension AzureSettings {
    /// An entry for the container before one for the whole account.
    public func container(account: String, container: String) -> AzureContainer? {
        let matching = containers.filter { $0.accountName.lowercased() == account.lowercased() }
        return matching.first { $0.containerName == container } ?? matching.first { $0.containerName == nil }
    }
}

/// The part of a bucket that an entry is for.
private enum CredentialScope {
    /// Whether `key` lies in `subdir`: `data` holds `data/x` and not `database/x`.
    static func contains(_ subdir: String?, _ key: String) -> Bool {
        guard let subdir, !subdir.isEmpty else { return true }
        return key == subdir || key.hasPrefix(subdir + "/")
    }

    static func depth(_ subdir: String?) -> Int { subdir?.split(separator: "/").count ?? 0 }
}
