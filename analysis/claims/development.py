"""C10: influence changes where the model develops. The rule stands in
docs/explanation/rules-of-verdict/c10.md."""

from __future__ import annotations

import numpy as np

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.decisions import in_most, mean_and_most, significant
from analysis.claims.language_evidence import LanguageEvidence, share
from analysis.claims.thresholds import SIGNIFICANCE
from analysis.development.transitions import boundaries
from analysis.statistics.alignment import checkpoint_index, joint_alignment

SAMPLED = ("bif", "bif_normalized")


@claim(
    "C10",
    "Influence changes where the model develops",
    origin="paper",
    room="language",
    figure="class_influence",
    reads=("transitions", "trajectories", "events"),
)
def events_align(e: LanguageEvidence) -> Finding:
    """C10: flips and peaks fall near stage boundaries more closely than chance."""
    measured = np.sort(e.tables["trajectories"]["step"].unique())
    runs = on_checkpoints(e, measured)
    if not runs:
        raise NoEvidence("no flip or peak, or no stage boundary, in any run")
    events = sum(len(found) for found, _ in runs)
    span = (0.5, len(measured) - 1.5)
    found = joint_alignment(runs, span, np.random.default_rng(e.seed))
    nearer = [bool(run < chance) for run, chance in zip(found.each, found.each_null, strict=True)]
    near = significant(found.p_value, found.p_farther, SIGNIFICANCE)
    ends = [f"{run:.2f} against {chance:.2f}"
            for run, chance in zip(found.each, found.each_null, strict=True)]  # fmt: skip
    return Finding(
        predicted="flips and peaks of sampled class influence lie nearer to stage boundaries "
        "(from losses alone) than when those of all runs are shifted together at random along the "
        f"measured checkpoints, runs weighing alike: p < {SIGNIFICANCE:g}; and in two thirds of "
        "the runs nearer than that run's own mean by chance",
        measured=f"mean distance {found.distance:.2f} checkpoints, by chance {found.null:.2f}; "
        f"{events} events in {len(runs)} runs; p = {found.p_value:.2g}; nearer than chance in "
        f"{share(nearer)} runs",
        interval="by run: " + ", ".join(ends),
        verdict=graded([mean_and_most(near, in_most(nearer))]),
        reason="runs are replicates of one development, so that they are shifted together; "
        + e.run_of("events", "transitions"),
    )


def on_checkpoints(
    e: LanguageEvidence, measured: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Events and stage boundaries of every run that has both.

    Args:
        e: the model's tables.
        measured: steps of the checkpoints, (checkpoints,), ascending.

    Returns:
        (events,) and (boundaries,) of each run, on the axis of measured checkpoints.
    """
    table, events = e.tables["transitions"], e.tables["events"]
    runs = []
    for seed in e.seeds:
        marks = boundaries(table[table["seed"] == seed]).to_numpy()
        marks = marks[(marks >= measured[1]) & (marks <= measured[-2])]
        run = events[events["experiment"] == f"language/{e.model}/seed{seed}"]
        run = run[run["estimator"].isin(SAMPLED)]
        if len(run) and len(marks):
            runs.append(
                (checkpoint_index(run["step"], measured), checkpoint_index(marks, measured))
            )
    return runs
