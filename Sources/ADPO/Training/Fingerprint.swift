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
    var fingerprint: String {
        var fingerprint = Fingerprint()
        fingerprint.add("\(layout.rank) \(layout.hasMagnitudes) \(scale)")
        for module in layout.modules {
            fingerprint.add("\(module.weight.index) \(module.rows) \(module.columns)")
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
            for ids in [pair.prompt, pair.chosen, pair.rejected] { fingerprint.add(ids) }
        }
        return fingerprint.text
    }

    /// The same with the pairs' own weights and segments, which change the training, but not the
    /// reference's log-probs.
    var wholeFingerprint: String {
        var fingerprint = Fingerprint()
        fingerprint.add(self.fingerprint)
        for pair in pairs {
            for weights in [pair.weights?.chosen, pair.weights?.rejected] {
                fingerprint.add(weights ?? [])
            }
            for ends in [pair.segmentEnds?.chosen, pair.segmentEnds?.rejected] {
                fingerprint.add(ends ?? [])
            }
        }
        return fingerprint.text
    }
}
