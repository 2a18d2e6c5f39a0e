"""Two phases of a posterior: weights, and influence within and between them, against sample size
(the paper's figure 2), with what sampling around one well sees of it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from figures.style.common import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    Tables,
    pair,
    say_signs,
    zero_line,
)

READS = ("phases", "phases_sampled")

PEAK = ("narrow", "wide")  # the pair the phases disagree on most
FLIPPING = {("up", "down"): "two flips", ("up", "twist"): "one flip"}
TERMS = {
    "total": ("total", INK, (), 2.4),
    "within": ("within", BLUE, (4, 1.5), 1.5),
    "between": ("between", ORANGE, (1, 1), 1.5),
}
WELLS = {"U": (GREEN, "^"), "V": (PURPLE, "v")}
LOWEST = 2e-4  # of the logarithmic axes: room for their legend
TICKS = (300, 1000, 3000, 10000)


def draw(tables: Tables) -> Figure:
    """Top: weight of U; the pair with the highest peak; its sampled influence, weakly localised.
    Bottom: two flips; one flip; the sampled influence, strongly localised."""
    curves, sampled = tables["phases"], tables["phases_sampled"]
    exact = curves[curves["posterior"] == "global"]
    figure, axes = plt.subplots(2, 3, figsize=(8.6, 5.2), width_ratios=(1, 1, 1.1))
    _weights(axes[0, 0], curves, sampled)
    _terms(axes[0, 1], exact, *PEAK)
    axes[0, 1].set_title(f"{' → '.join(PEAK)}: a peak")
    axes[0, 1].set_ylim(-1.2, None)  # room for the word below zero
    for axis, (names, title) in zip(axes[1, :2], FLIPPING.items(), strict=True):
        _terms(axis, exact, *names)
        axis.set_title(f"{' → '.join(names)}: {title}")
        axis.set_yscale("symlog", linthresh=0.01, linscale=0.5)
    for axis, gamma in zip(axes[:, 2], sorted(sampled["gamma"].unique()), strict=True):
        _sampled(axis, curves, sampled, gamma)
    axes[0, 2].legend(fontsize=6.5, loc="lower left", handlelength=1.8)
    axes[1, 1].legend(fontsize=7, loc="center left", bbox_to_anchor=(0.02, 0.42))
    critical = curves[(curves["posterior"] == "free_energy") & (curves["quantity"] == "critical_n")]
    for axis in axes.flat:
        axis.axvline(critical["value"].iloc[0], color=GREY, lw=0.7, dashes=(2, 2), zorder=0)
        axis.set_xscale("log")
        axis.set_xticks(TICKS)
        axis.xaxis.set_major_formatter(ScalarFormatter())
        axis.xaxis.set_minor_formatter(NullFormatter())
    for axis in axes[1]:
        axis.set_xlabel("sample size n")
    return figure


def _of(curves: pd.DataFrame, posterior: str, quantity: str) -> pd.DataFrame:
    """The rows of one quantity, by n."""
    chosen = (curves["posterior"] == posterior) & (curves["quantity"] == quantity)
    return curves[chosen].sort_values("n")


def _weights(axis: Axes, curves: pd.DataFrame, sampled: pd.DataFrame) -> None:
    """Weight of U: exact, by free energy, and the share of draws in it."""
    looks = {
        "global": ("exact", INK, (), 2.2),
        "free_energy": ("free energy", ORANGE, (4, 1.5), 1.3),
        "leading_order": ("nL + λ log n", BLUE, (1, 1), 1.3),
    }
    for posterior, (name, color, dashes, width) in looks.items():
        rows = _of(curves, posterior, "weight_U")
        (line,) = axis.plot(rows["n"], rows["value"], color=color, lw=width, label=name)
        if dashes:
            line.set_dashes(dashes)
    gamma = sampled["gamma"].min()
    weak = sampled[sampled["gamma"] == gamma]
    for well, (color, marker) in WELLS.items():
        rows = weak[weak["anchor"] == well].drop_duplicates("n")
        axis.plot(rows["n"], rows["share_U"], marker, color=color, ms=5, mfc="white",
                  label=f"chains from {well}", zorder=4, clip_on=False)  # fmt: skip
    axis.set(title=f"weight of U; chains: γ = {gamma:g}", ylabel="weight", ylim=(0, 1))
    axis.legend(fontsize=6.5, loc="center right", handlelength=1.8)


def _terms(axis: Axes, exact: pd.DataFrame, source: str, target: str) -> None:
    """Total influence and its two parts, with the places where the total flips."""
    rows = pair(exact, source, target)
    zero_line(axis)
    for quantity, (name, color, dashes, width) in TERMS.items():
        curve = rows[rows["quantity"] == quantity].sort_values("n")
        (line,) = axis.plot(curve["n"], curve["value"], color=color, lw=width, label=name)
        if dashes:
            line.set_dashes(dashes)
    flips = rows[rows["quantity"] == "flip"]
    axis.plot(flips["n"], 0 * flips["n"], "o", color=INK, mfc="white", ms=5, zorder=5)
    axis.set_ylabel("influence (nats²)")
    say_signs(axis)


def _sampled(axis: Axes, curves: pd.DataFrame, sampled: pd.DataFrame, gamma: float) -> None:
    """The sampler's estimate around each well, over its exact posterior and the global one."""
    whole = _of(pair(curves, *PEAK), "global", "total")
    axis.plot(whole["n"], whole["value"], color=INK, lw=2.2, label="exact, global")
    local = pair(curves[curves["gamma"] == gamma], *PEAK)
    found = pair(sampled[sampled["gamma"] == gamma], *PEAK)
    for well, (color, marker) in WELLS.items():
        here = local[local["anchor"] == well]
        for quantity, name, dashes in (
            ("total", f"exact, local to {well}", (4, 1.5)),
            (f"within_{well}", f"exact, within {well}", (1, 1)),
        ):  # fmt: skip
            curve = _of(here, "local", quantity)
            (line,) = axis.plot(curve["n"], curve["value"], color=color, lw=1.2, label=name)
            line.set_dashes(dashes)
        rows = found[found["anchor"] == well]
        axis.errorbar(
            rows["n"], rows["influence"], 1.96 * rows["std_error"], fmt=marker, color=color, ms=5,
            mfc="white", lw=1, label=f"chains from {well}", zorder=4,
        )  # fmt: skip
    axis.set(yscale="log", ylim=(LOWEST, None), title=f"{'→'.join(PEAK)} sampled, γ = {gamma:g}",
             ylabel="influence (nats²), all harmful")  # fmt: skip
