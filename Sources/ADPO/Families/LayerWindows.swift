import ADPOBase
import ADPOTensor

extension ModelSource {
    /// Which layers see a window alone, as "layer_types" of a config.json says; nil where it does not.
    func slidingLayers(_ count: Int) throws(ADPOError) -> [Bool]? {
        guard let types = json["layer_types"]?.array else { return nil }
        guard types.count == count else {
            throw ADPOError(
                .format,
                "\(path): \"layer_types\" has \(types.count) members for \(count) layers")
        }
        var isSliding: [Bool] = []
        for type in types {
            switch type.string {
            case "full_attention": isSliding.append(false)
            case "sliding_attention": isSliding.append(true)
            default:
                throw ADPOError(
                    .unsupported,
                    "\(path): the layer type \"\(type.string ?? "")\" is not supported")
            }
        }
        return isSliding
    }

    /// The window of each layer of families that have one only with "use_sliding_window".
    ///
    /// - Parameter isSliding: Whether a layer sees a window, where "layer_types" does not say it.
    func optionalWindows(
        _ count: Int, default isSliding: (_ layer: Int) throws(ADPOError) -> Bool
    ) throws(ADPOError) -> [Int?] {
        guard kind == .huggingFace,
            try configuration.bool("use_sliding_window", default: false),
            let window = try window()
        else { return Array(repeating: nil, count: count) }
        if let layers = try slidingLayers(count) { return layers.map { $0 ? window : nil } }
        var windows: [Int?] = []
        for layer in 0..<count { windows.append(try isSliding(layer) ? window : nil) }
        return windows
    }

    /// The windows of Qwen's layers: those from "max_window_layers" on have one.
    func qwenWindows(_ count: Int) throws(ADPOError) -> [Int?] {
        let first = try configuration.integer("max_window_layers", default: 28)
        return try optionalWindows(count) { (layer) throws(ADPOError) in layer >= first }
    }
}

extension Architecture {
    /// The window of each layer.
    var windows: [Int?] { layers.map { $0.attention?.attention.window } }
}

extension ConfigurationWriter {
    /// Which layers see a window alone, and how much.
    mutating func setLayerTypes(_ windows: [Int?]) {
        setHuggingFace(
            "layer_types",
            .array(windows.map { .string($0 == nil ? "full_attention" : "sliding_attention") }))
        if let window = windows.compactMap(\.self).first { set(.window, .integer(window)) }
    }

    /// The windows of families that have one only with "use_sliding_window", and none in GGUF files.
    mutating func setOptionalWindows(_ windows: [Int?]) throws(ADPOError) {
        let hasWindow = windows.contains { $0 != nil }
        try refuseInGGUF("layers that see a window alone", if: hasWindow)
        setHuggingFace("use_sliding_window", .bool(hasWindow))
        if !hasWindow { setHuggingFace("sliding_window", .null) }
        if kind == .huggingFace { setLayerTypes(windows) }
    }

    /// As `setOptionalWindows`, and what versions of transformers before "layer_types" look at.
    mutating func setQwenWindows(_ windows: [Int?]) throws(ADPOError) {
        try setOptionalWindows(windows)
        let first = windows.firstIndex { $0 != nil } ?? windows.count
        setHuggingFace("max_window_layers", .integer(first))
    }

    /// The one window of all layers, which GGUF files of the family do not have.
    mutating func setWindow(_ window: Int?) throws(ADPOError) {
        try refuseInGGUF("a sliding window", if: window != nil)
        setHuggingFace("sliding_window", window.map(JSON.integer) ?? .null)
    }
}
