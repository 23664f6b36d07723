import ADPOBase
import ADPOTensor

/// A causal language model: its weights, mapped from the file or tuned in memory, and its tokenizer.
///
/// Immutable; any number of sessions and trainers on any threads may use one.
public final class Model: Sendable {
    /// The Hugging Face directory or GGUF file that it was loaded from; a tuned one's base was.
    public let path: String
    public let tokenizer: Tokenizer
    package let chatTemplates: ChatTemplates
    package let architecture: Architecture
    package let weights: Weights
    /// Where the weights lie, and the metadata beside them; of a tuned model, those of its base.
    package let file: TensorFile
    /// Generation ends after any of these tokens.
    package let endTokens: Set<Int32>

    /// Loads a Hugging Face directory (config.json, safetensors, tokenizer.json) or a GGUF file.
    ///
    /// Weights are mapped, not read: the files must stay as they are while the model lives. A directory's
    /// quantized weights are decoded into memory.
    ///
    /// - Throws: `.notFound`, `.io`, `.format`, `.unsupported`, `.outOfMemory`.
    public init(path: String) throws(ADPOError) {
        let file = try TensorFile.open(path: path)
        self.path = path
        self.file = file
        let source = try ModelSource(file)
        architecture = try Family.of(source).read(source)
        var endTokens: Set<Int32> = []
        switch file.kind {
        case .huggingFace(let directory):
            tokenizer = try Tokenizer(directory: directory)
            chatTemplates = try ChatTemplates(directory: directory)
            endTokens.formUnion(try Self.generationEnds(directory: directory))
        case .gguf(let metadata):
            tokenizer = try Tokenizer(GGUFTokenizerFields(metadata, source: path))
            chatTemplates = ChatTemplates(metadata, source: path)
            for key in ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"] {
                if let id = metadata[key]?.integer.flatMap(Int32.init(exactly:)) {
                    endTokens.insert(id)
                }
            }
        }
        if let eos = tokenizer.eos { endTokens.insert(eos) }
        // Files also have -1, or ids of tokens that the model does not score.
        let vocabulary = architecture.vocabulary
        self.endTokens = endTokens.filter { $0 >= 0 && $0 < vocabulary }
        weights = try Weights(
            file, architecture.parameters, isIgnored: architecture.isIgnored)
    }

    /// The model with other weights of the same shapes.
    init(_ model: Model, weights: Weights) {
        path = model.path
        tokenizer = model.tokenizer
        chatTemplates = model.chatTemplates
        architecture = model.architecture
        endTokens = model.endTokens
        file = model.file
        self.weights = weights
    }

    /// `eos_token_id` of generation_config.json: a number, a list, or absent.
    private static func generationEnds(directory: String) throws(ADPOError) -> [Int32] {
        let ids: JSON?
        do throws(ADPOError) {
            ids = try JSON(path: directory + "/generation_config.json")["eos_token_id"]
        } catch {
            if error.code == .notFound { return [] }
            throw error
        }
        let values = ids?.array ?? [ids].compactMap(\.self)
        return values.compactMap { $0.integer.flatMap(Int32.init(exactly:)) }
    }

    /// - Throws: `.invalidArgument` for an id that the model has no embedding of.
    package func check(_ ids: some Collection<Int32>) throws(ADPOError) {
        guard let id = ids.first(where: { $0 < 0 || $0 >= architecture.vocabulary }) else { return }
        throw ADPOError(
            .invalidArgument,
            "the token id \(id) is out of range: the model has ids 0 to "
                + "\(architecture.vocabulary - 1)")
    }
}

/// A model in numbers.
public struct ModelInfo: Sendable, Equatable {
    /// Hugging Face's `model_type`, such as "llama" or "qwen3".
    public var family: String
    /// The encoding of most weights, such as "F32" or "Q4_1".
    public var encoding: String
    public var layers: Int
    /// The width of the hidden states.
    public var width: Int
    public var heads: Int
    public var keyValueHeads: Int
    /// The number of token ids that the head scores.
    public var vocabulary: Int
    /// The positions that the model was trained for.
    public var context: Int
    public var parameters: Int
    /// The size of the weights as stored; of a directory's quantized ones, as decoded into memory.
    public var weightBytes: Int
}

extension Model {
    public var info: ModelInfo {
        let attention = architecture.attention?.attention
        return ModelInfo(
            family: architecture.family, encoding: weights.encoding.name,
            layers: architecture.layers.count, width: architecture.width,
            heads: attention?.heads ?? 0, keyValueHeads: attention?.keyValueHeads ?? 0,
            vocabulary: architecture.vocabulary, context: architecture.context,
            parameters: weights.parameterCount, weightBytes: weights.byteCount)
    }
}
