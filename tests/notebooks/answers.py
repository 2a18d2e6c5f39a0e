"""Wrong and malformed answers of every exercise, with words that the reply to each must hold.

Right answers stand in the notebooks, as their solutions.
"""

from __future__ import annotations

from typing import NamedTuple


class Answers(NamedTuple):
    """Code that sets `answer`, and what the hint must say."""

    wrong: str
    hint: str
    malformed: str
    found: str


ANSWERS: dict[str, dict[int, Answers]] = {
    "01_from_covariance_to_sign_flip": {
        1: Answers("answer = -20 / 9", "0 harms 3", "answer = 'two'", "a str"),
        2: Answers("answer = 0.9", "sampled over exact", "answer = [1.1, 1.2]", "a list of 2"),
        3: Answers(
            "answer = (0.05, 0.01, -0.6), (0.05, 0.01, -0.6)", "2 and 2 times",
            "answer = (0.05, 0.01), (1, 2)", "a tuple of 2, not of shape (3,)",
        ),
        4: Answers("answer = 0.5", "peaks before", "answer = float('nan')", "not finite"),
        5: Answers("answer = ['cat', 'sparrow', 'lily']", "level", "answer = 3", "an int"),
        6: Answers(
            "answer = (DEFAULT_HIERARCHY, 'dog', 'cat', 340)", "not told apart at",
            "answer = (DEFAULT_HIERARCHY, 'dog', 'unicorn', 340)", "unknown item 'unicorn'",
        ),
        7: Answers("answer = 430", "how much later", "answer = exact", "an ndarray of shape"),
    },
    "02_learning_in_stages": {
        1: Answers("answer = 3", "the eigenvalue", "answer = '0.2'", "a str"),
        2: Answers(
            "def answer(s, t, g0, sigma): return s / sigma + 0 * t", "at t = 0",
            "def answer(s, t): return t", "TypeError",
        ),
        3: Answers("answer = 28.5", "training step is 0.05", "answer = None, 3", "a tuple of 2"),
        4: Answers("answer = 184", "two layers", "answer = True", "a bool"),
        5: Answers("answer = 1.25", "half of the squared error", "answer = {}", "a dict"),
        6: Answers(
            "answer = DEFAULT_HIERARCHY", "animal | plant 2",
            "answer = ['dog', 'cat']", "a list of 2",
        ),
    },
    "03_sampling_a_posterior": {
        1: Answers("answer = 0.05", "first order", "answer = '5 %'", "a str"),
        2: Answers("answer = 50", "its square", "answer = np.ones(3)", "an ndarray of shape (3,)"),
        3: Answers("answer = 0.484", "nbeta multiplies", "answer = lowest", "a list of 26"),
        4: Answers(
            "def answer(traces): return traces.mean()", "mean of the chains",
            "answer = 1.01", "not a function",
        ),
        5: Answers("answer = 'willow'", "far above", "answer = 2", "an int"),
        6: Answers("answer = 'hazel'", "R-hat near 1", "answer = ['willow']", "a list of 1"),
        7: Answers("answer = 2**0.5", "standard deviation", "answer = exact", "of shape (3, 3)"),
    },
    "04_events_and_evidence": {
        1: Answers("answer = 13", "25 steps", "answer = 'many'", "a str"),
        2: Answers("answer = 0.95**26", "none does", "answer = []", "a list of 0"),
        3: Answers("answer = 3.1", "normal distribution", "answer = flat", "a Trajectory"),
        4: Answers(
            "def answer(p): return p * len(p)", "least so far",
            "def answer(p): return p[:1]", "not of shape (4,)",
        ),
        5: Answers("answer = 2.365 * flips.std(ddof=1)", "surer", "answer = flips", "(8,)"),
        6: Answers("answer = 1.0", "as near as", "answer = null", "an ndarray of shape (2000,)"),
    },
    "05_a_language_model": {
        1: Answers("answer = -np.log(0.08)", "two", "answer = grammar", "a Grammar"),
        2: Answers("answer = 'word'", "subtract", "answer = 3", "an int"),
        3: Answers("answer = 300", "first fall", "answer = steps", "an ndarray"),
        4: Answers("answer = '0.0'", "highest prefix-matching", "answer = 1.0", "a float"),
        5: Answers(
            "def answer(x, a, b): return np.cov(x[:, a].sum(1), x[:, b].sum(1))[0, 1]",
            "number of pairs", "def answer(x, a, b): return np.cov(x.T)", "of shape (9, 9)",
        ),
        6: Answers("answer = ['word', 'induction']", "most negative", "answer = 'word'", "a str"),
        7: Answers("answer = [8, 3]", "not rows", "answer = 3", "an int"),
    },
    "06_what_to_do_with_it": {
        1: Answers("answer = -0.05 * 20 / 8 * pull", "harmful", "answer = pulls", "an ndarray"),
        2: Answers("answer = 500", "negative to positive", "answer = '300'", "a str"),
        3: Answers("answer = 200", "first step", "answer = starts", "an ndarray"),
        4: Answers(
            "answer = 1 - abs(along.sum()) / np.abs(along).sum()", "what is left",
            "answer = along", "an ndarray",
        ),
        5: Answers("answer = [1, 10]", "low > 0", "answer = [1, 2, 5]", "a list of 3"),
        6: Answers("answer = 0.01", "over the runs", "answer = forecast", "a DataFrame"),
        7: Answers("answer = ['0-120']", "low > 0", "answer = 'uniform'", "a str"),
    },
}  # fmt: skip
