"""Harmful peaks of influence beside the distinctions that tell their pairs apart."""

from __future__ import annotations

import pandas as pd

from models.toy.hierarchy import Hierarchy

RISE_COLUMNS = ["start", "middle", "end", "knee", "fastest"]  # times of a stage
COLUMNS = ["source", "target", "node", "label", "step", "ci_low", "ci_high", "value", *RISE_COLUMNS]


def distinction_peaks(
    events: pd.DataFrame, transitions: pd.DataFrame, tree: Hierarchy, label: str = "bif"
) -> pd.DataFrame:
    """The highest harmful peak of every ordered pair of items that has one.

    Args:
        events: the contract's table (estimator, source, target, direction, step, ci_low, ci_high,
            value).
        transitions: when every distinction is learnt, by seed: stage, node, seed, and
            `RISE_COLUMNS` in steps.
        tree: the hierarchy.
        label: the curve looked at, as the events call it.

    Returns:
        source, target; node: the distinction that tells the pair apart; label; step, ci_low,
        ci_high (steps) and value of the peak (unit of the curve; positive: harms); start, middle,
        end, knee, fastest of the distinction, steps, means over the seeds that learn it (NaN where
        none does).
    """
    found = events[(events["estimator"] == label) & (events["direction"] == "maximum")]
    found = found[found["value"] > 0]
    stages = transitions[transitions["stage"] != "everything"].sort_values("seed")
    times = stages.groupby("node")[RISE_COLUMNS].mean()
    rows = []
    for source in tree.items:
        for target in tree.items:
            here = found[(found["source"] == source) & (found["target"] == target)]
            if source == target or here.empty:
                continue
            peak = here.loc[here["value"].idxmax()]
            node = tree.lowest_common_ancestor(source, target).name
            told = peak[["step", "ci_low", "ci_high", "value"]].to_dict()
            pair = {"source": source, "target": target, "node": node, "label": label}
            rows.append({**pair, **told, **times.loc[node].to_dict()})
    numbers = dict.fromkeys(COLUMNS[4:], float)
    return pd.DataFrame(rows, columns=COLUMNS).astype(numbers)
