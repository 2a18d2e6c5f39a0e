"""The closed form's error taken apart: one cause after the other switched off (claim X9)."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from figures.style.common import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    RED,
    Tables,
    say_signs,
    saying,
    zero_line,
)

READS = ("closed_form_error", "closed_form_curves")

COLORS = (INK, BLUE, ORANGE, GREEN, RED, PURPLE)
NAMES = {
    "nothing": "training\nas it is",
    "step size": "− step\nsize",
    "alignment": "− mis-\nalignment",
    "input covariance": "− input\ncovariance",
}
LINES = {
    "nothing": ("exact (unrolled)", GREEN, ()),
    "step size": ("gradient flow", BLUE, (1, 1)),
    "alignment": ("… aligned: first-order theory", INK, (4, 1)),
    "small start": ("… Σxx not shifted: closed form", ORANGE, (5, 2)),
}


def draw(tables: Tables) -> Figure:
    """Left: relative error of the closed form as causes go. Right: the curves in between."""
    errors, curves = tables["closed_form_error"], tables["closed_form_curves"]
    if errors.empty:
        return saying("no closed form: it needs gradient descent and a hidden unit per item")
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.1))
    _ladder(left, errors)
    _curves(right, curves)
    return figure


def _ladder(axis: Axes, errors) -> None:  # type: ignore[no-untyped-def]
    rows = errors[errors["taken_away"].isin(NAMES) & (errors["order"] >= 0)]
    names = list(dict.fromkeys(rows["hierarchy"]))
    by_order = rows.sort_values("order", kind="stable").groupby(
        ["hierarchy", "initialisation"], sort=False
    )
    for (name, start), line in by_order:
        color = COLORS[names.index(name) % len(COLORS)]
        aligned = start == "aligned"
        axis.plot(
            line["order"], line["error"], marker="s" if aligned else "o", ms=4, lw=1.1,
            mfc="white" if aligned else color, color=color, dashes=(3, 1.5) if aligned else (),
            label=None if aligned else name.replace("_", " "),
        )  # fmt: skip
    axis.plot([], [], "o-", color=INK, ms=4, lw=1.1, label="random start")
    axis.plot([], [], "s", ls="--", color=INK, mfc="white", ms=4, lw=1.1, label="aligned start")
    axis.set(yscale="log", title="relative error of the closed form",
             xticks=range(len(NAMES)), xticklabels=NAMES.values())  # fmt: skip
    axis.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:g} %"))
    axis.legend(fontsize=7, loc="lower left")


def _curves(axis: Axes, curves) -> None:  # type: ignore[no-untyped-def]
    if curves.empty:
        axis.set_axis_off()  # the toy itself has no closed form, a variant of it has
        return
    source, target = curves["source"].iloc[0], curves["target"].iloc[0]
    zero_line(axis)
    for name, (label, color, dashes) in LINES.items():
        rows = curves[(curves["taken_away"] == name) & (curves["target"] == target)]
        axis.plot(rows["step"], rows["influence"], color=color, lw=1.5, dashes=dashes, label=label)
    axis.set(xlabel="training step", ylabel="influence", title=f"{source} → {target}",
             xlim=(0, curves["step"].max()))  # fmt: skip
    axis.legend(fontsize=7, loc="lower right", bbox_to_anchor=(1, 0.06))
    say_signs(axis)
