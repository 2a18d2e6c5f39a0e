"""Influence among induction tokens and between delimiters over training (the paper's figure 5)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from figures.style.common import INK, Tables, draw_curve, mark_events, pair, say_signs, zero_line
from figures.style.language import (
    LOOKS,
    name_run,
    name_stages,
    of_mean,
    of_runs,
    shade,
    shown_runs,
    spoken,
    step_axis,
)

READS = ("trajectories", "events", "transitions")

PAIRS = (
    ("induction", "induction"),
    ("left_delimiter", "right_delimiter"),
    ("first_mention", "induction"),
    ("word_part", "word_end"),
)


def draw(tables: Tables) -> Figure:
    """Columns: pairs. Rows: raw influence with its limit, and normalised."""
    curves = of_mean(tables["trajectories"], tables.model)
    events = of_runs(tables["events"])
    here = set(zip(curves["source"], curves["target"], strict=True))
    pairs = [p for p in PAIRS if p in here]
    figure, axes = plt.subplots(
        2, len(pairs), figsize=(3.5 * len(pairs), 4.8), sharex=True, squeeze=False
    )
    for column, (source, target) in zip(axes.T, pairs, strict=True):
        for axis, label, scale in zip(column, ("bif", "bif_normalized"), (1e4, 1.0), strict=True):
            shade(axis, tables["transitions"])
            zero_line(axis)
            sampled = pair(curves[curves["label"] == label], source, target)
            if label == "bif":
                limit = curves[curves["label"] == "gradient"]
                draw_curve(axis, pair(limit, source, target), LOOKS["gradient"], scale)
            _points(axis, sampled, label, scale)
            found = pair(events[events["estimator"] == label], source, target)
            mark_events(axis, found, INK, 0.0, scale)
            step_axis(axis, curves["step"].max(), label=axis is column[-1])
        room = name_stages(column[0], tables["transitions"])
        column[0].set_title(f"{spoken(source)} – {spoken(target)}", pad=room)
    axes[0, 0].set_ylabel("influence (×10⁻⁴ nats²)")
    axes[1, 0].set_ylabel("normalised (−correlation)")
    say_signs(axes[0, -1])
    axes[0, 0].plot([], [], "o", color=INK, mfc="white", ms=4.5, label="flip, single run")
    axes[0, 0].plot([], [], "v", color=INK, ms=4.5, label="peak, single run")
    axes[0, 0].legend(fontsize=7, loc="lower right")
    name_run(figure, f"points: {shown_runs(tables['trajectories'])}; {tables.run}")
    return figure


def _points(axis: plt.Axes, rows: pd.DataFrame, label: str, scale: float) -> None:
    """Sampled means with their 95 % intervals."""
    axis.errorbar(
        rows["step"], scale * rows["mean"],
        [scale * (rows["mean"] - rows["low"]), scale * (rows["high"] - rows["mean"])],
        fmt="o", color=LOOKS["bif"].color, ms=2.8, lw=0.9, label=LOOKS[label].name,
    )  # fmt: skip
