"""The same extra weight, spent evenly or where influence says it helps: what it brings, and where
it goes."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analysis.interventions.schedule_tables import in_order
from figures.style.common import GREY, INK, PALE, Tables
from figures.style.language import CLASS_COLORS, name_run, spoken

READS = ("schedules", "schedule_differences", "schedule_choices")

SPOKEN = {
    "none": "no extra weight", "uniform": "target itself", "even": "all classes evenly",
    "bif": "BIF", "gradient": "gradient", "static": "BIF at the end", "oracle": "oracle",
}  # fmt: skip
# What an arm is compared with, and how that is drawn.
COMPARED = (
    ("even", "all classes evenly", INK, "o"), ("uniform", "target itself", GREY, "s"),
    ("even_others", "other classes evenly", INK, "D"),
    ("less_even", "less of other classes evenly", INK, "v"),
)  # fmt: skip


def draw(tables: Tables) -> Figure:
    """A row of panels per target: crossings, paired differences with 95 % intervals, choices."""
    targets = list(dict.fromkeys(tables["schedules"]["target"]))
    arms = in_order(tables["schedules"]["arm"].unique())
    figure, axes = plt.subplots(
        len(targets), 3, figsize=(10, (0.27 * len(arms) + 1.3) * len(targets)), squeeze=False,
        width_ratios=(0.8, 1, 1.5),
    )  # fmt: skip
    classes = list(dict.fromkeys(tables["schedule_choices"]["class"]))
    colors = dict(zip(classes, CLASS_COLORS, strict=False))
    for row, target in zip(axes, targets, strict=True):
        found = {name: rows[rows["target"] == target] for name, rows in tables.items()}
        arms = in_order(found["schedules"]["arm"].unique())
        place = {arm: rank for rank, arm in enumerate(arms)}
        draw_crossings(row[0], found["schedules"], place)
        draw_differences(row[1], found["schedule_differences"], place)
        until = int(found["schedules"]["until"].max())
        draw_choices(row[2], found["schedule_choices"], place, colors, until)
        for axis in row:
            axis.set_ylim(len(arms) - 0.4, -0.6)
            axis.set_yticks(range(len(arms)), [name_of(arm) for arm in arms], fontsize=7)
            for rank, arm in enumerate(arms[1:], 1):
                if kind_of(arm) != kind_of(arms[rank - 1]):
                    axis.axhline(rank - 0.5, color=PALE, lw=1, zorder=0)
        for axis in row[1:]:
            axis.tick_params(axis="y", labelleft=False)
        row[0].set_title(f"{spoken(target)}: weight spent on …")
    compared, _ = axes[0, 1].get_legend_handles_labels()
    shown = [Patch(color=colors[name], label=f"chosen: {spoken(name)}") for name in colors]
    figure.legend(handles=[*compared, *shown], loc="outside lower left", ncols=5, fontsize=7)
    name_run(figure, tables.run)
    return figure


def draw_crossings(axis: Axes, rows: pd.DataFrame, place: dict[str, int]) -> None:
    """When the loss passed its threshold, a point per run; hollow: never, as far as was looked."""
    at = rows["arm"].map(place)
    axis.scatter(rows["crossing"], at, s=9, lw=0.8, edgecolors=INK,
                 facecolors=["white" if never else INK for never in rows["censored"]])  # fmt: skip
    outcome, threshold = rows["outcome"].iloc[0], rows["threshold"].iloc[0]
    axis.set_xlabel(f"step at which the loss of\n{spoken(outcome)} < {threshold:g} nats, every run")


def draw_differences(axis: Axes, rows: pd.DataFrame, place: dict[str, int]) -> None:
    """Paired differences in steps, mean over runs with 95 % intervals."""
    rows = rows[rows["outcome"] == "crossing"]
    for against, words, color, marker in COMPARED:
        found = rows[rows["against"] == against]
        found = found[[kind_of(arm) == kind_of(against) for arm in found["arm"]]]
        if found.empty:
            continue
        shift = {"even": -0.15, "uniform": 0.15}.get(against, 0.0)
        errors = np.array([found["mean"] - found["low"], found["high"] - found["mean"]])
        axis.errorbar(found["mean"], found["arm"].map(place) + shift, xerr=np.nan_to_num(errors),
                      fmt=marker, color=color, ms=3.5, lw=1.1, label=f"minus {words}")  # fmt: skip
    axis.axvline(0, color=INK, lw=0.7)
    axis.set_xlabel("paired difference (steps)\n← faster      slower →")
    axis.set_title("mean over runs, 95 % intervals")


def draw_choices(
    axis: Axes, rows: pd.DataFrame, place: dict[str, int], colors: dict[str, str], until: int
) -> None:
    """On which class an arm spent, a strip per run."""
    seeds = sorted(rows["seed"].unique())
    high = 0.84 / max(len(seeds), 1)
    for (arm, seed), run in rows.groupby(["arm", "seed"]):
        run = run.sort_values("step")
        steps = run["step"].to_numpy()
        ends = np.append(steps[1:], until)
        y = place[str(arm)] - 0.42 + high * (seeds.index(seed) + 0.5)
        axis.barh(y, ends - steps, left=steps, height=high,
                  color=[colors[name] for name in run["class"]])  # fmt: skip
    axis.set_xlabel("training step; a strip per run")
    axis.set_title("class chosen")


def kind_of(arm: str) -> str:
    """Arms of one kind are compared: those that may choose the target, those that may not, those
    that take away."""
    if arm.startswith("less_"):
        return "less"
    return "others" if arm.endswith("_others") else "all"


def name_of(arm: str) -> str:
    """An arm in words."""
    kind, base = kind_of(arm), arm.removeprefix("less_").removesuffix("_others")
    words = SPOKEN.get(base, f"target in steps {base}")
    if kind == "less":
        return f"less of: {words}" if base != "even" else "less of other classes evenly"
    if kind == "others":
        return f"other class: {words}" if base != "even" else "other classes evenly"
    return words
