"""Stage: sample the local posterior of every checkpoint of one run; influence and diagnostics.

Checkpoints are sampled in groups; each finished checkpoint is kept in a hidden folder beside the
result: a killed run goes on where it stopped, and a new checkpoint costs only itself. A kept
checkpoint is used again only if weights, settings and code are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from analysis.diagnostics import diagnose
from analysis.influence import bayesian_influence
from analysis.posterior import sample_posterior
from analysis.toy_loss import LinearNetworkLoss
from models.checkpoints import ToyRun
from stagewise.code import ROOT, source_files
from stagewise.config import Config
from stagewise.stages.common import influence_table, load_checked
from stagewise.store import (
    TableError,
    provenance,
    read_provenance,
    read_table,
    write_table,
)

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
    kept = {step: influence.parent / ".kept" / f"step{step}.parquet" for step in toy_run.steps}
    key = {k: _key(config, toy_run, k) for k in range(len(toy_run.steps))}
    todo = [k for k, step in enumerate(toy_run.steps) if not _is_kept(kept[step], key[k])]
    done = len(toy_run.steps) - len(todo)
    if progress is not None and done:
        progress(done * config.toy.posterior.chains * config.toy.posterior.sgld_steps)
    for start in range(0, len(todo), GROUP):
        group = todo[start : start + GROUP]
        for k, table in _sample(config, toy_run, group, threads, device, progress).items():
            write_table(table, kept[toy_run.steps[k]], {"key": key[k]})
    table = pd.concat([read_table(path) for path in kept.values()], ignore_index=True)
    origin = provenance(config.model_dump(), toy_run.seed)
    is_pair = table["target"].notna()
    values = []
    shape = (len(toy_run.steps), len(toy_run.items), len(toy_run.items))
    for normalized in (False, True):
        rows = table[is_pair & (table["normalized"] == normalized)]
        columns = (rows[c].to_numpy(float).reshape(shape) for c in ("influence", "std_error"))
        value, error = columns
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


def _key(config: Config, run_: ToyRun, k: int) -> str:
    """Digest of everything the draws of checkpoint k depend on."""
    digest = hashlib.sha256()
    for tensor in (run_.weights.W1[k], run_.weights.W2[k], run_.targets):
        digest.update(tensor.contiguous().numpy().tobytes())
    posterior = config.toy.posterior.model_dump(exclude={"memory_gib"})
    digest.update(json.dumps([posterior, run_.seed, run_.steps[k]], sort_keys=True).encode())
    for path in source_files("stagewise.stages.bif"):
        digest.update((ROOT / path).read_bytes())
    return digest.hexdigest()


def _is_kept(path: Path, key: str) -> bool:
    try:
        return read_provenance(path)["key"] == key
    except (TableError, KeyError):
        return False
