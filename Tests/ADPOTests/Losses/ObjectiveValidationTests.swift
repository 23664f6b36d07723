import ADPO
import ADPOBase
import Testing

struct ObjectiveValidationTests {
    private static let nonsense: [(String, @Sendable (inout Objective) -> Void)] = [
        ("beta", { $0.beta = 0 }), ("beta", { $0.beta = -1 }), ("beta", { $0.beta = .infinity }),
        ("label smoothing", { $0.labelSmoothing = -0.1 }),
        ("label smoothing", { $0.labelSmoothing = .nan }),
        (
            "below 0.5",
            {
                $0.loss = .robust
                $0.labelSmoothing = 0.5
            }
        ),
        (
            "hinge has no place for label smoothing",
            {
                $0.loss = .hinge
                $0.labelSmoothing = 0.1
            }
        ),
        ("exo_pair needs a label smoothing", { $0.loss = .exoPair }),
        ("target margin", { $0.targetMargin = -1 }), ("SFT weight", { $0.sftWeight = -0.5 }),
        ("SFT weight", { $0.sftWeight = .nan }), ("DPOP lambda", { $0.dpopLambda = -5 }),
        ("LD alpha", { $0.ldAlpha = 1.1 }), ("LD alpha", { $0.ldAlpha = -0.1 }),
        ("LD alpha", { $0.ldAlpha = .nan }), ("desirable weight", { $0.desirableWeight = -1 }),
        ("no place for a desirable weight", { $0.desirableWeight = 2 }),
        ("no place for an undesirable weight", { $0.undesirableWeight = 0 }),
        (
            "ipo has no place for a target margin",
            {
                $0.loss = .ipo
                $0.targetMargin = 1
            }
        ),
        (
            "apo_zero has no place for a DPOP lambda",
            {
                $0.loss = .apoZero
                $0.dpopLambda = 1
            }
        ),
        (
            "sppo_hard needs the reference",
            {
                $0.loss = .sppoHard
                $0.isReferenceFree = true
            }
        ),
        (
            "kto needs the reference",
            {
                $0.loss = .kto
                $0.isReferenceFree = true
            }
        ),
        (
            "compares with the reference",
            {
                $0.dpopLambda = 1
                $0.isReferenceFree = true
            }
        ),
        (
            "orpo has no place for an SFT weight",
            {
                $0.loss = .orpo
                $0.sftWeight = 1
            }
        ),
        (
            "sft has no place for a granularity",
            {
                $0.loss = .sft
                $0.granularity = .token
            }
        ),
        (
            "kto has no place for a granularity",
            {
                $0.loss = .kto
                $0.granularity = .adaptive(2)
            }
        ),
        (
            "kto has no place for WPO",
            {
                $0.loss = .kto
                $0.usesWPO = true
            }
        ),
        (
            "kto has no place for an LD alpha",
            {
                $0.loss = .kto
                $0.ldAlpha = 0.5
            }
        ),
        (
            "kto has no place for an SFT weight",
            {
                $0.loss = .kto
                $0.sftWeight = 0.5
            }
        ),
        ("granularity", { $0.granularity = .static(0) }),
        ("granularity", { $0.granularity = .adaptive(-1) }),
        ("padding", { $0.padding = .eos }),
    ]

    @Test(arguments: nonsense.indices)
    func refusesNonsense(_ index: Int) {
        let (words, change) = Self.nonsense[index]
        var objective = Objective()
        change(&objective)
        let error = #expect(throws: ADPOError.self) { try PreferenceLoss(objective) }
        #expect(error?.code == .invalidArgument)
        #expect(
            error?.message.contains(words) == true, "\(words): \(error?.message ?? "no error")")
    }

    @Test(arguments: Loss.allCases)
    func takesEachLoss(_ loss: Loss) throws {
        var objective = Objective()
        objective.loss = loss
        if loss == .exoPair { objective.labelSmoothing = 0.001 }
        _ = try PreferenceLoss(objective)
        #expect(objective.needsReference == (loss != .orpo && loss != .sft))
    }

    /// Rows of one response are for kto, and for sft when it is the chosen one.
    @Test(arguments: Loss.allCases, [true, false])
    func refusesRowsThatLackAResponse(_ loss: Loss, _ isDesirable: Bool) throws {
        var objective = Objective()
        objective.loss = loss
        if loss == .exoPair { objective.labelSmoothing = 0.001 }
        let segmentation = try Segmentation(
            .response, chosenCount: isDesirable ? 2 : 0, rejectedCount: isDesirable ? 0 : 2)
        let logProbs: [Float] = [-1, -2]
        func run() throws {
            var derivative: [Float] = [0, 0]
            var span = derivative.mutableSpan
            _ = try PreferenceLoss(objective)(
                policy: logProbs.span, reference: logProbs.span, segmentation: segmentation,
                derivative: &span)
        }
        if loss == .kto || loss == .sft && isDesirable {
            try run()
        } else {
            let error = #expect(throws: ADPOError.self) { try run() }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("unpaired rows is kto") == true)
        }
    }
}
