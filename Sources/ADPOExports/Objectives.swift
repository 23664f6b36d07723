import ADPO
import ADPOBase
import CADPO

@c @implementation
public func adpo_objective_init(
    _ objective: UnsafeMutablePointer<adpo_objective>?, _ structSize: Int
) -> adpo_status {
    status { () throws(ADPOError) in
        try adpo_objective(Objective()).initialize(objective, size: structSize, "objective")
    }
}

@c @implementation
public func adpo_loss(
    _ objective: UnsafePointer<adpo_objective>?, _ input: UnsafePointer<adpo_loss_input>?,
    _ loss: UnsafeMutablePointer<Double>?, _ gradient: UnsafeMutablePointer<Float>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(loss, "loss")
        let objective = try objective.map(Objective.init) ?? Objective()
        let input = try adpo_loss_input.read(
            required(input, "input"), over: adpo_loss_input(), "input")
        let result = try objective.loss(of: LossInput(input))
        output.pointee = result.loss
        guard let gradient else { return }
        let chosenCount = result.gradient.chosen.count
        gradient.update(from: result.gradient.chosen, count: chosenCount)
        (gradient + chosenCount).update(
            from: result.gradient.rejected, count: result.gradient.rejected.count)
    }
}

extension LossInput {
    fileprivate init(_ input: adpo_loss_input) throws(ADPOError) {
        let (chosen, rejected) = (input.chosen_count, input.rejected_count)
        func floats(
            _ values: UnsafePointer<Float>, _ name: String
        ) throws(ADPOError) -> ResponsePair<[Float]> {
            let first = try array(values, chosen, name)
            return ResponsePair(
                chosen: first, rejected: try array(values + chosen, rejected, name))
        }
        self.init(policy: try floats(required(input.policy, "policy"), "log-probs"))
        if let values = input.reference { reference = try floats(values, "log-probs") }
        if let values = input.weights { weights = try floats(values, "weights") }
        if let values = input.log_sum_squares {
            logSumSquares = try floats(values, "log sums of squares")
        }
        if input.chosen_segments != 0 || input.rejected_segments != 0 {
            segmentEnds = ResponsePair(
                chosen: try array(input.chosen_ends, input.chosen_segments, "chosen ends"),
                rejected: try array(input.rejected_ends, input.rejected_segments, "rejected ends"))
        }
        kl = input.kl
    }
}

extension adpo_objective {
    init(_ objective: Objective) {
        self.init()
        loss = objective.loss.cValue
        let (granularity, size) = Self.granularity(objective.granularity)
        self.granularity = adpo_granularity(granularity)
        granularity_size = UInt32(clamping: size)
        padding = objective.padding.cValue
        reduction = objective.reduction.cValue
        beta = objective.beta
        label_smoothing = objective.labelSmoothing
        reference_free = objective.isReferenceFree ? 1 : 0
        wpo = objective.usesWPO ? 1 : 0
        target_margin = objective.targetMargin
        sft_weight = objective.sftWeight
        dpop_lambda = objective.dpopLambda
        ld_alpha = objective.ldAlpha
        desirable_weight = objective.desirableWeight
        undesirable_weight = objective.undesirableWeight
    }

    private static func granularity(_ granularity: Granularity) -> (value: Int, size: Int) {
        switch granularity {
        case .response: (ADPO_GRANULARITY_RESPONSE, 0)
        case .token: (ADPO_GRANULARITY_TOKEN, 0)
        case .static(let size): (ADPO_GRANULARITY_STATIC, size)
        case .adaptive(let count): (ADPO_GRANULARITY_ADAPTIVE, count)
        case .lines: (ADPO_GRANULARITY_LINES, 0)
        case .sentences: (ADPO_GRANULARITY_SENTENCES, 0)
        case .delimiter: (ADPO_GRANULARITY_DELIMITER, 0)
        case .custom: (ADPO_GRANULARITY_CUSTOM, 0)
        }
    }
}

extension Objective {
    /// - Throws: `.invalidArgument` for values that no enum has.
    init(_ host: UnsafePointer<adpo_objective>) throws(ADPOError) {
        let value = try adpo_objective.read(
            host, over: adpo_objective(Objective()), "objective")
        self.init()
        loss = try Loss(value.loss)
        granularity = try Self.granularity(value)
        padding = try Padding(value.padding)
        reduction = try Reduction(value.reduction)
        beta = value.beta
        labelSmoothing = value.label_smoothing
        isReferenceFree = value.reference_free != 0
        usesWPO = value.wpo != 0
        targetMargin = value.target_margin
        sftWeight = value.sft_weight
        dpopLambda = value.dpop_lambda
        ldAlpha = value.ld_alpha
        desirableWeight = value.desirable_weight
        undesirableWeight = value.undesirable_weight
    }

    private static func granularity(_ value: adpo_objective) throws(ADPOError) -> Granularity {
        let size = Int(value.granularity_size)
        switch Int(value.granularity) {
        case ADPO_GRANULARITY_RESPONSE: return .response
        case ADPO_GRANULARITY_TOKEN: return .token
        case ADPO_GRANULARITY_STATIC where size >= 1: return .static(size)
        case ADPO_GRANULARITY_ADAPTIVE where size >= 1: return .adaptive(size)
        case ADPO_GRANULARITY_STATIC, ADPO_GRANULARITY_ADAPTIVE:
            throw ADPOError(
                .invalidArgument,
                "granularity_size is 0; static and adaptive granularity need at least 1")
        case ADPO_GRANULARITY_LINES: return .lines
        case ADPO_GRANULARITY_SENTENCES: return .sentences
        case ADPO_GRANULARITY_DELIMITER:
            return .delimiter(String(cString: try required(value.delimiter, "delimiter")))
        case ADPO_GRANULARITY_CUSTOM: return .custom
        default:
            throw ADPOError(.invalidArgument, "there is no granularity \(value.granularity)")
        }
    }
}

extension Loss: HeaderEnum {
    static var name: String { "loss" }
    var cValue: Int32 {
        let value =
            switch self {
            case .sigmoid: ADPO_LOSS_SIGMOID
            case .robust: ADPO_LOSS_ROBUST
            case .hinge: ADPO_LOSS_HINGE
            case .ipo: ADPO_LOSS_IPO
            case .sigmoidNorm: ADPO_LOSS_SIGMOID_NORM
            case .exoPair: ADPO_LOSS_EXO_PAIR
            case .sppoHard: ADPO_LOSS_SPPO_HARD
            case .apoZero: ADPO_LOSS_APO_ZERO
            case .apoDown: ADPO_LOSS_APO_DOWN
            case .bcoPair: ADPO_LOSS_BCO_PAIR
            case .ncaPair: ADPO_LOSS_NCA_PAIR
            case .orpo: ADPO_LOSS_ORPO
            case .kto: ADPO_LOSS_KTO
            case .sft: ADPO_LOSS_SFT
            }
        return Int32(value)
    }
}

extension Padding: HeaderEnum {
    static var name: String { "padding" }
    var cValue: Int32 {
        switch self {
        case .mask: Int32(ADPO_PADDING_MASK)
        case .eos: Int32(ADPO_PADDING_EOS)
        }
    }
}

extension Reduction: HeaderEnum {
    static var name: String { "reduction" }
    var cValue: Int32 {
        switch self {
        case .sum: Int32(ADPO_REDUCTION_SUM)
        case .mean: Int32(ADPO_REDUCTION_MEAN)
        }
    }
}
