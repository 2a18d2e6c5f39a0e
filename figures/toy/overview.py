"""The result at a glance: one influence trajectory, two sign flips, theory through the points."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.style.common import (
    BLUE,
    INK,
    ORANGE,
    Tables,
    mark_events,
    pair,
    say_signs,
    shade_stages,
    zero_line,
)

READS = ("trajectories", "events", "transitions")


def draw(tables: Tables) -> Figure:
    """Sampled BIF with its error bars, its Gaussian limit through the points, and the stages."""
    source, *targets = tables.focus
    targets = targets[:2]
    trajectories, events = tables["trajectories"], tables["events"]
    figure, axes = plt.subplots(1, len(targets), figsize=(8.0, 2.9), sharey=True, squeeze=False)
    for axis, target in zip(axes[0], targets, strict=True):
        shade_stages(axis, tables["transitions"], label=True)
        zero_line(axis)
        curve = pair(trajectories[trajectories["label"] == "bif"], source, target)
        exact = pair(trajectories[trajectories["label"] == "bif_gaussian"], source, target)
        scale = 1e4
        axis.plot(exact["step"], scale * exact["mean"], color=ORANGE, lw=1.8, label="theory "
                  "(Gaussian limit)")  # fmt: skip
        axis.errorbar(
            curve["step"], scale * curve["mean"],
            [scale * (curve["mean"] - curve["low"]), scale * (curve["high"] - curve["mean"])],
            fmt="o", color=BLUE, ms=2.6, lw=0.9, label="BIF, sampled by SGLD",
        )  # fmt: skip
        found = pair(events[events["estimator"] == "bif"], source, target)
        mark_events(axis, found[found["kind"] == "flip"], INK, 0.0, scale)
        axis.plot([], [], "o", color=INK, mfc="white", label="sign flip with its interval")
        axis.set_xlim(0, curve["step"].max())
        axis.set_xlabel("training step")
        axis.set_title(f"influence of {source} on {target}", pad=34)
    say_signs(axes[0, -1])
    axes[0, 0].set_ylabel("influence (×10⁻⁴ loss²)")
    axes[0, 0].legend(loc="upper right", fontsize=7, bbox_to_anchor=(1, 0.98))
    return figure
