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

    /// The same: all but every `pattern`th layer where a config.json does not say it.
    func slidingLayers(_ count: Int, pattern: Int) throws(ADPOError) -> [Bool] {
        if let layers = try slidingLayers(count) { return layers }
        return (0..<count).map { pattern == 0 || ($0 + 1) % pattern != 0 }
    }

    /// The same, where llama.cpp takes every fourth layer for granted, and an older config.json may have
    /// another number.
    func slidingLayersOfFour(_ count: Int) throws(ADPOError) -> [Bool] {
        // EXAONE 4 has letters for a pattern, beside its layer types.
        if let layers = try slidingLayers(count) { return layers }
        let pattern =
            kind == .gguf
            ? 4 : try configuration.integer("sliding_window_pattern", default: 4)
        return try slidingLayers(count, pattern: pattern)
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

    /// The same.
    ///
    /// - Throws: `.unsupported` for a GGUF file where not every fourth layer alone sees all, which llama.cpp
    ///   takes for granted.
    mutating func setLayerTypesOfFour(_ windows: [Int?]) throws(ADPOError) {
        setLayerTypes(windows)
        if windows.allSatisfy({ $0 == nil }) { setHuggingFace("sliding_window", .null) }
        try refuseInGGUF(
            "other layers than every fourth that see more than a window",
            if: windows.enumerated().contains { ($1 == nil) != (($0 + 1) % 4 == 0) })
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
