"""Times of flips and peaks predicted by theory alone, against those measured (claim X8)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style.common import BLUE, GREEN, GREY, INK, ORANGE, RED, Tables, saying

READS = ("times", "times_summary")

PANELS = (
    ("bif", "BIF, sampled"),
    ("unrolled", "unrolled derivative"),
    ("loo_1", "leave-one-out"),
)
MARKERS = {
    "to_harmful": ("o", "flip to harmful"),
    "to_helpful": ("D", "flip to helpful"),
    "maximum": ("^", "harmful peak"),
    "minimum": ("v", "helpful peak"),
}
COLORS = (INK, BLUE, ORANGE, GREEN, RED)


def draw(tables: Tables) -> Figure:
    """One panel per estimator; every point is an event of one pair of items, bars: 95 %."""
    times, summary = tables["times"], tables["times_summary"]
    if times.empty:
        return saying("no event that theory predicts was measured in this training")
    hierarchies = list(dict.fromkeys(times["hierarchy"]))
    figure, axes = plt.subplots(1, 3, figsize=(8.4, 3.3), sharex=True, sharey=True)
    top = 1.05 * times[["predicted", "ci_high"]].max(axis=None)
    for axis, (estimator, title) in zip(axes, PANELS, strict=True):
        axis.plot([0, top], [0, top], color=GREY, lw=0.8)
        for rank, name in enumerate(hierarchies):
            rows = times[(times["estimator"] == estimator) & (times["hierarchy"] == name)]
            _points(axis, rows, COLORS[rank % len(COLORS)])
        here = summary[(summary["estimator"] == estimator) & (summary["matched"] > 0)]
        said = "\n".join(
            f"{row.hierarchy.replace('_', ' ')}: {row.median_error:.0f} steps "
            f"({row.median_widths:.2f} w), n = {row.matched}"
            for row in here.itertuples()
        )
        axis.text(0.97, 0.03, f"median |error|\n{said}", transform=axis.transAxes, ha="right",
                  va="bottom", fontsize=6.5)  # fmt: skip
        axis.set(title=title, xlabel="predicted step", xlim=(0, top), ylim=(0, top))
    axes[0].set_ylabel("measured step")
    for rank, name in enumerate(hierarchies):
        axes[0].plot([], [], "s", color=COLORS[rank % len(COLORS)], ms=5,
                     label=name.replace("_", " "))  # fmt: skip
    for marker, name in MARKERS.values():
        axes[1].plot([], [], marker, color=INK, mfc="white", ms=4.5, label=name)
    for axis in axes[:2]:
        axis.legend(fontsize=6.5, loc="upper left", handletextpad=0.2)
    return figure


def _points(axis: Axes, rows: pd.DataFrame, color: str) -> None:
    axis.vlines(rows["predicted"], rows["ci_low"], rows["ci_high"], color=color, lw=0.6, alpha=0.5)
    for direction, (marker, _) in MARKERS.items():
        some = rows[rows["direction"] == direction]
        axis.plot(some["predicted"], some["measured"], marker, color=color, mfc="white", ms=3.5,
                  mew=0.9)  # fmt: skip
