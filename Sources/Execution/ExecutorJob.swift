internal import Planning
internal import Platform

extension Executor {
    /// One object on its way into the cache.
    final class Job {
        let item: Int
        let object: Int
        /// Where its bytes are asked for first.
        let url: LogicalURL
        /// What others that want the same content find it by.
        let content: ExactText
        /// What index, partials and locks know the object by.
        let identity: String
        let lockKey: UInt64
        let transfer: Progress.Transfer
        var download: Download?
        var holdsLock = false
        /// Another process held the object's lock.
        var hasWaited = false
        /// A copy in the SDK's cache was looked at.
        var hasTriedAdopting = false
        let waitingSince = MonotonicTime.now()

        init(
            item: Int, object: Int, url: LogicalURL, content: ExactText, identity: String, transfer: Progress.Transfer
        ) {
            self.item = item
            self.object = object
            self.url = url
            self.content = content
            self.identity = identity
            lockKey = LockFile.hash(Array(identity.utf8)).prefix
            self.transfer = transfer
        }
    }
}
