import ADPOBase

// The exponentials are of -|x|, so that nothing overflows.

/// 1 / (1 + exp(-x)).
func sigmoid(_ x: Double) -> Double {
    let decay = exp(-abs(x))
    return (x >= 0 ? 1 : decay) / (1 + decay)
}

/// log(1 + exp(x)) = -log sigmoid(-x); its derivative is sigmoid(x).
func softplus(_ x: Double) -> Double {
    max(x, 0) + log1p(exp(-abs(x)))
}
