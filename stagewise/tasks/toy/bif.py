"""Sample the local posterior of every checkpoint of one run: influence and diagnostics.

Checkpoints are sampled in groups; each finished checkpoint is a piece.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.tables.curves import influence_table
from stagewise.config import Config
from stagewise.provenance.pieces import PieceCache
from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, each_seed, task
from stagewise.tasks.toy.common import NETWORK, TRAINED_BY, checkpoints, load_checked, network_run

if TYPE_CHECKING:
    import pandas as pd

    from analysis.estimators.base import Estimator
    from models.toy.checkpoints import ToyRun

logger = logging.getLogger(__name__)
GROUP = 11  # checkpoints sampled together


def sampled_ones() -> list[Estimator]:
    """The toy's estimators that need draws."""
    from analysis.estimators.base import estimators

    return estimators("toy", "draws")


def sampled_steps(config: Config) -> int:
    """SGLD steps of all chains at all checkpoints of a run."""
    toy = config.toy
    points = len(range(0, toy.steps, toy.checkpoint_every)) + 1
    return points * toy.posterior.chains * toy.posterior.sgld_steps


def told(job: Job) -> str:
    """A sentence on the size of the sampling."""
    from analysis.sampling.posterior import cost

    toy = job.config.toy
    n = len(toy.tree.items)
    size = (n + len(toy.tree.features)) * toy.hidden_width
    points = len(range(0, toy.steps, toy.checkpoint_every)) + 1
    how = {"parameters": size, "observed": n, "threads": job.threads}
    return cost(toy.posterior, checkpoints=points, **how)


@task(
    wildcards=("seed",),
    jobs=each_seed,
    reads=checkpoints,
    writes=lambda job: [
        *(job.paths.estimator(e.name, job.seed) for e in sampled_ones()),
        job.paths.part("diagnostics", job.seed),
    ],
    settings=lambda job: chosen(job.config.toy, *NETWORK, "posterior"),
    total=lambda job: sampled_steps(job.config),
    uses=lambda: [TRAINED_BY, *(type(e).__module__ for e in sampled_ones())],
)
def toy_bif(job: Job) -> None:
    """Write the influence by every estimator that needs draws, from the same draws, and the
    sampler's diagnostics."""
    logger.info(told(job))
    write_sampled(job)


def write_sampled(job: Job) -> None:
    """Sample what is not kept, and put the pieces together."""
    import pandas as pd

    config, paths = job.config, job.paths
    run = load_checked(paths.checkpoints(job.seed), config)
    more = [type(each).__module__ for each in sampled_ones()]
    cache = PieceCache(paths.seed(job.seed) / "influence", __name__, *more)
    names = [*(each.name for each in sampled_ones()), "diagnostics"]
    keys = [piece_key(cache, config, run, k) for k in range(len(run.steps))]
    todo = [
        k
        for k, step in enumerate(run.steps)
        if not all(cache.has(f"{name}_step{step}", keys[k]) for name in names)
    ]
    local = config.toy.posterior
    job.advance((len(run.steps) - len(todo)) * local.chains * local.sgld_steps)
    for start in range(0, len(todo), GROUP):
        group = todo[start : start + GROUP]
        for k, tables in sample(job, run, group).items():
            for name, table in tables.items():
                cache.write(table, f"{name}_step{run.steps[k]}", keys[k])
    made = provenance(config.model_dump(), run.seed)
    for name in names:
        parts = [cache.read(f"{name}_step{step}") for step in run.steps]
        whole = pd.concat(parts, ignore_index=True)
        if name == "diagnostics":
            path = paths.part(name, run.seed)
            write_result("toy", name, whole, path, made)
            continue
        variants = [c for c in ("eta", "normalized") if whole[c].nunique(dropna=False) > 1]
        whole = whole.sort_values([*variants, "step"], kind="stable", ignore_index=True)
        write_result("toy", "influence", whole, paths.estimator(name, run.seed), made)


def piece_key(cache: PieceCache, config: Config, run: ToyRun, k: int) -> str:
    """What the pieces of a checkpoint depend on."""
    posterior = config.toy.posterior.model_dump(exclude={"memory_gib"})
    tensors = (run.weights.W1[k], run.weights.W2[k], run.targets)
    return cache.key(tensors, [posterior, run.seed, run.steps[k]])


def sample(job: Job, run: ToyRun, group: list[int]) -> dict[int, dict[str, pd.DataFrame]]:
    """Influence and diagnostics of some checkpoints: tables by name, for each."""
    import torch

    from analysis.estimators.bif import known_covariances
    from analysis.losses.toy import LinearNetworkLoss
    from analysis.losses.toy_control import control_of
    from analysis.sampling.diagnostics import diagnose
    from analysis.sampling.posterior import sample_posterior
    from models.toy.linear_network import Weights

    posterior, steps = job.config.toy.posterior, [run.steps[k] for k in group]
    weights = Weights(*(w[group] for w in run.weights))
    loss = LinearNetworkLoss(run.targets.to(job.device, getattr(torch, posterior.dtype)))
    usable = posterior.preconditioner == "none"
    draws = sample_posterior(
        loss,
        weights._asdict(),
        posterior,
        seed=run.seed,
        streams=steps,
        control=control_of(loss, weights._asdict()) if usable else None,
        threads=job.threads,
        device=job.device,
        progress=job.progress,
    )
    here = replace(run, step=run.step[group], weights=weights)
    controls = known_covariances(draws, here, posterior)
    sampled = network_run(here, job.config.toy, draws.losses, controls)
    health = diagnose(draws, posterior, steps, run.items).assign(seed=run.seed)
    tables = {"diagnostics": health} | {
        each.name: influence_table(each.compute(sampled), run.seed) for each in sampled_ones()
    }
    return {
        k: {name: table[table["step"] == run.steps[k]] for name, table in tables.items()}
        for k in group
    }
