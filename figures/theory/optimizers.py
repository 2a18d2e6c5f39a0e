"""The paper's claims under other optimizers: influence over training, and verdicts (claim X3)."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style.common import (
    GREEN,
    INK,
    LOOKS,
    ORANGE,
    RED,
    Tables,
    draw_curve,
    saying,
    shade_stages,
    zero_line,
)

READS = ("optimizers", "optimizer_curves", "optimizer_stages")

SHOWN = ("bif_gaussian", "unrolled")
NAMES = {
    "C1": "C1  flips sign",
    "C2": "C2  estimators agree",
    "C3": "C3  learnt top-down",
    "C4": "C4  branch points",
    "C5": "C5  windows",
}
MARKS = {
    "replicated": ("o", GREEN, GREEN),
    "partly": ("o", ORANGE, "white"),
    "not replicated": ("x", RED, RED),
    "undecided": ("o", INK, "white"),
    "not run": ("_", INK, INK),
}


def draw(tables: Tables) -> Figure:
    """Top: the exact limit of BIF and the unrolled derivative, each scaled to its own largest
    size, stages shaded. Bottom: the verdict on every claim."""
    curves, stages = tables["optimizer_curves"], tables["optimizer_stages"]
    verdicts = tables["optimizers"]
    names = list(dict.fromkeys(verdicts["optimizer"]))
    if not names:
        return saying("no optimizer to compare: theory.optimizers is empty")
    source, target = curves["source"].iloc[0], curves["target"].iloc[0]
    figure = plt.figure(figsize=(2.1 * max(len(names), 2) + 0.4, 4.6))
    grid = figure.add_gridspec(2, 1, height_ratios=(1.3, 1))
    row = grid[0].subgridspec(1, len(names)).subplots(sharey=True, squeeze=False)[0]
    for axis, name in zip(row, names, strict=True):
        shade_stages(axis, stages[stages["optimizer"] == name])
        zero_line(axis)
        here = curves[(curves["optimizer"] == name) & (curves["target"] == target)]
        for label in SHOWN:
            rows = here[here["label"] == label]
            size = rows["mean"].abs().max()
            draw_curve(axis, rows, LOOKS[label], scale=1 / size if size > 0 else 1.0)
        axis.set(title=name.replace("_", " "), xlabel="training step", ylim=(-1.35, 1.35),
                 xlim=(0, here["step"].max()))  # fmt: skip
    row[0].set_ylabel(f"influence {source} → {target}\n(over its largest size)")
    row[0].legend(fontsize=6.5, loc="lower right")
    _table(figure.add_subplot(grid[1]), verdicts, names)
    return figure


def _table(axis: Axes, verdicts, names: list[str]) -> None:  # type: ignore[no-untyped-def]
    claims = list(dict.fromkeys(verdicts["claim"]))
    for row in verdicts.itertuples():
        marker, color, fill = MARKS[row.verdict]
        x, y = names.index(row.optimizer), claims.index(row.claim)
        axis.plot(x, y, marker, color=color, mfc=fill, ms=9, mew=1.8)
    for verdict, (marker, color, fill) in MARKS.items():
        axis.plot([], [], marker, color=color, mfc=fill, ms=7, mew=1.6, label=verdict)
    axis.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(claims) - 0.5, -0.5),
             xticks=range(len(names)), xticklabels=[name.replace("_", " ") for name in names],
             yticks=range(len(claims)),
             yticklabels=[NAMES.get(name, name) for name in claims])  # fmt: skip
    axis.tick_params(length=0)
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.legend(ncols=4, fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.12))
