"""Paths of the items through the hidden layer, with branch points against influence peaks."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style.common import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    Tables,
    stage_means,
)

READS = ("embedding", "transitions", "distinction_peaks")

COLORS = (BLUE, SKY, GREEN, PURPLE, RED, ORANGE, INK, GREY)
STYLES = ("-", (0, (4, 1.5)), (0, (1, 1)))


def draw(tables: Tables) -> Figure:
    """Left: classical multidimensional scaling of the first seed. Right: for every distinction,
    its branch point (per seed) and the harmful BIF peaks of the pairs it tells apart."""
    embedding, best = tables["embedding"], tables["distinction_peaks"]
    tree = tables.tree
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.5), width_ratios=(1, 1.15))
    first = embedding[embedding["seed"] == embedding["seed"].min()]
    middle = first["x"].mean()
    for rank, item in enumerate(tree.items):
        path, color = first[first["item"] == item], COLORS[rank % len(COLORS)]
        left.plot(
            path["x"], path["y"], color=color, ls=STYLES[rank // len(COLORS) % len(STYLES)], lw=1.3
        )
        left.plot(path["x"].iloc[-1], path["y"].iloc[-1], "o", ms=3, color=color)
    ends = first[first["step"] == first["step"].max()].sort_values("y")
    for side in (ends[ends["x"] > middle], ends[ends["x"] <= middle]):
        _names_apart(left, side, right=side["x"].mean() > middle)
    left.margins(0.25, 0.1)
    left.set(xlabel="MDS 1", ylabel="MDS 2", title="paths of the hidden layer, one seed")
    left.set_aspect("equal", "datalim")
    stages = stage_means(tables["transitions"])
    stages = stages[stages["stage"] != "everything"]
    for y, stage in enumerate(stages.itertuples()):
        right.hlines(y, stage.start, stage.end, color="#cfcfcf", lw=8, zorder=0)
        seeds = tables["transitions"]
        seeds = seeds[(seeds["node"] == stage.node) & (seeds["stage"] != "everything")]
        right.plot(seeds["knee"], [y - 0.18] * len(seeds), "|", color=RED, ms=8, mew=1.2)
        right.plot(seeds["fastest"], [y - 0.18] * len(seeds), "x", color=GREY, ms=4)
        peaks = best[best["node"] == stage.node]
        right.hlines([y + 0.18] * len(peaks), peaks["ci_low"], peaks["ci_high"], color=BLUE,
                     lw=0.5, alpha=0.5)  # fmt: skip
        right.plot(peaks["step"], [y + 0.18] * len(peaks), "^", color=BLUE, ms=4, mfc="white")
    names = [name if len(name) < 26 else name[:25] + "…" for name in stages["stage"]]
    right.set_yticks(range(len(stages)), names)
    right.invert_yaxis()
    right.set(xlabel="training step", title="when paths part, when influence peaks")
    right.plot([], [], "|", color=RED, ms=8, mew=1.2, label="branch point (a seed)")
    right.plot([], [], "x", color=GREY, ms=4, label="fastest separation (a seed)")
    right.plot([], [], "^", color=BLUE, ms=4, mfc="white", label="harmful BIF peak (a pair)")
    right.plot([], [], color="#cfcfcf", lw=6, label="distinction 10–90 % learnt")
    figure.legend(loc="outside lower right", ncols=4, fontsize=7, handlelength=1.4)
    return figure


def _names_apart(axis: Axes, ends: pd.DataFrame, *, right: bool) -> None:
    """Item names beside the ends of their paths, moved apart where paths end together."""
    low, high = axis.get_ylim()
    gap, height = (high - low) / 14, -np.inf
    for end in ends.itertuples():
        height = max(end.y, height + gap)
        axis.annotate(
            end.item, (end.x, end.y), xytext=(end.x + (0.08 if right else -0.08), height),
            ha="left" if right else "right", va="center", fontsize=7.5,
            arrowprops={"arrowstyle": "-", "lw": 0.4, "color": GREY, "shrinkA": 0, "shrinkB": 1},
        )  # fmt: skip
