"""How far ahead influence at an instant tells what a short window of another weight does, and
influence carried through training."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from figures.style.common import BLUE, GREEN, GREY, INK, ORANGE, Tables

READS = ("horizon_means",)

# The last two lie on one another: the first of them is drawn broad below the other.
LINES = (
    ("transported", "carried through training", GREEN, "o", 1.3),
    ("instantaneous", "−gᵢ·gⱼ at the window", ORANGE, "s", 3.0),
    ("bif_gaussian", "BIF at the window (Gaussian limit)", BLUE, "^", 1.0),
)
PANELS = (
    ("rank", "rank correlation with the effect", (0.0, 0.5)),
    ("sign", "share of pairs of equal sign", (0.5,)),
)


def draw(tables: Tables) -> Figure:
    """Columns: rank correlation and equal signs; rows: removed or doubled in the window."""
    means = tables["horizon_means"]
    changes = sorted(means["change"].unique())
    figure, axes = plt.subplots(
        len(changes), 2, figsize=(7.6, 2.3 * len(changes) + 0.6), sharex=True, sharey="col",
        squeeze=False,
    )  # fmt: skip
    for row, change in zip(axes, changes, strict=True):
        for axis, (quantity, words, levels) in zip(row, PANELS, strict=True):
            rows = means[(means["change"] == change) & (means["quantity"] == quantity)]
            for level in levels:
                axis.axhline(level, color=INK if level == levels[0] else GREY, lw=0.6,
                             dashes=(2, 2))  # fmt: skip
            for predictor, name, color, marker, width in LINES:
                found = rows[rows["predictor"] == predictor].sort_values("horizon")
                errors = np.array([found["mean"] - found["low"], found["high"] - found["mean"]])
                axis.errorbar(found["horizon"], found["mean"], errors, color=color, marker=marker,
                              ms=2.5 + width, lw=width, elinewidth=1, label=name)  # fmt: skip
            axis.set_xscale("log")
            ahead = sorted(rows["horizon"].unique())
            axis.set_xticks(ahead, [str(h) for h in ahead])
            axis.minorticks_off()
            axis.set_ylabel(words, fontsize=8)
        row[0].set_title(spoken(change))
    for axis in axes[-1]:
        axis.set_xlabel("steps from the window's begin")
    axes[0, 0].set_ylim(-1.02, 1.08)
    axes[0, 1].set_ylim(0, 1.04)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure


def spoken(change: float) -> str:
    """A change of weight in words."""
    known = {-1.0: "sample removed in the window", 1.0: "sample doubled in the window"}
    return known.get(change, f"weight {1 + change:g} in the window")
