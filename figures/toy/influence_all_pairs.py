"""Influence between all pairs as small multiples (the paper's appendix figure 7)."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.style.common import BLUE, GREEN, GREY, PALE, Tables, pair, zero_line

READS = ("trajectories",)

MOST_ITEMS = 12
LABELS = (("bif_normalized", BLUE, ()), ("closed_form", GREEN, (3, 1.5)))


def draw(tables: Tables) -> Figure:
    """Rows are sources, columns targets. Curves are scaled to the largest size among the pairs
    told apart at the same depth (the number in the corner says how far distant pairs are blown
    up); panels related by the tree's symmetry show equal curves."""
    trajectories, tree = tables["trajectories"], tables.tree
    # A large tree is shown by items spread over it: more panels would not be readable.
    items = tree.items[:: -(-len(tree.items) // MOST_ITEMS)]
    n = len(items)
    figure, axes = plt.subplots(n, n, figsize=(0.92 * n + 0.6, 0.8 * n + 0.7), sharex=True,
                                sharey=True)  # fmt: skip
    present = [entry for entry in LABELS if entry[0] in set(trajectories["label"])]
    for label, color, dashes in present:
        rows = trajectories[trajectories["label"] == label]
        sizes = rows.groupby(["source", "target"])["mean"].agg(lambda x: x.abs().max())
        depth = {
            (a, b): tree.depth(tree.lowest_common_ancestor(a, b))
            for a in items for b in items if a != b
        }  # fmt: skip
        largest: dict[int, float] = {}
        for key, level in depth.items():
            largest[level] = max(largest.get(level, 0.0), sizes[key])
        for i, source in enumerate(items):
            for j, target in enumerate(items):
                axis = axes[i, j]
                if i == j:
                    axis.set_facecolor(PALE)
                    continue
                curve = pair(rows, source, target)
                size = largest[depth[source, target]]
                scale, blown_up = 1 / size, max(largest.values()) / size
                if label == present[0][0]:
                    axis.annotate(f"×{blown_up:.1f}", (0.98, 0.04), xycoords="axes fraction",
                                  ha="right", fontsize=6, color=GREY)  # fmt: skip
                axis.fill_between(curve["step"], scale * curve["low"], scale * curve["high"],
                                  color=color, alpha=0.25, lw=0)  # fmt: skip
                (line,) = axis.plot(curve["step"], scale * curve["mean"], color=color, lw=1.1)
                if dashes:
                    line.set_dashes(dashes)
    for i, item in enumerate(items):
        axes[0, i].set_title(item, fontsize=8, loc="center")
        axes[i, 0].set_ylabel(item, rotation=0, ha="right", va="center")
        for j in range(n):
            zero_line(axes[i, j])
            axes[i, j].tick_params(labelsize=6, length=2)
            axes[i, j].set_ylim(-1.08, 1.08)
    figure.supxlabel("training step (columns: target)", fontsize=8.5)
    if len(items) < len(tree.items):
        figure.suptitle(f"{len(items)} of {len(tree.items)} items, spread over the tree")
    figure.supylabel("source; influence, scaled (up: harmful, down: helpful)", fontsize=8.5)
    handles = [
        plt.Line2D([], [], color=color, lw=1.4, ls=(0, dashes) if dashes else "-")
        for _, color, dashes in present
    ]
    names = {"bif_normalized": "BIF, normalised (sampled)", "closed_form": "closed form"}
    figure.legend(handles, [names[label] for label, *_ in present], loc="outside upper right",
                  ncols=2)  # fmt: skip
    return figure
