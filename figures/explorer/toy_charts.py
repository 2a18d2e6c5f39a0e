"""The charts of the toy's page."""

from __future__ import annotations

from typing import Any, Literal

import altair as alt

from figures.explorer import charts as c

LEVELS = (c.INK, c.BLUE, c.GREEN, c.ORANGE, c.PURPLE, "var(--sky)")


def trajectory(*, bands: bool, marks: bool) -> dict[str, Any]:
    """The pair's curve with its band, a second estimator on an axis of its own, and the events."""
    x = c.step_axis()
    y = alt.Y("mean:Q", title="influence: helps below 0, harms above", axis=c.short_axis())
    shown = {"expr": "second == 'none' ? 0 : 1"}
    other = alt.Y("mean:Q", title="beside it (dashed)", axis=alt.Axis(
        labelExpr=f"second == 'none' ? '' : {c.SHORT}", orient="right", grid=False, tickCount=5,
        domainOpacity=shown, tickOpacity=shown, titleOpacity=shown, titleColor=c.ORANGE,
        labelColor=c.ORANGE))  # fmt: skip
    own = [c.zero(), c.even("curve", y), *c.curve("curve", x, y, c.BLUE)]
    own += c.events("events", y, c.BLUE) if marks else []
    beside = alt.layer(c.even("second", other), *c.curve("second", x, other, c.ORANGE, [6, 3]))
    layers = [*(c.bands() if bands else []), alt.layer(*own), beside]
    whole = alt.layer(*layers, c.cursor(), c.grips("curve", x)).resolve_scale(y="independent")
    return c.finished(
        whole, {"step": 0, "second": "none"}, 270, "Trajectory of the pair's influence."
    )


def cells() -> dict[str, Any]:
    """Item x item influence at a step."""
    whole = c.matrix("source", "target", limit_key="label")
    return c.finished(
        whole, {"source": "", "target": ""}, 330, "Influence between all items at this step."
    )


def losses(*, bands: bool) -> dict[str, Any]:
    """Losses of the items and their mean."""
    x, y = (
        c.step_axis(),
        alt.Y("loss:Q", title="loss (squared error / 2)", scale=alt.Scale(zero=True)),
    )
    rows = c.rows("losses")
    thin = rows.mark_line(color=c.INK, opacity=0.25, strokeWidth=1).encode(
        x=x, y=y, detail="item:N"
    )
    mean = rows.mark_line(color=c.INK, strokeWidth=2.5).encode(
        x=x, y=alt.Y("mean(loss):Q", title=y["title"]))  # fmt: skip
    pair = [
        rows.transform_filter(f"datum.item == {key}").mark_line(
            color=color, strokeDash=dash, strokeWidth=2).encode(x=x, y=y)
        for key, color, dash in (("source", c.BLUE, [1, 0]), ("target", c.PURPLE, [5, 3]))
    ]  # fmt: skip
    grips = rows.transform_aggregate(loss="mean(loss)", groupby=["step"]).mark_rule(
        opacity=0, strokeWidth=9, aria=False, cursor="pointer").encode(
        x=x, tooltip=["step:Q", alt.Tooltip("loss:Q", title="mean loss", format=".4~g")],
    )  # fmt: skip
    layers = [*(c.bands(names=False) if bands else []), thin, *pair, mean, c.cursor(), grips]
    start = {"step": 0, "source": "", "target": ""}
    return c.finished(alt.layer(*layers), start, 220, "Loss over training.")


def modes(*, bands: bool) -> dict[str, Any]:
    """Strength of every mode, measured and by theory, named at the right end."""
    x = c.step_axis()
    color = alt.Color(
        "level:O", legend=None, scale=alt.Scale(domain=[*range(1, 7)], range=[*LEVELS])
    )
    rows = c.rows("modes")
    measured = rows.mark_line(strokeWidth=1.5).encode(
        x=x, y=alt.Y("measured:Q", title="mode strength"), color=color, detail="mode:N",
    )  # fmt: skip
    theory = rows.transform_filter("isValid(datum.theory)").mark_line(
        strokeDash=[4, 3], strokeWidth=1.5, opacity=0.8).encode(
        x=x, y="theory:Q", color=color, detail="mode:N")  # fmt: skip
    ends = rows.transform_aggregate(
        measured="max(measured)", step="max(step)", groupby=["level", "name"]).mark_text(
        align="right", baseline="bottom", dy=-3, fontSize=10).encode(
        x=x, y="measured:Q", color=color, text="name:N")  # fmt: skip
    grips = rows.transform_aggregate(groupby=["step"]).mark_rule(
        opacity=0, strokeWidth=9, aria=False, cursor="pointer").encode(
        x=x, tooltip="step:Q")  # fmt: skip
    layers = [*(c.bands(names=False) if bands else []), measured, theory, ends, c.cursor(), grips]
    return c.finished(alt.layer(*layers), {"step": 0}, 220, "Mode strengths over training.")


def hidden_map() -> dict[str, Any]:
    """Items in the plane: now, and the paths they take."""
    plain: dict[str, Any] = {"grid": False, "ticks": False, "labels": False}
    x = alt.X("x:Q", title="MDS 1", axis=alt.Axis(**plain), scale=alt.Scale(padding=40))
    y = alt.Y("y:Q", title="MDS 2", axis=alt.Axis(**plain), scale=alt.Scale(padding=14))
    paths = c.rows("paths").mark_line(color=c.INK, opacity=0.18, strokeWidth=1, aria=False).encode(
        x=x, y=y, detail="item:N", order="step:Q")  # fmt: skip
    role = "datum.item == source ? 'source' : datum.item == target ? 'target' : 'other'"
    color = alt.Color("role:N", legend=None, scale=alt.Scale(
        domain=["source", "target", "other"], range=[c.BLUE, c.PURPLE, c.INK]))  # fmt: skip
    points = c.rows("points").transform_calculate(role=role)
    dots = points.mark_circle(size=60, opacity=0.9, cursor="pointer").encode(
        x=x, y=y, color=color, tooltip=["item:N", "step:Q"])  # fmt: skip
    beside = alt.X("name_x:Q", title="MDS 1", axis=alt.Axis(**plain), scale=alt.Scale(padding=40))
    height = alt.Y("name_y:Q", title="MDS 2", axis=alt.Axis(**plain), scale=alt.Scale(padding=14))
    sides: tuple[tuple[int, int, Literal["left", "right"]], ...] = (
        (0, 9, "left"),
        (1, -9, "right"),
    )
    words = [
        points.transform_filter(f"datum.left == {left}").mark_text(
            dx=dx, align=align, baseline="middle", fontSize=10, aria=False).encode(
            x=beside, y=height, text="item:N", color=color)
        for left, dx, align in sides
    ]  # fmt: skip
    start = {"step": 0, "source": "", "target": ""}
    return c.finished(alt.layer(paths, dots, *words), start, 220, "Map of the hidden layer.")
