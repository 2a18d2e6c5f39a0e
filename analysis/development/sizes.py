"""Class influence of a model on an axis of tokens, beside when its induction formed."""

from __future__ import annotations

import pandas as pd

from analysis.development.transitions import formation

COLUMNS = [
    "parameters", "seed", "label", "step", "tokens", "source", "target", "mean", "induction",
    "induction_tokens",
]  # fmt: skip


def influence_by_tokens(
    trajectories: pd.DataFrame,
    transitions: pd.DataFrame,
    landmarks: pd.DataFrame,
    tokens_per_step: int,
) -> pd.DataFrame:
    """Influence of single runs of one model on steps and on tokens.

    Args:
        trajectories: mean curves of the model by experiment: experiment, label, step, source,
            target, mean.
        transitions: when what was learnt, by seed: stage, middle, seed.
        landmarks: name, value; "parameters" among the names.
        tokens_per_step: tokens that one training step sees.

    Returns:
        `COLUMNS`: parameters (of the model), seed, label, step, tokens (seen), source, target, mean
        (influence; negative: helps), induction and induction_tokens: the step at which that run has
        half learnt it, and the tokens seen by then; NaN if never.
    """
    runs = trajectories[trajectories["experiment"].str.contains("/seed")]
    seeds = runs["experiment"].str.rpartition("seed")[2].astype(int)
    formed = formation(transitions).set_index("seed")["middle"]
    size = landmarks.loc[landmarks["name"] == "parameters", "value"]
    found = runs.assign(
        parameters=int(size.iloc[0]),
        seed=seeds,
        tokens=runs["step"] * tokens_per_step,
        induction=seeds.map(formed).astype(float),
    )
    return found.assign(induction_tokens=found["induction"] * tokens_per_step)[COLUMNS]
