"""Removing a source inside a window: both outcomes against window position, BIF laid over."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.style.common import (
    BLUE,
    GREEN,
    INK,
    RED,
    Look,
    Tables,
    draw_curve,
    name_grid,
    pair,
    zero_line,
)

READS = ("window_curves",)

LOOKS = {
    "end_effect": Look("ablation: effect at the window's end", RED, ()),
    "largest_effect": Look("ablation: largest effect afterwards", INK, (1.5, 1.5), 1.2),
    "predicted": Look("−gᵢ·gⱼ × learning rate × length / n", GREEN, (5, 2), 1.2),
    "bif": Look("BIF × γ × learning rate × length / n", BLUE, (4, 1, 1, 1)),
}
LENGTHS = (10, 40, 80)


def draw(tables: Tables) -> Figure:
    """Rows: window lengths; columns: targets of the focus source."""
    curves = tables["window_curves"]
    source, *targets = tables.focus
    lengths = [length for length in LENGTHS if length in set(curves["length"])]
    lengths = lengths or sorted(curves["length"].unique())[:3]
    figure, axes = plt.subplots(
        len(lengths), len(targets), figsize=(2.5 * len(targets), 1.7 * len(lengths) + 0.7),
        sharex=True, sharey="row", squeeze=False,
    )  # fmt: skip
    for row, length in zip(axes, lengths, strict=True):
        for axis, target in zip(row, targets, strict=True):
            zero_line(axis)
            rows = pair(curves[curves["length"] == length], source, target)
            for outcome, look in LOOKS.items():
                draw_curve(axis, rows[rows["outcome"] == outcome].rename(
                    columns={"center": "step"}), look)  # fmt: skip
        row[0].set_ylabel(f"{length}-step windows\neffect on the loss")
    name_grid(axes, source, targets, "middle of the window (step)")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2)
    return figure
