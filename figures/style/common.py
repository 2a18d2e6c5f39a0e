"""One look for every figure, and files whose bytes depend on the tables alone."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.storage.files import whole_file
from models.toy.hierarchy import Hierarchy

# Okabe and Ito's colours: told apart by colour-blind readers; lines also differ in dashes.
INK, GREY, PALE = "#222222", "#8a8a8a", "#e9e9e9"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
)  # fmt: skip
BROWN, PINK = "#7A4B1F", "#F2A6C8"  # beside theirs, where a figure has more than eight


class Look(NamedTuple):
    """How a curve is drawn and what it is called."""

    name: str
    color: str
    dashes: tuple[float, ...]
    width: float = 1.6


LOOKS = {
    "bif": Look("BIF, sampled", BLUE, ()),
    "bif_normalized": Look("BIF, normalised", SKY, (3, 1)),
    "bif_gaussian": Look("BIF, Gaussian limit", INK, (1, 1), 1.0),
    "closed_form": Look("closed form", ORANGE, (5, 2)),
    "unrolled": Look("unrolled derivative", GREEN, ()),
    "loo_1": Look("leave-one-out", RED, (4, 1, 1, 1)),
}

RC: dict[str, Any] = {
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.5,
    "lines.dash_capstyle": "butt",
    "svg.hashsalt": "stagewise",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "figure.constrained_layout.use": True,
}
matplotlib.rcParams.update(RC)  # type: ignore[arg-type]


class Tables(dict[str, pd.DataFrame]):
    """Tables by name, with what the figures need to know of the run."""

    tree: Hierarchy
    focus: tuple[str, ...]
    model: str  # of language figures
    run: str  # which run of the pipeline language tables are from


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write PDF, SVG and PNG without dates, each whole or not at all."""
    metadata = {
        "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
        "svg": {"Date": None, "Creator": None},
        "png": {"Software": None},
    }
    paths = []
    for suffix, entries in metadata.items():
        content = io.BytesIO()
        figure.savefig(content, format=suffix, dpi=160, metadata=entries)
        path = stem.with_name(f"{stem.name}.{suffix}")
        with whole_file(path) as temporary:
            temporary.write_bytes(content.getvalue())
        paths.append(path)
    plt.close(figure)
    return paths


def draw_curve(axis: Axes, rows: pd.DataFrame, look: Look, scale: float = 1.0) -> None:
    """A mean with its 95 % band; columns step, mean, low, high, in any order of rows."""
    rows = rows.sort_values("step")
    axis.fill_between(
        rows["step"], scale * rows["low"], scale * rows["high"], color=look.color, alpha=0.2, lw=0
    )
    (line,) = axis.plot(
        rows["step"], scale * rows["mean"], color=look.color, lw=look.width, label=look.name
    )
    if look.dashes:
        line.set_dashes(look.dashes)


def mark_events(axis: Axes, events: pd.DataFrame, color: str, height: float, scale: float) -> None:
    """Flips (open circles on zero) and peaks (filled triangles) with their intervals.

    `height` staggers the intervals of different curves at zero, in axis units.
    """
    for event in events.itertuples():
        flip = event.kind == "flip"
        y = height if flip else scale * event.value
        marker = "o" if flip else ("^" if event.direction == "maximum" else "v")
        axis.hlines(y, event.ci_low, event.ci_high, color=color, lw=1.0)
        axis.plot(
            event.step, y, marker, color=color, mfc="white" if flip else color, ms=4.5, mew=1.1,
            zorder=5,
        )  # fmt: skip


def pair(rows: pd.DataFrame, source: str, target: str) -> pd.DataFrame:
    """The rows of one ordered pair."""
    return rows[(rows["source"] == source) & (rows["target"] == target)]


def stage_means(transitions: pd.DataFrame) -> pd.DataFrame:
    """Mean times of every stage over seeds, in the order in which the hierarchy lists them."""
    times = ["depth", "start", "middle", "end", "theory_middle", "knee", "fastest"]
    return transitions.groupby(["stage", "node"], sort=False)[times].mean().reset_index()


def shade_stages(axis: Axes, transitions: pd.DataFrame, *, label: bool = False) -> None:
    """Bands for the levels of the hierarchy, means over a level and the seeds.

    A band runs from where a level is 10 % learnt to where the next one is; the dotted line marks
    half learnt. The last band ends at 90 %.
    """
    levels = stage_means(transitions).groupby("depth")[["start", "middle", "end"]].mean()
    ends = [*levels["start"].iloc[1:], levels["end"].iloc[-1]]
    for rank, (row, end) in enumerate(zip(levels.itertuples(), ends, strict=True)):
        axis.axvspan(row.start, end, color=PALE, alpha=1.0 if rank % 2 else 0.5, lw=0)
        axis.axvline(row.middle, color=GREY, lw=0.6, dashes=(2, 2))
        if label:
            axis.annotate(
                level_name(transitions, row.Index), ((row.start + end) / 2, 1.0), (-2, 1),
                xycoords=("data", "axes fraction"), textcoords="offset points",
                rotation=28, ha="left", va="bottom", fontsize=7, color=INK,
            )  # fmt: skip


def level_name(transitions: pd.DataFrame, depth: float) -> str:
    """A level of the hierarchy by its first distinction, as in "mammal | bird, ..."."""
    names = transitions[transitions["depth"] == depth]["stage"].unique()
    first = names[0] if len(names[0]) <= 18 else names[0][:17] + "…"
    return first + (", …" if len(names) > 1 else "")


def saying(text: str) -> Figure:
    """A figure of one sentence, where there is nothing to draw."""
    figure = plt.figure(figsize=(5, 1.2))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def zero_line(axis: Axes) -> None:
    """The line between helpful (below) and harmful (above)."""
    axis.axhline(0, color=INK, lw=0.7)


def say_signs(axis: Axes) -> None:
    """Words at the right end of the axis: which side of zero is which."""
    for y, word, va in ((0.98, "harmful ↑", "top"), (0.02, "helpful ↓", "bottom")):
        axis.annotate(
            word, (0.995, y), xycoords="axes fraction", ha="right", va=va, fontsize=7, color=GREY
        )


def name_grid(axes: np.ndarray, source: str, targets: Sequence[str], along: str) -> None:
    """Titles, the names of the lowest axes and the signs of a grid with a column per target."""
    for axis, target in zip(axes[0], targets, strict=True):
        axis.set_title(f"{source} → {target}")
    for axis in axes[-1]:
        axis.set_xlabel(along)
    say_signs(axes[0, -1])
