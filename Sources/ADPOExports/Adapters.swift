import ADPO
import ADPOBase
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

/// Texts that live as long as the library.
private nonisolated(unsafe) let encodingNames = Model.exportEncodings.map(CText.permanent)

@c @implementation
public func adpo_encoding_name(_ number: UInt32) -> UnsafePointer<CChar>? {
    number < encodingNames.count ? encodingNames[Int(number)] : nil
}

@c @implementation
public func adpo_model_export(
    _ model: OpaquePointer?, _ adapter: OpaquePointer?, _ path: UnsafePointer<CChar>?,
    _ encoding: UnsafePointer<CChar>?, _ report: UnsafeMutablePointer<adpo_export_report>?
) -> adpo_status {
    status { () throws(ADPOError) in
        if let report { try adpo_export_report.check(report, "report") }
        var merged: Adapter?
        if let adapter { merged = try object(adapter, "adapter") }
        let result = try ADPOExports.model(model).export(
            to: ADPOExports.path(path), adapter: merged,
            encoding: encoding.map { String(cString: $0) })
        guard let report else { return }
        var value = adpo_export_report()
        value.weight_bytes = UInt64(result.byteCount)
        value.tokens = UInt64(result.tokens)
        value.mean_difference = result.meanDifference
        value.max_difference = result.maxDifference
        try value.write(report, "report")
    }
}
