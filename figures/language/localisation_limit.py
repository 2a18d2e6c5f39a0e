"""Sampled class influence over its limit of strong localisation, as the localisation grows."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from figures.style.common import BLUE, GREY, INK, ORANGE, Tables
from figures.style.language import name_run

READS = ("localisation_summary",)


def draw(tables: Tables) -> Figure:
    """Left: the ratio's median and middle half. Right: rank correlation and equal signs."""
    table = tables["localisation_summary"].sort_values("gamma")
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 2.9))
    middle = table["ratio"]
    left.errorbar(
        table["gamma"], middle, np.array([middle - table["low"], table["high"] - middle]),
        fmt="o", color=BLUE, ms=5, lw=1.4, label="median and middle half",
    )  # fmt: skip
    left.fill_between(
        table["gamma"], 1 - 0.67 * table["noise"], 1 + 0.67 * table["noise"], color=GREY,
        alpha=0.25, lw=0, label="middle half by sampling noise alone",
    )  # fmt: skip
    left.axhline(1, color=INK, lw=0.7)
    left.set_ylabel("sampled / limit")
    left.legend(fontsize=7)
    right.plot(table["gamma"], table["rank"], "o-", color=BLUE, label="rank correlation")
    right.plot(table["gamma"], table["sign"], "s--", color=ORANGE, label="equal signs (share)")
    lowest = min(0.9, float(table[["rank", "sign"]].min().min()) - 0.03)
    right.set_ylim(lowest, 1.005)
    right.legend(fontsize=7, loc="lower right")
    for axis in (left, right):
        axis.set_xscale("log")
        axis.set_xlabel("localisation γ (1/parameter²)")
    name_run(figure, tables.run)
    return figure
