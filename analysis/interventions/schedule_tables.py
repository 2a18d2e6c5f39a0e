"""What schedules of extra weight came to, as tables, and their paired differences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.interventions.arms import ARMS, NONE, WINDOWS
from analysis.interventions.summaries import over_runs

# What an arm is compared with, beside none: the way to spend that knows nothing of influence.
AGAINST = ("none", "uniform", "even", "even_others", "less_even", "static", "static_others")
OUTCOMES = ("crossing", "loss")


def outcome_row(
    curve: tuple[Sequence[int], Sequence[float]], when: float, *, until: int, threshold: float
) -> dict[str, float | int | bool]:
    """What came of an arm's training.

    Args:
        curve: steps and losses (nats) of the outcome.
        when: step at which the loss passed its threshold; NaN: never.
        until: step by which all weight is spent.
        threshold: nats.

    Returns:
        crossing (step; the last looked at where it never passed), censored (never passed),
        threshold (nats), until (step), loss (at `until`, nats).
    """
    return {
        "crossing": float(curve[0][-1] if np.isnan(when) else when),
        "censored": bool(np.isnan(when)),
        "threshold": float(threshold),
        "until": int(until),
        "loss": float(np.interp(until, *curve)),
    }


def schedule_differences(schedules: pd.DataFrame) -> pd.DataFrame:
    """Outcomes of every arm minus those of another in the same run.

    Args:
        schedules: target, arm, seed, crossing (step), loss (nats), over all runs.

    Returns:
        one row per target, arm, comparison and outcome: target, arm, against, outcome ("crossing",
        steps; "loss", nats), mean over runs, low, high (its 95 % interval by Student's t; negative:
        the arm did better), seeds, better (runs in which it did), same (runs in which both did
        exactly the same). An arm is compared with those of `AGAINST` that every run has.
    """
    rows = []
    for target, group in schedules.groupby("target", sort=False):
        for outcome in OUTCOMES:
            wide = group.pivot(index="seed", columns="arm", values=outcome)
            for arm in in_order(wide.columns):
                for against in AGAINST:
                    if arm == against or against not in wide:
                        continue
                    paired = (wide[arm] - wide[against]).dropna().to_numpy()
                    if not len(paired):
                        continue
                    mean, low, high = over_runs(paired)
                    rows.append(
                        {
                            "target": target, "arm": arm, "against": against, "outcome": outcome,
                            "mean": mean, "low": low, "high": high, "seeds": len(paired),
                            "better": int((paired < 0).sum()), "same": int((paired == 0).sum()),
                        }
                    )  # fmt: skip
    columns = ["target", "arm", "against", "outcome", "mean", "low", "high", "seeds", "better",
               "same"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def in_order(arms: Sequence[str]) -> list[str]:
    """Arms as they are declared: none first, windows (as in "0-120") where they stand, in time.

    Args:
        arms: names.

    Returns:
        the same names.
    """
    ranks = {name: k for k, name in enumerate((NONE, *ARMS))}

    def rank(name: str) -> tuple[int, int]:
        if name in ranks:
            return ranks[name], 0
        return ranks[WINDOWS], int(name.partition("-")[0])

    return sorted(arms, key=rank)
