import ADPO
import ADPOBase
import Synchronization

/// The object of a handle whose calls exclude each other: a session, a dataset, a trainer.
final class Exclusive<Object>: @unchecked Sendable {
    private var object: Object
    private let isBusy = Atomic<Bool>(false)

    init(_ object: Object) { self.object = object }

    /// - Throws: `.busy` while another call is at work, and what `body` throws.
    func use<Result>(
        _ body: (inout Object) throws(ADPOError) -> Result
    ) throws(ADPOError) -> Result {
        guard !isBusy.exchange(true, ordering: .acquiring) else {
            throw ADPOError(
                .busy, "this handle is at work in another call; use one session or trainer a thread"
            )
        }
        defer { isBusy.store(false, ordering: .releasing) }
        return try body(&object)
    }
}

/// A new handle, which the host owns.
func handle(_ object: some AnyObject) -> OpaquePointer {
    OpaquePointer(Unmanaged.passRetained(object).toOpaque())
}

/// The object that a handle points to.
///
/// - Throws: `.invalidArgument` for NULL.
func object<Object: AnyObject>(
    _ handle: OpaquePointer?, _ name: String, as type: Object.Type = Object.self
) throws(ADPOError) -> Object {
    Unmanaged<Object>.fromOpaque(UnsafeRawPointer(try required(handle, name))).takeUnretainedValue()
}

/// Ends a handle; NULL is fine.
func destroy<Object: AnyObject>(_ handle: OpaquePointer?, _ type: Object.Type) {
    if let handle { Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).release() }
}
