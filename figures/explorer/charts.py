"""Pieces of the explorer's charts: stages, cursor, curves with bands, events, matrices.

Data come by name from the page; colours are variables of its style sheet, so that dark mode and
print change them. Above zero harms, below helps.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import altair as alt

from figures.explorer.shaping import EVENTS

INK, PAGE = "currentColor", "var(--page)"
HELPS, HARMS = "var(--help)", "var(--harm)"
BLUE, ORANGE, GREEN, PURPLE = "var(--blue)", "var(--orange)", "var(--green)", "var(--purple)"
SHORT = (
    "abs(datum.value) >= 0.01 || datum.value == 0 ? format(datum.value, '~g')"
    " : format(datum.value, '.2~e')"
)
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {"labelColor": INK, "titleColor": INK, "domainColor": INK, "tickColor": INK,
             "gridColor": INK, "gridOpacity": 0.08, "labelFontSize": 11, "titleFontSize": 11,
             "titleFontWeight": "normal"},
    "text": {"color": INK, "fontSize": 11},
    "rule": {"color": INK},
}  # fmt: skip


def rows(name: str) -> alt.Chart:
    """A chart of a dataset that the page's script will give."""
    return alt.Chart(alt.NamedData(name=name))


def step_axis(octaves: float = 0.0, last: float = 0.0) -> alt.X:
    """Training steps from zero; with `octaves` on the axis log(step + octaves), up to `last`."""
    if not octaves:
        scale = alt.Scale(nice=False, domain=[0, last]) if last else alt.Scale(nice=False)
        axis = alt.Axis(grid=False, tickCount=6, labelOverlap=True, labelSeparation=8)
        return alt.X("step:Q", title="training step", scale=scale, axis=axis)
    marks = [m for m in (0, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000) if m <= last]
    return alt.X(
        "step:Q", title="training step",
        axis=alt.Axis(grid=False, values=marks, labelOverlap=True, labelSeparation=8),
        scale=alt.Scale(type="symlog", constant=octaves, nice=False, domainMin=0),
    )  # fmt: skip


def short_axis(**options: Any) -> alt.Axis:
    """An axis of influence: few ticks, small numbers with exponents."""
    return alt.Axis(labelExpr=SHORT, tickCount=5, **options)


def bands(name: str = "bands", *, names: bool = True, x: alt.X | None = None) -> list[alt.Chart]:
    """Stages as shades with their middles, named above: the columns of `shaping.LEVEL`."""
    scale: dict[str, Any] = {} if x is None else {"scale": x["scale"], "axis": x["axis"]}
    title = "training step"
    shade = rows(name).mark_rect(color=INK, aria=False, clip=True).encode(
        x=alt.X("start:Q", title=title, **scale), x2="end:Q",
        opacity=alt.condition("datum.rank % 2", alt.value(0.13), alt.value(0.06)),
    )  # fmt: skip
    middle = rows(name).mark_rule(strokeDash=[2, 3], opacity=0.5, aria=False, clip=True).encode(
        x=alt.X("middle:Q", title=title, **scale))  # fmt: skip
    if not names:
        return [shade, middle]
    words = rows(name).mark_text(
        angle=320, align="left", baseline="bottom", dx=3, dy=-2, fontSize=10, limit=92
    ).encode(x=alt.X("at:Q", title=title, **scale), y=alt.value(0), text="name:N")  # fmt: skip
    return [shade, middle, words]


def cursor(key: str = "step", x: alt.X | None = None) -> alt.Chart:
    """A line at the step of the slider: the parameter `key`."""
    scale: dict[str, Any] = {} if x is None else {"scale": x["scale"], "axis": x["axis"]}
    here = alt.Chart(alt.InlineData(values=[{}])).transform_calculate(cursor=key)
    return here.mark_rule(strokeWidth=2, opacity=0.75, aria=False).encode(
        x=alt.X("cursor:Q", title="training step", **scale))  # fmt: skip


def zero() -> alt.Chart:
    """The line between helping (below) and harming (above)."""
    here = alt.Chart(alt.InlineData(values=[{"zero": 0}]))
    return here.mark_rule(strokeWidth=1, aria=False).encode(y="zero:Q")


def even(name: str, y: alt.Y) -> alt.Chart:
    """Unseen points that make the axis reach as far below zero as above."""
    size = "max(abs(datum.low), abs(datum.high), abs(datum.mean))"
    drawn = rows(name).transform_calculate(size=size).transform_aggregate(size="max(size)")
    drawn = drawn.transform_calculate(both="[-datum.size, datum.size]")
    drawn = drawn.transform_flatten(["both"], ["mean"])
    return drawn.mark_point(opacity=0, aria=False).encode(y=y)


def curve(name: str, x: alt.X, y: alt.Y, color: str, dash: Iterable[int] = ()) -> list[alt.Chart]:
    """A mean with its 95 % band: columns step, mean, low, high."""
    band = rows(name).transform_filter("isValid(datum.low)").mark_area(
        color=color, opacity=0.2, aria=False).encode(
        x=x, y=alt.Y("low:Q", title=y["title"], axis=y["axis"]), y2="high:Q")  # fmt: skip
    line = rows(name).mark_line(color=color, strokeDash=[*dash] or [1, 0], strokeWidth=2).encode(
        x=x, y=y)  # fmt: skip
    return [band, line]


def numbers(*names: str) -> list[alt.Tooltip]:
    """Numbers in a tooltip."""
    return [alt.Tooltip(f"{name}:Q", format=".4~g") for name in names]


def grips(name: str, x: alt.X) -> alt.Chart:
    """Unseen bars over every checkpoint: they say the numbers there, and a click goes there."""
    return rows(name).mark_rule(opacity=0, strokeWidth=9, aria=False, cursor="pointer").encode(
        x=x, tooltip=numbers("step", "mean", "low", "high"))  # fmt: skip


def events(name: str, y: alt.Y, color: str, *, span: bool = True) -> list[alt.Chart]:
    """Flips (circles on zero) and peaks (triangles) with the intervals of their times."""
    height = alt.Y("value:Q", title=y["title"], axis=y["axis"])
    marks = rows(name).transform_calculate(
        words="datum.what + ' at step ' + format(datum.step, '.0f')"
    ).mark_point(
        size=70, stroke=color, fill=PAGE, opacity=1, strokeWidth=1.8, cursor="pointer", clip=True
    ).encode(
        x="step:Q", y=height, description="words:N",
        shape=alt.Shape("what:N", legend=None, scale=alt.Scale(
            domain=[*EVENTS.values()], range=["circle", "circle", "triangle-up", "triangle-down"])),
        tooltip=["what:N", *numbers("step", *(("ci_low", "ci_high") if span else ()), "value")],
    )  # fmt: skip
    if not span:
        return [marks]
    interval = rows(name).mark_rule(color=color, strokeWidth=1.5, aria=False).encode(
        x="ci_low:Q", x2="ci_high:Q", y=height)  # fmt: skip
    return [interval, marks]


def matrix(source: str, target: str, limit_key: str) -> alt.LayerChart | alt.FacetChart:
    """Influence of every row on every column now: hue is the sign, strength the root of the size.

    Datasets `matrix` (source, target, mean, low, high) and `limits` (the size that gets the full
    colour, by the column `limit_key` of both). The pair that the parameters name is framed.
    """
    words = "replace(datum.label, regexp('_', 'g'), ' ')"
    plain: dict[str, Any] = {"grid": False, "domain": False, "ticks": False, "labelExpr": words}
    x = alt.X("target:N", title="target: whose loss is looked at", sort=None,
              axis=alt.Axis(labelAngle=-50, **plain))  # fmt: skip
    y = alt.Y("source:N", title="source: weighted", sort=None, axis=alt.Axis(**plain))
    sizes = alt.LookupData(alt.NamedData(name="limits"), key=limit_key, fields=["limit"])
    base = rows("matrix").transform_lookup(lookup=limit_key, from_=sizes).transform_calculate(
        strength="sqrt(min(1, abs(datum.mean) / datum.limit))",
        words="datum.source + ' on ' + datum.target + ': ' + format(datum.mean, '.3~g')"
        " + (datum.mean < 0 ? ', helps' : ', harms')",
    )  # fmt: skip
    cells = base.mark_rect(cursor="pointer").encode(
        x=x, y=y, color=alt.condition("datum.mean > 0", alt.value(HARMS), alt.value(HELPS)),
        opacity=alt.Opacity("strength:Q", legend=None,
                            scale=alt.Scale(domain=[0, 1], range=[0.02, 1])),
        tooltip=["source:N", "target:N", *numbers("mean", "low", "high")], description="words:N",
    )  # fmt: skip
    chosen = f"datum.source == {source} && datum.target == {target}"
    frame = rows("matrix").transform_filter(chosen).mark_rect(
        fill=None, stroke=INK, strokeWidth=2.5, aria=False).encode(x=x, y=y)  # fmt: skip
    return alt.layer(cells, frame)


def finished(
    chart: alt.LayerChart | alt.FacetChart, params: dict[str, Any], height: int, says: str
) -> dict[str, Any]:
    """The specification, as wide as its place, with the state's keys as parameters.

    Args:
        chart: layers.
        params: key of the state -> value at first.
        height: pixels.
        says: what is to be seen, for readers who do not see it.

    Returns:
        a Vega-Lite specification.
    """
    whole = chart.add_params(*(alt.param(name=name, value=value) for name, value in params.items()))
    whole = whole.properties(width="container", height=height, description=says)
    specification: dict[str, Any] = whole.to_dict()
    return specification | {
        "config": CONFIG,
        "autosize": {"type": "fit-x", "contains": "padding", "resize": True},
    }
