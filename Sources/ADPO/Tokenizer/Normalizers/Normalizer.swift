import ADPOBase

/// Changes a text before it is split into words.
package protocol Normalizer: TokenizerPart {
    /// The normalized form of a well-formed text; nil when that is the text itself.
    func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]?
    /// The most by which a text's length can multiply.
    var growth: Int { get }
}

extension Normalizer {
    package var growth: Int { 1 }
}

/// The normalizers of tokenizer.json, a file each.
enum Normalizers {
    static let all = PartList<any Normalizer>(
        kind: "normalizer", sequence: "normalizers",
        parts: [
            ("NFC", { _ in NFC() }),
            ("NFD", { _ in Decomposed(isCompatible: false) }),
            ("NFKC", { _ in NFKC() }),
            ("NFKD", { _ in Decomposed(isCompatible: true) }),
            ("Lowercase", { _ in Lowercase() }),
            ("Strip", { Strip($0) }),
            ("Prepend", { (json) throws(ADPOError) in try Prepend(json) }),
            ("Precompiled", { (json) throws(ADPOError) in try Precompiled(json) }),
            ("Replace", { (json) throws(ADPOError) in try Replace(json) }),
        ])

    /// All normalizers together may make a text so many times longer, and no more.
    static let maximumGrowth = 400
}

extension [any Normalizer] {
    /// The normalized form of a well-formed text; nil when that is the text itself.
    func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var result: [UInt8]?
        for normalizer in self {
            let next = result?.withUnsafeBufferPointer(normalizer.apply) ?? nil
            if result == nil { result = normalizer.apply(text) } else { result = next ?? result }
        }
        return result
    }
}
