"""Worlds for C2: three estimators whose curves have one shape, or not."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from analysis.claims.power.base import truth
from analysis.claims.power.toy import ITEMS, SHAPES, curves, evidence, influence_rows, noisy
from analysis.claims.toy_evidence import ToyEvidence

EXACT = 0.05  # what sets the exact estimators of a seed apart


def world(
    rng: np.random.Generator, *, noise: float, late: float = 1.0, related: bool = True
) -> ToyEvidence:
    """Ten seeds of sampled influence, the closed form, and full removal.

    Args:
        rng: source of random numbers.
        noise: of sampled influence, in root mean squares of the curves.
        late: factor by which removal comes later.
        related: whether removal has the pair's shape, and not another pair's.

    Returns:
        the evidence.
    """
    kind = rng.integers(len(SHAPES), size=ITEMS**2)
    other = kind if related else rng.permutation(kind)
    same, removal = curves(SHAPES[kind]), curves(SHAPES[other], late)
    table = pd.concat(
        [
            influence_rows("bif", np.nan, noisy(rng, same, noise), noise),
            influence_rows("closed_form", np.nan, noisy(rng, same, EXACT)),
            influence_rows("loo", 1.0, noisy(rng, removal, EXACT)),
        ],
        ignore_index=True,
    )
    labels = pd.DataFrame({"label": ["bif", "closed_form", "loo_1"]})
    return evidence({"influence": table, "trajectories": labels})


truth("C2", "one shape, sampling noise of 10 %", holds="yes")(partial(world, noise=0.1))
truth("C2", "one shape, removal 1.2 times as late", holds="in part")(
    partial(world, noise=0.1, late=1.2)
)
truth("C2", "removal has another pair's shape", holds="no")(
    partial(world, noise=0.1, related=False)
)
truth("C2", "one shape, sampling noise of 30 %", holds="yes")(partial(world, noise=0.3))
