"""Loss of every token class over training, with its floor and the landmarks of development."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from figures.style.common import BLUE, GREEN, INK, ORANGE, PINK, PURPLE, RED, Tables
from figures.style.language import CLASS_COLORS, name_run, name_stages, shade, spoken, step_axis

READS = ("learning", "baselines", "transitions", "landmarks")

KIND = "delimiter_kind"


def draw(tables: Tables) -> Figure:
    """Left: losses, all runs. Right: landmarks, first run bold."""
    learning, marks = tables["learning"], tables["landmarks"]
    last = learning["step"].max()
    figure, (left, upper, lower) = plt.subplots(
        1, 3, figsize=(10.5, 3.5), width_ratios=(1.35, 1, 1)
    )
    classes = [name for name in dict.fromkeys(learning["class"]) if name != KIND]
    floors = tables["baselines"][tables["baselines"]["name"] == "floor"]
    floors = floors.groupby("class")["loss"].mean()
    shade(left, tables["transitions"])
    room = name_stages(left, tables["transitions"])
    for name, color in zip(classes, CLASS_COLORS, strict=False):
        for rank, (_, run) in enumerate(learning[learning["class"] == name].groupby("seed")):
            sums = run.groupby("step")[["loss", "tokens"]].sum()
            mean = sums["loss"] / sums["tokens"]
            left.plot(mean.index, mean, color=color, **_bold(rank, spoken(name)))
        if name in floors:
            left.plot([1.0, 1.02], [floors[name]] * 2, color=color, lw=2.5, clip_on=False,
                      transform=left.get_yaxis_transform())  # fmt: skip
    left.set_ylabel("loss (nats)")
    left.set_ylim(bottom=-0.1)
    left.legend(fontsize=6.5, loc="lower left")
    known = "" if floors.empty else "; at the right end, the floor"
    left.set_title(f"loss by class{known}", pad=room)
    for axis, title, shown in (
        (upper, "n-grams and context (nats)", {
            "kl_unigram": ("KL to unigram", ORANGE), "kl_bigram": ("KL to bigram", BLUE),
            "in_context": ("in-context learning score", GREEN),
            "repeat_gain": ("repeated random tokens, gain", PINK)}),
        (lower, "skills (share)", {
            "delimiter_matching": ("delimiter matching", PURPLE),
            "prefix_matching": ("prefix matching, best head", RED),
            "previous_token": ("previous token, best head", INK)}),
    ):  # fmt: skip
        shade(axis, tables["transitions"])
        for name, (words, color) in shown.items():
            rows = marks[marks["name"].str.startswith(name)]
            best = rows.groupby(["seed", "step"])["value"].max().unstack("seed")
            for rank, seed in enumerate(best):
                axis.plot(best.index, best[seed], color=color, **_bold(rank, words))
        axis.legend(fontsize=6.5)
        axis.set_title(title, pad=room)
    for axis in (left, upper, lower):
        step_axis(axis, last)
    _coefficient(lower, marks)
    name_run(figure, tables.run)
    return figure


def _bold(rank: int, words: str) -> dict[str, Any]:
    """The first run bold and named, the others thin."""
    return {"lw": 1.3, "label": words} if rank == 0 else {"lw": 0.5, "alpha": 0.6}


def _coefficient(axis: plt.Axes, marks: pd.DataFrame) -> None:
    """The local learning coefficient on an axis of its own."""
    rows = marks[marks["name"] == "llc"]
    if rows.empty:
        return
    twin = axis.twinx()
    first = rows[rows["seed"] == rows["seed"].min()].sort_values("step")
    twin.plot(first["step"], first["value"], color=BLUE, lw=0.9, dashes=(3, 2))
    twin.set_ylabel("local learning coefficient (dashed)", color=BLUE, fontsize=7)
    twin.tick_params(axis="y", colors=BLUE, labelsize=7)
    twin.spines["right"].set_visible(True)
    twin.set_ylim(bottom=0)
