import ADPO
import ADPOBase
import TestSupport
import Testing

/// Runs on a tiny model.
enum TinyRun {
    static let model = try? Model(path: Fixture.path("Fixtures/models/llama-f32"))

    /// Pairs of different lengths; their prompts have 3, 4, 5 ... tokens.
    static func pairs(_ count: Int = 6) throws -> PreferenceDataset {
        var pairs = PreferenceDataset(model: try #require(model))
        for index in 0..<count {
            func tokens(_ length: Int, _ factor: Int) -> [Int32] {
                (0..<length).map { Int32(($0 * factor + index * 31 + 3) % 320) }
            }
            try pairs.append(
                PreferencePair(
                    prompt: tokens(3 + index, 7), chosen: tokens(5 + index, 11),
                    rejected: tokens(9, 13)))
        }
        return pairs
    }

    static func trainer(
        pairs count: Int = 6, start: Adapter? = nil,
        _ change: (inout TrainerConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        var configuration = TrainerConfiguration()
        configuration.learningRate = 1e-3
        configuration.loraRank = 4
        configuration.epochs = 3
        change(&configuration)
        return try Trainer(
            model: #require(model), configuration: configuration, pairs: pairs(count),
            start: start)
    }

    /// An adapter that differs from the model.
    static func trained() throws -> Adapter {
        let trainer = try trainer { $0.learningRate = 1e-2 }
        try trainer.run()
        return try trainer.adapter()
    }

    static func values(of trainer: Trainer) throws -> [Float] {
        let adapter = try trainer.adapter()
        return Array(UnsafeBufferPointer(start: adapter.lora.values, count: adapter.parameterCount))
    }

    static func bits(of trainer: Trainer) throws -> [UInt32] {
        try values(of: trainer).map(\.bitPattern)
    }
}
