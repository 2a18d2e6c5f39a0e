"""Truths of 05_a_language_model. Reading them spoils the exercises."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from analysis.statistics.crossings import first_crossing
from checking import Exercises, words
from models.corpora.grammar import Grammar

exercises = Exercises()
check = exercises.check


@exercises.add(
    1,
    wants="a loss in nats, within 0.01",
    within=0.01,
    says="{truth:.2f} nats",
    hint="minus the logarithm of the probability that the grammar gives to this very token",
    slips={
        "the kind has to be guessed too; there are two": lambda loss: loss - np.log(2),
        "in nats, by the natural logarithm": lambda loss: loss / np.log(2),
    },
)
def left_floor() -> float:
    grammar = Grammar()
    return float(-np.log(grammar.open_delimiter / grammar.delimiter_kinds))


@exercises.add(
    2,
    wants="the name of a class",
    says="only the context tells what a repeated name goes on with",
    hint="subtract the floor from the bigram's loss, class by class",
)
def most_from_context(table: pd.DataFrame) -> str:
    return str((table["bigram"] - table["floor"]).idxmax())


@exercises.add(
    3,
    wants="a training step, within 10",
    within=10.0,
    says="step {truth:.0f}",
    hint="where does the loss of class induction first fall below (bigram + floor) / 2?",
)
def half_learnt(steps: np.ndarray, losses: np.ndarray, table: pd.DataFrame) -> float:
    middle = table.loc["induction", ["bigram", "floor"]].mean()
    return float(first_crossing(np.asarray(steps, dtype=float), np.asarray(losses), middle))


@exercises.add(
    4,
    wants="a head as 'layer.head', such as '0.1'",
    says="after a token seen before it looks at what followed then",
    hint="which head has the highest prefix-matching score at the end?",
    slips={},
)
def induction_head(scores: Mapping[str, float]) -> str:
    prefix = "prefix_matching_"
    found = {name: score for name, score in scores.items() if name.startswith(prefix)}
    return max(found, key=found.__getitem__).removeprefix(prefix)


def _losses(seed: int, draws: int, tokens: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    traces = rng.normal(size=(draws, tokens)) @ rng.normal(size=(tokens, tokens))
    classes = rng.permutation(np.arange(tokens) % 3)
    return traces, classes == 0, classes == 1


@exercises.add(
    5,
    wants="a function of traces (draws, tokens) and two masks (tokens,), returning a number, "
    "within 0.1 %",
    within=1e-3,
    tried_on=[_losses(0, 40, 9), _losses(1, 200, 30)],
    says="and no matrix of tokens × tokens was needed, if you summed first",
    hint="-Cov of the two sums (draws - 1 below), over the number of pairs",
)
def class_influence() -> Callable[[np.ndarray, np.ndarray, np.ndarray], float]:
    def of(traces: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
        return float(-np.cov(traces.T)[np.ix_(first, second)].mean())

    return of


@exercises.add(
    6,
    wants="a list of two names of classes",
    judges=True,
    says="no two different classes help each other more",
    hint="",
)
def best_friends(answer: object, matrix: pd.DataFrame) -> str | None:
    given = words(answer)
    lacking = [name for name in given if name not in matrix.index]
    if len(given) != 2 or lacking:
        return f"two of {', '.join(matrix.index)}"
    values = matrix.to_numpy(copy=True)
    np.fill_diagonal(values, np.inf)
    first, second = np.unravel_index(values.argmin(), values.shape)
    if set(given) == {matrix.index[first], matrix.columns[second]}:
        return None
    if given[0] == given[1]:
        return "two different classes"
    return "negative helps: look for the most negative entry off the diagonal"


@exercises.add(
    7,
    wants="two whole numbers of runs: [sampled, in the limit]",
    says="sampled and in the limit, of eight runs: {truth}",
    hint="estimator bif or gradient, kind flip, direction to_harmful; count experiments, not rows",
)
def turn_harmful(events: pd.DataFrame) -> np.ndarray:
    pair = (events["source"] == "left_delimiter") & (events["target"] == "right_delimiter")
    flips = events[pair & (events["kind"] == "flip") & (events["direction"] == "to_harmful")]
    runs = flips.groupby("estimator")["experiment"].nunique()
    return np.array([runs.get("bif", 0), runs.get("gradient", 0)])
