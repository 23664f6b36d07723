import ADPO
import ADPOBase
import CADPO

/// The message of each thread's last failure.
private let lastError = ThreadText()

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
    lastError.set(error.message)
    return error.code.rawValue
}

@c @implementation
public func adpo_last_error() -> UnsafePointer<CChar>? { lastError.text ?? emptyText }

private nonisolated(unsafe) let emptyText = CText.permanent("")
