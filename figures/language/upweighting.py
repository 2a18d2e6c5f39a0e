"""Staged up-weighting: when the loss passes its threshold, by where the extra weight was spent."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from figures.style.common import BLUE, GREY, INK, ORANGE, PALE, Tables
from figures.style.language import name_run, spoken

READS = ("threshold_times", "threshold_time_differences", "transitions")


def draw(tables: Tables) -> Figure:
    """A row per class. Left: crossings of every run. Right: paired differences, 95 %."""
    times, differences = tables["threshold_times"], tables["threshold_time_differences"]
    classes = list(dict.fromkeys(times["class"]))
    figure, axes = plt.subplots(
        len(classes), 2, figsize=(8.6, 2.5 * len(classes) + 0.3), squeeze=False,
        width_ratios=(1, 1.1),
    )  # fmt: skip
    for (left, right), name in zip(axes, classes, strict=True):
        rows = times[times["class"] == name]
        arms = list(dict.fromkeys(rows["arm"]))
        place = {arm: rank for rank, arm in enumerate(arms)}
        outcome, threshold = rows["outcome"].iloc[0], rows["threshold"].iloc[0]
        stage = tables["transitions"]
        stage = stage[stage["stage"] == outcome][["start", "middle"]].mean()
        if np.isfinite(stage).all():
            left.axhspan(stage["start"], stage["middle"], color=PALE, lw=0)
        for _, run in rows.groupby("seed"):
            at = [place[arm] for arm in run["arm"]]
            left.plot(at, run["crossing"], "-", color=GREY, lw=0.5, alpha=0.7)
            left.scatter(at, run["crossing"], s=12, color=BLUE, zorder=3,
                         facecolors=["white" if c else BLUE for c in run["censored"]])  # fmt: skip
        left.set_xticks(range(len(arms)), arms, rotation=40, ha="right", fontsize=7)
        left.set_ylabel(f"step at which loss of\n{spoken(outcome)} < {threshold:g} nats")
        left.set_title(f"{spoken(name)}: extra weight spent in steps …")
        for offset, against, color in ((-0.12, "none", BLUE), (0.12, "uniform", ORANGE)):
            found = differences[
                (differences["class"] == name) & (differences["against"] == against)
            ]
            x = np.array([place[arm] for arm in found["arm"]]) + offset
            errors = np.array([found["mean"] - found["low"], found["high"] - found["mean"]])
            right.errorbar(x, found["mean"], np.nan_to_num(errors), fmt="o", color=color, ms=4,
                           lw=1.2, label=f"minus {against}")  # fmt: skip
        right.axhline(0, color=INK, lw=0.7)
        right.set_xticks(range(len(arms)), arms, rotation=40, ha="right", fontsize=7)
        right.set_ylabel("paired difference (steps)\n← faster      slower →", fontsize=7.5)
        right.legend(fontsize=7)
    axes[0, 1].set_title("mean over runs, 95 % intervals")
    name_run(figure, tables.run)
    return figure
