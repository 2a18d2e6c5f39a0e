"""C2: sampled, analytical and retrained influence have one shape. The rule stands in
docs/explanation/rules-of-verdict/c2.md."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.claims.core import Finding, claim, graded, over_seeds
from analysis.claims.decisions import Held, above, runs_needed, together, what_decides
from analysis.claims.thresholds import GOOD, NOISY, SIGNIFICANCE
from analysis.claims.toy_evidence import ToyEvidence
from analysis.statistics.correlation import column_correlations
from analysis.statistics.shapes import against_dealt, same_stretches, stretched_correlations

PARTS = ("same events in order", "stretched", "point by point")
DEALS = 1000  # random deals behind a p-value


@claim(
    "C2",
    "BIF, analytical influence and leave-one-out agree in shape",
    origin="paper",
    room="toy",
    figure="influence_by_estimator",
    reads=("influence", "trajectories"),
)
def shapes_agree(e: ToyEvidence) -> Finding:
    """C2: BIF, theory and leave-one-out tell the same story."""
    labels = [x for x in (e.posterior_label, "closed_form", *e.removals[-1:]) if x in e.labels]
    parts: dict[str, list[Held]] = {name: [] for name in PARTS}
    needed: dict[str, int | None] = {}
    told, intervals = [], []
    noise = {label: noise_share(e.influence[label]) for label in labels}
    noisy = [label for label, each in noise.items() if each > NOISY]
    for first, second in combinations(labels, 2):
        shown = []
        for part, found in compared(e, first, second).items():
            held = None if noisy else found.held
            parts[part].append(held)
            if held is None and not noisy:
                needed[f"{part}, {first} ~ {second}"] = runs_needed(found.each, GOOD)
            _, mean, interval = over_seeds(found.each.tolist())
            by_chance = "" if np.isnan(found.chance) else f" (chance {found.chance:.2f})"
            shown.append(f"{part} {mean}{by_chance}")
            intervals.append(f"{first} ~ {second}, {part} {interval}")
        told.append(f"{first} ~ {second}: " + ", ".join(shown))
    missing = "" if "closed_form" in labels else "the closed form needs gradient descent and a "
    missing += "" if "closed_form" in labels else "hidden unit per item"
    why = "removal delays the stages (X1), and BIF is influence at an instant, the others what "
    why += "training made of it (X5): shape is tested apart from time"
    return Finding(
        predicted="for every two estimators, over all pairs of items: the share with the same "
        "sequence of helpful and harmful stretches, the median correlation after the best stretch "
        f"of one curve's time (½ to 2), and that point by point are above {GOOD}; the first two "
        f"also above what curves dealt out at random reach (p < {SIGNIFICANCE})",
        measured="; ".join(told),
        interval="; ".join(intervals),
        verdict=graded([together(*held) for held in parts.values()]),
        reason="; ".join(filter(None, [draws_needed(noise), what_decides(needed), missing, why])),
    )


def noise_share(rows: pd.DataFrame) -> float:
    """Sampling noise of a curve.

    Args:
        rows: of one curve in the influence table.

    Returns:
        root mean square of the standard errors over that of the values; 0 where exact.
    """
    errors = rows["std_error"].fillna(0.0)
    size = float((rows["influence"] ** 2).mean())
    return float(np.sqrt((errors**2).mean() / size)) if size > 0 else 0.0


def draws_needed(noise: dict[str, float]) -> str:
    """Which curves are too noisy to be compared, and what would mend it; "" where none is.

    Args:
        noise: label -> share, as of `noise_share`.

    Returns:
        as in "bif is too noisy (0.40 of its size): about 4 times as many draws would do".
    """
    return "; ".join(
        f"open: {label} is too noisy ({each:.2f} of its size, {NOISY} would do): about "
        f"{np.ceil((each / NOISY) ** 2):.0f} times as many draws would tell"
        for label, each in noise.items()
        if each > NOISY
    )


@dataclass(frozen=True)
class Agreement:
    """How two estimators' curves agree by one of `PARTS`.

    Attributes:
        each: of every seed, (seeds,), from -1 to 1.
        chance: mean over seeds where the second curves are dealt out to pairs at random; NaN where
            it is not asked.
        p_value: of what is observed, by chance; NaN likewise.
    """

    each: np.ndarray
    chance: float = np.nan
    p_value: float = np.nan

    @property
    def held(self) -> Held:
        """Above `GOOD`, and more than by chance where that is asked."""
        beyond = None if self.p_value >= SIGNIFICANCE else True
        return together(above(self.each, GOOD), beyond)


def compared(e: ToyEvidence, first: str, second: str) -> dict[str, Agreement]:
    """Two estimators' curves, over all seeds.

    Args:
        e: the toy's tables.
        first: label of a curve.
        second: label of another.

    Returns:
        part -> how they agree.
    """
    different = ~np.eye(len(e.tree.items), dtype=bool)
    steps, a = e.seed_curves(first)
    _, b = e.seed_curves(second)
    seeds = list(zip(a[:, :, different], b[:, :, different], strict=True))
    events = np.stack([same_stretches(x, y) for x, y in seeds])
    stretched = np.stack([stretched_correlations(x, y, steps) for x, y in seeds])
    plain = np.array([np.median(column_correlations(x, y)) for x, y in seeds])
    own = np.arange(events.shape[1])
    return {
        PARTS[0]: Agreement(
            events[:, own, own].mean(1), *against_dealt(events, e.rng, DEALS, middle=False)
        ),
        PARTS[1]: Agreement(
            np.median(stretched[:, own, own], axis=1),
            *against_dealt(stretched, e.rng, DEALS, middle=True),
        ),
        PARTS[2]: Agreement(plain),
    }
