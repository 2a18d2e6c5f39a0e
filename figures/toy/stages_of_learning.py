"""Loss and mode strengths over training, with the stages shaded."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.style.common import BLUE, GREEN, INK, ORANGE, PURPLE, RED, SKY, Tables, shade_stages

READS = ("losses", "modes", "transitions")

COLORS = (INK, BLUE, GREEN, RED, ORANGE, PURPLE, SKY)


def draw(tables: Tables) -> Figure:
    """Loss of every item (thin: one line per seed and item) above mode strengths per level."""
    losses, modes, transitions = tables["losses"], tables["modes"], tables["transitions"]
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(6.4, 4.6), sharex=True)
    for axis in (top, bottom):
        shade_stages(axis, transitions, label=axis is top)
    for _, rows in losses.groupby(["seed", "item"]):
        top.plot(rows["step"], rows["loss"], color=BLUE, lw=0.4, alpha=0.35)
    mean = losses.groupby("step")["loss"].mean()
    top.plot(mean.index, mean, color=INK, lw=2, label="mean over items and seeds")
    top.set(ylabel="loss (squared error / 2)", ylim=(0, None))
    top.legend(loc="upper right", bbox_to_anchor=(1, 0.9))
    values = sorted(modes["singular_value"].round(6).unique(), reverse=True)
    for rank, value in enumerate(values):
        level = modes[modes["singular_value"].round(6) == value]
        color, size = COLORS[rank % len(COLORS)], level["measured"].max()
        for _, rows in level.groupby(["seed", "mode"]):
            bottom.plot(rows["step"], rows["measured"], color=color, lw=0.5, alpha=0.5)
        theory = level.groupby("step")["theory"].mean()
        (line,) = bottom.plot(theory.index, theory, color=color, lw=1.8)
        line.set_dashes((4, 2))
        count = level["mode"].nunique()
        times = f" (×{count})" if count > 1 else ""
        bottom.annotate(
            f"s = {value:.3f}{times}", (modes["step"].max(), size), (4, 0),
            textcoords="offset points", fontsize=7, va="center", color=color,
            annotation_clip=False,
        )  # fmt: skip
    bottom.plot([], [], color=INK, lw=0.6, label="measured, one line per seed and mode")
    bottom.plot([], [], color=INK, lw=1.8, ls=(0, (4, 2)), label="theory, mean over seeds")
    bottom.set(xlabel="training step", ylabel="mode strength", ylim=(0, None))
    bottom.set_xlim(0, modes["step"].max())
    bottom.legend(loc="center left", bbox_to_anchor=(0.42, 0.8))
    return figure
