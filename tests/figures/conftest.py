"""Tables of a few rows for every figure, made from what the catalogue declares of their columns.

Columns that say what a row is about take a few values each, all combined; numbers follow from them,
so that they differ from row to row and are the same in every run.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

import numpy as np
import pandas as pd

from analysis.tables.catalogue import catalogue
from figures import Script
from figures.style.common import Tables
from models.toy.hierarchy import Hierarchy

TREE = Hierarchy.from_mapping({"thing": {"animal": ["dog", "cat"], "plant": ["rose", "oak"]}})
CLASSES = ("word", "induction", "left_delimiter", "right_delimiter")
STAGES = {"animal | plant": ("thing", 0), "dog | cat": ("animal", 1), "rose | oak": ("plant", 1)}
VALUES: dict[str, tuple[Any, ...]] = {
    "seed": (0, 1), "step": (0, 20, 40, 80), "item": TREE.items, "source": TREE.items,
    "target": TREE.items, "label": ("bif", "bif_normalized", "bif_gaussian", "closed_form",
    "unrolled", "loo_0.5", "loo_1"), "kind": ("flip", "minimum", "maximum"), "mode": (0, 1),
    "stage": (*STAGES,), "estimator": ("bif", "bif_gaussian", "unrolled", "loo_1"),
    "limit": ("window", "gamma"), "value": (1.0, 10.0), "quantity": ("relative_error",),
    "nbeta": (8.0, 80.0), "gamma": (100.0, 1000.0), "relative_step": (0.1, 0.5),
    "reference": ("unrolled", "loo_1"), "outcome": ("end_effect", "largest_effect", "predicted",
    "bif"), "length": (10, 40), "center": (10.0, 20.0, 30.0), "hierarchy": ("toy", "depth_2"),
    "initialisation": ("random", "aligned"), "optimizer": ("adam", "momentum"),
    "claim": ("C1", "C2"), "anchor": ("U", "V"), "n": (300.0, 1000.0, 3000.0),
    "prediction": ("first-order theory",), "model": ("controlled", "natural"),
    "experiment": ("language/controlled", "language/controlled/seed0"),
    "horizon": (1, 4), "when": ("now", "end"), "class": CLASSES, "group": (0, 1),
    "name": ("unigram", "bigram", "floor"), "arm": ("none", "uniform", "0-20"),
    "against": ("none",), "size_name": ("14m", "31m"),
    "taken_away": ("nothing", "step size", "alignment", "small start",
    "input covariance"),
}  # fmt: skip
FIXED: dict[str, Any] = {
    "normalized": False, "verdict": "partly", "measured": "m", "interval": "i", "reason": "r",
    "direction": "to_harmful", "reference": "bigram", "posterior": "global", "text": "ab",
    "run": "recorded", "device": "cpu", "censored": False, "mixed": True, "from": 0, "seeds": 2,
    "experiment": "toy", "threads": 1, "definite": 1.0,
}  # fmt: skip
GRID = ["nbeta", "gamma", "relative_step", "n"]  # what rows are about, though not whole numbers
INTERVALS = (("low", "mean", "high"), ("ci_low", "step", "ci_high"), ("low", "ratio", "high"),
             ("ci_low", "agreement", "ci_high"))  # fmt: skip
WELLS = ("wide", "narrow", "up", "down", "twist", "untwist")
SPENT = ("none", "uniform", "0-20", "even", "bif", "even_others", "bif_others", "less_even")
# Where a name means something else in one table.
OWN: dict[str, dict[str, tuple[Any, ...]]] = {
    "toy.events": {"kind": ("flip", "peak"), "step": (30.0,), "value": (0.3,)},
    "toy.removal_times": {"step": (30.0,)},
    "toy.distinction_peaks": {"step": (30.0,), "value": (0.3,), "label": ("bif",),
                              "node": ("animal",)},
    "toy.horizon_means": {"predictor": ("instantaneous", "bif_gaussian", "transported"),
                          "change": (-1.0, 1.0), "quantity": ("rank", "sign")},
    "toy.trajectories": {"step": (0, 20, 40)},
    "theory.phases": {"posterior": ("global", "local", "free_energy", "leading_order"),
                      "anchor": ("U", "V"), "source": WELLS[:4], "target": WELLS[:4],
                      "gamma": (100.0, 1000.0), "quantity": ("weight_U", "total", "within",
                      "between", "within_U", "within_V", "flip", "critical_n")},
    "theory.phases_sampled": {"source": WELLS[:2], "target": WELLS[:2]},
    "theory.times": {"kind": ("flip", "peak")},
    "language.events": {"kind": ("flip", "peak"), "step": (30.0,), "value": (0.3,),
                        "estimator": ("bif", "gradient")},
    "language.trajectories": {"label": ("bif", "bif_normalized", "gradient")},
    "language.forecast_means": {"label": ("bif", "gradient"),
                                "stage": ("induction", "all training")},
    "language.transitions": {"stage": ("word", "induction"), "reference": ("bigram",)},
    "language.landmarks": {"name": ("loss", "in_context", "repeat_gain")},
    "language.localisation_summary": {"gamma": (1e4, 1e5)},
    "language.token_influence": {"source": (0, 1, 2), "target": (0, 1, 2), "class": ("word",)},
    "language.threshold_times": {"outcome": ("induction",), "class": ("induction",)},
    "language.threshold_time_differences": {"class": ("induction",)},
    "language.schedules": {"target": ("induction",), "arm": SPENT, "outcome": ("induction",)},
    "language.schedule_differences": {"target": ("induction",), "arm": SPENT,
                                      "against": ("even", "uniform", "even_others"),
                                      "outcome": ("crossing", "loss")},
    "language.schedule_choices": {"target": ("induction",), "arm": ("bif", "bif_others"),
                                  "class": ("word",)},
    "across.sizes": {"label": ("bif_normalized",), "step": (1, 10)},
}  # fmt: skip


def number(*key: Any) -> float:
    """Between 0 and 1, by what it is of."""
    return zlib.crc32(repr(key).encode()) / 2**32


def table(key: str) -> pd.DataFrame:
    """A small table as declared, by room.name."""
    declared = catalogue()[key]
    room = key.partition(".")[0]
    names = {"source": CLASSES, "target": CLASSES} if room in ("language", "across") else {}
    values = {**VALUES, **names, **OWN.get(key, {})}
    axes = {c: values[c] for c in declared.kinds if c in values}
    if "node" in declared.kinds and "node" not in axes:
        axes.pop("node", None)
    rows = []
    for combination in itertools.product(*axes.values()):
        row = dict(zip(axes, combination, strict=True))
        for name, column in declared.kinds.items():
            if name in row:
                continue
            if name == "node":
                row[name], row["depth"] = STAGES[row["stage"]]
            elif name in FIXED:
                row[name] = FIXED[name]
            elif name != "depth":
                drawn = number(key, name, combination)
                row[name] = drawn if column.kind.startswith("float") else 1 + int(99 * drawn)
        rows.append(_consistent(row))
    return pd.DataFrame(rows)[[*declared.kinds]]


def _consistent(row: dict[str, Any]) -> dict[str, Any]:
    """Intervals hold their values, and stages start before they end."""
    for low, middle, high in INTERVALS:
        if {low, middle, high} <= set(row):
            row[low], row[high] = row[middle] - 0.1, row[middle] + 0.1
    if {"start", "middle", "end"} <= set(row):
        begin = 10.0 * (1 + row.get("depth", 0))
        row |= {"start": begin, "middle": begin + 4, "end": begin + 8}
    if "order" in row:
        row["order"] = [*VALUES["taken_away"]].index(row["taken_away"])
    return row


def tables_of(script: Script) -> Tables:
    """All tables that a figure reads."""
    found = Tables()
    for name in script.reads:
        key = f"{script.room}.{name}"
        if key not in catalogue():
            key = next(k for k in catalogue() if k.endswith(f".{name}"))
        found[name] = table(key)
    found.tree, found.focus = TREE, ("dog", "cat", "oak")
    found.model, found.run = "controlled", "a run made up"
    return found


def changed(rows: pd.DataFrame) -> pd.DataFrame:
    """The same rows with other numbers (in each by one factor of its own), other verdicts, and,
    where a class was chosen by its score, another class."""
    factor = np.array([0.3 + 2.5 * number(k) for k in range(len(rows))])
    floats = rows.select_dtypes("float").drop(columns=GRID, errors="ignore").mul(factor, axis=0)
    if "score" in floats:
        rows = rows.replace({"class": {"word": "induction"}})
    return rows.assign(**floats).replace({"verdict": {"partly": "replicated"}})
