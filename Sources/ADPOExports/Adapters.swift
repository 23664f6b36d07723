import ADPO
import CADPO

@c @implementation
public func adpo_adapter_load(
    _ model: OpaquePointer?, _ path: UnsafePointer<CChar>?,
    _ adapter: UnsafeMutablePointer<OpaquePointer?>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(adapter, "adapter")
        output.pointee = handle(
            try Adapter(model: ADPOExports.model(model), path: ADPOExports.path(path)))
    }
}

@c @implementation
public func adpo_adapter_save(
    _ adapter: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> adpo_status {
    status { () throws(ADPOError) in
        try object(adapter, "adapter", as: Adapter.self).save(to: ADPOExports.path(path))
    }
}

@c @implementation
public func adpo_adapter_destroy(_ adapter: OpaquePointer?) { destroy(adapter, Adapter.self) }
