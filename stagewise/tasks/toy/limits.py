"""Stage: how gamma x influence approaches instantaneous influence as gamma grows (claim X5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.estimators.unrolled import instantaneous_influence
from stagewise.config import Config
from stagewise.provenance.store import provenance, write_table
from stagewise.tasks.toy.common import load_checked
from stagewise.tasks.toy.exact import gaussian_by_checkpoint

GAMMAS = (1e2, 3e2, 1e3, 3e3, 1e4, 3e4, 1e5, 1e6)
EVERY = 5  # checkpoints between those looked at


def run(config: Config, checkpoints: Path, output: Path) -> None:
    """Write, per gamma and step, how far gamma x bif_gaussian is from -g_i . g_j.

    Columns: seed, gamma, step, relative_error (Frobenius norm of the difference over that of
    -g_i . g_j, pairs of different items), sign_agreement (share of pairs of equal sign). Steps
    where the local posterior is not positive definite are left out.
    """
    run_ = load_checked(checkpoints, config)
    steps = run_.steps[::EVERY]
    settings = [(config.toy.posterior.nbeta, gamma) for gamma in GAMMAS]
    values = gaussian_by_checkpoint(run_, settings, steps)
    exact = instantaneous_influence(run_.weights, run_.targets).numpy()[::EVERY]
    different = ~np.eye(len(run_.items), dtype=bool)
    rows = []
    for gamma, curve in zip(GAMMAS, values, strict=True):
        for step, value, limit in zip(steps, curve, exact, strict=True):
            if not np.isfinite(value).all():
                continue
            scaled, wanted = gamma * value[different], limit[different]
            rows.append(
                {
                    "seed": run_.seed,
                    "gamma": gamma,
                    "step": step,
                    "relative_error": np.linalg.norm(scaled - wanted) / np.linalg.norm(wanted),
                    "sign_agreement": (np.sign(scaled) == np.sign(wanted)).mean(),
                }
            )
    columns = ["seed", "gamma", "step", "relative_error", "sign_agreement"]
    write_table(
        pd.DataFrame(rows, columns=columns), output, provenance(config.model_dump(), run_.seed)
    )
