"""The charts of the language models' page."""

from __future__ import annotations

from typing import Any

import altair as alt

from analysis.development.transitions import OCTAVE_START
from figures.explorer import charts as c


def cells() -> dict[str, Any]:
    """Class x class influence at a checkpoint."""
    whole = c.matrix("from_class", "onto_class", "label")
    start = {"from_class": "", "onto_class": ""}
    return c.finished(whole, start, 330, "Influence between token classes at this checkpoint.")


def trajectory(last: float, *, bands: bool, marks: bool) -> dict[str, Any]:
    """The pair's curve in every run and their mean."""
    x = c.step_axis(OCTAVE_START, last)
    y = alt.Y("mean:Q", title="influence: helps below 0, harms above", axis=c.short_axis())
    runs = c.rows("runs").transform_filter("datum.run != 'mean'").mark_line(
        color=c.INK, opacity=0.35, strokeWidth=1).encode(
        x=x, y=y, detail="run:N")  # fmt: skip
    own = [c.zero(), runs, *c.curve("mean", x, y, c.BLUE)]
    own += c.events("events", y, c.BLUE) if marks else []
    layers = [*(c.bands(x=x) if bands else []), *own, c.cursor("checkpoint", x), c.grips("mean", x)]
    return c.finished(alt.layer(*layers), {"checkpoint": 0}, 270, "Trajectory of the pair.")


def losses(last: float, *, bands: bool) -> dict[str, Any]:
    """Losses of all classes; the pair's in colour."""
    x, y = c.step_axis(OCTAVE_START, last), alt.Y("loss:Q", title="loss (nats)")
    rows = c.rows("learning").transform_calculate(name="datum['class']")
    thin = rows.mark_line(color=c.INK, opacity=0.22, strokeWidth=1).encode(
        x=x, y=y, detail=["name:N", "seed:N"], tooltip="name:N")  # fmt: skip
    pair = [
        rows.transform_filter(f"datum.name == {key}").mark_line(
            color=color, strokeDash=dash, strokeWidth=1.6, opacity=0.9).encode(
            x=x, y=y, detail="seed:N", tooltip="name:N")
        for key, color, dash in (("from_class", c.BLUE, [1, 0]), ("onto_class", c.PURPLE, [5, 3]))
    ]  # fmt: skip
    layers = [*(c.bands(x=x) if bands else []), thin, *pair, c.cursor("checkpoint", x)]
    start = {"checkpoint": 0, "from_class": "", "onto_class": ""}
    return c.finished(alt.layer(*layers), start, 220, "Loss of every class over training.")
