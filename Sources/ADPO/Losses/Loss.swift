/// The formula that turns the log-ratios of a segment, or of a row, into a loss. Each has a file of
/// its own.
public enum Loss: String, Sendable, CaseIterable {
    case sigmoid
    case robust
    case hinge
    case ipo
    case sigmoidNorm = "sigmoid_norm"
    case exoPair = "exo_pair"
    case sppoHard = "sppo_hard"
    case apoZero = "apo_zero"
    case apoDown = "apo_down"
    case bcoPair = "bco_pair"
    case ncaPair = "nca_pair"
    case orpo
    case kto
    case sft

    package var rule: LossRule {
        switch self {
        case .sigmoid: .sigmoid
        case .robust: .robust
        case .hinge: .hinge
        case .ipo: .ipo
        case .sigmoidNorm: .sigmoidNorm
        case .exoPair: .exoPair
        case .sppoHard: .sppoHard
        case .apoZero: .apoZero
        case .apoDown: .apoDown
        case .bcoPair: .bcoPair
        case .ncaPair: .ncaPair
        case .orpo: .orpo
        case .kto: .kto
        case .sft: .sft
        }
    }
}
