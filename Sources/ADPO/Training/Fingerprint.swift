import ADPOBase
import ADPOTensor

/// Tells by its content whether something is what it was, wherever it lies. It guards against
/// mistakes, not against forgery.
struct Fingerprint {
    private var hash: UInt64 = 0

    /// 16 hexadecimal digits.
    var text: String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// Adds bytes, and how many they are.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        hash = XXH64.hash(bytes, seed: hash)
    }

    mutating func add(_ elements: [some BitwiseCopyable]) {
        elements.withUnsafeBytes { add($0) }
    }

    mutating func add(_ text: String) { add(Array(text.utf8)) }

    mutating func add(_ key: String, _ elements: [some BitwiseCopyable]) {
        add(key)
        add(elements)
    }
}

extension Model {
    /// The architecture and all of the weights: a few gigabytes a second.
    package var fingerprint: String {
        var fingerprint = Fingerprint()
        for (key, value) in architecture.identity { fingerprint.add("\(key) \(value)") }
        let parameters = architecture.parameters
        for id in parameters.order {
            fingerprint.add(parameters[id].module)
            switch id {
            case .matrix(let id):
                let matrix = weights[id]
                fingerprint.add("\(matrix.encoding.name) \(matrix.rows) \(matrix.columns)")
                fingerprint.add(matrix.bytes)
            case .vector(let id):
                let vector = weights[id]
                fingerprint.add(
                    UnsafeRawBufferPointer(start: vector.pointer, count: vector.count * 4))
            }
        }
        return fingerprint.text
    }
}

extension LoRAParameters {
    /// - Parameter list: the parameters of the model that is adapted.
    func fingerprint(_ list: ParameterList) -> String {
        var fingerprint = Fingerprint()
        fingerprint.add("rank \(layout.rank)")
        fingerprint.add("magnitudes \(layout.hasMagnitudes)")
        fingerprint.add("scale \(scale)")
        for module in layout.modules {
            fingerprint.add(
                "module \(list[module.weight].module) \(module.rows) \(module.columns)")
        }
        fingerprint.add(UnsafeRawBufferPointer(start: values, count: layout.count * 4))
        return fingerprint.text
    }
}

extension PairSet {
    /// The tokens of the pairs, so that another tokenizer or maximum length shows, too.
    var fingerprint: String {
        var fingerprint = Fingerprint()
        for pair in pairs {
            fingerprint.add("prompt", pair.prompt)
            fingerprint.add("chosen", pair.chosen)
            fingerprint.add("rejected", pair.rejected)
        }
        return fingerprint.text
    }

    /// The same with the pairs' own weights and segments, which change the training, but not the
    /// reference's log-probs. A pair that has none of a kind adds nothing, so that kinds can be
    /// added.
    var wholeFingerprint: String {
        var fingerprint = Fingerprint()
        fingerprint.add("pairs \(self.fingerprint)")
        for (index, pair) in pairs.enumerated() {
            if let weights = pair.weights {
                fingerprint.add("chosen_weights of \(index)", weights.chosen)
                fingerprint.add("rejected_weights of \(index)", weights.rejected)
            }
            if let ends = pair.segmentEnds {
                fingerprint.add("chosen_segments of \(index)", ends.chosen)
                fingerprint.add("rejected_segments of \(index)", ends.rejected)
            }
        }
        return fingerprint.text
    }
}
