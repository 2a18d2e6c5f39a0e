"""X7: influence and the next steps. The rule stands in
docs/explanation/rules-of-verdict/x7.md."""

from __future__ import annotations

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.decisions import interval_above
from analysis.claims.language_evidence import LanguageEvidence
from analysis.interventions.summaries import ALL


@claim(
    "X7",
    "Influence at a checkpoint predicts the next steps better than influence at the end",
    origin="extension",
    room="language",
    figure="forecast",
    reads=("forecast_means",),
)
def influence_predicts(e: LanguageEvidence) -> Finding:
    """X7: rank correlation with the measured effect of up-weighting each class."""
    table = e.tables["forecast_means"]
    table = table[table["stage"] == ALL]
    bif = table[table["label"] == "bif"].set_index(["horizon", "when"])
    if bif.empty or int(bif["seeds"].iloc[0]) < 2:
        raise NoEvidence("one run only: no interval")
    exact = table[table["label"] == "gradient"].set_index(["horizon", "when"])["mean"]
    told, intervals, held = [], [], []
    for horizon in sorted(bif.index.unique("horizon")):
        now, end, gain = (bif.loc[(horizon, when)] for when in ("now", "end", "difference"))
        told.append(
            f"{horizon} step(s): {now['mean']:.2f} (gradient {exact[horizon, 'now']:.2f}) against "
            f"{end['mean']:.2f}"
        )
        intervals.append(f"{horizon}: difference [{gain['low']:.2f}, {gain['high']:.2f}]")
        held += [interval_above(row["low"], row["high"], 0.0) for row in (now, gain)]
    return Finding(
        predicted="at every horizon, Spearman's correlation over ordered pairs of different "
        "classes of raw influence at the checkpoint with the effect of up-weighting the source "
        "over the next steps is above zero, and above that of influence at the end of training, "
        "with 95 % intervals; refuted below zero",
        measured="; ".join(told) + f" ({int(bif['seeds'].iloc[0])} runs)",
        interval="; ".join(intervals),
        verdict=graded(held),
        reason=f"{sum(h is True for h in held)} of {len(held)} parts hold, "
        f"{sum(h is None for h in held)} are open; " + e.run_of("forecast_means"),
    )
