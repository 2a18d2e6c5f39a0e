"""Influence between all pairs of token classes over training, with flips and peaks."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.style.common import Tables, draw_curve, mark_events, pair, zero_line
from figures.style.language import (
    LOOKS,
    name_run,
    of_mean,
    of_runs,
    raw_looks,
    shade,
    shown_runs,
    spoken,
    step_axis,
)

READS = ("trajectories", "events", "transitions")

SCALE = 1e4


def draw(tables: Tables) -> Figure:
    """The lower triangle of class pairs; raw influence, sampled and in its limit."""
    curves = of_mean(tables["trajectories"], tables.model)
    events = of_runs(tables["events"])
    names, shown = list(dict.fromkeys(curves["source"])), raw_looks(curves["label"])
    n, last = len(names), curves["step"].max()
    figure, axes = plt.subplots(n, n, figsize=(1.75 * n, 1.3 * n), sharex=True, squeeze=False)
    for i, target in enumerate(names):
        for j, source in enumerate(names):
            axis = axes[i, j]
            if j > i:
                axis.set_axis_off()
                continue
            shade(axis, tables["transitions"])
            zero_line(axis)
            for label, look in shown.items():
                draw_curve(axis, pair(curves[curves["label"] == label], source, target),
                           look, SCALE)  # fmt: skip
            found = pair(events[events["estimator"] == "bif"], source, target)
            mark_events(axis, found, LOOKS["bif"].color, 0.0, SCALE)
            step_axis(axis, last, label=i == n - 1)
            axis.tick_params(labelsize=6, labelbottom=i == n - 1)
            axis.xaxis.set_tick_params(rotation=60)
            if i == j:
                axis.set_title(spoken(source), fontsize=8)
            if j == 0:
                axis.set_ylabel(spoken(target), fontsize=7)
    handles, words = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, words, loc="upper right", bbox_to_anchor=(0.98, 0.95),
        title="influence between classes, ×10⁻⁴ nats²\nacross sequences; above 0 harmful\n"
        f"{shown_runs(tables['trajectories'])} with 95 % bands\n○ flips, ▲▼ peaks of single runs",
        title_fontsize=8,
    )  # fmt: skip
    name_run(figure, tables.run)
    return figure
