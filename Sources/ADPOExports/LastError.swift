import ADPO
import CADPO
import Glibc

/// The message of this thread's last failure, as C text that the thread owns.
private let lastErrorKey: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { free($0) }
    return key
}()

/// The one place where an error becomes a status.
func status(_ body: () throws(ADPOError) -> Void) -> adpo_status {
    do throws(ADPOError) {
        try body()
        return adpo_status(ADPO_OK)
    } catch {
        return report(error)
    }
}

/// Keeps the message for `adpo_last_error`.
func report(_ error: ADPOError) -> adpo_status {
    let old = pthread_getspecific(lastErrorKey)
    if pthread_setspecific(lastErrorKey, strdup(error.message)) == 0 { free(old) }
    return error.code.rawValue
}

@c @implementation
public func adpo_last_error() -> UnsafePointer<CChar>? {
    guard let message = pthread_getspecific(lastErrorKey) else { return emptyText }
    return UnsafePointer(message.assumingMemoryBound(to: CChar.self))
}

private nonisolated(unsafe) let emptyText = UnsafePointer(strdup(""))
