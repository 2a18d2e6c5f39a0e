"""C6: localisation and step size, at equal cost. The rule stands in
docs/explanation/rules-of-verdict/c6.md."""

from __future__ import annotations

import pandas as pd

from analysis.claims.core import Finding, NoEvidence, claim, graded, over_seeds
from analysis.claims.decisions import Held, above, runs_needed, significant, what_decides
from analysis.claims.thresholds import AS_GOOD, SIGNIFICANCE
from analysis.claims.toy_evidence import ToyEvidence
from analysis.statistics.correlation import rank_agreement

EQUAL = {"time": "equal integration time", "ess": "equal effective draws"}
SETTING = ["nbeta", "gamma", "relative_step"]


@claim(
    "C6",
    "Strong localisation with a small step agrees best with leave-one-out",
    origin="paper",
    room="toy",
    figure="sampler_sweep",
    reads=("sweep", "trajectories"),
)
def localisation_helps(e: ToyEvidence) -> Finding:
    """C6: strong localisation and a small step agree best with leave-one-out."""
    sweep = e.tables["sweep"]
    loo = sweep[sweep["reference"] == e.removals[-1]]
    parts: dict[str, Held] = {}
    needed: dict[str, int | None] = {}
    told, intervals = [], []
    for equal, name in EQUAL.items():
        rows = complete(loo[(loo["estimator"] == "bif") & (loo["equal"] == equal)])
        means = rows.groupby(SETTING, as_index=False)["agreement"].mean()
        for part, column, sign, fixed in (
            ("γ", "gamma", 1, "relative_step"),
            ("smaller steps", "relative_step", -1, "gamma"),
        ):
            rho, held, p_value = trend(e, means, column, sign, fixed)
            parts[f"{part}, {name}"], needed[f"{part}, {name}"] = held, None
            told.append(f"{name}, rank correlation with {part} {rho:+.2f} (p = {p_value:.1g})")
        corner, best = corner_against_best(rows)
        gap = [c - b for c, b in zip(corner, best, strict=True)]
        parts[f"corner, {name}"] = above(gap, -AS_GOOD)
        needed[f"corner, {name}"] = runs_needed(gap, -AS_GOOD)
        told.append(f"{name}, corner {over_seeds(corner)[1]}, best {over_seeds(best)[1]}")
        intervals.append(f"{name}, corner minus best {over_seeds(gap)[2]}")
    exact = loo[loo["estimator"] == "bif_gaussian"]
    limit = exact.groupby("gamma")["agreement"].median()
    without_noise = ", ".join(f"{value:.2f} at gamma {g:g}" for g, value in limit.items())
    undecided = what_decides({name: needed[name] for name, held in parts.items() if held is None})
    return Finding(
        predicted="agreement (median correlation over pairs) rises with gamma at equal nbeta and "
        "relative step (step × (gamma + nbeta)), rises as the relative step shrinks at equal "
        f"nbeta and gamma (both p < {SIGNIFICANCE}), and the corner of both is less than {AS_GOOD} "
        "below the setting that is best on the other seeds; each at equal integration time and at "
        "equal effective draws",
        measured="; ".join(told),
        interval="; ".join(intervals),
        verdict=graded(list(parts.values())),
        reason="told by a third party's notes on the paper (low trust); without noise (Gaussian "
        f"limit, median over nbeta): {without_noise}" + (f"; {undecided}" if undecided else ""),
    )


def complete(rows: pd.DataFrame) -> pd.DataFrame:
    """The settings that every seed has: one that diverges in a seed is compared in none.

    Args:
        rows: of the sweep: nbeta, gamma, relative_step, agreement, seed.

    Returns:
        those of them.

    Raises:
        NoEvidence: fewer than two localisations, or two step sizes, are left.
    """
    seeds = rows["seed"].nunique()
    kept = rows[rows.groupby(SETTING)["seed"].transform("nunique") == seeds]
    if kept["gamma"].nunique() < 2 or kept["relative_step"].nunique() < 2:
        raise NoEvidence("the sweep needs two localisations and two step sizes that do not diverge")
    return kept


def trend(
    e: ToyEvidence, means: pd.DataFrame, column: str, sign: int, fixed: str
) -> tuple[float, Held, float]:
    """Does agreement rise with a setting, all else equal?

    Args:
        e: for its random numbers.
        means: nbeta, gamma, relative_step and agreement, a row per setting.
        column: the setting.
        sign: 1: with it, -1: as it shrinks.
        fixed: the other setting that is held, beside nbeta.

    Returns:
        rank correlation within groups from -1 to 1, the answer, and the p-value.
    """
    same = list(zip(means["nbeta"], means[fixed], strict=True))
    values = sign * means[column]
    rho, p_value = rank_agreement(means["agreement"], values, strata=same, rng=e.rng)
    _, opposite = rank_agreement(-means["agreement"], values, strata=same, rng=e.rng)
    return rho, significant(p_value, opposite, SIGNIFICANCE), p_value


def corner_against_best(rows: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Agreement of the corner, and of the setting that is best on the other seeds, seed by seed.

    Args:
        rows: nbeta, gamma, relative_step, agreement, seed; every setting in every seed.

    Returns:
        (seeds,) each; with one seed the best is chosen on it.
    """
    wide = rows.pivot_table(index=SETTING, columns="seed", values="agreement")
    gamma, step = (wide.index.get_level_values(name) for name in SETTING[1:])
    at_corner = wide[(gamma == gamma.max()) & (step == step.min())].median()
    best = []
    for seed in wide.columns:
        others = wide.drop(columns=seed) if wide.shape[1] > 1 else wide
        best.append(float(wide.loc[others.mean(axis=1).idxmax(), seed]))
    return [float(x) for x in at_corner], best
