"""X11: how far ahead does influence at an instant tell, and does carrying it through training mend
that? Its rule, with reasons and power, is docs/explanation/rules-of-verdict/x11.md."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.decisions import against, interval_above
from analysis.claims.thresholds import FAIR, GOOD
from analysis.claims.toy_evidence import ToyEvidence
from analysis.interventions.horizons import falls_below
from analysis.interventions.summaries import over_runs
from analysis.statistics.uncertainty import mean_interval

REMOVED, DOUBLED = -1.0, 1.0
AT_ONCE = {"instantaneous": "−g·g", "bif_gaussian": "BIF"}  # whose failing is claimed


@claim(
    "X11",
    "Over long horizons influence at an instant misleads, and transport mends it",
    origin="extension",
    room="toy",
    figure="horizons",
    reads=("horizons",),
)
def horizons(e: ToyEvidence) -> Finding:
    """X11: rank correlation with the effect of removing or doubling a sample for a while."""
    table = e.tables["horizons"]
    removed = curves(table, REMOVED)
    at, last = removed["transported"].columns, removed["transported"].columns[-1]
    told, intervals, held = [], [], []
    for name, words in AT_ONCE.items():
        if name not in removed:
            raise NoEvidence(f"{words} was not measured: the network is too large for it")
        mean, low, high = over_runs(removed[name][last].to_numpy(dtype=float))
        held.append(against(interval_above(low, high, FAIR)))
        turns = ", ".join(turn(removed[name], level) for level in (FAIR, 0.0))
        told.append(f"{words}: {mean:.2f} at {last} steps ({turns})")
        intervals.append(f"{words} at {last}: [{low:.2f}, {high:.2f}]")
    for change, words in ((REMOVED, "removed"), (DOUBLED, "doubled")):
        every = [over_runs(values) for values in curves(table, change)["transported"].to_numpy().T]
        worst = int(np.argmin([mean for mean, _, _ in every]))
        mean, low, high = every[worst]
        held.append(all_above([(low, high) for _, low, high in every], GOOD))
        told.append(f"transported, {words}: at least {mean:.2f}, at {at[worst]} steps")
        intervals.append(f"transported, {words}: [{low:.2f}, {high:.2f}]")
    gain = removed["transported"][last] - removed["instantaneous"][last]
    mean, low, high = over_runs(gain.to_numpy(dtype=float))
    held.append(interval_above(low, high, 0.0))
    told.append(f"transported minus −g·g at {last} steps: {mean:+.2f}")
    intervals.append(f"difference [{low:.2f}, {high:.2f}]")
    return Finding(
        predicted=f"{last} steps after a sample was removed for a short window, the rank "
        "correlation of its effects with −g·g at the window, and with BIF there, is below "
        f"{FAIR:g}; that of influence carried through training is at least {GOOD:g} at every "
        "horizon, for a sample removed and for one doubled, and above that of −g·g at the last: "
        "each with its 95 % interval over starts; undecided where an interval contains the "
        "threshold",
        measured="; ".join(told) + f" ({len(gain)} starts)",
        interval="; ".join(intervals),
        verdict=graded(held),
        reason=f"{held.count(True)} of {len(held)} parts hold, {held.count(None)} open; mean over "
        "windows that begin all along training, over ordered pairs of different items",
    )


def curves(table: pd.DataFrame, change: float) -> dict[str, pd.DataFrame]:
    """Rank correlation by run and horizon, mean over the run's windows.

    Args:
        table: `toy.horizons`.
        change: of the sample's weight in the window.

    Returns:
        prediction -> a row per seed and a column per horizon (steps), from -1 to 1.

    Raises:
        NoEvidence: the change was not tried, there are fewer than two seeds or horizons, or one
            lacks a seed.
    """
    rows = table[table["change"] == change]
    if rows.empty:
        raise NoEvidence(f"no window with {change:+g} on a sample's weight (toy.horizons.changes)")
    means = rows.groupby(["predictor", "seed", "horizon"])["rank"].mean()
    found = {name: means[name].unstack("horizon") for name in rows["predictor"].unique()}
    for name, wide in found.items():
        if min(wide.shape) < 2:
            raise NoEvidence(f"{wide.shape[0]} start(s), {wide.shape[1]} horizon(s): no interval")
        if wide.isna().any(axis=None):
            raise NoEvidence(f"{name} is undefined in a start at some horizon")
    return found


def all_above(intervals: list[tuple[float, float]], threshold: float) -> bool | None:
    """Whether means lie at or above a threshold at every horizon.

    Args:
        intervals: lower and upper ends, one per horizon.
        threshold: in the same unit.

    Returns:
        True where every lower end does; False where an upper end lies below; else None.
    """
    if all(low >= threshold for low, _ in intervals):
        return True
    return False if any(high < threshold for _, high in intervals) else None


def turn(wide: pd.DataFrame, level: float) -> str:
    """When a correlation falls below a level, in words: mean over starts with its interval."""
    steps = falls_below(wide.columns.to_numpy(dtype=float), wide.to_numpy(), level)
    reached = steps[np.isfinite(steps)]
    if len(reached) < 2:
        return f"below {level:g} in {len(reached)} of {len(steps)} starts"
    mean, low, high = (float(x) for x in mean_interval(reached))
    share = "" if len(reached) == len(steps) else f" in {len(reached)} of {len(steps)}"
    return f"below {level:g} from step {mean:.0f} [{low:.0f}, {high:.0f}]{share}"
