"""From leave-one-out to the derivative: event times against the share of the sample removed."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style.common import BLUE, INK, RED, Tables, pair, zero_line

READS = ("trajectories", "removal_times")

EVENTS = (
    ("minimum", "helpful minimum", BLUE, "v"),
    ("flip", "flip to harmful", INK, "o"),
    ("maximum", "harmful maximum", RED, "^"),
)


def draw(tables: Tables) -> Figure:
    """Left: the curves of the ladder. Right: their times, with unrolled and BIF beside."""
    source, target = tables.focus[0], tables.focus[1]
    curves = pair(tables["trajectories"], source, target)
    times = pair(tables["removal_times"], source, target)
    rungs = sorted(
        (label for label in curves["label"].unique() if label.startswith("loo_")),
        key=lambda label: float(label.removeprefix("loo_")),
    )
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.2), width_ratios=(1, 1.1))
    zero_line(left)
    for rank, label in enumerate(rungs):
        rows = curves[curves["label"] == label]
        shade = plt.colormaps["viridis"](0.9 * rank / max(len(rungs) - 1, 1))
        left.plot(rows["step"], rows["mean"], color=shade, lw=1.3,
                  label=f"η = {label.removeprefix('loo_')}")  # fmt: skip
    exact = curves[curves["label"] == "unrolled"]
    (line,) = left.plot(exact["step"], exact["mean"], color=INK, lw=1.6, label="unrolled (η → 0)")
    line.set_dashes((1, 1.5))
    left.set(xlabel="training step", ylabel="effect on the loss / η",
             title=f"{source} → {target}", xlim=(0, curves["step"].max()))  # fmt: skip
    left.legend(fontsize=7)
    names = [*rungs, "unrolled", "bif"]
    for position, label in enumerate(names):
        _times(right, times[times["label"] == label], position)
    right.axvline(len(rungs) - 0.5, color=INK, lw=0.6, dashes=(2, 2))
    ticks = [f"{float(label.removeprefix('loo_')):g}" for label in rungs] + ["unrolled", "BIF"]
    right.set_xticks(range(len(names)), ticks)
    right.set(xlabel="share removed η", ylabel="training step", title="when")
    for _, name, color, marker in EVENTS:
        right.plot([], [], marker, color=color, mfc="white", label=name)
    right.legend(fontsize=7, loc="lower center", ncols=3, columnspacing=1.0, handletextpad=0.2)
    right.set_ylim(0, right.get_ylim()[1])
    return figure


def _times(axis: Axes, times: pd.DataFrame, position: int) -> None:
    """The helpful minimum, the flip after it and the harmful maximum after that."""
    for kind, _, color, marker in EVENTS:
        for event in times[times["kind"] == kind].itertuples():
            axis.vlines(position, event.ci_low, event.ci_high, color=color, lw=1.2)
            axis.plot(position, event.step, marker, color=color, mfc="white", ms=5.5)
