"""Toy: training step by step, the influence of every item on every other, and its events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from figures.explorer.parts import Key, Packed, Panel, Query, View
from figures.explorer.shaping import full_colour, in_words, levels
from figures.style.common import stage_means

READS = ("toy.trajectories", "toy.events", "toy.transitions", "toy.losses", "toy.modes",
         "toy.embedding")  # fmt: skip

HOME = "toy"  # the variant that is shown first
NONE = "none"
WORDS = {
    "bif": "BIF, sampled (loss²)",
    "bif_normalized": "BIF, sampled, normalised (−correlation)",
    "bif_gaussian": "BIF, Gaussian limit: theory at each checkpoint (loss²)",
    "bif_gaussian_normalized": "BIF, Gaussian limit, normalised (−correlation)",
    "closed_form": "closed form: theory of training (loss per weight)",
    "first_order": "first-order theory of training (loss per weight)",
    "unrolled": "unrolled derivative: exact (loss per weight)",
}
CLUSTER = 0.15  # of the map's width: points so near each other have their names in a column
NAMES = 15  # lines of names that the map has room for
PAIR = {"source": "source", "target": "target"}
INTRO = """A two-layer linear network learns a hierarchy of items. Move the slider through its
training (arrow keys work), click a cell of the matrix for that pair, click a curve to go there."""


def view(tables: Mapping[str, pd.DataFrame], told: Mapping[str, str]) -> View:
    """The toy's page; panels whose table is missing become sentences.

    Args:
        tables: by key of the catalogue, each with a first column `variant`.
        told: words for the variants, by name.

    Returns:
        the view.
    """
    curves = tables.get("toy.trajectories")
    if curves is None:
        return View("toy", "Toy", INTRO, panels=panels({}))
    packed = {
        "curves": Packed(curves, "variant"),
        "limits": Packed(full_colour(curves, "variant"), "variant"),
    }
    if "toy.events" in tables:
        packed["events"] = Packed(in_words(tables["toy.events"]), "variant")
    if "toy.transitions" in tables:
        shaded = stages(tables["toy.transitions"], curves.groupby("variant")["step"].max())
        packed["stages"] = Packed(shaded, "variant")
        packed["now"] = Packed(being_learnt(shaded, curves), "variant")
    if "toy.losses" in tables:
        packed["losses"] = Packed(over_seeds(tables["toy.losses"], ["step", "item"], ["loss"]),
                                  "variant")  # fmt: skip
    if "toy.modes" in tables:
        packed["modes"] = Packed(modes(tables["toy.modes"]), "variant")
    if "toy.embedding" in tables:
        packed["paths"] = Packed(paths(tables["toy.embedding"]), "variant")
    names = {
        v: [*dict.fromkeys(rows["source"])] for v, rows in curves.groupby("variant", sort=False)
    }
    return View("toy", "Toy", INTRO, keys(curves, names, told, first_flip(tables, names)),
                panels(packed), packed, tries(tables))  # fmt: skip


def keys(
    curves: pd.DataFrame, names: Mapping[str, list[str]], told: Mapping[str, str], start: float
) -> tuple[Key, ...]:
    """What can be chosen: the variant first, on which the rest depends; steps from `start` on."""
    variants = [*names]
    parts = dict(iter(curves.groupby("variant", sort=False)))
    steps = {v: [(int(s), str(s)) for s in np.sort(parts[v]["step"].unique())] for v in variants}
    labels = {v: [(n, spoken(n)) for n in dict.fromkeys(parts[v]["label"])] for v in variants}
    items = {v: [(n, n) for n in names[v]] for v in variants}
    first = names[HOME if HOME in names else variants[0]]
    others = {v: [(NONE, "none"), *labels[v]] for v in variants}
    return (
        Key(
            "variant",
            "Training",
            {"": [(v, told.get(f"variant {v}", variant_words(v))) for v in variants]},
            HOME,
        ),
        Key("step", "Training step", steps, start, "variant", "play"),
        Key("source", "Source (weighted)", items, first[0], "variant"),
        Key("target", "Target (its loss)", items, first[min(2, len(first) - 1)], "variant"),
        Key("estimator", "Influence by", labels, "bif", "variant"),
        Key("second", "Beside it", others, NONE, "variant"),
    )


def first_flip(tables: Mapping[str, pd.DataFrame], names: Mapping[str, list[str]]) -> float:
    """When the pair shown first turns harmful by sampling: there the slider begins, or at 0."""
    events = tables.get("toy.events", pd.DataFrame())
    if events.empty:
        return 0.0
    items = names.get(HOME, next(iter(names.values())))
    shown = events[(events["estimator"] == "bif") & (events["direction"] == "to_harmful")]
    shown = shown[
        (shown["source"] == items[0]) & (shown["target"] == items[min(2, len(items) - 1)])
    ]
    found = shown[shown["variant"] == HOME]["step"]
    return float(found.min()) if len(found) else 0.0


def panels(packed: Mapping[str, Packed]) -> tuple[Panel, ...]:
    """The panels in order, with their charts where there is something to draw."""
    from figures.explorer import toy_charts as charts

    at = {"label": "estimator", **PAIR}
    beside = {"label": "second", **PAIR}
    bands = {"bands": Query("stages")} if "stages" in packed else {}
    marks = {"events": Query("events", at)} if "events" in packed else {}
    return (
        Panel(
            "toy-now", "", "Which distinctions are being learnt at the step of the slider.",
            ("toy.transitions", "toy.trajectories"), {"now": Query("now", {"step": "step"})},
            "sentences", template="Step {step}: {text}", wide=12,
        ),
        Panel(
            "toy-matrix", "Influence at this step",
            "Influence of every item (row) on every other (column) at the step of the slider. Blue "
            "helps, orange harms; the stronger the colour, the larger. Click a cell for its "
            "trajectory.",
            READS[:1],
            {"matrix": Query("curves", {"label": "estimator", "step": "step"}),
             "limits": Query("limits")},
            chart=charts.cells(), params=("source", "target"), picks=PAIR, scale=True, wide=5,
            height=330,
        ),
        Panel(
            "toy-pair", "Trajectory of the pair",
            "Influence of the source on the target over training, mean over starts with its 95 % "
            "interval; circles are flips, triangles peaks, with the intervals of their times; "
            "stages are shaded. Dashed: the second estimator, on its own axis.",
            READS[:3],
            {"curve": Query("curves", at), "second": Query("curves", beside), **marks, **bands},
            chart=charts.trajectory(bands=bool(bands), marks=bool(marks)),
            params=("step", "second"), picks={"step": "step"}, wide=7, stack="pair", height=270,
        ),
        Panel(
            "toy-value", "", "The numbers of the pair at this step.", READS[:1],
            {"value": Query("curves", {**at, "step": "step"})}, "sentences",
            template="{source} on {target} at step {step}: {mean}, 95 % interval {low} to {high}; "
            "{estimator}",
            wide=7, stack="pair",
        ),
        Panel(
            "toy-events", "", "Flips and peaks of the pair.", ("toy.events", "toy.trajectories"),
            {"events": Query("events", at)}, "sentences",
            template="{what} at step {step} [{ci_low}, {ci_high}]",
            none="no flip or peak that stands out from chance", wide=7, stack="pair",
        ),
        Panel(
            "toy-loss", "Loss",
            "Loss of every item over training (thin), of the source (blue) and the target (purple, "
            "dashed), and the mean over items (bold); mean over starts.",
            ("toy.losses", "toy.trajectories", "toy.transitions"),
            {"losses": Query("losses"), **bands}, chart=charts.losses(bands=bool(bands)),
            params=("step", *PAIR), picks={"step": "step"}, wide=4, height=220,
        ),
        Panel(
            "toy-modes", "Mode strengths",
            "Strength of every mode of the network over training, mean over starts: measured "
            "(lines) and by theory (dashed). Each level of the hierarchy is a singular value s.",
            ("toy.modes", "toy.trajectories", "toy.transitions"),
            {"modes": Query("modes"), **bands}, chart=charts.modes(bands=bool(bands)),
            params=("step",), picks={"step": "step"}, wide=4, height=220,
        ),
        Panel(
            "toy-map", "Map of the hidden layer",
            "Where the hidden layer puts every item at this step, with the paths it takes (one "
            "start, multidimensional scaling).",
            ("toy.embedding", "toy.trajectories"),
            {"points": Query("paths", {"step": "step"}), "paths": Query("paths")},
            chart=charts.hidden_map(), params=("step", *PAIR), picks={"target": "item"}, wide=4,
            height=220,
        ),
    )  # fmt: skip


def spoken(label: str) -> str:
    """A curve as people say it, with its unit."""
    removed = re.fullmatch(r"loo_([\d.]+)", label)
    if removed:
        share = float(removed[1])
        words = "leave-one-out: retrained without the source" if share == 1 else (
            f"leave-one-out, {share:.0%} of the source's weight removed")  # fmt: skip
        return f"{words} (loss)"
    return WORDS.get(label, label.replace("_", " "))


def variant_words(name: str) -> str:
    """A variant as people say it."""
    return "default hierarchy, gradient descent" if name == HOME else name.replace("_", " ")


def over_seeds(table: pd.DataFrame, by: list[str], values: list[str]) -> pd.DataFrame:
    """Means over seeds."""
    return table.groupby(["variant", *by], sort=False)[values].mean().reset_index()


def stages(transitions: pd.DataFrame, last: pd.Series) -> pd.DataFrame:
    """Levels of the hierarchy of every variant, means over a level and the seeds."""
    found = []
    for variant, rows in transitions.groupby("variant", sort=False):
        means = stage_means(rows)
        found.append(levels(means, float(last[variant])).assign(variant=variant))
    return pd.concat(found, ignore_index=True)


def being_learnt(shaded: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """A sentence on the stages for every step."""
    found = []
    for variant, rows in curves.groupby("variant", sort=False):
        here = shaded[shaded["variant"] == variant]
        for step in np.sort(rows["step"].unique()):
            now = here[(here["start"] <= step) & (step <= here["learnt"])]["name"]
            done = here[here["learnt"] < step]["name"]
            text = ("being learnt: " + "; ".join(now)) if len(now) else (
                "everything is learnt" if len(done) == len(here) else "nothing is learnt yet"
                if not len(done) else "between stages")  # fmt: skip
            found.append((variant, int(step), text))
    return pd.DataFrame(found, columns=["variant", "step", "text"])


def modes(table: pd.DataFrame) -> pd.DataFrame:
    """Strengths, means over seeds, with the rank of the level that a mode belongs to."""
    mean = over_seeds(table, ["step", "mode"], ["singular_value", "measured", "theory"])
    value = mean["singular_value"].round(4)
    mean["level"] = value.groupby(mean["variant"]).rank("dense", ascending=False).astype(int)
    mean["name"] = "s = " + value.map("{:.3f}".format)
    return mean.drop(columns="singular_value")


def paths(embedding: pd.DataFrame) -> pd.DataFrame:
    """The first seed's map of every variant, with places for the names: clear of each other
    (`name_y`) and of the other points of the cluster (`name_x`), on either side (`left`)."""
    first = embedding.groupby("variant")["seed"].transform("min")
    found = embedding[embedding["seed"] == first].drop(columns="seed")
    found = found.sort_values(["variant", "step", "y"], kind="stable")
    found["left"] = found["x"] < 0
    size = found.groupby("variant")[["x", "y"]].transform(np.ptp)
    side = [found[name] for name in ("variant", "step", "left")]
    rank, height = found.groupby(["variant", "step", "left"]).cumcount(), size["y"] / NAMES
    outer = found["x"].groupby(side)
    outer = outer.transform("min").where(found["left"], outer.transform("max"))
    near = (outer - found["x"]).abs() < CLUSTER * size["x"]
    return found.assign(
        name_x=outer.where(near, found["x"]),
        name_y=(found["y"] - rank * height).groupby(side).cummax() + rank * height,
    )


def tries(tables: Mapping[str, pd.DataFrame]) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Links worth following, from the events that were found: the surest of either kind."""
    events = tables.get("toy.events", pd.DataFrame())
    if events.empty:
        return ()
    sure = events[(events["variant"] == HOME) & (events["estimator"] == "bif")]
    found: list[tuple[str, dict[str, Any]]] = []
    for direction, words in (("to_harmful", "{s} turns from helping {t} to harming it"),
                             ("maximum", "{s} harms {t} most")):  # fmt: skip
        rows = sure[(sure["direction"] == direction) & (sure["value"] >= 0)]
        for row in rows.sort_values("q_value", kind="stable").head(1).itertuples():
            words = f"{words.format(s=row.source, t=row.target)} (step {row.step:.0f})"
            state = {"variant": HOME, "step": round(row.step), "source": row.source}
            found.append((words, {**state, "target": row.target, "estimator": "bif"}))
    return tuple(found)
