import ADPOBase

extension TrainerConfiguration {
    /// All that the bits of a run depend on, by names that mean the same in every version of the
    /// library, as checkpoints hold them. Where the references are cached, and how much memory the
    /// activations take, change no bit.
    package var settings: [(key: String, value: JSON)] {
        objective.settings + [
            ("dtype", .string(dtype.rawValue)),
            ("full_finetuning", .bool(fullFineTuning)),
            ("lora_rank", .integer(loraRank)),
            ("lora_alpha", .double(Double(loraAlpha))),
            ("lora_dropout", .double(loraDropout)),
            ("target_modules", .array(targetModules.map(JSON.string))),
            ("use_rslora", .bool(usesRSLoRA)),
            ("use_dora", .bool(usesDoRA)),
            ("reference", .string(reference.rawValue)),
            ("epochs", .integer(epochs)),
            ("batch_size", .integer(batchSize)),
            ("gradient_accumulation", .integer(gradientAccumulation)),
            ("max_length", .integer(maxLength)),
            // A seed may be beyond what an integer of JSON holds here.
            ("seed", .string(String(seed))),
            ("shuffle", .bool(shuffles)),
            ("learning_rate", .double(learningRate)),
            ("schedule", .string(schedule.rawValue)),
            ("warmup_steps", .double(warmupSteps)),
            ("max_gradient_norm", .double(maxGradientNorm)),
            ("optimizer", .string(optimizer.rawValue)),
            ("weight_decay", .double(weightDecay)),
            ("momentum", .double(momentum)),
            ("adam_beta1", .double(adamBeta1)),
            ("adam_beta2", .double(adamBeta2)),
            ("adam_epsilon", .double(adamEpsilon)),
        ]
    }
}

extension Objective {
    fileprivate var settings: [(key: String, value: JSON)] {
        [
            ("granularity", .string(granularity.description)),
            ("padding", .string(padding.rawValue)),
            ("loss", .string(loss.rawValue)),
            ("beta", .double(beta)),
            ("label_smoothing", .double(labelSmoothing)),
            ("reduction", .string(reduction.rawValue)),
            ("reference_free", .bool(isReferenceFree)),
            ("target_margin", .double(targetMargin)),
            ("sft_weight", .double(sftWeight)),
            ("dpop_lambda", .double(dpopLambda)),
            ("ld_alpha", .double(ldAlpha)),
            ("wpo", .bool(usesWPO)),
            ("desirable_weight", .double(desirableWeight)),
            ("undesirable_weight", .double(undesirableWeight)),
        ]
    }
}
