"""The charts of predictions."""

from __future__ import annotations

from typing import Any

import altair as alt

from figures.explorer import charts as c


def prediction(last: float, *, bands: bool, marks: bool) -> dict[str, Any]:
    """A pair's predicted curve, the one of the training itself, and the predicted events."""
    x = c.step_axis(last=last)
    y = alt.Y("influence:Q", title="influence: helps below 0, harms above", axis=c.short_axis())
    home = (
        c.rows("home")
        .mark_line(color=c.INK, opacity=0.4, strokeWidth=1.2, clip=True)
        .encode(x=x, y=y)
    )
    curve = c.rows("curve").mark_line(color=c.BLUE, strokeWidth=2, clip=True).encode(x=x, y=y)
    here = c.events("events", y, c.BLUE, span=False) if marks else []
    before = c.events("before", y, c.INK, span=False) if marks else []
    faint = [chart.encode(opacity=alt.value(0.4)) for chart in before]
    layers = [*(c.bands(x=x) if bands else []), c.zero(), home, *faint, curve, *here]
    return c.finished(alt.layer(*layers), {}, 230, "Predicted influence over training.")
