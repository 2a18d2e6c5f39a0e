"""What several views do to a table before it is packed: words of events, places of names, sizes."""

from __future__ import annotations

import numpy as np
import pandas as pd

LARGEST = 0.99  # quantile of sizes that gets the full colour
APART = 0.06  # of the axis, between names of stages
EVENTS = {
    "to_harmful": "turns harmful",
    "to_helpful": "turns helpful",
    "maximum": "peak",
    "minimum": "trough",
}
LEVEL = ["rank", "name", "start", "middle", "end", "at"]


def in_words(events: pd.DataFrame) -> pd.DataFrame:
    """Events with one column `what`, as people say it, in place of kind and direction; by time."""
    what = events["direction"].map(EVENTS).fillna(events["direction"])
    dropped = [c for c in ("kind", "direction", "experiment", "q_value") if c in events]
    found = events.drop(columns=dropped).assign(what=what)
    return found.sort_values("step", kind="stable").rename(columns={"estimator": "label"})


def full_colour(curves: pd.DataFrame, by: str) -> pd.DataFrame:
    """The size that gets the full colour, by `by` and curve; a pair of one with itself aside."""
    off = curves[curves["source"] != curves["target"]]
    off = off if len(off) else curves
    sizes = off["mean"].abs().groupby([off[by], off["label"]], sort=False)
    return sizes.quantile(LARGEST).replace(0, 1.0).rename("limit").reset_index()


def levels(stages: pd.DataFrame, last: float) -> pd.DataFrame:
    """Levels of a hierarchy as the figures shade them: from 10 % learnt to where the next one is.

    Args:
        stages: depth, stage, start, middle, end; several seeds of a stage are averaged.
        last: end of the axis, steps.

    Returns:
        rank, name, start, middle, end, at: where the name stands, clear of the one before; and
        learnt: 90 % of it.
    """
    from figures.style.common import level_name

    means = stages.groupby("depth")[["start", "middle", "end"]].mean()
    means = means[np.isfinite(means["start"])]
    found, at = [], -np.inf
    for rank, (depth, level) in enumerate(means.iterrows()):
        at = max(level["start"], at + APART * last)
        until = means["start"].iloc[rank + 1] if rank + 1 < len(means) else level["end"]
        name = level_name(stages, float(str(depth)))
        found.append((rank, name, level["start"], level["middle"], until, at, level["end"]))
    return pd.DataFrame(found, columns=[*LEVEL, "learnt"])
