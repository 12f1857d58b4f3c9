internal import Configuration
internal import Planning
internal import Platform
internal import Remotes

/// Asks each store and host that the configuration names one question that changes nothing.
struct DoctorStores: Sendable {
    let settings: Settings
    let sources: SourceRules
    let base: String

    /// What is asked, and on whose behalf.
    struct Question: Sendable {
        var subject: String
        var url: LogicalURL?
        /// Why it cannot be asked.
        var problem: Doctor.Finding?
        /// No object is meant: whatever the server answers, it is there, and accepts the credentials unless it says otherwise.
        var isProbe = false
    }

    // MARK: What to ask

    func questions(_ urls: [String]) -> [Question] {
        urls.map { question($0) } + s3() + google() + azure() + web()
    }

    private func question(_ text: String, isProbe: Bool = false) -> Question {
        do throws(LogicalURLError) {
            let url: LogicalURL
            do throws(LogicalURLError) { url = try LogicalURL(text) } catch {
                guard let folder = try? LogicalURL(text + "/") else { throw error }
                url = folder
            }
            return Question(subject: url.identity, url: url, isProbe: isProbe)
        } catch {
            var finding = Doctor.Finding(.store, "the URL", .failed, "this is not a URL")
            finding.cause = error.description
            finding.kind = .usage
            return Question(subject: finding.subject, problem: finding)
        }
    }

    private func skipped(_ subject: String, _ reason: String) -> Question {
        Question(subject: subject, problem: Doctor.Finding(.store, subject, .skipped, reason))
    }

    /// A bucket that nobody has: a server that says so has accepted the credentials.
    private static let noBucket = "clearml-sync-doctor"

    private func s3() -> [Question] {
        var questions = settings.s3.credentials.map { entry in
            let below = entry.subdir.map { $0.isEmpty ? "" : $0 + "/" } ?? ""
            if let host = entry.host {
                let bucket = entry.bucket ?? DoctorStores.noBucket
                let isWritten = host.contains(":") || settings.s3.credentials.contains { $0.host == host }
                return question(
                    "s3://\(isWritten ? host : host + ":443")/\(bucket)/\(below)", isProbe: entry.bucket == nil)
            }
            return question("s3://\(entry.bucket ?? DoctorStores.noBucket)/\(below)", isProbe: entry.bucket == nil)
        }
        if settings.s3.key.value != nil {
            questions.append(skipped("sdk.aws.s3.key", "it names no bucket; give a URL to ask: doctor s3://bucket/"))
        }
        return questions
    }

    private func google() -> [Question] {
        var questions = settings.google.credentials.map { entry in
            question("gs://\(entry.bucket)/" + (entry.subdir.map { $0.isEmpty ? "" : $0 + "/" } ?? ""))
        }
        if settings.google.credentialsJSON.value != nil {
            questions.append(
                skipped(
                    "sdk.google.storage.credentials_json", "it names no bucket; give a URL to ask: doctor gs://bucket/")
            )
        }
        return questions
    }

    private func azure() -> [Question] {
        settings.azure.containers.map { entry in
            guard let container = entry.containerName else {
                return skipped(
                    entry.name,
                    "it names no container; give a URL to ask: doctor azure://\(entry.accountName).blob.core.windows.net/container/"
                )
            }
            return question("azure://\(entry.accountName).blob.core.windows.net/\(container)/")
        }
    }

    /// The hosts of `sdk.storage.sync.headers`, and ClearML's file server.
    private func web() -> [Question] {
        var hosts = settings.sync.headers.map {
            $0.host.hasSuffix(":80") ? "http://\($0.host)/" : "https://\($0.host)/"
        }
        if let server = settings.fileServer.url.value { hosts.append(server.hasSuffix("/") ? server : server + "/") }
        var seen: Set<String> = []
        return hosts.filter { seen.insert($0).inserted }.map { question($0 + DoctorStores.noBucket, isProbe: true) }
    }

    // MARK: Asking

    func ask(_ question: Question) -> [Doctor.Finding] {
        if let problem = question.problem { return [problem] }
        guard let url = question.url else { return [] }
        do throws(Refusal) {
            switch try sources.source(url, base: base) {
            case .local(let path): return [local(path)]
            case .remote(let object): return ask(object, question, url)
            }
        } catch { return [Doctor.Finding(.store, question.subject, Failure(refusal: error))] }
    }

    private func local(_ path: String) -> Doctor.Finding {
        guard FileSystem.exists(path) else {
            return Doctor.Finding(.store, path, Failure(.notFound, "nothing is there", cause: path))
        }
        return Doctor.Finding(.store, path, .ok, "a local path")
    }

    private func ask(_ object: RemoteObject, _ question: Question, _ url: LogicalURL) -> [Doctor.Finding] {
        let area: Doctor.Finding.Area = url.scheme.isHTTP ? .host : .store
        let listing = object.store as? any ListingStore
        let isFolder = url.shape != .single || question.isProbe && !url.scheme.isHTTP
        let request: @Sendable () -> HTTPRequest = {
            if let listing, isFolder {
                return listing.list(prefix: object.id.key, delimiter: nil, token: nil, limit: 1)
            }
            return object.store.head(object.id)
        }
        var subject = question.subject
        if question.isProbe, let name = subject.firstRange(of: DoctorStores.noBucket) {
            subject.removeSubrange(name.lowerBound...)
        }
        let began = MonotonicTime.now()
        var finding: Doctor.Finding
        var date: Int64?
        do throws(Failure) {
            let answer = try DoctorCall(sources.network).ask(object.store, request)
            date = answer.head.date
            if let refusal = answer.refusal, !(question.isProbe && refusal.kind == .notFound) {
                finding = Doctor.Finding(area, subject, Failure(refusal: refusal))
            } else {
                finding = Doctor.Finding(area, subject, .ok, "answers, and accepts what it is asked with")
            }
        } catch { finding = Doctor.Finding(area, subject, error) }
        finding.seconds = MonotonicTime.now().seconds(since: began)
        finding.access = object.store.accessName
        if finding.state == .ok { secure(&finding, request()) }
        return [finding] + skew(date, subject, isDecisive: finding.kind == .permission)
    }

    private func secure(_ finding: inout Doctor.Finding, _ request: HTTPRequest) {
        guard request.url.lowercased().hasPrefix("https://") else {
            finding.text += "; no TLS"
            return
        }
        switch request.tls {
        case .system: finding.text += "; TLS by the system's authorities"
        case .certificateFile(let path): finding.text += "; TLS by \(path)"
        case .off:
            finding.state = .warning
            finding.text += "; TLS, but its certificate is not checked"
            finding.advice = "set 'verify' to true, or to a file with the authority's certificate"
        }
    }

    /// Signatures hold for 15 minutes (AWS, Azure), tokens for an hour: a clock that is off by some is a warning.
    private func skew(_ date: Int64?, _ subject: String, isDecisive: Bool) -> [Doctor.Finding] {
        guard let date else { return [] }
        let seconds = Int64(FileTime.now().seconds) - date
        guard abs(seconds) > (isDecisive ? 60 : 300) else { return [] }
        let isFailed = abs(seconds) > 900
        var finding = Doctor.Finding(
            .clock, subject, isFailed ? .failed : .warning,
            "this machine's clock is \(abs(seconds)) seconds \(seconds > 0 ? "ahead of" : "behind") the server's")
        finding.advice = "set the clock right (ntp, chrony)"
        finding.kind = isFailed ? .permission : nil
        return [finding]
    }
}

/// One request, asked again only when the store has learnt something from the answer.
struct DoctorCall {
    private let caller: StoreCaller

    init(_ network: Network) {
        // What is busy or away now is a finding, and not waited for.
        caller = StoreCaller(network, stallTimeout: .seconds(15), mostRetries: 0)
    }

    func ask(
        _ store: any Store, _ request: @Sendable () -> HTTPRequest
    ) throws(Failure) -> (head: HTTPHead, refusal: Refusal?) {
        var lessons = 0
        while true {
            let request = request()
            let answer = try caller.ask(store, accepts: { _ in true }) { request }
            guard !(200..<300).contains(answer.head.status) else { return (answer.head, nil) }
            let refusal = store.refusal(answer.head, body: Array(answer.body.prefix(64 << 10)), to: request)
            guard refusal.kind == .again, lessons < StoreCaller.mostLessons else { return (answer.head, refusal) }
            lessons += 1
        }
    }
}
