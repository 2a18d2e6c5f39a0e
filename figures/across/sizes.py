"""Class influence in models of several sizes and seeds, on axes of steps and of tokens."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style.common import Tables, pair, say_signs, zero_line
from figures.style.language import CLASS_COLORS, spoken, step_axis

READS = ("sizes",)

PAIRS = (("induction", "induction"), ("left_delimiter", "right_delimiter"))
LABEL = "bif_normalized"  # losses of different languages are not on one scale: correlations are


def draw(tables: Tables) -> Figure:
    """Rows: languages, and pairs of classes in each. Left: training steps; right: tokens seen. A
    colour per model, a line per seed; dotted, where its induction is half learnt."""
    table = tables["sizes"]
    table = table[table["label"] == LABEL]
    colors = dict(zip(table["model"].unique(), CLASS_COLORS, strict=False))
    rows = [(text, *two) for text in table["text"].unique() for two in PAIRS]
    figure, axes = plt.subplots(
        len(rows), 2, figsize=(9, 1.9 * len(rows) + 0.4), sharex="col", squeeze=False
    )
    for number, (row, (text, source, target)) in enumerate(zip(axes, rows, strict=True), 1):
        runs_here = pair(table[table["text"] == text], source, target)
        for axis, unit in zip(row, ("step", "tokens"), strict=True):
            zero_line(axis)
            for name, runs in runs_here.groupby("model", sort=False):
                words = f"{spoken(name)}, {_size(runs)} parameters, {runs['run'].iloc[0]}"
                _lines(axis, runs, unit, colors[name], words)
            if unit == "step":
                step_axis(axis, table["step"].max(), label=number == len(rows))
            else:
                _token_axis(axis, table["tokens"], label=number == len(rows))
        row[0].set_ylabel("normalised\n(−correlation)")
        row[0].set_title(f"{text}: {spoken(source)} – {spoken(target)}", fontsize=9)
        if (source, target) == PAIRS[0]:
            row[0].legend(fontsize=6.5, loc="lower left")
    say_signs(axes[0, -1])
    return figure


def _lines(axis: Axes, runs: pd.DataFrame, unit: str, color: str, words: str) -> None:
    for rank, (_, run) in enumerate(runs.groupby("seed")):
        run = run.sort_values("step")
        axis.plot(run[unit], run["mean"], color=color, lw=1.4 if rank == 0 else 0.7,
                  marker="o", ms=1.8, label=words if rank == 0 else None)  # fmt: skip
        formed = run["induction" if unit == "step" else "induction_tokens"].iloc[0]
        if np.isfinite(formed):
            axis.axvline(formed, color=color, lw=0.8, dashes=(1, 2))


def _size(runs: pd.DataFrame) -> str:
    number = int(runs["parameters"].iloc[0])
    return f"{number / 1e6:.2g} M" if number >= 1e5 else f"{number / 1e3:.0f} k"


def _token_axis(axis: Axes, tokens: pd.Series, *, label: bool) -> None:
    axis.set_xscale("log")
    axis.set_xlim(tokens[tokens > 0].min(), tokens.max() * 1.1)
    if label:
        axis.set_xlabel("tokens seen")
