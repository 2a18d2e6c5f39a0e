"""How short windows and strong localisation approach instantaneous influence (claim X5)."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.style.common import BLUE, GREY, RED, Tables

READS = ("limit_errors",)

PANELS = (
    ("window", "window length (steps)", "effect of a window", RED, "o"),
    ("gamma", "localisation γ", "γ × BIF (Gaussian limit)", BLUE, "s"),
)


def draw(tables: Tables) -> Figure:
    """Relative error against -g_i . g_j, over all pairs; bars: 95 % over seeds."""
    errors = tables["limit_errors"]
    errors = errors[errors["quantity"] == "relative_error"]
    figure, axes = plt.subplots(1, 2, figsize=(6.8, 2.8), sharey=True)
    for axis, (limit, label, name, color, marker) in zip(axes, PANELS, strict=True):
        rows = errors[errors["limit"] == limit].sort_values("value")
        reach = [rows["mean"] - rows["low"], rows["high"] - rows["mean"]]
        axis.errorbar(
            rows["value"], rows["mean"], reach, color=color, marker=marker, ms=4.5, lw=1.2,
            elinewidth=1, label=name,
        )  # fmt: skip
        axis.axhline(1, color=GREY, lw=0.6, dashes=(2, 2))
        axis.set(xscale="log", yscale="log", xlabel=label)
        axis.legend(loc="lower right" if limit == "window" else "lower left")
    axes[0].set_ylabel("relative error against −gᵢ·gⱼ")
    return figure
