import ADPOBase

extension RotaryEmbedding {
    /// The tensors of a GGUF file that say what divides each pair's frequency; none when metadata says
    /// it all.
    ///
    /// - Throws: `.unsupported` for what no GGUF file can say.
    package func ggufTensors(
        source: String
    ) throws(ADPOError) -> [(name: String, values: [Float])] {
        switch scaling {
        case .none, .linear, .yarn(_, _, _, _, true, _): return []
        case .divisors(let divisors): return [(Self.divisorsName, divisors)]
        case .llama3: return [(Self.divisorsName, divisors)]
        case .longRoPE(let short, let long, _, _):
            return [(Self.longFactors, long), (Self.shortFactors, short)]
        case .dynamic, .yarn:
            throw ADPOError(
                .unsupported,
                "\(source): llama.cpp has no RoPE like this model's (dynamic, or YaRN that does not "
                    + "truncate); export to safetensors instead")
        }
    }

    /// The divisors of the plain embedding's frequencies.
    private var divisors: [Float] {
        let plain = RotaryEmbedding(base: base, width: width)
        return zip(plain.frequencies(length: 0), frequencies(length: 0)).map { $0 / $1 }
    }

    /// Sets the keys of GGUF metadata.
    package func setGGUF(_ writer: inout ConfigurationWriter) {
        writer.setGGUF("rope.freq_base", .number(base))
        writer.setGGUF("rope.dimension_count", .integer(width))
        switch scaling {
        case .none, .divisors, .llama3, .dynamic: break
        case .linear(let factor):
            writer.setGGUF("rope.scaling.type", .text("linear"))
            writer.setGGUF("rope.scaling.factor", .number(factor))
        case .yarn(let factor, let fast, let slow, let context, _, let magnitude):
            writer.setGGUF("rope.scaling.type", .text("yarn"))
            writer.setGGUF("rope.scaling.factor", .number(factor))
            writer.setGGUF("rope.scaling.original_context_length", .integer(context))
            writer.setGGUF("rope.scaling.yarn_beta_fast", .number(fast))
            writer.setGGUF("rope.scaling.yarn_beta_slow", .number(slow))
            writer.setGGUF(
                "rope.scaling.attn_factor",
                .number(magnitude / Self.yarnMagnitude(factor: factor)))
        case .longRoPE(_, _, let context, let magnitude):
            writer.setGGUF("rope.scaling.original_context_length", .integer(context))
            writer.setGGUF("rope.scaling.attn_factor", .number(magnitude))
        }
    }

    /// `rope_scaling` of a config.json, as all versions of transformers read it; nil for none.
    ///
    /// - Throws: `.unsupported` for divisors that no scaling of transformers gives.
    package func huggingFaceScaling(source: String) throws(ADPOError) -> JSON? {
        let members: [(key: String, value: JSON)]
        switch scaling {
        case .none: return nil
        case .linear(let factor):
            members = [("rope_type", .string("linear")), ("factor", .double(factor))]
        case .dynamic(let factor, _):
            members = [("rope_type", .string("dynamic")), ("factor", .double(factor))]
        case .llama3(let factor, let low, let high, let context):
            members = Self.llama3(factor, low, high, context)
        case .yarn(let factor, let fast, let slow, let context, let truncate, let magnitude):
            members = [
                ("rope_type", .string("yarn")), ("factor", .double(factor)),
                ("beta_fast", .double(fast)), ("beta_slow", .double(slow)),
                ("original_max_position_embeddings", .integer(context)),
                ("truncate", .bool(truncate)), ("attention_factor", .double(magnitude)),
            ]
        case .divisors(let divisors):
            members = try llama3(divisors, source: source)
        case .longRoPE(let short, let long, let context, let magnitude):
            members = [
                ("rope_type", .string("longrope")),
                ("short_factor", .array(short.map { .shortest($0) })),
                ("long_factor", .array(long.map { .shortest($0) })),
                ("original_max_position_embeddings", .integer(context)),
                ("attention_factor", .double(magnitude)),
            ]
        }
        return .object(members)
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
            if zip(candidate.divisors, divisors).allSatisfy({ abs($0 - $1) <= 1e-3 * abs($1) }) {
                return Self.llama3(Double(factor), 1, 4, 1 << exponent)
            }
        }
        throw ADPOError(
            .unsupported,
            "\(source): the RoPE divisors of this model (rope_freqs.weight) are not those of Llama "
                + "3.1's scaling, and transformers knows no other; export to GGUF instead")
    }
}
