#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Text for C, ended by NUL.
package enum CText {
    /// A copy that stays for as long as the process.
    package static func permanent(_ text: String) -> UnsafePointer<CChar>? {
        UnsafePointer(strdup(text))
    }

    package static func length(_ text: UnsafePointer<CChar>) -> Int { strlen(text) }
}

/// A text of each thread, which is freed when the thread ends.
package struct ThreadText: Sendable {
    private let key: pthread_key_t

    package init() {
        var key = pthread_key_t()
        pthread_key_create(&key) { free($0) }
        self.key = key
    }

    /// The text of the calling thread, valid until it sets another; nil when it has set none.
    package var text: UnsafePointer<CChar>? {
        guard let text = pthread_getspecific(key) else { return nil }
        return UnsafePointer(text.assumingMemoryBound(to: CChar.self))
    }

    package func set(_ text: String) {
        let old = pthread_getspecific(key)
        if pthread_setspecific(key, strdup(text)) == 0 { free(old) }
    }
}
