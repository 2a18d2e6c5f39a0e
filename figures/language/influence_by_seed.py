"""Class influence in every run, overlaid: what the random start changes and what it does not."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from analysis.development.transitions import formation
from figures.language.induction_and_delimiters import PAIRS
from figures.style.common import Tables, pair, zero_line
from figures.style.language import CLASS_COLORS, name_run, spoken, step_axis

READS = ("trajectories", "transitions")

ROWS = (("bif_normalized", "sampled, normalised"), ("gradient", "limit (×10⁻⁴ nats²)"))


def draw(tables: Tables) -> Figure:
    """Columns: pairs. A colour per run; dotted, where its induction is half learnt."""
    curves = tables["trajectories"]
    runs = [r for r in dict.fromkeys(curves["experiment"]) if "/seed" in r]
    here = set(zip(curves["source"], curves["target"], strict=True))
    pairs = [p for p in PAIRS if p in here]
    times = formation(tables["transitions"]).set_index("seed")["middle"]
    figure, axes = plt.subplots(
        len(ROWS), len(pairs), figsize=(3.5 * len(pairs), 4.4), sharex=True, squeeze=False
    )
    for rank_of_row, (row, (label, words)) in enumerate(zip(axes, ROWS, strict=True)):
        for axis, (source, target) in zip(row, pairs, strict=True):
            zero_line(axis)
            for rank, run in enumerate(runs):
                seed = int(run.rpartition("seed")[2])
                color = CLASS_COLORS[rank % len(CLASS_COLORS)]
                chosen = (curves["experiment"] == run) & (curves["label"] == label)
                curve = pair(curves[chosen], source, target)
                scale = 1e4 if label == "gradient" else 1.0
                axis.plot(curve["step"], scale * curve["mean"], color=color, lw=1,
                          label=f"seed {seed}")  # fmt: skip
                if seed in times.index:
                    axis.axvline(times[seed], color=color, lw=0.8, dashes=(1, 2))
            step_axis(axis, curves["step"].max(), label=rank_of_row > 0)
            if rank_of_row == 0:
                axis.set_title(f"{spoken(source)} – {spoken(target)}")
        row[0].set_ylabel(words)
    axes[0, 0].legend(fontsize=6.5)
    name_run(figure, tables.run)
    return figure
