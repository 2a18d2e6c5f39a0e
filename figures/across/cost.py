"""What a draw costs: measured up to Pythia-14m, and what the fitted model says of the suite."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from figures.style.common import BLUE, GREY, INK, ORANGE, Tables
from figures.style.language import name_run

READS = ("cost", "cost_suite")


def draw(tables: Tables) -> Figure:
    """Left: seconds against the fit. Right: seconds and memory by size, Pythia's suite beyond."""
    table, suite = tables["cost"], tables["cost_suite"]
    said, off = table["fitted"], (table["fitted"] / table["seconds"] - 1).abs().max()
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.5))
    left.plot([1e-3, 1e2], [1e-3, 1e2], color=GREY, lw=0.8)
    left.plot(said, table["seconds"], "o", color=BLUE, ms=4)
    left.set(
        xscale="log", yscale="log", xlabel="seconds per draw, fitted", ylabel="measured",
        xlim=(said.min() / 2, said.max() * 2), ylim=(said.min() / 2, said.max() * 2),
    )  # fmt: skip
    left.set_title(f"fit, within {off:.0%}")
    for axis, name, words in (
        (middle, "seconds", "seconds per draw of one chain"),
        (right, "gib", "GiB beside the program"),
    ):  # fmt: skip
        axis.plot(table["stored"], table[name], "o", color=BLUE, ms=4, label="measured")
        axis.plot(suite["stored"], suite[name], "s", color=ORANGE, ms=4, mfc="white",
                  label="extrapolated")  # fmt: skip
        axis.set(xscale="log", yscale="log", xlabel="parameters", title=words)
        for row in suite.itertuples():
            axis.annotate(row.size_name, (row.stored, getattr(row, name)), (0, 5), fontsize=6,
                          textcoords="offset points", ha="center", color=INK)  # fmt: skip
    middle.legend(fontsize=7)
    name_run(figure, _settings(table))
    return figure


def _settings(table: pd.DataFrame) -> str:
    row = table.iloc[0]
    return (
        f"recorded: {row['device']}, {row['threads']} thread(s), gradient on "
        f"{row['gradient_tokens']} tokens, losses of {row['observed_tokens']} "
        f"({table['observed_tokens'].min()} to {table['observed_tokens'].max()} in the fit)"
    )
