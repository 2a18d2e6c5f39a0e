"""What if: where theory puts flips and peaks were the hierarchy, the start or the pace others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from figures.explorer.parts import Key, Packed, Panel, Query, View
from figures.explorer.shaping import in_words, levels

READS = ("theory.what_if", "theory.what_if_events", "theory.what_if_stages")

SETTING = ("sharpness", "init_scale", "learning_rate")
WORDS = {
    "sharpness": (
        "Sharpness of the hierarchy",
        "Above 1, what is told apart deep in the tree weighs less, so that the stages spread "
        "apart; below 1 they draw together.",
    ),
    "init_scale": (
        "Initial scale",
        "Standard deviation of a weight at step 0: the smaller, the longer training waits before "
        "each stage, and the sharper the stages are.",
    ),
    "learning_rate": (
        "Learning rate",
        "The pace: theory knows learning rate × step only, so that doubling it halves every time.",
    ),
}
THEORIES = {"first_order": "first-order theory", "closed_form": "closed form"}
SEEN = 1.8  # times the steps of the setting compared with, that the axes reach
INTRO = """Theory alone, nothing sampled: what would the influence of one item on others be if the
hierarchy were sharper, the network started smaller, or learnt faster? The thin grey curve is the
setting the network was trained with. Circles: predicted flips. Triangles: predicted peaks."""


def view(tables: Mapping[str, pd.DataFrame], told: Mapping[str, str]) -> View:
    """The page of predictions.

    Args:
        tables: by key of the catalogue.
        told: "setting init_scale" and "setting learning_rate": what the toy was trained with; where
            they are not told, the middle of the grid.

    Returns:
        the view; one panel per pair.
    """
    curves = tables.get("theory.what_if")
    if curves is None:
        return View("what-if", "What if", INTRO, panels=(_missing(),))
    home = {name: _home(name, curves[name], told) for name in SETTING}
    packed = {"theory": Packed(curves, digits={"influence": -4, "step": -6})}
    at_home = np.logical_and.reduce([np.isclose(curves[n], v) for n, v in home.items()])
    last = float(curves[at_home]["step"].max()) * SEEN
    if "theory.what_if_events" in tables:
        packed["events"] = Packed(in_words(tables["theory.what_if_events"]))
    if "theory.what_if_stages" in tables:
        packed["stages"] = Packed(_levels(tables["theory.what_if_stages"], last))
    values = {n: [(float(v), f"{v:g}") for v in np.sort(curves[n].unique())] for n in SETTING}
    theories = [*dict.fromkeys(curves["theory"])]
    sliders = [
        Key(n, WORDS[n][0], {"": values[n]}, home[n], "", "range", WORDS[n][1]) for n in SETTING
    ]
    choice = [(t, THEORIES.get(t, t.replace("_", " "))) for t in theories]
    keys = (*sliders, Key("theory", "Theory", {"": choice}, "first_order"))
    panels = _panels(curves, packed, home, last)
    return View("what-if", "What if", INTRO, keys, panels, packed, _tries(values, home))


def _home(name: str, values: pd.Series, told: Mapping[str, str]) -> float:
    """The value on the grid that the toy was trained with."""
    grid = np.sort(values.unique())
    wanted = float(
        told.get(f"setting {name}", 1.0 if name == "sharpness" else grid[len(grid) // 2])
    )
    return float(grid[np.abs(grid - wanted).argmin()])


def _levels(stages: pd.DataFrame, last: float) -> pd.DataFrame:
    """Levels of the hierarchy at every setting."""
    found = []
    for setting, rows in stages.groupby([*SETTING], sort=False):
        found.append(levels(rows, last).assign(**dict(zip(SETTING, setting, strict=True))))
    return pd.concat(found, ignore_index=True).drop(columns="learnt")


def _panels(
    curves: pd.DataFrame, packed: Mapping[str, Packed], home: Mapping[str, float], last: float
) -> tuple[Panel, ...]:
    """A panel per pair, and its events in words."""
    from figures.explorer.what_if_charts import prediction

    at: dict[str, Any] = {name: name for name in (*SETTING, "theory")}
    then: dict[str, Any] = {
        **{name: {"is": value} for name, value in home.items()},
        "theory": "theory",
    }
    found = []
    pairs = [*dict.fromkeys(zip(curves["source"], curves["target"], strict=True))]
    wide = 12 // min(3, len(pairs))
    for rank, (source, target) in enumerate(pairs):
        pair: dict[str, Any] = {"source": {"is": source}, "target": {"is": target}}
        events = Query("events", {**at, **pair})
        data = {"curve": Query("theory", {**at, **pair}), "home": Query("theory", {**then, **pair})}
        if "stages" in packed:
            data["bands"] = Query("stages", {name: name for name in SETTING})
        if "events" in packed:
            data |= {"events": events, "before": Query("events", {**then, **pair})}
        chart = prediction(last, bands="bands" in data, marks="events" in data)
        found.append(Panel(
            f"what-if-{rank}", f"{source} → {target}",
            f"Predicted influence of {source} on {target} over training, with its flips and peaks; "
            "grey: as trained.", READS, data, chart=chart, stack=f"{rank}", wide=wide, height=260,
        ))  # fmt: skip
        found.append(Panel(
            f"what-if-events-{rank}", "", f"Predicted events of {source} on {target}.",
            (READS[1], READS[0]), {"events": events}, "sentences", stack=f"{rank}", wide=wide,
            template="{what} at step {step}", none="theory has no flip or peak here",
        ))  # fmt: skip
    return tuple(found)


def _missing() -> Panel:
    """What stands in place of the charts where there is no table."""
    return Panel("what-if-0", "Predictions", "", READS, {"curve": Query("theory")}, wide=12)


def _tries(
    values: Mapping[str, list[tuple[float, str]]], home: Mapping[str, float]
) -> tuple[tuple[str, dict[str, object]], ...]:
    """Links to one setting turned at a time."""
    found: list[tuple[str, dict[str, object]]] = [("as it was trained", dict(home))]
    for name, end, words in (("sharpness", -1, "a sharper hierarchy"),
                             ("init_scale", 0, "a smaller start"),
                             ("learning_rate", 0, "learning more slowly")):  # fmt: skip
        value = values[name][end][0]
        if value != home[name]:
            found.append((words, {**home, name: value}))
    return tuple(found)
