"""Synthetic runs of a language model: induction forms, delimiters are learnt, as in recorded runs.

Sizes of the noise are those of the recorded runs of the controlled language; nothing else is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.claims.evidence import EvidenceTables
from analysis.claims.language_evidence import LanguageEvidence
from analysis.statistics.uncertainty import LEVEL, degrees_of_freedom

RUNS = 8
STEPS = np.array(
    [0, 8, 16, 32, *range(50, 1001, 50), 1200, 1400, 1600, 1800, 2000, 2200, 2400], dtype=float
)
MODEL = "synthetic"


def formed(rng: np.random.Generator) -> pd.DataFrame:
    """When each run learns: unigram, induction, right delimiters.

    Args:
        rng: source of random numbers.

    Returns:
        stage, start, middle, end, seed, steps.
    """
    rows = []
    for seed in range(RUNS):
        start = rng.uniform(350, 510)
        end = start + rng.uniform(150, 190)
        begin = rng.uniform(320, 560)
        half = begin + rng.uniform(150, 500)
        for stage, times in (
            ("unigram", (32.0, 32.0, 32.0)),
            ("induction", (start, (start + end) / 2, end)),
            ("right_delimiter", (begin, half, np.nan)),
        ):
            rows.append({"stage": stage, "seed": seed,
                         **dict(zip(("start", "middle", "end"), times, strict=True))})  # fmt: skip
    return pd.DataFrame(rows)


def curve_rows(
    label: str, pair: tuple[str, str], seed: int, mean: np.ndarray, error: float
) -> pd.DataFrame:
    """One curve as rows of `trajectories`.

    Args:
        label: of the curve.
        pair: source and target.
        seed: of the run.
        mean: at `STEPS`, noise included, unit of the curve.
        error: its standard error; 0: exact.

    Returns:
        experiment, label, source, target, step, mean, low, high.
    """
    from scipy.stats import t

    reach = t.isf((1 - LEVEL) / 2, degrees_of_freedom(1)) * error
    return pd.DataFrame(
        {
            "experiment": f"language/{MODEL}/seed{seed}", "label": label, "source": pair[0],
            "target": pair[1], "step": STEPS.astype(int), "mean": mean, "low": mean - reach,
            "high": mean + reach,
        }
    )  # fmt: skip


def evidence(tables: Mapping[str, pd.DataFrame]) -> LanguageEvidence:
    """Tables as evidence on the synthetic model.

    Args:
        tables: by name.

    Returns:
        what a claim may use.
    """
    return LanguageEvidence(
        tables=EvidenceTables(tables),
        seed=0,
        model=MODEL,
        runs=dict.fromkeys(tables, "synthetic runs"),
    )
