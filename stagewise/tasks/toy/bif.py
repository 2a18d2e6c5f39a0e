"""Stage: sample the local posterior of every checkpoint of one run; influence and diagnostics.

Checkpoints are sampled in groups; each finished checkpoint is kept in the piece cache.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from analysis.estimators.bif import bayesian_influence
from analysis.losses.toy import LinearNetworkLoss
from analysis.sampling.diagnostics import diagnose
from analysis.sampling.posterior import sample_posterior
from models.toy.checkpoints import ToyRun
from stagewise.config import Config
from stagewise.provenance.pieces import Kept
from stagewise.provenance.store import provenance, write_table
from stagewise.tasks.toy.common import influence_table, load_checked

GROUP = 11  # checkpoints sampled together


def run(
    config: Config,
    checkpoints: Path,
    influence: Path,
    diagnostics: Path,
    *,
    threads: int = 1,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write estimator `bif`, raw and normalised, and the sampler's diagnostics."""
    toy_run = load_checked(checkpoints, config)
    kept = Kept(influence.parent, "stagewise.tasks.toy.bif")
    posterior = config.toy.posterior.model_dump(exclude={"memory_gib"})
    key = [
        kept.key(
            (toy_run.weights.W1[k], toy_run.weights.W2[k], toy_run.targets),
            [posterior, toy_run.seed, step],
        )
        for k, step in enumerate(toy_run.steps)
    ]
    todo = [k for k, step in enumerate(toy_run.steps) if not kept.has(f"step{step}", key[k])]
    done = len(toy_run.steps) - len(todo)
    if progress is not None and done:
        progress(done * config.toy.posterior.chains * config.toy.posterior.sgld_steps)
    for start in range(0, len(todo), GROUP):
        group = todo[start : start + GROUP]
        for k, table in _sample(config, toy_run, group, threads, device, progress).items():
            kept.write(table, f"step{toy_run.steps[k]}", key[k])
    table = pd.concat([kept.read(f"step{s}") for s in toy_run.steps], ignore_index=True)
    origin = provenance(config.model_dump(), toy_run.seed)
    is_pair = table["target"].notna()
    values = []
    shape = (len(toy_run.steps), len(toy_run.items), len(toy_run.items))
    for normalized in (False, True):
        rows = table[is_pair & (table["normalized"] == normalized)]
        value, error = (rows[c].to_numpy(float).reshape(shape) for c in ("influence", "std_error"))
        values.append(
            influence_table("bif", value, toy_run, std_error=error, normalized=normalized)
        )
    write_table(pd.concat(values, ignore_index=True), influence, origin)
    columns_ = ["step", "sample", "r_hat", "ess", "distance", "diverged", "downhill", "seed"]
    health = table[~is_pair].rename(columns={"source": "sample"}).assign(seed=toy_run.seed)
    write_table(health[columns_].reset_index(drop=True), diagnostics, origin)


def _sample(
    config: Config,
    run_: ToyRun,
    group: list[int],
    threads: int,
    device: str,
    progress: Callable[[int], None] | None,
) -> dict[int, pd.DataFrame]:
    """Influence and diagnostics of some checkpoints, one table each."""
    posterior = config.toy.posterior
    steps = [run_.steps[k] for k in group]
    targets = run_.targets.to(device, getattr(torch, posterior.dtype))
    draws = sample_posterior(
        LinearNetworkLoss(targets),
        {"W1": run_.weights.W1[group], "W2": run_.weights.W2[group]},
        posterior,
        seed=run_.seed,
        streams=steps,
        threads=threads,
        device=device,
        progress=progress,
    )
    health = diagnose(draws, posterior, steps, run_.items).rename(columns={"sample": "source"})
    tables = {}
    for position, k in enumerate(group):
        traces = draws.losses[position].numpy()
        parts = [health[health["step"] == run_.steps[k]]]
        for normalized in (False, True):
            value, error = bayesian_influence(traces, normalized=normalized)
            i, j = np.indices(value.shape).reshape(2, -1)
            items = np.array(run_.items)
            pairs = {"step": run_.steps[k], "source": items[i], "target": items[j]}
            pairs |= {"influence": value.ravel(), "std_error": error.ravel()}
            parts.append(pd.DataFrame({**pairs, "normalized": normalized}))
        tables[k] = pd.concat(parts, ignore_index=True)
    return tables
