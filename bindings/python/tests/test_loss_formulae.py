"""Random compositions of loss, granularity and options, beside the formulae of docs/METHOD.md."""

import numpy as np
import pytest

import adpo

MARGIN = ("sigmoid", "robust", "hinge", "ipo", "sigmoid_norm", "exo_pair")
SMOOTHED = ("sigmoid", "robust", "sigmoid_norm", "exo_pair")
REWARD = ("sppo_hard", "apo_zero", "apo_down", "bco_pair", "nca_pair")
PAIRWISE = (*MARGIN, *REWARD, "orpo")
# Of the losses, the differences of gradients, and the step that finds those.
LOSS_TOLERANCE, GRADIENT_TOLERANCE, STEP = 1e-9, 2e-5, 1e-5


def softplus(x):
    return np.logaddexp(0, x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def segment_loss(o, sums, counts):
    """One row of METHOD's table of losses."""
    s_w, s_l = sums
    n_w, n_l = (max(count, 1) for count in counts)
    beta, e = o.beta, o.label_smoothing
    s_w -= o.dpop_lambda * max(0.0, -s_w)
    z = beta * (s_w - s_l) - o.target_margin
    d = s_w / n_w - s_l / n_l
    r_w, r_l = beta * s_w, beta * s_l

    def log_odds(log_p, count):
        return log_p - np.log(1 - np.exp(log_p)) if count else 0.0

    def smoothed(margin):
        return (1 - e) * softplus(-margin) + e * softplus(margin)

    formulae = {
        "sigmoid": lambda: smoothed(z),
        "robust": lambda: ((1 - e) * softplus(-z) - e * softplus(z)) / (1 - 2 * e),
        "hinge": lambda: max(0.0, 1 - z),
        "ipo": lambda: (d - 1 / (2 * beta)) ** 2,
        "sigmoid_norm": lambda: smoothed(beta * d - o.target_margin),
        "exo_pair": lambda: (
            sigmoid(z) * np.log(sigmoid(z) / (1 - e)) + sigmoid(-z) * np.log(sigmoid(-z) / e)
        ),
        "sppo_hard": lambda: (s_w - 1 / (2 * beta)) ** 2 + (s_l + 1 / (2 * beta)) ** 2,
        "apo_zero": lambda: 1 - sigmoid(r_w) + sigmoid(r_l),
        "apo_down": lambda: sigmoid(r_w) + 1 - sigmoid(r_w - r_l),
        "bco_pair": lambda: softplus(-r_w) + softplus(r_l),
        "nca_pair": lambda: softplus(-r_w) + softplus(r_w) / 2 + softplus(r_l) / 2,
        "orpo": lambda: (
            beta * softplus(log_odds(s_l / n_l, counts[1]) - log_odds(s_w / n_w, counts[0]))
        ),
    }
    return formulae[o.loss]()


def segment_of(granularity, lengths, ends):
    """The segment of each token of both responses."""
    name, _, size = granularity.partition(":")
    if name == "response":
        return [np.zeros(n, int) for n in lengths]
    if name in ("token", "static"):
        return [np.arange(n) // int(size or 1) for n in lengths]
    if name == "adaptive":
        count = min(int(size), *lengths)
        # Run i ends at floor(i n / count).
        ends = [[i * n // count for i in range(1, count + 1)] for n in lengths]
        return [
            np.searchsorted(side, np.arange(n), side="right") for side, n in zip(ends, lengths)
        ]
    last = min(len(side) for side in ends) - 1
    return [
        np.minimum(np.searchsorted(side, np.arange(n), side="right"), last)
        for side, n in zip(ends, lengths)
    ]


def expected(o, policy, arrays, ends, weigh=None):
    """The loss of a pair; weigh has the policy that WPO's weight, a constant, is of."""
    lengths = [len(side) for side in policy]
    free = o.reference_free or o.loss == "orpo"
    reference = [np.zeros(n) for n in lengths] if free else arrays["reference"]
    shared = min(lengths)
    terms = []
    for side, other, weight in zip(policy, reference, arrays["weights"]):
        tail = np.where(np.arange(len(side)) < shared, 1.0, o.ld_alpha)
        terms.append(weight * tail * (side - other))
    segments = segment_of(o.granularity, lengths, ends)
    losses = [
        segment_loss(
            o,
            [term[of == i].sum() for term, of in zip(terms, segments)],
            [np.count_nonzero(of == i) for of in segments],
        )
        for i in range(max(of.max() for of in segments) + 1)
    ]
    loss = np.mean(losses) if o.reduction == "mean" else np.sum(losses)
    loss -= (1.0 if o.loss == "orpo" else o.sft_weight) * policy[0].mean()
    if o.wpo:
        sides = zip(weigh or policy, arrays["log_sum_squares"])
        loss *= np.exp(sum((side - other).mean() for side, other in sides))
    return loss


def composition(random):
    """A loss with as many of its options as chance gives it."""

    def sometimes(value, otherwise):
        return value if random.random() < 0.5 else otherwise

    loss = str(random.choice(PAIRWISE))
    granularity = random.choice(
        ["response", "token", f"static:{random.integers(1, 6)}",
         f"adaptive:{random.integers(1, 6)}", "custom"]
    )  # fmt: skip
    options = {
        "beta": float(random.uniform(0.05, 2)),
        "reduction": sometimes("mean", "sum"),
        "ld_alpha": sometimes(float(random.random()), 1.0),
        "wpo": sometimes(True, False),
    }
    if loss in SMOOTHED:
        smoothing = float(random.uniform(0.001, 0.45))
        options["label_smoothing"] = smoothing if loss == "exo_pair" else sometimes(smoothing, 0.0)
    if loss in MARGIN:
        options["reference_free"] = sometimes(True, False)
        if loss != "ipo":
            options["target_margin"] = sometimes(float(random.uniform(0, 2)), 0.0)
        if not options["reference_free"]:
            options["dpop_lambda"] = sometimes(float(random.uniform(0, 5)), 0.0)
    if loss != "orpo":
        options["sft_weight"] = sometimes(float(random.uniform(0, 2)), 0.0)
    return adpo.Objective(str(granularity), loss=loss, **options)


def singles(values):
    """As the library gets them."""
    return values.astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("seed", range(300))
def test_composition_equals_its_formula(seed):
    random = np.random.default_rng(seed)
    objective = composition(random)
    lengths = random.integers(1, 12, 2)
    reference = [singles(-4 * random.random(n) - 0.1) for n in lengths]
    policy = [
        singles(np.minimum(side + random.normal(size=len(side)), -0.05)) for side in reference
    ]
    weights = [singles(random.uniform(0.1, 1, n)) for n in lengths]
    squares = [singles(-3 * random.random(n)) for n in lengths]
    arrays = {"reference": reference, "weights": weights, "log_sum_squares": squares}
    ends = tuple(
        sorted({*random.integers(1, n + 1, random.integers(1, 5)).tolist(), int(n)})
        for n in lengths
    )
    found = adpo.loss(
        objective,
        tuple(policy),
        tuple(reference),
        weights=tuple(weights),
        segments=ends if objective.granularity == "custom" else None,
        log_sum_squares=tuple(squares),
    )
    loss = expected(objective, policy, arrays, ends)
    assert found.loss == pytest.approx(loss, rel=LOSS_TOLERANCE, abs=LOSS_TOLERANCE), objective

    def difference(side, token):
        values = []
        for step in (STEP, -STEP):
            moved = [values.copy() for values in policy]
            moved[side][token] += step
            values.append(expected(objective, moved, arrays, ends, weigh=policy))
        return (values[0] - values[1]) / (2 * STEP)

    for side in (0, 1):
        gradient = [difference(side, token) for token in range(lengths[side])]
        np.testing.assert_allclose(
            found.gradient[side],
            gradient,
            rtol=GRADIENT_TOLERANCE,
            atol=GRADIENT_TOLERANCE,
            err_msg=str(objective),
        )
