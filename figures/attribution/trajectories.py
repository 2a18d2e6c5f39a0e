"""Influence over training, for `stagewise.plot`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.statistics.uncertainty import mean_interval
from figures.style.common import BLUE, BROWN, GREEN, GREY, INK, ORANGE, PINK, PURPLE, RED, SKY, plt

PANELS, CURVES = 12, 10  # most of each
COLORS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BROWN, PINK, INK, GREY)
SYMBOLS = {"flip": "x", "peak": "v"}


def draw(found: xr.Dataset, events: pd.DataFrame | None) -> Figure:
    """One panel per target, one curve per source; of many, those that change most.

    Args:
        found: influence and std_error, dims (seed, step, source, target).
        events: source, target, kind, step, ci_low, ci_high, value; None: none are marked.

    Returns:
        the figure.
    """
    targets = _most(found, "target", PANELS)
    columns = min(4, len(targets))
    rows = -(-len(targets) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.6 * columns + 1.2, 2.0 * rows + 0.5), squeeze=False,
        sharex=True, layout="constrained",
    )  # fmt: skip
    sources = _most(found, "source", CURVES)
    for panel, target in zip(axes.flat, targets, strict=False):
        _panel(panel, found.sel(target=target), sources, events, target)
    for panel in axes.flat[len(targets) :]:
        panel.set_axis_off()
    for panel in axes[-1]:
        panel.set_xlabel("training step")
    unit = "normalised influence" if found.attrs.get("normalized") else "influence (loss²)"
    for panel in axes[:, 0]:
        panel.set_ylabel(unit)
    curves = [
        Line2D([], [], color=color, label=source)
        for source, color in zip(sources, COLORS, strict=False)
    ]
    figure.legend(handles=curves, title="of", loc="outside right upper")
    left_out = found.sizes["target"] - len(targets)
    figure.suptitle(
        "Below zero: helps. Above: harms. Bands: 95 %. Crosses: flips, triangles: peaks. Dashed: "
        "on itself, cut off where it leaves the panel."
        + (f" {left_out} targets that change less are left out." if left_out else ""),
        fontsize=8, color=GREY, x=0.01, ha="left",
    )  # fmt: skip
    return figure


def _panel(
    panel: Axes, here: xr.Dataset, sources: list[str], events: pd.DataFrame | None, target: str
) -> None:
    """Curves of all sources on one target."""
    steps = here["step"].values
    reach = [0.0]
    for source, color in zip(sources, COLORS, strict=False):
        one = here.sel(source=source)
        mean, low, high = mean_interval(one.influence.values, one.std_error.values)
        own = source == target
        panel.fill_between(steps, low, high, color=color, alpha=0.18, linewidth=0)
        panel.plot(
            steps, mean, color=color, label=source, linewidth=1.0 if own else 1.4,
            dashes=(2, 1.5) if own else (None, None),
        )  # fmt: skip
        if not own:
            reach += [low.min(), high.max()]
        for kind, symbol in SYMBOLS.items():
            if events is None:
                break
            at = _steps_of(events, source, target, kind)
            panel.plot(at, np.interp(at, steps, mean), symbol, color=color, markersize=5)
    if len(sources) > 1 and max(reach) > min(reach):
        room = 0.15 * (max(reach) - min(reach))
        panel.set_ylim(min(reach) - room, max(reach) + room)
    panel.axhline(0, color=INK, linewidth=0.6)
    panel.ticklabel_format(axis="y", scilimits=(-2, 3))
    panel.set_title(f"on {target}")


def _steps_of(events: pd.DataFrame, source: str, target: str, kind: str) -> pd.Series:
    """When a pair has events of a kind."""
    of = (events["source"] == source) & (events["target"] == target) & (events["kind"] == kind)
    return events.loc[of, "step"]


def _most(found: xr.Dataset, axis: str, most: int) -> list[str]:
    """The names whose influence changes most over training, in their own order."""
    names = [str(name) for name in found[axis].values]
    if len(names) <= most:
        return names
    spread = found.influence.mean("seed").std("step")
    other = "source" if axis == "target" else "target"
    size = spread.max(other).values
    return [names[i] for i in sorted(np.argsort(-size)[:most])]
