"""The ladder from removing a sample to the derivative: when influence turns, rung by rung."""

from __future__ import annotations

import pandas as pd

COLUMNS = ["label", "source", "target", "kind", "step", "ci_low", "ci_high"]
BESIDE = ("unrolled", "bif")  # curves beside the removals


def removal_times(events: pd.DataFrame) -> pd.DataFrame:
    """When the curves of the ladder turn, for every ordered pair of different items.

    Args:
        events: the contract's table of the toy: estimator, source, target, direction, step, ci_low,
            ci_high, value.

    Returns:
        label (loo_<eta>, unrolled, bif), source, target; kind: minimum (the helpful one, lowest),
        flip (the first to harmful after it), maximum (the harmful one after that, highest); step,
        ci_low, ci_high, in steps. What does not exist has no row, and nothing after it either.
    """
    labels = events["estimator"]
    ladder = events[labels.str.startswith("loo_") | labels.isin(BESIDE)]
    rows = []
    for key, found in ladder.groupby(["estimator", "source", "target"]):
        for kind, event in _walk(found.sort_values("step")):
            when = event[["step", "ci_low", "ci_high"]].to_dict()
            rows.append(dict(zip(COLUMNS[:3], key, strict=True)) | {"kind": kind} | when)
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COLUMNS[4:], float))


def _walk(events: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """Minimum, flip and maximum of one curve, as far as they go."""
    low = events[(events["direction"] == "minimum") & (events["value"] < 0)]
    if low.empty:
        return []
    found = [("minimum", low.loc[low["value"].idxmin()])]
    after = events[events["step"] > found[-1][1]["step"]]
    flips = after[after["direction"] == "to_harmful"]
    if flips.empty:
        return found
    found.append(("flip", flips.iloc[0]))
    after = events[events["step"] > found[-1][1]["step"]]
    high = after[(after["direction"] == "maximum") & (after["value"] > 0)]
    return found if high.empty else [*found, ("maximum", high.loc[high["value"].idxmax()])]
