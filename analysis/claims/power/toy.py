"""Synthetic seeds of the toy: influence of every pair over training, by several estimators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.claims.evidence import EvidenceTables
from analysis.claims.toy_evidence import ToyEvidence
from models.toy.hierarchy import DEFAULT_HIERARCHY, Hierarchy

SEEDS = 10
STEPS = np.arange(0, 1001, 20)
TREE = Hierarchy.from_mapping(DEFAULT_HIERARCHY)
ITEMS = len(TREE.items)
# Sizes of a helpful stretch near step 200, a harmful one near 430, a helpful one near 650.
SHAPES = np.array([[-1.0, 1.0, 0.0], [1.0, -0.8, 0.0], [0.0, 1.0, 0.0], [-1.0, 0.7, -0.6]])
CENTERS, WIDTHS = np.array([200.0, 430.0, 650.0]), np.array([60.0, 70.0, 80.0])


def curves(sizes: np.ndarray, stretch: float = 1.0) -> np.ndarray:
    """Curves of every pair, without noise.

    Args:
        sizes: of the three stretches, (pairs, 3).
        stretch: factor by which everything comes later.

    Returns:
        (steps, pairs), at `STEPS`.
    """
    time = STEPS[:, None] / stretch
    bumps = np.exp(-(((time - CENTERS) / WIDTHS) ** 2) / 2)  # (steps, 3)
    return bumps @ sizes.T


def noisy(rng: np.random.Generator, curve: np.ndarray, noise: float) -> np.ndarray:
    """The same with noise of each seed.

    Args:
        rng: source of random numbers.
        curve: (steps, pairs).
        noise: standard deviation, in root mean squares of the curves.

    Returns:
        (seeds, steps, pairs).
    """
    scale = noise * np.sqrt((curve**2).mean())
    return curve + rng.normal(0, 1, (SEEDS, *curve.shape)) * scale


def influence_rows(
    estimator: str, eta: float, values: np.ndarray, noise: float = 0.0
) -> pd.DataFrame:
    """Curves as rows of the influence table.

    Args:
        estimator: its name.
        eta: share removed; NaN where there is none.
        values: (seeds, steps, items x items).
        noise: of sampling, in root mean squares; 0: exact.

    Returns:
        the contract's columns.
    """
    error = noise * np.sqrt((values**2).mean()) if noise else np.nan
    seed, step, pair = np.indices(values.shape).reshape(3, -1)
    names = np.array(TREE.items)
    return pd.DataFrame(
        {
            "estimator": estimator, "eta": eta, "step": STEPS[step], "source": names[pair // ITEMS],
            "target": names[pair % ITEMS], "influence": values.reshape(-1), "std_error": error,
            "normalized": False, "seed": seed,
        }
    )  # fmt: skip


def evidence(tables: Mapping[str, pd.DataFrame]) -> ToyEvidence:
    """Tables as evidence on the toy.

    Args:
        tables: by name.

    Returns:
        what a claim may use.
    """
    return ToyEvidence(
        tables=EvidenceTables(tables),
        seed=0,
        tree=TREE,
        focus=TREE.items[:4],
        optimizer="gradient_descent",
        checkpoint_every=20,
    )
