"""How well influence predicts the effect of up-weighting a class, by horizon and stage."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from figures.style.common import BLUE, GREY, INK, ORANGE, Tables
from figures.style.language import name_run

READS = ("forecast_means",)

LINES = (
    ("bif", "now", "BIF at the checkpoint", BLUE),
    ("gradient", "now", "its limit at the checkpoint", ORANGE),
    ("bif", "end", "BIF at the end of training", GREY),
)


def draw(tables: Tables) -> Figure:
    """A panel per stage: rank correlation against the number of steps ahead."""
    table = tables["forecast_means"]
    first = table.groupby("stage")["from"].min()
    stages = sorted(first.index, key=lambda stage: (stage == "all training", first[stage]))
    figure, axes = plt.subplots(
        1, len(stages), figsize=(1.95 * len(stages) + 0.8, 2.9), sharey=True, squeeze=False
    )
    for axis, stage in zip(axes[0], stages, strict=True):
        rows = table[table["stage"] == stage]
        for shift, (label, when, words, color) in zip((0.96, 1.0, 1.04), LINES, strict=True):
            found = rows[(rows["label"] == label) & (rows["when"] == when)].sort_values("horizon")
            errors = np.array([found["mean"] - found["low"], found["high"] - found["mean"]])
            axis.errorbar(found["horizon"] * shift, found["mean"], np.nan_to_num(errors), fmt="o-",
                          color=color, ms=3, lw=1.1, label=words)  # fmt: skip
        axis.axhline(0, color=INK, lw=0.7)
        axis.set_xscale("log")
        horizons = sorted(rows["horizon"].unique())
        axis.set_xticks(horizons, [str(h) for h in horizons])
        axis.minorticks_off()
        axis.set_xlabel("steps ahead")
        axis.set_title(f"{stage}\n({rows['seeds'].max()} runs)", fontsize=8)
    axes[0, 0].set_ylabel("rank correlation of influence\nwith the measured effect")
    axes[0, 0].set_ylim(-1.02, 1.02)
    axes[0, 0].legend(fontsize=6.5, loc="lower left")
    name_run(figure, tables.run)
    return figure
