"""X10: does stagewise influence know where extra weight is well spent? Its rule, with reasons and
power, is docs/explanation/rules-of-verdict/x10.md."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.decisions import against as opposite
from analysis.claims.decisions import interval_above
from analysis.claims.language_evidence import LanguageEvidence
from analysis.interventions.summaries import over_runs

TARGET = "induction"
# The arm that follows influence, and what it must beat, among all classes and among all but the
# target.
DECIDING = {
    "bif": ("even", "uniform", "static"),
    "bif_others": ("even_others", "static_others"),
}
# Told beside them, deciding nothing.
BESIDE = (
    ("gradient", "even"), ("gradient_others", "even_others"), ("oracle", "even"),
    ("oracle", "uniform"), ("oracle_others", "even_others"), ("less_bif", "less_even"),
    ("less_gradient", "less_even"),
)  # fmt: skip


@claim(
    "X10",
    "Stagewise influence spends data better than even spreading and than static influence",
    origin="extension",
    room="language",
    figure="schedules",
    reads=("schedules",),
)
def influence_spends(e: LanguageEvidence) -> Finding:
    """X10: steps to the threshold, paired within runs."""
    table = e.tables["schedules"]
    table = table[table["target"] == TARGET]
    steps, loss, never = (
        table.pivot(index="seed", columns="arm", values=v) for v in ("crossing", "loss", "censored")
    )
    if len(steps) < 2:
        raise NoEvidence(f"{len(steps)} run(s) with the target {TARGET}: no paired interval")
    told, intervals, held = [], [], []
    for arm, others in DECIDING.items():
        for against in others:
            values = difference(steps, arm, against)
            mean, low, high = over_runs(values)
            neither = (never[arm] & never[against]).to_numpy(dtype=bool)
            held.append(part(values, neither))
            told.append(f"{arm} − {against}: {mean:+.0f}" + same(values, neither))
            intervals.append(f"{arm} − {against} [{low:.0f}, {high:.0f}]")
    beside = [
        f"{arm} − {against}: {paired(steps, arm, against, '.0f')} steps, "
        f"{paired(loss, arm, against, '.2f')} nats"
        for arm, against in BESIDE
        if {arm, against} <= set(steps)
    ]
    late = [f"{arm} {count}" for arm, count in never.sum().items() if count]
    return Finding(
        predicted="extra weight on the class that sampled influence, renewed along training, says "
        "helps induction most lets its loss pass the threshold earlier than the same weight spread "
        "evenly over classes, spread evenly in time on induction itself, or given to the class "
        "that influence at the end of training names; and, induction itself left out, earlier than "
        "spread evenly or by influence at the end: each paired difference in steps is below zero "
        "with its 95 % interval; undecided where an interval contains zero, refuted where it lies "
        "above zero or both arms did the same in every run",
        measured="; ".join(told) + f" (steps, {len(steps)} runs)",
        interval="; ".join(intervals),
        verdict=graded(held),
        reason=f"{held.count(True)} of {len(held)} hold, {held.count(None)} open; beside them "
        + "; ".join(beside)
        + (f"; never passed: {', '.join(late)}" if late else "")
        + "; "
        + e.run_of("schedules"),
    )


def difference(wide: pd.DataFrame, arm: str, against: str) -> np.ndarray:
    """An outcome of one arm minus that of another, in every run.

    Args:
        wide: the outcome, a row per run and a column per arm.
        arm: name of the first.
        against: name of the second.

    Returns:
        (runs,), in the outcome's unit; negative: the arm did better.

    Raises:
        NoEvidence: an arm was not tried in every run; names it.
    """
    for name in (arm, against):
        if name not in wide or wide[name].isna().any():
            raise NoEvidence(f"the arm {name} was not tried in every run (schedules.arms)")
    return (wide[arm] - wide[against]).to_numpy(dtype=float)


def part(paired: np.ndarray, neither: np.ndarray) -> bool | None:
    """Whether an arm did better than another.

    Args:
        paired: differences of two runs or more, (runs,), negative: better.
        neither: whether neither arm passed the threshold, so that the difference is not known,
            (runs,).

    Returns:
        True where the 95 % interval of the mean lies below zero; False where it lies above, or
        where all differences are exactly zero and known: both did the same, which no more runs
        would change; None where it contains zero.
    """
    if not paired.any():
        return None if neither.any() else False
    _, low, high = over_runs(paired)
    return opposite(interval_above(low, high, 0.0))


def same(paired: np.ndarray, neither: np.ndarray) -> str:
    """In how many runs both arms did exactly the same, in words; nothing where in none."""
    count = int(((paired == 0) & ~neither).sum())
    return f" (the same in {count} of {len(paired)})" if count else ""


def paired(wide: pd.DataFrame, arm: str, against: str, form: str) -> str:
    """Mean and interval of a paired difference, as text."""
    mean, low, high = over_runs(difference(wide, arm, against))
    return f"{mean:+{form}} [{low:{form}}, {high:{form}}]"
