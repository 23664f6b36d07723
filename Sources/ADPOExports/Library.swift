import ADPO
import ADPOBase
import ADPOTensor
import CADPO
import CKernels

let versionText = "\(ADPO_VERSION_MAJOR).\(ADPO_VERSION_MINOR).\(ADPO_VERSION_PATCH)"

/// Texts that live as long as the library.
private nonisolated(unsafe) let versionCText = CText.permanent(versionText)
private nonisolated(unsafe) let buildInfoCText: UnsafePointer<CChar>? = {
    let kernels = String(cString: adpo_instruction_set())
    let bf16 = adpo_has_bf16_products() != 0 ? " with bf16 products" : ""
    return CText.permanent("libadpo \(versionText); kernels \(kernels)\(bf16)")
}()

@c @implementation
public func adpo_version() -> UnsafePointer<CChar>? { versionCText }

@c @implementation
public func adpo_abi_version() -> UInt32 { UInt32(ADPO_ABI_VERSION) }

@c @implementation
public func adpo_build_info() -> UnsafePointer<CChar>? { buildInfoCText }

@c @implementation
public func adpo_status_name(_ status: adpo_status) -> UnsafePointer<CChar>? {
    let name: StaticString =
        switch Int(status) {
        case ADPO_OK: "ADPO_OK"
        case ADPO_ERROR_INVALID_ARGUMENT: "ADPO_ERROR_INVALID_ARGUMENT"
        case ADPO_ERROR_NOT_FOUND: "ADPO_ERROR_NOT_FOUND"
        case ADPO_ERROR_IO: "ADPO_ERROR_IO"
        case ADPO_ERROR_FORMAT: "ADPO_ERROR_FORMAT"
        case ADPO_ERROR_UNSUPPORTED: "ADPO_ERROR_UNSUPPORTED"
        case ADPO_ERROR_OUT_OF_MEMORY: "ADPO_ERROR_OUT_OF_MEMORY"
        case ADPO_ERROR_BUFFER_TOO_SMALL: "ADPO_ERROR_BUFFER_TOO_SMALL"
        case ADPO_ERROR_BUSY: "ADPO_ERROR_BUSY"
        case ADPO_ERROR_NUMERIC: "ADPO_ERROR_NUMERIC"
        case ADPO_ERROR_INTERNAL: "ADPO_ERROR_INTERNAL"
        case ADPO_CANCELLED: "ADPO_CANCELLED"
        default: "unknown status"
        }
    return UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
}

@c @implementation
public func adpo_set_num_threads(_ count: Int32) -> adpo_status {
    status { () throws(ADPOError) in
        guard (0...1024).contains(count) else {
            throw ADPOError(
                .invalidArgument, "the number of threads is \(count); it must be 0 to 1024")
        }
        Parallel.setThreadCount(Int(count))
    }
}
