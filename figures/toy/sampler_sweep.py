"""Agreement of BIF with the unrolled derivative and with leave-one-out across sampler settings."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.style.common import BLUE, INK, RED, SKY, Tables

READS = ("sweep_summary",)

REFERENCES = {"unrolled": "against the unrolled derivative", "loo_1": "against leave-one-out"}
COLORS, MARKERS = (SKY, BLUE, RED), "os^"


def draw(tables: Tables) -> Figure:
    """Rows: reference; columns: nbeta. Lines: step sizes, black: no sampling noise."""
    sweep = tables["sweep_summary"]
    sweep = sweep[sweep["equal"] != "ess"]
    references = [name for name in REFERENCES if name in set(sweep["reference"])]
    levels = sorted(sweep["nbeta"].unique())
    figure, axes = plt.subplots(
        len(references), len(levels),
        figsize=(2.4 * len(levels) + 0.8, 2.0 * len(references) + 0.6),
        sharex=True, sharey=True, squeeze=False,
    )  # fmt: skip
    for row, reference in zip(axes, references, strict=True):
        for axis, nbeta in zip(row, levels, strict=True):
            here = sweep[(sweep["reference"] == reference) & (sweep["nbeta"] == nbeta)]
            bif = here[here["estimator"] == "bif"]
            steps = sorted(bif["relative_step"].unique())
            for rank, step in enumerate(steps):
                rows = bif[bif["relative_step"] == step].sort_values("gamma")
                shift = 1.12 ** (rank - (len(steps) - 1) / 2)
                axis.errorbar(
                    rows["gamma"] * shift, rows["mean"],
                    [rows["mean"] - rows["low"], rows["high"] - rows["mean"]],
                    color=COLORS[rank % 3], marker=MARKERS[rank % 3], ms=4, lw=1.2, elinewidth=0.8,
                    label=f"sampled, relative step {step:g}",
                )  # fmt: skip
            exact = here[here["estimator"] == "bif_gaussian"].drop_duplicates("gamma")
            exact = exact.sort_values("gamma")
            axis.plot(exact["gamma"], exact["mean"], color=INK, ls=(0, (1.5, 1.5)), lw=1.2,
                      marker="D", ms=3, mfc="white", label="Gaussian limit (no noise)")  # fmt: skip
            loose = here[here["definite"] < 1]["gamma"].unique()
            for gamma in loose:
                axis.annotate("not local", (gamma, 0.98), xycoords=("data", "axes fraction"),
                              rotation=90, fontsize=6.5, ha="center", va="top")  # fmt: skip
            axis.axhline(0, color=INK, lw=0.5)
        row[0].set_ylabel(f"{REFERENCES[reference]}\nmedian correlation over pairs", fontsize=8)
    for axis, nbeta in zip(axes[0], levels, strict=True):
        axis.set_title(f"nβ = {nbeta:g}")
    for axis in axes[-1]:
        axis.set(xscale="log", xlabel="localisation γ")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, fontsize=7)
    return figure
