"""Worlds for C4 and C6: branch points of several trees, and a sweep over the sampler's settings."""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from analysis.claims.evidence import Evidence, EvidenceTables
from analysis.claims.power.base import truth
from analysis.claims.power.toy import evidence
from analysis.claims.toy_evidence import ToyEvidence

TREES = {"toy": (1, 2, 4), "depth_2": (1, 2), "depth_4": (1, 2, 4, 8), "unbalanced": (1, 2, 3)}
GAMMA, STEP = (1e2, 1e3, 1e4, 1e5), (0.05, 0.15, 0.5)


def branches(rng: np.random.Generator, *, related: bool, scatter: float) -> Evidence:
    """Distinctions of four trees, level by level.

    Args:
        rng: source of random numbers.
        related: whether a peak belongs to its own branch point, and not to another's of its tree.
        scatter: standard deviation of a peak around it, in widths of the transition.

    Returns:
        the evidence.
    """
    parts = []
    for name, levels in TREES.items():
        knee = np.concatenate(
            [150.0 * (k + 1) + rng.normal(0, 10, n) for k, n in enumerate(levels)]
        )
        width = np.full(len(knee), 120.0) * rng.uniform(0.8, 1.2, len(knee))
        own = knee if related else rng.permutation(knee)
        peak = own + (0.2 + rng.normal(0, scatter, len(knee))) * width
        parts.append(
            pd.DataFrame(
                {
                    "hierarchy": name,
                    "node": [f"n{k}" for k in range(len(knee))],
                    "peak": peak,
                    "knee": knee,
                    "fastest": knee + 0.5 * width,
                    "start": knee,
                    "end": knee + width,
                }
            )
        )
    tables = {"branch_points": pd.concat(parts, ignore_index=True)}
    return Evidence(tables=EvidenceTables(tables), seed=0)


def sweep(
    rng: np.random.Generator, *, by_gamma: float, by_step: float, noise: float = 0.02
) -> ToyEvidence:
    """Four seeds of every setting, at equal time and at equal effective draws.

    Args:
        rng: source of random numbers.
        by_gamma: agreement gained per factor of ten in gamma.
        by_step: agreement gained per factor of ten by which the step shrinks.
        noise: standard deviation of a setting's agreement in a seed.

    Returns:
        the evidence.
    """
    rows = []
    for nbeta, gamma, step, seed in product((10.0, 80.0, 640.0), GAMMA, STEP, range(4)):
        mean = 0.5 + by_gamma * np.log10(gamma / 1e3) - by_step * np.log10(step / 0.15)
        for equal in ("time", "ess"):
            rows.append(
                {
                    "nbeta": nbeta,
                    "gamma": gamma,
                    "relative_step": step,
                    "estimator": "bif",
                    "reference": "loo_1",
                    "equal": equal,
                    "seed": seed,
                    "agreement": mean + rng.normal(0, noise),
                }
            )
    labels = pd.DataFrame({"label": ["bif", "loo_1"]})
    return evidence({"sweep": pd.DataFrame(rows), "trajectories": labels})


truth("C4", "peaks a fifth of a width after branch points, scatter a tenth", holds="yes")(
    partial(branches, related=True, scatter=0.1)
)
truth("C4", "the same, scatter a whole width", holds="yes")(
    partial(branches, related=True, scatter=1.0)
)
truth("C4", "peaks at another distinction's branch point", holds="no")(
    partial(branches, related=False, scatter=0.1)
)
truth("C6", "agreement rises with both, 0.05 per factor of ten", holds="yes")(
    partial(sweep, by_gamma=0.05, by_step=0.05)
)
truth("C6", "with localisation alone", holds="in part")(partial(sweep, by_gamma=0.05, by_step=0.0))
truth("C6", "nothing matters", holds="in part")(partial(sweep, by_gamma=0.0, by_step=0.0))
truth("C6", "agreement falls with both", holds="no")(partial(sweep, by_gamma=-0.05, by_step=-0.05))
