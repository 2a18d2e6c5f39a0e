"""What the figures of language models share: their axis of steps, stages and class names."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analysis.development.transitions import OCTAVE_START, REPETITION, told_once
from figures.style.common import (
    BLUE,
    BROWN,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    PINK,
    PURPLE,
    RED,
    SKY,
    Look,
)

LOOKS = {
    "bif": Look("BIF, sampled", BLUE, ()),
    "bif_normalized": Look("BIF, normalised", SKY, (3, 1)),
    "gradient": Look("limit of strong localisation", ORANGE, (), 1.3),
}
NEW = (GREEN, PURPLE, BROWN, PINK)  # of estimators that have no look of their own
CLASS_COLORS = (BLUE, ORANGE, RED, GREEN, PURPLE, SKY, INK, GREY, BROWN, PINK)
SHADED = ("word", "induction", REPETITION, "delimiter_kind")  # stages drawn, if learnt


def spoken(name: str) -> str:
    """A class as people say it."""
    return name.replace("_", " ")


def step_axis(axis: Axes, last: float, *, label: bool = True) -> None:
    """Training steps on a scale that is linear at first and logarithmic later."""
    axis.set_xscale(
        "function",
        functions=(
            lambda x: np.log2(np.maximum(x, -OCTAVE_START + 1e-9) + OCTAVE_START),
            lambda y: 2.0**y - OCTAVE_START,
        ),
    )
    marks = [0, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000]
    axis.xaxis.set_major_locator(FixedLocator([m for m in marks if m <= last]))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}".replace(",", "\u2009")))
    axis.set_xlim(0, last)
    if label:
        axis.set_xlabel("training step")


def of_mean(table: pd.DataFrame, model: str) -> pd.DataFrame:
    """The rows of the mean over runs; of the first run where there are fewer than three, whose
    mean would have an interval of one degree of freedom."""
    runs = of_runs(table)["experiment"].unique()
    return table[table["experiment"] == (runs[0] if len(runs) < 3 else f"language/{model}")]


def shown_runs(table: pd.DataFrame) -> str:
    """What `of_mean` takes, in words."""
    number = of_runs(table)["experiment"].nunique()
    if number >= 3:
        return f"mean over {number} runs"
    return f"first of {number} runs" if number > 1 else "one run"


def of_runs(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of single runs."""
    return table[table["experiment"].str.contains("/seed")]


def shade(axis: Axes, transitions: pd.DataFrame) -> None:
    """Bands from 25 to 75 % learnt, means over runs; dotted where half learnt."""
    for rank, (_, start, middle, stop) in enumerate(bands(transitions)):
        if np.isfinite(stop):
            axis.axvspan(start, stop, color=PALE, alpha=0.9 if rank % 2 else 0.5, lw=0)
        if np.isfinite(middle):
            axis.axvline(middle, color=GREY, lw=0.6, dashes=(2, 2))


def name_stages(axis: Axes, transitions: pd.DataFrame) -> int:
    """Names above the bands; the points above the axes that a title must leave to them."""
    named = [(stage, start) for stage, start, _, stop in bands(transitions) if np.isfinite(stop)]
    for stage, start in named:
        axis.annotate(
            spoken(stage), (start, 1.0), (0, 2),
            xycoords=("data", "axes fraction"), textcoords="offset points",
            rotation=30, ha="left", va="bottom", fontsize=7, color=INK,
        )  # fmt: skip
    return 42 if named else 6


def bands(transitions: pd.DataFrame) -> list[tuple[str, float, float, float]]:
    """Stage, start, middle and end of every band. One that some run did not finish ends at the
    half, or where it is known; one that some run did not begin is left out."""
    told, found = told_once(transitions), []
    for stage in (stage for stage in SHADED if stage in set(told["stage"])):
        rows = told[told["stage"] == stage][["start", "middle", "end"]]
        if np.isfinite(rows["start"]).all():
            start, middle, end = rows.mean(skipna=False)
            found.append((stage, start, middle, end if np.isfinite(end) else middle))
    return found


def name_run(figure: Figure, run: str) -> None:
    """Which run is shown, small, at the lower right."""
    figure.supxlabel(run, x=0.995, ha="right", fontsize=6, color=GREY)


def raw_looks(labels: Iterable[str]) -> dict[str, Look]:
    """How to draw the curves of raw influence: those known first, then new ones by name.

    Args:
        labels: of curves, as `estimator_label` gives them.

    Returns:
        by label; normalised ones, whose unit is another, are left out.
    """
    found = {label for label in labels if not label.endswith("_normalized")}
    known = {label: LOOKS[label] for label in LOOKS if label in found}
    new = zip(sorted(found - set(known)), cycle(NEW), strict=False)
    return known | {label: Look(label, color, ()) for label, color in new}
