extension LossRule {
    /// `(S_w / n_w - S_l / n_l - 1 / (2 beta))^2` (arXiv 2310.12036, equation 17), with means over
    /// tokens as in TRL, so that the target does not depend on the length.
    static var ipo: LossRule {
        meanDifference { difference, objective in
            let error = difference - 1 / (2 * objective.beta)
            return (loss: error * error, derivative: 2 * error)
        }
    }
}
