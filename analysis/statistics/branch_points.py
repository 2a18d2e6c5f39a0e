"""Branch points of the hidden paths beside the peaks of influence, distinction by distinction."""

from __future__ import annotations

import pandas as pd

from analysis.statistics.distinction_peaks import distinction_peaks
from models.toy.hierarchy import Hierarchy

COLUMNS = ["hierarchy", "node", "peak", "knee", "fastest", "start", "end", "pairs"]


def branch_points(
    events: pd.DataFrame,
    transitions: pd.DataFrame,
    tree: Hierarchy,
    hierarchy: str,
    label: str = "bif",
) -> pd.DataFrame:
    """The harmful peak of every distinction that has one, beside its branch point.

    Args:
        events: flips and peaks of the toy on that tree, the contract's table.
        transitions: when every distinction is learnt, by seed.
        tree: the hierarchy.
        hierarchy: its name.
        label: the curve looked at, as the events call it.

    Returns:
        one row per distinction, from the root down: hierarchy, node; peak: step of the harmful
        peak, median over its pairs; knee: branch point of its hidden paths, fastest: where they
        part fastest, start, end: 10 and 90 % learnt, all in steps, means over seeds; pairs behind
        the peak. Distinctions that are not learnt or have no peak are left out.
    """
    peaks = distinction_peaks(events, transitions, tree, label)
    peaks = peaks.rename(columns={"step": "peak"})
    told = ["peak", "knee", "fastest", "start", "end"]
    peaks = peaks.dropna(subset=told)
    found = peaks.groupby("node")[told].median()
    found["pairs"] = peaks.groupby("node").size()
    order = [node.name for node in tree.distinctions() if node.name in found.index]
    table = found.loc[order].reset_index().assign(hierarchy=hierarchy)[COLUMNS]
    return table.astype({"pairs": int})
