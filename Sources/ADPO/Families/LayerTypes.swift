import ADPOBase
import ADPOTensor

extension ModelSource {
    /// Which layers see a window alone: those that `layer_types` says, or all but every `pattern`th.
    func layersWithWindow(_ count: Int, pattern: Int) throws(ADPOError) -> [Bool] {
        guard let types = json["layer_types"]?.array else {
            return (0..<count).map { pattern == 0 || ($0 + 1) % pattern != 0 }
        }
        guard types.count == count else {
            throw ADPOError(
                .format,
                "\(path): \"layer_types\" has \(types.count) members for \(count) layers")
        }
        var result: [Bool] = []
        for type in types {
            let name = type.string ?? ""
            guard ["sliding_attention", "full_attention"].contains(name) else {
                throw ADPOError(
                    .unsupported, "\(path): the layer type \"\(name)\" is not supported")
            }
            result.append(name == "sliding_attention")
        }
        return result
    }

    /// The same, where llama.cpp takes every fourth layer for granted, and an older config.json may have
    /// another number.
    func layersWithWindow(_ count: Int) throws(ADPOError) -> [Bool] {
        let isOlder = kind == .huggingFace && json["layer_types"]?.array == nil
        return try layersWithWindow(
            count,
            pattern: isOlder
                ? try configuration.integer("sliding_window_pattern", default: 4) : 4)
    }
}

extension ConfigurationWriter {
    /// The window of attention, and the layers that have it.
    ///
    /// - Throws: `.unsupported` for a GGUF file where not every fourth layer alone sees all, which llama.cpp
    ///   takes for granted.
    mutating func setWindows(_ architecture: Architecture) throws(ADPOError) {
        let windows = architecture.layers.map(\.attention?.attention.window)
        if let window = windows.compactMap(\.self).first {
            set(.window, .integer(window))
        } else {
            setHuggingFace("sliding_window", .null)
        }
        setHuggingFace(
            "layer_types",
            .array(windows.map { .string($0 == nil ? "full_attention" : "sliding_attention") }))
        let isEveryFourthGlobal = windows.enumerated().allSatisfy {
            ($1 == nil) == (($0 + 1) % 4 == 0)
        }
        if kind == .gguf, !isEveryFourthGlobal {
            throw unsupported("other layers than every fourth that see more than a window")
        }
    }

    /// A window that all layers have.
    ///
    /// - Throws: `.unsupported` for a GGUF file, where llama.cpp knows none in the family.
    mutating func setWindowOfDirectories(_ architecture: Architecture) throws(ADPOError) {
        guard let window = architecture.attention?.attention.window else {
            return setHuggingFace("sliding_window", .null)
        }
        if kind == .gguf { throw unsupported("a window of \(window) tokens") }
        set(.window, .integer(window))
    }

    /// - Throws: `.unsupported` for a GGUF file of a family in which llama.cpp knows no such thing.
    func refuseInGGUF(_ isThere: Bool, _ what: String) throws(ADPOError) {
        if kind == .gguf, isThere { throw unsupported(what) }
    }
}
