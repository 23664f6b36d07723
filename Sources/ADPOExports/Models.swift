import ADPO
import ADPOBase
import CADPO

func model(_ handle: OpaquePointer?) throws(ADPOError) -> Model { try object(handle, "model") }

@c @implementation
public func adpo_model_load(
    _ path: UnsafePointer<CChar>?, _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(model, "model")
        output.pointee = handle(try Model(path: ADPOExports.path(path)))
    }
}

@c @implementation
public func adpo_model_destroy(_ model: OpaquePointer?) { destroy(model, Model.self) }

@c @implementation
public func adpo_model_describe(
    _ path: UnsafePointer<CChar>?, _ json: UnsafeMutablePointer<CChar>?, _ capacity: Int,
    _ needed: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try OutputBuffer(json, capacity, needed)
        try output.write(FileDescription(path: ADPOExports.path(path)).json.text)
    }
}

@c @implementation
public func adpo_model_get_info(
    _ model: OpaquePointer?, _ info: UnsafeMutablePointer<adpo_model_info>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let source = try ADPOExports.model(model).info
        var value = adpo_model_info()
        copy(source.family, into: &value.family)
        copy(source.encoding, into: &value.encoding)
        // The architecture's sizes are capped far below these types' limits.
        value.layers = Int32(truncatingIfNeeded: source.layers)
        value.width = Int32(truncatingIfNeeded: source.width)
        value.heads = Int32(truncatingIfNeeded: source.heads)
        value.key_value_heads = Int32(truncatingIfNeeded: source.keyValueHeads)
        value.vocabulary = Int32(truncatingIfNeeded: source.vocabulary)
        value.context = Int32(truncatingIfNeeded: source.context)
        value.parameters = UInt64(source.parameters)
        value.weight_bytes = UInt64(source.weightBytes)
        try value.write(required(info, "info"), "info")
    }
}

@c @implementation
public func adpo_model_metadata(
    _ model: OpaquePointer?, _ key: UnsafePointer<CChar>?, _ json: UnsafeMutablePointer<CChar>?,
    _ capacity: Int, _ needed: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try OutputBuffer(json, capacity, needed)
        let model = try ADPOExports.model(model)
        try output.write(model.metadata(key.map { String(cString: $0) }))
    }
}

/// Fills a fixed array of chars, its NUL included.
private func copy<Chars>(_ text: String, into chars: inout Chars) {
    withUnsafeMutableBytes(of: &chars) { chars in
        chars.copyBytes(from: text.utf8.prefix(chars.count - 1))
    }
}
