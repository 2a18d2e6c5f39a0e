"""Influence of one token on the others of its sequence, at four checkpoints."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from analysis.development.transitions import formation
from figures.style.common import INK, Tables
from figures.style.language import name_run

READS = ("token_influence", "transitions")

WIDTH = 24 * 5  # letters and gaps per line
GAP = 3.2  # between tokens, in letters
SHOWN = ("induction", "right_delimiter", "word")  # class of the source, the first that is there
VISIBLE = str.maketrans({" ": "·", "\n": "⏎", "\t": "⇥"})


def draw(tables: Tables) -> Figure:
    """Each panel a checkpoint: the source framed, targets tinted, one scale for all."""
    table = tables["token_influence"]
    steps = _checkpoints(table["step"].unique(), tables["transitions"])
    source = _source(table)
    shown = table[(table["source"] == source) & table["step"].isin(steps)]
    other = shown[shown["target"] != source]
    limit = float(other["influence"].abs().quantile(0.99)) or 1.0
    norm, colors = TwoSlopeNorm(0.0, -limit, limit), plt.get_cmap("PuOr")
    words = shown.drop_duplicates("target").sort_values("target")["text"]
    places = lay_out([word.translate(VISIBLE) for word in words])
    lines = 1 + max(y for _, _, y in places)
    figure, axes = plt.subplots(
        len(steps), 1, figsize=(9.5, 0.34 * lines * len(steps) + 1.6), squeeze=False
    )
    for axis, step in zip(axes[:, 0], steps, strict=True):
        for row in shown[shown["step"] == step].itertuples():
            text, x, y = places[row.target]
            is_source = row.target == source
            axis.text(
                x, y, text, ha="center", va="center", fontsize=7.5, family="monospace",
                color=INK, bbox={
                    "boxstyle": "round,pad=0.25",
                    "fc": "white" if is_source else colors(norm(row.influence)),
                    "ec": INK if is_source else "none", "lw": 1.4,
                },
            )  # fmt: skip
        axis.set_xlim(-GAP, WIDTH + GAP)
        axis.set_ylim(lines - 0.4, -0.6)
        axis.set_axis_off()
        axis.set_title(f"step {step}", fontsize=8.5)
    bar = figure.colorbar(
        plt.cm.ScalarMappable(norm, colors), ax=axes[:, 0].tolist(), fraction=0.025, pad=0.01
    )
    bar.set_label("normalised influence of the framed token\n← helps      harms →")
    name_run(figure, tables.run)
    return figure


def lay_out(words: list[str]) -> list[tuple[str, float, int]]:
    """Text, centre and line of every word, as in a printed line of WIDTH letters."""
    placed, x, y = [], 0.0, 0
    for word in words:
        if x > 0 and x + len(word) > WIDTH:
            x, y = 0.0, y + 1
        placed.append((word, x + len(word) / 2, y))
        x += len(word) + GAP
    return placed


def _checkpoints(measured: np.ndarray, transitions: pd.DataFrame) -> list[int]:
    """Before, in the middle of and after the induction transition, and the end."""
    measured = np.sort(measured)
    rows = formation(transitions)[["start", "middle", "end"]]
    times = rows.mean().to_numpy() if len(rows) else np.array([np.nan])
    if not np.isfinite(times).all():
        times = np.quantile(measured, [0.25, 0.5, 0.75])
    wanted = [times[0] / 2, *times[1:]]
    near = [int(measured[np.abs(measured - t).argmin()]) for t in wanted]
    return list(dict.fromkeys([*near, int(measured[-1])]))


def _source(table: pd.DataFrame) -> int:
    """The last token of the first shown class that the sequence holds."""
    places = table.drop_duplicates("target")
    for name in SHOWN:
        found = places[places["class"] == name]["target"]
        if len(found):
            return int(found.max())
    return int(places["target"].max())
