import ADPOBase

/// A token that is looked for in the text before anything else is done to it.
package struct AddedToken: Sendable {
    package var id: Int32
    package var content: [UInt8]
    /// Can be left out of decoded text.
    package var isSpecial = false
    /// Only where no word character touches it.
    package var singleWord = false
    /// Takes the whitespace on its left, or right, with it.
    package var stripsLeft = false
    package var stripsRight = false
    /// Is looked for in the normalized text; its content is normalized too.
    package var isNormalized = false
}

extension AddedToken {
    /// A token with the flags that a file of the `tokenizers` package gives it.
    init(id: Int32, content: [UInt8], _ json: JSON) {
        self.init(id: id, content: content)
        isSpecial = json["special"]?.bool ?? false
        singleWord = json["single_word"]?.bool ?? false
        stripsLeft = json["lstrip"]?.bool ?? false
        stripsRight = json["rstrip"]?.bool ?? false
        isNormalized = json["normalized"]?.bool ?? !isSpecial
    }
}
