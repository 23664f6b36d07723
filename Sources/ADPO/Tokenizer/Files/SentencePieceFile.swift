import ADPOBase

/// Reads the tokenizer.model of SentencePiece, a protocol buffer (sentencepiece_model.proto), into the
/// fields that say the same in a GGUF file.
enum SentencePieceFile {
    /// - Throws: `.notFound`, `.io`, `.format`, `.unsupported`.
    static func fields(path: String) throws(ADPOError) -> GGUFTokenizerFields {
        let file = try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }
        return try fields(file.bytes, source: path)
    }

    static func fields(
        _ bytes: UnsafeRawBufferPointer, source: String
    ) throws(ADPOError) -> GGUFTokenizerFields {
        var fields = GGUFTokenizerFields(model: "", pre: "default", tokens: ByteStrings())
        var pieces = Pieces()
        var trainer = Trainer()
        fields.addSpacePrefix = true
        fields.removeExtraWhitespaces = true
        var reader = ProtobufReader(bytes, source: source)
        while let (field, value) = try reader.next() {
            guard case .bytes(let message) = value else { continue }
            switch field {
            case 1: try pieces.append(ProtobufReader(message, source: source))
            case 2: try trainer.read(ProtobufReader(message, source: source))
            case 3: try readNormalizer(ProtobufReader(message, source: source), into: &fields)
            default: break
            }
        }
        guard pieces.tokens.count > 0 else {
            throw ADPOError(.format, "\(source) holds no pieces, so it is not SentencePiece's")
        }
        fields.model = try trainer.model()
        fields.tokens = pieces.tokens
        fields.tokenTypes = pieces.types
        fields.scores = pieces.scores
        fields.isOfSentencePiece = true
        fields.bosTokenID = trainer.bos >= 0 ? trainer.bos : nil
        fields.eosTokenID = trainer.eos >= 0 ? trainer.eos : nil
        fields.paddingTokenID = trainer.pad >= 0 ? trainer.pad : nil
        fields.unknownTokenID = trainer.unknown
        return fields
    }

    /// A number of 32 bits with a sign.
    private static func int32(_ value: UInt64) -> Int {
        Int(Int32(truncatingIfNeeded: value))
    }

    private struct Pieces {
        var tokens = ByteStrings()
        var scores: [Float] = []
        var types: [Int32] = []

        mutating func append(_ message: ProtobufReader) throws(ADPOError) {
            var message = message
            var text = UnsafeRawBufferPointer(start: nil, count: 0)
            var score: Float = 0
            var type = TokenType.normal
            while let (field, value) = try message.next() {
                switch (field, value) {
                case (1, .bytes(let bytes)): text = bytes
                case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
                case (3, .integer(let value)): type = Int32(int32(value))
                default: break
                }
            }
            tokens.append(text)
            scores.append(score)
            types.append(type)
        }
    }

    private struct Trainer {
        var modelType: UInt64 = 1
        var unknown = 0
        var bos = 1
        var eos = 2
        var pad = -1
        var treatsSpaceAsSuffix = false

        mutating func read(_ message: ProtobufReader) throws(ADPOError) {
            var message = message
            while let (field, value) = try message.next() {
                guard case .integer(let value) = value else { continue }
                switch field {
                case 3: modelType = value
                case 24: treatsSpaceAsSuffix = value != 0
                case 40: unknown = int32(value)
                case 41: bos = int32(value)
                case 42: eos = int32(value)
                case 43: pad = int32(value)
                default: break
                }
            }
        }

        /// - Throws: `.unsupported` for models of words and of characters, and for space at words' ends.
        func model() throws(ADPOError) -> String {
            guard !treatsSpaceAsSuffix else {
                throw .unsupportedPart("a tokenizer.model with treat_whitespace_as_suffix")
            }
            switch modelType {
            case 1: return "t5"
            case 2: return "llama"
            default: throw .unsupportedPart("a tokenizer.model of words or characters")
            }
        }
    }

    private static func readNormalizer(
        _ message: ProtobufReader, into fields: inout GGUFTokenizerFields
    ) throws(ADPOError) {
        var message = message
        while let (field, value) = try message.next() {
            switch (field, value) {
            case (2, .bytes(let map)):
                fields.precompiledCharacterMap = map.isEmpty ? nil : Array(map)
            case (3, .integer(let value)): fields.addSpacePrefix = value != 0
            case (4, .integer(let value)): fields.removeExtraWhitespaces = value != 0
            case (5, .integer(let value)) where value == 0:
                throw .unsupportedPart("a tokenizer.model without escape_whitespaces")
            default: break
            }
        }
    }
}
