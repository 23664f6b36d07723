import ADPOTensor

extension RotaryEmbedding {
    /// What divides each pair's frequency, the tensor rope_freqs.weight of GGUF files; nil when
    /// metadata says it all.
    ///
    /// - Throws: `.unsupported` for what no GGUF file can say.
    package func ggufDivisors(source: String) throws(ADPOError) -> [Float]? {
        switch scaling {
        case .none, .linear, .yarn(_, _, _, _, true, _): return nil
        case .divisors(let divisors): return divisors
        case .llama3:
            var plain = self
            plain.scaling = .none
            return zip(plain.frequencies(length: 0), frequencies(length: 0)).map { $0 / $1 }
        case .dynamic, .yarn:
            throw ADPOError(
                .unsupported,
                "\(source): llama.cpp has no RoPE like this model's (dynamic, or YaRN that does not "
                    + "truncate); export to safetensors instead")
        }
    }

    /// Sets the keys of GGUF metadata below `prefix`.
    package func setGGUF(_ writer: inout GGUFWriter, prefix: String) {
        writer.set("\(prefix).rope.freq_base", .float32(Float(base)))
        writer.set("\(prefix).rope.dimension_count", .count(headWidth))
        switch scaling {
        case .none, .divisors, .llama3, .dynamic: break
        case .linear(let factor):
            writer.set("\(prefix).rope.scaling.type", .text("linear"))
            writer.set("\(prefix).rope.scaling.factor", .float32(Float(factor)))
        case .yarn(let factor, let fast, let slow, let context, _, let magnitude):
            writer.set("\(prefix).rope.scaling.type", .text("yarn"))
            writer.set("\(prefix).rope.scaling.factor", .float32(Float(factor)))
            writer.set("\(prefix).rope.scaling.original_context_length", .count(context))
            writer.set("\(prefix).rope.scaling.yarn_beta_fast", .float32(Float(fast)))
            writer.set("\(prefix).rope.scaling.yarn_beta_slow", .float32(Float(slow)))
            writer.set(
                "\(prefix).rope.scaling.attn_factor",
                .float32(Float(magnitude / Self.yarnMagnitude(factor: factor))))
        }
    }

    /// Members of a config.json, as all versions of transformers read them.
    ///
    /// - Throws: `.unsupported` for divisors that no scaling of transformers gives.
    package func huggingFace(source: String) throws(ADPOError) -> [(key: String, value: JSON)] {
        var scaling: [(key: String, value: JSON)]?
        switch self.scaling {
        case .none: break
        case .linear(let factor):
            scaling = [("rope_type", .string("linear")), ("factor", .double(factor))]
        case .dynamic(let factor, _):
            scaling = [("rope_type", .string("dynamic")), ("factor", .double(factor))]
        case .llama3(let factor, let low, let high, let context):
            scaling = Self.llama3(factor, low, high, context)
        case .yarn(let factor, let fast, let slow, let context, let truncate, let magnitude):
            scaling = [
                ("rope_type", .string("yarn")), ("factor", .double(factor)),
                ("beta_fast", .double(fast)), ("beta_slow", .double(slow)),
                ("original_max_position_embeddings", .integer(context)),
                ("truncate", .bool(truncate)), ("attention_factor", .double(magnitude)),
            ]
        case .divisors(let divisors):
            scaling = try llama3(divisors, source: source)
        }
        return [
            ("rope_theta", .double(base)), ("rope_scaling", scaling.map(JSON.object) ?? .null),
        ]
    }

    private static func llama3(
        _ factor: Double, _ low: Double, _ high: Double, _ context: Int
    ) -> [(key: String, value: JSON)] {
        [
            ("rope_type", .string("llama3")), ("factor", .double(factor)),
            ("low_freq_factor", .double(low)), ("high_freq_factor", .double(high)),
            ("original_max_position_embeddings", .integer(context)),
        ]
    }

    /// The parameters of Llama 3.1's scaling from which a file's divisors were computed: all models
    /// of this kind have 1 and 4 as their frequency factors, and a power of two as their context.
    private func llama3(
        _ divisors: [Float], source: String
    ) throws(ADPOError) -> [(key: String, value: JSON)] {
        let factor = (divisors.max() ?? 1).rounded()
        for exponent in 4..<24 {
            var candidate = self
            candidate.scaling = .llama3(
                factor: Double(factor), lowFrequency: 1, highFrequency: 4, context: 1 << exponent)
            guard let found = try candidate.ggufDivisors(source: source) else { continue }
            if zip(found, divisors).allSatisfy({ abs($0 - $1) <= 1e-3 * abs($1) }) {
                return Self.llama3(Double(factor), 1, 4, 1 << exponent)
            }
        }
        throw ADPOError(
            .unsupported,
            "\(source): the RoPE divisors of this model (rope_freqs.weight) are not those of Llama "
                + "3.1's scaling, and transformers knows no other; export to GGUF instead")
    }
}
