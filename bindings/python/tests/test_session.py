"""Scoring and generation."""

import numpy as np
import pytest

import adpo

TOKENS = [1, 5, 9, 2, 7]


def log_softmax(logits):
    """In f64."""
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def test_scores_are_the_log_softmax_of_the_logits(session):
    logprobs = session.score(TOKENS)
    expected = log_softmax(session.logits(TOKENS))
    assert np.isnan(logprobs[0])
    assert logprobs.dtype == np.float32
    for i in range(1, len(TOKENS)):
        assert logprobs[i] == pytest.approx(expected[i - 1, TOKENS[i]], abs=1e-5)


def test_logits_have_a_row_for_each_token(session, model):
    assert session.logits(TOKENS).shape == (len(TOKENS), model.info.vocabulary)


def test_completions_score_as_they_would_alone(session):
    completions = [[9, 2], [], [7, 1, 3]]
    scored = session.score_completions(TOKENS[:2], completions)
    assert [len(part) for part in scored] == [2, 0, 3]
    for completion, part in zip(completions, scored):
        alone = session.score(TOKENS[:2] + completion)[2:]
        np.testing.assert_allclose(part, alone, atol=1e-5)


def test_no_completions(session):
    assert session.score_completions(TOKENS, []) == []


def test_text_scores_as_its_tokens(session, model):
    scores = session.score_text("The sky is", " blue today.")
    prompt, completion = model.tokenize_completion("The sky is", " blue today.")
    assert np.array_equal(scores.tokens, completion)
    (expected,) = session.score_completions(prompt, [completion])
    np.testing.assert_allclose(scores.logprobs, expected, atol=1e-5)
    assert scores.sum == pytest.approx(scores.logprobs.sum(), abs=1e-4)


def test_arrays_that_fit_are_not_copied():
    from adpo._marshal import token_array

    fitting = np.array(TOKENS, np.int32)
    assert token_array(fitting) is fitting
    assert token_array(fitting[1:3]).base is fitting
    for other in (TOKENS, fitting.astype(np.int64), fitting[::2]):
        assert token_array(other).flags.c_contiguous
        assert token_array(other).dtype == np.int32


@pytest.mark.parametrize("tokens", [[1, -1], [1, 2**31 - 1], [1, 2**40], [1.5, 2.0]])
def test_bad_tokens_are_refused(session, tokens):
    for call in (session.score, session.logits, session.generate):
        with pytest.raises(ValueError):
            call(tokens)
    with pytest.raises(ValueError):
        session.score_completions([1], [tokens])


def test_a_prompt_without_tokens_is_refused(session):
    with pytest.raises(ValueError):
        session.score_completions([], [[1]])
    with pytest.raises(ValueError):
        session.generate([])


def test_greedy_generation_takes_the_likeliest_token(session, model):
    generation = session.generate(TOKENS, max_tokens=5)
    assert 1 <= len(generation.tokens) <= 5
    tokens = list(TOKENS)
    for token, logprob in zip(generation.tokens, generation.logprobs):
        last = log_softmax(session.logits(tokens))[-1]
        assert last[token] == pytest.approx(last.max(), abs=1e-5)
        assert logprob == pytest.approx(last[token], abs=1e-4)
        tokens.append(int(token))
    assert generation.text == model.detokenize(generation.tokens, skip_special=True, continues=True)


def test_a_text_prompt_is_tokenized(session, model):
    from_text = session.generate("Hello", max_tokens=3)
    from_ids = session.generate(model.tokenize("Hello"), max_tokens=3)
    assert np.array_equal(from_text.tokens, from_ids.tokens)


def test_the_same_seed_gives_the_same_text(session):
    def sample(seed):
        return session.generate(TOKENS, max_tokens=8, temperature=1.5, seed=seed).tokens.tolist()

    assert sample(3) == sample(3)
    assert len({tuple(sample(seed)) for seed in range(8)}) > 1


def test_tokens_are_streamed(session):
    seen = []
    generation = session.generate(
        TOKENS, max_tokens=6, on_token=lambda token, text, logprob: seen.append((token, logprob))
    )
    assert [token for token, _ in seen] == generation.tokens.tolist()
    np.testing.assert_allclose([logprob for _, logprob in seen], generation.logprobs)


def test_a_callback_stops_by_returning_true(session):
    generation = session.generate(TOKENS, max_tokens=6, on_token=lambda *_: True)
    assert len(generation.tokens) == 1


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_exception_in_a_callback_passes_through(session, error):
    def fail(*_):
        raise error

    with pytest.raises(error):
        session.generate(TOKENS, on_token=fail)
    assert len(session.score(TOKENS)) == len(TOKENS)


def test_the_running_session_is_busy(session):
    def intrude(*_):
        session.score(TOKENS)

    with pytest.raises(adpo.BusyError):
        session.generate(TOKENS, on_token=intrude)


@pytest.mark.parametrize(
    "options",
    [
        {"max_tokens": -1},
        {"max_tokens": 2**32},
        {"max_tokens": "many"},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"seed": -1},
    ],
)
def test_bad_options_are_refused(session, options):
    with pytest.raises(ValueError):
        session.generate(TOKENS, **options)
