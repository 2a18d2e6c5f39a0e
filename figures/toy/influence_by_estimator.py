"""Influence of one item on its relatives by every estimator (the paper's figure 3)."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.style.common import (
    LOOKS,
    PURPLE,
    Look,
    Tables,
    draw_curve,
    mark_events,
    name_grid,
    pair,
    shade_stages,
    zero_line,
)

READS = ("trajectories", "events", "transitions")

# Curves drawn in another's row, or not at all: first_order equals unrolled, and of the ladder of
# removals the whole one is shown.
WITHIN = {"bif_gaussian": "bif"}
LEFT_OUT = ("bif_gaussian_normalized", "first_order")
ROWS = ("bif", "bif_normalized", "closed_form", "unrolled", "loo_1")
UNITS = {
    "bif": "BIF\n(×10⁻⁴ loss²)",
    "bif_normalized": "BIF, normalised\n(−correlation)",
    "closed_form": "closed form\n(loss per weight)",
    "unrolled": "unrolled\n(loss per weight)",
    "loo_1": "leave-one-out\n(loss)",
}
SCALE = {"bif": 1e4}
SHOWN_SHARE = 0.08  # peaks smaller than this share of the panel's largest are not marked


def draw(tables: Tables) -> Figure:
    """A grid: estimators down, targets across; bands and marks carry 95 % intervals."""
    trajectories, events = tables["trajectories"], tables["events"]
    source, *targets = tables.focus
    labels = rows_of(set(trajectories["label"]))
    figure, axes = plt.subplots(
        len(labels), len(targets), figsize=(2.5 * len(targets), 1.45 * len(labels) + 0.4),
        sharex=True, sharey="row", squeeze=False,
    )  # fmt: skip
    for row, label in zip(axes, labels, strict=True):
        look, scale = look_of(label), SCALE.get(label, 1.0)
        for axis, target in zip(row, targets, strict=True):
            shade_stages(axis, tables["transitions"])
            zero_line(axis)
            curve = pair(trajectories[trajectories["label"] == label], source, target)
            draw_curve(axis, curve, look, scale)
            if label == "bif":
                exact = trajectories[trajectories["label"] == "bif_gaussian"]
                draw_curve(axis, pair(exact, source, target), LOOKS["bif_gaussian"], scale)
            found = pair(events[events["estimator"] == label], source, target)
            large = found["value"].abs() >= SHOWN_SHARE * curve["mean"].abs().max()
            mark_events(axis, found[(found["kind"] == "flip") | large], look.color, 0.0, scale)
            if axis is row[0]:
                axis.set_ylabel(UNITS.get(label, label.replace("_", " ")))
    name_grid(axes, source, targets, "training step")
    handles, names = axes[0, 0].get_legend_handles_labels()
    axes[0, -1].legend(handles, names, loc="center right", bbox_to_anchor=(1, 0.72), fontsize=7)
    axes[0, 0].set_xlim(0, trajectories["step"].max())
    return figure


def rows_of(labels: set[str]) -> list[str]:
    """The curves that get a row: the known ones in their order, then every other."""
    known = [label for label in ROWS if label in labels]
    hidden = {*ROWS, *WITHIN, *LEFT_OUT}
    others = sorted(x for x in labels - hidden if not x.startswith("loo_"))
    return known + others


def look_of(label: str) -> Look:
    """How a curve looks; one that is not known, like nothing else."""
    return LOOKS.get(label, Look(label.replace("_", " "), PURPLE, (2, 1)))
