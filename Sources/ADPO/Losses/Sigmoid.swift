import Glibc

/// -log sigmoid(z) = softplus(-z): the loss of DPO (arXiv 2305.18290, equation 7). Its derivative is
/// -sigmoid(-z). The exponential is of -|z|, so that no margin overflows.
func sigmoidLoss(_ margin: Double) -> (loss: Double, derivative: Double) {
    let decay = exp(-abs(margin))
    return (
        loss: max(-margin, 0) + log1p(decay),
        derivative: -(margin >= 0 ? decay : 1) / (1 + decay)
    )
}
